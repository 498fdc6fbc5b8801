"""The events: everything that ever happened, as frozen values with dotted, stored type names.

An event class carries its stored `type` and `schema_version` as class facts; the table `EVENTS` at
the foot is the whole vocabulary of the log. Adding an optional field keeps the version, anything
else adds one; `ledger.events_codec` brings stored payloads to the present shape. Events never
change.

What is not here: positions, times and ids of the envelope (`ledger.entry`), and any clear phone
number, name or secret: fields called `sealed...` hold text that only `ledger.vault` can open,
fields called `..._digest` hold keyed hashes.
"""

from collections.abc import Mapping
from typing import Final

from ledger.events_around import (
    KeyIssued,
    KeyRevoked,
    KeyRotated,
    MerchantAdded,
    ProviderBreakerClosed,
    ProviderBreakerOpened,
    WebhookOrphaned,
    WebhookReceived,
    WebhookUnderstood,
)
from ledger.events_base import Event, JsonObject, UtcTime
from ledger.events_checkout import (
    CheckoutAttemptEnded,
    CheckoutAttemptStarted,
    CheckoutCancelled,
    CheckoutCompleted,
    CheckoutCreated,
    CheckoutExpired,
)
from ledger.events_endpoint import (
    DeliveryAttempted,
    DeliveryParked,
    DeliveryReplayed,
    EndpointAdded,
    EndpointDisabled,
    EndpointEnabled,
    EndpointSecretRotated,
)
from ledger.events_mail import MailAttempted, MailParked
from ledger.events_payment import (
    PaymentCodeGiven,
    PaymentConfirmationEnded,
    PaymentConfirmationStarted,
    PaymentConflicted,
    PaymentEvidenceRecorded,
    PaymentExpired,
    PaymentFailed,
    PaymentInquired,
    PaymentInquiryRequested,
    PaymentRefunded,
    PaymentRefundReleased,
    PaymentRefundReserved,
    PaymentReopened,
    PaymentRequested,
    PaymentRerouted,
    PaymentSubmissionDeclined,
    PaymentSubmissionDoubted,
    PaymentSubmissionStarted,
    PaymentSubmissionWithdrawn,
    PaymentSubmitted,
    PaymentSucceeded,
)
from ledger.events_support import SupportRequested

__all__ = [
    "EVENTS",
    "CheckoutAttemptEnded",
    "CheckoutAttemptStarted",
    "CheckoutCancelled",
    "CheckoutCompleted",
    "CheckoutCreated",
    "CheckoutExpired",
    "DeliveryAttempted",
    "DeliveryParked",
    "DeliveryReplayed",
    "EndpointAdded",
    "EndpointDisabled",
    "EndpointEnabled",
    "EndpointSecretRotated",
    "Event",
    "JsonObject",
    "KeyIssued",
    "KeyRevoked",
    "KeyRotated",
    "MailAttempted",
    "MailParked",
    "MerchantAdded",
    "PaymentCodeGiven",
    "PaymentConfirmationEnded",
    "PaymentConfirmationStarted",
    "PaymentConflicted",
    "PaymentEvidenceRecorded",
    "PaymentExpired",
    "PaymentFailed",
    "PaymentInquired",
    "PaymentInquiryRequested",
    "PaymentRefundReleased",
    "PaymentRefundReserved",
    "PaymentRefunded",
    "PaymentReopened",
    "PaymentRequested",
    "PaymentRerouted",
    "PaymentSubmissionDeclined",
    "PaymentSubmissionDoubted",
    "PaymentSubmissionStarted",
    "PaymentSubmissionWithdrawn",
    "PaymentSubmitted",
    "PaymentSucceeded",
    "ProviderBreakerClosed",
    "ProviderBreakerOpened",
    "SupportRequested",
    "UtcTime",
    "WebhookOrphaned",
    "WebhookReceived",
    "WebhookUnderstood",
]

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
        PaymentCodeGiven,
        PaymentConfirmationStarted,
        PaymentConfirmationEnded,
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
        CheckoutCreated,
        CheckoutAttemptStarted,
        CheckoutAttemptEnded,
        CheckoutCompleted,
        CheckoutExpired,
        CheckoutCancelled,
        MerchantAdded,
        KeyIssued,
        KeyRotated,
        KeyRevoked,
        WebhookReceived,
        WebhookUnderstood,
        WebhookOrphaned,
        ProviderBreakerOpened,
        ProviderBreakerClosed,
        EndpointAdded,
        EndpointSecretRotated,
        EndpointDisabled,
        EndpointEnabled,
        DeliveryAttempted,
        DeliveryParked,
        DeliveryReplayed,
        SupportRequested,
        MailAttempted,
        MailParked,
    )
}
"""The whole vocabulary of the log: stored type -> class."""
