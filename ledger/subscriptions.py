"""Subscriptions: a named read of the log from a position on, first behind it, then along with it.

A `Subscriber` is handed batches of events in order and keeps its own position, in the same
transaction as whatever it does with them; so after a crash it goes on exactly where its effects
end. A `Subscription` feeds one subscriber: it reads pages until it has caught up, then waits for
the store to grow (our own appends wake it at once, those of other processes within the store's
polling time).

When a handler fails, the batch is offered again, ever later, and one event at a time, so that
everything before the culprit gets done and the culprit is named. After `attempts_max` failures at
one position the subscription stops *loudly*: an error in the log, a count, a callback, and
`SubscriptionStalledError` from `run`. It never skips an event. `run` may be called again when the
cause is gone.

Why a database that cannot serve (`StoreUnavailableError`) does not count as such a failure: it is
nobody's defect and passes by itself, and a ledger whose projections must be restarted by hand after
every full disk would be a quiet one. It is retried for ever, at `BACKOFF_SECONDS_MAX`, and logged.

Why it rests in a crowd: handling a batch costs a transaction, however small the batch, and on
SQLite that transaction keeps every append waiting. So after a batch that shows that many are
writing, but is not full, it waits as long as `REST_RATIO` such batches take while the next one
gathers. When little happens it does not rest, and a payment's next step is not held up.

What it deliberately does not do: store positions, or deliver to several subscribers at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Literal, Protocol

import structlog

from ledger.entry import RecordedEvent
from ledger.errors import StoreUnavailableError, SubscriptionStalledError, reason_of
from ledger.store import PAGE_MAX, EventStore

BATCH_MAX: Final = 500
"""The most events handed over at once."""

ATTEMPTS_MAX: Final = 8
"""How often one event is offered before the subscription stops."""

BACKOFF_SECONDS_FIRST: Final = 0.1
BACKOFF_SECONDS_MAX: Final = 10.0

CROWD: Final = 32
"""A batch of so many events shows that many are writing at once."""

REST_RATIO: Final = 3.0
"""How many times as long as it worked it rests in a crowd."""

REST_SECONDS_MAX: Final = 0.2

WAIT_SECONDS: Final = 5.0
"""How long one wait for new events lasts before it is begun again."""

State = Literal["catching_up", "live", "retrying", "stalled"]

_log = structlog.get_logger(__name__)


class Subscriber(Protocol):
    """Who is fed. Handing it an event again that it already has must change nothing."""

    @property
    def name(self) -> str:
        """What it is called in logs and metrics; fixed."""

    async def position(self) -> int:
        """The last position it has finished; 0 at first."""

    async def handle(self, batch: Sequence[RecordedEvent]) -> None:
        """Take the next events in order, all or none, and store the position with the effect."""


def _nobody(_error: SubscriptionStalledError) -> None:
    """The default listener to stalls: the log and the counter are enough."""


class Subscription:
    """Feeds one subscriber from the store; `run` it in a task."""

    def __init__(
        self,
        store: EventStore,
        subscriber: Subscriber,
        *,
        batch_max: int = BATCH_MAX,
        attempts_max: int = ATTEMPTS_MAX,
        on_stall: Callable[[SubscriptionStalledError], None] = _nobody,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.name = subscriber.name
        self.position = 0
        """The last position the subscriber has finished, as far as this process knows."""
        self.state: State = "catching_up"
        self.handled_total = 0
        """How many events were handed over and taken."""
        self.failures_total = 0
        """How many times a batch was refused or the store could not serve."""
        self.stalls_total = 0
        """How many times the subscription stopped."""
        self._store = store
        self._subscriber = subscriber
        self._batch_max = min(batch_max, PAGE_MAX)
        self._attempts_max = attempts_max
        self._on_stall = on_stall
        self._sleep = sleep
        self._moved = asyncio.Event()

    async def run(self) -> None:
        """Catch up, then follow; returns only by cancellation.

        Raises:
            SubscriptionStalledError: one event was refused `attempts_max` times.
        """
        self.state = "catching_up"
        attempts = 0  # refusals of the event at hand
        failures = 0  # failures of any kind since something last went well
        careful_until = 0  # up to the end of a batch that was refused, one event at a time
        is_known = False
        now_seconds = asyncio.get_running_loop().time
        while True:
            batch: Sequence[RecordedEvent] = ()
            began_seconds = now_seconds()
            try:
                if not is_known:
                    # Its word counts, also if it has gone back (it was rebuilt, say).
                    self._stand(await self._subscriber.position())
                    is_known = True
                limit = 1 if self.position < careful_until else self._batch_max
                batch = await self._store.read(self.position, limit)
                if batch:
                    await self._subscriber.handle(batch)
                else:
                    self.state = "live"
                    await self._store.wait_for(self.position + 1, WAIT_SECONDS)
            except Exception as error:
                # The effect may have been stored although the answer was lost: ask again.
                is_known = False
                failures += 1
                self.failures_total += 1
                if not isinstance(error, StoreUnavailableError):
                    attempts += 1
                    if attempts >= self._attempts_max and len(batch) <= 1:
                        raise self._stall(attempts, error) from error
                    careful_until = max(careful_until, batch[-1].position if batch else 0)
                await self._back_off(failures, error)
                continue
            if failures and batch:
                self.state = "catching_up"
            attempts = failures = 0
            if batch:
                self.handled_total += len(batch)
                self._stand(batch[-1].position)
            if CROWD <= len(batch) < self._batch_max:
                worked_seconds = now_seconds() - began_seconds
                await self._sleep(min(worked_seconds * REST_RATIO, REST_SECONDS_MAX))

    async def wait_for(self, position: int, timeout_seconds: float) -> bool:
        """Wait until the subscriber has finished a position; False if it has not in time."""
        try:
            async with asyncio.timeout(timeout_seconds):
                while self.position < position:
                    await self._moved.wait()
        except TimeoutError:
            return self.position >= position
        return True

    def _stand(self, position: int) -> None:
        self.position = position
        self._moved.set()
        self._moved = asyncio.Event()

    async def _back_off(self, failures: int, error: Exception) -> None:
        delay_seconds = min(
            BACKOFF_SECONDS_FIRST * 2.0 ** min(failures - 1, 30), BACKOFF_SECONDS_MAX
        )
        _log.warning(
            "subscription.failed",
            subscription=self.name,
            position=self.position,
            failures=failures,
            error=type(error).__name__,
            retry_seconds=delay_seconds,
        )
        self.state = "retrying"
        await self._sleep(delay_seconds)

    def _stall(self, attempts: int, cause: Exception) -> SubscriptionStalledError:
        self.state = "stalled"
        self.stalls_total += 1
        error = SubscriptionStalledError(self.name, self.position + 1, attempts, reason_of(cause))
        _log.error(
            "subscription.stalled",
            subscription=self.name,
            position=error.position,
            attempts=attempts,
            cause=error.cause,
        )
        self._on_stall(error)
        return error
