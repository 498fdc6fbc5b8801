"""Seeking: after a restoration providers are asked whether they have a payment, before it is sent.

A backup knows nothing of what happened between it and the loss. A request that is repeated after
the restoration leads to the same payment and the same references, and the lost log may have taken
it all the way. So until the time that the restoration names (`ledger.restoration`), whatever would
be submitted for the first time since is looked for at every provider of its plan, under every
reference that it may have got there:

    its word, or it is under way    the submission is recorded and its word as evidence; not sent
    certainly not there             the next reference is asked about; after the last one it is sent
    no answer                       not sent; asked again, and listed with the reason
    who cannot be asked             not sent; listed for a person, until that time is over

What waited in the backup already is not sent after that either: its merchant may have cancelled it
in the lost part, which no provider knows (`ledger.restoration`). It is given up when its own time
is over, or sent when the operator says so.

Why nothing is given up meanwhile: a payment whose time is over may have been paid all the same.

Why what answers "not sent" without its handle is not asked at all: it speaks of what this log has
kept, and the lost one kept the handle. Who can be asked by our reference alone says so
(`adapters.powers.Finds`). Where the same reference again moves money once, sending it is no risk.

Why only `REFERENCES_MAX` references: each is a question, and a lost life that was not sent three
times before the fourth was taken is rare; it is named among what remains unsafe.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import structlog

from adapters import base
from adapters.base import Adapter, Inquiry, NotFound, NotSent, Pending, Unaskable, Unknown
from adapters.hearing import record_final
from adapters.moving import inquire
from adapters.powers import Finds
from adapters.recording import Recorder
from adapters.serving import Serving
from adapters.ways import on_errand
from ledger import commands, events
from ledger.entry import RecordedEvent
from ledger.evidence import Word
from ledger.payment import Payment
from ledger.restoration import STREAM, is_held
from ledger.store import Clock, EventStore

log = structlog.get_logger()

REFERENCES_MAX: Final = 3
"""Under how many references a payment is looked for at one provider."""

ASKING_SECONDS_FACTOR: Final = 4
"""How many times the time of one call an asking may take: a turn, a token, the call, a repeat."""

UNASKABLE_SECONDS: Final = 900.0
"""How soon it is looked again whether who cannot be asked may be sent to: the operator says so."""

HELD_SECONDS: Final = 60.0
"""How soon it is looked again whether what is held may be sent: nobody is asked for that."""

HELD: Final = (
    "the log was restored, and this may have been cancelled in the part that is lost: it is not "
    "sent unless `cauri restored --send-waiting` says so"
)


class Sought(NamedTuple):
    """What came of looking for a payment."""

    may_be_sent: bool
    again_at: datetime | None = None
    """When to look again, where it was not found and may not be sent either."""


CLEAR: Final = Sought(may_be_sent=True)
FOUND: Final = Sought(may_be_sent=False)


class Restoration(NamedTuple):
    """The last time that somebody said the log was restored."""

    position: int
    event: events.LogRestored
    every: tuple[tuple[int, events.Event], ...]
    """All of them, each with its position."""


class _Place(NamedTuple):
    adapter: Adapter
    reference: str


class _Heard(NamedTuple):
    """What several askings brought together."""

    known: tuple[_Place, base.Final | Pending] | None
    absent: frozenset[tuple[str, str]]
    reason: str | None
    """Why it cannot be sent yet; None where nothing is in the way."""
    wait_seconds: float


_UNHEARD: Final = _Heard(None, frozenset(), None, 0)
"""What was heard where nobody was asked."""


class Seeker:
    """Looks for payments that a lost log may have submitted."""

    def __init__(self, recorder: Recorder, serving: Serving, *, clock: Clock) -> None:
        self._store = recorder.handler.store
        self._serving, self._clock = serving, clock

    async def seek(
        self, recorder: Recorder, state: Payment, recorded: Sequence[RecordedEvent]
    ) -> Sought:
        """Look for a payment that waits to be submitted, if it must be looked for."""
        last = await last_restoration(self._store)
        if last is None:
            return CLEAR
        if _was_submitted_since(last.position, recorded):
            return CLEAR
        event, heard, ends_at = last.event, _UNHEARD, last.event.until
        if self._clock() < event.until:
            heard = await self._ask_all(recorder, state, last.position, frozenset(event.unasked))
        if heard.known is not None:
            await self._take_over(recorder, state, *heard.known)
            return FOUND
        reason, wait_seconds = heard.reason, heard.wait_seconds
        if reason is None:
            ends_at = state.requested.expires_at
            if self._clock() >= ends_at or not is_held(last.every, recorded[0].position):
                return CLEAR
            reason, wait_seconds = HELD, HELD_SECONDS
        at = min(self._clock() + timedelta(seconds=wait_seconds), ends_at)
        await recorder.record(
            commands.RecordSought(
                payment_id=state.requested.payment_id,
                restoration=last.position,
                absent=heard.absent,
                reason=reason,
                retry_at=at,
            )
        )
        return Sought(may_be_sent=False, again_at=at)

    async def _ask_all(
        self,
        recorder: Recorder,
        state: Payment,
        restoration: int,
        unasked: frozenset[str],
    ) -> _Heard:
        """Ask every provider about every reference until one has the payment."""
        absent, times = state.absent_since(restoration), state.times_sought_since(restoration)
        adapters = self._serving.adapters(state.requested.mode)
        failed: tuple[_Place, base.Final | Pending] | None = None
        reasons: list[tuple[str, float]] = []
        for at, name in enumerate(_providers_of(state)):
            adapter = adapters.get(name)
            if adapter is None or not _can_find(adapter, state):
                is_safe = adapter is not None and state.power in adapter.idempotent_powers
                if not is_safe and name not in unasked:
                    reasons.append(_unaskable(adapter, name))
                continue
            before = [adapters.get(one) for one in _providers_of(state)[: at + 1]]
            for reference in _references(adapter, before, state):
                if (name, reference) in absent:
                    continue
                answer = await self._ask(recorder, adapter, state, reference)
                match answer:
                    case Pending() | base.Final(word=Word.SUCCEEDED):
                        return _Heard((_Place(adapter, reference), answer), absent, None, 0)
                    case base.Final():
                        failed = failed or (_Place(adapter, reference), answer)
                    case NotFound() | NotSent():
                        absent |= {(name, reference)}
                    case Unknown(reason=told) | Unaskable(detail=told):
                        seconds = adapter.pace.inquiry_delay_seconds(times)
                        if isinstance(answer, Unknown) and answer.again_seconds is not None:
                            seconds = answer.again_seconds
                        reasons.append((_doubtful(adapter, told), seconds))
                        break  # It is not asked about the next one while it does not answer.
        if reasons:
            wait_seconds = min(seconds for _, seconds in reasons)
            return _Heard(None, absent, reasons[0][0], wait_seconds)
        return _Heard(failed, absent, None, 0)

    async def _ask(
        self, recorder: Recorder, adapter: Adapter, state: Payment, reference: str
    ) -> Inquiry:
        limit_seconds = adapter.pace.call_timeout_seconds * ASKING_SECONDS_FACTOR
        try:
            async with recorder.overhearing(state, reference):
                with on_errand("inquiry"):
                    async with asyncio.timeout(limit_seconds):
                        return await inquire(adapter, state.power, reference, None)
        except TimeoutError:
            return Unknown(f"no answer within {limit_seconds:g} seconds")
        except Exception as error:
            log.exception("seeking.adapter_raised", provider=adapter.name)
            return Unknown(f"the adapter raised {type(error).__name__}")

    async def _take_over(
        self, recorder: Recorder, state: Payment, place: _Place, answer: base.Final | Pending
    ) -> None:
        """Record the submission that the lost log made, and what its provider says of it."""
        payment_id, (adapter, reference) = state.requested.payment_id, place
        number, now = len(state.attempts) + 1, self._clock()
        log.warning("seeking.found", payment_id=payment_id, provider=adapter.name)
        await recorder.record(
            commands.StartSubmission(
                payment_id=payment_id,
                provider=adapter.name,
                reference=reference,
                attempt=number,
                inquire_at=now,
            )
        )
        if state.sealed_code is not None:
            await recorder.spend_code(state)
        if isinstance(answer, base.Final):
            await record_final(recorder, adapter, payment_id, reference, answer)
            return
        delay = timedelta(seconds=adapter.pace.inquiry_delay_seconds(1))
        await recorder.record(
            commands.RecordInquiry(
                payment_id=payment_id,
                reference=reference,
                attempt=number,
                result="pending",
                detail=answer.detail,
                inquire_at=now + delay,
                awaits_code=answer.awaits_code,
            )
        )


async def last_restoration(store: EventStore) -> Restoration | None:
    """Read when the log was restored last; None if it never was."""
    restored = await store.read_stream(STREAM)
    if not restored:
        return None
    event = restored[-1].event
    assert isinstance(event, events.LogRestored)
    every = tuple((one.position, one.event) for one in restored)
    return Restoration(restored[-1].position, event, every)


def _references(adapter: Adapter, before: Sequence[Adapter | None], state: Payment) -> list[str]:
    """Every reference that a payment may have got at a provider, the last of `before` in its plan.

    They are numbered through all providers, and where a repeat moves nothing twice, a repeat has
    the same one.
    """
    first = len(before)
    repeats = [one for one in before if one and state.power not in one.idempotent_powers]
    used = len({one.reference for one in state.attempts})
    numbers = range(first, first + 1)
    if repeats:
        numbers = range(first, first + used + REFERENCES_MAX)
    return [adapter.reference_for(state.requested.payment_id, number) for number in numbers]


def _was_submitted_since(position: int, recorded: Sequence[RecordedEvent]) -> bool:
    """Whether this life of the log has submitted it already: it was looked for before."""
    return any(
        one.position > position and isinstance(one.event, events.PaymentSubmissionStarted)
        for one in recorded
    )


def _providers_of(state: Payment) -> list[str]:
    """Where a payment may have gone, in the order in which it would."""
    planned = [one.provider for one in state.requested.plan]
    return [*dict.fromkeys((state.requested.provider, *planned, state.provider))]


def _can_find(adapter: Adapter, state: Payment) -> bool:
    return isinstance(adapter, Finds) and state.power in adapter.finds_by_reference


def _unaskable(adapter: Adapter | None, name: str) -> tuple[str, float]:
    shown = name if adapter is None else adapter.display_name
    reason = (
        f"the log was restored, and {shown} cannot be asked by our reference whether it has this "
        "payment already: look for it there, and see `cauri restored`"
    )
    return reason, UNASKABLE_SECONDS


def _doubtful(adapter: Adapter, told: str) -> str:
    return (
        f"the log was restored, and {adapter.display_name} has not said yet whether it has this "
        f"payment already: {told}"
    )
