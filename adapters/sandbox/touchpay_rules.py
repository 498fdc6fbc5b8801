"""What the TouchPay sandbox goes by: its switches, its shapes, and who may come in.

Sources: published integrations of TouchPay; no documentation is public. What they leave open is a
switch here: what a repeated id does, what is said about an unknown one, which shape an error has,
how the calls beside the collection are let in.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from typing import Final, Literal

import orjson
from aiohttp import web
from pydantic import PositiveInt

from adapters.sandbox.movements import Movement, Scenario
from adapters.sandbox.rail import RailSettings
from adapters.sandbox.server import RefusedError

AMOUNT_MAX: Final = 10**9
TEXT_LENGTH_MAX: Final = 500
REALM: Final = "TouchPay"

MESSAGES: Final[Mapping[Scenario, str]] = {
    Scenario.REFUSED: "[22] Invalid transaction. Please try again.",
    Scenario.POOR: "[51] Insufficient balance.",
    Scenario.EXPIRES: "[91] Not confirmed in time.",
    Scenario.NO_ACCOUNT: "[14] No such account.",
    Scenario.FLOAT_SHORT: "[61] The partner's balance is too low.",
}
"""Every failure has one status and a sentence; the first was recorded, the others are made up."""

CURRENCIES: Final[Mapping[str, str]] = {"CM": "XAF", "GN": "GNF"}
"""The currency is nowhere in the calls: it is that of the service's country, else XOF."""

_COUNTRY: Final = re.compile(r"(?:^|_|OMPAY)(BF|CI|CM|GN|ML|SN)(?:_|DIRECT|$)")
"""Where a service's code names its country."""

_MEMBER: Final = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')


class TouchpaySandboxSettings(RailSettings):
    """The switches of the TouchPay sandbox."""

    agency_code: str = "ABCDE0000"
    username: str = "a-synthetic-user-of-touchpay"
    password: str = "a-synthetic-password"  # noqa: S105 - of a sandbox
    login_agent: str = "synthetic-agent"
    agent_password: str = "synthetic-agent-password"  # noqa: S105 - of a sandbox
    partner_id: str = "CI000000"
    country: Literal["BF", "CI", "CM", "GN", "ML", "SN"] = "CI"
    partner_door: Literal["digest", "basic"] = "digest"
    """How cashin and check_status are let in: published clients do either."""
    digest_qop: Literal["auth", "none"] = "auth"
    repeated_id: Literal["accepted", "refused"] = "accepted"
    """Whether an id that was used makes another movement; nobody has seen it refused."""
    unknown_status: PositiveInt = 404
    """What check_status says about an id nobody used; nobody describes it."""
    error_shape: Literal["status", "detail"] = "status"
    """Whether an error is a number in `status`, or a `detailMessage` with HTTP 200."""
    amount_shape: Literal["number", "text"] = "number"
    code_services: frozenset[str] = frozenset({"PAIEMENTMARCHANDOM"})
    """Services that want the payer's one-time code in `otp`."""
    fixed_code: str | None = "123456"
    """The code that is good for every payer; None for none, so that each is wrong."""
    wrong_code: Literal["refused", "failed"] = "refused"
    """Whether a wrong code is refused at once, or fails the payment; nobody describes it."""
    repeats_code: bool = False
    """Whether that is told with the code, as a careless server might."""

    def currency_of(self, service: str) -> str:
        """What a service moves: its country's money, and ours where it names no country."""
        named = _COUNTRY.search(service)
        return CURRENCIES.get(named[1] if named else self.country, "XOF")


def answer(status: int, body: object) -> web.Response:
    """Make a JSON answer."""
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json")


def refuse(status: int, message: str, settings: TouchpaySandboxSettings) -> RefusedError:
    """Make TouchPay's error, in the shape of the switch."""
    if settings.error_shape == "detail":
        return RefusedError(answer(200, {"detailMessage": message, "stackTrace": []}))
    return RefusedError(answer(status, {"status": status, "message": message}))


