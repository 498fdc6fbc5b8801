"""After a restoration nobody is charged twice: the providers' own books are the truth.

A backup is taken while the server runs, payments are made after it, the backup is put back, and the
merchant repeats its requests under the same keys.
"""

import asyncio
import socket
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from adapters.base import Accepted, Charge
from adapters.providers import adapter_classes
from adapters.sandbox.faults import Faults
from adapters.sandbox.mtn import MtnSandbox
from adapters.sandbox.rail import RailSandbox
from api.app import create_app
from api.sandboxes import RunningSandbox, pointed_at, sandboxes
from api.settings import Settings
from api.wiring import opened, services, utc_now
from ledger import events
from ledger.commands_log import RecordRestoration
from ledger.handling import Handler
from ledger.identity import payment_id_of
from ledger.money import Money
from ledger.restoration import STREAM, began_at, is_held
from tests.api_world import CONTEXT, Answer, World, a_payment, a_world, settings_in
from tests.conftest import FakeClock
from tests.shop import Shop
from tests.street import a_street
from tests.test_api_refunds import moved
from tests.test_api_route import WAIT_SECONDS, served, settled

ASKABLE = ("hub2", "mtn", "touchpay")
SOON = {"inquiry_first_seconds": "0.2", "inquiry_seconds_max": "0.2", "doubt_seconds": "0.2"}
NUMBERS = {
    "hub2": ("XOF", "+2250500000001"),
    "mtn": ("XAF", "+237650000001"),
    "touchpay": ("XOF", "+2250500000001"),
    "ynote": ("XAF", "+237650000001"),
}


def asked(provider: str) -> dict[str, Any]:
    currency, phone = NUMBERS[provider]
    return a_payment(provider=provider, currency=currency, amount="1500", payer={"phone": phone})


@asynccontextmanager
async def a_life(
    settings: Settings, listening: socket.socket, keys: dict[str, str]
) -> AsyncIterator[World]:
    """A server that works, from its start to its end; `keys` outlive it."""
    async with (
        aiohttp.ClientSession() as session,
        services(settings, is_loopback_only=True) as lent,
        served(create_app(lent), listening),
    ):
        yield World(lent, f"http://127.0.0.1:{settings.port}", session, keys)


def copy_of(database: Path, copy: Path) -> None:
    """What SQLite's online backup gives."""
    with closing(sqlite3.connect(database)) as one, closing(sqlite3.connect(copy)) as other:
        one.backup(other)


def put_back(database: Path, copy: Path) -> None:
    for path in database.parent.glob(f"{database.name}*"):
        path.unlink()
    copy.rename(database)


async def tell_restored(
    settings: Settings,
    *,
    days: int = 7,
    unasked: Sequence[str] = (),
    sends_waiting: bool = False,
    since: datetime | None = None,
) -> None:
    now = utc_now()
    async with opened(settings) as (_, store):
        command = RecordRestoration(
            since=since or now,
            until=now + timedelta(days=days),
            unasked=tuple(unasked),
            sends_waiting=sends_waiting,
            at=now,
        )
        await Handler(store).handle(command, context=CONTEXT)


def booked(running: Sequence[RunningSandbox], payment_id: str) -> list[int]:
    """How often each movement of a payment was asked for, in all books; nothing is left out."""
    found = []
    for one in running:
        if isinstance(one.server, MtnSandbox):
            mine = [
                made
                for made in one.server.books.payments.values()
                if made.external_id == payment_id
            ]
            found += [made.times_accepted for made in mine]
        elif isinstance(one.server, RailSandbox):
            movements = one.server.books.movements.values()
            found += [
                1 for made in movements if payment_id in f"{made.reference} {made.callback_url}"
            ]
    return found


class Lives:
    """The settings, sandboxes and files of a server that is lost and put back."""

    def __init__(self, settings: Settings, running: Sequence[RunningSandbox], folder: Path) -> None:
        self.settings, self.running = settings, running
        self.database, self.copy = folder / "cauri.db", folder / "copy.db"
        self.keys: dict[str, str] = {}

    @asynccontextmanager
    async def life(self) -> AsyncIterator[World]:
        """Serve once more, at the same address: callbacks lead there."""
        with socket.create_server(("127.0.0.1", self.settings.port)) as listening:
            async with a_life(self.settings, listening, self.keys) as world:
                yield world

    async def lose(self) -> None:
        """Lose what came after the copy."""
        await asyncio.to_thread(put_back, self.database, self.copy)


