"""Refusals over HTTP: what a code means, whoever said it, in the language of whoever asks."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, get_args

import pytest
from msgspec import structs

from adapters.refusal_texts import DESCRIPTIONS, DESCRIPTIONS_OF
from adapters.refusals import PAYEE_INACTIVE, PAYEE_OVER_LIMITS, POWER_MISSING, Refusal
from api import documents, reports
from api.refusal_views import refusal_of
from ledger import commands
from ledger.evidence import Evidence, Source, Word
from ledger.identity import Kind
from tests.api_world import CONTEXT, World, a_payment, a_world, settings_in
from tests.conftest import FakeClock

FRENCH = {"Accept-Language": "fr-CM, fr;q=0.9, en;q=0.5"}
PAYEE = {"amount": "700", "currency": "XAF", "payee": {"phone": "+237670000002"}}
ROLES = ("mer_1", "accountant", "auditor", "operator", "admin")


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with a_world(settings_in(tmp_path), clock=clock, is_in_memory=True) as made:
        yield made


async def told(world: World, command: Any) -> None:
    """Let something happen to a payment."""
    await world.services.handler.handle(command, context=CONTEXT)


async def submitted(world: World, path: str = "/v1/payments") -> str:
    """The id of a new payment or payout that is being submitted."""
    content = a_payment() if path == "/v1/payments" else PAYEE
    headers = {"Idempotency-Key": "order-1"}
    asked = await world.ask("POST", path, who="mer_1", headers=headers, json=content)
    moved_id: str = asked.json["id"]
    clock = world.services.clock
    await told(
        world,
        commands.StartSubmission(
            payment_id=moved_id, provider="mtn", reference="r-1", inquire_at=clock()
        ),
    )
    return moved_id


def a_word(
    payment_id: str, word: Word, code: str | None, source: Source = Source.POLL
) -> commands.RecordEvidence:
    """A word about a submitted payment."""
    return commands.RecordEvidence(
        payment_id=payment_id,
        evidence=Evidence(
            source=source,
            provider="mtn",
            reference="r-1",
            word=word,
            amount=None,
            currency=None,
            provider_transaction_id=None,
            code=code,
            reason=None,
        ),
    )


async def failed(world: World, code: str | None, path: str = "/v1/payments") -> str:
    """Where to look at something that failed with a code of MTN's."""
    moved_id = await submitted(world, path)
    await told(world, a_word(moved_id, Word.FAILED, code))
    return f"{path}/{moved_id}"


async def test_a_code_is_explained_in_english_and_in_french(world: World) -> None:
    where = await failed(world, "APPROVAL_REJECTED")

    english = await world.get(where)
    french = await world.get(where, headers=FRENCH)

    assert english.json["code"] == french.json["code"] == "APPROVAL_REJECTED"
    assert english.json["refusal"] == {
        "refusal": "rejected_by_payer",
        "category": "authorisation",
        "gsma_code": "requestDeclined",
        "may_retry": False,
        "for_payer": "You refused this payment.",
        "for_merchant": "The payer refused the payment.",
        "next_step": "Ask the payer; make a new payment only if the payer agrees.",
    }
    assert french.json["refusal"] == english.json["refusal"] | {
        "for_payer": "Vous avez refusé ce paiement.",
        "for_merchant": "Le payeur a refusé le paiement.",
        "next_step": "Voyez avec le payeur\N{NO-BREAK SPACE}; ne créez un nouveau paiement que "
        "s'il est d'accord.",
    }
    languages = [one.headers["Content-Language"] for one in (english, french)]
    assert languages == ["en", "fr"]
    for answer in (english, french):
        documents.PaymentOut.model_validate_json(answer.body)


@pytest.mark.parametrize("kind", get_args(Kind))
def test_a_next_step_names_what_is_to_be_made_anew(kind: Kind) -> None:
    made = {"collection": "payment", "payout": "payout", "refund": "refund"}[kind]
    words = {"payment": "paiement", "payout": "versement", "refund": "remboursement"}
    steps = [one.wordings for one in DESCRIPTIONS_OF[kind].values()]
    english = " ".join(one["en"].next_step for one in steps)
    french = " ".join(one["fr"].next_step for one in steps)
    assert set(re.findall(r"\ba new (?!one\b)(\w+)", english)) == {made}
    assert set(re.findall(r"\bun nouveau (\w+ment)", french)) == {words[made]}
    assert "{" not in english + french


@pytest.mark.parametrize(
    ("path", "refusal", "step"),
    [
        ("/v1/payments", "insufficient_funds", "then make a new payment."),
        ("/v1/payouts", "merchant_funds_short", "then make a new payout."),
    ],
)
async def test_one_code_may_mean_another_account_when_money_goes_out(
    world: World, path: str, refusal: str, step: str
) -> None:
    shown = (await world.get(await failed(world, "NOT_ENOUGH_FUNDS", path))).json
    assert (shown["code"], shown["refusal"]["refusal"]) == ("NOT_ENOUGH_FUNDS", refusal)
    assert shown["refusal"]["next_step"].endswith(step)


