"""A local MTN MoMo Collections server: the real protocol over real sockets, quirks included.

It serves what a collecting merchant meets: provisioning, tokens, requesttopay and its status,
account-holder checks, balances, and callbacks to the merchant's server. What becomes of a payment
is chosen by the payer's number, as in MTN's sandbox; what goes wrong on the way, by `Faults`. Its
books are the truth that tests compare a ledger with; `GET /_sandbox/books?after=N&limit=M` shows
them (ours, not MTN's; it needs no key). That page and the provisioning calls suffer no faults.

Not here: withdrawals, pre-approvals, invoices, bill payments, delivery notifications, consent,
disbursements. They answer 404 in the gateway's shape, as unknown operations do.

Sources: see `mtn_rules`.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Final

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

from adapters.sandbox.callbacks import CallbackSender
from adapters.sandbox.faults import Call, Faults, FaultyLine
from adapters.sandbox.mtn_access import MtnAccess, reference_of, uuid4_text
from adapters.sandbox.mtn_books import ApiUser, MtnBooks
from adapters.sandbox.mtn_payments import MtnPayments
from adapters.sandbox.mtn_rules import (
    ACCOUNT_CHECKS,
    BASIC_USER_INFO,
    JSON_TYPE,
    Code,
    MtnSandboxSettings,
    error,
    gateway_error,
    json_answer,
)
from adapters.sandbox.server import RefusedError, SandboxServer
from adapters.sandbox.timer import LoopTimer, Timer

PAGE_SIZE_MAX: Final = 1_000

BOOKS: Final = web.AppKey("books", MtnBooks)
ACCESS: Final = web.AppKey("access", MtnAccess)
SENDER: Final = web.AppKey("sender", CallbackSender)


def create_sandbox(
    settings: MtnSandboxSettings,
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
    books = MtnBooks(settings.books_path, payments_max=settings.payments_max)
    sender = CallbackSender(
        faults, timer=timer, mode=settings.callback_mode, any_host=settings.callback_any_host
    )
    payments = MtnPayments(settings, books, sender, clock=clock, timer=timer)
    access = MtnAccess(settings, books, clock=clock)
    collection = _Collection(settings, books, access, payments, timer)

    application = web.Application(
        client_max_size=settings.body_bytes_max, middlewares=[_answer_refusals]
    )
    FaultyLine(faults, timer=timer, name_call=_name_call, error_answer=_platform_failure).install(
        application
    )
    application[BOOKS] = books
    application[ACCESS] = access
    application[SENDER] = sender
    application.add_routes(access.routes())
    application.add_routes(collection.routes())

    async def start(_application: web.Application) -> None:
        await sender.start()
        payments.resume()

    async def stop(_application: web.Application) -> None:
        payments.stop()
        await sender.stop()
        books.close()

    application.on_startup.append(start)
    application.on_cleanup.append(stop)
    return application


class MtnSandbox(SandboxServer):
    """The server in this process: `async with MtnSandbox(settings, clock=clock) as sandbox`.

    `books` and `sender` are those of the last start.
    """

    def __init__(
        self,
        settings: MtnSandboxSettings | None = None,
        *,
        clock: Callable[[], datetime],
        faults: Faults | None = None,
        timer: Timer | None = None,
    ) -> None:
        self.settings = given = MtnSandboxSettings() if settings is None else settings
        super().__init__(
            lambda: create_sandbox(given, clock=clock, faults=faults, timer=timer),
            host=given.host,
            port=given.port,
        )

    @property
    def books(self) -> MtnBooks:
        """The sandbox's own truth."""
        return self.application[BOOKS]

    @property
    def sender(self) -> CallbackSender:
        """The sender of callbacks, for tests that wait until it has settled."""
        return self.application[SENDER]

    def provision(self, callback_host: str = "localhost") -> tuple[str, str]:
        """Make an API user as the portal would; returns its id and its key."""
        return self.application[ACCESS].provision(callback_host)


