"""The deeds: one function each, doing one random thing that somebody with the file could do.

A deed begins with the honest file in memory and leaves another one. What it was is said in words,
for a person who looks at one that was not found; what it changed is not believed, but found out by
`truth`. A deed that shows its log to others (a rolled-back or forked copy, a rewritten history
signed anew) also gives the tree that they are shown.
"""

import sqlite3
from collections.abc import Callable
from random import Random
from typing import Final, NamedTuple

from ledger.checkpoint import Signer
from ledger.merkle import TILE_WIDTH, leaf_hash
from ledger.store import RawEntry
from tests.tampering.forging import forge, renumbered, resigned, retold
from tests.tampering.honest import LOG, ORIGIN, Honest, Leaves
from tests.tampering.lent import LentFile

THIEF: Final = Signer(ORIGIN, b"thief" + bytes(27))
"""A key under the log's name that is not the log's."""

SECTOR_BYTES: Final = 512
BITS_MAX: Final = 8
ROWS_MAX: Final = 5
AWAY: Final = 1_000_000
"""How far rows are moved out of the way while they change places."""


class Deed(NamedTuple):
    """What was done."""

    words: str
    shown: Leaves | None = None
    """The tree of the log that others are shown, if it is whole."""
    signer: Signer = LOG
    """Who signs what is shown."""


Crime = Callable[[LentFile, Honest, Random], Deed]


def _row(honest: Honest, rng: Random) -> int:
    return rng.randint(1, honest.size)


def _two(honest: Honest, rng: Random) -> tuple[int, int]:
    one, other = sorted(rng.sample(range(1, honest.size + 1), 2))
    return one, other


def _bare(file: LentFile, honest: Honest) -> sqlite3.Connection:
    file.load(honest.bare)
    return file.connection


# --- the bytes of the file --------------------------------------------------------------------


def flip_a_bit(file: LentFile, honest: Honest, rng: Random) -> Deed:
    """One bit, anywhere."""
    image = bytearray(honest.image)
    at, bit = rng.randrange(len(image)), rng.randrange(8)
    image[at] ^= 1 << bit
    file.load(bytes(image))
    return Deed(f"bit {bit} of byte {at}")


def flip_bits(file: LentFile, honest: Honest, rng: Random) -> Deed:
    """A few bits, anywhere."""
    image = bytearray(honest.image)
    places = [rng.randrange(len(image)) for _ in range(rng.randint(2, BITS_MAX))]
    for at in places:
        image[at] ^= 1 << rng.randrange(8)
    file.load(bytes(image))
    return Deed(f"bits of bytes {places}")


def overwrite_a_sector(file: LentFile, honest: Honest, rng: Random) -> Deed:
    """A sector of nothing, of noise, or of another place of the file."""
    image = bytearray(honest.image)
    sectors = len(image) // SECTOR_BYTES
    at, other = (rng.randrange(sectors) * SECTOR_BYTES for _ in range(2))
    what = rng.choice(("zeroes", "noise", "another"))
    new = {
        "zeroes": bytes(SECTOR_BYTES),
        "noise": rng.randbytes(SECTOR_BYTES),
        "another": bytes(image[other : other + SECTOR_BYTES]),
    }[what]
    image[at : at + SECTOR_BYTES] = new
    file.load(bytes(image))
    return Deed(f"sector at {at}: {what} ({other})")


def cut_the_file(file: LentFile, honest: Honest, rng: Random) -> Deed:
    """The end of the file is gone, at a page or anywhere."""
    kept = rng.randrange(1, len(honest.image))
    if rng.random() < 0.5:
        kept = max(kept - kept % SECTOR_BYTES, 1)  # of nothing SQLite makes a new database
    file.load(honest.image[:kept])
    return Deed(f"cut to {kept} bytes")


# --- rows -------------------------------------------------------------------------------------


