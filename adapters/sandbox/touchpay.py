"""A TouchPay server in this process: collections, cashins, questions, callbacks.

    PUT  /touchpayapi/{agency}/transaction?loginAgent=&passwordAgent=
    POST /{agency}/cashin
    POST /{agency}/check_status

A collection asks the payer on the telephone; the last two digits of the number decide. The agent's
login and password stand in the address of a collection and in the body of the others, beside HTTP
Digest (or, by a switch, Basic for the others). How a movement ended is told to the address that
came with it, without any proof.

An id names nothing uniquely: the same one again is a second movement, unless a switch refuses it;
`check_status` then tells of the last one. Sources and switches: `adapters.sandbox.touchpay_rules`.

A service that wants a one-time code takes it from the payer in the place of the question; there is
one code for everybody.

It has no pages (Wave, QR codes), no cash-outs, no airtime and no balance.
"""

import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Final

import orjson
from aiohttp import web

from adapters.sandbox.callbacks import Callback
from adapters.sandbox.faults import Call, Faults
from adapters.sandbox.movements import Kind, Movement, Scenario, scenario_of
from adapters.sandbox.rail import RailSandbox
from adapters.sandbox.server import RefusedError
from adapters.sandbox.timer import Timer
from adapters.sandbox.touchpay_rules import (
    MESSAGES,
    REALM,
    TouchpaySandboxSettings,
    amount_in,
    amount_of,
    answer,
    callback_body,
    check_digest,
    checked_body,
    read_object,
    refuse,
    text_in,
    wrong_code_in,
)
from adapters.transcript import basic

FEES_PERCENT: Final = 2


