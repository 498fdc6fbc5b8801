"""French: help of the commands about payments and messages; a part of `api.french_help`."""

from typing import Final

FRENCH_OF_PAYMENTS_HELP: Final[dict[str, str]] = {
    # payments
    "Payments: what became of one, and settling it where no provider's word does. Two operators "
    "have to agree to that.": (
        "Paiements : ce qu'il en est advenu, et comment trancher quand aucun prestataire ne le "
        "fait. Deux opérateurs doivent donner leur accord."
    ),
    "Propose what became of a payment, as it was learned outside; a second operator agrees.": (
        "Proposer ce qu'est devenu un paiement, tel qu'on l'a appris ailleurs ; un second "
        "opérateur donne son accord."
    ),
    "What became of it; `failed` also of what was taken and given back.": (
        "Ce qu'il est devenu ; `failed` aussi pour ce qui a été pris, puis rendu."
    ),
    "What was seen, and where; kept for ever: no name and no number.": (
        "Ce qui a été vu, et où ; conservé pour toujours : aucun nom et aucun numéro."
    ),
    "Which submission; by default the last.": "Quelle tentative ; par défaut la dernière.",
    "What really moved; by default what was asked.": (
        "Ce qui a vraiment bougé ; par défaut ce qui était demandé."
    ),
    "The payment's own; nothing else is taken.": "Celle du paiement ; aucune autre n'est acceptée.",
    "The provider's own id of the movement.": "L'identifiant du mouvement chez le prestataire.",
    "When the money moved.": "Quand l'argent a bougé.",
    "An approved note that was wrong.": "Une note approuvée qui était fausse.",
    "Do not ask; nor does --json.": "Ne rien demander ; --json ne demande rien non plus.",
    "Agree to a note as a second operator: it is evidence, and settles the payment.": (
        "Donner son accord à une note en second opérateur : elle fait foi, et tranche pour le "
        "paiement."
    ),
    "note_...": "note_...",
    "Take back a note that nobody has agreed to.": "Retirer une note qui n'a reçu aucun accord.",
    "List a payment's notes; or, without a payment, those that wait for a second operator.": (
        "Lister les notes d'un paiement ; ou, sans paiement, celles qui attendent un second "
        "opérateur."
    ),
    "pay_..., po_... or re_...; by default what is open of all.": (
        "pay_..., po_... ou re_... ; par défaut tout ce qui attend."
    ),
    "How many of all payments'.": "Combien, de tous les paiements.",
    "List the notes and statements that wait for a second person, newest first.": (
        "Lister les notes et les relevés qui attendent une seconde personne, du plus récent au "
        "plus ancien."
    ),
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
    "Deliver one message to an endpoint, or all that it has not taken, now.": (
        "Remettre maintenant à une adresse une notification, ou toutes celles non reçues."
    ),
    "we_...": "we_...",
    "One message; by default all that were not taken.": (
        "Une notification ; par défaut toutes celles non reçues."
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
