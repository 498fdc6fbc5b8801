"""A stage for whole routes: both providers' sandboxes, and a server over them, on real sockets.

Time is real and short: providers decide within a tenth of a second, and our own waits are as small
as their limits allow. Tests wait for positions of the log and never for time. The sandboxes' books
are the truth with which `Stage.told` compares what the ledger says.
"""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler

from adapters.sandbox.faults import Faults
from adapters.sandbox.mtn import MtnSandbox
from adapters.sandbox.mtn_rules import MtnSandboxSettings
from adapters.sandbox.mtn_trial import ENVIRONMENT, USER
from adapters.sandbox.mtn_trial import adapter_fields as mtn_fields
from adapters.sandbox.orange import OrangeSandbox
from adapters.sandbox.orange_rules import OrangeSandboxSettings
from adapters.sandbox.orange_trial import adapter_fields as orange_fields
from adapters.sandbox.payer import PayerSaw, pay_as_customer
from adapters.sandbox.server import SandboxServer
from api.app import create_app
from api.authentication import Role
from api.connections import BoundedRunner
from api.settings import Settings
from api.wiring import services, utc_now
from ledger.payment import Payment, Status
from ledger.store import Clock, EventStore
from tests.api_world import HURRIED, Answer, World

CODE = "123456"
WAIT_SECONDS = 20.0

FAST: dict[str, Any] = {
    "call_timeout_seconds": 0.5,
    "calls_per_second_max": 1000,
    "inquiries_per_second_max": None,
    "inquiry_first_seconds": 0.1,
    "inquiry_factor": 1,
    "inquiry_seconds_max": 0.1,
    "retry_first_seconds": 0.05,
    "retry_seconds_max": 0.1,
    "doubt_seconds": 0.1,
}
"""How our adapters call here, unless a test says otherwise."""

ONLY_CALLBACKS = {"inquiry_first_seconds": 60, "inquiry_seconds_max": 60}
"""How they call where nobody asks by himself: a word is of a callback, or was asked for by one."""

WORDS = {
    "SUCCESSFUL": "succeeded",
    "SUCCESS": "succeeded",
    "FAILED": "failed",
    "EXPIRED": "expired",
}


@dataclass
class Gauge:
    """What a provider sees of us: how many calls at once, and when each began (seconds)."""

    running: int = 0
    most: int = 0
    began: list[float] = field(default_factory=list)

    def most_within(self, seconds: float) -> int:
        """The most calls that began within any window of so many seconds."""
        return max(
            (sum(at <= other < at + seconds for other in self.began) for at in self.began),
            default=0,
        )


class Providers:
    """Both sandboxes, at addresses that stay, with books that survive a change of the weather."""

    def __init__(self, folder: Path, switches: Mapping[str, Mapping[str, Any]]) -> None:
        self._folder, self._switches = folder, switches
        self._ports = {"mtn": 0, "orange": 0}
        self._running: dict[str, SandboxServer] = {}
        self.gauges = {"mtn": Gauge(), "orange": Gauge()}

    @property
    def mtn(self) -> MtnSandbox:
        """The MTN sandbox of the present weather."""
        server = self._running["mtn"]
        assert isinstance(server, MtnSandbox)
        return server

    @property
    def orange(self) -> OrangeSandbox:
        """The Orange sandbox of the present weather."""
        server = self._running["orange"]
        assert isinstance(server, OrangeSandbox)
        return server

    async def weather(self, name: str, faults: Faults | None = None, **switches: Any) -> None:
        """Stop a provider and start it anew, with other faults and switches."""
        await self.leave(name)
        wanted = {
            "port": self._ports[name],
            "books_path": self._folder / f"books-{name}.jsonl",
            "decide_after_seconds": 0.05,
            **self._switches.get(name, {}),
            **switches,
        }
        server = _mtn(wanted, faults) if name == "mtn" else _orange(wanted, faults)
        _watch(server, self.gauges[name])
        await server.start()
        self._ports[name] = int(server.url.rpartition(":")[2])
        self._running[name] = server

    async def leave(self, name: str) -> None:
        """Make a provider unreachable; its books stay as they are."""
        if name in self._running:
            await self._running[name].stop()

    def adapter_table(self, name: str) -> dict[str, Any]:
        """What the adapter must be told."""
        fields = mtn_fields if name == "mtn" else orange_fields
        return {**fields(self._running[name]), **FAST}

    def words(self) -> dict[str, list[str]]:
        """By payment: what the books say of each reference that was ever accepted, sorted.

        A word is `succeeded`, `failed` or `expired`, or the provider's own where it is not final.
        """
        found: dict[str, list[str]] = {}
        for one in self.mtn.books.payments.values():
            word = "expired" if one.reason == "EXPIRED" else WORDS.get(one.status, one.status)
            found.setdefault(one.external_id or "", []).append(word)
        for order in self.orange.books.orders.values():
            payment_id = order.notif_url.split("/")[5]
            found.setdefault(payment_id, []).append(WORDS.get(order.status, order.status))
        return {payment_id: sorted(words) for payment_id, words in found.items()}


