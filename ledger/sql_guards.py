"""Whether the database still refuses to change the log: its tables, and the triggers on them.

Who drops a trigger has changed no entry, and has made ready to. Who adds one, or puts a view in a
table's place, decides what is written and what is read. So whoever verifies is told of both.

What is compared is what the first step of `ledger.migrations` made, which is never edited: on
SQLite the text of every trigger, on PostgreSQL when it fires and what its function says.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import sqlalchemy as sa

from ledger.sentences import Sentence
from ledger.sql_database import Database
from ledger.sql_schema import metadata

TABLES: Final = tuple(sorted(metadata.tables))
TOLD_MAX: Final = 20
"""How many findings are told."""

_KEYS: Final = {
    "log": "position = NEW.position OR (stream = NEW.stream AND version = NEW.version)",
    "tiles": 'level = NEW.level AND "index" = NEW."index"',
}


def _refusing(table: str, verb: str, when: str = "") -> str:
    before = "INSERT" if when else verb
    return (
        f"CREATE TRIGGER {table}_refuses_{verb.lower()} BEFORE {before} ON {table} {when}"
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: {verb} refused'); END"
    )


_SQLITE: Final[Mapping[tuple[str, str], str]] = {
    (table, f"{table}_refuses_{verb.lower()}"): _refusing(table, verb, when)
    for table, key in _KEYS.items()
    for verb, when in (
        ("UPDATE", ""),
        ("DELETE", ""),
        ("REPLACE", f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key}) "),  # noqa: S608 - constants
    )
}
_SQLITE_FOUND: Final = sa.text("SELECT type, name, tbl_name, sql FROM sqlite_schema")

# Enabled, before each statement that updates (16), deletes (8) or truncates (32): 58 in all.
_POSTGRESQL: Final = {
    (table, f"{table}_refuses_change"): (
        "O58 BEGIN RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP; END "
    )
    for table in _KEYS
}
_POSTGRESQL_FOUND: Final = sa.text(
    """
    SELECT CASE relkind WHEN 'r' THEN 'table' ELSE 'view' END, relname, relname, NULL
    FROM pg_class WHERE pg_table_is_visible(oid) AND relname = ANY(:tables)
    UNION ALL
    SELECT 'trigger', tgname, relname, tgenabled::text || tgtype::text || prosrc
    FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_proc ON pg_proc.oid = tgfoid
    WHERE NOT tgisinternal AND pg_table_is_visible(tgrelid) AND relname = ANY(:tables)
    UNION ALL
    SELECT 'rule', rulename, relname, NULL
    FROM pg_rewrite JOIN pg_class ON pg_class.oid = ev_class
    WHERE pg_table_is_visible(ev_class) AND relname = ANY(:tables)
    """
)


async def unguarded(database: Database) -> list[Sentence]:
    """What is not as it was made, in sentences; none where all guards stand."""
    is_sqlite = database.dialect == "sqlite"
    expected = _SQLITE if is_sqlite else _POSTGRESQL
    asked = _SQLITE_FOUND if is_sqlite else _POSTGRESQL_FOUND.bindparams(tables=list(TABLES))
    async with database.read() as connection:
        rows = [tuple(row) for row in await connection.execute(asked)]
    return list(_wrong(expected, rows))[:TOLD_MAX]


def _wrong(
    expected: Mapping[tuple[str, str], str], rows: Iterable[tuple[str, str, str, str | None]]
) -> Iterable[Sentence]:
    kinds = {name: kind for kind, name, _, _ in rows if kind in {"table", "view"}}
    for table in TABLES:
        if kinds.get(table) != "table":
            yield Sentence(
                "{table} is no table any more: what is read may be anything", table=table
            )
    found = {
        (table, name): (kind, said)
        for kind, name, table, said in rows
        if kind in {"trigger", "rule"} and table in TABLES
    }
    for (table, name), said in expected.items():
        if (table, name) not in found:
            yield Sentence(
                "the trigger {name} is gone: {table} can be changed", name=name, table=table
            )
        elif found[table, name][1] != said:
            yield Sentence(
                "the trigger {name} is not the one that was made: {table} can be changed",
                name=name,
                table=table,
            )
    for (table, name), (kind, _) in found.items():
        if (table, name) not in expected:
            yield Sentence(
                "there is a {kind} {name!r} on {table} that is none of ours",
                kind=kind,
                name=name,
                table=table,
            )
