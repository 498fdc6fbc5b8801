"""Sentences: English that can be said otherwise; and their French, held against the source."""

import ast
import copy
import pickle
import re
from pathlib import Path
from string import Formatter

import pytest

from api.french import FRENCH
from api.french_terminal import FRENCH_OF_COMMANDS, FRENCH_OF_TERMINAL
from ledger.errors import InvalidInputError
from ledger.sentences import Sentence, explained

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("ledger", "adapters", "projections", "api")
TERMINAL = (
    *("api/commands/", "api/cli", "api/key_files.py"),
    *("api/missing_keys.py", "ledger/sql_guards.py"),
)
"""What only somebody at a terminal is told."""

SAYING = {
    "Place": 2,
    "ProblemError": 1,
    "InvalidInputError": 1,
    "InvalidMoneyError": 1,
    "InvalidPhoneError": 1,
    "CommandRefusedError": 1,
    "StoreClosedError": 0,
    "StoreUnavailableError": 0,
    "SchemaVersionError": 2,
    "MasterKeyError": 0,
    "NoteKeyError": 0,
    "PolicyError": 1,
    "ForbiddenAddressError": 0,
    "Fault": 1,
}
"""What carries sentences to people -> the place from which on its arguments are sentences."""


def placeholders(template: str) -> set[tuple[str, str, str]]:
    """Name, conversion and format of every value in a template."""
    return {
        (name, conversion or "", form or "")
        for _, name, form, conversion in Formatter().parse(template)
        if name is not None
    }


def calls_in(source: str) -> list[tuple[str, ast.Call]]:
    """Every call of a plain name, with the name."""
    return [
        (node.func.id, node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]


def templates_in(source: str) -> set[str]:
    """The templates of all sentences in a source."""
    return {
        node.args[0].value
        for name, node in calls_in(source)
        if name == "Sentence"
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


def faults_of(source: str) -> list[str]:
    """Sentences whose template is computed or not filled, and bare text where one belongs."""
    faults = []
    for name, node in calls_in(source):
        if name == "Sentence":
            template = node.args[0]
            if not isinstance(template, ast.Constant) or not isinstance(template.value, str):
                faults.append(f"{node.lineno}: the template is computed")
            elif {one for one, _, _ in placeholders(template.value)} != {
                value.arg for value in node.keywords
            }:
                faults.append(f"{node.lineno}: the values are not those of the template")
        faults += [
            f"{argument.lineno}: {name} is given bare text"
            for argument in node.args[SAYING.get(name, len(node.args)) :]
            if isinstance(argument, ast.Constant | ast.JoinedStr | ast.BinOp)
        ]
    return faults


def sources() -> dict[Path, str]:
    """Every module of the rooms that serve HTTP."""
    paths = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    return {path: path.read_text() for path in paths}


def test_a_sentence_is_its_english_text_and_can_be_written_from_another_template() -> None:
    sentence = Sentence("{amount!r} is {reason}; send {limit:g}.", amount="1", reason="x", limit=2)
    french = {"{amount!r} is {reason}; send {limit:g}.": "{limit:g} au lieu de {amount!r}"}

    assert sentence == "'1' is x; send 2."
    assert (sentence.written(french), sentence.written({})) == ("2 au lieu de '1'", sentence)


def test_a_sentence_within_a_sentence_is_written_too() -> None:
    error = InvalidInputError(
        "limit", Sentence("it is {size}.", size=Sentence("large")), Sentence("Send less.")
    )
    french = {
        "{name}: {reason} {remedy}": "{name} : {reason} {remedy}",
        "it is {size}.": "c'est {size}.",
        "large": "grand",
    }

    assert str(error) == "limit: it is large. Send less."
    assert error.args[0].written(french) == "limit : c'est grand. Send less."


def test_a_sentence_survives_being_copied_and_pickled() -> None:
    sentence = Sentence("send {{...}} to {name}", name=Sentence("{{him}}"))

    for again in (copy.deepcopy(sentence), pickle.loads(pickle.dumps(sentence))):
        assert (again, again.template, again.values) == (
            "send {...} to {him}",
            sentence.template,
            sentence.values,
        )


def test_the_values_of_a_sentence_are_not_templates() -> None:
    sentence = explained(Sentence("{name!s} is none.", name="{0} {x}"), Sentence("Send {{...}}."))

    assert (sentence, sentence.written({})) == ("{0} {x} is none. Send {...}.", sentence)


def test_every_sentence_has_its_french_and_no_french_is_left_over() -> None:
    said: dict[bool, set[str]] = {True: set(), False: set()}
    for path, source in sources().items():
        is_terminals = path.relative_to(ROOT).as_posix().startswith(TERMINAL)
        said[is_terminals] |= templates_in(source)

    assert (said[False] - FRENCH.keys(), FRENCH.keys() - said[False]) == (set(), set())
    only_there = said[True] - FRENCH.keys()
    assert (only_there - FRENCH_OF_COMMANDS.keys(), FRENCH_OF_COMMANDS.keys() - only_there) == (
        set(),
        set(),
    )


@pytest.mark.parametrize(("english", "french"), FRENCH_OF_TERMINAL.items())
def test_the_french_of_a_sentence_says_the_same_and_is_set_as_french_is(
    english: str, french: str
) -> None:
    words = re.sub("`[^`]*`", "code", french)

    assert placeholders(french) == placeholders(english)
    assert french[-1] == english[-1] or english[-1].isalpha()
    assert re.findall(r"(?<!\xa0)[:;?!»](?=\s|$)|«(?!\xa0)|  ", words) == []


def test_every_sentence_stands_written_out_and_no_bare_text_reaches_a_caller() -> None:
    found = {str(path): faults_of(source) for path, source in sources().items()}
    assert {path: faults for path, faults in found.items() if faults} == {}


@pytest.mark.parametrize(
    "source",
    [
        'raise ProblemError(BUSY, "Come back.")',
        'Fault("CAURI_PORT", "it is odd.", Sentence("Set another."))',
        'raise ProblemError(BUSY, f"Come back in {seconds} s.")',
        'Place("pointer", "/x", Sentence("None."), "Add it.")',
        'raise InvalidInputError("x", "it is " + word, REMEDY)',
        "Sentence(text)",
        'Sentence(f"{x}")',
        'Sentence("{x}.")',
        'Sentence("{x}.", y=1)',
    ],
)
def test_a_planted_fault_is_found(source: str) -> None:
    assert faults_of(source)
