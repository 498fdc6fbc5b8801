"""Cash-ins, one by one or several in one call: a part of `adapters.providers.orange_sonatel`.

Sonatel takes an array of cash-ins in one call and gives a bulk id for it. That says nothing of a
single one, and nobody describes the callbacks, so each is asked about by its own reference.

The trick: who comes first opens a batch, whose task waits a moment for others and then makes the
call; everybody waits for that task and is told what it was told. Who is cancelled while the batch
waits takes the cash-in out of it; afterwards the call goes on for the others.

What the answer means for the money, for every cash-in of the batch alike:

    2xx with a bulk id                         accepted
    401, 429; 403 without a code               not sent: turned away at the door
    400, 403, 422 with a code about the        declined: the first cash-in would have met it
    retailer or the key of the PIN
    all else                                   unknown: any other code too, which may be about one
                                               of them only, while the others were paid

A batch of one goes by the single call, whose answer says more.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from adapters.answer import Answer, NotSentError, TransportError, object_in
from adapters.base import Accepted, Declined, NotSent, Submission, Unknown
from adapters.overhearing import about_nobody
from adapters.providers._orange_sonatel_answers import (
    REFUSING,
    TURNED_AWAY,
    code_of,
    parse_moved,
    told,
)
from adapters.providers._orange_sonatel_codes import OF_THE_PAYEE, OF_THE_RETAILER
from adapters.providers._orange_sonatel_requests import build_cashin
from adapters.transcript import figure
from adapters.transport import CLOSED
from adapters.ways import on_errand, present_errand
from ledger.money import Money

WINDOW_SECONDS: Final = 0.2
"""How long the first cash-in of a batch waits for others."""

Build = Callable[[str], object]
"""Makes a body of the sealed PIN."""

Post = Callable[[str, Build, Mapping[str, str]], Awaitable[Answer]]
"""Posts to a path what holds the sealed PIN, under these headers; raises TransportError."""

Wait = Callable[[float], Awaitable[None]]

_Made = tuple[Submission, int | None]
"""What became of a batch, and the status of the last answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CashIn:
    """One payout as Sonatel takes it. Holds the clear number: never log."""

    retailer: str = field(repr=False)
    payee: str = field(repr=False)
    """Nine digits."""
    money: Money
    reference: str
    callback_url: str | None

    def body(self, sealed_pin: str) -> dict[str, object]:
        """Build what is sent of it."""
        return build_cashin(self.retailer, sealed_pin, self.payee, self.money, self.reference)


@dataclass(slots=True, eq=False)
class _Batch:
    """Cash-ins that go together; `window` ends when no more are waited for."""

    window: asyncio.Future[None]
    task: asyncio.Task[_Made] | None = None
    cashins: list[CashIn] = field(default_factory=list)
    is_begun: bool = False

    def cancel(self) -> None:
        """End it, the waiting as well as the call."""
        self.window.cancel()
        if self.task is not None:
            self.task.cancel()


