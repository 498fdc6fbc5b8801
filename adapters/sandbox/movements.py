"""The books of a sandbox: every movement of money it ever accepted, and what became of it.

Tests and demonstrations compare the ledger with these books. They are kept in a journal, so they
survive the sandbox's death and can be read by another process. What a provider calls its states is
the provider's business; here a movement is open, or it ended in one of four ways.

The last two digits of the other party's number choose what becomes of a movement, so that any
number of a country will do. Any other ending pays.

They decide nothing by themselves: when and how a movement ends is said by `adapters.sandbox.rail`.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final, Literal

from pydantic import TypeAdapter

from adapters.sandbox.journal import Journal

Kind = Literal["collection", "payout", "refund"]
Ending = Literal["succeeded", "failed", "expired", "cancelled"]

REFUSED_COUNTED_MAX: Final = 100_000
"""How many references that were never accepted keep a count; the oldest are forgotten first."""


class Scenario(StrEnum):
    """What becomes of a movement."""

    PAYS = "pays"
    REFUSED = "refused"
    """The operator refuses, or the payer does."""
    POOR = "poor"
    """The payer's balance is too low."""
    EXPIRES = "expires"
    """Nobody confirms in time."""
    NO_ACCOUNT = "no_account"
    SLOW = "slow"
    """Pays, but slowly."""
    FLOAT_SHORT = "float_short"
    """The merchant's own account is too low (payouts and refunds)."""


SCENARIOS: Final[Mapping[str, Scenario]] = {
    "50": Scenario.REFUSED,
    "51": Scenario.POOR,
    "52": Scenario.EXPIRES,
    "53": Scenario.NO_ACCOUNT,
    "54": Scenario.SLOW,
    "55": Scenario.FLOAT_SHORT,
}
"""The last two digits of a number -> what becomes of its movements."""


