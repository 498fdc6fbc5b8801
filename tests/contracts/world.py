"""A provider and our adapter for it, as the contracts see them, and the steps they take there.

The sandbox's books are the truth; the adapter is never asked about itself.

`submit_to_the_end` does what the reactors do, and no more: it asks when the outcome is unknown,
submits again only what was certainly not sent, and gives up after a few rounds. What an adapter
prepares (`adapters.powers.Prepares`) is fetched before the weather changes and kept, as dispatch
keeps it with the intent.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, TypeVar, get_args

from adapters.base import (
    Accepted,
    Adapter,
    Charge,
    Declined,
    Final,
    Inquiry,
    NotFound,
    NotSent,
    Pending,
    Power,
    Submission,
    Unaskable,
    Unknown,
    WebhookCall,
)
from adapters.directory import COUNTRIES
from adapters.kept_exchange import halves_of
from adapters.powers import Prepared, Prepares, Return, Transfer
from adapters.sandbox.faults import Faults, Outage
from adapters.sandbox.spoiling import SPOILINGS
from adapters.transcript import Exchange
from ledger.commands import RecordEvidence
from tests.replay import NOW, patience

Ending = Literal["paid", "refused", "expired", "poor", "no account"]
Order = TypeVar("Order", Charge, Transfer, Return)

Taken = Accepted | Final
"""What a provider that took a payment answers: that it has it, or what became of it at once."""

ROUNDS_MAX = 4

WEATHERS = {
    "500 before": Faults(server_error=1),
    "500 after": Faults(server_error_after=1),
    "503 for ever": Faults(outages=(Outage(after_seconds=0, for_seconds=1e9),)),
    "HTML with 200": Faults(html_with_200=1, seed=1),
    "HTML with 200, other dice": Faults(html_with_200=1, seed=2),
    "reset before": Faults(connection_reset_before=1),
    "reset after": Faults(connection_reset_after=1),
    "silent after": Faults(silent_after_accept=1),
    "slow": Faults(slow_answer=1, slow_answer_seconds=1e6),
}
SPOILT = {
    f"{kind} {when}": Faults.model_validate(
        {f"answer_spoilt_{when}": 1, "spoilt_as": (kind,), "drip_seconds": 1e6}
    )
    for kind in SPOILINGS
    for when in ("before", "after")
}
"""Answers that are not what they should be, instead of the deed and after it."""

SILENT = frozenset({"slow", "silent after", "dripping before", "dripping after"})
"""Weathers that are over only when we give up waiting."""

BRIEF_SECONDS = 0.1
"""How long we wait there; everywhere else long enough for the busiest machine."""


@dataclass(kw_only=True)
class World:
    """A provider and our adapter for it."""

    adapter: Adapter
    exchanges: list[Exchange]
    secrets: tuple[str, ...]
    """Texts that no transcript may hold."""
    notified: list[WebhookCall] = field(default_factory=list)
    is_absence_told: bool = True
    """Whether the provider can say that it does not have a reference. Where it cannot, what it does
    not find stays in doubt, and is never sent again."""
    people: set[str] = field(default_factory=set)
    """Numbers that took part beside those of `charge`."""

    def charge(self, ending: Ending) -> Charge:
        """Make a charge that will end so."""
        raise NotImplementedError

    async def end(self, reference: str, accepted: Accepted, ending: Ending) -> None:
        """Let the payer and the time do what it takes; wait for the notification."""
        raise NotImplementedError

    async def weather(self, faults: Faults) -> None:
        """Change what goes wrong; the provider keeps its books and its address."""
        raise NotImplementedError

    async def leave(self) -> None:
        """Make the provider unreachable."""
        raise NotImplementedError

    def expire_tokens(self) -> None:
        """Let every access token end earlier than was promised."""
        raise NotImplementedError

    def known(self) -> set[str]:
        """The references the provider has in its books."""
        raise NotImplementedError

    def times_charged(self) -> int:
        """How many payers' payments the provider has booked as successful."""
        raise NotImplementedError

    def movements(self, power: Power) -> Sequence[Any]:
        """What the books hold of one power.

        Each has `ending`, `amount_minor`, `currency` and `phone`, which is that of the other party
        as it was sent, or empty where it is not sent.
        """
        raise NotImplementedError

    def now(self) -> datetime:
        """The time at the provider, which signs by its own clock."""
        return NOW

    def hidden(self) -> set[str]:
        """Texts that no transcript may hold: secrets, and numbers in every form."""
        people = {*self.people, *(self.charge(ending).phone for ending in get_args(Ending))}
        numbers = {form for phone in people for form in forms_of(phone)}
        return {*self.secrets, *numbers}

    def hides(self, said: object) -> bool:
        """Whether what an adapter said, which goes to the log, holds nothing of that."""
        return not any(secret in repr(said) for secret in self.hidden())

    def shown(self) -> list[str]:
        """The transcripts, paths and pieces of evidence that show what they must not."""
        hidden = self.hidden() if self.exchanges else set()
        told = [
            (text, hidden)
            for one in self.exchanges
            for text in (one.transcript, one.path, evidence_of(one, hides_persons=True))
        ]
        told += [
            (evidence_of(one, hides_persons=False), set(self.secrets)) for one in self.exchanges
        ]
        return [text for text, unshown in told if any(one in text for one in unshown)]


