"""Audit bundles: what is in them, and that two verifiers which share no code take them whole."""

import ast
import asyncio
import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.bundles import check as checking
from api.bundles.books import accounts_of
from api.bundles.check import Checked
from api.bundles.export import Lines
from api.bundles.files import Writer, writing
from api.bundles.shape import (
    MANIFEST,
    REPORTS,
    BundleError,
    Manifest,
    edge_of,
    tile_name,
    tiles_needed,
    width_in,
)
from ledger.entry import RecordedEvent, rfc3339
from ledger.errors import CorruptLogError, InvalidInputError
from ledger.store import position_at
from projections.accounts import AccountsProjection
from projections.base import Projections
from projections.rebuild import fill
from tests.builders import VERBS
from tests.bundle_world import STORY, Keeper, a_keeper, a_policy, checked, told
from tests.projecting import opened
from tests.test_cli import Here, here

__all__ = ["here"]

SCRIPT = Path(checking.__file__).with_name("verify_bundle.py")
WHOLE = (None, None)
RANGES: Any = [WHOLE, (1, 20), (70, 120), (116, 378), (200, None), (378, 378)]


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def log_url(request: pytest.FixtureRequest, tmp_path: Path) -> str | None:
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_database"))
    return sqlite_in(tmp_path) if request.param == "sqlite" else None


@pytest.fixture
async def keeper(log_url: str | None) -> AsyncIterator[Keeper]:
    async with a_keeper(log_url) as made:
        await made.grow()
        yield made


@pytest.fixture
async def quick() -> AsyncIterator[Keeper]:
    """A log in memory."""
    async with a_keeper() as made:
        await made.grow()
        yield made


def sqlite_in(folder: Path) -> str:
    return f"sqlite:///{folder / 'test.db'}"


async def balance_at(keeper: Keeper, position: int, folder: Path) -> list[dict[str, Any]]:
    """What the accounts' own projection says at a position."""
    async with opened(sqlite_in(folder)) as database:
        projections = Projections(database, [AccountsProjection])
        await projections.start()
        accounts = projections.of(AccountsProjection)
        if position:
            await fill(accounts, keeper.store, until=position)
        return accounts_of(
            ("", one.account, one.holder, one.currency, one.debit_minor, one.credit_minor)
            for one in await accounts.trial_balance()
        )


def run_in(folder: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, *(arguments or ("-I", "-S", "verify_bundle.py"))],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={},
    )
    return done.returncode, done.stdout + done.stderr


async def test_the_instructions_of_a_bundle_verify_it(quick: Keeper, tmp_path: Path) -> None:
    """Every place that says how to verify it, followed to the letter."""
    await quick.export(tmp_path / "b", policy=a_policy())
    (tmp_path / "my-policy.txt").write_bytes(a_policy())
    commands: list[str] = []
    for name in ("README.txt", "REPORT.en.html", "REPORT.fr.html"):
        said = (tmp_path / "b" / name).read_text()
        commands += set(re.findall(r"^(?:<pre>|  )python3 (.*?)(?:</pre>)?$", said, re.MULTILINE))

    assert [run_in(tmp_path / "b", *one.split())[0] for one in commands] == [0, 0, 0]


async def test_a_bundle_says_of_which_time_it_was_asked_and_by_which_version_it_was_made(
    quick: Keeper, tmp_path: Path
) -> None:
    found = await quick.store.read(0)
    span = ("2026-03-01", rfc3339(found[19].recorded_at))
    manifest, _ = await quick.export(tmp_path / "b", *span, a_policy())
    page = (tmp_path / "b" / "REPORT.en.html").read_text()
    facts = dict(re.findall(r'data-fact="(\w+)">([^<]*)<', page))
    checked_of, told_of = checked(tmp_path / "b", a_policy()), told(tmp_path / "b", a_policy())
    # Another time than was asked for, the manifest made to fit.
    (tmp_path / "b" / "manifest.json").write_bytes(
        replace(manifest, asked_from=rfc3339(found[1].recorded_at)).content()
    )

    last = position_of_the_last(found, found[19].recorded_at)
    assert passed(checked_of).manifest == manifest
    assert (told_of[0], manifest.last) == (0, last)
    assert (facts["asked_from"], facts["asked_to"]) == ("2026-03-01T00:00:00.000000Z", span[1])
    assert (facts["from_at"], facts["to_at"]) == (rfc3339(found[0].recorded_at), span[1])
    assert re.fullmatch(r"cauri \d+\.\d+\.\d+", facts["tool"])
    assert "other times" in str(checked(tmp_path / "b"))
    assert "other times" in told(tmp_path / "b")[1]


