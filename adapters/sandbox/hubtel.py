"""A faithful local Hubtel: mobile money of Ghana, received and sent, on one port for four hosts.

    POST /merchantaccount/merchants/{pos}/receive/mobilemoney       asks a payer   (rmp)
    GET  /transactions/{pos}/status?clientReference=                a payment      (api-txnstatus)
    POST /api/merchants/{deposit}/send/mobilemoney                  pays a person  (smp)
    GET  /api/merchants/{account}/transactions/status?clientReference=   a payout  (smrsc)
    GET  /api/merchants/{account}/status?clientReference=           the same, as Hubtel's example

A number's last two digits choose what becomes of it. The documented status of a payment also takes
`hubtelTransactionId` and `networkTransactionId`; the host of payouts tells of payments too. Who
calls from an address Hubtel was not told gets HTML with 403. Callbacks are not signed.

Not here: bank accounts, the hosted page, refunds. Sources: see `adapters.providers.hubtel`.
"""

import hmac
from collections.abc import Callable
from datetime import datetime

import orjson
from aiohttp import web

from adapters.answer import object_in
from adapters.sandbox.callbacks import Callback
from adapters.sandbox.faults import Call, Faults
from adapters.sandbox.hubtel_rules import (
    CURRENCY,
    FAILURES,
    FORBIDDEN_PAGE,
    MESSAGES,
    PAYOUT_FAILURES,
    HubtelSandboxSettings,
    json_answer,
    made_id,
    read_order,
    receive_data,
    receive_status,
    refusal,
    send_data,
    send_status,
)
from adapters.sandbox.movements import Kind, Movement, Scenario, scenario_of
from adapters.sandbox.rail import NAMED, RailSandbox
from adapters.sandbox.server import RefusedError
from adapters.sandbox.timer import Timer
from adapters.transcript import basic


