"""Payments in Senegal by a one-time code, against the Sonatel sandbox: the contract, and the code.

The contract is the same as for payments by a page. That the code is a secret, and that an answer
nobody read is never taken for one that nobody can pay, is what is new here.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from adapters.base import Accepted, Charge, Declined, Final, Pending, Submission, Unknown
from adapters.moving import prepare
from adapters.one_time_codes import without_any_code, without_code
from adapters.powers import Prepared, Prepares
from adapters.providers._orange_sonatel_onestep import ONE_STEP
from adapters.providers.orange_sonatel import OrangeSonatelAdapter
from adapters.refusals import Refusal, meanings_of
from adapters.sandbox.faults import Faults
from ledger.commands import RecordEvidence, RequestInquiry
from ledger.evidence import Word
from ledger.money import Money
from tests.contracts.provider import WEATHERS, Ending, ProviderContract, World, waiting_in
from tests.contracts.rail import END_SECONDS
from tests.orange_sonatel_world import CODE, NUMBER, OneStepWorld, a_one_step_world, a_world
from tests.replay import PAYMENT_ID

REFERENCE = f"{PAYMENT_ID}-1"
NOT_FOUND = Unknown("no transaction is found under this reference, which proves nothing")


class TestOneStep(ProviderContract):
    """The contract, where the answer says PENDING: the payments end a little later."""

    charges_a_repeat: ClassVar[bool] = True
    # The sandbox's tokens suffer no weather, so the call that moves money is the first that does.
    has_tokens: ClassVar[bool] = False
    ending_words: ClassVar[Mapping[Ending, Word | None]] = {
        "refused": Word.FAILED,
        "expired": Word.FAILED,
    }

    @asynccontextmanager
    async def open_world(self, folder: Path) -> AsyncIterator[World]:
        async with a_one_step_world(folder, one_step_seconds=5) as world:
            yield world

    def refused_at_once(self, world: World) -> Charge:
        return replace(world.charge("paid"), money=Money(0, "XOF"))


class TestOneStepOfOlderContracts(TestOneStep):
    """The same where transactions have Orange's own references: no search finds what was paid."""

    @asynccontextmanager
    async def open_world(self, folder: Path) -> AsyncIterator[World]:
        async with a_one_step_world(folder, one_step_seconds=5, reference_told="uuid") as world:
            yield world


async def paid_by_code(world: OneStepWorld, digits: str = "01", code: str = CODE) -> Submission:
    """Do what dispatch does: prepare, then submit with what was prepared."""
    charge = replace(world.charge("paid"), phone=NUMBER + digits, one_time_code=code)
    prepared = await prepare(world.adapter, charge, REFERENCE)
    assert isinstance(prepared, Prepared)
    return await world.adapter.submit(replace(charge, handle=prepared.handle), REFERENCE)


async def test_only_a_payment_with_a_code_prepares_a_handle_and_nobody_is_called(
    tmp_path: Path,
) -> None:
    async with a_one_step_world(tmp_path) as world:
        assert isinstance(world.adapter, Prepares)
        charge = world.charge("paid")
        by_code = await prepare(world.adapter, charge, REFERENCE)
        by_page = await prepare(world.adapter, replace(charge, one_time_code=None), REFERENCE)
        payout = await prepare(world.adapter, world.transfer("paid"), REFERENCE)
        assert world.exchanges == []
    assert by_code == Prepared(handle={"way": "one_step"})
    assert (by_page, payout) == (Prepared(), Prepared())


@pytest.mark.parametrize(
    ("digits", "word", "code"),
    [
        ("01", Word.SUCCEEDED, None),
        ("50", Word.FAILED, "REJECTED"),
        ("55", Word.FAILED, "FAILED"),
    ],
)
async def test_the_answer_is_the_final_word_and_asking_says_the_same(
    tmp_path: Path, digits: str, word: Word, code: str | None
) -> None:
    async with a_one_step_world(tmp_path) as world:
        outcome = await paid_by_code(world, digits)
        asked = await world.adapter.inquire(REFERENCE, ONE_STEP)
        (moved,) = world.movements("collection")
        assert world.times_charged() == int(word is Word.SUCCEEDED)
    assert outcome == Final(word=word, provider_transaction_id=moved.id, code=code, reason=code)
    assert asked == Final(
        word=word,
        amount="1500",
        currency="XOF",
        provider_transaction_id=moved.id,
        code=code,
        reason=code,
    )


