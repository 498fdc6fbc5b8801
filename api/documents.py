"""The shapes of what is answered about money: receipts, payments, their events.

The OpenAPI document is made from the same models, so it cannot promise something else. `api.views`
copies into them field by field: no event and no row is shown as it is.
"""

from datetime import datetime
from typing import Any, Final, Literal

from pydantic import ConfigDict, Field, JsonValue

from adapters.refusal_texts import Category
from adapters.refusals import Refusal
from api.schemas import Position, Response
from ledger.identity import Kind, Mode
from ledger.payment import Status

_EXPIRES_AT: Final = "When it is given up if no provider can be reached."


class ConfirmationReceipt(Response):
    """A code that was handed in; a repeat of the request is answered with the same."""

    payment_id: str
    number: int = Field(description="Which code it is of those handed in for the payment, from 1.")
    created_at: datetime
    position: Position = Field(description="The position of `payment.code_given` in the log.")


class PaymentReceipt(Response):
    """The answer to a request that moves money; a repeat of it is answered with the same."""

    id: str
    kind: Kind
    refund_of: str | None = Field(description="Of a refund: the payment that is given back.")
    power: Kind = Field(description="What the provider is asked to do.")
    status: Literal["requested"]
    amount: str
    currency: str
    merchant_id: str
    mode: Mode | None = Field(
        default=None, description="Of the key that asked; absent where keys had none yet."
    )
    provider: str
    operator: str | None
    country: str
    route_reason: str = Field(description="Why this provider was chosen.")
    created_at: datetime
    expires_at: datetime = Field(description=_EXPIRES_AT)
    position: Position = Field(description="The position of `payment.requested` in the log.")


class AttemptOut(Response):
    """One submission to a provider."""

    number: int
    provider: str
    reference: str
    is_accepted: bool


class CandidateOut(Response):
    """One provider of a route plan."""

    provider: str
    reason: str = Field(description="Why it stands there.")


class EvidenceOut(Response):
    """One trusted outside word about the payment, as the provider said it."""

    source: Literal["webhook", "poll", "statement", "operator"]
    provider: str
    reference: str
    word: Literal["succeeded", "failed", "expired"]
    amount: str | None
    currency: str | None
    provider_transaction_id: str | None
    code: str | None
    reason: str | None
    occurred_at: datetime | None = Field(
        description="When the money moved, by the provider's own clock; null: it does not say."
    )
    note: str | None = Field(
        description="Of `operator`, a person of the server's operator who settled it: the note."
    )
    replaces: str | None = Field(description="The note that was wrong: it counts no more.")


class RefusalOut(Response):
    """Why money did not move, in one vocabulary for all providers."""

    refusal: Refusal = Field(description="One word for programs.")
    category: Category = Field(description="Of the GSMA Mobile Money API 1.2.")
    gsma_code: str = Field(description="The nearest error code of that interface.")
    may_retry: bool = Field(description="Whether the same payment may go through a little later.")
    for_payer: str = Field(description="May be shown to whoever has the number, as it is.")
    for_merchant: str
    next_step: str = Field(description="What you can do about it.")


_REFERENCE: Final = "4b1b4bd0-9f3c-5a4e-8f0e-1f0c6b0c2f11"
_PAID: Final[dict[str, JsonValue]] = {
    "id": "pay_6wq3o2mexg5vbn7hd4tq2lkzae",
    "kind": "collection",
    "mode": "test",
    "status": "succeeded",
    "is_final": True,
    "reason": None,
    "code": None,
    "refusal": None,
    "amount": "1500",
    "currency": "XAF",
    "merchant_id": "mer_3c724e88597ee05a",
    "provider": "mtn",
    "operator": "mtn-cm",
    "country": "CM",
    "route_reason": "the number is in a range of mtn-cm",
    "description": "Two chickens",
    "metadata": {"order": "1001"},
    "is_erased": False,
    "provider_transaction_id": "363440463",
    "redirect_url": None,
    "awaits": None,
    "refund_of": None,
    "refunded": "0",
    "refundable": "1500",
    "checkout_session": None,
    "plan": [{"provider": "mtn", "reason": "the number is in a range of mtn-cm"}],
    "next_inquiry_at": None,
    "inquiries": 1,
    "attempts": [
        {"number": 1, "provider": "mtn", "reference": _REFERENCE, "is_accepted": True},
    ],
    "evidence": [
        {
            "source": "poll",
            "provider": "mtn",
            "reference": _REFERENCE,
            "word": "succeeded",
            "amount": "1500",
            "currency": "XAF",
            "provider_transaction_id": "363440463",
            "code": None,
            "reason": None,
            "occurred_at": None,
            "note": None,
            "replaces": None,
        }
    ],
    "created_at": "2030-01-31T12:00:00Z",
    "updated_at": "2030-01-31T12:00:41Z",
    "moved_at": "2030-01-31T12:00:41Z",
    "expires_at": "2030-01-31T12:30:00Z",
    "position": 47,
    "version": 6,
}
"""A payment that was paid, for the OpenAPI document."""

