"""The commands: what one may ask of the ledger, in the imperative; any of them may be refused.

A command names the thing it is for (`payment_id`, ...), carries every time and id it needs (the
deciders reach for nothing), and holds no clear phone number or secret: callers seal first.
Adapters, reactors and the HTTP door all speak these words and none of them appends events.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ledger.commands_cancelling import CancelPayment
from ledger.commands_checkout import CheckoutCommand
from ledger.commands_endpoint import DeliveryCommand, EndpointCommand
from ledger.commands_log import LogCommand
from ledger.commands_mail import MailCommand
from ledger.commands_master_key import MasterKeyCommand
from ledger.commands_notes import NoteCommand
from ledger.commands_people import PeopleCommand
from ledger.commands_statement import StatementCommand
from ledger.evidence import Evidence
from ledger.identity import Candidate, Kind, Mode, Recipient
from ledger.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPayment:
    """Move `money` between a person and the merchant; repeated with equal content, changes nothing.

    `content_digest` is a keyed hash of everything the caller sent: it decides whether a repeat is
    the same request.
    """

    payment_id: str
    merchant_id: str
    money: Money
    provider: str
    operator: str | None
    country: str
    route_reason: str
    payer: str
    sealed: str
    content_digest: str
    expires_at: datetime
    kind: Kind = "collection"
    plan: tuple[Candidate, ...] = ()
    """Where it may go, best first; see `payment.requested`."""
    refund_of: str | None = None
    power: Kind | None = None
    sealed_code: str | None = None
    """The payer's one-time code, where one was sent along."""
    checkout: str | None = None
    """The checkout session on whose page it is asked for, if any."""
    mode: Mode | None = None
    """Whether a test or a live key asks; see `payment.requested`."""
    receipts: tuple[Recipient, ...] = ()
    """Who is sent a receipt; see `payment.requested`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReserveRefund:
    """Set a part of a collection aside to be given back under `refund_id`."""

    payment_id: str
    """The collection."""
    refund_id: str
    money: Money
    provider: str
    route_reason: str
    power: Kind
    sealed: str
    content_digest: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleRefund:
    """Tell a collection what became of one of its refunds; what the refund's own stream says."""

    payment_id: str
    """The collection."""
    refund_id: str
    is_given_back: bool | None  # None: its words contradict each other
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSought:
    """After a restoration: keep what providers said of a payment that was not submitted since."""

    payment_id: str
    restoration: int
    """Its position."""
    absent: frozenset[tuple[str, str]]
    """(provider, reference) of which it was said that there is nothing."""
    reason: str
    """Why it is not submitted yet."""
    retry_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StartSubmission:
    """Record the intent to call `provider` under `reference`; refused if it may not be."""

    payment_id: str
    provider: str
    reference: str
    inquire_at: datetime
    attempt: int | None = None
    """Which submission this must be; refused if another came first. None: whichever it is."""
    sealed_handle: str | None = None
    """What the provider must be asked by, where that is known before the call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmSubmission:
    """The provider accepted the reference."""

    payment_id: str
    reference: str
    sealed_handle: str | None
    token_digest: str | None
    inquire_at: datetime
    awaits_code: bool = False
    """Whether the provider goes on only once it has the payer's one-time code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineSubmission:
    """The provider refused the reference before accepting it."""

    payment_id: str
    reference: str
    code: str
    reason: str
    is_technical: bool
    attempt: int | None = None
    """Which submission under this reference; None is the last. A later one is not touched."""
    at: datetime | None = None
    """When the next provider of the plan may take over; None where none may."""
    sealed_code: str | None = None
    """The payer's one-time code, sealed anew for whoever takes over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawSubmission:
    """The provider certainly does not have the reference; submit again not before `retry_at`."""

    payment_id: str
    reference: str
    reason: str
    retry_at: datetime
    attempt: int | None = None
    """As in `DeclineSubmission`."""
    at: datetime | None = None
    """As in `DeclineSubmission`."""
    sealed_code: str | None = None
    """The payer's one-time code, sealed anew for the next submission."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtSubmission:
    """The call brought no usable answer: ask about the reference from `inquire_at` on."""

    payment_id: str
    reference: str
    reason: str
    inquire_at: datetime
    attempt: int | None = None
    """As in `DeclineSubmission`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordInquiry:
    """The provider was asked and had no final word; ask again at `inquire_at`."""

    payment_id: str
    reference: str
    result: Literal["pending", "no_answer", "not_found"]
    detail: str
    inquire_at: datetime
    attempt: int | None = None
    """As in `DeclineSubmission`."""
    awaits_code: bool = False
    """As in `ConfirmSubmission`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestInquiry:
    """Ask the provider sooner: something untrusted says that there is news."""

    payment_id: str
    reason: str
    inquire_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordEvidence:
    """Add a trusted final word about the payment."""

    payment_id: str
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpirePayment:
    """Give up a payment that no provider ever accepted."""

    payment_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveCode:
    """Hand in the payer's one-time code, for a payment whose provider awaits it."""

    payment_id: str
    confirmation_id: str
    """Who repeats the request has the same one."""
    sealed_code: str
    content_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartConfirmation:
    """Record the intent to hand the code to the provider; refused if there is none to hand over."""

    payment_id: str
    reference: str
    number: int
    """Which of the codes that were handed in this is; refused if it is another one's turn."""
    inquire_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EndConfirmation:
    """Say what the handing over of the code brought."""

    payment_id: str
    reference: str
    result: Literal["taken", "refused", "not_sent", "unknown"]
    reason: str
    inquire_at: datetime


