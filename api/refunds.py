"""Refunds over HTTP: give a payment back, whole or in part.

The amount is reserved in the payment's own stream before anything else happens, so never more is
given back than was taken, however many ask at once. The provider that took the payment refunds it;
where it cannot, the payer is paid by a payout, if the merchant allows that, because it costs what a
payout costs.
"""

from collections.abc import Mapping
from typing import Any, Final, cast

import orjson
from aiohttp import web

from adapters.directory import BY_CODE
from adapters.powers import GivesBack
from adapters.providers import title_of
from adapters.refunds import let_go, request_of, reserved_in
from api import payments, schemas
from api.calls import Call, validated
from api.erased import KEY_MISSING, RESTORE_KEY
from api.errors import NOT_REFUNDABLE, Place, ProblemError
from api.modes import mode_of
from api.requests import content_digest, expires_at, idempotency_key, is_apart, receipt
from api.routing import Choice, plan_of, within_limits
from ledger import commands
from ledger.entry import RecordedEvent
from ledger.errors import (
    ErasedError,
    IdempotencyKeyReusedError,
    NotRefundableError,
    UnknownMerchantError,
    UnknownPaymentError,
)
from ledger.events import PaymentRefundReserved, PaymentRequested
from ledger.forgotten import is_payer_forgotten
from ledger.identity import Candidate, Kind, payment_id_of
from ledger.money import Money, parse_money
from ledger.payment import Payment
from ledger.payment_refunds import GIVEN_BACK
from ledger.sentences import Sentence, explained

WHERE: Final = "/v1/refunds"
_REFUND: Final[Kind] = "refund"


async def create_refund(call: Call) -> web.Response:
    """Give a payment back: `202` and where to look; a repeat gives the same answer."""
    services, asker = call.services, call.asker
    if asker.merchant_id is None:
        raise UnknownMerchantError("", "ReserveRefund")
    key = idempotency_key(call)
    given = await call.json_object()
    state, recorded = await payments.load(call, "collection")
    refund_id = payment_id_of(asker.merchant_id, key, "refund", is_apart=is_apart(call))
    # Of the address too: one key for two payments is no repeat.
    about = {"payment_id": state.requested.payment_id, "content": given}
    context = call.context(asker.actor)
    reserved = reserved_in(recorded, refund_id)
    is_repeat = reserved is not None
    digest = content_digest(call, about)
    if reserved is None:
        await _check_unused(call, refund_id, digest)
        await _check_let_go(call, state)
    command = await _asked(call, state, recorded[0], refund_id, given, digest)
    handled = await services.handler.handle(command, context=context)
    for one in handled.events:
        if isinstance(one.event, PaymentRefundReserved):
            reserved = one.event
    if reserved is None:
        # Somebody else reserved it between our look and our command.
        state, recorded = await payments.load(call, "collection")
        reserved, is_repeat = reserved_in(recorded, refund_id), True
        assert reserved is not None
    try:
        opened = await services.handler.handle(request_of(state, reserved), context=context)
    except IdempotencyKeyReusedError:
        # Another process took the key for another payment between our look and our command.
        released = let_go(state.requested.payment_id, refund_id)
        await services.handler.handle(released, context=context)
        raise
    first = opened.events[0] if opened.events else None
    if first is None:
        first = (await services.handler.payment(refund_id))[1][0]
    return receipt(first, WHERE, is_repeat=is_repeat)


async def _check_unused(call: Call, refund_id: str, digest: str) -> None:
    """Refuse a key that stands for another refund, before anything is reserved for it.

    Raises:
        IdempotencyKeyReusedError: it does; that of another payment, as this one knows of none.
    """
    try:
        state, _ = await call.services.handler.payment(refund_id)
    except UnknownPaymentError:
        return
    if state.requested.content_digest != digest:
        raise IdempotencyKeyReusedError(refund_id)


async def _check_let_go(call: Call, state: Payment) -> None:
    """Refuse while a refund that came to nothing may have come to something after all.

    Its collection was told so, and is told better once the refund's last word is known; until then
    the same money would be given back twice.

    Raises:
        NotRefundableError: there is such a refund.
    """
    for one in state.refunds:
        if one.is_given_back is not False:
            continue
        refund, _ = await call.services.handler.payment(one.refund_id)
        is_own = refund.requested.refund_of == state.requested.payment_id
        if is_own and GIVEN_BACK.get(refund.status) is not False:
            raise NotRefundableError(
                Sentence(
                    "An earlier refund of it, {refund}, is in doubt again.", refund=one.refund_id
                ),
                Sentence("Look at that refund, and ask again once it is final."),
            )


async def show_refund(call: Call) -> web.Response:
    """Show one refund as its events say, now or as of a position or a time."""
    return await payments.show(call, "refund")


