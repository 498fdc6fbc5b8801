"""What every sandbox of a rail shares: books, time, weather, tokens and callbacks.

A rail's sandbox is a subclass with its provider's protocol and nothing else: its routes, its words
and error bodies, and what its callback says. This class books what was accepted, lets it end at its
time, tells the merchant's server, spoils answers by the fault model, and shows the books at
`GET /_sandbox/books?after=N&limit=M` (ours, not the provider's; no key, no faults).

The trick: a movement's end is a function of its scenario, booked at acceptance; so a sandbox that
was killed and started again lets every open movement end as it would have.

Why a base class here and nowhere else: a sandbox is a server with one life, and its protocol is
called back by that life (routes, callbacks, endings); nine copies of it would differ by accident.
"""

import hashlib
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import ClassVar, Final, Literal

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveFloat, PositiveInt

from adapters.answer import object_in
from adapters.sandbox.callbacks import RETRY_SCHEDULE, Callback, CallbackSender, RetryBlock
from adapters.sandbox.faults import Call, Faults, FaultyLine
from adapters.sandbox.movements import Books, Ending, Movement, Scenario
from adapters.sandbox.server import RefusedError, SandboxServer
from adapters.sandbox.timer import LoopTimer, Timer

NAMED: Final = web.RequestKey("named", str)
"""What a call is about, by the member of its body that says so."""

PAGE_SIZE_MAX: Final = 1_000
TOKENS_MAX: Final = 10_000
"""How many tokens are valid at once; the oldest are forgotten first."""

_ENDINGS: Final[dict[Scenario, Ending]] = {
    Scenario.PAYS: "succeeded",
    Scenario.SLOW: "succeeded",
    Scenario.EXPIRES: "expired",
}
"""How a movement ends by its scenario; every other one fails."""


class RailSettings(BaseModel):
    """The switches every sandbox has; a rail adds its own. Durations in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65_535)
    books_path: Path | None = None
    movements_max: PositiveInt = 100_000
    body_bytes_max: PositiveInt = 64 * 1024
    decide_after_seconds: NonNegativeFloat = 0.0
    """From acceptance to the final word; 0 is at once."""
    slow_seconds: NonNegativeFloat = 25.0
    expire_after_seconds: PositiveFloat = 420.0
    """How long a payer may take to confirm."""
    callback_after_seconds: NonNegativeFloat = 0.05
    callback_mode: Literal["once", "retry_schedule"] = "once"
    callback_any_host: bool = False
    webhook_url: str | None = None
    """The address registered at the provider's portal, where that is how it is told."""
    token_lifetime_seconds: PositiveInt = 3600
    opening_balance_minor: int = 100_000_000


