"""A payment in Senegal from end to end: server, sandbox, payer, and the signed callback.

And the payer's one-time code, which nobody ever finds: not in the log, not in a line, not in an
answer, whatever becomes of the payment.
"""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from adapters.sandbox.faults import Faults
from adapters.sandbox.orange_sonatel import OrangeSonatelSandbox
from adapters.sandbox.payer import pay_as_customer
from adapters.sandbox.touchpay import TouchpaySandbox
from ledger.errors import ErasedError
from ledger.events import WebhookReceived
from ledger.payment_codes import code_context
from tests.api_world import World, a_payment, captured_logs
from tests.test_api_route import (
    WAIT_SECONDS,
    a_living_world,
    bytes_of,
    redirect_url,
    settled,
)

RIGHT, WRONG = "7306194825", "9182736450"
"""Long enough not to be found by chance."""


async def test_a_payer_follows_the_link_and_the_signed_callback_is_the_evidence(
    tmp_path: Path,
) -> None:
    number = "+221770000001"
    asked = a_payment(provider="orange_sonatel", currency="XOF", payer={"phone": number})
    async with a_living_world(tmp_path, Faults.none()) as (world, _):
        payment_id = (await world.pay(asked)).json["id"]
        page = await redirect_url(world, payment_id)
        await pay_as_customer(world.session, page, number, "")
        outcome = await settled(world, payment_id, "succeeded", "failed")
        state, _ = await world.services.handler.payment(payment_id)
        store = world.services.store
        received = [
            one.event for one in await store.read(0, 100) if isinstance(one.event, WebhookReceived)
        ]
        path = f"/webhooks/orange_sonatel/{payment_id}/{payment_id}-1"
        forged = await world.ask("POST", path, json={"type": "MERCHANT_PAYMENT"})
        sources = {word.source.value for word in state.evidence}
    assert outcome == "succeeded"
    assert [(one.provider, one.verdict) for one in received] == [
        ("orange_sonatel", "authenticated")
    ]
    assert sources == {"webhook"}
    assert forged.status == 401


@pytest.mark.slow
async def test_in_a_storm_the_ledger_ends_with_what_sonatel_collected(tmp_path: Path) -> None:
    async with a_living_world(tmp_path, Faults.storm(7)) as (world, running):
        made = []
        for number in range(6):
            phone = f"+2217700000{number + 1:02}"
            asked = a_payment(provider="orange_sonatel", currency="XOF", payer={"phone": phone})
            payment_id = (await world.pay(asked, key=f"order-{number}")).json["id"]
            page = await redirect_url(world, payment_id)
            await pay_as_customer(world.session, page, phone, "")
            made.append(payment_id)
        outcomes = [await settled(world, one, "succeeded", "failed") for one in made]
        (server,) = [one.server for one in running if isinstance(one.server, OrangeSonatelSandbox)]
        paid = [str(one.reference) for one in server.books.succeeded("collection")]
    assert outcomes == ["succeeded"] * 6
    assert sorted(one.rpartition("-")[0] for one in paid) == sorted(made)


def by_code(code: str = RIGHT, digits: str = "01", **changes: Any) -> dict[str, Any]:
    """What a merchant sends for a payer who brought a one-time code."""
    payer = {"phone": f"+2217700000{digits}", "one_time_code": code}
    return a_payment(currency="XOF", payer=payer, **changes)


@asynccontextmanager
async def a_world_of_codes(
    folder: Path, faults: Faults, **switches: Any
) -> AsyncIterator[tuple[World, OrangeSonatelSandbox]]:
    """Open a living world in which one code is always good; `switches` are the sandbox's."""
    async with a_living_world(folder, faults) as (world, running):
        (server,) = [one.server for one in running if isinstance(one.server, OrangeSonatelSandbox)]
        server.settings = server.settings.model_copy(update=switches)
        server.one_time_codes.fixed = RIGHT
        yield world, server


async def happened(world: World, payment_id: str, kind: str) -> None:
    """Wait until something has happened to a payment."""
    store = world.services.store
    while True:
        position = await store.position()
        _, recorded = await world.services.handler.payment(payment_id)
        if kind in {one.event.type for one in recorded}:
            return
        assert await store.wait_for(position + 1, WAIT_SECONDS), kind


