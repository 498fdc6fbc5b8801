"""An exchange as raw evidence: how its bytes are written down, hashed, split, and read again; pure.

What is kept is what went over the wire, but for the secrets: the request's line and headers in
their order and its body, the answer's likewise. It is written as JSON, deflated and sealed:

    {"salt": base64, "request": half, "answer": half or null}
    half = {"line": text, "headers": [[name, value], ...], "body": base64}

Text is Latin-1, one character for each byte, so any header is written and read without loss.

Its hash is SHA-256(salt, half as bytes), where a half as bytes is what the wire has: line, headers
and an empty line, each ended by CRLF, then the body. Why a salt: everything in a request but the
number is known from the log, so without one, whoever holds the log could try all numbers, and find
one that was erased. The salt is sealed with the bytes, and goes with them.

A written exchange that does not fit into one entry is split; every part is sealed by itself, bound
to its place, and all parts stand in the log one after the other.

Streams are named `exchange-<payment id>` and `exchange-<provider>-<date>`, and go on in volumes.
"""

import base64
import hashlib
import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson

from ledger.events import ExchangeRecorded

SALT_BYTES: Final = 32

PART_BYTES_MAX: Final = 40_000
"""How much of a written exchange one entry holds: sealed it is a third longer, at most 65,535."""

BODY_BYTES_MAX: Final = 524_288
"""Of a longer body the rest is not kept, and the event says so: `is_whole` is false."""

WRITTEN_BYTES_MAX: Final = 8 * BODY_BYTES_MAX
"""More than two bodies and all their headers can come to."""

PATH_CHARACTERS_MAX: Final = 300


class Half(NamedTuple):
    """A request or an answer, as it went but for its secrets."""

    line: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def head(self) -> str:
        """Its line and headers, each ended by CRLF."""
        return "".join(
            f"{one}\r\n"
            for one in (self.line, *(f"{name}: {value}" for name, value in self.headers))
        )

    @property
    def wire(self) -> bytes:
        """The bytes that went."""
        return self.head.encode("latin-1", "replace") + b"\r\n" + self.body


class Written(NamedTuple):
    """A whole exchange."""

    salt: bytes
    request: Half
    answer: Half | None


class Checked(NamedTuple):
    """Whether an opened exchange is what the log's hashes say."""

    request: bool
    answer: bool


def stream_of(payment_id: str) -> str:
    """The stream of the exchanges about a payment, payout or refund; its first volume."""
    return f"exchange-{payment_id}"


def provider_stream_of(provider: str, at: datetime) -> str:
    """The stream of a provider's exchanges of one day that are about no one payment."""
    return f"exchange-{provider}-{at:%Y-%m-%d}"


def opened_stream_of(payment_id: str) -> str:
    """The stream of who looked at a payment's exchanges."""
    return f"opened-{payment_id}"


def subject_of(provider: str) -> str:
    """Whose what is about no one payment is, in the vault."""
    return f"provider-{provider}"


def digest_of(salt: bytes, half: Half) -> str:
    """The hash of a request or an answer, as 64 hexadecimal digits."""
    return hashlib.sha256(salt + half.wire).hexdigest()


def write(exchange: Written) -> bytes:
    """Write an exchange down."""
    told = {
        "salt": base64.b64encode(exchange.salt).decode(),
        "request": _told(exchange.request),
        "answer": None if exchange.answer is None else _told(exchange.answer),
    }
    return zlib.compress(orjson.dumps(told))


def read(written: bytes) -> Written:
    """Read what `write` wrote."""
    inflated = zlib.decompressobj().decompress(written, WRITTEN_BYTES_MAX)
    told = orjson.loads(inflated)
    answer = told["answer"]
    return Written(
        base64.b64decode(told["salt"]),
        _half(told["request"]),
        None if answer is None else _half(answer),
    )


def split(written: bytes) -> list[bytes]:
    """Split what was written into parts that fit into an entry each."""
    return [written[at : at + PART_BYTES_MAX] for at in range(0, len(written), PART_BYTES_MAX)]


def context_of(recorded: ExchangeRecorded) -> str:
    """What a part is bound to when it is sealed: which exchange, and where in it."""
    about = recorded.payment_id or recorded.provider
    return f"exchange/{about}/{recorded.request_sha256}/{recorded.part}/{recorded.parts}"


def is_one(parts: Sequence[ExchangeRecorded]) -> bool:
    """Whether these are all parts of one exchange, in their order."""
    return bool(parts) and [(one.part, one.parts, one.request_sha256) for one in parts] == [
        (part, len(parts), parts[0].request_sha256) for part in range(1, len(parts) + 1)
    ]


def check(recorded: ExchangeRecorded, opened: Written) -> Checked:
    """Compare what was opened with the hashes that stand in the log."""
    answer = None if opened.answer is None else digest_of(opened.salt, opened.answer)
    return Checked(
        request=digest_of(opened.salt, opened.request) == recorded.request_sha256,
        answer=answer == recorded.answer_sha256,
    )


def _told(half: Half) -> dict[str, Any]:
    return {
        "line": half.line,
        "headers": [list(one) for one in half.headers],
        "body": base64.b64encode(half.body).decode(),
    }


def _half(told: dict[str, Any]) -> Half:
    headers = tuple((name, value) for name, value in told["headers"])
    return Half(told["line"], headers, base64.b64decode(told["body"]))
