"""Tables of projections: their columns, their names, and the few statements all folds share.

A projection's table exists as the live one (`payments`) and, while it is rebuilt or checked, as a
*copy* beside it (`payments_new`, `payments_check`): the copy's suffix is part of the name from the
start, and everything that reads or writes a table is made for one copy.

The trick: a fold touches each row once per batch. The rows of all touched keys come in one query,
change in memory, and go back in one `executemany`; whatever the batch did to a row in between
never reaches the database.

Why SQL as text here and SQLAlchemy's expressions elsewhere: a compiled insert costs more per row
than the fold itself, and `INSERT ... ON CONFLICT` reads the same in SQLite and PostgreSQL. The
queries people ask are expressions.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from types import NoneType
from typing import Any, Final, get_args, get_type_hints

import orjson
from sqlalchemy import BigInteger, Column, Integer, Row, Table, Text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

NEW: Final = "_new"
"""The copy that a rebuild fills and then makes the live one."""

CHECK: Final = "_check"
"""The copy that a check fills, compares and throws away."""


def text(name: str, *, key: bool = False, null: bool = False) -> "Column[str]":
    """A text column, compared byte by byte: the same order in every database."""
    kind = Text().with_variant(Text(collation="C"), "postgresql")
    return Column(name, kind, primary_key=key, nullable=null)


def number(name: str, *, key: bool = False, null: bool = False) -> "Column[int]":
    """A column of whole numbers of 64 bits."""
    # SQLite takes only the exact word INTEGER for a key that is the row's own number.
    kind = BigInteger().with_variant(Integer, "sqlite")
    return Column(name, kind, primary_key=key, nullable=null, autoincrement=False)


def columns_of(row: type, *, key: Sequence[str]) -> "list[Column[Any]]":
    """The columns of a dataclass whose fields are `int`, `str` and either of them or None.

    Args:
        row: the class of a row as a fold holds it.
        key: the names of the fields that are the primary key.
    """
    columns: list[Column[Any]] = []
    for name, hint in get_type_hints(row).items():
        kinds = get_args(hint) or (hint,)
        make = number if int in kinds else text
        columns.append(make(name, key=name in key, null=NoneType in kinds))
    return columns


def stamp(when: datetime) -> str:
    """Write an aware UTC time as the log writes it: readable, and sorts as time does."""
    if when.tzinfo is not UTC:
        when = when.astimezone(UTC)
    return when.isoformat(timespec="microseconds")[:-6] + "Z"


def read_stamp(stored: str) -> datetime:
    """Read a `stamp` back."""
    return datetime.fromisoformat(stored)


def read_stamp_or_none(stored: str | None) -> datetime | None:
    """Read a `stamp` that may be absent."""
    return None if stored is None else datetime.fromisoformat(stored)


def insert_into(table: Table, conn: AsyncConnection) -> Any:
    """An `INSERT` that may say `ON CONFLICT`: both databases have it, each as its own class."""
    return (sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert)(table)


def placeholders(dialect: str, count: int) -> str:
    """The parameters of a statement in the driver's own style: `?, ?` or `$1, $2`."""
    if dialect == "sqlite":
        return ", ".join("?" * count)
    return ", ".join(f"${number}" for number in range(1, count + 1))


class Rows:
    """The rows of one table as a fold needs them: fetched by key, put back whole.

    Args:
        table: which table.
        fetch_by: the column whose values name the rows a batch touches.
        fixed: columns that never change once inserted; they and their indexes are left alone.
    """

    def __init__(self, table: Table, *, fetch_by: str, fixed: Iterable[str] = ()) -> None:
        self.table = table
        self.columns = tuple(column.name for column in table.columns)
        self._fetch_by = fetch_by
        self._key = tuple(column.name for column in table.primary_key.columns)
        never = {*self._key, *fixed}
        self._replaced = tuple(name for name in self.columns if name not in never)
        self._texts: dict[str, tuple[str, str]] = {}

    def _for(self, dialect: str) -> tuple[str, str]:
        found = self._texts.get(dialect)
        if found is None:
            found = self._texts[dialect] = (self._fetch_text(dialect), self._put_text(dialect))
        return found

    def _fetch_text(self, dialect: str) -> str:
        chosen = (
            "IN (SELECT value FROM json_each(?))" if dialect == "sqlite" else "= ANY($1::text[])"
        )
        columns = ", ".join(self.columns)
        return f"SELECT {columns} FROM {self.table.name} WHERE {self._fetch_by} {chosen}"  # noqa: S608 - names of our own tables

    def _put_text(self, dialect: str) -> str:
        columns, key = ", ".join(self.columns), ", ".join(self._key)
        values = placeholders(dialect, len(self.columns))
        replaced = ", ".join(f"{name} = excluded.{name}" for name in self._replaced)
        action = f"UPDATE SET {replaced}" if replaced else "NOTHING"
        return (
            f"INSERT INTO {self.table.name} ({columns}) VALUES ({values}) "  # noqa: S608 - as above
            f"ON CONFLICT ({key}) DO {action}"
        )

    async def fetch(
        self, conn: AsyncConnection, keys: Sequence[str]
    ) -> list[Row[*tuple[Any, ...]]]:
        """The rows whose `fetch_by` column has one of these values, as plain tuples."""
        if not keys:
            return []
        statement, _ = self._for(conn.dialect.name)
        given = orjson.dumps(keys).decode() if conn.dialect.name == "sqlite" else list(keys)
        found = await conn.exec_driver_sql(statement, (given,))
        return list(found)

    async def put(self, conn: AsyncConnection, rows: list[tuple[Any, ...]]) -> None:
        """Insert rows, or replace what may change of those with the same key."""
        if rows:
            _, statement = self._for(conn.dialect.name)
            await conn.exec_driver_sql(statement, rows)

    async def remove(self, conn: AsyncConnection, keys: list[str]) -> None:
        """Delete the rows whose `fetch_by` column has one of these values."""
        if keys:
            given = placeholders(conn.dialect.name, 1)
            await conn.exec_driver_sql(
                f"DELETE FROM {self.table.name} WHERE {self._fetch_by} = {given}",  # noqa: S608 - names of our own tables
                [(key,) for key in keys],
            )


class Counters:
    """A table of numbers that are only ever added to; a row whose first number is 0 is no row.

    Which statuses a payment passed through within one batch must not show, or a rebuild (large
    batches) would differ from the live rows (small ones): hence no rows of zeros.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self._key = [column.name for column in table.primary_key.columns]
        self._numbers = [column.name for column in table.columns if column.name not in self._key]

    async def add(self, conn: AsyncConnection, rows: list[tuple[Any, ...]]) -> None:
        """Add to numbers; each row is the key's values, then one amount for each number."""
        rows = [row for row in rows if any(row[len(self._key) :])]
        if not rows:
            return
        name = self.table.name
        columns = ", ".join([*self._key, *self._numbers])
        values = placeholders(conn.dialect.name, len(self._key) + len(self._numbers))
        added = ", ".join(f"{one} = {name}.{one} + excluded.{one}" for one in self._numbers)
        await conn.exec_driver_sql(
            f"INSERT INTO {name} ({columns}) VALUES ({values}) "  # noqa: S608 - names of our own tables
            f"ON CONFLICT ({', '.join(self._key)}) DO UPDATE SET {added}",
            sorted(rows),
        )
        await conn.exec_driver_sql(f"DELETE FROM {name} WHERE {self._numbers[0]} = 0")  # noqa: S608 - as above
