"""What MTN sells besides: verbs for which the ledger has no power yet, ready for when it has.

    Collections     notes to payers, withdrawals, pre-approvals, invoices, bills
    Disbursements   deposits (cash in)
    Remittances     transfers and cash transfers from abroad, and their account checks and balances
    of all three    who a number belongs to

Each is made with a door of `MtnAdapter.doors`. What is created under a reference answers with the
outcomes of the port and is asked about like a payment; so it can become a power without another
word here. What only reads or calls off answers with a value of its own, or `Unknown`.

A name is told only where a person asked for it (`user_info`), is shown in no repr and kept nowhere.

Sources: those of `adapters.providers.mtn`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Literal

from adapters.answer import Answer, TransportError
from adapters.base import Inquiry, Submission, Unknown
from adapters.powers import AccountCheck, Balance, Transfer
from adapters.providers._mtn_answers import (
    PAYOUT_REFUSALS,
    parse_error,
    parse_inquiry,
    unusable,
)
from adapters.providers._mtn_bodies import (
    Bill,
    CashTransfer,
    Invoice,
    PreApproval,
    build_bill,
    build_cash_transfer,
    build_invoice,
    build_pre_approval,
    build_transfer,
    build_withdrawal,
    plain,
)
from adapters.providers._mtn_door import Door
from adapters.transcript import said

Version = Literal["v1_0", "v2_0"]
"""Of calls that exist twice: the callback of the first comes by POST, of the second by PUT."""

Notified = Literal["sent", "unknown_payment", "not_successful", "too_late", "already_sent"]

NOTIFIED: Final[Mapping[int, Notified]] = {
    200: "sent",
    404: "unknown_payment",
    409: "not_successful",
    410: "too_late",
    429: "already_sent",
}
"""What the answer to a delivery notification says; its bodies are empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserInfo:
    """Whom a number belongs to, as MTN has it. Holds personal data: never log or keep."""

    given_name: str = field(repr=False)
    family_name: str = field(repr=False)
    birthdate: str | None = field(default=None, repr=False)
    status: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A pre-approval that holds; `id` is what a cancellation names."""

    id: str
    currency: str | None
    status: str | None
    expires: str | None


@dataclass(frozen=True, slots=True)
class CalledOff:
    """Whether a cancellation was taken; what became of it the status tells."""

    is_taken: bool
    detail: str = ""


class MtnCollections:
    """What a merchant who collects can do besides."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def request_withdrawal(
        self, wanted: Transfer, reference: str, *, version: Version = "v2_0"
    ) -> Submission:
        """Ask a subscriber to approve a withdrawal at this merchant's counter."""
        return await self._door.create(
            f"{version}/requesttowithdraw",
            reference,
            build_withdrawal(wanted),
            callback_url=wanted.callback_url,
        )

    async def inquire_withdrawal(self, reference: str) -> Inquiry:
        """Ask what became of a withdrawal; its status is at version 1 for both."""
        return await self._door.ask(f"v1_0/requesttowithdraw/{reference}")

    async def pre_approve(
        self, wanted: PreApproval, reference: str, *, callback_url: str | None = None
    ) -> Submission:
        """Ask a subscriber for a pre-approval."""
        return await self._door.create(
            "v2_0/preapproval", reference, build_pre_approval(wanted), callback_url=callback_url
        )

    async def inquire_pre_approval(self, reference: str) -> Inquiry:
        """Ask whether a pre-approval was given; no money has moved by it."""
        return await self._door.ask(f"v2_0/preapproval/{reference}")

    async def approvals(self, phone: str) -> Sequence[Approval] | Unknown:
        """Ask which pre-approvals of a subscriber hold."""
        try:
            answer = await self._door.read(f"v1_0/preapprovals/msisdn/{phone.removeprefix('+')}")
            return parse_approvals(answer)
        except TransportError as error:
            return Unknown(error.reason)

    async def cancel_pre_approval(self, approval_id: str) -> CalledOff | Unknown:
        """Call a pre-approval off, by the id that `approvals` told."""
        try:
            answer = await self._door.send("DELETE", f"v1_0/preapproval/{approval_id}")
        except TransportError as error:
            return Unknown(error.reason)
        return parse_called_off(answer)

    async def invoice(
        self, wanted: Invoice, reference: str, *, callback_url: str | None = None
    ) -> Submission:
        """Write an invoice."""
        return await self._door.create(
            "v2_0/invoice", reference, build_invoice(wanted), callback_url=callback_url
        )

    async def inquire_invoice(self, reference: str) -> Inquiry:
        """Ask what became of an invoice."""
        parse = partial(parse_inquiry, reason_key="errorReason", transaction_key="paymentReference")
        return await self._door.ask(f"v2_0/invoice/{reference}", parse)

    async def cancel_invoice(
        self, reference: str, payment_id: str, own_reference: str
    ) -> CalledOff | Unknown:
        """Call an invoice off; the call has a reference of its own, and MTN wants our id again."""
        try:
            answer = await self._door.send(
                "DELETE",
                f"v2_0/invoice/{reference}",
                headers={"X-Reference-Id": own_reference},
                json={"externalId": payment_id},
            )
        except TransportError as error:
            return Unknown(error.reason)
        return parse_called_off(answer)

    async def pay_bill(
        self, wanted: Bill, reference: str, *, callback_url: str | None = None
    ) -> Submission:
        """Pay a bill or airtime from the merchant's account of Collections."""
        return await self._door.create(
            "v2_0/payment",
            reference,
            build_bill(wanted),
            callback_url=callback_url,
            refusals=PAYOUT_REFUSALS,
        )

    async def inquire_bill(self, reference: str) -> Inquiry:
        """Ask what became of a bill."""
        return await self._door.ask(f"v2_0/payment/{reference}")

    async def notify(
        self, reference: str, message: str, *, language: str | None = None
    ) -> Notified | Unknown:
        """Send the payer of a successful collection one further message."""
        text = plain(message, otherwise="Payment")
        headers = {"notificationMessage": text}
        if language is not None:
            headers["Language"] = language
        try:
            answer = await self._door.send(
                "POST",
                f"v1_0/requesttopay/{reference}/deliverynotification",
                headers=headers,
                json={"notificationMessage": text},
            )
        except TransportError as error:
            return Unknown(error.reason)
        return parse_notified(answer)

    async def user_info(self, phone: str) -> UserInfo | Unknown:
        """Ask whom a number belongs to."""
        return await _user_info(self._door, phone)


