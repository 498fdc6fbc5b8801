"""Payments over HTTP: ask for one, look at one, list them, read one's audit trail.

A payment's id derives from the merchant and the Idempotency-Key, and its receipt from its first
event alone, so a repeated request is answered with the same bytes for ever, whatever has become of
the payment, the providers and these rules since. One payment is answered by folding its stream and
is always current; the list comes from a projection and says at which position it stands.

Another merchant's payment is answered exactly like one that does not exist, and so is a payment for
real to a test key, and a test to one for real.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

import orjson
from aiohttp import web

from adapters.directory import parse_phone
from adapters.recording import handle_context
from adapters.refusal_texts import Language
from api import documents, schemas, views
from api.as_of import created, effective, known_at, known_position
from api.by_key import rows_by_key
from api.calls import Call, answer, answer_bytes
from api.erased import is_erased
from api.errors import (
    INVALID_REQUEST,
    UNKNOWN_PAYMENT,
    Place,
    ProblemError,
)
from api.kept_reasons import with_route_reasons
from api.past import Fixed, past_page
from api.problems import language_of
from api.refusal_views import code_of, refusal_of
from api.requests import take
from api.shown import Written, remember_written, written_before
from api.waiting import caught_up
from ledger import payment
from ledger.entry import RecordedEvent
from ledger.errors import (
    ErasedError,
    UnknownMerchantError,
    UnknownPaymentError,
)
from ledger.identity import Kind, Mode, is_payment_id
from ledger.particulars import OF_NAMED, open_particulars
from ledger.payment import Payment, Status
from ledger.sentences import Sentence
from projections.effective import ALWAYS, Effective
from projections.payments import PaymentRow

_OPENING: Final = frozenset({"merchant", "operator", "admin"})
"""The roles that are shown what was sealed with a payment; others see that it exists."""


async def create_payment(call: Call) -> web.Response:
    """Take a payment: `202` and where to look; a repeat gives the same answer."""
    return await take(call, schemas.PaymentRequest, where="/v1/payments")


async def show_payment(call: Call) -> web.Response:
    """Show one payment as its events say, now or as of a position or a time."""
    return await show(call, "collection")


async def show(call: Call, kind: Kind) -> web.Response:
    """Show one payment, payout or refund as its events say."""
    state, recorded = await load(call, kind)
    if (point := await known_at(call)) is not None:
        state, recorded = _as_of(call, recorded, point)
    accepted, sealed = call.request.headers.get("Accept-Language"), state.requested.sealed
    told = (language_of(accepted), call.query.particulars and call.asker.role in _OPENING)
    written = written_before(call.services.vault, sealed, recorded[-1], told)
    if written is None:
        written = await write(call, state, recorded, told)
    return answer_bytes(written.body, position=written.last.position, headers=written.headers)


async def write(
    call: Call, state: Payment, recorded: Sequence[RecordedEvent], told: tuple[Language, bool]
) -> Written:
    """Write a payment as its events say, and as much of what was sealed as is told."""
    services, request = call.services, state.requested
    vault, (language, is_opening) = services.vault, told
    opened: Mapping[str, Any] = {}
    if is_opening:
        with suppress(ErasedError):
            opened = await open_particulars(vault, request.sealed, request.payment_id)
    redirect = await redirect_url(call, state)
    refusal = refusal_of(state, recorded, adapters=services.adapters, accepted=language)
    content = views.payment_of(
        state,
        recorded,
        mode=services.mode_of(request),
        code=code_of(state),
        redirect_url=redirect,
        description=opened.get("description"),
        metadata=opened.get("metadata"),
        refusal=refusal,
        # What was opened is not erased; nothing was where it is, or was not to be opened.
        is_erased=not opened and await is_erased(vault, services.store, recorded[0]),
    )
    written = Written(
        orjson.dumps(with_route_reasons(content, language), option=orjson.OPT_UTC_Z),
        {"Content-Language": language} if refusal or language != "en" else None,
        recorded[-1],
    )
    if redirect is None and OF_NAMED not in opened:
        remember_written(vault, request.sealed, told, written)
    return written


async def list_payments(call: Call) -> web.Response:
    """List payments, newest first, from the projection."""
    return await listed(call, "collection")


async def listed(call: Call, kind: Kind, *, refund_of: str | None = None) -> web.Response:
    """List payments, payouts or refunds, newest first, from the projection."""
    services, query, asker = call.services, call.query, call.asker
    merchant_id, mode = whose(call)
    if query.idempotency_key is not None:
        rows, position = await rows_by_key(call, kind, merchant_id, mode, refund_of=refund_of)
        return _page(call, rows, position)
    known, moved = await known_position(call), effective(call)
    created_from, created_to = created(call)
    least = max(query.min_position or 0, known or 0) or None
    position = await caught_up(call, services.payments.name, least)
    payer = None
    if query.phone is not None:
        payer = services.vault.person(parse_phone(query.phone, asker.country).e164)
    limit = min(query.limit, services.settings.page_entries_max)
    fixed = Fixed(
        kind=kind,
        refund_of=refund_of,
        merchant_id=merchant_id,
        modes=services.modes_seen(mode),
        created_from=created_from,
        created_to=created_to,
        payer=payer,
    )
    if known is not None:
        rows, next_after = await past_page(call, fixed, moved, until=known, limit=limit)
    else:
        rows = await services.payments.page(
            **fixed._asdict(),
            status=query.status,
            provider=query.provider,
            effective=moved,
            after=query.after,
            limit=limit,
        )
        next_after = rows[-1].position if len(rows) == limit else None
    return _page(call, rows, position, known=known, moved=moved, next_after=next_after)


def _page(
    call: Call,
    rows: Sequence[PaymentRow],
    position: int,
    *,
    known: int | None = None,
    moved: Effective = ALWAYS,
    next_after: int | None = None,
) -> web.Response:
    # An answer about the past is the same for ever: it stands where it looks from.
    stands = position if known is None else known
    page = documents.PaymentPage(
        position=stands,
        known_at=known,
        effective_from=moved.since,
        effective_to=moved.before,
        payments=[_summary(row, call.services.default_mode) for row in rows],
        next_after=next_after,
    )
    return answer(page, position=stands)


def _summary(row: PaymentRow, default_mode: Mode) -> documents.PaymentSummary:
    return documents.PaymentSummary(
        id=row.payment_id,
        kind=row.kind,
        refund_of=row.refund_of,
        refunded=views.decimal_text(row.refunded_minor, row.currency),
        status=row.status,
        reason=row.reason,
        amount=views.decimal_text(row.amount_minor, row.currency),
        currency=row.currency,
        merchant_id=row.merchant_id,
        mode=row.mode or default_mode,
        provider=row.provider,
        operator=row.operator,
        country=row.country,
        created_at=row.requested_at,
        final_at=row.final_at,
        moved_at=row.moved_at,
        position=row.position,
    )


def whose(call: Call) -> tuple[str | None, Mode | None]:
    """Which merchant's things, and of which mode, a query asks for; None: everybody's, any.

    Raises:
        UnknownMerchantError, ProblemError: a merchant's key asks for what it does not see.
    """
    query, asker = call.query, call.asker
    merchant_id: str | None = query.merchant_id
    if asker.role == "merchant":
        if merchant_id not in {None, asker.merchant_id}:
            raise UnknownMerchantError(merchant_id)
        merchant_id = asker.merchant_id
    mode: Mode | None = asker.mode or query.mode
    if query.mode not in {None, mode}:
        raise _other_mode(query.mode)
    return merchant_id, mode


def _other_mode(mode: Mode) -> ProblemError:
    reason = Sentence("Your key does not see payments of the mode {mode}.", mode=mode)
    place = Place("parameter", "mode", reason, Sentence("Leave it out, or use another key."))
    return ProblemError(INVALID_REQUEST, place.sentence, [place])


async def show_events(call: Call) -> web.Response:
    """Show a payment's audit trail: every event, and the hash that stands for it in the tree."""
    _, recorded = await load(call)
    trail = documents.EventPage(
        payment_id=call.request.match_info["payment_id"],
        position=recorded[-1].position,
        events=[views.event_of(one) for one in recorded],
    )
    return answer(trail, position=recorded[-1].position)


