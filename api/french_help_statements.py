"""French: help of the commands about providers' statements; a part of `api.french_help`."""

from typing import Final

FRENCH_OF_STATEMENTS_HELP: Final[dict[str, str]] = {
    "Statements: what a provider says that moved, held against the ledger. They settle payments "
    "once a second person has approved them.": (
        "Relevés : ce qui a bougé selon un prestataire, comparé au registre. Ils tranchent pour "
        "les paiements dès qu'une seconde personne les a approuvés."
    ),
    "stm_...": "stm_...",
    "A file with your own API key: an accountant's, an operator's or an admin's.": (
        "Un fichier avec votre propre clé d'API : de comptable, d'opérateur ou d'administrateur."
    ),
    "Agree as a second person: a statement's lines settle the payments they speak of.": (
        "Approuver en tant que seconde personne : les lignes d'un relevé tranchent pour les "
        "paiements dont elles parlent."
    ),
    "Columns: provider_transaction_id, reference (may be empty), direction (in or out), amount, "
    "occurred_at (with its offset from UTC), fee (may be empty).": (
        "Colonnes : provider_transaction_id, reference (peut être vide), direction (in ou out), "
        "amount, occurred_at (avec son décalage par rapport à UTC), fee (peut être vide)."
    ),
    "Hand in a provider's statement: it is compared, and a second person approves it.": (
        "Remettre le relevé d'un prestataire : il est comparé, et une seconde personne l'approuve."
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