async def list_all(call: Call) -> web.Response:
    """List refunds, of every payment or of the one that is asked for, newest first."""
    return await payments.listed(call, "refund", refund_of=call.query.payment_id)


async def list_refunds(call: Call) -> web.Response:
    """List the refunds of one payment, newest first."""
    state, _ = await payments.load(call, "collection")
    return await payments.listed(call, "refund", refund_of=state.requested.payment_id)


async def _asked(
    call: Call,
    state: Payment,
    requested: RecordedEvent,
    refund_id: str,
    given: Mapping[str, Any],
    digest: str,
) -> commands.ReserveRefund:
    """Make the command of a request.

    Raises:
        ProblemError, LedgerError: the request cannot be used.
    """
    known = state.refund(refund_id)
    wanted = validated(schemas.RefundRequest, given) if known is None else schemas.RefundRequest()
    left = Money(state.refundable_minor, state.money.currency)
    money = left if wanted.amount is None else parse_money(wanted.amount, left.currency)
    route, power = Candidate(state.provider, "it is a repeat"), _REFUND
    sealed = ""
    if known is None:
        if money.amount_minor and money.amount_minor <= left.amount_minor:
            # What cannot be given back at all is the ledger's to refuse, and needs no route.
            route, power = _route(call, state, money, wanted)
        sealed = await _sealed(call, requested, refund_id, wanted)
    return commands.ReserveRefund(
        payment_id=state.requested.payment_id,
        refund_id=refund_id,
        money=money,
        provider=route.provider,
        route_reason=route.reason,
        power=power,
        sealed=sealed,
        content_digest=digest,
        expires_at=expires_at(call),
    )


def _route(
    call: Call, state: Payment, money: Money, wanted: schemas.RefundRequest
) -> tuple[Candidate, Kind]:
    """Choose who gives it back, and how."""
    adapters, settled = call.services.adapters_of[mode_of(call.asker)], state.settled
    took = settled.because[0].provider if settled.because else state.provider
    adapter = adapters.get(took)
    is_whole = money == state.money
    if adapter is not None and "refund" in adapter.capabilities:
        if is_whole or cast("GivesBack", adapter).can_refund_in_part:
            return Candidate(took, "it took the payment"), "refund"
        reason = Sentence(
            "{provider} gives a payment back whole or not at all.", provider=adapter.display_name
        )
    else:
        reason = Sentence("{provider} cannot give a payment back.", provider=title_of(took))
    if not wanted.allow_payout:
        remedy = Sentence("Send `allow_payout: true` to pay the customer back by a payout.")
        place = Place("pointer", "/allow_payout", reason, remedy)
        raise ProblemError(NOT_REFUNDABLE, explained(reason, remedy), [place])
    operator = BY_CODE.get(state.requested.operator or "")
    plan = plan_of(adapters, operator, money.currency, "payout") if operator else ()
    if adapter is not None and "payout" in adapter.capabilities:
        instead = Choice(took, f"{reason} It pays out instead")
        within_limits((instead,), operator, money, "payout")
        return Candidate(*instead), "payout"
    if not plan:
        remedy = Sentence("Pay the customer another way; no enabled provider can pay out to them.")
        raise ProblemError(NOT_REFUNDABLE, explained(reason, remedy))
    plan = within_limits(plan, operator, money, "payout")
    return Candidate(plan[0].provider, f"{reason} {plan[0].reason}"), "payout"


async def _sealed(
    call: Call, requested: RecordedEvent, refund_id: str, wanted: schemas.RefundRequest
) -> str:
    """Seal the refund's particulars beside the payment's; the number is that which paid.

    Under their very key, and none is made: whoever was forgotten a moment ago stays forgotten.

    Raises:
        ProblemError: the payer was erased, and with it the number; or its key is missing.
    """
    vault, request = call.services.vault, requested.event
    assert isinstance(request, PaymentRequested)
    if await vault.is_erased(request.sealed, afresh=True):
        # What this process remembers may be what another one destroyed a moment ago.
        vault.forget(request.payer)
    try:
        opened = orjson.loads(await vault.open(request.sealed, context=request.payment_id))
        particulars = {
            "phone": opened["phone"],
            "description": wanted.reason,
            "metadata": wanted.metadata,
            "language": opened.get("language"),
        }
        written = orjson.dumps(particulars)
        return await vault.seal_beside(request.sealed, written, context=refund_id)
    except ErasedError:
        if not await is_payer_forgotten(call.services.store, requested):
            remedy = explained(KEY_MISSING, RESTORE_KEY)
            raise ProblemError(NOT_REFUNDABLE, remedy) from None
        reason = Sentence("The payer was erased, and with it the number to pay back to.")
        raise ProblemError(NOT_REFUNDABLE, reason) from None
