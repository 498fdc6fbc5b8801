"""The law about amounts and numbers: they reach the provider as they are, or not at all."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from adapters.base import Accepted, Adapter, Declined, Final, Unknown
from adapters.directory import BY_CODE, COUNTRIES, Operator, is_own_rail
from ledger.money import AMOUNT_MINOR_MAX, Money, decimals_of
from tests.contracts.law import Law
from tests.contracts.world import World, acceptance_of, forms_of, ready, submit, word_of
from tests.replay import PAYMENT_ID

AMOUNTS_MINOR = (1, 5, 99, 100, 101, 1_050, 2_505, 99_995, 1_000_000, 999_999_999)
"""One minor unit, what ends in one, in five and in nothing, and what fits into nine digits."""


def numbers_of(adapter: Adapter) -> Iterator[tuple[Operator, str]]:
    """A number of every operator whose customers the adapter says it reaches.

    Who has no numbers of its own (a wallet beside the operators, a scheme) takes everybody's: of
    these it is one a country.
    """
    here = [
        one
        for one in BY_CODE.values()
        if one.example is not None
        and one.country in adapter.countries
        and one.currency in adapter.currencies
    ]
    reached = [one for one in here if is_own_rail(adapter, one) or one.code in adapter.reaches]
    for one in reached or {one.country: one for one in here}.values():
        yield one, f"+{COUNTRIES[one.country].calling_code}{one.example}"


class FormsContract(Law):
    """What every adapter promises about what it sends; comes with `ProviderContract`."""

    @pytest.mark.parametrize("amount_minor", AMOUNTS_MINOR)
    async def test_an_amount_is_charged_to_the_last_minor_unit_or_not_at_all(
        self, world: World, amount_minor: int
    ) -> None:
        usual = world.charge("paid")
        money = Money(amount_minor, usual.money.currency)
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        outcome = await submit(world.adapter, replace(usual, money=money), reference)
        assert self.is_taken(outcome) or isinstance(outcome, Declined)
        if isinstance(outcome, Declined):
            # What it cannot take it says at once, before anybody was asked for money.
            assert (outcome.code != "", world.movements("collection")) == (True, [])
            return
        await world.end(reference, acceptance_of(outcome), "paid")
        (booked,) = world.movements("collection")
        assert (booked.amount_minor, booked.currency) == (amount_minor, money.currency)
        final = await word_of(world, reference, outcome)
        assert isinstance(final, Final)
        told = Decimal(final.amount or money.amount) * 10 ** decimals_of(money.currency)
        assert (told, final.currency or money.currency) == (amount_minor, money.currency)

    async def test_the_largest_amount_of_the_ledger_is_sent_whole_or_not_at_all(
        self, world: World
    ) -> None:
        usual = world.charge("paid")
        money = Money(AMOUNT_MINOR_MAX, usual.money.currency)
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        outcome = await submit(world.adapter, replace(usual, money=money), reference)
        assert self.is_taken(outcome) or isinstance(outcome, (Declined, Unknown))
        booked = [(one.amount_minor, one.currency) for one in world.movements("collection")]
        is_booked = self.is_taken(outcome) and not self.makes_its_page
        assert booked == [(AMOUNT_MINOR_MAX, money.currency)] * is_booked

    async def test_a_number_of_each_of_its_operators_is_sent_whole_or_not_at_all(
        self, world: World
    ) -> None:
        usual = world.charge("paid")
        sent: dict[str, str] = {}
        for number, (operator, phone) in enumerate(numbers_of(world.adapter), 1):
            before = len(world.movements("collection"))
            world.people.add(phone)
            charge = replace(usual, phone=phone, country=operator.country)
            reference = world.adapter.reference_for(PAYMENT_ID, number)
            outcome = await submit(world.adapter, charge, reference)
            booked = world.movements("collection")[before:]
            is_taken = self.is_taken(outcome)
            assert is_taken or isinstance(outcome, Declined), (operator.code, outcome)
            assert len(booked) == int(is_taken and not self.makes_its_page)
            sent.update((phone, one.phone) for one in booked)
        wrong = {
            phone: there for phone, there in sent.items() if there not in {"", *forms_of(phone)}
        }
        assert wrong == {}
        assert sent or self.makes_its_page


class OutgoingFormsContract:
    """The same of what is paid out; comes with `PayoutContract`."""

    @pytest.mark.parametrize("amount_minor", AMOUNTS_MINOR)
    async def test_an_amount_is_paid_out_to_the_last_minor_unit_or_not_at_all(
        self, world: Any, amount_minor: int
    ) -> None:
        usual = world.transfer("paid")
        money = Money(amount_minor, usual.money.currency)
        reference = world.adapter.reference_for(usual.payment_id, 1)
        transfer, forbidden = await ready(world.adapter, replace(usual, money=money), reference)
        outcome = forbidden or await world.adapter.pay_out(transfer, reference)
        assert isinstance(outcome, (Accepted, Declined, Final))
        booked = world.movements("payout")
        assert {(one.amount_minor, one.currency) for one in booked} <= {
            (amount_minor, money.currency)
        }
        # What is declined may be booked all the same, as a failure.
        going = [one for one in booked if one.ending in {None, "succeeded"}]
        assert len(going) == int(not isinstance(outcome, Declined))

    async def test_a_payee_of_each_of_its_operators_is_sent_whole_or_not_at_all(
        self, world: Any
    ) -> None:
        usual = world.transfer("paid")
        sent: dict[str, str] = {}
        for number, (operator, phone) in enumerate(numbers_of(world.adapter), 1):
            before = len(world.movements("payout"))
            world.people.add(phone)
            wanted = replace(usual, phone=phone, country=operator.country)
            reference = world.adapter.reference_for(usual.payment_id, number)
            transfer, forbidden = await ready(world.adapter, wanted, reference)
            outcome = forbidden or await world.adapter.pay_out(transfer, reference)
            booked = world.movements("payout")[before:]
            assert isinstance(outcome, (Accepted, Declined, Final)), (operator.code, outcome)
            assert len(booked) == int(not isinstance(outcome, Declined)), operator.code
            sent.update((phone, one.phone) for one in booked)
        wrong = {phone: there for phone, there in sent.items() if there not in forms_of(phone)}
        assert wrong == {}
        assert sent
