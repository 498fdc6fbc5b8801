"""Support over HTTP: told from a payment's own history in two languages; each request an event."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from api import schemas_support
from api.support import USUAL_PAYMENTS_MIN
from ledger import commands, events
from ledger.evidence import Evidence, Source, Word
from ledger.provider import month_of
from ledger.support import stream_of
from tests.api_world import CONTEXT, MTN_PHONE, Answer, World, a_world, settings_in
from tests.conftest import FakeClock

FRENCH = {"Accept-Language": "fr-CM, fr;q=0.9, en;q=0.5"}
PAYEE = {"amount": "700", "currency": "XAF", "payee": {"phone": "+237670000002"}}


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    settings = settings_in(tmp_path, support_contact="WhatsApp +237 600 00 00 00")
    async with a_world(settings, clock=clock, is_in_memory=True) as made:
        yield made


async def do(world: World, command: Any) -> None:
    """Let something happen."""
    await world.services.handler.handle(command, context=CONTEXT)


async def submitted(
    world: World, moved_id: str, *, provider: str = "mtn", is_accepted: bool = True
) -> None:
    """Let something be submitted."""
    at = world.services.clock()
    await do(
        world,
        commands.StartSubmission(
            payment_id=moved_id, provider=provider, reference="r-1", inquire_at=at
        ),
    )
    if is_accepted:
        await do(
            world,
            commands.ConfirmSubmission(
                payment_id=moved_id,
                reference="r-1",
                sealed_handle=None,
                token_digest=None,
                inquire_at=at + timedelta(seconds=30),
            ),
        )


def a_word(
    moved_id: str, word: Word, code: str | None = None, provider: str = "mtn"
) -> commands.RecordEvidence:
    """A word about what was submitted."""
    evidence = Evidence(
        source=Source.POLL, provider=provider, reference="r-1", word=word, code=code
    )
    return commands.RecordEvidence(payment_id=moved_id, evidence=evidence)


async def a_payment_of(world: World, key: str = "order-1") -> str:
    """The id of a new payment."""
    return str((await world.pay(key=key)).json["id"])


async def support(world: World, moved_id: str, **options: Any) -> Answer:
    """Ask for help with it."""
    things = {"pay": "payments", "po": "payouts", "re": "refunds"}[moved_id.partition("_")[0]]
    return await world.get(f"/v1/{things}/{moved_id}/support", **options)


async def asked(world: World, moved_id: str) -> list[events.SupportRequested]:
    """What the log has of requests for help with it."""
    recorded = await world.services.store.read_stream(stream_of(moved_id))
    return [one.event for one in recorded if isinstance(one.event, events.SupportRequested)]


async def test_a_payer_without_money_is_helped_in_english_and_in_french(world: World) -> None:
    payment_id = await a_payment_of(world)
    await submitted(world, payment_id)
    await do(world, a_word(payment_id, Word.FAILED, "NOT_ENOUGH_FUNDS"))

    english = await support(world, payment_id)
    french = await support(world, payment_id, headers=FRENCH)

    shown = english.json
    times = [shown["history"]["sentences"][0]["at"]]
    assert shown | {"history": None} == {
        "id": payment_id,
        "kind": "collection",
        "status": "failed",
        "is_erased": False,
        "is_final": True,
        "situation": "refused",
        "money": "not_moved",
        "refusal": "insufficient_funds",
        "code": "NOT_ENOUGH_FUNDS",
        "what_happened": {
            "for_payer": "Your balance is too low for this payment.",
            "for_merchant": "The payer's balance is too low.",
        },
        "what_next": {
            "for_payer": {
                "do": "Top up your account, with a little more than the amount for possible fees, "
                "then pay again.",
                "do_not": None,
            },
            "for_merchant": {
                "do": "Ask the payer to top up the account, then make a new payment.",
                "do_not": None,
            },
            "may_repeat": True,
            "may_retry": False,
            "page_url": None,
            "next_inquiry_at": None,
        },
        "usually_seconds": None,
        "contacts": {
            "merchant": {"name": "A shop"},
            "support": "WhatsApp +237 600 00 00 00",
            "operator": {"operator": "mtn-cm", "name": "MTN MoMo", "customer_service": None},
        },
        "history": None,
        "position": shown["position"],
    }
    assert shown["history"] == {
        "left_out": 0,
        "sentences": [
            {"at": times[0], "until": None, "times": 1, "text": text}
            for text in (
                "A shop asked for the payment of 1,500\xa0FCFA.",
                "The payment was passed on to MTN MoMo Cameroon.",
                "The customer was asked to confirm.",
                "We were told that the payment failed.",
            )
        ],
    }
    told = french.json
    assert told["what_happened"]["for_payer"] == "Votre solde est insuffisant pour ce paiement."
    assert told["what_next"]["for_payer"]["do"] == (
        "Rechargez votre compte, avec un peu plus que le montant pour les frais éventuels, puis "
        "payez à nouveau."
    )
    assert [one["text"] for one in told["history"]["sentences"]] == [
        "A shop a demandé le paiement de 1\u202f500\xa0FCFA.",
        "Le paiement a été transmis à MTN MoMo Cameroun.",
        "Le client a été invité à confirmer.",
        "On nous a dit que le paiement a échoué.",
    ]
    assert [one.headers["Content-Language"] for one in (english, french)] == ["en", "fr"]
    for one in (english, french):
        schemas_support.SupportOut.model_validate_json(one.body)
        assert MTN_PHONE[4:].encode() not in one.body


async def test_each_request_is_an_event(world: World, clock: FakeClock) -> None:
    payment_id = await a_payment_of(world)

    first = await support(world, payment_id)
    clock.advance(2)
    await support(world, payment_id)
    await submitted(world, payment_id)
    last = await support(world, payment_id)
    operator = await support(world, payment_id, who="operator")

    found = await asked(world, payment_id)
    assert [(one.asker, one.status) for one in found[:3]] == [
        ("merchant:mer_1", "requested"),
        ("merchant:mer_1", "requested"),
        ("merchant:mer_1", "pending"),
    ]
    assert (len(found), found[3].asker.partition(":")[0]) == (4, "key")
    position = await world.services.store.position()
    assert int(operator.headers["Cauri-Position"]) == position
    assert int(last.headers["Cauri-Position"]) == position - 1
    assert int(first.headers["Cauri-Position"]) == first.json["position"] + 1
    recorded = await world.services.store.read_stream(stream_of(payment_id))
    assert [one.actor for one in recorded] == [one.asker for one in found]


async def test_another_merchant_s_payment_is_like_one_that_does_not_exist(world: World) -> None:
    payment_id = await a_payment_of(world)
    none = "pay_" + "a" * 26

    foreign = await support(world, payment_id, who="mer_2")
    absent = await support(world, none, who="mer_2")
    other_kind = await world.get(f"/v1/payouts/{payment_id}/support")
    nonsense = await world.get("/v1/payments/pay_none/support")

    for one in (foreign, absent, other_kind, nonsense):
        assert (one.status, one.json | {"instance": ""}) == (404, absent.json | {"instance": ""})
    assert await asked(world, payment_id) == await asked(world, none) == []


async def test_an_auditor_reads_the_events_and_leaves_no_trace(world: World) -> None:
    payment_id = await a_payment_of(world)

    answer = await support(world, payment_id, who="auditor")

    assert (answer.status, answer.code, await asked(world, payment_id)) == (403, "forbidden", [])


async def test_what_is_in_doubt_is_told_with_the_time_of_the_next_question(world: World) -> None:
    payment_id = await a_payment_of(world)
    await submitted(world, payment_id, is_accepted=False)
    at = world.services.clock() + timedelta(seconds=10)
    await do(
        world,
        commands.DoubtSubmission(
            payment_id=payment_id, reference="r-1", reason="timeout", inquire_at=at
        ),
    )

    shown = (await support(world, payment_id)).json

    assert (shown["situation"], shown["money"]) == ("unknown", "may_have_moved")
    assert shown["what_happened"]["for_payer"] == (
        "We do not know yet whether your money has left. We are still asking MTN MoMo Cameroon."
    )
    assert shown["what_next"] == {
        "for_payer": {
            "do": "Please wait for our answer. If you get a message from MTN MoMo Cameroon, keep "
            "it.",
            "do_not": "Do not pay again: you could pay twice.",
        },
        "for_merchant": {
            "do": "Wait for the final word, and keep the order open; `next_inquiry_at` tells when "
            "we ask next.",
            "do_not": "Do not make a second payment for the same order: the customer could pay "
            "twice.",
        },
        "may_repeat": False,
        "may_retry": False,
        "page_url": None,
        "next_inquiry_at": at.isoformat().replace("+00:00", "Z"),
    }


async def test_a_conflict_tells_nobody_to_pay_again(world: World) -> None:
    payment_id = await a_payment_of(world)
    await submitted(world, payment_id)
    await do(world, a_word(payment_id, Word.SUCCEEDED))
    await do(world, a_word(payment_id, Word.FAILED, "SERVICE_UNAVAILABLE"))

    shown = (await support(world, payment_id)).json

    assert (shown["situation"], shown["refusal"], shown["what_next"]["may_repeat"]) == (
        "conflict",
        None,
        False,
    )


async def test_a_wrong_one_time_code_is_told_as_one_and_not_as_a_pin(world: World) -> None:
    payment_id = await a_payment_of(world)
    await submitted(world, payment_id, provider="orange_sonatel")
    await do(world, a_word(payment_id, Word.FAILED, "2010", "orange_sonatel"))

    shown = (await support(world, payment_id)).json

    assert (shown["refusal"], shown["what_next"]["may_retry"]) == ("wrong_code", True)
    assert shown["what_happened"]["for_payer"] == (
        "The one-time code was not accepted: it is wrong, too old, or already used."
    )
    assert shown["what_next"]["for_payer"] == {
        "do": "Get a fresh code from MTN MoMo Cameroon, then pay again and enter it with care.",
        "do_not": "Do not use the same code again, and do not enter your PIN in its place.",
    }


async def test_a_provider_that_is_left_alone_is_told_as_away(world: World) -> None:
    payment_id = await a_payment_of(world)
    at = world.services.clock()
    await do(
        world,
        commands.RecordBreakerOpened(
            provider="mtn", power="collection", failures=8, at=at, until=at
        ),
    )
    away = (await support(world, payment_id)).json["situation"]
    closed = commands.RecordBreakerClosed(provider="mtn", power="collection", month=month_of(at))
    await do(world, closed)
    back = (await support(world, payment_id)).json["situation"]

    assert (away, back) == ("provider_away", "requested")


async def test_who_is_paid_is_not_told_that_he_has_no_money(world: World) -> None:
    headers = {"Idempotency-Key": "out-1"}
    made = await world.ask("POST", "/v1/payouts", who="mer_1", headers=headers, json=PAYEE)
    payout_id = made.json["id"]
    await submitted(world, payout_id, provider="hub2")
    under_way = (await support(world, payout_id)).json
    await do(world, a_word(payout_id, Word.FAILED, "customer_insufficient_funds", "hub2"))
    failed = (await support(world, payout_id)).json

    assert (under_way["kind"], under_way["situation"]) == ("payout", "under_way")
    assert (
        under_way["what_happened"]["for_payer"] == "700\xa0FCFA from A shop is on its way to you."
    )
    assert (failed["refusal"], failed["what_happened"]["for_payer"]) == (
        "merchant_funds_short",
        "A shop cannot send it for now.",
    )
    assert failed["what_next"]["for_payer"]["do"] == "Ask A shop how you will be paid."


async def test_a_refund_is_told_on_both_sides(world: World) -> None:
    payment_id = await a_payment_of(world)
    await submitted(world, payment_id)
    await do(world, a_word(payment_id, Word.SUCCEEDED))
    paid = (await support(world, payment_id)).json
    headers = {"Idempotency-Key": "back-1"}
    path = f"/v1/payments/{payment_id}/refunds"
    made = await world.ask("POST", path, who="mer_1", headers=headers, json={"amount": "500"})
    refund_id = made.json["id"]
    under_way = (await support(world, payment_id)).json
    await submitted(world, refund_id)
    await do(world, a_word(refund_id, Word.SUCCEEDED))
    await do(
        world,
        commands.SettleRefund(
            payment_id=payment_id, refund_id=refund_id, is_given_back=True, reason="succeeded"
        ),
    )
    given = (await support(world, payment_id, headers=FRENCH)).json
    refund = (await support(world, refund_id, headers=FRENCH)).json

    assert [one["situation"] for one in (paid, under_way, given, refund)] == [
        "succeeded",
        "refund_under_way",
        "partly_refunded",
        "succeeded",
    ]
    assert given["what_happened"]["for_payer"] == (
        "A shop a reçu votre paiement de 1\u202f500\xa0FCFA, et 500\xa0FCFA vous ont été rendus."
    )
    assert given["history"]["sentences"][-1]["text"] == "500\xa0FCFA ont été rendus."
    assert refund["what_happened"]["for_payer"] == "A shop vous a envoyé 500\xa0FCFA."


@pytest.mark.parametrize("short", [0, 1])
async def test_how_long_it_takes_is_told_where_enough_have_ended(
    world: World, clock: FakeClock, short: int
) -> None:
    count = USUAL_PAYMENTS_MIN - short
    for number in range(count):
        payment_id = await a_payment_of(world, f"order-{number}")
        await submitted(world, payment_id)
        clock.advance(10 * (number + 1))
        await do(world, a_word(payment_id, Word.SUCCEEDED))
    await world.caught_up()

    shown = (await support(world, payment_id)).json["usually_seconds"]
    of_others = (await support(world, await a_payout(world))).json["usually_seconds"]

    to_staff = (await support(world, payment_id, who="operator")).json["usually_seconds"]

    assert of_others is None
    # How many payments all merchants have is told to the staff alone.
    assert to_staff == (None if short else {**shown, "payments": count})
    assert shown == (
        None
        if short
        else {
            "median": 100.0,
            "p95": 190.0,
            "payments": None,
            "text": "Half of the time it takes 2 minutes or less, and nearly always 4 minutes or "
            "less.",
        }
    )


async def test_what_ended_long_ago_says_nothing_about_today(world: World, clock: FakeClock) -> None:
    for number in range(USUAL_PAYMENTS_MIN):
        payment_id = await a_payment_of(world, f"order-{number}")
        await submitted(world, payment_id)
        await do(world, a_word(payment_id, Word.SUCCEEDED))
    clock.advance(31 * 86_400)
    await world.caught_up()

    assert (await support(world, payment_id)).json["usually_seconds"] is None


async def a_payout(world: World) -> str:
    """The id of a new payout."""
    headers = {"Idempotency-Key": "out-1"}
    made = await world.ask("POST", "/v1/payouts", who="mer_1", headers=headers, json=PAYEE)
    return str(made.json["id"])
