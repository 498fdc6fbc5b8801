"""The log as C2SP tlog-tiles: files that any tool for transparency logs can read.

    /checkpoint                     the signed note, with its cosignatures
    /tile/<L>/<N>[.p/<W>]           hashes of the tree, 32 bytes each
    /tile/entries/<N>[.p/<W>]       entries, each behind its length in two bytes

N is written in groups of three digits, all but the last behind an `x`: x001/x234/067. A tile that
is full has 256 of them; a narrower one is asked for with its width. A partial tile stays to be had
after it has become full: its hashes are the first ones of the full one.

Why only for those who may read the log, and not for all the world: entries hold amounts and names
of shops. So caches on the way must keep nothing (`private`); the caller's own may for ever.

Source: C2SP tlog-tiles.
"""

import re
from collections.abc import Sequence
from typing import Final

from aiohttp import web

from api.calls import Call, answer_bytes
from api.errors import NOT_IN_LOG, ProblemError
from ledger.merkle import TILE_WIDTH
from ledger.proving import LEVELS_MAX, entries_of, tile_of
from ledger.sentences import Sentence

OCTETS: Final = "application/octet-stream"
PLAIN: Final = "text/plain; charset=utf-8"
FOR_EVER: Final = {"Cache-Control": "private, max-age=31536000, immutable"}
CHECKED: Final = {"Cache-Control": "private, no-cache"}

LENGTH_BYTES: Final = 2
"""How many bytes say how long an entry is."""

_LEVEL: Final = re.compile(r"0|[1-9][0-9]?", re.ASCII)
_PLACE: Final = re.compile(
    r"(?P<index>(?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?", re.ASCII
)


async def serve_checkpoint(call: Call) -> web.Response:
    """Give the log's checkpoint as a signed note."""
    found = await call.services.commitments.published()
    if found is None:
        detail = Sentence("No checkpoint was made yet: wait a minute, or POST /v1/log/checkpoints.")
        raise ProblemError(NOT_IN_LOG, detail)
    return answer_bytes(found.note.encode(), content_type=PLAIN, headers=CHECKED)


async def serve_tile(call: Call) -> web.Response:
    """Give a tile of the tree."""
    level = call.request.match_info["level"]
    index, width = place_of(call.request.match_info["tail"])
    if _LEVEL.fullmatch(level) is None or int(level) >= LEVELS_MAX:
        raise _no_tile()
    hashes = await tile_of(call.services.store, int(level), index, width)
    if hashes is None:
        raise _no_tile()
    return answer_bytes(b"".join(hashes), content_type=OCTETS, headers=FOR_EVER)


async def serve_entries(call: Call) -> web.Response:
    """Give the entries below a tile of level 0."""
    index, width = place_of(call.request.match_info["tail"])
    rows = await entries_of(call.services.store, index, width)
    if rows is None:
        raise _no_tile()
    body = bundle_of([row.entry for row in rows])
    return answer_bytes(body, content_type=OCTETS, headers=FOR_EVER)


def bundle_of(entries: Sequence[bytes]) -> bytes:
    """Write entries one behind the other, each behind its length."""
    return b"".join([len(one).to_bytes(LENGTH_BYTES, "big") + one for one in entries])


def path_of(index: int, width: int = TILE_WIDTH) -> str:
    """Write a tile's index, and its width if it is partial."""
    *before, last = re.findall("...", f"{index:0{-(-len(str(index)) // 3) * 3}}")
    path = "".join(f"x{group}/" for group in before) + last
    return path if width == TILE_WIDTH else f"{path}.p/{width}"


def place_of(path: str) -> tuple[int, int]:
    """Read a tile's index and width as `path_of` writes them.

    Raises:
        ProblemError: it is not written so: there is no such tile.
    """
    found = _PLACE.fullmatch(path)
    if found is None:
        raise _no_tile()
    index = int(found["index"].replace("x", "").replace("/", ""))
    width = int(found["width"] or TILE_WIDTH)
    # One spelling each: a cache would keep two files of one tile.
    if path != path_of(index, width):
        raise _no_tile()
    return index, width


def _no_tile() -> ProblemError:
    return ProblemError(NOT_IN_LOG, Sentence("The tree has no such tile, or is not so wide there."))
