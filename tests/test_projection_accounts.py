"""The books: what each event books, corrections as lines of their own, balances at any time."""

from datetime import datetime, timedelta
from typing import Any

from projections.accounts import AccountRow, AccountsProjection, JournalLine
from projections.effective import ALWAYS, Effective
from projections.general_ledger import Account, LedgerAsked
from projections.merchant_money import MerchantMoney
from tests.builders import NOW, Step, paid
from tests.projecting import Projected, ReadModel

WALLET = ("552", "Monnaie électronique - téléphone portable", "Mobile money wallets")
CUSTOMERS = ("411", "Clients", "Customers")
SUSPENSE = (
    "471",
    "Débiteurs et créditeurs divers",
    "Suspense: sundry debtors and creditors",
)


def row(
    account: tuple[str, str, str], holder: str, debit_minor: int, credit_minor: int
) -> AccountRow:
    """One account in XOF."""
    number, french, english = account
    return AccountRow(
        account=number,
        name_fr=french,
        name_en=english,
        holder=holder,
        currency="XOF",
        debit_minor=debit_minor,
        credit_minor=credit_minor,
    )


def verbs(words: str) -> list[Step]:
    """Steps of payment 0."""
    return [(0, verb) for verb in words.split()]


class TestAccounts(ReadModel):
    async def test_a_success_debits_the_wallet_and_credits_the_customers(
        self, projected: Projected
    ) -> None:
        await projected.story(*paid(0))
        accounts = projected.projections.of(AccountsProjection)
        assert await accounts.trial_balance() == [
            row(CUSTOMERS, "mer_0", 0, 1000),
            row(WALLET, "mtn", 1000, 0),
        ]
        common: dict[str, Any] = {
            "position": 5,
            "recorded_at": NOW + timedelta(seconds=3),
            "payment_id": "pay_0",
            "effective_at": NOW + timedelta(seconds=3),
            "is_redating": False,
        }
        assert await accounts.journal() == [
            JournalLine(
                **common, line=1, account="552", holder="mtn", currency="XOF", amount_minor=1000
            ),
            JournalLine(
                **common, line=2, account="411", holder="mer_0", currency="XOF", amount_minor=-1000
            ),
        ]

    async def test_a_success_that_a_statement_overturns_is_booked_back_never_erased(
        self, projected: Projected
    ) -> None:
        await projected.story(*paid(0), *verbs("statement_failure"))
        accounts = projected.projections.of(AccountsProjection)
        assert await accounts.trial_balance() == [
            row(CUSTOMERS, "mer_0", 1000, 1000),
            row(WALLET, "mtn", 1000, 1000),
        ]
        assert [
            (one.position, one.account, one.amount_minor) for one in await accounts.journal()
        ] == [
            (5, "552", 1000),
            (5, "411", -1000),
            (7, "552", -1000),
            (7, "411", 1000),
        ]

    async def test_money_in_conflict_waits_in_suspense_until_it_is_settled(
        self, projected: Projected
    ) -> None:
        await projected.story(*verbs("request start wrong_amount"))
        accounts = projected.projections.of(AccountsProjection)
        assert await accounts.trial_balance() == [
            row(SUSPENSE, "mtn", 0, 400),
            row(WALLET, "mtn", 400, 0),
        ]
        await projected.story(*verbs("statement_success"))
        assert await accounts.trial_balance() == [
            row(CUSTOMERS, "mer_0", 0, 1000),
            row(SUSPENSE, "mtn", 400, 400),
            row(WALLET, "mtn", 1000, 0),
        ]

    async def test_money_taken_twice_is_in_suspense_until_a_statement_says_which_was_not(
        self, projected: Projected
    ) -> None:
        await projected.story(
            *verbs("request start withdraw start success_first success statement_failure_first")
        )
        accounts = projected.projections.of(AccountsProjection)
        journal = await accounts.journal()
        assert [(one.position, one.account, one.amount_minor) for one in journal] == [
            (6, "552", 1000),
            (6, "411", -1000),
            (8, "552", 1000),
            (8, "471", -2000),
            (8, "411", 1000),
            (10, "552", -1000),
            (10, "411", -1000),
            (10, "471", 2000),
        ]

    async def test_a_further_word_within_a_conflict_is_booked_though_the_status_stays(
        self, projected: Projected
    ) -> None:
        await projected.story(
            *verbs("request start withdraw start wrong_amount success_first success_webhook")
        )
        journal = await projected.projections.of(AccountsProjection).journal()
        assert [(one.position, one.account, one.amount_minor) for one in journal] == [
            (6, "552", 400),
            (6, "471", -400),
            (7, "552", 1000),
            (7, "471", -1000),
        ]

    async def test_the_balance_can_be_asked_as_of_any_position_or_time(
        self, projected: Projected
    ) -> None:
        await projected.story(*paid(0), *verbs("statement_failure"))
        accounts = projected.projections.of(AccountsProjection)
        after_success = [row(CUSTOMERS, "mer_0", 0, 1000), row(WALLET, "mtn", 1000, 0)]
        third = NOW + timedelta(seconds=3)
        assert await accounts.trial_balance(as_of=4) == []
        assert await accounts.trial_balance(as_of=5) == after_success
        assert await accounts.trial_balance(as_of=6) == after_success
        assert await accounts.trial_balance(as_of=third - timedelta(microseconds=1)) == []
        assert await accounts.trial_balance(as_of=third) == after_success

    async def test_the_journal_comes_in_pages_of_whole_events(self, projected: Projected) -> None:
        await projected.story(*paid(0, 1, 2))
        accounts = projected.projections.of(AccountsProjection)
        first = await accounts.journal(limit=2)
        rest = await accounts.journal(after=first[-1].position, limit=2)
        assert [one.position for one in first + rest] == [5, 5, 10, 10, 15, 15]
        assert [one.position for one in await accounts.journal(payment_id="pay_1")] == [10, 10]

    async def test_a_merchants_money_is_told_by_what_became_of_it(
        self, projected: Projected
    ) -> None:
        # Payments 3 and 9 are of one merchant, payment 0 of another.
        await projected.story(*paid(0, 3), (9, "request"), (3, "refund"))
        accounts = projected.projections.of(AccountsProjection)

        async def money(merchant_id: str = "mer_1", **modes: Any) -> list[MerchantMoney]:
            return await accounts.merchant_money(merchant_id, default_mode="live", **modes)

        given: dict[str, Any] = {"currency": "XOF", "mode": "live"}
        assert await money() == [
            MerchantMoney(**given, collected_minor=1003, collecting_minor=1009, refunding_minor=501)
        ]
        await projected.story((3, "refund_paid"), (9, "start"), (9, "wrong_amount"))
        (then,) = await money()
        assert then == MerchantMoney(
            **given, collected_minor=1003, refunded_minor=501, suspense_in_minor=400
        )
        assert (then.net_minor, then.suspense_minor) == (502, 400)
        assert await money("mer_0") == [MerchantMoney(**given, collected_minor=1000)]
        assert await money(modes=["test"]) == []
        assert await money(modes=[None]) == [then]
        assert await money("mer_9") == []
        # What came in and what went out in doubt are two questions, and hide each other nowhere.
        await projected.story((3, "refund_contradicted"))
        (doubtful,) = await money()
        assert doubtful == MerchantMoney(
            **given, collected_minor=1003, suspense_in_minor=400, suspense_out_minor=501
        )
        assert doubtful.suspense_minor == -101

    async def test_a_collection_that_is_overturned_is_in_nobodys_money(
        self, projected: Projected
    ) -> None:
        await projected.story(*paid(0), *verbs("statement_failure"))
        accounts = projected.projections.of(AccountsProjection)
        assert await accounts.merchant_money("mer_0", default_mode="test") == []

    async def test_the_general_ledger_sums_to_the_trial_balance_of_every_span(
        self, projected: Projected
    ) -> None:
        await projected.story(*paid(0, 1, 2), (0, "refund"), (0, "refund_paid"))
        await projected.story((1, "statement_failure"), (2, "wrong_amount"))
        accounts = projected.projections.of(AccountsProjection)
        until = await projected.projections.position()
        times = sorted({line.effective_at for line in await accounts.journal(limit=1000)})
        half = times[len(times) // 2]
        for effective in (ALWAYS, Effective(None, half), Effective(half)):
            asked = LedgerAsked(until=until, effective=effective)
            sums: dict[Account, list[int]] = {}
            async with accounts.general_ledger(asked) as found:
                lines = [line async for line in found.lines]
            for line in lines:
                both = sums.setdefault(line.of, [0, 0])
                both[line.amount_minor < 0] += abs(line.amount_minor)
            balance = await accounts.trial_balance(as_of=until, effective=effective)
            assert sums == {
                Account(one.account, one.holder, one.currency): [one.debit_minor, one.credit_minor]
                for one in balance
            }
            assert [line.of for line in lines] == sorted(line.of for line in lines)
            before = {} if effective.since is None else await _held(accounts, until, half)
            assert found.openings == before
        one = LedgerAsked(account="552", until=until)
        async with accounts.general_ledger(one) as found:
            assert {line.of.account async for line in found.lines} == {"552"}


async def _held(accounts: AccountsProjection, until: int, before: datetime) -> dict[Account, int]:
    """What every account held by what had moved earlier."""
    rows = await accounts.trial_balance(as_of=until, effective=Effective(None, before))
    return {Account(one.account, one.holder, one.currency): one.balance_minor for one in rows}
