"""Notices: which events of a payment a merchant is told of, and by what name.

    payment.pending        the provider has it, and its final word is still to come
    payment.succeeded, .failed, .expired, .declined
    payment.conflicted     the words about it contradict one another; a person looks into it
    payment.reopened       what seemed final is not
    payment.refunded       a part of it, or all, was given back

A payout and a refund are told of alike, as `payout...` and `refund...`. What only Cauri and the
provider have to settle between them (submissions, inquiries, rerouting) is told to nobody.

    endpoint.test          nothing happened: its merchant wants to see that the endpoint hears

Whoever follows his events hears besides what becomes of his checkout sessions and endpoints, by the
events' own names (`LISTED`). No endpoint is called for those: that it is disabled is what it could
not be told.
"""

from collections.abc import Mapping
from typing import Final

from ledger import events
from ledger.events import Event
from ledger.identity import Kind

_SUBJECTS: Final[Mapping[Kind, str]] = {
    "collection": "payment",
    "payout": "payout",
    "refund": "refund",
}
_WORDS: Final[Mapping[type[Event], str]] = {
    events.PaymentSubmitted: "pending",
    events.PaymentSubmissionDeclined: "declined",
    events.PaymentSucceeded: "succeeded",
    events.PaymentFailed: "failed",
    events.PaymentExpired: "expired",
    events.PaymentConflicted: "conflicted",
    events.PaymentReopened: "reopened",
    events.PaymentRefunded: "refunded",
}

_NAMES: Final[Mapping[tuple[Kind, type[Event]], str]] = {
    (kind, event): f"{subject}.{word}"
    for kind, subject in _SUBJECTS.items()
    for event, word in _WORDS.items()
}

NOTICE_TYPES: Final[tuple[str, ...]] = tuple(
    f"{subject}.{word}"
    for kind, subject in _SUBJECTS.items()
    for word in _WORDS.values()
    if word != "refunded" or kind == "collection"
)
"""Every type of message about a payment: what an endpoint may choose among."""

TEST_TYPE: Final = "endpoint.test"
"""The type of a message about no payment, which is sent to whoever asks for it."""

NOTICED: Final[frozenset[type[Event]]] = frozenset(_WORDS)
"""The events that are worth a message."""

LISTED: Final[frozenset[type[Event]]] = frozenset(
    {
        events.CheckoutCreated,
        events.CheckoutCompleted,
        events.CheckoutPaidAgain,
        events.CheckoutExpired,
        events.CheckoutCancelled,
        events.EndpointAdded,
        events.EndpointChanged,
        events.EndpointSecretRotated,
        events.EndpointDisabled,
        events.EndpointEnabled,
        events.EndpointDeleted,
        events.DeliveryParked,
    }
)
"""The events that are listed beside messages, under their own types."""


def requested_notice(kind: Kind) -> str:
    """The type under which a request itself is listed; nobody is called for it."""
    return f"{_SUBJECTS[kind]}.requested"


def notice_of(kind: Kind, event: Event) -> str | None:
    """The type of the message that an event is worth; None where it is worth none."""
    return _NAMES.get((kind, type(event)))
