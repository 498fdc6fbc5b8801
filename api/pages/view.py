"""The view: a session as its page shows it now, in the reader's language.

It reads the session and the payments of its attempts, which are few, and works out where the payer
stands (`api.pages.standing`). Nothing is changed by looking.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

import orjson
from aiohttp import web

from adapters.directory import BY_CODE
from adapters.directory_names import full_name_in
from adapters.providers import title_of
from adapters.refusal_texts import Language
from adapters.refusals import Refusal
from api import checkouts, payments, support
from api.calls import Call
from api.pages.abroad import Offered, country_name, offered
from api.pages.amounts import amount_text
from api.pages.colours import class_of
from api.pages.expecting import code_hint, expected_of, how_to_get_code
from api.pages.offers import name_of
from api.pages.paid import paid_facts
from api.pages.rendering import page_response
from api.pages.schemas import CheckoutForm
from api.pages.standing import FINAL, PAYABLE, Paying, Standing, State, standing_of
from api.pages.tokens import token_for
from api.pages.words import OTHER, WORDS, Words
from api.problems import language_of
from api.refusal_views import refusal_of
from ledger.checkout import Checkout
from ledger.entry import RecordedEvent
from ledger.errors import ErasedError, UnknownPaymentError
from ledger.money import Money

ACTOR: Final = "payer"
"""Who the log says has acted: somebody who knows the page's address."""

ENDING_DIGITS: Final = 2
"""How much of a payer's number is ever shown again."""

MINUTES_SHOWN_MAX: Final = 60

_ABOUT_CODES: Final = frozenset(
    {Refusal.CODE_REQUIRED.value, Refusal.WRONG_CODE.value, Refusal.CODE_EXPIRED.value}
)
"""Refusals after which a payer needs the field for a one-time code."""

