"""The page of a session: shown, and acted upon by its forms.

Every form is sent to the page's own address and answered with a redirect to it, so that reloading
repeats nothing. A form that does not fit any more (another window was faster, the browser went
back) is answered in the same way: with the page, which says what is.

What a payer's mistakes are called here is for payers; the same mistakes in a merchant's request are
told to developers by `api.problems`.
"""

from contextlib import suppress
from io import BytesIO
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson
import segno
from aiohttp import web
from pydantic import ValidationError

from api import checkouts
from api.authentication import Identity
from api.calls import Call
from api.errors import (
    AMOUNT_OUTSIDE_LIMITS,
    TOO_MANY_REQUESTS,
    UNSUPPORTED_MEDIA_TYPE,
    ProblemError,
)
from api.pages.notices import FormRefusedError, as_page
from api.pages.rendering import (
    HTML,
    headers_of,
    packed,
    policy,
    policy_of_example,
    static_files,
)
from api.pages.schemas import CheckoutForm
from api.pages.standing import PAYABLE
from api.pages.tokens import is_from_here, is_token_for
from api.pages.view import ACTOR, View, shown, view_of
from api.requests import Named, payment_asked, sealed_one_time_code
from api.schemas import Payer, PaymentRequest
from ledger import commands
from ledger.checkout import attempt_payment_id
from ledger.commands_checkout import CancelCheckout, StartCheckoutAttempt
from ledger.errors import CommandRefusedError, ErasedError, InvalidPhoneError, StoreError
from ledger.particulars import seal_of_named
from ledger.sentences import Sentence

FORM: Final = "application/x-www-form-urlencoded"
FORM_BYTES_MAX: Final = 4096
FIELDS_MAX: Final = 20
CODE_PURPOSE: Final = "checkout-code"
ATTEMPT_PURPOSE: Final = "checkout-attempt"

Mistake = tuple[str, str]
"""The field that is to blame, and the name of the text that says why."""


@as_page
async def show_page(call: Call) -> web.StreamResponse:
    """Show where the payer stands."""
    return await shown(await view_of(call))


@as_page
async def take_form(call: Call) -> web.StreamResponse:
    """Take what the payer sent: a number, a code, or that he gives up."""
    if not is_from_here(call.request.headers, call.services.settings.base_url):
        raise FormRefusedError
    form = await _form(call)
    view = await view_of(call)
    number = form.number if form.do == "code" else form.attempt
    if not is_token_for(call.services.vault, form.token, view.session_id, form.do, number):
        raise FormRefusedError
    match form.do:
        case "pay":
            return await _pay(view, form)
        case "code":
            return await _give_code(view, form)
        case "cancel":
            return await _cancel(view, form)


async def _form(call: Call) -> CheckoutForm:
    if call.request.content_type != FORM:
        remedy = Sentence("Send the form as a browser does.")
        raise ProblemError(UNSUPPORTED_MEDIA_TYPE, remedy)
    body = await call.body(FORM_BYTES_MAX)
    try:
        sent = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            max_num_fields=FIELDS_MAX,
            errors="strict",
        )
        given: dict[str, Any] = dict(sent)
        return CheckoutForm.model_validate(given)
    except (ValueError, ValidationError):
        raise FormRefusedError from None


