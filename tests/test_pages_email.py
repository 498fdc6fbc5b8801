"""The address for a receipt on a checkout page, and whom a merchant expects to pay.

Both belong to a person: they are sealed under that person's key, and forgotten with it.
"""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import orjson
import pytest

from ledger.checkout import stream_of
from ledger.errors import ErasedError
from tests.api_world import MTN_PHONE, World, a_world, captured_logs, settings_in
from tests.checkout_world import create, look, pay, read, send, session_of
from tests.conftest import FakeClock
from tests.mail_server import a_mail_server
from tests.stage import WAIT_SECONDS, a_stage

PHONE: Final = "650000001"
ADDRESS: Final = "aminata.njoya@customer.example"
EXPECTED: Final = {"phone": PHONE, "email": ADDRESS}
MAIL: Final[dict[str, Any]] = {
    "mail_host": "127.0.0.1",
    "mail_port": 9,
    "mail_tls": "none",
    "mail_from": "recus@cauri.example",
}


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    """A server that could send mail."""
    settings = settings_in(tmp_path, **MAIL)
    async with a_world(settings, clock=clock, is_in_memory=True) as made:
        yield made


@pytest.fixture
async def mute(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    """A server that sends none."""
    async with a_world(settings_in(tmp_path), clock=clock, is_in_memory=True) as made:
        yield made


async def told_to(world: World, payment_id: str) -> tuple[tuple[str, ...], str | None]:
    """Who of a payment is sent receipts, and the payer's address as it was sealed."""
    state, _ = await world.services.handler.payment(payment_id)
    opened = await world.services.vault.open(state.requested.sealed, context=payment_id)
    return tuple(state.requested.receipts), orjson.loads(opened)["payer_email"]


async def shown_to(world: World, session_id: str, who: str = "mer_1") -> Any:
    return (await world.get(f"/v1/checkout-sessions/{session_id}", who=who)).json


@pytest.mark.parametrize(
    ("language", "label"),
    [
        ("fr", "Votre e-mail, pour le reçu (facultatif)"),
        ("en", "Your e-mail, for the receipt (optional)"),
    ],
)
async def test_a_payer_is_asked_for_an_address_and_may_leave_it_out(
    world: World, language: str, label: str
) -> None:
    page = await look(world, await session_of(world), f"?lang={language}")

    (field,) = re.findall(r"<input id=\"email\"[^>]*>", page.html)
    assert label in page.text
    assert ('type="email"' in field, 'autocomplete="email"' in field) == (True, True)
    assert ("required" in field, "value=" in field) == (False, False)
    assert '<label for="email">' in page.html


async def test_nobody_is_asked_where_the_merchant_or_the_server_wants_none(
    world: World, tmp_path_factory: pytest.TempPathFactory, clock: FakeClock
) -> None:
    off = await look(world, await session_of(world, asks_email=False))
    settings = settings_in(tmp_path_factory.mktemp("mute"))
    async with a_world(settings, clock=clock, is_in_memory=True) as mute:
        without = await look(mute, await session_of(mute))

    assert [page.html.count('name="email"') for page in (off, without)] == [0, 0]


async def test_the_address_is_sealed_and_a_receipt_goes_to_it(world: World) -> None:
    with captured_logs() as written:
        payment_id = await pay(world, await session_of(world), PHONE, email=f" {ADDRESS} ")

    assert await told_to(world, payment_id) == (("payer",), ADDRESS)
    recorded = await world.services.store.read(0, 100)
    assert [one for one in recorded if b"njoya" in one.entry] == []
    assert b"njoya" not in written.getvalue()


async def test_without_an_address_no_receipt_goes(world: World) -> None:
    payment_id = await pay(world, await session_of(world), PHONE, email="  ")

    assert await told_to(world, payment_id) == ((), None)


@pytest.mark.parametrize("address", ["aminata", "a@b", '"><script>@x.cm', "a b@c.cm", "x" * 280])
async def test_what_is_no_address_is_told_and_kept_to_be_corrected(
    world: World, address: str
) -> None:
    session_id = await session_of(world)
    form = (await look(world, session_id)).form("pay")

    page = read(await send(world, form, phone=PHONE, email=address), "")

    state, _ = await world.services.handler.checkout(session_id)
    assert (page.answer.status, page.state, state.attempts) == (422, "form", ())
    assert "This is not an e-mail address." in page.text
    assert 'aria-describedby="mistake email-hint" aria-invalid="true"' in page.html
    assert page.form("pay").fields["email"] == address
    assert "<script>@" not in page.html


async def test_another_mistake_does_not_lose_the_address_nor_show_the_number(world: World) -> None:
    form = (await look(world, await session_of(world))).form("pay")

    page = read(await send(world, form, phone="12345", email=ADDRESS), "")

    assert page.form("pay").fields["email"] == ADDRESS
    assert 'value="12345"' not in page.html


async def test_whom_the_merchant_expects_stands_in_the_form(world: World) -> None:
    session_id = await session_of(world, payer=EXPECTED)
    page = await look(world, session_id)

    fields = page.form("pay").fields
    assert (fields["phone"], fields["email"]) == (MTN_PHONE, ADDRESS)
    answer = await send(world, page.form("pay"), email="another@customer.example")
    state, _ = await world.services.handler.checkout(session_id)
    assert (answer.status, len(state.attempts)) == (303, 1)
    told = await told_to(world, state.attempts[0].payment_id)
    assert told == (("payer",), "another@customer.example")


async def test_an_address_of_the_merchants_is_used_unasked(world: World) -> None:
    session_id = await session_of(world, payer=EXPECTED, asks_email=False)
    payment_id = await pay(world, session_id, PHONE, email="forged@customer.example")

    assert await told_to(world, payment_id) == (("payer",), ADDRESS)


async def test_the_merchant_sees_whom_he_expects_and_an_accountant_does_not(world: World) -> None:
    session_id = await session_of(world, payer=EXPECTED, asks_email=True)

    own, others = [await shown_to(world, session_id, who) for who in ("mer_1", "accountant")]

    assert own["payer"] == {"phone": MTN_PHONE, "email": ADDRESS}
    assert (own["asks_email"], own["description"]) == (True, "Two chickens")
    assert (others["payer"], others["asks_email"], others["description"]) == (None, None, None)


async def test_who_is_forgotten_is_forgotten_by_the_session_too(world: World) -> None:
    session_id = await session_of(world, payer=EXPECTED, metadata={"who": "Aminata"})
    payment_id = await pay(world, session_id, PHONE, email=ADDRESS)
    (created, *_) = await world.services.store.read_stream(stream_of(session_id))
    assert not re.search(rb"Aminata|njoya|650000001|chickens", created.entry)

    vault = world.services.vault
    await vault.erase(vault.person(MTN_PHONE))

    shown = await shown_to(world, session_id)
    names = ("payer", "description", "metadata")
    assert [shown[name] for name in names] == [None, None, None]
    assert shown["merchant_name"] == "A shop"
    page = await look(world, session_id)
    assert (page.answer.status, page.state) == (200, "sending")
    state, _ = await world.services.handler.checkout(session_id)
    sealed_payer = state.session.sealed_payer
    assert sealed_payer is not None
    with pytest.raises(ErasedError):
        await vault.open(sealed_payer, context=session_id)
    with pytest.raises(ErasedError):
        await told_to(world, payment_id)


async def test_a_form_for_somebody_forgotten_is_empty_and_still_works(world: World) -> None:
    session_id = await session_of(world, payer=EXPECTED)
    vault = world.services.vault
    await vault.erase(vault.person(MTN_PHONE))

    fields = (await look(world, session_id)).form("pay").fields

    assert (fields["phone"], fields["email"]) == ("", "")
    assert await told_to(world, await pay(world, session_id, "650000002")) == ((), None)


async def test_a_repeat_of_a_session_with_a_payer_gives_the_same_answer(world: World) -> None:
    first, again = [await create(world, payer=EXPECTED) for _ in range(2)]

    assert (first.status, again.status) == (201, 201)
    assert first.body == again.body


@pytest.mark.parametrize(
    ("payer", "code", "pointer"),
    [
        (EXPECTED, "invalid_request", "/payer/email"),
        ({"email": ADDRESS}, "invalid_request", "/payer/phone"),
        ({"phone": "12345"}, "invalid_phone", "/payer/phone"),
    ],
)
async def test_an_expected_payer_that_cannot_be_used_is_told_with_its_place(
    mute: World, payer: dict[str, str], code: str, pointer: str
) -> None:
    answer = await create(mute, payer=payer)

    assert (answer.status, answer.code) == (422, code)
    assert [one["pointer"] for one in answer.json["errors"]] == [pointer]
    assert ADDRESS.encode() not in answer.body


async def test_an_address_from_when_mail_was_sent_stops_nobody_from_paying(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_world(settings_in(tmp_path, **MAIL), clock=clock) as world:
        session_id = await session_of(world, payer=EXPECTED, asks_email=False)
    async with a_world(settings_in(tmp_path), clock=clock) as world:
        payment_id = await pay(world, session_id, PHONE)

        assert await told_to(world, payment_id) == ((), None)


async def test_the_receipt_of_a_page_arrives_in_its_language(tmp_path: Path) -> None:
    async with (
        a_mail_server() as server,
        a_stage(tmp_path, **{**MAIL, "mail_port": server.port}) as stage,
    ):
        session_id = await session_of(stage)
        form = (await look(stage, session_id, "?lang=fr")).form("pay")
        assert (await send(stage, form, phone=PHONE, email=ADDRESS)).status == 303
        state, _ = await stage.services.handler.checkout(session_id)
        payment_id = state.attempts[0].payment_id

        async def is_told() -> bool:
            return len((await stage.services.handler.mail(payment_id)).letters) == 1

        await stage.until(is_told, WAIT_SECONDS)
    (letter,) = server.taken
    assert letter.recipients == [ADDRESS]
    assert "A shop a reçu votre paiement de 1" in letter.part("plain")