@pytest.mark.parametrize(
    ("code", "refusal"),
    [
        (PAYEE_INACTIVE, "account_blocked"),
        (PAYEE_OVER_LIMITS, "payee_limit_reached"),
        (POWER_MISSING, "merchant_not_allowed"),
    ],
)
async def test_a_code_of_ours_is_explained_whichever_provider_was_chosen(
    world: World, code: str, refusal: str
) -> None:
    payout_id = await submitted(world, "/v1/payouts")
    declined = commands.DeclineSubmission(
        payment_id=payout_id, reference="r-1", code=code, reason="it told", is_technical=False
    )
    await told(world, declined)
    shown = (await world.get(f"/v1/payouts/{payout_id}")).json
    assert (shown["code"], shown["refusal"]["refusal"]) == (code, refusal)


async def test_a_code_nobody_listed_is_kept_verbatim_and_told_as_unknown(world: World) -> None:
    where = await failed(world, "REASON_OF_TOMORROW")

    shown = (await world.get(where)).json

    assert (shown["code"], shown["refusal"]["refusal"], shown["refusal"]["category"]) == (
        "REASON_OF_TOMORROW",
        "unknown",
        "businessRule",
    )


@pytest.mark.parametrize(
    ("is_technical", "category"), [(True, "internal"), (False, "businessRule")]
)
async def test_an_unlisted_code_of_a_declined_submission_is_sorted_by_its_outcome(
    world: World, is_technical: bool, category: str
) -> None:
    payment_id = await submitted(world)
    await told(
        world,
        commands.DeclineSubmission(
            payment_id=payment_id,
            reference="r-1",
            code="E-9",
            reason="no",
            is_technical=is_technical,
        ),
    )

    shown = (await world.get(f"/v1/payments/{payment_id}")).json

    refusal = shown["refusal"]
    assert (shown["status"], shown["code"], refusal["refusal"], refusal["category"]) == (
        "declined",
        "E-9",
        "unknown",
        category,
    )
    # What is made once for everybody stays what it was.
    listed = (await world.get("/v1/refusals")).json["refusals"]
    assert listed[-1]["category"] == DESCRIPTIONS[Refusal.UNKNOWN].category


async def test_without_a_code_nothing_is_explained(world: World) -> None:
    answer = await world.get(await failed(world, None))

    assert (answer.json["status"], answer.json["code"], answer.json["refusal"]) == (
        "failed",
        None,
        None,
    )
    assert "Content-Language" not in answer.headers


@pytest.mark.parametrize("is_settled", [True, False])
async def test_a_code_is_of_what_ended_without_money_and_goes_when_money_turns_out_to_have_moved(
    world: World, is_settled: bool
) -> None:
    payment_id = await submitted(world)
    declined = commands.DeclineSubmission(
        payment_id=payment_id, reference="r-1", code="3050", reason="no", is_technical=False
    )
    await told(world, declined)
    before = (await world.get(f"/v1/payments/{payment_id}")).json
    word = a_word(payment_id, Word.SUCCEEDED, None).evidence
    paid = structs.replace(word, source=Source.STATEMENT, amount="1500" if is_settled else "1400")
    await told(world, commands.RecordEvidence(payment_id=payment_id, evidence=paid))

    shown = (await world.get(f"/v1/payments/{payment_id}")).json
    support = (await world.get(f"/v1/payments/{payment_id}/support")).json

    status = "succeeded" if is_settled else "conflict"
    assert (before["status"], before["code"]) == ("declined", "3050")
    assert [(one["status"], one["code"]) for one in (shown, support)] == [(status, None)] * 2


async def test_a_conflict_advises_nobody_to_pay_again(world: World) -> None:
    payment_id = await submitted(world)
    await told(world, a_word(payment_id, Word.SUCCEEDED, None))
    await told(world, a_word(payment_id, Word.FAILED, "SERVICE_UNAVAILABLE"))

    shown = (await world.get(f"/v1/payments/{payment_id}")).json

    assert (shown["status"], shown["refusal"]) == ("conflict", None)


async def test_a_provider_that_is_not_enabled_any_more_is_still_understood(world: World) -> None:
    where = await failed(world, "APPROVAL_REJECTED")
    state, recorded = await world.services.handler.payment(where.rpartition("/")[2])

    told_later = refusal_of(state, recorded, adapters={}, accepted=None)

    assert told_later is not None
    assert told_later["refusal"] == "rejected_by_payer"


@pytest.mark.parametrize("who", ROLES)
async def test_any_key_reads_the_whole_vocabulary(world: World, who: str) -> None:
    answer = await world.get("/v1/refusals", who=who)

    report = reports.RefusalsReport.model_validate_json(answer.body)
    assert [one.refusal for one in report.refusals] == list(Refusal)
    for one in report.refusals:
        description = DESCRIPTIONS[one.refusal]
        assert one.may_reroute == description.may_reroute
        assert one.next_step == description.wordings["en"].next_step


async def test_the_vocabulary_is_given_in_french_and_to_nobody_without_a_key(world: World) -> None:
    french = await world.get("/v1/refusals", headers=FRENCH)
    nobody = await world.get("/v1/refusals", who=None)

    assert (french.headers["Content-Language"], nobody.code) == ("fr", "unauthenticated")
    texts = {one["refusal"]: one["for_payer"] for one in french.json["refusals"]}
    assert texts == {one: DESCRIPTIONS[one].wordings["fr"].for_payer for one in Refusal}
