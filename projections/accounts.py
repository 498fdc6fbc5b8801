"""The accounts: double entry derived from the events, with the account numbers of SYSCOHADA.

What a payment's state means in double entry is said by `ledger.journal.postings`. After each event
that can change it, the journal books the *difference* to what was booked before, at the position
and time of that event: so every position of the log is in balance, and a correction (a success that
a statement overturned) is a line of its own, as the accountant's law wants it, never a change.

Each line has an effective time too: when its payment's money moved (`projections.effective`). Where
a later word tells another, what is booked is taken out of its old time and put into the new one, by
lines that move it (`is_redating`). Only who asks of a span of time sees those: they change no
account, and without them debits and credits are what moved.

Tests and payments for real stand in the same tables and are never added up: every line and every
account has the mode of its payments (empty where that is the deployment's own, unsaid).

`journal` holds the lines, `accounts` their sums as of now, `merchant_money` their sums by merchant
and what is still in flight (`projections.merchant_money`), and `journal_payments` what must be
known of a payment to fold it further: its asked money, its submissions, its evidence, its verdict,
and what is booked.

Why what is booked is kept and not derived again: between a word that overturns a verdict and the
event that says so there is a position of the log, at which evidence and verdict disagree. Nothing
is booked there; the verdict's own event books it.

What it does not do: fees, taxes and sweeps, of which no event tells; adding up currencies.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Index, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import events
from ledger.entry import RecordedEvent
from ledger.identity import Mode
from ledger.journal import ACCOUNT_NAMES
from ledger.payment import stream_of
from ledger.sql_database import Database
from projections.accounts_rows import (
    TELLING,
    Kept,
    books,
    decode,
    difference,
    encode,
    redated,
)
from projections.effective import ALWAYS, Effective, hear
from projections.general_ledger import GeneralLedger, LedgerAsked, ledger_of
from projections.merchant_money import MerchantMoney, Sums, money_of
from projections.modes import UNSAID, Modes, among
from projections.projector import Projector, bounded
from projections.rows import Counters, begun_before
from projections.tables import number, read_stamp, stamp, text

EVENTS_MAX: Final = 1000
"""The most events whose lines one page of the journal has."""

_PREFIX: Final = len(stream_of(""))


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """One account of the trial balance, in minor units of its currency.

    `balance_minor` is debit less credit; over all accounts of a currency it sums to zero.
    """

    account: str
    """The number in the SYSCOHADA chart."""
    name_fr: str
    name_en: str
    holder: str
    """Whose: the provider of a wallet, the merchant of customers."""
    currency: str
    debit_minor: int
    credit_minor: int

    @property
    def balance_minor(self) -> int:
        """Debit less credit."""
        return self.debit_minor - self.credit_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLine:
    """One line: a debit if `amount_minor` is positive, a credit if it is negative.

    The voucher is the event at `position`; its lines sum to zero in every currency.
    """

    position: int
    line: int
    recorded_at: datetime
    account: str
    holder: str
    currency: str
    amount_minor: int
    payment_id: str
    effective_at: datetime
    is_redating: bool
    """Whether it takes what was booked before from one effective time to another."""


class AccountsProjection(Projector):
    """The journal and the trial balance."""

    name = "accounts"
    version = 10
    reads = TELLING

    def __init__(self, database: Database, copy: str = "") -> None:
        super().__init__(database, copy)
        self._journal, self._lines = self.make_lines(
            "journal",
            number("position", key=True),
            number("line", key=True),
            text("recorded_at"),
            text("account"),
            text("holder"),
            text("currency"),
            number("amount_minor"),
            text("payment_id"),
            text("mode"),
            text("effective_at"),
            number("is_redating"),
        )
        self._accounts = self.make_table(
            "accounts",
            text("account", key=True),
            text("holder", key=True),
            text("currency", key=True),
            text("mode", key=True),
            number("lines"),
            number("debit_minor"),
            number("credit_minor"),
        )
        self._money = self.make_table(
            "merchant_money",
            text("merchant_id", key=True),
            text("currency", key=True),
            text("mode", key=True),
            text("kind", key=True),
            text("account", key=True),
            number("entries"),
            number("amount_minor"),
        )
        _, self._states = self.make_rows(
            "journal_payments",
            text("payment_id", key=True),
            text("state"),
            fetch_by="payment_id",
        )
        self._sums = Counters(self._accounts)
        self._merchants = Counters(self._money)

    def indexes(self, name: Callable[[str], str]) -> list[Index]:
        """For the lines of one payment."""
        return [Index(name("payment"), self._journal.c.payment_id, self._journal.c.position)]

    async def apply(self, conn: AsyncConnection, batch: Sequence[RecordedEvent]) -> None:
        """Fold a run of events, and book what each of them changes."""
        found = await self._states.fetch(conn, begun_before(batch, _PREFIX))
        kept = {payment_id: decode(state) for payment_id, state in found}
        lines: list[tuple[Any, ...]] = []
        money = Sums()
        for recorded in batch:
            payment_id, event = recorded.stream[_PREFIX:], recorded.event
            if isinstance(event, events.PaymentRequested):
                kept[payment_id] = Kept(event, stamp(recorded.recorded_at))
                money.fly(event, is_taking_off=True)
                continue
            one = kept[payment_id]
            if isinstance(event, events.PaymentEvidenceRecorded):
                one.fold(event)
                word, asked, at = event.evidence, one.requested_at, stamp(recorded.recorded_at)
                one.moved = hear(one.moved, word, requested_at=asked, recorded_at=at)
            else:
                was_in_flight = one.is_in_flight
                one.fold(event)
                if one.is_in_flight != was_in_flight:
                    money.fly(one.request, is_taking_off=one.is_in_flight)
            if not books(one, event):
                continue
            at = stamp(recorded.recorded_at)
            booked, moved_at = one.postings(), one.moved.at if one.moved else at
            mode = one.request.mode or UNSAID
            changed = difference(one.booked, booked)
            booking = [(*moving, 1) for moving in redated(one, moved_at)]
            booking += [(*change, moved_at, 0) for change in changed]
            lines += [
                (recorded.position, line, at, *account, amount, payment_id, mode, when, is_redating)
                for line, (account, amount, when, is_redating) in enumerate(booking, 1)
            ]
            for account, amount_minor in changed:
                money.book(one.request, account, amount_minor)
            one.booked, one.booked_at = booked, moved_at if booked else None
        await self._states.put(conn, [(name, encode(one)) for name, one in kept.items()])
        await self._lines.put(conn, lines)
        await self._sums.add(conn, _sums(lines))
        await self._merchants.add(conn, money.rows())

    async def trial_balance(
        self,
        *,
        as_of: int | datetime | None = None,
        modes: Modes = None,
        effective: Effective = ALWAYS,
    ) -> list[AccountRow]:
        """Every account that was ever used, in order of number, holder and currency.

        Args:
            as_of: a position (what the books said after that event), an aware time (what was
                recorded up to then), or None for now.
            modes: only payments of these modes; None among them stands for those that have none.
            effective: only lines of payments whose money moved then; a correction made later has
                the time of what it corrects, and what is taken to another time leaves the old one.
        """
        is_now = as_of is None and effective == ALWAYS
        source = self._accounts.c if is_now else self._journal.c
        asked = select(source.account, source.holder, source.currency)
        if is_now:
            asked = asked.add_columns(func.sum(source.debit_minor), func.sum(source.credit_minor))
        else:
            amount = source.amount_minor
            asked = asked.add_columns(
                func.sum(case((amount > 0, amount), else_=0)),
                func.sum(case((amount < 0, -amount), else_=0)),
            )
        if isinstance(as_of, datetime):
            asked = asked.where(source.recorded_at <= stamp(as_of))
        elif as_of is not None:
            asked = asked.where(source.position <= as_of)
        if effective != ALWAYS:
            asked = asked.where(*effective.holds(self._journal.c.effective_at))
        elif not is_now:
            asked = asked.where(self._journal.c.is_redating == 0)
        asked = asked.where(*among(source.mode, modes)).group_by(
            source.account, source.holder, source.currency
        )
        async with self.read() as conn:
            found = (await conn.execute(asked)).all()
        return [_shown(*values) for values in sorted(tuple(row) for row in found)]

    @asynccontextmanager
    async def general_ledger(self, asked: LedgerAsked) -> AsyncIterator[GeneralLedger]:
        """Lend the journal account by account; see `projections.general_ledger`."""
        async with self.read() as conn, ledger_of(conn, self._journal, asked) as found:
            yield found

    async def merchant_money(
        self,
        merchant_id: str,
        *,
        default_mode: Mode,
        modes: Modes = None,
    ) -> list[MerchantMoney]:
        """A merchant's money now, by currency and mode.

        Args:
            merchant_id: whose.
            default_mode: what payments are counted as that have no mode of their own.
            modes: as with `trial_balance`.
        """
        row = self._money.c
        asked = select(row.currency, row.mode, row.kind, row.account, row.amount_minor)
        asked = asked.where(row.merchant_id == merchant_id, *among(row.mode, modes))
        async with self.read() as conn:
            found = (await conn.execute(asked)).all()
        return money_of([tuple(one) for one in found], default_mode)

    async def journal(
        self, *, after: int = 0, limit: int = 100, payment_id: str | None = None
    ) -> list[JournalLine]:
        """Lines in the order of the log, events never torn apart.

        Args:
            after: the position of the last line of the page before this one.
            limit: of how many events, at most `EVENTS_MAX`.
            payment_id: only lines of this payment.
        """
        line = self._journal.c
        vouchers = select(line.position).where(line.position > after, line.line == 1)
        if payment_id is not None:
            vouchers = vouchers.where(line.payment_id == payment_id)
        vouchers = vouchers.order_by(line.position).limit(bounded(limit, EVENTS_MAX))
        asked = select(self._journal).where(line.position.in_(vouchers))
        async with self.read() as conn:
            found = await conn.execute(asked.order_by(line.position, line.line))
            return [
                JournalLine(
                    position=row.position,
                    line=row.line,
                    recorded_at=read_stamp(row.recorded_at),
                    account=row.account,
                    holder=row.holder,
                    currency=row.currency,
                    amount_minor=row.amount_minor,
                    payment_id=row.payment_id,
                    effective_at=read_stamp(row.effective_at),
                    is_redating=bool(row.is_redating),
                )
                for row in found
            ]


def _sums(lines: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    sums: dict[tuple[str, ...], list[int]] = {}
    for _, _, _, account, holder, currency, amount_minor, _, mode, _, is_redating in lines:
        if is_redating:
            continue
        one = sums.setdefault((account, holder, currency, mode), [0, 0, 0])
        one[0] += 1
        one[1 if amount_minor > 0 else 2] += abs(amount_minor)
    return [(*account, *numbers) for account, numbers in sums.items()]


def _shown(
    account: str, holder: str, currency: str, debit_minor: int, credit_minor: int
) -> AccountRow:
    french, english = ACCOUNT_NAMES[account]
    return AccountRow(
        account=account,
        name_fr=french,
        name_en=english,
        holder=holder,
        currency=currency,
        debit_minor=int(debit_minor),
        credit_minor=int(credit_minor),
    )
