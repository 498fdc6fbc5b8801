"""What the drivers' errors mean, in the ledger's words, with a remedy.

Only what is nobody's mistake in the code is translated: a lock, a disk, a right, a lost connection.
Everything else (a wrong statement, a violated constraint) stays the driver's error and is loud.
"""

import asyncio
import sqlite3
from typing import Final

import asyncpg

from ledger.errors import CorruptLogError, LedgerError, StoreUnavailableError

_SQLITE_MEANINGS: Final[dict[int, tuple[str, str]]] = {
    sqlite3.SQLITE_BUSY: (
        "The database is locked by another program.",
        "Close the program that holds it (a database browser, a backup) and try again.",
    ),
    sqlite3.SQLITE_LOCKED: (
        "The database is locked by another connection.",
        "Try again shortly.",
    ),
    sqlite3.SQLITE_READONLY: (
        "The database cannot be written to.",
        "Make the file and its folder writable for this user.",
    ),
    sqlite3.SQLITE_PERM: (
        "The database may not be opened.",
        "Make the file and its folder readable and writable for this user.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "The database cannot be opened.",
        "Check that its folder exists and is writable for this user.",
    ),
    sqlite3.SQLITE_IOERR: (
        "The disk failed while the database was used.",
        "Check the disk and the system's log.",
    ),
    sqlite3.SQLITE_FULL: (
        "The disk is full.",
        "Free some space; nothing was lost, and writing goes on by itself.",
    ),
}
_SQLITE_DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

_POSTGRESQL_MEANINGS: Final[dict[str, tuple[str, str]]] = {
    "08": ("The connection to the database was lost.", "Check that the server runs and try again."),
    "57": ("The database server is shutting down or starting.", "Try again shortly."),
    "53": (
        "The database server has run out of disk, memory or connections.",
        "Free some; nothing was lost, and writing goes on by itself.",
    ),
    "55": ("The database is locked by another program.", "Find it in pg_stat_activity."),
    "40": ("The database gave this transaction up for another one.", "Try again."),
    "25": ("The database cannot be written to.", "Connect to the primary server."),
    "28": ("The database refused the user or password.", "Check the database URL."),
    "3D": ("There is no such database on the server.", "Create it, or check the database URL."),
    "42501": ("The database user lacks a right.", "Grant it SELECT, INSERT and UPDATE."),
    "58": ("The database server's disk failed.", "Check the server's disk and its log."),
}


def of_sqlite(error: BaseException) -> LedgerError | None:
    """By SQLite's primary result code (https://sqlite.org/rescode.html)."""
    found = _driver_error(error, sqlite3.Error)
    if found is None:
        return None
    code = getattr(found, "sqlite_errorcode", None)
    if code is None:
        # The driver itself objects, not SQLite: a text whose bytes are none.
        is_no_text = "decode to UTF-8" in str(found)
        return CorruptLogError(0, "a text in the database is no UTF-8") if is_no_text else None
    if code & 0xFF in _SQLITE_DAMAGED:
        return CorruptLogError(0, f"the database file is damaged ({found})")
    meaning = _SQLITE_MEANINGS.get(code & 0xFF)
    return StoreUnavailableError(*meaning) if meaning else None


def of_postgresql(error: BaseException) -> LedgerError | None:
    """By SQLSTATE, whole or by class (PostgreSQL manual, appendix A)."""
    found = _driver_error(error, asyncpg.PostgresError)
    if found is not None:
        state = str(getattr(found, "sqlstate", ""))
        meaning = _POSTGRESQL_MEANINGS.get(state) or _POSTGRESQL_MEANINGS.get(state[:2])
        return StoreUnavailableError(*meaning) if meaning else None
    if _driver_error(error, asyncpg.InterfaceError, OSError, asyncio.TimeoutError) is not None:
        return StoreUnavailableError(*_POSTGRESQL_MEANINGS["08"])
    return None


def _driver_error(error: BaseException | None, *kinds: type[BaseException]) -> BaseException | None:
    """Find the driver's own error under what SQLAlchemy wrapped around it."""
    while error is not None:
        if isinstance(error, kinds):
            return error
        error = getattr(error, "orig", None) or error.__cause__
    return None
