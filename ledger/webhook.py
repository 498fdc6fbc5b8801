"""A provider's call: stored first, understood later; a pure decider over `webhook-...` streams.

The stream's name holds the digest of the bytes, so a repeat lands on a stream that exists, which
means "already have it". Every stored call ends as understood or as an orphan; what is neither yet
is work for the `translate` reactor. An orphan may be opened again, any number of times: nothing of
the log changes, and what is understood at last counts.
"""

from dataclasses import dataclass, replace

from ledger import commands, events
from ledger.commands import WebhookCommand
from ledger.errors import CommandRefusedError
from ledger.events import Event
from ledger.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Webhook:
    """The folded state of one stored call."""

    received: events.WebhookReceived | None = None
    is_closed: bool = False
    orphaned: events.WebhookOrphaned | None = None
    """Why nobody has understood it, as long as it is an orphan."""


INITIAL = Webhook()


def webhook_id_of(provider: str, digest: str) -> str:
    """The id of a call: provider and digest of its bytes. Its stream is `webhook-<id>`."""
    return f"{provider}-{digest}"


def stream_of(webhook_id: str) -> str:
    """The name of a stored call's stream."""
    return f"webhook-{webhook_id}"


def decide(command: WebhookCommand, state: Webhook) -> list[Event]:
    """Decide about a stored call; repeats change nothing.

    Raises:
        CommandRefusedError: closing a call that was never stored, opening one that was understood.
    """
    if isinstance(command, commands.StoreWebhook):
        if state.received is not None:
            return []
        return [
            events.WebhookReceived(
                provider=command.provider,
                payment_id=command.payment_id,
                verdict=command.verdict,
                digest=command.digest,
                sealed=command.sealed,
            )
        ]
    if state.received is None:
        raise CommandRefusedError(type(command).__name__, Sentence("the call was never stored."))
    if isinstance(command, commands.ReopenWebhook):
        return _reopened(state)
    if state.is_closed:
        return []
    provider = state.received.provider
    match command:
        case commands.CloseWebhook():
            return [
                events.WebhookUnderstood(
                    provider=provider, payment_id=command.payment_id, effect=command.effect
                )
            ]
        case commands.OrphanWebhook():
            return [events.WebhookOrphaned(provider=provider, reason=command.reason)]


def _reopened(state: Webhook) -> list[Event]:
    """Open an orphan; one that waits to be read is as open as it can be."""
    if not state.is_closed:
        return []
    if state.orphaned is None:
        raise CommandRefusedError("ReopenWebhook", Sentence("the call was understood already."))
    orphaned = state.orphaned
    return [events.WebhookReopened(provider=orphaned.provider, reason=orphaned.reason)]


def evolve(state: Webhook, event: Event) -> Webhook:
    """Fold one event into the state."""
    match event:
        case events.WebhookReceived():
            return replace(state, received=event)
        case events.WebhookUnderstood():
            return replace(state, is_closed=True)
        case events.WebhookOrphaned():
            return replace(state, is_closed=True, orphaned=event)
        case events.WebhookReopened():
            return replace(state, is_closed=False, orphaned=None)
        case _:
            raise TypeError(f"a webhook stream has no {event.type}")
