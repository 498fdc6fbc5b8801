"""Money: exact, bounded, and clear about what it refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import InvalidMoneyError
from ledger.money import AMOUNT_MINOR_MAX, CURRENCIES, Money, decimals_of, parse_money, same_money

# ISO 4217, list one (six-month amendments included): currency -> decimals.
DECIMALS = {
    "XAF": 0,
    "XOF": 0,
    "GNF": 0,
    "UGX": 0,
    "RWF": 0,
    "GHS": 2,
    "NGN": 2,
    "ZMW": 2,
    "CDF": 2,
    "LRD": 2,
    "MGA": 2,
    "EUR": 2,
    "USD": 2,
}


@pytest.mark.parametrize(("currency", "decimals"), DECIMALS.items())
def test_decimals_are_those_of_iso_4217(currency: str, decimals: int) -> None:
    assert decimals_of(currency) == decimals


REFUSED = [
    ("12.50", "XAF", "amount", "XAF has 0 decimals, and the amount has 2."),
    ("12.505", "GHS", "amount", "GHS has 2 decimals, and the amount has 3."),
    ("0", "XAF", "amount", "the amount is zero."),
    ("0.00", "GHS", "amount", "the amount is zero."),
    ("-0.00", "GHS", "amount", "the amount is zero."),
    ("0.00000000", "XAF", "amount", "the amount is zero."),
    ("-5", "XAF", "amount", "the amount is negative."),
    ("-12.505", "GHS", "amount", "the amount is negative."),
    ("1.00000000", "GHS", "amount", "GHS has 2 decimals, and the amount has 8."),
    ("1000000000000001", "XAF", "amount", "the amount is too large."),
    ("10000000000000.01", "GHS", "amount", "the amount is too large."),
    ("9" * 23, "XAF", "amount", "the amount is too large."),
    ("9" * 5000 + ".5", "GHS", "amount", "the amount is too large."),
    ("--5", "XAF", "amount", "the amount is not a plain decimal number."),
    ("-", "XAF", "amount", "the amount is not a plain decimal number."),
    (".5", "GHS", "amount", "the amount is not a plain decimal number."),
    ("+5", "XAF", "amount", "the amount is not a plain decimal number."),
    ("1e3", "XAF", "amount", "the amount is not a plain decimal number."),
    ("1 000", "XAF", "amount", "the amount is not a plain decimal number."),
    ("1,000", "XAF", "amount", "the amount is not a plain decimal number."),
    ("007", "XAF", "amount", "the amount is not a plain decimal number."),
    ("", "XAF", "amount", "the amount is not a plain decimal number."),
    ("١٢", "XAF", "amount", "the amount is not a plain decimal number."),
    ("NaN", "EUR", "amount", "the amount is not a plain decimal number."),
    ("5", "xaf", "currency", "'xaf' is not a currency this ledger keeps."),
    ("5", "BTC", "currency", "'BTC' is not a currency this ledger keeps."),
]


@pytest.mark.parametrize(("amount", "currency", "field", "reason"), REFUSED)
def test_what_is_no_money_is_refused_with_field_reason_and_remedy(
    amount: str, currency: str, field: str, reason: str
) -> None:
    with pytest.raises(InvalidMoneyError) as refused:
        parse_money(amount, currency)

    assert (refused.value.field, refused.value.reason) == (field, reason)
    assert refused.value.remedy


@pytest.mark.parametrize("currency", ["xof", " XOF", "Xof "])
def test_who_wrote_a_currency_in_small_letters_is_told_which_it_is(currency: str) -> None:
    with pytest.raises(InvalidMoneyError) as refused:
        parse_money("5", currency)

    assert refused.value.remedy == "Send XOF, in capitals."


def test_an_amount_beyond_the_bound_is_refused() -> None:
    assert parse_money("10000000000000.00", "GHS") == Money(AMOUNT_MINOR_MAX, "GHS")
    with pytest.raises(InvalidMoneyError, match=r'Send at most "10000000000000\.00" GHS'):
        parse_money("10000000000000.01", "GHS")
    with pytest.raises(InvalidMoneyError, match="within bounds"):
        Money(AMOUNT_MINOR_MAX + 1, "GHS")


monies = st.builds(Money, st.integers(1, AMOUNT_MINOR_MAX), st.sampled_from(sorted(CURRENCIES)))


@given(monies)
def test_what_is_printed_is_read_back_exactly(money: Money) -> None:
    assert parse_money(money.amount, money.currency) == money


@given(monies, st.integers(0, 4))
def test_a_providers_trailing_zeros_do_not_make_another_amount(money: Money, zeros: int) -> None:
    text = money.amount if "." in money.amount else money.amount + "."
    assert same_money((text + "0" * zeros).rstrip("."), money)
    assert same_money(money.amount.rstrip("0") if "." in money.amount else money.amount, money) or (
        money.amount.rstrip("0").endswith(".")
    )


@given(monies, st.integers(-3, 3))
def test_only_the_very_same_amount_is_the_same(money: Money, off_by: int) -> None:
    other = max(money.amount_minor + off_by, 0)
    text = Money(min(other, AMOUNT_MINOR_MAX), money.currency).amount
    assert same_money(text, money) == (min(other, AMOUNT_MINOR_MAX) == money.amount_minor)


@pytest.mark.parametrize("text", ["", "abc", "1.2.3", "-1500", "1e3", "0x5dc", "1500,00"])
def test_text_that_is_no_number_is_never_the_same_money(text: str) -> None:
    assert not same_money(text, Money(1500, "XAF"))


@pytest.mark.parametrize("amount_minor", [-1, AMOUNT_MINOR_MAX + 1, 1.0, True])
def test_money_cannot_hold_what_is_no_count_of_minor_units(amount_minor: object) -> None:
    with pytest.raises(InvalidMoneyError):
        Money(amount_minor, "XAF")  # type: ignore[arg-type]
