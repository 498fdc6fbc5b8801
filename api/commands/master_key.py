"""`cauri master-key`: replacing the key that wraps all others, while servers run.

A new key is put at the head of the ring's file, the log says so (running servers read their ring
again), and every data key is wrapped anew under it, in bounded batches. Whoever is interrupted
repeats the command, and it goes on where it was: no second key is made while a rotation is under
way. Where the ring comes from the environment or a command, a new key is put at its head there
first. A former key is retired once nothing is wrapped under it.

One process at a time changes the ring. Two that both put a new key at the head of the ring they
have read would each write a file without the other's key, and what was wrapped under the lost one
could never be opened again.

It prints ids, which tell nothing about the keys.
"""

import secrets
from typing import Any, NamedTuple

from api.commands.console import (
    progress,
    run_async,
    settings_for,
    write_facts,
    write_json,
    write_line,
    write_table,
)
from api.master_key import ring_file, ring_of
from api.settings import Settings
from api.wiring import opened, utc_now
from ledger import master_key
from ledger.commands_master_key import RecordRewrapping, RetireMasterKey, RotateMasterKey
from ledger.entry import Context
from ledger.errors import MasterKeyError
from ledger.handling import Handler
from ledger.leftover import sentence_of
from ledger.master_key import Ring
from ledger.sentences import Sentence
from ledger.sql_alone import alone
from ledger.sql_rewrapping import rewrap, wrapped_under
from ledger.store import Clock, EventStore
from ledger.vault_master import MasterKeys


class Rotated(NamedTuple):
    """What a rotation came to."""

    key_id: str
    rows: int
    bytes_left: str | None


def rotate(*, database: str | None, as_json: bool) -> None:
    """Make a new current key, or go on with a rotation, and wrap every data key under it."""
    done = run_async(rotate_in(settings_for(database)))
    if as_json:
        write_json(done._asdict())
        return
    write_facts((Sentence("current master key"), done.key_id))
    write_line(Sentence("data keys wrapped anew: {keys}", keys=done.rows))
    if done.bytes_left is not None:
        write_line(
            Sentence(
                "Bytes of former wrappings are still in the files: {left}", left=done.bytes_left
            )
        )


def retire(*, key_id: str, database: str | None, as_json: bool) -> None:
    """Take a former key out of the ring, if nothing is wrapped under it."""
    settings = settings_for(database)
    run_async(retire_in(settings, key_id))
    is_ours = ring_file(settings) is not None
    if as_json:
        write_json({"key_id": key_id, "retired": True, "is_removed": is_ours})
    elif is_ours:
        write_line(Sentence("master key {key} is out of the ring", key=key_id))
    else:
        write_line(
            Sentence("master key {key} is needed by nothing: take it out of the ring", key=key_id)
        )


def list_keys(*, database: str | None, as_json: bool) -> None:
    """List the ring's keys and how many data keys each wraps."""
    rows = run_async(_listed(settings_for(database)))
    if as_json:
        write_json(rows)
    else:
        write_table(
            Sentence("Master keys"),
            ("id", "state", "#data keys"),
            [tuple(row.values()) for row in rows],
        )


async def rotate_in(settings: Settings, *, clock: Clock = utc_now) -> Rotated:
    """Rotate the master key of a deployment, or finish a rotation.

    Raises:
        MasterKeyError: the ring comes from elsewhere, and has no new key at its head; another
            process is at it; or this ring lacks a key that another copy of it has.
    """
    async with opened(settings, clock=clock) as (database, store), alone(database, _not_alone()):
        ring, handler = ring_of(settings), Handler(store)
        state = await _state(store)
        under = set(await wrapped_under(database))
        _check_whole(ring, under, state)
        others = under - {ring.ids[0]}
        if not others and not _is_unfinished(state, ring):
            ring = _renewed(settings, ring)
        rotation = RotateMasterKey(key_id=ring.ids[0], former=ring.ids[1:])
        await handler.handle(rotation, context=_context())
        with progress("data keys") as tell:
            rows = await rewrap(
                database, ring.ids[0], ring.wrap_anew, tell=lambda done: tell(done, done)
            )
        done = RecordRewrapping(key_id=ring.ids[0], rows=rows, at=clock())
        await handler.handle(done, context=_context())
        left = await store.scrub()
        return Rotated(ring.ids[0], rows, None if left is None else sentence_of(left))


