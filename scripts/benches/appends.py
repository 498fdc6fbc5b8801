"""Appending: one event per append, durable before it is answered, by many writers at once.

Beside it: the driver alone, which inserts rows that are ready a hundred to a commit, into the same
tables with the same indexes and the same durability (`raw_store`). That is what the disk and the
database give; what is missing to it is the price of deciding, encoding, hashing, and of answering
every writer by itself. And beside it: `eventsourcing`, which commits every event alone.

Every repeat begins with an empty database, ours and theirs.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from scripts.benches.plan import WRITERS, Plan, in_turns, remove
from scripts.benches.postgresql import PostgresqlAbsentError, Server, server
from scripts.benches.subject import Answer
from scripts.benches.table import Row, absent, bounded, compared

LIMIT_GOAL: Final = 0.35
RIVAL_GOAL: Final = 12.0
WAIT_MILLISECONDS_MAX: Final = 20.0

_WORK: Final = f"durable appends, {WRITERS} writers, hashed"
_UNIT: Final = "events/s"
_TEMPLATE: Final = "empty.db"


def on_sqlite(plan: Plan) -> list[Row]:
    """Append to SQLite files."""
    seconds = plan.seconds
    ours, raw = plan.subject("ours_store"), plan.subject("raw_store")
    rival, other = plan.rival("rival_eventsourcing"), plan.rival("rival_eventsource")
    ours.ask("create", url=plan.sqlite_url(_TEMPLATE))

    def mine(repeat: int) -> Answer:
        with _file(plan, f"ours-{repeat}.db") as path:
            url = f"sqlite:///{path}"
            return ours.ask("append", url=url, writers=WRITERS, seconds=seconds)

    def limit(repeat: int) -> Answer:
        with _file(plan, f"raw-{repeat}.db") as path:
            return raw.ask("append_sqlite", path=path, seconds=seconds / 2)

    def theirs(repeat: int) -> Answer:
        path = plan.folder / f"eventsourcing-{repeat}.db"
        return rival.ask("append", path=str(path), seconds=seconds / 2)

    def others(repeat: int) -> Answer:
        path = plan.folder / f"eventsource-{repeat}.db"
        return other.ask("append", path=str(path), writers=WRITERS, seconds=seconds / 2)

    found = in_turns(
        plan.repeats, {"ours": mine, "limit": limit, "theirs": theirs, "others": others}
    )
    work = f"{_WORK}, SQLite"
    waited = f"{work}: p99 of one append"
    return [
        compared(f"{work} | raw sqlite3", found["ours"], found["limit"], _UNIT, LIMIT_GOAL),
        compared(f"{work} | eventsourcing", found["ours"], found["theirs"], _UNIT, RIVAL_GOAL),
        compared(f"{work} | eventsource-py", found["ours"], found["others"], _UNIT, None),
        bounded(waited, found["ours"], WAIT_MILLISECONDS_MAX, "ms", "p99_ms"),
    ]


def on_postgresql(plan: Plan) -> list[Row]:
    """Append to databases of a PostgreSQL server."""
    work = f"{_WORK}, PostgreSQL | asyncpg executemany"
    try:
        with server(plan.folder) as lent:
            return [_on_server(plan, work, lent)]
    except PostgresqlAbsentError as error:
        return [absent(work, _UNIT, LIMIT_GOAL, str(error))]


def _on_server(plan: Plan, work: str, lent: Server) -> Row:
    seconds = plan.seconds
    ours, raw = plan.subject("ours_store"), plan.subject("raw_store")

    def mine(_repeat: int) -> Answer:
        url = lent.url(asyncio.run(lent.create(template)))
        return ours.ask("append", url=url, writers=WRITERS, seconds=seconds)

    def limit(_repeat: int) -> Answer:
        url = lent.url(asyncio.run(lent.create(template)))
        return raw.ask("append_postgresql", url=url, seconds=seconds)

    template = asyncio.run(lent.create())
    try:
        ours.ask("create", url=lent.url(template))
        found = in_turns(plan.repeats, {"ours": mine, "limit": limit})
    finally:
        asyncio.run(lent.drop())
    return compared(work, found["ours"], found["limit"], _UNIT, LIMIT_GOAL)


@contextmanager
def _file(plan: Plan, name: str) -> Iterator[str]:
    path = plan.fresh(_TEMPLATE, name)
    try:
        yield str(path)
    finally:
        remove(path)
