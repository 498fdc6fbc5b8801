"""What Sonatel's codes mean: a part of `adapters.providers.orange_sonatel`. All is constant.

One code has one name and two meanings: money that comes in is a payer's, who has a one-time code,
and money that goes out is the retailer's, who has a PIN, and is for a payee.
"""

from collections.abc import Mapping
from typing import Final

from adapters.refusals import Refusal

KEY_REVOKED: Final = "4003"
"""The PIN was sealed under a key that is no longer the present one: nothing was done."""

INTERNAL: Final = frozenset({"50", "51"})
"""Something failed at Sonatel; nobody knows what was done before it did."""

REFUSALS: Final[Mapping[str, Refusal]] = {
    "10": Refusal.MERCHANT_NOT_ALLOWED,
    "2000": Refusal.PAYER_NOT_FOUND,
    "2001": Refusal.INVALID_NUMBER,
    "2010": Refusal.WRONG_CODE,
    "2011": Refusal.WRONG_CODE,
    "2012": Refusal.WRONG_CODE,
    "2013": Refusal.WRONG_CODE,
    "2020": Refusal.INSUFFICIENT_FUNDS,
    "2021": Refusal.INSUFFICIENT_FUNDS,
    "2022": Refusal.INSUFFICIENT_FUNDS,
    "2023": Refusal.PAYER_LIMIT_REACHED,
    "2024": Refusal.PAYER_LIMIT_REACHED,
    "2025": Refusal.PAYER_LIMIT_REACHED,
    "2041": Refusal.NOT_ALLOWED,
    "2042": Refusal.NOT_ALLOWED,
    "2043": Refusal.NOT_ALLOWED,
    KEY_REVOKED: Refusal.PROVIDER_ERROR,
    "4004": Refusal.TIMED_OUT,
    "4099": Refusal.INVALID_REQUEST,
    "50": Refusal.PROVIDER_ERROR,
    "51": Refusal.PROVIDER_ERROR,
    "CANCELLED": Refusal.CANCELLED,
    "CODE_EXPIRED": Refusal.TIMED_OUT,
    "CURRENCY_NOT_XOF": Refusal.INVALID_CURRENCY,
    "FAILED": Refusal.PROVIDER_ERROR,
    "NUMBER_NOT_SENEGALESE": Refusal.INVALID_NUMBER,
    "REJECTED": Refusal.NOT_ALLOWED,
    "RETAILER_MISSING": Refusal.MERCHANT_NOT_ALLOWED,
}
"""Of a payment: Sonatel's codes and statuses and, in longer capitals, ours."""

OUTGOING_REFUSALS: Final[Mapping[str, Refusal]] = {
    **REFUSALS,
    "2000": Refusal.PAYEE_NOT_FOUND,
    **dict.fromkeys(("2010", "2011", "2012", "2013"), Refusal.MERCHANT_NOT_ALLOWED),
    **dict.fromkeys(("2020", "2021", "2022"), Refusal.MERCHANT_FUNDS_SHORT),
    **dict.fromkeys(("2023", "2024", "2025"), Refusal.PAYEE_LIMIT_REACHED),
}
"""Of a payout: the PIN and the funds are the retailer's own."""

OF_THE_PAYEE: Final = frozenset(
    {"2000", "2001", "2023", "2024", "2025", "2041", "2042", "2043", "NUMBER_NOT_SENEGALESE"}
)
"""Codes about the person, not about our request or account: no provider would pay the same one."""

OF_THE_PAYER: Final = OF_THE_PAYEE | {"2010", "2011", "2012", "2013", "2020", "2021", "2022"}
"""The same of a payer, whose are the one-time code and the funds as well."""

OF_THE_RETAILER: Final = frozenset({"10", "2010", "2011", "2012", "2013", KEY_REVOKED})
"""Codes of a cash-in about our account, our PIN or its key, whoever the payee is. That the funds
are short is none of them: of several payouts the first may have been made all the same."""