def check_digest(
    request: web.Request,
    settings: TouchpaySandboxSettings,
    *,
    is_nonce: Callable[[str], bool],
    new_nonce: Callable[[], str],
) -> None:
    """Let a call in by HTTP Digest (MD5), or raise RefusedError with a challenge."""
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    given = {name: quoted or plain for name, quoted, plain in _MEMBER.findall(rest)}
    nonce = given.get("nonce", "")
    is_known = scheme.lower() == "digest" and is_nonce(nonce)
    if is_known and _is_right(request, given, settings):
        return
    qop = ', qop="auth"' if settings.digest_qop == "auth" else ""
    stale = ", stale=true" if nonce and not is_known else ""
    challenge = f'Digest realm="{REALM}", nonce="{new_nonce()}"{qop}, algorithm=MD5{stale}'
    raise RefusedError(web.Response(status=401, headers={"WWW-Authenticate": challenge}))


def _is_right(
    request: web.Request, given: Mapping[str, str], settings: TouchpaySandboxSettings
) -> bool:
    counted = ""
    if settings.digest_qop == "auth":
        if not (given.get("nc") and given.get("cnonce")) or given.get("qop") != "auth":
            return False
        counted = f":{given['nc']}:{given['cnonce']}:auth"
    known = _md5(f"{settings.username}:{REALM}:{settings.password}")
    asked = _md5(f"{request.method}:{request.rel_url.raw_path_qs}")
    right = _md5(f"{known}:{given.get('nonce', '')}{counted}:{asked}")
    is_named = given.get("username") == settings.username
    is_about_it = given.get("uri") == request.rel_url.raw_path_qs
    return is_named and is_about_it and hmac.compare_digest(given.get("response", ""), right)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


async def read_object(request: web.Request, settings: TouchpaySandboxSettings) -> dict[str, object]:
    """Read a request's body; raises RefusedError where it is no JSON object."""
    try:
        body = orjson.loads(await request.read())
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise refuse(400, "The body must be a JSON object.", settings)
    return body


def text_in(body: Mapping[str, object], field: str, settings: TouchpaySandboxSettings) -> str:
    """Read a text that must be there."""
    value = body.get(field)
    if not isinstance(value, str) or not 0 < len(value) <= TEXT_LENGTH_MAX:
        raise refuse(400, f"{field} is missing or too long.", settings)
    return value


def wrong_code_in(
    body: Mapping[str, object], service: str, settings: TouchpaySandboxSettings
) -> str | None:
    """Say what is wrong with a collection's one-time code; None where nothing is.

    Raises:
        RefusedError: there is none, or a wrong one is refused at once.
    """
    if service not in settings.code_services:
        return None
    infos = body.get("additionnalInfos")
    code = text_in(infos if isinstance(infos, dict) else {}, "otp", settings)
    right = settings.fixed_code
    if right is not None and hmac.compare_digest(code.encode(), right.encode()):
        return None
    told = f"Wrong code {code}." if settings.repeats_code else "Wrong code."
    if settings.wrong_code == "refused":
        raise refuse(422, told, settings)
    return told


def amount_in(body: Mapping[str, object], settings: TouchpaySandboxSettings) -> int:
    """Read an amount, which is a whole number."""
    value = body.get("amount")
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= AMOUNT_MAX:
        raise refuse(400, "amount is no whole number above zero.", settings)
    return value


def status_of(movement: Movement) -> str:
    """TouchPay's word for where a movement stands; it has one for every failure."""
    if movement.ending is None:
        return "PENDING"
    return "SUCCESSFUL" if movement.ending == "succeeded" else "FAILED"


def amount_of(movement: Movement, settings: TouchpaySandboxSettings) -> int | str:
    """The amount as an answer writes it."""
    amount = movement.amount_minor
    return amount if settings.amount_shape == "number" else str(amount)


def checked_body(movement: Movement, settings: TouchpaySandboxSettings) -> dict[str, object]:
    """Write what check_status says."""
    body: dict[str, object] = {
        "service_id": movement.details["service"],
        "gu_transaction_id": movement.id,
        "status": status_of(movement),
        "transaction_date": movement.accepted_at.strftime("%Y-%m-%d %H:%M:%S"),
        "recipient_id": movement.phone,
        "amount": amount_of(movement, settings),
        "recipient_invoice_id": None,
    }
    return body if movement.reason is None else body | {"message": movement.reason}


def callback_body(movement: Movement) -> dict[str, object]:
    """Write what a callback says; there is no amount in it, and no proof."""
    body: dict[str, object] = {
        "service_id": movement.details["service"],
        "gu_transaction_id": movement.id,
        "status": status_of(movement),
        "partner_transaction_id": movement.reference,
        "call_back_url": movement.callback_url,
        "commission": 0,
    }
    return body if movement.reason is None else body | {"message": movement.reason}
