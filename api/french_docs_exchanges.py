"""French of the API's description of raw evidence; see `api.openapi_french`."""

from typing import Final

FRENCH_OF_EXCHANGES_DOCS: Final[dict[str, str]] = {
    "List what went to providers about a payment, and how it was answered.": (
        "Lister ce qui est parti chez les prestataires pour un paiement, et les réponses reçues."
    ),
    "Show the bytes of one exchange, checked. That they were looked at is recorded.": (
        "Montrer les octets d'un échange, vérifiés. Cette consultation est enregistrée."
    ),
    "One call to a provider, without its bytes.": "Un appel à un prestataire, sans ses octets.",
    "Its name: the log position of its first entry.": (
        "Son nom : la position de sa première entrée dans le registre."
    ),
    "What it was for: a capability, or `inquiry`.": (
        "À quoi il servait : une capacité, ou `inquiry` (interrogation)."
    ),
    "The method of HTTP.": "La méthode HTTP.",
    "Without its query; secrets and numbers are masked.": (
        "Sans ses paramètres ; les secrets et les numéros sont masqués."
    ),
    "`not_sent`: nothing reached the provider. `unknown`: it may have, and no answer was read.": (
        "`not_sent` : rien n'est parvenu au prestataire. `unknown` : c'est possible, et aucune "
        "réponse n'a été lue."
    ),
    "The HTTP status of the answer, as far as one came.": (
        "Le statut HTTP de la réponse, s'il en est venu une."
    ),
    "Why there is no usable answer.": "Pourquoi il n'y a pas de réponse utilisable.",
    "When the call began.": "Quand l'appel a commencé.",
    "When it ended, with an answer or without one.": ("Quand il a pris fin, avec ou sans réponse."),
    "How long it took.": "Combien de temps il a duré.",
    "How many bytes of the request were kept.": "Combien d'octets de la requête sont conservés.",
    "SHA-256 over the sealed salt and the bytes that were kept.": (
        "SHA-256 du sel scellé et des octets conservés."
    ),
    "How many bytes of the answer were kept; null: none came.": (
        "Combien d'octets de la réponse sont conservés ; null : il n'en est pas venu."
    ),
    "The same over the answer; null: none came.": (
        "Le même pour la réponse ; null : il n'en est pas venu."
    ),
    "Whether all that went and came was kept: nothing broke off or was cut.": (
        "Si tout ce qui est parti et revenu a été conservé : rien n'a été interrompu ni coupé."
    ),
    "What was taken out before it was hashed: secrets, or persons as well.": (
        "Ce qui a été retiré avant le calcul de l'empreinte : les secrets, ou aussi les personnes."
    ),
    "What stands for it in the log's tree: one hash for each of its entries.": (
        "Ce qui le représente dans l'arbre du registre : une empreinte pour chacune de ses entrées."
    ),
    "The exchanges about a payment, payout or refund, oldest first.": (
        "Les échanges pour un paiement, un versement ou un remboursement, du plus ancien au plus "
        "récent."
    ),
    "The exchanges.": "Les échanges.",
    "Where the next page begins; null at the end.": (
        "Où commence la page suivante ; null à la fin."
    ),
    "One header as it went.": "Un en-tête tel qu'il est passé.",
    "What it says; a secret is `***`.": "Ce qu'il dit ; un secret devient `***`.",
    "A request or an answer as it went, but for its secrets, which are `***`.": (
        "Une requête ou une réponse telle qu'elle est passée, sauf ses secrets, remplacés par "
        "`***`."
    ),
    "Its first line.": "Sa première ligne.",
    "In the order of the wire.": "Dans l'ordre où ils sont passés.",
    "The body's bytes, in base64.": "Les octets du corps, en base64.",
    "The body as text, where it is UTF-8.": "Le corps sous forme de texte, s'il est en UTF-8.",
    "The hash, computed anew from what was opened.": (
        "L'empreinte, recalculée sur ce qui a été ouvert."
    ),
    "One call to a provider with its bytes; that it was opened stands in the log.": (
        "Un appel à un prestataire avec ses octets ; cette ouverture figure dans le registre."
    ),
    "What everybody who may see the payment may read of it.": (
        "Ce que peut en lire quiconque peut voir le paiement."
    ),
    "Whether the person was erased, and the bytes with them; the hashes stay.": (
        "Si la personne a été oubliée, et les octets avec elle ; les empreintes restent."
    ),
    "Whether the log's hashes are those of what was opened; null where nothing was.": (
        "Si les empreintes du registre sont celles de ce qui a été ouvert ; null si rien ne l'a "
        "été."
    ),
    "What was hashed before the bytes; null: nothing could be opened.": (
        "Ce qui entre dans l'empreinte avant les octets ; null : rien n'a pu être ouvert."
    ),
    "What went; null: nothing could be opened.": (
        "Ce qui est parti ; null : rien n'a pu être ouvert."
    ),
    "What came back; null: nothing came, or nothing could be opened.": (
        "Ce qui est revenu ; null : rien n'est venu, ou rien n'a pu être ouvert."
    ),
    "The position of `exchange.opened` in the log.": (
        "La position de `exchange.opened` dans le registre."
    ),
}
"""English text -> French text."""
