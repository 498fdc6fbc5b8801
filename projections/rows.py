"""Rows as a fold needs them: fetched by key, changed in memory, put back whole.

The trick: a fold touches each row once per batch. The rows of all touched keys come in one query,
change in memory, and go back together; whatever the batch did to a row in between never reaches
the database.

Why so few statements on SQLite: between two steps of a statement, sqlite3 lets go of the
interpreter and queues up to get it back, behind everything the event loop wants to do; under load
that is up to 5 ms for each row fetched or put one by one. So fetched rows come as one value, and
rows are put hundreds to a statement, or, what is left over, as one JSON parameter. On PostgreSQL
the driver itself sends many rows in one go.

Why SQL as text here and SQLAlchemy's expressions elsewhere: a compiled insert costs more per row
than the fold itself, and `INSERT ... ON CONFLICT` reads the same in both databases.
"""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, Final

import orjson
from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.entry import RecordedEvent

_PARAMETERS_MAX: Final = 8192
"""How many parameters one statement on SQLite takes (it allows 32,766)."""

_ROWS_PER_STATEMENT_MAX: Final = 256

Values = Sequence[Any]
"""The values of one row, in the order of its table's columns: text, whole numbers, None."""


def begun_before(batch: Sequence[RecordedEvent], prefix: int) -> list[str]:
    """Whose streams in a batch began before it, by what follows the prefix: their rows are stored.

    Args:
        batch: events in the order of the log; each event of the streams is read, or none is stored.
        prefix: how many characters the names of all the streams have in common.
    """
    begun: set[str] = set()
    before: set[str] = set()
    for one in batch:
        if one.version == 1:
            begun.add(one.stream)
        elif one.stream not in begun:
            before.add(one.stream)
    return [stream[prefix:] for stream in before]


class Rows:
    """The rows of one table.

    Args:
        table: which table.
        fetch_by: the text column whose values name the rows a batch touches.
        fixed: columns that never change once inserted; they and their indexes are left alone.
    """

    def __init__(self, table: Table, *, fetch_by: str, fixed: Iterable[str] = ()) -> None:
        self._name = table.name
        self._columns = [column.name for column in table.columns]
        self._fetch_by = fetch_by
        key = [column.name for column in table.primary_key.columns]
        self._key = [self._columns.index(name) for name in key]
        never = {*key, *fixed}
        changed = [f"{name} = excluded.{name}" for name in self._columns if name not in never]
        action = f"UPDATE SET {', '.join(changed)}" if changed else "NOTHING"
        conflict = f"ON CONFLICT ({', '.join(key)}) DO {action}"
        self._insert = _Insert(self._name, self._columns, conflict)

    async def fetch(self, conn: AsyncConnection, keys: Sequence[str]) -> list[Values]:
        """The rows whose `fetch_by` column has one of these values, in any order."""
        if not keys:
            return []
        columns = ", ".join(self._columns)
        if conn.dialect.name == "sqlite":
            given = orjson.dumps(keys).decode()
            found = await conn.exec_driver_sql(
                f"SELECT json_group_array(json_array({columns})) FROM {self._name} "  # noqa: S608 - names of our own tables
                f"WHERE {self._fetch_by} IN (SELECT value FROM json_each(?))",
                (given,),
            )
            rows: list[Values] = orjson.loads(found.scalar_one())
            return rows
        found = await conn.exec_driver_sql(
            f"SELECT {columns} FROM {self._name} WHERE {self._fetch_by} = ANY($1::text[])",  # noqa: S608 - as above
            (list(keys),),
        )
        return list(found)

    async def fetch_some(self, conn: AsyncConnection, keys: Sequence[str]) -> list[Values]:
        """Of those rows at least one of each value, and all that the batch before put."""
        return await self.fetch(conn, keys)

    async def put(self, conn: AsyncConnection, rows: Sequence[Values]) -> None:
        """Insert rows, or replace what may change of those with the same key."""
        await self._insert.run(conn, rows)

    async def remove(self, conn: AsyncConnection, keys: Sequence[str]) -> None:
        """Delete the rows whose `fetch_by` column has one of these values."""
        if not keys:
            return
        if conn.dialect.name == "sqlite":
            given: Any = orjson.dumps(keys).decode()
            chosen = "IN (SELECT value FROM json_each(?))"
        else:
            given, chosen = list(keys), "= ANY($1::text[])"
        await conn.exec_driver_sql(
            f"DELETE FROM {self._name} WHERE {self._fetch_by} {chosen}",  # noqa: S608 - as above
            (given,),
        )

    async def drop(self, conn: AsyncConnection, rows: Sequence[Values]) -> None:
        """Delete these rows, by their key."""
        if not rows:
            return
        mark = "?" if conn.dialect.name == "sqlite" else "${}"
        here = " AND ".join(
            f"{self._columns[one]} = {mark.format(number)}"
            for number, one in enumerate(self._key, 1)
        )
        await conn.exec_driver_sql(
            f"DELETE FROM {self._name} WHERE {here}",  # noqa: S608 - as above
            [tuple(row[one] for one in self._key) for row in rows],
        )


