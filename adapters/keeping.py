"""Keeping: every exchange with a provider is sealed and put into the log, as evidence.

It is durable before the outcome it led to: the reactor that made the calls keeps what was gathered
(`adapters.overhearing`) before it records what they taught. What is about no one payment waits for
`run`, which puts it down a moment later.

Money comes first. Where the store takes nothing just now, the reactor is not held up for longer
than `KEEPING_SECONDS_MAX`: what could not be kept waits, within bounds, and is tried again. What is
lost all the same is counted and logged, each by its name; nothing is lost without a word.

An exchange about a payment is sealed under the very data key of the payment's particulars, so it
goes when the person goes, and nothing can be sealed for somebody who is gone: whose exchanges come
after that are kept without persons, under a key of the provider's.

What was put down and not answered for is put down again, under the same salt; a reader takes what
has the same hash for one. It decides nothing, and no merchant's request ever waits for it.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec
import structlog

from adapters.kept_exchange import event_of, halves_of
from adapters.overhearing import About, Gathering, present_gathering
from adapters.transcript import Exchange
from ledger.entry import Context
from ledger.errors import ErasedError, reason_of
from ledger.events import Event, ExchangeRecorded
from ledger.exchange import (
    SALT_BYTES,
    Written,
    context_of,
    provider_stream_of,
    split,
    stream_of,
    subject_of,
    write,
)
from ledger.store import DataKey
from ledger.vault import Vault
from ledger.volumes import Volumes

log = structlog.get_logger()

KEEPING_SECONDS_MAX: Final = 2.0
"""How long a reactor is held up at most before it goes on with what the exchange taught."""

TRIES_MAX: Final = 8
"""How often what waits is tried; with doubling pauses from 0.1 s: about 13 seconds."""

WAITING_MAX: Final = 1_000
"""How many exchanges wait at most."""

WAITING_BYTES_MAX: Final = 16 * 1024 * 1024
"""How many bytes their bodies have in all."""

AT_ONCE_MAX: Final = 16
"""How many exchanges go into one append."""

_FLUSH_SECONDS_MAX: Final = 5.0

ACTOR: Final = "reactor:keeping"


@dataclass(slots=True)
class KeptCounts:
    """What became of exchanges since the start; read by the metrics page."""

    kept: int = 0
    lost: int = 0


@dataclass(slots=True, eq=False)
class _Piece:
    """An exchange that is to be kept; about no one payment where `about` is None."""

    exchange: Exchange
    about: About | None
    salt: bytes = field(repr=False)
    tries: int = 0

    @property
    def size_bytes(self) -> int:
        return len(self.exchange.request.body or b"") + len(self.exchange.wire.received)


class Keeper:
    """Keeps exchanges. One for each process; its `observe` is every transport's observer."""

    def __init__(
        self,
        volumes: Volumes,
        vault: Vault,
        *,
        random_bytes: Callable[[int], bytes],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._volumes, self._vault = volumes, vault
        self._random_bytes, self._pause = random_bytes, pause
        self._waiting: deque[_Piece] = deque()
        self._waiting_bytes = 0
        self._under_way = 0
        self._news = asyncio.Event()
        self._is_idle = asyncio.Event()
        self._is_idle.set()
        self.counts = KeptCounts()

    @property
    def waiting(self) -> int:
        """How many exchanges wait to be kept, or are just being put down."""
        return len(self._waiting) + self._under_way

    async def idle(self) -> None:
        """Return when nothing waits."""
        await self._is_idle.wait()

    def observe(self, exchange: Exchange) -> None:
        """Take note of an exchange that just ended; awaits nothing."""
        gathering = present_gathering()
        if gathering is None:
            self._wait(self._piece(exchange, None))
        elif gathering.is_over or len(gathering.exchanges) >= AT_ONCE_MAX:
            self._wait(self._piece(exchange, gathering.about))
        else:
            gathering.exchanges.append(exchange)

    async def keep(self, gathered: Gathering) -> None:
        """Make durable what was gathered; what cannot be, waits. Raises only when cancelled."""
        pieces = [self._piece(one, gathered.about) for one in gathered.take()]
        if not pieces:
            return
        try:
            async with asyncio.timeout(KEEPING_SECONDS_MAX):
                await self._append(pieces)
        except BaseException as error:
            for piece in pieces:
                self._wait(piece)
            if not isinstance(error, Exception):
                raise
            log.warning("keeping.put_off", exchanges=len(pieces), error=reason_of(error))

    def leave(self, gathered: Gathering) -> None:
        """Put off what was gathered by somebody who cannot wait."""
        for exchange in gathered.take():
            self._wait(self._piece(exchange, gathered.about))

    async def run(self) -> None:
        """Keep what waits, until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            tries = await self._drain()
            if tries:
                await self._pause(0.1 * 2.0 ** (tries - 1))
                self._news.set()

    async def flush(self) -> None:
        """Try once more to keep what waits, when the process ends; what is lost is said."""
        try:
            async with asyncio.timeout(_FLUSH_SECONDS_MAX):
                await self._drain()
        except TimeoutError:
            log.warning("keeping.not_flushed", exchanges=len(self._waiting))
        while self._waiting:
            self._lose(self._next(), "the process ended")

    async def _drain(self) -> int:
        """Try once everything that waits now; how often what failed was tried, 0 if nothing."""
        tries, groups = 0, deque(_together([self._next() for _ in range(len(self._waiting))]))
        self._under_way = sum(len(pieces) for pieces in groups)
        try:
            while groups:
                try:
                    await self._append(groups[0])
                except Exception as error:  # noqa: BLE001 - whatever it was, the others are kept
                    tries = max(tries, *(self._try_again(one, error) for one in groups[0]))
                self._under_way -= len(groups.popleft())
        finally:
            # Where it was cut short, the rest waits for whoever comes next.
            self._under_way = 0
            for piece in (one for pieces in groups for one in pieces):
                self._wait(piece, is_news=False)
            if not self._waiting:
                self._is_idle.set()
        return tries

    def _try_again(self, piece: _Piece, error: Exception) -> int:
        piece.tries += 1
        if piece.tries >= TRIES_MAX:
            self._lose(piece, reason_of(error))
            return 0
        self._wait(piece, is_news=False)
        return piece.tries

    def _piece(self, exchange: Exchange, about: About | None) -> _Piece:
        return _Piece(exchange, about, self._random_bytes(SALT_BYTES))

    def _wait(self, piece: _Piece, *, is_news: bool = True) -> None:
        size_bytes = self._waiting_bytes + piece.size_bytes
        if len(self._waiting) >= WAITING_MAX or size_bytes > WAITING_BYTES_MAX:
            self._lose(piece, "too many wait")
            return
        self._waiting.append(piece)
        self._is_idle.clear()
        self._waiting_bytes = size_bytes
        if is_news:
            self._news.set()

    def _next(self) -> _Piece:
        piece = self._waiting.popleft()
        self._waiting_bytes -= piece.size_bytes
        return piece

    def _lose(self, piece: _Piece, reason: str) -> None:
        self.counts.lost += 1
        exchange, about = piece.exchange, piece.about
        log.error(
            "keeping.lost",
            provider=exchange.provider,
            power=exchange.power,
            payment_id=None if about is None else about.payment_id,
            sent_at=exchange.at.isoformat(),
            reason=reason,
        )

    async def _append(self, pieces: Sequence[_Piece]) -> None:
        """Seal and append exchanges that are about the same."""
        first, events, keys = pieces[0], [], []
        for piece in pieces:
            sealed, new_keys = await self._sealed(piece)
            events += sealed
            keys += new_keys
        about, exchange = first.about, first.exchange
        if about is not None:
            name, context = stream_of(about.payment_id), about.context
        else:
            name = provider_stream_of(exchange.provider, exchange.at)
            context = Context(ACTOR, name, name)
        await self._volumes.append(name, events, context=context, keys=keys)
        for key in keys:
            self._vault.remember(key)
        self.counts.kept += len(pieces)

    async def _sealed(self, piece: _Piece) -> tuple[list[Event], list[DataKey]]:
        if piece.about is not None:
            try:
                return await self._sealed_for(piece, piece.about), []
            except ErasedError:
                pass
        return self._sealed_without_persons(piece)

    async def _sealed_for(self, piece: _Piece, about: About) -> list[Event]:
        event, parts = _written(piece, hides_persons=False)
        return [
            msgspec.structs.replace(
                one,
                sealed=await self._vault.seal_beside(about.sealed, part, context=context_of(one)),
            )
            for one, part in _numbered(event, parts)
        ]

    def _sealed_without_persons(self, piece: _Piece) -> tuple[list[Event], list[DataKey]]:
        event, parts = _written(piece, hides_persons=True)
        events: list[Event] = []
        keys: list[DataKey] = []
        for one, part in _numbered(event, parts):
            context = context_of(one)
            subject = subject_of(event.provider)
            sealed = self._vault.seal(subject, part, context=context, is_shared=True)
            events.append(msgspec.structs.replace(one, sealed=sealed.text))
            keys += [sealed.new_key] if sealed.new_key else []
        return events, keys


def _written(piece: _Piece, *, hides_persons: bool) -> tuple[ExchangeRecorded, list[bytes]]:
    exchange, about = piece.exchange, piece.about
    code = None if about is None else about.one_time_code
    request, answer = halves_of(exchange, hides_persons=hides_persons, one_time_code=code)
    written = Written(piece.salt, request, answer)
    event = event_of(
        exchange,
        written,
        hides_persons=hides_persons,
        payment_id=None if about is None else about.payment_id,
        reference=None if about is None else about.reference,
    )
    return event, split(write(written))


def _numbered(
    event: ExchangeRecorded, parts: Sequence[bytes]
) -> list[tuple[ExchangeRecorded, bytes]]:
    return [
        (msgspec.structs.replace(event, part=number, parts=len(parts)), part)
        for number, part in enumerate(parts, start=1)
    ]


def _together(pieces: Sequence[_Piece]) -> list[list[_Piece]]:
    """Put together what goes into one stream, in few appends."""
    groups: dict[str, list[list[_Piece]]] = {}
    for piece in pieces:
        about, exchange = piece.about, piece.exchange
        name = (
            provider_stream_of(exchange.provider, exchange.at)
            if about is None
            else stream_of(about.payment_id)
        )
        group = groups.setdefault(name, [[]])
        if len(group[-1]) >= AT_ONCE_MAX:
            group.append([])
        group[-1].append(piece)
    return [one for group in groups.values() for one in group]