class MtnDisbursements:
    """What a merchant who pays out can do besides."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def deposit(
        self, wanted: Transfer, reference: str, *, version: Version = "v2_0"
    ) -> Submission:
        """Put money into a subscriber's account: cash in at this merchant's counter."""
        return await self._door.create(
            f"{version}/deposit",
            reference,
            build_transfer(wanted),
            callback_url=wanted.callback_url,
            refusals=PAYOUT_REFUSALS,
        )

    async def inquire_deposit(self, reference: str) -> Inquiry:
        """Ask what became of a deposit; MTN names no transaction of its own in the answer."""
        return await self._door.ask(f"v1_0/deposit/{reference}")

    async def user_info(self, phone: str) -> UserInfo | Unknown:
        """Ask whom a number belongs to."""
        return await _user_info(self._door, phone)


class MtnRemittances:
    """Money from abroad to a subscriber."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def remit(self, wanted: Transfer, reference: str) -> Submission:
        """Pay a subscriber what was sent from abroad."""
        return await self._door.create(
            "v1_0/transfer",
            reference,
            build_transfer(wanted),
            callback_url=wanted.callback_url,
            refusals=PAYOUT_REFUSALS,
        )

    async def inquire_remittance(self, reference: str) -> Inquiry:
        """Ask what became of a remittance."""
        return await self._door.ask(f"v1_0/transfer/{reference}")

    async def transfer_cash(self, wanted: CashTransfer, reference: str) -> Submission:
        """Pay a subscriber cash from abroad, naming who sent it."""
        return await self._door.create(
            "v2_0/cashtransfer",
            reference,
            build_cash_transfer(wanted),
            callback_url=wanted.transfer.callback_url,
            refusals=PAYOUT_REFUSALS,
        )

    async def inquire_cash(self, reference: str) -> Inquiry:
        """Ask what became of a cash transfer."""
        return await self._door.ask(f"v2_0/cashtransfer/{reference}")

    async def balance(self, currency: str | None = None) -> Balance | Unknown:
        """Ask what lies in the merchant's account of Remittances."""
        try:
            return await self._door.balance(currency)
        except TransportError as error:
            return Unknown(error.reason)

    async def check_account(self, phone: str) -> AccountCheck | Unknown:
        """Ask whether a subscriber has an active account."""
        return await self._door.check_account(phone)

    async def user_info(self, phone: str) -> UserInfo | Unknown:
        """Ask whom a number belongs to."""
        return await _user_info(self._door, phone)


def parse_user_info(answer: Answer) -> UserInfo:
    """Read whom a number belongs to; raises AnswerUnknownError where MTN does not say."""
    if answer.status == 200:
        match found := answer.json_object():
            case {"given_name": str(given), "family_name": str(family)}:
                return UserInfo(
                    given_name=said(given) or "",
                    family_name=said(family) or "",
                    birthdate=said(found.get("birthdate"), length_max=40),
                    status=said(found.get("status"), length_max=40),
                )
    raise unusable(answer)


def parse_approvals(answer: Answer) -> list[Approval]:
    """Read the pre-approvals that hold; raises AnswerUnknownError for whatever is no list."""
    listed = answer.json() if answer.status == 200 else None
    if not isinstance(listed, list):
        raise unusable(answer)
    return [
        Approval(
            # An id may be ten digits and more, and is no telephone number.
            id=one["preApprovalId"][:64],
            currency=said(one.get("fromCurrency"), length_max=8),
            status=said(one.get("status"), length_max=40),
            expires=said(one.get("expiryTime"), length_max=40),
        )
        for one in listed
        if isinstance(one, dict) and isinstance(one.get("preApprovalId"), str)
    ]


def parse_called_off(answer: Answer) -> CalledOff | Unknown:
    """Say what an answer to a cancellation means; MTN says 200 in one place and 202 in reality."""
    if answer.status in {200, 202} and not answer.body.lstrip().startswith(b"<"):
        return CalledOff(is_taken=True)
    error = parse_error(answer)
    if answer.status in {400, 404} and error.shape in {"empty", "platform"}:
        return CalledOff(is_taken=False, detail=unusable(answer).reason)
    return Unknown(unusable(answer).reason)


def parse_notified(answer: Answer) -> Notified | Unknown:
    """Say what an answer to a delivery notification means.

    A gateway answers 404 and 429 too, with a body of its own; what the platform says has none.
    """
    meaning = NOTIFIED.get(answer.status)
    if meaning is None or parse_error(answer).shape != "empty":
        return Unknown(unusable(answer).reason)
    return meaning


async def _user_info(door: Door, phone: str) -> UserInfo | Unknown:
    holder = phone.removeprefix("+")
    try:
        answer = await door.read(f"v1_0/accountholder/msisdn/{holder}/basicuserinfo")
        return parse_user_info(answer)
    except TransportError as error:
        return Unknown(error.reason)
