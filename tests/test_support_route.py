"""Support over the whole route: what goes wrong at a provider, and what a person is then told."""

from pathlib import Path
from typing import Any, NamedTuple

from adapters.sandbox.faults import Faults
from adapters.sandbox.mtn_rules import FAILURES, OWN_FAILURES
from ledger.payment import Status
from tests.api_world import a_payment
from tests.stage import Stage, a_stage
from tests.test_api_route import a_living_world, settled
from tests.test_provider_hub2_route import WRONG, asked, awaiting, hand_in

FRENCH = {"Accept-Language": "fr"}
STANDING = {"retry_first_seconds": 60, "retry_seconds_max": 60, "doubt_seconds": 60}
"""How our adapters call where what went wrong shall stand for a while."""


class Trouble(NamedTuple):
    """What ails a payer of MTN, and what is told of it."""

    ending: str
    """The last digits of the number, by which the sandbox chooses."""
    code: str
    refusal: str
    may_retry: bool
    english: str
    french: str


TROUBLES = (
    Trouble(
        *("65", "NOT_ENOUGH_FUNDS", "insufficient_funds"),
        may_retry=False,
        english="Top up your account",
        french="Rechargez votre compte",
    ),
    Trouble(
        *("52", "EXPIRED", "timed_out"),
        may_retry=True,
        english="Keep your phone at hand",
        french="Gardez votre téléphone sous la main",
    ),
    Trouble(
        *("62", "SERVICE_UNAVAILABLE", "provider_unavailable"),
        may_retry=True,
        english="Wait a few minutes",
        french="Attendez quelques minutes",
    ),
    Trouble(
        *("66", "PAYER_LIMIT_REACHED", "payer_limit_reached"),
        may_retry=False,
        english="Pay with another number, or wait until your limit starts anew.",
        french="Payez avec un autre numéro, ou attendez que votre plafond se renouvelle.",
    ),
    Trouble(
        *("51", "APPROVAL_REJECTED", "rejected_by_payer"),
        may_retry=False,
        english="If that was a mistake, pay again",
        french="Si c'était une erreur, payez à nouveau",
    ),
    Trouble(
        *("55", "PAYER_NOT_FOUND", "payer_not_found"),
        may_retry=False,
        english="Check the number.",
        french="Vérifiez le numéro.",
    ),
    Trouble(
        *("67", "SENDER_ACCOUNT_NOT_ACTIVE", "account_blocked"),
        may_retry=False,
        english="Call MTN MoMo Cameroon or go to a branch",
        french="Appelez MTN MoMo Cameroun ou passez en agence",
    ),
)


async def help_with(stage: Stage, payment_id: str, **options: Any) -> Any:
    """What is told of a payment."""
    return (await stage.get(f"/v1/payments/{payment_id}/support", **options)).json


async def test_whatever_ails_the_payer_is_told_with_what_to_do(tmp_path: Path) -> None:
    async with a_stage(tmp_path, enabled=("mtn",)) as stage:
        payments = [
            await stage.request(number, ending=one.ending) for number, one in enumerate(TROUBLES)
        ]
        await stage.until_final(payments)
        english = [await help_with(stage, one) for one in payments]
        french = [await help_with(stage, one, headers=FRENCH) for one in payments]

    for one, told, traduit in zip(TROUBLES, english, french, strict=True):
        assert {**FAILURES, **OWN_FAILURES}[one.ending] == one.code
        assert (told["situation"], told["money"]) == ("refused", "not_moved"), told
        assert (told["code"], told["refusal"]) == (one.code, one.refusal)
        assert (told["what_next"]["may_repeat"], told["what_next"]["may_retry"]) == (
            True,
            one.may_retry,
        )
        assert told["what_next"]["for_payer"]["do"].startswith(one.english)
        assert traduit["what_next"]["for_payer"]["do"].startswith(one.french)
        assert told["history"]["sentences"][0]["text"].startswith("A shop asked for the payment")


