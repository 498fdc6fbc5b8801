"""What accountants, auditors and operators ask: the log itself, its commitments, sums and rates.

The log is given verbatim: each entry is the stored line, byte for byte, whether inside a JSON array
or, as `application/x-ndjson`, one per line; so an auditor can hash what he was given and hold it
against a checkpoint, without trusting this server.
"""

from functools import partial
from typing import Final

import orjson
from aiohttp import web

from api import reports
from api.as_of import effective, known_moment, known_position
from api.calls import Call, answer, answer_bytes
from api.holders import merchants_in, names_from_keys
from api.past import metrics_at
from api.trial_balance import accounts_of, totals_of
from api.views import decimal_text
from api.waiting import caught_up, check_cursor
from projections.metrics import MetricsProjection, MetricsRow

NDJSON: Final = "application/x-ndjson"
RATE_DECIMALS: Final = 4


async def show_log(call: Call) -> web.Response:
    """Give the next entries of the log, verbatim."""
    store, query = call.services.store, call.query
    await check_cursor(store, query.after, "parameter", "after")
    limit = min(query.limit, call.services.settings.page_entries_max)
    rows = await store.read_raw(query.after, limit)
    position = await store.position()
    lines = [row.entry for row in rows]
    next_after = rows[-1].position if len(rows) == limit else None
    if NDJSON in call.request.headers.get("Accept", ""):
        body = b"".join(line + b"\n" for line in lines)
        return answer_bytes(body, position=position, content_type=NDJSON)
    body = b'{"position":%d,"entries":[%s],"next_after":%s}' % (
        position,
        b",".join(lines),
        orjson.dumps(next_after),
    )
    return answer_bytes(body, position=position)


async def show_accounts(call: Call) -> web.Response:
    """Give the trial balance; it sums to zero per currency at every position."""
    services, query = call.services, call.query
    known, moved = await known_position(call), effective(call)
    least = max(query.min_position or 0, known or 0) or None
    position = await caught_up(call, services.accounts.name, least)
    mode = query.mode or services.default_mode
    rows = await services.accounts.trial_balance(
        as_of=known, modes=services.modes_seen(mode), effective=moved
    )
    totals = totals_of(rows)
    names = await names_from_keys(services.keys, merchants_in(rows))
    # An answer about the past is the same for ever: it stands where it looks from.
    stands = position if known is None else known
    balance = reports.TrialBalance(
        position=stands,
        as_of=query.as_of,
        known_at=known,
        effective_from=moved.since,
        effective_to=moved.before,
        mode=mode,
        accounts=accounts_of(rows, names),
        totals=totals,
        is_balanced=all(one.debit == one.credit for one in totals),
    )
    return answer(balance, position=stands)


async def show_metrics(call: Call) -> web.Response:
    """Give counts, rates, times to the final status and amounts over a window."""
    services, query = call.services, call.query
    position = await caught_up(call, services.metrics.name, query.min_position)
    now, known, mode = services.clock(), None, query.mode or services.default_mode
    ask = partial(
        MetricsProjection.report,
        kind=query.kind,
        modes=services.modes_seen(mode),
        window_seconds=query.window_seconds,
        provider=query.provider,
    )
    if query.known_at is None:
        rows = await ask(services.metrics, now=now)
    else:
        known, now = await known_moment(call)
        async with metrics_at(call, known) as past:
            rows = await ask(past, now=now)
        position = known
    report = reports.MetricsReport(
        position=position,
        known_at=known,
        now=now,
        kind=query.kind,
        mode=mode,
        window_seconds=query.window_seconds,
        groups=[_group_of(row) for row in rows],
    )
    return answer(report, position=position)


def _group_of(row: MetricsRow) -> reports.MetricsGroup:
    currency, amounts = row.currency, row.amounts_minor
    return reports.MetricsGroup(
        provider=row.provider,
        currency=currency,
        counts={status.value: count for status, count in row.counts.items() if count},
        amounts=None
        if currency is None or amounts is None
        else {
            status.value: decimal_text(amount, currency)
            for status, amount in amounts.items()
            if row.counts[status]
        },
        oldest_open_seconds=row.oldest_open_seconds,
        final_counts={status.value: count for status, count in row.final_counts.items() if count},
        success_rate=_rounded(row.success_rate),
        failure_rate=_rounded(row.failure_rate),
        succeeded=None
        if currency is None or row.succeeded_minor is None
        else decimal_text(row.succeeded_minor, currency),
        p50_ms=row.p50_ms,
        p95_ms=row.p95_ms,
        p99_ms=row.p99_ms,
    )


def _rounded(rate: float | None) -> float | None:
    """A rate as people read it: a hundredth of a percent tells enough."""
    return None if rate is None else round(rate, RATE_DECIMALS)
