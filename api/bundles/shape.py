"""The shape of an audit bundle: its files' names, its manifest, and which tiles it has to hold.

    entries/<first position>.jsonl      the entries of the range, byte for byte, a line each
    context/<first position>.jsonl      earlier entries of the payments that the range goes on with
    tiles/<L>/<N>[.p/<W>]               hashes of the tree, as C2SP tlog-tiles lays them out
    checkpoints/<size>.note             signed and cosigned notes; the largest covers the range
    keys.jsonl keys.txt policy.txt      the entries that introduced the log's keys; whom to trust
    digests.json totals.json            what checkpoints say of projections; the report's numbers
    REPORT.en.html REPORT.fr.html README.txt verify_bundle.py
    manifest.json                       written last: every other file's size and SHA-256

The trick of the tiles: they prove each other. The tiles at the right edge of the closing checkpoint
make its root; every other tile is one hash of the tile above it. So what is needed of a tree of any
size is the tiles over the range, the edges of the trees of the other checkpoints, and for each of
them the tiles above it: some kilobytes beside the entries, wherever the range begins.

Why context: what an event books depends on what happened to its payment before. With the earlier
entries of just those payments, anybody can book the range again.

The manifest has one spelling and says its own SHA-256, so not a byte of it can change unseen. That
finds accidents. What finds forgery is the signature of the checkpoint, which the manifest repeats.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from api.tlog import path_of
from ledger.merkle import TILE_WIDTH

FORMAT: Final = "cauri-audit-bundle@1"
MANIFEST: Final = "manifest.json"
VERIFIER: Final = "verify_bundle.py"
REPORTS: Final = {"en": "REPORT.en.html", "fr": "REPORT.fr.html"}
FOLDERS: Final = ("entries/", "context/", "tiles/", "checkpoints/")
FILES: Final = frozenset(
    {"keys.jsonl", "keys.txt", "policy.txt", "digests.json", "totals.json", "README.txt", VERIFIER}
    | {*REPORTS.values()}
)
"""What stands beside the folders, besides the manifest; nothing else does."""

FILE_ENTRIES_MAX: Final = 10_000
"""How many lines one file of entries has at most."""
FILE_BYTES_MAX: Final = 2_000_000
"""A file of entries ends with the entry that reaches this."""
MEMBER_BYTES_MAX: Final = 64_000_000
"""No single file of a bundle is larger; a reader may hold one in memory."""
FILES_MAX: Final = 1_000_000

Tile = tuple[int, int]
"""Level and index."""


class BundleError(Exception):
    """A bundle is not what it has to be; names the first bad file or position."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where}: {reason}")
        self.where = where
        self.reason = reason


class Member(NamedTuple):
    """A file of a bundle."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a bundle says of itself."""

    origin: str
    first: int
    last: int
    size: int
    """Of the closing checkpoint."""
    root: str
    """Of the closing checkpoint, base64."""
    made_at: str
    tool: str
    asked_from: str | None
    """The time from which entries were asked for; None: a position, or the log's first."""
    asked_to: str | None
    """The time up to which, itself included; None: a position, or what a checkpoint covers."""
    files: tuple[Member, ...]
    """All others, in the order of their names."""

    def content(self) -> bytes:
        """The file: one spelling, its own hash in it."""
        said = {
            "files": [one._asdict() for one in self.files],
            "format": FORMAT,
            "from": self.first,
            "made_at": self.made_at,
            "origin": self.origin,
            "root": self.root,
            "size": self.size,
            "to": self.last,
            "tool": self.tool,
            **{
                name: at
                for name, at in (("asked_from", self.asked_from), ("asked_to", self.asked_to))
                if at is not None
            },
        }
        return canonical({**said, "sha256": hashlib.sha256(canonical(said)).hexdigest()})

    @classmethod
    def read(cls, content: bytes) -> "Manifest":
        """Read the file.

        Raises:
            BundleError: it is not one, or some byte of it changed.
        """
        try:
            said: dict[str, Any] = json.loads(content)
            if said["format"] != FORMAT:
                raise BundleError(MANIFEST, "it is of another version of bundles")
            found = cls(
                origin=said["origin"],
                first=said["from"],
                last=said["to"],
                size=said["size"],
                root=said["root"],
                made_at=said["made_at"],
                tool=said["tool"],
                asked_from=said.get("asked_from"),
                asked_to=said.get("asked_to"),
                files=tuple(Member(**one) for one in said["files"]),
            )
        except (KeyError, RecursionError, TypeError, ValueError) as error:
            reason = f"it is no manifest ({type(error).__name__})"
            raise BundleError(MANIFEST, reason) from None
        if found.content() != content:
            raise BundleError(MANIFEST, "it is not as it was written: its own SHA-256 differs")
        if not 1 <= found.first <= found.last <= found.size:
            raise BundleError(MANIFEST, "its range is none, or ends beyond its checkpoint")
        return found


def canonical(content: Any) -> bytes:
    """Write JSON in the one spelling that all files of a bundle have."""
    written = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True)
    return f"{written}\n".encode()


def lines_name(folder: str, first: int) -> str:
    """The name of a file of entries, by the position of its first one."""
    return f"{folder}/{first:012d}.jsonl"


def note_name(size: int) -> str:
    """The name of a checkpoint's file."""
    return f"checkpoints/{size:012d}.note"


def tile_name(tile: Tile, size: int) -> str:
    """The name of a tile in a tree of a size."""
    level, index = tile
    return f"tiles/{level}/{path_of(index, width_in(tile, size))}"


def width_in(tile: Tile, size: int) -> int:
    """How many hashes a tile has in a tree of a size."""
    level, index = tile
    count: int = size // TILE_WIDTH**level
    return max(0, min(TILE_WIDTH, count - index * TILE_WIDTH))


def edge_of(size: int) -> Iterator[Tile]:
    """The tiles from which the root of a tree is made: the one that is filling at each level."""
    level, count = 0, size
    while count:
        if count % TILE_WIDTH:
            yield level, count // TILE_WIDTH
        level, count = level + 1, count // TILE_WIDTH


def tiles_needed(
    size: int, *, first: int, last: int, positions: Iterable[int], sizes: Iterable[int]
) -> Sequence[Tile]:
    """The tiles that a bundle holds, in order.

    Args:
        size: of the closing checkpoint.
        first: the range's first position.
        last: the range's last position.
        positions: of entries outside of the range.
        sizes: of the other checkpoints.
    """
    found = set(edge_of(size))
    asked: set[Tile] = {
        (0, index) for index in range((first - 1) // TILE_WIDTH, (last - 1) // TILE_WIDTH + 1)
    }
    asked.update((0, (position - 1) // TILE_WIDTH) for position in positions)
    for other in sizes:
        asked.update(edge_of(other))
    while asked:
        found |= asked
        full = (tile for tile in asked if width_in(tile, size) == TILE_WIDTH)
        asked = {(level + 1, index // TILE_WIDTH) for level, index in full} - found
    return sorted(found)


def by_name(files: Iterable[Member]) -> Mapping[str, Member]:
    """Files by their names.

    Raises:
        BundleError: a name stands twice, there are too many, or they are not those of a bundle.
    """
    found: dict[str, Member] = {}
    for one in files:
        if one.name in found or len(found) == FILES_MAX:
            raise BundleError(one.name, "it is named twice, or there are too many files")
        found[one.name] = one
    for name in sorted({name for name in found if not name.startswith(FOLDERS)} ^ FILES):
        raise BundleError(name, "no bundle has it" if name in found else "it is missing")
    return found