@asynccontextmanager
async def lives(folder: Path, *names: str) -> AsyncIterator[Lives]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with sandboxes(names, clock=utc_now, faults=Faults.none()) as running:
        tables: Mapping[str, Mapping[str, str]] = dict.fromkeys(names, SOON)
        settings = pointed_at(settings_in(folder, provider_tables=tables, port=port), running)
        yield Lives(settings, running, folder)


async def pay_each(world: World, names: Sequence[str], key: str) -> dict[str, str]:
    """A payment at each of them, under a key of its own; their ids."""
    made = {name: await world.pay(asked(name), key=f"{key}-{name}") for name in names}
    assert {one.status for one in made.values()} == {202}
    return {name: one.json["id"] for name, one in made.items()}


async def wage(world: World, key: str) -> Answer:
    content = {
        "provider": "hub2",
        "currency": "XOF",
        "amount": "700",
        "payee": {"phone": NUMBERS["hub2"][1]},
    }
    return await moved(world, "/v1/payouts", content, key=key)


async def waiting(world: World, payment_id: str) -> events.PaymentSought:
    """Wait until a payment is not sent, and says why."""
    store = world.services.store
    while True:
        position = await store.position()
        state, _ = await world.services.handler.payment(payment_id)
        if state.sought is not None:
            return state.sought
        assert await store.wait_for(position + 1, WAIT_SECONDS), state


async def test_whoever_repeats_its_keys_after_a_restoration_charges_nobody_twice(
    tmp_path: Path,
) -> None:
    async with lives(tmp_path, *ASKABLE, "ynote") as one:
        async with one.life() as world:
            await world.add_merchant("mer_1")
            kept = (await world.pay(asked("mtn"), key="kept")).json["id"]
            await settled(world, kept, "succeeded")
            await asyncio.to_thread(copy_of, one.database, one.copy)
            lost = await pay_each(world, (*ASKABLE, "ynote"), "lost")
            lost["wage"] = (await wage(world, "wage-1")).json["id"]
            for payment_id in lost.values():
                await settled(world, payment_id, "succeeded")
        await one.lose()
        await tell_restored(one.settings)
        async with one.life() as world:
            again = await pay_each(world, (*ASKABLE, "ynote"), "lost")
            again["wage"] = (await wage(world, "wage-1")).json["id"]
            fresh = await pay_each(world, ASKABLE, "fresh")
            for name, payment_id in (*again.items(), *fresh.items()):
                if name != "ynote":
                    assert await settled(world, payment_id, "succeeded", "failed") == "succeeded"
            held = await waiting(world, again["ynote"])
            path = f"/v1/payments/{again['ynote']}/cancellation"
            refused = await world.ask("POST", path, who="mer_1")
            assert (refused.status, refused.code) == (409, "not_cancellable")
            shown = (await world.get(f"/v1/payments/{again['ynote']}")).json
            _, recorded = await world.services.handler.payment(again["hub2"])
            trail = [type(each.event) for each in recorded]
        assert again == lost
        assert {name: booked(one.running, each) for name, each in again.items()} == {
            name: [1] for name in again
        }
        assert {name: booked(one.running, each) for name, each in fresh.items()} == {
            name: [1] for name in fresh
        }
        assert (shown["status"], shown["reason"]) == ("requested", held.reason)
        assert "Y-Note" in held.reason
        assert "cannot be asked" in held.reason
        assert trail[:3] == [
            events.PaymentRequested,
            events.PaymentSubmissionStarted,
            events.PaymentEvidenceRecorded,
        ]


def test_whom_the_readme_says_can_be_asked_after_a_restoration_are_those_who_can() -> None:
    can = {
        (one.display_name, power)
        for one in adapter_classes().values()
        for power in getattr(one, "finds_by_reference", ())
    }
    assert can == {
        *(
            (name, power)
            for name in ("HUB2", "Hubtel", "TouchPay (InTouch)")
            for power in OUT_AND_IN
        ),
        *(("MTN MoMo", power) for power in (*OUT_AND_IN, "refund")),
        ("Wave", "payout"),
    }
    page = " ".join((Path(__file__).parent.parent / "README.md").read_text("utf-8").split())
    assert (
        "HUB2 (collections and payouts), Hubtel (both), MTN (all three), TouchPay (both) and Wave "
        "(payouts; a refund again is made only once) can be asked by our reference." in page
    )


