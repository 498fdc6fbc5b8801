"""What is tried again, where and how soon: the tables, and what dispatch makes of them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from structlog.testing import capture_logs

from adapters.base import Accepted, Declined, NotSent, Pace
from adapters.providers import adapter_class, provider_names
from adapters.refusals import Refusal
from adapters.retries import REFUSED, Retry, retry_at, retry_of
from adapters.ways import present_errand
from ledger import events
from ledger.payment import Status
from tests.builders import NOW
from tests.stage import a_stage
from tests.test_submissions import OtherAdapter, ScriptedAdapter, a_world

EXPIRES_AT = NOW + timedelta(seconds=900)


def test_every_refusal_has_its_row() -> None:
    assert set(REFUSED) == set(Refusal)


@pytest.mark.parametrize(
    "refusal",
    [
        Refusal.INSUFFICIENT_FUNDS,
        Refusal.INVALID_NUMBER,
        Refusal.ACCOUNT_BLOCKED,
        Refusal.REJECTED_BY_PAYER,
        Refusal.WRONG_PIN,
        Refusal.WRONG_CODE,
        Refusal.CODE_EXPIRED,
        Refusal.DUPLICATE,
    ],
)
def test_what_is_the_payers_is_never_tried_again_whatever_an_adapter_says(
    refusal: Refusal,
) -> None:
    class Refusing(ScriptedAdapter):
        refusals: ClassVar[Mapping[str, Refusal]] = {"CODE": refusal}

    declined = Declined(code="CODE", reason="no", is_technical=True)
    assert retry_of(Refusing(), declined, "collection") is Retry.NEVER


def test_no_refusal_is_ever_tried_again_at_the_same_provider() -> None:
    assert set(REFUSED.values()) == {Retry.NEVER, Retry.ELSEWHERE}


def test_an_adapter_that_says_no_other_could_do_it_is_believed() -> None:
    declined = Declined(code="ANY", reason="no", is_technical=False)
    assert retry_of(ScriptedAdapter(), declined, "collection") is Retry.NEVER


@pytest.mark.parametrize(("power", "retry"), [("collection", "never"), ("payout", "elsewhere")])
def test_where_money_goes_out_it_is_the_merchant_who_has_too_little(power: str, retry: str) -> None:
    mtn = adapter_class("mtn")
    declined = Declined(code="NOT_ENOUGH_FUNDS", reason="no", is_technical=True)
    assert retry_of(mtn, declined, power) is Retry(retry)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", provider_names())
def test_every_code_of_every_provider_has_a_row(name: str) -> None:
    assert {REFUSED[refusal] for refusal in adapter_class(name).refusals.values()}


def test_what_was_not_sent_is_tried_soon_and_who_was_turned_away_at_the_longest_pace() -> None:
    pace: Pace = replace(ScriptedAdapter.pace, retry_first_seconds=5, retry_seconds_max=600)

    def waits(number: int, *, was_turned_away: bool) -> float:
        at = retry_at(pace, number, NOW, EXPIRES_AT, was_turned_away=was_turned_away)
        return (at - NOW).total_seconds()

    assert [waits(number, was_turned_away=False) for number in (1, 2, 3)] == [5, 10, 20]
    assert [waits(number, was_turned_away=True) for number in (1, 2, 3)] == [600, 600, 600]
    late = replace(pace, retry_seconds_max=3600)
    assert retry_at(late, 1, NOW, EXPIRES_AT, was_turned_away=True) == EXPIRES_AT


async def test_a_refusal_of_the_payer_goes_nowhere_else_and_one_of_the_contract_does() -> None:
    class Refusing(ScriptedAdapter):
        refusals: ClassVar[Mapping[str, Refusal]] = {
            "POOR": Refusal.INSUFFICIENT_FUNDS,
            "CLOSED": Refusal.MERCHANT_NOT_ALLOWED,
        }

    async def refused(code: str) -> list[str]:
        world = await a_world("mtn", "wave")
        await world.dispatch(Refusing(Declined(code=code, reason="no", is_technical=True)))
        return await world.types()

    declined = ["requested", "submission_started", "submission_declined"]
    assert await refused("POOR") == declined
    assert await refused("CLOSED") == [*declined, "rerouted"]


async def test_a_payment_of_which_we_were_turned_away_goes_to_the_next_provider_at_once() -> None:
    world = await a_world("mtn", "wave")

    async def turn_away() -> None:
        present_errand().status = 401

    adapter = ScriptedAdapter(NotSent("status 401"), during=turn_away)
    other = OtherAdapter(Accepted())
    await world.dispatch(adapter, other)
    await world.dispatch(adapter, other)
    assert (await world.state()).status is Status.PENDING
    assert world.ways.of("mtn", "collection").turned_away == 1


@pytest.mark.parametrize("secret", ["api_key", "subscription_key"])
async def test_wrong_credentials_are_tried_at_the_longest_pace_and_said_loudly(
    tmp_path: Path, secret: str
) -> None:
    wrong = {secret: "no-such-key", "retry_seconds_max": 600.0}
    with capture_logs() as logs:
        async with a_stage(tmp_path, enabled=("mtn",), pace=wrong) as stage:
            payments = [await stage.request(number) for number in range(3)]

            async def all_are_withdrawn() -> bool:
                return all([len(await stage.types(one)) == 3 for one in payments])

            await stage.until(all_are_withdrawn)
            page = (await stage.get("/metrics", who=None)).body.decode()
            waits = []
            for one in payments:
                _, recorded = await stage.services.handler.payment(one)
                last = recorded[-1].event
                assert isinstance(last, events.PaymentSubmissionWithdrawn)
                waits.append((last.retry_at - recorded[-1].recorded_at).total_seconds())
    said = [one for one in logs if one["event"] == "provider.turned_us_away"]
    assert [round(seconds) for seconds in waits] == [600, 600, 600]
    assert 'cauri_turned_away_total{power="collection",provider="mtn"} 3.0' in page
    assert {(one["log_level"], one["provider"], one["status"]) for one in said} == {
        ("error", "mtn", 401)
    }
    assert len(said) == len(payments)
