"""What goes to a provider and what a call brings back: an answer, or one of two kinds of none.

    Answer                  the provider answered, whatever it says
    TransportError
    ├─ NotSentError         nothing reached it
    └─ AnswerUnknownError   it was sent, or may have been, and brought nothing usable
       ├─ AnswerUnreadableError  it was answered by something that is not the JSON it should be
       └─ TurnedAwayError        no token for our credentials, where the status does not say so

The two kinds are all that matters about money, so they are types. Their text is our own: no
address, credential or number ever stands in it, and it may be kept in the log.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

import orjson
from yarl import URL

Method = Literal["GET", "POST", "PUT", "DELETE"]

NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


class TransportError(Exception):
    """A call brought no usable answer. `reason` names no address, credential or number."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotSentError(TransportError):
    """The call certainly did not reach the provider."""


class AnswerUnknownError(TransportError):
    """The call was sent, or may have been, and brought no usable answer."""


class AnswerUnreadableError(AnswerUnknownError):
    """The call was answered by something that is not the JSON it should be."""


class TurnedAwayError(AnswerUnknownError):
    """A token was refused to our credentials, under a status that means something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is about to be sent."""

    method: Method
    target: URL = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)


def request_of(
    method: Method,
    target: URL,
    headers: Mapping[str, str],
    *,
    json: object,
    form: Mapping[str, str] | None,
    xml: str | None = None,
) -> Request:
    """Make a request whose body is JSON, else a form, else XML, else none."""
    body, body_headers = None, {}
    if json is not None:
        body, body_headers = orjson.dumps(json), {"Content-Type": "application/json"}
    elif form is not None:
        body = URL.build(query=form).raw_query_string.encode()
        body_headers = {"Content-Type": "application/x-www-form-urlencoded"}
    elif xml is not None:
        body = f'<?xml version="1.0" encoding="UTF-8"?>{xml}'.encode()
        body_headers = {"Content-Type": "application/xml"}
    return Request(method=method, target=target, headers={**headers, **body_headers}, body=body)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: any status, its body within the transport's limit."""

    status: int
    headers: Mapping[str, str] = field(default_factory=lambda: NO_HEADERS, repr=False)
    body: bytes = field(default=b"", repr=False)

    def json(self) -> object:
        """Read the body as JSON, whatever its content type claims.

        Raises:
            AnswerUnreadableError: it is none.
        """
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            reason = f"status {self.status} with {len(self.body)} bytes that are not JSON"
            raise AnswerUnreadableError(reason) from None

    def json_object(self) -> dict[str, object]:
        """Read the body as a JSON object; raises AnswerUnreadableError like `json`."""
        value = self.json()
        if not isinstance(value, dict):
            raise AnswerUnreadableError(f"status {self.status} with JSON that is no object")
        return value


def object_in(body: bytes) -> dict[str, object] | None:
    """Read a JSON object; None for everything else."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None
