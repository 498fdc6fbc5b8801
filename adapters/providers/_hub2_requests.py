"""What HUB2 is sent: the part of `adapters.providers.hub2` that only writes.

References and texts hold letters, digits, hyphen, underscore, dot and space: HUB2 refuses a
reference with anything else, so no text takes the risk.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Final, Literal

from adapters.base import Charge
from adapters.directory import parse_phone
from adapters.pages import PayerWay, home_of
from adapters.powers import Transfer
from ledger.errors import InvalidPhoneError

TEXT_LENGTH_MAX: Final = 100
"""Ours: HUB2 names no limit."""

OPERATORS: Final[Mapping[str, str]] = {"MTN": "mtn", "Moov": "moov", "Orange": "orange"}
"""The brand of a number's range -> what HUB2 calls it in every country we serve."""

PAGED: Final = frozenset({"wave"})
"""Operators whose payers always confirm on a page, so that HUB2 wants to know where it leads to."""

ORANGE_PAGED: Final = frozenset({"orange-ci", "orange-sn"})
"""Operators of Orange whose payers may be led to a page, where the account's workflow says so."""

Form = Literal["plus", "digits", "national"]


def operator_of(phone: str) -> str | None:
    """Say what HUB2 calls the operator of a number; None where it is none that we know there."""
    try:
        operator = parse_phone(phone, None).operator
    except InvalidPhoneError:
        return None
    return None if operator is None else OPERATORS.get(operator.brand)


def payer_way(operator_code: str, *, operator: str | None, workflow: str | None) -> PayerWay:
    """Say by what an operator's customer confirms, as the account is set up.

    Orange may want a one-time code or lead to a page; without a workflow HUB2 chooses, and its
    answer tells.
    """
    called = operator or operator_code.rpartition("-")[0]
    if called in PAGED:
        return "page"
    if called != "orange":
        return "prompt"
    if workflow == "redirection" and operator_code in ORANGE_PAGED:
        return "page"
    return "code" if workflow == "otp" else "told"


def msisdn_of(phone: str, form: Form) -> str:
    """Write a number (E.164 with `+`) as the account's operators want it."""
    match form:
        case "plus":
            return phone
        case "digits":
            return phone.removeprefix("+")
    return parse_phone(phone, None).national


def build_intent(charge: Charge, reference: str, business_name: str | None) -> dict[str, object]:
    """Build the body that opens an intent; the amount is in the smallest unit."""
    named = {"overrideBusinessName": business_name} if business_name else {}
    return {
        "customerReference": charge.payment_id,
        "purchaseReference": reference,
        "amount": charge.money.amount_minor,
        "currency": charge.money.currency,
        **named,
    }


def build_attempt(
    charge: Charge, token: str, operator: str, *, form: Form, workflow: str | None
) -> dict[str, object]:
    """Build the body that asks the payer; the intent's token stands in it, and no key."""
    asked = {"msisdn": msisdn_of(charge.phone, form)}
    if charge.one_time_code is not None:
        asked["otp"] = charge.one_time_code
    if workflow is not None:
        asked["workflow"] = workflow
    home = charge.return_url or (home_of(charge.callback_url) if charge.callback_url else None)
    if home is not None and (workflow == "redirection" or operator in PAGED):
        asked["onSuccessRedirectionUrl"] = home
        asked["onFailedRedirectionUrl"] = charge.cancel_url or home
    return {
        "token": token,
        "paymentMethod": "mobile_money",
        "country": charge.country,
        "provider": operator,
        "mobileMoney": asked,
    }


def build_confirmation(token: str, one_time_code: str) -> dict[str, object]:
    """Build the body that hands over the payer's code; the intent's token stands in it too."""
    return {"token": token, "confirmationCode": one_time_code}


def build_transfer(
    transfer: Transfer,
    reference: str,
    operator: str,
    *,
    form: Form,
    recipient_name: str,
    business_name: str | None,
) -> dict[str, object]:
    """Build the body of a transfer; the amount is in the smallest unit."""
    named = {"overrideBusinessName": business_name} if business_name else {}
    return {
        "reference": reference,
        "amount": transfer.money.amount_minor,
        "currency": transfer.money.currency,
        "description": plain(transfer.description),
        "destination": {
            "type": "mobile_money",
            "country": transfer.country,
            "recipientName": recipient_name,
            "msisdn": msisdn_of(transfer.phone, form),
            "provider": operator,
        },
        **named,
    }


def plain(text: str) -> str:
    """Reduce a text to what HUB2 surely takes; never to nothing."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = re.sub(r"[^A-Za-z0-9_.-]+", " ", ascii_text).strip()
    return words[:TEXT_LENGTH_MAX].strip() or "Transfer"
