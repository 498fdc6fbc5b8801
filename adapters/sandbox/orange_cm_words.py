"""How Orange Cameroon reads and writes: the part of `adapters.sandbox.orange_cm` without a state.

An order is read as strictly as the published production client writes it: texts only, a national
number, at most 20 characters of orderId and 125 of description. How Orange itself words a malformed
request nobody has published; here it is a 400 that names the field.
"""

from typing import Final, NamedTuple

import orjson
from aiohttp import web

from adapters.answer import object_in
from adapters.sandbox.server import RefusedError

BUSINESS_ERROR: Final = 417
AMOUNT_DIGITS_MAX: Final = 12
ORDER_ID_LENGTH_MAX: Final = 20
DESCRIPTION_LENGTH_MAX: Final = 125
ADDRESS_LENGTH_MAX: Final = 2_000
NUMBER_LENGTH: Final = 9

POOR: Final = ("60019", "Le solde du compte du payeur est insuffisant")
NO_SUCH: Final = "Beneficiaire introuvable"
BLOCKED: Final = "Utilisateur bloque"
NOT_EXPECTED: Final = "This payToken is not expected here"
PROMPTED: Final = (
    "Paiement initie. Le client doit confirmer en saisissant son code PIN; un SMS suivra."
)

_FIELDS: Final = ("channelUserMsisdn", "amount", "subscriberMsisdn", "pin", "orderId", "payToken")


class Order(NamedTuple):
    """What `pay` asks for."""

    pay_token: str
    order_id: str
    number: str
    amount: int
    description: str
    notify_url: str


def read_order(body: bytes, channel_number: str, pin: str) -> Order:
    """Read the body of `pay`; raises RefusedError for what is none, or not of this merchant."""
    given = object_in(body)
    if given is None:
        raise RefusedError(malformed("the body is no JSON object"))
    texts: dict[str, str] = {}
    for name in (*_FIELDS, "description", "notifUrl"):
        value = given.get(name, "" if name == "notifUrl" else None)
        if not isinstance(value, str) or (name in _FIELDS and not value):
            raise RefusedError(malformed(f"{name} is no text"))
        texts[name] = value
    number, amount = texts["subscriberMsisdn"], texts["amount"]
    checks = {
        "amount": is_digits(amount) and len(amount) <= AMOUNT_DIGITS_MAX and int(amount) > 0,
        "subscriberMsisdn": is_digits(number) and len(number) == NUMBER_LENGTH,
        "orderId": len(texts["orderId"]) <= ORDER_ID_LENGTH_MAX,
        "description": len(texts["description"]) <= DESCRIPTION_LENGTH_MAX,
        "notifUrl": len(texts["notifUrl"]) <= ADDRESS_LENGTH_MAX,
        "channelUserMsisdn": texts["channelUserMsisdn"] == channel_number,
        "pin": texts["pin"] == pin,
    }
    for name, is_good in checks.items():
        if not is_good:
            raise RefusedError(malformed(f"{name} is not what it must be"))
    return Order(
        texts["payToken"],
        texts["orderId"],
        number,
        int(amount),
        texts["description"],
        texts["notifUrl"],
    )


def is_digits(text: str) -> bool:
    """Whether a text is made of the ten digits alone."""
    return text.isascii() and text.isdecimal()


def answer(message: str, data: object, *, status: int = 200) -> web.Response:
    """Write an answer of the API."""
    body = orjson.dumps({"message": message, "data": data})
    return web.Response(status=status, body=body, content_type="application/json")


def malformed(message: str) -> web.Response:
    """Write the answer to a request that cannot be read."""
    return answer(message, None, status=400)


def business_error(message: str, data: object) -> web.Response:
    """Write a business error: HTTP 417."""
    return answer(message, data, status=BUSINESS_ERROR)


def fault(status: int, code: int, message: str) -> web.Response:
    """Write a fault of the gateway's own door."""
    told = {"code": code, "message": message, "description": "Make sure you have given it right"}
    body = orjson.dumps({"fault": told})
    return web.Response(status=status, body=body, content_type="application/json")


def gateway_fault(status: int) -> web.Response:
    """Write what the gateway says when it stopped waiting, or when Orange Money is away."""
    code, text = (101504, "Send timeout") if status == 500 else (303001, "Endpoint is suspended")
    body = (
        '<am:fault xmlns:am="http://wso2.org/apimanager">'
        f"<am:code>{code}</am:code><am:type>Status report</am:type>"
        f"<am:message>Runtime Error</am:message><am:description>{text}</am:description></am:fault>"
    )
    return web.Response(status=status, text=body, content_type="application/xml")
