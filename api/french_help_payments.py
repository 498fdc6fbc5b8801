"""French: help of the commands about payments and messages; a part of `api.french_help`."""

from typing import Final

FRENCH_OF_PAYMENTS_HELP: Final[dict[str, str]] = {
    # payments
    "Payments: what became of one.": "Paiements : ce qu'il en est advenu.",
    "Show a payment and its audit trail.": "Montrer un paiement et sa piste d'audit.",
    "pay_...": "pay_...",
    "Show what went to providers about a payment, and how it was answered.": (
        "Montrer ce qui est parti aux prestataires au sujet d'un paiement, et leurs réponses."
    ),
    "pay_..., po_... or re_...": "pay_..., po_... ou re_...",
    "Print the bytes, as curl -v does; this is recorded.": (
        "Imprimer les octets, comme curl -v ; cela est enregistré."
    ),
    # webhooks
    "Webhooks: what merchants are told, and providers' calls that nobody understood.": (
        "Notifications : ce qui est annoncé aux marchands, et les appels des prestataires que "
        "personne n'a compris."
    ),
    "List merchants' endpoints, or what one of them was told, is told and could not be told.": (
        "Lister les adresses de notification des marchands, ou ce que l'une d'elles a reçu, reçoit "
        "et n'a pas pu recevoir."
    ),
    "Whose messages, newest first; by default the endpoints.": (
        "De quelle adresse lister les notifications, la plus récente d'abord ; par défaut les "
        "adresses."
    ),
    "Only this merchant's endpoints.": "Seulement les adresses de ce marchand.",
    "Only messages that are so.": "Seulement les notifications dans cet état.",
    "Show one message to an endpoint, with every attempt: when, status, how long it took.": (
        "Montrer une notification à une adresse, avec chaque essai : quand, quel statut, en "
        "combien de temps."
    ),
    "we_....<position>: a message's id.": "we_....<position> : l'identifiant d'une notification.",
    "Deliver one message to an endpoint, or all that are parked, once more.": (
        "Remettre encore une fois à une adresse une notification, ou toutes celles mises de côté."
    ),
    "we_...": "we_...",
    "One message; by default all that are parked.": (
        "Une notification ; par défaut toutes celles mises de côté."
    ),
    "Have an endpoint told something signed, to see that it hears: no payment moves.": (
        "Faire annoncer à une adresse quelque chose de signé, pour voir si elle entend : aucun "
        "paiement ne bouge."
    ),
    "List providers' calls that nobody understood, with the reason, and those not read yet.": (
        "Lister les appels des prestataires que personne n'a compris, avec la raison, et ceux qui "
        "ne sont pas encore lus."
    ),
    "Only this provider's calls.": "Seulement les appels de ce prestataire.",
    "Have orphans read once more, by a running server that has their provider enabled.": (
        "Faire relire des orphelins par un serveur en marche où leur prestataire est activé."
    ),
    "As `cauri webhooks orphans` names them.": "Tels que `cauri webhooks orphans` les nomme.",
}
"""English text -> French text."""
