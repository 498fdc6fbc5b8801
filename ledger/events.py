"""The events: everything that ever happened, as frozen values with dotted, stored type names.

An event class carries its stored `type` and `schema_version` as class facts; the table `EVENTS` at
the foot is the whole vocabulary of the log. Stored payloads are brought to the present shape at
read by pure `upcast_vN_vM(payload)` functions named in `UPCASTS`; adding an optional field keeps
the version, anything else adds one. Events never change.

What is not here: positions, times and ids of the envelope (`ledger.entry`), and any clear phone
number, name or secret: fields called `sealed...` hold text that only `ledger.vault` can open,
fields called `..._digest` hold keyed hashes.

Why msgspec and not pydantic, which validates everything that comes from outside: an event comes
from our own log, millions of times. msgspec reads a whole entry into its typed event in less time
than a JSON parser needs for an untyped one, and refuses unknown fields, so an event written by
newer code is never half-read by older code. What is given up: a constructor checks no types. So
whatever is written is read back first (`encode_event`): what could not be read is never appended.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Final, Literal

import msgspec

from ledger.errors import UnknownEventTypeError
from ledger.evidence import Evidence

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
    """A merchant asked for money. First event of a payment stream."""

    type: ClassVar[str] = "payment.requested"

    payment_id: str
    merchant_id: str
    kind: Literal["collection"]
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
        MerchantAdded,
        KeyIssued,
        KeyRevoked,
        WebhookReceived,
        WebhookUnderstood,
        WebhookOrphaned,
    )
}
"""The whole vocabulary of the log: stored type -> class."""

Upcast = Callable[[JsonObject], JsonObject]
"""Old payload in, next version's payload out; pure, never in place."""

UPCASTS: Final[Mapping[tuple[str, int], Upcast]] = {}
"""(type, schema version) -> the step to the next version. Empty: every type is at version 1."""

_TIMES: Final = {
    name: tuple(one.name for one in msgspec.structs.fields(cls) if one.type == UtcTime)
    for name, cls in EVENTS.items()
}
_ENCODE: Final = msgspec.json.Encoder(order="sorted").encode
_DECODE: Final = {name: msgspec.json.Decoder(cls).decode for name, cls in EVENTS.items()}


def encode_event(event: Event) -> bytes:
    """Write an event's payload as canonical JSON; absent optional fields are left out.

    Raises:
        TypeError: a field is not of its type, or a time not in UTC: a mistake of ours, found
            before anything is written.
    """
    for name in _TIMES[event.type]:
        if getattr(event, name).tzinfo is not UTC:
            raise TypeError(f"{event.type}.{name} is not in UTC")
    payload = _ENCODE(event)
    try:
        _DECODE[event.type](payload)
    except msgspec.ValidationError as error:
        raise TypeError(f"{event.type} could not be read again: {error}") from error
    return payload


def payload_of(event: Event) -> JsonObject:
    """Show an event's payload as the object that is stored."""
    return msgspec.to_builtins(event)  # type: ignore[no-any-return]


def decode_event(
    event_type: str,
    schema: int,
    payload: JsonObject,
    upcasts: Mapping[tuple[str, int], Upcast] = UPCASTS,
) -> Event:
    """Read a stored payload as the present class of its type.

    Raises:
        UnknownEventTypeError: a type or version of newer code.
        msgspec.ValidationError: the payload does not have the shape its version promises.
    """
    cls = EVENTS.get(event_type)
    if cls is None or schema > cls.schema_version:
        raise UnknownEventTypeError(event_type, schema)
    while schema < cls.schema_version:
        payload = upcasts[event_type, schema](payload)
        schema += 1
    return msgspec.convert(payload, cls)
