"""The MTN sandbox's own truth: its API users and everything it ever accepted.

Tests and demonstrations compare the ledger with these books: they know how often each reference was
posted, how often it was accepted (never more than once), and what became of it. With a journal they
survive the sandbox's death and can be read by another process. What is called a payment here may be
a payout, a refund or an invoice as well: `resource` says which.

They decide nothing: when and how a payment ends is said by the server.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final, Literal

from pydantic import TypeAdapter

from adapters.sandbox.journal import Journal
from adapters.sandbox.mtn_products import REFUND, REQUEST_TO_PAY, Product, Resource

Status = Literal["CREATED", "PENDING", "SUCCESSFUL", "FAILED"]

TRANSACTION_ID_FIRST: Final = 1_000_000_001
ReferenceScope = Literal["resource", "product", "all"]
"""Within what a reference can be used but once."""

REFUSED_COUNTED_MAX: Final = 100_000
"""How many references that were never accepted keep a count; the oldest are forgotten first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiUser:
    """A caller: its keys are derived from its id and how many were made.

    `product` is the one whose subscription key made it; None opens them all.
    """

    user_id: str
    callback_host: str
    product: Product | None
    keys_made: int = 0
    given_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedPayment:
    """One accepted payment. `amount` is the text the platform answers with, normalised.

    `posts_seen` counts every POST with this reference, refused ones before the acceptance included;
    `times_accepted` counts the answers that said yes.
    """

    reference: str
    resource: str = REQUEST_TO_PAY
    version: str = "v1_0"
    """That of the call that created it."""
    user_id: str
    amount: str | None
    currency: str
    person_type: str | None
    person_id: str | None
    """The other party: who pays, or who is paid; of a refund, who paid."""
    external_id: str | None
    payer_message: str | None
    payee_note: str | None
    callback_url: str | None
    scenario: str | None
    accepted_at: datetime
    status: Status
    original: str | None = None
    """Of a refund: the reference of what is given back."""
    details: Mapping[str, object] = field(default_factory=dict)
    """Further members that its status repeats."""
    notes: Mapping[str, str] = field(default_factory=dict)
    """What was done with it afterwards, as our own words."""
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
    resource: str = REQUEST_TO_PAY
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
        self.booked: dict[tuple[str, str], BookedPayment] = {}
        """Everything, by resource and reference, in the order of acceptance."""
        self._by_resource: dict[str, dict[str, BookedPayment]] = {}
        self._refunds: dict[str, list[str]] = {}
        self._payments_max = payments_max
        self._refused_posts: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._moved: dict[tuple[str, str], Decimal] = {}
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
        return len(self.booked) >= self._payments_max or self._journal.is_full

    @property
    def payments(self) -> dict[str, BookedPayment]:
        """The requests to pay by their references."""
        return self.of(REQUEST_TO_PAY)

    def of(self, resource: str) -> dict[str, BookedPayment]:
        """What was accepted of one resource, by its references."""
        return self._by_resource.setdefault(resource, {})

    def is_taken(self, resource: Resource, reference: str, *, scope: ReferenceScope) -> bool:
        """Whether a reference was accepted before, within a scope."""
        return any(
            reference in taken
            for key, taken in self._by_resource.items()
            if scope == "all"
            or key == resource.key
            or (scope == "product" and key.startswith(f"{resource.product}/"))
        )

    def posts_seen(self, reference: str, resource: str = REQUEST_TO_PAY) -> int:
        """Return how many POSTs came with this reference, accepted or not."""
        payment = self.booked.get((resource, reference))
        if payment is None:
            return self._refused_posts.get((resource, reference), 0)
        return payment.posts_seen

    def moved(self, resource: str, currency: str) -> Decimal:
        """Return the sum of all that succeeded of a resource, in a currency."""
        return self._moved.get((resource, currency), Decimal(0))

    def collected(self, currency: str) -> Decimal:
        """Return the sum of all successful requests to pay in a currency."""
        return self.moved(REQUEST_TO_PAY, currency)

    def given_back(self, reference: str) -> Decimal:
        """Return how much of a payment was given back, or is about to be."""
        refunds = [self.of(REFUND)[one] for one in self._refunds.get(reference, ())]
        return sum(
            (Decimal(one.amount or 0) for one in refunds if one.status != "FAILED"), Decimal(0)
        )

    def save_user(self, user: ApiUser) -> None:
        """Write down a new user, or a user's new key."""
        self._write({"kind": "user", "user": asdict(user)})

    def accept(self, payment: BookedPayment) -> None:
        """Write down a payment that is about to be answered 202."""
        seen = self._refused_posts.pop((payment.resource, payment.reference), 0) + 1
        self._write({"kind": "accepted", "payment": asdict(replace(payment, posts_seen=seen))})

    def refuse(self, reference: str, resource: str = REQUEST_TO_PAY) -> None:
        """Count a POST that was not accepted."""
        key = (resource, reference)
        if key in self.booked:
            self._write({"kind": "repeated", "resource": resource, "reference": reference})
            return
        self._refused_posts[key] = self._refused_posts.get(key, 0) + 1
        if len(self._refused_posts) > REFUSED_COUNTED_MAX:
            self._refused_posts.popitem(last=False)

    def decide(self, word: FinalWord) -> BookedPayment:
        """Write down how a payment ended and return it."""
        self._write({"kind": "decided", "word": asdict(word)})
        return self.booked[word.resource, word.reference]

    def note(self, payment: BookedPayment, **notes: str) -> BookedPayment:
        """Write down what was done with a payment after it was accepted."""
        key = (payment.resource, payment.reference)
        self._write({"kind": "noted", "resource": key[0], "reference": key[1], "notes": notes})
        return self.booked[key]

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
                self._put(payment)
                if payment.original is not None:
                    self._refunds.setdefault(payment.original, []).append(payment.reference)
            case {"kind": "repeated", "resource": str(resource), "reference": str(reference)}:
                payment = self.booked[resource, reference]
                self._put(replace(payment, posts_seen=payment.posts_seen + 1))
            case {
                "kind": "noted",
                "resource": str(resource),
                "reference": str(reference),
                "notes": dict(notes),
            }:
                payment = self.booked[resource, reference]
                self._put(replace(payment, notes={**payment.notes, **notes}))
            case {"kind": "decided", "word": written}:
                self._end(_WORD.validate_python(written))
            case _:
                raise ValueError(f"not a record of these books: {record.get('kind')!r}")

    def _put(self, payment: BookedPayment) -> None:
        self.booked[payment.resource, payment.reference] = payment
        self.of(payment.resource)[payment.reference] = payment

    def _end(self, word: FinalWord) -> None:
        payment = self.booked[word.resource, word.reference]
        closed = replace(payment, status="FAILED", reason=word.reason, decided_at=word.at)
        if word.reason is None:
            transaction_id = str(TRANSACTION_ID_FIRST + self._successes)
            self._successes += 1
            closed = replace(closed, status="SUCCESSFUL", financial_transaction_id=transaction_id)
            moved = self.moved(payment.resource, payment.currency)
            key = (payment.resource, payment.currency)
            self._moved[key] = moved + Decimal(payment.amount or 0)
        self._put(closed)


def read_books(path: Path) -> MtnBooks:
    """Return the books as a file has them now; a sandbox may go on writing it meanwhile."""
    books = MtnBooks(path, payments_max=0, read_only=True)
    books.close()
    return books
