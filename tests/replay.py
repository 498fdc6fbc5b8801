"""Replayed answers: a provider's recorded bodies come back through the real transport."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from aioresponses import aioresponses

from adapters.answer import Answer
from adapters.base import Charge, Pace
from adapters.transcript import Exchange
from adapters.transport import OpenTransport, Transport
from ledger.money import Money

FIXTURES = Path(__file__).parent / "fixtures"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAYMENT_ID = "pay_" + "a" * 26
PHONE = "+46733123450"
CALL_SECONDS = 10.0
"""How long a call of ours may take in a world: longer than the busiest machine lets one wait."""

_PATIENCE: ContextVar[float | None] = ContextVar("patience", default=None)


async def at_once(_seconds: float) -> None:
    """Pause, taking no time."""


class PatientTransport(Transport):
    """A transport whose limit on one call a test may change between two calls."""

    @property
    def _pace(self) -> Pace:
        seconds = _PATIENCE.get()
        return (
            self._given if seconds is None else replace(self._given, call_timeout_seconds=seconds)
        )

    @_pace.setter
    def _pace(self, pace: Pace) -> None:
        self._given = pace


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Give every call up after so many seconds; for providers that never answer."""
    before = _PATIENCE.set(seconds)
    try:
        yield
    finally:
        _PATIENCE.reset(before)


def opening(
    *, observe: list[Exchange] | None = None, is_loopback_only: bool = True
) -> OpenTransport:
    """Give an adapter its transport: this machine only, and no pauses."""
    return partial(
        PatientTransport,
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