def scenario_of(number: str) -> Scenario:
    """Choose by the number's last two digits."""
    return SCENARIOS.get(number[-2:], Scenario.PAYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One accepted movement. `id` is the provider's own; `reference` is what the merchant sent."""

    id: str
    kind: Kind
    reference: str | None
    amount_minor: int
    currency: str
    phone: str
    """The other party's number, as it was sent."""
    accepted_at: datetime
    scenario: Scenario = Scenario.PAYS
    callback_url: str | None = None
    awaits_payer: bool = False
    """Whether it stays open until a person acts, or expires."""
    original_id: str | None = None
    """Of a refund: the collection that is given back."""
    details: Mapping[str, str] = field(default_factory=dict)
    """What a provider wants to remember beside: texts to echo, tokens, pages."""
    ending: Ending | None = None
    reason: str | None = None
    """The provider's own code of a failure."""
    transaction_id: str | None = None
    ended_at: datetime | None = None
    confirmed_at: datetime | None = None
    """When a person confirmed it on a page of the provider."""
    times_asked: int = 1
    """How often it was asked for; it was accepted once."""


_MOVEMENT: Final = TypeAdapter(Movement)


class Books:
    """Movements by their ids; bounded by the server, which asks `is_full` first.

    Raises OSError if the file cannot be opened, ValueError if it holds something else.
    """

    def __init__(
        self, path: Path | None, *, movements_max: int = 0, read_only: bool = False
    ) -> None:
        self.movements: dict[str, Movement] = {}
        self._by_reference: dict[tuple[Kind, str], list[str]] = {}
        self._movements_max = movements_max
        self._refused: OrderedDict[str, int] = OrderedDict()
        self._sums: dict[tuple[Kind, str], int] = {}
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
        """Whether a further movement would pass a limit."""
        return len(self.movements) >= self._movements_max or self._journal.is_full

    def of_reference(self, kind: Kind, reference: str) -> list[Movement]:
        """Every movement of a kind under the merchant's reference, in order of acceptance."""
        return [self.movements[one] for one in self._by_reference.get((kind, reference), ())]

    def succeeded(self, kind: Kind | None = None) -> Iterator[Movement]:
        """The movements in which money moved."""
        for one in self.movements.values():
            if one.ending == "succeeded" and kind in {None, one.kind}:
                yield one

    def moved_minor(self, kind: Kind, currency: str) -> int:
        """The sum of all successful movements of a kind in a currency."""
        return self._sums.get((kind, currency), 0)

    def refunded_minor(self, original_id: str) -> int:
        """How much of a collection was given back, or is about to be."""
        return sum(
            one.amount_minor
            for one in self.movements.values()
            if one.original_id == original_id and one.ending in {None, "succeeded"}
        )

    def refused(self, reference: str) -> int:
        """How often a reference was refused before it was ever accepted."""
        return self._refused.get(reference, 0)

    def accept(self, movement: Movement) -> Movement:
        """Write down a movement that is about to be accepted."""
        self._write({"kind": "accepted", "movement": asdict(movement)})
        return self.movements[movement.id]

    def repeat(self, movement_id: str) -> None:
        """Count that an accepted movement was asked for again."""
        self._write({"kind": "repeated", "id": movement_id})

    def refuse(self, reference: str) -> None:
        """Count a request that was not accepted."""
        self._refused[reference] = self._refused.get(reference, 0) + 1
        if len(self._refused) > REFUSED_COUNTED_MAX:
            self._refused.popitem(last=False)

    def remember(self, movement_id: str, **details: str) -> Movement:
        """Write down further details of a movement."""
        self._write({"kind": "remembered", "id": movement_id, "details": details})
        return self.movements[movement_id]

    def confirm(self, movement_id: str, *, phone: str, at: datetime) -> Movement:
        """Write down who confirmed a movement that awaited its payer: the number decides."""
        self._write({"kind": "confirmed", "id": movement_id, "phone": phone, "at": at.isoformat()})
        return self.movements[movement_id]

    def end(
        self, movement_id: str, ending: Ending, *, reason: str | None, at: datetime
    ) -> Movement:
        """Write down how an open movement ended; one that has ended stays as it is."""
        if self.movements[movement_id].ending is None:
            said: dict[str, object] = {"ending": ending, "reason": reason, "at": at.isoformat()}
            self._write({"kind": "ended", "id": movement_id, **said})
        return self.movements[movement_id]

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()

    def _write(self, record: Mapping[str, object]) -> None:
        self._journal.append(record)
        self._apply(record)

    def _apply(self, record: Mapping[str, object]) -> None:
        """Take one record in, whether just written or read at the start."""
        match record:
            case {"kind": "accepted", "movement": written}:
                movement = _MOVEMENT.validate_python(written)
                self.movements[movement.id] = movement
                if movement.reference is not None:
                    named = (movement.kind, movement.reference)
                    self._by_reference.setdefault(named, []).append(movement.id)
            case {"kind": "repeated", "id": str(name)}:
                one = self.movements[name]
                self.movements[name] = replace(one, times_asked=one.times_asked + 1)
            case {"kind": "remembered", "id": str(name), "details": dict(details)}:
                one = self.movements[name]
                self.movements[name] = replace(one, details={**one.details, **details})
            case {"kind": "confirmed", "id": str(name), "phone": str(phone), "at": str(at)}:
                self.movements[name] = replace(
                    self.movements[name],
                    phone=phone,
                    scenario=scenario_of(phone),
                    awaits_payer=False,
                    confirmed_at=datetime.fromisoformat(at),
                )
            case {"kind": "ended", "id": str(name), "ending": ending, "reason": reason, "at": at}:
                self._end(name, ending, reason, datetime.fromisoformat(str(at)))
            case _:
                raise ValueError(f"not a record of these books: {record.get('kind')!r}")

    def _end(self, name: str, ending: object, reason: object, at: datetime) -> None:
        one = self.movements[name]
        transaction_id = None
        if ending == "succeeded":
            named = (one.kind, one.currency)
            self._sums[named] = self._sums.get(named, 0) + one.amount_minor
            self._successes += 1
            transaction_id = one.transaction_id or f"T{self._successes:09d}"
        self.movements[name] = _MOVEMENT.validate_python(
            asdict(one)
            | {"ending": ending, "reason": reason, "ended_at": at, "transaction_id": transaction_id}
        )


def read_books(path: Path) -> Books:
    """Return the books as a file has them now; a sandbox may go on writing it meanwhile."""
    books = Books(path, read_only=True)
    books.close()
    return books
