"""The numbers of a stretch of the log, made from its entries alone: for the report, and its check.

Counted are the payments that were asked for within the range, as they stood at its end; booked is
what each event of the range changed. Both by the ledger's own rules (`ledger.journal`,
`projections.standing`), one payment's state at a time, kept in a file of its own that is thrown
away: memory stays flat, however many payments there are.

What it does not know is what the books said before the range: whoever asks adds that.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from api.bundles.shape import BundleError
from ledger import events
from ledger.entry import RecordedEvent
from ledger.payment import stream_of
from projections.accounts_rows import TELLING, Kept, books, decode, difference, encode
from projections.standing import step

PREFIX: Final = stream_of("")

CACHED_MAX: Final = 1_000
"""How many payments are in memory at once."""

ACCOUNT: Final = ("mode", "account", "holder", "currency", "debit_minor", "credit_minor")
"""What stands in a row of an account."""

AccountKey = tuple[str, str, str, str]
"""(mode, account, holder, currency)."""


@dataclass(slots=True)
class _Payment:
    """A payment as far as its entries were seen: a `projections.standing.Standing` too."""

    kept: Kept
    version: int = 0
    is_inside: bool = False
    """Whether it was asked for within the range."""
    progress: str = "requested"
    verdict: str | None = None
    provider: str = ""
    last_provider: str = ""
    attempts: int = 0


class Books:
    """Counts and books entries; made by `keeping`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._payments: dict[str, _Payment] = {}
        self._moved: dict[AccountKey, list[int]] = {}
        self.types: Counter[str] = Counter()
        """Type -> how many entries of the range have it."""

    def knows(self, stream: str) -> bool:
        """Whether any entry of a payment was seen."""
        return self._find(stream) is not None

    def add_context(self, recorded: RecordedEvent) -> None:
        """Take in an entry from before the range.

        Raises:
            BundleError: an entry of the payment before it is missing.
        """
        self._fold(recorded, is_inside=False)

    def add(self, recorded: RecordedEvent) -> None:
        """Count and book an entry of the range.

        Raises:
            BundleError: an entry of the payment before it is missing.
        """
        self.types[recorded.type] += 1
        if recorded.stream.startswith(PREFIX):
            self._fold(recorded, is_inside=True)

    def _fold(self, recorded: RecordedEvent, *, is_inside: bool) -> None:
        one, event = self._find(recorded.stream), recorded.event
        if one is None:
            if not isinstance(event, events.PaymentRequested):
                raise _gap(recorded, 0)
            one = _Payment(
                Kept(event),
                is_inside=is_inside,
                provider=event.provider,
                last_provider=event.provider,
            )
            self._payments[recorded.stream] = one
        if recorded.version != one.version + 1:
            raise _gap(recorded, one.version)
        one.version = recorded.version
        step(one, event)
        if type(event) in TELLING:
            one.kept.fold(event)
            if books(one.kept, event):
                self._book(one, is_inside=is_inside)

    def _book(self, one: _Payment, *, is_inside: bool) -> None:
        booked = one.kept.postings()
        mode = one.kept.request.mode or ""
        for (account, holder, currency), amount in difference(one.kept.booked, booked):
            if is_inside:
                sums = self._moved.setdefault((mode, account, holder, currency), [0, 0])
                sums[0 if amount > 0 else 1] += abs(amount)
        one.kept.booked = booked

    def _find(self, stream: str) -> _Payment | None:
        found = self._payments.get(stream)
        if found is None:
            if len(self._payments) >= CACHED_MAX:
                self._put_away()
            asked = "SELECT state FROM payments WHERE stream = ?"
            row = self._connection.execute(asked, (stream,)).fetchone()
            if row is not None:
                found = self._payments[stream] = _read(row[0])
        return found

    def _put_away(self) -> None:
        self._connection.executemany(
            "INSERT OR REPLACE INTO payments VALUES (?, ?)",
            [(stream, _written(one)) for stream, one in self._payments.items()],
        )
        self._payments.clear()

    def payments(self) -> list[dict[str, Any]]:
        """Count the payments that were asked for within the range, by where they stand."""
        self._put_away()
        counts: dict[tuple[str, ...], list[int]] = {}
        for (state,) in self._connection.execute("SELECT state FROM payments"):
            one = _read(state)
            if one.is_inside:
                asked = one.kept.request
                status = one.verdict or one.progress
                key = (asked.mode or "", asked.kind, one.provider, asked.currency, status)
                sums = counts.setdefault(key, [0, 0])
                sums[0] += 1
                sums[1] += asked.amount_minor
        names = ("mode", "kind", "provider", "currency", "status", "payments", "amount_minor")
        return [dict(zip(names, (*key, *counts[key]), strict=True)) for key in sorted(counts)]

    def movements(self) -> list[dict[str, Any]]:
        """Give what was booked within the range, by account."""
        return accounts_of((*key, *sums) for key, sums in self._moved.items())


def accounts_of(rows: Iterable[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Add up rows (mode, account, holder, currency, debit, credit), one for each account."""
    sums: dict[tuple[str, ...], list[int]] = {}
    for *key, debit, credit in rows:
        found = sums.setdefault(tuple(key), [0, 0])
        found[0] += debit
        found[1] += credit
    return [dict(zip(ACCOUNT, (*key, *sums[key]), strict=True)) for key in sorted(sums)]


def added(opening: list[dict[str, Any]], movements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the books say after movements."""
    return accounts_of(tuple(row[name] for name in ACCOUNT) for row in (*opening, *movements))


@contextmanager
def keeping(folder: Path) -> Iterator[Books]:
    """Lend new books, whose file is in a folder that is thrown away."""
    connection = sqlite3.connect(folder / "books.db", isolation_level=None)
    try:
        # Nothing of it has to survive: it is made anew.
        for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -4096"):
            connection.execute(f"PRAGMA {setting}")
        connection.execute(
            "CREATE TABLE payments (stream TEXT PRIMARY KEY, state BLOB) WITHOUT ROWID"
        )
        connection.execute("BEGIN")
        yield Books(connection)
    finally:
        connection.close()


def _gap(recorded: RecordedEvent, version: int) -> BundleError:
    reason = f"it is number {recorded.version} of {recorded.stream}, and before it is {version}"
    return BundleError(f"position {recorded.position}", reason)


def _written(one: _Payment) -> bytes:
    return orjson.dumps(
        [
            encode(one.kept),
            one.version,
            one.is_inside,
            one.progress,
            one.verdict,
            one.provider,
            one.last_provider,
            one.attempts,
        ]
    )


def _read(state: bytes) -> _Payment:
    kept, *others = orjson.loads(state)
    return _Payment(decode(kept), *others)
