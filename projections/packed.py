"""Packed rows: a copy that nobody asks anything keeps each row as the line its digest hashes.

A check needs of a projection that its own folds find the rows they change again, and that all rows
can be hashed in order. So a packed row is its line of JSON, beside its key and a hash of what it is
fetched by: one value is written where the live table has thirty, none of their indexes are kept,
and the digest has nothing left to make. Rows that are only ever added are not even kept apart: many
lines are one value.

The first trick: what places a row is its number. Where the key is one, it is the key, and the rows
lie in the order of the digest. Else rows lie as they come, and the digest sorts them; where a row
lies that was stored before is known from having fetched it. That is what a fold must keep to: it
puts rows that it fetched in the same batch, or that are new, and each of them once.

The second trick: hashes are anywhere, and an index of millions of them is in no memory. So they are
kept by age: the index is of the era of a row, then of its hash. What is new goes to its end, and
what is fetched is nearly always of the last two eras; only what is not found there is looked for in
all others.

Why the hash is Python's own: it is there already, and is compared with none of another process; of
rows that have the same one, those that were not asked for are left out when they are read.

It is not a second projection: what is written comes from the very fold that keeps the live tables.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain, repeat
from operator import itemgetter
from typing import Any, Final

import msgspec
import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
)
from sqlalchemy.ext.asyncio import AsyncConnection

APART: Final = "_apart"
"""The copy that is made in a file of its own, to be hashed and thrown away; it is packed."""

PLACE: Final = "row_place"
ERA: Final = "row_era"
HASH: Final = "row_hash"
LINE: Final = "row_line"

ROWS_PER_STATEMENT: Final = (1000, 100)
"""How many rows one statement puts, as long as there are as many; a statement costs as much as some
fifty rows. What is left is put one by one."""

ROWS_PER_ERA: Final = 50_000
"""More than a batch can put."""

LINES_PER_VALUE: Final = 25
"""How many lines are one value where rows are only added; a digest reads a thousand values at once.
"""

_DECLARED: Final = "declared"
"""Under which word a packed table keeps the table that it stands for."""

_lines: Final = msgspec.json.Encoder().encode_lines
"""In a fraction of the time that rows take one by one; a line never contains a raw newline."""


def declared_of(table: Table) -> Table:
    """The table that a projection declared; another one only where rows are packed."""
    declared: Table = table.info.get(_DECLARED, table)
    return declared


def pack(declared: Table, metadata: MetaData, fetch_by: str | None) -> Table:
    """Declare the table that holds packed rows of another one."""
    columns: list[Column[Any]] = [Column(PLACE, Integer, primary_key=True)]
    if fetch_by is not None:
        columns += [Column(key.name, key.type) for key in _keys_of(declared)]
        columns += [Column(ERA, Integer), Column(HASH, BigInteger)]
    columns += [Column(LINE, LargeBinary)]
    packed = Table(declared.name, metadata, *columns, info={_DECLARED: declared})
    if fetch_by is not None:
        Index(f"ix_{declared.name}_hash", packed.c[ERA], packed.c[HASH])
    return packed


def order_of(table: Table) -> "list[Column[Any]]":
    """By what the rows of a table are ordered for its digest."""
    if LINE not in table.columns:
        return list(table.primary_key.columns)
    if HASH not in table.columns:
        return [table.columns[PLACE]]
    return [table.columns[one.name] for one in _keys_of(declared_of(table))] or [
        table.columns[PLACE]
    ]


def _keys_of(declared: Table) -> "list[Column[Any]]":
    """The key, where it is not the row's place."""
    (key,) = declared.primary_key.columns
    return [] if isinstance(key.type, BigInteger) else [key]


