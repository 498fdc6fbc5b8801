"""The events: everything that ever happened, as frozen values with dotted, stored type names.

An event class carries its stored `type` and `schema_version` as class facts; the table `EVENTS` at
the foot is the whole vocabulary of the log. Adding an optional field keeps the version, anything
else adds one; `ledger.events_codec` brings stored payloads to the present shape. Events never
change.

What is not here: positions, times and ids of the envelope (`ledger.entry`), and any clear phone
number, name or secret: fields called `sealed...` hold text that only `ledger.vault` can open,
fields called `..._digest` hold keyed hashes.

Why msgspec and not pydantic, which validates everything that comes from outside: an event comes
from our own log, millions of times. msgspec reads a whole entry into its typed event in less time
than a JSON parser needs for an untyped one, and refuses unknown fields, so an event written by
newer code is never half-read by older code. What is given up: a constructor checks no types. So
whatever is written is read back first: what could not be read is never appended.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Literal

import msgspec

from ledger.evidence import Evidence
from ledger.identity import Candidate, Kind

JsonObject = dict[str, Any]
"""A JSON object as orjson reads it."""


UtcTime = Annotated[datetime, msgspec.Meta(tz=True)]
"""An aware time in UTC; written with `Z`."""


class Event(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """The base of all events: frozen, closed to unknown fields."""

    type: ClassVar[str]
    schema_version: ClassVar[int] = 1


class PaymentRequested(Event, frozen=True, kw_only=True):
    """A merchant asked for money to move. First event of a payment stream, of any kind."""

    type: ClassVar[str] = "payment.requested"

    payment_id: str
    merchant_id: str
    kind: Kind
    amount_minor: int
    currency: str
    provider: str
    operator: str | None = None
    country: str
    route_reason: str
    payer: str
    """The person, as a keyed hash; the number itself is inside `sealed`."""
    sealed: str
    """JSON {phone, description, metadata, return_url, cancel_url}, sealed under the payer's key."""
    content_digest: str
    expires_at: UtcTime
    """When a payment that no provider ever accepted is given up."""
    plan: tuple[Candidate, ...] = ()
    """Where it may go, best first; `provider` is the first of them. Empty: nowhere else."""
    refund_of: str | None = None
    """Of a refund: the collection that is given back."""
    power: Kind | None = None
    """Which power of the provider does it, where that is not the kind's own: a refund may be paid
    out where the provider cannot refund."""


class PaymentRerouted(Event, frozen=True, kw_only=True):
    """The next provider of the plan takes over: the one before certainly does not have it."""

    type: ClassVar[str] = "payment.rerouted"

    provider: str
    reason: str
    retry_at: UtcTime


class PaymentSubmissionStarted(Event, frozen=True, kw_only=True):
    """Intent: we are about to call the provider under this reference. Durable before the call."""

    type: ClassVar[str] = "payment.submission_started"

    provider: str
    reference: str
    attempt: int
    inquire_at: UtcTime
    """When to ask about the reference if no outcome was recorded by then (we crashed)."""
    sealed_handle: str | None = None
    """JSON of what the provider gave beforehand and wants back when asked, sealed; see
    `payment.submitted`."""


class PaymentSubmitted(Event, frozen=True, kw_only=True):
    """The provider accepted the reference; its final word is still to come."""

    type: ClassVar[str] = "payment.submitted"

    provider: str
    reference: str
    attempt: int
    sealed_handle: str | None = None
    """JSON of what the provider wants back when asked (Orange's pay_token and page), sealed."""
    token_digest: str | None = None
    """Keyed hash of the token its webhooks must present, where it gave one."""
    inquire_at: UtcTime


class PaymentSubmissionDeclined(Event, frozen=True, kw_only=True):
    """The provider refused before accepting; no money moved or will move under this reference."""

    type: ClassVar[str] = "payment.submission_declined"

    provider: str
    reference: str
    attempt: int
    code: str
    reason: str
    is_technical: bool


class PaymentSubmissionWithdrawn(Event, frozen=True, kw_only=True):
    """It is certain that the provider does not have the reference: it may be submitted again."""

    type: ClassVar[str] = "payment.submission_withdrawn"

    provider: str
    reference: str
    attempt: int
    reason: str
    retry_at: UtcTime


class PaymentSubmissionDoubted(Event, frozen=True, kw_only=True):
    """No usable answer came: the provider may or may not have the reference. It will be asked."""

    type: ClassVar[str] = "payment.submission_doubted"

    provider: str
    reference: str
    attempt: int
    reason: str
    inquire_at: UtcTime


class PaymentInquired(Event, frozen=True, kw_only=True):
    """We asked the provider about a reference, and it had no final word."""

    type: ClassVar[str] = "payment.inquired"

    provider: str
    reference: str
    result: Literal["pending", "no_answer", "not_found"]
    detail: str
    inquire_at: UtcTime


class PaymentInquiryRequested(Event, frozen=True, kw_only=True):
    """Something that decides nothing by itself (an unsigned webhook) made us want to ask sooner."""

    type: ClassVar[str] = "payment.inquiry_requested"

    reason: str
    inquire_at: UtcTime


class PaymentEvidenceRecorded(Event, frozen=True, kw_only=True):
    """A trusted outside word about the payment."""

    type: ClassVar[str] = "payment.evidence_recorded"

    evidence: Evidence


