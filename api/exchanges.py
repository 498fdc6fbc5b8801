"""Raw evidence over HTTP: the exchanges about a payment, and the bytes of one.

Who may see a payment sees when a provider was asked and how it answered. The bytes are for auditors
and operators, and nobody looks without a trace: that somebody did is an event, durable before
anything is shown. What was opened is hashed again and held against the log.

An exchange is named by the log position of its first entry.
"""

import base64
import zlib
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Final, NamedTuple

from aiohttp import web

from api import payments
from api.calls import Call, answer
from api.errors import UNKNOWN_PAYMENT, Place, ProblemError
from api.schemas_exchanges import (
    ExchangeOut,
    ExchangePage,
    HalfOut,
    HeaderOut,
    OpenedExchangeOut,
)
from ledger import exchange
from ledger.entry import Context, RecordedEvent
from ledger.errors import ErasedError, SealBrokenError
from ledger.events import ExchangeOpened, ExchangeRecorded
from ledger.exchange import Half, Written
from ledger.forgotten import is_payment_forgotten
from ledger.merkle import leaf_hash
from ledger.sentences import Sentence
from ledger.store import Clock, EventStore
from ledger.vault import Vault
from ledger.volumes import Volumes, read_volumes, replay_volumes

NO_SUCH: Final = Sentence("This payment has no exchange of that position.")


class Kept(NamedTuple):
    """One exchange as the log has it: all its entries."""

    parts: tuple[RecordedEvent, ...]

    @property
    def position(self) -> int:
        """Its name."""
        return self.parts[0].position

    @property
    def events(self) -> list[ExchangeRecorded]:
        """What its entries say."""
        return [_event(one) for one in self.parts]

    @property
    def told(self) -> ExchangeRecorded:
        """What everybody may read of it."""
        return _event(self.parts[0])


async def list_exchanges(call: Call) -> web.Response:
    """List the exchanges about a payment, oldest first, without their bytes."""
    state, recorded = await payments.load(call)
    query, payment_id = call.query, state.requested.payment_id
    limit = min(query.limit, call.services.settings.page_entries_max)
    kept = await exchanges_of(call.services.store, payment_id)
    shown = [one for one in kept if one.position > (query.after or 0)][:limit]
    position = max(recorded[-1].position, *(one.parts[-1].position for one in kept), 0)
    page = ExchangePage(
        payment_id=payment_id,
        position=position,
        exchanges=[exchange_of(one) for one in shown],
        next_after=shown[-1].position if len(shown) == limit else None,
    )
    return answer(page, position=position)


async def open_exchange(call: Call) -> web.Response:
    """Show the bytes of one exchange; that somebody looked is recorded first."""
    state, _ = await payments.load(call)
    named, payment_id = call.request.match_info["exchange"], state.requested.payment_id
    found = [
        one
        for one in await exchanges_of(call.services.store, payment_id)
        if str(one.position) == named
    ]
    if not found:
        place = Place("parameter", "exchange", NO_SUCH, Sentence("Take one from the list."))
        raise ProblemError(UNKNOWN_PAYMENT, NO_SUCH, [place])
    services, actor = call.services, call.asker.actor
    opened = await open_one(
        services.store, services.vault, found[0], context=call.context(actor), clock=services.clock
    )
    return answer(opened, position=opened.position)


async def exchanges_of(store: EventStore, payment_id: str) -> list[Kept]:
    """All exchanges about a payment, oldest first; what was put down twice is given once."""
    return grouped(await read_volumes(store, exchange.stream_of(payment_id)))


async def one_by_one(store: EventStore, payment_id: str, page: int) -> AsyncIterator[Kept | None]:
    """All exchanges about a payment, as `exchanges_of` gives them, without holding them all.

    None stands for one of which entries are missing. What is remembered is which were given.
    """
    given: set[str] = set()
    parts: list[RecordedEvent] = []
    async for one in replay_volumes(store, exchange.stream_of(payment_id), page):
        event = one.event
        if not isinstance(event, ExchangeRecorded):
            continue
        # All entries of an exchange were appended at once: they stand one after the other.
        if parts and event.part == 1:
            yield None
            parts = []
        parts.append(one)
        if event.part < event.parts:
            continue
        kept, parts = Kept(tuple(parts)), []
        if event.request_sha256 in given:
            continue
        given.add(event.request_sha256)
        yield kept if exchange.is_one(kept.events) else None
    if parts:
        yield None


