"""What Orange Cameroon's answers mean: the part of `adapters.providers.orange_cm` that only reads.

What an answer to `mp/pay` or `cashin/pay` means for the money:

    200 with a status nobody calls final           accepted
    200 with SUCCESSFULL, FAILED, EXPIRED, ...     the final word (cash-ins often end at once)
    417 with status FAILED and no transaction      declined: refused before there was one
    401; 4xx with a fault of the gateway's door    not sent: turned away before Orange Money
    all else                                       unknown: ask by the payToken

Why a 417 is not a refusal by itself: it says "business error", and which one, only in its body. One
about a payToken that was used before would otherwise decline what has been paid.

Why the XML of a gateway's time-out is unknown: the gateway stopped waiting, Orange Money did not.

Why an expired payToken is final although all its fields are null: the payToken is one transaction,
the answer was asked for by it, and what has expired can no longer be confirmed.

When money moved is not taken: `createtime` is when the payToken was given, and the day and hour
inside a `txnid` have no zone that is written anywhere.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from adapters.answer import Answer, AnswerUnknownError, object_in
from adapters.base import (
    Accepted,
    Declined,
    Inquiry,
    NotSent,
    Pending,
    Submission,
    Unknown,
    WebhookCall,
    WebhookUnreadableError,
)
from adapters.base import Final as FinalWord
from adapters.powers import AccountCheck, Prepared
from adapters.refusals import Refusal
from adapters.tokens import Token, token_in
from adapters.transcript import figure, said
from ledger.commands import RequestInquiry
from ledger.evidence import Word

TOKEN_SECONDS: Final = 600.0
"""How long a token is good if the answer does not say; the seen ones share an hour."""

BUSINESS_ERROR: Final = 417
GOOD: Final = "200"
"""What `inittxnstatus` and `confirmtxnstatus` say of a step that went well."""

WORDS: Final[Mapping[str, Word]] = {
    "SUCCESSFULL": Word.SUCCEEDED,
    "SUCCESS": Word.SUCCEEDED,
    "FAILED": Word.FAILED,
    "CANCELLED": Word.FAILED,
    "EXPIRED": Word.EXPIRED,
}
"""The final statuses; the double L is Orange's. INITIATED and PENDING are not final, and neither is
one that nobody announced."""

POOR: Final = "60019"
UNKNOWN_PERSON: Final = "Beneficiaire introuvable"
BLOCKED_PERSON: Final = "Utilisateur bloque"

MEANINGS: Final[Mapping[str, Refusal]] = {
    POOR: Refusal.INSUFFICIENT_FUNDS,
    "Le solde du compte du payeur est insuffisant": Refusal.INSUFFICIENT_FUNDS,
    UNKNOWN_PERSON: Refusal.PAYEE_NOT_FOUND,
    BLOCKED_PERSON: Refusal.ACCOUNT_BLOCKED,
    "Vous avez saisi un montant superieur au montant maximum autorise": Refusal.AMOUNT_TOO_HIGH,
    "CANCELLED": Refusal.CANCELLED,
    "EXPIRED": Refusal.TIMED_OUT,
    "FAILED": Refusal.PROVIDER_ERROR,
    "900901": Refusal.MERCHANT_NOT_ALLOWED,
    "CURRENCY_NOT_XAF": Refusal.INVALID_CURRENCY,
    "NUMBER_NOT_CAMEROONIAN": Refusal.INVALID_NUMBER,
}
"""Orange's codes; where only the sentence of one is known, the sentence. The last two are ours."""

_PAY_TOKEN: Final = re.compile(r"[A-Za-z0-9]{8,64}")
"""It stands in a path; MP and 26 capitals and digits were seen."""
_CODED: Final = re.compile(r"(\d{3,8}) :: (.*)", re.DOTALL)
_DOOR: Final = range(900_800, 901_000)
"""WSO2's faults of the gateway's own door: throttling and authentication."""


def parse_token(answer: Answer) -> Token:
    """Read a token; raises AnswerUnknownError for whatever is none."""
    if answer.status == 200:
        token = token_in(answer.json_object(), lifetime_seconds=TOKEN_SECONDS)
        if token is not None:
            return token
    raise AnswerUnknownError(told(answer))


def parse_preparation(answer: Answer, reference: str) -> Prepared | NotSent:
    """Read an answer to `init`: a payToken, by which nobody can be charged yet."""
    data = data_in(answer)
    pay_token = None if data is None else data.get("payToken")
    if answer.status != 200 or not is_pay_token(pay_token):
        return NotSent(f"{told(answer)} without a payToken")
    return Prepared(handle={"pay_token": str(pay_token), "order_id": reference})


def is_pay_token(value: object) -> bool:
    """Whether it can be one, and can stand in a path."""
    return isinstance(value, str) and _PAY_TOKEN.fullmatch(value) is not None


def parse_submission(
    answer: Answer, handle: Mapping[str, str], *, is_payout: bool = False
) -> Submission:
    """Say what an answer to `pay` means; see the module's table."""
    if answer.status == 401 or (400 <= answer.status < 500 and is_turned_away(answer)):
        return NotSent(told(answer))
    if answer.status not in {200, BUSINESS_ERROR}:
        return Unknown(told(answer))
    word = parse_inquiry(answer, handle)
    match word:
        case FinalWord(word=Word.FAILED) if answer.status == BUSINESS_ERROR:
            if word.provider_transaction_id is not None:
                return word
            # The payer of a cash-in is the merchant: another provider's float may hold more.
            code = word.code or "FAILED"
            is_float = is_payout and MEANINGS.get(code) is Refusal.INSUFFICIENT_FUNDS
            return Declined(code=code, reason=told(answer), is_technical=is_float)
        case FinalWord() if answer.status == 200:
            return word
        case Pending() if answer.status == 200:
            return Accepted(handle=handle)
        case Unknown():
            return word
        case _:
            return Unknown(told(answer))


