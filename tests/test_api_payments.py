"""Payments over HTTP: asked for once, looked at now and as they were, listed, audited."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from api import documents
from ledger import commands
from ledger.evidence import Evidence, Source, Word
from ledger.identity import payment_id_of
from tests.api_world import CONTEXT, MTN_PHONE, ORANGE_PHONE, World, a_payment, a_world, settings_in
from tests.conftest import FakeClock


@pytest.fixture(params=["memory", "sqlite"])
async def world(
    request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock
) -> AsyncIterator[World]:
    is_in_memory = request.param == "memory"
    async with a_world(settings_in(tmp_path), clock=clock, is_in_memory=is_in_memory) as made:
        yield made


async def paid(
    world: World,
    payment_id: str,
    word: Word = Word.SUCCEEDED,
    occurred_at: datetime | None = None,
) -> None:
    """Let a payment be submitted, accepted, and come to its end."""
    handler, clock = world.services.handler, world.services.clock
    reference = f"reference-of-{payment_id}"
    for command in (
        commands.StartSubmission(
            payment_id=payment_id, provider="mtn", reference=reference, inquire_at=clock()
        ),
        commands.ConfirmSubmission(
            payment_id=payment_id,
            reference=reference,
            sealed_handle=None,
            token_digest=None,
            inquire_at=clock(),
        ),
        commands.RecordEvidence(
            payment_id=payment_id,
            evidence=Evidence(
                source=Source.POLL,
                provider="mtn",
                reference=reference,
                word=word,
                amount="1500",
                currency="XAF",
                provider_transaction_id="987654",
                occurred_at=occurred_at,
            ),
        ),
    ):
        await handler.handle(command, context=CONTEXT)


async def test_a_payment_is_accepted_with_where_to_look(world: World, clock: FakeClock) -> None:
    answer = await world.pay()

    payment_id = payment_id_of("mer_1", "order-1")
    position = int(answer.headers["Cauri-Position"])
    assert (answer.status, answer.headers["Location"]) == (202, f"/v1/payments/{payment_id}")
    assert answer.json == {
        "id": payment_id,
        "kind": "collection",
        "power": "collection",
        "refund_of": None,
        "status": "requested",
        "amount": "1500",
        "currency": "XAF",
        "merchant_id": "mer_1",
        "mode": "test",
        "provider": "mtn",
        "operator": "mtn-cm",
        "country": "CM",
        "route_reason": "the number is in a range of MTN Cameroon",
        "created_at": "2026-03-01T12:00:00Z",
        "expires_at": "2026-03-01T12:15:00Z",
        "position": position,
    }


async def test_a_repeat_is_answered_with_the_same_bytes_whatever_has_become_of_it(
    world: World, clock: FakeClock
) -> None:
    first = await world.pay()
    await paid(world, first.json["id"])
    clock.advance(86_400)

    again = await world.pay()

    assert (again.status, again.body) == (first.status, first.body)
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Cauri-Position"] == first.headers["Cauri-Position"]
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"


async def test_the_order_of_fields_does_not_make_another_request(world: World) -> None:
    first = await world.pay(a_payment())

    again = await world.pay(dict(reversed(a_payment().items())))

    assert again.body == first.body


async def test_many_at_once_with_one_key_make_one_payment(world: World) -> None:
    answers = await asyncio.gather(*(world.pay() for _ in range(25)))
    taken = [answer for answer in answers if answer.status == 202]
    others = [answer for answer in answers if answer.status != 202]

    assert {answer.body for answer in taken} == {(await world.pay()).body}
    assert {answer.code for answer in others} <= {"idempotency_key_in_flight"}
    trail = await world.get(taken[0].headers["Location"] + "/events")
    assert [event["type"] for event in trail.json["events"]] == ["payment.requested"]


async def test_two_merchants_may_use_one_key(world: World) -> None:
    mine, theirs = await world.pay(), await world.pay(who="mer_2")

    assert mine.json["id"] != theirs.json["id"]


@pytest.mark.parametrize(
    ("phone", "expected"),
    [
        ("650000001", ("mtn", "mtn-cm", "CM")),
        ("00237690000001", ("orange", "orange-cm", "CM")),
        ("+237 6 90 00 00 01", ("orange", "orange-cm", "CM")),
    ],
)
async def test_the_provider_is_guessed_from_the_number(
    world: World, phone: str, expected: tuple[str, str, str]
) -> None:
    answer = await world.pay(a_payment(payer={"phone": phone}))

    told = answer.json
    assert (told["provider"], told["operator"], told["country"]) == expected


async def test_the_caller_may_name_another_provider_since_numbers_are_portable(
    world: World,
) -> None:
    answer = await world.pay(a_payment(payer={"phone": MTN_PHONE}, provider="orange"))

    assert (answer.json["provider"], answer.json["route_reason"]) == (
        "orange",
        "the caller named the provider",
    )


async def test_the_caller_may_name_the_operator(world: World) -> None:
    answer = await world.pay(a_payment(operator="orange-cm"))

    assert (answer.json["provider"], answer.json["operator"]) == ("orange", "orange-cm")


async def test_a_payment_is_shown_as_its_events_say(world: World) -> None:
    content = a_payment(description="Bread", metadata={"table": "7"})
    payment_id = (await world.pay(content)).json["id"]
    await paid(world, payment_id)

    answer = await world.get(f"/v1/payments/{payment_id}?particulars=true")

    reference = f"reference-of-{payment_id}"
    position = int(answer.headers["Cauri-Position"])
    assert answer.json == {
        "id": payment_id,
        "kind": "collection",
        "status": "succeeded",
        "is_final": True,
        "reason": None,
        "code": None,
        "refusal": None,
        "amount": "1500",
        "currency": "XAF",
        "merchant_id": "mer_1",
        "mode": "test",
        "provider": "mtn",
        "operator": "mtn-cm",
        "country": "CM",
        "route_reason": "the number is in a range of MTN Cameroon",
        "description": "Bread",
        "metadata": {"table": "7"},
        "is_erased": False,
        "provider_transaction_id": "987654",
        "redirect_url": None,
        "awaits": None,
        "refund_of": None,
        "checkout_session": None,
        "refunded": "0",
        "refundable": "1500",
        "plan": [],
        "next_inquiry_at": None,
        "inquiries": 0,
        "attempts": [{"number": 1, "provider": "mtn", "reference": reference, "is_accepted": True}],
        "evidence": [
            {
                "source": "poll",
                "provider": "mtn",
                "reference": reference,
                "word": "succeeded",
                "amount": "1500",
                "currency": "XAF",
                "provider_transaction_id": "987654",
                "code": None,
                "reason": None,
                "occurred_at": None,
                "note": None,
                "replaces": None,
            }
        ],
        "created_at": "2026-03-01T12:00:00Z",
        "updated_at": "2026-03-01T12:00:00Z",
        "moved_at": "2026-03-01T12:00:00Z",
        "expires_at": "2026-03-01T12:15:00Z",
        "position": position,
        "version": 5,
    }


async def test_an_accountant_sees_a_payment_without_what_was_sealed(world: World) -> None:
    payment_id = (await world.pay(a_payment(description="Bread"))).json["id"]

    seen = await world.get(f"/v1/payments/{payment_id}?particulars=true", who="accountant")

    assert (seen.status, seen.json["description"]) == (200, None)


async def test_a_pending_payment_says_where_the_payer_goes_and_when_we_ask(
    world: World, clock: FakeClock
) -> None:
    payment_id = (await world.pay(a_payment(payer={"phone": ORANGE_PHONE}))).json["id"]
    services = world.services
    state, _ = await services.handler.payment(payment_id)
    asked_at = clock.now.replace(hour=13)
    await services.handler.handle(
        commands.StartSubmission(
            payment_id=payment_id, provider="orange", reference="ORDER1", inquire_at=clock()
        ),
        context=CONTEXT,
    )
    sealed = services.vault.seal(
        state.requested.payer,
        b'{"redirect_url":"https://pay.example/page"}',
        context=f"{payment_id}/ORDER1",
    )
    await services.handler.handle(
        commands.ConfirmSubmission(
            payment_id=payment_id,
            reference="ORDER1",
            sealed_handle=sealed.text,
            token_digest=None,
            inquire_at=asked_at,
        ),
        context=CONTEXT,
        keys=[sealed.new_key] if sealed.new_key else [],
    )

    shown = (await world.get(f"/v1/payments/{payment_id}")).json

    assert (shown["status"], shown["redirect_url"], shown["next_inquiry_at"]) == (
        "pending",
        "https://pay.example/page",
        "2026-03-01T13:00:00Z",
    )


async def test_answers_written_by_hand_are_what_their_models_say(world: World) -> None:
    receipt = await world.pay(a_payment(description="Bread", metadata={"table": "7"}))
    location = receipt.headers["Location"]
    before = await world.get(location)
    await paid(world, receipt.json["id"])
    after = await world.get(f"{location}?particulars=true")

    shown = [documents.PaymentOut.model_validate_json(one.body) for one in (before, after)]
    assert documents.PaymentReceipt.model_validate_json(receipt.body).id == shown[0].id
    assert [one.status.value for one in shown] == ["requested", "succeeded"]


async def test_a_payment_can_be_seen_as_it_was_at_a_position_and_at_a_time(
    world: World, clock: FakeClock
) -> None:
    requested = await world.pay()
    location = requested.headers["Location"]
    clock.advance(60)
    await paid(world, requested.json["id"])

    async def status(as_of: str) -> str:
        return str((await world.get(f"{location}?as_of={as_of}")).json["status"])

    first = requested.json["position"]
    assert [
        await status(str(first)),
        await status(str(first + 2)),
        await status(str(first + 4)),
        await status("2026-03-01T12:00:30Z"),
        await status("2026-03-01T13:01:00%2B01:00"),
        await status("2026-03-01T13:01:00+01:00"),
    ] == ["requested", "pending", "succeeded", "requested", "succeeded", "succeeded"]


@pytest.mark.parametrize(
    ("as_of", "status", "code"),
    [
        ("3", 404, "unknown_payment"),
        ("2020-01-01T00:00:00Z", 404, "unknown_payment"),
        ("2026-03-01", 404, "unknown_payment"),
        ("999999", 422, "invalid_request"),
        ("2126-01-01T00:00:00Z", 422, "invalid_request"),
        ("yesterday", 422, "invalid_request"),
        ("2026-03-01T12:00:00", 422, "invalid_request"),
        ("-1", 422, "invalid_request"),
    ],
)
async def test_only_a_past_in_which_it_existed_is_answered(
    world: World, as_of: str, status: int, code: str
) -> None:
    location = (await world.pay()).headers["Location"]

    answer = await world.get(f"{location}?as_of={as_of}")

    assert (answer.status, answer.code) == (status, code)


async def test_the_audit_trail_has_every_event_and_the_hash_that_stands_for_it(
    world: World,
) -> None:
    payment_id = (await world.pay(headers={"X-Correlation-Id": "till-7"})).json["id"]
    await paid(world, payment_id)

    trail = (await world.get(f"/v1/payments/{payment_id}/events")).json

    stored = await world.services.store.read_stream(f"payment-{payment_id}")
    assert [event["type"] for event in trail["events"]] == [
        "payment.requested",
        "payment.submission_started",
        "payment.submitted",
        "payment.evidence_recorded",
        "payment.succeeded",
    ]
    assert [event["entry_hash"] for event in trail["events"]] == [
        hashlib.sha256(b"\0" + one.entry).hexdigest() for one in stored
    ]
    first = trail["events"][0]
    assert (first["actor"], first["correlation_id"], first["version"]) == (
        "merchant:mer_1",
        "till-7",
        1,
    )
    assert first["causation_id"].startswith("request:")


async def test_the_list_is_newest_first_in_pages_and_says_where_it_stands(world: World) -> None:
    made = [(await world.pay(key=f"order-{number}")).json["id"] for number in range(5)]
    position = await world.services.store.position()

    pages = []
    after = ""
    while True:
        page = (await world.get(f"/v1/payments?limit=2&min_position={position}{after}")).json
        assert page["position"] >= position
        pages.append([payment["id"] for payment in page["payments"]])
        if page["next_after"] is None:
            break
        after = f"&after={page['next_after']}"

    assert pages == [[made[4], made[3]], [made[2], made[1]], [made[0]]]


async def test_the_list_can_be_narrowed(world: World, clock: FakeClock) -> None:
    bread = (await world.pay(key="a")).json["id"]
    clock.advance(3600)
    milk = (await world.pay(a_payment(payer={"phone": ORANGE_PHONE}), key="b")).json["id"]
    await paid(world, bread)
    await world.caught_up()

    async def listed(query: str) -> list[str]:
        answer = await world.get(f"/v1/payments?{query}")
        return [payment["id"] for payment in answer.json["payments"]]

    assert {
        query: await listed(query)
        for query in (
            "status=succeeded",
            "provider=orange",
            "phone=650000001",
            "phone=%2B237690000001",
            "created_from=2026-03-01T12:30:00Z",
            "created_to=2026-03-01T13:30:00%2B01:00",
            "status=failed",
        )
    } == {
        "status=succeeded": [bread],
        "provider=orange": [milk],
        "phone=650000001": [bread],
        "phone=%2B237690000001": [milk],
        "created_from=2026-03-01T12:30:00Z": [milk],
        "created_to=2026-03-01T13:30:00%2B01:00": [bread],
        "status=failed": [],
    }


async def test_a_merchant_sees_only_its_own(world: World) -> None:
    mine = (await world.pay()).headers["Location"]
    await world.caught_up()

    theirs = await world.get(mine, who="mer_2")
    nobodys = await world.get("/v1/payments/pay_aaaaaaaaaaaaaaaaaaaaaaaaaa", who="mer_2")
    events = await world.get(f"{mine}/events", who="mer_2")
    listed = await world.get("/v1/payments", who="mer_2")
    asked = await world.get("/v1/payments?merchant_id=mer_1", who="mer_2")

    def kind(answer: Any) -> tuple[int, str]:
        return answer.status, answer.code

    assert kind(theirs) == kind(nobodys) == kind(events) == (404, "unknown_payment")
    assert listed.json["payments"] == []
    assert kind(asked) == (404, "unknown_merchant")


async def test_staff_sees_every_merchants_payments_or_one_merchants(world: World) -> None:
    mine, theirs = (await world.pay()).json["id"], (await world.pay(who="mer_2")).json["id"]
    await world.caught_up()

    everybodys = await world.get("/v1/payments", who="operator")
    one = await world.get("/v1/payments?merchant_id=mer_2", who="operator")

    assert [payment["id"] for payment in everybodys.json["payments"]] == [theirs, mine]
    assert [payment["id"] for payment in one.json["payments"]] == [theirs]


async def test_a_position_that_is_not_there_yet_is_no_reason_to_wait(world: World) -> None:
    answer = await world.get("/v1/payments?min_position=9999")

    assert (answer.status, answer.code) == (422, "invalid_request")


async def test_a_person_who_was_erased_leaves_a_payment_that_can_still_be_seen(
    world: World,
) -> None:
    payment_id = (await world.pay(a_payment(description="Bread"))).json["id"]
    before = await world.get(f"/v1/payments/{payment_id}")
    assert before.json["description"] == "Bread"
    state, _ = await world.services.handler.payment(payment_id)
    await world.services.store.destroy_subject(state.requested.payer)
    world.services.vault.forget(state.requested.payer)

    shown = await world.get(f"/v1/payments/{payment_id}?particulars=true")

    assert (shown.status, shown.json["amount"], shown.json["description"]) == (200, "1500", None)
