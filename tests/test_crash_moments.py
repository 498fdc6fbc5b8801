"""After `kill -9` at a chosen moment of a call to a provider no money moves twice or is lost.

The table says at which calls: each is held where the provider is, on its way in or on its way out,
until every one of the table is; then the server is killed, so that one death comes at all of these
moments at once. What comes in is lost with the server, or reaches the provider late; what goes out
is heard by nobody. Then the same while the next server recovers.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Literal, get_args

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from adapters.sandbox.faults import Faults
from adapters.sandbox.rail import RailSandbox
from adapters.sandbox.server import SandboxServer
from api.wiring import utc_now
from ledger.payment import Payment, Status
from tests.deployment import NEVER_PAID, Deployment, a_deployment

pytestmark = pytest.mark.slow

PROVIDERS = ("mtn", "orange_cm", "wave")
HOLD_SECONDS_MAX = 30.0

Where = Literal["coming in", "going out", "coming in late"]
Moment = tuple[str, str, Where]
"""A provider, how one of its calls begins, and where that is when the server dies."""

TRANSFER = "POST /disbursement/v1_0/transfer"
REFUND = "POST /disbursement/v2_0/refund"
ABOUT_TRANSFER = "GET /disbursement/v1_0/transfer/"
ABOUT_REFUND = "GET /disbursement/v1_0/refund/"
CASHIN = "/omcoreapis/1.0.2/cashin"
HOLDER = "POST /omcoreapis/1.0.2/infos/subscriber/customer/"

IN_ITS_WORK: tuple[Moment, ...] = (
    ("mtn", "POST /collection/v1_0/requesttopay", "coming in"),
    ("mtn", "POST /collection/v1_0/requesttopay", "going out"),
    ("mtn", TRANSFER, "coming in"),
    ("mtn", TRANSFER, "going out"),
    ("mtn", TRANSFER, "coming in late"),
    ("mtn", ABOUT_TRANSFER, "coming in"),
    ("mtn", ABOUT_TRANSFER, "going out"),
    ("mtn", REFUND, "coming in"),
    ("mtn", REFUND, "going out"),
    ("mtn", REFUND, "coming in late"),
    ("mtn", ABOUT_REFUND, "coming in"),
    ("mtn", ABOUT_REFUND, "going out"),
    ("wave", "POST /v1/verify_recipient", "going out"),
    ("wave", "POST /v1/payout", "coming in"),
    ("wave", "POST /v1/payout", "going out"),
    ("wave", "POST /v1/payout", "coming in late"),
    ("orange_cm", f"POST {CASHIN}/init", "coming in"),
    ("orange_cm", f"POST {CASHIN}/init", "going out"),
    ("orange_cm", HOLDER, "coming in"),
    ("orange_cm", f"POST {CASHIN}/pay", "coming in"),
    ("orange_cm", f"POST {CASHIN}/pay", "going out"),
)
"""Where everything is that the first server does when it dies."""

IN_ITS_RECOVERY: tuple[Moment, ...] = (
    ("mtn", ABOUT_TRANSFER, "going out"),
    ("mtn", TRANSFER, "going out"),
    ("mtn", ABOUT_REFUND, "coming in"),
    ("mtn", REFUND, "coming in"),
    ("wave", "POST /v1/payout", "going out"),
    ("orange_cm", f"GET {CASHIN}/paymentstatus/", "coming in"),
)
"""Where everything is that the second server takes up again when it dies in turn."""

NEVER_SENT = (HOLDER, f"POST {CASHIN}/pay")
"""Where a payout to Orange has its intent and does not get there: nobody sends it again by himself,
and Orange lets it expire."""


@dataclass
class _Late:
    """A call whose sender is dead, and that the provider has not seen yet."""

    may_come: asyncio.Event = field(default_factory=asyncio.Event)
    has_come: asyncio.Event = field(default_factory=asyncio.Event)


def _reference_in(request: web.Request) -> str:
    """The reference under which MTN or Wave is told to move money."""
    headers = request.headers
    return headers.get("X-Reference-Id") or headers["Idempotency-Key"]


@dataclass
class Stops:
    """Holds calls at the moments of a table, whichever movement comes there first."""

    wanted: list[Moment] = field(default_factory=list)
    has_died: asyncio.Event = field(default_factory=asyncio.Event)
    late: dict[str, _Late] = field(default_factory=dict)
    """What comes in late, by its reference."""
    are_all_held: asyncio.Event = field(default_factory=asyncio.Event)
    calls: Counter[str] = field(default_factory=Counter)
    """How often each call has come, held or not."""

    def hold(self, moments: Sequence[Moment]) -> None:
        """Hold the next calls at these moments."""
        self.wanted = list(moments)
        self.has_died, self.are_all_held = asyncio.Event(), asyncio.Event()

    def lose(self) -> None:
        """Let what is held be lost with the server; or come in late, once that seems impossible."""
        self.has_died.set()

    async def until_all_are_held(self) -> None:
        """Wait until a call stands at each of the moments."""
        try:
            async with asyncio.timeout(HOLD_SECONDS_MAX):
                await self.are_all_held.wait()
        except TimeoutError:
            raise AssertionError(f"nothing came to {self.wanted}") from None

    def watch(self, provider: str, server: SandboxServer) -> None:
        """Put the stops before everything else that a provider does with a call."""
        create = server._create

        @web.middleware
        async def stop(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._pass(provider, request, handler)

        def create_watched() -> web.Application:
            application = create()
            application.middlewares.insert(0, stop)
            return application

        server._create = create_watched

    async def _pass(
        self, provider: str, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        self.calls[f"{request.method} {request.path}"] += 1
        moment = self._moment_of(provider, f"{request.method} {request.path}")
        if moment is None:
            answer = await handler(request)
            await self._let_in_what_was_denied(request, answer)
            return answer
        # The body must be here: the connection will not live.
        await request.read()
        has_died = self.has_died
        if moment[2] == "going out":
            await handler(request)
        if not self.wanted:
            self.are_all_held.set()
        await has_died.wait()
        if moment[2] == "coming in late":
            late = self.late[_reference_in(request)] = _Late()
            await late.may_come.wait()
            await handler(request)
            late.has_come.set()
        return web.Response(status=503)

    def _moment_of(self, provider: str, call: str) -> Moment | None:
        for moment in self.wanted:
            if moment[0] == provider and call.startswith(moment[1]):
                self.wanted.remove(moment)
                return moment
        return None

    async def _let_in_what_was_denied(
        self, request: web.Request, answer: web.StreamResponse
    ) -> None:
        """Let a late call in between "I do not know it" and who hears that."""
        for reference, late in self.late.items():
            is_about_it = request.method == "GET" and reference in request.path_qs
            if is_about_it and reference not in str(getattr(answer, "text", "")):
                late.may_come.set()
                await late.has_come.wait()


@asynccontextmanager
async def watched_by(
    stops: Stops,
    database_url: str,
    *,
    providers: Sequence[str] = PROVIDERS,
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[Deployment]:
    """Start providers whose calls are held, in this process, and a server over them.

    Args:
        stops: hold the calls.
        database_url: where the log is to be.
        providers: their names.
        settings: further ones of the server.
    """
    async with AsyncExitStack() as stack:
        running: dict[str, SandboxServer] = {}
        pointed = {"CAURI_PROVIDERS": ",".join(providers), **(settings or {})}
        for name in providers:
            trial = import_module(f"adapters.sandbox.{name}_trial")
            server = trial.make_trial(clock=utc_now, faults=Faults.none(), port=0, folder=None)
            stops.watch(name, server)
            running[name] = await stack.enter_async_context(server)
            for field_name, value in trial.adapter_fields(server).items():
                pointed[f"CAURI_{name}_{field_name}".upper()] = value
        urls = {name: server.url for name, server in running.items()}
        made = await stack.enter_async_context(
            a_deployment(database_url, servers=1, books_urls=urls, pointed=pointed)
        )
        for name, server in running.items():
            if isinstance(server, RailSandbox):
                server.webhook_url = f"http://localhost:{made.servers[0].port}/webhooks/{name}/it"
        yield made


def is_left_to_expire(state: Payment) -> bool:
    """Whether Orange was asked, and still waits for what nobody will send any more."""
    return state.provider == "orange_cm" and state.note == NEVER_PAID


def moments_of(*beginnings: str, where: Sequence[Where] = get_args(Where)) -> int:
    """How many of the first table's calls begin so."""
    return sum(call.startswith(beginnings) and at in where for _, call, at in IN_ITS_WORK)