OUT_AND_IN = ("collection", "payout")


async def test_a_payment_is_looked_for_under_every_reference_and_at_every_provider_of_its_plan(
    tmp_path: Path,
) -> None:
    async with lives(tmp_path, "hub2", "touchpay") as one:
        async with one.life() as world:
            await world.add_merchant("mer_1")
        await tell_restored(one.settings)
        # What the lost life did: HUB2 was not reached, and TouchPay took what went on to it.
        payment_id = payment_id_of("mer_1", "gone-on")
        async with one.life() as world:
            charge = Charge(
                payment_id=payment_id,
                money=Money(1500, "XOF"),
                phone=NUMBERS["touchpay"][1],
                country="CI",
                description="",
                callback_url=f"{world.url}/webhooks/touchpay/{payment_id}/x",
            )
            touchpay = world.services.adapters["touchpay"]
            taken = await touchpay.submit(charge, touchpay.reference_for(payment_id, 2))
            assert isinstance(taken, Accepted), taken
            content = {key: given for key, given in asked("hub2").items() if key != "provider"}
            made = await world.pay(content, key="gone-on")
            assert made.json["id"] == payment_id
            outcome = await settled(world, payment_id, "succeeded", "failed")
            shown = (await world.get(f"/v1/payments/{payment_id}")).json
        assert [each["provider"] for each in shown["plan"]] == ["hub2", "touchpay"]
        assert (outcome, shown["provider"]) == ("succeeded", "touchpay")
        assert booked(one.running, payment_id) == [1]


async def test_while_a_provider_does_not_answer_nothing_is_sent_and_then_it_goes_on(
    tmp_path: Path,
) -> None:
    async with lives(tmp_path, "touchpay") as one:
        async with one.life() as world:
            await world.add_merchant("mer_1")
        await tell_restored(one.settings)
        (touchpay,) = one.running
        await touchpay.server.stop()
        async with one.life() as world:
            payment_id = (await world.pay(asked("touchpay"), key="new")).json["id"]
            held = await waiting(world, payment_id)
            await world.caught_up()
            listed = await world.services.worklist.listing(now=utc_now())
            await touchpay.server.start()
            outcome = await settled(world, payment_id, "succeeded", "failed")
        assert "TouchPay (InTouch) has not said yet" in held.reason
        assert [(row.kind, row.reason) for row in listed] == [("submit", held.reason)]
        assert (outcome, booked(one.running, payment_id)) == ("succeeded", [1])


async def test_what_is_too_late_to_be_sent_is_looked_for_before_it_is_given_up(
    tmp_path: Path,
) -> None:
    async with lives(tmp_path, "mtn") as one:
        async with one.life() as world:
            await world.add_merchant("mer_1")
            await asyncio.to_thread(copy_of, one.database, one.copy)
            paid = (await world.pay(asked("mtn"), key="paid")).json["id"]
            await settled(world, paid, "succeeded")
        await one.lose()
        await tell_restored(one.settings)
        one.settings = one.settings.with_changes(unsent_seconds_max=0.001)
        async with one.life() as world:
            again = [(await world.pay(asked("mtn"), key=key)).json["id"] for key in ("paid", "new")]
            ends = [await settled(world, each, "succeeded", "expired") for each in again]
        assert again[0] == paid
        assert ends == ["succeeded", "expired"]
        assert [booked(one.running, each) for each in again] == [[1], []]


@pytest.mark.parametrize("said", [{"days": 0}, {"unasked": ["ynote"]}])
async def test_what_the_operator_takes_upon_itself_is_sent_without_asking(
    tmp_path: Path, said: dict[str, Any]
) -> None:
    async with lives(tmp_path, "ynote") as one:
        async with one.life() as world:
            await world.add_merchant("mer_1")
        await tell_restored(one.settings)
        await tell_restored(one.settings, **said)
        async with one.life() as world:
            payment_id = (await world.pay(asked("ynote"), key="new")).json["id"]
            assert await settled(world, payment_id, "succeeded", "failed") == "succeeded"
            restored = await world.services.store.read_stream(STREAM)
        assert [type(each.event) for each in restored] == [events.LogRestored] * 2


