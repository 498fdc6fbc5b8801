"""`cauri people`: two operators with keys in files, a number from a pipe, a page to read."""

import asyncio
import io
import json
import re
import sqlite3
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from api.commands.people_said import SAID
from api.people_export import Telling
from ledger.errors import StoreUnavailableError
from ledger.sentences import Sentence
from tests.api_world import World, a_world, captured_logs, settings_in
from tests.conftest import FakeClock
from tests.test_api_french import english_in
from tests.test_api_refunds import a_paid_one
from tests.test_cli import Here
from tests.test_sentences import placeholders

PHONE = "+237650000001"
STRANGER = "+237650000009"
"""Of whom nothing is held; the other one pays in the world of the tests."""


def made_in(folder: Path, make: Callable[[World], Awaitable[str]]) -> str:
    """Make something in the test's database, as its server would."""

    async def made() -> str:
        async with a_world(settings_in(folder), clock=FakeClock()) as world:
            return await make(world)

    with captured_logs():  # the world writes its log where the commands answer
        return asyncio.run(made())


@pytest.fixture
def here(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Here:
    return Here(capfdbinary, monkeypatch, tmp_path)


def key_file(here: Here, name: str, role: str = "operator", label: str | None = None) -> str:
    """Make a key and put it into a file."""
    labelled = () if label is None else ("--label", label)
    Path(name).write_text(here.asked("keys", "add", "--role", role, *labelled)["key"] + "\n")
    return name


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_two_operators_forget_a_person_on_the_command_line(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (
        key_file(here, "one.key", label="Awa, support"),
        key_file(here, "other.key", "admin"),
    )
    typed(monkeypatch, f"{PHONE}\n")
    asked = here.asked("people", "erase", "--phone", "-", "--key-file", one)
    same = here.on("people", "erase", "--approve", asked["id"], "--key-file", one, "--yes")
    done = here.on("people", "erase", "--approve", asked["id"], "--key-file", other, "--yes")
    [listed] = here.asked("people", "list")
    with pytest.MonkeyPatch.context() as narrow:
        narrow.setenv("COLUMNS", "60")
        tables = here.on("people", "list").out, here.on("keys", "list").out
    keys = here.asked("keys", "list")
    proved = here.on("verify")

    assert asked["status"] == "requested"
    assert same.status == 1
    assert "cannot be the one who agrees" in same.err
    assert (done.status, "state    erased" in done.out) == (0, True)
    assert (listed["erasure"], listed["state"]) == (asked["id"], "erased")
    holders = {key["key_id"]: key["label"] for key in here.asked("keys", "list")}
    (awa,) = [key_id for key_id, label in holders.items() if label == "Awa, support"]
    assert listed["asked by"] == f"{awa} (Awa, support)"
    assert holders[listed["agreed by"]] is None
    assert proved.status == 0
    assert all(one["last_used_at"] for one in keys)
    assert {awa, listed["agreed by"]} == {one["key_id"] for one in keys}
    for whole in (asked["id"], *(one["key_id"] for one in keys)):
        assert whole in tables[0]
    assert all(one["key_id"] in tables[1] for one in keys)
    said = "".join((json.dumps(asked), same.err, done.out, json.dumps(listed)))
    assert "650000001" not in said


@pytest.mark.parametrize(("language", "answer"), [("en", "n"), ("fr", "non"), ("en", "")])
def test_what_would_be_lost_is_shown_and_asked_and_no_answer_is_a_no(
    here: Here, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, language: str, answer: str
) -> None:
    said = SAID["fr" if language == "fr" else "en"]
    known = made_in(tmp_path, a_paid_one)
    one, other = key_file(here, "one.key"), key_file(here, "other.key", "admin")
    spoken = ("--lang", language)
    asking = ("people", "erase", "--phone")
    asked = here.asked(*asking, PHONE, "--key-file", one)
    nobody = here.on(*asking, STRANGER, "--key-file", one, *spoken)
    agree = ("people", "erase", "--approve", asked["id"], "--key-file")
    typed(monkeypatch, f"{answer}\n" if answer else "")
    left = here.on(*agree, other, *spoken)
    same = here.on(*agree, one, *spoken)
    [state] = [
        one["state"] for one in here.asked("people", "list") if one["erasure"] == asked["id"]
    ]
    typed(monkeypatch, "oui\n")
    done = here.on(*agree, other, *spoken)
    forgotten = here.asked("payments", "show", known)["payment"]

    held = [
        said["holds"].format(payments=1, pages=0, calls=0),
        said["refundable"].format(amount="1500", currency="XAF"),
    ]
    assert said["unknown"] in nobody.out
    assert (left.status, left.out.splitlines()) == (1, [*held, said["untouched"]])
    assert said["ask"] in left.err
    # Who may not agree is told so, and not asked.
    assert (same.status, said["ask"] in same.err) == (1, False)
    assert state == "requested"
    assert (done.status, done.out.splitlines()[:2]) == (0, held)
    assert forgotten["is_erased"] is True
    for told in (left, done, nobody):
        assert PHONE not in told.out


def test_a_pipe_that_ends_before_the_number_is_told_in_a_sentence(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = key_file(here, "one.key")
    typed(monkeypatch, "")
    said = here.on("people", "erase", "--key-file", one, "--lang", "fr")
    assert (said.status, "aucun num\xe9ro n'a \xe9t\xe9 donn\xe9" in said.err) == (2, True), (
        said.err
    )


def test_a_number_may_be_typed_where_it_is_asked_for(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = key_file(here, "one.key")
    typed(monkeypatch, "650 00 00 01\n")
    said = here.on("people", "erase", "--country", "CM", "--key-file", one, "--reason", "case 7")
    assert said.status == 0
    assert "state    requested" in said.out
    for spelt in ("650000001", "650 00 00 01"):
        assert spelt not in said.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--phone", "12"], "phone: "),
        (["--phone", PHONE, "--reason", "650000001"], "no telephone number"),
        (["--phone", PHONE, "--reason", " "], "Say in 1 to 200 characters why"),
        (["--phone", PHONE, "--approve", "era_1"], "names its request"),
        (["--phone", PHONE, "--key-file", "auditor.key"], "no good key of an operator"),
        (["--phone", PHONE, "--key-file", "empty.key"], "no good key of an operator"),
    ],
)
def test_what_cannot_be_used_is_told_with_a_remedy(
    here: Here, arguments: list[str], words: str
) -> None:
    key_file(here, "one.key")
    key_file(here, "auditor.key", "auditor")
    Path("empty.key").write_text("")
    given = arguments if "--key-file" in arguments else [*arguments, "--key-file", "one.key"]
    said = here.on("people", "erase", *given)
    assert (said.status, words in said.err) == (2, True), said.err
    assert "650000001" not in said.err


def test_an_export_is_written_once_for_its_owners_eyes_in_either_form(here: Here) -> None:
    one = key_file(here, "one.key")
    told: Any = here.on("people", "export", "--phone", PHONE, "--key-file", one)
    page = here.on(
        "people", "export", "--phone", PHONE, "--key-file", one, "--html", "fr", "--file", "p.html"
    )
    again = here.on(
        "people", "export", "--phone", PHONE, "--key-file", one, "--html", "fr", "--file", "p.html"
    )

    shown = json.loads(told.out)
    assert (shown["phone"], shown["payments"]) == (PHONE, [])
    assert page.status == 0
    assert "Ce qui est conservé à votre sujet" in Path("p.html").read_text()
    assert stat.S_IMODE(Path("p.html").stat().st_mode) == 0o600
    assert (again.status, "Name another file" in again.err) == (3, True)
    types = [json.loads(line)["type"] for line in here.on("tail", "--json").out.splitlines()]
    assert types.count("person.exported") == 2  # whoever is told nothing is not recorded
    assert "650000001" not in here.on("tail", "--json").out


def test_an_export_that_breaks_off_leaves_no_file_that_looks_whole(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = key_file(here, "one.key")

    async def fail(told: Telling) -> AsyncIterator[Any]:
        if told.position:
            raise StoreUnavailableError(Sentence("The disk is full."), Sentence("Free some space."))
        yield

    monkeypatch.setattr(Telling, "erasures", fail)
    said = here.on(
        *("people", "export", "--phone", PHONE, "--key-file", one, "--file", "told.json")
    )
    assert (said.status, "The disk is full." in said.err) == (3, True)
    assert not Path("told.json").exists()


def test_what_somebody_keeps_in_the_files_is_told_in_both_languages(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = key_file(here, "one.key"), key_file(here, "other.key", "admin")
    typed(monkeypatch, f"{PHONE}\n")
    asked = here.asked("people", "erase", "--phone", "-", "--key-file", one)
    with closing(sqlite3.connect("cauri.db", isolation_level=None)) as reading:
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM log").fetchall()
        done = here.on("people", "erase", "--approve", asked["id"], "--key-file", other, "--yes")
        [listed] = here.asked("people", "list")
    again = here.asked("people", "erase", "--approve", asked["id"], "--key-file", other)

    assert (done.status, "state    erased" in done.out) == (0, True)
    for words in ("may still lie", "in the middle of reading", "en train de lire"):
        assert words in done.out
    assert (listed["bytes left"], again["bytes_left"]) == ("reader", None)
    assert (again["status"], here.asked("people", "list")[0]["bytes left"]) == ("erased", None)


def test_whoever_answers_for_personal_data_is_spoken_to_in_french(here: Here) -> None:
    one, other = (
        key_file(here, "un.key", label="Awa, assistance"),
        key_file(here, "autre.key", "admin"),
    )
    number = ("--phone", "0500000001", "--country", "CI")

    def french(*arguments: str, key: str | None = one) -> tuple[int, str]:
        given = () if key is None else ("--key-file", key)
        said = here.on("people", *arguments, *given, "--lang", "fr")
        assert "0500000001" not in said.out + said.err
        assert english_in(re.sub(r"`[^`]*`", "", said.out + said.err)) == []
        return said.status, said.err or said.out

    asked = french("erase", *number)
    [listed] = here.asked("people", "list")
    erasure_id = listed["erasure"]
    waiting = french("list", key=None)
    same = french("erase", "--approve", erasure_id)
    with_number = french("erase", "--approve", erasure_id, "--phone", "1", key=other)
    unusable = french("erase", *number, "--reason", "le 0500000001")
    Path("vide.key").write_text("")
    nobody = french("export", *number, key="vide.key")
    done = french("erase", "--approve", erasure_id, "--yes", key=other)
    over = french("list", key=None)
    english = here.on("people", "list").out
    shown = json.loads(
        here.on("people", "erase", "--approve", erasure_id, "--key-file", other, "--json").out
    )

    assert asked[0] == 0
    assert f"--approve {erasure_id} --key-file" in asked[1]
    assert waiting[1].startswith(f"{erasure_id}  Demandé\xa0; un second opérateur")
    for status, (found, text), words in (
        (1, same, "erreur\xa0: l'opérateur qui l'a demandé ne peut pas"),
        (2, with_number, "Laissez --phone de côté."),
        (2, unusable, "n'écrivez aucun numéro de téléphone"),
        (2, nobody, "à chaque opérateur la sienne"),
        (0, done, "clés de données détruites"),
        (0, over, "demandé par la personne"),
    ):
        assert (found, words in text) == (status, True), text
    assert (erasure_id in english, "Done: the keys are destroyed" in english) == (True, True)
    assert shown["requested_by_label"] == "Awa, assistance"


def test_whatever_these_commands_say_can_be_said_in_french() -> None:
    assert SAID["en"].keys() == SAID["fr"].keys()
    for name, text in SAID["en"].items():
        assert placeholders(text) == placeholders(SAID["fr"][name])


def test_a_label_goes_on_with_the_key_and_names_no_number(here: Here) -> None:
    first = here.asked("keys", "add", "--role", "operator", "--label", " Awa, support ")
    here.on("keys", "rotate", first["key_id"])
    refused = [
        here.on("keys", "add", "--role", "operator", "--label", label)
        for label in ("", "x" * 81, "Awa 650 00 00 01", "two\nlines")
    ]

    assert [key["label"] for key in here.asked("keys", "list")] == ["Awa, support"] * 2
    assert [(one.status, "no label that can be kept" in one.err) for one in refused] == [
        (refused[0].status, True)
    ] * 4
    assert "650" not in "".join(one.err for one in refused)
