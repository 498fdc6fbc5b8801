"""`cauri replay --until`: the state as it was, made from the log alone.

The projections are filled up to the position in a database of their own, which is thrown away:
memory stays flat, nothing live is touched, and what is shown cannot have been prepared.
"""

import tempfile
from pathlib import Path

from api.commands.console import progress, run_async, settings_for, write_json, write_table
from api.points import point_of
from api.views import decimal_text
from api.wiring import opened, replayed
from ledger.entry import rfc3339
from projections.accounts import AccountRow
from projections.metrics import MetricsRow


def run(*, until: str, database: str | None, as_json: bool) -> None:
    """Show the payments by status and the trial balance as they were."""
    run_async(_run(until, database, as_json=as_json))


async def _run(until: str, database: str | None, *, as_json: bool) -> None:
    settings = settings_for(database)
    # The two modes are never added up.
    modes = (settings.default_mode, None)
    async with opened(settings, is_writing=False) as (_, store):
        position, moment = await point_of(store, until, "until")
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
