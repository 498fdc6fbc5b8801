"""A local Orange Money Web Payment server: the real protocol over real sockets.

It serves what a collecting merchant meets: a token, `webpayment`, the hosted page to which the
payer is sent, `transactionstatus`, and the notification to the merchant's server: one POST, never
signed, proved by nothing but its notif_token. What becomes of a payment is chosen by the number the
payer types (`orange_rules.Scenario`); what goes wrong on the way, by `Faults`. Its books are the
truth that tests compare a ledger with; `GET /_sandbox/books?after=N&limit=M` shows them (ours, not
Orange's; it needs no key). That page and the payer's suffer no faults.

Not here: refunds and disbursements, which this product does not have; the portal and its USSD
simulator: every payer's one-time code is in the settings.

Sources: see `orange_rules`.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

from adapters.sandbox.callbacks import CallbackSender
from adapters.sandbox.faults import Call, Faults, FaultyLine
from adapters.sandbox.orange_books import OrangeBooks
from adapters.sandbox.orange_orders import OrangeOrders
from adapters.sandbox.orange_page import PAGE_PATH, OrangePage
from adapters.sandbox.orange_requests import (
    order_id_in,
    read_creation,
    read_form,
    read_question,
)
from adapters.sandbox.orange_rules import (
    JSON_TYPE,
    Code,
    OrangeSandboxSettings,
    error,
    json_answer,
)
from adapters.sandbox.server import RefusedError, SandboxServer
from adapters.sandbox.timer import LoopTimer, Timer

API_PATH: Final = "/orange-money-webpay/"
FORM_TYPE: Final = "application/x-www-form-urlencoded"
PAGE_SIZE_MAX: Final = 1_000

BOOKS: Final = web.AppKey("books", OrangeBooks)
SENDER: Final = web.AppKey("sender", CallbackSender)
ORDER_ID: Final = web.RequestKey("order_id", str)


def create_sandbox(
    settings: OrangeSandboxSettings,
    *,
    clock: Callable[[], datetime],
    faults: Faults | None = None,
    timer: Timer | None = None,
) -> web.Application:
    """Return the server as an aiohttp application; its books are at `BOOKS`.

    `clock` gives aware UTC datetimes. `timer` defaults to real time. Raises OSError if the books'
    file cannot be opened, ValueError if it holds something else.
    """
    timer = LoopTimer() if timer is None else timer
    faults = Faults.none() if faults is None else faults
    books = OrangeBooks(settings.books_path, orders_max=settings.orders_max)
    sender = CallbackSender(faults, timer=timer, any_host=settings.notification_any_host)
    orders = OrangeOrders(settings, books, sender, clock=clock, timer=timer)
    calls = _Calls(settings, books, orders, clock=clock)
    page = OrangePage(settings, books, orders, clock=clock)

    application = web.Application(
        client_max_size=settings.body_bytes_max, middlewares=[_answer_refusals]
    )
    FaultyLine(faults, timer=timer, name_call=_name_call, error_answer=_gateway_failure).install(
        application
    )
    # The faults' key is the order, and Orange names that in the body alone.
    application.middlewares.insert(0, _read_order_id)
    application[BOOKS] = books
    application[SENDER] = sender
    application.add_routes(calls.routes())
    application.add_routes(page.routes())

    async def start(_application: web.Application) -> None:
        await sender.start()
        orders.resume()

    async def stop(_application: web.Application) -> None:
        orders.stop()
        await sender.stop()
        books.close()

    application.on_startup.append(start)
    application.on_cleanup.append(stop)
    return application


class OrangeSandbox(SandboxServer):
    """The server in this process: `async with OrangeSandbox(settings, clock=clock) as sandbox`.

    `books` and `sender` are those of the last start.
    """

    def __init__(
        self,
        settings: OrangeSandboxSettings | None = None,
        *,
        clock: Callable[[], datetime],
        faults: Faults | None = None,
        timer: Timer | None = None,
    ) -> None:
        self.settings = OrangeSandboxSettings() if settings is None else settings
        super().__init__(
            lambda: create_sandbox(self.settings, clock=clock, faults=faults, timer=timer),
            host=self.settings.host,
            port=self.settings.port,
        )

    @property
    def books(self) -> OrangeBooks:
        """The sandbox's own truth."""
        return self.application[BOOKS]

    @property
    def sender(self) -> CallbackSender:
        """The sender of notifications, for tests that wait until it has settled."""
        return self.application[SENDER]


