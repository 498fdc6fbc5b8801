"""French: help of the commands about the books; a part of `api.french_help`."""

from typing import Final

FRENCH_OF_ACCOUNTS_HELP: Final[dict[str, str]] = {
    "The books: the general ledger and the trial balance, for spreadsheets and for paper.": (
        "Les livres : le grand livre et la balance générale, pour tableur et pour papier."
    ),
    "Show the general ledger: what stood in an account, every entry, and what stands there.": (
        "Montrer le grand livre : ce qu'un compte portait, chaque écriture, et ce qu'il porte."
    ),
    "552, 411, ...; by default all.": "552, 411, ... ; par défaut tous.",
    "Write it there for a spreadsheet, separated as the language's are; `-` is stdout.": (
        "L'y écrire pour un tableur, séparé comme dans la langue ; `-` est la sortie standard."
    ),
    "Show the trial balance, with the totals of every currency.": (
        "Montrer la balance générale, avec les totaux de chaque devise."
    ),
}
"""English text -> French text."""
