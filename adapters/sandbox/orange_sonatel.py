"""An Orange Money server of Sonatel's in this process: codes, cash-ins, balance, signed callbacks.

    POST /oauth/v1/token                             a token, good for 299 seconds
    GET  /api/account/v1/publicKeys                  the key that PINs are sealed for
    POST /api/eWallet/v4/qrcode                      a code, and links to the payer's page
    POST /api/eWallet/v1/payments/onestep            take a payment by a one-time code
    POST /api/eWallet/v1/payments/otp                give a customer one; of Sonatel's sandbox alone
    POST /api/eWallet/v1/cashins                     pay a person
    POST /api/eWallet/v1/bulkcashins                 pay several; `orange_sonatel_cashins`
    POST /api/eWallet/v1/account/retailer/balance
    GET  /api/eWallet/v1/transactions                by `reference`, `status`, `size`
    GET  /api/eWallet/v1/transactions/{id}/status
    GET, POST /mp/{code}                             the payer's page

A code waits for its payer, who acts on the page (`adapters.sandbox.hosted_page`) that stands for
Orange's telephone apps; the typed number decides. Only then is there a transaction. It is told to
the payment's own `X-Callback-Url`, or else to the address registered at the portal; that a code
ended unused is told to nobody, and no list shows it.

Nothing is idempotent: a second request under the same reference is a second code, or pays again.
As in production, every call but that for a token needs a `Content-Type` of JSON, even a GET, and a
search by `type` finds nothing. Sources and switches: `adapters.sandbox.orange_sonatel_rules`.

Whoever brings a one-time code has confirmed: there is a transaction at once, which ends by the
number too.

It has no payments by push, no registration of callbacks and no test identities.
"""

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import ClassVar, Final

import orjson
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from adapters.sandbox.callbacks import Callback
from adapters.sandbox.faults import Call, Faults
from adapters.sandbox.hosted_page import HostedPage
from adapters.sandbox.movements import Kind, Movement, Scenario, scenario_of
from adapters.sandbox.one_time_codes import OneTimeCodes
from adapters.sandbox.orange_requests import read_form
from adapters.sandbox.orange_sonatel_bodies import (
    code_body,
    first_key,
    is_by_page,
    key_body,
    make_key,
    moved_body,
    opened,
    signature,
    status_of,
    transaction_body,
)
from adapters.sandbox.orange_sonatel_cashins import CashInDesk, is_of_bulk
from adapters.sandbox.orange_sonatel_rules import (
    API_OF,
    CURRENCY,
    REFUSED_ONE_STEPS,
    OrangeSonatelSandboxSettings,
    Reader,
    answer,
    invalid,
    problem,
)
from adapters.sandbox.rail import RailSandbox
from adapters.sandbox.server import RefusedError
from adapters.sandbox.timer import Timer

PAGE_SIZE_MAX: Final = 500
MOVING_APIS: Final = frozenset({"qrcode", "onestep", "cashin", "bulk"})


