"""The accounts: double entry derived from the events, with the account numbers of SYSCOHADA.

What a payment's state means in double entry is said by `ledger.journal.postings`. After each event
that can change it, the journal books the *difference* to what was booked before, at the position
and time of that event: so every position of the log is in balance, and a correction (a success that
a statement overturned) is a line of its own, as the accountant's law wants it, never a change.

Tests and payments for real stand in the same tables and are never added up: every line and every
account has the mode of its payments (empty where that is the deployment's own, unsaid).

`journal` holds the lines, `accounts` their sums as of now, `journal_payments` what must be known of
a payment to fold it further: its asked money, its submissions, its evidence, its verdict, and what
is booked.

Why what is booked is kept and not derived again: between a word that overturns a verdict and the
event that says so there is a position of the log, at which evidence and verdict disagree. Nothing
is booked there; the verdict's own event books it.

What it does not do: fees, taxes and sweeps, of which no event tells; adding up currencies.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import orjson
from sqlalchemy import Index, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import events
from ledger.entry import RecordedEvent
from ledger.evidence import Evidence, Resolution
from ledger.identity import Mode
from ledger.journal import ACCOUNT_NAMES, Posting, postings
from ledger.payment import INITIAL, Attempt, Payment, Status, evolve, stream_of
from ledger.sql_database import Database
from projections.projector import Projector, bounded
from projections.rows import Counters, Rows
from projections.tables import number, read_stamp, stamp, text

EVENTS_MAX: Final = 1000
"""The most events whose lines one page of the journal has."""

_PREFIX: Final = len(stream_of(""))
_UNSAID: Final = ""
"""The mode of payments that have none; a key's column is never null."""

_BOOKED: Final = frozenset({Status.SUCCEEDED, Status.CONFLICT})
"""The statuses that stand in the books; see `ledger.journal`."""

_TELLING: Final = frozenset(
    {
        events.PaymentRequested,
        events.PaymentSubmissionStarted,
        events.PaymentEvidenceRecorded,
        events.PaymentSucceeded,
        events.PaymentFailed,
        events.PaymentExpired,
        events.PaymentConflicted,
        events.PaymentReopened,
    }
)
"""The events on which postings depend; no other changes what is booked."""

_ASKED: Final = events.PaymentRequested(
    payment_id="",
    merchant_id="",
    kind="collection",
    amount_minor=0,
    currency="",
    provider="",
    country="",
    route_reason="",
    payer="",
    sealed="",
    content_digest="",
    expires_at=datetime.max.replace(tzinfo=UTC),
)
"""A request of which only what the postings depend on is filled in when it is read back."""

_Account = tuple[str, str, str]
"""(account, holder, currency)."""


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


@dataclass(slots=True)
class _Kept:
    payment: Payment
    booked: tuple[Posting, ...] = ()


