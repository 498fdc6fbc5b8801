"""Words about fields and parameters that mean the same wherever they stand, in both languages.

A model says of a field what is particular to it; what an `id`, a `currency` or a `created_at` is,
is said here once. `Model.field` goes before `field`. A test finds a field that nobody has a word
about.
"""

from collections.abc import Mapping
from typing import Any, Final

JsonObject = dict[str, Any]

FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    "account": ("The account's number in the SYSCOHADA.", "Le numéro du compte dans le SYSCOHADA."),
    "accounts": (
        "One row an account, holder and currency.",
        "Une ligne par compte, titulaire et devise.",
    ),
    "actor": ("Who did it.", "Qui l'a fait."),
    "after": ("Those behind this position.", "Ceux qui suivent cette position."),
    "amount": ("A decimal string in major units.", "Un texte décimal, en unités principales."),
    "as_of": ("The point that was asked for; null: now.", "Le moment demandé ; null : maintenant."),
    "at": ("When.", "Quand."),
    "attempt": ("Which try the form starts.", "La tentative que le formulaire commence."),
    "attempts": ("Each time it was tried, in order.", "Chaque tentative, dans l'ordre."),
    "balance": ("Debit minus credit.", "Le débit moins le crédit."),
    "balances": ("One row an account.", "Une ligne par compte."),
    "brand": ("What its customers call the operator.", "Le nom de l'opérateur pour ses clients."),
    "cancel_url": ("Where the page leads a payer who gives up.", "Où la page mène qui renonce."),
    "cancelled_at": ("When it was cancelled.", "Quand il a été annulé."),
    "category": (
        "One of six of the GSMA Mobile Money API.",
        "L'une des six de l'API Mobile Money de la GSMA.",
    ),
    "causation_id": (
        "What caused it: an event or a request.",
        "Ce qui l'a causé : un événement ou une requête.",
    ),
    "code": ("Stable, for programs.", "Stable, pour les programmes."),
    "email": ("Where the receipt goes.", "Où va le reçu."),
    "EvidenceOut.code": (
        "The provider's own code, verbatim.",
        "Le code du prestataire, mot pour mot.",
    ),
    "collection": (
        "Money from its customers; null: nobody takes it here.",
        "L'argent de ses clients ; null : personne ne l'encaisse ici.",
    ),
    "contacts": ("Whom to contact.", "Qui contacter."),
    "correlation_id": ("The conversation it belongs to.", "La conversation dont il fait partie."),
    "country": ("ISO 3166 code of the country.", "Le code ISO 3166 du pays."),
    "created_at": ("When it was made.", "Quand cela a été créé."),
    "credit": ("The sum of what was credited.", "La somme des crédits."),
    "currency": ("ISO 4217 code of the currency.", "Le code ISO 4217 de la devise."),
    "data": (
        "What the event holds; secrets are sealed.",
        "Ce que contient l'événement ; les secrets sont scellés.",
    ),
    "debit": ("The sum of what was debited.", "La somme des débits."),
    "description": ("For yourself.", "Pour vous-même."),
    "detail": ("What was wrong this time.", "Ce qui n'allait pas cette fois."),
    "do": ("What to do.", "Ce qu'il faut faire."),
    "CheckoutForm.do": ("Which button was pressed.", "Le bouton qui a été choisi."),
    "do_not": ("What not to do; null: nothing.", "Ce qu'il ne faut pas faire ; null : rien."),
    "embed_origin": (
        "The origin that may show the page in a frame.",
        "L'origine qui peut montrer la page dans un cadre.",
    ),
    "message_id": ("The message's id.", "L'identifiant de la notification."),
    "endpoint_id": ("The endpoint's id, `we_...`.", "L'identifiant de l'adresse, `we_...`."),
    "endpoints": ("Your endpoints.", "Vos adresses."),
    "ends_at": (
        "When it ends by itself; null: it does not.",
        "Quand elle prend fin d'elle-même ; null : jamais.",
    ),
    "entries": ("The stored entries, verbatim.", "Les entrées telles qu'elles sont stockées."),
    "note_id": ("The note's name, `note_...`.", "Le nom de la note, `note_...`."),
    "erasure_id": (
        "The id of the request to forget somebody, `era_...`.",
        "L'identifiant de la demande d'effacement, `era_...`.",
    ),
    "errors": ("Every place that is wrong.", "Tous les endroits fautifs."),
    "events": ("The events, in order.", "Les événements, dans l'ordre."),
    "evidence": ("What others said of it.", "Ce que d'autres en ont dit."),
    "exchange": (
        "The exchange's name: a log position.",
        "Le nom de l'échange : une position du registre.",
    ),
    "expires_at": ("When it is given up.", "Quand on y renonce."),
    "failure_rate": (
        "Of those that became final; null while there are none.",
        "Parmi ceux qui ont abouti à un état final ; null tant qu'il n'y en a pas.",
    ),
    "final_at": (
        "When it became final; null: not yet.",
        "Quand c'est devenu définitif ; null : pas encore.",
    ),
    "for_merchant": ("For the merchant.", "Pour le marchand."),
    "for_payer": ("For the payer.", "Pour le payeur."),
    "former_names": ("What it was called before.", "Ses noms d'avant."),
    "former_until": (
        "Until when former secrets sign along.",
        "Jusqu'à quand les anciens secrets signent aussi.",
    ),
    "groups": ("One row a group.", "Une ligne par groupe."),
    "header": ("The header where it is.", "L'en-tête en cause."),
    "history": ("What happened, in sentences.", "Ce qui s'est passé, en phrases."),
    "holder": ("Whose the account is.", "Le titulaire du compte."),
    "id": ("Its name, for ever.", "Son nom, pour toujours."),
    "inquiries": (
        "How often the provider was asked.",
        "Combien de fois le prestataire a été interrogé.",
    ),
    "instance": ("The request that met it.", "La requête qui l'a rencontré."),
    "is_accepted": ("Whether the provider took it.", "Si le prestataire l'a accepté."),
    "is_balanced": (
        "Whether every currency sums to zero.",
        "Si la somme de chaque devise est nulle.",
    ),
    "is_cut": ("It was too large for a message.", "Il était trop grand pour un message."),
    "is_enabled": ("Whether it is told anything.", "Si on lui envoie quelque chose."),
    "is_erased": ("Whether the person was forgotten.", "Si la personne a été oubliée."),
    "is_final": (
        "Whether nothing more happens by itself.",
        "Si plus rien ne se passe de soi-même.",
    ),
    "key_id": (
        "The key's id; never the key itself.",
        "L'identifiant de la clé ; jamais la clé elle-même.",
    ),
    "keys": ("The keys.", "Les clés."),
    "kind": (
        "`collection`, `payout` or `refund`.",
        "`collection` (paiement), `payout` (versement) ou `refund` (remboursement).",
    ),
    "language": ("`fr` or `en`.", "`fr` ou `en`."),
    "latency_ms": ("How long the last answer took.", "Le temps de la dernière réponse."),
    "limit": (
        "At most so many; the server may give fewer: `next_after` tells if more follow.",
        "Ce nombre au plus ; le serveur peut en donner moins : `next_after` dit s'il en reste.",
    ),
    "limits": ("What is known of amounts.", "Ce que l'on sait des montants."),
    "maximum": (
        "At most this; null: nothing is known.",
        "Au plus ce montant ; null : on ne sait pas.",
    ),
    "median": ("Half took at most that long.", "La moitié a pris au plus ce temps."),
    "merchant": ("The merchant.", "Le marchand."),
    "merchant_id": ("Whose it is.", "À quel marchand cela appartient."),
    "messages": ("The messages.", "Les messages."),
    "minimum": (
        "At least this; null: nothing is known.",
        "Au moins ce montant ; null : on ne sait pas.",
    ),
    "mode": ("`test` or `live`.", "`test` ou `live` (réel)."),
    "name": ("What it is called.", "Son nom."),
    "name_en": ("Its name in English.", "Son nom en anglais."),
    "name_fr": ("Its official name in French.", "Son nom officiel en français."),
    "next_after": (
        "Send as `after` for the next page; null on the last one.",
        "À envoyer comme `after` pour la page suivante ; null sur la dernière.",
    ),
    "next_attempt_at": (
        "When it is sent again; null: it is not.",
        "Quand il est renvoyé ; null : il ne l'est pas.",
    ),
    "notices": ("The messages.", "Les messages."),
    "now": ("The end of the window.", "La fin de la période."),
    "number": ("Which one it is, from 1.", "Son rang, à partir de 1."),
    "CheckoutForm.number": ("The number that pays.", "Le numéro qui paie."),
    "number_form": ("How numbers are written there.", "Comment les numéros s'écrivent là-bas."),
    "oldest_open_seconds": ("Age of the oldest without an end.", "L'âge du plus ancien sans fin."),
    "one_time_code": ("The code that the operator gave.", "Le code donné par l'opérateur."),
    "operator": ("The mobile money operator.", "L'opérateur d'argent mobile."),
    "operators": ("The operators.", "Les opérateurs."),
    "p95_ms": (
        "Nineteen of twenty took at most that long.",
        "Dix-neuf sur vingt ont pris au plus ce temps.",
    ),
    "p99_ms": ("99 of a hundred took at most that long.", "99 sur cent ont pris au plus ce temps."),
    "parameter": ("The parameter where it is.", "Le paramètre en cause."),
    "payee": ("Who is paid.", "Qui est payé."),
    "payer": ("Who pays.", "Qui paie."),
    "payment_id": (
        "The id of the payment, payout or refund.",
        "L'identifiant du paiement, du versement ou du remboursement.",
    ),
    "payments": ("One row a payment.", "Une ligne par paiement."),
    "payout": (
        "Money to its customers; null: nobody pays it out here.",
        "L'argent vers ses clients ; null : personne ne le verse ici.",
    ),
    "person": ("The keyed hash of the number.", "L'empreinte du numéro, calculée avec une clé."),
    "phone": ("The number.", "Le numéro."),
    "pointer": ("JSON pointer to the place in the body.", "Pointeur JSON vers l'endroit du corps."),
    "position": (
        "The log position this stands at.",
        "La position du registre à laquelle cela se tient.",
    ),
    "provider": ("The company that moves the money.", "L'entreprise qui déplace l'argent."),
    "provider_transaction_id": (
        "What the provider calls the transaction.",
        "Le nom de la transaction chez le prestataire.",
    ),
    "qr_svg_url": ("The page's address as a QR code.", "L'adresse de la page en code QR."),
    "reason": ("Why.", "Pourquoi."),
    "reasons": ("Why it is not ready.", "Pourquoi il n'est pas prêt."),
    "recorded_at": ("When it was written down.", "Quand il a été écrit."),
    "reference": (
        "The provider's name for this submission.",
        "Le nom de cet envoi chez le prestataire.",
    ),
    "refund_of": (
        "Of a refund: the payment that is given back.",
        "D'un remboursement : le paiement remboursé.",
    ),
    "refunded": ("How much was given back.", "Ce qui a été remboursé."),
    "refusals": ("All of them.", "Tous."),
    "remedy": ("What to send instead.", "Ce qu'il faut envoyer à la place."),
    "return_url": ("Where the page leads back to.", "Où la page ramène."),
    "revoked_at": (
        "When it was revoked; null: it was not.",
        "Quand elle a été révoquée ; null : elle ne l'est pas.",
    ),
    "revoked_reason": ("Why it was revoked.", "Pourquoi elle a été révoquée."),
    "role": ("What the key is for.", "À quoi sert la clé."),
    "root_base64": (
        "The root of the log's Merkle tree.",
        "La racine de l'arbre de Merkle du registre.",
    ),
    "root_hex": ("The same in hex.", "La même, en hexadécimal."),
    "route_reason": ("Why this provider was chosen.", "Pourquoi ce prestataire a été choisi."),
    "schema_version": ("Which form its data has.", "La forme de ses données."),
    "sentences": ("The sentences, oldest first.", "Les phrases, la plus ancienne d'abord."),
    "session_id": ("The session's id, `cs_...`.", "L'identifiant de la session, `cs_...`."),
    "sessions": ("One row a session.", "Une ligne par session."),
    "size": ("How many entries the log has.", "Combien d'entrées compte le registre."),
    "source": ("Who says so.", "Qui le dit."),
    "state": ("How it stands.", "Où il en est."),
    "statement_id": ("The statement's id, `stm_...`.", "L'identifiant du relevé, `stm_...`."),
    "status": ("Where it stands.", "Où il en est."),
    "ProblemOut.status": ("The HTTP status once more.", "Le statut HTTP, encore une fois."),
    "stream": ("The thing that its events are about.", "La chose dont parlent ses événements."),
    "subscriptions": ("How far each reader has come.", "Où en est chaque lecteur."),
    "level": ("The level of the tile, from 0.", "Le niveau de la tuile, à partir de 0."),
    "tail": (
        "The rest of the address; ours begins with the payment's id.",
        "Le reste de l'adresse ; la nôtre commence par l'identifiant du paiement.",
    ),
    "text": ("The sentence.", "La phrase."),
    "title": ("The kind of problem, for people.", "Le genre de problème, pour les gens."),
    "token": ("What the page's form came with.", "Ce avec quoi le formulaire est venu."),
    "holder_name": ("What people call it.", "Comment on l'appelle."),
    "totals": ("One row a currency.", "Une ligne par devise."),
    "type": ("What happened.", "Ce qui s'est passé."),
    "ProblemOut.type": (
        "The kind of problem; `code` says it.",
        "Le genre de problème ; `code` le dit.",
    ),
    "updated_at": ("When it changed last.", "Quand cela a changé la dernière fois."),
    "url": ("Its address.", "Son adresse."),
    "version": ("How many events it has.", "Combien d'événements il a."),
    "EventOut.version": ("Which event of its stream it is.", "Son rang dans son flux."),
    "what_happened": ("What happened, in plain words.", "Ce qui s'est passé, en mots simples."),
    "what_next": ("What to do now.", "Ce qu'il faut faire maintenant."),
    "window_seconds": (
        "How long the window is, up to now.",
        "La durée de la période, jusqu'à maintenant.",
    ),
    "without_answer": ("Providers that did not say.", "Les prestataires qui n'ont rien dit."),
    "word": ("What it means for the payment.", "Ce que cela veut dire pour le paiement."),
}
"""Field or `Model.field` -> its words in English and in French."""


def words_about(name: str, model: str = "") -> str | None:
    """What is said in English of a field or parameter that says nothing itself."""
    found = FIELDS.get(f"{model}.{name}") or FIELDS.get(name)
    return None if found is None else found[0]


def with_words(definitions: Mapping[str, JsonObject]) -> None:
    """Give every field of these shapes that has no word about it the word it has everywhere."""
    for model, shape in definitions.items():
        for name, field in shape.get("properties", {}).items():
            if "description" not in field and (told := words_about(name, model)) is not None:
                field["description"] = told
