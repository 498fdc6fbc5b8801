"""Replayed answers: a provider's recorded bodies come back through the real transport."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from aioresponses import aioresponses

from adapters.answer import Answer
from adapters.base import Charge
from adapters.transcript import Exchange
from adapters.transport import OpenTransport, Transport
from ledger.money import Money

FIXTURES = Path(__file__).parent / "fixtures"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAYMENT_ID = "pay_" + "a" * 26
PHONE = "+46733123450"


async def at_once(_seconds: float) -> None:
    """Pause, taking no time."""


def opening(
    *, observe: list[Exchange] | None = None, is_loopback_only: bool = True
) -> OpenTransport:
    """Give an adapter its transport: this machine only, and no pauses."""
    return partial(
        Transport,
        clock=lambda: NOW,
        observer=None if observe is None else observe.append,
        is_loopback_only=is_loopback_only,
        sleep=at_once,
    )


def fixture(provider: str, name: str) -> bytes:
    """Read a recorded body; `empty` is no file, and nothing."""
    return b"" if name == "empty" else (FIXTURES / provider / name).read_bytes()


def recorded(provider: str, name: str, status: int) -> Answer:
    """Make an answer of a recorded body."""
    return Answer(status, {}, fixture(provider, name))


@contextmanager
def replaying() -> Iterator[aioresponses]:
    """Answer from memory instead of from a socket; nothing unexpected is answered."""
    with aioresponses() as replayed:
        yield replayed


def a_charge(**changes: Any) -> Charge:
    """Make a charge, valid by default."""
    usual: dict[str, Any] = {
        "payment_id": PAYMENT_ID,
        "money": Money(1250, "EUR"),
        "phone": PHONE,
        "country": "CM",
        "description": "Order n° 1 : l'été & co",
        "callback_url": f"http://localhost:8080/webhooks/x/{PAYMENT_ID}/r",
    }
    return Charge(**(usual | changes))
