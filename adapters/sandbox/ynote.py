"""A faithful local Y-Note: payments and payouts of Cameroon that are queued, on one port.

    POST /oauth2/token                    a token; 429 for who asks too often   (its own host)
    POST /prod/webpayment                 queues a payment of MTN or Orange
    POST /prod/webpaymentmtn/status       a payment of MTN, by its MessageId
    POST /prod/webpayment/status          a payment of Orange, likewise
    POST /prod/refund                     queues a payout to Orange
    GET  /prod/refund/status/{MessageId}  a payout; the keys come in a body

A number's last two digits choose what becomes of it. Answers are those of the gateway where it
turns a call away (`{"message": ...}`), and Y-Note's own behind it. Callbacks are not signed, and
the first one says SUCCESSFULL of what is merely queued. What the facts do not tell is a switch of
`YnoteSandboxSettings`. Not here: the older status by pay token.
"""

import hmac
from collections import deque
from collections.abc import Callable
from datetime import datetime

import orjson
from aiohttp import web

from adapters.answer import object_in
from adapters.sandbox.callbacks import Callback
from adapters.sandbox.faults import Call, Faults
from adapters.sandbox.movements import Kind, Movement, Scenario, scenario_of
from adapters.sandbox.rail import NAMED, RailSandbox
from adapters.sandbox.server import RefusedError
from adapters.sandbox.timer import Timer
from adapters.sandbox.ynote_rules import (
    CURRENCY,
    FAILED_PAYOUT,
    FAILURES,
    PAYOUT_FAILURES,
    STAGE,
    STATUSES,
    Order,
    YnoteSandboxSettings,
    check_keys,
    json_answer,
    made_id,
    payment_answer,
    payment_status,
    payout_status,
    queue_answer,
    read_payment,
    read_payout,
    refuse,
)
from adapters.transcript import basic