async def test_what_takes_longer_is_asked_about_by_its_transaction(tmp_path: Path) -> None:
    # Orange's own references would hide it from a search; its transaction does not.
    async with a_one_step_world(tmp_path, reference_told="uuid") as world:
        accepted = await paid_by_code(world, "54")
        (moved,) = world.movements("collection")
        assert accepted == Accepted(handle={"way": "one_step", "transaction_id": moved.id})
        before = await world.adapter.inquire(REFERENCE, accepted.handle)
        lost = await world.adapter.inquire(REFERENCE, ONE_STEP)
        await world.end(REFERENCE, accepted, "paid")
        final = await world.adapter.inquire(REFERENCE, accepted.handle)
    assert (before, lost) == (Pending("PENDING"), NOT_FOUND)
    assert isinstance(final, Final)
    assert (final.word, final.amount) == (Word.SUCCEEDED, "1500")


@pytest.mark.parametrize(
    ("digits", "code", "refusal"),
    [("51", "2020", Refusal.INSUFFICIENT_FUNDS), ("53", "2000", Refusal.PAYER_NOT_FOUND)],
)
async def test_what_is_the_payers_is_declined_for_good(
    tmp_path: Path, digits: str, code: str, refusal: Refusal
) -> None:
    async with a_one_step_world(tmp_path) as world:
        outcome = await paid_by_code(world, digits)
        assert (world.movements("collection"), world.times_charged()) == ([], 0)
    assert isinstance(outcome, Declined)
    assert (outcome.code, outcome.is_technical) == (code, False)
    assert meanings_of(OrangeSonatelAdapter, is_outgoing=False)[code] is refusal


@pytest.mark.parametrize("wrong_code", ["2010", "2011", "2012", "2013"])
@pytest.mark.parametrize("refusal_status", [400, 403, 422])
async def test_a_wrong_code_is_declined_once_and_not_repeated_in_the_reason(
    tmp_path: Path, wrong_code: str, refusal_status: int
) -> None:
    switches = {"wrong_code": wrong_code, "refusal_status": refusal_status}
    async with a_one_step_world(tmp_path, repeats_code=True, **switches) as world:
        outcome = await paid_by_code(world, code="735192")
        tried = [one for one in world.exchanges if one.path.endswith("onestep")]
        assert (len(tried), world.movements("collection")) == (1, [])
        assert "735192" not in tried[0].transcript
        assert '"otp":"***"' in tried[0].transcript
    assert isinstance(outcome, Declined)
    assert (outcome.code, outcome.is_technical) == (wrong_code, False)
    assert "Wrong code ***." in outcome.reason
    assert meanings_of(OrangeSonatelAdapter, is_outgoing=False)[wrong_code] is Refusal.WRONG_CODE


@pytest.mark.parametrize("weather", WEATHERS)
async def test_an_answer_that_was_lost_is_asked_about_and_is_never_not_sent(
    tmp_path: Path, weather: str
) -> None:
    async with a_one_step_world(tmp_path) as world:
        await world.adapter.inquire(REFERENCE, ONE_STEP)  # to have a token
        await world.weather(WEATHERS[weather])
        with waiting_in(weather):
            outcome = await paid_by_code(world)
        await world.weather(Faults.none())
        asked = await world.adapter.inquire(REFERENCE, ONE_STEP)
        is_taken = world.times_charged() == 1
    assert isinstance(outcome, Unknown)
    assert asked == NOT_FOUND or is_taken
    if is_taken:
        assert isinstance(asked, Final)
        assert (asked.word, asked.amount) == (Word.SUCCEEDED, "1500")


