"""A local SDK Scheme Adapter with a scheme behind it: the outbound API, and calls to our backend.

It keeps what the real one keeps (in Redis there, in the books here): where each transfer stands. So
its traps are here too: one homeTransactionId makes as many transfers as it is sent; a question
overwrites what is remembered, and a quote nobody accepted before can then not be accepted any more;
`currentState` says COMPLETED of a question about an aborted transfer; an error is left by nobody.

Not here: bulk, currency conversion (a payee of another currency is an error), one-time codes, the
FSPIOP side with its signatures. It asks for no credentials, as the SDK does not.

Sources: see `mojaloop_rules`.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Final

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

from adapters.sandbox.callbacks import Callback
from adapters.sandbox.faults import Call, Faults
from adapters.sandbox.mojaloop_payers import Payers, callback_about, transfer_id_of
from adapters.sandbox.mojaloop_rules import (
    MojaloopSandboxSettings,
    Wanted,
    answered,
    error_information,
    made_id,
    quote_of,
    read_choice,
    read_request_to_pay,
    read_transfer,
)
from adapters.sandbox.mojaloop_views import Views, failed, request_failed
from adapters.sandbox.movements import Ending, Kind, Movement, Scenario, scenario_of
from adapters.sandbox.rail import RailSandbox
from adapters.sandbox.server import RefusedError
from adapters.sandbox.timer import Timer, wait

DEFAULT_WEBHOOK_URL: Final = "http://localhost:8080/webhooks/mojaloop/portal"
"""Where a server on this machine has its door; the last part stands for the secret."""

HOME: Final = web.RequestKey("home", str)
"""The merchant's own name of what a call is about."""

_REFUSALS: Final[Mapping[Scenario, str]] = {
    Scenario.REFUSED: "5104",
    Scenario.FLOAT_SHORT: "4001",
}


