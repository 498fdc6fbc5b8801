"""The law of every provider adapter, over real sockets against its sandbox.

A provider's test is a subclass that opens a `World`: the sandbox, whose time stands still, and the
adapter under test. The sandbox's books are the truth; the adapter is never asked about itself.

`submit_to_the_end` does what the reactors do, and no more: it asks when the outcome is unknown,
submits again only what was certainly not sent, and gives up after a few rounds. What an adapter
prepares (`adapters.powers.Prepares`) is fetched before the weather changes and kept, as dispatch
keeps it with the intent.
"""

from abc import abstractmethod
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Literal, TypeVar

import pytest

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
    Submission,
    Unaskable,
    Unknown,
    WebhookCall,
)
from adapters.powers import Prepared, Prepares, Return, Transfer
from adapters.sandbox.faults import Faults, Outage
from adapters.transcript import Exchange
from ledger.commands import RecordEvidence, RequestInquiry
from ledger.evidence import Word
from tests.replay import NOW, PAYMENT_ID

Ending = Literal["paid", "refused", "expired"]
Order = TypeVar("Order", Charge, Transfer, Return)

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

    def now(self) -> datetime:
        """The time at the provider, which signs by its own clock."""
        return NOW


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


async def word_of(world: World, reference: str, accepted: Accepted) -> Inquiry:
    """Ask; where the provider cannot be asked about a reference, read what it told by webhook."""
    asked = await world.adapter.inquire(reference, accepted.handle)
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
) -> tuple[str, Accepted | None]:
    """Do what the reactors do until the provider has accepted; give reference and acceptance.

    None instead of the acceptance: it stays in doubt, and nothing more can be done.
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
        elif isinstance(outcome, Accepted):
            return reference, outcome
        else:
            assert isinstance(outcome, NotSent)
        outcome = None
        number += 0 if "collection" in adapter.idempotent_powers else 1
    raise AssertionError("the provider has not accepted")


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


class ProviderContract:
    """What every adapter promises."""

    charges_a_repeat: ClassVar[bool] = False
    """Whether the sandbox charges a repeated reference again. A provider that nobody has seen
    refuse one must be played so: then only the ledger's rule stands between a repeat and a payer,
    which submits under a new reference, and only after the former was certainly not taken."""
    has_tokens: ClassVar[bool] = True
    """Whether the provider gives access tokens. Without them no call comes before the one that
    moves money, so a 500 is the answer to that one and leaves it in doubt."""
    makes_its_page: ClassVar[bool] = False
    """Whether the adapter writes the address of the payer's page itself. To submit calls nobody
    then: no weather spoils it, nobody is away, and the provider hears of it from the payer."""
    ending_words: ClassVar[Mapping[Ending, Word | None]] = {
        "refused": Word.FAILED,
        "expired": Word.EXPIRED,
    }
    """What the provider says of payments nobody paid. None: it has no word for it, so they stay
    open; for who makes one up calls a payment failed that may still be paid."""

    @abstractmethod
    def open_world(self, folder: Path) -> AbstractAsyncContextManager[World]:
        """Open the sandbox and the adapter."""

    @pytest.fixture
    async def world(self, tmp_path: Path) -> AsyncIterator[World]:
        async with self.open_world(tmp_path) as world:
            yield world

    async def test_it_is_an_adapter_and_names_submissions_apart(self, world: World) -> None:
        assert isinstance(world.adapter, Adapter)
        made = [
            world.adapter.reference_for(payment_id, number)
            for payment_id in (PAYMENT_ID, "pay_" + "b" * 26)
            for number in (1, 2, 3)
        ]
        assert len(set(made)) == 6
        assert made[0] == world.adapter.reference_for(PAYMENT_ID, 1)

    async def test_a_payment_is_accepted_then_pending_then_succeeded(self, world: World) -> None:
        charge = world.charge("paid")
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        accepted = await submit(world.adapter, charge, reference)
        assert isinstance(accepted, Accepted)
        asked = await world.adapter.inquire(reference, accepted.handle)
        assert isinstance(asked, Pending if world.adapter.is_askable else (Pending, Unknown))
        await world.end(reference, accepted, "paid")
        final = await word_of(world, reference, accepted)
        assert isinstance(final, Final)
        assert (final.word, bool(final.provider_transaction_id)) == (Word.SUCCEEDED, True)
        assert world.times_charged() == 1

    @pytest.mark.parametrize("ending", ["refused", "expired"])
    async def test_other_endings_are_the_providers_own_word(
        self, world: World, ending: Ending
    ) -> None:
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        accepted = await submit(world.adapter, world.charge(ending), reference)
        assert isinstance(accepted, Accepted)
        await world.end(reference, accepted, ending)
        asked = await word_of(world, reference, accepted)
        word = self.ending_words[ending]
        open_words = Pending if world.adapter.is_askable else (Pending, Unknown)
        assert isinstance(asked, open_words if word is None else Final)
        if isinstance(asked, Final):
            assert (asked.word, bool(asked.code)) == (word, True)
        assert world.times_charged() == 0

    async def test_repeating_a_reference_never_charges_twice(self, world: World) -> None:
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        charge = world.charge("paid")
        charge, forbidden = await ready(world.adapter, charge, reference)
        first = await world.adapter.submit(charge, reference)
        again = await world.adapter.submit(charge, reference)
        assert forbidden is None
        assert isinstance(first, Accepted)
        # Where a repeat is not the same payment it never happens; were it to, it may be refused,
        # open a second page, which nobody is led to, or charge once more: the books must tell.
        is_idempotent = "collection" in world.adapter.idempotent_powers
        assert isinstance(again, Accepted if is_idempotent else (Accepted, NotSent, Unknown))
        await world.end(reference, first, "paid")
        is_repeatable = is_idempotent or not self.charges_a_repeat
        assert world.times_charged() == (1 if is_repeatable else 2)

    async def test_a_reference_the_provider_does_not_know_is_never_final(
        self, world: World
    ) -> None:
        reference = world.adapter.reference_for(PAYMENT_ID, 7)
        asked = await world.adapter.inquire(reference, None)
        # NotSent lets the ledger submit under a new reference; NotFound does only where repeating
        # the same one is safe, and is the word of who cannot be sure.
        is_idempotent = "collection" in world.adapter.idempotent_powers
        if world.adapter.is_askable:
            assert isinstance(asked, NotFound if is_idempotent else (NotFound, NotSent))
        else:
            assert isinstance(asked, (NotFound, NotSent, Unaskable))

    async def test_a_token_that_ends_early_is_replaced_under_way(self, world: World) -> None:
        await warm(world)
        world.expire_tokens()
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        accepted = await submit(world.adapter, world.charge("paid"), reference)
        assert isinstance(accepted, Accepted)
        world.expire_tokens()
        asked = await world.adapter.inquire(reference, accepted.handle)
        assert isinstance(
            asked, (Pending, Final) if world.adapter.is_askable else (Pending, Unknown)
        )

    @pytest.mark.parametrize("weather", WEATHERS)
    async def test_in_any_weather_the_payer_is_charged_once_and_the_truth_is_found(
        self, world: World, weather: str
    ) -> None:
        await warm(world)
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        charge, forbidden = await ready(world.adapter, world.charge("paid"), reference)
        await world.weather(WEATHERS[weather])
        outcome: Submission = await world.adapter.submit(charge, reference)
        assert isinstance(outcome, Accepted if self.makes_its_page else (Unknown, NotSent))
        is_idempotent = "collection" in world.adapter.idempotent_powers
        if isinstance(outcome, NotSent) and is_idempotent:
            assert reference not in world.known()
        await world.weather(Faults.none())
        reference, accepted = await submit_to_the_end(world, charge, outcome)
        if accepted is None:
            is_taken = reference in world.known()
            if is_taken:
                await world.end(reference, Accepted(), "paid")
            assert world.times_charged() == int(is_taken)
            return
        await world.end(reference, accepted, "paid")
        final = await word_of(world, reference, accepted)
        assert forbidden is None
        assert isinstance(final, Final)
        if final.word is Word.EXPIRED:
            # What cannot be sent twice and may have been taken waits for the provider's own word.
            assert (is_idempotent, type(outcome), world.times_charged()) == (False, Unknown, 0)
            return
        assert (final.word, world.times_charged()) == (Word.SUCCEEDED, 1)

    @pytest.mark.parametrize("weather", WEATHERS)
    async def test_in_any_weather_an_inquiry_says_nothing_it_does_not_know(
        self, world: World, weather: str
    ) -> None:
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        accepted = await submit(world.adapter, world.charge("paid"), reference)
        assert isinstance(accepted, Accepted)
        await world.weather(WEATHERS[weather])
        asked = await world.adapter.inquire(reference, accepted.handle)
        assert isinstance(asked, (Unknown, Pending))

    async def test_without_a_token_nothing_was_sent(self, world: World) -> None:
        await world.weather(Faults(server_error=1))
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        outcome = await submit(world.adapter, world.charge("paid"), reference)
        spoilt = NotSent if self.has_tokens else Unknown
        assert isinstance(outcome, Accepted if self.makes_its_page else spoilt)
        assert world.known() == set()

    async def test_a_provider_that_is_away_was_sent_nothing(self, world: World) -> None:
        await warm(world)
        earlier = world.adapter.reference_for(PAYMENT_ID, 2)
        accepted = await submit(world.adapter, world.charge("paid"), earlier)
        assert isinstance(accepted, Accepted)
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        charge, _ = await ready(world.adapter, world.charge("paid"), reference)
        await world.leave()
        outcome = await world.adapter.submit(charge, reference)
        assert isinstance(outcome, Accepted if self.makes_its_page else NotSent)
        assert isinstance(await world.adapter.inquire(earlier, accepted.handle), Unknown)

    async def test_its_own_webhook_is_read_and_a_broken_one_is_not(self, world: World) -> None:
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        accepted = await submit(world.adapter, world.charge("paid"), reference)
        assert isinstance(accepted, Accepted)
        await world.end(reference, accepted, "paid")
        call = world.notified[-1]
        token = accepted.webhook_token
        is_token = None if token is None else token.__eq__
        verdict = world.adapter.authenticate(call, is_token, world.now())
        commands = world.adapter.translate(call, verdict, world.now())
        is_proof = token is not None or world.adapter.webhook_proof in {"secret", "signature"}
        assert verdict == ("authenticated" if is_proof else "unsigned")
        assert [type(one) for one in commands] == [RecordEvidence if is_proof else RequestInquiry]
        assert {one.payment_id for one in commands} == {PAYMENT_ID}

    async def test_transcripts_show_everything_but_secrets_and_people(self, world: World) -> None:
        charge, reference = world.charge("paid"), world.adapter.reference_for(PAYMENT_ID, 1)
        accepted = await submit(world.adapter, charge, reference)
        assert isinstance(accepted, Accepted)
        await world.adapter.inquire(reference, accepted.handle)
        await world.weather(Faults(html_with_200=1))
        await submit(world.adapter, charge, reference)
        transcripts = [one.transcript for one in world.exchanges]
        assert len(transcripts) >= 3 or self.makes_its_page
        assert all(f"{one.method} {one.path}" in one.transcript for one in world.exchanges)
        hidden = {*world.secrets, *accepted.handle.values(), accepted.webhook_token or "x" * 99}
        # The provider's name for a transaction opens nothing, and is what a dispute is about.
        hidden -= {
            reference,
            *(accepted.handle.get(one, "") for one in ("amount", "transaction_id")),
        }
        hidden |= {charge.phone, charge.phone.removeprefix("+")}
        assert [text for text in transcripts if any(one in text for one in hidden)] == []

    async def test_a_refusal_at_once_leaves_nothing_behind(self, world: World) -> None:
        outcome = await submit(
            world.adapter,
            self.refused_at_once(world),
            world.adapter.reference_for(PAYMENT_ID, 1),
        )
        assert isinstance(outcome, Declined)
        assert (outcome.is_technical, world.known()) == (True, set())

    @abstractmethod
    def refused_at_once(self, world: World) -> Charge:
        """Make a charge the provider refuses before accepting it."""
