"""A kept exchange: its secrets are taken out, and all other bytes are as they went.

The trick: bytes are read as Latin-1, one character for each, so the adapter's own scrubber, which
knows text, leaves every byte that it does not take out as it was. Request and answer are scrubbed
as one text: what stood in a secret place of one is taken out of the other too.

Where the exchange is about a person and sealed under that person's key, secrets alone go. Where it
is not, persons go as well, by the same rules as from a transcript: nobody who is forgotten may be
left in what is kept under another key.

Of the request's headers those are kept that are known to be harmless: they are ours, so each is
known. Of the answer's those go whose names sound like secrets; a provider sends what it likes, and
a dispute is about what it sent. What a hidden header held goes from everywhere else, too.
"""

import re
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import Final

from adapters.transcript import MASK, SECRET_LENGTH_MIN, WORDLESS, Exchange
from ledger.events import ExchangeRecorded
from ledger.exchange import BODY_BYTES_MAX, PATH_CHARACTERS_MAX, Half, Written, digest_of

SENT_HEADERS: Final = frozenset(
    {"accept", "connection", "content-length", "content-type", "date", "environment", "host"}
    | {"idempotency-key", "transfer-encoding", "user-agent", "x-callback-url", "x-reference-id"}
    | {"x-target-environment", "x-use-standardized-error"}
)
"""Headers of ours whose values let nobody in."""

SECRET_HEADER: Final = re.compile(
    r"auth|cookie|credential|(?<!idempotency-)key|location|password|pin|secret|session|sign|token",
    re.IGNORECASE,
)
"""Names of headers whose values let somebody in."""

_SCHEME: Final = re.compile(r"^(?:Basic|Bearer) +", re.IGNORECASE)


def halves_of(
    exchange: Exchange, *, hides_persons: bool, one_time_code: str | None = None
) -> tuple[Half, Half | None]:
    """Take out of a request and its answer what nobody may read."""
    request, wire = exchange.request, exchange.wire
    sent = [(name, _latin(value)) for name, value in wire.sent or request.headers.items()]
    hidden = [value for name, value in sent if name.lower() not in SENT_HEADERS]
    hidden += [value for name, value in wire.came if SECRET_HEADER.search(name)]
    pieces = [
        f"{request.method} {request.target.raw_path_qs} HTTP/1.1",
        "\n".join(value if name.lower() in SENT_HEADERS else MASK for name, value in sent),
        _text(request.body or b""),
        wire.line or "",
        "\n".join(MASK if SECRET_HEADER.search(name) else value for name, value in wire.came),
        _text(bytes(wire.received[:BODY_BYTES_MAX])),
    ]
    scrub = partial(exchange.scrub, keeps_persons=not hides_persons)
    border = _border_between(pieces)
    scrubbed = _without(scrub(border.join(pieces)), hidden, one_time_code).split(border)
    if [one.count("\n") for one in scrubbed[:-1]] != [one.count("\n") for one in pieces[:-1]]:
        # An open quotation mark in a header may swallow a border: then each piece by itself, and
        # no header is shown.
        scrubbed = [_without(scrub(one), hidden, one_time_code) for one in pieces]
        scrubbed[1], scrubbed[4] = ("\n".join([MASK] * len(one)) for one in (sent, wire.came))
    line, values, body, answer_line, answer_values, answer_body = scrubbed
    asked = Half(line, _paired(sent, values), _raw(body))
    if wire.line is None:
        return asked, None
    return asked, Half(answer_line, _paired(wire.came, answer_values), _raw(answer_body))


def event_of(
    exchange: Exchange,
    written: Written,
    *,
    hides_persons: bool,
    payment_id: str | None = None,
    reference: str | None = None,
) -> ExchangeRecorded:
    """Say of an exchange what may be read by everybody; its bytes are still to be sealed."""
    answer = written.answer
    return ExchangeRecorded(
        provider=exchange.provider,
        payment_id=payment_id,
        reference=reference,
        power=exchange.power,
        method=exchange.method,
        path=exchange.path[:PATH_CHARACTERS_MAX],
        status=exchange.wire.status,
        result=exchange.result,
        reason=exchange.reason,
        sent_at=exchange.at,
        answered_at=exchange.at + timedelta(seconds=exchange.seconds),
        milliseconds=round(exchange.seconds * 1000),
        request_sha256=digest_of(written.salt, written.request),
        request_bytes=len(written.request.wire),
        answer_sha256=None if answer is None else digest_of(written.salt, answer),
        answer_bytes=None if answer is None else len(answer.wire),
        is_whole=exchange.wire.is_whole and len(exchange.wire.received) <= BODY_BYTES_MAX,
        hides="persons" if hides_persons else "secrets",
        sealed="",
    )


def _border_between(pieces: list[str]) -> str:
    """A line that stands in none of the pieces, whatever a provider sent."""
    text, zeros = "".join(pieces), "\0"
    while zeros in text:
        zeros += zeros
    return f"\n{zeros}\n"


def _without(text: str, hidden: Iterable[str], one_time_code: str | None) -> str:
    secrets = {_SCHEME.sub("", one) for one in hidden} - WORDLESS
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= SECRET_LENGTH_MIN:
            text = text.replace(secret, MASK)
    if one_time_code is not None:
        text = re.sub(rf"(?<![0-9]){re.escape(one_time_code)}(?![0-9])", MASK, text)
    return text


def _paired(headers: Iterable[tuple[str, str]], values: str) -> tuple[tuple[str, str], ...]:
    names = [name for name, _ in headers]
    return tuple(zip(names, values.split("\n"), strict=True)) if names else ()


def _text(raw: bytes) -> str:
    return raw.decode("latin-1")


def _latin(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def _raw(text: str) -> bytes:
    return text.encode("latin-1")
