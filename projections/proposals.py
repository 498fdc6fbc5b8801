"""The proposals: what one person asked for and a second one has not agreed to yet.

One row per operator's note and per provider's statement that is open, so that whoever agrees need
not know beforehand which payment it is about. A row goes with the approval, or when it is taken
back. Whether a note's time is over is the reader's clock's to say, and what would become of its
payment now is said by the payment's own events.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Final, Literal, get_args

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import events
from ledger.entry import RecordedEvent
from ledger.sql_database import Database
from projections.projector import Projector, bounded
from projections.rows import Rows
from projections.tables import columns_of, stamp

PAGE_MAX: Final = 1000

ProposalKind = Literal["note", "statement"]
KINDS: Final[tuple[ProposalKind, ...]] = get_args(ProposalKind)

_PREFIX: Final = "payment-"


@dataclass(slots=True)
class ProposalRow:
    """One open proposal: the table's columns, in its order; times as the log writes them."""

    name: str
    """Which one it is, of all there ever are."""
    position: int
    """That of the proposal: the cursor."""
    kind: str
    """A `ProposalKind`."""
    subject: str
    """The payment that a note is about; a statement's own id."""
    note_id: str | None
    proposed_by: str
    proposed_at: str
    ends_at: str | None
    """When it ends by itself; None: never."""


_as_tuple: Final = attrgetter(*(field.name for field in fields(ProposalRow)))


class ProposalsProjection(Projector):
    """What waits for a second person."""

    name = "proposals"
    version = 1
    reads = frozenset(
        {
            events.PaymentNoteProposed,
            events.PaymentNoteApproved,
            events.PaymentNoteWithdrawn,
            events.StatementOpened,
            events.StatementApproved,
            events.StatementWithdrawn,
        }
    )

    def __init__(self, database: Database, copy: str = "") -> None:
        super().__init__(database, copy)
        self._proposals = self.make_table("proposals", *columns_of(ProposalRow, key=["name"]))
        self._rows = Rows(self._proposals, fetch_by="name")

    async def apply(self, conn: AsyncConnection, batch: Sequence[RecordedEvent]) -> None:
        """Fold a run of events; what begins and ends within it never reaches the table."""
        opened: dict[str, ProposalRow] = {}
        ended: list[str] = []
        for recorded in batch:
            event = recorded.event
            match event:
                case events.PaymentNoteProposed():
                    payment_id = recorded.stream[len(_PREFIX) :]
                    made = ProposalRow(
                        _named(payment_id, event.note_id),
                        recorded.position,
                        "note",
                        payment_id,
                        event.note_id,
                        event.by,
                        stamp(recorded.recorded_at),
                        stamp(event.ends_at),
                    )
                    opened[made.name] = made
                case events.StatementOpened():
                    made = ProposalRow(
                        event.statement_id,
                        recorded.position,
                        "statement",
                        event.statement_id,
                        None,
                        event.by,
                        stamp(recorded.recorded_at),
                        None,
                    )
                    opened[made.name] = made
                case events.PaymentNoteApproved() | events.PaymentNoteWithdrawn():
                    name = _named(recorded.stream[len(_PREFIX) :], event.note_id)
                    if opened.pop(name, None) is None:
                        ended.append(name)
                case events.StatementApproved() | events.StatementWithdrawn():
                    if opened.pop(event.statement_id, None) is None:
                        ended.append(event.statement_id)
                case _:
                    pass
        await self._rows.remove(conn, ended)
        await self._rows.put(conn, [_as_tuple(one) for one in opened.values()])

    async def page(
        self,
        now: str,
        *,
        kind: ProposalKind | None = None,
        after: int | None = None,
        limit: int = 50,
    ) -> list[ProposalRow]:
        """What is open, newest first, at most `PAGE_MAX`.

        Args:
            now: the time as the log writes it; what has ended by itself by then is left out.
            kind: only notes, or only statements.
            after: the `position` of the last one of the page before.
            limit: how many.
        """
        row = self._proposals.c
        wanted = [or_(row.ends_at.is_(None), row.ends_at > now)]
        if kind is not None:
            wanted.append(row.kind == kind)
        if after is not None:
            wanted.append(row.position < after)
        asked = select(self._proposals).where(*wanted).order_by(row.position.desc())
        async with self.read() as conn:
            found = await conn.execute(asked.limit(bounded(limit, PAGE_MAX)))
            return [ProposalRow(*one) for one in found]


def _named(payment_id: str, note_id: str) -> str:
    return f"{payment_id}/{note_id}"