class RailSandbox(SandboxServer):
    """A provider's server in this process: `async with` it, or `start` and `stop`.

    `books` and `sender` are those of the last start; `webhook_url` may be registered at any time.
    """

    retry_schedule: ClassVar[Sequence[RetryBlock]] = RETRY_SCHEDULE
    """When a callback that was not received is sent again, in that mode."""
    is_refusal_final: ClassVar[bool] = False
    """Whether a callback that was answered with 4xx is not sent again."""
    named_by: ClassVar[Sequence[str]] = ()
    """Members of a body that name what a call is about, the first that is there (`a.b` is a
    member of a member): `name_call` finds it under `NAMED`, so that faults hit the same movements
    in whatever order calls come."""

    def __init__(
        self,
        settings: RailSettings,
        *,
        clock: Callable[[], datetime],
        faults: Faults | None = None,
        timer: Timer | None = None,
    ) -> None:
        self.base_settings = settings
        self.webhook_url = settings.webhook_url
        self.clock = clock
        self.timer: Timer = LoopTimer() if timer is None else timer
        self.faults = Faults.none() if faults is None else faults
        self.books: Books
        self.sender: CallbackSender
        self._tokens: dict[str, datetime] = {}
        self._tokens_issued = 0
        self._is_stopped = False
        super().__init__(self._create, host=settings.host, port=settings.port)

    @abstractmethod
    def routes(self) -> list[web.RouteDef]:
        """The provider's calls."""

    @abstractmethod
    def name_call(self, request: web.Request) -> Call | None:
        """Name a call for its faults; None for what suffers none (tokens, a payer's page)."""

    @abstractmethod
    def callback_of(self, movement: Movement) -> Callback | None:
        """Write the message about a movement as it now stands; None where none is sent."""

    @abstractmethod
    def reason_of(self, movement: Movement) -> str | None:
        """The provider's own code for a failure by this movement's scenario."""

    def expires_after_seconds(self, movement: Movement) -> float:
        """How long a payer may take; a rail whose merchant says it for each movement overrides."""
        return self.base_settings.expire_after_seconds

    def members_in(self, body: bytes) -> Mapping[str, object]:
        """Read a request's members for `named_by`; a rail that speaks no JSON overrides."""
        return object_in(body) or {}

    def error_answer(self, status: int) -> web.Response:
        """Make the provider's own shape of a 500 or 503, for the fault model."""
        return web.Response(status=status)

    def missing_answer(self) -> web.Response:
        """Make the provider's answer to a path it does not serve."""
        return web.Response(status=404)

    async def begin(self, movement: Movement) -> Movement:
        """Book an accepted movement and start the way to its end; call it before answering.

        One that awaits its payer ends when `end` is called, or expires. Returns the movement as it
        then stands: with an early callback it has ended already.
        """
        booked = self.books.accept(movement)
        if booked.awaits_payer or booked.scenario is Scenario.EXPIRES:
            self._end_later(booked, self._delay_seconds(booked))
            return booked
        if self.sender.is_early(booked.id):
            ended = self._end(booked)
            callback = self.callback_of(ended)
            if callback is not None:
                await self.sender.send_now(callback)
            return ended
        delay_seconds = self._delay_seconds(booked)
        if delay_seconds == 0:
            return self.end(booked.id)
        self._end_later(booked, delay_seconds)
        return booked

    def confirm(self, movement_id: str, phone: str) -> Movement:
        """Let a person confirm what awaits its payer: it ends by the scenario of the number."""
        movement = self.books.movements[movement_id]
        if self._is_stopped or movement.ending is not None or not movement.awaits_payer:
            return movement
        confirmed = self.books.confirm(movement_id, phone=phone, at=self.clock())
        delay_seconds = self._delay_seconds(confirmed)
        if delay_seconds == 0:
            return self.end(movement_id)
        self._end_later(confirmed, delay_seconds)
        return confirmed

    def call_off(self, movement_id: str) -> Movement:
        """Let a person call off what awaits its payer."""
        return self.end(movement_id, "cancelled")

    def end(self, movement_id: str, ending: Ending | None = None) -> Movement:
        """End a movement now, by its scenario or in a given way, and tell the merchant."""
        movement = self.books.movements[movement_id]
        if self._is_stopped or movement.ending is not None:
            return movement
        ended = self._end(movement, ending)
        callback = self.callback_of(ended)
        if callback is not None:
            self.timer.call_later(
                self.base_settings.callback_after_seconds, lambda: self.sender.send(callback)
            )
        return ended

    def balance_minor(self, currency: str) -> int:
        """What lies in the merchant's account now."""
        moved = self.books.moved_minor
        return (
            self.base_settings.opening_balance_minor
            + moved("collection", currency)
            - moved("payout", currency)
            - moved("refund", currency)
        )

    def issue_token(self) -> str:
        """Make an access token that is good for `token_lifetime_seconds`."""
        self._tokens_issued += 1
        text = f"{self._tokens_issued}\0{self.clock().isoformat()}\0{self.timer.now_seconds()}"
        token = hashlib.sha256(text.encode()).hexdigest()
        lifetime = timedelta(seconds=self.base_settings.token_lifetime_seconds)
        self._tokens[token] = self.clock() + lifetime
        while len(self._tokens) > TOKENS_MAX:
            del self._tokens[next(iter(self._tokens))]
        return token

    def is_token(self, token: str) -> bool:
        """Whether an access token is one of ours and still good."""
        until = self._tokens.get(token)
        return until is not None and self.clock() < until

    def expire_tokens(self) -> None:
        """Let every access token end earlier than was promised."""
        self._tokens.clear()

    def _create(self) -> web.Application:
        settings = self.base_settings
        self._is_stopped = False
        self.books = Books(settings.books_path, movements_max=settings.movements_max)
        self.sender = CallbackSender(
            self.faults,
            timer=self.timer,
            mode=settings.callback_mode,
            any_host=settings.callback_any_host,
            schedule=self.retry_schedule,
            is_refusal_final=self.is_refusal_final,
        )
        application = web.Application(
            client_max_size=settings.body_bytes_max, middlewares=[self._answer_refusals]
        )
        FaultyLine(
            self.faults, timer=self.timer, name_call=self.name_call, error_answer=self.error_answer
        ).install(application)
        if self.named_by:
            application.middlewares.insert(0, self._read_name)
        application.add_routes([*self.routes(), web.get("/_sandbox/books", self._show_books)])
        application.on_startup.append(self._started)
        application.on_cleanup.append(self._stopped)
        return application

    async def _started(self, _application: web.Application) -> None:
        await self.sender.start()
        for movement in list(self.books.movements.values()):
            if movement.ending is None:
                self._resume(movement)

    def _resume(self, movement: Movement) -> None:
        """Set the timer of a movement that a former life left open."""
        since = movement.confirmed_at or movement.accepted_at
        passed_seconds = (self.clock() - since).total_seconds()
        self._end_later(movement, max(0.0, self._delay_seconds(movement) - passed_seconds))

    def _end_later(self, movement: Movement, seconds: float) -> None:
        ending: Ending | None = "expired" if movement.awaits_payer else None

        def end() -> None:
            # Whoever confirmed in time is no longer bound by the end of the page.
            if self.books.movements[movement.id].confirmed_at == movement.confirmed_at:
                self.end(movement.id, ending)

        self.timer.call_later(seconds, end)

    async def _stopped(self, _application: web.Application) -> None:
        self._is_stopped = True
        await self.sender.stop()
        self.books.close()

    def _delay_seconds(self, movement: Movement) -> float:
        if movement.awaits_payer or movement.scenario is Scenario.EXPIRES:
            return self.expires_after_seconds(movement)
        if movement.scenario is Scenario.SLOW:
            return self.base_settings.slow_seconds
        return self.base_settings.decide_after_seconds

    def _end(self, movement: Movement, ending: Ending | None = None) -> Movement:
        chosen = ending or _ENDINGS.get(movement.scenario, "failed")
        reason = None if chosen == "succeeded" else self.reason_of(movement)
        return self.books.end(movement.id, chosen, reason=reason, at=self.clock())

    async def _show_books(self, request: web.Request) -> web.Response:
        """Answer one page of the books; `next` is where the following page begins."""
        try:
            after = max(0, int(request.query.get("after", "0")))
            limit = min(PAGE_SIZE_MAX, max(1, int(request.query.get("limit", PAGE_SIZE_MAX))))
        except ValueError:
            return web.Response(status=400)
        rows = islice(self.books.movements.values(), after, after + limit)
        page = [asdict(row) for row in rows]
        total = len(self.books.movements)
        following = after + len(page) if after + len(page) < total else None
        body = {"movements": page, "total": total, "next": following}
        return web.Response(body=orjson.dumps(body), content_type="application/json")

    @property
    def _read_name(self) -> Middleware:
        @web.middleware
        async def read(request: web.Request, handler: Handler) -> web.StreamResponse:
            try:
                body = self.members_in(await request.read())
            except web.HTTPRequestEntityTooLarge:
                return web.Response(status=413)
            found = (_member(body, one.split(".")) for one in self.named_by)
            request[NAMED] = next((one for one in found if one), "")
            return await handler(request)

        return read

    @property
    def _answer_refusals(self) -> Middleware:
        @web.middleware
        async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
            try:
                return await handler(request)
            except RefusedError as refused:
                return refused.answer
            except web.HTTPRequestEntityTooLarge:
                return web.Response(status=413)
            except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
                return self.missing_answer()

        return answer


def _member(body: Mapping[str, object], path: Sequence[str]) -> str:
    """Read a member of a member; empty where it is no text or number."""
    value: object = body
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return str(value) if isinstance(value, (str, int)) else ""