def swap_rows(file: LentFile, honest: Honest, rng: Random) -> Deed:
    """Two rows change places, with everything in them or with one column only."""
    log = _bare(file, honest)
    one, other = _two(honest, rng)
    what = rng.choice(("rows", "entry", "leaf", "entry, leaf"))
    if what == "rows":
        for old, new in ((one, -1), (other, one), (-1, other)):
            log.execute("UPDATE log SET position = ? WHERE position = ?", (new, old))
        return Deed(f"rows {one} and {other} swapped")
    for mine, theirs in ((one, other), (other, one)):
        row = honest.rows[theirs - 1]
        for column in what.split(", "):
            log.execute(
                f"UPDATE log SET {column} = ? WHERE position = ?",
                (getattr(row, column), mine),
            )
    return Deed(f"{what} of {one} and {other} swapped")


def delete_rows(file: LentFile, honest: Honest, rng: Random) -> Deed:
    """A few rows are deleted; perhaps the ones after move up, and the head is told."""
    log = _bare(file, honest)
    gone = sorted(rng.sample(range(1, honest.size + 1), rng.randint(1, ROWS_MAX)))
    log.executemany("DELETE FROM log WHERE position = ?", [(at,) for at in gone])
    how = rng.choice(("left", "moved up", "moved up, head told"))
    if how != "left":
        for at in reversed(gone):
            _shift(log, at + 1, -1)
    if how.endswith("told"):
        log.execute("UPDATE head SET size = size - ?", (len(gone),))
    return Deed(f"deleted {gone}, the rest {how}")


def insert_a_row(file: LentFile, honest: Honest, rng: Random) -> Deed:
    """A copy of a row is put in: beyond the end, before the start, or between others."""
    log = _bare(file, honest)
    row = honest.rows[_row(honest, rng) - 1]
    where = rng.choice(("end", "end, head told", "far", "before", "between"))
    at = {
        "far": honest.size + rng.randint(2, AWAY),
        "before": -rng.randint(0, ROWS_MAX),
        "between": _row(honest, rng),
    }.get(where, honest.size + 1)
    if where == "between":
        _shift(log, at, 1)
    stream = row.stream + rng.choice(("", "x"))
    version = 1 if stream != row.stream else AWAY
    log.execute(
        "INSERT INTO log VALUES (?, ?, ?, ?, ?, ?)",
        (at, stream, version, row.type, row.entry, row.leaf),
    )
    if where.endswith("told"):
        log.execute("UPDATE head SET size = size + 1")
    return Deed(f"a copy of {row.position} inserted at {at} ({where})")


def _shift(log: sqlite3.Connection, start: int, by: int) -> None:
    log.execute("UPDATE log SET position = position + ? WHERE position >= ?", (AWAY, start))
    log.execute("UPDATE log SET position = position + ? WHERE position >= ?", (by - AWAY, AWAY))


def change_an_entry(file: LentFile, honest: Honest, rng: Random) -> Deed:
    """One byte of an entry, or one thing it says; perhaps its leaf is made anew."""
    log = _bare(file, honest)
    at = _row(honest, rng)
    row = honest.rows[at - 1]
    if rng.random() < 0.5:
        where = rng.randrange(len(row.entry))
        changed = bytearray(row.entry)
        changed[where] ^= rng.randint(1, 255)
        entry = bytes(changed)
    else:
        entry = retold(row, rng).entry
    has_leaf = rng.random() < 0.5
    leaf = leaf_hash(entry) if has_leaf else row.leaf
    log.execute("UPDATE log SET entry = ?, leaf = ? WHERE position = ?", (entry, leaf, at))
    return Deed(f"entry {at} changed, {'with' if has_leaf else 'without'} its leaf")


COLUMNS: Final = (
    "stream = stream || 'x'",
    "stream = ''",
    "stream = CAST(stream AS BLOB)",
    "stream = CAST(x'ff' AS TEXT)",
    "version = version + 1000",
    "version = -version",
    "version = version + 0.5",
    "version = 'one'",
    "version = x'01'",
    "version = 9223372036854775807",
    "type = 'merchant.forgotten'",
    "type = upper(type)",
    "type = CAST(type AS BLOB)",
    "type = type || char(0)",
    "entry = CAST(entry AS TEXT)",
    "entry = x''",
    "entry = entry || char(10)",
    "entry = zeroblob(length(entry))",
    "entry = 17",
    "leaf = x''",
    "leaf = zeroblob(32)",
    "leaf = CAST('no hash' AS TEXT)",
    "leaf = leaf || x'00'",
    "leaf = 1.5",
    "leaf = (SELECT other.leaf FROM log AS other WHERE other.position = log.position % 300 + 1)",
)


