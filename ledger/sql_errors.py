"""What the drivers' errors mean, in the ledger's words, with a remedy.

Only what is nobody's mistake in the code is translated: a lock, a disk, a right, a lost connection.
Everything else (a wrong statement, a violated constraint) stays the driver's error and is loud.
"""

import asyncio
import re
import sqlite3
from typing import Final

import asyncpg

from ledger.errors import CorruptLogError, LedgerError, StoreUnavailableError
from ledger.sentences import Sentence

_SQLITE_MEANINGS: Final[dict[int, tuple[Sentence, Sentence]]] = {
    sqlite3.SQLITE_BUSY: (
        Sentence("The database is locked by another program."),
        Sentence("Close the program that holds it (a database browser, a backup) and try again."),
    ),
    sqlite3.SQLITE_LOCKED: (
        Sentence("The database is locked by another connection."),
        Sentence("Try again shortly."),
    ),
    sqlite3.SQLITE_READONLY: (
        Sentence("The database cannot be written to."),
        Sentence("Make the file and its folder writable for this user."),
    ),
    sqlite3.SQLITE_PERM: (
        Sentence("The database may not be opened."),
        Sentence("Make the file and its folder readable and writable for this user."),
    ),
    sqlite3.SQLITE_CANTOPEN: (
        Sentence("The database cannot be opened."),
        Sentence("Check that its folder exists and is writable for this user."),
    ),
    sqlite3.SQLITE_IOERR: (
        Sentence("The disk failed while the database was used."),
        Sentence("Check the disk and the system's log."),
    ),
    sqlite3.SQLITE_FULL: (
        Sentence("The disk is full."),
        Sentence("Free some space, then repeat the command or the request; nothing was lost."),
    ),
    sqlite3.SQLITE_NOTADB: (
        Sentence("The file is no SQLite database, or its beginning is damaged."),
        Sentence("Name another file, or restore this one from a copy that verifies."),
    ),
}

_MISSING: Final = re.compile(r"no such (table|column): (main\.)?(log|tiles|head)\b")

_LOST: Final = (
    asyncpg.InterfaceError,
    # What is asked when the server's last word was read, and not yet that it has hung up.
    asyncpg.InternalClientError,
    OSError,
    asyncio.TimeoutError,
)
"""What the driver says of a connection that is of no use any more."""

_POSTGRESQL_MEANINGS: Final[dict[str, tuple[Sentence, Sentence]]] = {
    "08": (
        Sentence("The connection to the database was lost."),
        Sentence("Check that the server runs and try again."),
    ),
    "57": (
        Sentence("The database server is shutting down or starting."),
        Sentence("Try again shortly."),
    ),
    "53100": (
        Sentence("The database server's disk is full."),
        Sentence(
            "Free some space there, then repeat the command or the request; nothing was lost."
        ),
    ),
    "53": (
        Sentence("The database server has run out of memory or connections."),
        Sentence("Free some, then repeat the command or the request; nothing was lost."),
    ),
    "55": (
        Sentence("The database is locked by another program."),
        Sentence("Find it in pg_stat_activity."),
    ),
    "40": (
        Sentence("The database gave this transaction up for another one."),
        Sentence("Try again."),
    ),
    "25": (
        Sentence("The database cannot be written to."),
        Sentence("Connect to the primary server."),
    ),
    "28": (
        Sentence("The database refused the user or password."),
        Sentence("Check the database URL."),
    ),
    "3D": (
        Sentence("There is no such database on the server."),
        Sentence("Create it, or check the database URL."),
    ),
    "42501": (
        Sentence("The database user lacks a right."),
        Sentence("Grant it SELECT, INSERT and UPDATE."),
    ),
    "58": (
        Sentence("The database server's disk failed."),
        Sentence("Check the server's disk and its log."),
    ),
}


def of_sqlite(error: BaseException) -> LedgerError | None:
    """By SQLite's primary result code (https://sqlite.org/rescode.html)."""
    if _driver_error(error, UnicodeDecodeError) is not None:
        # SQLite quotes a damaged name in its error, and the driver cannot read that error.
        return CorruptLogError(0, "a name in the database is no UTF-8")
    found = _driver_error(error, sqlite3.Error)
    if found is None:
        return None
    code = getattr(found, "sqlite_errorcode", None)
    if code is None:
        # The driver itself objects, not SQLite: a text whose bytes are none.
        is_no_text = "decode to UTF-8" in str(found)
        return CorruptLogError(0, "a text in the database is no UTF-8") if is_no_text else None
    if code == sqlite3.SQLITE_ERROR:
        return _of_spoilt_schema(str(found))
    # Nothing of ours is too big for SQLite; a damaged page may say that it holds more than that.
    if code & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_TOOBIG}:
        reason = f"the database file is damaged ({found}); restore a copy that verifies"
        return CorruptLogError(0, reason)
    meaning = _SQLITE_MEANINGS.get(code & 0xFF)
    return StoreUnavailableError(*meaning) if meaning else None


def _of_spoilt_schema(words: str) -> LedgerError | None:
    """SQLite has one code for mistakes in a statement and for files whose beginning is spoilt."""
    if words == "unsupported file format":
        return StoreUnavailableError(*_SQLITE_MEANINGS[sqlite3.SQLITE_NOTADB])
    if _MISSING.match(words):
        return CorruptLogError(0, f"the database file lacks what every log has ({words})")
    return None


def of_postgresql(error: BaseException) -> LedgerError | None:
    """By SQLSTATE, whole or by class (PostgreSQL manual, appendix A)."""
    found = _driver_error(error, asyncpg.PostgresError)
    if found is not None:
        state = str(getattr(found, "sqlstate", ""))
        meaning = _POSTGRESQL_MEANINGS.get(state) or _POSTGRESQL_MEANINGS.get(state[:2])
        return StoreUnavailableError(*meaning) if meaning else None
    if _driver_error(error, *_LOST) is not None:
        return StoreUnavailableError(*_POSTGRESQL_MEANINGS["08"])
    return None


def _driver_error(error: BaseException | None, *kinds: type[BaseException]) -> BaseException | None:
    """Find the driver's own error under what SQLAlchemy wrapped around it."""
    while error is not None:
        if isinstance(error, kinds):
            return error
        error = getattr(error, "orig", None) or error.__cause__
    return None
