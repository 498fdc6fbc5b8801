"""`cauri webhooks`: merchants' endpoints, what they were told, and what is told once more.

No address is shown, and nothing of what an endpoint answered: they are sealed, and an operator's
terminal is no place for them.
"""

import secrets
from datetime import datetime
from typing import Any, Final

from adapters.dates import table_time
from api.cli_language import spoken
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
from api.kept_reasons import kept_reason
from api.wiring import opened, projected, utc_now
from ledger.entry import Context
from ledger.errors import InvalidInputError
from ledger.handling import Handler
from ledger.identity import is_test_id
from ledger.sentences import Sentence
from projections.deliveries import DeliveriesProjection
from projections.deliveries_rows import State
from projections.tables import stamp

_TIMES: Final = ("waiting since", "next attempt", "added")
"""The columns of a list that hold times, where it has them."""


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
        title = Sentence("Endpoints")
    else:
        rows = run_async(_messages(endpoint_id, state, limit, database))
        title = Sentence("Messages to {endpoint}", endpoint=endpoint_id)
    if as_json:
        write_json(rows)
    elif rows:
        names = [f"@{name}" if name in _TIMES else name for name in rows[0]]
        for at in _TIMES:
            rows = stamped(rows, at)
        write_table(title, names, [tuple(_in_words(row).values()) for row in rows])
    else:
        write_line(Sentence("there are none"))


def _in_words(row: dict[str, Any]) -> dict[str, Any]:
    """A row for people: what came back, in the language that is spoken."""
    told = (
        {"last answer": kept_reason(row["last answer"], spoken())} if "last answer" in row else {}
    )
    return row | told


def show_message(*, message_id: str, database: str | None, as_json: bool) -> None:
    """Show one message, with every attempt to deliver it."""
    shown, made = run_async(_message(message_id, database, as_json=as_json))
    if as_json:
        attempts = [{name: one[name] for name in one if name != "answer"} for one in made]
        write_json(shown | {"attempts_made": attempts})
        return
    facts = [
        (name, table_time(datetime.fromisoformat(value)) if name.endswith("_at") else value)
        for name, value in shown.items()
        if value is not None
    ]
    write_table(Sentence("Message {message}", message=message_id), ("what", "value"), facts)
    if not made:
        write_line(Sentence("it was never tried"))
        return
    write_table(
        Sentence("Attempts"),
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
        write_line(Sentence("messages sent now: {messages}", messages=replayed))


def test_endpoint(*, endpoint_id: str, database: str | None, as_json: bool) -> None:
    """Have an endpoint told something, to see that it hears; a running server sends it."""
    message_id = run_async(_test(endpoint_id, database))
    if as_json:
        write_json({"endpoint_id": endpoint_id, "message_id": message_id})
    else:
        write_line(Sentence("message {message} is sent by a running server", message=message_id))
        write_line(Sentence("what came back: cauri webhooks show {message}", message=message_id))


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
                    "waiting since": stamp(since) if since else None,
                    "next attempt": stamp(until) if until else None,
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
    message_id: str, database: str | None, *, as_json: bool
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
    language = "en" if as_json else spoken()
    async with opened(settings, is_writing=False) as (_, store):
        made = await attempts_at(store, row, language=language)
    return message_fields(row, language), made


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