def change_a_column(file: LentFile, honest: Honest, rng: Random) -> Deed:
    """What stands beside an entry."""
    log = _bare(file, honest)
    at, change = _row(honest, rng), rng.choice(COLUMNS)
    log.execute(f"UPDATE log SET {change} WHERE position = ?", (at,))
    return Deed(f"at {at}: {change}")


# --- the tree ---------------------------------------------------------------------------------

TILES: Final = (
    'DELETE FROM tiles WHERE "index" = 0',
    "UPDATE tiles SET hashes = CAST(hashes AS TEXT)",
    "UPDATE tiles SET hashes = 17",
    "UPDATE tiles SET hashes = x''",
    "UPDATE tiles SET level = 1",
    'UPDATE tiles SET "index" = -1',
    'UPDATE tiles SET "index" = "index" + 1',
    "INSERT INTO tiles SELECT 0, 1, hashes FROM tiles",
    "INSERT INTO tiles SELECT 0, 700, hashes FROM tiles",
    "INSERT INTO tiles SELECT 1, 0, hashes FROM tiles",
    "INSERT INTO tiles SELECT 1, 3, x'' FROM tiles",
    "INSERT INTO tiles SELECT 7, 0, hashes FROM tiles",
    "INSERT INTO tiles SELECT -1, 0, hashes FROM tiles",
    "INSERT INTO tiles SELECT 0, -1, hashes FROM tiles",
)


def change_a_tile(file: LentFile, honest: Honest, rng: Random) -> Deed:
    """The stored tree: a byte, its length, two hashes, a tile too few or too many."""
    log = _bare(file, honest)
    (tile,) = log.execute("SELECT hashes FROM tiles").fetchone()
    how = rng.choice(("byte", "byte", "cut", "swap", "other"))
    if how == "other":
        statement = rng.choice(TILES)
        log.execute(statement)
        return Deed(statement)
    changed = bytearray(tile)
    one, other = (at * 32 for at in rng.sample(range(TILE_WIDTH), 2))
    if how == "byte":
        changed[one + rng.randrange(32)] ^= rng.randint(1, 255)
    elif how == "cut":
        del changed[one:]
    else:
        changed[one : one + 32], changed[other : other + 32] = (
            changed[other : other + 32],
            changed[one : one + 32],
        )
    log.execute("UPDATE tiles SET hashes = ?", (bytes(changed),))
    return Deed(f"tile: {how} at hash {one // 32}")


HEADS: Final = (
    "UPDATE head SET root = zeroblob(32)",
    "UPDATE head SET root = CAST('root' AS TEXT)",
    "UPDATE head SET root = x''",
    "UPDATE head SET root = (SELECT leaf FROM log WHERE position = 9)",
    "UPDATE head SET size = -size",
    "UPDATE head SET size = size + 0.5",
    "UPDATE head SET size = 'many'",
    "UPDATE head SET size = x'01'",
    "UPDATE head SET size = 9223372036854775807",
    "UPDATE head SET size = 0",
    "UPDATE head SET id = 2",
    "INSERT INTO head SELECT 2, size, root FROM head",
    "INSERT INTO head SELECT 2, size - 1, root FROM head",
    "INSERT INTO head SELECT 0, size, zeroblob(32) FROM head",
    "DELETE FROM head",
)


def change_the_head(file: LentFile, honest: Honest, rng: Random) -> Deed:
    """The size or root that the file states, or how often it states them."""
    log = _bare(file, honest)
    statement = rng.choice((*HEADS, "size", "size", "byte"))
    if statement == "size":
        size = rng.randint(0, 2 * honest.size)
        size += size == honest.size
        log.execute("UPDATE head SET size = ?", (size,))
        return Deed(f"head of {size}")
    if statement == "byte":
        root = bytearray(honest.kept[-1].head.root)
        root[rng.randrange(32)] ^= rng.randint(1, 255)
        log.execute("UPDATE head SET root = ?", (bytes(root),))
        return Deed("a byte of the head's root")
    log.execute("PRAGMA ignore_check_constraints = ON")
    try:
        log.execute(statement)
    finally:
        log.execute("PRAGMA ignore_check_constraints = OFF")
    return Deed(statement)


