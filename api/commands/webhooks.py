"""`cauri webhooks`: merchants' endpoints, what they were told, and what is told once more.

No address is shown, and nothing of what an endpoint answered: they are sealed, and an operator's
terminal is no place for them.
"""

import secrets
from datetime import datetime
from typing import Any

from adapters.dates import table_time
from api.commands.console import (
    run_async,
    settings_for,
    stamped,
    write_json,
    write_line,
    write_table,
    written_time,
)
from api.deliveries import (
    attempts_at,
    check_enabled,
    message_fields,
    message_id_of,
    replay,
    replayable,
    send_test,
)
from api.wiring import opened, projected, utc_now
from ledger.entry import Context
from ledger.errors import InvalidInputError
from ledger.handling import Handler
from ledger.identity import is_test_id
from ledger.sentences import Sentence
from projections.deliveries import DeliveriesProjection
from projections.deliveries_rows import State


def list_endpoints(
    *,
    endpoint_id: str | None,
    merchant_id: str | None,
    state: State | None,
    limit: int,
    database: str | None,
    as_json: bool,
) -> None:
    """List endpoints, or the messages of one."""
    if endpoint_id is None:
        rows = run_async(_endpoints(merchant_id, limit, database))
        title = "Endpoints"
    else:
        rows = run_async(_messages(endpoint_id, state, limit, database))
        title = f"Messages to {endpoint_id}"
    if as_json:
        write_json(rows)
    elif rows:
        at = "added" if endpoint_id is None else "next attempt"
        names = [f"@{name}" if name == at else name for name in rows[0]]
        write_table(title, names, [tuple(row.values()) for row in stamped(rows, at)])
    else:
        write_line("there are none")


def show_message(*, message_id: str, database: str | None, as_json: bool) -> None:
    """Show one message, with every attempt to deliver it."""
    shown, made = run_async(_message(message_id, database))
    if as_json:
        attempts = [{name: one[name] for name in one if name != "answer"} for one in made]
        write_json(shown | {"attempts_made": attempts})
        return
    facts = [
        (name, table_time(datetime.fromisoformat(value)) if name.endswith("_at") else value)
        for name, value in shown.items()
        if value is not None
    ]
    write_table(f"Message {message_id}", ("what", "value"), facts)
    if not made:
        write_line("it was never tried")
        return
    write_table(
        "Attempts",
        ("#number", "@at", "#status", "#ms", "what came back", "@next attempt"),
        [
            (
                one["number"],
                written_time(one["at"]),
                one["status"],
                one["latency_ms"],
                one["reason"],
                written_time(one["next_attempt_at"]),
            )
            for one in made
        ],
    )


def replay_messages(
    *, endpoint_id: str, message_id: str | None, database: str | None, as_json: bool
) -> None:
    """Deliver one message, or all that were not taken, now."""
    replayed = run_async(_replay(endpoint_id, message_id, database))
    if as_json:
        write_json({"endpoint_id": endpoint_id, "replayed": replayed})
    else:
        write_line(f"messages delivered once more: {replayed}")


def test_endpoint(*, endpoint_id: str, database: str | None, as_json: bool) -> None:
    """Have an endpoint told something, to see that it hears; a running server sends it."""
    message_id = run_async(_test(endpoint_id, database))
    if as_json:
        write_json({"endpoint_id": endpoint_id, "message_id": message_id})
    else:
        write_line(f"message {message_id} is sent by a running server")
        write_line(f"what came back: cauri webhooks show {message_id}")


async def _endpoints(
    merchant_id: str | None, limit: int, database: str | None
) -> list[dict[str, Any]]:
    async with projected(settings_for(database), DeliveriesProjection) as deliveries:
        rows = []
        for one in await deliveries.endpoints(merchant_id, limit=limit):
            since, until = await deliveries.patience(one.endpoint_id)
            rows.append(
                {
                    "endpoint": one.endpoint_id,
                    "merchant": one.merchant_id,
                    "mode": one.mode,
                    "state": "enabled" if one.is_enabled else "disabled",
                    **dict.fromkeys(("waiting", "delivered", "parked", "withdrawn"), 0),
                    **await deliveries.counts(one.endpoint_id),
                    "waiting since": written_time(since) or None,
                    "next attempt": written_time(until) or None,
                    "added": one.added_at,
                }
            )
        return rows


async def _messages(
    endpoint_id: str, state: State | None, limit: int, database: str | None
) -> list[dict[str, Any]]:
    settings = settings_for(database)
    async with opened(settings, is_writing=False) as (_, store):
        await Handler(store).endpoint(endpoint_id)
    async with projected(settings, DeliveriesProjection) as deliveries:
        found = await deliveries.messages(endpoint_id=endpoint_id, state=state, limit=limit)
    return [
        {
            "message": one.stream_id,
            "type": one.type,
            "payment": None if is_test_id(one.payment_id) else one.payment_id,
            "state": one.state,
            "attempts": one.attempts,
            "last answer": one.reason,
            "next attempt": one.next_attempt_at,
        }
        for one in found
    ]


async def _message(
    message_id: str, database: str | None
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    settings = settings_for(database)
    async with projected(settings, DeliveriesProjection) as deliveries:
        row = await deliveries.message(message_id)
    if row is None:
        raise InvalidInputError(
            "message",
            Sentence("there is no such message."),
            Sentence("Look for it with `cauri webhooks list`."),
        )
    async with opened(settings, is_writing=False) as (_, store):
        made = await attempts_at(store, row)
    return message_fields(row), made


async def _replay(endpoint_id: str, message_id: str | None, database: str | None) -> int:
    settings = settings_for(database)
    async with projected(settings, DeliveriesProjection) as deliveries:
        messages = await replayable(deliveries, endpoint_id, message_id, utc_now())
    context = _context()
    async with opened(settings) as (_, store):
        handler = Handler(store)
        check_enabled((await handler.endpoint(endpoint_id))[0])
        if message_id is not None and not messages:
            raise InvalidInputError(
                "message",
                Sentence("this endpoint has no such message to replay."),
                Sentence("Look for it with `cauri webhooks list`."),
            )
        return len(await replay(handler, messages, context=context))


async def _test(endpoint_id: str, database: str | None) -> str:
    async with opened(settings_for(database)) as (_, store):
        handler = Handler(store)
        state, _ = await handler.endpoint(endpoint_id)
        drawn = secrets.token_bytes(16)
        recorded = await send_test(handler, endpoint_id, state, drawn, context=_context())
        return await message_id_of(store, endpoint_id, recorded.position)


def _context() -> Context:
    request = secrets.token_hex(8)
    return Context("cli", request, f"request:{request}")
