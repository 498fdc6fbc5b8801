"""The payers' side of the Mojaloop sandbox: who was asked to pay, and what our backend is told.

A payer who pays makes the SDK call the merchant's backend API: for a price, then with the transfer.
Nothing moves unless both are taken. If the transfer was only reserved there, the scheme's last word
follows in PUT /transfers/{id}; else nobody tells the merchant anything, as in the real scheme.

A backend that does not answer makes the payer try again, a few times.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

import aiohttp
import orjson
from aiohttp import web

from adapters.sandbox.callbacks import Callback, is_on_this_machine
from adapters.sandbox.mojaloop_rules import MojaloopSandboxSettings, made_id, quote_of, stamp
from adapters.sandbox.movements import Movement, Scenario

if TYPE_CHECKING:
    from adapters.sandbox.mojaloop import MojaloopSandbox

TIMEOUT_SECONDS: Final = 5.0
HEADERS: Final[Mapping[str, str]] = {
    "Content-Type": "application/json",
    "Accept": "application/json",
}


class Payers:
    """Those who were asked to pay."""

    def __init__(self, sandbox: "MojaloopSandbox") -> None:
        self._sandbox = sandbox
        self._session: aiohttp.ClientSession | None = None
        self._tries: dict[str, int] = {}

    async def start(self, _application: web.Application) -> None:
        """Open the client."""
        limit = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        self._session = aiohttp.ClientSession(timeout=limit)

    async def stop(self, _application: web.Application) -> None:
        """Close the client."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def pay(self, movement: Movement) -> None:
        """Let the payer pay what he was asked for, if the backend takes it."""
        sandbox = self._sandbox
        if movement.ending is not None:
            return
        quoted = await self._call("POST", "quoterequests", quote_request(movement, sandbox))
        if quoted is not None and quoted[0] == 200:
            taken = await self._call(
                "POST", "transfers", transfer_request(movement, sandbox, quoted[1])
            )
        else:
            taken = quoted
        if taken is None:
            self._try_again(movement)
            return
        status, answer = taken
        if status != 200:
            code = str(answer.get("statusCode"))
            sandbox.books.end(movement.id, "failed", reason=code, at=sandbox.clock())
            return
        state = answer.get("transferState") or "COMMITTED"
        home = str(answer.get("homeTransactionId"))
        sandbox.books.remember(movement.id, prepared=str(state), home=home)
        is_poor = movement.scenario is Scenario.POOR
        sandbox.end(movement.id, "failed" if is_poor else "succeeded")

    def _try_again(self, movement: Movement) -> None:
        """Let the payer try once more after a while; nothing has moved."""
        settings = self._sandbox.settings
        tries = self._tries[movement.id] = self._tries.get(movement.id, 0) + 1
        if tries < settings.payer_tries_max:
            self._sandbox.timer.call_later(
                settings.payer_retry_seconds, lambda: self._sandbox.end(movement.id)
            )

    async def _call(
        self, method: str, path: str, body: Mapping[str, object]
    ) -> tuple[int, dict[str, object]] | None:
        """Call the backend; None where no usable answer came."""
        url = f"{self._sandbox.backend_url}/{path}"
        is_allowed = self._sandbox.settings.callback_any_host or is_on_this_machine(url)
        if self._session is None or not is_allowed:
            return None
        try:
            async with self._session.request(
                method, url, data=orjson.dumps(body), headers=HEADERS, allow_redirects=False
            ) as response:
                answer = orjson.loads(await response.read())
                return (response.status, answer) if isinstance(answer, dict) else None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return None


def transfer_id_of(movement: Movement, settings: MojaloopSandboxSettings) -> str:
    """The id that the payer's provider gives to the transfer for a request."""
    return made_id(settings.id_form, "transfer", movement.id)


def quote_request(movement: Movement, sandbox: "MojaloopSandbox") -> dict[str, object]:
    """Write what POST /quoterequests says."""
    settings = sandbox.settings
    request = orjson.loads(movement.details["request"])
    return {
        "homeR2PTransactionId": request["homeR2PTransactionId"],
        "transactionRequestId": movement.id,
        "quoteId": made_id(settings.id_form, "quote", movement.id),
        "transactionId": transfer_id_of(movement, settings),
        "to": request["from"] | {"fspId": settings.fsp_id},
        "from": request["to"] | {"fspId": settings.other_fsp_id},
        "amountType": "SEND",
        "amount": settings.payer_pays or request["amount"],
        "currency": request["currency"],
        "transactionType": request["transactionType"],
        "initiator": "PAYEE",
        "initiatorType": "BUSINESS",
    }


