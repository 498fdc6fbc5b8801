"""What the SDK shows of what it keeps: a transfer, a request to pay, and what went wrong."""

from collections.abc import Mapping
from typing import Final

import orjson
from aiohttp import web

from adapters.sandbox.mojaloop_payers import transfer_id_of
from adapters.sandbox.mojaloop_rules import (
    MojaloopSandboxSettings,
    answered,
    error_information,
    stamp,
)
from adapters.sandbox.movements import Movement

_SHOWN: Final[Mapping[str, str]] = {
    "payeeResolved": "WAITING_FOR_PARTY_ACCEPTANCE",
    "quoteReceived": "WAITING_FOR_QUOTE_ACCEPTANCE",
    "succeeded": "COMPLETED",
    "aborted": "ABORTED",
    "errored": "ERROR_OCCURRED",
}
"""The SDK's own name of a state -> what it shows of it."""


class Views:
    """Movements as the outbound API shows them."""

    def __init__(self, settings: MojaloopSandboxSettings) -> None:
        self._settings = settings

    def transfer(self, movement: Movement, *, state: str | None = None) -> dict[str, object]:
        """Show a transfer; in another state than it is remembered in, if one is given."""
        details, settings = movement.details, self._settings
        request = orjson.loads(details["request"])
        kept = ("homeTransactionId", "from", "to", "amountType", "currency", "amount")
        shown: dict[str, object] = {"transferId": movement.id}
        shown |= {
            name: request[name] for name in (*kept, "transactionType", "note") if name in request
        }
        shown["to"] = request["to"] | {"fspId": settings.other_fsp_id}
        shown["currentState"] = _SHOWN[state or details["state"]]
        if settings.supported_currencies:
            party = {"partyIdInfo": {"partyIdType": "MSISDN", "partyIdentifier": movement.phone}}
            currencies = {"supportedCurrencies": list(settings.supported_currencies)}
            shown["getPartiesResponse"] = {"body": {"party": party | currencies}, "headers": {}}
        if "quote_id" in details:
            shown["quoteId"] = details["quote_id"]
            shown["quoteResponse"] = {"body": self._quote(movement, request), "headers": {}}
        if "seen" in details:
            shown["fulfil"] = self.fulfil(movement, details["seen"])
        return shown

    def _quote(self, movement: Movement, request: Mapping[str, str]) -> dict[str, object]:
        details, currency = movement.details, movement.currency
        quote: dict[str, object] = {
            "transferAmount": {"currency": currency, "amount": details["transfer_amount"]},
            "expiration": details["expires_at"],
            "ilpPacket": details["packet"],
            "condition": details["condition"],
        }
        if self._settings.shows_received:
            quote["payeeReceiveAmount"] = {"currency": currency, "amount": request["amount"]}
        return quote

    def fulfil(self, movement: Movement, word: str) -> dict[str, object]:
        """Show the scheme's word about a transfer."""
        body: dict[str, object] = {"transferState": word}
        if word == "COMMITTED":
            body["completedTimestamp"] = stamp(movement.ended_at or movement.accepted_at)
            fulfilment = movement.details.get("fulfilment")
            if fulfilment is not None:
                is_false = self._settings.false_fulfilment
                body["fulfilment"] = "A" * 43 if is_false else fulfilment
        return {"body": body, "headers": {}}

    def failure(
        self, movement: Movement, code: str | None, status: int, message: str | None = None
    ) -> web.Response:
        """Show a transfer that has just come to grief."""
        return failed(self.transfer(movement, state="errored"), code, status, message)

    def request(self, movement: Movement) -> dict[str, object]:
        """Show a request to pay."""
        request = orjson.loads(movement.details["request"])
        del request["homeR2PTransactionId"]
        shown: dict[str, object] = {"transactionRequestId": movement.id, **request}
        shown["to"] = request["to"] | {"fspId": self._settings.other_fsp_id}
        shown["from"] = request["from"] | {"fspId": self._settings.fsp_id}
        shown["currentState"] = _SHOWN[movement.details["state"]]
        if "asked" in movement.details:
            body = {"transactionRequestState": "RECEIVED"}
            if self._settings.names_transaction:
                body["transactionId"] = transfer_id_of(movement, self._settings)
            shown["transactionRequestResponse"] = {"body": body, "headers": {}}
        if movement.reason == "REJECTED" and self._settings.shows_notices:
            notice = {"body": {"transactionRequestState": "REJECTED"}, "headers": {}}
            shown["putTransactionRequestNotification"] = notice
        return shown


def failed(
    state: Mapping[str, object], code: str | None, status: int, message: str | None = None
) -> web.Response:
    """Make an error of a transfer: the scheme's code where there is one, else the status."""
    told = message or f"Timeout waiting for fulfil for transfer {state['transferId']}"
    shown = dict(state)
    if code is not None:
        information = error_information(code)
        shown["lastError"] = {"httpStatusCode": status, "mojaloopError": information}
        told = f"Got an error response: {orjson.dumps(information).decode()}"
    body = {"message": told, "transferState": shown, "statusCode": code or str(status)}
    return answered(body, status)


def request_failed(message: str, status: int) -> web.Response:
    """Make an error of a request to pay, which has its code nowhere but in its text."""
    return answered(
        {"message": message, "requestToPayState": {}, "statusCode": str(status)}, status
    )
