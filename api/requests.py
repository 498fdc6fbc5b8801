"""Requests that move money: one way from a body to a receipt, for payments and payouts alike.

An id derives from the merchant and the Idempotency-Key, and its receipt from its first event alone,
so a repeated request is answered with the same bytes for ever, whatever has become of it, of the
providers and of these rules since.

It routes and seals; whether money may move is the ledger's decision.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import orjson
from aiohttp import web

from api import schemas, views
from api.calls import Call, answer, validated
from api.errors import (
    IDEMPOTENCY_KEY_INVALID,
    IDEMPOTENCY_KEY_MISSING,
    INVALID_REQUEST,
    Place,
    ProblemError,
)
from api.modes import check_mode, mode_of
from api.request_faults import whole_refusal
from api.routing import choose_route, one_time_code_of
from ledger import commands
from ledger.entry import RecordedEvent
from ledger.errors import (
    IdempotencyKeyReusedError,
    LedgerError,
    UnknownMerchantError,
    UnknownPaymentError,
)
from ledger.identity import Recipient, is_other_mode, payment_id_of
from ledger.money import parse_money
from ledger.particulars import OF_NAMED
from ledger.payment_codes import code_context, code_subject
from ledger.sentences import Sentence, explained
from ledger.store import DataKey

IDEMPOTENCY_KEY_HEADER: Final = "Idempotency-Key"
IDEMPOTENCY_KEY_CHARACTERS_MAX: Final = 255
REPEATED_HEADER: Final = "Idempotent-Replayed"


class Named(NamedTuple):
    """Whom a checkout page names, and what was said of them, sealed under their own key."""

    payer: str
    sealed: str | None
    """None: they were forgotten a moment ago, and with them what was said."""


async def take(
    call: Call, model: type[schemas.PaymentRequest | schemas.PayoutRequest], *, where: str
) -> web.Response:
    """Take a request that moves money: `202` and where to look; a repeat gives the same answer.

    Args:
        call: the request.
        model: its shape.
        where: the address under which what it makes can be looked at.
    """
    services, asker = call.services, call.asker
    if asker.merchant_id is None:
        raise UnknownMerchantError("", "RequestPayment")
    key = idempotency_key(call)
    given = await call.json_object()
    payment_id = payment_id_of(asker.merchant_id, key, model.kind, is_apart=is_apart(call))
    taken = None
    try:
        wanted = validated(model, given)
        command, keys = payment_asked(
            call, wanted, asker.merchant_id, payment_id, content_digest(call, given)
        )
        if model.kind == "collection":
            taken = await services.rates.admit_payer(call.passage, asker, command.payer)
    except (ProblemError, LedgerError) as refusal:
        whole = whole_refusal(refusal, model, given, asker.country)
        return await _first_answer(call, payment_id, given, whole, where)
    context = call.context(asker.actor)
    try:
        handled = await services.handler.handle(command, context=context, keys=keys)
    except LedgerError:
        await services.rates.give_back(taken)
        raise
    if not handled.events:
        await services.rates.give_back(taken)
        _, recorded = await services.handler.payment(payment_id)
        return receipt(recorded[0], where, is_repeat=True)
    for new_key in keys:
        # That of a one-time code is left out: no two of them share one.
        if new_key.subject == command.payer:
            services.vault.remember(new_key)
    return receipt(handled.events[0], where)


def payment_asked(
    call: Call,
    wanted: schemas.PaymentRequest | schemas.PayoutRequest,
    merchant_id: str,
    payment_id: str,
    digest: str,
    *,
    checkout: str | None = None,
    expected: Named | None = None,
) -> tuple[commands.RequestPayment, tuple[DataKey, ...]]:
    """Make the command of a request, and the data keys that it needs.

    Args:
        call: the request.
        wanted: what it asks for.
        merchant_id: whose payment it is.
        payment_id: its id.
        digest: what tells a repeat from another request.
        checkout: the session on whose page it is asked for, if any.
        expected: whom that page names, if anybody.

    Raises:
        ProblemError, LedgerError: as things stand today, the request cannot be used.
    """
    services, asker = call.services, call.asker
    money = parse_money(wanted.amount, wanted.currency)
    mode = mode_of(asker)
    if (named := wanted.provider) is not None and named in services.adapters:
        check_mode(services.adapters_of, named, mode)
    route = choose_route(
        services.adapters_of[mode],
        wanted,
        money=money,
        default_country=asker.country,
        is_production=mode == "live",
    )
    receipts = _receipts_of(wanted, sends_mail=services.settings.sends_mail)
    vault = services.vault
    payer = vault.person(route.phone.e164)
    particulars = _particulars(wanted, route.phone.e164)
    if expected is not None and expected.payer != payer:
        # What was said of the one is not kept under the key of the other: see there.
        particulars |= {"description": None, "metadata": None, OF_NAMED: expected.sealed}
    sealed = vault.seal(payer, orjson.dumps(particulars), context=payment_id)
    keys = (sealed.new_key,) if sealed.new_key else ()
    sealed_code: str | None = None
    if (code := one_time_code_of(wanted)) is not None:
        sealed_code, code_keys = sealed_one_time_code(call, payment_id, code)
        keys = (*keys, *code_keys)
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
        content_digest=digest,
        expires_at=expires_at(call),
        kind=wanted.kind,
        plan=route.plan,
        sealed_code=sealed_code,
        checkout=checkout,
        mode=mode,
        receipts=receipts,
    )
    return command, keys


def sealed_one_time_code(call: Call, payment_id: str, code: str) -> tuple[str, tuple[DataKey, ...]]:
    """Seal a one-time code under a key of its own, which is never remembered for another."""
    sealed = call.services.vault.seal(
        code_subject(payment_id), code.encode(), context=code_context(payment_id)
    )
    return sealed.text, (sealed.new_key,) if sealed.new_key else ()


async def _first_answer(
    call: Call, payment_id: str, given: Mapping[str, Any], refusal: Exception, where: str
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
    is_other = is_other_mode(state.requested.mode, call.asker.mode)
    if is_other or state.requested.content_digest != content_digest(call, given):
        raise IdempotencyKeyReusedError(payment_id) from None
    return receipt(recorded[0], where, is_repeat=True)


def content_digest(call: Call, given: Mapping[str, Any]) -> str:
    """What tells a repeat from another request: it depends on the body and on nothing else."""
    content = orjson.dumps(given, option=orjson.OPT_SORT_KEYS)
    return call.services.vault.digest("payment-request", content)


def receipt(first: RecordedEvent, where: str, *, is_repeat: bool = False) -> web.Response:
    """Answer with what a request made: a function of its first event alone."""
    written = views.receipt_of(first)
    headers = {"Location": f"{where}/{written['id']}"}
    if is_repeat:
        headers[REPEATED_HEADER] = "true"
    return answer(written, status=202, position=first.position, headers=headers)


def is_apart(call: Call) -> bool:
    """Whether what is asked for is a test beside payments for real; see `payment_id_of`."""
    return call.asker.mode not in {None, call.services.default_mode}


def expires_at(call: Call) -> datetime:
    """When what no provider could be reached for is given up."""
    services = call.services
    return services.clock() + timedelta(seconds=services.settings.unsent_seconds_max)


def idempotency_key(call: Call) -> str:
    """Read the Idempotency-Key.

    Raises:
        ProblemError: it is missing, sent twice, or cannot be used.
    """
    return key_of(call.request.headers.getall(IDEMPOTENCY_KEY_HEADER, ()))


def key_of(sent: Sequence[str]) -> str:
    """Read the Idempotency-Key among what was sent as one; raises as `idempotency_key` does."""
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
    "Send a key of your own for everything that you ask for, such as your order's number or a "
    "UUID, and repeat it when you repeat the request."
)


_ADDRESSES: Final[tuple[tuple[Recipient, str], ...]] = (
    ("payer", "/payer/email"),
    ("merchant", "/receipt_email"),
)


def _receipts_of(wanted: schemas.MoneyRequest, *, sends_mail: bool) -> tuple[Recipient, ...]:
    """Who is to be sent a receipt.

    Raises:
        ProblemError: somebody, and no mail is sent from here. Whoever believes that a receipt went
            out tells the customer so; better to know it before the money moves.
    """
    given = {"payer": getattr(wanted.person, "email", None)}
    given["merchant"] = getattr(wanted, "receipt_email", None)
    asked = [(who, pointer) for who, pointer in _ADDRESSES if given[who] is not None]
    check_mail([pointer for _, pointer in asked], sends_mail=sends_mail)
    return tuple(who for who, _ in asked)


def check_mail(pointers: Sequence[str], *, sends_mail: bool) -> None:
    """Refuse addresses that are given, by where they stand, where no mail is sent from here.

    Raises:
        ProblemError: no mail is.
    """
    if pointers and not sends_mail:
        places = [Place("pointer", one, _NO_MAIL, _NO_MAIL_REMEDY) for one in pointers]
        raise ProblemError(INVALID_REQUEST, places[0].sentence, places)


_NO_MAIL: Final = Sentence("This server sends no receipts by mail.")
_NO_MAIL_REMEDY: Final = Sentence(
    "Leave the address out, or ask whoever runs the server to set up CAURI_MAIL_HOST."
)


def _particulars(wanted: schemas.MoneyRequest, phone: str) -> dict[str, Any]:
    """What is sealed with it; read back when it is submitted."""
    return {
        "phone": phone,
        "description": wanted.description,
        "metadata": wanted.metadata,
        "return_url": getattr(wanted, "return_url", None),
        "cancel_url": getattr(wanted, "cancel_url", None),
        "language": wanted.language,
        "payer_email": getattr(wanted.person, "email", None),
        "receipt_email": getattr(wanted, "receipt_email", None),
    }
