"""Approving a statement or taking it back, as the door and the command line do it, by a key.

It decides nothing: that is `ledger.statement`.
"""

from typing import Final, NamedTuple

from api.four_eyes import keys_of_same_operator
from ledger.commands_statement import ApproveStatement
from ledger.entry import Context, RecordedEvent
from ledger.events import StatementApproved, StatementOpened, StatementWithdrawn
from ledger.handling import Handler
from ledger.statement import LINES_PER_EVENT, UnknownStatementError, stream_of
from ledger.store import EventStore
from projections.keys import KeysProjection

_BEFORE_LINES: Final = 1
"""How many events a statement has before those of its lines."""


class Known(NamedTuple):
    """How a statement stands, by its own stream."""

    opened: StatementOpened
    handed_in: RecordedEvent
    approved: StatementApproved | None
    agreed: RecordedEvent | None
    withdrawn: StatementWithdrawn | None
    taken_back: RecordedEvent | None


async def approve(
    handler: Handler, keys: KeysProjection, statement_id: str, *, by: str, context: Context
) -> None:
    """Agree to a statement as a second person: its lines are words from now on.

    A repeat changes nothing.

    Raises:
        UnknownStatementError: there is no such statement.
        StatementRefusedError: by the person who handed it in, or it is not whole.
    """
    same = await keys_of_same_operator(keys, handler.store, by)
    command = ApproveStatement(statement_id=statement_id, by=by, same=same)
    await handler.handle(command, context=context)


async def known_of(store: EventStore, statement_id: str) -> Known:
    """Look how a statement stands, without reading its lines.

    Raises:
        UnknownStatementError: there is no such statement.
    """
    stream = stream_of(statement_id)
    first = await store.read_stream_part(stream, 0, 1)
    if not first:
        raise UnknownStatementError(statement_id)
    opened = first[0].event
    assert isinstance(opened, StatementOpened)
    # It is handed in whole, and then either approved or taken back, each for ever.
    before = _BEFORE_LINES + -(-opened.lines // LINES_PER_EVENT)
    for one in await store.read_stream_part(stream, before, 1):
        if isinstance(one.event, StatementApproved):
            return Known(opened, first[0], one.event, one, None, None)
        if isinstance(one.event, StatementWithdrawn):
            return Known(opened, first[0], None, None, one.event, one)
    return Known(opened, first[0], None, None, None, None)
