"""A bundle that is being written while a person is forgotten: it proves all, and holds nothing.

The erasure happens where it could do harm: when the entries are about to be read, and when they are
written and their proofs are not.
"""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from api.bundles.check import Checked
from api.commands.audit import exported
from ledger.sql_schema import data_keys
from tests.api_world import CONTEXT, World, a_world, settings_in
from tests.bundle_world import checked, told
from tests.conftest import FakeClock
from tests.test_erasure import PHONE, a_paid_one, agree, ask
from tests.test_forgotten import files_below, forms_of, traces


async def a_late_call(world: World, payment_id: str) -> None:
    """Let a provider's call come in that has the number in it."""
    body = {"payer": {"partyId": PHONE[1:]}, "status": "SUCCESSFUL"}
    stored = await world.ask("POST", f"/webhooks/mtn/{payment_id}/x", who=None, json=body)
    assert stored.status == 200, stored.body


@pytest.mark.parametrize("moment", ["read", "tile"])
async def test_a_bundle_written_while_a_person_is_forgotten_verifies_and_tells_nothing(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    async with a_world(settings_in(tmp_path), clock=clock) as world:
        services = world.services
        payment_id = await a_paid_one(world)
        await a_late_call(world, payment_id)
        erasure_id = (await ask(world)).json["id"]
        assert services.checkpoints is not None
        assert await services.checkpoints.make(context=CONTEXT) is not None
        async with services.database.read() as connection:
            before = {one.wrapped for one in await connection.execute(select(data_keys))}
        store, erased = services.store, []
        reading = getattr(store, moment)

        me = asyncio.current_task()

        async def forget_then_read(*given: Any) -> Any:
            if asyncio.current_task() is not me:  # the server's own readers
                return await reading(*given)
            monkeypatch.setattr(store, moment, reading)
            erased.append((await agree(world, erasure_id)).json["status"])
            return await reading(*given)

        monkeypatch.setattr(store, moment, forget_then_read)
        bundle = tmp_path / "bundle"
        await exported(store, bundle, first=None, last=None, policy=None, clock=clock)

        async with services.database.read() as connection:
            after = {one.wrapped for one in await connection.execute(select(data_keys))}
        secrets = {one.encode() for one in services.vault._master.text().split()} - {b"lookup"}
    assert erased == ["erased"]
    assert before - after
    by_script, said = told(bundle)
    assert (by_script, isinstance(checked(bundle), Checked)) == (0, True), said
    places = files_below(bundle)
    assert any(payment_id.encode() in held for held in places.values())
    sought = forms_of(PHONE[4:]) | forms_of(PHONE[1:]) | forms_of(PHONE)
    for wrapped in before:
        sought |= {wrapped, wrapped.hex().encode()}
    assert traces(places, sought | secrets) == []
