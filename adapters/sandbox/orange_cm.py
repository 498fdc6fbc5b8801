"""A local Orange Money Cameroon server: omcoreapis 1.0.2 over real sockets.

It serves what a merchant meets: a token of the WSO2 gateway, `init`, `pay`, `push` and
`paymentstatus` of a merchant payment (`mp`), the same without `push` of a cash-in, the lookup of a
number's holder, and the unsigned notification. A number's last two digits choose what becomes of
it; any that is not in `adapters.sandbox.movements` pays.

What nobody has published is a switch of `OrangeCmSandboxSettings`: what Orange does with a repeated
payToken or orderId, what an unpaid payToken's status is, the number of a reason that is known by
its sentence alone, whether a payer's refusal is FAILED or CANCELLED, whether an expiry is notified.

Not here: cash-outs. Sources: see `adapters.providers.orange_cm`.
"""

import base64
import hmac
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, Literal

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import Field, NonNegativeFloat, PositiveInt

from adapters.answer import object_in
from adapters.sandbox.callbacks import Callback
from adapters.sandbox.faults import Call, Faults
from adapters.sandbox.movements import Ending, Kind, Movement, Scenario, scenario_of
from adapters.sandbox.orange_cm_tokens import PREFIXES, PayTokens
from adapters.sandbox.orange_cm_words import (
    BLOCKED,
    NO_SUCH,
    NOT_EXPECTED,
    POOR,
    PROMPTED,
    answer,
    business_error,
    fault,
    gateway_fault,
    read_order,
)
from adapters.sandbox.rail import RailSandbox, RailSettings
from adapters.sandbox.server import RefusedError
from adapters.sandbox.timer import Timer

API: Final = "/omcoreapis/1.0.2"
KINDS: Final[Mapping[str, Kind]] = {"mp": "collection", "cashin": "payout"}
CURRENCY: Final = "XAF"
GOOD: Final = "200"
ORDER_ID: Final = web.RequestKey("order_id", str)


class OrangeCmSandboxSettings(RailSettings):
    """The sandbox's account and its switches."""

    client_id: str = "sandbox-client"
    client_secret: str = "sandbox-client-secret"  # noqa: S105 - of a server on this machine
    api_user: str = "sandbox-api-user"
    api_password: str = "sandbox-api-password"  # noqa: S105 - likewise
    channel_number: str = Field(default="690000000", pattern=r"^[0-9]{9}$")
    pin: str = Field(default="2580", pattern=r"^[0-9]{4}$")
    secret: str = "sandbox-secret"  # noqa: S105 - signs payTokens
    token_lifetime_seconds: PositiveInt = 2496
    decide_after_seconds: NonNegativeFloat = 2.0
    repeated_pay: Literal["refused", "same_answer"] = "refused"
    """What a second `pay` under one payToken gets; never seen."""
    repeated_order_id: Literal["accepted", "refused"] = "accepted"
    """What a second `pay` under one orderId gets; never seen."""
    unpaid_status: str = "INITIATED"
    """The status of a payToken that nobody has paid yet; never seen."""
    unlisted_code: str = "60404"
    """The number before a sentence of which only the sentence was published."""
    refusal_status: Literal["FAILED", "CANCELLED"] = "FAILED"
    """What a payer's refusal is called."""
    cashin_ends: Literal["at_once", "later"] = "at_once"
    """Whether the answer to `cashin/pay` has the final word; both were reported."""
    notifies_expiry: bool = False
    holder: tuple[str, str] = ("AWA", "EXEMPLE")
    """First and last name of everybody."""


