"""A payment looked at again is told as by a server that remembers nothing, to whoever asks."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api.shown import WRITTEN_BYTES_MAX
from tests.api_world import World, a_payment, a_world, settings_in
from tests.checkout_world import move
from tests.conftest import FakeClock

FRENCH = {"Accept-Language": "fr"}
LOOKS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("mer_1", "", {}),
    ("mer_1", "", FRENCH),
    ("mer_1", "?particulars=false", {}),
    ("mer_1", "?as_of={born}", {}),
    ("auditor", "", {}),
)
"""Who looks, at what, in which language; each is told something else, or might be."""


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with a_world(settings_in(tmp_path), clock=clock, is_in_memory=True) as made:
        yield made


async def looked_at(world: World, payment_id: str) -> list[tuple[int, bytes, str, str]]:
    """What everybody is told, and up to which position."""
    _, recorded = await world.services.handler.payment(payment_id)
    told = []
    for who, query, headers in LOOKS:
        path = f"/v1/payments/{payment_id}{query.format(born=recorded[0].position)}"
        answer = await world.get(path, who=who, headers=headers)
        assert answer.status == 200, answer.body
        position = answer.headers.get("Cauri-Position", "")
        language = answer.headers.get("Content-Language", "")
        told.append((answer.status, answer.body, position, language))
    return told


@pytest.mark.parametrize("accepted", ["confirm", "page"])
@pytest.mark.parametrize("end", ["success", "failure"])
async def test_at_every_moment_all_are_told_what_one_tells_who_remembers_nothing(
    world: World, accepted: str, end: str
) -> None:
    asked = a_payment(description="Bread", metadata={"order": "A-1"})
    payment_id = str((await world.pay(asked)).json["id"])
    vault = world.services.vault
    state, _ = await world.services.handler.payment(payment_id)
    seen = []

    for verb in (None, "start", accepted, end):
        if verb is not None:
            await move(world, payment_id, verb)
        first, again = [await looked_at(world, payment_id) for _ in range(2)]
        vault.forget(state.requested.payer)
        assert first == again == await looked_at(world, payment_id)
        seen.append(first[0])

    assert len(set(seen)) == len(seen)


async def test_what_is_remembered_is_told_again_and_goes_with_the_person(world: World) -> None:
    payment_id = str((await world.pay(a_payment(description="Bread"))).json["id"])
    vault = world.services.vault
    state, recorded = await world.services.handler.payment(payment_id)
    sealed, name = state.requested.sealed, (recorded[-1].stream, ("en", True))
    path = f"/v1/payments/{payment_id}"

    before = await world.get(path)
    written = vault.beside(sealed, name)
    again = await world.get(path)
    await vault.erase(state.requested.payer)
    after = await world.get(path)

    assert written is not None
    assert again.body == before.body == written.body  # type: ignore[attr-defined]
    assert vault.beside(sealed, name) is None
    assert [one.json["description"] for one in (before, after)] == ["Bread", None]


async def test_a_payment_that_takes_much_is_written_anew_each_time(world: World) -> None:
    much = {f"pair-{number}": "x" * 200 for number in range(20)}
    payment_id = str((await world.pay(a_payment(metadata=much))).json["id"])
    state, recorded = await world.services.handler.payment(payment_id)

    first, again = [await world.get(f"/v1/payments/{payment_id}") for _ in range(2)]

    assert len(first.body) > WRITTEN_BYTES_MAX
    assert first.body == again.body
    name = (recorded[-1].stream, ("en", True))
    assert world.services.vault.beside(state.requested.sealed, name) is None
