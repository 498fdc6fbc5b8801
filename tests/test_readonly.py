"""A copy that can only be read: every command that reads reads all of it, or says why it cannot.

Root may write wherever the modes say nobody may; so the commands run without that power, or on a
medium that is mounted read-only.
"""

import asyncio
import ctypes
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import make_url

from ledger.sql import Database, SqlEventStore
from ledger.sql_readonly import for_reading
from tests.builders import CONTEXT
from tests.contracts.store import an_event, fill
from tests.forked import forked

ROOT = Path(__file__).resolve().parent.parent
READING = (
    ("verify",),
    ("tail",),
    ("tail", "--json"),
    ("replay", "--until", "1"),
    ("payments", "show", "pay_1"),
)
CAP_DAC_OVERRIDE, CAPABILITY_VERSION = 1, 0x20080522
UNBOUND = 99
"""The status of a process that could not be bound."""


def without_power_over_modes() -> None:
    """Be bound by the modes of files, as everybody but root is."""
    system, of_us = ctypes.CDLL(None), (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    powers = (ctypes.c_uint32 * 6)()
    is_known = system.capget(of_us, powers) == 0
    # What it may do and what it might take: the lower half of each; the last is what it passes on.
    for number in (0, 1):
        powers[number] &= ~(1 << CAP_DAC_OVERRIDE)
    if not is_known or system.capset(of_us, powers):
        os._exit(UNBOUND)


def cauri(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run a command on the copy, bound by modes; its status and what it says."""
    database = str(folder / "cauri.db")
    done = forked(*arguments, "--database", database, prepare=[without_power_over_modes])
    if done.status == UNBOUND:
        pytest.skip("modes: root could not be bound by them on this machine")
    return done.status, done.out + done.err


@contextmanager
def by_modes(folder: Path, folder_mode: int, file_mode: int) -> Iterator[None]:
    for path in folder.iterdir():
        path.chmod(file_mode)
    folder.chmod(folder_mode)
    try:
        yield
    finally:
        folder.chmod(0o755)


@contextmanager
def by_mount(folder: Path) -> Iterator[None]:
    """Mount the folder over itself, read-only."""

    def mount(*arguments: str) -> int:
        try:
            return subprocess.run(arguments, capture_output=True, check=False).returncode
        except FileNotFoundError:
            return 1

    if mount("mount", "--bind", str(folder), str(folder)):
        pytest.skip("mount: not permitted on this machine")
    try:
        if mount("mount", "-o", "remount,bind,ro", str(folder)):
            pytest.skip("mount: not permitted to be read-only on this machine")
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


WAYS = {
    "a folder that cannot be written": lambda folder: by_modes(folder, 0o555, 0o644),
    "a folder and a file that cannot be written": lambda folder: by_modes(folder, 0o555, 0o444),
    "a file that cannot be written": lambda folder: by_modes(folder, 0o755, 0o444),
    "a medium that cannot be written": by_mount,
}
anyhow = pytest.mark.parametrize("way", WAYS)


async def _fill(folder: Path, copy: Path) -> None:
    """Write a log, and copy its files while they are in use: some entries are in the -wal only."""
    database = await Database.open(f"sqlite:///{folder}/cauri.db", create=True)
    store = SqlEventStore(database, clock=lambda: datetime.now(UTC))
    await store.start()
    await fill(store, 20)
    await database.scrub()  # what came so far is in the file itself
    await store.append("late", 0, [an_event("the last one")], context=CONTEXT)
    await asyncio.to_thread(shutil.copytree, folder, copy)
    await store.close()
    await database.close()


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """The folder of a database that nobody uses, and that was closed well."""
    folder = tmp_path / "100% closed #1"
    folder.mkdir()
    asyncio.run(_fill(folder, tmp_path / "used"))
    assert [path.name for path in folder.iterdir()] == ["cauri.db"]
    return folder


@pytest.fixture
def used(closed: Path) -> Path:
    """The folder of a copy of all files of a database that was in use."""
    return closed.parent / "used"


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_commands_that_read_need_no_right_to_write(closed: Path, command: tuple[str, ...]) -> None:
    before = (closed / "cauri.db").read_bytes()
    with WAYS["a folder that cannot be written"](closed):
        status, said = cauri(closed, *command)
    expected = {"payments": (1, "there is no payment 'pay_1'"), "tail": (0, "the last one")}
    status_expected, words = expected.get(command[0], (0, ""))
    assert (status, words in said) == (status_expected, True), said
    assert (closed / "cauri.db").read_bytes() == before


@anyhow
def test_a_copy_that_was_closed_well_is_verified(closed: Path, way: str) -> None:
    with WAYS[way](closed):
        assert cauri(closed, "verify")[1].startswith("verified: 21 entries")


@anyhow
def test_a_copy_of_files_in_use_is_read_to_its_end(used: Path, way: str) -> None:
    with WAYS[way](used):
        assert cauri(used, "verify")[1].startswith("verified: 21 entries")


@pytest.mark.parametrize("way", [way for way in WAYS if not way.startswith("a file")])
def test_entries_that_cannot_be_read_are_not_left_out_in_silence(used: Path, way: str) -> None:
    (used / "cauri.db-shm").unlink()
    with WAYS[way](used):
        status, said = cauri(used, "verify")
    assert status == 3
    assert "The last entries are still in cauri.db-wal" in said
    assert "Copy it and cauri.db to a folder that you can write" in said
    assert "Traceback" not in said


@anyhow
def test_what_writes_says_that_it_cannot(closed: Path, way: str) -> None:
    with WAYS[way](closed):
        status, said = cauri(closed, "keys", "add", "--role", "auditor")
    assert (status, "writable for this user" in said) == (3, True), said


@anyhow
def test_a_changed_byte_is_found_in_a_copy_that_can_only_be_read(closed: Path, way: str) -> None:
    forged = sqlite3.connect(closed / "cauri.db")
    forged.execute("DROP TRIGGER log_refuses_update")
    forged.execute("UPDATE log SET entry = replace(entry, 'last', 'lost') WHERE stream = 'late'")
    forged.commit()
    forged.close()
    with WAYS[way](closed):
        status, said = cauri(closed, "verify")
    assert (status, said.startswith("NOT VERIFIED: position 21")) == (1, True), said


def test_what_can_be_written_is_opened_as_it_always_is(closed: Path) -> None:
    url = make_url(f"sqlite:///{closed}/cauri.db")
    assert for_reading(url) == url
    chosen = make_url("sqlite:///file:cauri.db?mode=ro&uri=true")
    assert for_reading(chosen) == chosen