async def retire_in(settings: Settings, key_id: str, *, clock: Clock = utc_now) -> None:
    """Retire a former master key.

    Raises:
        MasterKeyError: the ring has no such former key; another process is changing the ring.
        CommandRefusedError: it is still needed, or may be.
    """
    async with opened(settings, clock=clock) as (database, store), alone(database, _not_alone()):
        ring = ring_of(settings)
        rows = (await wrapped_under(database)).get(key_id, 0)
        # Of the current one the log says no; of one that the ring has not, the ring does.
        without = None if key_id == ring.ids[0] else ring.retired(key_id)
        command = RetireMasterKey(key_id=key_id, current=ring.ids[0], rows=rows, at=clock())
        await Handler(store).handle(command, context=_context())
        path = ring_file(settings)
        if path is not None and without is not None:
            without.replace(path)


def _not_alone() -> MasterKeyError:
    return MasterKeyError(
        Sentence("Another process is changing the ring of master keys just now."),
        Sentence("Let it end, look with `cauri master-key list`, and run this again if need be."),
    )


def _check_whole(ring: MasterKeys, under: set[str], state: Ring) -> None:
    """Refuse to go on with a ring that is not the newest copy of itself.

    Raises:
        MasterKeyError: it lacks a key.
    """
    missing = (under | {state.current or ring.ids[0]}) - set(ring.ids)
    if missing:
        raise MasterKeyError(
            Sentence(
                "The ring lacks the master key {missing}, which is in use: it was rotated "
                "elsewhere.",
                missing=", ".join(sorted(missing)),
            ),
            Sentence("Put the newest copy of the ring here, then run this again."),
        )


def _is_unfinished(state: Ring, ring: MasterKeys) -> bool:
    """Whether the ring has a new key whose rotation is not recorded to its end."""
    if state.current is None:
        return len(ring.ids) > 1
    return state.current != ring.ids[0] or state.rewrapped_at is None


def _renewed(settings: Settings, ring: MasterKeys) -> MasterKeys:
    path = ring_file(settings)
    if path is None:
        raise MasterKeyError(
            Sentence(
                "The ring comes from the environment or a command, which cannot be written to."
            ),
            Sentence(
                "Put a new key at its head there (`openssl rand -base64 32`), keep the former ones "
                "and the line `lookup` below it, and run this again."
            ),
        )
    renewed = ring.rotated()
    renewed.replace(path)
    return renewed


async def _state(store: EventStore) -> Ring:
    state = master_key.INITIAL
    for recorded in await store.read_stream(master_key.STREAM):
        state = master_key.evolve(state, recorded.event)
    return state


async def _listed(settings: Settings) -> list[dict[str, Any]]:
    async with opened(settings, is_writing=False) as (database, store):
        ring, under = ring_of(settings), await wrapped_under(database)
        state = await _state(store)
    rows = [
        {
            "key_id": one,
            "state": "current" if one == ring.ids[0] else "former",
            "data_keys": under.pop(one, 0),
        }
        for one in ring.ids
    ]
    rows += [{"key_id": one, "state": "missing", "data_keys": n} for one, n in under.items()]
    gone = state.retired - set(ring.ids)
    return rows + [{"key_id": one, "state": "retired", "data_keys": 0} for one in sorted(gone)]


def _context() -> Context:
    request = secrets.token_hex(8)
    return Context("cli", request, f"request:{request}")