async def _pay(view: View, form: CheckoutForm) -> web.StreamResponse:
    standing, call, session = view.standing, view.call, view.checkout.session
    if standing.state not in PAYABLE or form.attempt != standing.attempt:
        return _see(view)
    wanted, mistake = _wanted(view, form)
    if wanted is None:
        return await shown(view, mistake=mistake, form=form)
    payment_id = attempt_payment_id(session.merchant_id, session.session_id, form.attempt)
    content = orjson.dumps(
        [form.phone.strip(), form.operator, form.one_time_code, wanted.payer.email]
    )
    asker = Identity("", "merchant", session.merchant_id, session.country, session.mode)
    asking, rates, taken = call._replace(identity=asker), call.services.rates, None
    try:
        command, keys = payment_asked(
            asking,
            wanted,
            session.merchant_id,
            payment_id,
            call.services.vault.digest(ATTEMPT_PURPOSE, content),
            checkout=session.session_id,
            expected=await _named(view, payment_id),
        )
        taken = await rates.admit_payer(call.passage, asker, command.payer)
    except InvalidPhoneError:
        return await shown(view, mistake=("phone", _of_number(form.phone)), form=form)
    except ProblemError as error:
        mistake, status = _mistake_of(error), max(422, error.problem.status)
        return await shown(view, mistake=mistake, form=form, status=status)
    context = call.context(ACTOR)
    start = StartCheckoutAttempt(
        session_id=session.session_id,
        attempt=form.attempt,
        payment_id=payment_id,
        at=call.services.clock(),
    )
    try:
        await checkouts.brought_up(call, view.checkout, actor=ACTOR)
        await call.services.handler.handle(start, context=context)
        handled = await call.services.handler.handle(command, context=context, keys=keys)
    except CommandRefusedError:
        # Another window was faster, or the time is over: the page says which.
        await rates.give_back(taken)
        return _see(view)
    except StoreError:
        await rates.give_back(taken)
        raise
    if not handled.events:
        await rates.give_back(taken)
    else:
        for new_key in keys:
            if new_key.subject == command.payer:
                call.services.vault.remember(new_key)
    return _see(view, goes=True)


async def _named(view: View, payment_id: str) -> Named | None:
    """Whom the page names, with what the merchant said of them, for a payment of whoever pays."""
    session, particulars = view.checkout.session, view.particulars
    if session.payer is None or session.sealed_payer is None:
        return None
    said = {name: particulars.get(name) for name in ("description", "metadata")}
    sealed: str | None = None
    with suppress(ErasedError):
        vault = view.call.services.vault
        sealed = await seal_of_named(vault, session.sealed_payer, said, payment_id)
    return Named(session.payer, sealed)


def _wanted(view: View, form: CheckoutForm) -> tuple[PaymentRequest | None, Mistake]:
    """Make the request of a payment; None where a field cannot be used at all."""
    page = checkouts.page_of(view.call.services.settings, view.session_id)
    page = f"{page}?lang={view.words.language}"
    code = "".join(form.one_time_code.split())
    try:
        payer = Payer(
            phone=form.phone,
            country=view.checkout.session.country or None,
            one_time_code=code or None,
            email=_email_of(view, form),
        )
    except ValidationError as error:
        fields = {one["loc"][0] for one in error.errors()}
        return None, next((_FIELDS[one] for one in _FIELDS if one in fields), _FIELDS["phone"])
    try:
        wanted = PaymentRequest(
            amount=view.money.amount,
            currency=view.money.currency,
            payer=payer,
            operator=form.operator or None,
            description=view.particulars.get("description"),
            metadata=view.particulars.get("metadata"),
            language=view.words.language,
            return_url=page,
            cancel_url=page,
        )
    except ValidationError:
        return None, ("operator", "mistake_operator")
    return wanted, ("", "")


_FIELDS: Final[dict[str, Mistake]] = {
    "phone": ("phone", "mistake_phone"),
    "one_time_code": ("code", "mistake_code"),
    "email": ("email", "mistake_email"),
}
"""What is wrong with a field of `Payer`; the first one that is to blame is told."""


def _email_of(view: View, form: CheckoutForm) -> str | None:
    """Where the receipt goes: what was typed, or, where nobody was asked, what the merchant said.

    Nowhere, if no mail is sent from here any more: a payment is not refused for that.
    """
    if not view.call.services.settings.sends_mail:
        return None
    if view.asks_email:
        return form.email.strip() or None
    return view.expected.get("email")


def _of_number(typed: str) -> str:
    """Say what may be wrong with a number: only without a country code may that be missing."""
    is_abroad = typed.strip().startswith(("+", "\uff0b", "00"))
    return "mistake_phone" if is_abroad else "mistake_phone_home"


