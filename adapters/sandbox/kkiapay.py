"""A KKiaPay server in this process: the payer's page, statuses, reverts, webhooks.

    GET  /?<base64>                          the page's address, as the kits for telephones write it
    GET, POST /w/{id}                        the page of one transaction
    POST /api/v1/transactions/status         POST /api/v1/transactions/revert

Nothing is known here before a payer opens a page: that makes the transaction, which then waits for
its payer (`adapters.sandbox.hosted_page`); the typed number decides. A page is opened again for the
same transaction, unless that has ended without money; by two switches even then.

How it ended is told to the address registered at the dashboard (`webhook_url`), with the fixed
secret in `x-kkiapay-secret`; that a payer went away or never confirmed is told to nobody. There is
no way to ask by the merchant's own reference, and no payouts. Sources and switches:
`adapters.sandbox.kkiapay_rules`.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Final

import orjson
from aiohttp import web

from adapters.sandbox.callbacks import Callback, RetryBlock
from adapters.sandbox.faults import Call, Faults
from adapters.sandbox.hosted_page import HostedPage
from adapters.sandbox.kkiapay_rules import (
    CURRENCY,
    FAILURES,
    Asked,
    KkiapaySandboxSettings,
    answer,
    check_keys,
    event_body,
    read_page,
    refuse,
    status_of,
    transaction_body,
    transaction_id_in,
)
from adapters.sandbox.movements import Movement
from adapters.sandbox.rail import RailSandbox
from adapters.sandbox.timer import Timer

API: Final = "/api/v1/transactions"


class KkiapaySandbox(RailSandbox):
    """KKiaPay's server, one account."""

    # KKiaPay: five more times, each half a second later than the one before.
    retry_schedule: ClassVar[Sequence[RetryBlock]] = tuple(
        RetryBlock(attempts=1, pause_seconds=0.5 * number) for number in range(1, 6)
    )

    def __init__(
        self,
        settings: KkiapaySandboxSettings,
        *,
        clock: Callable[[], datetime],
        faults: Faults | None = None,
        timer: Timer | None = None,
    ) -> None:
        self.settings = settings
        self._pages: dict[str, str] = {}
        super().__init__(settings, clock=clock, faults=faults, timer=timer)
        self._page = HostedPage(
            self, path="/w/{token}", find=self._of_page, amount_of=lambda one: str(one.amount_minor)
        )

    def routes(self) -> list[web.RouteDef]:
        """KKiaPay's calls, and the payer's page."""
        return [
            web.get("/", self._open_page),
            web.post(f"{API}/status", self._show_transaction),
            web.post(f"{API}/revert", self._revert),
            *self._page.routes(),
        ]

    def name_call(self, request: web.Request) -> Call | None:
        """Name KKiaPay's calls; the payer's page suffers no faults."""
        if not request.path.startswith(API):
            return None
        return Call(operation=request.path, moves_money=request.path.endswith("/revert"))

    def error_answer(self, status: int) -> web.Response:
        """Make a 500 or 503; KKiaPay's own shape is not known."""
        return answer(status, {"status": status, "message": "Something failed."})

    def missing_answer(self) -> web.Response:
        """Make the answer to an unknown path."""
        return answer(404, {"status": 404, "message": "There is nothing here."})

    def callback_of(self, movement: Movement) -> Callback | None:
        """Write the webhook about a payment that was made, or failed."""
        is_told = movement.ending in {"succeeded", "failed"} and movement.kind == "collection"
        if self.webhook_url is None or not is_told:
            return None
        return Callback(
            key=movement.id,
            method="POST",
            url=self.webhook_url,
            body=orjson.dumps(event_body(movement, self.settings)),
            headers={
                "Content-Type": "application/json",
                "x-kkiapay-secret": self.settings.webhook_secret,
            },
        )

    def reason_of(self, movement: Movement) -> str | None:
        """KKiaPay's code for a failure."""
        return FAILURES.get(movement.scenario)

    def _create(self) -> web.Application:
        application = super()._create()
        pages = [one for one in self.books.movements.values() if "page" in one.details]
        self._pages = {one.details["page"]: one.id for one in pages}
        return application

    async def _open_page(self, request: web.Request) -> web.Response:
        raw = request.rel_url.raw_query_string
        asked = read_page(raw, self.settings.public_key)
        if asked is None or self.books.is_full:
            return self.missing_answer()
        named = hashlib.sha256(raw.encode()).hexdigest()
        movement = self._opened(named) or self._accept(asked, named)
        return web.Response(status=303, headers={"Location": f"/w/{movement.id}"})

    def _opened(self, named: str) -> Movement | None:
        """The transaction a page goes on with; None where it is to make another."""
        if named not in self._pages:
            return None
        made = self.books.movements[self._pages[named]]
        settings = self.settings
        is_for_another = {
            None: False,
            "succeeded": settings.pays_again,
            "failed": settings.failed_attempt == "may_be_repeated",
            "expired": True,
            "cancelled": True,
        }
        return None if is_for_another[made.ending] else made

    def _accept(self, asked: Asked, named: str) -> Movement:
        transaction_id = self._new_id()
        join = "&" if "?" in asked.callback else "?"
        movement = Movement(
            id=transaction_id,
            kind="collection",
            reference=asked.partner_id or str(asked.data),
            amount_minor=asked.amount,
            currency=CURRENCY,
            phone="",
            accepted_at=self.clock(),
            awaits_payer=True,
            details={
                "merchant": self.settings.business_name,
                "return_url": f"{asked.callback}{join}transaction_id={transaction_id}",
                "cancel_url": asked.callback,
                "data": orjson.dumps(asked.data).decode(),
                "page": named,
            },
        )
        booked = self.books.accept(movement)
        self._pages[named] = booked.id
        self._end_later(booked, self.settings.expire_after_seconds)
        return booked

    async def _show_transaction(self, request: web.Request) -> web.Response:
        check_keys(request.headers, self._keys(self.settings.secret_key))
        transaction_id = await transaction_id_in(request)
        movement = self._transaction(transaction_id)
        if movement is None:
            if self.settings.unknown_transaction == "status":
                said = {"transactionId": transaction_id, "status": "TRANSACTION_NOT_FOUND"}
                return answer(200, said)
            raise refuse(self.settings.refusal_status, "TRANSACTION_NOT_FOUND")
        return answer(200, transaction_body(movement))

    async def _revert(self, request: web.Request) -> web.Response:
        is_public = self.settings.reverts_by == "public_key"
        check_keys(request.headers, self._keys(None if is_public else self.settings.secret_key))
        original = self._transaction(await transaction_id_in(request))
        if original is None:
            raise refuse(self.settings.refusal_status, "TRANSACTION_NOT_FOUND")
        may_be = {"SUCCESS", "REVERTED"} if self.settings.reverts_again else {"SUCCESS"}
        if status_of(original) not in may_be:
            raise refuse(self.settings.refusal_status, "TRANSACTION_NOT_ELIGIBLE")
        if self.balance_minor(CURRENCY) < original.amount_minor:
            raise refuse(self.settings.refusal_status, "INSUFFICIENT_FUND")
        if self.books.is_full:
            return self.error_answer(503)
        refund = Movement(
            id=self._new_id(),
            kind="refund",
            reference=None,
            amount_minor=original.amount_minor,
            currency=CURRENCY,
            phone=original.phone,
            accepted_at=self.clock(),
            original_id=original.id,
        )
        self.books.accept(refund)
        self.end(refund.id, "succeeded")
        self.books.remember(original.id, reverted_at=self.clock().isoformat())
        said = {"code": "SUCCESS", "description": "REVERTED", "transactionId": original.id}
        return answer(200, said)

    def _keys(self, secret_key: str | None) -> Mapping[str, str]:
        keys = {"X-API-KEY": self.settings.public_key}
        if secret_key is None:
            return keys
        return keys | {"X-PRIVATE-KEY": self.settings.private_key, "X-SECRET-KEY": secret_key}

    def _transaction(self, transaction_id: str) -> Movement | None:
        """A payment somebody at least tried to make; a page nobody confirmed is none."""
        movement = self.books.movements.get(transaction_id)
        if movement is None or movement.kind != "collection" or movement.confirmed_at is None:
            return None
        return movement

    def _of_page(self, request: web.Request) -> Movement | None:
        movement = self.books.movements.get(request.match_info["token"])
        return movement if movement is not None and movement.kind == "collection" else None

    def _new_id(self) -> str:
        named = f"kkiapay\0{len(self.books.movements)}\0{self.clock().isoformat()}"
        return hashlib.sha256(named.encode()).hexdigest()[:9]
