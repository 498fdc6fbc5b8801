"""Histories that never were, each with every hash as it must be: what a patient hand writes."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from random import Random
from typing import Any, Final

import orjson

from ledger.checkpoint import Signer
from ledger.introduction import introduce
from ledger.merkle import leaf_hash
from ledger.store import RawEntry
from tests.tampering.honest import ORIGIN, Leaves, signed

DIGITS: Final = b"0123456789"


def canonical(line: dict[str, Any]) -> bytes:
    """A line as the log writes it."""
    return orjson.dumps(line, option=orjson.OPT_SORT_KEYS)


def row_of(line: dict[str, Any]) -> RawEntry:
    """The row of a line, with its columns and leaf."""
    entry = canonical(line)
    place = line["position"], line["stream"], line["version"], line["type"]
    return RawEntry(*place, entry, leaf_hash(entry))


def renumbered(rows: Iterable[RawEntry]) -> list[RawEntry]:
    """The same entries at positions and versions without a gap, as if it had always been so."""
    versions: Counter[str] = Counter()
    made = []
    for position, row in enumerate(rows, 1):
        versions[row.stream] += 1
        if (row.position, row.version) != (position, versions[row.stream]):
            line = orjson.loads(row.entry)
            row = row_of(line | {"position": position, "version": versions[row.stream]})
        made.append(row)
    return made


def retold(row: RawEntry, rng: Random) -> RawEntry:
    """The same event with one thing in it changed, and its leaf with it."""
    line = orjson.loads(row.entry)
    name = rng.choice(sorted(line["data"]))
    line["data"][name] = _other(line["data"][name], rng)
    return row_of(line)


def _other(value: Any, rng: Random) -> Any:
    match value:
        case bool():
            return not value
        case int():
            return value + rng.choice((-1, 1, 10, 1000))
        case str() if value:
            at = rng.randrange(len(value))
            return value[:at] + rng.choice("0aZé") + value[at:]
        case dict() if value:
            name = rng.choice(sorted(value))
            return value | {name: _other(value[name], rng)}
        case list() if value:
            return [*value[:-1], _other(value[-1], rng)]
        case _:
            return f"forged {rng.randrange(10)}"


def resigned(rows: Sequence[RawEntry], signer: Signer) -> list[RawEntry]:
    """The same history with its keys and checkpoints made anew by a signer."""
    made: list[RawEntry] = []
    for row in rows:
        if row.type == "log.key_introduced":
            line = orjson.loads(row.entry)
            note = introduce(ORIGIN, signer, None, None)
            line["data"] |= {"key": signer.verifier.text(), "note": note}
            row = row_of(line)
        elif row.type == "log.checkpoint_made":
            line = orjson.loads(row.entry)
            size = min(line["data"]["size"], len(made))
            note = signed(Leaves([one.leaf for one in made[:size]]).head, signer)
            line["data"] |= {"size": size, "root": note.split("\n")[2], "note": note}
            row = row_of(line)
        made.append(row)
    return made


def forge(connection: sqlite3.Connection, rows: Sequence[RawEntry]) -> Leaves:
    """Put a history in place of the log, its tiles and its head; the guards are gone already."""
    leaves = Leaves([row.leaf for row in rows])
    tiles = [(one.level, one.index, b"".join(one.hashes)) for one in leaves.tiles]
    connection.execute("BEGIN")
    connection.execute("DELETE FROM log")
    connection.execute("DELETE FROM tiles")
    connection.executemany("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?)", rows)
    connection.executemany("INSERT INTO tiles VALUES (?, ?, ?)", tiles)
    connection.execute("UPDATE head SET size = ?, root = ?", leaves.head)
    connection.execute("COMMIT")
    return leaves
