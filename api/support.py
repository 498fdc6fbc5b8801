"""Support over HTTP: what has become of a payment, payout or refund, for a person who asks.

All of it is told from its own history: what happened, what to do next and what not to do, how long
it usually takes, whom to contact; for the merchant, and in words that the merchant may show to
whoever has the number. That each request is an event is `ledger.support`'s to decide.

A refusal is told by the vocabulary (`api.refusals`), and only where certainly no money moved: some
of its texts invite to pay again.

Another merchant's payment is answered like one that does not exist.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from aiohttp import web

from adapters.directory import BY_CODE
from adapters.directory_contacts import CUSTOMER_SERVICE
from adapters.directory_names import full_name_in
from adapters.refusal_texts import Language
from adapters.refusals import Refusal
from api import payments, schemas_support, views
from api.calls import Call, answer
from api.erased import is_erased
from api.problems import language_of
from api.refusal_views import code_of, refusal_of
from api.support_history import history_of
from api.support_situation import money_of, situation_of
from api.support_texts import TONGUES, About, Write, usually_text, writer_of
from api.support_words import Advice, Said, Situation, Tongue
from ledger import commands, merchant
from ledger.entry import RecordedEvent
from ledger.events import JsonObject
from ledger.identity import Kind
from ledger.payment import Payment, Status
from ledger.provider import months_around
from projections.metrics_durations import percentile

USUAL_PAYMENTS_MIN: Final = 20
"""From fewer nobody is told how long it usually takes."""

USUAL_PAYMENTS_MAX: Final = 1_000
"""How many of those that became final last are looked at."""

_USUAL_DAYS: Final = 30
_OUTAGE_MONTHS: Final = 3
"""The next month, this one and the last one: clocks differ."""


async def show_payment_support(call: Call) -> web.Response:
    """Tell what has become of a payment."""
    return await _show(call, "collection")


async def show_payout_support(call: Call) -> web.Response:
    """Tell what has become of a payout."""
    return await _show(call, "payout")


async def show_refund_support(call: Call) -> web.Response:
    """Tell what has become of a refund."""
    return await _show(call, "refund")


async def _show(call: Call, kind: Kind) -> web.Response:
    state, recorded = await payments.load(call, kind)
    language = language_of(call.request.headers.get("Accept-Language"))
    told = await told_of(call, state, recorded, language)
    position = await record(call, state, call.asker.actor)
    return answer(
        told,
        position=max(position, recorded[-1].position),
        headers={"Content-Language": language},
    )


async def record(call: Call, state: Payment, asker: str, *, is_renewing: bool = False) -> int:
    """Keep that somebody asked; the position of that, 0 where it was not news.

    `is_renewing`: a page asked that renews itself.
    """
    services = call.services
    asked = commands.RequestSupport(
        payment_id=state.requested.payment_id,
        asker=asker,
        status=state.status,
        at=services.clock(),
        is_renewing=is_renewing,
    )
    handled = await services.handler.handle(asked, context=call.context(asker))
    return handled.events[-1].position if handled.events else 0


async def told_of(
    call: Call,
    state: Payment,
    recorded: Sequence[RecordedEvent],
    language: Language,
    *,
    merchant_name: str | None = None,
) -> schemas_support.SupportOut:
    """Tell all there is to tell about a payment, payout or refund.

    Args:
        call: the request.
        state: the payment as it is.
        recorded: its events, from the first on.
        language: the reader's.
        merchant_name: what a page has called the merchant; by default the name of the account.
    """
    services, request, status = call.services, state.requested, state.status
    described = refusal_of(state, recorded, adapters=services.adapters, accepted=language)
    page_url = await payments.redirect_url(call, state)
    situation = situation_of(
        state,
        recorded,
        has_refusal=described is not None,
        has_page=page_url is not None,
        is_left_alone=await _is_left_alone(call, state),
    )
    refusal = described["refusal"] if described and situation is Situation.REFUSED else None
    about = About(
        kind=state.kind,
        amount_minor=request.amount_minor,
        refunded_minor=state.refunded_minor,
        currency=request.currency,
        merchant=merchant_name or await name_of_merchant(call, request.merchant_id),
        operator=_full_name(request.operator, language),
    )
    write = writer_of(about, language)
    money = money_of(situation, refusal)
    advice = _advice(TONGUES[language], state.kind, situation, described)
    return schemas_support.SupportOut(
        id=request.payment_id,
        kind=state.kind,
        status=status,
        is_final=status.is_final,
        is_erased=await is_erased(services.vault, services.store, recorded[0]),
        situation=situation,
        money=money,
        refusal=refusal,
        code=code_of(state),
        what_happened=schemas_support.HappenedOut(
            for_payer=write(advice.for_payer.happened),
            for_merchant=write(advice.for_merchant.happened),
        ),
        what_next=schemas_support.WhatNextOut(
            for_payer=_next(advice.for_payer, write),
            for_merchant=_next(advice.for_merchant, write),
            may_repeat=money == "not_moved",
            may_retry=money == "not_moved" and _may_retry(situation, described),
            page_url=page_url,
            next_inquiry_at=views.next_inquiry_at(state, recorded),
        ),
        usually_seconds=await _usually(call, state, language),
        contacts=schemas_support.ContactsOut(
            merchant=schemas_support.MerchantContact(name=about.merchant),
            support=services.settings.support_contact,
            operator=_operator_contact(request.operator),
        ),
        history=_history(recorded, write, language, has_page=page_url is not None),
        position=recorded[-1].position,
    )


def _advice(
    tongue: Tongue, kind: Kind, situation: Situation, described: JsonObject | None
) -> Advice:
    """Choose what both readers are told; the vocabulary's texts are no templates."""
    is_incoming = kind == "collection"
    if situation is not Situation.REFUSED or described is None:
        return (tongue.incoming if is_incoming else tongue.outgoing)[situation]
    refusal: Refusal = described["refusal"]
    step = (tongue.incoming_steps if is_incoming else tongue.outgoing_steps)[refusal]
    return Advice(
        Said(step.happened or described["for_payer"], step.do, step.do_not),
        Said(
            described["for_merchant"],
            described["next_step"],
            tongue.duplicate_do_not if refusal is Refusal.DUPLICATE else None,
        ),
    )


