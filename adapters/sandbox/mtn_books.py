"""The MTN sandbox's own truth: its API users and every payment it ever accepted.

Tests and demonstrations compare the ledger with these books: they know how often each reference was
posted, how often it was accepted (never more than once), and what became of it. With a journal they
survive the sandbox's death and can be read by another process.

They decide nothing: when and how a payment ends is said by the server.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final, Literal

from pydantic import TypeAdapter

from adapters.sandbox.journal import Journal

Status = Literal["CREATED", "PENDING", "SUCCESSFUL", "FAILED"]

TRANSACTION_ID_FIRST: Final = 1_000_000_001
REFUSED_COUNTED_MAX: Final = 100_000
"""How many references that were never accepted keep a count; the oldest are forgotten first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiUser:
    """A caller: its keys are derived from its id and how many were made."""

    user_id: str
    callback_host: str
    is_of_collections: bool
    keys_made: int = 0
    given_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedPayment:
    """One accepted payment. `amount` is the text the platform answers with, normalised.

    `posts_seen` counts every POST with this reference, refused ones before the acceptance included;
    `times_accepted` counts the answers that said yes.
    """

    reference: str
    user_id: str
    amount: str
    currency: str
    payer_type: str
    payer_id: str
    external_id: str | None
    payer_message: str | None
    payee_note: str | None
    callback_url: str | None
    scenario: str | None
    accepted_at: datetime
    status: Status
    reason: str | None = None
    financial_transaction_id: str | None = None
    decided_at: datetime | None = None
    posts_seen: int = 1
    times_accepted: int = 1

    @property
    def is_final(self) -> bool:
        """Whether its last word is spoken."""
        return self.status in {"SUCCESSFUL", "FAILED"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalWord:
    """How a payment ended: success without a reason, failure with one."""

    reference: str
    reason: str | None
    at: datetime


_USER: Final = TypeAdapter(ApiUser)
_PAYMENT: Final = TypeAdapter(BookedPayment)
_WORD: Final = TypeAdapter(FinalWord)


class MtnBooks:
    """Users and payments by their ids; bounded by the server, which asks `is_full` first.

    Raises OSError if the file cannot be opened, ValueError if it holds something else.
    """

    def __init__(self, path: Path | None, *, payments_max: int, read_only: bool = False) -> None:
        self.users: dict[str, ApiUser] = {}
        self.payments: dict[str, BookedPayment] = {}
        self._payments_max = payments_max
        self._refused_posts: OrderedDict[str, int] = OrderedDict()
        self._collected: dict[str, Decimal] = {}
        self._successes = 0
        self._journal = Journal(path, read_only=read_only)
        try:
            for record in self._journal.records():
                self._apply(record)
        except BaseException:
            self._journal.close()
            raise

    @property
    def is_full(self) -> bool:
        """Whether a further payment would pass a limit."""
        return len(self.payments) >= self._payments_max or self._journal.is_full

    def posts_seen(self, reference: str) -> int:
        """Return how many POSTs came with this reference, accepted or not."""
        payment = self.payments.get(reference)
        return self._refused_posts.get(reference, 0) if payment is None else payment.posts_seen

    def collected(self, currency: str) -> Decimal:
        """Return the sum of all successful payments in a currency."""
        return self._collected.get(currency, Decimal(0))

    def save_user(self, user: ApiUser) -> None:
        """Write down a new user, or a user's new key."""
        self._write({"kind": "user", "user": asdict(user)})

    def accept(self, payment: BookedPayment) -> None:
        """Write down a payment that is about to be answered 202."""
        seen = self._refused_posts.pop(payment.reference, 0) + 1
        self._write({"kind": "accepted", "payment": asdict(replace(payment, posts_seen=seen))})

    def refuse(self, reference: str) -> None:
        """Count a POST that was not accepted."""
        if reference in self.payments:
            self._write({"kind": "repeated", "reference": reference})
            return
        self._refused_posts[reference] = self._refused_posts.get(reference, 0) + 1
        if len(self._refused_posts) > REFUSED_COUNTED_MAX:
            self._refused_posts.popitem(last=False)

    def decide(self, word: FinalWord) -> BookedPayment:
        """Write down how a payment ended and return it."""
        self._write({"kind": "decided", "word": asdict(word)})
        return self.payments[word.reference]

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()

    def _write(self, record: Mapping[str, object]) -> None:
        self._journal.append(record)
        self._apply(record)

    def _apply(self, record: Mapping[str, object]) -> None:
        """Take one record in, whether just written or read at the start."""
        match record:
            case {"kind": "user", "user": written}:
                user = _USER.validate_python(written)
                self.users[user.user_id] = user
            case {"kind": "accepted", "payment": written}:
                payment = _PAYMENT.validate_python(written)
                self.payments[payment.reference] = payment
            case {"kind": "repeated", "reference": str(reference)}:
                payment = self.payments[reference]
                self.payments[reference] = replace(payment, posts_seen=payment.posts_seen + 1)
            case {"kind": "decided", "word": written}:
                self._end(_WORD.validate_python(written))
            case _:
                raise ValueError(f"not a record of these books: {record.get('kind')!r}")

    def _end(self, word: FinalWord) -> None:
        payment = self.payments[word.reference]
        closed = replace(payment, status="FAILED", reason=word.reason, decided_at=word.at)
        if word.reason is None:
            transaction_id = str(TRANSACTION_ID_FIRST + self._successes)
            self._successes += 1
            closed = replace(closed, status="SUCCESSFUL", financial_transaction_id=transaction_id)
            collected = self.collected(payment.currency)
            self._collected[payment.currency] = collected + Decimal(payment.amount)
        self.payments[word.reference] = closed


def read_books(path: Path) -> MtnBooks:
    """Return the books as a file has them now; a sandbox may go on writing it meanwhile."""
    books = MtnBooks(path, payments_max=0, read_only=True)
    books.close()
    return books
