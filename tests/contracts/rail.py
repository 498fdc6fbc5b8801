"""A world for adapters whose sandbox is a `RailSandbox`, and the law of payouts and refunds.

A rail's test gives `RailWorld` the sandbox, the adapter and how a charge is made; what is the same
for all of them stands here. `PayoutContract` and `RefundContract` are for adapters that have these
powers: the sandbox's books say how often money moved, and never the adapter.
"""

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar

import pytest

from adapters.base import (
    Accepted,
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
from adapters.powers import GivesBack, Original, PaysOut, Return, Transfer
from adapters.sandbox.faults import Faults
from adapters.sandbox.movements import Movement
from adapters.sandbox.rail import RailSandbox
from adapters.sandbox.spoiling import SPOILINGS
from adapters.sandbox.timer import ManualTimer
from ledger.evidence import Word
from ledger.money import Money
from tests.callback_receiver import CallbackReceiver
from tests.contracts.forms import OutgoingFormsContract
from tests.contracts.world import (
    ROUNDS_MAX,
    SPOILT,
    WEATHERS,
    Ending,
    World,
    forms_of,
    ready,
    submit,
    waiting_in,
    word_of,
)
from tests.replay import PAYMENT_ID

PAYOUT_ID = "po_" + "c" * 26
REFUND_ID = "re_" + "d" * 26
LAST_DIGITS: Mapping[str, str] = {
    "paid": "01",
    "refused": "50",
    "poor": "51",
    "expired": "52",
    "no account": "53",
    "short": "55",
}
END_SECONDS = 3600.0
"""Long enough for whatever ends by itself."""


@dataclass(kw_only=True)
class OutgoingWorld(World):
    """A world in which money is paid out and given back too, whatever its sandbox is made of."""

    sandbox: Any
    """The provider's server; has a `sender` of callbacks."""
    timer: ManualTimer
    receiver: CallbackReceiver

    def now(self) -> datetime:
        return self.timer.clock()

    def transfer(self, ending: str) -> Transfer:
        """Make a payout that will end so; `ending` is a key of `LAST_DIGITS`."""
        raise NotImplementedError

    def hidden(self) -> set[str]:
        payees = set()
        if isinstance(self.adapter, PaysOut):
            payees = {self.transfer(ending).phone for ending in LAST_DIGITS}
        return super().hidden() | {form for phone in payees for form in forms_of(phone)}

    async def paid_original(self) -> Original:
        """Let a collection be paid, and name it as its provider knows it."""
        reference = self.adapter.reference_for(PAYMENT_ID, 1)
        charge = self.charge("paid")
        accepted = await submit(self.adapter, charge, reference)
        assert isinstance(accepted, Accepted)
        await self.end(reference, accepted, "paid")
        final = await word_of(self, reference, accepted)
        assert isinstance(final, Final)
        assert final.word is Word.SUCCEEDED
        return Original(
            payment_id=PAYMENT_ID,
            reference=reference,
            money=charge.money,
            provider_transaction_id=final.provider_transaction_id,
            handle=accepted.handle,
        )

    def giving_back(self, original: Original, amount_minor: int | None = None) -> Return:
        """Make a refund of all of a collection, or of a part."""
        money = original.money
        if amount_minor is not None:
            money = Money(amount_minor, money.currency)
        charge = self.charge("paid")
        return Return(
            payment_id=REFUND_ID,
            money=money,
            original=original,
            phone=charge.phone,
            country=charge.country,
            description="A refund",
            callback_url=charge.callback_url,
        )


@dataclass(kw_only=True)
class RailWorld(OutgoingWorld):
    """A rail's sandbox at a fixed port, with books in a file and time that stands still."""

    sandbox: RailSandbox
    remake: Callable[[Faults], RailSandbox]
    """Makes the same sandbox (same port, same books, same timer) under other weather."""
    warmed: set[str] = field(default_factory=set)

    async def end(self, reference: str, accepted: Accepted, ending: Ending) -> None:
        """Let the time pass that it takes; read what the provider says meanwhile."""
        if self.adapter.webhook_proof == "no_webhooks":
            self.timer.advance(END_SECONDS)
            return
        await self.told(END_SECONDS)

    async def told(self, after_seconds: float = 1) -> WebhookCall:
        """Let the time pass and the next webhook come, and keep it."""
        before = len(self.receiver.received)
        self.timer.advance(after_seconds)
        for one in (await self.receiver.until(before + 1))[before:]:
            path = tuple(one.path.split("/")[3:])
            self.notified.append(
                WebhookCall(method=one.method, path=path, headers=one.headers, body=one.body)
            )
        return self.notified[-1]

    async def weather(self, faults: Faults) -> None:
        await self.sandbox.stop()
        self.sandbox = self.remake(faults)
        await self.sandbox.start()

    async def leave(self) -> None:
        await self.sandbox.stop()

    def expire_tokens(self) -> None:
        self.sandbox.expire_tokens()

    def now(self) -> datetime:
        return self.timer.clock()

    def movements(self, power: Power) -> list[Movement]:
        """What the books hold of one power."""
        return [one for one in self.sandbox.books.movements.values() if one.kind == power]

    def known(self) -> set[str]:
        references = {one.reference or one.id for one in self.movements("collection")}
        return references - {self.adapter.reference_for("pay_" + "b" * 26, 99)}

    def times_charged(self) -> int:
        return sum(one.ending == "succeeded" for one in self.movements("collection"))


Submit = Callable[[str], Awaitable[Submission]]
Ask = Callable[[str, Mapping[str, str] | None], Awaitable[Inquiry]]


async def moved_to_the_end(
    world: OutgoingWorld, power: Power, payment_id: str, submit: Submit, ask: Ask
) -> Final:
    """Do what the reactors do until the provider's final word about an outgoing movement.

    What is unknown is asked about, and submitted again only where the provider does not know it, or
    where asking tells nothing and the same reference again cannot move money twice.
    """
    adapter, number = world.adapter, 1
    handle: Mapping[str, str] | None = None
    for _ in range(ROUNDS_MAX):
        reference = adapter.reference_for(payment_id, number)
        outcome = await submit(reference)
        if isinstance(outcome, Final):
            return outcome
        if isinstance(outcome, Accepted):
            handle = outcome.handle
        world.timer.advance(END_SECONDS)
        await world.sandbox.sender.settled()
        if isinstance(outcome, NotSent):
            continue
        asked = await ask(reference, handle)
        if isinstance(asked, Final):
            return asked
        is_idempotent = power in adapter.idempotent_powers
        again = (NotFound, NotSent, Unaskable) if is_idempotent else (NotFound, NotSent)
        assert isinstance(asked, again), asked
        if not is_idempotent:
            number += 1
    raise AssertionError("the provider has not spoken")


async def pay_out(world: OutgoingWorld, transfer: Transfer, reference: str) -> Submission:
    """Prepare where the adapter does, and pay out."""
    transfer, forbidden = await ready(world.adapter, transfer, reference)
    outcome: Submission = forbidden or await world.adapter.pay_out(transfer, reference)  # type: ignore[attr-defined]
    return outcome


async def give_back(world: OutgoingWorld, wanted: Return, reference: str) -> Submission:
    """Prepare where the adapter does, and refund."""
    wanted, forbidden = await ready(world.adapter, wanted, reference)
    outcome: Submission = forbidden or await world.adapter.refund(wanted, reference)  # type: ignore[attr-defined]
    return outcome


def is_honest(outcome: Submission, weather: str, moved: int) -> bool:
    """Whether what bad weather lets a submission say may be said: a final word only if it is so."""
    if isinstance(outcome, Final):
        return weather in SPOILT and (outcome.word, moved) == (Word.SUCCEEDED, 1)
    kinds = (Unknown, NotSent, Accepted) if weather in SPOILT else (Unknown, NotSent)
    return isinstance(outcome, kinds)


def is_settled(
    world: OutgoingWorld, power: Power, outcome: Submission, asked: Inquiry, moved: int
) -> bool:
    """Whether what was asked after the bad weather ends the case; it must be the books' word."""
    if isinstance(asked, Final):
        # What was never taken may have ended by itself meanwhile; then nothing moved.
        assert (asked.word, moved) in {(Word.SUCCEEDED, 1), (Word.EXPIRED, 0)}
        return True
    is_idempotent = power in world.adapter.idempotent_powers
    if isinstance(asked, (Pending, Unknown)) or (
        isinstance(asked, Unaskable) and not is_idempotent
    ):
        # It cannot be asked about: it stays open, listed, and is never sent again.
        assert moved <= 1
        return True
    # Only who says "I do not know it" may be asked again; or who cannot move money twice.
    assert isinstance(asked, Unaskable) or moved == 0
    assert isinstance(outcome, Unknown)
    return False


class PayoutContract(OutgoingFormsContract):
    """What every adapter that pays out promises. Mixed into a `ProviderContract`."""

    async def test_a_payout_is_accepted_and_then_succeeds(self, world: Any) -> None:
        reference = world.adapter.reference_for(PAYOUT_ID, 1)
        transfer, forbidden = await ready(world.adapter, world.transfer("paid"), reference)
        assert isinstance(world.adapter, PaysOut)
        outcome = forbidden or await world.adapter.pay_out(transfer, reference)
        assert isinstance(outcome, (Accepted, Final))
        handle = outcome.handle if isinstance(outcome, Accepted) else transfer.handle or None
        world.timer.advance(END_SECONDS)
        final = await world.adapter.inquire_payout(reference, handle)
        assert isinstance(final, Final)
        assert final.word is Word.SUCCEEDED
        (moved,) = world.movements("payout")
        assert (moved.ending, moved.amount_minor) == ("succeeded", transfer.money.amount_minor)

    @pytest.mark.parametrize("ending", ["no account", "short", "refused"])
    async def test_a_payout_that_fails_says_so_in_the_providers_words(
        self, world: Any, ending: str
    ) -> None:
        reference = world.adapter.reference_for(PAYOUT_ID, 1)
        outcome = await pay_out(world, world.transfer(ending), reference)
        if isinstance(outcome, Declined):
            assert outcome.code in world.adapter.refusals
        else:
            handle = outcome.handle if isinstance(outcome, Accepted) else None
            world.timer.advance(END_SECONDS)
            final = (
                outcome
                if isinstance(outcome, Final)
                else await world.adapter.inquire_payout(reference, handle)
            )
            assert isinstance(final, Final)
            assert final.word is Word.FAILED
            assert final.code in world.adapter.refusals
        assert [one for one in world.movements("payout") if one.ending == "succeeded"] == []

    async def test_repeating_a_payout_never_pays_twice(self, world: Any) -> None:
        reference = world.adapter.reference_for(PAYOUT_ID, 1)
        for _ in range(2):
            await pay_out(world, world.transfer("paid"), reference)
            world.timer.advance(END_SECONDS)
            if "payout" not in world.adapter.idempotent_powers:
                break  # the ledger takes a new reference for each submission then
        assert self._paid(world) == 1

    async def test_a_payout_nobody_made_is_never_final(self, world: Any) -> None:
        reference = world.adapter.reference_for(PAYOUT_ID, 7)
        asked = await world.adapter.inquire_payout(reference, None)
        assert isinstance(asked, (NotFound, NotSent, Unaskable, Unknown, Pending))
        if "payout" in world.adapter.idempotent_powers:
            assert isinstance(asked, NotFound)

    @pytest.mark.parametrize("weather", [*WEATHERS, *SPOILT])
    async def test_in_any_weather_a_payout_is_paid_once_and_the_truth_is_found(
        self, world: Any, weather: str
    ) -> None:
        first = world.adapter.reference_for("po_" + "e" * 26, 1)
        await pay_out(world, replace(world.transfer("refused")), first)
        reference = world.adapter.reference_for(PAYOUT_ID, 1)
        transfer, forbidden = await ready(world.adapter, world.transfer("paid"), reference)
        assert forbidden is None
        await world.weather((WEATHERS | SPOILT)[weather])
        with waiting_in(weather):
            outcome = await world.adapter.pay_out(transfer, reference)
        assert world.hides(outcome)
        assert not isinstance(outcome, Declined)
        assert is_honest(outcome, weather, self._paid(world))
        if isinstance(outcome, Final):
            return
        await world.weather(Faults.none())
        world.timer.advance(END_SECONDS)
        if not isinstance(outcome, NotSent):
            handle = outcome.handle if isinstance(outcome, Accepted) else transfer.handle or None
            asked = await world.adapter.inquire_payout(reference, handle)
            if is_settled(world, "payout", outcome, asked, self._paid(world)):
                return

        async def submit(reference: str) -> Submission:
            return await pay_out(world, transfer, reference)

        final = await moved_to_the_end(
            world, "payout", PAYOUT_ID, submit, world.adapter.inquire_payout
        )
        assert (final.word, self._paid(world)) == (Word.SUCCEEDED, 1)

    @pytest.mark.parametrize("kind", SPOILINGS)
    @pytest.mark.parametrize("ending", ["paid", "refused"])
    async def test_a_spoilt_answer_about_a_payout_says_nothing_that_is_not_so(
        self, world: Any, ending: str, kind: str
    ) -> None:
        reference = world.adapter.reference_for(PAYOUT_ID, 1)
        transfer, _ = await ready(world.adapter, world.transfer(ending), reference)
        outcome = await world.adapter.pay_out(transfer, reference)
        handle = outcome.handle if isinstance(outcome, Accepted) else transfer.handle or None
        world.timer.advance(END_SECONDS)
        weather = f"{kind} after"
        await world.weather(SPOILT[weather])
        with waiting_in(weather):
            asked = await world.adapter.inquire_payout(reference, handle)
        assert world.hides(asked)
        if isinstance(asked, Final):
            assert kind != "strange_words"
            assert (asked.word is Word.SUCCEEDED) == (ending == "paid")
            return
        # Where the provider cannot be asked, no weather tells anything either.
        unaskable = () if world.adapter.is_askable else (Unaskable,)
        assert isinstance(asked, (Unknown, Pending, *unaskable))

    async def test_a_token_that_ends_early_is_replaced_in_the_middle_of_a_payout(
        self, world: Any
    ) -> None:
        first = world.adapter.reference_for("po_" + "e" * 26, 1)
        await pay_out(world, world.transfer("refused"), first)
        reference = world.adapter.reference_for(PAYOUT_ID, 1)
        world.expire_tokens()
        transfer, forbidden = await ready(world.adapter, world.transfer("paid"), reference)
        assert forbidden is None
        world.expire_tokens()
        outcome = await world.adapter.pay_out(transfer, reference)
        assert isinstance(outcome, (Accepted, Final))
        handle = outcome.handle if isinstance(outcome, Accepted) else transfer.handle or None
        world.timer.advance(END_SECONDS)
        world.expire_tokens()
        final = await world.adapter.inquire_payout(reference, handle)
        assert isinstance(final, Final)
        assert (final.word, self._paid(world)) == (Word.SUCCEEDED, 1)

    @staticmethod
    def _paid(world: Any) -> int:
        return sum(one.ending == "succeeded" for one in world.movements("payout"))


class RefundContract:
    """What every adapter that gives back promises. Mixed into a `ProviderContract`."""

    agrees_by_empty_200: ClassVar[bool] = False
    """Whether its documents give an empty 200 as the answer to a refund it has made."""

    @abstractmethod
    def open_world(self, folder: Any) -> Any:
        """As in `ProviderContract`."""

    async def test_a_collection_is_given_back_whole(self, world: Any) -> None:
        assert isinstance(world.adapter, GivesBack)
        original = await world.paid_original()
        final = await self._refunded(world, world.giving_back(original))
        assert final.word is Word.SUCCEEDED
        (moved,) = [one for one in world.movements("refund") if one.ending == "succeeded"]
        assert moved.amount_minor == original.money.amount_minor

    async def test_a_part_is_given_back_where_that_can_be(self, world: Any) -> None:
        original = await world.paid_original()
        wanted = world.giving_back(original, original.money.amount_minor // 2)
        if not world.adapter.can_refund_in_part:
            outcome = await give_back(world, wanted, world.adapter.reference_for(REFUND_ID, 1))
            assert isinstance(outcome, Declined)
            assert world.movements("refund") == []
            return
        final = await self._refunded(world, wanted)
        assert final.word is Word.SUCCEEDED
        (moved,) = [one for one in world.movements("refund") if one.ending == "succeeded"]
        assert moved.amount_minor == wanted.money.amount_minor

    async def test_one_minor_unit_is_given_back_as_one_or_not_at_all(self, world: Any) -> None:
        original = await world.paid_original()
        reference = world.adapter.reference_for(REFUND_ID, 1)
        outcome = await give_back(world, world.giving_back(original, 1), reference)
        assert isinstance(outcome, (Accepted, Declined, Final))
        world.timer.advance(END_SECONDS)
        moved = [one.amount_minor for one in world.movements("refund")]
        assert moved == [1] * (not isinstance(outcome, Declined))

    async def test_repeating_a_refund_never_gives_back_twice(self, world: Any) -> None:
        original = await world.paid_original()
        reference = world.adapter.reference_for(REFUND_ID, 1)
        for _ in range(2):
            await give_back(world, world.giving_back(original), reference)
            world.timer.advance(END_SECONDS)
            if "refund" not in world.adapter.idempotent_powers:
                break
        assert self._given_back(world) == 1

    @pytest.mark.parametrize("weather", [*WEATHERS, *SPOILT])
    async def test_in_any_weather_a_refund_is_made_once_and_the_truth_is_found(
        self, world: Any, weather: str
    ) -> None:
        original = await world.paid_original()
        reference = world.adapter.reference_for(REFUND_ID, 1)
        wanted, forbidden = await ready(world.adapter, world.giving_back(original), reference)
        assert forbidden is None
        await world.weather((WEATHERS | SPOILT)[weather])
        with waiting_in(weather):
            outcome = await world.adapter.refund(wanted, reference)
        assert world.hides(outcome)
        assert not isinstance(outcome, Declined)
        if weather == "empty_200 before" and self.agrees_by_empty_200:
            assert outcome == Final(word=Word.SUCCEEDED)
            return
        assert is_honest(outcome, weather, self._given_back(world))
        if isinstance(outcome, Final):
            return
        await world.weather(Faults.none())
        world.timer.advance(END_SECONDS)
        if not isinstance(outcome, NotSent):
            handle = outcome.handle if isinstance(outcome, Accepted) else wanted.handle or None
            asked = await world.adapter.inquire_refund(reference, handle)
            if is_settled(world, "refund", outcome, asked, self._given_back(world)):
                return
        final = await self._refunded(world, wanted)
        assert (final.word, self._given_back(world)) == (Word.SUCCEEDED, 1)

    async def test_a_token_that_ends_early_is_replaced_in_the_middle_of_a_refund(
        self, world: Any
    ) -> None:
        original = await world.paid_original()
        reference = world.adapter.reference_for(REFUND_ID, 1)
        wanted, forbidden = await ready(world.adapter, world.giving_back(original), reference)
        assert forbidden is None
        world.expire_tokens()
        outcome = await world.adapter.refund(wanted, reference)
        assert isinstance(outcome, (Accepted, Final))
        handle = outcome.handle if isinstance(outcome, Accepted) else wanted.handle or None
        world.timer.advance(END_SECONDS)
        world.expire_tokens()
        asked = await world.adapter.inquire_refund(reference, handle)
        assert isinstance(asked, (Final, Unaskable, Pending))
        assert not isinstance(asked, Final) or asked.word is Word.SUCCEEDED
        assert self._given_back(world) == 1

    @staticmethod
    def _given_back(world: Any) -> int:
        return sum(one.ending == "succeeded" for one in world.movements("refund"))

    @staticmethod
    async def _refunded(world: Any, wanted: Return) -> Final:
        async def submit(reference: str) -> Submission:
            return await give_back(world, wanted, reference)

        return await moved_to_the_end(
            world, "refund", REFUND_ID, submit, world.adapter.inquire_refund
        )