async def load(call: Call, kind: Kind | None = None) -> tuple[Payment, list[RecordedEvent]]:
    """Read what the address names, of a kind or of any.

    Raises:
        UnknownPaymentError: there is none, or it is another merchant's.
    """
    payment_id = call.request.match_info["payment_id"]
    if not is_payment_id(payment_id):
        raise UnknownPaymentError(payment_id)
    state, recorded = await call.services.handler.payment(payment_id)
    request = state.requested
    is_seen = call.asker.may_see(request.merchant_id, call.services.mode_of(request))
    if not is_seen or kind not in {None, state.kind}:
        raise UnknownPaymentError(payment_id)
    return state, recorded


def _as_of(
    call: Call, recorded: list[RecordedEvent], until: int | datetime
) -> tuple[Payment, list[RecordedEvent]]:
    """Fold only what had happened by then."""
    if isinstance(until, int):
        kept = [one for one in recorded if one.position <= until]
    else:
        kept = [one for one in recorded if one.recorded_at <= until]
    if not kept:
        reason = Sentence("This payment was not yet requested at the time given.")
        parameter = "as_of" if call.query.known_at is None else "known_at"
        remedy = Sentence("Send a later one, or leave it out.")
        place = Place("parameter", parameter, reason, remedy)
        raise ProblemError(UNKNOWN_PAYMENT, reason, [place])
    state = payment.INITIAL
    for one in kept:
        state = payment.evolve(state, one.event)
    return state, kept


async def open_sealed(call: Call, sealed: str, *, context: str) -> Mapping[str, Any]:
    """Open what was sealed; nothing where the person was erased."""
    try:
        opened = orjson.loads(await call.services.vault.open(sealed, context=context))
    except ErasedError:
        return {}
    return opened if isinstance(opened, dict) else {}


async def redirect_url(call: Call, state: Payment) -> str | None:
    """Say where the payer must go, while a payment waits for that; None where they need not."""
    attempt = state.attempt
    if state.status is not Status.PENDING or attempt is None or attempt.sealed_handle is None:
        return None
    context = handle_context(state.requested.payment_id, attempt.reference)
    opened = await open_sealed(call, attempt.sealed_handle, context=context)
    return opened.get("redirect_url")
