"""The Orange Burkina adapter against its sandbox: the contract, and what is its own."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import aiohttp
import pytest

from adapters.base import Charge, Declined, Final, NotSent, Submission, Unaskable, Unknown
from adapters.elements import elements_in
from adapters.providers.orange_bf import OrangeBfAdapter, Settings
from adapters.retries import Retry, retry_of
from adapters.sandbox.faults import Faults
from adapters.sandbox.orange_bf import ENDINGS, OrangeBfSandbox, SandboxSettings
from adapters.sandbox.timer import ManualTimer
from ledger.evidence import Word
from ledger.money import Money
from tests.callback_receiver import CallbackReceiver
from tests.contracts.provider import Ending, ProviderContract, World
from tests.contracts.rail import LAST_DIGITS, RailWorld
from tests.processes import free_port
from tests.replay import CALL_SECONDS, PAYMENT_ID, a_charge, opening, patience

NUMBER = "+226741234"
"""Of Orange's range in Burkina Faso; two digits are missing."""

CODE = "904817"
README = Path(__file__).resolve().parent.parent / "README.md"


@dataclass(kw_only=True)
class OrangeBfWorld(RailWorld):
    """A merchant in Burkina Faso, whose payers bring a code."""

    adapter: OrangeBfAdapter
    sandbox: OrangeBfSandbox

    def charge(self, ending: Ending) -> Charge:
        return a_charge(
            money=Money(1500, "XOF"),
            phone=NUMBER + LAST_DIGITS[ending],
            country="BF",
            one_time_code=CODE,
        )


@asynccontextmanager
async def a_world(
    folder: Path, *, changes: Mapping[str, Any] | None = None, **switches: Any
) -> AsyncIterator[OrangeBfWorld]:
    """Open a world; `switches` are the sandbox's, `changes` the adapter's settings."""
    timer = ManualTimer()
    async with CallbackReceiver() as receiver:
        settings = SandboxSettings.model_validate(
            {"books_path": folder / "orange_bf.jsonl", "fixed_code": CODE, "port": free_port()}
            | switches
        )

        def remake(faults: Faults) -> OrangeBfSandbox:
            return OrangeBfSandbox(settings, clock=timer.clock, faults=faults, timer=timer)

        sandbox = remake(Faults.none())
        await sandbox.start()
        told = {
            "base_url": sandbox.url,
            "merchant_msisdn": settings.merchant_msisdn,
            "api_username": settings.api_username,
            "api_password": settings.api_password,
            "call_timeout_seconds": CALL_SECONDS,
        }
        exchanges: list[Any] = []
        adapter = OrangeBfAdapter(
            Settings.model_validate(told | dict(changes or {})), opening(observe=exchanges)
        )
        world = OrangeBfWorld(
            adapter=adapter,
            exchanges=exchanges,
            secrets=(settings.api_username, settings.api_password, settings.merchant_msisdn, CODE),
            sandbox=sandbox,
            remake=remake,
            timer=timer,
            receiver=receiver,
        )
        try:
            yield world
            assert receiver.received == []
        finally:
            await adapter.close()
            await world.sandbox.stop()


class TestOrangeBf(ProviderContract):
    """The contract; there are no webhooks, and no questions."""

    answers_at_once: ClassVar[bool] = True
    charges_a_repeat: ClassVar[bool] = True
    codes_are_listed: ClassVar[bool] = False
    has_tokens: ClassVar[bool] = False

    @asynccontextmanager
    async def open_world(self, folder: Path) -> AsyncIterator[World]:
        async with a_world(folder) as world:
            yield world

    def refused_at_once(self, world: World) -> Charge:
        return replace(world.charge("paid"), one_time_code=None)


async def paid(world: OrangeBfWorld, digits: str = "01", **changes: Any) -> Submission:
    """Submit once; the number's last digits decide."""
    charge = replace(world.charge("paid"), phone=NUMBER + digits, **changes)
    return await world.adapter.submit(charge, world.adapter.reference_for(PAYMENT_ID, 1))


@pytest.mark.parametrize("declares_xml", [False, True])
async def test_one_call_takes_the_money_and_says_so(tmp_path: Path, declares_xml: bool) -> None:
    async with a_world(tmp_path, declares_xml=declares_xml) as world:
        outcome = await paid(world)
        (movement,) = world.movements("collection")
        (sent,) = world.exchanges
    assert outcome == Final(word=Word.SUCCEEDED, provider_transaction_id=movement.id)
    assert (movement.phone, movement.amount_minor, movement.ending) == (
        "74123401",
        1500,
        "succeeded",
    )
    assert len(movement.reference or "") == 20
    assert f"<ext_txn_id>{movement.reference}</ext_txn_id>" in sent.transcript
    assert "<otp>***</otp>" in sent.transcript
    assert "<customer_msisdn>***</customer_msisdn>" in sent.transcript
    assert f"<transID>{movement.id}</transID>" in sent.transcript


LISTED = {"50": "990418", "53": "990422", "55": "08"}


@pytest.mark.parametrize("digits", sorted(ENDINGS.keys() - {"54"}))
async def test_a_listed_status_is_declined_and_any_other_stays_in_doubt(
    tmp_path: Path, digits: str
) -> None:
    async with a_world(tmp_path) as world:
        outcome = await paid(world, digits)
        assert world.known() == set()
    if digits in LISTED:
        assert isinstance(outcome, Declined)
        assert (outcome.code, outcome.is_technical) == (LISTED[digits], False)
    else:
        assert isinstance(outcome, Unknown)
        assert "999001" in outcome.reason


