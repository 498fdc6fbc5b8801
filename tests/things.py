"""Things of a merchant's, one for every name that an address may hold: made over HTTP, found by id.

The OpenAPI document says which names there are. For most of them it also says how to make one: a
collection that can be added to by POST, under whose address they stand. A payment and its kin have
a way of their own here, and so have keys, and what is no thing of anybody's. A name that has
neither fails the test that asks, so that no route is forgotten.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import pytest

from adapters.answer import NotSentError
from adapters.recording import Recorder
from adapters.transport import Transport
from api.exchanges import exchanges_of
from tests.api_world import MTN_PHONE, Answer, World, a_payment
from tests.test_api_refunds import succeed

JSON: Final = "application/json"


class Operation(NamedTuple):
    """One operation of the document."""

    method: str
    path: str
    said: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its `operationId`."""
        return str(self.said["operationId"])

    def parameters(self, where: str) -> list[Mapping[str, Any]]:
        """Its parameters in the path, the query or the headers."""
        return [one for one in self.said["parameters"] if one["in"] == where]

    @property
    def query(self) -> str:
        """Its query string with what it must have, as its examples say; empty if nothing."""
        needed = {
            one["name"]: one["schema"]["examples"][0]
            for one in self.parameters("query")
            if one["required"]
        }
        return f"?{urlencode(needed)}" if needed else ""

    @property
    def body(self) -> Any:
        """The example of its body; None where it takes none."""
        return self.said.get("requestBody", {}).get("content", {}).get(JSON, {}).get("example")

    @property
    def is_endless(self) -> bool:
        """Whether its answer goes on for as long as somebody reads it."""
        return "text/event-stream" in self.said["responses"].get("200", {}).get("content", {})

    @property
    def roles(self) -> list[str]:
        """The roles whose keys it takes; empty where it asks for no key."""
        if "security" not in self.said:
            return []
        listed = self.said["description"].partition("For keys of: ")[2].partition(".")[0]
        return [str(one) for one in listed.split(", ")]


def operations_of(document: Mapping[str, Any]) -> Iterator[Operation]:
    """Every operation of an OpenAPI document."""
    for path, item in document["paths"].items():
        for method, said in item.items():
            yield Operation(method.upper(), path, said)


async def send(
    world: World, operation: Operation, names: Mapping[str, str], *, who: str | None, key: str
) -> Answer:
    """Ask for an operation as its examples say, about named things, under an Idempotency-Key."""
    headers = {one["name"]: key for one in operation.parameters("header") if one["required"]}
    headers["X-Correlation-Id"] = "a-conversation"
    options: dict[str, Any] = {} if operation.body is None else {"json": operation.body}
    path = operation.path.format_map(names) + operation.query
    return await world.ask(operation.method, path, who=who, headers=headers, **options)


