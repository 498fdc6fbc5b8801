"""The disk is full while somebody else's erasure is finished: nothing is lost, nothing is left.

No file may become longer than the test says: that is what a full disk does to a database's files,
which are what SQLite writes.
"""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from api.finishing import SETTLED_SECONDS, Finisher
from ledger.events import PersonScrubbed
from ledger.people import stream_of
from tests.api_world import CONTEXT, a_world, captured_logs, settings_in
from tests.conftest import FakeClock
from tests.contracts.store import an_event
from tests.erasure_killed import MOMENTS
from tests.test_erasure import PHONE, a_paid_one, agree, ask
from tests.test_erasure_killed import WHOLE, bytes_of, killed, types_about, wrapped_keys


@contextmanager
def files_end_at(size_bytes: int) -> Iterator[None]:
    """Let no file become longer; the system's signal for it is ignored by Python."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with captured_logs():  # what is captured of a test's output is a file too
        resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("moment", MOMENTS)
async def test_what_another_process_began_is_finished_once_there_is_room(
    tmp_path: Path, clock: FakeClock, moment: str
) -> None:
    async with a_world(settings_in(tmp_path), clock=clock) as world:
        payment_id = await a_paid_one(world)
        lent, person = world.services, world.services.vault.person(PHONE)
        erasure_id = (await ask(world)).json["id"]
        keys = await wrapped_keys(world, person)
        await killed(tmp_path, erasure_id, moment)
        await world.caught_up()
        before = await types_about(lent.store, person)
        clock.advance(SETTLED_SECONDS)
        finisher = Finisher(lent.people, lent.erasures)

        with files_end_at(max(4_096, (tmp_path / "cauri.db-wal").stat().st_size)):
            left = [await finisher.finish(), await finisher.finish()]
            while_full = await types_about(lent.store, person)
        left.append(await finisher.finish())

        assert (left, while_full) == ([1, 1, 0], before)
        assert await types_about(lent.store, person) == WHOLE
        state, _ = await lent.handler.payment(payment_id)
        assert await lent.vault.is_erased(state.requested.sealed, afresh=True)
        assert keys
        assert not any(one in bytes_of(tmp_path) for one in keys)


async def test_bytes_that_could_not_be_removed_are_removed_later_and_that_is_noted(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_world(settings_in(tmp_path), clock=clock) as world:
        await a_paid_one(world)
        lent, person = world.services, world.services.vault.person(PHONE)
        asked = await ask(world)
        await world.caught_up()
        finisher = Finisher(lent.people, lent.erasures)
        assert await lent.store.scrub() is None
        # They stand in the log of writes, and there is no room for them in the file.
        big = [an_event("x" * 8_000) for _ in range(40)]
        await lent.store.append("big", 0, big, context=CONTEXT)
        await world.caught_up()

        with files_end_at((tmp_path / "cauri.db").stat().st_size):
            done = await agree(world, asked.json["id"])
        await world.caught_up()
        [listed] = (await world.get("/v1/people/erasures", who="admin")).json["erasures"]
        left = await finisher.finish()
        await world.caught_up()
        again = await world.get(f"/v1/people/erasures/{asked.json['id']}", who="admin")

        assert (done.status, done.json["status"]) == (200, "erased"), done.body
        assert "could not be removed" in done.json["bytes_left"]
        assert listed["bytes_left"] == done.json["bytes_left"]
        assert (left, again.json["bytes_left"], await lent.erasures.left_over()) == (0, None, [])
        recorded = await lent.store.read_stream(stream_of(person))
        scrubbed = [one.event for one in recorded if isinstance(one.event, PersonScrubbed)]
        assert [one.bytes_left for one in scrubbed] == ["unclear", None]
