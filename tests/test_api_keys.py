"""Keys over HTTP: listed, rotated with an overlap, revoked at once, here and in other processes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from api.authentication import Identity, new_key
from api.last_uses import LastUses
from api.rotation import OVERLAP_HOURS_MAX
from api.settings import Settings
from api.watching import Watched
from ledger import commands, merchant
from ledger.errors import StoreUnavailableError
from ledger.memory import MemoryEventStore
from ledger.sentences import Sentence
from ledger.vault import MasterKeys
from tests.api_world import CONTEXT, HURRIED, PROVIDER_TABLES, Answer, World, a_world, settings_in
from tests.conftest import FakeClock
from tests.test_api_authentication import an_authenticator

HOUR = 3600
LONG = {"keys_cached_seconds": 3600.0}
"""Nothing is looked up anew by itself while a test runs."""


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with a_world(settings_in(tmp_path, **LONG), clock=clock, is_in_memory=True) as made:
        yield made


async def change(world: World, verb: str, key_id: str, who: str = "mer_1", **body: Any) -> Answer:
    """Rotate or revoke a key."""
    return await world.ask("POST", f"/v1/keys/{key_id}/{verb}", who=who, json=body)


async def listed(world: World, who: str = "mer_1") -> list[dict[str, Any]]:
    """The keys somebody sees."""
    position = await world.services.store.position()
    answer = await world.get(f"/v1/keys?min_position={position}", who=who)
    assert answer.status == 200, answer.body
    keys: list[dict[str, Any]] = answer.json["keys"]
    return keys


async def status(world: World, who: str) -> int:
    """What somebody's key is answered."""
    return (await world.get("/v1/payments?limit=1", who=who)).status


@pytest.fixture
async def old(world: World) -> str:
    """The id of a key of the first merchant, known as `old`, that was just used."""
    key_id = await world.add_key("old", "merchant", "mer_1", mode="test")
    assert await status(world, "old") == 200
    return key_id


async def test_a_rotated_key_lives_on_for_its_overlap_and_the_new_one_at_once(
    world: World, clock: FakeClock, old: str
) -> None:
    rotated = await change(world, "rotate", old, overlap_hours=2)
    world.keys["new"] = rotated.json["key"]
    both = [await status(world, who) for who in ("old", "new")]
    clock.advance(2 * HOUR - 1)
    still = [await status(world, who) for who in ("old", "new")]
    clock.advance(1)
    after = [await status(world, who) for who in ("old", "new")]

    assert (both, still, after) == ([200, 200], [200, 200], [401, 200])
    key = rotated.json
    assert rotated.status == 201
    assert key | {"key": "", "id": ""} == {
        "id": "",
        "key": "",
        "role": "merchant",
        "merchant_id": "mer_1",
        "mode": "test",
        "replaces": old,
        "replaced_ends_at": "2026-03-01T14:00:00Z",
        "position": int(rotated.headers["Cauri-Position"]),
    }
    assert key["key"].startswith(f"ck_test_merchant_{key['id']}_")


