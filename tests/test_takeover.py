"""An outage at a provider, on real sockets: another takes over, or the payments wait for it.

The books of the sandboxes are the truth: nobody is charged twice, whoever took over from whom.
"""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from adapters.sandbox.faults import Faults, Outage
from adapters.sandbox.orange_cm import OrangeCmSandbox, OrangeCmSandboxSettings
from adapters.sandbox.orange_cm_trial import adapter_fields
from api.wiring import utc_now
from ledger import events
from ledger.payment import Status
from tests.stage import ONLY_CALLBACKS, Stage, a_stage

OUTAGE = Faults(outages=(Outage(after_seconds=0, for_seconds=1e9),))
FAILURES = 8
"""So many in a row open a breaker."""


@asynccontextmanager
async def two_oranges(folder: Path) -> AsyncIterator[tuple[Stage, OrangeCmSandbox]]:
    """A stage on which two providers reach Orange's customers in Cameroon."""
    settings = OrangeCmSandboxSettings(
        decide_after_seconds=0.05, books_path=folder / "books-orange_cm.jsonl"
    )
    second = OrangeCmSandbox(settings, clock=utc_now, faults=Faults())
    await second.start()
    try:
        others = {"orange_cm": adapter_fields(second)}
        # The first is not asked by itself: every call it gets is a submission.
        async with a_stage(
            folder, enabled=("orange",), others=others, pace=ONLY_CALLBACKS
        ) as stage:
            yield stage, second
    finally:
        await second.stop()


async def outages(stage: Stage) -> list[tuple[str, str, str]]:
    """What the log says of breakers: (what happened, provider, power)."""
    log = await stage.services.store.read(0)
    return [
        (one.type.partition(".")[2], one.event.provider, one.event.power)
        for one in log
        if isinstance(one.event, events.ProviderBreakerOpened | events.ProviderBreakerClosed)
    ]


async def test_another_provider_takes_over_in_an_outage_and_nobody_is_charged_twice(
    tmp_path: Path,
) -> None:
    async with two_oranges(tmp_path) as (stage, second):
        # One in fair weather: then each that follows makes a call of its own, and fetches no token.
        warm = await stage.request(0, provider="orange")
        await stage.until_status([warm], Status.PENDING)
        await stage.providers.weather("orange", OUTAGE)
        first = [
            await stage.request(number, provider="orange") for number in range(1, 1 + FAILURES)
        ]
        await stage.until_final(first)

        async def is_open() -> bool:
            return ("breaker_opened", "orange", "collection") in await outages(stage)

        await stage.until(is_open)
        called = len(stage.providers.gauges["orange"].began)
        later = [await stage.request(number, provider="orange") for number in range(20, 24)]
        await stage.until_final(later)
        probed = len(stage.providers.gauges["orange"].began) - called
        everybody = [*first, *later]
        statuses = Counter([(await stage.state(one)).status for one in everybody])
        takers = Counter([(await stage.state(one)).provider for one in everybody])
        types = await stage.types(later[-1])
        charged = Counter(one.reference for one in second.books.movements.values())
        assert statuses == {Status.SUCCEEDED: len(everybody)}
        assert takers == {"orange_cm": len(everybody)}
        assert types[:5] == [
            "requested",
            "submission_started",
            "submission_withdrawn",
            "rerouted",
            "submission_started",
        ]
        # An outage is not asked again and again: two probes at most, if five seconds were over.
        assert probed <= 2
        assert len(stage.providers.orange.books.orders) == 1
        assert set(charged.values()) == {1}
        assert len(charged) == len(everybody)


async def test_without_another_provider_payments_wait_for_the_end_of_the_outage(
    tmp_path: Path,
) -> None:
    async with a_stage(tmp_path, enabled=("mtn",)) as stage:
        await stage.providers.weather("mtn", OUTAGE)
        breaker = stage.services.ways.of("mtn", "collection").breaker
        # A payment that is tried again and again, until MTN is left alone.
        first = await stage.request(1)

        async def is_open() -> bool:
            return ("breaker_opened", "mtn", "collection") in await outages(stage)

        await stage.until(is_open)
        assert breaker.state == "open"
        waiting = [await stage.request(number) for number in range(2, 8)]
        await stage.providers.weather("mtn")
        everybody = [first, *waiting]
        await stage.until_final(everybody, seconds=60)
        assert await stage.told(everybody) == dict.fromkeys(everybody, ("succeeded", ["succeeded"]))
        assert {len((await stage.state(one)).attempts) for one in waiting} == {1}

        async def is_over() -> bool:
            return (await outages(stage))[-1] == ("breaker_closed", "mtn", "collection")

        await stage.until(is_over)