def _mtn(wanted: dict[str, Any], faults: Faults | None) -> MtnSandbox:
    """A production environment, whose scenarios are chosen by every number's last digits."""
    settings = {
        "target_environment": ENVIRONMENT,
        "currencies": ("XAF",),
        "users": (USER,),
        "scenario_by_last_digits": True,
        "status_calls_per_second_max": None,
        "delayed_seconds": 0.3,
        "approval_window_seconds": 0.3,
    }
    made = MtnSandboxSettings.model_validate(settings | wanted)
    return MtnSandbox(made, clock=utc_now, faults=faults)


def _orange(wanted: dict[str, Any], faults: Faults | None) -> OrangeSandbox:
    made = OrangeSandboxSettings.model_validate({"page_lifetime_seconds": 60.0} | wanted)
    return OrangeSandbox(made, clock=utc_now, faults=faults)


def _watch(server: SandboxServer, gauge: Gauge) -> None:
    """Count the API calls a sandbox gets, before anything else happens to them."""

    @web.middleware
    async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith(("/collection/", "/orange-money-webpay/")):
            return await handler(request)
        gauge.began.append(time.monotonic())
        gauge.running += 1
        gauge.most = max(gauge.most, gauge.running)
        try:
            return await handler(request)
        finally:
            gauge.running -= 1

    create = server._create

    def create_watched() -> web.Application:
        application = create()
        application.middlewares.insert(0, count)
        return application

    server._create = create_watched


@dataclass
class Stage(World):
    """A server that runs over the sandboxes, and people who use it."""

    providers: Providers = field(kw_only=True)

    async def request(self, number: int, *, provider: str = "mtn", ending: str = "01") -> str:
        """Ask for the n-th payment; its id. `ending`: the last digits of the payer's number."""
        prefix = "+23765000" if provider == "mtn" else "+23769000"
        content = {
            "amount": str(1000 + number),
            "currency": "XAF",
            "payer": {"phone": f"{prefix}{number:02d}{ending}"},
        }
        answer = await self.pay(content, key=f"order-{number}")
        assert answer.status == 202, answer.body
        return str(answer.json["id"])

    async def state(self, payment_id: str) -> Payment:
        """Where a payment stands."""
        return (await self.services.handler.payment(payment_id))[0]

    async def types(self, payment_id: str) -> list[str]:
        """The types of a payment's events, without their first word."""
        _, recorded = await self.services.handler.payment(payment_id)
        return [one.type.partition(".")[2] for one in recorded]

    async def until(
        self, is_so: Callable[[], Awaitable[bool]], seconds: float = WAIT_SECONDS
    ) -> None:
        """Wait until something is so, looking whenever the log has grown."""
        store = self.services.store
        async with asyncio.timeout(seconds):
            while True:
                position = await store.position()
                if await is_so():
                    return
                await store.wait_for(position + 1, seconds)

    async def until_status(
        self, payment_ids: Iterable[str], *wanted: Status, seconds: float = WAIT_SECONDS
    ) -> None:
        """Wait until every payment has one of these statuses."""
        waiting = list(payment_ids)

        async def is_so() -> bool:
            while waiting and (await self.state(waiting[-1])).status in wanted:
                waiting.pop()
            return not waiting

        try:
            await self.until(is_so, seconds)
        except TimeoutError:
            _, recorded = await self.services.handler.payment(waiting[-1])
            told = [f"{one.position} {one.event!r}" for one in recorded]
            raise AssertionError("\n".join(("not in time:", *told))) from None

    async def until_final(self, payment_ids: Iterable[str], seconds: float = WAIT_SECONDS) -> None:
        """Wait until every payment is final."""
        final = [status for status in Status if status.is_final]
        await self.until_status(payment_ids, *final, seconds=seconds)

    async def told(self, payment_ids: Iterable[str]) -> dict[str, tuple[str, list[str]]]:
        """By payment: what the ledger says, and what the providers' books say."""
        words = self.providers.words()
        return {
            payment_id: ((await self.state(payment_id)).status.value, words.get(payment_id, []))
            for payment_id in payment_ids
        }

    async def page_of(self, payment_id: str) -> str:
        """The address of Orange's page, as the merchant is told it."""
        await self.until_status([payment_id], Status.PENDING)
        answer = await self.get(f"/v1/payments/{payment_id}")
        return str(answer.json["redirect_url"])

    async def visit(self, payment_id: str, ending: str = "01") -> PayerSaw:
        """Be the payer: open the page, type a number and the code."""
        return await self.pay_at(await self.page_of(payment_id), ending)

    async def pay_at(self, page: str, ending: str = "01") -> PayerSaw:
        """Be the payer at a page that is open already."""
        return await pay_as_customer(self.session, page, f"+237 690 00 00 {ending}", CODE)

    async def call_back(self, path: str, content: Any, method: str = "POST") -> Answer:
        """Be a provider, or somebody who plays one: call a webhook."""
        return await self.ask(method, f"/webhooks/{path}", json=content)