def transfer_request(
    movement: Movement, sandbox: "MojaloopSandbox", quote: Mapping[str, object]
) -> dict[str, object]:
    """Write what POST /transfers says once the price is known."""
    asked = quote_request(movement, sandbox)
    kind = {"scenario": "TRANSFER", "initiator": "PAYEE", "initiatorType": "BUSINESS"}
    parties = {name: _party(asked[said]) for name, said in (("payee", "to"), ("payer", "from"))}
    packet = {
        "quoteId": asked["quoteId"],
        "transactionId": asked["transactionId"],
        "amount": {"amount": asked["amount"], "currency": asked["currency"]},
        "transactionType": kind,
        **parties,
    }
    kept = ("homeR2PTransactionId", "transactionRequestId", "to", "from", "amountType")
    return {
        **{name: asked[name] for name in (*kept, "amount", "currency", "transactionType")},
        "transferId": asked["transactionId"],
        "quote": quote,
        "ilpPacket": {"data": packet},
    }


def _party(internal: object) -> dict[str, object]:
    """Write a party of the backend API as FSPIOP does."""
    known = internal if isinstance(internal, dict) else {}
    info = {
        "partyIdType": known.get("idType"),
        "partyIdentifier": known.get("idValue"),
        "fspId": known.get("fspId"),
    }
    return {"partyIdInfo": info}


def callback_about(
    movement: Movement, settings: MojaloopSandboxSettings, backend_url: str, now: datetime
) -> Callback | None:
    """Write the scheme's last word about a request to pay; None where nobody says one."""
    if movement.kind != "collection" or movement.ending in {None, "expired"}:
        return None
    request = orjson.loads(movement.details["request"])
    home = request["homeR2PTransactionId"]
    if movement.reason == "REJECTED":
        path = f"requestToPay/{movement.id}"
        body: dict[str, object] = {
            "homeR2PTransactionId": home,
            "transactionRequestState": "REJECTED",
        }
    elif movement.details.get("prepared") == "RESERVED":
        transfer_id = transfer_id_of(movement, settings)
        path = f"transfers/{transfer_id}"
        body = notice_of(movement, settings, transfer_id, request, now)
    else:
        return None
    return Callback(
        key=movement.reference or movement.id,
        method="PUT",
        url=f"{backend_url}/{path}",
        body=orjson.dumps(body),
        headers=HEADERS,
    )


def notice_of(
    movement: Movement,
    settings: MojaloopSandboxSettings,
    transfer_id: str,
    request: Mapping[str, str],
    now: datetime,
) -> dict[str, object]:
    """Write what PUT /transfers/{id} says: all that the SDK keeps about the transfer."""
    money = {"amount": request["amount"], "currency": request["currency"]}
    quote = quote_of(settings, movement, request["amount"], movement.accepted_at)
    is_paid = movement.ending == "succeeded"
    return {
        "transferId": transfer_id,
        "homeTransactionId": movement.details.get("home"),
        "direction": "INBOUND",
        "initiatedTimestamp": stamp(movement.accepted_at),
        "currentState": "COMPLETED" if is_paid else "ABORTED",
        "quote": {
            "fulfilment": quote["fulfilment"],
            "internalRequest": {
                "homeR2PTransactionId": request["homeR2PTransactionId"],
                "transactionRequestId": movement.id,
                "transactionId": transfer_id,
                "quoteId": quote["quote_id"],
                "to": request["from"],
                "from": request["to"],
                "amountType": "SEND",
                **money,
                "transactionType": request["transactionType"],
                "initiator": "PAYEE",
                "initiatorType": "BUSINESS",
            },
        },
        "prepare": {
            "headers": {"fspiop-source": settings.other_fsp_id},
            "body": {
                "transferId": transfer_id,
                "payeeFsp": settings.fsp_id,
                "payerFsp": settings.other_fsp_id,
                "amount": money,
                "ilpPacket": quote["packet"],
                "condition": quote["condition"],
                "expiration": quote["expires_at"],
            },
        },
        "finalNotification": {
            "completedTimestamp": stamp(movement.ended_at or now),
            "transferState": "COMMITTED" if is_paid else "ABORTED",
        },
    }
