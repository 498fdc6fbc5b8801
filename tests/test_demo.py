"""The demonstration ends well only if everything came out as it must: its judge is on trial here.

The facts it judges are those of a real play; then one of them is falsified.
"""

import dataclasses
import io
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from ledger.vault import MasterKeys
from scripts.demonstration import play, report
from scripts.demonstration.report import Facts, judged
from scripts.demonstration.stage import WITNESS, Stage
from tests.forked import forked

ROOT = Path(__file__).resolve().parent.parent
PAYMENTS = 200
"""As many as a person sees who does not ask for more or fewer."""

PLAYED = 4
"""Two of each provider, who all pay."""

SECONDS_MAX = 400.0
"""Longer than the play itself waits for the last word."""

FINAL = "every payment has its final word"
ONCE = "nobody was charged twice"
AGREES = "the ledger agrees with the providers' own books"
BALANCED = "the trial balance sums to zero"

Falsify = Callable[[Facts], Facts]


def cauri(stage: Stage, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Do what `Stage.cauri` does, in a process that need not load it."""
    own = {name: text for name, text in stage._environment().items() if name.startswith("CAURI_")}
    said = forked(*arguments, settings=own)
    return subprocess.CompletedProcess(arguments, said.status, said.out, said.err)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Facts]:
    """A folder in which a play was played in fair weather, and what it brought to light."""
    folder = tmp_path_factory.mktemp("played")
    stage = Stage(folder, seed=7, port=0, weather="none")
    with pytest.MonkeyPatch.context() as quicker:
        quicker.setattr(Stage, "cauri", cauri)
        try:
            facts = play.played(stage, payments=PLAYED, screen=Console(file=io.StringIO()))
        finally:
            stage.stop()
    return folder, facts


@pytest.mark.slow
def test_the_whole_demonstration_ends_well_and_leaves_the_database_and_its_key(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "new" / "folder"
    done = subprocess.run(
        [
            *(sys.executable, ROOT / "scripts" / "demo", "--once", "--dir", folder),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS_MAX,
    )

    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.count("yes  ") == 8
    assert "NO " not in done.stdout.partition("Judgement")[2]
    assert isinstance(MasterKeys.from_file(folder / "master.key"), MasterKeys)
    with closing(sqlite3.connect(folder / "cauri.db")) as log:
        [(paid,)] = log.execute("SELECT count(*) FROM log WHERE type = 'payment.requested'")
    assert paid == PAYMENTS
    assert unnamed_in(folder) == []


def unnamed_in(folder: Path) -> list[str]:
    """The files in a folder that the README's beginning does not name."""
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    run = page[page.index("\n## Run\n") : page.index("\n## Ten minutes\n")]
    named = re.findall(r"`([^`\s]+)`", run)
    return [
        one.name
        for one in folder.iterdir()
        # SQLite's own, which go when the last one closes the database.
        if not one.name.startswith("cauri.db-")
        and not any(fnmatch(one.name, pattern) for pattern in named)
    ]


def test_every_file_that_a_play_leaves_is_named_where_the_readme_begins(
    played: tuple[Path, Facts],
) -> None:
    assert (played[0] / "sandbox-orange.jsonl").exists()
    assert unnamed_in(played[0]) == []


@pytest.mark.parametrize("count", ["9", "5001"])
def test_a_number_of_payments_that_shows_nothing_is_refused(count: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "demo", "--once", "--payments", count],
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS_MAX,
    )

    assert (done.returncode, "10 to 5000" in done.stderr) == (2, True)


def test_nothing_speaks_against_an_honest_play(played: tuple[Path, Facts]) -> None:
    _, facts = played

    assert judged(facts) == {FINAL: [], ONCE: [], AGREES: [], BALANCED: []}
    assert {one["provider"] for one in facts.payments} == set(facts.books) == {"mtn", "orange"}


def paid_at(facts: Facts, provider: str) -> dict[str, Any]:
    """A payment that a provider took."""
    found = (
        one for one in facts.payments if (one["provider"], one["status"]) == (provider, "succeeded")
    )
    return dict(next(found))


def with_payment(facts: Facts, payment: dict[str, Any], **changes: Any) -> Facts:
    changed = payment | changes
    others = [one for one in facts.payments if one["id"] != payment["id"]]
    return dataclasses.replace(facts, payments=[*others, changed])


def with_books(facts: Facts, provider: str, books: list[dict[str, Any]]) -> Facts:
    return dataclasses.replace(facts, books={**facts.books, provider: books})


def with_accounts(facts: Facts, **changes: Any) -> Facts:
    return dataclasses.replace(facts, accounts={**facts.accounts, **changes})


def one_is_open(facts: Facts) -> Facts:
    waiting = {"status": "pending", "is_final": False, "reason": "the payer thinks"}
    return with_payment(facts, paid_at(facts, "mtn"), **waiting)


def one_is_paid_without_a_word_of_it(facts: Facts) -> Facts:
    return with_payment(facts, paid_at(facts, "orange"), status="failed")


def one_was_never_taken(facts: Facts) -> Facts:
    name = report.NAMES_OF_REFERENCE["mtn"]
    references = {one["reference"] for one in paid_at(facts, "mtn")["attempts"]}
    kept = [dict(one) for one in facts.books["mtn"] if one[name] not in references]
    return with_books(facts, "mtn", kept)


def one_was_taken_with_another_amount(facts: Facts) -> Facts:
    books = [dict(one) for one in facts.books["orange"]]
    taken = next(one for one in books if one["status"] == report.PAID_WORDS["orange"])
    taken["amount"] = str(int(taken["amount"]) + 1)
    return with_books(facts, "orange", books)


