"""Moving: which of an adapter's verbs performs a payment, and what it is told.

A collection is submitted, a payout paid out, a refund given back or, where the provider cannot,
paid out; each is asked about by the verb that belongs to it. This is the one place that knows the
three, so that dispatch and polling know only "submit" and "ask".

It decides nothing and records nothing.
"""

from collections.abc import Mapping
from typing import Any, Final, assert_never, cast

import orjson

from adapters.base import Adapter, Charge, Declined, Inquiry, NotSent, Power, Submission, Unknown
from adapters.one_time_codes import without_code
from adapters.powers import (
    ChecksAccounts,
    GivesBack,
    Original,
    PaysOut,
    Prepared,
    Prepares,
    Return,
    Transfer,
)
from adapters.recording import Recorder, handle_context
from adapters.refusals import PAYEE_INACTIVE, POWER_MISSING
from ledger.particulars import open_particulars
from ledger.payment import Attempt, Payment, Status
from ledger.payment_codes import code_context

Order = Charge | Transfer | Return
"""What an adapter is told about a payment. Holds the clear number: never log."""

LANGUAGE: Final = "fr"

_POWERS: Final[Mapping[type[Order], Power]] = {
    Charge: "collection",
    Transfer: "payout",
    Return: "refund",
}


async def order_of(recorder: Recorder, state: Payment, callback_url: str) -> Order:
    """Open what was sealed with a payment, and write it as its power wants it.

    Raises:
        ErasedError: the person was erased, or a one-time code that was sent along was used.
    """
    request = state.requested
    particulars = await open_particulars(recorder.vault, request.sealed, request.payment_id)
    given: dict[str, Any] = {
        "payment_id": request.payment_id,
        "money": state.money,
        "phone": particulars["phone"],
        "country": request.country,
        "description": particulars.get("description") or "",
        "callback_url": callback_url,
    }
    match state.power:
        case "collection":
            return Charge(
                **given,
                return_url=particulars.get("return_url"),
                cancel_url=particulars.get("cancel_url"),
                language=particulars.get("language") or LANGUAGE,
                one_time_code=await code_of(recorder, state),
            )
        case "payout":
            return Transfer(**given, language=particulars.get("language") or LANGUAGE)
        case "refund":
            return Return(**given, original=await original_of(recorder, state))
        case _:
            assert_never(state.power)


async def code_of(recorder: Recorder, state: Payment) -> str | None:
    """Open the one-time code that waits to be used; None where there is none.

    Raises:
        ErasedError: it was used already, or somebody is about to use it.
    """
    if state.sealed_code is None:
        return None
    context = code_context(state.requested.payment_id)
    return (await recorder.vault.open(state.sealed_code, context=context)).decode()


async def original_of(recorder: Recorder, state: Payment) -> Original:
    """Name the collection that a refund gives back, as its provider knows it."""
    collection, _ = await recorder.handler.payment(state.requested.refund_of or "")
    settled = collection.settled
    reference = settled.reference or ""
    attempt = collection.attempt_of(reference)
    handle: Mapping[str, str] = {}
    if attempt is not None:
        handle = await handle_of(recorder, collection.requested.payment_id, attempt) or {}
    return Original(
        payment_id=collection.requested.payment_id,
        reference=reference,
        money=collection.money,
        provider_transaction_id=settled.provider_transaction_id,
        handle=handle,
    )


async def is_backed(recorder: Recorder, state: Payment) -> bool:
    """Whether what a refund gives back was taken, as far as anybody knows now.

    Who gives it back under the reference under which it was taken has to be the one who took it:
    which of several providers that was may have turned out otherwise.
    """
    if state.requested.refund_of is None:
        return True
    collection, _ = await recorder.handler.payment(state.requested.refund_of)
    took = {one.provider for one in collection.settled.because}
    is_with_it = state.power != "refund" or state.provider in took
    return collection.verdict is Status.SUCCEEDED and is_with_it


async def handle_of(
    recorder: Recorder, payment_id: str, attempt: Attempt
) -> Mapping[str, str] | None:
    """Open what the provider wants back when it is asked; None where it gave nothing."""
    if attempt.sealed_handle is None:
        return None
    context = handle_context(payment_id, attempt.reference)
    opened: Mapping[str, str] = orjson.loads(
        await recorder.vault.open(attempt.sealed_handle, context=context)
    )
    return opened


async def prepare(adapter: Adapter, order: Order, reference: str) -> Prepared | Declined | NotSent:
    """Fetch what asking about an order will need, where its provider gives such a thing."""
    if not isinstance(adapter, Prepares) or _POWERS[type(order)] not in adapter.capabilities:
        return Prepared()
    return await adapter.prepare(order, reference)


async def submit(adapter: Adapter, order: Order, reference: str) -> Submission:
    """Hand an order to the verb that is made for it."""
    power = _POWERS[type(order)]
    if power not in adapter.capabilities:
        reason = f"{adapter.name} has no {power} any more"
        return Declined(code=POWER_MISSING, reason=reason, is_technical=True)
    match order:
        case Charge():
            outcome = await adapter.submit(order, reference)
            code = order.one_time_code
            return outcome if code is None else without_code(outcome, code)
        case Transfer():
            return await _payable(adapter, order) or await cast("PaysOut", adapter).pay_out(
                order, reference
            )
        case Return():
            return await cast("GivesBack", adapter).refund(order, reference)
        case _:
            assert_never(order)


async def inquire(
    adapter: Adapter, power: Power, reference: str, handle: Mapping[str, str] | None
) -> Inquiry:
    """Ask by the verb that belongs to the power."""
    if power not in adapter.capabilities:
        return Unknown(f"{adapter.name} has no {power} to be asked about")
    match power:
        case "collection":
            return await adapter.inquire(reference, handle)
        case "payout":
            return await cast("PaysOut", adapter).inquire_payout(reference, handle)
        case "refund":
            return await cast("GivesBack", adapter).inquire_refund(reference, handle)
        case _:
            assert_never(power)


async def _payable(adapter: Adapter, transfer: Transfer) -> Declined | None:
    """Look whether a payee can be paid, where the provider tells; None if nothing is against it.

    A provider that does not answer this is no reason not to pay: it will judge the payout itself.
    """
    if "account_check" not in adapter.capabilities:
        return None
    checked = await cast("ChecksAccounts", adapter).check_account(transfer.phone, transfer.country)
    if isinstance(checked, Unknown) or checked.is_active:
        return None
    reason = checked.detail or f"{adapter.name} says that this number cannot be paid"
    return Declined(code=checked.code or PAYEE_INACTIVE, reason=reason)
