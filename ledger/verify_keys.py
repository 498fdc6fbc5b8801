"""Data keys, looked for while the log is verified: which entries came with one that is not there.

Whatever is sealed brings its key in one transaction with its entry, or lies under the key of an
earlier one. So it is enough to look for the keys of those types that bring one, and an entry needs
not be understood for that: its bytes are canonical, and within them a quote that opens a name is
never part of a text. They were checked just before.

It only says where; why a key is gone the log tells (`api.missing_keys`).

What this deliberately leaves out: one-time codes. The ledger destroys the key of each before the
code is used, so nearly all of them are gone, and a payment's stream would have to be read for each.
What could be lost is a code that is good for minutes. Whether what is there still opens is not
looked at either: for that one needs a master key.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final

from ledger import events

Lacking = Callable[[Sequence[int]], Awaitable[None]]
"""Told the positions of entries whose key is not there, in their order; more than once."""

BRINGS_KEYS: Final = frozenset(
    one.type
    for one in (
        events.PaymentRequested,
        events.PaymentNoteProposed,
        events.CheckoutCreated,
        events.WebhookReceived,
        events.EndpointAdded,
        events.EndpointChanged,
        events.EndpointSecretRotated,
        events.ExchangeRecorded,
        events.PersonErasureRequested,
    )
)
"""The types of what may bring a key with it."""

_KEYS: Final = re.compile(rb'"sealed(?:_payer|_reason|_url)?":"([\w-]{16})\.', re.ASCII)
"""A key's id, at the head of what is sealed; not in what lies beside something else."""

_BESIDE: Final = b'"hides":"secrets"'
"""Of an exchange: it lies under its payment's key. All others are under one of the provider's."""


def keys_brought(kind: str, entry: bytes) -> list[bytes]:
    """The ids of the data keys that came with an entry of one of the types that bring some."""
    if kind == events.ExchangeRecorded.type and _BESIDE in entry:
        return []
    return _KEYS.findall(entry)


def needed(rows: Iterable[tuple[int, str, bytes]]) -> dict[str, int]:
    """Data keys that some entries need, and the position of the first that does.

    Args:
        rows: (position, type, entry) of each.
    """
    found: dict[str, int] = {}
    for position, kind, entry in rows:
        if kind in BRINGS_KEYS:
            for key_id in keys_brought(kind, entry):
                found.setdefault(key_id.decode(), position)
    return found
