"""How each kind of database is made to let go of the bytes of deleted keys.

Neither of the two raises where it could not: SQLite says so in a row, PostgreSQL in a warning or in
its statistics. Here that becomes an error with a remedy; `ledger.sql_scrubbing` tries again.

After a person was forgotten it is done *wholly*, which costs more. A vacuum of PostgreSQL leaves
the bytes of a dead row in its page until another row is put there, and the statistics that its
planner gathers hold samples of every column; so the table is written anew, and no statistics are
kept of wrapped keys. One-time codes, which are destroyed all the time, are not worth that.

What is out of reach: files that somebody copied before, and a server's archives and settings, which
are its administrator's. A server that recycles its write-ahead log keeps old bytes in segments that
wait to be written over; that is said to whoever asked, for only he can switch it off.
"""

import asyncio
import sqlite3
from contextlib import suppress
from functools import partial
from typing import Final

import asyncpg
import structlog

from ledger.errors import StoreUnavailableError
from ledger.leftover import Leftover, left_over

READER_WAIT_MILLISECONDS: Final = 200
"""How long SQLite waits for a reader to end; every append waits meanwhile."""

LOCK_WAIT_MILLISECONDS: Final = 5_000
"""How long is waited for the table of keys alone; every append that has a key waits behind."""

WHOLE_SECONDS_MAX: Final = 3_600.0

VIEW_LOOKS_MAX: Final = 50
VIEW_LOOK_SECONDS: Final = 0.05
"""How often is looked whether older views have ended, before that is left for later."""

_SAMPLE_NONE: Final = "ALTER TABLE data_keys ALTER COLUMN wrapped SET STATISTICS 0"
_IS_SAMPLED: Final = """
    SELECT count(*) FROM pg_stats
    WHERE schemaname = current_schema() AND tablename = 'data_keys' AND attname = 'wrapped'"""
# Saying the type again drops what was sampled of the column; its row lies dead until then.
_DROP_SAMPLES: Final = "ALTER TABLE data_keys ALTER COLUMN wrapped TYPE bytea"

_log: Final = structlog.get_logger(__name__)

# What a vacuum had to leave standing, as it counted itself.
_DEAD: Final = "SELECT n_dead_tup FROM pg_stat_all_tables WHERE relid = $1::text::regclass"


def clear_sqlite(connection: sqlite3.Connection) -> None:
    """Empty the log of writes: the pages were overwritten (`secure_delete`), it has them still."""
    connection.execute(f"PRAGMA busy_timeout = {READER_WAIT_MILLISECONDS}")
    is_busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if is_busy:
        raise left_over("reader")


async def clear_postgresql(driver: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Vacuum the table: until then dead rows stay in their page."""
    await _vacuum(driver, "data_keys")


async def _vacuum(driver: "asyncpg.Connection[asyncpg.Record]", table: str) -> None:
    warnings: list[object] = []
    listen = partial(_note_warning, warnings)
    driver.add_log_listener(listen)
    try:
        await driver.execute(f"VACUUM {table}")
    finally:
        driver.remove_log_listener(listen)
    if warnings:
        raise left_over("not_owner")
    if await driver.fetchval(_DEAD, table):
        raise left_over("older_view")


async def clear_postgresql_wholly(
    driver: "asyncpg.Connection[asyncpg.Record]",
) -> Leftover | None:
    """Write the table of keys anew, and drop what statistics know of it; nobody reads meanwhile.

    Returns:
        None, or what no repetition would remove: see `ledger.leftover`.
    """
    await driver.execute(f"SET lock_timeout = {LOCK_WAIT_MILLISECONDS}")
    try:
        await driver.execute(_SAMPLE_NONE)
        if await driver.fetchval(_IS_SAMPLED):
            await driver.execute(_DROP_SAMPLES)
            await _write_anew(driver, "pg_statistic")
        await _write_anew(driver, "data_keys")
    except asyncpg.LockNotAvailableError:
        raise left_over("keys_read") from None
    finally:
        await driver.execute("RESET lock_timeout")
    is_recycling = await driver.fetchval("SHOW wal_recycle") == "on"
    if is_recycling:
        _log.warning("keys.left_in_wal", remedy="set wal_recycle = off on the server")
    # Only an administrator of the server may; without him the next checkpoint comes by itself.
    with suppress(asyncpg.InsufficientPrivilegeError):
        await driver.execute("SELECT pg_switch_wal()")
        await driver.execute("CHECKPOINT", timeout=WHOLE_SECONDS_MAX)
    return "recycled" if is_recycling else None


async def _write_anew(driver: "asyncpg.Connection[asyncpg.Record]", table: str) -> None:
    """Write a table anew as soon as nobody has a view in which a dead row of it is alive.

    Queries end within milliseconds; what does not end soon is told, and tried again later.
    """
    for _ in range(VIEW_LOOKS_MAX):
        try:
            await _vacuum(driver, table)
        except StoreUnavailableError:
            await asyncio.sleep(VIEW_LOOK_SECONDS)
        else:
            break
    else:
        await _vacuum(driver, table)
    await driver.execute(f"VACUUM (FULL) {table}", timeout=WHOLE_SECONDS_MAX)


def _note_warning(
    warnings: list[object], _connection: object, message: asyncpg.PostgresLogMessage
) -> None:
    if message.severity_en == "WARNING":
        warnings.append(message)
