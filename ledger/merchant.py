"""Merchants and API keys: pure deciders over `merchant-<id>` and `key-<id>` streams.

The ledger knows only the SHA-256 of a key's secret: secrets are 256 random bits, so a plain hash
cannot be guessed back. Which key may do what is the API's question; whether a key exists is ours.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from ledger import commands, events
from ledger.commands import MerchantCommand
from ledger.errors import CommandRefusedError, UnknownMerchantError
from ledger.events import Event
from ledger.sentences import Sentence

ROTATIONS_MAX: Final = 20
"""How often one key may be rotated. More than once is for whom the answer did not reach."""


@dataclass(frozen=True, slots=True)
class Account:
    """The folded state of a merchant's or a key's stream."""

    merchant: events.MerchantAdded | None = None
    key: events.KeyIssued | None = None
    is_revoked: bool = False
    ends_at: datetime | None = None
    """When a key that was rotated ends by itself."""
    rotations: int = 0

    def is_good(self, at: datetime) -> bool:
        """Whether a key stands here that is worth something at that time."""
        has_ended = self.ends_at is not None and self.ends_at <= at
        return self.key is not None and not self.is_revoked and not has_ended


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
                mode=command.mode,
                label=command.label,
            )
            if command.role == "merchant" and command.merchant_id is None:
                raise UnknownMerchantError("", "IssueKey")
            return _once(command, state.key, happened)
        case commands.RotateKey():
            return _rotate(command, state)
        case commands.RevokeKey():
            _check_key(command, state)
            if state.is_revoked:
                return []
            return [events.KeyRevoked(key_id=command.key_id, reason=command.reason)]


def _rotate(command: commands.RotateKey, state: Account) -> list[Event]:
    _check_key(command, state)
    if not state.is_good(command.at):
        raise CommandRefusedError("RotateKey", Sentence("this key is worth nothing any more."))
    if state.rotations >= ROTATIONS_MAX:
        raise CommandRefusedError(
            "RotateKey",
            Sentence("this key was rotated {rotations} times already.", rotations=ROTATIONS_MAX),
        )
    # Whoever has stolen a key must not make it live longer than was once said.
    ends_at = min(command.ends_at, state.ends_at or command.ends_at)
    return [
        events.KeyRotated(key_id=command.key_id, successor_id=command.successor_id, ends_at=ends_at)
    ]


def _check_key(command: commands.RotateKey | commands.RevokeKey, state: Account) -> None:
    if state.key is None:
        raise CommandRefusedError(
            type(command).__name__, Sentence("there is no key {key_id!r}.", key_id=command.key_id)
        )


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
        case events.KeyRotated():
            return replace(state, ends_at=event.ends_at, rotations=state.rotations + 1)
        case events.KeyRevoked():
            return replace(state, is_revoked=True)
        case _:
            raise TypeError(f"a merchant or key stream has no {event.type}")