class MojaloopSandbox(RailSandbox):
    """The server in this process; see `RailSandbox`."""

    def __init__(
        self,
        settings: MojaloopSandboxSettings | None = None,
        *,
        clock: Callable[[], datetime],
        faults: Faults | None = None,
        timer: Timer | None = None,
    ) -> None:
        self.settings = MojaloopSandboxSettings() if settings is None else settings
        self.payers = Payers(self)
        self.views = Views(self.settings)
        self._transfers: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        super().__init__(self.settings, clock=clock, faults=faults, timer=timer)

    @property
    def backend_url(self) -> str:
        """Where the merchant's backend API is: at the registered address, below the secret."""
        registered = self.webhook_url or DEFAULT_WEBHOOK_URL
        return f"{registered.rpartition('/')[0]}/{self.settings.backend_secret}"

    def routes(self) -> list[web.RouteDef]:
        """The part of the outbound API that a merchant's ledger needs."""
        return [
            web.get("/", self._show_health),
            web.post("/transfers", self._post_transfer),
            web.put("/transfers/{id}", self._put_transfer),
            web.get("/transfers/{id}", self._show_transfer),
            web.post("/requestToPay", self._post_request),
            web.put("/requestToPay/{id}", self._put_request),
            web.get("/parties/{type}/{id}", self._show_party),
        ]

    def name_call(self, request: web.Request) -> Call | None:
        """Name a call by its resource and by the merchant's own name for what it is about."""
        resource = request.path.split("/")[1]
        if resource not in {"transfers", "requestToPay", "parties"}:
            return None
        return Call(
            operation=f"{request.method} {resource}",
            reference=request.get(HOME, request.path.rpartition("/")[2]),
            moves_money=request.method != "GET",
        )

    def callback_of(self, movement: Movement) -> Callback | None:
        """Write the scheme's last word about a collection; of a transfer nobody is told."""
        return callback_about(movement, self.settings, self.backend_url, self.clock())

    def reason_of(self, movement: Movement) -> str | None:
        """The scheme's code or state."""
        if movement.kind == "collection":
            return "REJECTED" if movement.scenario is Scenario.REFUSED else "ABORTED"
        return _REFUSALS.get(movement.scenario, "3303")

    def error_answer(self, status: int) -> web.Response:
        """Make an error that happened before the SDK knew what it was about."""
        return answered({"message": "Something failed", "statusCode": str(status)}, status)

    def end(self, movement_id: str, ending: Ending | None = None) -> Movement:
        """Let a payer act at the time when he decides; end everything else as it must."""
        movement = self.books.movements[movement_id]
        is_paid = movement.scenario not in {Scenario.REFUSED, Scenario.EXPIRES}
        if movement.kind == "collection" and ending is None and is_paid:
            self.do(self.payers.pay(movement))
            return movement
        return super().end(movement_id, ending)

    def do(self, work: Coroutine[object, object, None]) -> None:
        """Do something in the background, until the server stops."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def idle(self) -> None:
        """Return when nothing is done in the background and no callback is under way."""
        while self._tasks:
            await asyncio.wait(self._tasks)
        await self.sender.settled()

    def _create(self) -> web.Application:
        application = super()._create()
        self._transfers = {
            transfer_id_of(one, self.settings): one.id
            for one in self.books.movements.values()
            if one.kind == "collection"
        }
        application.middlewares.insert(0, _read_home)
        application.on_startup.append(self.payers.start)
        application.on_shutdown.append(self._stop_tasks)
        application.on_cleanup.append(self.payers.stop)
        return application

    def _resume(self, movement: Movement) -> None:
        """Go on with what was under way; what only waits to be accepted goes on waiting."""
        if "asked" in movement.details:
            super()._resume(movement)

    async def _stop_tasks(self, _application: web.Application) -> None:
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _show_health(self, _request: web.Request) -> web.Response:
        return web.Response()

    async def _show_party(self, request: web.Request) -> web.Response:
        number = request.match_info["id"]
        if scenario_of(number) is Scenario.NO_ACCOUNT:
            return answered(error_information("3204"), 404)
        party = {
            "partyIdType": request.match_info["type"],
            "partyIdentifier": number,
            "fspId": self.settings.other_fsp_id,
        }
        found = {"body": {"partyIdInfo": party}, "headers": {}}
        return answered({"party": found, "currentState": "COMPLETED"})

    async def _post_transfer(self, request: web.Request) -> web.Response:
        wanted = read_transfer(await request.read())
        # The scheme knows no refunds; the books keep them apart by the merchant's own names.
        kind: Kind = "refund" if wanted.home.startswith("re_") else "payout"
        movement = self._lookup(kind, wanted)
        if movement.scenario is Scenario.NO_ACCOUNT:
            self.books.refuse(wanted.home)
            return self.views.failure(movement, "3204", 500)
        movement = self.books.accept(movement)
        if not self.settings.auto_accept_party:
            return answered(self.views.transfer(movement))
        return await self._run(movement, {"acceptParty": True})

    def _lookup(self, kind: Kind, wanted: Wanted) -> Movement:
        """Make the movement of a request, not yet booked."""
        if self.books.is_full:
            raise RefusedError(self.error_answer(503))
        number = len(self.books.movements)
        return Movement(
            id=made_id(self.settings.id_form, kind, wanted.home, number),
            kind=kind,
            reference=wanted.home,
            amount_minor=wanted.money.amount_minor,
            currency=wanted.money.currency,
            phone=wanted.phone,
            accepted_at=self.clock(),
            scenario=scenario_of(wanted.phone),
            details={"state": "payeeResolved", "request": orjson.dumps(wanted.request).decode()},
        )

    async def _put_transfer(self, request: web.Request) -> web.Response:
        choice = read_choice(await request.read(), "acceptParty", "acceptQuote", "acceptConversion")
        movement = self.books.movements.get(request.match_info["id"])
        if movement is None or movement.kind == "collection":
            message = f"No cached data found for transferId: {request.match_info['id']}"
            return answered({"message": message, "transferState": {}, "statusCode": "500"}, 500)
        return await self._run(movement, choice)

    async def _run(self, movement: Movement, choice: Mapping[str, bool]) -> web.Response:
        """Go on from where a transfer stands, as far as it may go without us."""
        state = movement.details["state"]
        if state == "payeeResolved" and choice.get("acceptParty"):
            supported = self.settings.supported_currencies
            if supported and movement.currency not in supported:
                movement = self._remember_error(movement)
                return self.views.failure(movement, None, 500, "No FX provider detected")
            if movement.scenario is Scenario.POOR:
                return self.views.failure(self._remember_error(movement), "5200", 500)
            request = orjson.loads(movement.details["request"])
            quote = quote_of(self.settings, movement, request["amount"], self.clock())
            movement = self.books.remember(movement.id, state="quoteReceived", **quote)
            if not self.settings.auto_accept_quotes:
                return answered(self.views.transfer(movement))
            return await self._execute(movement)
        if state == "quoteReceived" and choice.get("acceptQuote"):
            return await self._execute(movement)
        if state in {"payeeResolved", "quoteReceived"}:
            return answered(self.views.transfer(self.books.remember(movement.id, state="aborted")))
        if state == "errored":
            return web.Response(status=204)
        return answered(self.views.transfer(movement))

    async def _execute(self, movement: Movement) -> web.Response:
        """Send the transfer to the scheme, which takes one id once, and wait for its word."""
        if "asked" in movement.details:
            self.books.repeat(movement.id)
        movement = self.books.remember(movement.id, asked="yes")
        if self.settings.transfer_seconds > 0:
            await wait(self.timer, self.settings.transfer_seconds)
        if movement.scenario in {Scenario.SLOW, Scenario.EXPIRES} and movement.ending is None:
            self._end_later(movement, self._delay_seconds(movement))
            return self.views.failure(self._remember_error(movement), None, 504)
        if movement.scenario is not Scenario.SLOW:
            movement = self.end(movement.id)
        if movement.ending != "succeeded":
            return self.views.failure(self._remember_error(movement), movement.reason, 500)
        movement = self.books.remember(movement.id, state="succeeded", seen="COMMITTED")
        return answered(self.views.transfer(movement))

    def _remember_error(self, movement: Movement) -> Movement:
        if self.settings.remembers_errors:
            return self.books.remember(movement.id, state="errored")
        return movement

    async def _show_transfer(self, request: web.Request) -> web.Response:
        """Ask the scheme, and overwrite what was remembered of a transfer of ours."""
        transfer_id = request.match_info["id"]
        movement = self.books.movements.get(self._transfers.get(transfer_id, transfer_id))
        word = None if movement is None else self._word(movement, transfer_id)
        if movement is None or word is None:
            if movement is not None and self.settings.remembers_errors:
                self.books.remember(movement.id, state="errored")
            state = {"transferId": transfer_id, "currentState": "ERROR_OCCURRED"}
            return failed(state, "3208", 500)
        if movement.kind != "collection":
            movement = self.books.remember(movement.id, state="succeeded", seen=word)
        shown = {"transferId": transfer_id, "currentState": "COMPLETED"}
        return answered({**shown, "fulfil": self.views.fulfil(movement, word)})

    def _word(self, movement: Movement, transfer_id: str) -> str | None:
        """The scheme's own state of a transfer; None where it never got it."""
        if "asked" not in movement.details:
            return None
        if movement.kind == "collection" and (
            transfer_id == movement.id or "prepared" not in movement.details
        ):
            return None
        if movement.ending is None:
            return "RESERVED"
        return "COMMITTED" if movement.ending == "succeeded" else "ABORTED"

    async def _post_request(self, request: web.Request) -> web.Response:
        wanted = read_request_to_pay(await request.read())
        movement = self._lookup("collection", wanted)
        if movement.scenario is Scenario.NO_ACCOUNT:
            self.books.refuse(wanted.home)
            information = orjson.dumps(error_information("3204")).decode()
            return request_failed(f"Got an error response resolving party: {information}", 500)
        movement = self.books.accept(movement)
        self._transfers[transfer_id_of(movement, self.settings)] = movement.id
        if self.settings.auto_accept_r2p_party:
            movement = self._ask_payer(movement)
        return answered(self.views.request(movement))

    async def _put_request(self, request: web.Request) -> web.Response:
        choice = read_choice(await request.read(), "acceptParty")
        movement = self.books.movements.get(request.match_info["id"])
        if movement is None or movement.kind != "collection":
            name = request.match_info["id"]
            message = f"No cached data found for transactionRequestId: {name}"
            return request_failed(message, 500)
        if not choice["acceptParty"]:
            return request_failed("model.rejectRequestToPay is not a function", 500)
        return answered(self.views.request(self._ask_payer(movement)))

    def _ask_payer(self, movement: Movement) -> Movement:
        """Send the request to the payer's provider, once."""
        if movement.details["state"] != "payeeResolved":
            return movement
        movement = self.books.remember(movement.id, state="succeeded", asked="yes")
        self._end_later(movement, self._delay_seconds(movement))
        return movement


@web.middleware
async def _read_home(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Learn what a POST is about before anything may go wrong with it."""
    if request.method == "POST":
        try:
            body = orjson.loads(await request.read())
            home = body.get("homeTransactionId") or body.get("homeR2PTransactionId")
        except (orjson.JSONDecodeError, AttributeError, web.HTTPException):
            home = None
        request[HOME] = str(home or "")
    return await handler(request)