def position_of_the_last(found: Sequence[RecordedEvent], moment: datetime) -> int:
    return max(one.position for one in found if one.recorded_at <= moment)


@pytest.mark.parametrize(
    ("span", "words"),
    [
        ((None, "2020-01-01"), "to: the log has no entry by then; its first is of 2026-"),
        (("2026-03-20", None), "from: no entry lies from there to the end, position 378"),
        ((None, "2126-01-01"), "to: this time has not come"),
    ],
)
async def test_a_span_of_nothing_is_refused_with_what_is_there(
    quick: Keeper, tmp_path: Path, span: tuple[str | None, str | None], words: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        await quick.export(tmp_path / "b", *span)
    assert str(refused.value).startswith(words)


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def passed(found: Checked | BundleError) -> Checked:
    assert isinstance(found, Checked), found
    return found


async def test_both_verifiers_take_every_range_and_its_books_are_the_projections(
    keeper: Keeper, tmp_path: Path
) -> None:
    for number, (first, last) in enumerate(RANGES):
        out = tmp_path / (f"bundle{number}" if number % 2 else f"bundle{number}.tar")
        manifest, closing = await keeper.export(out, first, last, a_policy())
        found = passed(checked(out, a_policy()))
        status, words = told(out, a_policy())

        assert (status, "VERIFIED" in words, "firm.example" in words or "firm" in words) == (
            0,
            True,
            True,
        ), words
        assert closing.is_met
        assert (manifest.first, manifest.last) == (first or 1, last or 378)
        assert manifest == found.manifest
        assert not found.reworded
        for part, position in (("opening", manifest.first - 1), ("closing", manifest.last)):
            folder = tmp_path / f"{number}-{part}"
            folder.mkdir()
            assert found.totals[part] == await balance_at(keeper, position, folder), part


async def test_two_stores_give_the_same_bundle_byte_for_byte(quick: Keeper, tmp_path: Path) -> None:
    await quick.export(tmp_path / "memory.tar", 70, 300)
    async with a_keeper(sqlite_in(tmp_path)) as other:
        await other.grow()
        await other.export(tmp_path / "sqlite.tar", 70, 300)
    assert (tmp_path / "memory.tar").read_bytes() == (tmp_path / "sqlite.tar").read_bytes()


async def test_a_bundle_holds_the_entries_byte_for_byte_and_what_came_before_its_payments(
    quick: Keeper, tmp_path: Path
) -> None:
    manifest, _ = await quick.export(tmp_path / "b", 62, 130)
    rows = await quick.store.read_raw(0, 1000)
    lines = (tmp_path / "b/entries/000000000062.jsonl").read_bytes().splitlines()
    (context,) = files_in(tmp_path / "b/context")
    streams = {row.stream for row in rows[61:130] if row.stream.startswith("payment-")}
    earlier = [row.entry for row in rows[:61] if row.stream in streams]

    assert lines == [row.entry for row in rows[61:130]]
    assert context.read_bytes().splitlines() == earlier
    assert earlier
    assert [one.name for one in manifest.files] == sorted(one.name for one in manifest.files)
    assert (tmp_path / "b/verify_bundle.py").read_bytes() == SCRIPT.read_bytes()
    digests = json.loads((tmp_path / "b/digests.json").read_bytes())
    assert {name: one["sha256"] for name, one in digests.items()} == {
        "accounts": "cd" * 32,
        "payments": "ab" * 32,
    }


async def test_the_script_that_travels_with_the_bundle_checks_it_where_it_lies(
    quick: Keeper, tmp_path: Path
) -> None:
    await quick.export(tmp_path / "b")
    status, words = run_in(tmp_path / "b")
    assert (status, "the policy came with the bundle" in words) == (0, True), words
    assert run_in(tmp_path / "b")[0] == 0, "it left something behind"
    assert passed(checked(tmp_path / "b")).is_own_policy


def test_the_script_needs_an_old_python_and_its_standard_library_only() -> None:
    source = SCRIPT.read_text()
    ast.parse(source, feature_version=(3, 9))
    imported = {
        (name.name if isinstance(node, ast.Import) else str(node.module)).partition(".")[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    assert imported <= sys.stdlib_module_names
    assert not imported & {"api", "ledger", "projections", "adapters"}


VERB = st.sampled_from(sorted(name for name in VERBS if name not in {"rotate", "revoke", "keys"}))


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(st.tuples(st.integers(0, 4), VERB), min_size=5, max_size=120),
    at=st.floats(0, 1),
)
async def test_whatever_happens_both_verifiers_count_and_book_as_the_projections_do(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, str]], at: float
) -> None:
    folder = tmp_path_factory.mktemp("story")
    async with a_keeper() as keeper:
        await keeper.story(*((number, "request") for number in range(5)))
        await keeper.story(*((number, "start") for number in range(5)))
        await keeper.story(*steps)
        end = await keeper.store.position()
        await keeper.checkpoint()
        first = 1 + int(at * (end - 1))
        await keeper.export(folder / "b", first, end)
        found = passed(checked(folder / "b"))
        assert told(folder / "b")[0] == 0, told(folder / "b")
        assert found.totals["closing"] == await balance_at(keeper, end, folder)


