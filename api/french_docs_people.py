"""French of the API's description of forgetting people; see `api.openapi_french`."""

from typing import Final

FRENCH_OF_PEOPLE_DOCS: Final[dict[str, str]] = {
    "Forgetting somebody, and telling what is held about one.": (
        "Oublier quelqu'un, et dire ce que l'on détient à son sujet."
    ),
    "Ask that a person be forgotten; another operator has to agree.": (
        "Demander qu'une personne soit oubliée ; un autre opérateur doit donner son accord."
    ),
    "List requests to forget somebody, newest first.": (
        "Lister les demandes d'effacement, de la plus récente à la plus ancienne."
    ),
    "Show a request to forget somebody.": "Montrer une demande d'effacement.",
    "Agree as a second operator: the person's keys are destroyed, for ever.": (
        "Donner son accord en second opérateur : les clés de la personne sont détruites, pour "
        "toujours."
    ),
    "Tell everything that is held about a person, opened.": (
        "Dire tout ce que l'on détient au sujet d'une personne, ouvert."
    ),
    "Tell everything that is held about a person, as a page to read.": (
        "Dire tout ce que l'on détient au sujet d'une personne, sous forme de page à lire."
    ),
    "Whose data it is about.": "La personne dont il s'agit.",
    "With its country code, or as it is dialled in `country`.": (
        "Avec son indicatif de pays, ou tel qu'il se compose dans `country`."
    ),
    "Ask that a person be forgotten.": "Demander qu'une personne soit oubliée.",
    "Why; kept for ever. Name nobody in it, and no number.": (
        "Pourquoi ; conservé pour toujours. N'y nommez personne, et n'y mettez aucun numéro."
    ),
    "A request to forget somebody, and what became of it.": (
        "Une demande d'effacement, et ce qu'elle est devenue."
    ),
    "`approved`: keys are being destroyed; what broke off is finished by itself. "
    "`lapsed`: nobody agreed in time.": (
        "`approved` : la destruction des clés est en cours ; interrompue, elle s'achève "
        "d'elle-même. `lapsed` : personne n'a donné son accord à temps."
    ),
    "Its holder; null: the key has no label, or a person is told.": (
        "Son détenteur ; null : la clé n'a pas d'étiquette, ou c'est une personne qui lit."
    ),
    "The operator's key.": "La clé de l'opérateur.",
    "The second operator's key; null: nobody agreed yet.": (
        "La clé du second opérateur ; null : personne n'a encore donné son accord."
    ),
    "When it ends by itself, unless it is approved.": (
        "Quand elle prend fin d'elle-même, à moins d'un accord."
    ),
    "How many keys were destroyed; null: none yet.": (
        "Combien de clés ont été détruites ; null : aucune pour l'instant."
    ),
    "Why bytes of the destroyed keys may still lie in the database's files, and what to do; null: "
    "none do, or nobody has looked yet. Approve it again to look anew.": (
        "Pourquoi des octets des clés détruites peuvent rester dans les fichiers de la base, et "
        "que faire ; null : il n'en reste pas, ou personne n'a encore regardé. Redonnez l'accord "
        "pour regarder à nouveau."
    ),
    "A page of requests, newest first.": (
        "Une page de demandes, de la plus récente à la plus ancienne."
    ),
    "The requests.": "Les demandes.",
    "A payment, payout or refund of the person.": (
        "Un paiement, un versement ou un remboursement de la personne."
    ),
    "What was sealed: number, description, metadata, addresses.": (
        "Ce qui a été scellé : numéro, description, métadonnées, adresses."
    ),
    "Each message that was sent about it, to whom and with what result.": (
        "Chaque message envoyé à ce sujet, à qui et avec quel résultat."
    ),
    "When somebody of support looked it up.": "Quand quelqu'un de l'assistance l'a consulté.",
    "What was sent to providers about it, and what came back, without secrets.": (
        "Ce qui a été envoyé aux prestataires à ce sujet, et ce qui en est revenu, sans secrets."
    ),
    "What the merchant's endpoints answered when they were told about it.": (
        "Ce que les adresses du marchand ont répondu quand elles en ont été informées."
    ),
    "A checkout page on which the person paid, tried to, or was named by the merchant.": (
        "Une page de paiement où la personne a payé, tenté de payer, ou est nommée par le marchand."
    ),
    "What was sealed of it; null: it was forgotten, or there was nothing.": (
        "Ce qui en a été scellé ; null : c'est oublié, ou il n'y avait rien."
    ),
    "A provider's call that speaks of the person, as it came.": (
        "Un appel d'un prestataire qui parle de la personne, tel qu'il est arrivé."
    ),
    "When it came.": "Quand il est arrivé.",
    "What its signature was found to be.": "Ce que valait sa signature.",
    "The rest of the address it came to; null: it was forgotten.": (
        "La suite de l'adresse où il est arrivé ; null : elle est oubliée."
    ),
    "The headers it came with; null: they were forgotten.": (
        "Les en-têtes avec lesquels il est arrivé ; null : ils sont oubliés."
    ),
    "Its body; null: it was forgotten.": "Son corps ; null : il est oublié.",
    "Everything that is held about a person, opened.": (
        "Tout ce que l'on détient au sujet d'une personne, ouvert."
    ),
    "When it was put together.": "Quand cela a été rassemblé.",
    "Where the log stood.": "Où en était le registre.",
    "The calls of providers that speak of the person.": (
        "Les appels des prestataires qui parlent de la personne."
    ),
    "The requests to forget this person.": "Les demandes d'effacement de cette personne.",
    "How much of it is kept and cannot be read any more, though nobody was forgotten. Nothing is "
    "left out because there is much of it.": (
        "Combien de choses sont conservées et ne peuvent plus être lues, sans que personne ait "
        "été oublié. Rien n'est omis parce qu'il y en aurait trop."
    ),
    "Whether the person was forgotten: what was sealed can never be opened again.": (
        "Si la personne a été oubliée : ce qui était scellé ne pourra plus jamais être ouvert."
    ),
    "Whether whoever paid on the page was forgotten.": (
        "Si la personne qui a payé sur la page a été oubliée."
    ),
    "What people call the merchant.": "Le nom usuel du marchand.",
}
