"""Examples for the OpenAPI document: one value for every shape, made from its JSON Schema.

What a model or a field gives as `examples` is taken; names that mean the same everywhere (`id`,
`amount`, `created_at`) have one synthetic value each; whatever is left follows from its type. So a
route that is added tomorrow has its examples at once, and a test holds each against its own schema
and sends each request to a server.

Of what may be left out or null, an example shows what has a name or an example; the rest it leaves
out of a request, and shows as null in an answer.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from ledger.events import JsonObject

DEPTH_MAX: Final = 12
"""How far shapes are followed into one another; ours end long before."""

_NAMED: Final[Mapping[str, Any]] = {
    "id": "pay_6wq3o2mexg5vbn7hd4tq2lkzae",
    "payment_id": "pay_6wq3o2mexg5vbn7hd4tq2lkzae",
    "refund_id": "re_3kd7w5mexg5vbn7hd4tq2lkzae",
    "merchant_id": "mer_3c724e88597ee05a",
    "key_id": "8a48d4080b31fb83",
    "provider": "mtn",
    "operator": "mtn-cm",
    "country": "CM",
    "currency": "XAF",
    "amount": "1500",
    "refunded": "0",
    "refundable": "0",
    "balance": "1500",
    "phone": "+237650000001",
    "account": "552",
    "holder": "mtn",
    "name_fr": "Monnaie électronique",
    "name_en": "Electronic money",
    "language": "fr",
    "description": "Two chickens",
    "metadata": {"order": "1001"},
    "url": "https://shop.example/cauri",
    "tail": "pay_6wq3o2mexg5vbn7hd4tq2lkzae/4b1b4bd0-9f3c-5a4e-8f0e-1f0c6b0c2f11",
    "reference": "4b1b4bd0-9f3c-5a4e-8f0e-1f0c6b0c2f11",
    "provider_transaction_id": "363440463",
    "session_id": "cs_6wq3o2mexg5vbn7hd4tq2lkzae3k2w5p",
    "root_hex": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "root_base64": "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=",
    "entry_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "route_reason": "the number is in a range of mtn-cm",
    "actor": "merchant:mer_3c724e88597ee05a",
    "correlation_id": "7fd0a0129ae3020d",
    "causation_id": "request:7fd0a0129ae3020d",
    "stream": "payment-pay_6wq3o2mexg5vbn7hd4tq2lkzae",
    "as_of": "41",
    "type": "payment.requested",
    "name": "payments",
    "state": "following",
    "reasons": "subscription payments: stalled",
    "refusal": "insufficient_funds",
    "category": "businessRule",
    "gsma_code": "insufficientFunds",
    "for_payer": "There is not enough money in your account.",
    "for_merchant": "The customer's balance is too low.",
    "next_step": "Ask the customer to top up, then make a new payment.",
    "reason": "no answer within 15 seconds",
    "debit": "1500",
    "credit": "0",
    "brand": "MTN",
    "wallet": "MTN MoMo",
    "former_names": "Mobile Telephone Networks",
    "carrier": "MTN Cameroon",
    "example": "+237670123456",
    "calling_code": "237",
    "digits": 9,
    "prefixes": "23767",
    "minimum": "100",
    "maximum": "500000",
    "multiple": "5",
    "source": "https://momodeveloper.mtn.com",
    "window_seconds": 86400,
    "size": 42,
    "position": 42,
    "min_position": 42,
    "after": 41,
    "next_after": 41,
    "limit": 50,
}
"""Name -> what stands there in every example, where its schema allows it."""

_UNSAID: Final = frozenset({"reason"})
"""Names that are null where they may be: all is well in an example."""

_PAYOUT: Final = {"id": "po_4qxk2omexg5vbn7hd4tq2lkzae", "kind": "payout", "power": "payout"}
_REFUND: Final = {
    "id": "re_3kd7w5mexg5vbn7hd4tq2lkzae",
    "kind": "refund",
    "power": "refund",
    "refund_of": _NAMED["id"],
    "refundable": "0",
}
_MOVEMENTS: Final[Mapping[str, Mapping[str, Any]]] = {"payouts": _PAYOUT, "refunds": _REFUND}
"""Collection -> what tells one of it from a payment."""

_TIMES: Final[Mapping[str, str]] = {
    "expires_at": "2030-01-31T12:30:00Z",
    "updated_at": "2030-01-31T12:00:41Z",
    "final_at": "2030-01-31T12:00:41Z",
    "moved_at": "2030-01-31T12:00:41Z",
    "created_to": "2030-02-01T00:00:00Z",
}
_TIME: Final = "2030-01-31T12:00:00Z"
_TYPES: Final[Mapping[str, type | tuple[type, ...]]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
    "null": type(None),
}
_REF: Final = re.compile(r"^#/components/schemas/(.+)$")


class Examples:
    """Makes an example of every shape among `definitions` (name -> JSON Schema)."""

    def __init__(self, definitions: Mapping[str, JsonObject]) -> None:
        self._definitions = definitions

    def request(self, model: str) -> Any:
        """An example of what is sent: what must stand there, and what has an example."""
        return self._of({"$ref": f"#/components/schemas/{model}"}, "", is_sent=True)

    def answer(self, model: str) -> Any:
        """An example of what is answered: every field stands there."""
        return self._of({"$ref": f"#/components/schemas/{model}"}, "", is_sent=False)

    def about(self, collection: str, value: Any) -> Any:
        """The same example, said of a payout or a refund where that is what is there."""
        words = _MOVEMENTS.get(collection)
        if words is None:
            return value
        if isinstance(value, list):
            return [self.about(collection, one) for one in value]
        if not isinstance(value, dict):
            return value
        said = {name: self.about(collection, one) for name, one in value.items()}
        return (
            said | {name: words[name] for name in said.keys() & words} if "kind" in said else said
        )

    def parameter(self, name: str, schema: JsonObject) -> Any:
        """An example of a parameter of the path or the query."""
        return self._of(schema, name, is_sent=True)

    def _of(self, schema: JsonObject, name: str, *, is_sent: bool, depth: int = 0) -> Any:
        if depth > DEPTH_MAX:
            raise ValueError(f"the shape of {name} has no end")
        if schema.get("examples"):
            return schema["examples"][0]
        if "const" in schema:
            return schema["const"]
        if found := _REF.match(schema.get("$ref", "")):
            return self._of(self._definitions[found[1]], name, is_sent=is_sent, depth=depth + 1)
        if "enum" in schema:
            named = _NAMED.get(name)
            return named if named in schema["enum"] else schema["enum"][0]
        for several in ("anyOf", "oneOf", "allOf"):
            if several in schema:
                first = _first_of(schema[several], name)
                return self._of(first, name, is_sent=is_sent, depth=depth + 1)
        return self._of_type(schema, name, is_sent=is_sent, depth=depth)

    def _of_type(self, schema: JsonObject, name: str, *, is_sent: bool, depth: int) -> Any:
        kind = schema.get("type")
        if schema.get("format") == "date-time":
            return _TIMES.get(name, _TIME)
        if name in _NAMED and _fits(_NAMED[name], schema):
            return _NAMED[name]
        match kind:
            case "object":
                return self._object(schema, is_sent=is_sent, depth=depth)
            case "array":
                one = self._of(schema["items"], name, is_sent=is_sent, depth=depth + 1)
                return [one]
            case "integer":
                return max(1, schema.get("minimum", 1))
            case "number":
                return 1.0
            case "boolean":
                return True
            case "null":
                return None
            case "string":
                return _text(schema, name)
        return {}

    def _object(self, schema: JsonObject, *, is_sent: bool, depth: int) -> JsonObject:
        required = schema.get("required", ())
        return {
            name: self._of(one, name, is_sent=is_sent, depth=depth + 1)
            for name, one in schema.get("properties", {}).items()
            if not is_sent or name in required or one.get("examples")
        }


def _first_of(alternatives: list[JsonObject], name: str) -> JsonObject:
    """Choose among shapes: null unless something is known that could stand there instead."""
    others = [one for one in alternatives if one.get("type") != "null"]
    is_known = name in _NAMED.keys() - _UNSAID or any("$ref" in one for one in others)
    if len(others) == len(alternatives) or is_known:
        return others[0]
    return {"type": "null"}


def _fits(value: Any, schema: JsonObject) -> bool:
    kind, pattern = schema.get("type"), schema.get("pattern")
    if kind is None or not isinstance(value, _TYPES[kind]):
        return False
    return pattern is None or re.search(pattern, str(value)) is not None


def _text(schema: JsonObject, name: str) -> str:
    text = name.replace("_", " ") or "text"
    return text[: schema.get("maxLength", len(text))]
