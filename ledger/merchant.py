"""Merchants and API keys: pure deciders over `merchant-<id>` and `key-<id>` streams.

The ledger knows only the SHA-256 of a key's secret: secrets are 256 random bits, so a plain hash
cannot be guessed back. Which key may do what is the API's question; whether a key exists is ours.
"""

from dataclasses import dataclass, replace

from ledger import commands, events
from ledger.commands import MerchantCommand
from ledger.errors import CommandRefusedError, UnknownMerchantError
from ledger.events import Event
from ledger.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Account:
    """The folded state of a merchant's or a key's stream."""

    merchant: events.MerchantAdded | None = None
    key: events.KeyIssued | None = None
    is_revoked: bool = False


INITIAL = Account()


def merchant_stream(merchant_id: str) -> str:
    """The name of a merchant's stream."""
    return f"merchant-{merchant_id}"


def key_stream(key_id: str) -> str:
    """The name of an API key's stream."""
    return f"key-{key_id}"


def decide(command: MerchantCommand, state: Account) -> list[Event]:
    """Decide about a merchant or a key; repeats with equal content change nothing.

    Raises:
        CommandRefusedError: the id is taken by something else, or there is nothing to revoke.
    """
    happened: Event
    match command:
        case commands.AddMerchant():
            happened = events.MerchantAdded(
                merchant_id=command.merchant_id, name=command.name, country=command.country
            )
            return _once(command, state.merchant, happened)
        case commands.IssueKey():
            happened = events.KeyIssued(
                key_id=command.key_id,
                role=command.role,
                merchant_id=command.merchant_id,
                secret_digest=command.secret_digest,
            )
            if command.role == "merchant" and command.merchant_id is None:
                raise UnknownMerchantError("", "IssueKey")
            return _once(command, state.key, happened)
        case commands.RevokeKey():
            if state.key is None:
                raise CommandRefusedError(
                    "RevokeKey", Sentence("there is no key {key_id!r}.", key_id=command.key_id)
                )
            if state.is_revoked:
                return []
            return [events.KeyRevoked(key_id=command.key_id, reason=command.reason)]


def _once(command: MerchantCommand, known: Event | None, happened: Event) -> list[Event]:
    if known is None:
        return [happened]
    if known == happened:
        return []
    raise CommandRefusedError(
        type(command).__name__, Sentence("the id is taken by something else.")
    )


def evolve(state: Account, event: Event) -> Account:
    """Fold one event into the state."""
    match event:
        case events.MerchantAdded():
            return replace(state, merchant=event)
        case events.KeyIssued():
            return replace(state, key=event)
        case events.KeyRevoked():
            return replace(state, is_revoked=True)
        case _:
            raise TypeError(f"a merchant or key stream has no {event.type}")
