"""The times of requests are told as the Prometheus library's own histogram tells them."""

import random

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.exposition import generate_latest

from api.measures import BUCKETS_SECONDS, RequestTimes


def test_the_times_of_requests_are_told_as_the_library_tells_its_histograms() -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    times = RequestTimes()
    ours.register(times)
    labels = ("method", "route", "status")
    reference = Histogram(
        "cauri_http_request_seconds",
        "Time to answer, by route and status.",
        labels,
        buckets=BUCKETS_SECONDS,
        registry=theirs,
    )
    chance = random.Random(7)

    for seconds in [*BUCKETS_SECONDS, 0.0, 60.0, *(chance.expovariate(20) for _ in range(200))]:
        method, status = chance.choice(["GET", "POST", "BREW"]), chance.choice([200, 404])
        times.observe(method, "/v1/payments", status, seconds)
        known = "other" if method == "BREW" else method
        reference.labels(known, "/v1/payments", str(status)).observe(seconds)

    told = generate_latest(theirs).decode().splitlines()
    expected = sorted(line for line in told if "_created" not in line)
    assert sorted(generate_latest(ours).decode().splitlines()) == expected
    assert len(expected) == 2 + 6 * (len(BUCKETS_SECONDS) + 3)
