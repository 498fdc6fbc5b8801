"""The bodies of the calls that create something in the MTN sandbox, read as strictly as MTN does.

Each form of body becomes one `Asked`; whatever is malformed raises `RefusedError` with the answer
the platform gives: a 400 without a word, or a named 500. It remembers nothing.

MTN's files require nothing of a body and say little about texts; what is refused here is what
MTN's pages and integrators name: amounts that are no text, apostrophes and ampersands, messages
that are too long, currencies of elsewhere.

Sources: see `mtn_rules`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import orjson
from aiohttp import web
from iso4217 import Currency

from adapters.sandbox.mtn_products import Resource
from adapters.sandbox.mtn_rules import Code, MtnSandboxSettings, error
from adapters.sandbox.mtn_scenarios import REFUND_FAILURES
from adapters.sandbox.server import RefusedError

TEXT_LENGTH_MAX: Final = 160
AMOUNT: Final = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,3})?")
MSISDN: Final = re.compile(r"[0-9]{5,15}")
SECONDS: Final = re.compile(r"[0-9]{1,9}")
PARTY_TYPES: Final = frozenset({"MSISDN", "EMAIL", "PARTY_CODE", "ALIAS"})
IDENTIFICATIONS: Final = frozenset(
    {"PASS", "CPFA", "SRSSA", "NRIN", "OTHR", "DRLC", "SOCS", "AREG", "IDCD", "EMID"}
)
CASH_FIELDS: Final = (
    # The first is misspelt by MTN, and must be.
    *("orginatingCountry", "originalAmount", "originalCurrency", "payerIdentificationType"),
    *("payerIdentificationNumber", "payerIdentity", "payerFirstName", "payerSurName"),
    *("payerLanguageCode", "payerEmail", "payerMsisdn", "payerGender"),
)
BILL_TEXTS: Final = (
    *("customerReference", "serviceProviderUserName", "couponId", "productId"),
    *("productOfferingId", "receiverMessage", "senderNote"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a body asks for. `amount` is normalised; `details` are what a status repeats too."""

    amount: str | None
    currency: str
    person_type: str | None = None
    person_id: str | None = None
    external_id: str | None = None
    payer_message: str | None = None
    payee_note: str | None = None
    original: str | None = None
    """Of a refund: the reference of what is given back."""
    validity_seconds: int | None = None
    details: Mapping[str, object] = field(default_factory=dict)


def read_body(resource: Resource, body: bytes, settings: MtnSandboxSettings) -> Asked:
    """Read the body of a creating call; raises RefusedError."""
    asked = _json_object(body)
    person_type, person_id = _person(resource, asked)
    external_id = _text(asked, "externalTransactionId" if resource.form == "bill" else "externalId")
    payer_message = _message(asked, "payerMessage", settings)
    payee_note = _message(asked, "payeeNote", settings)
    amount, currency = _money(resource, asked, settings)
    original, validity_seconds, details = None, None, {}
    match resource.form:
        case "refund":
            original = _original(asked.get("referenceIdToRefund"))
        case "cash":
            details = _cash_details(asked)
        case "invoice":
            validity_seconds = _invoice_seconds(asked.get("validityDuration"))
            _party(asked.get("payee"))
            details = _texts_of(asked, ("description",))
        case "preapproval":
            validity_seconds = _positive(asked.get("validityTime"))
            details = {"payerCurrency": currency}
        case "bill":
            _check_bill(asked)
        case "movement":
            pass
    return Asked(
        amount=amount,
        currency=currency,
        person_type=person_type,
        person_id=person_id,
        external_id=external_id,
        payer_message=payer_message,
        payee_note=payee_note,
        original=original,
        validity_seconds=validity_seconds,
        details=details,
    )


def bad_request() -> RefusedError:
    """Return the platform's answer to a malformed request: 400 and not a word."""
    return RefusedError(web.Response(status=400))


