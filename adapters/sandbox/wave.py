"""A Wave Business server in this process: checkouts, refunds, payouts, balance, signed webhooks.

    POST /v1/checkout/sessions               GET  /v1/checkout/sessions/{id}
    GET  /v1/checkout/sessions/search        POST /v1/checkout/sessions/{id}/expire, .../refund
    POST /v1/transactions/{id}/refund        GET  /v1/balance
    POST /v1/payout                          GET  /v1/payout/{id}, /v1/payouts/search
    POST /v1/verify_recipient[/]             GET, POST /c/{id}: the payer's page

A session waits for its payer, who acts on the page (`adapters.sandbox.hosted_page`) that stands for
Wave's telephone app; the typed number decides. A payout is decided at once, as at Wave, unless
`decide_after_seconds` lets it stand at `processing`. A session tells the address registered at the
portal (`webhook_url`) how it was completed or that an attempt failed; that it expired is told to
nobody, as at Wave.

`client_reference` names nothing uniquely here: a second session under the same one is a second
session. An `Idempotency-Key` does: the same request again is the same payout, another one under the
same key is refused. Sources and switches: `adapters.sandbox.wave_rules`.

It has no batches, no reversals, no aggregated merchants and no list of transactions.
"""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final, Literal

import orjson
from aiohttp import web

from adapters.sandbox.callbacks import Callback
from adapters.sandbox.faults import Call, Faults
from adapters.sandbox.hosted_page import HostedPage
from adapters.sandbox.movements import Kind, Movement, Scenario, scenario_of
from adapters.sandbox.rail import RailSandbox
from adapters.sandbox.server import RefusedError
from adapters.sandbox.timer import Timer
from adapters.sandbox.wave_bodies import payout_body, session_body, signature
from adapters.sandbox.wave_rules import (
    DECIMALS,
    KEY_LENGTH_MAX,
    MISMATCH,
    PAYMENT_ERRORS,
    PAYOUT_ERRORS,
    REASON_LENGTH_MAX,
    WaveSandboxSettings,
    amount_text,
    answer,
    check_key,
    invalid,
    is_address,
    minor_in,
    mobile_in,
    read_object,
    refuse,
    text_in,
)

Event = Literal["checkout.session.completed", "checkout.session.payment_failed"]

SESSIONS: Final = "/v1/checkout/sessions"


