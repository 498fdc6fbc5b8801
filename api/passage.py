"""A passage: what is known of one request's way through the door, for its log line and its headers.

One small object beside the request instead of an entry for each fact: to look for an entry that is
not there costs more than to write the object, and every request would look for several.
"""

from collections.abc import Callable
from typing import Final

from aiohttp import web

Rate = tuple[str, str]
"""What an answer says about limits: both headers, the policy's first."""


Sign = Callable[[web.Request, web.StreamResponse], None]
"""Signs an answer in place."""


class Passage:
    """What is known of one request so far."""

    __slots__ = ("actor", "begin_streaming", "correlation_id", "rate", "request_id", "sign")

    def __init__(self, request_id: str, correlation_id: str) -> None:
        self.request_id = request_id
        self.correlation_id = correlation_id
        self.actor: str | None = None
        """Who asks; None where nobody needs to say, or nobody could."""
        self.rate: Rate | None = None
        """What is left of the limits that it was counted against; None where it was not."""
        self.sign: Sign | None = None
        """What signs the answer; None where nobody with a key asked for that."""
        self.begin_streaming: Callable[[], object] = _nothing
        """Called by who begins to answer piece by piece: from there he has bounds of his own."""


def _nothing() -> None:
    """Begin without having been watched."""


PASSAGE: Final = web.RequestKey("passage", Passage)
