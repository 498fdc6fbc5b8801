"""What a caller sent to the Orange sandbox: bodies read and checked field by field.

`read_creation` reads a webpayment body, `read_question` a transactionstatus body; both give a
value in which every rule holds, or raise `RefusedError` with the gateway's answer. The checks go
from the outside in: a body, an object, its required fields, their kinds, whose merchant it is.

All are pure. Whether an order exists already is not asked here. Sources: see `orange_rules`.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson
from yarl import URL

from adapters.sandbox.orange_rules import Code, OrangeSandboxSettings, error
from adapters.sandbox.server import RefusedError

AMOUNT_MAX: Final = 10**12
FIELDS_MAX: Final = 20
URLS: Final = ("return_url", "cancel_url", "notif_url")
LIMITED_TEXTS: Final = ("order_id", "reference")
TEXTS: Final = ("merchant_key", "currency", "lang", *LIMITED_TEXTS, *URLS)
REQUIRED_TO_CREATE: Final = ("merchant_key", "currency", "order_id", "amount", *URLS)
REQUIRED_TO_ASK: Final = ("order_id", "amount", "pay_token")

PRINTABLE_ASCII: Final = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """The order a merchant asks for; two equal ones are the same request."""

    order_id: str
    segment: str
    amount: int
    currency: str
    reference: str
    language: str
    return_url: str
    cancel_url: str
    notif_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The three facts that only who created an order knows together."""

    order_id: str
    amount: int
    pay_token: str


def read_creation(body: bytes, segment: str, settings: OrangeSandboxSettings) -> Creation:
    """Return what a webpayment body asks for; `segment` must be one of the settings'."""
    asked = _object(body)
    # The gateway's validator names the struct in its complaint; this name is our guess.
    _require(asked, "WebPaymentInfo", REQUIRED_TO_CREATE)
    for name in TEXTS:
        _check_text(asked, name)
    for name in LIMITED_TEXTS:
        _check_length(asked, name, settings.text_length_max)
    for name in URLS:
        _check_length(asked, name, settings.url_length_max)
        if not _is_web_address(asked[name], must_be_https=settings.urls_must_be_https):
            raise _invalid(name, "is no address we can use")
    amount = _amount(asked)
    if not hmac.compare_digest(asked["merchant_key"].encode(), settings.merchant_key.encode()):
        raise RefusedError(error(Code.ACCESS_DENIED, "Unknown merchant_key."))
    if asked["currency"] != settings.currency_by_segment[segment]:
        raise _invalid("currency", "is not the currency of this country")
    return Creation(
        order_id=asked["order_id"],
        segment=segment,
        amount=amount,
        currency=asked["currency"],
        reference=asked.get("reference", ""),
        language="en" if asked.get("lang", "").lower().startswith("en") else "fr",
        return_url=asked["return_url"],
        cancel_url=asked["cancel_url"],
        notif_url=asked["notif_url"],
    )


def read_question(body: bytes) -> Question:
    """Return what a transactionstatus body asks about."""
    asked = _object(body)
    _require(asked, "GetTransactionStatusInfo", REQUIRED_TO_ASK)
    _check_text(asked, "order_id")
    _check_text(asked, "pay_token")
    return Question(order_id=asked["order_id"], amount=_amount(asked), pay_token=asked["pay_token"])


def order_id_in(body: bytes) -> str:
    """Return the order_id a body speaks of, empty if it names none; never refuses."""
    try:
        match orjson.loads(body):
            case {"order_id": str(order_id)}:
                return order_id
    except orjson.JSONDecodeError:
        pass
    return ""


def read_form(body: bytes) -> dict[str, str]:
    """Return the fields of a form; what is no form has none, unreadable letters are replaced."""
    try:
        pairs = parse_qsl(
            body.decode(errors="replace"), keep_blank_values=True, max_num_fields=FIELDS_MAX
        )
    except ValueError:
        return {}
    return dict(pairs)


def _object(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a body, whatever its Content-Type: clients disagree there."""
    if not body.strip():
        raise RefusedError(error(Code.MISSING_BODY, "The request has no body."))
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError:
        asked = None
    if not isinstance(asked, dict):
        raise RefusedError(error(Code.INVALID_BODY, "The body is no JSON object."))
    return asked


def _require(asked: Mapping[str, object], struct: str, names: tuple[str, ...]) -> None:
    """Refuse as the gateway does; empty text and zero count as missing there."""
    for name in names:
        if asked.get(name) in (None, "", 0):
            field = "".join(word.capitalize() for word in name.split("_"))
            description = (
                f"Key: '{struct}.{field}' Error:Field validation for '{field}' "
                "failed on the 'required' tag"
            )
            raise RefusedError(error(Code.MISSING_BODY_FIELD, description))


def _check_text(asked: Mapping[str, object], name: str) -> None:
    text = asked.get(name, "")
    if not isinstance(text, str) or not text.isprintable():
        raise _invalid(name, "must be printable text")


def _check_length(asked: Mapping[str, Any], name: str, length_max: int | None) -> None:
    if length_max is not None and len(asked.get(name, "")) > length_max:
        raise _invalid(name, f"is longer than {length_max} characters")


def _amount(asked: Mapping[str, object]) -> int:
    """Return the amount, a whole number of units; `true`, "100" and 100.0 are none."""
    amount = asked["amount"]
    if type(amount) is not int or not 0 < amount <= AMOUNT_MAX:
        raise _invalid("amount", "must be a whole number above zero")
    return amount


def _invalid(name: str, why: str) -> RefusedError:
    return RefusedError(error(Code.INVALID_BODY_FIELD, f"{name} {why}."))


def _is_web_address(text: str, *, must_be_https: bool) -> bool:
    """Say whether a browser may be sent there; what is not plain ASCII never reaches a header."""
    if not PRINTABLE_ASCII.fullmatch(text):
        return False
    try:
        url = URL(text)
    except ValueError:
        return False
    schemes = {"https"} if must_be_https else {"http", "https"}
    return bool(url.host) and url.scheme in schemes
