"""Descriptions of refusals: category, code, what can be done about it, and texts for people.

Category and code are those of the GSMA Mobile Money API 1.2 (its `errorObject`), so that whoever
speaks that interface needs no second table. Where it has no code that is exact, the nearest one is
taken: of the limits it knows the daily, weekly and monthly ones, and providers do not say which.

`may_retry` is about the same payment a little later, with nobody mending anything. What a person
must put right first (money, a number, a contract) or has decided (a refusal) is never tried again
by itself. `may_reroute` is about another provider: it helps where this provider or our contract
with it is the reason, or the number turned out to be of somebody else.

They are made once, when this module is read, and shared by everybody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from adapters.refusal_english import ENGLISH, Wording
from adapters.refusal_french import FRENCH
from adapters.refusals import Refusal
from ledger.identity import Kind

Language = Literal["en", "fr"]

Category = Literal[
    "identification",
    "validation",
    "authorisation",
    "businessRule",
    "internal",
    "serviceUnavailable",
]
"""The error categories of the GSMA Mobile Money API 1.2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """All there is to say about a refusal, whoever said it."""

    refusal: Refusal
    category: Category
    gsma_code: str
    may_retry: bool
    """Whether the same payment may go through a little later."""
    may_reroute: bool
    """Whether another provider might take it."""
    wordings: Mapping[Language, Wording]


@dataclass(frozen=True, slots=True)
class _Meaning:
    category: Category
    gsma_code: str
    may_retry: bool = False
    may_reroute: bool = False


_MEANINGS: Final[Mapping[Refusal, _Meaning]] = {
    Refusal.INSUFFICIENT_FUNDS: _Meaning("businessRule", "insufficientFunds"),
    Refusal.PAYER_NOT_FOUND: _Meaning("identification", "identifierError", may_reroute=True),
    Refusal.PAYEE_NOT_FOUND: _Meaning("identification", "identifierError", may_reroute=True),
    Refusal.PAYER_LIMIT_REACHED: _Meaning("businessRule", "accountMaxTotalValueExceeded"),
    Refusal.PAYEE_LIMIT_REACHED: _Meaning("businessRule", "maxBalanceExceeded"),
    Refusal.REJECTED_BY_PAYER: _Meaning("authorisation", "requestDeclined"),
    Refusal.CANCELLED: _Meaning("authorisation", "requestDeclined"),
    Refusal.TIMED_OUT: _Meaning("businessRule", "genericError", may_retry=True),
    Refusal.WRONG_PIN: _Meaning("authorisation", "requestDeclined", may_retry=True),
    Refusal.WRONG_CODE: _Meaning("authorisation", "requestDeclined", may_retry=True),
    Refusal.CODE_EXPIRED: _Meaning("authorisation", "requestDeclined", may_retry=True),
    Refusal.CODE_REQUIRED: _Meaning("validation", "mandatoryValueNotSupplied", may_reroute=True),
    Refusal.ACCOUNT_BLOCKED: _Meaning("businessRule", "incorrectState"),
    Refusal.NOT_ALLOWED: _Meaning("businessRule", "transactionTypeError"),
    Refusal.WRONG_OPERATOR: _Meaning("identification", "identifierError", may_reroute=True),
    Refusal.AMOUNT_TOO_LOW: _Meaning(
        "businessRule", "lessThanTransactionMinValue", may_reroute=True
    ),
    Refusal.AMOUNT_TOO_HIGH: _Meaning(
        "businessRule", "greaterThanTransactionMaxValue", may_reroute=True
    ),
    Refusal.INVALID_NUMBER: _Meaning("validation", "formatError"),
    Refusal.INVALID_AMOUNT: _Meaning("validation", "formatError", may_reroute=True),
    Refusal.INVALID_CURRENCY: _Meaning("validation", "currencyNotSupported", may_reroute=True),
    Refusal.INVALID_REQUEST: _Meaning("validation", "formatError", may_reroute=True),
    Refusal.DUPLICATE: _Meaning("businessRule", "duplicateRequest"),
    Refusal.NOT_REFUNDABLE: _Meaning("businessRule", "incorrectState"),
    Refusal.MERCHANT_FUNDS_SHORT: _Meaning("businessRule", "insufficientFunds", may_reroute=True),
    Refusal.MERCHANT_NOT_ALLOWED: _Meaning(
        "authorisation", "clientAuthorisationError", may_reroute=True
    ),
    Refusal.PROVIDER_UNAVAILABLE: _Meaning(
        "serviceUnavailable", "genericError", may_retry=True, may_reroute=True
    ),
    Refusal.PROVIDER_ERROR: _Meaning("internal", "genericError", may_retry=True, may_reroute=True),
    Refusal.UNKNOWN: _Meaning("businessRule", "genericError"),
}
"""Source: `errorObject` of the GSMA Mobile Money API 1.2.0, published in the repository
github.com/gsmainclusivetechlab/mobilemoneyapi-devportal (its swagger-files, the file `master`)."""


_ANOTHER: Final[Mapping[Kind, Mapping[Language, str]]] = {
    "collection": {"en": "a new payment", "fr": "un nouveau paiement"},
    "payout": {"en": "a new payout", "fr": "un nouveau versement"},
    "refund": {"en": "a new refund", "fr": "un nouveau remboursement"},
}
"""What a next step that begins anew calls it."""


def _described(refusal: Refusal, kind: Kind) -> Description:
    meaning = _MEANINGS[refusal]
    wordings: Mapping[Language, Wording] = {"en": ENGLISH[refusal], "fr": FRENCH[refusal]}
    return Description(
        refusal=refusal,
        category=meaning.category,
        gsma_code=meaning.gsma_code,
        may_retry=meaning.may_retry,
        may_reroute=meaning.may_reroute,
        wordings={
            language: wording._replace(
                next_step=wording.next_step.format(another=_ANOTHER[kind][language])
            )
            for language, wording in wordings.items()
        },
    )


DESCRIPTIONS_OF: Final[Mapping[Kind, Mapping[Refusal, Description]]] = {
    kind: {one: _described(one, kind) for one in Refusal} for kind in _ANOTHER
}
"""Every refusal of each kind with its description; a refusal that nobody described ends the start,
by name."""

DESCRIPTIONS: Final = DESCRIPTIONS_OF["collection"]
"""Every refusal as it is told where nothing more is known, and of a payment."""
