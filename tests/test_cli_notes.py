"""`cauri payments note` and its kin: two operators with keys in files, and a picture beforehand."""

import asyncio
import io
import json
import re
from pathlib import Path

import pytest

from api.cli_language import speak
from api.commands.asking import is_agreed
from api.commands.notes_said import SAID
from tests.api_world import a_world, captured_logs, settings_in
from tests.conftest import FakeClock
from tests.test_api_french import english_in
from tests.test_api_notes import a_conflict
from tests.test_cli import Here
from tests.test_cli_people import key_file
from tests.test_sentences import placeholders

KEY = "--key-file"
WHY = "the operator's desk confirmed it by letter of 12 May"


@pytest.fixture
def here(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Here:
    return Here(capfdbinary, monkeypatch, tmp_path)


def in_conflict(folder: Path) -> str:
    """A payment in the test's database of which the words contradict each other."""

    async def make() -> str:
        async with a_world(settings_in(folder), clock=FakeClock()) as world:
            return await a_conflict(world)

    with captured_logs():  # the world writes its log where the commands answer
        return asyncio.run(make())


def answered(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_two_operators_settle_a_conflict_after_they_have_seen_what_becomes_of_it(
    here: Here, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    payment_id = in_conflict(tmp_path)
    one, other = key_file(here, "one.key", label="Awa, support"), key_file(here, "other.key")
    said = ("--word", "succeeded", "--reason", WHY, "--key-file", one)

    answered(monkeypatch, "n\n")
    left = here.on("payments", "note", payment_id, *said)
    nothing = here.on("payments", "notes", payment_id)
    answered(monkeypatch, "y\n")
    proposed = here.on("payments", "note", payment_id, *said)
    own = here.on("payments", "approve", payment_id, "note_1", "--key-file", one, "--yes")
    answered(monkeypatch, "y\n")
    approved = here.on("payments", "approve", payment_id, "note_1", "--key-file", other)
    again = here.on("payments", "approve", payment_id, "note_1", "--key-file", other)
    late = here.on("payments", "withdraw", payment_id, "note_1", "--key-file", other)
    [listed] = here.asked("payments", "notes", payment_id)
    shown = here.asked("payments", "show", payment_id)["payment"]

    picture = [
        f"{payment_id}, 1500 XAF",
        "What the words say now:",
        "  the provider's answer, mtn: failed",
        "  the provider's answer, mtn: succeeded 1500 XAF, transaction 987654",
        "If another operator agrees to this:",
        "  status   conflict -> succeeded",
        "  journal  411 mer_1: nothing -> credit 1500 XAF",
        "  journal  471 mtn: credit 1500 XAF -> nothing",
        "  journal  552 mtn: debit 1500 XAF -> debit 1500 XAF",
    ]
    assert left.out.splitlines()[:-1] == picture
    assert left.out.rstrip().endswith("Nothing was done.")
    assert (left.status, nothing.out) == (1, "there are none\n")
    assert proposed.out.splitlines()[: len(picture)] == picture
    assert f"cauri payments approve {payment_id} note_1 --key-file FILE" in proposed.out
    assert (proposed.status, own.status, approved.status, again.status) == (0, 1, 0, 0)
    assert "cannot be the one who agrees" in own.err
    assert "If you agree to this:" in approved.out
    assert "note_1  Approved: it is evidence." in approved.out
    assert "What two operators agreed to:" in again.out
    assert (late.status, "it is evidence" in late.err) == (1, True)
    assert (listed["reason"], listed["proposed_by_label"]) == (WHY, "Awa, support")
    assert shown["status"] == "succeeded"
    assert here.on("verify").status == 0


def test_a_french_operator_reads_french_and_a_wrong_note_is_replaced(
    here: Here, tmp_path: Path
) -> None:
    payment_id = in_conflict(tmp_path)
    one, other = key_file(here, "one.key"), key_file(here, "other.key", "admin")
    french = ("--lang", "fr", "--yes")

    def note(*said: str) -> str:
        given = ("--word", "failed", "--reason", "vu", "--key-file", one)
        told = here.on("payments", "note", payment_id, *given, *said, *french)
        assert told.status == 0, told
        return told.out

    def agree(name: str) -> str:
        told = here.on("payments", "approve", payment_id, name, "--key-file", other, *french)
        assert told.status == 0, told
        return told.out

    said = [note(), agree("note_1"), note("--replaces", "note_1", "--word", "succeeded")]
    said.append(agree("note_2"))
    said.append(here.on("payments", "notes", payment_id, "--lang", "fr").out)
    refused = [
        here.on("payments", "note", payment_id, *told, "--key-file", one, *french)
        for told in (
            ("--word", "failed", "--reason", "650 00 00 01"),
            ("--word", "failed", "--reason", "vu", "--occurred-at", "hier"),
            ("--word", "failed", "--reason", "vu"),
            ("--word", "failed", "--reason", "vu", "--reference", "autre"),
        )
    ]

    assert "  état     contradictoire -> échoué" in said[0]
    assert "une note d'opérateur, mtn\xa0: échoué" in said[2]
    assert "  état     échoué -> réussi" in said[3]
    assert "échoué, remplacée par note_2" in agree("note_2")
    assert "note_1  Remplacée\xa0: une autre note a pris sa place." in said[4]
    for text in said:
        words = re.sub(r"`[^`]*`|reference-of-|\b(pay_\w+|note_\d)\b", "", text)
        assert english_in(words) == []
    assert [one.status for one in refused] == [2, 2, 1, 1]
    assert "Le motif est vide, ou a trop de chiffres." in refused[0].err
    assert "occurred-at\xa0: La valeur n'est pas une date" in refused[1].err
    assert "note_2 a déjà tranché pour cette référence." in refused[2].err
    assert "Envoyez l'une des tentatives" in refused[3].err


def test_programs_are_not_asked_and_a_proposal_may_be_taken_back(
    here: Here, tmp_path: Path
) -> None:
    payment_id = in_conflict(tmp_path)
    one, auditor = key_file(here, "one.key"), key_file(here, "auditor.key", "auditor")
    said = ("payments", "note", payment_id, "--word", "failed", "--reason", WHY, "--key-file")

    proposed = here.asked(*said, one)
    repeated = here.asked(*said, one)
    nobody = here.on(*said, auditor)
    withdrawn = here.asked("payments", "withdraw", payment_id, "note_1", "--key-file", one)
    unknown = here.on("payments", "approve", payment_id, "note_7", "--key-file", one, "--yes")
    nowhere = here.on("payments", "notes", "pay_x")

    assert (proposed["id"], proposed["would_become"]["status"]) == ("note_1", "failed")
    assert repeated == proposed
    assert (nobody.status, "no good key of an operator" in nobody.err) == (2, True)
    assert withdrawn["state"] == "withdrawn"
    assert (unknown.status, "no such note" in unknown.err) == (1, True)
    assert (nowhere.status, "no payment 'pay_x'" in nowhere.err) == (1, True)
    assert "12 May" in json.dumps(proposed)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_who_agrees_reads_the_transaction_that_a_note_names(
    here: Here, tmp_path: Path, language: str
) -> None:
    payment_id = in_conflict(tmp_path)
    one = key_file(here, "one.key")
    said = ("--word", "succeeded", "--reason", WHY, "--transaction", "MPX9", KEY, one, "--yes")
    spoken = ("--lang", language)
    proposed = here.on("payments", "note", payment_id, *said, *spoken)
    listed = here.on("payments", "notes", payment_id, *spoken)
    other = key_file(here, "other.key")
    approved = here.on("payments", "approve", payment_id, "note_1", KEY, other, "--yes", *spoken)
    line = SAID["fr" if language == "fr" else "en"]["transaction"].format(id="MPX9")
    for told in (proposed, listed, approved):
        assert line in told.out.splitlines(), told
    # And what the words say now tells two movements apart.
    assert ", transaction 987654" in proposed.out


@pytest.mark.parametrize(
    ("typed", "is_yes"),
    [
        *(("y\n", True), ("YES\n", True), ("o\n", True), (" Oui \n", True)),
        *(("\n", False), ("n\n", False), ("non\n", False), ("", False)),
        *(("maybe\ny\n", True), ("maybe\n", False), ("?\n" * 3 + "y\n", False)),
    ],
)
def test_a_question_is_answered_in_either_language_and_an_end_is_a_no(
    monkeypatch: pytest.MonkeyPatch, typed: str, is_yes: bool
) -> None:
    for language in ("en", "fr"):
        answered(monkeypatch, typed)
        speak(language)
        assert is_agreed("?") is is_yes
    speak(None)


def test_a_pipe_that_ends_is_no_agreement_and_no_mistake_of_ours(
    here: Here, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    payment_id = in_conflict(tmp_path)
    one, other = key_file(here, "one.key"), key_file(here, "other.key")
    said = ("--word", "failed", "--reason", WHY, KEY, one)
    here.on("payments", "note", payment_id, *said, "--yes")
    answered(monkeypatch, "")
    left = here.on("payments", "approve", payment_id, "note_1", KEY, other, "--lang", "fr")
    assert (left.status, left.out.splitlines()[-1]) == (1, SAID["fr"]["left"])
    assert left.err.endswith("[o/N] \n")


def test_both_languages_have_every_line() -> None:
    assert SAID["en"].keys() == SAID["fr"].keys()
    for name, text in SAID["en"].items():
        assert placeholders(text) == placeholders(SAID["fr"][name])


def test_who_agrees_need_not_know_the_payment_beforehand(here: Here, tmp_path: Path) -> None:
    payment_id = in_conflict(tmp_path)
    one, other = key_file(here, "one.key", label="Awa, support"), key_file(here, "other.key")
    empty = here.on("proposals")
    here.asked(*("payments", "note", payment_id, "--word", "failed"), "--reason", WHY, *(KEY, one))
    Path("mtn.csv").write_text(
        "provider_transaction_id,reference,direction,amount,occurred_at,fee\n"
        "M9,,in,250,2026-03-01T11:59:30Z,\n"
    )
    covers = ("--from", "2026-03-01", "--to", "2026-03-02")
    handed = here.asked(
        *("statements", "import", "mtn.csv", "--provider", "mtn", "--currency", "XAF"),
        *(*covers, KEY, one),
    )
    every, notes = here.on("proposals"), here.on("payments", "notes")
    newest = here.on("proposals", "--limit", "1")
    french = here.on("proposals", "--lang", "fr").out
    listed = here.asked("proposals")
    here.asked("payments", "approve", payment_id, "note_1", KEY, other)
    here.asked("statements", "approve", handed["id"], KEY, other)

    lines = every.out.splitlines()
    assert lines[0] == f"{handed['id']}  Handed in; a second person has to agree."
    assert lines[1] == "  lines      1, of mtn, XAF"
    assert lines[3] == f"  cauri statements approve {handed['id']} --key-file FILE"
    assert notes.out.splitlines() == lines[4:]
    assert lines[4:8] == [
        f"{payment_id} note_1  Proposed; a second operator has to agree.",
        "  says       failed, of mtn",
        f"  reason     {WHY}",
        "  status     conflict -> failed",
    ]
    assert "(Awa, support)" in lines[8]
    assert lines[10] == f"  cauri payments approve {payment_id} note_1 --key-file FILE"
    assert newest.out.splitlines()[:4] == lines[:4]
    assert "Older ones are left out" in newest.out
    assert "  lignes     1, chez mtn, XAF" in french
    assert english_in(re.sub(r"\w+_\w+|the operator.*May", "", french)) == []
    assert [one["id"] for one in listed] == [handed["id"], "note_1"]
    assert empty.out == here.on("proposals").out == "there are none\n"
