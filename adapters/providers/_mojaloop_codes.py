"""Mojaloop's codes and what they mean in one vocabulary; and which of them refuse.

Source: FSPIOP API definition 1.1, section 7.6, the four digits of `errorInformation.errorCode`. The
words after them are the states of a transfer or request, and our own reasons to go no further.

The first digit says who had the trouble: 1 the connection, 2 a server, 3 the request, 4 the payer's
side, 5 the payee's. The first two say nothing about the payment, so they refuse nothing.
"""

from collections.abc import Mapping
from typing import Final

from adapters.refusals import Refusal

ABORTED: Final = "ABORTED"
"""The scheme gave a transfer up."""
REJECTED: Final = "REJECTED"
"""The payer, or the payer's provider, said no to a request to pay."""
UNKNOWN_TRANSFER: Final = "3208"
PAYEE_SAYS_NO_QUOTE: Final = "5103"
PAYEE_SAYS_NO_TRANSFER: Final = "5105"
UNKNOWN_PARTY: Final = "3204"

ANOTHER_PAYEE: Final = "ANOTHER_PAYEE"
QUOTE_SHORT: Final = "QUOTE_SHORT"
QUOTE_TOO_DEAR: Final = "QUOTE_TOO_DEAR"
QUOTE_UNREADABLE: Final = "QUOTE_UNREADABLE"
NEEDS_CONVERSION: Final = "NEEDS_CONVERSION"
SDK_DOES_NOT_WAIT: Final = "SDK_DOES_NOT_WAIT"

MEANINGS: Final[Mapping[str, Refusal]] = {
    "1000": Refusal.PROVIDER_UNAVAILABLE,
    "1001": Refusal.PROVIDER_UNAVAILABLE,
    "2000": Refusal.PROVIDER_ERROR,
    "2001": Refusal.PROVIDER_ERROR,
    "2002": Refusal.PROVIDER_ERROR,
    "2003": Refusal.PROVIDER_UNAVAILABLE,
    "2004": Refusal.PROVIDER_UNAVAILABLE,
    "2005": Refusal.PROVIDER_UNAVAILABLE,
    "3000": Refusal.INVALID_REQUEST,
    "3001": Refusal.INVALID_REQUEST,
    "3002": Refusal.INVALID_REQUEST,
    "3003": Refusal.INVALID_REQUEST,
    "3100": Refusal.INVALID_REQUEST,
    "3101": Refusal.INVALID_REQUEST,
    "3102": Refusal.INVALID_REQUEST,
    "3105": Refusal.MERCHANT_NOT_ALLOWED,
    "3106": Refusal.DUPLICATE,
    "3200": Refusal.INVALID_REQUEST,
    "3201": Refusal.WRONG_OPERATOR,
    # The code does not say whose: of a payout it is the payee, of a collection the payer.
    UNKNOWN_PARTY: Refusal.INVALID_NUMBER,
    "3205": Refusal.INVALID_REQUEST,
    "3206": Refusal.INVALID_REQUEST,
    UNKNOWN_TRANSFER: Refusal.INVALID_REQUEST,
    "3300": Refusal.TIMED_OUT,
    "3302": Refusal.TIMED_OUT,
    "3303": Refusal.TIMED_OUT,
    "4000": Refusal.NOT_ALLOWED,
    "4001": Refusal.MERCHANT_FUNDS_SHORT,
    "4100": Refusal.REJECTED_BY_PAYER,
    "4101": Refusal.REJECTED_BY_PAYER,
    "4200": Refusal.PAYER_LIMIT_REACHED,
    "4300": Refusal.NOT_ALLOWED,
    "4400": Refusal.ACCOUNT_BLOCKED,
    "5000": Refusal.PROVIDER_ERROR,
    "5001": Refusal.PROVIDER_ERROR,
    "5101": Refusal.NOT_ALLOWED,
    PAYEE_SAYS_NO_QUOTE: Refusal.NOT_ALLOWED,
    "5104": Refusal.NOT_ALLOWED,
    PAYEE_SAYS_NO_TRANSFER: Refusal.NOT_ALLOWED,
    "5106": Refusal.INVALID_CURRENCY,
    "5200": Refusal.PAYEE_LIMIT_REACHED,
    "5300": Refusal.NOT_ALLOWED,
    "5400": Refusal.ACCOUNT_BLOCKED,
    "400": Refusal.INVALID_REQUEST,
    ABORTED: Refusal.PROVIDER_ERROR,
    REJECTED: Refusal.REJECTED_BY_PAYER,
    ANOTHER_PAYEE: Refusal.PROVIDER_ERROR,
    NEEDS_CONVERSION: Refusal.INVALID_CURRENCY,
    QUOTE_SHORT: Refusal.INVALID_AMOUNT,
    QUOTE_TOO_DEAR: Refusal.INVALID_AMOUNT,
    QUOTE_UNREADABLE: Refusal.PROVIDER_ERROR,
    SDK_DOES_NOT_WAIT: Refusal.MERCHANT_NOT_ALLOWED,
}

REFUSING: Final = ("3", "4", "5")


def refuses(code: str | None) -> bool:
    """Whether a code is a no to the payment itself, rather than trouble on the way."""
    return code is not None and len(code) == 4 and code.startswith(REFUSING)
