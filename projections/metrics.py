"""The metrics: how payments, payouts and refunds fare, per provider, per currency and in all.

A narrow row per payment gives exact percentiles over any window; counters that move with every
change of status give the present numbers at once, however many payments there are. The clock is the
caller's: `now` is a parameter, and a window holds what became final in its last seconds.

Rates are of the payments that became final in the window: success is `succeeded`, failure is
`failed`, `declined` or `expired`; a `conflict` is neither, so the two need not sum to 1.
Percentiles are nearest-rank: the smallest duration that at least that share did not exceed.

What it does not do: amounts of different currencies, or of different kinds, are never added up; nor
are tests and payments for real, unless somebody asks for everything.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import Column, Index, UniqueConstraint, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import events
from ledger.entry import RecordedEvent
from ledger.identity import Kind, Mode
from ledger.payment import Status
from ledger.sql_database import Database
from projections.metrics_durations import Window, latest_durations
from projections.metrics_rows import (
    FIXED,
    PREFIX,
    WEBHOOKS,
    Row,
    Webhook,
    as_tuple,
    fold,
    standing_of,
)
from projections.modes import Modes, among
from projections.projector import Projector
from projections.rows import Counters, begun_before
from projections.standing import FINAL, MOVES
from projections.tables import columns_of, number, read_stamp, stamp, text

_FAILURES: Final = (Status.FAILED, Status.DECLINED, Status.EXPIRED)
_PERCENTILES: Final = (50, 95, 99)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsRow:
    """One group of payments: of a provider or all (None), of a currency or all (None).

    The first part tells how all payments stand now, the second of those that became final in the
    window. Amounts are minor units of the currency, None for a group of several currencies. Rates
    are 0.0 to 1.0, and they and the percentiles (milliseconds from the request to the final
    status) are None while nothing became final.
    """

    provider: str | None
    currency: str | None
    counts: Mapping[Status, int]
    amounts_minor: Mapping[Status, int] | None
    oldest_open_seconds: float | None
    """Age of the oldest payment without a final status; None if there is none."""

    window_seconds: float | None
    """None: since the first event."""
    final_counts: Mapping[Status, int]
    success_rate: float | None
    failure_rate: float | None
    succeeded_minor: int | None
    p50_ms: int | None
    p95_ms: int | None
    p99_ms: int | None


class StateCount(NamedTuple):
    """How many payments stand somewhere, and their money."""

    kind: Kind
    mode: Mode
    provider: str
    currency: str
    status: Status
    payments: int
    amount_minor: int


class WebhookCount(NamedTuple):
    """How many stored calls of a provider came to be `received`, `understood` or `orphaned`.

    Each counts once as received, and once more whenever it was understood or orphaned: an orphan
    that is opened again and understood counts as both.
    """

    provider: str
    state: str
    webhooks: int


class Numbers(NamedTuple):
    """The present numbers, for a monitoring system that keeps its own history."""

    payments: list[StateCount]
    webhooks: list[WebhookCount]
    oldest_open_seconds: Mapping[Mode, float]
    """By mode; 0.0 if no payment is open."""


_Group = tuple[str | None, str | None]


class MetricsProjection(Projector):
    """Counters of the present, and durations of everything that became final."""

    name = "metrics"
    version = 4
    reads = frozenset({events.PaymentRequested, *MOVES, *WEBHOOKS})

    def __init__(self, database: Database, copy: str = "") -> None:
        super().__init__(database, copy)
        self._payments, self._rows = self.make_rows(
            "metrics_payments",
            *columns_of(Row, key=["position"]),
            UniqueConstraint("payment_id"),
            fetch_by="payment_id",
            fixed=FIXED,
        )
        self._counts = self.make_table(
            "metrics_counts",
            text("kind", key=True),
            text("mode", key=True),
            text("provider", key=True),
            text("currency", key=True),
            text("status", key=True),
            number("payments"),
            number("amount_minor"),
        )
        self._webhooks = self.make_table(
            "metrics_webhooks",
            text("provider", key=True),
            text("state", key=True),
            number("webhooks"),
        )
        self._counters = Counters(self._counts)
        self._webhook_counters = Counters(self._webhooks)

    def indexes(self, name: Callable[[str], str]) -> list[Index]:
        """By when they became final; those that have not come first, by age."""
        row = self._payments.c
        return [Index(name("final_at"), row.final_at, row.requested_at)]

    async def apply(self, conn: AsyncConnection, batch: Sequence[RecordedEvent]) -> None:
        """Fold a run of events into the touched payments and the counters."""
        webhooks: Counter[tuple[str, str]] = Counter()
        moving: list[RecordedEvent] = []
        for one in batch:
            state = WEBHOOKS.get(type(one.event))
            if state is None:
                moving.append(one)
            else:
                webhooks[cast("Webhook", one.event).provider, state] += 1
        known = await self._rows.fetch(conn, begun_before(moving, PREFIX))
        rows = {values[1]: Row(*values) for values in known}
        counts: dict[tuple[str, ...], list[int]] = {}
        _count(counts, rows.values(), -1)
        for recorded in moving:
            fold(rows, recorded)
        _count(counts, rows.values(), 1)
        await self._rows.put(conn, [*map(as_tuple, rows.values())])
        await self._counters.add(conn, [(*key, *numbers) for key, numbers in counts.items()])
        await self._webhook_counters.add(conn, [(*key, count) for key, count in webhooks.items()])

    async def report(
        self,
        *,
        now: datetime,
        kind: Kind = "collection",
        modes: Modes = None,
        window_seconds: float | None = None,
        provider: str | None = None,
    ) -> list[MetricsRow]:
        """Every group there is: provider and currency, provider, currency, all; None sorts last.

        Args:
            now: the end of the window, aware.
            kind: of collections, payouts or refunds.
            modes: of tests, or of payments for real; see `projections.modes`.
            window_seconds: how long the window is; None for everything up to `now`.
            provider: only groups of this one provider.
        """
        async with self.read() as conn:
            standing = await self._standing(conn, kind, modes, provider)
            oldest = await self._oldest_open(conn, kind, modes, provider)
            since = None if window_seconds is None else now - timedelta(seconds=window_seconds)
            finished = await self._finished(conn, kind, modes, since, now, provider)
        rows = []
        for group in sorted(standing, key=lambda one: tuple((word is None, word) for word in one)):
            if provider is not None and group[0] is None:
                continue
            counts, amounts = standing[group]
            age = (now - oldest[group]).total_seconds() if group in oldest else None
            rows.append(
                MetricsRow(
                    provider=group[0],
                    currency=group[1],
                    counts=counts,
                    amounts_minor=amounts if group[1] is not None else None,
                    oldest_open_seconds=age,
                    window_seconds=window_seconds,
                    **_window(group, finished.get(group)),
                )
            )
        return rows

    async def durations(
        self, kind: Kind, modes: Modes, provider: str, window: Window, payments_max: int
    ) -> list[int]:
        """How long those of one provider took that became final last; see `latest_durations`."""
        async with self.read() as conn:
            return await latest_durations(
                conn, self._payments, kind, modes, provider, window, payments_max
            )

    async def numbers(self, *, now: datetime, default_mode: Mode) -> Numbers:
        """The present numbers; cheap, however many payments there are.

        Args:
            now: the time it is, aware.
            default_mode: what payments are counted as that have no mode of their own.
        """
        async with self.read() as conn:
            counts = await conn.execute(
                select(self._counts).order_by(*self._counts.primary_key.columns)
            )
            webhooks = await conn.execute(
                select(self._webhooks).order_by(*self._webhooks.primary_key.columns)
            )
            row = self._payments.c
            oldest = await conn.execute(
                select(row.mode, func.min(row.requested_at))
                .where(row.final_at.is_(None))
                .group_by(row.mode)
            )
            ages: dict[Mode, float] = {default_mode: 0.0}
            for one in oldest:
                mode, age = one[0] or default_mode, (now - read_stamp(one[1])).total_seconds()
                ages[mode] = max(age, ages.get(mode, 0.0))
            return Numbers(
                _states(counts, default_mode), [WebhookCount(*one) for one in webhooks], ages
            )

    async def _standing(
        self, conn: AsyncConnection, kind: Kind, modes: Modes, provider: str | None
    ) -> dict[_Group, tuple[Counter[Status], Counter[Status]]]:
        row = self._counts.c
        asked = select(self._counts).where(row.kind == kind, *among(row.mode, modes))
        if provider is not None:
            asked = asked.where(row.provider == provider)
        groups: dict[_Group, tuple[Counter[Status], Counter[Status]]] = {}
        for one in await conn.execute(asked):
            status = Status(one.status)
            for group in _groups_of(one.provider, one.currency):
                counts, amounts = groups.setdefault(group, (Counter(), Counter()))
                counts[status] += one.payments
                amounts[status] += one.amount_minor
        return groups

    async def _oldest_open(
        self, conn: AsyncConnection, kind: Kind, modes: Modes, provider: str | None
    ) -> dict[_Group, datetime]:
        row = self._payments.c
        asked = select(row.provider, row.currency, func.min(row.requested_at)).where(
            row.final_at.is_(None), row.kind == kind, *among(row.mode, modes)
        )
        if provider is not None:
            asked = asked.where(row.provider == provider)
        oldest: dict[_Group, datetime] = {}
        for one in await conn.execute(asked.group_by(row.provider, row.currency)):
            when = read_stamp(one[2])
            for group in _groups_of(one[0], one[1]):
                oldest[group] = min(when, oldest.get(group, when))
        return oldest

    async def _finished(
        self,
        conn: AsyncConnection,
        kind: Kind,
        modes: Modes,
        since: datetime | None,
        now: datetime,
        provider: str | None,
    ) -> dict[_Group, Any]:
        row = self._payments.c
        found: dict[_Group, Any] = {}
        groupings: list[list[Column[Any]]] = [[row.provider, row.currency], [row.provider]]
        if provider is None:
            groupings += [[row.currency], []]
        for grouping in groupings:
            ranked = select(
                *grouping,
                row.status,
                row.amount_minor,
                row.duration_ms,
                func.row_number()
                .over(partition_by=grouping or None, order_by=row.duration_ms)
                .label("rank"),
                func.count().over(partition_by=grouping or None).label("total"),
            ).where(row.kind == kind, *among(row.mode, modes), row.final_at <= stamp(now))
            if since is not None:
                ranked = ranked.where(row.final_at > stamp(since))
            if provider is not None:
                ranked = ranked.where(row.provider == provider)
            of = ranked.cte("ranked").c
            keys = [of[column.name] for column in grouping]
            asked = select(
                *keys,
                *(
                    func.sum(case((of.status == status, 1), else_=0)).label(status)
                    for status in sorted(FINAL)
                ),
                func.sum(case((of.status == Status.SUCCEEDED, of.amount_minor), else_=0)).label(
                    "succeeded_minor"
                ),
                *(
                    func.max(
                        case((of.rank == (of.total * percent + 99) // 100, of.duration_ms))
                    ).label(f"p{percent}_ms")
                    for percent in _PERCENTILES
                ),
            )
            answer = await conn.execute(asked.group_by(*keys))
            for one in answer.mappings():
                found[one.get("provider"), one.get("currency")] = one
        return found


def _states(counts: Iterable[Any], default_mode: Mode) -> list[StateCount]:
    """The counters, those without a mode added to those of the deployment's own."""
    found: dict[tuple[Any, ...], list[int]] = {}
    for one in counts:
        key = (one.kind, one.mode or default_mode, one.provider, one.currency, Status(one.status))
        numbers = found.setdefault(key, [0, 0])
        numbers[0] += one.payments
        numbers[1] += one.amount_minor
    return [StateCount(*key, *numbers) for key, numbers in found.items()]


def _count(counts: dict[tuple[str, ...], list[int]], rows: Iterable[Row], sign: int) -> None:
    """Add what these payments count, or take it away: how many there are, and their money."""
    for row in rows:
        numbers = counts.setdefault(standing_of(row), [0, 0])
        numbers[0] += sign
        numbers[1] += sign * row.amount_minor


def _groups_of(provider: str, currency: str) -> tuple[_Group, ...]:
    return (provider, currency), (provider, None), (None, currency), (None, None)


def _window(group: _Group, found: Mapping[str, Any] | None) -> dict[str, Any]:
    counts = {Status(status): int(found[status] or 0) if found else 0 for status in sorted(FINAL)}
    total = sum(counts.values())
    amount = int(found["succeeded_minor"] or 0) if found else 0
    return {
        "final_counts": counts,
        "success_rate": counts[Status.SUCCEEDED] / total if total else None,
        "failure_rate": sum(counts[one] for one in _FAILURES) / total if total else None,
        "succeeded_minor": None if group[1] is None else amount,
        "p50_ms": found["p50_ms"] if found else None,
        "p95_ms": found["p95_ms"] if found else None,
        "p99_ms": found["p99_ms"] if found else None,
    }
