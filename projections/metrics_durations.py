"""How long payments took lately: the durations of those that became final last; of `metrics`.

Why not the percentiles of `MetricsProjection.report`: those are of every payment of a window, and
are asked for now and then; this is asked with every request for help, so it reads at most as many
rows as it is told, along the index of final times.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.identity import Kind
from projections.modes import Modes, among
from projections.tables import stamp

Window = tuple[datetime, datetime]
"""After the first time, and up to the second."""


async def latest_durations(
    conn: AsyncConnection,
    payments: Table,
    kind: Kind,
    modes: Modes,
    provider: str,
    window: Window,
    payments_max: int,
) -> list[int]:
    """From the request to the final word, in milliseconds, shortest first; of at most so many."""
    row, (since, until) = payments.c, window
    asked = (
        select(row.duration_ms)
        .where(
            row.final_at > stamp(since),
            row.final_at <= stamp(until),
            row.kind == kind,
            *among(row.mode, modes),
            row.provider == provider,
        )
        .order_by(row.final_at.desc())
        .limit(payments_max)
    )
    return sorted((await conn.execute(asked)).scalars())


def percentile(durations: Sequence[int], percent: int) -> int:
    """Give the nearest rank: the smallest duration that at least that share did not exceed.

    `durations` are sorted, and there is at least one.
    """
    return durations[(len(durations) * percent + 99) // 100 - 1]
