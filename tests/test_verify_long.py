"""`cauri verify` on a long log, as an auditor runs it: flat memory, and every tampering found.

The log is what the bench writes; it is verified by the command in a process of its own, whose
memory is the system's figure.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import orjson
import pytest

from ledger.merkle import TreeBuilder, leaf_hash
from ledger.verify_keys import needed
from scripts.benches.story import EVENTS_PER_PAYMENT
from scripts.benches.subject import Subject

pytestmark = pytest.mark.slow

ROOT: Final = Path(__file__).resolve().parent.parent
FEW: Final = 10_000
MANY: Final = 200_000
SEEN: Final = 150_000
"""How long the log was when the auditor saved a checkpoint."""

GROWTH_MEGABYTES_MAX: Final = 40
"""How much more memory verifying the long log may take than verifying the short one."""


class Said(NamedTuple):
    """How a command ended: its status, its words, the most memory it ever held."""

    status: int
    out: str
    megabytes: float


# A process is charged with the memory of the one that started it, so a small one starts it.
LAUNCHER: Final = """
import os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(pid, 0)
print(used.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def verify(database: Path, *arguments: str) -> Said:
    """Run `cauri verify` to its end."""
    own = {name: text for name, text in os.environ.items() if not name.startswith("CAURI_")}
    done = subprocess.run(
        [
            *(sys.executable, "-c", LAUNCHER),
            *(sys.executable, "-m", "api", "verify", "--database", str(database), *arguments),
        ],
        cwd=ROOT,
        env=own,
        capture_output=True,
        text=True,
        check=False,
    )
    return Said(done.returncode, done.stdout, int(done.stderr.splitlines()[-1]) / 1024)


class Logs(NamedTuple):
    """A short log, a long one, and the file in which the auditor keeps a checkpoint of that."""

    few: Path
    many: Path
    checkpoint: Path


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Logs:
    """The two logs; the guards of the long one are taken away already."""
    folder = tmp_path_factory.mktemp("long")
    made = Logs(folder / "few.db", folder / "many.db", folder / "checkpoint.json")
    with Subject("ours_store", folder=folder) as writer:
        for path, events in ((made.few, FEW), (made.many, MANY)):
            writer.ask("create", url=f"sqlite:///{path}")
            writer.ask("fill", url=f"sqlite:///{path}", payments=events // EVENTS_PER_PAYMENT)
    for path in (made.few, made.many):
        with open_log(path) as log:
            bring_keys(log)
    with open_log(made.many) as log:
        guards = log.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in guards:
            log.execute(f'DROP TRIGGER "{name}"')
        tree = TreeBuilder()
        tree.extend([leaf for (leaf,) in leaves(log, SEEN)])
    saved = {"size": tree.size, "root_hex": tree.root().hex(), "note": None}
    made.checkpoint.write_bytes(orjson.dumps(saved))
    return made


@contextmanager
def open_log(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a log's file behind the ledger's back."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        # One file, so that it can be copied; no wait for the disk, which nobody will pull out.
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA synchronous = OFF")
        yield connection


def bring_keys(log: sqlite3.Connection) -> None:
    """Put the data keys beside the log that its entries came with: they are looked for."""
    rows = log.execute("SELECT position, type, entry FROM log ORDER BY position")
    wanted = [(key, f"of-{at}", b"wrapped", "mk1") for key, at in needed(rows).items()]
    log.execute("BEGIN")
    log.executemany("INSERT INTO data_keys VALUES (?, ?, ?, ?)", wanted)
    log.execute("COMMIT")


def leaves(log: sqlite3.Connection, until: int) -> list[tuple[bytes]]:
    """The leaf hashes up to a position."""
    asked = "SELECT leaf FROM log WHERE position <= ? ORDER BY position"
    return log.execute(asked, (until,)).fetchall()


def test_the_memory_it_takes_does_not_grow_with_the_log(logs: Logs) -> None:
    few = verify(logs.few)
    many = verify(logs.many, "--checkpoint", str(logs.checkpoint))

    assert (few.status, few.out.splitlines()[0].split(", ")[0]) == (0, f"verified: {FEW} entries")
    assert many.status == 0
    assert many.out.startswith(f"verified: {MANY} entries, root ")
    assert many.out.endswith(f"and they continue the checkpoint of {SEEN} entries\n")
    assert few.megabytes > 20
    assert many.megabytes - few.megabytes <= GROWTH_MEGABYTES_MAX


def change_one_byte(log: sqlite3.Connection) -> int:
    """Make an amount another one."""
    asked = (
        "SELECT position, entry FROM log WHERE type = 'payment.requested' AND position > ? LIMIT 1"
    )
    position, entry = log.execute(asked, (SEEN - 700,)).fetchone()
    at = entry.index(b'"amount_minor":') + len(b'"amount_minor":')
    other = b"9" if entry[at : at + 1] != b"9" else b"8"
    changed = entry[:at] + other + entry[at + 1 :]
    log.execute("UPDATE log SET entry = ? WHERE position = ?", (changed, position))
    return int(position)


def delete_one(log: sqlite3.Connection) -> int:
    """Take an entry out, and close the gap."""
    position = SEEN // 3
    log.execute("DELETE FROM log WHERE position = ?", (position,))
    # In two steps, because a position may not even for a moment be there twice.
    log.execute("UPDATE log SET position = -position WHERE position > ?", (position,))
    log.execute("UPDATE log SET position = -position - 1 WHERE position < 0")
    log.execute("UPDATE head SET size = size - 1")
    return position


def swap_two(log: sqlite3.Connection) -> int:
    """Let two entries change places."""
    one, other = SEEN // 2, SEEN // 2 + 4321
    for old, new in ((one, -1), (other, one), (-1, other)):
        log.execute("UPDATE log SET position = ? WHERE position = ?", (new, old))
    return one


def insert_one(log: sqlite3.Connection) -> int:
    """Put a well-formed entry of a stream of its own in, with the hash that belongs to it."""
    position = SEEN // 4
    log.execute("UPDATE log SET position = -position WHERE position >= ?", (position,))
    log.execute("UPDATE log SET position = -position + 1 WHERE position < 0")
    asked = "SELECT stream, type, entry FROM log WHERE type = 'payment.requested' LIMIT 1"
    stream, kind, entry = log.execute(asked).fetchone()
    told = orjson.loads(entry)
    told |= {"position": position, "stream": f"{stream}x", "version": 1}
    line = orjson.dumps(told, option=orjson.OPT_SORT_KEYS)
    row = (position, f"{stream}x", 1, kind, line, leaf_hash(line))
    log.execute("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?)", row)
    log.execute("UPDATE head SET size = size + 1")
    return position  # it is as it must be, and the tile has another one there


def cut_off_the_end(log: sqlite3.Connection) -> int:
    """Forget what came last, and make every hash what it would have been without it."""
    kept = SEEN - 1
    tree = TreeBuilder()
    tiles = tree.extend([leaf for (leaf,) in leaves(log, kept)])
    log.execute("BEGIN")
    log.execute("DELETE FROM log WHERE position > ?", (kept,))
    log.execute("DELETE FROM tiles")
    rows = [(tile.level, tile.index, b"".join(tile.hashes)) for tile in tiles]
    log.executemany("INSERT INTO tiles VALUES (?, ?, ?)", rows)
    log.execute("UPDATE head SET size = ?, root = ?", (tree.size, tree.root()))
    log.execute("COMMIT")
    return kept + 1


Tamper = Callable[[sqlite3.Connection], int]
CRIMES: Final[tuple[Tamper, ...]] = (
    *(change_one_byte, delete_one, swap_two, insert_one, cut_off_the_end),
)


def found(logs: Logs, tamper: Tamper) -> tuple[str, int, int, bool]:
    """(crime, position expected, position found, whether the exit status was 1)."""
    name = tamper.__name__
    path = logs.many.with_name(f"{name}.db")
    shutil.copy(logs.many, path)
    with open_log(path) as log:
        position = tamper(log)
    if tamper is cut_off_the_end:
        assert verify(path).status == 0, "so cleanly that the checkpoint alone can tell"
    said = verify(path, "--checkpoint", str(logs.checkpoint), "--json")
    path.unlink()
    told = orjson.loads(said.out)
    return name, position, told["position"], said.status == 1 and not told["is_verified"]


def test_every_tampering_is_found_at_its_position(logs: Logs) -> None:
    # Two at a time: most of the time goes by in processes of their own.
    with ThreadPoolExecutor(2) as workers:
        results = list(workers.map(lambda crime: found(logs, crime), CRIMES))

    assert [(name, at, is_no) for name, _, at, is_no in results] == [
        (name, position, True) for name, position, _, _ in results
    ]
