"""`cauri replay --until`: the state as it was, made from the log alone.

The projections are filled up to the position in a database of their own, which is thrown away:
memory stays flat, nothing live is touched, and what is shown cannot have been prepared.
"""

import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from api.commands.console import progress, run_async, settings_for, write_json, write_table
from api.views import decimal_text
from api.wiring import opened, replayed
from ledger.entry import rfc3339
from ledger.errors import InvalidInputError
from ledger.sentences import Sentence
from ledger.store import EventStore, position_at
from projections.accounts import AccountRow
from projections.metrics import MetricsRow

POSITION_DIGITS_MAX: Final = 19
"""More digits are no position, and thousands of them no number that Python reads."""


def run(*, until: str, database: str | None, as_json: bool) -> None:
    """Show the payments by status and the trial balance as they were."""
    run_async(_run(until, database, as_json=as_json))


async def _run(until: str, database: str | None, *, as_json: bool) -> None:
    settings = settings_for(database)
    # The two modes are never added up.
    modes = (settings.default_mode, None)
    async with opened(settings, is_writing=False) as (_, store):
        position, moment = await _point(store, until)
        with (
            tempfile.TemporaryDirectory(prefix="cauri-replay-") as folder,
            progress("replay") as tell,
        ):
            url = f"sqlite:///{Path(folder) / 'replay.db'}"
            async with replayed(store, url, until=position, progress=tell) as (metrics, accounts):
                groups = await metrics.report(now=moment)
                balance = await accounts.trial_balance(modes=modes)
    groups = [row for row in groups if row.provider and row.currency]
    if as_json:
        write_json(
            {
                "position": position,
                "time": rfc3339(moment),
                "payments": [_payments_of(row) for row in groups],
                "accounts": [_account_of(row) for row in balance],
            }
        )
        return
    write_table(
        f"Payments at position {position} ({rfc3339(moment)})",
        ("provider", "currency", "status", "#payments", "#amount"),
        [
            (row.provider, row.currency, status.value, count, _amount(row, status))
            for row in groups
            for status, count in row.counts.items()
            if count
        ],
    )
    write_table(
        "Trial balance",
        ("account", "name", "holder", "currency", "#debit", "#credit", "#balance"),
        [tuple(_account_of(row).values()) for row in balance],
    )


async def _point(store: EventStore, until: str) -> tuple[int, datetime]:
    """Read POSITION or TIME; the position, and the time of the entry there."""
    end = await store.position()
    if until.isascii() and until.isdecimal():
        position = int(until) if len(until) <= POSITION_DIGITS_MAX else 0
        if not 0 < position <= end:
            raise InvalidInputError(
                "until",
                Sentence("the log has the positions 1 to {end}.", end=end),
                Sentence("Send one of them, or a time."),
            )
        return position, (await store.read(position - 1, 1))[0].recorded_at
    moment = None
    # At either end of the calendar an offset leads out of it.
    with suppress(ValueError, OverflowError):
        given = datetime.fromisoformat(until)
        moment = given.astimezone(UTC) if given.tzinfo is not None else None
    if moment is None:
        raise InvalidInputError(
            "until",
            Sentence("this is neither a position nor a time with its offset from UTC."),
            Sentence("Send 1200, or 2030-01-31T12:00:00Z."),
        )
    return await position_at(store, moment), moment


def _amount(row: MetricsRow, status: object) -> str:
    amounts = row.amounts_minor or {}
    return decimal_text(amounts.get(status, 0), row.currency or "")  # type: ignore[call-overload]


def _payments_of(row: MetricsRow) -> dict[str, object]:
    return {
        "provider": row.provider,
        "currency": row.currency,
        "statuses": {
            status.value: {"payments": count, "amount": _amount(row, status)}
            for status, count in row.counts.items()
            if count
        },
    }


def _account_of(row: AccountRow) -> dict[str, str]:
    return {
        "account": row.account,
        "name": row.name_fr,
        "holder": row.holder,
        "currency": row.currency,
        "debit": decimal_text(row.debit_minor, row.currency),
        "credit": decimal_text(row.credit_minor, row.currency),
        "balance": decimal_text(row.balance_minor, row.currency),
    }