class CashIns:
    """Makes cash-ins, up to `size_max` of them in one call; up to one means one by one."""

    def __init__(self, post: Post, *, size_max: int, wait: Wait) -> None:
        """Make it; nothing is called or awaited before the first cash-in."""
        self._post, self._size_max, self._wait = post, size_max, wait
        self._open: _Batch | None = None
        self._running: set[_Batch] = set()
        self._is_closed = False

    async def make(self, cashin: CashIn) -> Submission:
        """Pay one person, alone or together with others who come within the window."""
        if self._size_max <= 1:
            return await self._make_one(cashin)
        if self._is_closed:
            return NotSent(CLOSED)
        batch = self._joined(cashin)
        assert batch.task is not None
        try:
            outcome, status = await asyncio.shield(batch.task)
        except asyncio.CancelledError:
            ourselves = asyncio.current_task()
            if batch.task.cancelled() and not (ourselves and ourselves.cancelling()):
                return Unknown(CLOSED) if batch.is_begun else NotSent(CLOSED)
            self._withdraw(cashin, batch)
            raise
        # The call was made on the first one's errand; whoever came along was answered as well.
        present_errand().status = status
        return outcome

    async def close(self) -> None:
        """End what waits; who was only waiting is told that nothing was sent."""
        self._is_closed, self._open = True, None
        batches = list(self._running)
        for batch in batches:
            batch.cancel()
        tasks = [one.task for one in batches if one.task is not None]
        await asyncio.gather(*tasks, return_exceptions=True)

    def _joined(self, cashin: CashIn) -> _Batch:
        """Put a cash-in into the open batch, or into a new one; a full one waits no longer."""
        batch = self._open
        if batch is None:
            batch = self._open = _Batch(asyncio.ensure_future(self._wait(WINDOW_SECONDS)))
            batch.task = asyncio.create_task(self._make_all(batch), name="cash-ins")
            self._running.add(batch)
            batch.task.add_done_callback(lambda task: self._forget(batch, task))
        batch.cashins.append(cashin)
        if len(batch.cashins) >= self._size_max:
            self._open = None
            batch.window.cancel()
        return batch

    def _withdraw(self, cashin: CashIn, batch: _Batch) -> None:
        """Take a cash-in out of a batch that still waits; once it is begun, it stays in."""
        if batch.is_begun:
            return
        batch.cashins = [one for one in batch.cashins if one is not cashin]
        if not batch.cashins:
            self._close_to_others(batch)
            batch.cancel()

    def _close_to_others(self, batch: _Batch) -> None:
        if self._open is batch:
            self._open = None

    def _forget(self, batch: _Batch, task: asyncio.Task[_Made]) -> None:
        self._running.discard(batch)
        self._close_to_others(batch)
        # A failure nobody waits for any more is nobody's failure.
        _ = task.cancelled() or task.exception()

    async def _make_all(self, batch: _Batch) -> _Made:
        await asyncio.wait([batch.window])
        self._close_to_others(batch)
        batch.is_begun = True
        # It carries several persons' numbers, of whom any may have come first.
        with about_nobody(), on_errand(present_errand().power) as errand:
            if len(batch.cashins) == 1:
                outcome = await self._make_one(batch.cashins[0])
            else:
                outcome = await self._make_several(batch.cashins)
        return outcome, errand.status

    async def _make_one(self, cashin: CashIn) -> Submission:
        try:
            answer = await self._post("/api/eWallet/v1/cashins", cashin.body, {})
        except NotSentError as error:
            return NotSent(error.reason)
        except TransportError as error:
            return Unknown(error.reason)
        return parse_moved(answer, of_the_person=OF_THE_PAYEE)

    async def _make_several(self, cashins: list[CashIn]) -> Submission:
        # One address for all of them: what is told there is only a reason to ask.
        url = next((one.callback_url for one in cashins if one.callback_url), None)
        try:
            answer = await self._post(
                "/api/eWallet/v1/bulkcashins",
                lambda sealed_pin: [one.body(sealed_pin) for one in cashins],
                {} if url is None else {"X-Callback-Url": url},
            )
        except NotSentError as error:
            return NotSent(error.reason)
        except TransportError as error:
            return Unknown(error.reason)
        return parse_bulk(answer)


def parse_bulk(answer: Answer) -> Submission:
    """Say what the answer to a bulk means for each of its cash-ins; see the module's table."""
    code = code_of(answer)
    if 200 <= answer.status < 300:
        bulk_id = figure((object_in(answer.body) or {}).get("bulkId"))
        if bulk_id is None:
            return Unknown(f"{told(answer)} without a bulk id")
        return Accepted(handle={"bulk_id": bulk_id})
    if answer.status in REFUSING and code in OF_THE_RETAILER:
        return Declined(code=code, reason=told(answer), is_technical=True)
    if answer.status in TURNED_AWAY and (answer.status != 403 or code is None):
        return NotSent(told(answer))
    return Unknown(told(answer))