class AccountsProjection(Projector):
    """The journal and the trial balance."""

    name = "accounts"
    version = 3

    def __init__(self, database: Database, copy: str = "") -> None:
        super().__init__(database, copy)
        self._journal = self.make_table(
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
        self._payments = self.make_table(
            "journal_payments", text("payment_id", key=True), text("state")
        )
        self._lines = Rows(self._journal, fetch_by="payment_id")
        self._sums = Counters(self._accounts)
        self._states = Rows(self._payments, fetch_by="payment_id")

    def indexes(self, name: Callable[[str], str]) -> list[Index]:
        """For the lines of one payment."""
        return [Index(name("payment"), self._journal.c.payment_id, self._journal.c.position)]

    async def apply(self, conn: AsyncConnection, batch: Sequence[RecordedEvent]) -> None:
        """Fold a run of events, and book what each of them changes."""
        told = [one for one in batch if type(one.event) in _TELLING]
        new = {one.stream for one in told if one.version == 1}
        known = list({one.stream[_PREFIX:] for one in told if one.stream not in new})
        found = await self._states.fetch(conn, known)
        kept = {payment_id: _decode(state) for payment_id, state in found}
        lines: list[tuple[Any, ...]] = []
        for recorded in told:
            payment_id = recorded.stream[_PREFIX:]
            one = kept.get(payment_id)
            if one is None:
                one = kept[payment_id] = _Kept(INITIAL)
            one.payment = evolve(one.payment, recorded.event)
            if not _books(one, recorded.event):
                continue
            at, booked = stamp(recorded.recorded_at), postings(one.payment)
            ours = (payment_id, one.payment.requested.mode or _UNSAID)
            for line, (account, amount_minor) in enumerate(_difference(one.booked, booked), 1):
                lines.append((recorded.position, line, at, *account, amount_minor, *ours))
            one.booked = booked
        await self._states.put(conn, [(name, _encode(one)) for name, one in kept.items()])
        await self._lines.put(conn, lines)
        await self._sums.add(conn, _sums(lines))

    async def trial_balance(
        self,
        *,
        as_of: int | datetime | None = None,
        modes: Sequence[Mode | None] | None = None,
    ) -> list[AccountRow]:
        """Every account that was ever used, in order of number, holder and currency.

        Args:
            as_of: a position (what the books said after that event), an aware time (what was
                recorded up to then), or None for now.
            modes: only payments of these modes; None among them stands for those that have none.
        """
        source = self._accounts.c if as_of is None else self._journal.c
        asked = select(source.account, source.holder, source.currency)
        if as_of is None:
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
        if modes is not None:
            asked = asked.where(source.mode.in_([mode or _UNSAID for mode in modes]))
        asked = asked.group_by(source.account, source.holder, source.currency)
        async with self.read() as conn:
            found = (await conn.execute(asked)).all()
        return [_shown(*values) for values in sorted(tuple(row) for row in found)]

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
                )
                for row in found
            ]


def _books(one: _Kept, event: events.Event) -> bool:
    """Whether this event may change what is booked of the payment it was just folded into."""
    if isinstance(event, events.PaymentEvidenceRecorded):
        # A word that settles the conflict is followed by the event that says so.
        is_conflict = one.payment.status is Status.CONFLICT
        return is_conflict and one.payment.settled.resolution is Resolution.CONFLICT
    return one.payment.status in _BOOKED or bool(one.booked)


def _difference(
    before: tuple[Posting, ...], after: tuple[Posting, ...]
) -> list[tuple[_Account, int]]:
    """What must be booked so that the books say `after` instead of `before`; sums to zero."""
    changed: Counter[_Account] = Counter()
    for posting in after:
        changed[posting[:3]] += posting.amount_minor
    for posting in before:
        changed[posting[:3]] -= posting.amount_minor
    return [(account, amount) for account, amount in changed.items() if amount]


def _sums(lines: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    sums: dict[tuple[str, ...], list[int]] = {}
    for _, _, _, account, holder, currency, amount_minor, _, mode in lines:
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


def _encode(one: _Kept) -> str:
    """What postings depend on and what is booked, as JSON in one fixed order."""
    state = one.payment
    request = state.requested
    words = sorted(state.evidence, key=lambda word: word.order)
    return orjson.dumps(
        [
            request.kind,
            request.merchant_id,
            request.amount_minor,
            request.currency,
            state.verdict,
            [(one.provider, one.reference) for one in state.attempts],
            msgspec.to_builtins(words),
            [tuple(posting) for posting in one.booked],
            request.mode,
        ]
    ).decode()


def _decode(stored: str) -> _Kept:
    kept = orjson.loads(stored)
    kind, merchant_id, amount_minor, currency, verdict, attempts, words, booked, mode = kept
    request = msgspec.structs.replace(
        _ASKED,
        kind=kind,
        merchant_id=merchant_id,
        amount_minor=amount_minor,
        currency=currency,
        mode=mode,
    )
    payment = replace(
        INITIAL,
        request=request,
        verdict=Status(verdict) if verdict else None,
        attempts=tuple(
            Attempt(provider, reference, number)
            for number, (provider, reference) in enumerate(attempts, 1)
        ),
        evidence=frozenset(msgspec.convert(words, list[Evidence])),
    )
    return _Kept(payment, tuple(Posting(*posting) for posting in booked))