def one_was_taken_twice(facts: Facts) -> Facts:
    name = report.NAMES_OF_REFERENCE["mtn"]
    payment = paid_at(facts, "mtn")
    references = {one["reference"] for one in payment["attempts"]}
    books = [dict(one) for one in facts.books["mtn"]]
    again = next(one for one in books if one[name] in references)
    return with_books(facts, "mtn", [*books, again])


def a_stranger_was_charged(facts: Facts) -> Facts:
    books = [dict(one) for one in facts.books["orange"]]
    taken = next(one for one in books if one["status"] == report.PAID_WORDS["orange"])
    stranger = taken | {report.NAMES_OF_REFERENCE["orange"]: "nobody-here-asked"}
    return with_books(facts, "orange", [*books, stranger])


def a_wallet_is_missing(facts: Facts) -> Facts:
    kept = [one for one in facts.accounts["accounts"] if one["holder"] != "orange"]
    return with_accounts(facts, accounts=kept)


def a_wallet_holds_more(facts: Facts) -> Facts:
    lines = [dict(one) for one in facts.accounts["accounts"]]
    wallet = next(one for one in lines if one["holder"] == "mtn")
    wallet["balance"] = str(int(wallet["balance"]) + 1)
    return with_accounts(facts, accounts=lines)


def the_books_do_not_balance(facts: Facts) -> Facts:
    return with_accounts(facts, is_balanced=False)


@pytest.mark.parametrize(
    ("falsify", "doubted"),
    [
        (one_is_open, {FINAL, AGREES}),
        (one_is_paid_without_a_word_of_it, {AGREES}),
        (one_was_never_taken, {AGREES}),
        (one_was_taken_with_another_amount, {AGREES}),
        (one_was_taken_twice, {ONCE, AGREES}),
        (a_stranger_was_charged, {AGREES}),
        (a_wallet_is_missing, {AGREES}),
        (a_wallet_holds_more, {AGREES}),
        (the_books_do_not_balance, {BALANCED}),
    ],
)
def test_whatever_came_out_wrong_is_told(
    played: tuple[Path, Facts], falsify: Falsify, doubted: set[str]
) -> None:
    judgements = judged(falsify(played[1]))

    assert {sentence for sentence, faults in judgements.items() if faults} == doubted


def status_of(
    played: tuple[Path, Facts],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    falsify: Falsify = lambda facts: facts,
) -> int:
    """The exit status of `--once` over a copy of what was played; `cauri verify` really runs."""
    source, facts = played
    for name in ("cauri.db", "master.key", "policy.txt"):
        if not (folder / name).exists():
            shutil.copy(source / name, folder)
    monkeypatch.setattr(play, "played", lambda stage, **_: falsify(facts))
    monkeypatch.setattr(Stage, "cauri", cauri)
    return play.run(folder=folder, is_once=True, payments=PAYMENTS, seed=7, port=0)


def test_a_play_that_came_out_right_is_status_0(
    played: tuple[Path, Facts],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    status = status_of(played, tmp_path, monkeypatch)

    assert (status, capsys.readouterr().out.count("yes  ")) == (0, 8)


@pytest.mark.parametrize("falsify", [one_is_open, one_was_never_taken])
def test_a_fault_in_the_play_is_status_1_though_both_verifications_came_out_right(
    played: tuple[Path, Facts],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    falsify: Falsify,
) -> None:
    status = status_of(played, tmp_path, monkeypatch, falsify)

    assert status == 1
    assert "yes  cauri verify passes" in capsys.readouterr().out


def nobody_cosigned(facts: Facts) -> Facts:
    """The witness's line is missing below the receipt's checkpoint."""
    text, _, _ = facts.receipt.partition(f"\u2014 {WITNESS} ")
    return dataclasses.replace(facts, receipt=text)


def test_a_receipt_that_no_witness_cosigned_is_status_1(
    played: tuple[Path, Facts],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert status_of(played, tmp_path, monkeypatch, nobody_cosigned) == 1
    assert "NO   a receipt, cosigned by a witness, convinces" in capsys.readouterr().out


def test_a_changed_copy_that_passes_is_status_1(
    played: tuple[Path, Facts],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def forge_nothing(database: Path, copy: Path, size: int) -> Path:
        return Path(shutil.copy(database, copy))

    monkeypatch.setattr(report, "_tampered", forge_nothing)

    assert status_of(played, tmp_path, monkeypatch) == 1
    assert "NO   cauri verify fails on the changed copy\n     verified: " in capsys.readouterr().out


def test_a_copy_that_cannot_even_be_read_proves_nothing(
    played: tuple[Path, Facts],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(report, "_tampered", lambda database, copy, size: copy)

    assert status_of(played, tmp_path, monkeypatch) == 1
    assert "changed copy\n     error: There is no database at" in capsys.readouterr().out


def test_a_log_that_does_not_verify_is_status_1_and_the_report_says_where(
    played: tuple[Path, Facts],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copy(played[0] / "cauri.db", tmp_path)
    with closing(sqlite3.connect(tmp_path / "cauri.db", isolation_level=None)) as log:
        log.execute("DROP TRIGGER log_refuses_update")
        log.execute("UPDATE log SET entry = entry || ' ' WHERE position = 5")

    assert status_of(played, tmp_path, monkeypatch) == 1
    said = capsys.readouterr().out
    assert "NO   cauri verify passes\n     NOT VERIFIED: position 5: " in said
