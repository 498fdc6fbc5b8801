"""Payments over HTTP: ask for one, look at one, list them, read one's audit trail.

A payment's id derives from the merchant and the Idempotency-Key, and its receipt from its first
event alone, so a repeated request is answered with the same bytes for ever, whatever has become of
the payment, the providers and these rules since. One payment is answered by folding its stream and
is always current; the list comes from a projection and says at which position it stands.

Another merchant's payment is answered exactly like one that does not exist.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import orjson
from aiohttp import web

from adapters.directory import parse_phone
from adapters.recording import handle_context
from api import schemas, views
from api.as_of import as_of_point
from api.calls import Call, answer, validated
from api.errors import (
    IDEMPOTENCY_KEY_INVALID,
    IDEMPOTENCY_KEY_MISSING,
    UNKNOWN_PAYMENT,
    Place,
    ProblemError,
)
from api.routing import choose_route
from api.waiting import caught_up
from ledger import commands, payment
from ledger.entry import RecordedEvent
from ledger.errors import (
    ErasedError,
    IdempotencyKeyReusedError,
    LedgerError,
    UnknownMerchantError,
    UnknownPaymentError,
)
from ledger.identity import is_payment_id, payment_id_of
from ledger.money import parse_money
from ledger.payment import Payment, Status
from ledger.sentences import Sentence, explained
from ledger.store import DataKey

IDEMPOTENCY_KEY_HEADER: Final = "Idempotency-Key"
IDEMPOTENCY_KEY_CHARACTERS_MAX: Final = 255
REPEATED_HEADER: Final = "Idempotent-Replayed"

_OPENING: Final = frozenset({"merchant", "operator", "admin"})
"""The roles that are shown what was sealed with a payment; others see that it exists."""


async def create_payment(call: Call) -> web.Response:
    """Take a payment: `202` and where to look; a repeat gives the same answer."""
    services, asker = call.services, call.asker
    if asker.merchant_id is None:
        raise UnknownMerchantError("", "RequestPayment")
    key = _idempotency_key(call.request.headers.getall(IDEMPOTENCY_KEY_HEADER, ()))
    given = await call.json_object()
    payment_id = payment_id_of(asker.merchant_id, key)
    try:
        command, keys = _asked(call, asker.merchant_id, payment_id, given)
    except (ProblemError, LedgerError) as refusal:
        return await _first_answer(call, payment_id, given, refusal)
    handled = await services.handler.handle(command, context=call.context(asker.actor), keys=keys)
    if not handled.events:
        _, recorded = await services.handler.payment(payment_id)
        return _receipt(recorded[0], {REPEATED_HEADER: "true"})
    for new_key in keys:
        services.vault.remember(new_key)
    return _receipt(handled.events[0], {})


def _asked(
    call: Call, merchant_id: str, payment_id: str, given: Mapping[str, Any]
) -> tuple[commands.RequestPayment, tuple[DataKey, ...]]:
    """Make the command of a request, and the data keys that it needs.

    Raises:
        ProblemError, LedgerError: as things stand today, the request cannot be used.
    """
    services = call.services
    wanted = validated(schemas.PaymentRequest, given)
    money = parse_money(wanted.amount, wanted.currency)
    route = choose_route(
        services.adapters,
        wanted,
        default_country=call.asker.country,
        is_production=services.settings.is_production,
    )
    vault = services.vault
    payer = vault.person(route.phone.e164)
    sealed = vault.seal(payer, _particulars(wanted, route.phone.e164), context=payment_id)
    command = commands.RequestPayment(
        payment_id=payment_id,
        merchant_id=merchant_id,
        money=money,
        provider=route.provider,
        operator=route.operator,
        country=route.phone.country,
        route_reason=route.reason,
        payer=payer,
        sealed=sealed.text,
        content_digest=_content_digest(call, given),
        expires_at=services.clock() + timedelta(seconds=services.settings.unsent_seconds_max),
    )
    return command, (sealed.new_key,) if sealed.new_key else ()


async def _first_answer(
    call: Call, payment_id: str, given: Mapping[str, Any], refusal: Exception
) -> web.Response:
    """Answer a request that would be refused today as its key was answered first, if it was.

    A refusal depends on what is enabled, known and allowed at the moment; a key's first answer does
    not. Whoever were refused a repeat would take a new key, and his customer would pay twice. Only
    a refusal is worth this look: a request that can be used finds its first answer by its append.

    Raises:
        IdempotencyKeyReusedError: the key was used for another content.
        ProblemError, LedgerError: the refusal, where the key was never used.
    """
    try:
        state, recorded = await call.services.handler.payment(payment_id)
    except UnknownPaymentError:
        raise refusal from None
    if state.requested.content_digest != _content_digest(call, given):
        raise IdempotencyKeyReusedError(payment_id) from None
    return _receipt(recorded[0], {REPEATED_HEADER: "true"})


def _content_digest(call: Call, given: Mapping[str, Any]) -> str:
    """What tells a repeat from another request: it depends on the body and on nothing else."""
    content = orjson.dumps(given, option=orjson.OPT_SORT_KEYS)
    return call.services.vault.digest("payment-request", content)


def _receipt(first: RecordedEvent, headers: Mapping[str, str]) -> web.Response:
    receipt = views.receipt_of(first)
    where = {"Location": f"/v1/payments/{receipt['id']}", **headers}
    return answer(receipt, status=202, position=first.position, headers=where)


async def show_payment(call: Call) -> web.Response:
    """Show one payment as its events say, now or as of a position or a time."""
    state, recorded = await _load(call)
    as_of = call.query.as_of
    if as_of is not None:
        state, recorded = await _as_of(call, recorded, as_of)
    opened: Mapping[str, Any] = {}
    if call.query.particulars and call.asker.role in _OPENING:
        request = state.requested
        opened = await _open(call, request.sealed, context=request.payment_id)
    shown = views.payment_of(
        state,
        recorded,
        redirect_url=await _redirect_url(call, state),
        description=opened.get("description"),
        metadata=opened.get("metadata"),
    )
    return answer(shown, position=recorded[-1].position)


async def list_payments(call: Call) -> web.Response:
    """List payments, newest first, from the projection."""
    services, query, asker = call.services, call.query, call.asker
    merchant_id = query.merchant_id
    if asker.role == "merchant":
        if merchant_id not in {None, asker.merchant_id}:
            raise UnknownMerchantError(merchant_id)
        merchant_id = asker.merchant_id
    position = await caught_up(call, services.payments.name, query.min_position)
    payer = None
    if query.phone is not None:
        payer = services.vault.person(parse_phone(query.phone, asker.country).e164)
    limit = min(query.limit, services.settings.page_entries_max)
    rows = await services.payments.page(
        merchant_id=merchant_id,
        status=query.status,
        provider=query.provider,
        created_from=query.created_from,
        created_to=query.created_to,
        payer=payer,
        after=query.after,
        limit=limit,
    )
    page = schemas.PaymentPage(
        position=position,
        payments=[
            schemas.PaymentSummary(
                id=row.payment_id,
                status=row.status,
                reason=row.reason,
                amount=views.decimal_text(row.amount_minor, row.currency),
                currency=row.currency,
                merchant_id=row.merchant_id,
                provider=row.provider,
                operator=row.operator,
                country=row.country,
                created_at=row.requested_at,
                final_at=row.final_at,
                position=row.position,
            )
            for row in rows
        ],
        next_after=rows[-1].position if len(rows) == limit else None,
    )
    return answer(page, position=position)


async def show_events(call: Call) -> web.Response:
    """Show a payment's audit trail: every event, and the hash that stands for it in the tree."""
    _, recorded = await _load(call)
    trail = schemas.EventPage(
        payment_id=call.request.match_info["payment_id"],
        position=recorded[-1].position,
        events=[views.event_of(one) for one in recorded],
    )
    return answer(trail, position=recorded[-1].position)


