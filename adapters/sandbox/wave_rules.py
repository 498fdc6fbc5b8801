"""What the Wave sandbox goes by: its switches, and Wave's own codes, amounts and numbers.

Sources: docs.wave.com (checkout, payout, business; version 2024-03-29) as published copies quote
it, and a third party's JSON schemas of the same. What they leave open is a switch here.
"""

import hmac
import re
from collections.abc import Mapping
from typing import Final, Literal

import orjson
from aiohttp import web
from pydantic import Field, PositiveInt

from adapters.sandbox.movements import Scenario
from adapters.sandbox.rail import RailSettings
from adapters.sandbox.server import RefusedError

CURRENCY_OF: Final[Mapping[str, str]] = {
    "BF": "XOF",
    "CD": "CDF",
    "CI": "XOF",
    "CM": "XAF",
    "GM": "GMD",
    "GN": "GNF",
    "ML": "XOF",
    "NE": "XOF",
    "SL": "SLE",
    "SN": "XOF",
    "UG": "UGX",
}
"""The countries of Wave's wallets, and what lies in them."""

PREFIX_OF: Final[Mapping[str, str]] = {
    "BF": "+226",
    "CD": "+243",
    "CI": "+225",
    "CM": "+237",
    "GM": "+220",
    "GN": "+224",
    "ML": "+223",
    "NE": "+227",
    "SL": "+232",
    "SN": "+221",
    "UG": "+256",
}
"""How a number of each country begins: a payout stays in the country of the wallet."""

DECIMALS: Final[Mapping[str, int]] = {"CDF": 2, "GMD": 2, "SLE": 2}
"""Currencies with decimals; the others have none."""

TEXT_LENGTH_MAX: Final = 255
REASON_LENGTH_MAX: Final = 40
KEY_LENGTH_MAX: Final = 255

PAYMENT_ERRORS: Final[Mapping[Scenario, tuple[str, str]]] = {
    Scenario.REFUSED: ("payment-failure", "The payment could not be made."),
    Scenario.POOR: ("insufficient-funds", "The balance is too low."),
    Scenario.NO_ACCOUNT: ("blocked-account", "The payer's account is blocked."),
    Scenario.FLOAT_SHORT: ("kyb-limits-exceeded", "The business has reached its limits."),
}
"""What becomes of a checkout's payment, by the payer's number."""

PAYOUT_ERRORS: Final[Mapping[Scenario, tuple[str, str]]] = {
    Scenario.REFUSED: ("recipient-account-blocked", "The recipient's account is blocked."),
    Scenario.POOR: ("recipient-limit-exceeded", "The recipient has reached the monthly limit."),
    Scenario.EXPIRES: ("internal-server-error", "Something failed."),
    Scenario.NO_ACCOUNT: ("recipient-account-inactive", "The recipient's account is not active."),
    Scenario.FLOAT_SHORT: ("insufficient-funds", "The balance is too low."),
}
"""What becomes of a payout, by the recipient's number."""

MISMATCH: Final = ("payer-mobile-mismatch", "Another number is to pay this.")
MESSAGES: Final = dict([*PAYMENT_ERRORS.values(), *PAYOUT_ERRORS.values(), MISMATCH])
"""Every code of a failure and its sentence."""

_AMOUNT: Final = re.compile(r"(0|[1-9][0-9]{0,11})(?:\.([0-9]{1,2}))?", re.ASCII)
_MOBILE: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)


WaveCountry = Literal["BF", "CD", "CI", "CM", "GM", "GN", "ML", "NE", "SL", "SN", "UG"]


class WaveSandboxSettings(RailSettings):
    """The switches of the Wave sandbox."""

    api_key: str = "wave_sn_test_synthetic_key"
    webhook_secret: str = "wave_sn_WHS_synthetic_secret"  # noqa: S105 - of a sandbox
    retired_webhook_secret: str | None = None
    """While a signing secret is being rotated, calls carry a signature by this one as well."""
    country: WaveCountry = "SN"
    further_countries: tuple[WaveCountry, ...] = ()
    """Where payouts go besides the wallet's own country, for one server that stands for a wallet in
    each: Wave's own wallet answers `country-mismatch` there. Those of another currency are not
    reached all the same."""
    business_name: str = "Boutique d'essai"
    # Wave: a checkout session is open for thirty minutes.
    expire_after_seconds: float = Field(default=1800.0, gt=0)
    failed_attempt: Literal["cancels", "fails", "stays_open"] = "cancels"
    """What a payer's failed attempt does to the session: published descriptions differ."""
    absent: Literal["omitted", "null"] = "omitted"
    """How members without a value are written."""
    payout_errors: Literal["in_payout", "at_once"] = "in_payout"
    """Whether a payout that cannot be made is a failed payout or an error; both are documented."""
    refund_failed_status: PositiveInt = 500
    """The status of `checkout-refund-failed`: descriptions say 400, 409 and 500."""
    unknown_recipient: Literal["not_within_limits", "error"] = "not_within_limits"
    """What a check says about a number without an account; nobody describes it."""
    payout_fee_percent: int = Field(default=1, ge=0, le=100)

    @property
    def currency(self) -> str:
        """What lies in the wallet."""
        return CURRENCY_OF[self.country]

    @property
    def recipient_prefixes(self) -> tuple[str, ...]:
        """How the numbers begin that a payout may go to."""
        reached = (self.country, *self.further_countries)
        return tuple(PREFIX_OF[one] for one in reached if CURRENCY_OF[one] == self.currency)