def _mistake_of(error: ProblemError) -> Mistake:
    """Say to a payer what a payment was refused for."""
    pointer = error.places[0].name if error.places else ""
    if error.problem is AMOUNT_OUTSIDE_LIMITS:
        return "phone", "mistake_amount"
    if error.problem is TOO_MANY_REQUESTS:
        return "phone", "mistake_often"
    match pointer:
        case "/operator":
            return "operator", "mistake_operator"
        case "/payer/one_time_code":
            return "code", "mistake_code_unused"
        case "/currency":
            return "phone", "mistake_currency"
    return "phone", "mistake_unserved"


async def _give_code(view: View, form: CheckoutForm) -> web.StreamResponse:
    paying, call = view.standing.paying, view.call
    if view.standing.state != "code" or paying is None:
        return _see(view)
    code = "".join(form.one_time_code.split())
    if not (code.isascii() and code.isdigit() and 4 <= len(code) <= 10):
        return await shown(view, mistake=("code", "mistake_code_given"))
    payment_id = paying.payment.requested.payment_id
    vault = call.services.vault
    sealed_code, keys = sealed_one_time_code(call, payment_id, code)
    command = commands.GiveCode(
        payment_id=payment_id,
        confirmation_id=vault.digest(CODE_PURPOSE, f"{payment_id}\0{form.number}".encode()),
        sealed_code=sealed_code,
        content_digest=vault.digest(CODE_PURPOSE, f"{payment_id}\0{code}".encode()),
    )
    try:
        await call.services.handler.handle(command, context=call.context(ACTOR), keys=keys)
    except CommandRefusedError:
        return _see(view)
    return _see(view)


async def _cancel(view: View, form: CheckoutForm) -> web.StreamResponse:
    if view.standing.state not in PAYABLE or form.attempt != view.standing.attempt:
        return _see(view)
    try:
        await checkouts.brought_up(view.call, view.checkout, actor=ACTOR)
        await view.call.services.handler.handle(
            CancelCheckout(session_id=view.session_id), context=view.call.context(ACTOR)
        )
    except CommandRefusedError:
        return _see(view)
    return _see(view)


def _see(view: View, *, goes: bool = False) -> web.Response:
    """Lead the browser to the page, which says what is."""
    headers = {
        "Location": view.address(goes=goes or view.goes, helps=False),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
    }
    return web.Response(status=303, headers=headers)


async def show_code(call: Call) -> web.StreamResponse:
    """Give the page's address as a QR code, for a counter or a bill."""
    state, _ = await checkouts.found(call, call.request.match_info["session_id"])
    url = checkouts.page_of(call.services.settings, state.session.session_id)
    headers = headers_of(policy(style="'none'", script="'none'", frame_ancestors=()))
    return packed(call.request, drawn_code(url), "image/svg+xml", headers=headers)


def drawn_code(url: str) -> bytes:
    """Draw an address as a QR code, an SVG image."""
    drawn = BytesIO()
    segno.make(url, micro=False, error="m").save(
        drawn, kind="svg", scale=8, border=4, dark="#000", light="#fff", omitsize=True, title=url
    )
    return drawn.getvalue()


async def show_file(call: Call) -> web.StreamResponse:
    """Give one of the files beside the pages."""
    found = static_files().get(call.request.match_info["name"])
    is_example = found is not None and found.media_type == HTML
    if found is None or (is_example and call.services.settings.is_production):
        # An example that shows whatever it is told to has no place where payers trust the address.
        raise web.HTTPNotFound
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Access-Control-Allow-Origin": "*",
        "Vary": "Accept-Encoding",
    }
    if call.request.query.get("v") != found.digest:
        headers["Cache-Control"] = "no-cache"
    if is_example:
        headers["Content-Security-Policy"] = policy_of_example(found.body.decode())
    return packed(call.request, found.body, found.media_type, headers=headers)
