"""The rules of the Mojaloop sandbox: its switches, what it takes, its errors, its quotes.

Sources: the SDK Scheme Adapter's outbound API 2.1 for what a request may hold; its source, version
24, for the shapes of its errors and what it remembers; FSPIOP 1.1 for codes, amounts and the
packet, condition and fulfilment of a quote.

A number's last two digits choose what becomes of a movement (`movements.SCENARIOS`):

              request to pay                          transfer
    50        the payer's provider says REJECTED      the payee's provider refuses: 5104
    51        reserved at our side, then ABORTED      the quote is refused: 5200
    52        nobody ever answers                     504; RESERVED, then ABORTED
    53        no such party: 3204                     no such party: 3204
    54        paid, but slowly                        504; RESERVED, then COMMITTED
    55        paid                                    the merchant's provider lacks money: 4001
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Literal

import orjson
from aiohttp import web
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from adapters.sandbox.movements import Movement
from adapters.sandbox.rail import RailSettings
from adapters.sandbox.server import RefusedError
from ledger.errors import LedgerError
from ledger.money import Money, parse_money

AMOUNT: Final = re.compile(r"([0]|([1-9][0-9]{0,17}))([.][0-9]{0,3}[1-9])?", re.ASCII)
CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

PARTY_FIELDS: Final = frozenset(
    {"type", "idType", "idValue", "idSubValue", "displayName", "firstName", "middleName"}
    | {"lastName", "dateOfBirth", "merchantClassificationCode", "fspId", "supportedCurrencies"}
    | {"kycInformation", "extensionList"}
)
ID_TYPES: Final = frozenset(
    {"MSISDN", "EMAIL", "PERSONAL_ID", "BUSINESS", "DEVICE", "ACCOUNT_ID", "IBAN", "ALIAS"}
)
DESCRIPTIONS: Final[Mapping[str, str]] = {
    "3204": "Party not found",
    "3208": "Transfer ID not found",
    "3303": "Transfer expired",
    "4001": "Payer FSP insufficient liquidity",
    "5104": "Payee rejected transaction",
    "5200": "Payee limit error",
}


class MojaloopSandboxSettings(RailSettings):
    """The SDK's own settings, and what its document leaves open."""

    fsp_id: str = "caurifsp"
    other_fsp_id: str = "walletfsp"
    backend_secret: str = "synthetic-backend-secret"  # noqa: S105 - of nobody
    auto_accept_party: bool = False
    """The SDK's own default is true, as of the next one: then one POST pays."""
    auto_accept_quotes: bool = False
    auto_accept_r2p_party: bool = False
    id_form: Literal["ulid", "uuid"] = "ulid"
    ilp_secret: str = "synthetic-ilp-secret"  # noqa: S105 - of nobody
    quote_lifetime_seconds: PositiveFloat = 60.0
    fee: str = "0"
    """What the payee's provider adds to a quote, in major units; "0.5" is half a franc."""
    shows_received: bool = True
    """Whether a quote says what the payee gets; the scheme leaves that open."""
    supported_currencies: tuple[str, ...] = ()
    """What the other provider says it takes; empty: it does not say."""
    remembers_errors: bool = True
    """Whether an error is kept as the state of a transfer, as newer versions of the SDK do."""
    transfer_seconds: NonNegativeFloat = 0.0
    """How long an accepted transfer takes; the answer waits for it."""
    names_transaction: bool = True
    """Whether the payer's provider names the coming transfer when it takes a request to pay."""
    shows_notices: bool = True
    """Whether a request to pay shows the notices that came about it; undocumented."""
    false_fulfilment: bool = False
    """Whether a committed transfer comes with a fulfilment that proves nothing."""
    payer_pays: str | None = None
    """Another amount than was asked for."""
    payer_tries_max: PositiveInt = 3
    payer_retry_seconds: PositiveFloat = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a POST asks for, read."""

    home: str
    phone: str
    money: Money
    request: Mapping[str, object]


def read_transfer(body: bytes) -> Wanted:
    """Read POST /transfers; raises RefusedError for what the SDK's validator refuses."""
    fields = frozenset(
        {"from", "to", "amountType", "currency", "amount", "transactionType", "subScenario", "note"}
        | {"quoteRequestExtensions", "transferRequestExtensions", "skipPartyLookup"}
        | {"prepareExpirySeconds", "quoteExpirySeconds"}
    )
    return _read(body, "homeTransactionId", fields, scenarios=frozenset({"TRANSFER"}))


def read_request_to_pay(body: bytes) -> Wanted:
    """Read POST /requestToPay; raises RefusedError likewise. It takes no note."""
    fields = frozenset(
        {"from", "to", "amountType", "currency", "amount", "transactionType", "subScenario"}
        | {"authenticationType"}
    )
    scenarios = frozenset({"DEPOSIT", "WITHDRAWAL", "TRANSFER", "PAYMENT", "REFUND"})
    return _read(body, "homeR2PTransactionId", fields, scenarios=scenarios)