class TouchpaySandbox(RailSandbox):
    """TouchPay's server, one agency."""

    def __init__(
        self,
        settings: TouchpaySandboxSettings,
        *,
        clock: Callable[[], datetime],
        faults: Faults | None = None,
        timer: Timer | None = None,
    ) -> None:
        self.settings = settings
        super().__init__(settings, clock=clock, faults=faults, timer=timer)

    def routes(self) -> list[web.RouteDef]:
        """TouchPay's calls."""
        return [
            web.put("/touchpayapi/{agency}/transaction", self._collect),
            web.post("/{agency}/cashin", self._cash_in),
            web.post("/{agency}/check_status", self._check_status),
        ]

    def name_call(self, request: web.Request) -> Call | None:
        """Name TouchPay's calls."""
        operation = request.path.rpartition("/")[2]
        moves_money = operation in {"transaction", "cashin"}
        is_one = moves_money or operation == "check_status"
        return Call(operation=operation, moves_money=moves_money) if is_one else None

    def error_answer(self, status: int) -> web.Response:
        """Make TouchPay's own 500 or 503."""
        return answer(status, {"status": status, "message": "Something failed."})

    def callback_of(self, movement: Movement) -> Callback | None:
        """Write the callback about a movement."""
        if not movement.callback_url:
            return None
        return Callback(
            key=movement.id,
            method="POST",
            url=movement.callback_url,
            body=orjson.dumps(callback_body(movement)),
            headers={"Content-Type": "application/json"},
        )

    def reason_of(self, movement: Movement) -> str | None:
        """TouchPay's sentence about a failure."""
        return movement.details.get("told") or MESSAGES.get(movement.scenario)

    async def _collect(self, request: web.Request) -> web.Response:
        self._check_agency(request)
        self._check_digest(request)
        query = request.query
        self._check_agent(query.get("loginAgent", ""), query.get("passwordAgent", ""))
        body = await read_object(request, self.settings)
        service = text_in(body, "serviceCode", self.settings)
        wrong_code = wrong_code_in(body, service, self.settings)
        movement = await self._moved(
            "collection",
            reference=text_in(body, "idFromClient", self.settings),
            phone=text_in(body, "recipientNumber", self.settings),
            callback_url=text_in(body, "callback", self.settings),
            service=service,
            amount=amount_in(body, self.settings),
            wrong_code=wrong_code,
        )
        said = {
            "idFromClient": movement.reference,
            "idFromGU": movement.id,
            "amount": amount_of(movement, self.settings),
            "fees": movement.amount_minor * FEES_PERCENT / 100,
            "serviceCode": movement.details["service"],
            "recipientNumber": movement.phone,
            "dateTime": int(movement.accepted_at.timestamp() * 1000),
            "status": "INITIATED",
            "numTransaction": movement.id,
        }
        return answer(200, said)

    async def _cash_in(self, request: web.Request) -> web.Response:
        body = await self._partner_s(request)
        movement = await self._moved(
            "payout",
            reference=text_in(body, "partner_transaction_id", self.settings),
            phone=text_in(body, "recipient_phone_number", self.settings),
            callback_url=str(body.get("call_back_url") or ""),
            service=text_in(body, "service_id", self.settings),
            amount=amount_in(body, self.settings),
        )
        said = checked_body(movement, self.settings) | {
            "partner_transaction_id": movement.reference,
            "status": "PENDING",
        }
        return answer(200, said)

    async def _check_status(self, request: web.Request) -> web.Response:
        body = await self._partner_s(request)
        reference = text_in(body, "partner_transaction_id", self.settings)
        found = [
            *self.books.of_reference("collection", reference),
            *self.books.of_reference("payout", reference),
        ]
        if not found:
            raise refuse(self.settings.unknown_status, "Unknown transaction.", self.settings)
        return answer(200, checked_body(found[-1], self.settings))

    async def _moved(
        self,
        kind: Kind,
        *,
        reference: str,
        phone: str,
        callback_url: str,
        service: str,
        amount: int,
        wrong_code: str | None = None,
    ) -> Movement:
        """Accept a movement, or raise RefusedError."""
        if self.settings.repeated_id == "refused" and self.books.of_reference(kind, reference):
            raise refuse(409, "This id was used before.", self.settings)
        currency = self.settings.currency_of(service)
        if kind == "payout" and self.balance_minor(currency) < amount:
            raise refuse(422, "The partner's balance is too low.", self.settings)
        if self.books.is_full:
            raise RefusedError(self.error_answer(503))
        milliseconds = int(self.clock().timestamp() * 1000)
        return await self.begin(
            Movement(
                id=str(milliseconds + len(self.books.movements)),
                kind=kind,
                reference=reference,
                amount_minor=amount,
                currency=currency,
                phone=phone,
                accepted_at=self.clock(),
                scenario=Scenario.REFUSED if wrong_code else scenario_of(phone),
                callback_url=callback_url or None,
                details={"service": service} | ({"told": wrong_code} if wrong_code else {}),
            )
        )

    async def _partner_s(self, request: web.Request) -> dict[str, object]:
        """Read a call of the partner's, once it is let in."""
        self._check_agency(request)
        if self.settings.partner_door == "digest":
            self._check_digest(request)
        else:
            self._check_basic(request)
        body = await read_object(request, self.settings)
        self._check_agent(str(body.get("login_api")), str(body.get("password_api")))
        if body.get("partner_id") != self.settings.partner_id:
            raise refuse(403, "Another partner.", self.settings)
        return body

    def _check_agency(self, request: web.Request) -> None:
        if request.match_info["agency"] != self.settings.agency_code:
            raise RefusedError(self.missing_answer())

    def _check_digest(self, request: web.Request) -> None:
        check_digest(request, self.settings, is_nonce=self.is_token, new_nonce=self.issue_token)

    def _check_basic(self, request: web.Request) -> None:
        right = basic(self.settings.username, self.settings.password)
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), right.encode()):
            challenge = {"WWW-Authenticate": f'Basic realm="{REALM}"'}
            raise RefusedError(web.Response(status=401, headers=challenge))

    def _check_agent(self, login: str, password: str) -> None:
        is_login = hmac.compare_digest(login.encode(), self.settings.login_agent.encode())
        is_password = hmac.compare_digest(password.encode(), self.settings.agent_password.encode())
        if not (is_login and is_password):
            raise refuse(403, "Wrong agent.", self.settings)
