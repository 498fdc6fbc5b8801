"""French: help of the commands about providers' statements; a part of `api.french_help`."""

from typing import Final

FRENCH_OF_STATEMENTS_HELP: Final[dict[str, str]] = {
    "Statements: what a provider says that moved, held against the ledger. They settle payments "
    "once a second person has approved them.": (
        "Relevés : ce qui a bougé selon un prestataire, comparé au registre. Ils tranchent pour "
        "les paiements dès qu'une seconde personne les a approuvés."
    ),
    "stm_...": "stm_...",
    "Only this provider's.": "Seulement ceux de ce prestataire.",
    "A file with your own API key: an accountant's, an operator's or an admin's.": (
        "Un fichier avec votre propre clé d'API : de comptable, d'opérateur ou d'administrateur."
    ),
    "Agree as a second person: a statement's lines settle the payments they speak of.": (
        "Approuver en tant que seconde personne : les lignes d'un relevé tranchent pour les "
        "paiements dont elles parlent."
    ),
    "Columns: provider_transaction_id, reference (may be empty), direction (in or out), amount, "
    "occurred_at (with its offset from UTC), fee (may be empty); or those of --form.": (
        "Colonnes : provider_transaction_id, reference (peut être vide), direction (in ou out), "
        "amount, occurred_at (avec son décalage par rapport à UTC), fee (peut être vide) ; ou "
        "celles de --form."
    ),
    "How the provider writes its file: one in the box, or your own.": (
        "Comment le prestataire écrit son fichier : une forme fournie, ou la vôtre."
    ),
    "How far the file's times are ahead of UTC, where they do not say it.": (
        "L'avance des moments du fichier sur UTC, s'ils ne la disent pas."
    ),
    "Which account in the file is yours, where lines have two; left out: the one that is on every "
    "line.": (
        "Quel compte du fichier est le vôtre, si les lignes en ont deux ; sans elle : celui qui "
        "est sur toutes les lignes."
    ),
    "Write a form: which column of a provider's file is what, to be used or changed.": (
        "Écrire une forme : quelle colonne du fichier d'un prestataire est quoi, à utiliser ou à "
        "changer."
    ),
    "A form in the box; left out: their names.": "Une forme fournie ; sans elle : leurs noms.",
    "Hand in a provider's statement: it is compared, and a second person approves it.": (
        "Remettre le relevé d'un prestataire : il est comparé, et une seconde personne l'approuve."
    ),
    "List the statements that were handed in, newest first, and how each stands.": (
        "Lister les relevés remis, du plus récent au plus ancien, et où en est chacun."
    ),
    "Take back a statement that nobody approved: it counts nowhere, for ever.": (
        "Retirer un relevé que personne n'a approuvé : il ne compte nulle part, pour toujours."
    ),
    "Of all its amounts.": "De tous ses montants.",
    "Show what a statement comes to, which lines differ or are unknown, and what is missing.": (
        "Montrer ce que donne un relevé, quelles lignes diffèrent ou sont inconnues, et ce qui "
        "manque."
    ),
    "Tests or payments for real; by default as the deployment is.": (
        "Essais ou vrais paiements ; par défaut comme le déploiement."
    ),
    "Where it begins; a day is in UTC.": "Où il commence ; un jour est en UTC.",
    "Where it ends, not included.": "Où il finit, non compris.",
    "Whose statement it is.": "De qui est le relevé.",
}
"""English text -> French text."""
