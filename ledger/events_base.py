"""What an event is: the base of every class in `ledger.events`, and the types its fields share.

Why msgspec and not pydantic, which validates everything that comes from outside: an event comes
from our own log, millions of times. msgspec reads a whole entry into its typed event in less time
than a JSON parser needs for an untyped one, and refuses unknown fields, so an event written by
newer code is never half-read by older code. What is given up: a constructor checks no types. So
whatever is written is read back first: what could not be read is never appended.
"""

from datetime import datetime
from typing import Annotated, Any, ClassVar

import msgspec

JsonObject = dict[str, Any]
"""A JSON object as orjson reads it."""


UtcTime = Annotated[datetime, msgspec.Meta(tz=True)]
"""An aware time in UTC; written with `Z`."""


class Event(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """The base of all events: frozen, closed to unknown fields."""

    type: ClassVar[str]
    schema_version: ClassVar[int] = 1