async def test_whatever_call_a_server_is_killed_in_its_money_moves_once_or_is_listed(
    tmp_path: Path,
) -> None:
    stops, numbers = Stops(), itertools.count()

    async def times(count: int, ask: Callable[[int], Awaitable[str]]) -> list[str]:
        return await asyncio.gather(*(ask(next(numbers)) for _ in range(count)))

    async with watched_by(stops, f"sqlite:///{tmp_path / 'cauri.db'}") as shop:
        by_mtn, by_orange = partial(_collected, shop, "mtn"), partial(_collected, shop, "orange_cm")
        paid_to_mtn = await times(moments_of(REFUND, ABOUT_REFUND), by_mtn)
        paid_to_orange = await times(moments_of(f"POST {CASHIN}", HOLDER), by_orange)
        await shop.until_final()

        stops.hold(IN_ITS_WORK)
        await asyncio.gather(
            times(moments_of("POST /collection"), by_mtn),
            times(moments_of(TRANSFER, ABOUT_TRANSFER), partial(_paid_out, shop, "mtn", "CM")),
            times(moments_of("POST /v1"), partial(_paid_out, shop, "wave", "SN")),
            *(shop.give_back(next(numbers), one, amount=500) for one in paid_to_mtn),
            *(shop.give_back(next(numbers), one) for one in paid_to_orange),
        )
        for following in (IN_ITS_RECOVERY, ()):
            await stops.until_all_are_held()
            await shop.servers[0].kill()
            stops.lose()
            stops.hold(following)
            await shop.servers[0].start()

        await shop.until_final(besides=is_left_to_expire)
        assert all(one.has_come.is_set() for one in stops.late.values())
        still_open = await shop.check_everything()
        assert {one.power for one in still_open} == {"payout"}
        # On a slow machine a call has timed out before the kill, and the payout went on without it.
        assert len(still_open) <= moments_of(*NEVER_SENT, where=["coming in"])
        everything = [await shop.state(name) for name in shop.receipts]
        assert {one.status for one in everything} == {Status.SUCCEEDED, Status.PENDING}


async def _collected(shop: Deployment, provider: str, number: int) -> str:
    prefix = "+23767" if provider == "mtn" else "+23769"
    return await shop.collect(number, provider, f"{prefix}{number:05d}01")


async def _paid_out(shop: Deployment, provider: str, country: str, number: int) -> str:
    prefix, currency = {"CM": ("+23767", "XAF"), "SN": ("+22177", "XOF")}[country]
    phone = f"{prefix}{number:05d}01"
    return await shop.pay_out(number, provider, phone, currency=currency, country=country)