async def test_keys_that_changed_are_followed_from_the_one_that_is_trusted(
    quick: Keeper, tmp_path: Path
) -> None:
    await quick.export(tmp_path / "b", 100, None, a_policy())
    later = a_policy(log=quick.signers[1])
    stranger = a_policy(log=type(quick.signers[0])("ledger.example/log", b"\x77" * 32))

    assert passed(checked(tmp_path / "b", later)).checkpoints == 2
    assert told(tmp_path / "b", later)[0] == 0
    for found, (status, words) in [
        (checked(tmp_path / "b", stranger), told(tmp_path / "b", stranger))
    ]:
        assert isinstance(found, BundleError)
        assert found.where == "checkpoints/000000000378.note"
        assert (status, "no log key that the policy trusts" in words) == (1, True)


async def test_a_policy_that_asks_for_more_is_not_met_and_the_report_says_so(
    quick: Keeper, tmp_path: Path
) -> None:
    _, closing = await quick.export(tmp_path / "b", 1, 300, a_policy(needed=3))
    found = checked(tmp_path / "b", a_policy(needed=3))
    status, words = told(tmp_path / "b", a_policy(needed=3))

    assert (closing.is_met, isinstance(found, BundleError), status) == (False, True, 1)
    assert "quorum" in words
    assert "It does not hold the checkpoint" in (tmp_path / "b/REPORT.en.html").read_text()
    # Who trusts more easily may believe it all the same.
    assert passed(checked(tmp_path / "b", a_policy(needed=1))).checkpoints == 3
    assert told(tmp_path / "b", a_policy(needed=1))[0] == 0


async def test_a_report_says_what_its_policy_does_not_name(quick: Keeper, tmp_path: Path) -> None:
    await quick.export(tmp_path / "first", 1, 40, a_policy(needed=1))
    await quick.export(tmp_path / "later", 1, 300, a_policy())
    await quick.export(tmp_path / "none", 1, 300)
    passed(checked(tmp_path / "none", a_policy()))

    def said(bundle: str, *texts: str) -> list[bool]:
        pages = [(tmp_path / bundle / name).read_text() for name in REPORTS.values()]
        plain = [unescape(one).translate({0x202F: " ", 0xA0: " "}) for one in pages]
        return [text in page for text, page in zip(texts, plain, strict=True)]

    new = quick.signers[-1].verifier.text()
    assert said("first", "It holds the checkpoint", "Elle tient le point") == [True] * 2
    # The policy names the first key alone, and the key was rotated: by its letter it is not met.
    for bundle in ("later", "none"):
        assert said(bundle, "It holds the checkpoint", "Elle tient le point") == [False] * 2
        assert said(bundle, f"adds: log {new}", f"ajoute : log {new}") == [True] * 2
    assert said("none", "No witness has cosigned", "Aucun témoin n'a") == [False] * 2
    assert (
        said("none", "Signatures of others in the note: 2", "d'autres dans la note : 2")
        == [True] * 2
    )


async def test_the_first_checkpoint_that_enough_have_cosigned_closes_the_bundle(
    quick: Keeper, tmp_path: Path
) -> None:
    # The first one that covers it has one cosignature, the next one two.
    manifest, closing = await quick.export(tmp_path / "b", 1, 40, a_policy())
    alone, _ = await quick.export(tmp_path / "c", 1, 40, a_policy(needed=1))
    assert (manifest.size, closing.is_met, alone.size) == (115, True, 61)
    assert told(tmp_path / "b", a_policy())[0] == told(tmp_path / "c", a_policy(needed=1))[0] == 0


