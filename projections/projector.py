"""The projector: the code behind one read model. One read model is one file.

A subclass names itself, declares its tables, folds events into them (`apply`) and answers
questions. It writes on the connection it is given and never commits: the runner
(`projections.base`) and the rebuilder (`projections.rebuild`) move its checkpoint in the same
transaction, and that is what makes it exactly-once in effect.

Laws of a projector: `apply` is a function of the rows and the batch (no clock, no randomness,
nothing read but its own tables of the same copy), so that a rebuild gives the same rows; it holds
nothing in memory between batches, because another process may have applied the one before; how a
run of events is cut into batches makes no difference.

Why reading takes a lock on PostgreSQL: a rebuild swaps tables by renaming them, and a snapshot
taken before a swap would see the new table, by its name, without its last rows. Holding the tables
from before the snapshot makes name and rows agree. SQLite's snapshots include the names.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, ClassVar

from sqlalchemy import Column, Index, MetaData, Table, UniqueConstraint
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.entry import RecordedEvent
from ledger.events import EVENTS, Event
from ledger.sql_database import Database
from projections.news import News
from projections.packed import APART, PackedLines, PackedRows, pack
from projections.rows import AddedRows, Rows


class Projector(ABC):
    """One read model, bound to one copy of its tables.

    Args:
        database: where the tables are.
        copy: the suffix of the tables' names; empty for the live ones.
    """

    name: ClassVar[str]
    version: ClassVar[int]
    """Raised with every change of tables or fold; a database of an older version is rebuilt."""
    reads: ClassVar[frozenset[type[Event]]] = frozenset(EVENTS.values())
    """The events it folds; it is given no others. Most projectors have no use for most events, and
    to look at each only to find that out would cost more than all folding of some of them."""

    def __init__(self, database: Database, copy: str = "") -> None:
        self.database = database
        self.copy = copy
        self.metadata = MetaData()
        self.news = News()
        """What it made due for whom; only a queue tells anything."""

    @property
    def checkpoint(self) -> str:
        """The name of this copy's row in `checkpoints`."""
        return self.name + self.copy

    @property
    def tables(self) -> list[Table]:
        """This copy's tables, always in the same order."""
        return list(self.metadata.tables.values())

    def indexes(self, name: Callable[[str], str]) -> list[Index]:
        """This copy's indexes; `name` makes an index's name from its table's and column's."""
        return []

    async def prepare(self, conn: AsyncConnection) -> None:  # noqa: B027 - most have none
        """Make tables that stand outside the projection, if it has any; at every start."""

    @abstractmethod
    async def apply(self, conn: AsyncConnection, batch: Sequence[RecordedEvent]) -> None:
        """Fold a run of events that it `reads`, in order, into this copy's rows."""

    def make_table(self, name: str, *parts: "Column[Any] | UniqueConstraint") -> Table:
        """Declare a table of this copy."""
        return Table(name + self.copy, self.metadata, *parts)

    def make_rows(
        self,
        name: str,
        *parts: "Column[Any] | UniqueConstraint",
        fetch_by: str,
        fixed: Iterable[str] = (),
    ) -> tuple[Table, Rows | PackedRows]:
        """Declare a table of which `apply` knows nothing but whole rows, so they can be packed.

        The rows it puts it has fetched in the same batch, or they are new; each is put once. Of a
        packed copy the table is there for the digest alone, and can be asked nothing.

        Args:
            name: the table's, without the copy's suffix.
            parts: its columns and constraints; its key is one column.
            fetch_by: as of `Rows`.
            fixed: as of `Rows`.
        """
        if self.copy != APART:
            table = self.make_table(name, *parts)
            return table, Rows(table, fetch_by=fetch_by, fixed=fixed)
        declared = Table(name + self.copy, MetaData(), *parts)
        pack(declared, self.metadata, fetch_by)
        return declared, PackedRows(declared, fetch_by)

    def make_lines(
        self, name: str, *parts: "Column[Any] | UniqueConstraint"
    ) -> tuple[Table, AddedRows | PackedLines]:
        """Declare a table to which `apply` only adds rows, in the order of their key."""
        if self.copy != APART:
            table = self.make_table(name, *parts)
            return table, AddedRows(table)
        declared = Table(name + self.copy, MetaData(), *parts)
        pack(declared, self.metadata, None)
        return declared, PackedLines(declared)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Lend a connection that sees this copy's tables as of one position."""
        async with self.database.read() as conn:
            await hold_tables(conn, self.tables)
            yield conn


async def hold_tables(conn: AsyncConnection, tables: Sequence[Table]) -> None:
    """Keep tables from being swapped while a snapshot is read; first statement of a transaction."""
    if conn.dialect.name == "postgresql":
        names = ", ".join(table.name for table in tables)
        await conn.exec_driver_sql(f"LOCK TABLE {names} IN ACCESS SHARE MODE")


def bounded(limit: int, most: int) -> int:
    """A page size within 1 and `most`."""
    return max(1, min(limit, most))
