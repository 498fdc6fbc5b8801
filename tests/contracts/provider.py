"""The law of every provider adapter, over real sockets against its sandbox.

A provider's test is a subclass that opens a `World` (`tests.contracts.world`): the sandbox, whose
time stands still, and the adapter under test. What every case must leave behind stands in the
fixture: no transcript with a secret or a clear number.

What answers are that are no answers stands in `tests.contracts.spoilt`, what amounts and numbers
become in `tests.contracts.forms`; both come with this contract.
"""

from abc import abstractmethod

import pytest

from adapters.base import (
    Accepted,
    Adapter,
    Charge,
    Declined,
    Final,
    NotFound,
    NotSent,
    Pending,
    Submission,
    Unaskable,
    Unknown,
    WebhookCall,
    WebhookUnreadableError,
)
from adapters.sandbox.faults import Faults
from ledger.commands import RecordEvidence, RequestInquiry
from ledger.evidence import Word
from tests.contracts.forms import FormsContract
from tests.contracts.spoilt import SpoiltContract
from tests.contracts.world import (
    SILENT,
    SPOILT,
    WEATHERS,
    Ending,
    World,
    acceptance_of,
    evidence_of,
    ready,
    submit,
    submit_to_the_end,
    tells_nothing,
    waiting_in,
    warm,
    word_of,
)
from tests.replay import PAYMENT_ID

__all__ = [
    "SILENT",
    "SPOILT",
    "WEATHERS",
    "Ending",
    "ProviderContract",
    "World",
    "ready",
    "submit",
    "submit_to_the_end",
    "waiting_in",
    "warm",
    "word_of",
]


