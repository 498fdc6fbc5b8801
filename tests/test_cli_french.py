"""The command line in French: its help, every text of it, and every call that is not understood."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

from api.cli import app
from api.cli_help import asks_for_help, texts_of
from api.french_help import FRENCH_OF_HELP, PANELS
from api.french_reports import FRENCH_OF_HEADS
from tests.forked import Said
from tests.test_api_french import english_in
from tests.test_cli import Here, here
from tests.test_sentences import placeholders

__all__ = ["here"]

CODE = re.compile(r"--[a-z-]+|add-checkpoint|/v1[/a-z]+|CAURI_[A-Z_]+|C2SP|`[^`]+`")
"""What is written the same in both."""

WORDLESS = {"pay_...", "we_...", "note_...", "stm_..."}
"""What is the same in both."""


@pytest.fixture
def french(here: Here, monkeypatch: pytest.MonkeyPatch) -> Here:
    monkeypatch.setenv("CAURI_LANGUAGE", "fr")
    return here


def told(said: Said) -> str:
    """What was told, with plain spaces and in one line."""
    return " ".join((said.out + said.err).replace("\xa0", " ").split())


def test_every_text_of_the_command_line_has_its_french_and_no_french_is_left_over() -> None:
    texts = {text for text, _ in texts_of(typer.main.get_command(app))}

    assert (texts - FRENCH_OF_HELP.keys(), FRENCH_OF_HELP.keys() - texts) == (set(), set())


def test_the_french_of_help_says_the_same_as_its_english() -> None:
    same = {english for english, french in FRENCH_OF_HELP.items() if english == french}
    ends = [one for one, french in FRENCH_OF_HELP.items() if one[-1] != french[-1]]
    others = [
        english
        for english, french in FRENCH_OF_HELP.items()
        if set(CODE.findall(english)) != set(CODE.findall(french))
    ]

    assert (same, ends) == (WORDLESS, [])
    assert others == []
    assert [one for one in FRENCH_OF_HELP.values() if english_in(CODE.sub("", one))] == []
    assert all(placeholders(one) == set() for one in PANELS.values() if "{}" not in one)


@pytest.mark.parametrize(
    ("call", "shown", "unshown"),
    [
        (("--help",), "Points de contrôle : ce à quoi le registre s'engage.", "Commands"),
        ((), "╭─ Commandes ─", "Commands"),
        (("payments",), "Montrer un paiement et sa piste d'audit.", "Show a payment"),
        (("serve", "--help"), "Servir l'API jusqu'à l'ordre d'arrêt.", "Serve the API"),
        (("restored", "--help"), "[par défaut : 7]", "default"),
        (("keys", "add", "--help"), "[obligatoire]", "required"),
        (("verify", "--help"), "Afficher cette aide et quitter.", "Show this message"),
        (("people", "erase", "--lang", "fr", "--help"), "Le numéro de la personne.", "Left out"),
    ],
)
def test_help_is_shown_in_french(
    french: Here,
    monkeypatch: pytest.MonkeyPatch,
    call: tuple[str, ...],
    shown: str,
    unshown: str,
) -> None:
    if "--lang" in call:
        monkeypatch.delenv("CAURI_LANGUAGE")
    said = french(*call)

    assert (shown in told(said), unshown in told(said)) == (True, False)


def test_help_is_english_again_for_who_asks_in_english(
    french: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Commandes" in told(french("--help"))
    assert "Commands" not in told(french("--help"))
    monkeypatch.delenv("CAURI_LANGUAGE")
    english = told(french("--help"))

    assert ("─ Commands ─" in english, "Show this message and exit." in english) == (True, True)


CALLS = [
    ("nope", "no command nope", "pas de commande nope. Consultez `cauri --help`."),
    (
        "paymnts",
        "no command paymnts. Is payments meant? See",
        "pas de commande paymnts. Vouliez-vous dire payments ? Consultez",
    ),
    ("--nope", "no option --nope", "pas d'option --nope. Consultez `cauri --help`."),
    ("keys add --rol x", "--role meant?", "Vouliez-vous dire --role ?"),
    ("payments show", "ID is missing", "ID manque. Consultez `cauri payments show --help`."),
    ("merchants add Awa", "--country is missing", "--country manque."),
    ("serve --port x", "--port: this is no number", "--port : ce n'est pas un nombre."),
    ("serve --port 70000", "--port: it must be 65535 or less", "il doit être d'au plus 65535."),
    ("serve --port -1", "--port: it must be 0 or more", "--port : il doit être d'au moins 0."),
    (
        "keys add --role king",
        "--role: it must be one of merchant, accountant, auditor, operator, admin.",
        "--role : il doit être l'un de : merchant, accountant, auditor, operator, admin.",
    ),
    ("webhooks list --state", "--state needs a value", "--state demande une valeur."),
    ("providers --json=1", "--json takes no value", "--json ne prend pas de valeur."),
    ("payments show a b", "no place for b", "pas de place pour b."),
    ("tail --after 1 2", "no place for 2", "pas de place pour 2."),
    ("people list --lang xx", "--lang: it must be one of fr, en", "il doit être l'un de : fr, en."),
]
"""A call that cannot be understood -> what is said of it, in English and French."""


@pytest.mark.parametrize(("call", "english", "shown"), CALLS)
def test_a_call_that_cannot_be_understood_is_told_with_its_remedy(
    french: Here, monkeypatch: pytest.MonkeyPatch, call: str, english: str, shown: str
) -> None:
    in_french = french(*call.split())
    monkeypatch.delenv("CAURI_LANGUAGE")
    in_english = french(*call.split())

    assert (in_french.status, in_french.out, in_english.status) == (2, "", 2)
    assert shown in told(in_french)
    assert english in told(in_english)
    assert (english_in(told(in_french)), "\n" in in_french.err.strip()) == ([], False)
    assert told(in_english).endswith("--help`.")


def test_what_the_system_refuses_is_told_in_french(french: Here, tmp_path: Path) -> None:
    refused = french("keys", "signing", "--name", "a.example/log", "--file", str(tmp_path / "a/b"))

    assert refused.status == 3
    assert told(refused).endswith("Vérifiez le nom, ou créez-le d'abord.")


@pytest.mark.parametrize(
    ("call", "asks"),
    [("", True), ("keys", True), ("keys add --help", True), ("keys list", False), ("tail", False)],
)
def test_only_who_asks_for_help_has_the_french_of_it_loaded(call: str, asks: bool) -> None:
    assert asks_for_help(typer.main.get_command(app), call.split()) is asks


COMMANDS = Path(__file__).resolve().parent.parent / "api" / "commands"
WORD = re.compile(r"[A-Za-z]{3,}")
CODES = {"base", "export"}
"""What is no word of a person's."""