@asynccontextmanager
async def sandboxes(
    folder: Path, switches: Mapping[str, Mapping[str, Any]] | None = None
) -> AsyncIterator[Providers]:
    """Open both providers in fair weather."""
    providers = Providers(folder, switches or {})
    try:
        for name in ("mtn", "orange"):
            await providers.weather(name)
        yield providers
    finally:
        for name in ("mtn", "orange"):
            await providers.leave(name)


@asynccontextmanager
async def serving(
    folder: Path,
    providers: Providers,
    *,
    enabled: tuple[str, ...] = ("mtn", "orange"),
    pace: Mapping[str, Any] | None = None,
    clock: Clock = utc_now,
    store: EventStore | None = None,
    keys: Mapping[str, str] | None = None,
    is_working: bool = True,
    others: Mapping[str, Mapping[str, Any]] | None = None,
    **changes: Any,
) -> AsyncIterator[Stage]:
    """Serve over the sandboxes; again, with the keys of the last time, over the same database.

    Args:
        folder: where the database is.
        providers: the sandboxes.
        enabled: the providers this server uses.
        pace: what adapters are told beyond `FAST`.
        clock: the server's present time.
        store: another log than the database's.
        keys: those of a former server.
        is_working: whether it submits, asks and translates.
        others: what the adapters of further providers are told, which the test itself has started.
        changes: settings.
    """
    async with AsyncExitStack() as stack:
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = listening.getsockname()[1]
        settings = Settings(
            database_url=f"sqlite:///{folder / 'cauri.db'}",
            port=port,
            # Providers want a host name to call back.
            public_url=f"http://localhost:{port}",
            providers=(*enabled, *(others or {})),
            provider_tables={
                name: providers.adapter_table(name) | dict(pace or {}) for name in enabled
            }
            | {name: {**told, **FAST, **(pace or {})} for name, told in (others or {}).items()},
            lease_margin_seconds=0.5,
            **HURRIED,
        ).with_changes(**changes)
        lent = await stack.enter_async_context(
            services(
                settings, clock=clock, store=store, is_working=is_working, is_loopback_only=True
            )
        )
        runner = BoundedRunner(create_app(lent), limits=lent.settings, shutdown_timeout=1.0)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.SockSite(runner, listening).start()
        session = await stack.enter_async_context(
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=WAIT_SECONDS))
        )
        stage = Stage(
            lent, f"http://127.0.0.1:{port}", session, dict(keys or {}), providers=providers
        )
        if keys is None:
            await stage.add_merchant("mer_1")
            roles: tuple[Role, ...] = ("accountant", "auditor", "operator")
            for role in roles:
                await stage.add_key(role, role)
        yield stage


@asynccontextmanager
async def a_stage(
    folder: Path,
    *,
    switches: Mapping[str, Mapping[str, Any]] | None = None,
    **options: Any,
) -> AsyncIterator[Stage]:
    """Open sandboxes (`switches` are theirs, by provider) and a server (see `serving`)."""
    async with (
        sandboxes(folder, switches) as providers,
        serving(folder, providers, **options) as stage,
    ):
        yield stage