async def test_what_a_search_does_not_find_never_ends_however_old_it_is(tmp_path: Path) -> None:
    # For a page, the time after its end would make the same search a word.
    async with a_one_step_world(tmp_path) as world:
        world.timer.advance(10**7)
        assert await world.adapter.inquire(REFERENCE, ONE_STEP) == NOT_FOUND


async def test_a_signed_callback_about_a_payment_by_code_is_evidence(tmp_path: Path) -> None:
    async with a_one_step_world(tmp_path) as world:
        outcome = await paid_by_code(world)
        assert isinstance(outcome, Final)
        call = await world.told()
        verdict = world.adapter.authenticate(call, None, world.now())
        (command,) = world.adapter.translate(call, verdict, world.now())
    assert isinstance(command, RecordEvidence)
    assert (command.payment_id, command.evidence.word) == (PAYMENT_ID, Word.SUCCEEDED)
    assert b"paymentMethod" not in call.body


async def test_a_callback_about_a_failure_makes_us_ask_and_that_is_final_at_once(
    tmp_path: Path,
) -> None:
    async with a_one_step_world(tmp_path, one_step_seconds=5) as world:
        accepted = await paid_by_code(world, "50")
        assert isinstance(accepted, Accepted)
        call = await world.told(END_SECONDS)
        verdict = world.adapter.authenticate(call, None, world.now())
        (command,) = world.adapter.translate(call, verdict, world.now())
        asked = await world.adapter.inquire(REFERENCE, accepted.handle)
    assert isinstance(command, RequestInquiry)
    assert isinstance(asked, Final)
    assert (asked.word, asked.code) == (Word.FAILED, "REJECTED")


async def test_where_nobody_is_called_back_the_answer_and_asking_are_enough(
    tmp_path: Path,
) -> None:
    async with a_one_step_world(tmp_path, one_step_callbacks=False, one_step_seconds=5) as world:
        accepted = await paid_by_code(world)
        assert isinstance(accepted, Accepted)
        world.timer.advance(60)
        await world.sandbox.sender.settled()
        asked = await world.adapter.inquire(REFERENCE, accepted.handle)
        assert world.receiver.received == []
    assert isinstance(asked, Final)
    assert asked.word is Word.SUCCEEDED


@pytest.mark.parametrize("phone", ["+2250700000001", "+22177000000", "221770000001"])
async def test_a_number_that_is_not_senegals_is_declined_unasked(
    tmp_path: Path, phone: str
) -> None:
    async with a_one_step_world(tmp_path) as world:
        outcome = await world.adapter.submit(replace(world.charge("paid"), phone=phone), REFERENCE)
        assert isinstance(outcome, Declined)
        assert (outcome.code, world.exchanges) == ("NUMBER_NOT_SENEGALESE", [])


async def test_a_payment_without_a_code_goes_by_the_page_as_before(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        accepted = await world.adapter.submit(world.charge("paid"), REFERENCE)
        assert isinstance(accepted, Accepted)
        assert "redirect_url" in accepted.handle
        paths = [one.path for one in world.exchanges if "oauth" not in one.path]
    assert paths == ["/api/eWallet/v4/qrcode"]


def test_an_outcome_keeps_everything_but_the_code() -> None:
    code = "482913"
    told = Final(word=Word.FAILED, amount="482913", code="FAILED", reason="no code 482913 of 12")
    assert without_code(told, code) == replace(told, reason="no code *** of 12")
    assert without_any_code(told) == replace(told, reason="no code *** of 12")
    assert without_any_code(Pending("482913 7x12345y")) == Pending("*** 7x***y")
    bare = Final(word=Word.SUCCEEDED, amount="1500")
    assert without_any_code(bare) == bare
    accepted = Accepted(handle={"transaction_id": code})
    assert without_code(accepted, code) is accepted
    for outcome in (Unknown("the 482913"), Declined(code="2011", reason="the 482913")):
        assert code not in repr(without_code(outcome, code))
