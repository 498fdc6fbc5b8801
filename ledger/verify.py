"""Verification: the whole log read again, every rule of it checked, nothing believed.

One pass from position 1 to the size that the head states, in steps, so memory stays flat however
long the log is. In order, per entry and per tile:

1. positions follow one another without a gap;
2. the entry is canonical JSON and says what the columns beside it say;
3. the leaf hash beside it is the hash of its bytes;
4. its version is unique in its stream and follows the version before it, at a lower position;
5. every stored tile is the tile computed from the entries, complete ones and no others;
6. every checkpoint that the log recorded is signed by the key that had to sign it, and states the
   root of the entries before it; so do cosignatures, those of known witnesses signed by them;
7. the head is the size and root computed from the entries, and nothing stands beyond it, before
   the first position, or anywhere else where no log has anything;
8. at the size of a checkpoint saved earlier, the root is the checkpoint's.

What this proves: a change made behind the ledger's back is found unless everything above it was
recomputed too (leaf, tiles, head, and signatures with a key of the log). Whoever can do that has
rewritten history, and only a checkpoint kept elsewhere tells, which is why `checkpoint` exists: 1-7
find accidents and clumsy hands, 8 finds the rest, and also that the end was cut off.

How it is fast: where the store can be read by other processes, each core reads spans of 65,536
entries by itself (`ledger.verify_spans`) and scans a part of all streams in order
(`ledger.verify_order`). This process puts the spans together. A span that is not plainly right is
read again page by page (`ledger.verify_pages`), and that is what names the first bad position. What
bounds it is Python: of some five microseconds an entry, a third goes into reading JSON and writing
it again, a third into SHA-256, the rest into reading rows and the order of streams.

Why rule 4 asks the store instead of keeping every stream's version: a dictionary of all streams
grows with the log. The order of streams knows, and it is itself compared with the rows.

It may run beside a writing server: what is appended after the start is left for the next time.
"""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from itertools import pairwise
from typing import Final, NamedTuple

from ledger.cosignature import CosignatureVerifier
from ledger.errors import CorruptLogError, EntryError
from ledger.scan import LogScan
from ledger.store import EventStore, TreeHead
from ledger.verify_keys import Lacking
from ledger.verify_notes import Notes, keys_in
from ledger.verify_order import Order, first_difference, look_at_order, new_secret
from ledger.verify_pages import Pages, Progress
from ledger.verify_processes import Hands, cores, hands
from ledger.verify_spans import SPAN, Span, look_at_span

PROCESSES_FROM: Final = 3 * SPAN
"""How long a log is that is worth other processes."""

ORDER_PART: Final = 100_000
"""How many places one scan of streams has, more or less."""

ORDER_PARTS_MAX: Final = 256

_DISAGREE: Final = (
    "the order of its stream, as the database keeps it, does not have it as it stands"
)
_UNORDERED: Final = "its version does not follow its stream's version before it"


class Verified(NamedTuple):
    """What was verified: the size and root of the log, computed from its entries alone."""

    size: int
    root: bytes
    checkpoints: int = 0
    """How many checkpoints stand in it, all signed by its keys."""
    cosignatures: int = 0
    """How many cosignatures of known witnesses stand in it."""


def _silent(_done: int, _size: int) -> None:
    """The default progress: none."""


