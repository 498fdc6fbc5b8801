"""Being alone: one process at a time does something to a database, and the next one is told so.

On PostgreSQL by an advisory lock of a session of its own, on SQLite by a lock on a file beside the
database's. Both end with the process that holds them, also with one that is killed, so nobody ever
has to clear anything away.

Why nobody waits: what is done alone here is begun by a person, who had better hear at once that
somebody else has begun it too.
"""

import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from ledger.errors import LedgerError
from ledger.sql_database import Database

ALONE_LOCK: Final = 0x6361757261
"""The name of the advisory lock; another one than the appenders'."""

SUFFIX: Final = "-alone"


@asynccontextmanager
async def alone(database: Database, refusal: LedgerError) -> AsyncIterator[None]:
    """Be the only process within.

    Args:
        database: what is to be changed by nobody else.
        refusal: raised where another process is within; only the caller knows what that means.
    """
    if database.kind.name == "postgresql":
        async with _alone_on_server(database, refusal):
            yield
        return
    # A file of its own: to close a descriptor of the database's would let go of SQLite's own locks.
    path = f"{database.engine.url.database}{SUFFIX}"
    held = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise refusal from None
        yield
    finally:
        os.close(held)


@asynccontextmanager
async def _alone_on_server(database: Database, refusal: LedgerError) -> AsyncIterator[None]:
    with database.translating():
        async with database.engine.connect() as connection:
            asked = f"SELECT pg_try_advisory_lock({ALONE_LOCK})"
            is_held = (await connection.exec_driver_sql(asked)).scalar_one()
            await connection.commit()  # no transaction is left open: the lock is the session's
            if not is_held:
                raise refusal
            try:
                yield
            finally:
                # The connection goes back to a pool, and must not take the lock with it.
                await connection.exec_driver_sql(f"SELECT pg_advisory_unlock({ALONE_LOCK})")
                await connection.commit()