_STEPS: Final[Mapping[State, int]] = {
    "form": 1,
    "sending": 2,
    "confirm": 3,
    "code": 3,
    "codes_used_up": 3,
    "go": 3,
    "asking": 3,
    "paid": 5,
}
_FILES: Final[Mapping[State, str]] = {
    "form": "form",
    "retry": "form",
    "sending": "wait",
    "confirm": "wait",
    "code": "code",
    "codes_used_up": "wait",
    "go": "go",
    "asking": "asking",
    "conflict": "asking",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A session, and who looks at it."""

    call: Call
    checkout: Checkout
    standing: Standing
    recorded: Mapping[str, list[RecordedEvent]]
    """Payment id -> its events."""
    particulars: Mapping[str, Any]
    words: Words

    @property
    def session_id(self) -> str:
        """Whose page it is."""
        return self.checkout.session.session_id

    @property
    def money(self) -> Money:
        """What is to be paid."""
        return Money(self.checkout.session.amount_minor, self.checkout.session.currency)

    @property
    def is_embedded(self) -> bool:
        """Whether the page is shown inside another one."""
        is_asked = self.call.query.embed == "1"
        return is_asked or self.call.request.headers.get("Sec-Fetch-Dest") == "iframe"

    @property
    def goes(self) -> bool:
        """Whether the payer is led on to the provider's page, and has not come back from there."""
        return self.call.query.go == "1" and not self.is_embedded

    @property
    def asks_for_help(self) -> bool:
        """Whether the payer has asked what became of the payment."""
        return bool(self.call.query.help == "1")

    def address(
        self,
        *,
        language: Language | None = None,
        goes: bool | None = None,
        helps: bool | None = None,
    ) -> str:
        """This page's own address, relative to itself: so it works below any path."""
        asked: dict[str, str] = {"lang": language or self.words.language}
        if self.call.query.embed == "1":
            asked["embed"] = "1"
        if self.goes if goes is None else goes:
            asked["go"] = "1"
        if self.asks_for_help if helps is None else helps:
            asked["help"] = "1"
        return f"?{urlencode(asked)}"

    @property
    def expected(self) -> Mapping[str, str | None]:
        """The number and the address of whom the merchant expects to pay, as far as he said."""
        return self.particulars.get("payer") or {}

    @property
    def asks_email(self) -> bool:
        """Whether the form asks for an address for the receipt."""
        wants = self.particulars.get("asks_email") is not False
        return wants and self.call.services.settings.sends_mail

    def offered(self, sent: CheckoutForm | None) -> Offered:
        """The operators to choose from, after a form with a mistake or before any."""
        session = self.checkout.session
        able = self.call.services.adapters_of[session.mode]
        return offered(
            able,
            session.country,
            session.currency,
            asked=self.call.query.country,
            before=self.standing.paying,
            expected=self.expected.get("phone") or "",
            typed=sent.phone if sent is not None else "",
        )

    @property
    def frame_ancestors(self) -> tuple[str, ...]:
        """Whose pages may show this one in a frame."""
        origin = self.particulars.get("embed_origin")
        allowed = self.call.services.settings.checkout_frame_ancestors
        return (*allowed, origin) if origin else allowed


async def view_of(call: Call) -> View:
    """See the session that the address names.

    Raises:
        UnknownCheckoutError: there is none.
    """
    state, _ = await checkouts.found(call, call.request.match_info["session_id"])
    recorded: dict[str, list[RecordedEvent]] = {}
    paying: list[Paying] = []
    for attempt in state.attempts:
        try:
            payment, happened = await call.services.handler.payment(attempt.payment_id)
        except UnknownPaymentError:
            continue
        recorded[attempt.payment_id] = happened
        redirect_url = await payments.redirect_url(call, payment)
        paying.append(Paying(payment, happened[0].recorded_at, redirect_url))
    return View(
        call=call,
        checkout=state,
        standing=standing_of(state, paying, call.services.clock()),
        recorded=recorded,
        particulars=await checkouts.particulars(call, state),
        words=WORDS[_language(call, state.session.language)],
    )


def _language(call: Call, preferred: Language | None) -> Language:
    asked: Language | None = {"fr": "fr", "en": "en"}.get(call.query.lang or "")  # type: ignore[assignment]
    return asked or preferred or language_of(call.request.headers.get("Accept-Language"))


async def shown(
    view: View,
    *,
    mistake: tuple[str, str] | None = None,
    form: CheckoutForm | None = None,
    status: int = 422,
) -> web.Response:
    """Write the page.

    Args:
        view: what to show.
        mistake: the field that is to blame, and the name of the text that says why.
        form: what the payer had sent, where there is a mistake in it.
        status: that of the answer, where there is a mistake.
    """
    standing, words, call = view.standing, view.words, view.call
    state, paying = standing.state, standing.paying
    name = "refusal" if state == "retry" else state
    merchant = view.particulars.get("merchant_name") or view.checkout.session.merchant_id
    label, operator, style = _operator(view)
    said = {
        "merchant": merchant,
        "amount": amount_text(view.money, words.language),
        "operator": operator,
        "ending": await _ending(view),
    }
    is_followed = state not in FINAL and state not in PAYABLE
    title = words.say(f"{'retry' if name == 'refusal' else state}_title", **said)
    values: dict[str, Any] = {
        **said,
        "title": title,
        "text": "" if state in PAYABLE else words.say(f"{state}_text", **said),
        "state": state,
        "state_file": _FILES.get(state, "end"),
        "step": _STEPS.get(state),
        "mark": standing.mark,
        "description": view.particulars.get("description"),
        "is_test": view.checkout.session.mode == "test",
        "operator_label": label,
        "operator_style": style,
        "session_id": view.session_id,
        "attempt": standing.attempt,
        "self_url": view.address(),
        "follow_url": f"{view.session_id}/stream" if is_followed else None,
        "is_live": is_followed,
        "refresh_seconds": _refresh_seconds(view) if is_followed and state != "code" else None,
        "embed_origins": " ".join(view.frame_ancestors),
        "is_embedded": view.is_embedded,
        "go_url": paying.redirect_url if paying is not None and state == "go" else None,
        "goes": view.goes,
        "reference": paying.payment.requested.payment_id if paying is not None else None,
        "back_url": _back_url(view),
        "facts": [],
        "mistake": words.say(mistake[1]) if mistake is not None else None,
        "mistake_field": mistake[0] if mistake is not None else None,
    }
    values |= await _help(view)
    if state in PAYABLE:
        values |= _form(view, form, mistake)
    elif state == "code" and paying is not None:
        values |= _code_form(view, paying)
    elif state == "paid" and paying is not None:
        recorded = view.recorded[paying.payment.requested.payment_id]
        values["facts"] = paid_facts(paying.payment, recorded, operator, words)
    return page_response(
        call.request,
        "checkout.html",
        words,
        values,
        status=status if mistake is not None else 200,
        frame_ancestors=view.frame_ancestors,
        switch_url=view.address(language=OTHER[words.language]),
    )


async def _help(view: View) -> dict[str, Any]:
    """What a payer is told who asks for help; that somebody asked is kept."""
    paying = view.standing.paying
    if paying is None:
        return {"help": None, "help_url": None}
    if not view.asks_for_help:
        return {"help": None, "help_url": view.address(helps=True)}
    recorded = view.recorded[paying.payment.requested.payment_id]
    told = await support.told_of(
        view.call,
        paying.payment,
        recorded,
        view.words.language,
        merchant_name=view.particulars.get("merchant_name"),
    )
    await support.record(view.call, paying.payment, ACTOR, is_renewing=True)
    return {"help": told, "help_url": None}


def _form(view: View, sent: CheckoutForm | None, mistake: tuple[str, str] | None) -> dict[str, Any]:
    vault, standing, words = view.call.services.vault, view.standing, view.words
    session, offered = view.checkout.session, view.offered(sent)
    offers, phone = offered.offers, view.expected.get("phone") or ""
    abroad = country_name(offered.country, words.language) if offered.is_abroad else ""
    told: dict[str, Any] = {"mistake": None, "mistake_field": None}
    if mistake is not None:
        field, name = offered.mistake(mistake)
        told = {"mistake": words.say(name, country=abroad), "mistake_field": field}
        # Who has to mend something else need not type the number again. Like the address it stands
        # only in the answer to who typed it; it is shown to nobody else, and never again.
        if sent is not None and offered.keeps_number((field, name)):
            phone = sent.phone
    refusal = _refusal(view)
    left = session.expires_at - view.call.services.clock()
    minutes = -(-left // timedelta(minutes=1))
    return {
        "token": token_for(vault, view.session_id, "pay", standing.attempt),
        "cancel_token": token_for(vault, view.session_id, "cancel", standing.attempt),
        **told,
        "offered": offered,
        "abroad": abroad,
        "offers": offers,
        "chosen": offered.chosen(sent.operator) if sent is not None else "",
        "phone": phone,
        "asks_email": view.asks_email,
        "email": sent.email if sent is not None else view.expected.get("email") or "",
        "numbers": offered.numbers,
        "takes_code": any(one.takes_code for one in offers),
        "needs_code": refusal[0] in _ABOUT_CODES,
        "refusal": refusal[1],
        "expected": expected_of(offers, view.money, words),
        "code_hint": code_hint(offers, view.money, words),
        "minutes_left": minutes if minutes <= MINUTES_SHOWN_MAX else None,
    }


def _code_form(view: View, paying: Paying) -> dict[str, Any]:
    number, operator = len(paying.payment.confirmations), paying.payment.requested.operator
    values: dict[str, Any] = {
        "token": token_for(view.call.services.vault, view.session_id, "code", number),
        "code_number": number,
        "how": how_to_get_code(operator or "", _operator(view)[0], view.money, view.words),
    }
    if number:
        values |= {"mistake": view.words.say("code_wrong"), "mistake_field": "code"}
    return values


def _refusal(view: View) -> tuple[str, str]:
    """Why no money moved: one word for programs, and what the payer is told."""
    paying = view.standing.paying
    if paying is None:
        return "", ""
    payment = paying.payment
    told = refusal_of(
        payment,
        view.recorded[payment.requested.payment_id],
        adapters=view.call.services.adapters,
        accepted=view.words.language,
    )
    if told is None or told["refusal"] == Refusal.UNKNOWN.value:
        return "", view.words.say(f"refused_{payment.status.value}")
    return told["refusal"], told["for_payer"]


def _operator(view: View) -> tuple[str, str, str]:
    """The operator that the payment goes to: its wallet, its full name, and its style."""
    paying = view.standing.paying
    if paying is None:
        return "", "", class_of("")
    payment = paying.payment
    operator = BY_CODE.get(payment.requested.operator or "")
    if operator is not None:
        full = full_name_in(operator, view.words.language)
        return name_of(operator), full, class_of(operator.brand)
    title = title_of(payment.provider)
    return title, title, class_of("")


async def _ending(view: View) -> str:
    """The last digits of the number that was typed; nothing where it was erased."""
    paying = view.standing.paying
    if paying is None or view.standing.state != "confirm":
        return ""
    request = paying.payment.requested
    try:
        opened = await view.call.services.vault.open(request.sealed, context=request.payment_id)
    except ErasedError:
        return "••"
    return str(orjson.loads(opened)["phone"])[-ENDING_DIGITS:]


def _refresh_seconds(view: View) -> int:
    """How soon a browser without scripts looks again: ever more slowly, for it costs its owner."""
    paying = view.standing.paying
    if paying is None:
        return 5
    age = view.call.services.clock() - paying.requested_at
    if age < timedelta(minutes=3):
        return 5
    return 15 if age < timedelta(minutes=15) else 60


def _back_url(view: View) -> str | None:
    back, away = view.particulars.get("return_url"), view.particulars.get("cancel_url")
    return back if view.standing.state == "paid" else away or back
