"""What the log asks of a kind of database: two small ports, implemented in `ledger.sql_dialects`.

A `Dialect` makes engines, says how its database wants to be locked and what its driver's errors
mean, and opens `LogConnection`s: single connections to the driver itself, for the statements that
decide the speed of the whole product.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from sqlalchemy import Connection
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from ledger.errors import CorruptLogError, LedgerError, StoreUnavailableError
from ledger.leftover import Leftover
from ledger.store import DataKey

LogRow = tuple[int, str, int, str, bytes, bytes]
"""(position, stream, version, type, entry, leaf)."""

LOCK_TIMEOUT_SECONDS: Final = 5.0
"""How long a writer waits for another program's lock before it says so."""


class Standing(NamedTuple):
    """Where the log and some of its streams stand; a stream that does not exist is absent."""

    size: int
    versions: dict[str, int]


class Batch(NamedTuple):
    """Everything one commit writes."""

    rows: Sequence[LogRow]
    keys: Sequence[DataKey]
    tiles: Sequence[tuple[int, int, bytes]]
    """(level, index, 256 hashes end to end)."""
    size: int
    root: bytes


class LogConnection(Protocol):
    """One connection to the driver; never used by two tasks at once. Raises the driver's errors."""

    async def begin(self, streams: Sequence[str]) -> Standing:
        """Open a transaction under the writers' lock and say where the log and streams stand."""

    async def standing(self, streams: Sequence[str]) -> Standing:
        """Say it again, of other streams, inside the transaction that `begin` opened."""

    async def commit(self, batch: Batch) -> None:
        """Write a batch and commit; durable on return."""

    async def commit_if(self, batch: Batch, expected: Standing) -> Standing | None:
        """`begin`, and `commit` if everything stands as expected; None if it was committed.

        Otherwise the transaction stays open, nothing has been written, and the answer says where
        the log and the expected streams really stand.
        """

    async def rollback(self) -> None:
        """Give up the open transaction, if there still is one; raises if the connection is lost."""

    async def read_streams(self, streams: Sequence[str]) -> list[bytes]:
        """The entries of some streams, in any order."""

    async def read_page(self, after: int, limit: int) -> list[bytes]:
        """The next entries after a position, in order."""

    async def read_changed(self, after: int, until: int) -> list[str]:
        """The streams that were appended to after a position and up to another."""

    async def read_size(self) -> int:
        """The size of the log as last committed."""

    async def scrub(self, *, is_whole: bool) -> Leftover | None:
        """Remove the bytes of deleted keys; nobody who reads meanwhile is waited for long.

        Args:
            is_whole: whether what is left in free space has to go too, whatever that costs.

        Returns:
            None, or what is left although nothing failed.

        Raises:
            StoreUnavailableError: they are still there, and why.
        """

    async def close(self) -> None:
        """Let go of the connection; its transaction, if any, is lost."""


class Dialect(Protocol):
    """One kind of database."""

    name: str

    def engine(self, url: URL, *, is_kept: bool = True) -> AsyncEngine:
        """Make an engine with everything this product relies on switched on.

        Args:
            url: which database.
            is_kept: whether any of it has to survive; a database that is thrown away may be faster.
        """

    async def connect(self, engine: AsyncEngine, *, is_writer: bool) -> LogConnection:
        """Open a connection of its own, outside the engine's pool."""

    def missing(self, url: URL, *, create: bool) -> StoreUnavailableError | None:
        """What is not there, as far as that can be known without connecting."""

    def for_reading(self, url: URL) -> URL:
        """By which URL to open a database that is only read, as far as that is another one.

        Raises:
            StoreUnavailableError: it cannot be read without writing.
        """

    def lock(self, connection: Connection) -> None:
        """Take the writers' lock in the transaction of a (synchronous) connection."""

    def translate(self, error: BaseException) -> LedgerError | None:
        """Say in the ledger's words what a driver error means; None if it is not for them."""


def stated(size: int | None) -> int:
    """The size that the head states.

    Raises:
        CorruptLogError: there is no head.
    """
    if size is None:
        raise CorruptLogError(1, "the head, which states the size of the log, is missing")
    return size


def is_as_expected(found: Standing, expected: Standing) -> bool:
    """Whether the log and the streams stand where somebody believed; absent means version 0."""
    return found.size == expected.size and all(
        found.versions.get(stream, 0) == version for stream, version in expected.versions.items()
    )
