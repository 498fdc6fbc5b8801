"""The appender: everybody's appends, one transaction at a time.

Requests wait in a bounded queue. One task takes what is there, up to a limit of requests and of
bytes, and makes one commit of it: every request passes or fails by its own expected version,
positions are given out, the prepared entries are filled in and hashed into the tree, all rows and
the new head are written and committed, and only then is anybody answered. While a batch is being
written the next one gathers by itself, so the busier the ledger, the more events share one wait
for the disk.

What is remembered between commits (the tree, the versions of recent streams) is true only as long
as the log has the size of our own last commit, and that is checked under the writers' lock, in the
same visit to the database that writes. If another process has appended, its leaves are read, the
versions forgotten, and the batch decided anew before anything is written. A batch works on a copy
of the tree, which replaces it after the commit; so a failed commit leaves nothing to undo.

What it deliberately does not do: retry. A failed commit fails the requests of its batch, all and
only those, whatever became of them: a caller may repeat them under the same expected version.

Why one group per process and not a lock per stream: a commit costs one wait for the disk whether it
holds one event or five hundred, and positions without gaps need one line anyway.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
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
from ledger.sentences import Sentence
from ledger.sql_database import Database
from ledger.sql_port import Batch, LogConnection, LogRow, Standing
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
        "error",
        "events",
        "expected",
        "keys",
        "recorded",
        "size_bytes",
        "stream",
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
        self.recorded: list[RecordedEvent] = []
        self.error: LedgerError | None = None

    def place(self, position: int, now: datetime, recorded_at: bytes) -> list[LogRow]:
        """Put the events after a position: fills `recorded`, gives the rows to write."""
        rows: list[LogRow] = []
        stream, version = self.stream, self.expected
        actor, correlation_id, causation_id = self.context
        for event, drafted in zip(self.events, self.drafts, strict=True):
            position += 1
            version += 1
            entry = place(drafted, position=position, version=version, recorded_at=recorded_at)
            rows.append((position, stream, version, drafted.type, entry, leaf_hash(entry)))
            self.recorded.append(
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
        return rows

    def settle(self) -> None:
        """Answer the caller, if it is still there."""
        if self.answer.done():
            return
        if self.error is not None:
            self.answer.set_exception(self.error)
        else:
            self.answer.set_result(self.recorded)


class Appender:
    """The one writer of a process. `start` it before the first append, `close` it at the end."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        queued_max: int,
        on_commit: Callable[[int, int, list[list[RecordedEvent]]], None],
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
        self._is_alone = True
        # The first of a plain dict is found by passing all that was deleted before it.
        self._versions: OrderedDict[str, int] = OrderedDict()

    @property
    def queued(self) -> int:
        """How many appends wait now."""
        return len(self._queue)

    @property
    def stopped(self) -> str | None:
        """Why nothing is appended any more although nobody closed it; None while all is well."""
        if self._task is None or not self._task.done() or self._is_closed:
            return None
        if self._task.cancelled():
            return "its task was cancelled"
        error = self._task.exception()
        return "its task returned" if error is None else f"its task ended: {type(error).__name__}"

    async def start(self) -> None:
        """Begin to serve."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="appender")
            self._task.add_done_callback(self._ended)

    async def append(
        self,
        stream: str,
        expected_version: int,
        events: Sequence[Event],
        context: Context,
        keys: Sequence[DataKey],
    ) -> list[RecordedEvent]:
        """See `ledger.store.EventStore.append`."""
        if self._is_closed or self._task is None or self._task.done():
            raise StoreClosedError(Sentence("the store is not open: nothing was written"))
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
            await asyncio.wait([self._task])
        await self._disconnect()

    async def _run(self) -> None:
        try:
            while self._queue or not self._is_closed:
                if self._queue:
                    await self._serve_next()
                else:
                    self._arrived.clear()
                    await self._arrived.wait()
        finally:
            # Only if we were cancelled is anybody left.
            self._fail(
                self._queue,
                StoreClosedError(Sentence("the store was stopped: nothing was written")),
            )

    def _ended(self, _task: asyncio.Task[None]) -> None:
        if self.stopped is not None:
            _log.error("appender.stopped", reason=self.stopped)

    async def _serve_next(self) -> None:
        async with self._database.writing:
            # Not before: whoever comes while we wait for the lock shares this commit.
            batch = self._take()
            try:
                await self._serve(batch)
            except Exception as error:  # noqa: BLE001 - it is handed to those who asked
                self._fail(batch, error)
            except BaseException:
                self._fail(batch, StoreClosedError(Sentence("the store was stopped in the middle")))
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
            tree = await self._write(self._connection, batch)
        except BaseException:
            # What is in the database now is looked up under the next lock.
            self._tree = None
            self._versions.clear()
            await self._abandon()
            raise
        before = self._tree.size if self._tree is not None else 0
        self._tree = tree
        self._remember(batch)
        self._on_commit(before, tree.size, [one.recorded for one in batch if one.recorded])
        for request in batch:
            request.settle()

    async def _write(self, connection: LogConnection, batch: list[_Request]) -> TreeBuilder:
        """Decide and commit a batch; the tree as it then is."""
        tree, found = self._tree, None
        if tree is not None and self._is_alone:
            # Nobody but us has been writing, so nothing will have moved: everything is made ready
            # for where we believe the log and the streams to stand, and the database is asked and
            # written to in one go. Believing wrongly costs the preparation, never the truth.
            believed = self._believed(batch)
            planned, grown = self._plan(batch, tree, believed)
            if planned is not None:
                known = self._versions
                asked = {name: believed[name] for name in believed if name not in known}
                found = await connection.commit_if(planned, Standing(tree.size, asked))
                if found is None:
                    return grown
        streams = list({one.stream for one in batch})
        look = connection.begin if found is None else connection.standing
        found = await look(streams)
        self._is_alone = tree is not None and tree.size == found.size
        if tree is None or tree.size != found.size:
            tree = await catch_up(self._database, tree, found.size)
            self._versions.clear()
        self._tree = tree
        planned, grown = self._plan(batch, tree, found.versions)
        if planned is None:
            await connection.rollback()
        else:
            await connection.commit(planned)
        return grown

    def _believed(self, batch: list[_Request]) -> dict[str, int]:
        """The versions of a batch's streams: as remembered, else as its first request says."""
        versions: dict[str, int] = {}
        for request in batch:
            if request.stream not in versions:
                known = self._versions.get(request.stream)
                versions[request.stream] = request.expected if known is None else known
        return versions

    def _plan(
        self, batch: list[_Request], tree: TreeBuilder, versions: dict[str, int]
    ) -> tuple[Batch | None, TreeBuilder]:
        """Give out verdicts; what is to be written, if anything, and the tree it would make."""
        rows, keys = self._decide(batch, tree.size, dict(versions))
        if not rows:
            return None, tree
        grown = tree.copy()
        tiles = [
            (tile.level, tile.index, b"".join(tile.hashes))
            for tile in grown.extend([row[5] for row in rows])
        ]
        return Batch(rows, keys, tiles, grown.size, grown.root()), grown

    def _decide(
        self, batch: list[_Request], size: int, versions: dict[str, int]
    ) -> tuple[list[LogRow], list[DataKey]]:
        """Let every request pass or fail; the rows and keys of those that pass."""
        rows: list[LogRow] = []
        keys: list[DataKey] = []
        now = self._clock()
        recorded_at = rfc3339(now).encode()
        for request in batch:
            request.recorded, request.error = [], None
            version = versions.get(request.stream, 0)
            if version != request.expected:
                request.error = WrongVersionError(request.stream, request.expected, version)
                continue
            try:
                own = request.place(size + len(rows), now, recorded_at)
            except EntryTooLargeError as error:
                request.recorded, request.error = [], error
                continue
            rows += own
            keys += request.keys
            versions[request.stream] = version + len(own)
        return rows, keys

    def _remember(self, batch: list[_Request]) -> None:
        known = self._versions
        for request in batch:
            if isinstance(request.error, EntryTooLargeError):
                continue
            version = request.expected + len(request.recorded)
            if isinstance(request.error, WrongVersionError):
                version = request.error.actual
            known[request.stream] = version
            known.move_to_end(request.stream)  # so that the longest unused come first
        while len(known) > VERSIONS_MAX:
            known.popitem(last=False)

    def _fail(self, requests: Iterable[_Request], error: BaseException) -> None:
        meaning = error if isinstance(error, LedgerError) else self._database.kind.translate(error)
        if meaning is None:
            # No fault of the surroundings: a contradiction in the database, or a mistake in here.
            _log.error("appender.failed", exc_info=error)
            meaning = StoreUnavailableError(
                Sentence("The commit failed ({error}).", error=type(error).__name__),
                Sentence("Run `cauri verify`: something else may have written to this log."),
            )
        if meaning is not error:
            meaning.__cause__ = error
        for request in requests:
            # One error object per caller: each will be raised, and carry a traceback of its own.
            request.error = again(meaning)
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