PaymentCommand = (
    RequestPayment
    | StartSubmission
    | ConfirmSubmission
    | DeclineSubmission
    | WithdrawSubmission
    | DoubtSubmission
    | RecordInquiry
    | RequestInquiry
    | RecordEvidence
    | ExpirePayment
    | CancelPayment
    | RecordSought
    | ReserveRefund
    | SettleRefund
    | GiveCode
    | StartConfirmation
    | EndConfirmation
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddMerchant:
    """Let a merchant take payments. `country` is the default for its payers' national numbers."""

    merchant_id: str
    name: str
    country: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueKey:
    """Make an API key known by the SHA-256 of its secret."""

    key_id: str
    role: Literal["merchant", "accountant", "auditor", "operator", "admin"]
    merchant_id: str | None
    secret_digest: str
    mode: Mode | None = None
    """Of a merchant's key; see `key.issued`."""
    label: str | None = None
    """What people call its holder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RotateKey:
    """Let an API key end at `ends_at`, and say which one has taken its place."""

    key_id: str
    successor_id: str
    at: datetime
    """The present time: what has ended cannot be rotated."""
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeKey:
    """Make an API key worth nothing."""

    key_id: str
    reason: str


MerchantCommand = AddMerchant | IssueKey | RotateKey | RevokeKey


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreWebhook:
    """Keep a provider's call as it came. A repeat of the same bytes changes nothing."""

    webhook_id: str
    provider: str
    payment_id: str | None
    verdict: Literal["authenticated", "unsigned"]
    digest: str
    sealed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseWebhook:
    """The call was translated into commands that the payment's stream has taken or refused."""

    webhook_id: str
    payment_id: str
    effect: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrphanWebhook:
    """The call could not be read or matched; keep it for reconciliation."""

    webhook_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenWebhook:
    """Have an orphan read once more."""

    webhook_id: str


WebhookCommand = StoreWebhook | CloseWebhook | OrphanWebhook | ReopenWebhook


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordBreakerOpened:
    """A breaker of some process stands open; recorded if that is news, and not too soon."""

    provider: str
    power: str
    failures: int
    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordBreakerClosed:
    """A breaker of some process stands closed, and lets calls through that succeed."""

    provider: str
    power: str
    month: str | None
    """That in which it was opened, as `ledger.provider` writes it; None before streams had one."""


ProviderCommand = RecordBreakerOpened | RecordBreakerClosed


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSupport:
    """Somebody asks what has become of a payment."""

    payment_id: str
    asker: str
    status: str
    at: datetime
    is_renewing: bool = False
    """Whether a page asks that renews itself, and not a person anew."""


Command = (
    PaymentCommand
    | NoteCommand
    | CheckoutCommand
    | MerchantCommand
    | WebhookCommand
    | ProviderCommand
    | (EndpointCommand | DeliveryCommand)
    | RequestSupport
    | MailCommand
    | LogCommand
    | (PeopleCommand | MasterKeyCommand)
    | StatementCommand
)
