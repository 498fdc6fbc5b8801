"""Handling: what is remembered of a stream is never taken for the stream."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from ledger import commands, handling, payment
from ledger.entry import RecordedEvent
from ledger.events import Event
from ledger.handling import FOLDED_BYTES_MAX, Handler
from ledger.handling_deciders import PAYMENT
from ledger.memory import MemoryEventStore
from ledger.payment import Payment
from ledger.store import Clock
from tests.builders import CONTEXT, VERBS, Teller, a_request, appends_of, paid


async def told(store: MemoryEventStore, *steps: tuple[int, str]) -> None:
    """Append what steps make happen to a store."""
    teller = Teller()
    teller.tell(*steps)
    have = await store.position()
    for stream, version, events in appends_of(teller.log[have:]):
        await store.append(stream, version, events, context=CONTEXT)


def folded(recorded: Sequence[RecordedEvent]) -> Payment:
    """The state of a stream, folded whole."""
    state = payment.INITIAL
    for one in recorded:
        state = payment.evolve(state, one.event)
    return state


@pytest.fixture
def evolved(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The types of the events that were folded by handlers."""
    seen: list[str] = []

    def evolve(state: Payment, event: Event) -> Payment:
        seen.append(event.type)
        return payment.evolve(state, event)

    monkeypatch.setattr(handling, "PAYMENT", PAYMENT._replace(evolve=evolve))
    return seen


async def test_a_stream_is_folded_once_and_then_what_others_appended(
    clock: Clock, evolved: list[str]
) -> None:
    store = MemoryEventStore(clock=clock)
    handler = Handler(store)
    await told(store, (1, "request"), (1, "start"))
    before, _ = await handler.payment("pay_1")
    again, _ = await handler.payment("pay_1")
    assert (again is before, len(evolved)) == (True, 2)
    await told(store, *paid(1))
    after, recorded = await handler.payment("pay_1")
    assert (after, len(evolved), before.status) == (folded(recorded), len(recorded), "submitting")


async def test_what_is_remembered_is_bounded(clock: Clock, evolved: list[str]) -> None:
    store = MemoryEventStore(clock=clock)
    handler = Handler(store, folded_max=2)
    await told(store, *[(number, "request") for number in (1, 2, 3)])
    for number in (1, 2, 3, 1):
        state, recorded = await handler.payment(f"pay_{number}")
        assert state == folded(recorded)
    assert len(evolved) == 4


async def test_what_is_large_or_read_once_is_not_remembered(clock: Clock) -> None:
    handler = Handler(MemoryEventStore(clock=clock))
    large = replace(a_request(), payment_id="pay_large", sealed="x" * FOLDED_BYTES_MAX)
    webhook = commands.StoreWebhook(
        webhook_id="mtn-1",
        provider="mtn",
        payment_id=None,
        verdict="unsigned",
        digest="1",
        sealed="x",
    )
    for command in (a_request(), large, webhook):
        await handler.handle(command, context=CONTEXT)
    await handler.payment("pay_large")
    assert list(handler._folded) == ["payment-pay_1"]


async def test_another_log_in_the_place_of_the_first_is_folded_anew(clock: Clock) -> None:
    first, second = MemoryEventStore(clock=clock), MemoryEventStore(clock=clock)
    handler = Handler(first)
    await handler.handle(a_request(), context=CONTEXT)
    await handler.payment("pay_1")
    other = replace(a_request(), merchant_id="mer_2")
    await Handler(second).handle(other, context=CONTEXT)
    handler.store = second
    state, _ = await handler.payment("pay_1")
    assert state.requested.merchant_id == "mer_2"


async def test_a_command_is_decided_on_all_that_happened(clock: Clock) -> None:
    store = MemoryEventStore(clock=clock)
    handler = Handler(store)
    await handler.handle(a_request(), context=CONTEXT)
    for verb in ("start", "confirm", "success"):
        state, _ = await handler.payment("pay_1")
        for command in VERBS[verb](1, state, clock()):
            done = await handler.handle(command, context=CONTEXT)
    recorded = await store.read_stream("payment-pay_1")
    assert (done.state, done.version) == (folded(recorded), len(recorded))
    assert done.state.status is payment.Status.SUCCEEDED
