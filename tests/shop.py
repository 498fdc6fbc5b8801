"""A merchant's endpoint on a real socket, which behaves as a test says and keeps what it was told.

It verifies every message with the library of Standard Webhooks, at the time of the test's clock.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from types import TracebackType
from typing import Any, Self
from unittest.mock import patch

import standardwebhooks.webhooks
from cryptography.exceptions import InvalidSignature
from standardwebhooks import Webhook, WebhookVerificationError

from ledger.store import Clock
from tests.raw_server import RawRequest, RawServer, Script, answer, answering
from tests.test_signing import verify_v1a

FINE: Script = answering(answer(200, b"thank you"))


@dataclass(frozen=True)
class Heard:
    """One message that a shop was told, and when."""

    id: str
    type: str
    payment_id: str
    position: int
    at: datetime
    content: dict[str, Any] = field(repr=False)


class Shop:
    """One endpoint. `mood` answers every call, and may be changed at any time."""

    def __init__(self, clock: Clock, mood: Script = FINE) -> None:
        self.mood, self._clock = mood, clock
        self.id, self.secret, self.public_key = "", "", ""
        self.heard: list[Heard] = []
        """Every call there was, in their order."""
        self.requests: list[RawRequest] = []
        self.server = RawServer(self._answer)

    async def __aenter__(self) -> Self:
        await self.server.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        await self.server.__aexit__(kind, error, trace)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"{self.server.url}/hooks"

    @property
    def told(self) -> list[tuple[str, str]]:
        """The type and payment of every call."""
        return [(one.type, one.payment_id) for one in self.heard]

    def positions_of(self, payment_id: str) -> list[int]:
        """What it was told of a payment, without repetitions, in the order of the first times."""
        return list(
            dict.fromkeys(one.position for one in self.heard if one.payment_id == payment_id)
        )

    async def _answer(self, request: RawRequest, writer: Any) -> None:
        content = json.loads(request.body)
        self.requests.append(request)
        self.heard.append(
            Heard(
                id=request.headers["webhook-id"],
                type=content["type"],
                payment_id=content["data"]["id"],
                position=content["position"],
                at=self._clock(),
                content=content,
            )
        )
        await self.mood(request, writer)


def verifies(request: RawRequest, secret: str, public_key: str, at: datetime) -> bool:
    """Whether the library and an Ed25519 key accept a message at a time: both or none."""

    class Then(datetime):
        """The time at which the library looks."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "datetime":  # type: ignore[override]
            return at

    with patch.object(standardwebhooks.webhooks, "datetime", Then):
        is_v1 = not _is_raised(lambda: Webhook(secret).verify(request.body, request.headers))
    is_v1a = not _is_raised(lambda: verify_v1a(public_key, request.headers, request.body))
    assert is_v1 == is_v1a
    return is_v1


def _is_raised(verify: Callable[[], object]) -> bool:
    try:
        verify()
    except (WebhookVerificationError, InvalidSignature):
        return True
    return False
