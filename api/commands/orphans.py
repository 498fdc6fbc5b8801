"""`cauri webhooks orphans` and `translate`: providers' calls that nobody understood.

What a call says stays sealed: only whose it is, when it came and why nobody understood it is shown,
as the log says it openly. To translate one is to open it again; it is read by a running server that
has its provider enabled, as if it had just come.
"""

import secrets
from typing import Any

from api.cli_language import said, spoken
from api.commands.console import (
    check_providers,
    run_async,
    settings_for,
    stamped,
    write_json,
    write_line,
    write_table,
)
from api.kept_reasons import kept_reason
from api.wiring import opened, utc_now
from ledger import commands
from ledger.entry import Context
from ledger.handling import Handler
from ledger.sentences import Sentence
from projections.base import Projections
from projections.calls import CallsProjection
from projections.tables import stamp
from projections.worklist import WorklistProjection


def _not_read(provider: str) -> Sentence:
    return Sentence(
        "not read yet: a server that has {provider} enabled will read it", provider=provider
    )


def list_orphans(*, provider: str | None, limit: int, database: str | None, as_json: bool) -> None:
    """List the calls that wait to be read, the oldest first, then the orphans, newest first."""
    check_providers([provider] if provider is not None else [], "provider")
    rows = run_async(_orphans(provider, limit, database))
    if as_json:
        write_json(rows)
    elif rows:
        names = ["@received" if name == "received" else name for name in rows[0]]
        shown = [tuple(_in_words(row).values()) for row in stamped(rows, "received")]
        write_table(Sentence("Calls nobody understood"), names, shown)
    else:
        write_line(Sentence("there are none"))


def _in_words(row: dict[str, Any]) -> dict[str, Any]:
    """A row for people: the reason in the language that is spoken, where it is one of ours."""
    return row | {"reason": kept_reason(said(row["reason"]), spoken())}


def translate(*, calls: list[str], database: str | None, as_json: bool) -> None:
    """Open orphans again, so that they are read once more."""
    opened_again = run_async(_translate(calls, database))
    if as_json:
        write_json({"reopened": opened_again})
    else:
        write_line(Sentence("calls to be read once more: {calls}", calls=len(opened_again)))


async def _orphans(provider: str | None, limit: int, database: str | None) -> list[dict[str, Any]]:
    async with opened(settings_for(database)) as (own, store):
        projections = Projections(own, [CallsProjection, WorklistProjection])
        await projections.start(store)
        waiting = await projections.of(WorklistProjection).listing(
            now=utc_now(), kind="translate", provider=provider, limit=limit
        )
        orphans = await projections.of(CallsProjection).orphans(provider=provider, limit=limit)
        rows: list[dict[str, Any]] = [
            {
                "call": one.stream_id,
                "provider": one.provider,
                "state": "waiting",
                "received": stamp(one.since),
                "reason": one.reason or _not_read(one.provider),
            }
            for one in waiting
        ]
        for orphan in orphans[: limit - len(rows)]:
            (recorded,) = await store.read(orphan.position - 1, 1)
            rows.append(
                {
                    "call": orphan.webhook_id,
                    "provider": orphan.provider,
                    "state": "orphan",
                    "received": stamp(recorded.recorded_at),
                    "reason": orphan.orphaned,
                }
            )
        return rows


async def _translate(calls: list[str], database: str | None) -> list[str]:
    request = secrets.token_hex(8)
    context = Context("cli", request, f"request:{request}")
    async with opened(settings_for(database)) as (_, store):
        handler = Handler(store)
        found = [
            (one, await handler.handle(commands.ReopenWebhook(webhook_id=one), context=context))
            for one in dict.fromkeys(calls)
        ]
    return [one for one, handled in found if handled.events]