COMPUTED = {"delivered", "live", "parked", "recorded", "waiting", "withdrawn"}
"""Heads that stand in no table of the source as they are: states, and which side is compared."""


def calls_of(*names: str) -> Iterator[tuple[str, ast.Call]]:
    """Every call of these names, or of a method of it, in the commands; and where it stands."""
    for path in sorted(COMMANDS.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in names:
                yield f"{path.name}:{node.lineno}", node


def bare_words(text: ast.expr) -> list[str]:
    """The words of a text that is written out, and so is the same in every language."""
    if isinstance(text, ast.IfExp):
        return [*bare_words(text.body), *bare_words(text.orelse)]
    if isinstance(text, ast.BinOp):
        return [*bare_words(text.left), *bare_words(text.right)]
    parts = text.values if isinstance(text, ast.JoinedStr) else [text]
    written = [one.value for one in parts if isinstance(one, ast.Constant)]
    return [word for one in written for word in WORD.findall(str(one)) if word not in CODES]


def test_whatever_a_command_reports_is_a_sentence_that_has_its_french() -> None:
    faults = [
        (where, words)
        for where, call in calls_of("write_line", "write_table", "write")
        if call.args and (words := bare_words(call.args[0]))
    ]

    assert faults == []


def heads() -> Iterator[str]:
    """Every head of a table that is written out, and the keys of rows that become heads."""
    for path in sorted(COMMANDS.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = {
            node.targets[0].id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }
        nodes = list(ast.walk(tree))
        calls = [one for one in nodes if isinstance(one, ast.Call)]
        told = {
            id(inner)
            for call in calls
            if ast.unparse(call.func) == "write_json"
            for inner in ast.walk(call)
        }
        for call in calls:
            if ast.unparse(call.func) != "write_table":
                continue
            columns = call.args[1]
            columns = named.get(ast.unparse(columns), columns)
            if "rows[0]" in ast.unparse(columns) or isinstance(columns, ast.Name):
                for node in nodes:
                    if isinstance(node, ast.Dict) and id(node) not in told and len(node.keys) > 1:
                        yield from (
                            str(one.value) for one in node.keys if isinstance(one, ast.Constant)
                        )
            elif isinstance(columns, ast.Tuple):
                yield from (
                    one.value.lstrip("#@")
                    for one in ast.walk(columns)
                    if isinstance(one, ast.Constant) and isinstance(one.value, str)
                )


def test_every_head_of_a_table_has_its_french_and_no_french_is_left_over() -> None:
    found = set(heads())

    assert len(found) > 50
    assert (found - FRENCH_OF_HEADS.keys(), FRENCH_OF_HEADS.keys() - found - COMPUTED) == (
        set(),
        set(),
    )
    assert [one for one in FRENCH_OF_HEADS.values() if english_in(one)] == []


REPORTS = [
    ("merchants add Awa --country CM", "Gardez la clé"),
    ("merchants list", "Marchands"),
    ("keys add --role auditor", "id de la clé"),
    ("keys list", "dernier usage"),
    ("verify", "vérifié : entrées : "),
    ("replay --until 1", "Balance générale"),
    ("rebuild --check", "Les projections face au registre"),
    ("checkpoint list", "Points de contrôle"),
    ("log-key list", "Clés du registre"),
    ("webhooks list", "il n'y en a pas"),
    ("webhooks orphans", "il n'y en a pas"),
    ("migrate", "la base est au schéma"),
    ("providers", "Prestataires"),
]


def test_what_commands_report_is_french(french: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    for call, shown in REPORTS:
        said = french(*call.split())
        assert (said.status, shown in told(said)) == (0, True), (call, told(said))
        # Names and codes are words of no language; of providers the table is full of addresses.
        plain = re.sub(r"[a-z]+_[a-z_]+", "", told(said))
        assert call == "providers" or english_in(plain) == [], call