class _Calls:
    """The merchant's calls. Tokens are not stored: they carry their end and are signed."""

    def __init__(
        self,
        settings: OrangeSandboxSettings,
        books: OrangeBooks,
        orders: OrangeOrders,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._books = books
        self._orders = orders
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/oauth/{version:v2|v3}/token", self._create_token),
            web.post(API_PATH + "{segment}/v1/webpayment", self._create_order),
            web.post(API_PATH + "{segment}/v1/transactionstatus", self._show_status),
            web.get("/_sandbox/books", self._show_books),
        ]

    async def _create_token(self, request: web.Request) -> web.Response:
        self._check_basic(request)
        if request.content_type != FORM_TYPE:
            code = Code.INVALID_HEADER_VALUE
            raise RefusedError(error(code, f"Content-Type must be {FORM_TYPE}."))
        grant_type = read_form(await request.read()).get("grant_type")
        if not grant_type:
            raise RefusedError(error(Code.MISSING_BODY_FIELD, "grant_type is missing."))
        if grant_type != "client_credentials":
            description = "grant_type must be client_credentials."
            raise RefusedError(error(Code.INVALID_BODY_FIELD, description))
        lifetime_seconds = self._settings.token_lifetime_seconds
        ends_at = self._clock() + timedelta(seconds=lifetime_seconds)
        is_text = self._settings.expires_in_is_text
        answer = json_answer(
            200,
            {
                "token_type": "Bearer",
                "access_token": self._token(f"{int(ends_at.timestamp()):x}"),
                "expires_in": str(lifetime_seconds) if is_text else lifetime_seconds,
            },
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer

    async def _create_order(self, request: web.Request) -> web.Response:
        segment = self._entered(request)
        order = self._orders.admit(read_creation(await request.read(), segment, self._settings))
        base_url = self._settings.page_base_url or str(request.url.origin())
        return json_answer(
            201,
            {
                "status": 201,
                "message": "OK",
                "pay_token": order.pay_token,
                "payment_url": f"{base_url.rstrip('/')}{PAGE_PATH}{order.pay_token}",
                "notif_token": order.notif_token,
            },
        )

    async def _show_status(self, request: web.Request) -> web.Response:
        segment = self._entered(request)
        question = read_question(await request.read())
        return json_answer(self._settings.status_answer, self._orders.status_of(segment, question))

    async def _show_books(self, request: web.Request) -> web.Response:
        """Answer one page of the books; `next` is where the following page begins."""
        try:
            after = min(max(0, int(request.query.get("after", "0"))), len(self._books.orders))
            limit = min(PAGE_SIZE_MAX, max(1, int(request.query.get("limit", PAGE_SIZE_MAX))))
        except ValueError:
            description = "after and limit are whole numbers."
            raise RefusedError(error(Code.INVALID_QUERY_PARAMETER, description)) from None
        page = [
            asdict(order) for order in islice(self._books.orders.values(), after, after + limit)
        ]
        shown = after + len(page)
        following = shown if shown < len(self._books.orders) else None
        body = {"orders": page, "total": len(self._books.orders), "next": following}
        return web.Response(body=orjson.dumps(body), content_type=JSON_TYPE)

    def _check_basic(self, request: web.Request) -> None:
        scheme, _, encoded = _authorization(request).partition(" ")
        try:
            given = base64.b64decode(encoded, validate=True)
        except ValueError:
            given = b""
        wanted = f"{self._settings.client_id}:{self._settings.client_secret}".encode()
        if scheme.lower() != "basic" or not hmac.compare_digest(given, wanted):
            description = "The client is unknown or its secret is wrong."
            raise RefusedError(error(Code.INVALID_CREDENTIALS, description))

    def _entered(self, request: web.Request) -> str:
        """Return the segment of a call whose bearer is good; raises RefusedError."""
        scheme, _, token = _authorization(request).partition(" ")
        ends_at, _, _ = token.partition("-")
        is_ours = hmac.compare_digest(self._token(ends_at).encode(), token.encode(errors="replace"))
        if scheme.lower() != "bearer" or not is_ours:
            raise RefusedError(error(Code.INVALID_CREDENTIALS, "The access token is not ours."))
        if self._clock().timestamp() >= int(ends_at, 16):
            raise RefusedError(error(Code.EXPIRED_CREDENTIALS, "The access token has expired."))
        segment = request.match_info["segment"]
        if segment not in self._settings.currency_by_segment:
            raise RefusedError(error(Code.RESOURCE_NOT_FOUND, "No such country."))
        return segment

    def _token(self, ends_at: str) -> str:
        """Return the access token that ends at a moment: seconds since 1970, hexadecimal."""
        text = f"token:{ends_at}".encode(errors="replace")
        signature = hmac.digest(self._settings.secret.encode(), text, hashlib.sha256)
        return f"{ends_at}-{signature.hex()[:24]}"


def _authorization(request: web.Request) -> str:
    header = request.headers.get("Authorization", "")
    if not header:
        raise RefusedError(error(Code.MISSING_CREDENTIALS, "The Authorization header is missing."))
    return header


@web.middleware
async def _read_order_id(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Learn which order a call is about before anything may go wrong with it."""
    if request.path.startswith(API_PATH):
        try:
            request[ORDER_ID] = order_id_in(await request.read())
        except (web.HTTPRequestEntityTooLarge, web.RequestPayloadError) as broken:
            return _unreadable(broken)
    return await handler(request)


@web.middleware
async def _answer_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn refusals, and what aiohttp itself refuses, into the gateway's answers."""
    try:
        return await handler(request)
    except RefusedError as refused:
        return refused.answer
    except (web.HTTPRequestEntityTooLarge, web.RequestPayloadError) as broken:
        return _unreadable(broken)
    except web.HTTPNotFound:
        return error(Code.RESOURCE_NOT_FOUND, "There is nothing at this address.")
    except web.HTTPMethodNotAllowed:
        return error(Code.METHOD_NOT_ALLOWED, "This address is not called in this way.")


def _unreadable(broken: Exception) -> web.Response:
    if isinstance(broken, web.HTTPRequestEntityTooLarge):
        return error(Code.BODY_TOO_LARGE, "The body is too large.")
    return error(Code.INVALID_BODY, "The body is not encoded as its headers say.")


def _gateway_failure(status: int) -> web.Response:
    if status == 503:
        return error(Code.SERVICE_UNAVAILABLE, "The service is temporarily unavailable.")
    return error(Code.INTERNAL_ERROR, "Something went wrong.")


def _name_call(request: web.Request) -> Call | None:
    """Name a merchant's call for its faults; the payer's page and our own have none."""
    path = request.path
    if path.startswith("/oauth/"):
        return Call(operation="token")
    if not path.startswith(API_PATH):
        return None
    operation = path.rpartition("/")[2]
    return Call(
        operation=operation,
        reference=request.get(ORDER_ID, ""),
        moves_money=operation == "webpayment",
    )
