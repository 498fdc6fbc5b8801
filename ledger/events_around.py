"""The events around payments: merchants, keys, webhooks, providers; a part of `ledger.events`."""

from typing import ClassVar, Literal

from ledger.events_base import Event, UtcTime
from ledger.identity import Mode


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
    mode: Mode | None = None
    """Of a merchant's key: what it moves money for. None, before keys had one: the deployment's."""
    label: str | None = None
    """What people call its holder: a key's id tells an auditor nobody."""


class KeyRotated(Event, frozen=True, kw_only=True):
    """Another API key has taken this one's place; this one ends by itself at that time."""

    type: ClassVar[str] = "key.rotated"

    key_id: str
    successor_id: str
    ends_at: UtcTime


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


class WebhookReopened(Event, frozen=True, kw_only=True):
    """An orphan is to be read once more: what hindered it may be mended."""

    type: ClassVar[str] = "webhook.reopened"

    provider: str
    reason: str
    """Why it was an orphan."""


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