_MOVED_AT: Final = (
    "When its money moved: by the provider's own clock where that is told and can be, else when we "
    "learned of it; null: none moved."
)


class PaymentOut(Response):
    """A payment as its events say, now or as of a position or time."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PAID]})

    id: str
    kind: Kind
    status: Status
    is_final: bool = Field(description="Whether nothing more is asked or sent by itself.")
    reason: str | None = Field(description="Why it stands where it stands.")
    code: str | None = Field(
        description="The provider's own code, verbatim. Where Cauri sent nothing it is ours: "
        "`CANCELLED_BY_MERCHANT`, `PAYEE_INACTIVE`, `PAYEE_OVER_LIMITS`, ..."
    )
    refusal: RefusalOut | None = Field(
        description="What the code means, where no money moved; null where no code says why. Its "
        "texts are in French or English, by `Accept-Language`."
    )
    amount: str
    currency: str
    merchant_id: str
    mode: Mode = Field(description="`test`: no money moves. `live`: it does.")
    provider: str = Field(description="Where it was last submitted, or is to be.")
    operator: str | None
    country: str
    route_reason: str
    description: str | None = Field(description="As you sent it; null for other roles.")
    metadata: dict[str, str] | None = Field(description="As you sent it; null for other roles.")
    is_erased: bool = Field(
        description="Whether the person was forgotten: what was sealed can never be opened again."
    )
    provider_transaction_id: str | None
    redirect_url: str | None = Field(description="Where the payer must go, while it is pending.")
    awaits: Literal["one_time_code"] | None = Field(
        description="What the provider waits for: hand it in at `/v1/payments/{id}/confirmation`."
    )
    refund_of: str | None = Field(description="Of a refund: the payment that is given back.")
    checkout_session: str | None = Field(description="On whose page the payer asked for it.")
    refunded: str = Field(description="Of a payment: how much of it was given back.")
    refundable: str = Field(
        description="Of a payment: what may still be asked back; 0 once the payer is forgotten."
    )
    plan: list[CandidateOut] = Field(
        description="Where it may go, best first, if it certainly did not get to the one before."
    )
    next_inquiry_at: datetime | None = Field(description="When the provider is asked next.")
    inquiries: int
    attempts: list[AttemptOut]
    evidence: list[EvidenceOut]
    created_at: datetime
    updated_at: datetime
    moved_at: datetime | None = Field(description=_MOVED_AT)
    expires_at: datetime = Field(description=_EXPIRES_AT)
    position: Position = Field(description="The position of its last event in the log.")
    version: int = Field(description="How many events it has.")


class CancellationOut(Response):
    """A payment, payout or refund that its merchant ended before any provider had it."""

    id: str
    kind: Kind
    status: Literal["expired"]
    code: Literal["CANCELLED_BY_MERCHANT"] = Field(
        description="What tells it from one whose time was over."
    )
    cancelled_at: datetime
    position: Position


class PaymentSummary(Response):
    """A payment, payout or refund in a list."""

    id: str
    kind: Kind
    refund_of: str | None
    refunded: str
    status: Status
    reason: str | None
    amount: str
    currency: str
    merchant_id: str
    mode: Mode
    provider: str
    operator: str | None
    country: str
    created_at: datetime
    final_at: datetime | None
    moved_at: datetime | None = Field(description=_MOVED_AT)
    position: Position


class PaymentPage(Response):
    """Payments, newest first."""

    position: Position = Field(description="The log position this list stands at.")
    known_at: Position | None = Field(
        description="The log is looked at as it stood there; null: as it stands now."
    )
    effective_from: datetime | None = Field(description="Only what moved then or later.")
    effective_to: datetime | None = Field(description="Only what moved before that.")
    payments: list[PaymentSummary]
    next_after: Position | None = Field(
        description="Send as `after` for the next page; null on the last one."
    )


class EventOut(Response):
    """One event of a payment, with what proves it."""

    id: str
    position: Position
    stream: str
    version: int
    type: str
    schema_version: int
    recorded_at: datetime
    correlation_id: str
    causation_id: str
    actor: str
    data: dict[str, Any]
    entry_hash: str = Field(description="RFC 6962 leaf hash of the stored entry, hex.")


class EventPage(Response):
    """A payment's whole audit trail, in order."""

    payment_id: str
    position: Position
    events: list[EventOut]
