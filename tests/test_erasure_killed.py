"""An approved erasure whose process was killed is finished by whichever server runs next."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from api.finishing import ACTOR, SETTLED_SECONDS, Finisher
from api.wiring import services
from ledger import commands
from ledger.people import stream_of
from ledger.sql_schema import data_keys
from ledger.store import EventStore
from tests.api_world import CONTEXT, World, a_world, settings_in
from tests.conftest import FakeClock
from tests.erasure_killed import MOMENTS
from tests.processes import ROOT
from tests.test_erasure import PHONE, a_paid_one, agree, ask

WAIT_SECONDS = 30.0


async def killed(folder: Path, erasure_id: str, moment: str) -> None:
    """Let an operator's process agree, and be killed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.erasure_killed", str(folder), erasure_id, moment),
        cwd=ROOT,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert await asyncio.wait_for(process.wait(), WAIT_SECONDS) == -signal.SIGKILL


async def wrapped_keys(world: World, person: str) -> list[bytes]:
    async with world.services.database.read() as connection:
        asked = select(data_keys.c.wrapped).where(data_keys.c.subject == person)
        return list((await connection.execute(asked)).scalars())


def bytes_of(folder: Path) -> bytes:
    return b"".join(one.read_bytes() for one in folder.glob("cauri.db*"))


async def types_about(store: EventStore, person: str) -> list[str]:
    recorded = await store.read_stream(stream_of(person))
    return [one.type.removeprefix("person.") for one in recorded]


WHOLE = ["erasure_requested", "erasure_approved", "erased", "scrubbed"]


@pytest.mark.parametrize("moment", MOMENTS)
async def test_the_next_server_finishes_it_at_its_start(
    tmp_path: Path, clock: FakeClock, moment: str
) -> None:
    settings = settings_in(tmp_path)
    async with a_world(settings, clock=clock) as world:
        payment_id = await a_paid_one(world)
        person = world.services.vault.person(PHONE)
        erasure_id = (await ask(world)).json["id"]
        before = await wrapped_keys(world, person)
    await killed(tmp_path, erasure_id, moment)
    clock.advance(SETTLED_SECONDS)

    async with services(settings, clock=clock) as lent:
        async with asyncio.timeout(WAIT_SECONDS):
            position = 0
            while await types_about(lent.store, person) != WHOLE:
                position = await lent.store.position()
                await lent.store.wait_for(position + 1, 1.0)
        state, _ = await lent.handler.payment(payment_id)
        is_erased = await lent.vault.is_erased(state.requested.sealed)
        held = bytes_of(tmp_path)
        [*_, last] = await lent.store.read_stream(stream_of(person))

    assert last.actor == ACTOR
    assert is_erased
    assert before
    assert not any(one in held for one in before)


async def test_a_server_that_runs_finishes_it_too_but_not_while_money_is_under_way(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_world(settings_in(tmp_path), clock=clock) as world:
        await a_paid_one(world)
        lent, person = world.services, world.services.vault.person(PHONE)
        erasure_id = (await ask(world)).json["id"]
        await killed(tmp_path, erasure_id, "before any key is destroyed")
        back = (await world.pay(key="order-2")).json["id"]
        finisher = Finisher(lent.people, lent.erasures)
        too_early = await finisher.finish()
        clock.advance(SETTLED_SECONDS)

        under_way = await finisher.finish()
        types = await types_about(lent.store, person)
        await lent.handler.handle(
            commands.ExpirePayment(payment_id=back, reason="it is too late"), context=CONTEXT
        )
        left = await finisher.finish()

        assert (too_early, under_way, left) == (1, 1, 0)
        assert types == WHOLE[:2]
        assert await types_about(lent.store, person) == WHOLE
        again = await agree(world, erasure_id)
        assert (again.json["status"], again.json["bytes_left"]) == ("erased", None)
        assert await types_about(lent.store, person) == WHOLE
