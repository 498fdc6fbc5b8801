"""The wire: what went and came in one call, as its bytes, written down while it happens.

It is filled by whoever sends, and holds secrets and numbers: it goes no further than to who takes
them out. Text is Latin-1, one character for each byte.
"""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Wire:
    """One call. An answer that never began has no `line`; `is_whole` once all of one came."""

    sent: list[tuple[str, str]] = field(default_factory=list, repr=False)
    """The request's headers, in the order of the wire."""
    status: int | None = None
    line: str | None = None
    came: list[tuple[str, str]] = field(default_factory=list, repr=False)
    """The answer's headers, likewise."""
    received: bytearray = field(default_factory=bytearray, repr=False)
    is_whole: bool = False