class YnoteSandbox(RailSandbox):
    """Y-Note's server."""

    named_by = ("API_MUT.order_id", "transaction_code", "message_id")

    def __init__(
        self,
        settings: YnoteSandboxSettings,
        *,
        clock: Callable[[], datetime],
        faults: Faults | None = None,
        timer: Timer | None = None,
    ) -> None:
        self.settings = settings
        self._basic = basic(settings.client_id, settings.client_secret).encode()
        self._token_calls: deque[float] = deque(maxlen=settings.token_calls_max)
        super().__init__(settings, clock=clock, faults=faults, timer=timer)

    def routes(self) -> list[web.RouteDef]:
        """The calls of both of Y-Note's hosts."""
        return [
            web.post("/oauth2/token", self._give_token),
            web.post(f"{STAGE}/webpayment", self._pay),
            web.post(f"{STAGE}/webpaymentmtn/status", self._show_mtn),
            web.post(f"{STAGE}/webpayment/status", self._show_orange),
            web.post(f"{STAGE}/refund", self._pay_out),
            web.get(f"{STAGE}/refund/status/{{id}}", self._show_payout),
        ]

    def name_call(self, request: web.Request) -> Call | None:
        """Name a call by its path and the order or message it is about."""
        if request.path.startswith("/_sandbox/"):
            return None
        return Call(
            operation=f"{request.method} {request.path}",
            reference=request.get(NAMED, ""),
            moves_money=request.path in {f"{STAGE}/webpayment", f"{STAGE}/refund"},
        )

    def error_answer(self, status: int) -> web.Response:
        """Make the gateway's answer about a server that failed behind it."""
        return json_answer(status, {"message": "Internal server error"})

    def missing_answer(self) -> web.Response:
        """Make the gateway's answer to a path it does not serve."""
        return json_answer(403, {"message": "Missing Authentication Token"})

    def reason_of(self, movement: Movement) -> str | None:
        """What is said of a failure by the number."""
        if movement.kind == "collection":
            return FAILURES.get(movement.scenario, "FAILED")
        return PAYOUT_FAILURES.get(movement.scenario, FAILED_PAYOUT)

    def callback_of(self, movement: Movement) -> Callback | None:
        """Write the callback about a movement that has ended; unsigned."""
        return None if self.settings.callbacks == "queued" else self._callback(movement)

    async def _give_token(self, request: web.Request) -> web.Response:
        now, calls = self.timer.now_seconds(), self._token_calls
        is_often = len(calls) == calls.maxlen
        if is_often and now - calls[0] < self.settings.token_window_seconds:
            return json_answer(429, {"message": "Too Many Requests"})
        calls.append(now)
        given = request.headers.get("Authorization", "").encode(errors="replace")
        form = await request.post()
        is_known = hmac.compare_digest(given, self._basic)
        if not is_known or form.get("grant_type") != "client_credentials":
            return json_answer(400, {"error": "invalid_client"})
        lifetime = self.settings.token_lifetime_seconds
        token = {"access_token": self.issue_token(), "expires_in": lifetime, "token_type": "Bearer"}
        return json_answer(200, token)

    async def _pay(self, request: web.Request) -> web.Response:
        order = read_payment(await self._entered(request), self.settings)
        movement = await self._accept(order, "collection")
        return json_answer(200, payment_answer(movement, self.settings))

    async def _pay_out(self, request: web.Request) -> web.Response:
        order = read_payout(await self._entered(request), self.settings)
        match self.settings.queue:
            case "error":
                return json_answer(200, {"error": "The message could not be queued"})
            case "503":
                return json_answer(200, {"StatusCode": 503})
        return json_answer(200, queue_answer(await self._accept(order, "payout")))

    async def _accept(self, order: Order, kind: Kind) -> Movement:
        settings = self.settings
        is_used = bool(self.books.of_reference(kind, order.reference))
        if is_used and settings.repeated_order == "refused":
            raise refuse(settings, 400, "The order exists")
        if self.books.is_full:
            raise refuse(settings, 500, "Nothing more is taken")
        scenario = scenario_of(order.msisdn)
        if kind == "payout" and self.balance_minor(CURRENCY) < order.amount_minor:
            scenario = Scenario.FLOAT_SHORT
        strange = Scenario.FLOAT_SHORT if kind == "collection" else Scenario.POOR
        movement = Movement(
            id=made_id(kind, order.reference, len(self.books.movements)),
            kind=kind,
            reference=order.reference,
            amount_minor=order.amount_minor,
            currency=CURRENCY,
            phone=order.msisdn,
            accepted_at=self.clock(),
            scenario=Scenario.PAYS if scenario is strange else scenario,
            callback_url=order.callback_url,
            details={"description": order.description, "method": order.method},
        )
        if settings.callbacks != "ended":
            self.sender.send(self._callback(movement))
        return await self.begin(movement)

    async def _show_mtn(self, request: web.Request) -> web.Response:
        return self._payment(await self._entered(request), "MTN_CMR")

    async def _show_orange(self, request: web.Request) -> web.Response:
        body = await self._entered(request)
        if body.get("payment_method") != "OM_CMR":
            raise refuse(self.settings, 400, "payment_method is not valid")
        return self._payment(body, "OM_CMR")

    def _payment(self, body: dict[str, object], method: str) -> web.Response:
        """Answer with the status of a payment, if it is of the operator that is asked."""
        check_keys(body, self.settings)
        movement = self.books.movements.get(str(body.get("message_id")))
        is_known = movement is not None and movement.kind == "collection"
        if movement is None or not is_known or movement.details["method"] != method:
            raise refuse(self.settings, 404, "No such message")
        return json_answer(200, payment_status(movement, self.settings))

    async def _show_payout(self, request: web.Request) -> web.Response:
        check_keys(await self._entered(request), self.settings)
        movement = self.books.movements.get(request.match_info["id"])
        if movement is None or movement.kind != "payout":
            raise refuse(self.settings, 404, "No such message")
        return json_answer(200, payout_status(movement, self.settings))

    async def _entered(self, request: web.Request) -> dict[str, object]:
        """Let in who has a token, and read the body; the gateway turns everybody else away."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not self.is_token(token):
            raise RefusedError(json_answer(401, {"message": "Unauthorized"}))
        body = object_in(await request.read())
        if body is None:
            raise RefusedError(json_answer(400, {"message": "Invalid request body"}))
        return body

    def _callback(self, movement: Movement) -> Callback:
        """Write what the merchant's server is told; of what is queued, that it is SUCCESSFULL."""
        is_queued = movement.ending is None
        status = "SUCCESSFULL" if is_queued else STATUSES[movement.ending]
        if movement.kind == "collection":
            body = payment_answer(movement, self.settings) | {"status": status}
        else:
            body = {"MessageId": movement.id, "transaction_code": movement.reference}
            body |= {"status": status}
        return Callback(
            key=movement.id,
            method="POST",
            url=str(movement.callback_url),
            body=orjson.dumps(body),
            headers={"Content-Type": "application/json"},
        )