def _read(body: bytes, home: str, fields: frozenset[str], *, scenarios: frozenset[str]) -> Wanted:
    request: dict[str, Any] = read_object(body)
    required = {home, "from", "to", "amountType", "currency", "amount", "transactionType"}
    if missing := sorted(required - request.keys()):
        raise RefusedError(invalid(f"must have required property '{missing[0]}'"))
    if strange := sorted(request.keys() - fields - {home}):
        raise RefusedError(invalid(f"must NOT have additional properties: {strange[0]}"))
    for name in ("from", "to"):
        party = request[name]
        if not isinstance(party, dict) or not {"idType", "idValue"} <= party.keys() <= PARTY_FIELDS:
            raise RefusedError(invalid(f"/{name} is no party"))
        if party["idType"] not in ID_TYPES or not 1 <= len(str(party["idValue"])) <= 128:
            raise RefusedError(invalid(f"/{name} has no usable identifier"))
    note = request.get("note", "-")
    is_note = isinstance(note, str) and 1 <= len(note) <= 128
    amount = request["amount"]
    if (
        request["amountType"] not in {"SEND", "RECEIVE"}
        or request["transactionType"] not in scenarios
        or not is_note
        or not isinstance(request[home], str)
        or not isinstance(amount, str)
        or AMOUNT.fullmatch(amount) is None
    ):
        raise RefusedError(invalid("must match its pattern or be one of the allowed values"))
    try:
        money = parse_money(amount, str(request["currency"]))
    except LedgerError:
        raise RefusedError(
            invalid("/currency must be equal to one of the allowed values")
        ) from None
    return Wanted(
        home=request[home], phone=str(request["to"]["idValue"]), money=money, request=request
    )


def read_choice(body: bytes, *names: str) -> Mapping[str, bool]:
    """Read the body of a PUT: one of these names, true or false."""
    choice = read_object(body)
    if len(choice) != 1 or not choice.keys() <= set(names):
        raise RefusedError(invalid("must match exactly one schema in oneOf"))
    if not all(isinstance(one, bool) for one in choice.values()):
        raise RefusedError(invalid("must be boolean"))
    return {name: value is True for name, value in choice.items()}


def read_object(body: bytes) -> dict[str, object]:
    """Read a JSON object; raises RefusedError."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise RefusedError(invalid("must be object"))
    return value


def answered(body: Mapping[str, object], status: int = 200) -> web.Response:
    """Answer with JSON."""
    return web.Response(
        status=status, body=orjson.dumps(body), content_type="application/json", charset="utf-8"
    )


def invalid(reason: str) -> web.Response:
    """Make the validator's answer; its statusCode is a number, unlike everybody else's."""
    return answered({"message": f"/requestBody {reason}", "statusCode": 400}, 400)


def error_information(code: str) -> dict[str, object]:
    """Make the scheme's own error."""
    description = DESCRIPTIONS.get(code, "Generic error")
    return {"errorInformation": {"errorCode": code, "errorDescription": description}}


def made_id(form: str, *parts: object) -> str:
    """Make an id in the form that the SDK was told to use; the same for the same parts."""
    digest = hashlib.sha256("\0".join(str(one) for one in parts).encode()).digest()
    if form == "ulid":
        number = int.from_bytes(digest[:16]) & ((1 << 128) - 1)
        return "".join(CROCKFORD[number >> at & 31] for at in range(125, -1, -5))
    text = digest[:16].hex()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:32]}"


def stamp(at: datetime) -> str:
    """Write a time as FSPIOP wants it: with its milliseconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def quote_of(
    settings: MojaloopSandboxSettings, movement: Movement, amount: str, now: datetime
) -> dict[str, str]:
    """Make the quote for a movement: what a transfer will cost, and the condition that binds it."""
    cost = Decimal(amount) + Decimal(settings.fee)
    expires_at = stamp(now + timedelta(seconds=settings.quote_lifetime_seconds))
    payee = {"partyIdType": "MSISDN", "partyIdentifier": movement.phone}
    transaction = {
        "quoteId": made_id(settings.id_form, "quote", movement.id),
        "transactionId": movement.id,
        "payee": {"partyIdInfo": payee | {"fspId": settings.other_fsp_id}},
        "payer": {"partyIdInfo": {"fspId": settings.fsp_id}},
        "amount": {"amount": amount, "currency": movement.currency},
        "transactionType": {"scenario": "TRANSFER", "initiator": "PAYER"},
        "expiration": expires_at,
    }
    packet = _packet(movement, settings, transaction)
    secret = hmac.digest(settings.ilp_secret.encode(), packet.encode(), hashlib.sha256)
    return {
        "quote_id": made_id(settings.id_form, "quote", movement.id),
        "transfer_amount": f"{cost.normalize():f}",
        "expires_at": expires_at,
        "packet": packet,
        "fulfilment": _base64(secret),
        "condition": _base64(hashlib.sha256(secret).digest()),
    }


def _packet(
    movement: Movement, settings: MojaloopSandboxSettings, transaction: Mapping[str, object]
) -> str:
    """Write an ILP payment packet; the transaction in it is base64url text, as Mojaloop does."""
    address = f"g.{settings.other_fsp_id}.msisdn.{movement.phone}".encode()
    content = _base64(orjson.dumps(transaction)).encode()
    parts = [movement.amount_minor.to_bytes(8), _sized(address), _sized(content), b"\0"]
    return _base64(b"\x01" + _sized(b"".join(parts)))


def _sized(content: bytes) -> bytes:
    """Write a length in OER, then the content."""
    length = len(content)
    return (bytes([length]) if length < 128 else b"\x82" + length.to_bytes(2)) + content


def _base64(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")