@pytest.mark.parametrize(
    ("first", "last", "field", "reason"),
    [
        ("0", None, "from", "positions 1 to"),
        ("1", "999999", "to", "positions 1 to"),
        ("yesterday", None, "from", "neither a position nor a time"),
        ("50", "40", "from", "no entry lies from there to the end, position 40"),
        ("1", "379", "to", "no checkpoint covers position 379"),
    ],
)
async def test_a_range_that_cannot_be_proved_is_refused(
    quick: Keeper, tmp_path: Path, first: str, last: str | None, field: str, reason: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        await quick.export(tmp_path / "b", first, last)
    assert (refused.value.field, reason in str(refused.value)) == (field, True)
    assert not (tmp_path / "b").exists()


async def test_a_range_may_be_given_by_times(quick: Keeper, tmp_path: Path) -> None:
    rows = await quick.store.read(0, 1000)
    begin, end = rows[79].recorded_at, rows[149].recorded_at
    manifest, _ = await quick.export(tmp_path / "b", begin.isoformat(), end.isoformat())
    first = next(row.position for row in rows if row.recorded_at >= begin)
    assert (manifest.first, manifest.last) == (first, await position_at(quick.store, end))


async def test_a_log_without_a_checkpoint_has_no_bundle(tmp_path: Path) -> None:
    async with a_keeper() as keeper:
        await keeper.story(*STORY)
        with pytest.raises(InvalidInputError, match="no checkpoint yet"):
            await keeper.export(tmp_path / "b")


async def test_nothing_half_written_is_a_bundle(
    quick: Keeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(self: Writer, manifest: Manifest) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Writer, "close", interrupt)
    for name in ("b", "b.tar"):
        with pytest.raises(KeyboardInterrupt):
            await quick.export(tmp_path / name)
        assert files_in(tmp_path) == []


async def test_a_folder_without_its_manifest_is_no_bundle(quick: Keeper, tmp_path: Path) -> None:
    await quick.export(tmp_path / "b")
    (tmp_path / "b" / MANIFEST).unlink()
    found = checked(tmp_path / "b")
    assert isinstance(found, BundleError)
    assert found.where == MANIFEST
    assert told(tmp_path / "b")[0] == 1


async def test_what_is_there_already_is_left_alone(quick: Keeper, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    await quick.export(tmp_path / "b")  # an empty folder may be filled
    (tmp_path / "c.tar").write_text("mine")
    for name in ("b", "c.tar"):
        with pytest.raises(InvalidInputError, match="something is there already"):
            await quick.export(tmp_path / name)
    assert (tmp_path / "c.tar").read_text() == "mine"


def test_files_of_entries_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.bundles.export.FILE_ENTRIES_MAX", 3)
    monkeypatch.setattr("api.bundles.export.FILE_BYTES_MAX", 10)
    with writing(tmp_path / "b") as writer:
        lines = Lines(writer, "entries")
        for position, entry in enumerate([b"1", b"2", b"3", b"444444", b"555555", b"6"], 5):
            lines.add(position, entry)
        lines.end()
    found = {one.name: one.read_bytes() for one in (tmp_path / "b/entries").iterdir()}
    assert found == {
        "000000000005.jsonl": b"1\n2\n3\n",
        "000000000008.jsonl": b"444444\n555555\n",
        "000000000010.jsonl": b"6\n",
    }


@given(size=st.integers(1, 2**24), first=st.floats(0, 1), width=st.integers(0, 2000))
def test_the_tiles_of_a_bundle_reach_its_root_each_by_the_one_above(
    size: int, first: float, width: int
) -> None:
    start = 1 + int(first * (size - 1))
    end = min(size, start + width)
    needed = set(tiles_needed(size, first=start, last=end, positions=[1], sizes=[start]))
    assert set(edge_of(size)) | set(edge_of(start)) <= needed
    for level, index in needed:
        wide = width_in((level, index), size)
        assert (level, index) in set(edge_of(size)) or (level + 1, index // 256) in needed
        assert (wide == 256) is not tile_name((level, index), size).endswith(f".p/{wide}")
    assert len(needed) < 4 * 6 + (width // 256 + 2) * 2


def told_of(said: dict[str, Any]) -> tuple[Any, ...]:
    names = ("is_policy_met", "is_policy_met_by_introduction", "introduced_key")
    return tuple(said[name] for name in names)


def test_the_commands_take_a_policy_of_whoever_gives_them(here: Here, tmp_path: Path) -> None:
    async def keep() -> None:
        async with a_keeper(f"sqlite:///{here.database}") as keeper:
            await keeper.grow()

    asyncio.run(keep())
    (tmp_path / "policy").write_bytes(a_policy())
    (tmp_path / "one").write_bytes(a_policy(needed=1))
    (tmp_path / "all").write_bytes(a_policy(needed=3))
    new = here.asked("log-key", "list")[-1]["key"]
    (tmp_path / "later").write_bytes(a_policy().replace(b"log ", f"log {new}\nlog ".encode(), 1))
    (tmp_path / "none").write_text("trust everybody\n")
    of_nobody = here.on("verify")
    known = here.asked("verify", "--policy", "policy")
    bundles = [
        told_of(here.asked("audit", "export", "--out", out, *more))
        for out, more in (
            ("bare", ()),
            ("given", ("--policy", "policy")),
            ("early", ("--policy", "one", "--to", "40")),
            ("lacking", ("--policy", "all")),
        )
    ]
    exported = here.on("audit", "export", "--out", "said", "--policy", "policy").out
    verified = here("audit", "verify", "given", "--policy", "policy").out
    known_later = json.loads(here("audit", "verify", "given", "--policy", "later", "--json").out)
    reports = [(tmp_path / one / "REPORT.en.html").read_text() for one in ("bare", "given")]
    refused = [
        here.on(*one, "--policy", "none")
        for one in (("verify",), ("audit", "export", "--out", "another"))
    ]

    assert "no witness is known here" in of_nobody.out
    assert (known["cosignatures"], known["witnesses_known"]) == (5, 3)
    # The key was rotated: the policy names the first alone, which introduced the one that signed.
    by_introduction, not_met = (False, True, new), (False, False, None)
    assert bundles == [by_introduction, by_introduction, (True, False, None), not_met]
    for text in (exported, verified):
        assert f"adds to the policy: log {new}" in text
    assert known_later["introduced_key"] is None
    assert ["Witness telco" in one for one in reports] == [False, True]
    assert ["Signatures of others" in one for one in reports] == [True, False]
    assert [(one.status, "it is no policy (line 1" in one.err) for one in refused] == [
        *((2, True), (2, True)),
    ]


def test_the_command_writes_and_verifies(here: Here, tmp_path: Path) -> None:
    here.asked("merchants", "add", "Boutique", "--country", "CM")
    here.on("checkpoint", "make")
    said = here.asked("audit", "export", "--out", str(tmp_path / "b.tar"))
    again = here.on("audit", "export", "--out", str(tmp_path / "b.tar"))
    good = here("audit", "verify", str(tmp_path / "b.tar"))
    (tmp_path / "p").write_text("log\n")
    bad_policy = here("audit", "verify", str(tmp_path / "b.tar"), "--policy", str(tmp_path / "p"))
    content = bytearray((tmp_path / "b.tar").read_bytes())
    content[content.index(b"Boutique")] ^= 1
    (tmp_path / "b.tar").write_bytes(content)
    bad = here("audit", "verify", str(tmp_path / "b.tar"))
    told_bad = json.loads(here("audit", "verify", str(tmp_path / "b.tar"), "--json").out)

    assert (said["from"], said["to"], said["is_policy_met"]) == (1, 3, True)
    assert (again.status, "something is there already" in again.err) == (2, True)
    assert (good.status, "verified: entries 1 to 3" in good.out) == (0, True)
    assert "the policy came with the bundle" in good.err
    assert (bad_policy.status, "line 1" in bad_policy.err) == (2, True)
    assert (bad.status, "NOT VERIFIED: position 1:" in bad.out) == (1, True)
    assert (told_bad["is_verified"], told_bad["where"]) == (False, "position 1")


async def test_a_log_that_lost_an_entry_has_no_bundle(tmp_path: Path) -> None:
    async with a_keeper(sqlite_in(tmp_path)) as keeper:
        await keeper.grow()
    with sqlite3.connect(tmp_path / "test.db") as forger:
        found = forger.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in found.fetchall():
            forger.execute(f"DROP TRIGGER {name}")
        forger.execute("DELETE FROM log WHERE position = 81")
    forger.close()
    async with a_keeper(sqlite_in(tmp_path)) as keeper:
        with pytest.raises(CorruptLogError, match="position 81: the entry is missing"):
            await keeper.export(tmp_path / "b", 70, 120)
    assert not [one for one in files_in(tmp_path) if "test.db" not in one.name]
