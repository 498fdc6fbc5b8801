"""Checkout sessions over HTTP: create one, look at one, list them, close one.

A session's id is a keyed hash of the merchant and the Idempotency-Key, so a repeat finds the first
one and nobody else can guess it; its receipt is a function of its first event and of this server's
address. The page itself is in `api.pages`.

Another merchant's session is answered exactly like one that does not exist.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final, NamedTuple

import orjson
from aiohttp import web

from adapters.checkout import news_of
from adapters.directory import parse_phone
from api import schemas_checkout as shapes
from api.calls import Call, answer, validated
from api.erased import is_session_erased
from api.errors import ProblemError
from api.modes import mode_of
from api.payable import check_payable
from api.requests import REPEATED_HEADER, check_mail, content_digest, idempotency_key, is_apart
from api.settings import Settings
from api.views import decimal_text
from api.waiting import caught_up
from ledger import checkout, merchant
from ledger import commands_checkout as commands
from ledger.checkout import Checkout, is_session_id
from ledger.entry import RecordedEvent
from ledger.errors import (
    ErasedError,
    IdempotencyKeyReusedError,
    LedgerError,
    UnknownCheckoutError,
    UnknownMerchantError,
    UnknownPaymentError,
)
from ledger.events import CheckoutCreated
from ledger.identity import is_other_mode
from ledger.money import parse_money
from ledger.payment import Payment
from ledger.store import DataKey

PURPOSE: Final = "checkout-session"
"""The domain of the keyed hash that ids of sessions are made from."""

_OPENING: Final = frozenset({"merchant", "operator", "admin"})


def page_of(settings: Settings, session_id: str) -> str:
    """The address of a session's page."""
    return f"{settings.base_url}/checkout/{session_id}"


async def create_checkout(call: Call) -> web.Response:
    """Create a session: `201` and the page's address; a repeat gives the same answer."""
    services, asker = call.services, call.asker
    if asker.merchant_id is None:
        raise UnknownMerchantError("", "CreateCheckout")
    key = idempotency_key(call)
    given = await call.json_object()
    named = f"{asker.merchant_id}\0{key}"
    if is_apart(call):
        named += "\0test"
    session_id = checkout.session_id_of(services.vault.digest(PURPOSE, named.encode()))
    try:
        command, keys = await _asked(call, asker.merchant_id, session_id, given)
    except (ProblemError, LedgerError) as refusal:
        return await _first_answer(call, session_id, given, refusal)
    handled = await services.handler.handle(command, context=call.context(asker.actor), keys=keys)
    if not handled.events:
        _, recorded = await services.handler.checkout(session_id)
        return _receipt(call, recorded[0], is_repeat=True)
    for new_key in keys:
        services.vault.remember(new_key)
    return _receipt(call, handled.events[0])


async def show_checkout(call: Call) -> web.Response:
    """Show a session as its events say."""
    state, recorded = await load(call)
    return await _shown(call, state, recorded)


async def list_checkouts(call: Call) -> web.Response:
    """List sessions, newest first, from the projection."""
    services, query, asker = call.services, call.query, call.asker
    merchant_id = query.merchant_id
    if asker.role == "merchant":
        if merchant_id not in {None, asker.merchant_id}:
            raise UnknownMerchantError(merchant_id)
        merchant_id = asker.merchant_id
    position = await caught_up(call, services.checkouts.name, query.min_position)
    limit = min(query.limit, services.settings.page_entries_max)
    rows = await services.checkouts.page(
        merchant_id=merchant_id,
        mode=asker.mode,
        status=query.status,
        after=query.after,
        limit=limit,
    )
    page = shapes.CheckoutPage(
        position=position,
        sessions=[
            shapes.CheckoutSummary(
                id=row.session_id,
                status=row.status,
                amount=decimal_text(row.amount_minor, row.currency),
                currency=row.currency,
                merchant_id=row.merchant_id,
                attempts=row.attempts,
                payment_id=row.payment_id,
                created_at=row.created_at,
                expires_at=row.expires_at,
                position=row.position,
            )
            for row in rows
        ],
        next_after=rows[-1].position if len(rows) == limit else None,
    )
    return answer(page, position=position)


