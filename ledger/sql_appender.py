"""The appender: everybody's appends, one transaction at a time.

Requests wait in a bounded queue. One task takes what is there, up to a limit of requests and of
bytes, and makes one commit of it: under the writers' lock it reads the size of the log and the
versions it does not know, lets every request pass or fail by its own expected version, gives out
positions, fills in the prepared entries, hashes them into the tree, writes all rows and the new
head, commits, and only then answers. While a batch is being written the next one gathers by itself,
so the busier the ledger, the more events share one wait for the disk.

What is remembered between commits (the tree, the versions of recent streams) is remembered only as
long as the log has the size of our own last commit. If another process has appended, its leaves are
read, the versions forgotten. A batch works on a copy of the tree, which replaces it after the
commit; so a failed commit leaves nothing to undo.

What it deliberately does not do: retry. A failed commit fails the requests of its batch, all and
only those, whatever became of them: a caller may repeat them under the same expected version.

Why one group per process and not a lock per stream: a commit costs one wait for the disk whether it
holds one event or five hundred, and positions without gaps need one line anyway.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from ledger.entry import Context, Draft, RecordedEvent, draft, place, rfc3339
from ledger.errors import (
    EntryTooLargeError,
    LedgerError,
    StoreBusyError,
    StoreClosedError,
    StoreUnavailableError,
    StreamTooLongError,
    WrongVersionError,
)
from ledger.events import Event
from ledger.merkle import TreeBuilder, leaf_hash
from ledger.sql_database import Database
from ledger.sql_port import Batch, LogConnection, LogRow
from ledger.sql_reads import again
from ledger.sql_tree import catch_up
from ledger.store import STREAM_EVENTS_MAX, Clock, DataKey

BATCH_REQUESTS_MAX: Final = 512
"""The most appends that share one commit."""

BATCH_BYTES_MAX: Final = 4 * 1024 * 1024
"""The most entry bytes that share one commit, unless a single append is larger."""

VERSIONS_MAX: Final = 100_000
"""How many streams' versions are remembered between commits."""

_log = structlog.get_logger(__name__)


class _Request:
    """One append on its way."""

    __slots__ = (
        "answer",
        "context",
        "drafts",
        "events",
        "expected",
        "keys",
        "size_bytes",
        "stream",
        "verdict",
    )

    def __init__(
        self,
        stream: str,
        expected: int,
        events: Sequence[Event],
        context: Context,
        keys: Sequence[DataKey],
    ) -> None:
        self.stream = stream
        self.expected = expected
        self.events = events
        self.context = context
        self.keys = keys
        self.drafts: list[Draft] = draft(stream, events, context)
        self.size_bytes = sum(len(one.before) + len(one.after) for one in self.drafts)
        self.answer: asyncio.Future[list[RecordedEvent]] = (
            asyncio.get_running_loop().create_future()
        )
        self.verdict: list[RecordedEvent] | LedgerError = []

    def settle(self) -> None:
        """Give the verdict to the caller, if it is still there."""
        if self.answer.done():
            return
        if isinstance(self.verdict, LedgerError):
            self.answer.set_exception(self.verdict)
        else:
            self.answer.set_result(self.verdict)