class HubtelSandbox(RailSandbox):
    """Hubtel's server; `give_back` is what a merchant does on the dashboard."""

    named_by = ("ClientReference",)

    def __init__(
        self,
        settings: HubtelSandboxSettings,
        *,
        clock: Callable[[], datetime],
        faults: Faults | None = None,
        timer: Timer | None = None,
    ) -> None:
        self.settings = settings
        self._basic = basic(settings.api_id, settings.api_key).encode()
        super().__init__(settings, clock=clock, faults=faults, timer=timer)

    def routes(self) -> list[web.RouteDef]:
        """The calls of Hubtel's four hosts."""
        merchant = "/api/merchants/{account}"
        return [
            web.post("/merchantaccount/merchants/{account}/receive/mobilemoney", self._receive),
            web.get("/transactions/{account}/status", self._show_payment),
            web.post(f"{merchant}/send/mobilemoney", self._send),
            web.get(f"{merchant}/transactions/status", self._show_any),
            web.get(f"{merchant}/status", self._show_any),
        ]

    def name_call(self, request: web.Request) -> Call | None:
        """Name a call by what it does and the reference it is about."""
        if request.path.startswith("/_sandbox/"):
            return None
        verb = request.path.split("/")[-2]
        named = request.get(NAMED, "") or request.query.get("clientReference", "")
        return Call(
            operation=f"{request.method} {verb}",
            reference=named,
            moves_money=request.method == "POST",
        )

    def error_answer(self, status: int) -> web.Response:
        """Make Hubtel's shape of a failure of its own."""
        return json_answer(status, {"Message": MESSAGES["5000"], "ResponseCode": "5000"})

    def reason_of(self, movement: Movement) -> str | None:
        """Hubtel's code for a failure by the number."""
        failures = FAILURES if movement.kind == "collection" else PAYOUT_FAILURES
        return failures.get(movement.scenario, "2001")

    def callback_of(self, movement: Movement) -> Callback | None:
        """Write the callback about a movement that has ended; unsigned."""
        if movement.callback_url is None:
            return None
        is_paid = movement.ending == "succeeded"
        code = "0000" if is_paid else str(movement.reason)
        data = send_data(movement)
        if movement.kind == "collection":
            data = receive_data(movement, self.settings) | {
                "ExternalTransactionId": movement.transaction_id or "",
                "OrderId": made_id("order", movement.id),
                "PaymentDate": f"{movement.ended_at:%Y-%m-%dT%H:%M:%SZ}",
            }
        message = MESSAGES[code]
        return Callback(
            key=movement.id,
            method="POST",
            url=movement.callback_url,
            body=orjson.dumps({"ResponseCode": code, "Message": message, "Data": data}),
            headers={"Content-Type": "application/json"},
        )

    def give_back(self, movement_id: str) -> Movement:
        """Let the merchant give a payment back on Hubtel's dashboard."""
        return self.books.remember(movement_id, status="Refunded")

    async def _receive(self, request: web.Request) -> web.Response:
        return await self._accept(request, "collection", self.settings.pos_sales_id)

    async def _send(self, request: web.Request) -> web.Response:
        return await self._accept(request, "payout", self.settings.prepaid_deposit_id)

    async def _accept(self, request: web.Request, kind: Kind, account: str) -> web.Response:
        settings = self.settings
        self._enter(request, account)
        body = object_in(await request.read())
        order = read_order({} if body is None else body, kind, settings)
        is_used = bool(self.books.of_reference(kind, order.reference))
        if is_used and settings.repeated_reference == "refused":
            return refusal("4000", settings, "ClientReference")
        scenario = scenario_of(order.msisdn)
        if scenario is Scenario.NO_ACCOUNT:
            return refusal("3050", settings)
        if kind == "payout":
            if self.balance_minor(CURRENCY) < order.amount_minor:
                scenario = Scenario.FLOAT_SHORT
            if scenario is Scenario.FLOAT_SHORT and settings.float_short == "refusal":
                return refusal("4075", settings)
        if self.books.is_full:
            return refusal("5000", settings)
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
            details={"description": order.description, "channel": order.channel},
        )
        accepted = await self.begin(movement)
        data = send_data(movement) if kind == "payout" else receive_data(accepted, settings)
        return json_answer(200, {"Message": MESSAGES["0001"], "ResponseCode": "0001", "Data": data})

    async def _show_payment(self, request: web.Request) -> web.Response:
        """Answer by the shape of the documented status of payments."""
        self._enter(request, self.settings.pos_sales_id)
        movement = self._asked_for(request, "collection")
        if movement is None:
            body = {"message": "Transaction not found", "responseCode": "3000", "data": None}
            return json_answer(int(self.settings.unknown_reference), body)
        return json_answer(200, receive_status(movement, self.settings))

    async def _show_any(self, request: web.Request) -> web.Response:
        """Answer by the shape of the host of payouts, which tells of payments too."""
        account = request.match_info["account"]
        kind: Kind = "collection" if account == self.settings.pos_sales_id else "payout"
        is_payment = kind == "collection"
        own = self.settings.pos_sales_id if is_payment else self.settings.prepaid_deposit_id
        self._enter(request, own)
        movement = self._asked_for(request, kind)
        if movement is None:
            body = {"ResponseCode": "failed", "Message": "Transaction not found", "Data": None}
            return json_answer(int(self.settings.unknown_reference), body)
        return json_answer(200, send_status(movement))

    def _asked_for(self, request: web.Request, kind: Kind) -> Movement | None:
        """Find the movement by one of the three names it can be asked for under."""
        query = request.query
        found = self.books.of_reference(kind, query.get("clientReference", ""))
        if not found:
            names = {query.get("hubtelTransactionId"), query.get("networkTransactionId")} - {None}
            of_kind = (one for one in self.books.movements.values() if one.kind == kind)
            found = [one for one in of_kind if {one.id, one.transaction_id} & names]
        return found[-1] if found else None

    def _enter(self, request: web.Request, account: str) -> None:
        """Let in who calls from a known address, with the keys and for the account; or refuse."""
        if request.remote not in self.settings.allowed_addresses:
            page = web.Response(status=403, text=FORBIDDEN_PAGE, content_type="text/html")
            raise RefusedError(page)
        given = request.headers.get("Authorization", "").encode(errors="replace")
        if not hmac.compare_digest(given, self._basic):
            raise RefusedError(web.Response(status=401))
        if request.match_info["account"] != account:
            raise RefusedError(refusal("4101", self.settings))