async def expire_checkout(call: Call) -> web.Response:
    """Close a session that nobody pays: nothing can be paid on its page any more."""
    state, _ = await load(call)
    await brought_up(call, state, actor=call.asker.actor)
    command = commands.ExpireCheckout(
        session_id=state.session.session_id, by="merchant", at=call.services.clock()
    )
    await call.services.handler.handle(command, context=call.context(call.asker.actor))
    state, recorded = await load(call)
    return await _shown(call, state, recorded)


async def load(call: Call) -> tuple[Checkout, list[RecordedEvent]]:
    """Read the session that the address names.

    Raises:
        UnknownCheckoutError: there is none, or it is another merchant's.
    """
    session_id = call.request.match_info["session_id"]
    state, recorded = await found(call, session_id)
    if not call.asker.may_see(state.session.merchant_id, state.session.mode):
        raise UnknownCheckoutError
    return state, recorded


async def found(call: Call, session_id: str) -> tuple[Checkout, list[RecordedEvent]]:
    """Read a session by its id, whoever asks.

    Raises:
        UnknownCheckoutError: there is none.
    """
    if not is_session_id(session_id):
        raise UnknownCheckoutError
    return await call.services.handler.checkout(session_id)


async def payment_under_way(
    call: Call, state: Checkout
) -> tuple[Payment, list[RecordedEvent]] | None:
    """The payment of the last attempt; None where there is none, or it was never made."""
    if state.last is None:
        return None
    try:
        return await call.services.handler.payment(state.paid_by or state.last.payment_id)
    except UnknownPaymentError:
        return None


async def brought_up(call: Call, state: Checkout, *, actor: str) -> Checkout:
    """Tell a session what became of its payment, if the reactor has not yet; the state then."""
    if state.under_way is None:
        return state
    paying = await payment_under_way(call, state)
    news = news_of(state.session.session_id, paying[0]) if paying is not None else None
    if news is None:
        return state
    handled = await call.services.handler.handle(news, context=call.context(actor))
    brought: Checkout = handled.state
    return brought


async def particulars(call: Call, state: Checkout) -> Mapping[str, Any]:
    """Open what was sealed with a session; nothing of whatever has no key any more."""
    session = state.session
    read: dict[str, Any] = {}
    for sealed in filter(None, (session.sealed, session.sealed_payer)):
        with suppress(ErasedError):
            opened = await call.services.vault.open(sealed, context=session.session_id)
            read |= orjson.loads(opened)
    return read


async def _asked(
    call: Call, merchant_id: str, session_id: str, given: Mapping[str, Any]
) -> tuple[commands.CreateCheckout, tuple[DataKey, ...]]:
    """Make the command of a request, and the data key that it needs.

    Raises:
        ProblemError, LedgerError: as things stand today, the request cannot be used.
    """
    services = call.services
    wanted = validated(shapes.CheckoutRequest, given)
    money = parse_money(wanted.amount, wanted.currency)
    mode = mode_of(call.asker)
    country = wanted.country or call.asker.country
    check_payable(services.adapters_of[mode], country, wanted.currency)
    named = _named_payer(call, wanted)
    about = {"description": wanted.description, "metadata": wanted.metadata}
    content = {
        "merchant_name": wanted.merchant_name or await _name_of(call, merchant_id),
        "return_url": wanted.return_url,
        "cancel_url": wanted.cancel_url,
        "embed_origin": wanted.embed_origin,
        "asks_email": wanted.asks_email,
        **(about if named is None else {}),
    }
    vault = services.vault
    sealed = vault.seal(checkout.stream_of(session_id), orjson.dumps(content), context=session_id)
    sealings, payer, sealed_payer = [sealed], None, None
    if named is not None:
        payer = vault.person(named.phone)
        opened = {"payer": named._asdict(), **about}
        of_payer = vault.seal(payer, orjson.dumps(opened), context=session_id)
        sealings, sealed_payer = [sealed, of_payer], of_payer.text
    seconds = wanted.expires_in_seconds or services.settings.checkout_seconds
    command = commands.CreateCheckout(
        session_id=session_id,
        merchant_id=merchant_id,
        money=money,
        country=country or "",
        language=wanted.language,
        sealed=sealed.text,
        payer=payer,
        sealed_payer=sealed_payer,
        content_digest=content_digest(call, given),
        expires_at=services.clock() + timedelta(seconds=seconds),
        mode=mode,
    )
    return command, tuple(one.new_key for one in sealings if one.new_key)