@pytest.mark.parametrize("days", [7, 0])
async def test_what_waited_in_the_backup_may_have_been_cancelled_since_and_is_not_sent_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    """No provider knows of a cancellation; what is asked for after the restoration is wanted."""
    monkeypatch.setattr("adapters.seeking.HELD_SECONDS", 0.2)
    async with lives(tmp_path, "mtn") as one:
        async with a_world(one.settings, clock=utc_now) as world:
            kept = (await world.pay(asked("mtn"), key="kept")).json["id"]
            await asyncio.to_thread(copy_of, one.database, one.copy)
            path = f"/v1/payments/{kept}/cancellation"
            assert (await world.ask("POST", path, who="mer_1")).status == 200
            one.keys.update(world.keys)
        await one.lose()
        since = utc_now()
        await tell_restored(one.settings, days=days, since=since)
        async with one.life() as world:
            held = await waiting(world, kept)
            fresh = (await world.pay(asked("mtn"), key="fresh")).json["id"]
            assert await settled(world, fresh, "succeeded", "failed") == "succeeded"
            shown = (await world.get(f"/v1/payments/{kept}")).json
            before = booked(one.running, kept)
        await tell_restored(one.settings, days=days, since=since, sends_waiting=True)
        async with one.life() as world:
            outcome = await settled(world, kept, "succeeded", "failed")
        assert (shown["status"], shown["reason"], before) == ("requested", held.reason, [])
        assert "cauri restored --send-waiting" in held.reason
        assert (outcome, booked(one.running, kept)) == ("succeeded", [1])


@pytest.mark.parametrize(
    ("restorations", "began", "held"),
    [
        ([], 0, []),
        ([(5, "a", False)], 5, [1, 4]),
        ([(5, "a", True)], 5, []),
        ([(5, "a", False), (6, "b", False)], 5, [1, 4]),
        ([(5, "a", False), (9, "a", False)], 5, [1, 4]),
        ([(5, "a", False), (9, "a", True)], 5, []),
        ([(5, "a", True), (9, "b", False)], 9, [1, 4, 5, 8]),
    ],
)
def test_a_life_of_the_log_begins_where_its_restoration_was_said_first(
    restorations: list[tuple[int, str, bool]], began: int, held: list[int]
) -> None:
    times = {"a": datetime(2026, 1, 1, tzinfo=UTC), "b": datetime(2026, 1, 2, tzinfo=UTC)}
    recorded = [
        (
            position,
            events.LogRestored(
                since=times[since], until=times["b"], unasked=[], sends_waiting=sends
            ),
        )
        for position, since, sends in restorations
    ]
    assert began_at(recorded) == began
    assert [one for one in (1, 4, 5, 8, 9) if is_held(recorded, one)] == held


async def test_who_throws_away_messages_he_has_seen_misses_no_news_after_a_restoration(
    tmp_path: Path, clock: FakeClock
) -> None:
    """The id that was sent is the one that is listed, shown and replayed."""
    async with a_street(tmp_path, clock) as street:
        shop = await street.open()
        keys = dict(street.world.keys)
        await asyncio.to_thread(copy_of, tmp_path / "cauri.db", tmp_path / "copy.db")
        await street.pay("lost")
        await street.deliver()
        before = [one.id for one in shop.heard]
    await asyncio.to_thread(put_back, tmp_path / "cauri.db", tmp_path / "copy.db")
    async with a_street(tmp_path, clock) as street:
        street.world.keys.update(keys)
        said = RecordRestoration(since=clock(), until=clock() + timedelta(days=7), at=clock())
        await street.world.services.handler.handle(said, context=CONTEXT)
        async with Shop(clock) as shop_again:
            there = await street.post(f"/{shop.id}", {"url": shop_again.url})
            assert there.status == 200, there.body
            payment_id = await street.pay("lost")
            await street.deliver()
            after = [one.id for one in shop_again.heard]
            path = f"/v1/webhook-endpoints/{shop.id}/messages"
            listed = (await street.world.get(f"{path}?payment_id={payment_id}")).json["messages"]
            shown = (await street.world.get(f"{path}/{after[0]}")).json
            replay = await street.post(f"/{shop.id}/replay", {"message_id": after[0]})
            assert replay.status == 202, replay.body
            await street.deliver()
            again = [one.id for one in shop_again.heard][len(after) :]
            tested = (await street.post(f"/{shop.id}/test", {})).json["id"]
            await street.deliver()
            assert shop_again.heard[-1].id == tested
    assert (len(before), len(after)) == (2, 2)
    assert not {*before} & {*after}
    assert [one["id"] for one in listed] == after[::-1]
    assert (shown["id"], shown["state"]) == (after[0], "delivered")
    assert again == after[:1]
