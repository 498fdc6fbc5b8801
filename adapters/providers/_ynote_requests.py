"""What Y-Note is sent: the part of `adapters.providers.ynote` that only writes.

Amounts are texts of whole francs, and texts hold letters, digits and spaces alone. Whom Y-Note
cannot be asked about is declined here, before anybody is called.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Final, Literal

from adapters.base import Charge, Declined
from adapters.directory import parse_phone
from adapters.powers import Transfer
from ledger.errors import InvalidPhoneError

CURRENCY: Final = "XAF"

TEXT_LENGTH_MAX: Final = 100
"""Ours: Y-Note names no limit."""

Operator = Literal["mtn", "orange"]
Form = Literal["national", "international"]

METHODS: Final[Mapping[Operator, str]] = {"mtn": "MTN_CMR", "orange": "OM_CMR"}
"""What Y-Note calls the operators; the spelling of its key, `PaiementMethod`, is Y-Note's too."""

OPERATORS: Final[Mapping[str, Operator]] = {"mtn-cm": "mtn", "orange-cm": "orange"}
"""The directory's code of an operator -> ours here."""


def build_payment(
    charge: Charge, reference: str, operator: Operator, keys: Mapping[str, str], form: Form
) -> dict[str, object]:
    """Build the body that queues a payment."""
    number = charge.phone.removeprefix("+")
    return {
        "API_MUT": {
            "notifUrl": charge.callback_url,
            "subscriberMsisdn": number.removeprefix("237") if form == "national" else number,
            "description": plain(charge.description, otherwise="Paiement"),
            "amount": charge.money.amount,
            "order_id": reference,
            **keys,
            "PaiementMethod": METHODS[operator],
        }
    }


def build_payout(
    transfer: Transfer,
    reference: str,
    keys: Mapping[str, str],
    channel: tuple[str, str],
    recipient_name: str,
) -> dict[str, object]:
    """Build the body that queues a payout from a channel (number and PIN); we bear its fee."""
    number, pin = channel
    return {
        **keys,
        "channelUserMsisdn": number,
        "pin": pin,
        "webhook": transfer.callback_url,
        "amount": transfer.money.amount,
        "final_customer_phone": transfer.phone.removeprefix("+237"),
        "final_customer_name": recipient_name,
        "refund_method": "OrangeMoney",
        "fees_included": "No",
        "transaction_code": reference,
    }


def not_served(reason: str) -> Declined:
    """Refuse a number before anybody is called."""
    return Declined(code="OPERATOR_NOT_SERVED", reason=reason, is_technical=True)


def operator_of(phone: str) -> Operator | None:
    """Name the operator of a number's range; None where Y-Note does not reach it."""
    try:
        operator = parse_phone(phone, None).operator
    except InvalidPhoneError:
        return None
    return None if operator is None else OPERATORS.get(operator.code)


def plain(text: str, *, otherwise: str) -> str:
    """Reduce a text to what is surely taken: ASCII letters, digits and single spaces."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = re.sub(r"[^A-Za-z0-9]+", " ", ascii_text).strip()
    return words[:TEXT_LENGTH_MAX].strip() or otherwise


def fault_of(order: Charge | Transfer) -> Declined | None:
    """Say why Y-Note cannot be asked for this; None where it can."""
    if order.money.currency != CURRENCY:
        reason = f"Y-Note's amounts are {CURRENCY}, not {order.money.currency}"
        return Declined(code="CURRENCY_NOT_SERVED", reason=reason, is_technical=True)
    if order.callback_url is None:
        reason = "Y-Note demands an address for its callback; set CAURI_PUBLIC_URL"
        return Declined(code="CALLBACK_URL_MISSING", reason=reason, is_technical=True)
    return None