class _Named(NamedTuple):
    """Whom a merchant expects to pay: never log."""

    phone: str
    email: str | None


def _named_payer(call: Call, wanted: shapes.CheckoutRequest) -> _Named | None:
    """Read the number of whom the merchant expects to pay, if of anybody.

    Raises:
        InvalidPhoneError: the number can not exist.
        ProblemError: there is an address, and no mail is sent from here.
    """
    named = wanted.payer
    if named is None:
        return None
    addresses = ["/payer/email"] if named.email else []
    check_mail(addresses, sends_mail=call.services.settings.sends_mail)
    country = named.country or wanted.country or call.asker.country
    return _Named(parse_phone(named.phone, country).e164, named.email)


async def _name_of(call: Call, merchant_id: str) -> str:
    """The name under which a merchant was added."""
    account = merchant.INITIAL
    for one in await call.services.store.read_stream(merchant.merchant_stream(merchant_id)):
        account = merchant.evolve(account, one.event)
    return account.merchant.name if account.merchant else merchant_id


async def _first_answer(
    call: Call, session_id: str, given: Mapping[str, Any], refusal: Exception
) -> web.Response:
    """Answer a request that would be refused today as its key was answered first, if it was.

    Raises:
        IdempotencyKeyReusedError: the key was used for another content.
        ProblemError, LedgerError: the refusal, where the key was never used.
    """
    try:
        state, recorded = await call.services.handler.checkout(session_id)
    except UnknownCheckoutError:
        raise refusal from None
    is_other = is_other_mode(state.session.mode, call.asker.mode)
    if is_other or state.session.content_digest != content_digest(call, given):
        raise IdempotencyKeyReusedError(session_id) from None
    return _receipt(call, recorded[0], is_repeat=True)


def _receipt(call: Call, first: RecordedEvent, *, is_repeat: bool = False) -> web.Response:
    created = first.event
    if not isinstance(created, CheckoutCreated):
        raise TypeError(f"a session does not begin with {created.type}")
    url = page_of(call.services.settings, created.session_id)
    written = shapes.CheckoutReceipt(
        id=created.session_id,
        status="open",
        url=url,
        qr_svg_url=f"{url}/qr.svg",
        amount=decimal_text(created.amount_minor, created.currency),
        currency=created.currency,
        merchant_id=created.merchant_id,
        created_at=first.recorded_at,
        expires_at=created.expires_at,
        position=first.position,
    )
    headers = {"Location": f"/v1/checkout-sessions/{created.session_id}"}
    if is_repeat:
        headers[REPEATED_HEADER] = "true"
    return answer(written, status=201, position=first.position, headers=headers)


async def _shown(call: Call, state: Checkout, recorded: list[RecordedEvent]) -> web.Response:
    return answer(await document(call, state, recorded), position=recorded[-1].position)


async def document(
    call: Call, state: Checkout, recorded: Sequence[RecordedEvent]
) -> shapes.CheckoutOut:
    """Write a session as its events up to the last of these say."""
    session, last = state.session, recorded[-1]
    opened = await particulars(call, state) if call.asker.role in _OPENING else {}
    url = page_of(call.services.settings, session.session_id)
    return shapes.CheckoutOut(
        id=session.session_id,
        status=state.status,
        url=url,
        qr_svg_url=f"{url}/qr.svg",
        amount=decimal_text(session.amount_minor, session.currency),
        currency=session.currency,
        merchant_id=session.merchant_id,
        merchant_name=opened.get("merchant_name"),
        country=session.country,
        language=session.language,
        description=opened.get("description"),
        metadata=opened.get("metadata"),
        payer=opened.get("payer"),
        asks_email=opened.get("asks_email"),
        is_erased=await is_session_erased(call.services.vault, call.services.store, recorded[0]),
        return_url=opened.get("return_url"),
        cancel_url=opened.get("cancel_url"),
        embed_origin=opened.get("embed_origin"),
        payment_id=state.paid_by,
        attempts=[
            shapes.CheckoutAttemptOut(
                number=one.number, payment_id=one.payment_id, outcome=one.outcome
            )
            for one in state.attempts
        ],
        created_at=recorded[0].recorded_at,
        updated_at=last.recorded_at,
        expires_at=session.expires_at,
        position=last.position,
        version=last.version,
    )