def _idempotency_key(sent: Sequence[str]) -> str:
    given = sent[0] if sent else ""
    if len(sent) > 1:
        reason, remedy = Sentence("The header was sent more than once."), Sentence("Send it once.")
        place = Place("header", IDEMPOTENCY_KEY_HEADER, reason, remedy)
        raise ProblemError(IDEMPOTENCY_KEY_INVALID, place.sentence, [place])
    if not given:
        reason = Sentence("The header is missing.")
        place = Place("header", IDEMPOTENCY_KEY_HEADER, reason, _KEY_REMEDY)
        raise ProblemError(IDEMPOTENCY_KEY_MISSING, explained(reason, _KEY_REMEDY), [place])
    if (
        len(given) > IDEMPOTENCY_KEY_CHARACTERS_MAX
        or not given.isascii()
        or not given.isprintable()
    ):
        reason = Sentence(
            "It is not 1 to {characters_max} printable ASCII characters.",
            characters_max=IDEMPOTENCY_KEY_CHARACTERS_MAX,
        )
        place = Place("header", IDEMPOTENCY_KEY_HEADER, reason, _KEY_REMEDY)
        raise ProblemError(IDEMPOTENCY_KEY_INVALID, explained(reason, _KEY_REMEDY), [place])
    return given


_KEY_REMEDY: Final = Sentence(
    "Send a key of your own for every payment, such as your order's number or a UUID, and repeat "
    "it when you repeat the request."
)


