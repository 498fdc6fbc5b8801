"""A faithful local HUB2: intents and payments, transfers, balances, webhooks that are signed.

    POST /payment-intents                      what is to be paid; answers a token
    GET  /payment-intents?purchaseReference=   and transfers?reference=: one question in 30 seconds
    GET  /payment-intents/{id}                 and transfers/{id}: one in 5 seconds for each
    POST /payment-intents/{id}/payments        asks the payer; by the intent's token, without a key
    POST /payment-intents/{id}/payments/sync   the same, where the synchronous circuit is open
    POST /payment-intents/{id}/authentication  hands in the payer's code
    POST /transfers                            pays out
    GET  /balance?currency=                    what is available
    POST /webhooks                             registers the address, and tells the secret once

A payer confirms by a prompt (ended by the number's last two digits), on the page that `nextAction`
names, or by the code `one_time_code`. Errors come in the standardised shape. What the facts do not
tell is a switch of `Hub2SandboxSettings`.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import ClassVar

import orjson
from aiohttp import web

from adapters.sandbox.callbacks import Callback, RetryBlock
from adapters.sandbox.faults import Call, Faults
from adapters.sandbox.hosted_page import HostedPage
from adapters.sandbox.hub2_access import LIST_SECONDS, ONE_SECONDS, Access, failure_by_rule
from adapters.sandbox.hub2_intents import Intents
from adapters.sandbox.hub2_requests import (
    attempt_in,
    error_answer,
    intent_in,
    json_answer,
    order_in,
    page_of,
    read_body,
    refuse,
    since,
)
from adapters.sandbox.hub2_rules import (
    FAILURES,
    FORMER_SECRET_HOURS,
    RETRIES,
    TRANSFER_FAILURES,
    Hub2SandboxSettings,
    Intent,
    intent_document,
    made_id,
    payment_document,
    signature_of,
    timestamp,
    transfer_document,
    unready_document,
    workflow_of,
)
from adapters.sandbox.movements import Movement, Scenario, scenario_of
from adapters.sandbox.rail import RailSandbox
from adapters.sandbox.timer import Timer


class Hub2Sandbox(RailSandbox):
    """HUB2's server; `rotate_secret` is what a merchant does on the dashboard."""

    retry_schedule: ClassVar[Sequence[RetryBlock]] = RETRIES

    def __init__(
        self,
        settings: Hub2SandboxSettings,
        *,
        clock: Callable[[], datetime],
        faults: Faults | None = None,
        timer: Timer | None = None,
    ) -> None:
        self.settings = settings
        self.intents: Intents
        self._access = Access(settings, clock)
        self._secret = settings.webhook_secret
        self._former: tuple[str, datetime] | None = None
        super().__init__(settings, clock=clock, faults=faults, timer=timer)

    def routes(self) -> list[web.RouteDef]:
        """HUB2's calls, and the page it leads payers to."""
        page = HostedPage(
            self,
            path="/pay/{id}",
            find=lambda request: self.books.movements.get(request.match_info["id"]),
            amount_of=lambda one: str(one.amount_minor),
        )
        return [
            web.post("/payment-intents", self._open_intent),
            web.get("/payment-intents", self._list_intents),
            web.get("/payment-intents/{id}", self._show_intent),
            web.post("/payment-intents/{id}/payments", self._attempt),
            web.post("/payment-intents/{id}/payments/sync", self._attempt),
            web.post("/payment-intents/{id}/authentication", self._authenticate),
            web.post("/transfers", self._transfer),
            web.get("/transfers", self._list_transfers),
            web.get("/transfers/{id}", self._show_transfer),
            web.get("/balance", self._show_balance),
            web.post("/webhooks", self._register),
            *page.routes(),
        ]

    def name_call(self, request: web.Request) -> Call | None:
        """Name a call for its faults; the payer's page and our own suffer none."""
        if request.path.startswith(("/pay/", "/_sandbox/", "/webhooks")):
            return None
        moves_money = request.method == "POST" and (
            request.path == "/transfers" or "/payments" in request.path
        )
        operation = f"{request.method} {request.path.split('/')[1]}"
        return Call(operation=operation, reference=request.path, moves_money=moves_money)

    def error_answer(self, status: int) -> web.Response:
        """Make HUB2's shape of a 500 or 503."""
        return error_answer(status, "Internal Server Error", "Something went wrong.")

    def missing_answer(self) -> web.Response:
        """Make HUB2's answer to a path it does not serve."""
        return error_answer(404, "Not Found", "There is no such resource.")

    def reason_of(self, movement: Movement) -> str | None:
        """HUB2's code for a failure: the payer's, if one acted, or by the number."""
        if movement.kind == "collection":
            code = FAILURES.get(movement.scenario, FAILURES[Scenario.EXPIRES])
        else:
            code = TRANSFER_FAILURES.get(movement.scenario, "unknown_reason")
        return movement.details.get("reason", code)

    def call_off(self, movement_id: str) -> Movement:
        """Let a payer call off a payment on the page."""
        if self.books.movements[movement_id].ending is None:
            self.books.remember(movement_id, reason="canceled_by_customer")
        return super().call_off(movement_id)

    def callback_of(self, movement: Movement) -> Callback | None:
        """Write the webhook about a movement as it now stands, signed."""
        if self.webhook_url is None:
            return None
        family, record = self._record_of(movement)
        event = {
            "id": made_id("evt", movement.id, record["status"]),
            "type": f"{family}.{record['status']}",
            "data": record,
            "createdAt": timestamp(self.clock()),
        }
        body = orjson.dumps(event)
        former = self._former
        is_signing = former is not None and self.clock() < former[1]
        signature = signature_of(body, self._secret, former[0] if former and is_signing else None)
        headers = {"Content-Type": "application/json", "Hub2-Signature": signature}
        return Callback(
            key=movement.id, method="POST", url=self.webhook_url, body=body, headers=headers
        )

    def rotate_secret(self, secret: str) -> None:
        """Replace the webhook's secret; the former one signs along for a day."""
        until = self.clock() + timedelta(hours=FORMER_SECRET_HOURS)
        self._secret, self._former = secret, (self._secret, until)

    def _create(self) -> web.Application:
        application = super()._create()
        path = self.settings.books_path
        self.intents = Intents(
            None if path is None else path.with_name(f"{path.stem}-intents{path.suffix}"),
            intents_max=self.settings.movements_max,
        )

        async def close(_application: web.Application) -> None:
            self.intents.close()

        async def stamp(_request: web.Request, answer: web.StreamResponse) -> None:
            answer.headers["Date"] = format_datetime(self.clock(), usegmt=True)

        application.on_cleanup.append(close)
        application.on_response_prepare.append(stamp)
        return application

    async def _open_intent(self, request: web.Request) -> web.Response:
        self._access.check_key(request)
        body, ordinal = await read_body(request), len(self.intents)
        intent = intent_in(body, ordinal=ordinal, created_at=self.clock())
        self._check_room()
        if any(one.reference == intent.reference for one in self.intents):
            self._judge_repeat()
        self.intents.add(intent)
        return json_answer(201, intent_document(intent, [], self.settings))

    async def _attempt(self, request: web.Request) -> web.Response:
        intent = self._intent_of(request)
        body = await read_body(request)
        self._access.check_token(intent, body)
        if request.path.endswith("/sync") and not self.settings.is_synchronous:
            refuse(401, "Unauthorized", "The synchronous circuit is not open.")
        wanted = attempt_in(body, intent.currency)
        if any(one.ending in {None, "succeeded"} for one in self._payments_of(intent)):
            refuse(409, "Conflict", "A payment is under way or was made.")
        self._check_room()
        workflow = workflow_of(wanted.operator, wanted.country, wanted.workflow, wanted.code)
        number = len(self.books.movements)
        payment_id = made_id("pay", intent.id, number)
        scenario = scenario_of(wanted.msisdn)
        movement = Movement(
            id=payment_id,
            kind="collection",
            reference=intent.reference,
            amount_minor=intent.amount_minor,
            currency=intent.currency,
            phone=wanted.msisdn,
            accepted_at=self.clock(),
            scenario=Scenario.PAYS if scenario is Scenario.FLOAT_SHORT else scenario,
            awaits_payer=workflow != "push",
            details={
                "intent_id": intent.id,
                "country": wanted.country,
                "provider": wanted.operator,
                "workflow": workflow,
                "next_action": self.settings.next_action,
                "merchant": "Cauri",
                "page": f"{self.url}/pay/{payment_id}",
                "return_url": wanted.success_url,
                "cancel_url": wanted.failure_url,
            },
        )
        booked = await self.begin(movement)
        if wanted.code and wanted.code != self.settings.one_time_code and booked.ending is None:
            self._fail(booked.id)
        for _ in range(self.settings.intermediate_events):
            callback = self.callback_of(self.books.movements[booked.id])
            if callback is not None:
                self.sender.send(callback)
        document = intent_document(intent, self._payments_of(intent), self.settings)
        if self.settings.next_action == "later" and not request.path.endswith("/sync"):
            last = unready_document(self._payments_of(intent)[-1])
            document |= {"status": "processing", "payments": [last]}
        return json_answer(201, document)

    async def _authenticate(self, request: web.Request) -> web.Response:
        intent = self._intent_of(request)
        body = await read_body(request)
        self._access.check_token(intent, body)
        open_ones = [one for one in self._payments_of(intent) if one.awaits_payer]
        waiting = [one for one in open_ones if one.ending is None]
        if not waiting:
            refuse(409, "Conflict", "No payment awaits a code.")
        payment, wrong = waiting[-1], self.settings.wrong_code
        if body.get("confirmationCode") == self.settings.one_time_code:
            self.confirm(payment.id, payment.phone)
        elif wrong == "fails":
            self._fail(payment.id)
        elif wrong == "refused":
            refuse(400, "Bad Request", "The confirmation code is wrong.")
        return json_answer(201, intent_document(intent, self._payments_of(intent), self.settings))

    async def _transfer(self, request: web.Request) -> web.Response:
        self._access.check_key(request)
        wanted, settings = order_in(await read_body(request)), self.settings
        self._check_room()
        if self.books.of_reference("payout", wanted.reference):
            self._judge_repeat()
        scenario = scenario_of(wanted.msisdn)
        if self.balance_minor(wanted.currency) < wanted.amount_minor:
            scenario = Scenario.FLOAT_SHORT
        if scenario is Scenario.FLOAT_SHORT and settings.float_short == "refusal":
            refuse(402, "insufficient-funds", "The account does not have enough funds.")
        payouts = (one for one in self.books.movements.values() if one.kind == "payout")
        failure = failure_by_rule(wanted, payouts, settings, self.clock())
        if failure is not None:
            scenario = Scenario.REFUSED
        movement = Movement(
            id=made_id("tr", wanted.reference, len(self.books.movements)),
            kind="payout",
            reference=wanted.reference,
            amount_minor=wanted.amount_minor,
            currency=wanted.currency,
            phone=wanted.msisdn,
            accepted_at=self.clock(),
            scenario=Scenario.PAYS if scenario is Scenario.POOR else scenario,
            details={
                "country": wanted.country,
                "provider": wanted.operator,
                "recipient_name": wanted.recipient_name,
                "description": wanted.description,
                **({"reason": failure} if failure else {}),
            },
        )
        document = transfer_document(await self.begin(movement), settings)
        if document["status"] == "pending":
            document["status"] = "created"
        return json_answer(201, document)

    async def _show_intent(self, request: web.Request) -> web.Response:
        self._access.check_key(request)
        self._access.limit(request, ONE_SECONDS)
        intent = self._intent_of(request)
        return json_answer(200, intent_document(intent, self._payments_of(intent), self.settings))

    async def _show_transfer(self, request: web.Request) -> web.Response:
        self._access.check_key(request)
        self._access.limit(request, ONE_SECONDS)
        movement = self.books.movements.get(request.match_info["id"])
        if movement is None or movement.kind != "payout":
            refuse(404, "Not Found", "Transfer not found")
        return json_answer(200, transfer_document(movement, self.settings))

    async def _list_intents(self, request: web.Request) -> web.Response:
        self._access.check_key(request)
        self._access.limit(request, LIST_SECONDS)
        reference = request.query.get("purchaseReference")
        found = [
            intent_document(one, self._payments_of(one), self.settings)
            for one in self.intents
            if self._is_listed(request, reference, one.reference, one.created_at)
        ]
        return page_of(request, found)

    async def _list_transfers(self, request: web.Request) -> web.Response:
        self._access.check_key(request)
        self._access.limit(request, LIST_SECONDS)
        reference = request.query.get("reference")
        found = [
            transfer_document(one, self.settings)
            for one in self.books.movements.values()
            if one.kind == "payout"
            and self._is_listed(request, reference, one.reference or "", one.accepted_at)
        ]
        return page_of(request, found)

    async def _show_balance(self, request: web.Request) -> web.Response:
        self._access.check_key(request)
        currency = request.query.get("currency", "XOF")
        moved = self.books.moved_minor
        collected = moved("collection", currency)
        left = self.settings.opening_balance_minor - moved("payout", currency)
        at = {"currency": currency, "date": timestamp(self.clock())}
        return json_answer(
            200,
            {
                "collectionAccount": [{"amount": collected, "availableBalance": collected, **at}],
                "transferAccount": [
                    {"amount": left, "availableBalance": left, "reservedBalance": 0, **at}
                ],
            },
        )

    async def _register(self, request: web.Request) -> web.Response:
        self._access.check_key(request)
        body = await read_body(request)
        url, events = body.get("url"), body.get("events")
        if not isinstance(url, str) or not isinstance(events, list):
            refuse(400, "Bad Request", "url and events are required.")
        self.webhook_url = url
        self._secret, self._former = made_id("whs", url, self.clock()), None
        hook = {"id": made_id("wh", url), "url": url, "events": events, "secret": self._secret}
        return json_answer(201, hook)

    def balance_minor(self, currency: str) -> int:
        """What transfers are paid from: HUB2 keeps it apart from what is collected."""
        return self.settings.opening_balance_minor - self.books.moved_minor("payout", currency)

    def _record_of(self, movement: Movement) -> tuple[str, dict[str, object]]:
        if movement.kind == "payout":
            return "transfer", transfer_document(movement, self.settings)
        intent = self.intents.find(movement.details["intent_id"])
        if intent is None or self.settings.events == "payment":
            return "payment", payment_document(movement)
        return "payment_intent", intent_document(intent, self._payments_of(intent), self.settings)

    def _payments_of(self, intent: Intent) -> list[Movement]:
        made = self.books.of_reference("collection", intent.reference)
        return [one for one in made if one.details["intent_id"] == intent.id]

    def _is_listed(
        self, request: web.Request, wanted: str | None, reference: str, created_at: datetime
    ) -> bool:
        if self.settings.list_filter == "applied" and wanted not in {None, reference}:
            return False
        now = self.clock()
        shown_at = created_at + timedelta(seconds=self.settings.listed_late_seconds)
        return since(request, now) <= created_at and shown_at <= now

    def _fail(self, payment_id: str) -> None:
        self.books.remember(payment_id, reason="authentication_failed")
        self.end(payment_id, "failed")

    def _check_room(self) -> None:
        if self.intents.is_full or self.books.is_full:
            refuse(503, "Service Unavailable", "The sandbox is full.")

    def _judge_repeat(self) -> None:
        if self.settings.repeated_reference == "refused":
            refuse(409, "duplicate_reference", "The reference was used before.")

    def _intent_of(self, request: web.Request) -> Intent:
        intent = self.intents.find(request.match_info["id"])
        if intent is None:
            refuse(404, "Not Found", "Payment intent not found")
        return intent