async def test_what_is_answered_too_late_was_taken_and_stays_in_doubt(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        with patience(0.1):
            outcome = await paid(world, "54")
        assert world.times_charged() == 1
    assert isinstance(outcome, Unknown)


@pytest.mark.parametrize("http_status", [200, 400, 422])
@pytest.mark.parametrize("status", ["990422", "00066"])
async def test_a_refusal_is_one_under_any_http_status_of_a_refusal(
    tmp_path: Path, http_status: int, status: str
) -> None:
    switches: dict[str, Any] = {"refusal_http_status": http_status, "no_account_status": status}
    async with a_world(tmp_path, **switches) as world:
        outcome = await paid(world, "53")
    assert isinstance(outcome, Declined)
    assert outcome.code == status


async def test_a_refusal_under_the_status_of_a_failure_stays_in_doubt(tmp_path: Path) -> None:
    async with a_world(tmp_path, refusal_http_status=500) as world:
        assert isinstance(await paid(world, "53"), Unknown)


async def test_a_contract_s_own_papers_list_further_refusals(tmp_path: Path) -> None:
    changes = {"refusal_codes": ("999001", "200")}
    async with a_world(tmp_path, changes=changes) as world:
        outcome = await paid(world, "51")
        still_paid = await paid(world, "02")
    assert isinstance(outcome, Declined)
    assert (outcome.code, outcome.is_technical) == ("999001", False)
    assert isinstance(still_paid, Final)


async def test_a_wrong_code_moves_nothing_and_is_not_repeated_in_the_reason(tmp_path: Path) -> None:
    changes = {"refusal_codes": ("999001",)}
    async with a_world(tmp_path, changes=changes, repeats_code=True) as world:
        outcome = await paid(world, one_time_code="735192")
        assert world.known() == set()
        (sent,) = world.exchanges
    assert isinstance(outcome, Declined)
    assert "Code *** incorrect." in outcome.reason
    assert "735192" not in sent.transcript


async def test_what_orange_cannot_take_is_declined_before_anybody_is_called(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        outcomes = [
            await paid(world, one_time_code=None),
            await paid(world, money=Money(1500, "XAF")),
            await paid(world, "012"),
        ]
        assert world.exchanges == []
        retries = [
            retry_of(world.adapter, one, "collection")
            for one in outcomes
            if isinstance(one, Declined)
        ]
    assert [getattr(one, "code", None) for one in outcomes] == [
        "ONE_TIME_CODE_MISSING",
        "CURRENCY_NOT_XOF",
        "NUMBER_NOT_BURKINABE",
    ]
    assert retries == [Retry.ELSEWHERE, Retry.ELSEWHERE, Retry.NEVER]


@pytest.mark.parametrize(("credentials", "kind"), [("status", Unknown), ("door", NotSent)])
async def test_wrong_credentials_move_nothing(
    tmp_path: Path, credentials: str, kind: type[Submission]
) -> None:
    changes = {"api_password": "another-synthetic-password"}
    async with a_world(tmp_path, changes=changes, credentials=credentials) as world:
        assert isinstance(await paid(world), kind)
        assert (world.known(), len(world.exchanges)) == (set(), 1)


async def test_a_lost_answer_is_never_sent_again_and_no_question_finds_it(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await world.weather(Faults(silent_after_accept=1))
        with patience(0.1):
            outcome = await paid(world)
        asked = await world.adapter.inquire(world.adapter.reference_for(PAYMENT_ID, 1), None)
        assert (world.times_charged(), len(world.exchanges)) == (1, 1)
    assert isinstance(outcome, Unknown)
    assert isinstance(asked, Unaskable)


@pytest.mark.parametrize("repeated_reference", ["accepted", "refused"])
async def test_a_repeated_reference_is_never_a_refusal(
    tmp_path: Path, repeated_reference: str
) -> None:
    async with a_world(tmp_path, repeated_reference=repeated_reference) as world:
        await paid(world)
        again = await paid(world)
        assert world.times_charged() == (2 if repeated_reference == "accepted" else 1)
    assert isinstance(again, Final if repeated_reference == "accepted" else Unknown)


@pytest.mark.parametrize("body", [b"", b"<COMMAND>", b"<COMMAND><otp/></COMMAND>", b"{}"])
@pytest.mark.parametrize("wants_reference", [False, True])
async def test_the_test_server_takes_no_command_that_is_none(
    tmp_path: Path, body: bytes, wants_reference: bool
) -> None:
    async with (
        a_world(tmp_path, wants_reference=wants_reference) as world,
        aiohttp.ClientSession() as session,
        session.post(world.sandbox.url, data=body) as response,
    ):
        found = elements_in(await response.read())
        assert world.movements("collection") == []
    assert found is not None
    assert found["status"] == "999001"


def test_the_page_tells_the_endings_of_the_test_server() -> None:
    page = README.read_text(encoding="utf-8")
    assert [
        one
        for one in (f"\n- `{digits}`: {text}\n" for digits, text in ENDINGS.items())
        if one not in page
    ] == []