class ProviderContract(SpoiltContract, FormsContract):
    """What every adapter promises."""

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
        assert self.is_taken(accepted)
        asked = await world.adapter.inquire(reference, acceptance_of(accepted).handle)
        assert isinstance(asked, Pending) or not world.adapter.is_askable
        assert tells_nothing(world, asked)
        await world.end(reference, acceptance_of(accepted), "paid")
        final = await word_of(world, reference, accepted)
        assert isinstance(final, Final)
        assert (final.word, bool(final.provider_transaction_id)) == (Word.SUCCEEDED, True)
        assert world.times_charged() == 1

    @pytest.mark.parametrize("ending", ["refused", "expired", "poor", "no account"])
    async def test_other_endings_are_the_providers_own_word(
        self, world: World, ending: Ending
    ) -> None:
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        accepted = await submit(world.adapter, world.charge(ending), reference)
        if isinstance(accepted, Declined):
            # Some ask the operator first, and refuse at once whom it does not know, or who is poor.
            assert ending in {"poor", "no account"} or self.answers_at_once
            assert accepted.code in world.adapter.refusals
            assert world.times_charged() == 0
            return
        if self.answers_at_once:
            # A code nobody has listed: no final word is made of it.
            assert (type(accepted), self.codes_are_listed) == (Unknown, False)
            assert world.times_charged() == 0
            return
        assert isinstance(accepted, Accepted)
        await world.end(reference, acceptance_of(accepted), ending)
        asked = await word_of(world, reference, accepted)
        word = self.ending_words.get(ending, self.ending_words["refused"])
        open_words = Pending if world.adapter.is_askable else (Pending, Unknown)
        assert isinstance(asked, open_words if word is None else Final)
        if isinstance(asked, Final):
            assert (asked.word, bool(asked.code)) == (word, True)
            assert asked.code in world.adapter.refusals or not self.codes_are_listed
        assert world.times_charged() == 0

    async def test_repeating_a_reference_never_charges_twice(self, world: World) -> None:
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        charge = world.charge("paid")
        charge, forbidden = await ready(world.adapter, charge, reference)
        first = await world.adapter.submit(charge, reference)
        again = await world.adapter.submit(charge, reference)
        assert forbidden is None
        assert self.is_taken(first)
        # Where a repeat is not the same payment it never happens; were it to, it may be refused,
        # open a second page, which nobody is led to, or charge once more: the books must tell.
        is_idempotent = "collection" in world.adapter.idempotent_powers
        assert self.is_taken(again) or (not is_idempotent and isinstance(again, NotSent | Unknown))
        await world.end(reference, acceptance_of(first), "paid")
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
        assert self.is_taken(accepted)
        world.expire_tokens()
        asked = await world.adapter.inquire(reference, acceptance_of(accepted).handle)
        if world.adapter.is_askable:
            assert isinstance(asked, (Pending, Final))
        else:
            assert tells_nothing(world, asked)

    @pytest.mark.parametrize("weather", WEATHERS)
    async def test_in_any_weather_the_payer_is_charged_once_and_the_truth_is_found(
        self, world: World, weather: str
    ) -> None:
        await warm(world)
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        charge, forbidden = await ready(world.adapter, world.charge("paid"), reference)
        assert forbidden is None
        await world.weather(WEATHERS[weather])
        with waiting_in(weather):
            outcome: Submission = await world.adapter.submit(charge, reference)
        assert world.hides(outcome)
        assert isinstance(outcome, Accepted if self.makes_its_page else (Unknown, NotSent))
        await self.truth_is_found(world, charge, reference, outcome)

    @pytest.mark.parametrize("weather", WEATHERS)
    async def test_in_any_weather_an_inquiry_says_nothing_it_does_not_know(
        self, world: World, weather: str
    ) -> None:
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        accepted = await submit(world.adapter, world.charge("paid"), reference)
        assert self.is_taken(accepted)
        await world.weather(WEATHERS[weather])
        with waiting_in(weather):
            asked = await world.adapter.inquire(reference, acceptance_of(accepted).handle)
        assert world.hides(asked)
        assert tells_nothing(world, asked)

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
        assert self.is_taken(accepted)
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        charge, _ = await ready(world.adapter, world.charge("paid"), reference)
        await world.leave()
        outcome = await world.adapter.submit(charge, reference)
        assert isinstance(outcome, Accepted if self.makes_its_page else NotSent)
        asked = await world.adapter.inquire(earlier, acceptance_of(accepted).handle)
        assert isinstance(asked, Unknown if world.adapter.is_askable else (Unknown, Unaskable))

    async def test_its_own_webhook_is_read_and_a_broken_one_is_not(self, world: World) -> None:
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        accepted = await submit(world.adapter, world.charge("paid"), reference)
        assert self.is_taken(accepted)
        await world.end(reference, acceptance_of(accepted), "paid")
        if world.adapter.webhook_proof == "no_webhooks":
            assert world.notified == []
            made_up = self.made_up_webhook(reference)
            assert world.adapter.authenticate(made_up, None, world.now()) == "refused"
            with pytest.raises(WebhookUnreadableError):
                world.adapter.translate(made_up, "refused", world.now())
            return
        assert isinstance(accepted, Accepted)
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
        assert self.is_taken(accepted)
        handle = acceptance_of(accepted).handle
        asked = await world.adapter.inquire(reference, handle)
        await world.weather(Faults(html_with_200=1))
        await submit(world.adapter, charge, reference)
        transcripts = [one.transcript for one in world.exchanges]
        asked_count = 0 if isinstance(asked, Unaskable) else 1
        assert len(transcripts) >= 2 + asked_count or self.makes_its_page
        assert all(f"{one.method} {one.path}" in one.transcript for one in world.exchanges)
        token = accepted.webhook_token if isinstance(accepted, Accepted) else None
        hidden = {*world.secrets, *handle.values(), token or "x" * 99}
        # The provider's name for a transaction opens nothing, and is what a dispute is about.
        hidden -= {reference, *(handle.get(one, "") for one in ("amount", "transaction_id"))}
        hidden |= {charge.phone, charge.phone.removeprefix("+")}
        assert [text for text in transcripts if any(one in text for one in hidden)] == []
        evidence = [evidence_of(one, hides_persons=False) for one in world.exchanges]
        acting = {*world.secrets, *handle.values(), token or "x" * 99} - {reference, charge.phone}
        acting -= {handle.get(one, "") for one in ("amount", "transaction_id")}
        assert [text for text in evidence if any(one in text for one in acting)] == []
        assert all(one.wire.is_whole for one in world.exchanges)

    async def test_a_refusal_at_once_leaves_nothing_behind(self, world: World) -> None:
        outcome = await submit(
            world.adapter,
            self.refused_at_once(world),
            world.adapter.reference_for(PAYMENT_ID, 1),
        )
        assert isinstance(outcome, Declined)
        assert (outcome.is_technical, world.known()) == (True, set())

    @staticmethod
    def made_up_webhook(reference: str) -> WebhookCall:
        """Make what somebody might call us with in the name of a provider that calls nobody."""
        return WebhookCall(
            method="POST",
            path=(PAYMENT_ID, reference),
            headers={"Content-Type": "application/json"},
            body=b'{"status":"SUCCESSFUL"}',
        )

    @abstractmethod
    def refused_at_once(self, world: World) -> Charge:
        """Make a charge the provider refuses before accepting it."""