async def test_a_wrong_code_is_told_with_a_warning(tmp_path: Path) -> None:
    async with a_living_world(tmp_path, Faults.none()) as (world, _):
        payer = {"phone": "+221770000001", "one_time_code": WRONG}
        made = await world.pay(a_payment(provider="orange_sonatel", currency="XOF", payer=payer))
        payment_id = made.json["id"]
        await settled(world, payment_id, "declined", "failed")
        told = (await world.get(f"/v1/payments/{payment_id}/support", headers=FRENCH)).json

    assert (told["refusal"], told["money"], told["what_next"]["may_retry"]) == (
        *("wrong_code", "not_moved"),
        True,
    )
    assert told["what_next"]["for_payer"]["do_not"] == (
        "N'utilisez pas deux fois le même code, et ne saisissez pas votre code secret à la place."
    )
    assert told["contacts"]["operator"] == {
        "operator": "orange-sn",
        "name": "Orange Money",
        "customer_service": "1441",
    }


async def test_a_wrong_one_time_code_is_told_while_another_is_awaited(tmp_path: Path) -> None:
    async with a_living_world(tmp_path, Faults.none()) as (world, _):
        payment_id = (await world.pay(asked())).json["id"]
        where = f"/v1/payments/{payment_id}/support"
        await awaiting(world, payment_id)
        first = (await world.get(where)).json
        await hand_in(world, payment_id, WRONG, "code-1")
        await awaiting(world, payment_id)
        again = (await world.get(where)).json

    assert [one["situation"] for one in (first, again)] == ["code_awaited", "code_again"]
    assert first["what_happened"]["for_payer"] == (
        "Your payment of 1,500\xa0FCFA is waiting for the code that Orange Money Côte d'Ivoire "
        "gives you for it."
    )
    assert again["what_next"]["for_payer"] == {
        "do": "Get a fresh code from Orange Money Côte d'Ivoire and enter it with care.",
        "do_not": "Do not enter your PIN in its place, and do not pay a second time.",
    }
    assert again["what_next"]["may_repeat"] is False


async def test_a_network_in_trouble_is_told_and_nobody_is_asked_to_pay_twice(
    tmp_path: Path,
) -> None:
    async with a_stage(tmp_path, enabled=("mtn",), pace=STANDING) as stage:
        await stage.providers.leave("mtn")
        away = await stage.request(1)

        async def is_away() -> bool:
            return "submission_withdrawn" in await stage.types(away)

        await stage.until(is_away)
        unreached = await help_with(stage, away)
        await stage.providers.weather("mtn", Faults(silent_after_accept=1.0))
        lost = await stage.request(2, ending="53")
        await stage.until_status([lost], Status.UNKNOWN)
        unknown = await help_with(stage, lost, headers=FRENCH)

    assert (unreached["situation"], unreached["money"]) == ("provider_away", "may_have_moved")
    assert unreached["what_happened"]["for_payer"] == (
        "We cannot get through to MTN MoMo Cameroon just now. We keep trying by ourselves."
    )
    assert (unknown["situation"], unknown["what_next"]["may_repeat"]) == ("unknown", False)
    assert unknown["what_next"]["for_payer"]["do_not"] == (
        "Ne payez pas à nouveau\xa0: vous risquez de payer deux fois."
    )
    assert unknown["what_next"]["next_inquiry_at"] is not None


async def test_a_page_is_told_while_it_is_open(tmp_path: Path) -> None:
    async with a_stage(tmp_path, enabled=("orange",)) as stage:
        payment_id = await stage.request(1, provider="orange")
        page = await stage.page_of(payment_id)
        waiting = await help_with(stage, payment_id)
        await stage.visit(payment_id)
        await stage.until_final([payment_id])
        paid = await help_with(stage, payment_id)

    assert (waiting["situation"], waiting["what_next"]["page_url"]) == ("page_open", page)
    assert (paid["situation"], paid["money"], paid["what_next"]["page_url"]) == (
        "succeeded",
        "moved",
        None,
    )
    assert paid["what_happened"]["for_payer"] == "You have paid 1,001\xa0FCFA to A shop."
