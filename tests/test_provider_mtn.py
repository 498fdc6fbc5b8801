"""The MTN adapter against the MTN sandbox: the contract, and what is MTN's own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.base import (
    Accepted,
    Charge,
    Declined,
    Final,
    NotFound,
    NotSent,
    Submission,
    Unknown,
)
from adapters.powers import AccountCheck, Balance, Original, Return
from adapters.providers.mtn import MtnAdapter
from adapters.refusals import Refusal
from adapters.sandbox.faults import Faults
from ledger.commands import RequestInquiry
from ledger.evidence import Word
from ledger.money import Money
from tests.contracts.provider import ProviderContract, World
from tests.contracts.rail import (
    PAYOUT_ID,
    REFUND_ID,
    PayoutContract,
    RefundContract,
)
from tests.contracts.webhook import WebhookContract
from tests.mtn_world import MtnWorld, a_world
from tests.replay import NOW, PAYMENT_ID, a_charge


class TestMtn(WebhookContract, ProviderContract, PayoutContract, RefundContract):
    """The contract of collections, payouts and refunds."""

    @asynccontextmanager
    async def open_world(self, folder: Path) -> AsyncIterator[World]:
        async with a_world(folder) as world:
            yield world

    def refused_at_once(self, world: World) -> Charge:
        return a_charge(money=Money(1500, "XAF"))


@pytest.mark.parametrize("shape", ["string", "object"])
@pytest.mark.parametrize(
    ("payer", "word", "code"),
    [
        ("+46733123450", Word.FAILED, "INTERNAL_PROCESSING_ERROR"),
        ("+46733123451", Word.FAILED, "APPROVAL_REJECTED"),
        ("+46733123452", Word.EXPIRED, "EXPIRED"),
        ("+46733123455", Word.FAILED, "PAYER_NOT_FOUND"),
        ("+46733123463", Word.FAILED, "COULD_NOT_PERFORM_TRANSACTION"),
    ],
)
async def test_each_failure_keeps_mtns_code_in_either_shape_of_reason(
    tmp_path: Path, shape: str, payer: str, word: Word, code: str
) -> None:
    async with a_world(tmp_path, reason_shape=shape) as world:
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        await world.adapter.submit(a_charge(phone=payer, callback_url=None), reference)
        world.timer.advance(60)
        final = await world.adapter.inquire(reference, None)
    assert isinstance(final, Final)
    assert (final.word, final.code, final.amount, final.currency) == (word, code, "12.5", "EUR")


@pytest.mark.parametrize(
    ("payer", "expected"),
    [
        ("+46733123455", Declined),
        ("+46733123457", Declined),
        ("+46733123460", Declined),
        ("+46733123461", Unknown),
        ("+46733123462", Unknown),
        ("+46733123463", Unknown),
    ],
)
async def test_what_fails_at_once_is_declined_only_if_mtn_says_why(
    tmp_path: Path, payer: str, expected: type[Declined | Unknown]
) -> None:
    async with a_world(tmp_path, scenarios_at_post=True) as world:
        outcome = await world.adapter.submit(
            a_charge(phone=payer, callback_url=None), world.adapter.reference_for(PAYMENT_ID, 1)
        )
        assert isinstance(outcome, expected)
        assert world.known() == set()


@pytest.mark.parametrize("shape", ["error", "gateway", "empty"])
async def test_a_token_is_renewed_after_a_401_of_any_shape(tmp_path: Path, shape: str) -> None:
    async with a_world(tmp_path, bearer_error_shape=shape) as world:
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        await world.adapter.inquire(reference, None)
        world.expire_tokens()
        outcome = await world.adapter.submit(a_charge(callback_url=None), reference)
    assert outcome == Accepted()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"subscription_key": "f" * 32},
            (
                "no access token: status 401: Access denied due to invalid subscription key. "
                "Make sure to provide a valid key for an active subscription."
            ),
        ),
        ({"api_key": "f" * 32}, "no access token: status 500: login_failed"),
    ],
)
async def test_wrong_credentials_send_nothing_and_say_so(
    tmp_path: Path, changes: dict[str, str], told: str
) -> None:
    async with a_world(tmp_path, changes=changes) as world:
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        assert await world.adapter.submit(a_charge(), reference) == NotSent(told)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"target_environment": "mtncameroon"}, "NOT_ALLOWED_TARGET_ENVIRONMENT"),
        ({"callback_host": "pay.example"}, "INVALID_CALLBACK_URL_HOST"),
    ],
)
async def test_a_wrong_environment_or_callback_host_is_declined_by_name(
    tmp_path: Path, changes: dict[str, str], code: str
) -> None:
    async with a_world(tmp_path, changes=changes) as world:
        charge = a_charge(callback_url=f"https://pay.example/webhooks/mtn/{PAYMENT_ID}/x")
        outcome = await world.adapter.submit(charge, world.adapter.reference_for(PAYMENT_ID, 1))
        assert isinstance(outcome, Declined)
        assert (outcome.code, outcome.is_technical, world.known()) == (code, True, set())


async def test_a_payment_without_an_answer_is_not_sent_again_by_itself(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        await world.adapter.inquire(reference, None)
        await world.weather(Faults(connection_reset_before=1))
        outcome = await world.adapter.submit(a_charge(callback_url=None), reference)
        posts = [one for one in world.exchanges if one.path.endswith("/requesttopay")]
    assert (type(outcome), len(posts)) == (Unknown, 1)


async def test_status_calls_stay_below_mtns_limit(tmp_path: Path) -> None:
    async with a_world(tmp_path, changes={"call_timeout_seconds": 10}) as world:
        # The sandbox counts by its own time, which stands still: the eleventh call is refused.
        asked = [
            await world.adapter.inquire(world.adapter.reference_for(PAYMENT_ID, number), None)
            for number in range(1, 12)
        ]
    assert asked[-1] == Unknown("status 429: Rate limit is exceeded. Try again in 1 seconds.")


async def paid_back(world: MtnWorld, original: Original, number: int, amount: int) -> Submission:
    """Ask for a part of a collection under the n-th reference, and let it end."""
    wanted = world.giving_back(original, amount)
    outcome = await world.adapter.refund(wanted, world.adapter.reference_for(REFUND_ID, number))
    world.timer.advance(60)
    return outcome


async def test_parts_are_given_back_until_nothing_is_left(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        original = await world.paid_original()
        for number, amount in enumerate((500, 500, 500), start=1):
            assert await paid_back(world, original, number, amount) == Accepted()
        asked = [
            await world.adapter.inquire_refund(world.adapter.reference_for(REFUND_ID, one), None)
            for one in (1, 2, 3)
        ]
    assert [(one.word, one.code, one.amount) for one in asked if isinstance(one, Final)] == [
        (Word.SUCCEEDED, None, "5"),
        (Word.SUCCEEDED, None, "5"),
        (Word.FAILED, "NOT_ALLOWED", "5"),
    ]


@pytest.mark.parametrize(
    ("switch", "expected"), [("refused", Declined), ("failed", Accepted), ("paid", Accepted)]
)
async def test_more_than_was_paid_is_refused_as_the_sandbox_is_told(
    tmp_path: Path, switch: str, expected: type[Submission]
) -> None:
    async with a_world(tmp_path, uncovered_refund=switch) as world:
        original = await world.paid_original()
        outcome = await paid_back(world, original, 1, 9_999)
        endings = [one.ending for one in world.movements("refund")]
    assert isinstance(outcome, expected)
    assert endings == {"refused": [], "failed": ["failed"], "paid": ["succeeded"]}[switch]


async def test_a_refund_of_a_collection_nobody_made_fails_by_name(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        original = Original(
            payment_id=PAYMENT_ID,
            reference=world.adapter.reference_for(PAYMENT_ID, 9),
            money=Money(1250, "EUR"),
            provider_transaction_id=None,
        )
        await paid_back(world, original, 1, 1250)
        final = await world.adapter.inquire_refund(world.adapter.reference_for(REFUND_ID, 1), None)
    assert isinstance(final, Final)
    code = final.code or ""
    assert (final.word, code) == (Word.FAILED, "RESOURCE_NOT_FOUND")
    assert MtnAdapter.outgoing_refusals[code] is Refusal.NOT_REFUNDABLE


async def test_a_payout_the_account_does_not_cover_fails_for_want_of_funds(tmp_path: Path) -> None:
    async with a_world(tmp_path, opening_balance="10") as world:
        reference = world.adapter.reference_for(PAYOUT_ID, 1)
        await world.adapter.pay_out(world.transfer("paid"), reference)
        world.timer.advance(60)
        final = await world.adapter.inquire_payout(reference, None)
    assert isinstance(final, Final)
    code = final.code or ""
    assert (final.word, code) == (Word.FAILED, "NOT_ENOUGH_FUNDS")
    assert MtnAdapter.refusals[code] is Refusal.INSUFFICIENT_FUNDS
    assert MtnAdapter.outgoing_refusals[code] is Refusal.MERCHANT_FUNDS_SHORT


@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_a_callback_of_a_payout_makes_us_ask_by_either_method(
    tmp_path: Path, method: str
) -> None:
    async with a_world(tmp_path, callback_method=method) as world:
        reference = world.adapter.reference_for(PAYOUT_ID, 1)
        accepted = await world.adapter.pay_out(world.transfer("paid"), reference)
        assert isinstance(accepted, Accepted)
        await world.end(reference, accepted, "paid")
        call = world.notified[-1]
        verdict = world.adapter.authenticate(call, None, NOW)
        (command,) = world.adapter.translate(call, verdict, NOW)
    assert (call.method, verdict, type(command)) == (method, "unsigned", RequestInquiry)
    assert command.payment_id == PAYOUT_ID


async def test_each_products_balance_is_told_and_only_its_own_moves(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await world.paid_original()
        await world.adapter.pay_out(
            world.transfer("paid"), world.adapter.reference_for(PAYOUT_ID, 1)
        )
        world.timer.advance(60)
        told = await world.adapter.balances()
    assert told == [
        Balance("1012.5", "EUR", "collection"),
        Balance("987.5", "EUR", "disbursement"),
    ]


async def test_a_market_of_two_currencies_is_asked_for_both_balances(tmp_path: Path) -> None:
    async with a_world(
        tmp_path,
        changes={"target_environment": "mtnliberia"},
        target_environment="mtnliberia",
        currencies=("LRD", "USD"),
    ) as world:
        told = await world.adapter.balances()
    assert not isinstance(told, Unknown)
    assert [(one.account, one.currency) for one in told] == [
        (account, currency)
        for account in ("collection", "disbursement")
        for currency in ("LRD", "USD")
    ]


@pytest.mark.parametrize(
    ("phone", "expected"),
    [
        ("+237650000001", AccountCheck(is_active=True)),
        ("+46733123450", AccountCheck(is_active=False, detail="no active account at MTN")),
        ("+46733123451", AccountCheck(is_active=False, detail="no active account at MTN")),
        ("+46733123452", Unknown("status 500: NOT_ALLOWED Not allowed.")),
        ("+46733123455", Unknown("status 503: SERVICE_UNAVAILABLE Service unavailable.")),
    ],
)
async def test_an_account_is_active_or_not_or_nobody_knows(
    tmp_path: Path, phone: str, expected: AccountCheck | Unknown
) -> None:
    async with a_world(tmp_path) as world:
        assert await world.adapter.check_account(phone, "CM") == expected
        transcripts = [one.transcript for one in world.exchanges]
    assert [text for text in transcripts if phone.removeprefix("+") in text] == []


async def test_without_a_key_of_disbursements_nothing_is_paid_out_or_back(tmp_path: Path) -> None:
    without = {f"disbursement_{name}": None for name in ("subscription_key", "api_user", "api_key")}
    async with a_world(tmp_path, changes=without) as world:
        original = await world.paid_original()
        wanted: Return = world.giving_back(original)
        reference = world.adapter.reference_for(PAYOUT_ID, 1)
        reason = "no subscription key of Disbursements is set"
        assert [
            await world.adapter.pay_out(world.transfer("paid"), reference),
            await world.adapter.refund(wanted, reference),
            await world.adapter.inquire_payout(reference, None),
            await world.adapter.inquire_refund(reference, None),
        ] == [NotSent(reason), NotSent(reason), Unknown(reason), Unknown(reason)]
        assert await world.adapter.balances() == [Balance("1012.5", "EUR", "collection")]
        assert await world.adapter.check_account("+237650000001", "CM") == AccountCheck(True)


async def test_a_user_of_collections_cannot_pay_out_and_is_told_why(tmp_path: Path) -> None:
    same = {"disbursement_api_user": None, "disbursement_api_key": None}
    async with a_world(tmp_path, changes=same) as world:
        reference = world.adapter.reference_for(PAYOUT_ID, 1)
        outcome = await world.adapter.pay_out(world.transfer("paid"), reference)
        asked = await world.adapter.inquire_payout(reference, None)
    assert isinstance(outcome, Declined)
    assert (outcome.code, outcome.is_technical) == ("NOT_ALLOWED_TARGET_ENVIRONMENT", True)
    assert isinstance(asked, Unknown)


async def test_where_users_cross_products_one_user_does_for_all(tmp_path: Path) -> None:
    same = {"disbursement_api_user": None, "disbursement_api_key": None}
    async with a_world(tmp_path, changes=same, users_cross_products=True) as world:
        reference = world.adapter.reference_for(PAYOUT_ID, 1)
        asked = await world.adapter.inquire_payout(reference, None)
        outcome = await world.adapter.pay_out(world.transfer("paid"), reference)
    assert (type(asked), outcome) == (NotFound, Accepted())


async def test_disbursements_from_an_address_that_is_not_listed_are_not_sent(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path, disbursement_addresses=("192.0.2.1",)) as world:
        reference = world.adapter.reference_for(PAYOUT_ID, 1)
        outcome = await world.adapter.pay_out(world.transfer("paid"), reference)
        asked = await world.adapter.inquire_payout(reference, None)
        assert world.movements("payout") == []
    assert (outcome, asked) == (NotSent("status 403: Forbidden"), Unknown("status 403: Forbidden"))