class AddedRows:
    """The rows of a table to which rows are only added, and never twice the same."""

    def __init__(self, table: Table) -> None:
        self._insert = _Insert(table.name, [column.name for column in table.columns], "")

    async def put(self, conn: AsyncConnection, rows: Sequence[Values]) -> None:
        """Add rows."""
        await self._insert.run(conn, rows)


class Counters:
    """A table of numbers that are only ever added to; a row whose first number is 0 is no row.

    Which statuses a payment passed through within one batch must not show, or a rebuild (large
    batches) would differ from the live rows (small ones): hence no rows of zeros.
    """

    def __init__(self, table: Table) -> None:
        name = table.name
        key = [column.name for column in table.primary_key.columns]
        numbers = [column.name for column in table.columns if column.name not in key]
        added = ", ".join(f"{one} = {name}.{one} + excluded.{one}" for one in numbers)
        conflict = f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {added}"
        self._key_size = len(key)
        self._insert = _Insert(name, [*key, *numbers], conflict)
        self._clear = f"DELETE FROM {name} WHERE {numbers[0]} = 0"  # noqa: S608 - as above

    async def add(self, conn: AsyncConnection, rows: Iterable[Values]) -> None:
        """Add to numbers; each row is the key's values, then one amount for each number."""
        changed = [row for row in rows if any(row[self._key_size :])]
        if changed:
            await self._insert.run(conn, changed)
            await conn.exec_driver_sql(self._clear)


class _Insert:
    """An insert of many rows into one table, in each database the way it likes best."""

    def __init__(self, name: str, columns: Sequence[str], conflict: str) -> None:
        into = f"INSERT INTO {name} ({', '.join(columns)})"
        marks = f"({', '.join('?' * len(columns))})"
        self._rows_max = min(_ROWS_PER_STATEMENT_MAX, _PARAMETERS_MAX // len(columns))
        self._many = f"{into} VALUES {', '.join([marks] * self._rows_max)} {conflict}"
        picked = ", ".join(f"value ->> {number}" for number in range(len(columns)))
        self._rest = f"{into} SELECT {picked} FROM json_each(?) WHERE true {conflict}"  # noqa: S608 - as above
        numbered = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
        self._one = f"{into} VALUES ({numbered}) {conflict}"

    async def run(self, conn: AsyncConnection, rows: Sequence[Values]) -> None:
        """Insert rows; nothing happens if there are none."""
        if not rows:
            return
        if conn.dialect.name != "sqlite":
            await conn.exec_driver_sql(self._one, [tuple(row) for row in rows])
            return
        whole = len(rows) - len(rows) % self._rows_max
        for start in range(0, whole, self._rows_max):
            part = rows[start : start + self._rows_max]
            await conn.exec_driver_sql(self._many, tuple(chain.from_iterable(part)))
        if whole < len(rows):
            await conn.exec_driver_sql(self._rest, (orjson.dumps(rows[whole:]).decode(),))
