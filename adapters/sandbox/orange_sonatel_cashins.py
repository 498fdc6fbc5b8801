"""The cash-ins of the Sonatel sandbox: one in a call, or several in one.

How several are taken is described nowhere beyond the array, its header `X-Callback-Url` and a bulk
id in the answer. So these are switches: whether each is judged by itself, as a transaction that
fails, or all are refused for one of them (`bulk_judging`); how the answer names the bulk
(`bulk_answer`); and whether each is told to that address (`bulk_callbacks`).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Protocol

import orjson
from aiohttp import web

from adapters.sandbox.movements import Books, Ending, Kind, Movement, Scenario, scenario_of
from adapters.sandbox.orange_sonatel_bodies import moved_body
from adapters.sandbox.orange_sonatel_rules import (
    CURRENCY,
    REFUSED_CASHINS,
    OrangeSonatelSandboxSettings,
    Reader,
    answer,
    invalid,
    problem,
)
from adapters.sandbox.server import RefusedError

BULK_MAX: Final = 50
"""How many cash-ins go in one call; nobody describes it."""


NO_DETAILS: Final[Mapping[str, str]] = MappingProxyType({})


class Bank(Protocol):
    """What cash-ins need of the server."""

    settings: OrangeSonatelSandboxSettings
    books: Books

    def balance_minor(self, currency: str) -> int:
        """What lies in the retailer's account."""

    def check_pin(self, number: str, sealed: str) -> None:
        """Let a retailer in, or raise RefusedError."""

    def make_movement(
        self,
        kind: Kind,
        *,
        reference: str,
        amount_minor: int,
        phone: str = "",
        callback_url: str | None = None,
        details: dict[str, str],
    ) -> Movement:
        """Make a movement that is not booked yet."""

    async def begin(self, movement: Movement) -> Movement:
        """Book it and start the way to its end."""

    def end(self, movement_id: str, ending: Ending | None = None) -> Movement:
        """End it now."""


@dataclass(frozen=True, slots=True)
class _Order:
    """One cash-in, read and found to break no rule."""

    reference: str
    payee: str
    amount: int
    details: dict[str, str]


class CashInDesk:
    """Takes cash-ins from the server's retailer."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank

    async def take_one(self, request: web.Request) -> web.Response:
        """Pay one customer, or refuse."""
        settings, order = self._bank.settings, self._read(await request.read())
        refused = self._refused(order, self._bank.balance_minor(CURRENCY))
        if refused is not None:
            raise RefusedError(problem(settings.refusal_status, refused))
        movement = await self._bank.begin(self._movement(order))
        return answer(201, moved_body(movement, settings))

    async def take_several(self, request: web.Request) -> web.Response:
        """Pay several customers; what breaks a rule is refused before anybody is paid."""
        settings, body = self._bank.settings, await request.read()
        try:
            items = orjson.loads(body)
        except orjson.JSONDecodeError:
            items = None
        if not isinstance(items, list) or not 0 < len(items) <= BULK_MAX:
            raise invalid(settings, "body", f"a JSON array of 1 to {BULK_MAX} cash-ins")
        orders = [self._read(orjson.dumps(item)) for item in items]
        left, refusals = self._bank.balance_minor(CURRENCY), []
        for order in orders:
            refused = self._refused(order, left)
            if refused is not None and settings.bulk_judging == "all_or_nothing":
                raise RefusedError(problem(settings.refusal_status, refused))
            refusals.append(refused)
            left -= 0 if refused else order.amount
        bulk_id = hashlib.sha256(body).hexdigest()[:16]
        url = request.headers.get("X-Callback-Url")
        for order, refused in zip(orders, refusals, strict=True):
            movement = self._movement(order, {"bulk": bulk_id}, url)
            if refused is None:
                await self._bank.begin(movement)
            else:
                self._bank.books.accept(movement)
                self._bank.end(movement.id, "failed")
        return answer(201, _bulk_body(bulk_id, settings))

    def _read(self, body: bytes) -> _Order:
        """Read one cash-in, whose PIN must be right."""
        reader = Reader(self._bank.settings, body)
        self._bank.check_pin(*reader.msisdn("partner"))
        payee, _ = reader.msisdn("customer")
        return _Order(reader.text("reference"), payee, reader.amount(), reader.remembered())

    @staticmethod
    def _refused(order: _Order, left: int) -> str | None:
        """The code a cash-in is refused with; None where it is taken."""
        refused = REFUSED_CASHINS.get(scenario_of(order.payee))
        is_short = refused is None and left < order.amount
        return REFUSED_CASHINS[Scenario.FLOAT_SHORT] if is_short else refused

    def _movement(
        self, order: _Order, more: Mapping[str, str] = NO_DETAILS, callback_url: str | None = None
    ) -> Movement:
        return self._bank.make_movement(
            "payout",
            reference=order.reference,
            amount_minor=order.amount,
            phone=order.payee,
            callback_url=callback_url,
            details={**order.details, **more},
        )


def is_of_bulk(movement: Movement) -> bool:
    """Whether a movement is one of several cash-ins of one call."""
    return "bulk" in movement.details


def _bulk_body(bulk_id: str, settings: OrangeSonatelSandboxSettings) -> dict[str, object]:
    """Write the answer to several cash-ins, in one of the shapes it may have."""
    bodies: dict[str, dict[str, object]] = {
        "text": {"bulkId": bulk_id},
        "number": {"bulkId": int(bulk_id[:12], 16)},
        "nested": {"data": {"bulkId": bulk_id}},
        "other_name": {"id": bulk_id, "status": "ACCEPTED"},
        "nothing": {},
    }
    return bodies[settings.bulk_answer]
