"""`cauri replay`: the state as it was known at a point of the log, made from the log alone.

With `--effective-from` and `--effective-to` only of payments whose money moved then: "what did we
know on 31 March at 18:00 of March's payments" is known at 31 March 18:00, effective in March.

The projections are filled up to the position in a database of their own, which is thrown away:
memory stays flat, nothing live is touched, and what is shown cannot have been prepared.
"""

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, cast, get_args

from api.commands.console import (
    progress,
    run_async,
    settings_for,
    write_json,
    write_table,
    written_time,
)
from api.holders import merchants_in, names_from_log, title_in
from api.points import point_of, time_in
from api.trial_balance import totals_of
from api.views import decimal_text
from api.wiring import opened, replayed, utc_now
from ledger.entry import rfc3339
from ledger.errors import InvalidInputError
from ledger.identity import Kind, Mode
from ledger.payment import Status
from ledger.sentences import Sentence
from ledger.store import Clock, EventStore
from projections.accounts import AccountRow
from projections.effective import ALWAYS, Effective
from projections.metrics import MetricsProjection
from projections.payments import MovedCount

Group = dict[str, Any]
"""Payments of one kind, provider, currency and status, as they are shown.

What came in and what went out are never added up, so the kind stands in every row.
"""


def run(
    *,
    until: str | None,
    known_at: str | None,
    effective: tuple[str | None, str | None],
    mode: str | None,
    database: str | None,
    as_json: bool,
    clock: Clock = utc_now,
) -> None:
    """Show the payments by status and the trial balance as they were."""
    # Two names of one thing: a refusal names the one that was typed.
    points = {"until": until, "known-at": known_at}
    given = [(name, text) for name, text in points.items() if text is not None]
    if len(given) > 1:
        reason = Sentence("say once of which point in the past.")
        raise InvalidInputError(
            "known-at", reason, Sentence("Give --known-at, or --until, which is the same.")
        )
    point = given[0] if given else None
    asked = mode_of(mode)
    run_async(_run(point, effective_of(*effective), asked, database, clock, as_json=as_json))


async def _run(
    point: tuple[str, str] | None,
    effective: Effective,
    asked: Mode | None,
    database: str | None,
    clock: Clock,
    *,
    as_json: bool,
) -> None:
    settings = settings_for(database)
    # The two modes are never added up. What has none is of the deployment's own.
    mode = asked or settings.default_mode
    modes = (mode, None) if mode == settings.default_mode else (mode,)
    async with opened(settings, is_writing=False) as (_, store):
        position, moment = await point_in(store, point, now=clock())
        with (
            tempfile.TemporaryDirectory(prefix="cauri-replay-") as folder,
            progress("replay") as tell,
        ):
            url = f"sqlite:///{Path(folder) / 'replay.db'}"
            async with replayed(store, url, until=position, progress=tell) as lent:
                metrics, accounts, payments = lent
                if effective == ALWAYS:
                    groups = await _standing(metrics, moment, modes)
                else:
                    groups = _moved(await payments.moved(effective, modes))
                balance = await accounts.trial_balance(
                    as_of=position, modes=modes, effective=effective
                )
        names = await names_from_log(store, merchants_in(balance))
    totals = [one.model_dump() for one in totals_of(balance)]
    if as_json:
        write_json(
            {
                "position": position,
                "time": rfc3339(moment),
                "effective_from": _written(effective.since),
                "effective_to": _written(effective.before),
                "mode": mode,
                "payments": _by_status(groups),
                "accounts": [_account_of(row, names) for row in balance],
                "totals": totals,
            }
        )
        return
    write_table(
        Sentence(
            "Payments ({mode}) at position {position} ({time}){moved}",
            mode=mode,
            position=position,
            time=written_time(moment),
            moved=_moved_when(effective),
        ),
        ("kind", "provider", "currency", "status", "#payments", "#amount"),
        [tuple(group.values()) for group in groups],
    )
    write_table(
        Sentence("Trial balance"),
        ("account", "name", "@holder", "who", "currency", "#debit", "#credit", "#balance"),
        [
            *(tuple(_account_of(row, names).values()) for row in balance),
            *(("", "total", "", "", *one.values()) for one in totals),
        ],
    )


