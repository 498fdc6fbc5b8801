"""The general ledger: the journal's lines account by account, between an opening and a closing.

A part of `projections.accounts`, which lends the journal. Lines are streamed: a ledger of any size
takes no memory. What an account held before a span is what moved before it, in money's own time
(`projections.effective`), so the sums of a span are those of the trial balance of that span.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.effective import ALWAYS, Effective
from projections.modes import Modes, among
from projections.tables import read_stamp, stamp

_ROWS_PER_STEP: Final = 500


class Account(NamedTuple):
    """What is summed on its own: an account of somebody in a currency."""

    account: str
    holder: str
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerAsked:
    """Which lines."""

    account: str | None = None
    """Its number; None: every account."""
    until: int
    """The position of the log that is looked from."""
    modes: Modes = None
    effective: Effective = ALWAYS


class LedgerLine(NamedTuple):
    """One line of the journal, in its account."""

    of: Account
    position: int
    recorded_at: datetime
    effective_at: datetime
    amount_minor: int
    """Above zero for a debit, below for a credit."""
    payment_id: str
    is_redating: bool


class GeneralLedger(NamedTuple):
    """Accounts with what they held before, and their lines in the order of accounts and of time."""

    openings: dict[Account, int]
    lines: AsyncIterator[LedgerLine]


@asynccontextmanager
async def ledger_of(
    conn: AsyncConnection, journal: Table, asked: LedgerAsked
) -> AsyncIterator[GeneralLedger]:
    """Lend a general ledger, as one snapshot has it."""
    row, since = journal.c, asked.effective.since
    wanted: list[ColumnElement[bool]] = [row.position <= asked.until]
    wanted += among(row.mode, asked.modes)
    if asked.account is not None:
        wanted.append(row.account == asked.account)
    if asked.effective == ALWAYS:
        wanted.append(row.is_redating == 0)
    key = (row.account, row.holder, row.currency)
    openings: dict[Account, int] = {}
    if since is not None:
        before = select(*key, func.sum(row.amount_minor)).where(
            *wanted, row.effective_at < stamp(since)
        )
        for *account, amount_minor in await conn.execute(before.group_by(*key)):
            openings[Account(*account)] = int(amount_minor)
    lines = select(
        *key,
        *(row.position, row.recorded_at, row.effective_at),
        *(row.amount_minor, row.payment_id, row.is_redating),
    ).where(*wanted, *asked.effective.holds(row.effective_at))
    lines = lines.order_by(*key, row.effective_at, row.position, row.line)

    async def streamed() -> AsyncIterator[LedgerLine]:
        async with conn.stream(lines) as found:
            async for part in found.partitions(_ROWS_PER_STEP):
                for one in part:
                    yield _line(one)

    yield GeneralLedger(openings, streamed())


def _line(row: Sequence[Any]) -> LedgerLine:
    account, holder, currency, position, recorded_at, moved_at, amount_minor, payment_id, moving = (
        row
    )
    return LedgerLine(
        Account(account, holder, currency),
        position,
        read_stamp(recorded_at),
        read_stamp(moved_at),
        amount_minor,
        payment_id,
        bool(moving),
    )