class Things:
    """Makes a merchant's things; its customers have a number that nobody else has."""

    def __init__(
        self, world: World, document: Mapping[str, Any], who: str, *, phone: str = MTN_PHONE
    ) -> None:
        self._world, self._who, self._phone = world, who, phone
        self._operations = list(operations_of(document))
        self._made = 0

    async def named_in(self, path: str) -> dict[str, str]:
        """Make what a path names: parameter -> the id of a thing that is there.

        Raises:
            LookupError: nothing says how to make one.
        """
        names: dict[str, str] = {}
        parts = path.split("/")
        for before, part in pairwise(parts):
            if part.startswith("{"):
                names[part.strip("{}")] = await self._one(part.strip("{}"), before, names)
        return names

    async def asked_for_by(self, parameter: str) -> str:
        """Make what a parameter of a query names: an id, or a number.

        Raises:
            LookupError: nothing says how to make one.
        """
        known = {"merchant_id": self._who, "phone": self._phone}
        return known.get(parameter) or await self._one(parameter, "payments", {})

    async def _one(self, parameter: str, collection: str, names: Mapping[str, str]) -> str:
        makers: Mapping[tuple[str, str], Callable[[], Awaitable[str]]] = {
            ("payment_id", "payments"): self._payment,
            ("payment_id", "refunds"): self._refund,
            ("key_id", "keys"): self._key_of_theirs,
            ("message_id", "messages"): lambda: self._message_to(names["endpoint_id"]),
            ("erasure_id", "erasures"): self._erasure,
            ("note_id", "notes"): lambda: self._note(names["payment_id"]),
            ("statement_id", "statements"): self._statement,
            ("exchange", "exchanges"): lambda: self._exchange(names["payment_id"]),
        }
        if (parameter, collection) in makers:
            return await makers[parameter, collection]()
        if (parameter, collection) in OF_THE_LOG:
            return OF_THE_LOG[parameter, collection]
        if parameter in NOBODYS:
            return NOBODYS[parameter]
        collection = "checkout-sessions" if collection == "checkout" else collection
        for one in self._operations:
            if one.method == "POST" and one.path.rpartition("/")[2] == collection:
                answer = await self._sent(one, names)
                assert answer.status < 300, (one.name, answer.body)
                return str(answer.json["id"])
        raise LookupError(f"tests/things.py says nothing of how to make a {parameter}")

    async def _sent(self, operation: Operation, names: Mapping[str, str]) -> Answer:
        outer = await self.named_in(operation.path) if "{" in operation.path else dict(names)
        who = self._who if "merchant" in operation.roles else operation.roles[0]
        return await send(self._world, operation, outer, who=who, key=self._next())

    async def _payment(self) -> str:
        wanted = a_payment(payer={"phone": self._phone})
        answer = await self._world.pay(wanted, key=self._next(), who=self._who)
        payment_id = str(answer.json["id"])
        await succeed(self._world, payment_id)
        return payment_id

    async def _refund(self) -> str:
        answer = await self._world.ask(
            "POST",
            f"/v1/payments/{await self._payment()}/refunds",
            who=self._who,
            headers={"Idempotency-Key": self._next()},
            json={"amount": "500", "allow_payout": True},
        )
        assert answer.status == 202, answer.body
        return str(answer.json["id"])

    async def _message_to(self, endpoint_id: str) -> str:
        await self._payment()
        await self._world.caught_up()
        path = f"/v1/webhook-endpoints/{endpoint_id}/messages"
        listed = await self._world.get(path, who=self._who)
        return str(listed.json["messages"][0]["id"])

    async def _exchange(self, payment_id: str) -> str:
        """Let a provider be called about a payment: nobody listens there, which is kept too."""
        services = self._world.services
        state, recorded = await services.handler.payment(payment_id)
        recorder = Recorder(services.handler, services.vault, keeper=services.keeper)
        mtn = services.adapters["mtn"]
        transport = Transport(
            mtn.pace,
            clock=services.clock,
            name="mtn",
            scrub=mtn.scrub,
            observer=services.keeper.observe,
            sleep=at_once,
        )
        async with recorder.about(recorded, actor="test").overhearing(state, "a-reference"):
            with pytest.raises(NotSentError):
                await transport.call("GET", "http://127.0.0.1:9/", is_safe_to_repeat=True)
        await transport.close()
        listed = await exchanges_of(services.store, payment_id)
        return str(listed[0].position)

    async def _key_of_theirs(self) -> str:
        return await self._world.add_key(f"spare-{self._next()}", "merchant", self._who)

    async def _erasure(self) -> str:
        """A request to forget somebody who has no payments; by an admin, for others to approve."""
        self._made += 1
        content = {"phone": f"+2376509990{self._made:02}", "reason": "asked for by the person"}
        answer = await self._world.ask("POST", "/v1/people/erasures", who="admin", json=content)
        assert answer.status == 201, answer.body
        return str(answer.json["id"])

    async def _note(self, payment_id: str) -> str:
        """A proposal about a payment; by an admin, for others to approve."""
        path, content = f"/v1/payments/{payment_id}/notes", {"word": "succeeded", "reason": "seen"}
        answer = await self._world.ask("POST", path, who="admin", json=content)
        assert answer.status == 201, answer.body
        return str(answer.json["id"])

    async def _statement(self) -> str:
        """A statement as none was before: one that was taken back would stay so."""
        self._made += 1
        (made,) = [one for one in self._operations if one.name == "create_statement"]
        end = f"2026-01-31T{13 + self._made // 60}:{self._made % 60:02}:00Z"
        answer = await self._world.ask(
            "POST",
            made.path,
            who=made.roles[0],
            headers={"Idempotency-Key": self._next()},
            json={**made.body, "covers_to": end},
        )
        assert answer.status < 300, answer.body
        return str(answer.json["id"])

    def _next(self) -> str:
        self._made += 1
        return f"thing-{self._made}"


OF_THE_LOG: Final[Mapping[tuple[str, str], str]] = {
    ("level", "tile"): "0",
    ("tail", "{level}"): "000.p/1",
    ("tail", "entries"): "000.p/1",
}
"""Tiles of any log that has an entry."""


async def at_once(_seconds: float) -> None:
    """Wait no time between two attempts."""


NOBODYS: Final[Mapping[str, str]] = {
    "provider": "mtn",
    "tail": "any",
    "level": "0",
    "name": "checkout.js",
}
"""Names that belong to no merchant."""
