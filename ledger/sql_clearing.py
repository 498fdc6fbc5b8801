"""How each kind of database is made to let go of the bytes of deleted keys.

Neither of the two raises where it could not: SQLite says so in a row, PostgreSQL in a warning or in
its statistics. Here that becomes an error with a remedy; `ledger.sql_scrubbing` tries again.

What is out of reach: files that somebody copied before, and the archives of a server, which are its
administrator's.
"""

import sqlite3
from functools import partial
from typing import Final

import asyncpg

from ledger.errors import StoreUnavailableError
from ledger.sentences import Sentence

READER_WAIT_MILLISECONDS: Final = 200
"""How long SQLite waits for a reader to end; every append waits meanwhile."""

# What a vacuum had to leave standing, as it counted itself.
_DEAD: Final = "SELECT n_dead_tup FROM pg_stat_all_tables WHERE relid = 'data_keys'::regclass"


def clear_sqlite(connection: sqlite3.Connection) -> None:
    """Empty the log of writes: the pages were overwritten (`secure_delete`), it has them still."""
    connection.execute(f"PRAGMA busy_timeout = {READER_WAIT_MILLISECONDS}")
    is_busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if is_busy:
        raise StoreUnavailableError(
            Sentence(
                "Somebody is in the middle of reading, and keeps the erased keys' bytes in the "
                "database's -wal file."
            ),
            Sentence("They go when it ends (a backup, a database browser)."),
        )


async def clear_postgresql(driver: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Vacuum the table: until then dead rows stay in their page."""
    warnings: list[object] = []
    listen = partial(_note_warning, warnings)
    driver.add_log_listener(listen)
    try:
        await driver.execute("VACUUM data_keys")
    finally:
        driver.remove_log_listener(listen)
    if warnings:
        raise StoreUnavailableError(
            Sentence("The database user does not own the table of keys, and may not vacuum it."),
            Sentence("Let its owner do it: VACUUM data_keys."),
        )
    if await driver.fetchval(_DEAD):
        raise StoreUnavailableError(
            Sentence(
                "A transaction with an older view of the database keeps the erased keys' bytes."
            ),
            Sentence("They go when it ends: find it in pg_stat_activity."),
        )


def _note_warning(
    warnings: list[object], _connection: object, message: asyncpg.PostgresLogMessage
) -> None:
    if message.severity_en == "WARNING":
        warnings.append(message)
