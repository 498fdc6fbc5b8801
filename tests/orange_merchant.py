"""A merchant's side of Orange Web Payment for tests, written from the documentation and bare.

It knows nothing of our adapter: a mistake there must not hide one in the sandbox.
"""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp
import orjson

from adapters.sandbox.faults import Faults
from adapters.sandbox.orange import OrangeSandbox
from adapters.sandbox.orange_books import BookedOrder
from adapters.sandbox.orange_rules import OrangeSandboxSettings
from adapters.sandbox.payer import PayerSaw, pay_as_customer
from adapters.sandbox.timer import ManualTimer

PAYER = "+237 650 00 00 01"
CODE = "123456"
RETURN_URL = "http://localhost:1/return?order=1"
CANCEL_URL = "http://localhost:1/cancel"
NOTIF_URL = "http://localhost:1/notify"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, a JSON body (None if empty, text if it is no JSON), and the headers."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict, compare=False, repr=False)


def refusal(status: int, code: int, message: str, description: str) -> Answer:
    """Return an error in the gateway's shape."""
    return Answer(status, {"code": code, "message": message, "description": description})


MISSING_BODY = refusal(400, 21, "Missing body", "The request has no body.")
INVALID_BODY = refusal(400, 22, "Invalid body", "The body is no JSON object.")
INVALID_TOKEN = refusal(401, 41, "Invalid credentials", "The access token is not ours.")
EXPIRED_TOKEN = refusal(401, 42, "Expired credentials", "The access token has expired.")
USED_ORDER = refusal(403, 50, "Access denied", "This order_id was used before.")
NO_TRANSACTION = refusal(404, 60, "Resource not found", "No such transaction.")
NO_ADDRESS = refusal(404, 60, "Resource not found", "There is nothing at this address.")


def missing(struct: str, name: str) -> Answer:
    """Return the recorded complaint about a missing field."""
    described = f"Key: '{struct}.{name}' Error:Field validation for '{name}' failed"
    return refusal(400, 23, "Missing body field", f"{described} on the 'required' tag")


def invalid(description: str) -> Answer:
    """Return the complaint about a field that is there and wrong."""
    return refusal(400, 24, "Invalid body field", description)


class Merchant:
    """Speaks to a started sandbox; `enter` gets a token."""

    def __init__(self, sandbox: OrangeSandbox, *, segment: str = "cm") -> None:
        self.url = sandbox.url
        self.settings = sandbox.settings
        self.segment = segment
        self.token = ""
        self.session = aiohttp.ClientSession()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()

    async def call(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """Make one call and read its answer."""
        async with self.session.request(
            method, self.url + path, headers=headers, data=body, allow_redirects=False
        ) as response:
            raw = await response.read()
            parsed: Any = None
            if raw:
                is_json = response.content_type == "application/json"
                parsed = orjson.loads(raw) if is_json else raw.decode()
            return Answer(response.status, parsed, dict(response.headers))

    async def ask_token(
        self,
        *,
        version: str = "v3",
        authorization: str | None = "",
        body: bytes = b"grant_type=client_credentials",
        content_type: str = FORM,
    ) -> Answer:
        """Ask for a token; without changes, as it should be asked."""
        headers = {"Content-Type": content_type}
        if authorization is not None:
            pair = f"{self.settings.client_id}:{self.settings.client_secret}".encode()
            headers["Authorization"] = authorization or f"Basic {base64.b64encode(pair).decode()}"
        answer = await self.call("POST", f"/oauth/{version}/token", headers=headers, body=body)
        if answer.status == 200 and isinstance(answer.body, dict):
            self.token = answer.body["access_token"]
        return answer

    async def post(
        self, operation: str, body: bytes | None, *, segment: str | None = None, **headers: str
    ) -> Answer:
        """Make a product call; `Authorization=""` leaves the header out."""
        full = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.call(
            "POST",
            f"/orange-money-webpay/{segment or self.segment}/v1/{operation}",
            headers={name: value for name, value in full.items() if value},
            body=body,
        )

    def wanted(self, order_id: str = "order-1", **changes: Any) -> dict[str, Any]:
        """Return a good webpayment body; a change to None leaves a field out."""
        full = {
            "merchant_key": self.settings.merchant_key,
            "currency": self.settings.currency_by_segment.get(self.segment, "XAF"),
            "order_id": order_id,
            "amount": 12_500,
            "return_url": RETURN_URL,
            "cancel_url": CANCEL_URL,
            "notif_url": NOTIF_URL,
            "lang": "fr",
            "reference": "Boutique Awa",
        } | changes
        return {name: value for name, value in full.items() if value is not None}

    async def create(self, order_id: str = "order-1", **changes: Any) -> Answer:
        """Create an order."""
        return await self.post("webpayment", orjson.dumps(self.wanted(order_id, **changes)))

    async def ask(self, order_id: str = "order-1", **changes: Any) -> Answer:
        """Ask what became of an order, given the body of its creation."""
        body = {"order_id": order_id, "amount": 12_500} | changes
        kept = {name: value for name, value in body.items() if value is not None}
        return await self.post("transactionstatus", orjson.dumps(kept))


@dataclass
class World:
    """A sandbox whose time stands still, and a merchant with a token."""

    sandbox: OrangeSandbox
    merchant: Merchant
    timer: ManualTimer

    def order(self, order_id: str = "order-1") -> BookedOrder:
        """Return an order from the sandbox's own books."""
        return self.sandbox.books.orders[order_id]

    async def created(self, order_id: str = "order-1", **changes: Any) -> dict[str, Any]:
        """Create an order that must be accepted; its answer."""
        answer = await self.merchant.create(order_id, **changes)
        assert answer.status == 201, answer
        body: dict[str, Any] = answer.body
        return body

    async def paid(
        self, order_id: str = "order-1", *, number: str = PAYER, code: str = CODE, **changes: Any
    ) -> PayerSaw:
        """Create an order and send a payer to its page."""
        body = await self.created(order_id, **changes)
        return await pay_as_customer(self.merchant.session, body["payment_url"], number, code)

    async def status(self, order_id: str = "order-1") -> Answer:
        """Ask for the status as the merchant that knows the pay_token."""
        order = self.order(order_id)
        return await self.merchant.ask(order_id, amount=order.amount, pay_token=order.pay_token)

    async def settled(self) -> None:
        """Let what is due now be sent."""
        self.timer.advance(self.sandbox.settings.notification_after_seconds)
        await self.sandbox.sender.settled()


@asynccontextmanager
async def a_world(
    faults: Faults | None = None, *, segment: str = "cm", enter: bool = True, **switches: Any
) -> AsyncIterator[World]:
    """Start a sandbox with these switches and let a merchant in."""
    timer = ManualTimer()
    settings = OrangeSandboxSettings(**switches)
    async with (
        OrangeSandbox(settings, clock=timer.clock, faults=faults, timer=timer) as sandbox,
        Merchant(sandbox, segment=segment) as merchant,
    ):
        if enter:
            await merchant.ask_token()
        yield World(sandbox, merchant, timer)