def parse_inquiry(answer: Answer, handle: Mapping[str, str]) -> Inquiry:
    """Say what an answer with a transaction means: to `paymentstatus`, `push` or `pay`."""
    data = data_in(answer)
    if data is None or answer.status not in {200, BUSINESS_ERROR}:
        return Unknown(told(answer))
    if not is_about(data, handle):
        return Unknown("the answer is about another transaction")
    status = data.get("status")
    if not isinstance(status, str) or not status:
        return Unknown(f"{told(answer)} without a status of the transaction")
    word = WORDS.get(status)
    if word is None:
        return Pending(said(status, length_max=40) or "")
    code, reason = (None, None) if word is Word.SUCCEEDED else why(data, status)
    return FinalWord(
        word=word,
        amount=figure(data.get("amount")),
        provider_transaction_id=figure(data.get("txnid")),
        code=code,
        reason=reason,
    )


def is_about(data: Mapping[str, object], handle: Mapping[str, str]) -> bool:
    """Whether a transaction is ours: by its payToken, or where it has none by our orderId."""
    pay_token = data.get("payToken")
    if pay_token is not None:
        return pay_token == handle.get("pay_token")
    order_id = handle.get("order_id")
    return order_id is not None and order_id in (data.get("txnmode"), data.get("orderId"))


def why(data: Mapping[str, object], status: str) -> tuple[str, str]:
    """The code and the reason of a failure.

    The text of the confirmation and of a cash-in names people and balances, so it is read only to
    see whether it is one of the sentences we know.
    """
    if status != "FAILED":
        return status, status
    code = said(data.get("inittxnstatus"), length_max=40)
    text = said(data.get("inittxnmessage"))
    if code in (None, GOOD):
        code, text = said(data.get("confirmtxnstatus"), length_max=40), None
    if code in (None, GOOD):
        code = status
    sentences = (text, data.get("txnmessage"), data.get("confirmtxnmessage"))
    known = next((one for one in sentences if isinstance(one, str) and one in MEANINGS), None)
    if code not in MEANINGS or code == status:
        # The number of a reason we know only by its sentence stands before it in the reason.
        reason = f"{code} {known or text}" if known or text else str(code)
        return known or str(code), reason
    return str(code), f"{code} {text}" if text else str(code)


def parse_account(answer: Answer) -> AccountCheck | Unknown:
    """Read who a number is of, and keep only that there is somebody."""
    data = data_in(answer)
    names = () if data is None else (data.get("firstName"), data.get("lastName"))
    if answer.status == 200 and any(isinstance(one, str) and one.strip() for one in names):
        return AccountCheck(is_active=True)
    body = object_in(answer.body) or {}
    _, text = coded(body.get("message"))
    if answer.status == BUSINESS_ERROR and text in {UNKNOWN_PERSON, BLOCKED_PERSON}:
        return AccountCheck(is_active=False, detail=str(text))
    return Unknown(told(answer) if answer.status != 200 else "status 200 without a holder")


def parse_notification(call: WebhookCall, now: datetime) -> RequestInquiry:
    """Read a notification: `payToken`, `status` and `message`, which anybody could have written.

    Raises:
        WebhookUnreadableError: no JSON object, or its address names no payment.
    """
    body = object_in(call.body)
    if body is None:
        raise WebhookUnreadableError("the body is no JSON object")
    if call.payment_id is None:
        raise WebhookUnreadableError("the address names no payment")
    status = said(body.get("status"), length_max=40) or "nothing"
    return RequestInquiry(
        payment_id=call.payment_id,
        reason=f"an unsigned notification says {status}",
        inquire_at=now,
    )


def data_in(answer: Answer) -> Mapping[str, object] | None:
    """The transaction of an answer; None where it has none, as a plain text instead of one."""
    data = (object_in(answer.body) or {}).get("data")
    return data if isinstance(data, dict) else None


def is_turned_away(answer: Answer) -> bool:
    """Whether the gateway's own door refused the call: it never reached Orange Money."""
    fault = (object_in(answer.body) or {}).get("fault")
    code = str(fault.get("code")) if isinstance(fault, dict) else ""
    return code.isdecimal() and int(code) in _DOOR


def coded(message: object) -> tuple[str | None, str | None]:
    """Split "60019 :: Le solde ..." into its code and its sentence."""
    text = said(message)
    match = None if text is None else _CODED.fullmatch(text)
    return (match[1], match[2]) if match else (None, text)


def told(answer: Answer) -> str:
    """Say in one line what came, in Orange's words where it has some."""
    body = object_in(answer.body)
    if body is None:
        return f"status {answer.status}: " + ("no JSON" if answer.body else "empty")
    fault = body.get("fault")
    source = fault if isinstance(fault, dict) else body
    words = [said(source.get(key)) for key in ("code", "message", "error", "error_description")]
    return " ".join([f"status {answer.status}:", *(one for one in words if one)])
