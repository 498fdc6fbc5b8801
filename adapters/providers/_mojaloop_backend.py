"""The backend API that the SDK Scheme Adapter calls at our side: what it is told, and what it says.

Sources: the SDK's backend API 2.1 (OpenAPI); its own source (`InboundTransfersModel`, `shared`,
version 24). All of it lives under `/webhooks/mojaloop/<backend secret>/`:

    GET  parties/{type}/{id}      us, if it is the merchant's own identifier; else 3204
    POST quoterequests            a price of nothing, if it pays a request of ours; else 5103
    POST transactionrequests      REJECTED: nobody may ask the merchant for money here
    POST transfers                RESERVED, if it pays a request of ours; else 5105
    PUT  transfers/{id}           the scheme's last word about such a transfer: evidence
    PUT  requestToPay/{id}        the payer's provider about our request: REJECTED is evidence

The trick: what we asked for stands in the name that the SDK keeps for us. `homeR2PTransactionId` is
reference, currency and amount in one text; the SDK gives it back with every quote, transfer and
notice about the request, so an answer needs no memory, and one to another amount is a no.

Why RESERVED and not COMMITTED: only who reserves is told the end. The SDK answers the payer's
provider with a fulfilment in both cases; money counts once the scheme says so in PUT transfers.

A notice is sent once; if we were away, an inquiry may find the same (`MojaloopAdapter.inquire`).
What nothing here can see is that a payer's provider pays one request twice; it has no memory.

Bulk, currency conversion and one-time codes are not served: 404.
"""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from adapters.answer import object_in
from adapters.base import WebhookCall, WebhookUnreadableError
from adapters.moments import moment
from adapters.powers import Reply
from adapters.providers._mojaloop_answers import COMMITTED, ID, code_in, id_at, member, text_at
from adapters.providers._mojaloop_codes import (
    ABORTED,
    PAYEE_SAYS_NO_QUOTE,
    PAYEE_SAYS_NO_TRANSFER,
    REJECTED,
    UNKNOWN_PARTY,
)
from adapters.transcript import figure, said
from ledger.commands import PaymentCommand, RecordEvidence, RequestInquiry
from ledger.evidence import Evidence, Source, Word
from ledger.money import Money

_REQUEST: Final = re.compile(
    r"((pay_[a-z2-7]{26})\.[1-9][0-9]{0,3}):([A-Z]{3}):([0-9.]{1,24})", re.ASCII
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What we asked a payer for, as `homeR2PTransactionId` says it."""

    payment_id: str
    reference: str
    currency: str
    amount: str
    """In the scheme's form: no zeros at the end of a fraction."""

    @property
    def name(self) -> str:
        """The text itself."""
        return f"{self.reference}:{self.currency}:{self.amount}"

    def is_paid_by(self, amount: object, currency: object) -> bool:
        """Whether an amount and its currency are exactly what was asked for."""
        return currency == self.currency and isinstance(amount, str) and amount == self.amount


def plain(money: Money) -> str:
    """Write an amount as the scheme wants it: "12.5" and "5", never "12.50" or "5.00"."""
    whole, _, fraction = money.amount.partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}.{fraction}" if fraction else whole


def asked_in(text: object) -> Asked | None:
    """Read a name of ours; None for everything else."""
    match = _REQUEST.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    return Asked(reference=match[1], payment_id=match[2], currency=match[3], amount=match[4])


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """Who we are in the scheme."""

    id_type: str
    id_value: str
    name: str

    def is_named(self, id_type: object, id_value: object) -> bool:
        """Whether somebody means us."""
        return (id_type, id_value) == (self.id_type, self.id_value)

    @property
    def party(self) -> dict[str, object]:
        """How we are shown to a payer."""
        return {
            "type": "BUSINESS",
            "idType": self.id_type,
            "idValue": self.id_value,
            "displayName": self.name,
        }


def answer_to(call: WebhookCall, merchant: Merchant) -> Reply:
    """Answer a call; `call.path` begins after the secret."""
    body = object_in(call.body) or {}
    match (call.method, *call.path):
        case ("GET", "parties" | "participants", id_type, id_value):
            if merchant.is_named(id_type, id_value):
                return Reply(200, merchant.party)
            return _no(404, UNKNOWN_PARTY, "no such party here")
        case ("POST", "quoterequests"):
            return _price(body, merchant)
        case ("POST", "transfers"):
            return _reservation(body)
        case ("POST", "transactionrequests"):
            return _rejection(body)
        case ("PUT", "transfers" | "requestToPay", _):
            return Reply(200)
    return _no(404, "3002", "nothing is served here")