async def answers_about(world: World, payment_id: str) -> bytes:
    """Everything the API says of a payment."""
    paths = (f"/v1/payments/{payment_id}", f"/v1/payments/{payment_id}/events", "/v1/payments")
    found = [await world.get(path) for path in paths]
    assert [one.status for one in found] == [200, 200, 200]
    return b"".join(one.body for one in found)


async def sealed_codes_of(world: World, payment_id: str) -> list[str]:
    """What every code that was ever sealed for a payment opens to now."""
    _, recorded = await world.services.handler.payment(payment_id)
    sealed = [text for one in recorded if (text := getattr(one.event, "sealed_code", None))]
    opened = []
    for text in sealed:
        try:
            await world.services.vault.open(text, context=code_context(payment_id))
            opened.append("readable")
        except ErasedError:
            opened.append("destroyed")
    return opened


def found_in(code: str, *places: bytes) -> list[bytes]:
    """In which of its forms a code lies somewhere."""
    plain = code.encode()
    forms = [plain, plain.hex().encode(), base64.b64encode(plain).rstrip(b"=")]
    return [form for form in forms if any(form in place for place in places)]


async def test_a_payment_by_code_succeeds_at_once_and_nobody_finds_the_code(
    tmp_path: Path,
) -> None:
    with captured_logs() as logs:
        async with a_world_of_codes(tmp_path, Faults.none()) as (world, server):
            made = await world.pay(by_code())
            payment_id = made.json["id"]
            outcome = await settled(world, payment_id, "succeeded", "failed", "declined")
            shown = (await world.get(f"/v1/payments/{payment_id}")).json
            answers = made.body + await answers_about(world, payment_id)
            opened = await sealed_codes_of(world, payment_id)
            running = bytes_of(tmp_path)
            (movement,) = server.books.movements.values()
    written = logs.getvalue()
    assert (outcome, shown["provider"], shown["redirect_url"]) == (
        "succeeded",
        "orange_sonatel",
        None,
    )
    assert (movement.ending, movement.reference) == ("succeeded", f"{payment_id}-1")
    assert opened == ["destroyed"]
    assert b"submission_started" in running
    assert b"http.request" in written
    assert found_in(RIGHT, written, answers, running, bytes_of(tmp_path)) == []
    assert RIGHT not in repr(movement)


async def test_a_wrong_code_is_a_refusal_in_the_payers_words_and_is_not_repeated(
    tmp_path: Path,
) -> None:
    with captured_logs() as logs:
        async with a_world_of_codes(tmp_path, Faults.none(), repeats_code=True) as (world, server):
            payment_id = (await world.pay(by_code(WRONG))).json["id"]
            outcome = await settled(world, payment_id, "succeeded", "failed", "declined")
            shown = (await world.get(f"/v1/payments/{payment_id}")).json
            answers = await answers_about(world, payment_id)
            opened = await sealed_codes_of(world, payment_id)
            running = bytes_of(tmp_path)
            assert list(server.books.movements) == []
    assert (outcome, shown["code"]) == ("declined", "2011")
    assert shown["refusal"]["refusal"] == "wrong_code"
    assert b"Wrong code ***." in answers
    assert opened == ["destroyed"]
    assert found_in(WRONG, logs.getvalue(), answers, running, bytes_of(tmp_path)) == []


async def test_a_code_that_was_not_sent_goes_with_the_payment_to_the_next_provider(
    tmp_path: Path,
) -> None:
    with captured_logs() as logs:
        async with a_living_world(tmp_path, Faults.none()) as (world, running):
            servers = {one.provider: one.server for one in running}
            touchpay = servers["touchpay"]
            assert isinstance(touchpay, TouchpaySandbox)
            touchpay.settings = touchpay.settings.model_copy(update={"fixed_code": RIGHT})
            for provider in ("orange_sonatel", "hub2"):
                await servers[provider].stop()
            payment_id = (await world.pay(by_code())).json["id"]
            outcome = await settled(world, payment_id, "succeeded", "failed", "declined", "expired")
            state, _ = await world.services.handler.payment(payment_id)
            answers = await answers_about(world, payment_id)
            opened = await sealed_codes_of(world, payment_id)
            (movement,) = touchpay.books.movements.values()
    assert (outcome, movement.details) == ("succeeded", {"service": "PAIEMENTMARCHANDOM"})
    assert [one.provider for one in state.attempts] == ["orange_sonatel", "hub2", "touchpay"]
    assert opened == ["destroyed"] * 3
    assert found_in(RIGHT, logs.getvalue(), answers, bytes_of(tmp_path)) == []


