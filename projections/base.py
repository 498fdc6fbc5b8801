"""The projections of a process: one reader of the log that feeds them all.

`Projections` is a subscriber: a subscription hands it batches of the log, and it lets every
projector fold each batch in one transaction, with one checkpoint each. It also makes their tables,
brings new ones up to the log, rebuilds, digests and checks them, and lets callers wait until they
have reached a position.

When that transaction fails, every projector is tried on its own: one that keeps failing is stalled,
loudly, and the others go on. If all of them fail it is not a projector's fault, and the error goes
to the subscription, which waits and tries again.

Why one transaction for all: a commit costs the same for one row as for a thousand, and on SQLite
there is one writer. Why a stalled projector stays stalled until a restart or a rebuild: what it
stumbled over is in the log for ever, so only other code will get past it.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple, TypeVar

import structlog
from sqlalchemy import inspect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.commands_log import Digested
from ledger.entry import RecordedEvent
from ledger.errors import InvalidInputError, StoreError, SubscriptionStalledError, reason_of
from ledger.sentences import Sentence
from ledger.sql_database import Database
from ledger.store import EventStore
from projections.checkpoints import (
    Checkpoint,
    ProjectionReplacedError,
    advance,
    checkpoints,
    load,
    lock,
    put,
)
from projections.digest import Digest, Pause, digest_of
from projections.news import Told
from projections.projector import Projector
from projections.rebuild import (
    Checked,
    Progress,
    check,
    create,
    digest_at,
    drop,
    fill,
    rebuild,
)

log = structlog.get_logger()

FAILURES_MAX: Final = 3
"""How often in a row a projector may fail, while others do not, before it is stalled."""

POLL_SECONDS: Final = 0.25
"""How often a waiter looks at the checkpoints, in case another process moves them."""

P = TypeVar("P", bound=Projector)


class ProjectionState(NamedTuple):
    """One projection as its operator wants to see it."""

    name: str
    position: int
    stalled: SubscriptionStalledError | None


class Projections:
    """All projections of a database.

    Args:
        database: where their tables are.
        projectors: their classes; `projections.PROJECTIONS` has all.
    """

    def __init__(self, database: Database, projectors: Iterable[type[Projector]]) -> None:
        self.name = "projections"
        self.database = database
        self.stalled: dict[str, SubscriptionStalledError] = {}
        self._projectors = {one.name: one(database) for one in projectors}
        self._failures: dict[str, int] = {}
        self._moved = asyncio.Condition()
        self._listeners: list[Callable[[Told], None]] = []

    def of(self, kind: type[P]) -> P:
        """The projection of a class, to ask it things."""
        found = self._projectors[kind.name]
        assert isinstance(found, kind)
        return found

    def kind_of(self, name: str) -> type[Projector]:
        """The class of a projection, by its name."""
        return type(self._named(name))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all projections, in the order they are fed."""
        return tuple(self._projectors)

    async def start(
        self, store: EventStore | None = None, *, progress: Progress | None = None
    ) -> None:
        """Make the tables that are missing or of an older version; nothing happens if none are.

        Args:
            store: the log; if given, every projection is brought up to its present end, one by one
                and in large batches, so that a new one does not hold up the others.
            progress: told after every batch.

        Raises:
            ProjectionReplacedError: the tables are of a newer version than this code.
        """
        if not await self.is_ready():
            async with self.database.write() as conn:
                await conn.run_sync(self.database.kind.lock)
                await conn.run_sync(checkpoints.metadata.create_all)
                found = await lock(conn, self.names)
                for projector in self._projectors.values():
                    await self._prepare(conn, projector, found.get(projector.name))
        if store is not None:
            for projector in self._projectors.values():
                await fill(projector, store, progress=progress)

    async def is_ready(self) -> bool:
        """Whether all tables are there and of this version.

        It is asked before anything is made, for a reader may not be allowed to write.
        """
        async with self.database.read() as conn:
            if not await conn.run_sync(lambda sync: inspect(sync).has_table(checkpoints.name)):
                return False
            found = await load(conn, self.names)
        return all(
            name in found and found[name].version == projector.version
            for name, projector in self._projectors.items()
        )

    @staticmethod
    async def _prepare(
        conn: AsyncConnection, projector: Projector, found: Checkpoint | None
    ) -> None:
        if found is not None and found.version > projector.version:
            raise ProjectionReplacedError(
                projector.name, f"its tables are of version {found.version}; upgrade the code."
            )
        await projector.prepare(conn)
        if found is not None and found.version == projector.version:
            return
        generation = found.generation + 1 if found else 1
        await drop(conn, projector.tables)
        await create(conn, projector, generation)
        await put(conn, Checkpoint(projector.name, projector.version, 0, generation, ""))

    async def states(self) -> list[ProjectionState]:
        """Where every projection stands, and whether it is stalled in this process."""
        async with self.database.read() as conn:
            found = await load(conn, self.names)
        return [
            ProjectionState(
                name, found[name].position if name in found else 0, self.stalled.get(name)
            )
            for name in self.names
        ]

    async def position(self, name: str | None = None) -> int:
        """How far one projection has come; without a name, the last one that is not stalled."""
        if name is not None:
            self._named(name)
        states = await self.states()
        wanted = [one for one in states if one.name == name]
        running = wanted or [one for one in states if one.stalled is None] or states
        return min((one.position for one in running), default=0)

    async def handle(self, batch: Sequence[RecordedEvent]) -> None:
        """Let every projection that is not stalled fold a batch.

        Raises:
            Exception: what a projector or the database raised; the batch is to be offered again.
        """
        running = [one for one in self._projectors.values() if one.name not in self.stalled]
        if not batch or not running:
            return
        try:
            await self._advance(running, batch)
        except Exception as error:  # noqa: BLE001 - each is tried on its own next
            log.warning(
                "projections.failed_together",
                position=batch[0].position,
                error=type(error).__name__,
            )
            await self._advance_apart(running, batch, error)
        else:
            self._failures.clear()
        finally:
            # Also where one failed and others did not: what those committed is due.
            self._tell(running)
        async with self._moved:
            self._moved.notify_all()

    def listen(self, listener: Callable[[Told], None]) -> None:
        """Tell somebody what every batch made due, from now on, once it is committed."""
        self._listeners.append(listener)

    def tell_anything(self) -> None:
        """Say that anything may be due: another process has folded what went by unseen here."""
        for listener in self._listeners:
            listener(None)

    def _tell(self, projectors: Iterable[Projector]) -> None:
        told = [one.news.take() for one in projectors]
        for listener in self._listeners:
            for news in told:
                if news is None or news:
                    listener(news)

    async def _advance(
        self, projectors: Sequence[Projector], batch: Sequence[RecordedEvent]
    ) -> None:
        async with self.database.write() as conn:
            await advance(conn, projectors, batch)

    async def _advance_apart(
        self, running: Sequence[Projector], batch: Sequence[RecordedEvent], cause: Exception
    ) -> None:
        failed: dict[str, Exception] = {}
        for projector in running:
            try:
                await self._advance([projector], batch)
            except Exception as error:  # noqa: BLE001 - whatever it is, it must not stop the others
                failed[projector.name] = error
            else:
                self._failures.pop(projector.name, None)
        if len(failed) == len(running):
            raise cause
        for name, failure in failed.items():
            if _is_of_the_database(failure):
                continue
            self._failures[name] = failures = self._failures.get(name, 0) + 1
            if failures >= FAILURES_MAX or isinstance(failure, ProjectionReplacedError):
                self._stall(name, batch, failures, failure)
        waiting = [failure for name, failure in failed.items() if name not in self.stalled]
        if waiting:
            raise waiting[0]

    def _stall(
        self, name: str, batch: Sequence[RecordedEvent], failures: int, error: Exception
    ) -> None:
        cause = reason_of(error)
        stalled = SubscriptionStalledError(name, batch[0].position, failures, cause)
        self.stalled[name] = stalled
        log.error(
            "projection.stalled",
            name=name,
            position=stalled.position,
            cause=cause,
            exc_info=error,
        )

    async def wait_for(
        self, position: int, timeout_seconds: float, *, name: str | None = None
    ) -> bool:
        """Wait until a projection (or all that are not stalled) reached a position.

        Returns:
            Whether it did in time.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout_seconds
        while await self.position(name) < position:
            remaining = end - loop.time()
            if remaining <= 0:
                return False
            try:
                async with asyncio.timeout(min(remaining, POLL_SECONDS)), self._moved:
                    await self._moved.wait()
            except TimeoutError:
                continue
        return True

    async def rebuild(
        self, name: str, store: EventStore, *, progress: Progress | None = None
    ) -> int:
        """Replace a projection by one made from the log alone; see `projections.rebuild`.

        Returns:
            The position at which the new rows took over.
        """
        position = await rebuild(
            self._named(name), store, owner=secrets.token_hex(8), progress=progress
        )
        self.stalled.pop(name, None)
        self._failures.pop(name, None)
        return position

    async def digest(self, name: str) -> Digest:
        """Hash a projection's rows; see `projections.digest`."""
        return await digest_of(self._named(name))

    async def digested(self, name: str, *, pause: Pause | None = None) -> Digested:
        """The same, with the version of the code that made the rows: as the log records it."""
        projector = self._named(name)
        return Digested(*await digest_of(projector, pause=pause), projector.version)

    async def check_digest(
        self, name: str, store: EventStore, recorded: Digested, *, progress: Progress | None = None
    ) -> Digest | None:
        """What the log alone gives at the position of a recorded digest.

        Returns:
            None where other code than this made the rows: its digest cannot be made again.
        """
        projector = self._named(name)
        if recorded.version != projector.version:
            return None
        owner, until = secrets.token_hex(8), recorded.position
        return await digest_at(projector, store, owner=owner, until=until, progress=progress)

    async def check(
        self, name: str, store: EventStore, *, progress: Progress | None = None
    ) -> Checked:
        """Compare a projection's rows with those the log alone gives."""
        return await check(self._named(name), store, owner=secrets.token_hex(8), progress=progress)

    def _named(self, name: str) -> Projector:
        found = self._projectors.get(name)
        if found is None:
            raise InvalidInputError(
                "projection",
                Sentence("{name!r} is no projection.", name=name[:50]),
                Sentence("Use one of {names}.", names=", ".join(self._projectors)),
            )
        return found


def _is_of_the_database(error: Exception) -> bool:
    """Whether the database could not serve; rows it refuses are the projector's own fault."""
    return isinstance(error, StoreError) and not isinstance(error.__cause__, IntegrityError)


__all__ = ["ProjectionState", "Projections", "Projector"]
