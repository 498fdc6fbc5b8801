"""Identity: what a movement of money is: its kind, its id, and where it may go.

An id derives from the merchant and its Idempotency-Key, so a repeat of the same request lands on
the same stream, for ever. Each kind has its own space: one key may stand for a payment and for a
payout without the two ever meeting. A route plan names providers, best first, and says why.

It draws nothing at random and looks nothing up.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Final, Literal

import msgspec

Kind = Literal["collection", "payout", "refund"]
"""What moves: from a payer to the merchant, from the merchant to somebody, or back to the payer."""

Mode = Literal["test", "live"]
"""Whether it is for trying, with providers that move no money, or for real."""
Recipient = Literal["payer", "merchant"]
"""Who may be written to about a payment."""


Outcome = Literal["declined", "failed", "expired", "not_made"]
"""How an attempt at a checkout ended that certainly moved no money; `not_made`: its payment was
never asked for."""


class Candidate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One provider of a route plan, and why it stands there."""

    provider: str
    reason: str


PREFIXES: Final[Mapping[Kind, str]] = {"collection": "pay", "payout": "po", "refund": "re"}

PAYMENT_ID: Final = re.compile(r"(?:pay|po|re)_[a-z2-7]{26}", re.ASCII)
"""The form of every id."""

_BASE32: Final = "abcdefghijklmnopqrstuvwxyz234567"
_BASE32_PAIRS: Final = [one + other for one in _BASE32 for other in _BASE32]
_SPACES: Final[Mapping[Kind, str]] = {"collection": "", "payout": "\0payout", "refund": "\0refund"}


def payment_id_of(
    merchant_id: str,
    idempotency_key: str,
    kind: Kind = "collection",
    *,
    is_apart: bool = False,
) -> str:
    """Derive an id: the kind's prefix, `_`, and 26 characters of base32.

    `is_apart`: it is a test beside payments for real, and has a space of its own: one key may
    stand for a test and for a real payment without the two ever meeting.
    """
    named = f"{merchant_id}\0{idempotency_key}{_SPACES[kind]}"
    if is_apart:
        named += "\0test"
    digest = hashlib.sha256(named.encode()).digest()
    return f"{PREFIXES[kind]}_{spelt(digest)}"


def is_other_mode(mode: Mode | None, other: Mode | None) -> bool:
    """Whether two requests are surely not of one mode; one from before there were modes may be.

    A deployment that goes from trying to real money gives both the ids of its own mode. So one key
    may have made a test, whose answer would be taken for that of a real payment nobody then makes.
    """
    return None not in {mode, other} and mode != other


def owner_of(merchant_id: str, mode: Mode | None) -> str:
    """Name a merchant together with a mode: what it is told keeps tests and money apart."""
    return merchant_id if mode is None else f"{merchant_id}/{mode}"


ENDPOINT_ID: Final = re.compile(r"we_[a-z2-7]{26}", re.ASCII)
"""The form of an endpoint's id."""


def new_endpoint_id(drawn: bytes) -> str:
    """Make an endpoint's id from 16 random bytes."""
    return f"we_{spelt(drawn)}"


def new_test_id(drawn: bytes) -> str:
    """Make the id of a test of an endpoint from 16 random bytes."""
    return f"test_{spelt(drawn)}"


def is_test_id(text: str) -> bool:
    """Whether what a message is about is a test of its endpoint, and no payment."""
    return text.startswith("test_")


def is_endpoint_id(text: str) -> bool:
    """Whether a text has the form of an endpoint's id."""
    return ENDPOINT_ID.fullmatch(text) is not None


def spelt(drawn: bytes) -> str:
    """Write 16 bytes as 26 characters of base32."""
    # 128 bits and two of padding are thirteen pairs of base32's digits; `base64` spells the same
    # in five times the time, and every request comes by here.
    bits = int.from_bytes(drawn[:16]) << 2
    return "".join([_BASE32_PAIRS[bits >> at & 1023] for at in range(120, -1, -10)])


def is_payment_id(text: str) -> bool:
    """Whether a text has the form of an id; nothing else is looked up or stored as one."""
    return PAYMENT_ID.fullmatch(text) is not None
