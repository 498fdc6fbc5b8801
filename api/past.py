"""Lists as they were: payments as they were known at a position, each folded from its own stream.

What never changes of a payment (whose, what kind, when it was asked for) is looked up in the
projection; what does (status, provider, whether money moved) is made from the payment's events up
to the position, and looked at then. So nothing has to be replayed but the payments of a page.

A page looks at `LOOKED_AT_MAX` payments at most: with a filter that few of them pass, a page may
have fewer rows than were asked for, or none, and still say where the next one begins. Whoever asks
of the whole log at once uses `cauri replay`.

Metrics of the past are made from the whole log up to there, in a database of their own: of short
logs only, one at a time in a process, and whoever would have to wait long is told to replay.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final, NamedTuple

from api.calls import Call
from api.errors import INVALID_REQUEST, Place, ProblemError
from ledger.identity import Kind, Mode
from ledger.payment import stream_of
from ledger.sentences import Sentence
from projections.effective import ALWAYS, Effective
from projections.metrics import MetricsProjection
from projections.payments import PaymentRow
from projections.payments_rows import row_at
from projections.reproving import made_apart

LOOKED_AT_MAX: Final = 2000
"""How many payments one page looks at."""

LOOKED_AT_ONCE: Final = 200

REPLAYED_MAX: Final = 50_000
"""How many entries one answer replays."""

REPLAY_WAIT_SECONDS: Final = 5.0
"""How long one waits for another's replay."""


class Fixed(NamedTuple):
    """What never changes of the payments that are asked for; see `PaymentsProjection.page`."""

    kind: Kind
    refund_of: str | None
    merchant_id: str | None
    modes: Sequence[Mode | None] | None
    created_from: datetime | None
    created_to: datetime | None
    payer: str | None


async def past_page(
    call: Call, fixed: Fixed, effective: Effective, *, until: int, limit: int
) -> tuple[list[PaymentRow], int | None]:
    """Payments as they were known at a position, newest first.

    Args:
        call: with the filters on what changes.
        fixed: the others.
        effective: only those whose money moved then.
        until: the position.
        limit: how many.

    Returns:
        The rows, and where the next page begins; None on the last one.
    """
    services, query = call.services, call.query
    after = until + 1 if query.after is None else min(query.after, until + 1)
    found: list[PaymentRow] = []
    for _ in range(LOOKED_AT_MAX // LOOKED_AT_ONCE):
        rows = await services.payments.page(**fixed._asdict(), after=after, limit=LOOKED_AT_ONCE)
        streams = await asyncio.gather(
            *(services.store.read_stream(stream_of(row.payment_id)) for row in rows)
        )
        for row, stream in zip(rows, streams, strict=True):
            after = row.position
            past = row_at(stream, until)
            if (
                past is None
                or (query.status is not None and past.status != query.status)
                or (query.provider is not None and past.provider != query.provider)
                or (effective != ALWAYS and not effective.has(past.moved_at))
            ):
                continue
            found.append(past)
            if len(found) == limit:
                return found, after
        if len(rows) < LOOKED_AT_ONCE:
            return found, None
    return found, after


@asynccontextmanager
async def metrics_at(call: Call, until: int) -> AsyncIterator[MetricsProjection]:
    """Lend the metrics as they were known at a position.

    Raises:
        ProblemError: the log is too long to be replayed in an answer, or others are at it.
    """
    if until > REPLAYED_MAX:
        raise _refused(
            Sentence("An answer replays {entries} entries at most.", entries=REPLAYED_MAX)
        )
    replaying = call.services.replaying
    try:
        async with asyncio.timeout(REPLAY_WAIT_SECONDS):
            await replaying.acquire()
    except TimeoutError:
        raise _refused(Sentence("Other answers are replaying the log just now.")) from None
    try:
        async with made_apart(MetricsProjection, call.services.store, until) as past:
            yield past
    finally:
        replaying.release()


def _refused(reason: Sentence) -> ProblemError:
    remedy = Sentence("Use `cauri replay --known-at`, which has no such limit.")
    place = Place("parameter", "known_at", reason, remedy)
    return ProblemError(INVALID_REQUEST, place.sentence, [place])
