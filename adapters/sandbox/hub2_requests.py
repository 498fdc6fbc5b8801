"""What the HUB2 sandbox is asked, read strictly, and its answers in HUB2's shapes.

A request that is not as HUB2 wants it ends here with 400, in the standardised shape of an error:
the HTTP status, a code, a sentence, and an id for HUB2's support.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NoReturn
from urllib.parse import urlsplit

import orjson
from aiohttp import web

from adapters.sandbox.hub2_rules import CURRENCY_OF, PAGED, Intent, made_id
from adapters.sandbox.server import RefusedError

REFERENCE: Final = re.compile(r"[A-Za-z0-9\-_. ]{1,100}", re.ASCII)
MSISDN: Final = re.compile(r"\+?[0-9]{6,15}", re.ASCII)
AMOUNT_MAX: Final = 10**9
PAGE_SIZE_DEFAULT: Final = 10
PAGE_SIZE_MAX: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Whom to ask for the payment of an intent, and how."""

    country: str
    operator: str
    msisdn: str
    code: str
    workflow: str
    success_url: str
    failure_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Whom to pay how much."""

    reference: str
    amount_minor: int
    currency: str
    country: str
    operator: str
    msisdn: str
    recipient_name: str
    description: str


def json_answer(status: int, document: object) -> web.Response:
    """Answer with JSON."""
    return web.Response(status=status, body=orjson.dumps(document), content_type="application/json")


def error_answer(status: int, code: str, message: str) -> web.Response:
    """Answer with an error in the standardised shape."""
    request_id = made_id("req", status, code, message)
    shape = {"status": status, "code": code, "message": message, "request_id": request_id}
    return json_answer(status, shape)


def refuse(status: int, code: str, message: str) -> NoReturn:
    """End a request with an error."""
    raise RefusedError(error_answer(status, code, message))


async def read_body(request: web.Request) -> dict[str, object]:
    """Read a JSON object, or refuse."""
    try:
        body = orjson.loads(await request.read())
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        refuse(400, "Bad Request", "The body is no JSON object.")
    return body


def intent_in(body: dict[str, object], *, ordinal: int, created_at: datetime) -> Intent:
    """Read what shall be paid; `ordinal` tells intents under one reference apart."""
    reference = _reference(body, "purchaseReference")
    return Intent(
        id=made_id("pi", reference, ordinal),
        reference=reference,
        customer_reference=_reference(body, "customerReference"),
        amount_minor=_amount(body),
        currency=_currency(body),
        created_at=created_at,
    )


def attempt_in(body: dict[str, object], currency: str) -> Attempt:
    """Read whom to ask; an operator with a page must be told where it leads back to."""
    asked = body.get("mobileMoney")
    if body.get("paymentMethod") != "mobile_money" or not isinstance(asked, dict):
        refuse(400, "Bad Request", "Only mobile_money is served here.")
    operator, workflow = _text(body, "provider"), asked.get("workflow", "")
    success, failure = asked.get("onSuccessRedirectionUrl"), asked.get("onFailedRedirectionUrl")
    is_paged = (operator, "") in PAGED or workflow == "redirection"
    if is_paged and not (_is_address(success) and _is_address(failure)):
        refuse(400, "Bad Request", "The addresses after the page must be https.")
    return Attempt(
        country=_country(body, currency),
        operator=operator,
        msisdn=_msisdn(asked),
        code=str(asked.get("otp") or ""),
        workflow=str(workflow),
        success_url=str(success or ""),
        failure_url=str(failure or ""),
    )


def order_in(body: dict[str, object]) -> Order:
    """Read whom to pay how much."""
    destination = body.get("destination")
    if not isinstance(destination, dict) or destination.get("type") != "mobile_money":
        refuse(400, "Bad Request", "Only mobile_money is served here.")
    currency = _currency(body)
    return Order(
        reference=_reference(body, "reference"),
        amount_minor=_amount(body),
        currency=currency,
        country=_country(destination, currency),
        operator=_text(destination, "provider"),
        msisdn=_msisdn(destination),
        recipient_name=_text(destination, "recipientName"),
        description=_text(body, "description"),
    )


def since(request: web.Request, now: datetime) -> datetime:
    """Read from when on a list shall be: without a word, from the first of this month."""
    text = request.query.get("from")
    if text is None:
        return now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        refuse(400, "Bad Request", "from is no date.")


def page_of(request: web.Request, found: list[dict[str, object]]) -> web.Response:
    """Answer one page of a list."""
    try:
        page = max(1, int(request.query.get("page", "1")))
        size = min(PAGE_SIZE_MAX, max(1, int(request.query.get("perPage", PAGE_SIZE_DEFAULT))))
    except ValueError:
        refuse(400, "Bad Request", "page and perPage are numbers.")
    return json_answer(200, found[(page - 1) * size : page * size])


def _text(body: dict[str, object], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        refuse(400, "Bad Request", f"{name} is required.")
    return value


def _reference(body: dict[str, object], name: str) -> str:
    text = _text(body, name)
    if REFERENCE.fullmatch(text) is None:
        refuse(400, "Bad Request", f"{name} has special characters.")
    return text


def _amount(body: dict[str, object]) -> int:
    amount = body.get("amount")
    if type(amount) is not int or not 0 < amount <= AMOUNT_MAX:
        refuse(400, "Bad Request", "amount is a whole number of the smallest unit.")
    return amount


def _currency(body: dict[str, object]) -> str:
    currency = _text(body, "currency")
    if currency not in CURRENCY_OF.values():
        refuse(400, "invalid-currency", f"Invalid currency ({currency[:8]}).")
    return currency


def _country(body: dict[str, object], currency: str) -> str:
    country = _text(body, "country")
    if country not in CURRENCY_OF:
        refuse(404, "Not Found", "Country not found")
    if CURRENCY_OF[country] != currency:
        refuse(400, "invalid-currency", f"Invalid currency ({currency}).")
    return country


def _msisdn(body: dict[str, object]) -> str:
    msisdn = _text(body, "msisdn")
    if MSISDN.fullmatch(msisdn) is None:
        refuse(400, "Bad Request", "msisdn is no number.")
    return msisdn


def _is_address(value: object) -> bool:
    parts = urlsplit(value) if isinstance(value, str) else None
    is_local = parts is not None and parts.hostname in {"localhost", "127.0.0.1"}
    return parts is not None and (parts.scheme == "https" or is_local)