async def test_the_list_tells_which_key_follows_which_and_what_each_is_worth(
    world: World, clock: FakeClock, old: str
) -> None:
    rotated = (await change(world, "rotate", old, overlap_hours=1)).json
    lost = (await change(world, "rotate", old, overlap_hours=1)).json
    await change(world, "revoke", lost["id"], reason="unused")
    clock.advance(0.5 * HOUR)
    now = await listed(world)
    clock.advance(0.5 * HOUR)
    later = await listed(world)

    def brief(keys: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        fields = ("id", "state", "ends_at", "replaced_by", "revoked_reason")
        return [tuple(key[name] for name in fields) for key in keys]

    first = id_of_first(world)
    assert brief(now) == [
        (lost["id"], "revoked", None, None, "unused"),
        (rotated["id"], "active", None, None, None),
        (old, "ending", "2026-03-01T13:00:00Z", lost["id"], None),
        (first, "active", None, None, None),
    ]
    assert [key["state"] for key in later] == ["revoked", "active", "ended", "active"]
    assert "secret_digest" not in str(later)


def id_of_first(world: World) -> str:
    """The id of the first merchant's first key, which says no mode."""
    return world.keys["mer_1"].split("_", 3)[2]


async def test_an_overlap_of_nothing_ends_the_old_key_at_once(world: World, old: str) -> None:
    rotated = await change(world, "rotate", old, who="old", overlap_hours=0)

    assert (rotated.status, await status(world, "old")) == (201, 401)


async def test_a_second_rotation_never_lets_a_key_live_longer(
    world: World, clock: FakeClock, old: str
) -> None:
    await change(world, "rotate", old, overlap_hours=1)
    again = await change(world, "rotate", old, overlap_hours=OVERLAP_HOURS_MAX)
    clock.advance(HOUR)

    assert again.json["replaced_ends_at"] == "2026-03-01T13:00:00Z"
    assert await status(world, "old") == 401
    ended = await change(world, "rotate", old)
    assert (ended.status, ended.code) == (409, "command_refused")


@pytest.mark.parametrize("hours", [-1, OVERLAP_HOURS_MAX + 1, "1", None])
async def test_an_overlap_has_bounds(world: World, old: str, hours: Any) -> None:
    answer = await change(world, "rotate", old, overlap_hours=hours)

    assert (answer.status, answer.code) == (422, "invalid_request")


async def test_a_revoked_key_is_worth_nothing_from_the_answer_on(world: World, old: str) -> None:
    revoked = await change(world, "revoke", old, reason="leaked")
    after = await status(world, "old")
    again = await change(world, "revoke", old)

    assert (revoked.status, after) == (200, 401)
    assert again.body == revoked.body
    assert revoked.json == {"id": old, "state": "revoked", "position": revoked.json["position"]}
    refused = await change(world, "rotate", old)
    assert (refused.status, refused.code) == (409, "command_refused")


async def test_another_merchants_key_is_answered_like_one_that_does_not_exist(
    world: World, old: str
) -> None:
    staff = await world.add_key("an_auditor", "auditor")
    for verb in ("rotate", "revoke"):
        none = await change(world, verb, "none", who="mer_2")
        for key_id in (old, staff, "n_ne"):
            answer = await change(world, verb, key_id, who="mer_2")
            assert (answer.status, answer.code) == (404, "unknown_key")
            assert answer.json | {"instance": ""} == none.json | {"instance": ""}
    assert [key["merchant_id"] for key in await listed(world, "mer_2")] == ["mer_2"]
    assert (await world.get("/v1/keys?merchant_id=mer_1", who="mer_2")).status == 404
    assert await status(world, "old") == 200


async def test_an_admin_sees_and_changes_every_key(world: World, old: str) -> None:
    everybodys = await listed(world, "admin")
    of_one = await world.get("/v1/keys?merchant_id=mer_1", who="admin")
    first = await world.get("/v1/keys?limit=2", who="admin")
    second = await world.get(f"/v1/keys?limit=2&after={first.json['next_after']}", who="admin")
    rotated = await change(world, "rotate", everybodys[-1]["id"], who="admin")

    assert len(everybodys) == 7
    assert [key["id"] for key in of_one.json["keys"]] == [old, id_of_first(world)]
    paged = [key["id"] for page in (first, second) for key in page.json["keys"]]
    assert paged == [key["id"] for key in everybodys[:4]]
    # What takes the place of a key without a mode has the deployment's own.
    assert rotated.json["key"].startswith("ck_test_merchant_")


async def test_a_staff_key_is_rotated_into_one_of_its_role(world: World) -> None:
    auditor = world.keys["auditor"].split("_", 3)[2]
    rotated = await change(world, "rotate", auditor, who="admin")
    world.keys["new"] = rotated.json["key"]

    assert (rotated.json["role"], rotated.json["mode"]) == ("auditor", None)
    assert (await world.get("/v1/events", who="new")).status == 200


async def test_the_text_of_a_key_must_say_what_it_is(world: World, old: str) -> None:
    _, _, _, _, secret = world.keys["old"].split("_", 4)
    wrong = [
        f"ck_merchant_{old}_{secret}",
        f"ck_live_merchant_{old}_{secret}",
        f"ck_test_admin_{old}_{secret}",
        f"ck_test_{old}_{secret}",
        world.keys["mer_1"].replace("ck_", "ck_test_"),
    ]

    assert [await status(world, text) for text in wrong] == [401] * len(wrong)
    assert [await status(world, who) for who in ("old", "mer_1")] == [200, 200]


async def test_the_last_use_of_a_key_is_told(world: World, clock: FakeClock, old: str) -> None:
    unused = await world.add_key("unused", "merchant", "mer_1", mode="test")
    clock.advance(10)
    await status(world, "old")
    told = {key["id"]: key["last_used_at"] for key in await listed(world)}
    position = await world.services.store.position()
    await world.services.last_uses.flush()
    written = {row.key_id: row.last_used_at for row in await world.services.keys.keys()}

    assert told[unused] is None
    assert told[old] == "2026-03-01T12:00:10Z"
    assert written[old] == clock.now
    assert written[unused] is None
    # A use is no event, however many there are.
    assert await world.services.store.position() == position


async def test_last_uses_are_written_at_the_stop_and_found_again(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_world(settings_in(tmp_path), clock=clock) as first:
        await status(first, "mer_1")
        keys, used = first.keys, id_of_first(first)
    clock.advance(HOUR)
    async with a_world(settings_in(tmp_path), clock=clock) as second:
        second.keys = keys
        told = {key["id"]: key["last_used_at"] for key in await listed(second, "admin")}

    assert told.pop(used) == "2026-03-01T12:00:00Z"
    # The admin's own is of this request.
    assert sorted(filter(None, told.values())) == ["2026-03-01T13:00:00Z"]


async def test_a_last_use_that_cannot_be_written_waits_for_the_next_time(clock: FakeClock) -> None:
    class Disk:
        def __init__(self) -> None:
            self.is_full = True
            self.written: dict[str, Any] = {}

        async def note_uses(self, uses: Any) -> None:
            if self.is_full:
                raise StoreUnavailableError(Sentence("The disk is full."), Sentence("Free some."))
            self.written |= uses

    disk = Disk()
    uses = LastUses(disk, clock=clock, every_seconds=1)
    uses.note("k1")
    await uses.flush()
    clock.advance(5)
    uses.note("k2")
    disk.is_full = False
    await uses.flush()
    await uses.flush()

    assert list(disk.written) == ["k1", "k2"]
    assert uses.later("k1", None) is None


@pytest.fixture
async def processes(
    postgres_database: str, tmp_path: Path, clock: FakeClock
) -> AsyncIterator[tuple[World, World]]:
    """Two servers on one database, which remember keys for an hour."""
    key_file = tmp_path / "master.key"
    MasterKeys.generate().write(key_file)
    url = make_url(postgres_database).set(drivername="postgresql")
    settings = Settings(
        database_url=url.render_as_string(hide_password=False),
        master_key_file=key_file,
        providers=("mtn", "orange"),
        provider_tables=PROVIDER_TABLES,
        **HURRIED,
        **LONG,
    )
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(a_world(settings, clock=clock))
        second = await stack.enter_async_context(a_world(settings, clock=clock))
        second.keys = first.keys
        yield first, second


async def test_a_key_revoked_at_one_server_ends_at_the_other_as_soon_as_it_has_read_of_it(
    processes: tuple[World, World],
) -> None:
    first, second = processes
    key_id = await first.add_key("old", "merchant", "mer_1", mode="test")
    before = [await status(world, "old") for world in processes]
    revoked = await change(first, "revoke", key_id)
    (subscription,) = second.services.subscriptions
    assert await subscription.wait_for(revoked.json["position"], 20)

    assert before == [200, 200]
    assert [await status(world, "old") for world in processes] == [401, 401]


async def test_a_key_rotated_at_one_server_ends_at_the_other_in_time(
    processes: tuple[World, World], clock: FakeClock
) -> None:
    first, second = processes
    key_id = await first.add_key("old", "merchant", "mer_1", mode="test")
    await asyncio.gather(*(status(world, "old") for world in processes))
    rotated = await change(first, "rotate", key_id, overlap_hours=1)
    (subscription,) = second.services.subscriptions
    assert await subscription.wait_for(rotated.json["position"], 20)
    during = [await status(world, "old") for world in processes]
    clock.advance(HOUR)

    assert during == [200, 200]
    assert [await status(world, "old") for world in processes] == [401, 401]


async def test_events_that_went_by_unseen_make_all_keys_be_looked_up_anew(world: World) -> None:
    missed: list[str] = []
    seen: list[int] = []
    watched = Watched(
        world.services.projections,
        watch=lambda batch: seen.extend(one.position for one in batch),
        missed=lambda: missed.append("missed"),
    )
    end = await world.caught_up()
    assert (await watched.position(), missed) == (end, ["missed"])
    await world.pay()
    batch = await world.services.store.read(end)
    await watched.handle(batch)
    await world.caught_up()
    assert (await watched.position(), missed, seen) == (end + 1, ["missed"], [end + 1])
    await world.pay(key="order-2")
    await world.caught_up()
    # Somebody else has brought the projections further.
    assert (await watched.position(), missed) == (end + 2, ["missed", "missed"])


async def test_a_key_read_before_it_was_revoked_is_not_remembered_after(clock: FakeClock) -> None:
    store = MemoryEventStore(clock=clock)
    key = new_key("auditor")
    issue = commands.IssueKey(
        key_id=key.key_id, role="auditor", merchant_id=None, secret_digest=key.secret_digest
    )
    (issued,) = merchant.decide(issue, merchant.INITIAL)
    await store.append(merchant.key_stream(key.key_id), 0, [issued], context=CONTEXT)

    class Slow(MemoryEventStore):
        """Lets the revocation pass by between reading and answering."""

        async def read_stream(self, stream: str) -> Any:
            recorded = await store.read_stream(stream)
            authenticator.forget(key.key_id)
            return recorded

    authenticator = an_authenticator(Slow(clock=clock), clock, cached_seconds=HOUR)
    identity = await authenticator.identify(f"Bearer {key.text}")

    assert identity == Identity(key.key_id, "auditor", None, None)
    assert len(authenticator._cache) == 0
