"""An entry: one line of canonical JSON, the bytes that are hashed, stored, exported and verified.

The line is UTF-8, keys sorted, no spaces, as orjson makes it with sorted keys. Its keys are ASCII,
its numbers integers and its texts plain strings, for which orjson's bytes are those of RFC 8785.
The bytes are stored once and never made again: a reader decodes them, a verifier hashes them.

The trick of reading: a canonical line ends with its type, so one look finds the decoder that reads
the whole line, envelope and event, in one step. Whatever that one refuses (an older payload, a
newer one, a broken line) is read again step by step, which can tell why.

An event is named `<stream>@<version>` wherever another one says what caused it (`causation_id`);
a command that came from outside is named by its request (`request:<id>`).

Why orjson and msgspec on a floor that is otherwise standard library: they are pure functions, and
`json` would decide the speed of the whole log.
"""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple

import msgspec
import orjson

from ledger.errors import CorruptLogError, EntryTooLargeError
from ledger.events import EVENTS, Event, UtcTime
from ledger.events_codec import decode_event, encode_event, payload_of

ENTRY_BYTES_MAX: Final = 65_535
"""C2SP tlog-tiles gives an entry's length two bytes."""


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
    return event.type, event.schema_version, payload_of(event)


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
        before = b'%b,"data":%b,"position":' % (opening, encode_event(event))
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


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole line as it stands, its event not yet understood."""

    actor: str
    causation_id: str
    correlation_id: str
    data: dict[str, Any]
    position: int
    recorded_at: UtcTime
    schema: int
    stream: str
    type: str
    version: int


_FIELDS: Final = sorted(_Line.__struct_fields__)
_loads, _dumps, _SORTED = orjson.loads, orjson.dumps, orjson.OPT_SORT_KEYS


def _line_decoder(name: str, cls: type[Event]) -> Callable[[bytes], Any]:
    """Make the decoder of whole lines of one type, at its present schema version."""
    types = {one.name: one.type for one in msgspec.structs.fields(_Line)} | {
        "data": cls,
        "schema": Literal[cls.schema_version],
        "type": Literal[name],
    }
    line = msgspec.defstruct("Line", types.items(), frozen=True, forbid_unknown_fields=True)
    return msgspec.json.Decoder(line).decode


_LINES: Final = {name.encode(): _line_decoder(name, cls) for name, cls in EVENTS.items()}
_TYPE: Final = b'"type":"'
"""Inside a string its quotes would be escaped, so the last one found is the key."""


def decode_entry(entry: bytes) -> RecordedEvent:
    """Read a line back as a typed event at its place.

    Raises:
        CorruptLogError: not such a line.
        UnknownEventTypeError: written by newer code.
    """
    try:
        start = entry.rindex(_TYPE) + len(_TYPE)
        kind = entry[start : entry.index(b'"', start)]
    except ValueError:
        return _decode_slowly(entry)
    return _decode(entry, kind)


def _decode(entry: bytes, kind: bytes) -> RecordedEvent:
    try:
        line = _LINES[kind](entry)
    except (ValueError, KeyError, msgspec.DecodeError):
        return _decode_slowly(entry)
    # Every event of every replay comes by here; the class's own constructor makes this very tuple,
    # in one more call.
    return tuple.__new__(
        RecordedEvent,
        (
            line.position,
            line.stream,
            line.version,
            line.recorded_at,
            line.correlation_id,
            line.causation_id,
            line.actor,
            line.data,
            entry,
        ),
    )


def decode_those(entries: Iterable[bytes], types: Collection[bytes]) -> list[RecordedEvent]:
    """Read those lines back that are events of some types (as bytes); the others are not parsed.

    A line in which no type is found is read too, for it cannot be: see `decode_entry`.
    """
    found = []
    for entry in entries:
        try:
            start = entry.rindex(_TYPE) + len(_TYPE)
            kind = entry[start : entry.index(b'"', start)]
        except ValueError:
            kind = b""
        if not kind or kind in types:
            found.append(_decode(entry, kind))
    return found


def _decode_slowly(entry: bytes) -> RecordedEvent:
    try:
        line = msgspec.convert(orjson.loads(entry), _Line)
        return RecordedEvent(
            line.position,
            line.stream,
            line.version,
            line.recorded_at,
            line.correlation_id,
            line.causation_id,
            line.actor,
            decode_event(line.type, line.schema, line.data),
            entry,
        )
    except (ValueError, KeyError, msgspec.ValidationError) as error:
        # Its words may quote the entry, and ours are written to logs.
        reason = f"the entry cannot be read ({type(error).__name__})"
        raise CorruptLogError(0, reason) from error


def check_entry(entry: bytes, position: int, stream: str, version: int, event_type: str) -> None:
    """Check that a line is canonical and says what the columns beside it say.

    Raises:
        CorruptLogError: names the position and the first contradiction.
    """
    try:
        line = _loads(entry)
    except ValueError as error:
        raise CorruptLogError(position, "the entry is no JSON") from error
    # Every entry of every verification comes by here, and nearly all of them leave here.
    if (
        _dumps(line, option=_SORTED) == entry
        and type(line) is dict
        and [*line] == _FIELDS
        # To Python 1, 1.0 and True are equal; here each says something else.
        and type(line["position"]) is type(line["version"]) is type(version) is int
        and line["position"] == position
        and line["stream"] == stream
        and line["version"] == version
        and line["type"] == event_type
    ):
        return
    if not isinstance(line, dict) or sorted(line) != _FIELDS:
        raise CorruptLogError(position, "the entry does not have the fields of an entry")
    if _dumps(line, option=_SORTED) != entry:
        raise CorruptLogError(position, "the entry is not canonical JSON")
    said = (line["position"], line["stream"], line["version"], line["type"])
    raise CorruptLogError(
        position, f"the columns say {(position, stream, version, event_type)}, the entry {said}"
    )