class OrangeCmSandbox(RailSandbox):
    """The server in this process: `async with` it, or `start` and `stop`."""

    def __init__(
        self,
        settings: OrangeCmSandboxSettings | None = None,
        *,
        clock: Callable[[], datetime],
        faults: Faults | None = None,
        timer: Timer | None = None,
    ) -> None:
        self.settings = OrangeCmSandboxSettings() if settings is None else settings
        pair = f"{self.settings.api_user}:{self.settings.api_password}"
        self._x_auth = base64.b64encode(pair.encode()).decode()
        self._pay_tokens = PayTokens(self.settings.secret, clock=clock)
        super().__init__(self.settings, clock=clock, faults=faults, timer=timer)

    def _create(self) -> web.Application:
        application = super()._create()
        # The faults' key is the order, and that is named in the body alone.
        application.middlewares.insert(0, _read_order_id)
        return application

    def routes(self) -> list[web.RouteDef]:
        """The calls of the operator's API."""
        product = API + "/{product:mp|cashin}"
        return [
            web.post("/token", self._give_token),
            web.post(product + "/init", self._init),
            web.post(product + "/pay", self._pay),
            web.get(product + "/paymentstatus/{pay_token}", self._status),
            web.get(API + "/{product:mp}/push/{pay_token}", self._push),
            web.post(API + "/infos/subscriber/customer/{number}", self._holder),
        ]

    def name_call(self, request: web.Request) -> Call | None:
        """Name a call by its path; it is about the payToken there, or the orderId in its body."""
        if request.path == "/token":
            return Call(operation="token")
        if not request.path.startswith(f"{API}/"):
            return None
        product, _, rest = request.path.removeprefix(f"{API}/").partition("/")
        verb, _, pay_token = rest.partition("/")
        return Call(
            operation=f"{product}/{verb}",
            reference=pay_token or request.get(ORDER_ID, ""),
            moves_money=verb == "pay",
        )

    def callback_of(self, movement: Movement) -> Callback | None:
        """Write the notification of a merchant payment; unsigned."""
        is_told = movement.ending != "expired" or self.settings.notifies_expiry
        if movement.kind != "collection" or not movement.callback_url or not is_told:
            return None
        status = self.status_of(movement)
        body = {"payToken": movement.id, "status": status, "message": f"Payment {status.lower()}"}
        return Callback(
            key=movement.id,
            method="POST",
            url=movement.callback_url,
            body=orjson.dumps(body),
            headers={"Content-Type": "application/json"},
        )

    def reason_of(self, movement: Movement) -> str | None:
        """A payer's own refusal; the other failures are told at once, by `pay`."""
        is_refusal = movement.scenario is Scenario.REFUSED
        return self.settings.unlisted_code if is_refusal else None

    def error_answer(self, status: int) -> web.Response:
        """Make the gateway's XML, which says that it stopped waiting."""
        return gateway_fault(status)

    def missing_answer(self) -> web.Response:
        """Make the gateway's fault for a path that no API has."""
        return fault(404, 900906, "No matching resource found in the API for the given request")

    def status_of(self, movement: Movement) -> str:
        """What Orange calls the state of a movement."""
        names: dict[Ending | None, str] = {
            None: "PENDING",
            "succeeded": "SUCCESSFULL",
            "failed": "FAILED",
            "cancelled": "CANCELLED",
            "expired": "EXPIRED",
        }
        if (
            movement.ending == "failed"
            and movement.kind == "collection"
            and "code" not in movement.details
        ):
            return self.settings.refusal_status
        return names[movement.ending]

    async def _give_token(self, request: web.Request) -> web.Response:
        pair = f"{self.settings.client_id}:{self.settings.client_secret}".encode()
        expected = f"Basic {base64.b64encode(pair).decode()}"
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(errors="replace"), expected.encode()):
            return fault(401, 900901, "Invalid Credentials")
        form = await request.post()
        if form.get("grant_type") != "client_credentials":
            body = {"error": "unsupported_grant_type", "error_description": "Unsupported grant"}
            return web.json_response(body, status=400)
        return web.json_response(
            {
                "access_token": self.issue_token(),
                "scope": "am_application_scope default",
                "token_type": "Bearer",
                "expires_in": self.settings.token_lifetime_seconds,
            }
        )

    def _enter(self, request: web.Request) -> None:
        """Let in who has a token of the gateway and the merchant's own; else RefusedError."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        x_auth = request.headers.get("X-AUTH-TOKEN", "").encode(errors="replace")
        is_known = hmac.compare_digest(x_auth, self._x_auth.encode())
        if scheme != "Bearer" or not self.is_token(token) or not is_known:
            raise RefusedError(fault(401, 900901, "Invalid Credentials"))

    async def _init(self, request: web.Request) -> web.Response:
        self._enter(request)
        pay_token = self._pay_tokens.give(request.match_info["product"])
        return answer("Payment request successfully initiated", {"payToken": pay_token})

    async def _pay(self, request: web.Request) -> web.Response:
        self._enter(request)
        product = request.match_info["product"]
        order = read_order(await request.read(), self.settings.channel_number, self.settings.pin)
        if not self._pay_tokens.is_given(product, order.pay_token):
            return business_error(NO_SUCH, None)
        booked = self.books.movements.get(order.pay_token)
        if booked is not None:
            self.books.repeat(booked.id)
            is_same = self.settings.repeated_pay == "same_answer"
            return self._paid(booked) if is_same else business_error(NOT_EXPECTED, None)
        if self._pay_tokens.age_seconds(order.pay_token) >= self.settings.expire_after_seconds:
            return business_error(NOT_EXPECTED, self._unpaid(order.pay_token, "EXPIRED"))
        kind = KINDS[product]
        is_used = bool(self.books.of_reference(kind, order.order_id))
        if self.books.is_full or (is_used and self.settings.repeated_order_id == "refused"):
            return business_error(NOT_EXPECTED, None)
        movement = Movement(
            id=order.pay_token,
            kind=kind,
            reference=order.order_id,
            amount_minor=order.amount,
            currency=CURRENCY,
            phone=order.number,
            accepted_at=self.clock(),
            scenario=scenario_of(order.number),
            callback_url=order.notify_url or None,
            transaction_id=self._transaction_id(product),
            details={"description": order.description},
        )
        refusal = self._refusal_of(movement)
        if refusal is not None:
            code, text = refusal
            details = {"code": code, "text": text}
            refused = self._refused(movement, details)
            return business_error(f"{code} :: {text}", self._data(refused))
        is_at_once = kind == "payout" and self.settings.cashin_ends == "at_once"
        if is_at_once and movement.scenario is Scenario.PAYS:
            self.books.accept(movement)
            return self._paid(self.end(movement.id))
        return self._paid(await self.begin(movement))

    def _refused(self, movement: Movement, details: Mapping[str, str]) -> Movement:
        """Book what was refused at once: it has a status, and never had a transaction."""
        booked = self.books.accept(movement)
        self.books.remember(booked.id, **details)
        return self.books.end(booked.id, "failed", reason=details["code"], at=self.clock())

    def _refusal_of(self, movement: Movement) -> tuple[str, str] | None:
        """Code and sentence of what is refused at once."""
        is_payout = movement.kind == "payout"
        is_short = self.balance_minor(CURRENCY) < movement.amount_minor
        match movement.scenario:
            case Scenario.NO_ACCOUNT:
                return self.settings.unlisted_code, NO_SUCH
            case Scenario.REFUSED if is_payout:
                return self.settings.unlisted_code, BLOCKED
            case Scenario.POOR if not is_payout:
                return POOR
            case Scenario.FLOAT_SHORT if is_payout:
                return POOR
            case _:
                return POOR if is_payout and is_short else None

    def _paid(self, movement: Movement) -> web.Response:
        what = "Merchant payment" if movement.kind == "collection" else "Cash in"
        return answer(f"{what} successfully initiated", self._data(movement))

    async def _status(self, request: web.Request) -> web.Response:
        self._enter(request)
        return answer("Transaction retrieved successfully", self._found(request))

    async def _push(self, request: web.Request) -> web.Response:
        self._enter(request)
        data = self._found(request)
        if data["status"] != "PENDING":
            return business_error(NOT_EXPECTED, data)
        pay_token = str(data["payToken"])
        pushes = int(self.books.movements[pay_token].details.get("pushes", "0")) + 1
        self.books.remember(pay_token, pushes=str(pushes))
        return answer("Push sent to customer", data)

    def _found(self, request: web.Request) -> dict[str, object]:
        """The transaction of a payToken; RefusedError where it was never given."""
        product, pay_token = request.match_info["product"], request.match_info["pay_token"]
        if not self._pay_tokens.is_given(product, pay_token):
            raise RefusedError(business_error(NO_SUCH, None))
        movement = self.books.movements.get(pay_token)
        if movement is not None:
            return self._data(movement)
        is_over = self._pay_tokens.age_seconds(pay_token) >= self.settings.expire_after_seconds
        return self._unpaid(pay_token, "EXPIRED" if is_over else self.settings.unpaid_status)

    async def _holder(self, request: web.Request) -> web.Response:
        self._enter(request)
        number = request.match_info["number"]
        if scenario_of(number) is Scenario.NO_ACCOUNT:
            return business_error(f"{self.settings.unlisted_code} :: {NO_SUCH}", None)
        first, last = self.settings.holder
        return answer("Subscriber retrieved", {"firstName": first, "lastName": last})

    def _transaction_id(self, product: str) -> str:
        """The id Orange shows people: kind, date, time, and a number."""
        number = len(self.books.movements) + 1
        return f"{PREFIXES[product]}{self.clock():%y%m%d.%H%M}.B{number:05d}"

    def _unpaid(self, pay_token: str, status: str) -> dict[str, object]:
        """A transaction of which Orange tells the payToken and the status alone."""
        known = self._pay_tokens.facts_of(pay_token) | {"status": status}
        return dict.fromkeys(FIELDS) | known

    def _data(self, movement: Movement) -> dict[str, object]:
        """A transaction, as `pay`, `push` and `paymentstatus` tell it."""
        if movement.ending == "expired":
            return self._unpaid(movement.id, "EXPIRED")
        code = movement.details.get("code")
        is_confirmed = movement.ending is not None and code is None
        is_paid = movement.ending == "succeeded"
        paid = f"Successful Payment from {movement.phone} {' '.join(self.settings.holder)}."
        said: dict[str, object] = {
            "subscriberMsisdn": movement.phone,
            "amount": movement.amount_minor,
            "txnid": movement.transaction_id if code is None else None,
            "txnmode": movement.reference,
            "inittxnmessage": movement.details.get("text", PROMPTED),
            "inittxnstatus": code or GOOD,
            "confirmtxnstatus": (GOOD if is_paid else movement.reason) if is_confirmed else None,
            "confirmtxnmessage": paid if is_paid else None,
            "notifUrl": movement.callback_url,
            "description": movement.details["description"],
            "channelUserMsisdn": self.settings.channel_number,
        }
        if movement.kind == "payout":
            said["txnmessage"] = paid if is_paid else None
        return self._unpaid(movement.id, self.status_of(movement)) | said


@web.middleware
async def _read_order_id(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Learn which order a `pay` is about before anything may go wrong with it."""
    if request.path.endswith("/pay"):
        try:
            order_id = (object_in(await request.read()) or {}).get("orderId")
        except web.HTTPRequestEntityTooLarge:
            return web.Response(status=413)
        request[ORDER_ID] = order_id if isinstance(order_id, str) else ""
    return await handler(request)


FIELDS: Final = (
    *("id", "createtime", "subscriberMsisdn", "amount", "payToken", "txnid", "txnmode"),
    *("inittxnmessage", "inittxnstatus", "confirmtxnstatus", "confirmtxnmessage", "status"),
    *("notifUrl", "description", "channelUserMsisdn"),
)
"""What a transaction is told by, in Orange's order."""