def refuse(status: int, code: str, message: str, *, field: str | None = None) -> RefusedError:
    """Make Wave's error: a code, a sentence, and for a field its place."""
    body: dict[str, object] = {"code": code, "message": message}
    if field is not None:
        body["details"] = [{"loc": field, "msg": message, "type": "value_error"}]
    return RefusedError(answer(status, body))


def invalid(field: str, message: str) -> RefusedError:
    """Make the error of a request that breaks a rule."""
    return refuse(400, "request-validation-error", message, field=field)


def answer(status: int, body: object) -> web.Response:
    """Make a JSON answer."""
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json")


def check_key(header: str | None, api_key: str) -> None:
    """Let a call in by its Authorization header, or raise RefusedError."""
    if header is None:
        raise refuse(401, "missing-auth-header", "Send an Authorization header.")
    scheme, _, key = header.partition(" ")
    if scheme.lower() != "bearer":
        raise refuse(401, "invalid-auth", "The Authorization header is no Bearer.")
    if not key:
        raise refuse(401, "api-key-not-provided", "Send a key.")
    if not hmac.compare_digest(key.encode(), api_key.encode()):
        raise refuse(401, "no-matching-api-key", "There is no such key.")


async def read_object(request: web.Request) -> dict[str, object]:
    """Read a request's body; raises RefusedError where it is no JSON object."""
    if request.content_type != "application/json":
        raise refuse(400, "request-not-json", "The body must be JSON, and say so.")
    try:
        body = orjson.loads(await request.read())
    except orjson.JSONDecodeError:
        raise refuse(400, "request-parsing-error", "The body is no JSON.") from None
    if not isinstance(body, dict):
        raise invalid("body", "The body must be an object.")
    return body


def text_in(
    body: Mapping[str, object],
    field: str,
    *,
    is_required: bool = False,
    length_max: int = TEXT_LENGTH_MAX,
) -> str | None:
    """Read a text; None where it is absent."""
    value = body.get(field)
    if value is None and not is_required:
        return None
    if not isinstance(value, str) or not value:
        raise invalid(field, "field required" if value is None else "str type expected")
    if len(value) > length_max:
        raise invalid(field, f"at most {length_max} characters")
    return value


def minor_in(body: Mapping[str, object], field: str, currency: str, *, decimals: int) -> int:
    """Read an amount, which is a text without leading zeros and more than zero."""
    text = text_in(body, field, is_required=True, length_max=20) or ""
    match = _AMOUNT.fullmatch(text)
    if match is None or len(match[2] or "") > decimals:
        raise invalid(field, f"not an amount of {currency}")
    places = DECIMALS.get(currency, 0)
    minor = int(match[1] + (match[2] or "").ljust(places, "0"))
    if minor == 0:
        raise invalid(field, "must be more than zero")
    return minor


def mobile_in(body: Mapping[str, object], field: str, *, is_required: bool) -> str | None:
    """Read a number, which must be in the form of E.164."""
    text = text_in(body, field, is_required=is_required, length_max=20)
    if text is not None and not _MOBILE.fullmatch(text):
        raise invalid(field, "Invalid phone number.")
    return text


def amount_text(minor: int, currency: str) -> str:
    """Write an amount as Wave does: whole where it is whole."""
    places = DECIMALS.get(currency, 0)
    major, fraction = divmod(minor, 10**places)
    return f"{major}.{fraction:0{places}d}" if fraction else str(major)


def is_address(text: str) -> bool:
    """Whether a payer may be led there: https; here this machine will do, too."""
    return re.match(r"https://.|http://(localhost|127\.0\.0\.1)[:/]", text) is not None
