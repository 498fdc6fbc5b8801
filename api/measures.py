"""Measures for Prometheus: what this process did and how far its subscriptions are.

Each application has a registry of its own, so two in one process (as in tests) never mix. Requests
are counted as they happen; positions, states and worker counts are read when somebody looks.
Business figures are not here: they are `GET /v1/metrics`, derived from the log.
"""

from collections.abc import Iterator
from typing import Final

from aiohttp import web
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from api.wiring import Services

BUCKETS_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)


class Measures:
    """The registry of one application."""

    def __init__(self, services: Services) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self._requests = Histogram(
            "cauri_http_request_seconds",
            "Time to answer, by route and status.",
            ("method", "route", "status"),
            buckets=BUCKETS_SECONDS,
            registry=self.registry,
        )
        # A labelled child is looked up under a lock each time; the few there are, are kept.
        self._children: dict[tuple[str, str, int], Histogram] = {}
        self.registry.register(_State(services))

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        key = (method, route, status)
        child = self._children.get(key)
        if child is None:
            known = method if method in _METHODS else "other"
            child = self._requests.labels(known, route, str(status))
            self._children[key[0] if known == method else "other", route, status] = child
        child.observe(seconds)

    def page(self) -> web.Response:
        """Write everything in the text format of Prometheus."""
        return web.Response(
            body=generate_latest(self.registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )


_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class _State(Collector):
    """Reads positions and counts when asked."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        position = GaugeMetricFamily(
            "cauri_subscription_position", "Last log position handled.", labels=["subscription"]
        )
        stalled = GaugeMetricFamily(
            "cauri_subscription_stalled",
            "1 if the subscription stopped because its handler kept failing.",
            labels=["subscription"],
        )
        for one in self._services.subscriptions:
            position.add_metric([one.name], one.position)
            stalled.add_metric([one.name], float(one.state == "stalled"))
        yield position
        yield stalled
        performed = GaugeMetricFamily(
            "cauri_worker_pieces",
            "Pieces of work since the start.",
            labels=["kind", "provider", "result"],
        )
        for worker in self._services.workers:
            labels = [worker.kind, worker.provider or "all"]
            performed.add_metric([*labels, "performed"], worker.counts.performed)
            performed.add_metric([*labels, "failed"], worker.counts.failed)
            performed.add_metric([*labels, "running"], worker.counts.running)
        yield performed

    def describe(self) -> Iterator[Metric]:
        return iter(())
