"""The bodies that the MTN adapter sends: what is created, in the form that MTN surely takes.

Texts are short, plain and never empty, whatever a merchant wrote: MTN answers 400 to an apostrophe,
and 500 to nothing at all. `externalId` is our own id, by which a callback finds its payment.

`CashTransfer` and the others are what the verbs of `adapters.providers._mtn_products` are told.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Final, Literal

from adapters.base import Charge
from adapters.powers import Return, Transfer
from ledger.money import Money

TEXT_LENGTH_MAX: Final = 128
"""MTN says 160 in one place and 128 in another."""

Identification = Literal[
    "PASS", "CPFA", "SRSSA", "NRIN", "OTHR", "DRLC", "SOCS", "AREG", "IDCD", "EMID"
]
"""Kinds of papers; MTN's prose spells the third SRSA, its specification as here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who sends cash from abroad, as the law of the receiving country wants to know it."""

    first_name: str = field(repr=False)
    surname: str = field(repr=False)
    phone: str = field(repr=False)
    """E.164 with `+`."""
    identification: Identification
    identification_number: str = field(repr=False)
    language: str = "en"
    email: str | None = field(default=None, repr=False)
    gender: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CashTransfer:
    """Money from abroad that is paid to a subscriber."""

    transfer: Transfer
    original: Money
    """What was given to be sent, in its own currency."""
    originating_country: str
    sender: Sender


@dataclass(frozen=True, slots=True, kw_only=True)
class PreApproval:
    """A permission to take money without a prompt each time."""

    phone: str = field(repr=False)
    currency: str
    message: str
    valid_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """An invoice that its payer settles whenever they like until it ends."""

    payment_id: str
    money: Money
    payer_phone: str = field(repr=False)
    payee_phone: str = field(repr=False)
    """The merchant's own number."""
    valid_seconds: int
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """A bill or airtime that the merchant pays at a service provider of MTN's."""

    payment_id: str
    money: Money
    customer_reference: str = field(repr=False)
    service_provider: str
    message: str
    product_id: str | None = None
    product_offering_id: str | None = None
    coupon_id: str | None = None
    retries_max: int = 0
    includes_charges: bool = False


def build_request(charge: Charge) -> dict[str, object]:
    """Build the body of requesttopay. Texts are never empty: production answers 500 to that."""
    return {
        "amount": charge.money.amount,
        "currency": charge.money.currency,
        "externalId": charge.payment_id,
        "payer": party(charge.phone),
        "payerMessage": plain(charge.description, otherwise="Payment"),
        "payeeNote": plain(charge.payment_id, otherwise="Payment"),
    }


def build_transfer(transfer: Transfer) -> dict[str, object]:
    """Build the body of a transfer; the note is what the payee reads."""
    return {
        "amount": transfer.money.amount,
        "currency": transfer.money.currency,
        "externalId": transfer.payment_id,
        "payee": party(transfer.phone),
        "payerMessage": plain(transfer.payment_id, otherwise="Payout"),
        "payeeNote": plain(transfer.description, otherwise="Payout"),
    }


def build_refund(wanted: Return) -> dict[str, object]:
    """Build the body of a refund: it names the collection's reference, and no person."""
    return {
        "amount": wanted.money.amount,
        "currency": wanted.money.currency,
        "externalId": wanted.payment_id,
        "payerMessage": plain(wanted.payment_id, otherwise="Refund"),
        "payeeNote": plain(wanted.description, otherwise="Refund"),
        "referenceIdToRefund": wanted.original.reference,
    }


def party(phone: str) -> dict[str, str]:
    """Name a subscriber: digits with the country's code, no sign before them."""
    return {"partyIdType": "MSISDN", "partyId": phone.removeprefix("+")}


def plain(text: str, *, otherwise: str) -> str:
    """Reduce a text to what MTN surely takes: ASCII letters, digits and single spaces."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = re.sub(r"[^A-Za-z0-9]+", " ", ascii_text).strip()
    return words[:TEXT_LENGTH_MAX].strip() or otherwise


def build_cash_transfer(wanted: CashTransfer) -> dict[str, object]:
    """Build the body of a cash transfer; the key of the country is misspelt by MTN."""
    sender, phone = wanted.sender, wanted.sender.phone.removeprefix("+")
    further = {"payerEmail": sender.email, "payerGender": sender.gender}
    return {
        **build_transfer(wanted.transfer),
        "orginatingCountry": wanted.originating_country,
        "originalAmount": wanted.original.amount,
        "originalCurrency": wanted.original.currency,
        "payerIdentificationType": sender.identification,
        "payerIdentificationNumber": sender.identification_number,
        "payerIdentity": f"ID:{phone}/MSISDN",
        "payerFirstName": sender.first_name,
        "payerSurName": sender.surname,
        "payerLanguageCode": sender.language,
        "payerMsisdn": phone,
        **{name: text for name, text in further.items() if text is not None},
    }


def build_withdrawal(transfer: Transfer) -> dict[str, object]:
    """Build the body of a request to withdraw, in which the person is the payer."""
    return {
        "amount": transfer.money.amount,
        "currency": transfer.money.currency,
        "externalId": transfer.payment_id,
        "payer": party(transfer.phone),
        "payerMessage": plain(transfer.description, otherwise="Withdrawal"),
        "payeeNote": plain(transfer.payment_id, otherwise="Withdrawal"),
    }


def build_pre_approval(wanted: PreApproval) -> dict[str, object]:
    """Build the body of a pre-approval."""
    return {
        "payer": party(wanted.phone),
        "payerCurrency": wanted.currency,
        "payerMessage": plain(wanted.message, otherwise="Approval"),
        "validityTime": wanted.valid_seconds,
    }


def build_invoice(wanted: Invoice) -> dict[str, object]:
    """Build the body of an invoice; its duration is a text."""
    return {
        "externalId": wanted.payment_id,
        "amount": wanted.money.amount,
        "currency": wanted.money.currency,
        "validityDuration": str(wanted.valid_seconds),
        "intendedPayer": party(wanted.payer_phone),
        "payee": party(wanted.payee_phone),
        "description": plain(wanted.description, otherwise="Invoice"),
    }


def build_bill(wanted: Bill) -> dict[str, object]:
    """Build the body of a payment to a service provider."""
    further = {
        "productId": wanted.product_id,
        "productOfferingId": wanted.product_offering_id,
        "couponId": wanted.coupon_id,
    }
    return {
        "externalTransactionId": wanted.payment_id,
        "money": {"amount": wanted.money.amount, "currency": wanted.money.currency},
        "customerReference": wanted.customer_reference,
        "serviceProviderUserName": wanted.service_provider,
        "receiverMessage": plain(wanted.message, otherwise="Payment"),
        "senderNote": plain(wanted.payment_id, otherwise="Payment"),
        "maxNumberOfRetries": wanted.retries_max,
        "includeSenderCharges": wanted.includes_charges,
        **{name: text for name, text in further.items() if text is not None},
    }