# --- whole histories, every hash made anew ----------------------------------------------------


def rewrite(file: LentFile, honest: Honest, rng: Random) -> Deed:
    """Entries changed, swapped, deleted or inserted; then leaves, tiles and head made anew."""
    words, rows = _another_history(honest, rng)
    return Deed(f"rewritten: {words}", forge(_bare(file, honest), rows))


def re_sign(file: LentFile, honest: Honest, rng: Random) -> Deed:
    """The same, and every checkpoint in it signed anew: by a key of one's own, or the log's."""
    signer = rng.choice((THIEF, LOG))
    rows: list[RawEntry] = list(honest.rows)
    while rows == list(honest.rows):  # to sign a changed signature anew is to undo the change
        words, changed = _another_history(honest, rng)
        rows = resigned(changed, signer)
    shown = forge(_bare(file, honest), rows)
    return Deed(f"re-signed by {'the log' if signer is LOG else 'a thief'}: {words}", shown, signer)


def _another_history(honest: Honest, rng: Random) -> tuple[str, list[RawEntry]]:
    rows = list(honest.rows)
    how = rng.choice(("changed", "swapped", "deleted", "inserted"))
    one, other = _two(honest, rng)
    if how == "changed":
        rows[one - 1] = retold(rows[one - 1], rng)
        return f"{one} changed", rows
    if how == "swapped":
        rows[one - 1], rows[other - 1] = rows[other - 1], rows[one - 1]
        words = f"{one} and {other} swapped"
    elif how == "deleted":
        del rows[one - 1]
        words = f"{one} deleted"
    else:
        rows.insert(one - 1, retold(rows[other - 1], rng))
        words = f"{other} told again at {one}"
    return words, renumbered(rows)


def cut_the_end(file: LentFile, honest: Honest, rng: Random) -> Deed:
    """The last entries are gone; perhaps tiles and head are made to fit."""
    log = _bare(file, honest)
    kept = rng.randrange(honest.size)
    if rng.random() < 0.5:
        shown = forge(log, honest.rows[:kept])
        return Deed(f"cut after {kept}, every hash made anew", shown)
    log.execute("DELETE FROM log WHERE position > ?", (kept,))
    if rng.random() < 0.5:
        log.execute("UPDATE head SET size = ?", (kept,))
    return Deed(f"cut after {kept}")


def roll_back(file: LentFile, honest: Honest, rng: Random) -> Deed:
    """An older copy of the file: from a checkpoint, or from any moment before the end."""
    if rng.random() < 0.3:
        number = rng.randrange(len(honest.older))
        file.load(honest.older[number])
        rows = file.connection.execute("SELECT leaf FROM log ORDER BY position").fetchall()
        return Deed(f"older copy {number}", Leaves([leaf for (leaf,) in rows]))
    kept = rng.randrange(1, honest.size)
    return Deed(f"as it was at {kept}", forge(_bare(file, honest), honest.rows[:kept]))


def fork(file: LentFile, honest: Honest, rng: Random) -> Deed:
    """An older copy that grew differently, for one auditor: fewer, as many or more entries."""
    kept = rng.randrange(1, honest.size)
    size = rng.choice((rng.randint(kept + 1, honest.size), honest.size, honest.size + kept))
    other = [retold(rng.choice(honest.rows), rng) for _ in range(size - kept)]
    rows = resigned(renumbered([*honest.rows[:kept], *other]), LOG)
    shown = forge(_bare(file, honest), rows)
    return Deed(f"forked after {kept}, grown to {size}", shown)


WEIGHTS: Final[dict[Crime, int]] = {
    flip_a_bit: 6,
    flip_bits: 2,
    overwrite_a_sector: 2,
    cut_the_file: 1,
    swap_rows: 2,
    delete_rows: 2,
    insert_a_row: 2,
    change_an_entry: 3,
    change_a_column: 2,
    change_a_tile: 2,
    change_the_head: 1,
    rewrite: 2,
    re_sign: 2,
    cut_the_end: 1,
    roll_back: 1,
    fork: 1,
}
"""How often each is done."""