class PaymentSucceeded(Event, frozen=True, kw_only=True):
    """The evidence says the money was taken."""

    type: ClassVar[str] = "payment.succeeded"

    provider: str
    reference: str
    provider_transaction_id: str | None = None


class PaymentFailed(Event, frozen=True, kw_only=True):
    """The evidence says no money was taken and none will be."""

    type: ClassVar[str] = "payment.failed"

    provider: str
    reference: str
    code: str | None = None
    reason: str | None = None


class PaymentExpired(Event, frozen=True, kw_only=True):
    """The provider said the payer was too late; or no provider ever accepted the payment."""

    type: ClassVar[str] = "payment.expired"

    provider: str | None = None
    reference: str | None = None
    reason: str


class PaymentConflicted(Event, frozen=True, kw_only=True):
    """The evidence contradicts itself: the money is in suspense until a person settles it."""

    type: ClassVar[str] = "payment.conflicted"

    reason: str


class PaymentReopened(Event, frozen=True, kw_only=True):
    """What seemed decided was overturned, and the last submission has no final word yet.

    `status` is where the payment stands again: `requested` is to be submitted, `submitting`,
    `pending` and `unknown` are to be asked about, both at once; `declined` waits for nothing.
    """

    type: ClassVar[str] = "payment.reopened"

    status: Literal["requested", "submitting", "pending", "unknown", "declined", "expired"]
    reason: str


class PaymentRefundReserved(Event, frozen=True, kw_only=True):
    """A part of a collection is set aside to be given back; the refund's own stream follows."""

    type: ClassVar[str] = "payment.refund_reserved"

    refund_id: str
    amount_minor: int
    provider: str
    route_reason: str
    power: Kind
    sealed: str
    """JSON of the refund's particulars, sealed under the payer's key for the refund."""
    content_digest: str
    expires_at: UtcTime


class PaymentRefunded(Event, frozen=True, kw_only=True):
    """A refund of this collection has succeeded."""

    type: ClassVar[str] = "payment.refunded"

    refund_id: str
    amount_minor: int


class PaymentRefundReleased(Event, frozen=True, kw_only=True):
    """A refund came to nothing: what was set aside for it may be refunded again."""

    type: ClassVar[str] = "payment.refund_released"

    refund_id: str
    amount_minor: int
    reason: str


class MerchantAdded(Event, frozen=True, kw_only=True):
    """A merchant may take payments from now on."""

    type: ClassVar[str] = "merchant.added"

    merchant_id: str
    name: str
    country: str


class KeyIssued(Event, frozen=True, kw_only=True):
    """An API key was made; only its SHA-256 is known to the ledger."""

    type: ClassVar[str] = "key.issued"

    key_id: str
    role: Literal["merchant", "accountant", "auditor", "operator", "admin"]
    merchant_id: str | None = None
    secret_digest: str


class KeyRevoked(Event, frozen=True, kw_only=True):
    """An API key is worth nothing from now on."""

    type: ClassVar[str] = "key.revoked"

    key_id: str
    reason: str


class WebhookReceived(Event, frozen=True, kw_only=True):
    """A provider's call, exactly as it came, stored before anybody understood it."""

    type: ClassVar[str] = "webhook.received"

    provider: str
    payment_id: str | None = None
    verdict: Literal["authenticated", "unsigned"]
    digest: str
    sealed: str
    """JSON {method, path, headers, body (base64)}, sealed under the webhook's own key."""


class WebhookUnderstood(Event, frozen=True, kw_only=True):
    """The call was translated; what it said is in the payment's stream."""

    type: ClassVar[str] = "webhook.understood"

    provider: str
    payment_id: str
    effect: str


class WebhookOrphaned(Event, frozen=True, kw_only=True):
    """The call could not be matched to a payment or not be read; kept for reconciliation."""

    type: ClassVar[str] = "webhook.orphaned"

    provider: str
    reason: str


class ProviderBreakerOpened(Event, frozen=True, kw_only=True):
    """A provider kept failing at one thing, and is not called for it for a while."""

    type: ClassVar[str] = "provider.breaker_opened"

    provider: str
    power: str
    """What it was called for: a capability, or `inquiry`."""
    failures: int
    at: UtcTime
    until: UtcTime
    """When it will be probed first; with every probe that fails it is left alone for longer."""


class ProviderBreakerClosed(Event, frozen=True, kw_only=True):
    """A provider does again what it had kept failing at."""

    type: ClassVar[str] = "provider.breaker_closed"

    provider: str
    power: str


EVENTS: Final[Mapping[str, type[Event]]] = {
    cls.type: cls
    for cls in (
        PaymentRequested,
        PaymentSubmissionStarted,
        PaymentSubmitted,
        PaymentSubmissionDeclined,
        PaymentSubmissionWithdrawn,
        PaymentSubmissionDoubted,
        PaymentInquired,
        PaymentInquiryRequested,
        PaymentEvidenceRecorded,
        PaymentSucceeded,
        PaymentFailed,
        PaymentExpired,
        PaymentConflicted,
        PaymentReopened,
        PaymentRerouted,
        PaymentRefundReserved,
        PaymentRefunded,
        PaymentRefundReleased,
        MerchantAdded,
        KeyIssued,
        KeyRevoked,
        WebhookReceived,
        WebhookUnderstood,
        WebhookOrphaned,
        ProviderBreakerOpened,
        ProviderBreakerClosed,
    )
}
"""The whole vocabulary of the log: stored type -> class."""
