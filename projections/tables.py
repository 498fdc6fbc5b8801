"""Tables of projections: their columns and their names.

A projection's table exists as the live one (`payments`) and, while it is rebuilt or checked, as a
*copy* beside it (`payments_new`, `payments_check`): the copy's suffix is part of the name from the
start, and everything that reads or writes a table is made for one copy.

Columns hold text, whole numbers and nothing else: so rows are the same in every database, and a
digest of them too. Times are text as the log writes them: readable, and they sort as time does.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from types import NoneType
from typing import Any, Final, get_args, get_type_hints

import msgspec
from sqlalchemy import BigInteger, Column, ColumnElement, Integer, Table, Text, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

NEW: Final = "_new"
"""The copy that a rebuild fills and then makes the live one."""

CHECK: Final = "_check"
"""The copy that a check fills, compares and throws away."""

_written: Final = msgspec.to_builtins
_LENGTH: Final = len("2026-01-31T12:00:00.000001Z")
_LENGTH_WHOLE: Final = len("2026-01-31T12:00:00Z")
"""Of a time of whole seconds; both are of times in UTC, and of no other way to write one."""


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
    """The columns of a class whose fields are `int`, `str` and either of them or None.

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


def one_of(column: "Column[Any]", values: Sequence[Any]) -> ColumnElement[bool]:
    """Whether a column holds one of some values, of which None may be one."""
    found = column.in_([one for one in values if one is not None])
    return or_(found, column.is_(None)) if None in values else found


def stamp(when: datetime) -> str:
    """Write an aware UTC time as the log writes it: readable, and sorts as time does."""
    # Every fold of every event comes by here: `isoformat` alone takes ten times as long.
    written: str = _written(when)
    size = len(written)
    if size == _LENGTH:
        return written
    if size == _LENGTH_WHOLE:
        return f"{written[:-1]}.000000Z"
    return when.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def read_stamp(stored: str) -> datetime:
    """Read a `stamp` back."""
    return datetime.fromisoformat(stored)


def read_stamp_or_none(stored: str | None) -> datetime | None:
    """Read a `stamp` that may be absent."""
    return None if stored is None else datetime.fromisoformat(stored)


def insert_into(table: Table, conn: AsyncConnection) -> Any:
    """An `INSERT` that may say `ON CONFLICT`: both databases have it, each as its own class."""
    return (sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert)(table)
