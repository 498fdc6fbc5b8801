"""The events of a payment's stream, whatever its kind; a part of `ledger.events`."""

from typing import ClassVar, Literal

import msgspec

from ledger.events_base import Event, UtcTime
from ledger.evidence import Evidence
from ledger.identity import Candidate, Kind, Mode, Recipient


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
    """JSON {phone, description, metadata, return_url, cancel_url, language, payer_email,
    receipt_email}, sealed under the payer's key."""
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
    sealed_code: str | None = None
    """The payer's one-time code, sealed under a key of its own that is destroyed before use."""
    checkout: str | None = None
    """The checkout session on whose page it was asked for, if any."""
    mode: Mode | None = None
    """Whether a test or a live key asked. None, before keys had one: the deployment's own mode."""
    receipts: tuple[Recipient, ...] = ()
    """Who is sent a receipt by mail; the addresses are inside `sealed`."""


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


class SoughtReference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A reference under which a provider certainly has nothing; a part of `payment.sought`."""

    provider: str
    reference: str


class PaymentSought(Event, frozen=True, kw_only=True):
    """After a restoration: its providers were asked whether they have it, and it still waits."""

    type: ClassVar[str] = "payment.sought"

    restoration: int
    """The position of the restoration because of which they are asked."""
    absent: list[SoughtReference]
    """What they said so far that they do not have."""
    reason: str
    retry_at: UtcTime
    times: int = 1
    """The how-manieth such event this is since: they are asked ever more slowly."""


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
    awaits_code: bool = False
    """Whether it goes on only once the payer's one-time code was handed in."""


class PaymentSubmissionDeclined(Event, frozen=True, kw_only=True):
    """The provider refused before accepting; no money moved or will move under this reference."""

    type: ClassVar[str] = "payment.submission_declined"

    provider: str
    reference: str
    attempt: int
    code: str
    reason: str
    is_technical: bool
    sealed_code: str | None = None
    """As in `payment.submission_withdrawn`, where another provider takes over."""


class PaymentSubmissionWithdrawn(Event, frozen=True, kw_only=True):
    """It is certain that the provider does not have the reference: it may be submitted again."""

    type: ClassVar[str] = "payment.submission_withdrawn"

    provider: str
    reference: str
    attempt: int
    reason: str
    retry_at: UtcTime
    sealed_code: str | None = None
    """The payer's one-time code once more, for it was not used: sealed under a new key."""
    was_not_sent: bool = False
    """Whether it certainly never left; else its provider did not know it when it was asked."""


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
    awaits_code: bool = False
    """As in `payment.submitted`."""


class PaymentCodeGiven(Event, frozen=True, kw_only=True):
    """The payer's one-time code was handed in for a payment whose provider awaits it."""

    type: ClassVar[str] = "payment.code_given"

    reference: str
    confirmation_id: str
    """Derives from the Idempotency-Key: a repeat is known by it."""
    content_digest: str
    sealed_code: str
    """Sealed under a key of its own, which is destroyed before the code is used."""


class PaymentConfirmationStarted(Event, frozen=True, kw_only=True):
    """Intent: we are about to hand the code to the provider. Durable before the call."""

    type: ClassVar[str] = "payment.confirmation_started"

    provider: str
    reference: str
    inquire_at: UtcTime
    """As in `payment.submission_started`."""


class PaymentConfirmationEnded(Event, frozen=True, kw_only=True):
    """What the handing over of a code brought. Only evidence says whether the money moved."""

    type: ClassVar[str] = "payment.confirmation_ended"

    provider: str
    reference: str
    result: Literal["taken", "refused", "not_sent", "unknown"]
    """`refused` and `not_sent`: another code, or the same, may be handed in."""
    reason: str
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
    """The provider said the payer was too late; or no provider ever had the payment."""

    type: ClassVar[str] = "payment.expired"

    provider: str | None = None
    reference: str | None = None
    reason: str
    code: str | None = None
    """Our own, where its merchant cancelled it."""


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


class PaymentRefundDoubted(Event, frozen=True, kw_only=True):
    """The words about a refund that had an end contradict each other: it counts neither way."""

    type: ClassVar[str] = "payment.refund_doubted"

    refund_id: str
    amount_minor: int
    reason: str


class PaymentRefundReleased(Event, frozen=True, kw_only=True):
    """A refund came to nothing: what was set aside for it may be refunded again."""

    type: ClassVar[str] = "payment.refund_released"

    refund_id: str
    amount_minor: int
    reason: str
