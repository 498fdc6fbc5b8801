"""One word, one meaning, in French too: what the same thing may not be called as well.

Every text of the product is read, wherever it stands, so a new one is held to it by itself.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from api import witness_page
from api.bundles.report import readme

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("ledger", "adapters", "projections", "api", "scripts")
NBSP = "\N{NO-BREAK SPACE}"

UNSAID: Final = (
    (
        r"\b(?:le|du|au|un|ce|cet|son|seul|leur) journal\b|\b[Jj]ournaux\b|^Journal\b(?!:)",
        "the log is `registre`; `journal` is an accountant's book",
    ),
    (r"[Éé]critures?\b", "an entry of the log is `entrée`; `écriture` is an accountant's"),
    (r"[Cc]ontre-?sign", "a witness does `cosigner`, as `cosigned_by` says"),
    (
        r"\b(?:[DdLlNnSs]e|(?:lors|puis)?[Qq]ue|[Ll]a) \{(?:operator|merchant|provider|carrier)",
        "`Orange` would ask for `qu'` or `d'`: before a name stands a word that is never elided",
    ),
    (r"fichiers? de règles", "whose signatures are enough is said by a `politique`"),
)
"""What is not said -> why, and what is."""


ACCOUNTANTS: Final = ("api/commands/accounts.py", "api/french_help_accounts.py")
"""Where an accountant reads the general ledger, of which a line is an `écriture`."""


def unsaid_in(text: str) -> list[str]:
    """Why a text may not stay so."""
    return [why for pattern, why in UNSAID if re.search(pattern, text)]


def is_an_accountants(where: str, why: str) -> bool:
    """Whether a word that is an accountant's stands where it is meant so."""
    return where.startswith(ACCOUNTANTS) and why.startswith("an entry of the log")


def texts() -> Iterator[tuple[str, str]]:
    """Every text of the product, and where it stands."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*")):
            where = str(path.relative_to(ROOT))
            if path.suffix in {".html", ".js"}:
                yield where, path.read_text(encoding="utf-8")
            elif path.suffix == ".py":
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                    if isinstance(node, ast.Constant) and isinstance(node.value, str):
                        yield f"{where}:{node.lineno}", node.value


def test_no_text_calls_a_thing_by_another_name() -> None:
    found = [(where, why) for where, text in texts() for why in unsaid_in(text)]

    assert [one for one in found if not is_an_accountants(*one)] == []


@pytest.mark.parametrize(
    "text",
    [
        "Toutes les écritures du registre.",
        "La racine du journal.",
        "Le témoin l'a contresigné.",
        "Attendez que {operator} réponde.",
        "Le remboursement de {merchant}",
        "le fichier de règles de qui fait confiance",
    ],
)
def test_another_name_is_found(text: str) -> None:
    assert unsaid_in(text)


def test_what_is_counted_reads_right_for_one_and_for_many() -> None:
    for language, said in (("fr", f"Derniers refus montrés{NBSP}: 1 sur 1."), ("en", "1 of 1.")):
        shown = witness_page.WORDS[language]["shown"].format(shown=1, total=1)
        assert said in shown


def test_the_readme_of_a_bundle_is_set_as_french_is() -> None:
    french = readme().partition("DOSSIER D'AUDIT")[2]

    assert f"REPORT.fr.html{NBSP}: Ce qu" in french
    assert re.findall(rf"(?<!{NBSP})[:;?!»](?=\s|$)", french.replace("python3 -I", "")) == []
