"""What only Collections have in the MTN sandbox: notes to a payer, and calling things off.

A delivery notification sends a payer one further message about a payment that succeeded. A
pre-approval that was approved is listed under its payer and may be cancelled by the number it has
in that list; an invoice is cancelled under its reference, by a call with a reference of its own.

Sources: MTN's OpenAPI export of Collections; its notebook (an invoice's cancellation is answered
202, the export says 200). How long a notification may come after its payment, and what becomes of a
cancellation of what is final, nobody says: the first is a switch, the second is accepted and does
nothing.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Final

import orjson
from aiohttp import web

from adapters.sandbox.mtn_access import MtnAccess, reference_of, uuid4_text
from adapters.sandbox.mtn_bodies import TEXT_LENGTH_MAX, bad_request
from adapters.sandbox.mtn_books import ApiUser, BookedPayment, MtnBooks
from adapters.sandbox.mtn_payments import MtnPayments, number_of
from adapters.sandbox.mtn_products import INVOICE, PRE_APPROVAL
from adapters.sandbox.mtn_rules import JSON_TYPE, Code, MtnSandboxSettings, error, json_answer
from adapters.sandbox.server import RefusedError

NOTIFIED: Final = "notified"
CANCELLED: Final = "cancelled"


class MtnCollections:
    """The calls of one sandbox, each behind `MtnAccess.caller`."""

    def __init__(
        self,
        settings: MtnSandboxSettings,
        books: MtnBooks,
        access: MtnAccess,
        payments: MtnPayments,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._books = books
        self._access = access
        self._payments = payments
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of these calls."""
        root = "/collection/v1_0"
        holder = "{id_type:(?i:msisdn|email|alias|id)}/{holder_id}"
        return [
            web.post(f"{root}/requesttopay/{{reference}}/deliverynotification", self._notify),
            web.get(f"{root}/preapprovals/{holder}", self._list_approved),
            web.delete(f"{root}/preapproval/{{number}}", self._cancel_pre_approval),
            web.delete("/collection/v2_0/invoice/{reference}", self._cancel_invoice),
        ]

    async def _notify(self, request: web.Request) -> web.Response:
        user = self._access.caller(request)
        reference = uuid4_text(request.match_info["reference"])
        in_header = request.headers.get("notificationMessage")
        if reference is None or not in_header or len(in_header) > TEXT_LENGTH_MAX:
            raise bad_request()
        in_body = _member(await request.read(), "notificationMessage")
        if not 0 < len(in_body) <= TEXT_LENGTH_MAX:
            raise bad_request()
        payment = self._books.payments.get(reference)
        if payment is None or payment.user_id != user.user_id:
            return web.Response(status=404)
        if payment.status != "SUCCESSFUL" or payment.decided_at is None:
            return web.Response(status=409)
        passed_seconds = (self._clock() - payment.decided_at).total_seconds()
        if passed_seconds > self._settings.notification_window_seconds:
            return web.Response(status=410)
        if NOTIFIED in payment.notes:
            return web.Response(status=429)
        self._books.note(payment, **{NOTIFIED: in_body})
        return web.Response(status=200)

    async def _list_approved(self, request: web.Request) -> web.Response:
        user = self._access.caller(request)
        holder = request.match_info["holder_id"].lower()
        listed = [
            self._shown(one)
            for one in self._approved(user)
            if (one.person_id or "").lower() == holder
        ]
        return web.Response(body=orjson.dumps(listed), content_type=JSON_TYPE)

    async def _cancel_pre_approval(self, request: web.Request) -> web.Response:
        user = self._access.caller(request)
        number = request.match_info["number"]
        if not number.isdecimal():
            return web.Response(status=400)
        for one in self._approved(user):
            if number_of(one.reference) == number:
                self._books.note(one, **{CANCELLED: self._clock().isoformat()})
                return web.Response(status=200)
        return web.Response(status=404)

    async def _cancel_invoice(self, request: web.Request) -> web.Response:
        user = self._access.caller(request)
        reference_of(request)
        reference = uuid4_text(request.match_info["reference"])
        external_id = _member(await request.read(), "externalId")
        if reference is None:
            raise bad_request()
        invoice = self._books.of(INVOICE).get(reference)
        if invoice is None or invoice.user_id != user.user_id:
            raise RefusedError(error(404, Code.RESOURCE_NOT_FOUND))
        if not invoice.is_final:
            self._payments.cancel(invoice)
        if self._settings.invoice_cancel_status == 200:
            return json_answer(200, {"externalId": external_id})
        return web.Response(status=202)

    def _approved(self, user: ApiUser) -> Iterator[BookedPayment]:
        """Give a merchant's pre-approvals that hold now."""
        now_seconds = self._clock().timestamp()
        for one in list(self._books.of(PRE_APPROVAL).values()):
            holds = one.status == "SUCCESSFUL" and CANCELLED not in one.notes
            if holds and one.user_id == user.user_id and until_seconds(one) > now_seconds:
                yield one

    @staticmethod
    def _shown(one: BookedPayment) -> dict[str, object]:
        until = datetime.fromtimestamp(until_seconds(one), UTC)
        return {
            "preApprovalId": number_of(one.reference),
            "toFri": f"FRI:{one.user_id}/USER",
            "fromFri": f"FRI:{one.person_id}/{one.person_type}",
            "fromCurrency": one.currency,
            "createdTime": one.accepted_at.isoformat(),
            "approvedTime": (one.decided_at or one.accepted_at).isoformat(),
            "expiryTime": until.isoformat(),
            "status": "APPROVED",
            "message": one.payer_message or "",
        }


def until_seconds(approval: BookedPayment) -> float:
    """When a pre-approval ends, in seconds since 1970."""
    return float(str(approval.details["expirationDateTime"]))


def _member(body: bytes, name: str) -> str:
    """Return a text in a JSON object; raises RefusedError (400, empty) where there is none."""
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError:
        asked = None
    text = asked.get(name) if isinstance(asked, dict) else None
    if not isinstance(text, str):
        raise bad_request()
    return text
