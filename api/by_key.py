"""By key: the one payment, payout or refund that was asked for under an Idempotency-Key.

Ids derive from the merchant and the key, so nothing is searched: the id is made again, and its
stream read. Whoever lost the answer to a request, or knows an order by its number alone, finds
what became of it without asking for it again; and the answer is as current as that of one payment,
for no projection is waited for.

A merchant may have asked for a test and for something real under one key: each key of his own sees
one of them, and staff both. A refund is there as soon as it is more than a reservation in the
payment's stream, which it is by the time its request is answered.
"""

from typing import Final

from api.calls import Call
from api.errors import INVALID_REQUEST, Place, ProblemError
from ledger.errors import UnknownPaymentError
from ledger.identity import Kind, Mode, payment_id_of
from ledger.sentences import Sentence
from projections.payments import PaymentRow
from projections.payments_rows import row_at

PARAMETER: Final = "idempotency_key"
_BESIDE: Final = frozenset({PARAMETER, "merchant_id", "mode", "min_position", "limit"})
"""What may be sent with it: the key names one thing, and there is nothing left to choose."""


async def rows_by_key(
    call: Call, kind: Kind, merchant_id: str | None, mode: Mode | None, *, refund_of: str | None
) -> tuple[list[PaymentRow], int]:
    """The rows of what was asked for under the key that is given, and the position they stand at.

    Args:
        call: with the key.
        kind: of what.
        merchant_id: whose; None where everybody's would be listed.
        mode: of which mode; None: of both.
        refund_of: of a refund, what it has to give back.

    Raises:
        ProblemError: it is not said whose, or something is sent that a key leaves no room for.
    """
    services, asker = call.services, call.asker
    _check_alone(call)
    if merchant_id is None:
        reason = Sentence("A key is a merchant's own: another one may have used the same.")
        remedy = Sentence("Send `merchant_id` with it.")
        place = Place("parameter", "merchant_id", reason, remedy)
        raise ProblemError(INVALID_REQUEST, place.sentence, [place])
    position, found = await services.store.position(), []
    # Both, whatever the mode: a deployment that went live has tests among its own ids.
    for space in (False, True):
        key = call.query.idempotency_key
        payment_id = payment_id_of(merchant_id, key, kind, is_apart=space)
        try:
            state, recorded = await services.handler.payment(payment_id)
        except UnknownPaymentError:
            continue
        request = state.requested
        its_mode = services.mode_of(request)
        if not asker.may_see(request.merchant_id, its_mode) or mode not in {None, its_mode}:
            continue
        row = row_at(recorded, recorded[-1].position)
        if row is not None and refund_of in {None, row.refund_of}:
            found.append(row)
            position = max(position, recorded[-1].position)
    return sorted(found, key=lambda row: -row.position), position


def _check_alone(call: Call) -> None:
    beside = ", ".join(sorted({*call.request.query} - _BESIDE))
    if beside:
        reason = Sentence(
            "An Idempotency-Key names one request, and nothing is left to choose by {names}.",
            names=beside,
        )
        remedy = Sentence("Leave {names} out, or leave the key out.", names=beside)
        place = Place("parameter", PARAMETER, reason, remedy)
        raise ProblemError(INVALID_REQUEST, place.sentence, [place])
