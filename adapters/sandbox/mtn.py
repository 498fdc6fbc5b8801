"""A local MTN MoMo server: the real protocol over real sockets, quirks included.

It serves MTN's three products (Collection, Disbursement, Remittance) and the provisioning of API
users: whatever is created under a reference and its status (`mtn_products` has the list),
account-holder checks, balances, consent, and callbacks to the merchant's server. What becomes of a
payment is chosen by the other party's number, as in MTN's sandbox; what goes wrong on the way, by
`Faults`. Its books are the truth that tests compare a ledger with;
`GET /_sandbox/books?after=N&limit=M` shows them (ours, not MTN's; it needs no key). That page and
the provisioning calls suffer no faults.

An unknown operation answers 404 in the gateway's shape.

Sources: see `mtn_rules`.
"""

import re
from collections import deque
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from typing import Final

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

from adapters.sandbox.callbacks import CallbackSender
from adapters.sandbox.faults import Call, Faults, FaultyLine
from adapters.sandbox.mtn_access import MtnAccess, product_of, reference_of, uuid4_text
from adapters.sandbox.mtn_books import ApiUser, BookedPayment, MtnBooks
from adapters.sandbox.mtn_collections import MtnCollections
from adapters.sandbox.mtn_consent import MtnConsents
from adapters.sandbox.mtn_payments import MtnPayments
from adapters.sandbox.mtn_products import PRODUCTS, RESOURCES, Product, Resource
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
CREATION: Final = re.compile(r"/(collection|disbursement|remittance)/(v[12]_0)/([a-z]+)")

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
    calls = _Calls(settings, books, access, payments, timer)
    consents = MtnConsents(settings, access, clock=clock)
    collections = MtnCollections(settings, books, access, payments, clock=clock)

    application = web.Application(
        client_max_size=settings.body_bytes_max, middlewares=[_answer_refusals]
    )
    FaultyLine(faults, timer=timer, name_call=_name_call, error_answer=_platform_failure).install(
        application
    )
    application[BOOKS] = books
    application[ACCESS] = access
    application[SENDER] = sender
    for part in (access, calls, consents, collections):
        application.add_routes(part.routes())

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

    def provision(
        self, callback_host: str = "localhost", product: Product | None = "collection"
    ) -> tuple[str, str]:
        """Make an API user as the portal would; returns its id and its key."""
        return self.application[ACCESS].provision(callback_host, product)


class _Calls:
    """What all products have, each call behind `MtnAccess.caller`."""

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
        made = [web.get("/_sandbox/books", self._show_books)]
        for product in PRODUCTS:
            root = f"/{product}/v1_0"
            holder = root + "/accountholder/{id_type:(?i:msisdn|email|alias|id)}/{holder_id}"
            if product == "remittance":
                person = f"{root}/accountholder/msisdn/{{holder_id}}"
            else:
                person = holder
            made += [
                web.get(f"{holder}/active", self._show_active),
                web.get(f"{person}/basicuserinfo", self._show_user_info),
                web.get(f"{root}/account/balance", self._show_balance),
                web.get(f"{root}/account/balance/{{currency}}", self._show_balance),
            ]
        for one in RESOURCES.values():
            made += [
                web.post(f"/{one.product}/{version}/{one.name}", self._creation(one, version))
                for version in one.posts
            ]
            status = f"/{one.product}/{one.asked_at}/{one.name}/{{reference}}"
            made.append(web.get(status, self._status(one)))
        return made

    def _creation(self, resource: Resource, version: str) -> Handler:
        async def create(request: web.Request) -> web.Response:
            user = self._access.caller(request)
            payment = self._payments.admit(
                user,
                resource,
                version,
                reference=reference_of(request),
                callback_url=request.headers.get("X-Callback-Url"),
                body=await request.read(),
            )
            await self._payments.begin(payment)
            return web.Response(status=202)

        return create

    def _status(self, resource: Resource) -> Handler:
        async def show(request: web.Request) -> web.Response:
            user = self._access.caller(request)
            self._count_status_call(user)
            payment = found_in(self._books, resource.key, request)
            return json_answer(200, self._payments.answer_of(payment))

        return show

    async def _show_active(self, request: web.Request) -> web.Response:
        self._access.caller(request)
        found = ACCOUNT_CHECKS.get(request.match_info["holder_id"].lower(), True)
        if isinstance(found, Code):
            raise RefusedError(error(503 if found == Code.SERVICE_UNAVAILABLE else 500, found))
        return json_answer(200, {"result": found})

    async def _show_user_info(self, request: web.Request) -> web.Response:
        self._access.caller(request)
        shown = dict(BASIC_USER_INFO)
        if product_of(request) == "remittance":
            # The specification of remittances alone has no gender here.
            del shown["gender"]
        return json_answer(200, shown)

    async def _show_balance(self, request: web.Request) -> web.Response:
        self._access.caller(request)
        currency = request.match_info.get("currency", self._settings.currencies[0])
        if currency not in self._settings.currencies:
            raise RefusedError(error(500, Code.INVALID_CURRENCY))
        balance = self._payments.balance(product_of(request), currency)
        return json_answer(200, {"availableBalance": f"{balance:f}", "currency": currency})

    async def _show_books(self, request: web.Request) -> web.Response:
        """Answer one page of the books; `next` is where the following page begins."""
        try:
            after = max(0, int(request.query.get("after", "0")))
            limit = min(PAGE_SIZE_MAX, max(1, int(request.query.get("limit", PAGE_SIZE_MAX))))
        except ValueError:
            raise RefusedError(web.Response(status=400)) from None
        page = [asdict(row) for row in islice(self._books.booked.values(), after, after + limit)]
        shown = after + len(page)
        following = shown if shown < len(self._books.booked) else None
        body = {"payments": page, "total": len(self._books.booked), "next": following}
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


def found_in(books: MtnBooks, resource: str, request: web.Request) -> BookedPayment:
    """Return what the reference in a path names; raises RefusedError (400 or 404)."""
    reference = uuid4_text(request.match_info["reference"])
    if reference is None:
        raise RefusedError(web.Response(status=400))
    payment = books.of(resource).get(reference)
    if payment is None:
        raise RefusedError(error(404, Code.RESOURCE_NOT_FOUND))
    return payment


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
    product = path.split("/")[1]
    if product not in PRODUCTS:
        return None
    # Collections are named as they were before the others were here: the dice fall by the name.
    prefix = "" if product == "collection" else f"{product}/"
    created = CREATION.fullmatch(path)
    if created and request.method == "POST" and f"{product}/{created[3]}" in RESOURCES:
        reference = request.headers.get("X-Reference-Id", "")
        return Call(operation=f"{prefix}{created[3]}", reference=reference, moves_money=True)
    operation, _, last = path.removeprefix(f"/{product}/").rpartition("/")
    return Call(operation=f"{prefix}{operation}", reference=last)