def _history(
    recorded: Sequence[RecordedEvent], write: Write, language: Language, *, has_page: bool
) -> schemas_support.HistoryOut:
    history, moments = history_of(recorded, has_page=has_page), TONGUES[language].moments
    return schemas_support.HistoryOut(
        sentences=[
            schemas_support.SentenceOut(
                at=one.at,
                until=one.until if one.times > 1 else None,
                times=one.times,
                text=write(moments[one.moment], one.amount_minor),
            )
            for one in history.told
        ],
        left_out=history.left_out,
    )


def _next(said: Said, write: Write) -> schemas_support.NextOut:
    do_not = None if said.do_not is None else write(said.do_not)
    return schemas_support.NextOut(do=write(said.do), do_not=do_not)


def _may_retry(situation: Situation, described: JsonObject | None) -> bool:
    if situation is Situation.REFUSED and described is not None:
        return bool(described["may_retry"])
    return situation in {Situation.EXPIRED, Situation.UNSENT}


async def _is_left_alone(call: Call, state: Payment) -> bool:
    """Whether the log has an outage of the provider; asked only while a payment is to be sent.

    An outage that began before last month is none that anybody waits for.
    """
    if state.status is not Status.REQUESTED:
        return False
    services = call.services
    for month in months_around(services.clock())[:_OUTAGE_MONTHS]:
        known, _ = await services.handler.outages(state.provider, state.power, month)
        if state.power in known.open_powers:
            return True
    return False


async def name_of_merchant(call: Call, merchant_id: str) -> str | None:
    """Give a merchant's name, where there is such a merchant."""
    account = merchant.INITIAL
    for one in await call.services.store.read_stream(merchant.merchant_stream(merchant_id)):
        account = merchant.evolve(account, one.event)
    return account.merchant.name if account.merchant else None


def _operator_name(code: str | None) -> str | None:
    operator = BY_CODE.get(code or "")
    return (operator.wallet or operator.brand) if operator else None


def _full_name(code: str | None, language: Language) -> str | None:
    operator = BY_CODE.get(code or "")
    return full_name_in(operator, language) if operator else None


def _operator_contact(code: str | None) -> schemas_support.OperatorContact | None:
    name = _operator_name(code)
    if code is None or name is None:
        return None
    known = CUSTOMER_SERVICE.get(code)
    return schemas_support.OperatorContact(
        operator=code, name=name, customer_service=known.number if known else None
    )


def _is_staff(call: Call) -> bool:
    return call.identity is not None and call.identity.role != "merchant"


async def _usually(
    call: Call, state: Payment, language: Language
) -> schemas_support.UsuallyOut | None:
    """Tell how long those of this kind took lately with the provider that has it, or had it."""
    attempt = state.attempt
    provider = state.provider if state.rerouted_to or attempt is None else attempt.provider
    services = call.services
    now, mode = services.clock(), services.mode_of(state.requested)
    window = (now - timedelta(days=_USUAL_DAYS), now)
    durations = await services.metrics.durations(
        state.kind, services.modes_seen(mode), provider, window, USUAL_PAYMENTS_MAX
    )
    if len(durations) < USUAL_PAYMENTS_MIN:
        return None
    median, high = (round(percentile(durations, one) / 1000, 1) for one in (50, 95))
    return schemas_support.UsuallyOut(
        median=median,
        p95=high,
        # Of all merchants together: how many there are is nobody's business but the staff's.
        payments=len(durations) if _is_staff(call) else None,
        text=usually_text(median, high, language),
    )
