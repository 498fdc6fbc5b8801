"""What we ask of the SDK, and what its answer to a request to pay means.

A request is the body of a POST, valid by the outbound API's own schema, which takes nothing it does
not know. Amounts are in the scheme's form, numbers are digits alone.
"""

from typing import Final

from adapters.answer import Answer, object_in
from adapters.base import Charge, Pending, Unknown
from adapters.base import Final as FinalWord
from adapters.providers._mojaloop_answers import failed, id_at, refused_code, text_at, told
from adapters.providers._mojaloop_backend import Asked, Merchant, plain
from adapters.providers._mojaloop_codes import REJECTED
from ledger.money import Money

NOTE_LENGTH_MAX: Final = 128


def msisdn(phone: str) -> str:
    """Write a number as the scheme's directory has it: digits alone."""
    return phone.removeprefix("+")


def build_request_to_pay(charge: Charge, reference: str, merchant: Merchant) -> dict[str, object]:
    """Build the body of POST /requestToPay. The SDK sends it to `to`: that is who shall pay."""
    asked = Asked(
        payment_id=charge.payment_id,
        reference=reference,
        currency=charge.money.currency,
        amount=plain(charge.money),
    )
    return {
        "homeR2PTransactionId": asked.name,
        "from": merchant.party,
        "to": {"idType": "MSISDN", "idValue": msisdn(charge.phone)},
        "amountType": "RECEIVE",
        "currency": asked.currency,
        "amount": asked.amount,
        "transactionType": "PAYMENT",
    }


def build_transfer(
    reference: str, money: Money, phone: str, note: str, merchant: Merchant
) -> dict[str, object]:
    """Build the body of POST /transfers: the payee gets the amount, we bear what it costs."""
    return {
        "homeTransactionId": reference,
        "from": merchant.party,
        "to": {"idType": "MSISDN", "idValue": msisdn(phone)},
        "amountType": "RECEIVE",
        "currency": money.currency,
        "amount": plain(money),
        "transactionType": "TRANSFER",
        "note": note[:NOTE_LENGTH_MAX],
    }


def parse_request_to_pay(answer: Answer) -> FinalWord | Pending | Unknown | str:
    """Say what PUT /requestToPay means; a text is the id of a transfer that may be asked about."""
    body = object_in(answer.body)
    states = {
        text_at(body, name, "body", "transactionRequestState")
        # The second is not in the document: the SDK shows what it keeps, and it keeps notices.
        for name in ("transactionRequestResponse", "putTransactionRequestNotification")
    }
    if answer.status == 200 and REJECTED in states:
        return failed(REJECTED, None)
    code = refused_code(answer)
    if answer.status != 200 and code is not None and code.startswith("4"):
        return failed(code, None)
    if answer.status != 200 or text_at(body, "currentState") is None:
        return Unknown(told(answer))
    transfer_id = id_at(body, "transactionRequestResponse", "body", "transactionId")
    return Pending("the payer's provider has the request") if transfer_id is None else transfer_id