async def test_a_code_that_was_not_sent_is_sent_once_sonatel_is_back_and_is_found_nowhere(
    tmp_path: Path,
) -> None:
    with captured_logs() as logs:
        async with a_world_of_codes(tmp_path, Faults.none()) as (world, server):
            await server.stop()
            asked = by_code(provider="orange_sonatel")
            payment_id = (await world.pay(asked)).json["id"]
            await happened(world, payment_id, "payment.submission_withdrawn")
            between = bytes_of(tmp_path)
            await server.start()
            outcome = await settled(world, payment_id, "succeeded", "failed", "declined", "expired")
            answers = await answers_about(world, payment_id)
            opened = await sealed_codes_of(world, payment_id)
            state, _ = await world.services.handler.payment(payment_id)
            running = bytes_of(tmp_path)
            (movement,) = server.books.movements.values()
    assert outcome == "succeeded"
    assert (movement.ending, len(state.attempts) >= 2) == ("succeeded", True)
    # It was sealed when it came, and anew after every time that it was not sent.
    assert opened == ["destroyed"] * len(state.attempts)
    assert found_in(RIGHT, logs.getvalue(), answers, between, running, bytes_of(tmp_path)) == []


@pytest.mark.parametrize("weather", ["server_error_after", "silent_after_accept"])
async def test_a_code_whose_answer_was_lost_is_never_sent_again_and_asking_ends_the_payment(
    tmp_path: Path, weather: str
) -> None:
    faults = Faults.model_validate({weather: 1})
    with captured_logs() as logs:
        async with a_world_of_codes(tmp_path, faults, one_step_callbacks=False) as (world, server):
            payment_id = (await world.pay(by_code())).json["id"]
            await happened(world, payment_id, "payment.submission_doubted")
            outcome = await settled(world, payment_id, "succeeded", "failed", "declined", "expired")
            state, _ = await world.services.handler.payment(payment_id)
            opened = await sealed_codes_of(world, payment_id)
            answers = await answers_about(world, payment_id)
            running = bytes_of(tmp_path)
            (movement,) = server.books.movements.values()
    assert outcome == "succeeded"
    assert {(word.source.value, word.amount) for word in state.evidence} == {("poll", "1500")}
    assert len(state.attempts) == 1
    assert opened == ["destroyed"]
    assert found_in(RIGHT, logs.getvalue(), answers, running, bytes_of(tmp_path)) == []
    assert (movement.ending, movement.times_asked) == ("succeeded", 1)


async def test_a_code_that_may_have_been_taken_is_asked_about_for_ever_and_never_sent_again(
    tmp_path: Path,
) -> None:
    faults = Faults(server_error=1)
    async with a_world_of_codes(tmp_path, faults) as (world, server):
        payment_id = (await world.pay(by_code())).json["id"]
        await happened(world, payment_id, "payment.submission_doubted")
        server.faults = Faults.none()
        await server.stop()
        await server.start()
        details: list[str] = []
        store = world.services.store
        while not details:
            position = await store.position()
            state, recorded = await world.services.handler.payment(payment_id)
            told = [getattr(one.event, "detail", "") for one in recorded]
            details = [one for one in told if "is found" in one]
            assert details or await store.wait_for(position + 1, WAIT_SECONDS), state
        assert server.books.movements == {}
    # The same search would let go of a page that nobody has got, and pay anew.
    assert details == ["no transaction is found under this reference, which proves nothing"]
    assert (state.status.value, len(state.attempts)) == ("unknown", 1)
