"""What becomes of a request in the MTN sandbox: MTN's scenario tables, one per resource.

A scenario is a short key: the last two digits of a number, an invented id of a refund's original,
an amount of a bill. MTN's tables name scenarios ("PayeeNotFound"); which code each ends with is in
the tables here, and whether some fail at once is the switch `scenarios_at_post`.

Left out: the bill of 7000 ("unknown"), because nobody says what that looks like.

Sources: MTN's testing page, as two independent copies of it have it; `mtn_rules` for collections.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from adapters.sandbox.mtn_products import (
    BILL,
    CASH,
    DEPOSIT,
    INVOICE,
    PRE_APPROVAL,
    REFUND,
    REMITTANCE,
    REQUEST_TO_PAY,
    TRANSFER,
    WITHDRAWAL,
    Resource,
)
from adapters.sandbox.mtn_rules import (
    DELAYED,
    FAILURES,
    OFFICIAL_NUMBERS_PREFIX,
    ONGOING,
    OWN_FAILURES,
    Code,
    MtnSandboxSettings,
)

FAILS_LATE: Final = "4000"
"""The amount of a bill that stays open for a while and then fails."""

UNKNOWN_ORIGINAL: Final = "original"
UNCOVERED: Final = "uncovered"
"""Ours: a refund of what nobody paid, or of more than is left of it."""

_FIRST_THREE: Final = {one: FAILURES[one] for one in ("50", "51", "52")}

TRANSFER_FAILURES: Final[Mapping[str, Code]] = _FIRST_THREE | {
    "55": Code.NOT_ENOUGH_FUNDS,
    "56": Code.PAYER_LIMIT_REACHED,
    "57": Code.PAYEE_NOT_FOUND,
    "58": Code.NOT_ALLOWED,
    "59": Code.NOT_ALLOWED_TARGET_ENVIRONMENT,
    "60": Code.INVALID_CALLBACK_URL_HOST,
    "61": Code.INVALID_CURRENCY,
    "62": Code.INTERNAL_PROCESSING_ERROR,
    "63": Code.SERVICE_UNAVAILABLE,
    "64": Code.TRANSFER_TYPE_UNKNOWN,
}
"""MTN's table for Transfer: from 55 on it is another than that for RequestToPay."""

OWN_TRANSFER_FAILURES: Final[Mapping[str, Code]] = {
    "65": Code.PAYEE_LIMIT_REACHED,
    "66": Code.PAYEE_NOT_ALLOWED_TO_RECEIVE,
    "67": Code.COULD_NOT_PERFORM_TRANSACTION,
    "68": Code.LOW_BALANCE,
}
"""Ours: reasons that MTN's staff announced for payouts and that its table lacks."""

PRE_APPROVAL_FAILURES: Final[Mapping[str, Code]] = _FIRST_THREE | {
    "55": Code.PAYER_NOT_FOUND,
    "56": Code.NOT_ALLOWED,
    "57": Code.NOT_ALLOWED_TARGET_ENVIRONMENT,
    "58": Code.INVALID_CALLBACK_URL_HOST,
    "59": Code.INVALID_CURRENCY,
    "60": Code.INTERNAL_PROCESSING_ERROR,
    "61": Code.SERVICE_UNAVAILABLE,
}

REFUND_FAILURES: Final[Mapping[str, Code]] = {
    "1": Code.RESOURCE_NOT_FOUND,
    "2": Code.INTERNAL_PROCESSING_ERROR,
    "3": Code.APPROVAL_REJECTED,
    "4": Code.EXPIRED,
    "7": Code.NOT_ALLOWED,
    "8": Code.NOT_ALLOWED_TARGET_ENVIRONMENT,
    "9": Code.INVALID_CALLBACK_URL_HOST,
    "10": Code.INVALID_CURRENCY,
    "11": Code.INTERNAL_PROCESSING_ERROR,
    "12": Code.SERVICE_UNAVAILABLE,
    "13": Code.COULD_NOT_PERFORM_TRANSACTION,
    UNKNOWN_ORIGINAL: Code.RESOURCE_NOT_FOUND,
    UNCOVERED: Code.NOT_ALLOWED,
}
"""By `referenceIdToRefund`; 8 to 12 are not in the copies of the table that we have, and stand in
the order of its neighbours."""

_REFUND_DETOURS: Final = {"5": ONGOING, "6": DELAYED}

BILL_FAILURES: Final[Mapping[str, Code]] = {
    "2000": Code.INTERNAL_PROCESSING_ERROR,
    FAILS_LATE: Code.INTERNAL_PROCESSING_ERROR,
}
_BILL_DETOURS: Final = {"3000": DELAYED, "5000": ONGOING, "6000": ONGOING}

_TABLES: Final[Mapping[str, tuple[Mapping[str, Code], Mapping[str, Code]]]] = {
    REQUEST_TO_PAY: (FAILURES, OWN_FAILURES),
    WITHDRAWAL: (FAILURES, OWN_FAILURES),
    INVOICE: (FAILURES, OWN_FAILURES),
    DEPOSIT: (FAILURES, OWN_FAILURES),
    PRE_APPROVAL: (PRE_APPROVAL_FAILURES, {}),
    TRANSFER: (TRANSFER_FAILURES, OWN_TRANSFER_FAILURES),
    REMITTANCE: (TRANSFER_FAILURES, OWN_TRANSFER_FAILURES),
    CASH: (TRANSFER_FAILURES, OWN_TRANSFER_FAILURES),
    REFUND: (REFUND_FAILURES, {}),
    BILL: (BILL_FAILURES, {}),
}
"""MTN's own table of a resource and ours. MTN has none for invoices, remittances and cash
transfers; they play the one that is nearest."""

_NEVER_AT_POST: Final = frozenset({"50", "51", "52", "64", FAILS_LATE})


def scenario_of(
    resource: Resource,
    settings: MtnSandboxSettings,
    *,
    person_id: str | None,
    original: str | None,
    amount: str | None,
) -> str | None:
    """Return the key of a request's scenario; None means that all goes well."""
    official, ours = _TABLES[resource.key]
    if resource.form == "refund":
        chosen = _REFUND_DETOURS.get(original or "", original or "")
        return chosen if chosen in official or chosen in {ONGOING, DELAYED} else None
    if resource.form == "bill":
        # The platform reads numbers: 2000.00 is 2000.
        whole = f"{Decimal(amount or 0).normalize():f}"
        chosen = _BILL_DETOURS.get(whole, whole)
        return chosen if chosen in official or chosen in {ONGOING, DELAYED} else None
    digits = (person_id or "")[-2:]
    is_by_digits = settings.scenario_by_last_digits
    if is_by_digits or (person_id or "")[:-2] == OFFICIAL_NUMBERS_PREFIX:
        if digits in official or digits in {ONGOING, DELAYED}:
            return digits
        if is_by_digits and digits in ours:
            return digits
    return None


def failure_of(resource: Resource, scenario: str | None) -> Code | None:
    """Return the code a scenario ends with; None for success."""
    if scenario is None:
        return None
    if scenario == ONGOING:
        return Code.COULD_NOT_PERFORM_TRANSACTION
    official, ours = _TABLES[resource.key]
    return official.get(scenario) or ours.get(scenario)


def fails_at_post(resource: Resource, scenario: str | None) -> Code | None:
    """Return the code a request is refused with at once, where the switch says so."""
    official, _ = _TABLES[resource.key]
    return None if scenario in _NEVER_AT_POST else official.get(scenario or "")