class Appender:
    """The one writer of a process. `start` it before the first append, `close` it at the end."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        queued_max: int,
        on_commit: Callable[[int, list[list[RecordedEvent]]], None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._queued_max = queued_max
        self._on_commit = on_commit
        self._queue: deque[_Request] = deque()
        self._arrived = asyncio.Event()
        self._is_closed = False
        self._task: asyncio.Task[None] | None = None
        self._connection: LogConnection | None = None
        self._tree: TreeBuilder | None = None
        self._versions: dict[str, int] = {}

    @property
    def queued(self) -> int:
        """How many appends wait now."""
        return len(self._queue)

    async def start(self) -> None:
        """Begin to serve."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="appender")

    async def append(
        self,
        stream: str,
        expected_version: int,
        events: Sequence[Event],
        context: Context,
        keys: Sequence[DataKey],
    ) -> list[RecordedEvent]:
        """See `ledger.store.EventStore.append`."""
        if self._is_closed or self._task is None:
            raise StoreClosedError("the store is not open: nothing was written")
        if not events:
            raise ValueError("an append needs at least one event")
        if expected_version + len(events) > STREAM_EVENTS_MAX:
            raise StreamTooLongError(stream, STREAM_EVENTS_MAX)
        if len(self._queue) >= self._queued_max:
            raise StoreBusyError(self._queued_max)
        request = _Request(stream, expected_version, events, context, keys)
        self._queue.append(request)
        self._arrived.set()
        return await request.answer

    async def close(self) -> None:
        """Serve what was accepted, then let go of the connection."""
        self._is_closed = True
        self._arrived.set()
        if self._task is not None:
            await asyncio.shield(self._task)
        await self._disconnect()

    async def _run(self) -> None:
        while True:
            if not self._queue:
                if self._is_closed:
                    return
                self._arrived.clear()
                await self._arrived.wait()
                continue
            batch = self._take()
            try:
                async with self._database.writing:
                    await self._serve(batch)
            except Exception as error:  # noqa: BLE001 - it is handed to those who asked
                self._fail(batch, error)
            except BaseException:
                self._fail(batch, StoreClosedError("the store was stopped in the middle"))
                raise

    def _take(self) -> list[_Request]:
        batch: list[_Request] = []
        size_bytes = 0
        while self._queue and len(batch) < BATCH_REQUESTS_MAX:
            size_bytes += self._queue[0].size_bytes
            if batch and size_bytes > BATCH_BYTES_MAX:
                break
            request = self._queue.popleft()
            if not request.answer.done():  # its caller has given up: it need not be written
                batch.append(request)
        return batch

    async def _serve(self, batch: list[_Request]) -> None:
        if not batch:
            return
        try:
            if self._connection is None:
                self._connection = await self._database.connect_log(is_writer=True)
            connection = self._connection
            tree, versions = await self._look(connection, {one.stream for one in batch})
            rows, keys = self._decide(batch, tree.size, versions)
            if rows:
                tree = tree.copy()
                tiles = [
                    (tile.level, tile.index, b"".join(tile.hashes))
                    for tile in tree.extend([row[5] for row in rows])
                ]
                await connection.commit(Batch(rows, keys, tiles, tree.size, tree.root()))
            else:
                await connection.rollback()
        except BaseException:
            self._versions.clear()
            await self._abandon()
            raise
        self._tree = tree
        self._remember(versions)
        appended = []
        for request in batch:
            request.settle()
            if not isinstance(request.verdict, LedgerError):
                appended.append(request.verdict)
        self._on_commit(tree.size, appended)

    async def _look(
        self, connection: LogConnection, streams: set[str]
    ) -> tuple[TreeBuilder, dict[str, int]]:
        """Lock, and learn where the log and the streams stand."""
        unknown = [stream for stream in streams if stream not in self._versions]
        size, found = await connection.begin(unknown)
        tree = self._tree
        if tree is None or tree.size != size:
            # Another process has appended since our last commit (or we have just started).
            tree = self._tree = await catch_up(self._database, tree, size)
            self._versions.clear()
            return tree, await connection.versions(list(streams))
        known = self._versions
        for stream in streams:
            if stream in known:
                found[stream] = known[stream]
        return tree, found

    def _decide(
        self, batch: list[_Request], size: int, versions: dict[str, int]
    ) -> tuple[list[LogRow], list[DataKey]]:
        """Give every request its verdict; the rows and keys of those that pass."""
        rows: list[LogRow] = []
        keys: list[DataKey] = []
        now = self._clock()
        recorded_at = rfc3339(now).encode()
        for request in batch:
            stream, version = request.stream, versions.get(request.stream, 0)
            if version != request.expected:
                request.verdict = WrongVersionError(stream, request.expected, version)
                continue
            position = size + len(rows)
            own: list[LogRow] = []
            recorded: list[RecordedEvent] = []
            try:
                for event, drafted in zip(request.events, request.drafts, strict=True):
                    position += 1
                    version += 1
                    entry = place(
                        drafted, position=position, version=version, recorded_at=recorded_at
                    )
                    leaf = leaf_hash(entry)
                    own.append((position, stream, version, drafted.type, entry, leaf))
                    actor, correlation_id, causation_id = request.context
                    recorded.append(
                        RecordedEvent(
                            position,
                            stream,
                            version,
                            now,
                            correlation_id,
                            causation_id,
                            actor,
                            event,
                            entry,
                        )
                    )
            except EntryTooLargeError as error:
                request.verdict = error
                continue
            rows += own
            keys += request.keys
            request.verdict = recorded
            versions[stream] = version
        return rows, keys

    def _remember(self, versions: dict[str, int]) -> None:
        known = self._versions
        for stream, version in versions.items():
            known.pop(stream, None)  # so that the longest unused come first
            known[stream] = version
        while len(known) > VERSIONS_MAX:
            del known[next(iter(known))]

    def _fail(self, batch: list[_Request], error: BaseException) -> None:
        meaning = error if isinstance(error, LedgerError) else self._database.kind.translate(error)
        if meaning is None:
            _log.error("appender.failed", error=type(error).__name__, requests=len(batch))
            meaning = StoreUnavailableError(
                f"The database refused a commit ({type(error).__name__}).",
                "Run `cauri verify`: something else may have written to this log.",
            )
        meaning.__cause__ = error if meaning is not error else None
        for request in batch:
            # One error object per caller: each will be raised, and carry a traceback of its own.
            request.verdict = again(meaning)
            request.settle()

    async def _abandon(self) -> None:
        """Undo the open transaction; a connection that cannot even do that is thrown away."""
        if self._connection is None:
            return
        try:
            await self._connection.rollback()
        except Exception:  # noqa: BLE001 - the first error is the one that is reported
            await self._disconnect()

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                await connection.close()
            except Exception as error:  # noqa: BLE001 - it is gone either way
                _log.warning("appender.close_failed", error=type(error).__name__)
