"""`cauri payments show` and `cauri tail`: what happened, to one payment or to everything.

Nothing sealed is opened here: an operator's terminal is no place for somebody's number.
"""

from datetime import datetime
from typing import Any, Final

import orjson

from api import views
from api.cli_language import spoken
from api.commands.console import (
    HASH_CHARACTERS_SHOWN,
    cut,
    run_async,
    settings_for,
    write_json,
    write_line,
    write_table,
    written_time,
)
from api.erased import KEY_MISSING, RESTORE_KEY
from api.refusal_views import code_of, refusal_of
from api.wiring import opened
from ledger.entry import RecordedEvent
from ledger.events_codec import payload_of
from ledger.forgotten import is_payer_forgotten
from ledger.handling import Handler
from ledger.sentences import Sentence, explained
from ledger.vault import key_id_of

LAST: Final = 20
"""How many entries `tail` begins with where no position is given."""

WAIT_SECONDS: Final = 5.0

_HIDDEN: Final = frozenset(
    [
        *("payment_id", "payer", "kind", "content_digest", "token_digest", "secret_digest"),
        *("digest", "reason_digest", "stood"),
    ]
)
_TEXT_CHARACTERS_MAX: Final = 60

_LABELS: Final = {"meaning": Sentence("meaning"), "next step": Sentence("next step")}
"""What is told of a refusal for people alone; all else has the name that it has in the API."""


def show_payment(*, payment_id: str, database: str | None, as_json: bool) -> None:
    """Show one payment as its events say."""
    run_async(_show_payment(payment_id, database, as_json=as_json))


def tail_log(*, after: int | None, is_following: bool, database: str | None, as_json: bool) -> None:
    """Print entries from a position on."""
    run_async(_tail(after, database, is_following=is_following, as_json=as_json))


async def _show_payment(payment_id: str, database: str | None, *, as_json: bool) -> None:
    settings = settings_for(database)
    async with opened(settings, is_writing=False) as (_, store):
        state, recorded = await Handler(store).payment(payment_id)
        key_id = key_id_of(state.requested.sealed)
        is_gone = key_id not in await store.data_keys([key_id])
        is_erased = is_gone and await is_payer_forgotten(store, recorded[0])
    shown = views.payment_of(
        state,
        recorded,
        mode=state.requested.mode or settings.default_mode,
        redirect_url=None,
        description=None,
        metadata=None,
        is_erased=is_erased,
        code=code_of(state),
        refusal=refusal_of(state, recorded, adapters={}, accepted=None if as_json else spoken()),
    )
    trail = [views.event_of(one) for one in recorded]
    if as_json:
        write_json(
            {
                "payment": shown,
                "events": [one.model_dump(mode="json") for one in trail],
            }
        )
        return
    if is_gone and not is_erased:
        write_line(explained(KEY_MISSING, RESTORE_KEY))
    if shown["refusal"] is not None:
        # For people: the word and what it means, in rows of their own.
        told_of = shown["refusal"]
        shown |= {"refusal": told_of["refusal"], "meaning": told_of["for_merchant"]}
        shown |= {"next step": told_of["next_step"]}
    facts = {
        name: written_time(value) if isinstance(value, datetime) else value
        for name, value in shown.items()
        if name not in {"attempts", "evidence", "metadata", "plan"}
    }
    write_table(
        Sentence("Payment {payment}", payment=payment_id),
        ("what", "value"),
        [(_LABELS.get(name, name), value) for name, value in facts.items() if value is not None],
    )
    write_table(
        Sentence("Audit trail"),
        ("#position", "#version", "@recorded at", "type", "by", "what it says", "entry hash"),
        [
            (
                one.position,
                one.version,
                written_time(one.recorded_at),
                one.type,
                one.actor,
                told(event),
                cut(one.entry_hash, HASH_CHARACTERS_SHOWN),
            )
            for one, event in zip(trail, recorded, strict=True)
        ],
    )


async def _tail(
    after: int | None, database: str | None, *, is_following: bool, as_json: bool
) -> None:
    async with opened(settings_for(database), is_writing=False) as (_, store):
        position = await store.position()
        position = max(0, position - LAST) if after is None else after
        while True:
            batch = await store.read(position)
            for recorded in batch:
                write_line(recorded.entry.decode() if as_json else _line(recorded))
                position = recorded.position
            if batch:
                continue
            if not is_following:
                return
            await store.wait_for(position + 1, WAIT_SECONDS)


def _line(recorded: RecordedEvent) -> str:
    at = written_time(recorded.recorded_at)
    return f"{recorded.position:>8}  {at}  {recorded.id:<48}  {recorded.type:<30}  {told(recorded)}"


def told(recorded: RecordedEvent) -> str:
    """Say in one line what an event holds, without what is sealed or only for machines."""
    payload = payload_of(recorded.event)
    evidence = payload.pop("evidence", {})
    shown: dict[str, Any] = {**payload, **evidence}
    parts = []
    for name, value in shown.items():
        if name in _HIDDEN or name.startswith("sealed"):
            continue
        text = value if isinstance(value, str) else orjson.dumps(value).decode()
        text = " ".join(text.split())  # a checkpoint's note has lines of its own
        parts.append(f"{name}={cut(text, _TEXT_CHARACTERS_MAX)}")
    return " ".join(parts)