def evidence_of(exchange: Exchange, *, hides_persons: bool) -> str:
    """Write the bytes that are kept of an exchange, one character for each."""
    request, answer = halves_of(exchange, hides_persons=hides_persons)
    wire = request.wire + (b"" if answer is None else b"\n" + answer.wire)
    return wire.decode("latin-1")


def forms_of(phone: str) -> set[str]:
    """The ways in which a number may reach a provider: the country code may be left out."""
    digits = phone.removeprefix("+")
    codes = (one.calling_code for one in COUNTRIES.values())
    national = next((digits[len(code) :] for code in codes if digits.startswith(code)), digits)
    return {phone, digits, national, f"0{national}"}


async def ready(
    adapter: Adapter, order: Order, reference: str
) -> tuple[Order, Declined | NotSent | None]:
    """Do what dispatch does before the intent: the order with its handle, or what forbids it."""
    if not isinstance(adapter, Prepares):
        return order, None
    prepared = await adapter.prepare(order, reference)
    if not isinstance(prepared, Prepared):
        return order, prepared
    return replace(order, handle=prepared.handle), None


async def submit(adapter: Adapter, charge: Charge, reference: str) -> Submission:
    """Prepare where the adapter does, and submit."""
    charge, forbidden = await ready(adapter, charge, reference)
    return forbidden or await adapter.submit(charge, reference)


def acceptance_of(taken: Taken) -> Accepted:
    """The acceptance, which of who has said all at once holds nothing."""
    return taken if isinstance(taken, Accepted) else Accepted()


async def word_of(world: World, reference: str, taken: Taken) -> Inquiry:
    """Ask; where the provider cannot be asked about a reference, read what it told by webhook.

    Where it told at once there is nothing to ask.
    """
    if isinstance(taken, Final):
        return taken
    asked = await world.adapter.inquire(reference, taken.handle)
    if not isinstance(asked, Unknown) or not world.notified:
        return asked
    assert not world.adapter.is_askable
    call, now = world.notified[-1], world.now()
    verdict = world.adapter.authenticate(call, None, now)
    (command,) = world.adapter.translate(call, verdict, now)
    assert isinstance(command, RecordEvidence)
    told = command.evidence
    assert told.reference == reference
    return Final(
        word=told.word,
        amount=told.amount,
        currency=told.currency,
        provider_transaction_id=told.provider_transaction_id,
        code=told.code,
        reason=told.reason,
    )


async def submit_to_the_end(
    world: World, charge: Charge, outcome: Submission | None = None
) -> tuple[str, Taken | None]:
    """Do what the reactors do until the provider has taken it; give reference and its answer.

    None instead of the answer: it stays in doubt, and nothing more can be done.
    `outcome` is that of the first submission, if it was made already.
    """
    adapter, number = world.adapter, 1
    for _ in range(ROUNDS_MAX):
        reference = adapter.reference_for(charge.payment_id, number)
        if outcome is None:
            charge, forbidden = await ready(adapter, charge, reference)
            outcome = forbidden or await adapter.submit(charge, reference)
        if isinstance(outcome, Unknown):
            asked = await adapter.inquire(reference, charge.handle or None)
            if isinstance(asked, (Pending, Final)):
                return reference, Accepted(handle=charge.handle)
            if stays_open(world, reference, asked):
                return reference, None
            assert isinstance(asked, (NotFound, NotSent))
        elif isinstance(outcome, Taken):
            return reference, outcome
        else:
            assert isinstance(outcome, NotSent)
        outcome = None
        number += 0 if "collection" in adapter.idempotent_powers else 1
    raise AssertionError("the provider has not accepted")


def tells_nothing(world: World, asked: Inquiry) -> bool:
    """Whether an answer is one of who knows nothing yet, or cannot be asked at all."""
    kinds = (Unknown, Pending) if world.adapter.is_askable else (Unknown, Pending, Unaskable)
    return isinstance(asked, kinds)


def stays_open(world: World, reference: str, asked: Inquiry) -> bool:
    """Whether a doubtful submission can be neither found nor ruled out, as its inquiry says.

    It is never sent again then; it stays listed, and waits for a word by another way. Only who
    cannot ask about every reference may not know, and "not found" must be true.
    """
    if "collection" in world.adapter.idempotent_powers:
        return False
    if isinstance(asked, Unaskable):
        assert not world.adapter.is_askable
    elif isinstance(asked, NotFound):
        assert reference not in world.known()
    if isinstance(asked, Unknown):
        return not world.is_absence_told
    return isinstance(asked, (NotFound, Unaskable))


async def warm(world: World) -> None:
    """Have a token and a connection: what goes wrong later goes wrong with the call itself."""
    number = 99
    reference = world.adapter.reference_for("pay_" + "b" * 26, number)
    await submit(world.adapter, world.charge("refused"), reference)


@contextmanager
def waiting_in(weather: str) -> Iterator[None]:
    """Wait only briefly for answers, where none will come."""
    if weather not in SILENT:
        yield
        return
    with patience(BRIEF_SECONDS):
        yield