def _price(body: Mapping[str, object], merchant: Merchant) -> Reply:
    """Quote a payment of what we asked for, at no charge."""
    asked = asked_in(body.get("homeR2PTransactionId"))
    quote_id, transaction_id = id_at(body, "quoteId"), id_at(body, "transactionId")
    amount, currency = body.get("amount"), body.get("currency")
    is_to_us = merchant.is_named(member(body, "to", "idType"), member(body, "to", "idValue"))
    if asked is None or quote_id is None or transaction_id is None or not is_to_us:
        return _no(400, PAYEE_SAYS_NO_QUOTE, "this pays no request of ours")
    if not asked.is_paid_by(amount, currency):
        return _no(400, PAYEE_SAYS_NO_QUOTE, "another amount was asked for")
    return Reply(
        200,
        {
            "quoteId": quote_id,
            "transactionId": transaction_id,
            "transferAmount": amount,
            "transferAmountCurrency": currency,
            "payeeReceiveAmount": amount,
            "payeeReceiveAmountCurrency": currency,
        },
    )


def _reservation(body: Mapping[str, object]) -> Reply:
    """Take a transfer of exactly what we asked for, subject to the scheme's last word."""
    asked = asked_in(body.get("homeR2PTransactionId"))
    costs = member(body, "quote", "transferAmount"), member(body, "quote", "transferAmountCurrency")
    if asked is None:
        return _no(400, PAYEE_SAYS_NO_TRANSFER, "this pays no request of ours")
    if not (
        asked.is_paid_by(body.get("amount"), body.get("currency")) and asked.is_paid_by(*costs)
    ):
        return _no(400, PAYEE_SAYS_NO_TRANSFER, "another amount was asked for")
    return Reply(200, {"homeTransactionId": asked.name, "transferState": "RESERVED"})


def _rejection(body: Mapping[str, object]) -> Reply:
    """Refuse to be asked for money. The answer demands an id, so it is derived."""
    digest = sha256((id_at(body, "transactionRequestId") or "").encode()).digest()
    made = str(uuid.UUID(bytes=digest[:16], version=4))
    return Reply(200, {"transactionId": made, "transactionRequestState": REJECTED})


def _no(status: int, code: str, message: str) -> Reply:
    """Refuse in the SDK's form: it looks the code up and tells it to the other provider."""
    return Reply(status, {"statusCode": code, "message": message})


def commands_in(call: WebhookCall, provider: str, now: datetime) -> list[PaymentCommand]:
    """Say what a stored call means for a payment; `call.path` begins after the secret.

    Raises:
        WebhookUnreadableError: no JSON object, or it is about no request of ours.
    """
    body = object_in(call.body)
    if body is None:
        raise WebhookUnreadableError("the body is no JSON object")
    asked = _asked_about(body)
    if asked is None:
        raise WebhookUnreadableError("it is about no request of ours")
    word, code, transfer_id = _word_of(call, body)
    if word is None:
        state = text_at(body, "transactionRequestState") or " ".join(call.path[:1])
        reason = f"the scheme calls about it: {said(state, length_max=40)}"
        return [RequestInquiry(payment_id=asked.payment_id, reason=reason, inquire_at=now)]
    moved = member(body, "prepare", "body", "amount") or member(body, "quote", "internalRequest")
    amount, currency = figure(member(moved, "amount")), figure(member(moved, "currency"))
    is_paid = word is Word.SUCCEEDED
    evidence = Evidence(
        source=Source.WEBHOOK,
        provider=provider,
        reference=asked.reference,
        word=word,
        amount=amount if is_paid else None,
        currency=currency if is_paid else None,
        provider_transaction_id=transfer_id,
        code=None if is_paid else code,
        reason=None if is_paid else f"Mojaloop: {code}",
        occurred_at=moment(member(body, "finalNotification", "completedTimestamp"))
        if is_paid
        else None,
    )
    return [RecordEvidence(payment_id=asked.payment_id, evidence=evidence)]


def _asked_about(body: Mapping[str, object]) -> Asked | None:
    for path in (
        ("homeR2PTransactionId",),
        ("quote", "internalRequest", "homeR2PTransactionId"),
        # What we called the transfer ourselves when it was reserved.
        ("homeTransactionId",),
    ):
        asked = asked_in(member(body, *path))
        if asked is not None:
            return asked
    return None


def _word_of(
    call: WebhookCall, body: Mapping[str, object]
) -> tuple[Word | None, str | None, str | None]:
    """The final word of a call, its code and the transfer's id; None where it has none."""
    match (call.method, *call.path):
        case ("PUT", "transfers", transfer_id):
            if not ID.fullmatch(transfer_id) or body.get("transferId", transfer_id) != transfer_id:
                raise WebhookUnreadableError("address and body name different transfers")
            state = text_at(body, "finalNotification", "transferState")
            if state == COMMITTED:
                return Word.SUCCEEDED, None, transfer_id
            if state == ABORTED:
                return Word.FAILED, code_in(body) or ABORTED, transfer_id
        case ("PUT", "requestToPay", _):
            if text_at(body, "transactionRequestState") == REJECTED:
                return Word.FAILED, REJECTED, None
    return None, None, None
