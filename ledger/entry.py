"""An entry: one line of canonical JSON, the bytes that are hashed, stored, exported and verified.

The line is UTF-8, keys sorted, no spaces, made by orjson with sorted keys. Its keys are ASCII, its
numbers integers and its texts plain strings, for which orjson's bytes are those of RFC 8785. The
bytes are stored once and never made again: a reader decodes them, a verifier hashes them.

An event is named `<stream>@<version>` wherever another one says what caused it (`causation_id`);
a command that came from outside is named by its request (`request:<id>`).

Why orjson on a floor that is otherwise standard library and pydantic: it is a pure function, and
`json.dumps` would decide the write speed of the whole log.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson

from ledger.errors import CorruptLogError, EntryTooLargeError
from ledger.events import Event, decode_event, encode_event

ENTRY_BYTES_MAX: Final = 65_535
"""C2SP tlog-tiles gives an entry's length two bytes."""

_FIELDS: Final = frozenset(
    (
        "actor",
        "causation_id",
        "correlation_id",
        "data",
        "position",
        "recorded_at",
        "schema",
        "stream",
        "type",
        "version",
    )
)


class Context(NamedTuple):
    """Who asked, in which conversation, because of what; written beside every event."""

    actor: str
    """`merchant:<id>`, `key:<id>`, `reactor:<name>`, `cli`."""
    correlation_id: str
    causation_id: str


class RecordedEvent(NamedTuple):
    """An event at its place in the log."""

    position: int
    stream: str
    version: int
    recorded_at: datetime
    correlation_id: str
    causation_id: str
    actor: str
    event: Event
    entry: bytes

    @property
    def id(self) -> str:
        """The event's name: `<stream>@<version>`."""
        return f"{self.stream}@{self.version}"

    @property
    def type(self) -> str:
        """The stored type of the event."""
        return self.event.type


def rfc3339(moment: datetime) -> str:
    """Write an aware UTC time the one way the log writes it: microseconds and `Z`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def prepare(event: Event) -> tuple[str, int, dict[str, Any]]:
    """Encode what does not depend on the place in the log: (type, schema, payload)."""
    return event.type, event.schema_version, encode_event(event)


def encode_entry(
    prepared: tuple[str, int, dict[str, Any]],
    *,
    position: int,
    stream: str,
    version: int,
    recorded_at: str,
    context: Context,
) -> bytes:
    """Make the canonical line of an event at its place.

    Raises:
        EntryTooLargeError: the line would be longer than `ENTRY_BYTES_MAX`.
    """
    event_type, schema, payload = prepared
    entry = orjson.dumps(
        {
            "actor": context.actor,
            "causation_id": context.causation_id,
            "correlation_id": context.correlation_id,
            "data": payload,
            "position": position,
            "recorded_at": recorded_at,
            "schema": schema,
            "stream": stream,
            "type": event_type,
            "version": version,
        },
        option=orjson.OPT_SORT_KEYS,
    )
    if len(entry) > ENTRY_BYTES_MAX:
        raise EntryTooLargeError(event_type, len(entry), ENTRY_BYTES_MAX)
    return entry


class Draft(NamedTuple):
    """An entry with three holes: position, time and version are known only under the lock."""

    type: str
    before: bytes
    after: bytes


def draft(stream: str, events: Iterable[Event], context: Context) -> list[Draft]:
    """Encode all that does not depend on the place in the log, before anybody waits for it."""
    actor, correlation_id, causation_id = context
    said = {"actor": actor, "causation_id": causation_id, "correlation_id": correlation_id}
    opening = orjson.dumps(said)[:-1]
    name = orjson.dumps(stream)
    drafts = []
    for event in events:
        payload = orjson.dumps(encode_event(event), option=orjson.OPT_SORT_KEYS)
        before = b'%b,"data":%b,"position":' % (opening, payload)
        kind = event.schema_version, name, event.type.encode()
        after = b'","schema":%d,"stream":%b,"type":"%b","version":' % kind
        drafts.append(Draft(event.type, before, after))
    return drafts


def place(drafted: Draft, *, position: int, version: int, recorded_at: bytes) -> bytes:
    """Fill the holes: the very bytes that `encode_entry` makes, in a tenth of the time.

    Raises:
        EntryTooLargeError: the line would be longer than `ENTRY_BYTES_MAX`.
    """
    entry = b'%b%d,"recorded_at":"%b%b%d}' % (
        drafted.before,
        position,
        recorded_at,
        drafted.after,
        version,
    )
    if len(entry) > ENTRY_BYTES_MAX:
        raise EntryTooLargeError(drafted.type, len(entry), ENTRY_BYTES_MAX)
    return entry


def decode_entry(entry: bytes) -> RecordedEvent:
    """Read a line back as a typed event at its place.

    Raises:
        CorruptLogError: not such a line.
        UnknownEventTypeError: written by newer code.
    """
    try:
        line = orjson.loads(entry)
        # Every event of every replay comes by here; the class's own constructor makes this very
        # tuple, in one more call.
        return tuple.__new__(
            RecordedEvent,
            (
                line["position"],
                line["stream"],
                line["version"],
                datetime.fromisoformat(line["recorded_at"]),
                line["correlation_id"],
                line["causation_id"],
                line["actor"],
                decode_event(line["type"], line["schema"], line["data"]),
                entry,
            ),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptLogError(0, f"the entry cannot be read: {error}") from error


def check_entry(entry: bytes, position: int, stream: str, version: int, event_type: str) -> None:
    """Check that a line is canonical and says what the columns beside it say.

    Raises:
        CorruptLogError: names the position and the first contradiction.
    """
    try:
        line = orjson.loads(entry)
    except ValueError as error:
        raise CorruptLogError(position, f"the entry is no JSON: {error}") from error
    if not isinstance(line, dict) or line.keys() != _FIELDS:
        raise CorruptLogError(position, "the entry does not have the fields of an entry")
    if orjson.dumps(line, option=orjson.OPT_SORT_KEYS) != entry:
        raise CorruptLogError(position, "the entry is not canonical JSON")
    said = (line["position"], line["stream"], line["version"], line["type"])
    if said != (position, stream, version, event_type):
        raise CorruptLogError(
            position, f"the columns say {(position, stream, version, event_type)}, the entry {said}"
        )