def _json_object(body: bytes) -> Mapping[str, object]:
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError:
        asked = None
    if not isinstance(asked, dict):
        raise bad_request()
    return asked


def _person(resource: Resource, asked: Mapping[str, object]) -> tuple[str | None, str | None]:
    if resource.person is None or resource.form == "refund":
        return None, None
    return _party(asked.get(resource.person))


def _party(party: object) -> tuple[str, str]:
    match party:
        case {"partyIdType": str(kind), "partyId": str(party_id)} if kind in PARTY_TYPES:
            if kind != "MSISDN" or MSISDN.fullmatch(party_id):
                return kind, party_id
    raise bad_request()


def _text(asked: Mapping[str, object], name: str) -> str | None:
    if name not in asked:
        return None
    text = asked[name]
    if not isinstance(text, str) or len(text) > TEXT_LENGTH_MAX:
        raise bad_request()
    return text


def _message(asked: Mapping[str, object], name: str, settings: MtnSandboxSettings) -> str | None:
    text = _text(asked, name)
    if text is not None and set(text) & set("'&"):
        raise bad_request()
    if text == "" and settings.empty_text_is_refused:
        raise RefusedError(error(500, Code.INTERNAL_PROCESSING_ERROR))
    return text


def _money(
    resource: Resource, asked: Mapping[str, object], settings: MtnSandboxSettings
) -> tuple[str | None, str]:
    amount, currency = asked.get("amount"), asked.get("currency")
    if resource.form == "preapproval":
        currency = asked.get("payerCurrency")
    if resource.form == "bill":
        match asked.get("money"):
            case {"amount": amount, "currency": currency}:
                pass
            case _:
                raise bad_request()
    if not isinstance(currency, str):
        raise bad_request()
    if currency not in settings.currencies:
        if settings.currency_error == "empty_400":
            raise bad_request()
        raise RefusedError(error(500, Code.INVALID_CURRENCY))
    return None if resource.form == "preapproval" else _amount(amount, currency), currency


def _amount(amount: object, currency: str) -> str:
    """Return the amount as the platform repeats it: 12.50 becomes 12.5."""
    if not isinstance(amount, str) or not AMOUNT.fullmatch(amount):
        raise bad_request()
    value = Decimal(amount)
    normal = value.normalize()
    decimals = -int(normal.as_tuple().exponent)
    if value == 0 or decimals > (Currency(currency).exponent or 0):
        raise bad_request()
    return f"{normal:f}"


def _original(original: object) -> str:
    """Return the reference of what is given back, or one of the table's short ids."""
    if isinstance(original, str) and original:
        short = original in REFUND_FAILURES or original in {"5", "6"}
        if short or re.fullmatch(r"[0-9a-fA-F-]{36}", original):
            return original if short else original.lower()
    raise bad_request()


def _texts_of(asked: Mapping[str, object], names: tuple[str, ...]) -> dict[str, object]:
    """Return the texts that are there; each is a text or the request is malformed."""
    return {name: text for name in names if (text := _text(asked, name)) is not None}


def _cash_details(asked: Mapping[str, object]) -> dict[str, object]:
    details = _texts_of(asked, CASH_FIELDS)
    if details.get("payerIdentificationType", "PASS") not in IDENTIFICATIONS:
        raise bad_request()
    return details


def _invoice_seconds(duration: object) -> int:
    if not isinstance(duration, str) or not SECONDS.fullmatch(duration):
        raise bad_request()
    return _positive(int(duration))


def _positive(seconds: object) -> int:
    if type(seconds) is not int or not 0 < seconds < 1_000_000_000:
        raise bad_request()
    return seconds


def _check_bill(asked: Mapping[str, object]) -> None:
    _texts_of(asked, BILL_TEXTS)
    retries, charges = asked.get("maxNumberOfRetries", 0), asked.get("includeSenderCharges", False)
    if type(retries) is not int or not isinstance(charges, bool):
        raise bad_request()