class WaveSandbox(RailSandbox):
    """Wave's server, one wallet of one country."""

    def __init__(
        self,
        settings: WaveSandboxSettings,
        *,
        clock: Callable[[], datetime],
        faults: Faults | None = None,
        timer: Timer | None = None,
    ) -> None:
        self.settings = settings
        self._keys: dict[str, str] = {}
        self._events = 0
        super().__init__(settings, clock=clock, faults=faults, timer=timer)
        self._page = HostedPage(self, path="/c/{token}", find=self._of_page, amount_of=_figures)

    def routes(self) -> list[web.RouteDef]:
        """Wave's calls, each behind the key, and the payer's page."""
        guarded = self._guarded
        return [
            web.post(SESSIONS, guarded(self._create_session)),
            web.get(f"{SESSIONS}/search", guarded(self._search_sessions)),
            web.get(f"{SESSIONS}/{{id}}", guarded(self._show_session)),
            web.post(f"{SESSIONS}/{{id}}/expire", guarded(self._expire_session)),
            web.post(f"{SESSIONS}/{{id}}/refund", guarded(self._refund_session)),
            web.post("/v1/transactions/{id}/refund", guarded(self._refund_transaction)),
            web.post("/v1/payout", guarded(self._create_payout)),
            web.get("/v1/payout/{id}", guarded(self._show_payout)),
            web.get("/v1/payouts/search", guarded(self._search_payouts)),
            web.post("/v1/verify_recipient{slash:/?}", guarded(self._verify_recipient)),
            web.get("/v1/balance", guarded(self._show_balance)),
            *self._page.routes(),
        ]

    def name_call(self, request: web.Request) -> Call | None:
        """Name Wave's calls; the payer's page suffers no faults."""
        resource = request.match_info.route.resource
        if resource is None or not resource.canonical.startswith("/v1/"):
            return None
        name = request.headers.get("Idempotency-Key") or request.match_info.get("id", "")
        moves_money = request.method == "POST" and "verify" not in resource.canonical
        operation = f"{request.method} {resource.canonical}"
        return Call(operation=operation, reference=name, moves_money=moves_money)

    def error_answer(self, status: int) -> web.Response:
        """Make Wave's own 500 or 503."""
        code = "service-unavailable" if status == 503 else "internal-server-error"
        return answer(status, {"code": code, "message": "Something failed."})

    def missing_answer(self) -> web.Response:
        """Make Wave's answer to an unknown path."""
        return answer(404, {"code": "not-found", "message": "There is nothing here."})

    def callback_of(self, movement: Movement) -> Callback | None:
        """Write the webhook about a session that was paid, or not; nothing tells of payouts."""
        if movement.kind != "collection" or movement.ending in {None, "expired"}:
            return None
        is_paid = movement.ending == "succeeded"
        return self._event(
            movement,
            "checkout.session.completed" if is_paid else "checkout.session.payment_failed",
        )

    def reason_of(self, movement: Movement) -> str | None:
        """Wave's code for a failure."""
        errors = PAYOUT_ERRORS if movement.kind == "payout" else PAYMENT_ERRORS
        return errors[movement.scenario][0] if movement.scenario in errors else None

    def confirm(self, movement_id: str, phone: str) -> Movement:
        """Let a payer confirm; some failed attempts leave the session open for another one."""
        movement = self.books.movements[movement_id]
        wanted = movement.details.get("restrict_payer_mobile")
        error = None
        if wanted is not None and wanted.lstrip("+") != phone.lstrip("+"):
            error = MISMATCH[0]
        elif self.settings.failed_attempt == "stays_open":
            error = PAYMENT_ERRORS.get(scenario_of(phone), (None,))[0]
        if error is None or not movement.awaits_payer or movement.ending is not None:
            return super().confirm(movement_id, phone)
        tried = self.books.remember(movement_id, error=error)
        callback = self._event(tried, "checkout.session.payment_failed")
        if callback is not None:
            self.sender.send(callback)
        return tried

    def call_off(self, movement_id: str) -> Movement:
        """Let a payer leave the page without paying."""
        if self.settings.failed_attempt == "stays_open":
            return self.books.movements[movement_id]
        return super().call_off(movement_id)

    def session(self, movement: Movement) -> dict[str, object]:
        """Write a session as it now stands."""
        return session_body(movement, self.settings, self.url)

    def balance_minor(self, currency: str) -> int:
        """What lies in the wallet now, less what the payouts cost."""
        paid = self.books.succeeded("payout")
        return super().balance_minor(currency) - sum(int(one.details["fee"]) for one in paid)

    def _create(self) -> web.Application:
        application = super()._create()
        payouts = [one for one in self.books.movements.values() if one.kind == "payout"]
        self._keys = {one.details["key"]: one.id for one in payouts}
        return application

    def _guarded(
        self, handler: Callable[[web.Request], Awaitable[web.Response]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def guarded(request: web.Request) -> web.Response:
            check_key(request.headers.get("Authorization"), self.settings.api_key)
            return await handler(request)

        return guarded

    async def _create_session(self, request: web.Request) -> web.Response:
        body = await read_object(request)
        currency = self._currency_in(body)
        decimals = DECIMALS.get(currency, 0)
        minor = minor_in(body, "amount", currency, decimals=decimals)
        urls = {}
        for field, name in (("success_url", "return_url"), ("error_url", "cancel_url")):
            urls[name] = text_in(body, field, is_required=True, length_max=2000) or ""
            if not is_address(urls[name]):
                raise invalid(field, "must be an https address")
        restricted = mobile_in(body, "restrict_payer_mobile", is_required=False)
        movement = self._movement(
            "collection",
            "cos",
            reference=text_in(body, "client_reference"),
            amount_minor=minor,
            details=urls
            | {"merchant": self.settings.business_name}
            | ({} if restricted is None else {"restrict_payer_mobile": restricted}),
        )
        return answer(200, self.session(await self.begin(movement)))

    async def _show_session(self, request: web.Request) -> web.Response:
        return answer(200, self.session(self._session_of(request)))

    async def _search_sessions(self, request: web.Request) -> web.Response:
        return answer(200, {"result": [self.session(one) for one in self._found(request)]})

    async def _expire_session(self, request: web.Request) -> web.Response:
        movement = self._session_of(request)
        if movement.ending is not None:
            raise refuse(409, "checkout-session-not-open", "The session has ended already.")
        self.end(movement.id, "expired")
        return web.Response()

    async def _refund_session(self, request: web.Request) -> web.Response:
        return self._refund(self._session_of(request))

    async def _refund_transaction(self, request: web.Request) -> web.Response:
        wanted = request.match_info["id"]
        for one in self.books.succeeded("collection"):
            if one.transaction_id == wanted:
                return self._refund(one)
        raise refuse(404, "not-found", "There is no such transaction.")

    def _refund(self, original: Movement) -> web.Response:
        if self.books.refunded_minor(original.id):
            return web.Response()
        is_short = self.balance_minor(original.currency) < original.amount_minor
        if original.ending != "succeeded" or is_short:
            status = self.settings.refund_failed_status
            raise refuse(status, "checkout-refund-failed", "The session cannot be refunded.")
        refund = self._movement(
            "refund",
            "rf",
            amount_minor=original.amount_minor,
            phone=original.phone,
            original_id=original.id,
        )
        self.books.accept(refund)
        self.end(refund.id, "succeeded")
        return web.Response()

    async def _create_payout(self, request: web.Request) -> web.Response:
        key = request.headers.get("Idempotency-Key", "")
        if not key or len(key) > KEY_LENGTH_MAX:
            message = "An 'Idempotency-Key' header is required for POST requests"
            raise refuse(400, "request-validation-error", message)
        digest = hashlib.sha256(await request.read()).hexdigest()
        if key in self._keys:
            known = self.books.movements[self._keys[key]]
            if known.details["digest"] != digest:
                raise refuse(409, "idempotency-mismatch", "The key was used for another request.")
            self.books.repeat(known.id)
            return answer(200, payout_body(known, self.settings))
        movement = self._payout_in(await read_object(request), key, digest)
        # Before the first await: a repeat that comes meanwhile must find the key taken.
        self._keys[key] = movement.id
        return answer(200, payout_body(await self.begin(movement), self.settings))

    def _payout_in(self, body: dict[str, object], key: str, digest: str) -> Movement:
        """Read a payout that may be made; raises RefusedError for every other."""
        currency = text_in(body, "currency", is_required=True)
        if currency != self.settings.currency:
            raise refuse(400, "currency-mismatch", "The wallet holds another currency.")
        minor = minor_in(body, "receive_amount", currency, decimals=0)
        mobile = mobile_in(body, "mobile", is_required=True) or ""
        if not mobile.startswith(self.settings.recipient_prefixes):
            raise refuse(400, "country-mismatch", "The recipient is in another country.")
        reason = text_in(body, "payment_reason", length_max=REASON_LENGTH_MAX)
        texts = {"payment_reason": reason, "name": text_in(body, "name")}
        fee = minor * self.settings.payout_fee_percent // 100
        error = PAYOUT_ERRORS.get(scenario_of(mobile))
        if error is not None and self.settings.payout_errors == "at_once":
            raise refuse(422, *error)
        if self.balance_minor(currency) < minor + fee:
            raise refuse(422, *PAYOUT_ERRORS[Scenario.FLOAT_SHORT])
        return self._movement(
            "payout",
            "pt",
            reference=text_in(body, "client_reference"),
            amount_minor=minor,
            phone=mobile,
            details={"key": key, "digest": digest, "fee": str(fee)}
            | {name: text for name, text in texts.items() if text is not None},
        )

    async def _show_payout(self, request: web.Request) -> web.Response:
        movement = self.books.movements.get(request.match_info["id"])
        if movement is None or movement.kind != "payout":
            raise refuse(404, "not-found", "There is no such payout.")
        return answer(200, payout_body(movement, self.settings))

    async def _search_payouts(self, request: web.Request) -> web.Response:
        found = self._found(request, "payout")
        return answer(200, {"result": [payout_body(one, self.settings) for one in found]})

    async def _verify_recipient(self, request: web.Request) -> web.Response:
        body = await read_object(request)
        mobile = mobile_in(body, "mobile", is_required=True) or ""
        is_unknown = scenario_of(mobile) is Scenario.NO_ACCOUNT
        if is_unknown and self.settings.unknown_recipient == "error":
            raise refuse(404, "not-found", "There is no such recipient.")
        within = None
        if "amount" in body:
            currency = self._currency_in(body)
            minor_in(body, "amount", currency, decimals=DECIMALS.get(currency, 0))
            within = scenario_of(mobile) not in {Scenario.NO_ACCOUNT, Scenario.POOR}
        said = {"within_limits": within, "name_match": None, "national_id_match": None}
        return answer(200, said)

    async def _show_balance(self, _request: web.Request) -> web.Response:
        currency = self.settings.currency
        minor = self.balance_minor(currency)
        text = f"{'-' if minor < 0 else ''}{amount_text(abs(minor), currency)}"
        return answer(200, {"amount": text, "currency": currency})

    def _movement(
        self,
        kind: Kind,
        prefix: str,
        *,
        amount_minor: int,
        reference: str | None = None,
        phone: str = "",
        original_id: str | None = None,
        details: dict[str, str] | None = None,
    ) -> Movement:
        """Make a movement with an id of Wave's form, at most twenty characters."""
        if self.books.is_full:
            raise RefusedError(self.error_answer(503))
        named = f"{kind}\0{len(self.books.movements)}\0{self.clock().isoformat()}"
        return Movement(
            id=f"{prefix}-{hashlib.sha256(named.encode()).hexdigest()[:16]}",
            kind=kind,
            reference=reference,
            amount_minor=amount_minor,
            currency=self.settings.currency,
            phone=phone,
            accepted_at=self.clock(),
            scenario=scenario_of(phone),
            awaits_payer=kind == "collection",
            original_id=original_id,
            details=details or {},
        )

    def _currency_in(self, body: dict[str, object]) -> str:
        currency = text_in(body, "currency", is_required=True) or ""
        if currency != self.settings.currency:
            raise invalid("currency", "The wallet holds another currency.")
        return currency

    def _session_of(self, request: web.Request) -> Movement:
        movement = self.books.movements.get(request.match_info["id"])
        if movement is None or movement.kind != "collection":
            raise refuse(404, "checkout-session-not-found", "There is no such session.")
        return movement

    def _of_page(self, request: web.Request) -> Movement | None:
        movement = self.books.movements.get(request.match_info["token"])
        return movement if movement is not None and movement.kind == "collection" else None

    def _found(self, request: web.Request, kind: Kind = "collection") -> list[Movement]:
        reference = request.query.get("client_reference")
        if not reference:
            raise invalid("client_reference", "field required")
        return self.books.of_reference(kind, reference)

    def _event(self, movement: Movement, kind: Event) -> Callback | None:
        """Write and sign a webhook; None where no address is registered."""
        if self.webhook_url is None:
            return None
        self._events += 1
        named = f"{movement.id}\0{kind}\0{self._events}".encode()
        event_id = f"EV_{hashlib.sha256(named).hexdigest()[:12]}"
        content = {"id": event_id, "type": kind, "data": self.session(movement)}
        body = orjson.dumps(content)
        secrets = (self.settings.retired_webhook_secret, self.settings.webhook_secret)
        return Callback(
            key=movement.id,
            method="POST",
            url=self.webhook_url,
            body=body,
            headers={
                "Content-Type": "application/json",
                "Wave-Signature": signature(
                    body, int(self.clock().timestamp()), *(one for one in secrets if one)
                ),
            },
        )


def _figures(movement: Movement) -> str:
    return amount_text(movement.amount_minor, movement.currency)
