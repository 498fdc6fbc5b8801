"""Cancellations over HTTP: a merchant ends what certainly no provider has, for ever.

Whether that is certain is the ledger's to decide (`ledger.payment_ending`), under the version
of the payment's stream: whoever submits it at the same moment is first, or comes too late.

No Idempotency-Key is taken: there is nothing to ask for twice, and a repeat is answered by what
the first one recorded.
"""

from collections.abc import Sequence

from aiohttp import web

from adapters.recording import Recorder
from adapters.refunds import settling_of
from api import documents, payments
from api.calls import Call, answer
from ledger.commands_cancelling import CancelPayment
from ledger.entry import RecordedEvent
from ledger.events import PaymentExpired
from ledger.identity import Kind
from ledger.payment_ending import CANCELLED
from ledger.restoration import STREAM, may_have_been_sent


async def cancel_payment(call: Call) -> web.Response:
    """End a payment that no provider has."""
    return await _cancel(call, "collection")


async def cancel_payout(call: Call) -> web.Response:
    """End a payout that no provider has."""
    return await _cancel(call, "payout")


async def cancel_refund(call: Call) -> web.Response:
    """End a refund that no provider has: what was reserved for it may be given back anew."""
    return await _cancel(call, "refund")


async def _cancel(call: Call, kind: Kind) -> web.Response:
    services = call.services
    state, recorded = await payments.load(call, kind)
    restorations = await services.store.read_stream(STREAM)
    first = recorded[0]
    command = CancelPayment(
        payment_id=state.requested.payment_id,
        may_be_elsewhere=may_have_been_sent(
            [(one.position, one.event) for one in restorations], first.position, first.recorded_at
        ),
    )
    context = call.context(call.asker.actor)
    recorder = Recorder(services.handler, services.vault, context=context)
    await recorder.record(command)
    state, recorded = await payments.load(call, kind)
    # A reactor does it otherwise; whoever looks at once shall see what is left to give back.
    if (settling := settling_of(state)) is not None:
        await recorder.record(settling)
    return _receipt(kind, recorded)


def _receipt(kind: Kind, recorded: Sequence[RecordedEvent]) -> web.Response:
    """Answer with what ended it first: a function of that event alone, whatever came after it."""
    ended = next(
        one
        for one in recorded
        if isinstance(one.event, PaymentExpired) and one.event.code == CANCELLED
    )
    written = documents.CancellationOut(
        id=ended.stream.partition("-")[2],
        kind=kind,
        status="expired",
        code=CANCELLED,
        cancelled_at=ended.recorded_at,
        position=ended.position,
    )
    return answer(written, position=ended.position)
