"""Waking: an event wakes the workers that may have something to do, every one of them, no other."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from sqlalchemy import text

from api.waking import Bed, Beds
from ledger import commands
from projections.deliveries import DeliveriesProjection
from projections.deliveries_turns import LANES
from projections.mails import MailsProjection
from projections.news import AT_ONCE, Told
from projections.tables import stamp
from projections.worklist import WorklistProjection
from projections.worklist_rows import Kind
from tests.builders import NOW, PAID, Step, paid, payment_id
from tests.conftest import FakeClock
from tests.projecting import Projected, a_sqlite_url, opened
from tests.test_projection_mails import asked
from tests.test_worklist import DUE

QUEUES = (WorklistProjection, DeliveriesProjection, MailsProjection)
ASKED = {
    "worklist": "SELECT stream_id, kind, provider, due_at, position FROM worklist",
    "deliveries": "SELECT stream_id, state, endpoint_id, due_at, position FROM deliveries",
    "mails": "SELECT stream_id, 'mail', recipient, due_at, position FROM mails",
}

Pieces = dict[str, dict[str, tuple[str, str, str | None, int]]]
"""Queue to piece to (kind, whose, when it is due, where it stands)."""


@pytest.fixture
def url(tmp_path: Path) -> str:
    return a_sqlite_url(tmp_path)


@pytest.fixture
async def projected(url: str) -> AsyncIterator[Projected]:
    async with opened(url) as database:
        made = Projected(database, QUEUES)
        await made.start()
        yield made


async def pieces(projected: Projected) -> Pieces:
    """Everything that stands in the queues."""
    async with projected.database.read() as conn:
        return {
            name: {
                one[0]: (one[1], one[2], one[3], one[4]) for one in await conn.execute(text(sql))
            }
            for name, sql in ASKED.items()
        }


def unheard(before: Pieces, after: Pieces, heard: dict[tuple[str, str], str]) -> list[Any]:
    """What was made due and nobody was told of."""
    missed: list[Any] = []
    for queue in ASKED:
        for name, piece in after[queue].items():
            kind, whose, due_at, _ = piece
            if before[queue].get(name) == piece:
                continue
            if queue == "deliveries":
                # Whatever became of a message: it may have freed a place for another.
                missed += [(name, lane) for lane in LANES if heard.get((lane, "")) != AT_ONCE]
            elif due_at is not None and not heard.get((kind, whose), "~") <= due_at:
                missed.append((name, piece))
    return missed


def everything() -> list[list[Step]]:
    """Stories in which every kind of work is due some time but a code handed over."""
    told = ["told_in_vain", "told_nobody", "told", "replay", "told_last"]
    refund = ["refund_reserved", "refund_opened", "refund_started", "refund_success"]
    checkout = ["checkout", "checkout_attempt", "start", "confirm", "failure", "checkout_told"]
    return [
        *([(number, verb) for verb in words.split()] for number, (words, _) in enumerate(DUE)),
        [*paid(50), *((50, verb) for verb in [*refund, "refund_given", "refund_released"])],
        [(60, verb) for verb in [*checkout, "statement_success", "checkout_told"]],
        [(61, "checkout"), (61, "checkout_closed")],
        [(1, "endpoint"), *paid(71), *((71, verb) for verb in told)],
        [(1, "endpoint_off"), *paid(73), (1, "endpoint_on"), *paid(75), (1, "endpoint_deleted")],
    ]


async def test_whatever_an_event_makes_due_its_worker_is_told_of(projected: Projected) -> None:
    heard: dict[tuple[str, str], str] = {}
    seen: set[str] = set()

    def hear(told: Told) -> None:
        assert told is not None
        heard.update(told)

    async def look() -> None:
        """Project event by event, and look after each."""
        while batch := await projected.store.read(await projected.projections.position(), 1):
            before = await pieces(projected)
            heard.clear()
            await projected.projections.handle(batch)
            after = await pieces(projected)
            assert unheard(before, after, heard) == [], batch[0].event
            seen.update(kind for kind, _ in heard)

    projected.projections.listen(hear)
    for story in everything():
        await projected.tell(*story)
    await look()
    await asked(projected, 80)
    await projected.tell(*[(80, verb) for verb in (*PAID, "failure", "statement_success")])
    await projected.tell(*[(90, verb) for verb in PAID[:3]])
    teller, before = projected.teller, len(projected.teller.log)
    last = teller.payment(90).attempts[-1]
    for command in (
        commands.RecordInquiry(
            payment_id=payment_id(90),
            reference=last.reference,
            attempt=last.number,
            result="pending",
            detail="",
            inquire_at=teller.now,
            awaits_code=True,
        ),
        commands.GiveCode(
            payment_id=payment_id(90),
            confirmation_id="c",
            sealed_code="sealed",
            content_digest="c",
        ),
    ):
        teller.do(command)
    await projected.record(teller.log[before:])
    await look()
    assert seen == {*get_args(Kind), *LANES, "mail"}


async def test_what_nobody_waits_for_wakes_nobody(projected: Projected) -> None:
    heard: list[Told] = []
    projected.projections.listen(heard.append)
    await projected.story((0, "request"), (1, "request"), (1, "keys"), (1, "outage"))
    orange = stamp(NOW + timedelta(seconds=1))
    assert heard == [{("submit", "mtn"): stamp(NOW), ("submit", "orange"): orange}]
    heard.clear()
    await projected.story((0, "start"))
    # What is due in a minute is told with its time, and wakes nobody now.
    assert heard == [{("inquire", "mtn"): stamp(projected.teller.now + timedelta(seconds=59))}]
    heard.clear()
    await projected.story((0, "success"), (0, "keys"))
    assert heard == []


async def test_what_another_process_has_folded_may_be_anything(projected: Projected) -> None:
    heard: list[Told] = []
    projected.projections.listen(heard.append)
    log = await projected.tell((0, "request"), (1, "request"))
    second = Projected(projected.database, QUEUES)
    await second.projections.handle(log[:1])
    await projected.projections.handle(log)
    assert None in heard


def rest(bed: Bed, seconds: float = 60.0) -> "asyncio.Task[None]":
    """Let a worker rest."""

    async def resting() -> None:
        await bed(seconds)

    return asyncio.create_task(resting())


async def within(waiting: "Coroutine[Any, Any, None] | asyncio.Task[None]") -> None:
    """Wait for what must come at once."""
    async with asyncio.timeout(5):
        await waiting


async def test_a_worker_wakes_for_its_own_work_and_sleeps_through_no_word_of_it(
    projected: Projected, clock: FakeClock
) -> None:
    beds = Beds(projected.projections, clock)
    now, soon = stamp(clock()), stamp(clock() + timedelta(hours=1))
    mtn, anybodys = beds.bed("submit", "mtn"), beds.bed("submit", None)
    sleeping, woken = rest(mtn), rest(anybodys)
    # Not another provider's, not of another kind, and not what is due after its rest.
    beds.hear({("submit", "orange"): now, ("inquire", "mtn"): now, ("submit", "mtn"): soon})
    await within(woken)
    assert not sleeping.done()
    beds.hear({("submit", "mtn"): now})
    await within(sleeping)
    # What was told while it was awake counts for its next rest, and for that alone.
    beds.hear({("submit", "mtn"): now})
    await within(mtn(60.0))
    sleeping, woken = rest(mtn), rest(anybodys)
    beds.hear({("submit", "orange"): now})
    await within(woken)
    assert not sleeping.done()
    beds.hear(None)
    await within(sleeping)
    # What is due before its rest ends is not waited for any longer.
    beds.hear({("submit", "mtn"): stamp(clock() + timedelta(milliseconds=20))})
    await within(mtn(60.0))