class OrangeSonatelSandbox(RailSandbox):
    """Sonatel's server: one merchant, and one retailer with a PIN."""

    is_refusal_final: ClassVar[bool] = True

    def __init__(
        self,
        settings: OrangeSonatelSandboxSettings,
        *,
        clock: Callable[[], datetime],
        faults: Faults | None = None,
        timer: Timer | None = None,
    ) -> None:
        self.settings = settings
        self._key: RSAPrivateKey
        self._codes: dict[str, str] = {}
        self.one_time_codes = OneTimeCodes(
            clock=clock, seconds=settings.one_time_code_seconds, fixed=settings.fixed_code
        )
        super().__init__(settings, clock=clock, faults=faults, timer=timer)
        self._page = HostedPage(
            self, path="/mp/{code}", find=self._of_page, amount_of=lambda one: str(one.amount_minor)
        )

    def routes(self) -> list[web.RouteDef]:
        """Sonatel's calls, each behind its token, and the payer's page."""
        wallet, guarded, desk = "/api/eWallet/v1", self._guarded, CashInDesk(self)
        return [
            web.post("/oauth/v1/token", self._issue_token),
            web.get("/api/account/v1/publicKeys", guarded(self._show_key)),
            web.post("/api/eWallet/v4/qrcode", guarded(self._create_code)),
            web.post(f"{wallet}/payments/onestep", guarded(self._create_one_step)),
            web.post(f"{wallet}/payments/otp", guarded(self._issue_code)),
            web.post(f"{wallet}/cashins", guarded(desk.take_one)),
            web.post(f"{wallet}/bulkcashins", guarded(desk.take_several)),
            web.post(f"{wallet}/account/retailer/balance", guarded(self._show_balance)),
            web.get(f"{wallet}/transactions", guarded(self._search)),
            web.get(f"{wallet}/transactions/{{id}}/status", guarded(self._show_status)),
            *self._page.routes(),
        ]

    def name_call(self, request: web.Request) -> Call | None:
        """Name Sonatel's calls; tokens and the payer's page suffer no faults."""
        resource = request.match_info.route.resource
        api = API_OF.get("" if resource is None else resource.canonical)
        if api is None:
            return None
        name = request.match_info.get("id") or request.query.get("reference", "")
        return Call(operation=api, reference=name, moves_money=api in MOVING_APIS)

    def error_answer(self, status: int) -> web.Response:
        """Make Sonatel's own 500 or 503."""
        return problem(status, "51" if status == 503 else "50")

    def missing_answer(self) -> web.Response:
        """Make the answer to an unknown path."""
        return problem(404, "4099", "There is nothing here.")

    def callback_of(self, movement: Movement) -> Callback | None:
        """Write and sign the message about a payment; nothing tells of a single cash-in."""
        url = movement.callback_url or self.webhook_url
        if movement.kind == "payout":
            is_told = is_of_bulk(movement) and self.settings.bulk_callbacks
        else:
            is_told = is_by_page(movement) or self.settings.one_step_callbacks
        if url is None or not is_told or status_of(movement, self.settings) is None:
            return None
        body = orjson.dumps(transaction_body(movement, self.settings))
        key = movement.details.get("api_key", self.settings.api_key)
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Basic {key}",
            "X-Sonatel-Idempotency-Key": hashlib.sha256(body).hexdigest()[:32],
        }
        if self.settings.callback_proof == "signature":
            secrets = (self.settings.retired_webhook_secret, self.settings.webhook_secret)
            at = int(self.clock().timestamp())
            headers["X-Sonatel-Signature"] = signature(body, at, *(one for one in secrets if one))
        return Callback(key=movement.id, method="POST", url=url, body=body, headers=headers)

    def reason_of(self, movement: Movement) -> str | None:
        """Say nothing beside the status: no source names a reason in a transaction."""
        return None

    def expires_after_seconds(self, movement: Movement) -> float:
        """A code's own validity; what a payer began is given up by the setting."""
        if movement.awaits_payer:
            return float(movement.details["validity"])
        return super().expires_after_seconds(movement)

    def confirm(self, movement_id: str, phone: str) -> Movement:
        """Let a payer confirm; a failed attempt may leave the code open for another one."""
        movement = self.books.movements[movement_id]
        fails = {Scenario.REFUSED, Scenario.POOR, Scenario.NO_ACCOUNT, Scenario.FLOAT_SHORT}
        is_failure = scenario_of(phone) in fails
        is_open = movement.awaits_payer and movement.ending is None
        if not is_failure or not is_open or self.settings.failed_attempt == "uses_up":
            return super().confirm(movement_id, phone)
        attempt = self.make_movement(
            "collection",
            reference=movement.reference or "",
            amount_minor=movement.amount_minor,
            phone=phone,
            callback_url=movement.callback_url,
            details=dict(movement.details),
        )
        self.books.accept(attempt)
        self.end(attempt.id, "failed")
        return movement

    def rotate_key(self) -> None:
        """Revoke the key that PINs are sealed for, and make another."""
        self._key = make_key()

    def check_pin(self, number: str, sealed: str) -> None:
        """Let a retailer in, or raise RefusedError."""
        self._check_opened(sealed, self.settings.retailer_pin)
        if number != self.settings.retailer_msisdn:
            raise RefusedError(problem(self.settings.refusal_status, "2010"))

    def make_movement(
        self,
        kind: Kind,
        *,
        reference: str,
        amount_minor: int,
        phone: str = "",
        callback_url: str | None = None,
        details: dict[str, str],
    ) -> Movement:
        """Make a movement whose id has the form of a transaction's."""
        if self.books.is_full:
            raise RefusedError(self.error_answer(503))
        count, now = len(self.books.movements) + 1, self.clock()
        name = f"{'MP' if kind == 'collection' else 'CI'}{now:%y%m%d.%H%M}.S{count:05d}"
        if kind == "collection" and not phone:
            details["qr_id"] = hashlib.sha256(f"{name}\0{now.isoformat()}".encode()).hexdigest()[
                :20
            ]
        return Movement(
            id=name,
            kind=kind,
            reference=reference,
            amount_minor=amount_minor,
            currency=CURRENCY,
            phone=phone,
            accepted_at=now,
            scenario=scenario_of(phone),
            callback_url=callback_url,
            awaits_payer=kind == "collection" and not phone,
            transaction_id=name,
            details=details,
        )

    def _create(self) -> web.Application:
        application = super()._create()
        self._key = first_key()
        self._codes = {
            one.details["qr_id"]: one.id
            for one in reversed(self.books.movements.values())
            if is_by_page(one)
        }
        return application

    def _guarded(
        self, handler: Callable[[web.Request], Awaitable[web.Response]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def guarded(request: web.Request) -> web.Response:
            scheme, _, token = request.headers.get("Authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not self.is_token(token):
                return problem(401, "10")
            if request.headers.get("Content-Type", "").partition(";")[0] != "application/json":
                return problem(415, "4099", "Send a Content-Type of application/json.")
            resource = request.match_info.route.resource
            api = API_OF["" if resource is None else resource.canonical]
            if api not in self.settings.approved_apis:
                return web.Response(status=403)
            return await handler(request)

        return guarded

    async def _issue_token(self, request: web.Request) -> web.Response:
        form = read_form(await request.read())
        wanted = {
            "grant_type": "client_credentials",
            "client_id": self.settings.client_id,
            "client_secret": self.settings.client_secret,
        }
        given = [form.get(name, "") for name in wanted]
        is_right = [
            hmac.compare_digest(one.encode(), two.encode())
            for one, two in zip(given, wanted.values(), strict=True)
        ]
        if not all(is_right):
            return answer(401, {"error": "invalid_client"})
        return answer(
            200,
            {
                "access_token": self.issue_token(),
                "token_type": "Bearer",
                "expires_in": self.settings.token_lifetime_seconds,
            },
        )

    async def _show_key(self, _request: web.Request) -> web.Response:
        return answer(200, key_body(self._key))

    async def _create_code(self, request: web.Request) -> web.Response:
        reader = Reader(self.settings, await request.read())
        reader.merchant_code()
        amount, validity = reader.amount(), reader.validity_seconds()
        nowhere = f"{self.url}/"
        details = {
            "merchant": reader.text("name", is_required=True),
            "validity": str(validity),
            "return_url": reader.text("callbackSuccessUrl") or nowhere,
            "cancel_url": reader.text("callbackCancelUrl") or nowhere,
        }
        details |= reader.remembered(request)
        movement = self.make_movement(
            "collection",
            reference=reader.text("reference"),
            amount_minor=amount,
            callback_url=request.headers.get("X-Callback-Url"),
            details=details,
        )
        self._codes[movement.details["qr_id"]] = movement.id
        return answer(200, code_body(await self.begin(movement), self.settings, self.url))

    async def _create_one_step(self, request: web.Request) -> web.Response:
        reader = Reader(self.settings, await request.read())
        reader.merchant()
        payer, code = reader.payer()
        movement = self.make_movement(
            "collection",
            reference=reader.text("reference"),
            amount_minor=reader.amount(),
            phone=payer,
            callback_url=request.headers.get("X-Callback-Url"),
            details=reader.remembered(request),
        )
        if not self.one_time_codes.use(payer, code):
            detail = f"Wrong code {code}." if self.settings.repeats_code else ""
            wrong, status = self.settings.wrong_code, self.settings.refusal_status
            raise RefusedError(problem(status, wrong, detail))
        if (refused := REFUSED_ONE_STEPS.get(movement.scenario)) is not None:
            raise RefusedError(problem(self.settings.refusal_status, refused))
        begun = await self.begin(replace(movement, confirmed_at=movement.accepted_at))
        return answer(200, moved_body(begun, self.settings))

    async def _issue_code(self, request: web.Request) -> web.Response:
        """Give a customer a one-time code, which in life is asked for on the telephone."""
        reader = Reader(self.settings, await request.read())
        number, sealed = reader.msisdn()
        self._check_opened(sealed, self.settings.customer_pin)
        return answer(200, {"otp": self.one_time_codes.issue(number)})

    async def _show_balance(self, request: web.Request) -> web.Response:
        reader = Reader(self.settings, await request.read())
        self.check_pin(*reader.msisdn())
        return answer(200, {"value": self.balance_minor(CURRENCY), "unit": CURRENCY})

    async def _search(self, request: web.Request) -> web.Response:
        query = request.query
        size = query.get("size", str(PAGE_SIZE_MAX))
        if not size.isdecimal():
            raise invalid(self.settings, "size", "a number")
        if "type" in query:
            return answer(200, [])
        found = []
        for movement in self.books.movements.values():
            body = transaction_body(movement, self.settings)
            is_wanted = all(
                query.get(name) in {None, body[name]} for name in ("reference", "status")
            )
            if is_wanted and body["status"] is not None:
                found.append(body)
        return answer(200, found[: min(int(size), PAGE_SIZE_MAX)])

    async def _show_status(self, request: web.Request) -> web.Response:
        movement = self.books.movements.get(request.match_info["id"])
        if movement is None or status_of(movement, self.settings) is None:
            raise RefusedError(problem(404, "4099", "There is no such transaction."))
        return answer(200, transaction_body(movement, self.settings))

    def _check_opened(self, sealed: str, right: str) -> None:
        status, pin = self.settings.refusal_status, opened(self._key, sealed)
        if pin is None:
            raise RefusedError(problem(status, "4003"))
        if not hmac.compare_digest(pin, right):
            raise RefusedError(problem(status, "2010"))

    def _delay_seconds(self, movement: Movement) -> float:
        """How long a payment by code takes is a switch of its own; nobody has to confirm it."""
        is_by_code = movement.kind == "collection" and not is_by_page(movement)
        if is_by_code and movement.scenario not in {Scenario.SLOW, Scenario.EXPIRES}:
            return self.settings.one_step_seconds
        return super()._delay_seconds(movement)

    def _of_page(self, request: web.Request) -> Movement | None:
        return self.books.movements.get(self._codes.get(request.match_info["code"], ""))
