"""Payouts, refunds and balances over HTTP: the door, and the whole route to MTN's test server."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from adapters.base import Due
from adapters.recording import Recorder
from adapters.refunds import Refunder, request_of, reserved_in, settling_of
from ledger import commands
from ledger.evidence import Evidence, Source, Word
from ledger.identity import payment_id_of
from ledger.money import Money
from tests.api_world import HUB2, PROVIDER_TABLES, Answer, World, a_payment, a_world, settings_in
from tests.builders import CONTEXT, NOW, a_word
from tests.conftest import FakeClock
from tests.stage import sandboxes, serving


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with a_world(settings_in(tmp_path), clock=clock) as made:
        yield made


async def moved(
    world: World, path: str, content: Any, *, key: str = "k-1", who: str = "mer_1", **headers: str
) -> Answer:
    """Send a request that moves money."""
    given = {"Idempotency-Key": key, **headers}
    return await world.ask("POST", path, who=who, headers=given, json=content)


async def succeed(world: World, payment_id: str, amount: str = "1500") -> None:
    """Let a payment be submitted, and its provider say that it succeeded."""
    reference = f"reference-of-{payment_id}"
    word = Evidence(
        source=Source.POLL,
        provider="mtn",
        reference=reference,
        word=Word.SUCCEEDED,
        amount=amount,
        currency="XAF",
        provider_transaction_id="987654",
    )
    for command in (
        commands.StartSubmission(
            payment_id=payment_id, provider="mtn", reference=reference, inquire_at=NOW
        ),
        commands.RecordEvidence(payment_id=payment_id, evidence=word),
    ):
        await world.services.handler.handle(command, context=CONTEXT)


async def a_paid_one(world: World) -> str:
    """The id of a payment that succeeded."""
    payment_id: str = (await world.pay()).json["id"]
    await succeed(world, payment_id)
    return payment_id


def reserving(payment_id: str, refund_id: str) -> commands.ReserveRefund:
    """Ask 1000 XAF of a payment back."""
    return commands.ReserveRefund(
        payment_id=payment_id,
        refund_id=refund_id,
        money=Money(1000, "XAF"),
        provider="mtn",
        route_reason="it took the payment",
        power="refund",
        sealed="sealed",
        content_digest=f"of {payment_id}",
        expires_at=NOW,
    )


async def test_what_was_let_go_and_is_in_doubt_again_is_not_given_back_a_second_time(
    world: World,
) -> None:
    payment_id = await a_paid_one(world)
    path = f"/v1/payments/{payment_id}/refunds"
    first = (await moved(world, path, {})).json["id"]
    reference = f"reference-of-{first}"
    named = {"payment_id": first, "reference": reference}
    for command in (
        commands.StartSubmission(**named, provider="mtn", inquire_at=NOW),
        commands.WithdrawSubmission(**named, reason="not found", retry_at=NOW),
        commands.ExpirePayment(payment_id=first, reason="its time is over"),
        commands.SettleRefund(
            payment_id=payment_id, refund_id=first, is_given_back=False, reason="expired"
        ),
        # Somebody calls about it: the provider has it after all, perhaps.
        commands.RequestInquiry(payment_id=first, reason="a callback", inquire_at=NOW),
    ):
        await world.services.handler.handle(command, context=CONTEXT)

    doubtful = await moved(world, path, {}, key="k-2")
    ended = commands.WithdrawSubmission(**named, reason="not found", retry_at=NOW)
    for command in (ended, commands.ExpirePayment(payment_id=first, reason="its time is over")):
        await world.services.handler.handle(command, context=CONTEXT)
    certain = await moved(world, path, {}, key="k-2")

    assert (doubtful.status, doubtful.code) == (409, "not_refundable")
    assert doubtful.json["detail"].startswith(f"An earlier refund of it, {first}, is in doubt")
    assert (certain.status, certain.json["amount"]) == (202, "1500")


async def paid_by_orange(world: World) -> str:
    """The id of a payment that Orange took, which cannot give it back itself."""
    orange = a_payment(payer={"phone": "+237690000001"}, provider="orange")
    payment_id = (await world.pay(orange)).json["id"]
    reference = f"reference-of-{payment_id}"
    word = Evidence(source=Source.POLL, provider="orange", reference=reference, word=Word.SUCCEEDED)
    for command in (
        commands.StartSubmission(
            payment_id=payment_id, provider="orange", reference=reference, inquire_at=NOW
        ),
        commands.RecordEvidence(payment_id=payment_id, evidence=word),
    ):
        await world.services.handler.handle(command, context=CONTEXT)
    return str(payment_id)


async def test_a_payout_is_accepted_shown_and_listed_apart_from_payments(world: World) -> None:
    wanted = {"amount": "700", "currency": "XAF", "payee": {"phone": "+237670000002"}}

    answer = await moved(world, "/v1/payouts", wanted)
    again = await moved(world, "/v1/payouts", wanted)

    payout_id = answer.json["id"]
    assert (answer.status, payout_id[:3], answer.json["kind"]) == (202, "po_", "payout")
    assert answer.headers["Location"] == f"/v1/payouts/{payout_id}"
    assert (again.body, again.headers["Idempotent-Replayed"]) == (answer.body, "true")
    shown = await world.get(f"/v1/payouts/{payout_id}")
    assert (shown.json["kind"], shown.json["status"]) == ("payout", "requested")
    assert (await world.get(f"/v1/payments/{payout_id}")).code == "unknown_payment"
    await world.caught_up()
    listed = [(await world.get(f"/v1/{kind}")).json["payments"] for kind in ("payouts", "payments")]
    assert [[one["id"] for one in each] for each in listed] == [[payout_id], []]


async def test_one_key_may_stand_for_a_payment_and_for_a_payout(world: World) -> None:
    wanted = {"amount": "1500", "currency": "XAF", "payee": {"phone": "+237670000002"}}
    paid = await world.pay(key="one")

    assert (await moved(world, "/v1/payouts", wanted, key="one")).status == 202
    assert (await world.pay(key="one")).body == paid.body


async def test_a_provider_that_cannot_pay_out_is_refused_by_name(world: World) -> None:
    wanted = {
        "amount": "700",
        "currency": "XAF",
        "payee": {"phone": "+237690000002"},
        "provider": "orange",
    }

    answer = await moved(world, "/v1/payouts", wanted)

    assert (answer.status, answer.code) == (422, "operator_not_served")
    assert answer.json["errors"][0]["pointer"] == "/provider"


async def test_a_payment_is_given_back_in_parts_and_never_more_than_was_taken(
    world: World,
) -> None:
    payment_id = await a_paid_one(world)
    path = f"/v1/payments/{payment_id}/refunds"

    part = await moved(world, path, {"amount": "1000", "reason": "One chicken too many"})
    more = await moved(world, path, {"amount": "501"}, key="k-2")
    rest = await moved(world, path, {}, key="k-3")
    none = await moved(world, path, {}, key="k-4")

    assert (part.status, part.json["kind"], part.json["power"]) == (202, "refund", "refund")
    assert (part.json["refund_of"], part.json["amount"]) == (payment_id, "1000")
    assert part.headers["Location"] == f"/v1/refunds/{part.json['id']}"
    assert (more.status, more.code) == (409, "not_refundable")
    assert more.json["detail"].startswith(
        "At most 500 XAF of it is left to give back. Send no more"
    )
    assert [one["pointer"] for one in more.json["errors"]] == ["/amount"]
    assert (rest.status, rest.json["amount"]) == (202, "500")
    assert (none.status, none.code) == (409, "not_refundable")
    shown = (await world.get(f"/v1/payments/{payment_id}")).json
    assert (shown["status"], shown["refunded"], shown["refundable"]) == ("succeeded", "0", "0")
    await world.caught_up()
    listed = (await world.get(path)).json["payments"]
    assert [one["id"] for one in listed] == [rest.json["id"], part.json["id"]]


@pytest.mark.parametrize(
    ("says", "left"), [(None, "1000"), (Source.POLL, "0"), (Source.STATEMENT, "0")]
)
async def test_what_was_given_back_is_one_sum_wherever_it_is_asked(
    world: World, says: Source | None, left: str
) -> None:
    payment_id = await a_paid_one(world)
    path = f"/v1/payments/{payment_id}/refunds"
    refund_id = str((await moved(world, path, {"amount": "1000"})).json["id"])
    await succeed(world, refund_id, "1000")
    for word in (None, says):
        if word is not None:
            denied = a_word(Word.FAILED, word, reference=f"reference-of-{refund_id}")
            command = commands.RecordEvidence(payment_id=refund_id, evidence=denied)
            await world.services.handler.handle(command, context=CONTEXT)
        refund, _ = await world.services.handler.payment(refund_id)
        settling = settling_of(refund)
        assert settling is not None
        await world.services.handler.handle(settling, context=CONTEXT)
    await world.caught_up()

    shown = (await world.get(f"/v1/payments/{payment_id}")).json
    listed = (await world.get("/v1/payments")).json["payments"]
    (money,) = (await world.get("/v1/balances")).json["money"]
    assert [one["refunded"] for one in (shown, *listed, money)] == [left] * 3
    in_doubt = "1000" if says is Source.POLL else "0"
    assert (money["suspense_in"], money["suspense_out"]) == ("0", in_doubt)
    assert money["suspense"] == ("-1000" if says is Source.POLL else "0")
    # What is in doubt is not free to be given back once more.
    assert shown["refundable"] == ("1500" if says is Source.STATEMENT else "500")


async def test_all_refunds_are_listed_by_page_status_time_and_payment_and_only_ones_own(
    world: World, clock: FakeClock
) -> None:
    made = []
    for number in range(3):
        payment_id = (await world.pay(key=f"order-{number}")).json["id"]
        await succeed(world, payment_id)
        path = f"/v1/payments/{payment_id}/refunds"
        made.append((payment_id, (await moved(world, path, {}, key=f"back-{number}")).json["id"]))
        clock.advance(60)
    last = await world.services.store.position()

    async def ids(query: str = "", who: str = "mer_1") -> list[str]:
        answer = await world.get(f"/v1/refunds?min_position={last}{query}", who=who)
        assert answer.status == 200, answer.body
        assert answer.headers["Cauri-Position"] == str(answer.json["position"])
        return [one["id"] for one in answer.json["payments"]]

    refunds = [refund_id for _, refund_id in reversed(made)]
    assert await ids() == refunds
    first = (await world.get("/v1/refunds?limit=2")).json
    assert [one["id"] for one in first["payments"]] == refunds[:2]
    assert await ids(f"&after={first['next_after']}") == refunds[2:]
    assert await ids(f"&payment_id={made[1][0]}") == [made[1][1]]
    assert await ids("&payment_id=pay_none") == []
    assert await ids("&status=requested") == refunds
    assert await ids("&status=succeeded") == []
    assert await ids("&created_from=2026-03-01T12:00:30Z") == refunds[:2]
    assert await ids("&created_to=2026-03-01T12:00:30Z") == refunds[2:]
    assert await ids(who="mer_2") == []
    assert await ids(f"&payment_id={made[1][0]}", who="mer_2") == []
    assert await ids(who="accountant") == refunds


async def test_a_repeated_refund_gets_its_first_answer_for_ever(world: World) -> None:
    payment_id = await a_paid_one(world)
    path = f"/v1/payments/{payment_id}/refunds"

    first = await moved(world, path, {})
    again = await moved(world, path, {})
    other = await moved(world, path, {"amount": "1"})

    assert (again.status, again.body) == (202, first.body)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (other.status, other.code) == (422, "idempotency_key_reused")


async def two_paid_ones(world: World) -> tuple[str, str]:
    """The ids of two payments that succeeded."""
    two: str = (await world.pay(key="order-2")).json["id"]
    await succeed(world, two)
    return await a_paid_one(world), two


async def test_a_key_of_another_payments_refund_is_no_repeat_and_binds_nothing(
    world: World,
) -> None:
    one, two = await two_paid_ones(world)
    first = await moved(world, f"/v1/payments/{one}/refunds", {"amount": "1"})

    answer = await moved(world, f"/v1/payments/{two}/refunds", {"amount": "700"})

    assert (answer.status, answer.code) == (422, "idempotency_key_reused")
    assert (await world.get(f"/v1/payments/{two}")).json["refundable"] == "1500"
    await world.caught_up()
    due = await world.services.worklist.listing(now=NOW)
    assert [(one.stream_id, one.kind) for one in due] == [(first.json["id"], "submit")]


async def test_of_two_payments_that_reserve_under_one_key_at_once_one_lets_go(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = await two_paid_ones(world)

    async def came_just_before(*_: object) -> None:
        """Another process, which knows nothing of what is under way in this one."""
        monkeypatch.undo()
        await world.services.handler.handle(reserving(one, first), context=CONTEXT)
        collection, recorded = await world.services.handler.payment(one)
        reserved = reserved_in(recorded, first)
        assert reserved is not None
        await world.services.handler.handle(request_of(collection, reserved), context=CONTEXT)

    first = payment_id_of("mer_1", "k-1", "refund")
    monkeypatch.setattr("api.refunds._check_unused", came_just_before)
    answer = await moved(world, f"/v1/payments/{two}/refunds", {"amount": "700"})

    assert (answer.status, answer.code) == (422, "idempotency_key_reused")
    left = [(await world.get(f"/v1/payments/{name}")).json["refundable"] for name in (one, two)]
    assert left == ["500", "1500"]
    await world.caught_up()
    due = await world.services.worklist.listing(now=NOW)
    assert [(one.stream_id, one.kind) for one in due] == [(first, "submit")]


async def test_what_was_reserved_under_anothers_key_before_a_crash_is_let_go_afterwards(
    world: World,
) -> None:
    one, two = await two_paid_ones(world)
    first = (await moved(world, f"/v1/payments/{one}/refunds", {"amount": "1"})).json["id"]
    await world.services.handler.handle(reserving(two, first), context=CONTEXT)
    await world.caught_up()
    work, recorder = world.services.worklist, Recorder(world.services.handler, world.services.vault)
    leased = await work.lease("open", None, holder="test", limit=9, now=NOW, seconds=60.0)
    (due,) = [Due(**dataclasses.asdict(one)) for one in leased]

    await Refunder(recorder).open(due)

    assert (await world.get(f"/v1/payments/{two}")).json["refundable"] == "1500"
    await world.caught_up()
    assert [one.kind for one in await work.listing(now=NOW)] == ["submit"]


async def test_however_many_ask_at_once_no_more_is_reserved_than_was_taken(world: World) -> None:
    payment_id = await a_paid_one(world)
    path = f"/v1/payments/{payment_id}/refunds"

    answers = await asyncio.gather(
        *(moved(world, path, {"amount": "400"}, key=f"k-{n}") for n in range(12))
    )

    taken = [one for one in answers if one.status == 202]
    assert len(taken) == 3
    assert {one.code for one in answers if one.status != 202} == {"not_refundable"}
    shown = (await world.get(f"/v1/payments/{payment_id}")).json
    assert shown["refundable"] == "300"


async def test_many_repeats_at_once_reserve_once(world: World) -> None:
    payment_id = await a_paid_one(world)
    path = f"/v1/payments/{payment_id}/refunds"

    answers = await asyncio.gather(*(moved(world, path, {"amount": "400"}) for _ in range(8)))
    taken = [one for one in answers if one.status == 202]

    assert {one.code for one in answers if one.status != 202} <= {"idempotency_key_in_flight"}
    assert {one.body for one in taken} == {(await moved(world, path, {"amount": "400"})).body}
    shown = (await world.get(f"/v1/payments/{payment_id}")).json
    assert shown["refundable"] == "1100"


async def test_what_has_not_succeeded_or_is_anothers_cannot_be_given_back(world: World) -> None:
    payment_id = (await world.pay()).json["id"]
    path = f"/v1/payments/{payment_id}/refunds"

    open_one = await moved(world, path, {})
    anothers = await moved(world, path, {}, who="mer_2")

    assert (open_one.status, open_one.code) == (409, "not_refundable")
    assert (anothers.status, anothers.code) == (404, "unknown_payment")


async def test_a_provider_that_cannot_refund_pays_out_only_if_the_merchant_allows_it(
    world: World,
) -> None:
    payment_id = await paid_by_orange(world)
    path = f"/v1/payments/{payment_id}/refunds"

    forbidden = await moved(world, path, {})
    impossible = await moved(world, path, {"allow_payout": True})

    assert (forbidden.status, forbidden.code) == (409, "not_refundable")
    assert forbidden.json["errors"][0]["pointer"] == "/allow_payout"
    # MTN does not reach an Orange number, and nobody else is enabled here.
    assert (impossible.status, impossible.code) == (409, "not_refundable")


async def test_a_refund_that_is_paid_out_has_the_limits_of_a_payout(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PROVIDER_TABLES, "hub2", HUB2)
    settings = settings_in(tmp_path, providers=("mtn", "orange", "hub2"))
    async with a_world(settings, clock=clock, is_in_memory=True) as world:
        path = f"/v1/payments/{await paid_by_orange(world)}/refunds"

        refused = await moved(world, path, {"amount": "495", "allow_payout": True})
        taken = await moved(world, path, {"amount": "500", "allow_payout": True})

    assert (refused.status, refused.code) == (422, "amount_outside_limits")
    assert refused.json["errors"][0]["pointer"] == "/amount"
    assert (taken.status, taken.json["provider"], taken.json["power"]) == (202, "hub2", "payout")


async def test_a_payment_is_taken_given_back_in_two_parts_and_a_payout_made_for_real(
    tmp_path: Path,
) -> None:
    rich = {"mtn": {"opening_balance": "100000"}}
    async with sandboxes(tmp_path, rich) as providers, serving(tmp_path, providers) as stage:
        payment_id = await stage.request(50)
        await stage.until_final([payment_id])
        path = f"/v1/payments/{payment_id}/refunds"
        parts = [
            (await moved(stage, path, {"amount": amount}, key=f"part-{amount}")).json["id"]
            for amount in ("1000", "50")
        ]
        payouts = [
            (
                await moved(
                    stage,
                    "/v1/payouts",
                    {"amount": "300", "currency": "XAF", "payee": {"phone": phone}},
                    key=phone,
                )
            ).json["id"]
            for phone in ("+237670000001", "+237670000055")
        ]
        await stage.until_final([*parts, *payouts])
        ends = [(await stage.state(one)).status.value for one in (*parts, *payouts)]
        assert ends[:3] == ["succeeded"] * 3
        assert ends[3] in {"failed", "declined"}

        async def is_settled() -> bool:
            return (await stage.state(payment_id)).refunded_minor == 1050

        await stage.until(is_settled)
        shown = (await stage.get(f"/v1/payments/{payment_id}")).json
        assert (shown["refunded"], shown["refundable"]) == ("1050", "0")

        balances = (await stage.get("/v1/balances", who="accountant")).json
        assert {one["provider"] for one in balances["balances"]} == {"mtn"}
        # What was said to the providers is kept beside, and the log is at rest when all of it is.
        await stage.services.keeper.idle()
        position = await stage.caught_up()
        answer = await stage.get(f"/v1/balances?min_position={position}")
        assert answer.status == 200, answer.body
        own = answer.json
        assert own["money"] == [
            {
                "currency": "XAF",
                "mode": "test",
                "collected": "1050",
                "refunded": "1050",
                "paid_out": "300",
                "net": "-300",
                **dict.fromkeys(("suspense", "suspense_in", "suspense_out"), "0"),
                **dict.fromkeys(("collecting", "refunding", "paying_out"), "0"),
            }
        ]
        assert (own["position"], own["balances"]) == (position, [])
        for whose, money in (("mer_1", own["money"]), ("mer_2", [])):
            told = await stage.get(f"/v1/balances?merchant_id={whose}", who="accountant")
            assert told.json["money"] == money
        assert (await stage.get("/v1/balances?merchant_id=mer_2")).code == "unknown_merchant"
        books = (await stage.get("/v1/accounts", who="accountant")).json
        assert books["is_balanced"] is True
        balance = {(one["account"], one["holder"]): one["balance"] for one in books["accounts"]}
        assert balance["552", "mtn"] == "-300"
        assert balance["401", "mer_1"] == "300"
        assert balance["411", "mer_1"] == "0"


async def test_a_refund_that_was_reserved_before_the_power_was_cut_is_made_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object) -> None:
        raise RuntimeError("the power is cut")

    async with sandboxes(tmp_path, {}) as providers, serving(tmp_path, providers) as stage:
        payment_id = await stage.request(50)
        await stage.until_final([payment_id])
        path = f"/v1/payments/{payment_id}/refunds"
        with monkeypatch.context() as dying:
            # Between the reservation and the refund's own stream: nobody is left who would ask.
            dying.setattr("api.refunds.request_of", cut)
            unanswered = await moved(stage, path, {"amount": "1000"})
        assert unanswered.status == 500

        async def is_settled() -> bool:
            return (await stage.state(payment_id)).refunded_minor == 1000

        await stage.until(is_settled)
        repeated = await moved(stage, path, {"amount": "1000"})
        assert (repeated.status, repeated.json["amount"]) == (202, "1000")
        state = await stage.state(payment_id)
        assert [one.refund_id for one in state.refunds] == [repeated.json["id"]]
        assert (state.refunded_minor, state.refundable_minor) == (1000, 50)