def grouped(recorded: Iterable[RecordedEvent]) -> list[Kept]:
    """Put the entries of each exchange together; one of which entries are missing is left out."""
    entries: dict[str, dict[int, RecordedEvent]] = {}
    for one in recorded:
        event = one.event
        if isinstance(event, ExchangeRecorded):
            entries.setdefault(event.request_sha256, {}).setdefault(event.part, one)
    found = [tuple(parts[number] for number in sorted(parts)) for parts in entries.values()]
    return [Kept(parts) for parts in found if exchange.is_one([_event(one) for one in parts])]


async def open_one(
    store: EventStore, vault: Vault, kept: Kept, *, context: Context, clock: Clock
) -> OpenedExchangeOut:
    """Record that somebody looks, then open an exchange and hold it against the log's hashes."""
    payment_id = kept.told.payment_id or ""
    looked = ExchangeOpened(
        payment_id=payment_id, exchange=kept.position, opener=context.actor, at=clock()
    )
    name = exchange.opened_stream_of(payment_id)
    (traced,) = await Volumes(store).append(name, [looked], context=context)
    written, is_gone, is_erased, is_broken = None, False, False, False
    try:
        written = await read_sealed(vault, kept.events)
    except ErasedError:
        is_gone, is_erased = True, await is_payment_forgotten(store, payment_id)
    except (SealBrokenError, zlib.error, ValueError, LookupError):
        is_broken = True
    agrees = None if is_gone else False
    if written is not None and not is_broken:
        agrees = all(exchange.check(kept.told, written))
    return OpenedExchangeOut(
        payment_id=payment_id,
        summary=exchange_of(kept),
        is_erased=is_erased,
        hashes_agree=agrees,
        salt_base64=None if written is None else base64.b64encode(written.salt).decode(),
        request=None if written is None else _half_of(written.salt, written.request),
        answer=None
        if written is None or written.answer is None
        else _half_of(written.salt, written.answer),
        position=traced.position,
    )


async def read_sealed(vault: Vault, parts: Sequence[ExchangeRecorded]) -> Written:
    """Open all parts of an exchange and read what they hold.

    Raises:
        ErasedError: the person was erased.
        SealBrokenError, ValueError, LookupError: it is not what was sealed here.
    """
    opened = [await vault.open(one.sealed, context=exchange.context_of(one)) for one in parts]
    return exchange.read(b"".join(opened))


def exchange_of(kept: Kept) -> ExchangeOut:
    """Show an exchange without its bytes."""
    told = kept.told
    return ExchangeOut(
        exchange=kept.position,
        provider=told.provider,
        reference=told.reference,
        power=told.power,
        method=told.method,
        path=told.path,
        result=told.result,
        status=told.status,
        reason=told.reason,
        sent_at=told.sent_at,
        answered_at=told.answered_at,
        milliseconds=told.milliseconds,
        request_bytes=told.request_bytes,
        request_sha256=told.request_sha256,
        answer_bytes=told.answer_bytes,
        answer_sha256=told.answer_sha256,
        is_whole=told.is_whole,
        hides=told.hides,
        recorded_at=kept.parts[0].recorded_at,
        entry_hashes=[leaf_hash(one.entry).hex() for one in kept.parts],
    )


def _half_of(salt: bytes, half: Half) -> HalfOut:
    try:
        text = half.body.decode()
    except UnicodeDecodeError:
        text = None
    return HalfOut(
        line=half.line,
        headers=[HeaderOut(name=name, value=value) for name, value in half.headers],
        body_base64=base64.b64encode(half.body).decode(),
        body_text=text,
        salt_and_bytes_sha256=exchange.digest_of(salt, half),
    )


def _event(recorded: RecordedEvent) -> ExchangeRecorded:
    assert isinstance(recorded.event, ExchangeRecorded)
    return recorded.event