class _Collection:
    """The calls of the Collection product, each behind `MtnAccess.caller`."""

    def __init__(
        self,
        settings: MtnSandboxSettings,
        books: MtnBooks,
        access: MtnAccess,
        payments: MtnPayments,
        timer: Timer,
    ) -> None:
        self._settings = settings
        self._books = books
        self._access = access
        self._payments = payments
        self._timer = timer
        self._status_calls: dict[str, deque[float]] = {}

    def routes(self) -> list[web.RouteDef]:
        root = "/collection/v1_0"
        holder = root + "/accountholder/{id_type:(?i:msisdn|email|alias|id)}/{holder_id}"
        return [
            web.post(f"{root}/requesttopay", self._request_to_pay),
            web.get(f"{root}/requesttopay/{{reference}}", self._show_status),
            web.get(f"{holder}/active", self._show_active),
            web.get(f"{holder}/basicuserinfo", self._show_user_info),
            web.get(f"{root}/account/balance", self._show_balance),
            web.get(f"{root}/account/balance/{{currency}}", self._show_balance),
            web.get("/_sandbox/books", self._show_books),
        ]

    async def _request_to_pay(self, request: web.Request) -> web.Response:
        user = self._access.caller(request)
        reference = reference_of(request)
        body = await request.read()
        payment = self._payments.admit(user, reference, request.headers.get("X-Callback-Url"), body)
        await self._payments.begin(payment)
        return web.Response(status=202)

    async def _show_status(self, request: web.Request) -> web.Response:
        user = self._access.caller(request)
        self._count_status_call(user)
        reference = uuid4_text(request.match_info["reference"])
        if reference is None:
            raise RefusedError(web.Response(status=400))
        payment = self._books.payments.get(reference)
        if payment is None:
            raise RefusedError(error(404, Code.RESOURCE_NOT_FOUND))
        return json_answer(200, self._payments.answer_of(payment))

    async def _show_active(self, request: web.Request) -> web.Response:
        self._access.caller(request)
        found = ACCOUNT_CHECKS.get(request.match_info["holder_id"].lower(), True)
        if isinstance(found, Code):
            raise RefusedError(error(503 if found == Code.SERVICE_UNAVAILABLE else 500, found))
        return json_answer(200, {"result": found})

    async def _show_user_info(self, request: web.Request) -> web.Response:
        self._access.caller(request)
        return json_answer(200, BASIC_USER_INFO)

    async def _show_balance(self, request: web.Request) -> web.Response:
        self._access.caller(request)
        currency = request.match_info.get("currency", self._settings.currencies[0])
        if currency not in self._settings.currencies:
            raise RefusedError(error(500, Code.INVALID_CURRENCY))
        balance = Decimal(self._settings.opening_balance) + self._books.collected(currency)
        return json_answer(200, {"availableBalance": f"{balance:f}", "currency": currency})

    async def _show_books(self, request: web.Request) -> web.Response:
        """Answer one page of the books; `next` is where the following page begins."""
        try:
            after = max(0, int(request.query.get("after", "0")))
            limit = min(PAGE_SIZE_MAX, max(1, int(request.query.get("limit", PAGE_SIZE_MAX))))
        except ValueError:
            raise RefusedError(web.Response(status=400)) from None
        page = [asdict(row) for row in islice(self._books.payments.values(), after, after + limit)]
        shown = after + len(page)
        following = shown if shown < len(self._books.payments) else None
        body = {"payments": page, "total": len(self._books.payments), "next": following}
        return web.Response(body=orjson.dumps(body), content_type=JSON_TYPE)

    def _count_status_call(self, user: ApiUser) -> None:
        """Refuse a call beyond the cap of one second; the body of that answer is the gateway's."""
        limit = self._settings.status_calls_per_second_max
        if limit is None:
            return
        now_seconds = self._timer.now_seconds()
        calls = self._status_calls.setdefault(user.user_id, deque(maxlen=limit))
        if len(calls) == limit and now_seconds - calls[0] < 1:
            answer = gateway_error(429, "Rate limit is exceeded. Try again in 1 seconds.")
            answer.headers["Retry-After"] = "1"
            raise RefusedError(answer)
        calls.append(now_seconds)


@web.middleware
async def _answer_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn refusals, and what aiohttp itself refuses, into answers of the right shape."""
    try:
        return await handler(request)
    except RefusedError as refused:
        return refused.answer
    except web.HTTPRequestEntityTooLarge:
        return gateway_error(413, "Request Entity Too Large")
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
        return gateway_error(404, "Resource not found")


def _platform_failure(status: int) -> web.Response:
    code = Code.SERVICE_UNAVAILABLE if status == 503 else Code.INTERNAL_PROCESSING_ERROR
    return error(status, code)


def _name_call(request: web.Request) -> Call | None:
    """Name a product call for its faults; provisioning and our own page have none."""
    path = request.path
    if not path.startswith("/collection/"):
        return None
    if path == "/collection/v1_0/requesttopay" and request.method == "POST":
        reference = request.headers.get("X-Reference-Id", "")
        return Call(operation="requesttopay", reference=reference, moves_money=True)
    operation, _, last = path.removeprefix("/collection/").rpartition("/")
    return Call(operation=operation, reference=last)
