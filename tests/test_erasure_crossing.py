"""Who pays while he is being forgotten: the payment stands against it, or comes after it, whole.

Each test lets something of the person come in at a named point between an erasure's last look and
the destruction of keys, or has it sealed before the destruction and recorded after it. Whatever is
recorded for the first time can be opened afterwards, or was there when the erasure looked.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from api import finishing
from api.finishing import Finisher
from api.people_finding import Finding, Held
from ledger import commands, commands_people
from ledger.handling import Handled, Handler
from ledger.people import stream_of
from tests.api_world import World, a_world, settings_in
from tests.checkout_world import session_of
from tests.conftest import FakeClock
from tests.test_api_refunds import succeed
from tests.test_erasure import PHONE, a_paid_one, agree, ask, changes, erased

__all__ = ["changes"]

Step = Callable[[], Awaitable[Any]]


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock, changes: dict[str, Any]) -> AsyncIterator[World]:
    async with a_world(settings_in(tmp_path, **changes), clock=clock) as made:
        yield made


def after_the_look(monkeypatch: pytest.MonkeyPatch, *steps: Step) -> None:
    """Have each step done right after one look at what is held of the person."""
    looking, waiting = Finding.find, list(steps)

    async def look(finding: Finding, person: str, number: str | None) -> Held:
        held = await looking(finding, person, number)
        if waiting:
            await waiting.pop(0)()
        return held

    monkeypatch.setattr(Finding, "find", look)


def at_a_command(monkeypatch: pytest.MonkeyPatch, kind: type, step: Step) -> None:
    """Have a step done when everything is ready to record a command, and nothing is recorded."""
    handling, waiting = Handler.handle, [step]

    async def handle(handler: Handler, command: Any, **options: Any) -> Handled:
        if isinstance(command, kind) and waiting:
            await waiting.pop()()
        return await handling(handler, command, **options)

    monkeypatch.setattr(Handler, "handle", handle)


async def opens(world: World, payment_id: str) -> bool:
    """Whether what was sealed with a payment can be opened by whoever remembers nothing."""
    state, _ = await world.services.handler.payment(payment_id)
    return not await world.services.vault.is_erased(state.requested.sealed, afresh=True)


async def types_about(world: World) -> list[str]:
    person = world.services.vault.person(PHONE)
    recorded = await world.services.store.read_stream(stream_of(person))
    return [one.type.removeprefix("person.") for one in recorded]


async def test_who_pays_between_the_last_look_and_the_destruction_is_not_forgotten_yet(
    world: World, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await a_paid_one(world)
    asked, paid = await ask(world), list[str]()

    async def pay() -> None:
        paid.append((await world.pay(key="order-2")).json["id"])

    after_the_look(monkeypatch, pay)
    refused = await agree(world, asked.json["id"])

    assert (refused.status, refused.code) == (409, "payments_open"), refused.body
    assert f"{paid[0]} (requested)" in refused.json["detail"]
    assert "agreement stands" in refused.json["detail"]
    [place] = refused.json["errors"]
    assert (place["parameter"], "by itself" in place["remedy"]) == (paid[0], True)
    assert [await opens(world, one) for one in (first, *paid)] == [True, True]
    assert await types_about(world) == ["erasure_requested", "erasure_approved"]

    # Both agreed already: it is carried out by itself as soon as the money has its end.
    await succeed(world, paid[0])
    clock.advance(finishing.SETTLED_SECONDS)
    finisher = Finisher(world.services.people, world.services.erasures)
    assert await finisher.finish() == 0
    assert [await opens(world, one) for one in (first, *paid)] == [False, False]


async def test_what_has_its_end_before_the_destruction_is_looked_at_and_goes_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, paid = await ask(world), list[str]()

    async def pay() -> None:
        paid.append(await a_paid_one(world, "order-2"))

    after_the_look(monkeypatch, pay)
    done = await agree(world, asked.json["id"])

    assert done.json["status"] == "erased", done.body
    assert [await opens(world, one) for one in paid] == [False]


@pytest.mark.parametrize("kind", [commands_people.ApproveErasure, commands_people.CompleteErasure])
async def test_a_page_that_names_the_person_meanwhile_is_forgotten_or_whole(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: type
) -> None:
    await a_paid_one(world)
    asked, pages = await ask(world), list[str]()

    async def name() -> None:
        pages.append(await session_of(world, payer={"phone": PHONE}))

    at_a_command(monkeypatch, kind, name)
    done = await agree(world, asked.json["id"])

    assert done.json["status"] == "erased", done.body
    session = (await world.services.handler.checkout(pages[0]))[0].session
    assert session.sealed_payer is not None
    is_erased = await world.services.vault.is_erased(session.sealed_payer, afresh=True)
    assert is_erased is (kind is commands_people.ApproveErasure)


async def test_what_was_sealed_before_an_erasure_and_is_recorded_after_it_opens(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await a_paid_one(world)

    async def forget() -> None:
        assert (await erased(world)).json["status"] == "erased"

    at_a_command(monkeypatch, commands.RequestPayment, forget)
    second = (await world.pay(key="order-2")).json["id"]

    assert [await opens(world, one) for one in (first, second)] == [False, True]
    shown = await world.get(f"/v1/payments/{second}?particulars=true")
    assert shown.json["is_erased"] is False
