"""Events as stored payloads: written canonically, read as the present class of their type.

Stored payloads are brought to the present shape at read by pure `upcast_vN_vM(payload)` functions
named in `UPCASTS`. What is written is read back first: a constructor of an event checks no types,
and what could not be read again must never be appended.
"""

from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Final

import msgspec

from ledger.errors import UnknownEventTypeError
from ledger.events import EVENTS, Event, JsonObject, UtcTime

Upcast = Callable[[JsonObject], JsonObject]
"""Old payload in, next version's payload out; pure, never in place."""

UPCASTS: Final[Mapping[tuple[str, int], Upcast]] = {}
"""(type, schema version) -> the step to the next version. Empty: every type is at version 1."""

_TIMES: Final = {
    name: tuple(one.name for one in msgspec.structs.fields(cls) if one.type == UtcTime)
    for name, cls in EVENTS.items()
}
_ENCODE: Final = msgspec.json.Encoder(order="sorted").encode
_DECODE: Final = {name: msgspec.json.Decoder(cls).decode for name, cls in EVENTS.items()}


def encode_event(event: Event) -> bytes:
    """Write an event's payload as canonical JSON; absent optional fields are left out.

    Raises:
        TypeError: a field is not of its type, or a time not in UTC: a mistake of ours, found
            before anything is written.
    """
    for name in _TIMES[event.type]:
        if getattr(event, name).tzinfo is not UTC:
            raise TypeError(f"{event.type}.{name} is not in UTC")
    payload = _ENCODE(event)
    try:
        _DECODE[event.type](payload)
    except msgspec.ValidationError as error:
        raise TypeError(f"{event.type} could not be read again: {error}") from error
    return payload


def payload_of(event: Event) -> JsonObject:
    """Show an event's payload as the object that is stored."""
    return msgspec.to_builtins(event)  # type: ignore[no-any-return]


def decode_event(
    event_type: str,
    schema: int,
    payload: JsonObject,
    upcasts: Mapping[tuple[str, int], Upcast] = UPCASTS,
) -> Event:
    """Read a stored payload as the present class of its type.

    Raises:
        UnknownEventTypeError: a type or version of newer code.
        msgspec.ValidationError: the payload does not have the shape its version promises.
    """
    cls = EVENTS.get(event_type)
    if cls is None or schema > cls.schema_version:
        raise UnknownEventTypeError(event_type, schema)
    while schema < cls.schema_version:
        payload = upcasts[event_type, schema](payload)
        schema += 1
    return msgspec.convert(payload, cls)
