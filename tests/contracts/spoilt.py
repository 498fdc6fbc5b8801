"""The law about answers that are no answers, and words nobody has listed.

Each kind of spoiling (`adapters.sandbox.spoiling`) happens to each call, before money moved and
after. Whatever the adapter makes of it, it is never a refusal, never a final word that the books do
not hold, and never an acceptance of what was not taken; and afterwards the truth is found.
"""

from dataclasses import replace

import pytest

from adapters.base import (
    Accepted,
    Declined,
    Final,
    Inquiry,
    Pending,
    Submission,
    Unaskable,
    Unknown,
    WebhookUnreadableError,
)
from adapters.sandbox.faults import Faults
from adapters.sandbox.spoiling import SPOILINGS, strange
from ledger.commands import RecordEvidence
from ledger.evidence import Word
from tests.contracts.law import Law
from tests.contracts.world import (
    SPOILT,
    Ending,
    Taken,
    World,
    acceptance_of,
    ready,
    submit,
    tells_nothing,
    waiting_in,
    warm,
)
from tests.replay import PAYMENT_ID

OPEN = (Unknown, Pending)
"""What may be said of a payment by who was told nothing."""


def says_only_what_is_so(asked: Inquiry, ending: Ending, word: Word | None) -> bool:
    """Whether an answer about a payment that has ended is silence, or the books' own word."""
    if not isinstance(asked, Final):
        return isinstance(asked, OPEN) or (word is None and isinstance(asked, Unaskable))
    return asked.word is (Word.SUCCEEDED if ending == "paid" else word)


class SpoiltContract(Law):
    """What every adapter promises about collections; comes with `ProviderContract`."""

    @pytest.mark.parametrize("weather", SPOILT)
    async def test_after_a_spoilt_answer_the_payer_is_charged_once_and_the_truth_is_found(
        self, world: World, weather: str
    ) -> None:
        await warm(world)
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        charge, forbidden = await ready(world.adapter, world.charge("paid"), reference)
        assert forbidden is None
        await world.weather(SPOILT[weather])
        with waiting_in(weather):
            outcome: Submission = await world.adapter.submit(charge, reference)
        assert world.hides(outcome)
        assert not isinstance(outcome, Declined)
        if isinstance(outcome, Taken) and not self.makes_its_page:
            # Its answer may say by its status alone that it was taken; then it was.
            assert reference in world.known()
        await self.truth_is_found(world, charge, reference, outcome)

    @pytest.mark.parametrize("kind", SPOILINGS)
    @pytest.mark.parametrize("ending", ["paid", "refused", "expired"])
    async def test_a_spoilt_answer_to_a_question_says_nothing_that_is_not_so(
        self, world: World, ending: Ending, kind: str
    ) -> None:
        weather = f"{kind} after"
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        accepted = await submit(world.adapter, world.charge(ending), reference)
        if self.answers_at_once:
            # There is no question, so nothing is said in answer to it, whatever the weather.
            await world.weather(SPOILT[weather])
            asked = await world.adapter.inquire(reference, None)
            assert tells_nothing(world, asked)
            return
        assert isinstance(accepted, Accepted)
        if ending == "paid":
            await world.weather(SPOILT[weather])
            with waiting_in(weather):
                pending = await world.adapter.inquire(reference, accepted.handle)
            assert isinstance(pending, OPEN)
            await world.weather(Faults.none())
        await world.end(reference, acceptance_of(accepted), ending)
        await world.weather(SPOILT[weather])
        with waiting_in(weather):
            asked = await world.adapter.inquire(reference, accepted.handle)
        assert world.hides(asked)
        word = Word.SUCCEEDED if ending == "paid" else self.ending_words[ending]
        assert says_only_what_is_so(asked, ending, word), asked
        if kind == "strange_words" and ending != "expired":
            # That nothing is there may be said without a word; that money moved, or will not, not.
            assert not isinstance(asked, Final)

    @pytest.mark.parametrize("kind", SPOILINGS)
    async def test_when_the_first_call_of_all_is_spoilt_the_truth_is_found(
        self, world: World, kind: str
    ) -> None:
        """Where there are tokens, that call is for one, and nothing was sent."""
        weather = f"{kind} after"
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        charge = world.charge("paid")
        await world.weather(SPOILT[weather])
        with waiting_in(weather):
            charge, forbidden = await ready(world.adapter, charge, reference)
            outcome = forbidden or await world.adapter.submit(charge, reference)
        assert world.hides(outcome)
        assert not isinstance(outcome, Declined)
        assert forbidden is None or world.times_charged() == 0
        await self.truth_is_found(world, charge, reference, outcome)

    @pytest.mark.parametrize("ending", ["paid", "refused"])
    async def test_a_webhook_with_words_nobody_has_listed_is_no_final_word(
        self, world: World, ending: Ending
    ) -> None:
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        accepted = await submit(world.adapter, world.charge(ending), reference)
        assert isinstance(accepted, Taken) or (self.answers_at_once and ending == "refused")
        if isinstance(accepted, Taken):
            await world.end(reference, acceptance_of(accepted), ending)
        if not world.notified:
            # Of what failed this provider tells nothing, so nothing strange either.
            assert ending == "refused" or world.adapter.webhook_proof == "no_webhooks"
            return
        told = world.notified[-1]
        call = replace(told, body=strange(told.body))
        assert call.body != told.body
        try:
            commands = world.adapter.translate(call, "authenticated", world.now())
        except WebhookUnreadableError:
            return
        assert world.hides(commands)
        assert [one for one in commands if isinstance(one, RecordEvidence)] == []
        assert {one.payment_id for one in commands} == {PAYMENT_ID}
