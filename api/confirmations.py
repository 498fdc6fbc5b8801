"""Confirmations over HTTP: hand in the one-time code that the operator gave the payer.

The code goes sealed into the payment's stream; a reactor hands it to the provider and destroys it
(`adapters.confirming`). What came of it is told by the payment: it is final, or awaits a code again
and its `reason` says why.
"""

from collections.abc import Sequence
from typing import Final

from aiohttp import web

from api import documents, payments, schemas
from api.calls import Call, answer, validated
from api.requests import (
    REPEATED_HEADER,
    content_digest,
    idempotency_key,
    sealed_one_time_code,
)
from ledger import commands
from ledger.entry import RecordedEvent
from ledger.errors import UnknownMerchantError
from ledger.events import PaymentCodeGiven
from ledger.payment import Payment

PURPOSE: Final = "confirmation"
"""The domain of the keyed hash by which a repeated request is known."""


async def confirm_payment(call: Call) -> web.Response:
    """Take a code: `202`; a repeat gives the same answer."""
    services, asker = call.services, call.asker
    if asker.merchant_id is None:
        raise UnknownMerchantError("", "GiveCode")
    key = idempotency_key(call)
    given = await call.json_object()
    state, recorded = await payments.load(call, "collection")
    confirmation_id = services.vault.digest(PURPOSE, f"{asker.merchant_id}\0{key}".encode())
    is_repeat = _known(state, confirmation_id)
    if not is_repeat:
        wanted = validated(schemas.ConfirmationRequest, given)
        sealed_code, keys = sealed_one_time_code(
            call, state.requested.payment_id, wanted.one_time_code
        )
    else:
        sealed_code, keys = "", ()
    command = commands.GiveCode(
        payment_id=state.requested.payment_id,
        confirmation_id=confirmation_id,
        sealed_code=sealed_code,
        content_digest=content_digest(call, given),
    )
    handled = await services.handler.handle(command, context=call.context(asker.actor), keys=keys)
    if not handled.events:
        _, recorded = await payments.load(call, "collection")
    return _receipt([*recorded, *handled.events], confirmation_id, is_repeat=not handled.events)


def _known(state: Payment, confirmation_id: str) -> bool:
    return any(one.confirmation_id == confirmation_id for one in state.confirmations)


def _receipt(
    recorded: Sequence[RecordedEvent], confirmation_id: str, *, is_repeat: bool
) -> web.Response:
    """Answer with what was handed in: a function of its event and of those before it."""
    given = [one for one in recorded if isinstance(one.event, PaymentCodeGiven)]
    number, found = next(
        (number, one)
        for number, one in enumerate(given, 1)
        if isinstance(one.event, PaymentCodeGiven) and one.event.confirmation_id == confirmation_id
    )
    written = documents.ConfirmationReceipt(
        payment_id=found.stream.partition("-")[2],
        number=number,
        created_at=found.recorded_at,
        position=found.position,
    )
    headers = {"Location": f"/v1/payments/{written.payment_id}"}
    if is_repeat:
        headers[REPEATED_HEADER] = "true"
    return answer(written, status=202, position=found.position, headers=headers)