class PackedRows:
    """The rows of one packed table, with the methods of `projections.rows.Rows`.

    Args:
        declared: what the projection declared; its key is one column.
        fetch_by: the text column whose values name the rows a batch touches.
    """

    def __init__(self, declared: Table, fetch_by: str) -> None:
        names = [column.name for column in declared.columns]
        (key,) = declared.primary_key.columns
        self._key_of = itemgetter(names.index(key.name))
        self._fetched_of = itemgetter(names.index(fetch_by))
        self._is_placed = not _keys_of(declared)
        self._is_unique = fetch_by == key.name or any(
            one.columns.keys() == [fetch_by]
            for one in declared.constraints
            if isinstance(one, UniqueConstraint)
        )
        self._places: dict[Any, int] = {}
        """Where the rows lie that were fetched last, by their key."""
        self._put_rows = 0
        """How many were put since the copy is made, which it is in one go."""
        table = declared.name
        given = [PLACE, *[one.name for one in _keys_of(declared)], ERA, HASH, LINE]
        marks = f"({', '.join('?' * len(given))})"
        into = f"INSERT INTO {table} ({', '.join(given)}) VALUES"
        conflict = f"ON CONFLICT ({PLACE}) DO UPDATE SET {LINE} = excluded.{LINE}"
        self._put_one = f"{into} {marks} {conflict}"
        self._put_many = {
            count: f"{into} {', '.join([marks] * count)} {conflict}" for count in ROWS_PER_STATEMENT
        }
        self._delete = f"DELETE FROM {table} WHERE {PLACE} = ?"  # noqa: S608 - names of our own tables
        self._select = (
            f"SELECT group_concat({PLACE} || ',' || {LINE}) FROM {table} "  # noqa: S608 - as above
            f"WHERE {ERA} IN (SELECT value FROM json_each(?)) "
            f"AND {HASH} IN (SELECT value FROM json_each(?))"
        )

    async def fetch(self, conn: AsyncConnection, keys: Sequence[str]) -> list[Any]:
        """The rows whose `fetch_by` column has one of these values, in any order."""
        return await self._fetch(conn, keys, is_one_enough=self._is_unique)

    async def fetch_some(self, conn: AsyncConnection, keys: Sequence[str]) -> list[Any]:
        """Of those rows at least one of each value, and all that the batch before put."""
        return await self._fetch(conn, keys, is_one_enough=True)

    async def _fetch(
        self, conn: AsyncConnection, keys: Sequence[str], *, is_one_enough: bool
    ) -> list[Any]:
        found = await self._find(conn, keys, is_one_enough=is_one_enough)
        self._places = {self._key_of(row): place for place, row in found}
        return [row for _, row in found]

    async def put(self, conn: AsyncConnection, rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows that are new, or replace those that were fetched."""
        if not rows:
            return
        era = self._put_rows // ROWS_PER_ERA
        self._put_rows += len(rows)
        # An empty line follows the last; and no row is looked at by code of Python.
        written = repeat(era), map(hash, map(self._fetched_of, rows)), _lines(rows).split(b"\n")
        keys = map(self._key_of, rows)
        if self._is_placed:
            given: list[tuple[Any, ...]] = [*zip(keys, *written, strict=False)]
        else:
            places = map(self._places.get, map(self._key_of, rows))
            given = [*zip(places, keys, *written, strict=False)]
        done = 0
        for count, statement in self._put_many.items():
            while len(given) - done >= count:
                part = given[done : done + count]
                await conn.exec_driver_sql(statement, tuple(chain.from_iterable(part)))
                done += count
        if done < len(given):
            await conn.exec_driver_sql(self._put_one, given[done:])

    async def remove(self, conn: AsyncConnection, keys: Sequence[str]) -> None:
        """Delete the rows whose `fetch_by` column has one of these values."""
        found = await self._find(conn, keys, is_one_enough=self._is_unique)
        await self._delete_at(conn, [place for place, _ in found])

    async def drop(self, conn: AsyncConnection, rows: Sequence[Sequence[Any]]) -> None:
        """Delete rows that were fetched."""
        await self._delete_at(conn, [self._places[self._key_of(row)] for row in rows])

    async def _delete_at(self, conn: AsyncConnection, places: Iterable[int]) -> None:
        gone = [(place,) for place in places]
        if gone:
            await conn.exec_driver_sql(self._delete, gone)

    async def _find(
        self, conn: AsyncConnection, keys: Sequence[str], *, is_one_enough: bool
    ) -> list[tuple[int, list[Any]]]:
        found: list[tuple[int, list[Any]]] = []
        if not keys:
            return found
        wanted = {*keys}
        last = self._put_rows // ROWS_PER_ERA
        for eras in ([last, last - 1], [*range(last - 1)]):
            if not wanted or not eras:
                break
            new = await self._find_in(conn, eras, wanted)
            found += new
            if is_one_enough:
                wanted -= {self._fetched_of(row) for _, row in new}
        return found

    async def _find_in(
        self, conn: AsyncConnection, eras: Sequence[int], wanted: AbstractSet[str]
    ) -> list[tuple[int, list[Any]]]:
        given = (orjson.dumps(eras).decode(), orjson.dumps([*map(hash, wanted)]).decode())
        joined = (await conn.exec_driver_sql(self._select, given)).scalar_one()
        found = orjson.loads(f"[{joined or ''}]")
        value_of = self._fetched_of
        pairs = zip(found[::2], found[1::2], strict=True)
        return [(place, row) for place, row in pairs if value_of(row) in wanted]


class PackedLines:
    """The rows of one packed table to which rows are only added, in the order of their key."""

    def __init__(self, declared: Table) -> None:
        self._insert = f"INSERT INTO {declared.name} ({LINE}) VALUES (?)"  # noqa: S608 - as above

    async def put(self, conn: AsyncConnection, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows."""
        if rows:
            # Without the last newline, as the lines of rows that are kept apart.
            parts = (rows[at : at + LINES_PER_VALUE] for at in range(0, len(rows), LINES_PER_VALUE))
            await conn.exec_driver_sql(self._insert, [(_lines(part)[:-1],) for part in parts])
