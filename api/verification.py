"""What a deployment finds when it reads its own past again: for auditors, and for Prometheus.

It is what the verifier's process wrote down (`projections.verifier`), so every process of a
deployment says the same. Nobody has to believe it: whoever doubts runs `cauri verify`.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from aiohttp import web
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from api import schemas_log
from api.calls import Call, answer
from api.wiring_services import Services
from projections.reproving import Reproved
from projections.verifier import Verification


class Found(NamedTuple):
    """What was found, as of a time."""

    now: datetime
    entries: Verification
    digested_at: datetime | None
    reproved: Reproved


async def found(services: Services) -> Found:
    """Read what was written down."""
    kept = services.log_kept
    return Found(
        now=services.clock(),
        entries=await kept.verifier.verification(),
        digested_at=await kept.digests.taken_at(),
        reproved=await kept.reprover.reproved(),
    )


async def show_verification(call: Call) -> web.Response:
    """Say how far old entries were read again, and what came out."""
    said = await found(call.services)
    entries = said.entries
    position = await call.services.store.position()
    shown = schemas_log.LogVerification(
        position=position,
        entries=schemas_log.EntriesVerification(
            position=entries.position,
            size=entries.size,
            verified_size=entries.verified_size,
            verified_at=entries.verified_at,
            mismatch=None
            if entries.mismatch is None
            else schemas_log.MismatchOut(**entries.mismatch._asdict()),
        ),
        projections=schemas_log.ProjectionsVerification(
            digested_at=said.digested_at,
            verified_at=said.reproved.at,
            mismatched=list(said.reproved.mismatched),
        ),
    )
    return answer(shown, position=position)


def figures(said: Found) -> Iterator[Metric]:
    """The same for Prometheus; an age that there is none of is left out."""
    position = GaugeMetricFamily(
        "cauri_verifier_position", "How far the round has come that reads old entries again."
    )
    position.add_metric([], said.entries.position)
    verified = GaugeMetricFamily(
        "cauri_verifier_verified_size", "Entries that the last full round found as recorded."
    )
    verified.add_metric([], said.entries.verified_size)
    wrong = GaugeMetricFamily(
        "cauri_verifier_mismatch",
        "1 if what was read last is not what was recorded.",
        labels=["what"],
    )
    wrong.add_metric(["log"], float(said.entries.mismatch is not None))
    for name in said.reproved.mismatched:
        wrong.add_metric([name], 1)
    ages = GaugeMetricFamily(
        "cauri_verifier_age_seconds",
        "Since a round ended: entries read, projections hashed, hashes held against the log.",
        labels=["round"],
    )
    for name, at in (
        ("entries", said.entries.verified_at),
        ("digests", said.digested_at),
        ("projections", said.reproved.at),
    ):
        if at is not None:
            ages.add_metric([name], max(0.0, (said.now - at).total_seconds()))
    yield from (position, verified, wrong, ages)
