"""Measures for Prometheus: what this process did and how far its subscriptions are.

Each application has a registry of its own, so two in one process (as in tests) never mix. Requests
are counted as they happen; positions, states, workers and payments are read when somebody looks.
Rates and percentiles over a window are not here: they are `GET /v1/metrics`.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from api.verification import Found, figures
from api.wiring_services import Services
from api.work_left import WorkLeft
from projections.metrics import Numbers

BUCKETS_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)


class Measures:
    """The registry of one application."""

    def __init__(self, services: Services) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self._requests = RequestTimes()
        self.registry.register(self._requests)
        self._state = _State(services)
        self.registry.register(self._state)

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        self._requests.observe(method, route, status, seconds)

    def page(
        self,
        numbers: Numbers | None,
        verified: Found | None = None,
        left: Sequence[WorkLeft] | None = None,
    ) -> web.Response:
        """Write everything in the text format of Prometheus.

        Args:
            numbers: the present numbers of payments; None where they cannot be had just now.
            verified: what was found in the past, the same.
            left: what waits for a process that is set up otherwise, the same.
        """
        self._state.numbers, self._state.verified, self._state.left = numbers, verified, left
        return web.Response(
            body=generate_latest(self.registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )


_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class RequestTimes(Collector):
    """How long requests took, in buckets.

    The library's own histogram takes a lock for each bucket and sum, for threads that would count
    too; here only the event loop counts, and every request does.
    """

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, int], list[int]] = {}
        """Method, route, status -> how many requests in each bucket, the last one endless."""
        self._seconds: dict[tuple[str, str, int], float] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        key = (method if method in _METHODS else "other", route, status)
        counts = self._counts.get(key)
        if counts is None:
            counts = self._counts[key] = [0] * (len(BUCKETS_SECONDS) + 1)
            self._seconds[key] = 0.0
        counts[bisect_left(BUCKETS_SECONDS, seconds)] += 1
        self._seconds[key] += seconds

    def collect(self) -> Iterator[Metric]:
        """Give them as the library's own histogram would."""
        told = HistogramMetricFamily(
            "cauri_http_request_seconds",
            "Time to answer, by route and status.",
            labels=["method", "route", "status"],
        )
        bounds = [*map(str, BUCKETS_SECONDS), "+Inf"]
        for (method, route, status), counts in self._counts.items():
            buckets = list(zip(bounds, accumulate(counts), strict=True))
            seconds = self._seconds[method, route, status]
            told.add_metric([method, route, str(status)], buckets, sum_value=seconds)
        yield told

    def describe(self) -> Iterator[Metric]:
        """Nothing is told before somebody asked for it."""
        return iter(())


class _State(Collector):
    """Reads positions, states and counts when somebody looks."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.numbers: Numbers | None = None
        self.verified: Found | None = None
        self.left: Sequence[WorkLeft] | None = None

    def collect(self) -> Iterator[Metric]:
        yield from self._reading()
        yield from self._working()
        if self.numbers is not None:
            yield from _payments(self.numbers)
        if self.verified is not None:
            yield from figures(self.verified)
        if self.left is not None:
            yield _left(self.left)

    def describe(self) -> Iterator[Metric]:
        return iter(())

    def _reading(self) -> Iterator[Metric]:
        labels = ["subscription"]
        position = _gauge("subscription_position", "Last log position handled.", labels)
        stalled = _gauge("subscription_stalled", "1 if it stopped at an event.", labels)
        handled = _counter("subscription_events", "Events handled.", labels)
        failed = _counter("subscription_failures", "Batches that were refused.", labels)
        for one in self._services.subscriptions:
            position.add_metric([one.name], one.position)
            stalled.add_metric([one.name], float(one.state == "stalled"))
            handled.add_metric([one.name], one.handled_total)
            failed.add_metric([one.name], one.failures_total)
        yield from (position, stalled, handled, failed)
        projections = self._services.projections
        broken = _gauge(
            "projection_stalled", "1 if a projection stopped at an event.", ["projection"]
        )
        for name in projections.names:
            broken.add_metric([name], float(name in projections.stalled))
        yield broken
        stopped = _gauge("stopped", "1 for what should run and does not.", ["name"])
        for name in self._services.stopped:
            stopped.add_metric([name], 1)
        yield stopped

    def _working(self) -> Iterator[Metric]:
        pieces = _counter(
            "worker_pieces", "Pieces of work done since the start.", ["kind", "provider", "result"]
        )
        running = _gauge("worker_running", "Pieces being worked on now.", ["kind", "provider"])
        for worker in self._services.workers:
            labels = [worker.kind, worker.provider or "all"]
            pieces.add_metric([*labels, "performed"], worker.counts.performed)
            pieces.add_metric([*labels, "failed"], worker.counts.failed)
            pieces.add_metric([*labels, "postponed"], worker.counts.postponed)
            running.add_metric(labels, worker.counts.running)
        yield from (pieces, running)
        breakers = _gauge("breaker_open", "1 if a provider is not called.", ["provider", "power"])
        turned = _counter(
            "turned_away", "Calls a provider refused for who we are.", ["provider", "power"]
        )
        for way in self._services.ways:
            labels = [way.provider, way.power]
            breakers.add_metric(labels, float(way.breaker.state != "closed"))
            turned.add_metric(labels, way.turned_away)
        yield from (breakers, turned)
        exchanges = _counter(
            "exchanges", "Exchanges with providers, by whether they were kept.", ["result"]
        )
        keeper = self._services.keeper
        exchanges.add_metric(["kept"], keeper.counts.kept)
        exchanges.add_metric(["lost"], keeper.counts.lost)
        waiting = _gauge("exchanges_waiting", "Exchanges that wait to be kept.", [])
        waiting.add_metric([], keeper.waiting)
        yield from (exchanges, waiting)


def _payments(numbers: Numbers) -> Iterator[Metric]:
    labels = ["kind", "mode", "provider", "currency", "status"]
    count = _gauge("payments", "Payments by where they stand.", labels)
    amount = _gauge("payments_minor", "Their money, in minor units.", labels)
    for one in numbers.payments:
        values = [one.kind, one.mode, one.provider, one.currency, one.status.value]
        count.add_metric(values, one.payments)
        amount.add_metric(values, one.amount_minor)
    webhooks = _gauge("webhooks", "Stored calls by what became of them.", ["provider", "state"])
    for call in numbers.webhooks:
        webhooks.add_metric([call.provider, call.state], call.webhooks)
    told = "Age of the oldest payment without an end."
    oldest = _gauge("oldest_open_seconds", told, ["mode"])
    for mode, seconds in numbers.oldest_open_seconds.items():
        oldest.add_metric([mode], seconds)
    yield from (count, amount, webhooks, oldest)


def _left(left: Sequence[WorkLeft]) -> Metric:
    told = "Pieces that wait for a process that is set up otherwise, and why."
    pieces = _gauge("work_left", told, ["provider", "mode", "reason"])
    for one in left:
        pieces.add_metric([one.provider, one.mode, one.reason], one.pieces)
    return pieces


def _gauge(name: str, description: str, labels: list[str]) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"cauri_{name}", description, labels=labels)


def _counter(name: str, description: str, labels: list[str]) -> CounterMetricFamily:
    return CounterMetricFamily(f"cauri_{name}", description, labels=labels)