async def verify_log(
    store: EventStore,
    *,
    checkpoint: TreeHead | None = None,
    witnesses: Sequence[CosignatureVerifier] = (),
    progress: Progress = _silent,
    processes: int | None = None,
    helping: Hands | None = None,
    lacking: Lacking | None = None,
) -> Verified:
    """Read and check the whole log.

    Args:
        store: the log; nothing is written to it.
        checkpoint: a size and root that were seen earlier and kept elsewhere.
        witnesses: the keys of the witnesses whose cosignatures are verified.
        progress: called after every step with the entries verified and their whole number.
        processes: how many work at once; as many as there are cores, if it is not said.
        helping: who work, where they are there already; else they are called, and sent home.
        lacking: told of entries whose data key is not there; without it none is looked for.

    Raises:
        CorruptLogError: names the first bad position, and what is wrong there.
        StoreUnavailableError: the database could not be read to its end.
    """
    head = await store.head()
    pages = Pages(store, Notes(witnesses=witnesses), checkpoint, lacking)
    progress(0, head.size)
    scan = store.scan()
    if scan is None:
        await pages.read_until(head.size, progress, head.size)
    else:
        wanted = cores() if processes is None else processes
        called = hands(wanted if head.size >= PROCESSES_FROM else 1)
        with called if helping is None else nullcontext(helping) as working:
            spans = _Spans(store, scan, pages, head.size, working, with_keys=lacking is not None)
            await spans.verify(progress)
    await pages.verify_end(head)
    return Verified(
        pages.tree.size, pages.tree.root(), pages.notes.checkpoints, pages.notes.cosignatures
    )


class _Spans:
    """A verification of whole spans by other hands."""

    def __init__(
        self,
        store: EventStore,
        scan: LogScan,
        pages: Pages,
        size: int,
        helping: Hands,
        *,
        with_keys: bool,
    ) -> None:
        self._with_keys = with_keys
        self._store, self._scan, self._pages, self._size = store, scan, pages, size
        self._hands = helping
        self._secret = new_secret()

    async def verify(self, progress: Progress) -> None:
        pages, size = self._pages, self._size
        keys = [one async for one in self._hands.results([partial(keys_in, self._scan, size)])]
        order = await self._order()
        if keys == [None] or not order.is_read:
            await pages.read_until(size, progress, size)
            return
        known = Notes(keys[0] or (), pages.notes.witnesses)
        works = (
            partial(
                look_at_span,
                self._scan,
                span,
                known.until(span.end),
                self._secret,
                with_keys=self._with_keys,
            )
            for span in self._spans()
        )
        places_sum, is_summed = 0, True
        async for seen in self._hands.results(works):
            start, end, _ = seen.span
            is_ordered = order.suspect is None or not start < order.suspect <= end
            if not (seen.is_plain and is_ordered and await pages.accept(seen)):
                await pages.read_until(end, progress, size)
                is_summed = False
            pages.notes = known.until(end).counting(pages.notes)
            places_sum += seen.places_sum
            progress(end, size)
        if order.suspect is not None:
            raise CorruptLogError(order.suspect, _UNORDERED)
        if not is_summed or (places_sum, size) != (order.total, order.count_places):
            await self._compare_order()

    def _spans(self) -> Iterator[Span]:
        stop = self._pages.stop
        for start in range(0, self._size, SPAN):
            end = min(start + SPAN, self._size)
            yield Span(start, end, stop if start < stop <= end else None)

    async def _order(self) -> Order:
        """Scan all streams, in parts."""
        bounds = [None, *await self._bounds(), None]
        works = (
            partial(look_at_order, self._scan, low, high, self._size, self._secret)
            for low, high in pairwise(bounds)
        )
        found = [one async for one in self._hands.results(works)]
        return Order(
            all(one.is_read for one in found),
            sum(one.count_places for one in found),
            sum(one.total for one in found),
            min((one.suspect for one in found if one.suspect is not None), default=None),
        )

    async def _bounds(self) -> list[str]:
        """Streams that part all streams; whichever they are, no stream is left out."""
        parts = min(self._size // ORDER_PART, ORDER_PARTS_MAX)
        bounds = set()
        for part in range(1, parts):
            try:
                rows = await self._store.read_raw(self._size * part // parts, 1)
            except EntryError:
                continue
            bounds |= {row.stream for row in rows if isinstance(row.stream, str)}
        return sorted(bounds)

    async def _compare_order(self) -> None:
        works = (
            partial(first_difference, self._scan, span.start, span.end) for span in self._spans()
        )
        async for position in self._hands.results(works):
            if position is not None:
                raise CorruptLogError(position, _DISAGREE)