def _particulars(wanted: schemas.PaymentRequest, phone: str) -> bytes:
    """What is sealed with the payment; read back by the dispatch reactor."""
    return orjson.dumps(
        {
            "phone": phone,
            "description": wanted.description,
            "metadata": wanted.metadata,
            "return_url": wanted.return_url,
            "cancel_url": wanted.cancel_url,
            "language": wanted.language,
        }
    )


async def _load(call: Call) -> tuple[Payment, list[RecordedEvent]]:
    payment_id = call.request.match_info["payment_id"]
    if not is_payment_id(payment_id):
        raise UnknownPaymentError(payment_id)
    state, recorded = await call.services.handler.payment(payment_id)
    if not call.asker.may_see(state.requested.merchant_id):
        raise UnknownPaymentError(payment_id)
    return state, recorded


async def _as_of(
    call: Call, recorded: list[RecordedEvent], as_of: str
) -> tuple[Payment, list[RecordedEvent]]:
    """Fold only what had happened by then."""
    until = await as_of_point(call, as_of)
    if isinstance(until, int):
        kept = [one for one in recorded if one.position <= until]
    else:
        kept = [one for one in recorded if one.recorded_at <= until]
    if not kept:
        reason = Sentence("This payment was not yet requested at the `as_of` given.")
        place = Place("parameter", "as_of", reason, Sentence("Send a later one, or leave it out."))
        raise ProblemError(UNKNOWN_PAYMENT, reason, [place])
    state = payment.INITIAL
    for one in kept:
        state = payment.evolve(state, one.event)
    return state, kept


async def _open(call: Call, sealed: str, *, context: str) -> Mapping[str, Any]:
    """Open what was sealed; nothing where the person was erased."""
    try:
        opened = orjson.loads(await call.services.vault.open(sealed, context=context))
    except ErasedError:
        return {}
    return opened if isinstance(opened, dict) else {}


async def _redirect_url(call: Call, state: Payment) -> str | None:
    attempt = state.attempt
    if state.status is not Status.PENDING or attempt is None or attempt.sealed_handle is None:
        return None
    context = handle_context(state.requested.payment_id, attempt.reference)
    opened = await _open(call, attempt.sealed_handle, context=context)
    return opened.get("redirect_url")
