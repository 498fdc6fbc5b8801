"""Subject: the load, i.e. a plain HTTP/1.1 client that must not be what is measured.

It keeps some connections open; on each it sends a request, waits for the whole answer, and sends
the next one. Requests are bytes put together from parts made before; of an answer it reads the
status and the length. So it costs a fraction of what any server does, and the same for both.

An answer of another status than the work expects fails the measurement: speed is not asked of
refusals.
"""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final

import orjson

from scripts.benches.story import PAYERS
from scripts.benches.subject import Answer, quantile, serve

WARM_UP_PART: Final = 0.2
HEADER_BYTES_MAX: Final = 16_384
_LENGTH: Final = b"Content-Length: "

_numbers = itertools.count(1)


class _Count:
    """What one measurement saw."""

    def __init__(self, expected: bytes, counting_from: float, until: float) -> None:
        self.expected, self.counting_from, self.until = expected, counting_from, until
        self.answered = 0
        self.waited: list[float] = []
        self.others: Counter[str] = Counter()

    def add(self, status: bytes, sent: float, now: float) -> None:
        """Count an answer; its time only between the warm-up and the end."""
        if status != self.expected:
            self.others[status.decode(errors="replace")] += 1
            return
        self.answered += 1
        if self.counting_from < now <= self.until:
            self.waited.append(now - sent)


class _Connection(asyncio.Protocol):
    """One connection: sends the next request when an answer is complete, until time is over."""

    def __init__(self, next_request: Callable[[], bytes], count: _Count) -> None:
        self._next, self._count = next_request, count
        self._transport: asyncio.Transport | None = None
        self._came = b""
        self._sent = 0.0
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send(time.perf_counter())

    def data_received(self, data: bytes) -> None:
        came = self._came + data if self._came else data
        end = came.find(b"\r\n\r\n")
        at = came.find(_LENGTH, 0, end)
        if end < 0 or at < 0:
            if len(came) > HEADER_BYTES_MAX or end > 0:
                self._count.others["no length"] += 1
                self._end()
            self._came = came
            return
        at += len(_LENGTH)
        if len(came) < end + 4 + int(came[at : came.index(b"\r", at)]):
            self._came = came
            return
        self._came = b""
        now = time.perf_counter()
        self._count.add(came[9:12], self._sent, now)
        if now < self._count.until:
            self._send(now)
        else:
            self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self._count.others["closed"] += 1
            self.ended.set_result(None)

    def _send(self, now: float) -> None:
        assert self._transport is not None
        self._sent = now
        self._transport.write(self._next())

    def _end(self) -> None:
        assert self._transport is not None
        if not self.ended.done():
            self.ended.set_result(None)
        self._transport.close()


async def load(
    port: int, work: str, key: str, payments: list[str], connections: int, seconds: float
) -> Answer:
    """Send requests of one kind for some seconds; the rate of good answers and their times.

    Raises:
        AssertionError: some answers were of another status.
    """
    requests, expected = _WORKS[work](key, payments)
    began = time.perf_counter()
    count = _Count(expected, began + seconds * WARM_UP_PART, began + seconds)
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(
            lambda: _Connection(requests.__next__, count), "127.0.0.1", port
        )
        for _ in range(connections)
    ]
    await asyncio.gather(*(connection.ended for _, connection in made))
    if count.others:
        raise AssertionError(f"{work}: unexpected answers: {dict(count.others)}")
    return {
        "answered": count.answered,
        "rate": len(count.waited) / (count.until - count.counting_from),
        "p50_ms": quantile(count.waited, 0.5) * 1000,
        "p99_ms": quantile(count.waited, 0.99) * 1000,
    }


async def sample(port: int, work: str, key: str, payments: list[str]) -> Answer:
    """Send one request; the object it is answered with."""
    requests, expected = _WORKS[work](key, payments)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(next(requests))
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.split(_LENGTH)[1].split(b"\r")[0])
    body = await reader.readexactly(length)
    writer.close()
    if head[9:12] != expected:
        raise AssertionError(f"{work}: {head[9:12].decode()} {body[:300].decode()}")
    return {"answer": orjson.loads(body)}


def _post(key: str, _payments: list[str]) -> tuple[Iterator[bytes], bytes]:
    """Ask for payments, each under a key of its own, for a thousand different payers."""
    line = "POST /v1/payments HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    opening = f"{line}Authorization: Bearer {key}\r\nIdempotency-Key: order-".encode()
    bodies = []
    for number in range(PAYERS):
        wanted = {
            "amount": "1500",
            "currency": "XAF",
            "payer": {"phone": f"+237650000{number:03d}"},
            "description": "Order 1234",
            "metadata": {"order": "A-1234"},
        }
        bodies.append(_with_length(orjson.dumps(wanted)))
    return (opening + b"%d" % n + bodies[n % PAYERS] for n in _numbers), b"202"


def _get(key: str, payments: list[str]) -> tuple[Iterator[bytes], bytes]:
    """Look at payments, one after the other."""
    ready = [
        f"GET /v1/payments/{one} HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {key}\r\n\r\n".encode()
        for one in payments
    ]
    return itertools.cycle(ready), b"200"


def _webhook(_key: str, payments: list[str]) -> tuple[Iterator[bytes], bytes]:
    """Call back as MTN does, about payments one after the other, never twice the same."""

    def calls() -> Iterator[bytes]:
        for number in _numbers:
            payment_id = payments[number % len(payments)]
            said: dict[str, Any] = {
                "financialTransactionId": f"{number:010d}",
                "externalId": payment_id,
                "amount": "1500",
                "currency": "XAF",
                "payer": {"partyIdType": "MSISDN", "partyId": "237650000001"},
                "status": "SUCCESSFUL",
            }
            reference = f"{number:08x}-aaaa-4bbb-8ccc-{number:012x}"
            line = f"POST /webhooks/mtn/{payment_id}/{reference} HTTP/1.1\r\nHost: localhost\r\n"
            opening = f"{line}Content-Type: application/json".encode()
            yield opening + _with_length(orjson.dumps(said))

    return calls(), b"200"


def _with_length(body: bytes) -> bytes:
    """The end of a head, and the body."""
    return b"\r\n" + _LENGTH + b"%d\r\n\r\n%b" % (len(body), body)


_WORKS: Final[dict[str, Callable[[str, list[str]], tuple[Iterator[bytes], bytes]]]] = {
    "post": _post,
    "get": _get,
    "webhook": _webhook,
}

if __name__ == "__main__":
    serve({"load": load, "sample": sample})
