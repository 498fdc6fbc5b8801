"""French of the API's description of operators' notes; see `api.openapi_french`."""

from typing import Final

FRENCH_OF_NOTES_DOCS: Final[dict[str, str]] = {
    "Propose what became of a payment, payout or refund; another operator has to agree.": (
        "Proposer ce qu'est devenu un paiement, un versement ou un remboursement ; un autre "
        "opérateur doit donner son accord."
    ),
    "List what operators proposed about a payment, who agreed, and what came of it.": (
        "Lister ce que des opérateurs ont proposé au sujet d'un paiement, qui a donné son accord, "
        "et ce qu'il en est advenu."
    ),
    "Agree as a second operator: the note is evidence, and settles the payment.": (
        "Donner son accord en second opérateur : la note fait foi, et tranche pour le paiement."
    ),
    "Take back a proposal that nobody has agreed to.": (
        "Retirer une proposition qui n'a reçu aucun accord."
    ),
    "List the notes and statements that wait for a second person, newest first.": (
        "Lister les notes et les relevés qui attendent une seconde personne, du plus récent au "
        "plus ancien."
    ),
    "What waits for a second person: a note or a statement; what it does not have is null.": (
        "Ce qui attend une seconde personne : note ou relevé ; ce qu'il n'a pas est null."
    ),
    "`overtaken`: something else would become of the payment now, and nobody can agree any more.": (
        "`overtaken` : le paiement deviendrait autre chose à présent ; plus d'accord possible."
    ),
    "What the payment is now.": "Ce qu'est le paiement à présent.",
    "What it would be now by the note.": "Ce qu'il serait à présent selon la note.",
    "That person's key.": "La clé de cette personne.",
    "When it ends by itself, unless it is approved; null: never.": (
        "Quand elle prend fin d'elle-même, sauf accord ; null : jamais."
    ),
    "Where to agree to it, by `POST`.": "Où donner son accord, par `POST`.",
    "What waits for a second person, newest first.": (
        "Ce qui attend une seconde personne, du plus récent au plus ancien."
    ),
    "What waits.": "Ce qui attend.",
    "What waits for a second person.": "Ce qui attend une seconde personne.",
    "Only notes, or only statements.": "Seulement les notes, ou seulement les relevés.",
    "Propose what became of a payment, as it was learned outside.": (
        "Proposer ce qu'est devenu un paiement, tel qu'on l'a appris ailleurs."
    ),
    "What became of this submission. `failed` also of what was taken and given back at the "
    "provider's desk.": (
        "Ce qu'est devenue cette tentative. `failed` aussi pour ce qui a été pris, puis rendu au "
        "guichet du prestataire."
    ),
    "Which submission, by one of the payment's `attempts`; by default the last.": (
        "Quelle tentative, d'après `attempts` ; par défaut la dernière."
    ),
    "What really moved, where it moved; by default what was asked for.": (
        "Ce qui a vraiment bougé, le cas échéant ; par défaut ce qui était demandé."
    ),
    "The payment's own; by default that one.": "Celle du paiement ; c'est elle par défaut.",
    "The provider's own id of the movement, where you know it.": (
        "L'identifiant du mouvement chez le prestataire, si vous le connaissez."
    ),
    "When the money moved, where you know it.": "Quand l'argent a bougé, si vous le savez.",
    "An approved note that was wrong: it counts no more.": (
        "Une note approuvée qui était fausse : elle ne compte plus."
    ),
    "What was seen, and where. It is kept word for word and for ever, and shown to no merchant. No "
    "personal data belongs there: name nobody in it, and no number.": (
        "Ce qui a été vu, et où. C'est conservé mot pour mot et pour toujours, et montré à aucun "
        "marchand. N'y mettez aucune donnée personnelle : n'y nommez personne, et aucun numéro."
    ),
    "One line of the journal.": "Une ligne du livre-journal.",
    "What a payment is, or would become.": "Ce qu'un paiement est, ou deviendrait.",
    "How much of it was given back, or is under way to be; a note changes nothing of that.": (
        "Ce qui en a été rendu, ou est en train de l'être ; une note n'y change rien."
    ),
    "What stands in the books of it; empty: nothing.": (
        "Ce qui en figure dans les livres ; vide : rien."
    ),
    "A word that an operator proposed, and what became of it.": (
        "Ce qu'un opérateur a proposé, et ce qu'il en est advenu."
    ),
    "`approved`: it is evidence. `replaced`: it was, and another note stands in its place. "
    "`lapsed`: nobody agreed in time. `overtaken`: something else would become of the payment now; "
    "propose anew what still holds.": (
        "`approved` : elle fait foi. `replaced` : une autre note a pris sa place. `lapsed` : "
        "personne n'a donné son accord à temps. "
        "`overtaken` : le paiement deviendrait autre chose à présent ; proposez encore ce qui vaut "
        "toujours."
    ),
    "What moved; null: nothing did.": "Ce qui a bougé ; null : rien.",
    "When the money moved; null: nobody says.": "Quand l'argent a bougé ; null : nul ne le dit.",
    "The note in whose place it stands; null: in none's.": (
        "La note qu'elle remplace ; null : aucune."
    ),
    "What was seen, and where.": "Ce qui a été vu, et où.",
    "Its holder; null: the key has no label.": "Son détenteur ; null : la clé est sans étiquette.",
    "When it was proposed.": "Quand elle a été proposée.",
    "The second operator's key; null: nobody agreed.": (
        "La clé du second opérateur ; null : aucun accord."
    ),
    "When it became evidence; null: it is not.": (
        "Depuis quand elle fait foi ; null : ce n'est pas le cas."
    ),
    "The key of whoever took it back; null: nobody did.": (
        "La clé de qui l'a retirée ; null : personne."
    ),
    "When it was taken back; null: it was not.": (
        "Quand elle a été retirée ; null : elle ne l'a pas été."
    ),
    "What the payment was when it was proposed.": "Ce qu'était le paiement lors de la proposition.",
    "What would have become of it then: what both operators agree to.": (
        "Ce qu'il serait alors devenu : ce à quoi les deux opérateurs donnent leur accord."
    ),
    "What would become of it now; null: nobody can agree to it any more.": (
        "Ce qu'il deviendrait à présent ; null : un accord n'est plus possible."
    ),
    "All notes of a payment, payout or refund, in the order they were proposed.": (
        "Toutes les notes d'un paiement, d'un versement ou d'un remboursement, dans l'ordre des "
        "propositions."
    ),
    "The notes.": "Les notes.",
    "Of `operator`, a person of the server's operator who settled it: the note.": (
        "De `operator`, une personne de l'exploitant du serveur qui a tranché : la note."
    ),
    "The note that was wrong: it counts no more.": (
        "La note qui était fausse : elle ne compte plus."
    ),
}
"""English text -> French text."""