async def point_in(
    store: EventStore, point: tuple[str, str] | None, *, now: datetime
) -> tuple[int, datetime]:
    """The point that was asked for; by default the log's end."""
    if point is not None:
        return await point_of(store, point[1], point[0], now=now)
    position = await store.position()
    last = await store.read(max(position - 1, 0), 1)
    return position, last[0].recorded_at if last else now


def mode_of(text: str | None) -> Mode | None:
    """Read a mode.

    Raises:
        InvalidInputError: it is none.
    """
    if text is None:
        return None
    if text not in get_args(Mode):
        reason = Sentence("this is neither test nor live.")
        raise InvalidInputError("mode", reason, Sentence("Send --mode test, or --mode live."))
    return cast("Mode", text)


def effective_of(since: str | None, before: str | None) -> Effective:
    """Read the span in which money is to have moved."""
    found = Effective(
        None if since is None else _time(since, "effective-from"),
        None if before is None else _time(before, "effective-to"),
    )
    if found.is_nothing:
        raise InvalidInputError(
            "effective-from",
            Sentence("no time lies between this one and --effective-to."),
            Sentence("Send an earlier one."),
        )
    return found


def _time(text: str, option: str) -> datetime:
    moment = None
    with suppress(ValueError):
        moment = time_in(text)
    if moment is None:
        raise InvalidInputError(
            option,
            Sentence("this is no time with its offset from UTC."),
            Sentence("Send 2025-01-31T12:00:00Z, or 2025-01-31."),
        )
    return moment


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else rfc3339(moment)


def _moved_when(effective: Effective) -> str:
    """Within which span the money moved; nothing where any will do."""
    since, before = (written_time(one) for one in effective)
    if since and before:
        return Sentence(", moved from {since} before {before}", since=since, before=before)
    if since:
        return Sentence(", moved from {since}", since=since)
    return Sentence(", moved before {before}", before=before) if before else ""


async def _standing(
    metrics: MetricsProjection, moment: datetime, modes: Sequence[Mode | None]
) -> list[Group]:
    kinds: tuple[Kind, ...] = get_args(Kind)
    return [
        _group(
            *(kind, row.provider, row.currency, status, count),
            (row.amounts_minor or {}).get(status, 0),
        )
        for kind in kinds
        for row in await metrics.report(now=moment, kind=kind, modes=modes)
        if row.provider and row.currency
        for status, count in row.counts.items()
        if count
    ]


def _moved(rows: Sequence[MovedCount]) -> list[Group]:
    return [_group(*row) for row in rows]


def _group(
    kind: Kind, provider: str, currency: str, status: Status, count: int, amount_minor: int
) -> Group:
    return {
        "kind": kind,
        "provider": provider,
        "currency": currency,
        "status": status.value,
        "payments": count,
        "amount": decimal_text(amount_minor, currency),
    }


def _by_status(groups: Sequence[Group]) -> list[Group]:
    """The same, for programs: one object for each kind, provider and currency."""
    found: dict[tuple[str, ...], Group] = {}
    for one in groups:
        key = {name: one[name] for name in ("kind", "provider", "currency")}
        shown = found.setdefault(tuple(key.values()), {**key, "statuses": {}})
        told = {"payments": one["payments"], "amount": one["amount"]}
        shown["statuses"][one["status"]] = told
    return list(found.values())


def _account_of(row: AccountRow, names: Mapping[str, str]) -> dict[str, str]:
    return {
        "account": row.account,
        "name": row.name_fr,
        "holder": row.holder,
        "holder_name": title_in(row, names),
        "currency": row.currency,
        "debit": decimal_text(row.debit_minor, row.currency),
        "credit": decimal_text(row.credit_minor, row.currency),
        "balance": decimal_text(row.balance_minor, row.currency),
    }
