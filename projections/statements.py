"""Statements: what providers say that moved, held against what the ledger says; a queue too.

One row per statement, one per line, and one for what lines say (`projections.statements_rows`). A
word of an approved statement whose payment is known and has not been told is due: workers lease it
and hand it to the payment as evidence; that event moves the row on. What a line comes to is
compared when it is asked (`projections.statements_compared`).

When a line finds its payment: at once, if the payment was submitted before; else with the event
that submits it, or that tells its provider's transaction id. Nothing is searched for again and
again, and no time passes without a match that could have been made.

What it does not do: conclude anything from a line that is not there. Such payments are listed.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec
from sqlalchemy import Index, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import events
from ledger.entry import RecordedEvent
from ledger.evidence import Source
from ledger.sql_database import Database
from projections.projector import bounded
from projections.queues import Queue
from projections.rows import AddedRows, Rows
from projections.statements_book import Book
from projections.statements_compared import Compared
from projections.statements_rows import (
    KNOWN_FIXED,
    PREFIX,
    TELLING,
    WORDS_FIXED,
    Header,
    Known,
    Line,
    Pointer,
    Word,
    by_payment,
    by_reference,
    by_transaction,
    names_of,
    word_id_of,
)
from projections.tables import columns_of

PAGE_MAX: Final = 1000

LIKES_ROUNDS: Final = 2
"""What words name leads to others of the same transaction, and what those name to payments."""

_as_tuple: Final = msgspec.structs.astuple


class StatementsProjection(Queue):
    """Every statement with its lines, and the queue of those that payments are to be told."""

    name = "statements"
    version = 5
    reads = TELLING

    def __init__(self, database: Database, copy: str = "") -> None:
        super().__init__(database, copy)
        self._headers = self.make_table("statements", *columns_of(Header, key=["statement_id"]))
        self._lines = self.make_table(
            "statement_lines", *columns_of(Line, key=["statement_id", "number"])
        )
        self._words = self.make_table("statement_words", *columns_of(Word, key=["stream_id"]))
        self._payments = self.make_table(
            "statement_payments", *columns_of(Known, key=["payment_id"])
        )
        # Looked up by their key alone: a copy that is being filled has no other index.
        self._pointers = self.make_table(
            "statement_pointers", *columns_of(Pointer, key=["name", "target"])
        )
        self._header_rows = Rows(self._headers, fetch_by="statement_id")
        self._line_rows = AddedRows(self._lines)
        self._word_rows = Rows(self._words, fetch_by="stream_id", fixed=WORDS_FIXED)
        self._payment_rows = Rows(self._payments, fetch_by="payment_id", fixed=KNOWN_FIXED)
        self._pointer_rows = Rows(self._pointers, fetch_by="name", fixed=["reference", "position"])
        self.make_queue(self._words, "statement_leases")
        self.compared = Compared(self, self._headers, self._lines, self._words, self._payments)

    def indexes(self, name: Callable[[str], str]) -> list[Index]:
        """Of what is due, of what speaks of one payment or transaction, and of a span's money."""
        word, paid = self._words.c, self._payments.c
        due, one = word.due_at.is_not(None), word.one_of_two.is_not(None)
        other = word.other_of_two.is_not(None)
        moved = paid.succeeded_by.is_not(None)
        span = (paid.succeeded_by, paid.moved_at)
        return [
            Index(name("due"), word.due_at, sqlite_where=due, postgresql_where=due),
            Index(name("payment"), word.payment_id),
            Index(name("one"), word.one_of_two, sqlite_where=one, postgresql_where=one),
            Index(name("other"), word.other_of_two, sqlite_where=other, postgresql_where=other),
            Index(name("transaction"), word.provider_transaction_id),
            Index(name("word"), self._lines.c.word_id),
            Index(name("position"), self._headers.c.position),
            Index(name("span"), *span, sqlite_where=moved, postgresql_where=moved),
        ]

    async def apply(self, conn: AsyncConnection, batch: Sequence[RecordedEvent]) -> None:
        """Fold a run of events: lines, payments, and what leads from the ones to the others."""
        book = await self._book(conn, batch)
        for recorded in batch:
            book.fold(recorded)
        touched = _payments_in(batch)
        await self._header_rows.put(
            conn, [_as_tuple(book.headers[one]) for one in sorted(book.changed_headers)]
        )
        await self._line_rows.put(conn, [*map(_as_tuple, book.new_lines)])
        await self._word_rows.put(
            conn, [_as_tuple(book.words[one]) for one in sorted(book.changed)]
        )
        await self._payment_rows.put(
            conn, [_as_tuple(book.payments[one]) for one in sorted(touched)]
        )
        await self._pointer_rows.put(conn, [*map(_as_tuple, book.new_pointers)])

    async def _book(self, conn: AsyncConnection, batch: Sequence[RecordedEvent]) -> Book:
        """Fetch whatever these events may touch."""
        book = Book()
        await self._fetch_payments(conn, book, _payments_in(batch))
        tellings = {one.telling for one in book.payments.values() if one.telling is not None}
        added = [one.event for one in batch if isinstance(one.event, events.StatementLinesAdded)]
        refused = [one.event for one in batch if isinstance(one.event, events.StatementLineRefused)]
        if not added and not refused and not tellings and not await self._is_any_word(conn):
            return book  # as long as nobody hands in a statement, nothing is looked up
        approved = {
            one.event.statement_id
            for one in batch
            if isinstance(one.event, events.StatementApproved)
        }
        opened = [one.event for one in batch if isinstance(one.event, events.StatementOpened)]
        new = {one.statement_id for one in opened}
        withdrawn = {
            one.event.statement_id
            for one in batch
            if isinstance(one.event, events.StatementWithdrawn)
        }
        before = sorted(({one.statement_id for one in added} | approved | withdrawn) - new)
        book.headers = {row[0]: Header(*row) for row in await self._header_rows.fetch(conn, before)}
        headers = book.headers | {one.statement_id: _header_of(one) for one in opened}
        names, wanted = _names_in(batch), set(tellings)
        names |= await self._fetch_approved(conn, book, approved)
        for event in added:
            header = headers[event.statement_id]
            for line in event.lines:
                wanted.add(word_id_of(header, line))
                for of in "plw":
                    names.add(by_transaction(of, header.provider, line.provider_transaction_id))
                if line.reference is not None:
                    names.add(by_reference("p", header.provider, line.reference))
        wanted |= await self._words_refused(conn, refused)
        await self._fetch_words(conn, book, names, wanted)
        # What else a word names may speak against what leads to it here; and so may its likes.
        for _ in range(LIKES_ROUNDS):
            names = {name for word in book.words.values() for name in names_of(word)}
            await self._fetch_words(conn, book, names, ())
        found = [one for there in book.pointers.values() for one in there.values()]
        known = {one.target for one in found if one.name[0] in "pl"}
        for word in book.words.values():
            known |= {one for one in (word.payment_id, word.reference) if one is not None}
        await self._fetch_payments(conn, book, known - book.payments.keys())
        return book

    async def _fetch_words(
        self, conn: AsyncConnection, book: Book, names: Iterable[str], wanted: Iterable[str]
    ) -> None:
        """Fetch what stands under names, and the words among it, and these words."""
        asked = sorted(set(names) - book.asked)
        book.asked.update(asked)
        found = [Pointer(*row) for row in await self._pointer_rows.fetch(conn, asked)]
        book.point(found)
        missing = {*wanted, *(one.target for one in found if one.name[0] == "w")}
        for row in await self._word_rows.fetch(conn, sorted(missing - book.words.keys())):
            book.words[row[0]] = Word(*row)

    async def _fetch_approved(
        self, conn: AsyncConnection, book: Book, approved: Iterable[str]
    ) -> set[str]:
        """Fetch the lines of statements, and what they say; under which names others say it too."""
        line, names = self._lines.c, set[str]()
        for statement_id in sorted(approved):
            asked = select(self._lines).where(line.statement_id == statement_id)
            rows = [Line(*row) for row in await conn.execute(asked.order_by(line.number))]
            book.lines[statement_id] = rows
            for row in await self._word_rows.fetch(conn, sorted({one.word_id for one in rows})):
                book.words[row[0]] = word = Word(*row)
                names.add(by_transaction("w", word.provider, word.provider_transaction_id))
        return names

    async def _is_any_word(self, conn: AsyncConnection) -> bool:
        return await conn.scalar(select(self._words.c.stream_id).limit(1)) is not None

    async def _fetch_payments(
        self, conn: AsyncConnection, book: Book, payment_ids: Iterable[str]
    ) -> None:
        for row in await self._payment_rows.fetch(conn, sorted(payment_ids)):
            book.payments[row[0]] = Known(*row)

    async def _words_refused(
        self, conn: AsyncConnection, refused: Sequence[events.StatementLineRefused]
    ) -> set[str]:
        line = self._lines.c
        asked = [
            and_(line.statement_id == one.statement_id, line.number == one.line) for one in refused
        ]
        if not asked:
            return set()
        return set(await conn.scalars(select(line.word_id).where(or_(*asked))))

    async def word(self, word_id: str) -> Word | None:
        """What a line says, and which payment it speaks of."""
        async with self.read() as conn:
            found = await self._word_rows.fetch(conn, [word_id])
        return Word(*found[0]) if found else None

    async def page(
        self, *, provider: str | None = None, after: int | None = None, limit: int = 50
    ) -> list[Header]:
        """Statements, newest first, at most `PAGE_MAX`.

        Args:
            provider: only this one's.
            after: the `position` of the last one of the page before this one.
            limit: how many.
        """
        row = self._headers.c
        asked = select(self._headers).order_by(row.position.desc())
        if provider is not None:
            asked = asked.where(row.provider == provider)
        if after is not None:
            asked = asked.where(row.position < after)
        async with self.read() as conn:
            found = await conn.execute(asked.limit(bounded(limit, PAGE_MAX)))
            return [Header(*one) for one in found]

    async def find(self, statement_id: str) -> Header | None:
        """One statement."""
        async with self.read() as conn:
            found = await self._header_rows.fetch(conn, [statement_id])
        return Header(*found[0]) if found else None


def _payments_in(batch: Sequence[RecordedEvent]) -> set[str]:
    """Whose streams stand in a batch."""
    return {one.stream[len(PREFIX) :] for one in batch if one.stream.startswith(PREFIX)}


def _header_of(event: events.StatementOpened) -> Header:
    """What is needed of a statement to know what its lines say."""
    return Header(
        event.statement_id, 0, event.provider, event.currency, event.mode, 0, "", "", 0, "", ""
    )


def _names_in(batch: Sequence[RecordedEvent]) -> set[str]:
    """The names under which words may wait for what a batch tells of payments."""
    names: set[str] = set()
    for one in batch:
        event = one.event
        if isinstance(event, events.PaymentSubmissionStarted):
            for reference in (event.reference, one.stream[len(PREFIX) :]):
                names.add(by_reference("w", event.provider, reference))
        elif isinstance(event, events.PaymentEvidenceRecorded):
            said = event.evidence
            if said.provider_transaction_id is not None:
                transaction = (said.provider, said.provider_transaction_id)
                names.add(by_transaction("w", *transaction))
            if said.source is Source.STATEMENT:
                names.add(by_payment(one.stream[len(PREFIX) :]))
    return names
