"""A server on a real socket with everything behind it, and people who hold keys to it.

Numbers used here are synthetic: 650 00 00 xx and 690 00 00 xx of Cameroon.
"""

import io
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import structlog
from aiohttp import web
from aiohttp.test_utils import TestServer

from api.app import create_app
from api.authentication import Role, new_key
from api.connections import BoundedRunner
from api.logs import configure_logs
from api.settings import Settings
from api.wiring import services
from api.wiring_services import Services
from ledger import commands
from ledger.entry import Context
from ledger.identity import Mode
from ledger.memory import MemoryEventStore
from ledger.store import Clock, EventStore

MTN_PHONE = "+237650000001"
ORANGE_PHONE = "+237690000001"
CONTEXT = Context("test", "conversation", "request:test")

PROVIDER_TABLES = {
    "mtn": {
        "base_url": "http://127.0.0.1:9",
        "subscription_key": "a-synthetic-subscription-key",
        "api_user": "a-synthetic-user",
        "api_key": "a-synthetic-api-key",
    },
    "orange": {
        "base_url": "http://127.0.0.1:9",
        "country_segment": "cm",
        "client_id": "a-synthetic-client",
        "client_secret": "a-synthetic-secret",
        "merchant_key": "a-synthetic-key",
    },
}
"""Nobody listens there, and unless a test says so nobody submits anything."""

HUB2 = {
    "base_url": "http://127.0.0.1:9",
    "merchant_id": "a-synthetic-merchant",
    "api_key": "a-synthetic-api-key",
}
"""What the table of an integrator says, for a world that enables one."""


@dataclass
class Answer:
    """An answer, read whole."""

    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The problem's code."""
        return str(self.json["code"])


@dataclass
class World:
    """A server that runs, and keys to it."""

    services: Services
    url: str
    session: aiohttp.ClientSession
    keys: dict[str, str] = field(default_factory=dict)
    """Who (a role, or a merchant's id) -> the text of the key."""

    async def ask(
        self, method: str, path: str, *, who: str | None = None, **options: Any
    ) -> Answer:
        """Send a request as somebody (None: without a key)."""
        headers = dict(options.pop("headers", {}))
        if who is not None:
            headers["Authorization"] = f"Bearer {self.keys.get(who, who)}"
        async with self.session.request(
            method, self.url + path, headers=headers, **options
        ) as response:
            # A live stream has no end to be read to.
            is_endless = response.content_type == "text/event-stream"
            body = b"" if is_endless else await response.read()
            return Answer(response.status, response.headers, body)

    async def get(self, path: str, *, who: str | None = "mer_1", **options: Any) -> Answer:
        """GET as somebody; by default the first merchant."""
        return await self.ask("GET", path, who=who, **options)

    async def pay(
        self,
        content: Any = None,
        *,
        key: str | None = "order-1",
        who: str | None = "mer_1",
        **options: Any,
    ) -> Answer:
        """Ask for a payment."""
        headers = dict(options.pop("headers", {}))
        if key is not None:
            headers["Idempotency-Key"] = key
        if "data" not in options:
            options["json"] = a_payment() if content is None else content
        return await self.ask("POST", "/v1/payments", who=who, headers=headers, **options)

    async def caught_up(self) -> int:
        """Wait until the projections have seen the whole log; its last position."""
        position = await self.services.store.position()
        assert await self.services.projections.wait_for(position, 20)
        return position

    async def add_merchant(self, merchant_id: str, country: str = "CM") -> None:
        """Add a merchant and its key, known by the merchant's id."""
        await self.services.handler.handle(
            commands.AddMerchant(merchant_id=merchant_id, name="A shop", country=country),
            context=CONTEXT,
        )
        await self.add_key(merchant_id, "merchant", merchant_id)

    async def add_key(
        self,
        who: str,
        role: Role,
        merchant_id: str | None = None,
        *,
        mode: Mode | None = None,
        label: str | None = None,
    ) -> str:
        """Issue a key under a name of the test's; the key's id."""
        key = new_key(role, mode=mode)
        self.keys[who] = key.text
        await self.services.handler.handle(
            commands.IssueKey(
                key_id=key.key_id,
                role=role,
                merchant_id=merchant_id,
                secret_digest=key.secret_digest,
                mode=mode,
                label=label,
            ),
            context=CONTEXT,
        )
        return key.key_id


HURRIED: dict[str, Any] = {
    "key_requests_per_second_max": 100_000,
    "payer_payments_per_minute_max": 1000,
}
"""Limits for tests of something else: the same few ask all the time, and the clock stands still."""


def a_payment(**changes: Any) -> dict[str, Any]:
    """A request that is taken."""
    return {"amount": "1500", "currency": "XAF", "payer": {"phone": MTN_PHONE}, **changes}


def settings_in(folder: Path, **changes: Any) -> Settings:
    """Settings of a development server whose files are in a folder."""
    return Settings(
        database_url=f"sqlite:///{folder / 'cauri.db'}",
        providers=("mtn", "orange"),
        provider_tables=PROVIDER_TABLES,
        **HURRIED,
    ).with_changes(**changes)


class _Server(TestServer):
    """A test server whose connections are bounded as those of `cauri serve` are."""

    def __init__(self, app: web.Application, limits: Settings) -> None:
        super().__init__(app)
        self._limits = limits

    async def _make_runner(self, **options: Any) -> web.AppRunner:
        return BoundedRunner(self.app, limits=self._limits, **options)


@asynccontextmanager
async def a_world(
    settings: Settings,
    *,
    clock: Clock,
    is_in_memory: bool = False,
    is_working: bool = False,
    store: EventStore | None = None,
) -> AsyncIterator[World]:
    """Serve on a free port, with one key of every role and two merchants."""
    if is_in_memory:
        store = MemoryEventStore(clock=clock)
    async with AsyncExitStack() as stack:
        lent = await stack.enter_async_context(
            services(
                settings, clock=clock, store=store, is_working=is_working, is_loopback_only=True
            )
        )
        server = await stack.enter_async_context(_Server(create_app(lent), settings))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        world = World(lent, str(server.make_url("")).rstrip("/"), session)
        if not await lent.store.position():
            for merchant_id in ("mer_1", "mer_2"):
                await world.add_merchant(merchant_id)
            roles: tuple[Role, ...] = ("accountant", "auditor", "operator", "admin")
            for role in roles:
                await world.add_key(role, role)
        yield world


@contextmanager
def captured_logs(level: str = "debug") -> Iterator[io.BytesIO]:
    """Write every log line as a server would, into memory."""
    import logging

    root = logging.getLogger()
    before = root.handlers[:], root.level
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, write_through=True)
    configure_logs(level, "json", stream)
    try:
        yield written
    finally:
        root.handlers[:], root.level = before
        structlog.reset_defaults()
        stream.detach()
