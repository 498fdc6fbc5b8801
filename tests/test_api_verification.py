"""A running server reads its own past again, and says at once what somebody changed behind it."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from api.wiring import utc_now
from ledger.events import LogMismatchFound
from tests.api_world import World, a_world, captured_logs, settings_in
from tests.conftest import FakeClock

HURRIED = {"verify_entries_per_second": 100_000, "verify_round_seconds": 60.0}


async def tamper(path: Path, statement: str) -> None:
    """Change the database's file behind everybody's back."""
    await asyncio.to_thread(_tamper, path, statement)


def _tamper(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path, timeout=20, isolation_level=None)) as connection:
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)


async def mismatch(world: World, after: int) -> LogMismatchFound:
    """Wait for the log to tell of one."""
    store = world.services.store
    while True:
        assert await store.wait_for(after + 1, 30), "nothing was found"
        for one in await store.read(after):
            if isinstance(one.event, LogMismatchFound):
                return one.event
            after = one.position


async def test_a_changed_entry_is_found_by_the_server_that_runs_on_it(
    tmp_path: Path, clock: FakeClock
) -> None:
    settings = settings_in(tmp_path, **HURRIED)
    with captured_logs() as lines:
        async with a_world(settings, clock=clock, is_working=True) as world:
            before = await world.services.store.position()
            await tamper(
                tmp_path / "cauri.db",
                "UPDATE log SET entry = replace(entry, 'A shop', 'B shop') WHERE position = 1",
            )
            clock.advance(60)
            found = await mismatch(world, before)
            shown = (await world.get("/v1/log/verification", who="auditor")).json
            measures = (await world.get("/metrics")).body.decode()
            ready = await world.get("/readyz", who=None)
    assert (found.position, found.what) == (1, "entry")
    assert shown["entries"]["mismatch"]["position"] == 1
    assert 'cauri_verifier_mismatch{what="log"} 1.0' in measures
    assert ready.status == 200
    assert b"log.mismatch" in lines.getvalue()


async def test_a_changed_projection_is_found_too_and_a_rebuild_mends_it(
    tmp_path: Path,
) -> None:
    settings = settings_in(tmp_path, digest_seconds=0.1, verify_projections_seconds=0.1)
    async with a_world(settings, clock=utc_now, is_working=True) as world:
        before = await world.caught_up()
        await tamper(tmp_path / "cauri.db", "UPDATE merchants SET name = 'B shop'")
        found = await mismatch(world, before)
        await world.services.projections.rebuild("keys", world.services.store)
        shown = (await world.get("/v1/log/verification", who="auditor")).json
        checked = await world.services.projections.check("keys", world.services.store)
    assert checked.is_equal
    assert found.what == "keys"
    assert found.position >= before
    assert shown["projections"]["digested_at"] is not None
