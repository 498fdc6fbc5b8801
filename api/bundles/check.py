"""Checking a bundle by the ledger's own code; `verify_bundle.py` does the same and shares nothing.

In order, and the first fault is named by its file or position:

1. the manifest is as it was written, and every file but the entries has its size and SHA-256;
2. the closing checkpoint is signed by the log's key and cosigned as the policy asks;
3. the tiles make its root, each by the one above it;
4. every other checkpoint is signed, and its root is that of the same tree: the log only grew;
5. every entry of the range, of the context and of the log's keys is the one whose hash the tree
   has at its position, and none is missing;
6. the numbers, the digests and both reports are what the entries give.

Why the policy may come with the bundle: somebody may only want to know whether it was damaged. It
is said whose policy it was.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import orjson

from api.bundles.books import Books, added, keeping
from api.bundles.commitments import all_keys, check_signed, introduced_by, judged, said_by
from api.bundles.files import Source, compare, read_member
from api.bundles.report import Facts, check_report, readme, report
from api.bundles.shape import (
    MANIFEST,
    REPORTS,
    VERIFIER,
    BundleError,
    Manifest,
    Member,
    by_name,
    canonical,
    lines_name,
    note_name,
    tile_name,
    tiles_needed,
    width_in,
)
from ledger import events
from ledger.checkpoint import encoded
from ledger.entry import RecordedEvent, check_entry, decode_entry, rfc3339
from ledger.errors import LedgerError
from ledger.introduction import Introduced
from ledger.merkle import HASH_BYTES, TILE_WIDTH, Frontier, leaf_hash, root_at
from ledger.policy import Policy, read_policy

SCRIPT: Final = Path(__file__).with_name(VERIFIER)
TILES_CACHED: Final = 64
TELL_EVERY: Final = 10_000

Tell = Callable[[int, int], None]
T = TypeVar("T")


class Checked(NamedTuple):
    """What a bundle was found to be."""

    manifest: Manifest
    witnesses: tuple[tuple[str, int], ...]
    """Name and when it cosigned the closing checkpoint, in POSIX seconds."""
    introduced: str
    """The log's key that signed, where the policy names only one that introduced it; or empty."""
    checkpoints: int
    is_own_policy: bool
    """Whether the policy was the bundle's own."""
    totals: Mapping[str, Any]
    reworded: tuple[str, ...]
    """Papers whose words are not those that this program writes: another version's, or forged."""


class _Tree:
    """The tiles of a bundle, none believed that the closing root does not vouch for."""

    def __init__(self, source: Source, files: Mapping[str, Member], manifest: Manifest) -> None:
        self._source, self._files, self._size = source, files, manifest.size
        self.tile = lru_cache(TILES_CACHED)(self._tile)
        self._edge = lru_cache(TILES_CACHED)(self._stored)
        if encoded(root_at(self._size, self._edge)) != manifest.root:
            raise BundleError("tiles", "those at the tree's edge do not make the checkpoint's root")

    def _stored(self, level: int, index: int) -> list[bytes]:
        name = tile_name((level, index), self._size)
        if name not in self._files:
            raise BundleError(name, "it is missing")
        raw = read_member(self._source, self._files[name])
        hashes = [raw[at : at + HASH_BYTES] for at in range(0, len(raw), HASH_BYTES)]
        if len(raw) != width_in((level, index), self._size) * HASH_BYTES:
            raise BundleError(name, "it is not as wide as the tree is there")
        return hashes

    def _tile(self, level: int, index: int) -> list[bytes]:
        hashes = self._stored(level, index)
        if len(hashes) == TILE_WIDTH:
            above = self.tile(level + 1, index // TILE_WIDTH)[index % TILE_WIDTH]
            if _root_of(hashes) != above:
                name = tile_name((level, index), self._size)
                raise BundleError(name, "the tile above it has another hash for it")
        return hashes

    def check_leaf(self, position: int, entry: bytes) -> None:
        index = position - 1
        if leaf_hash(entry) != self.tile(0, index // TILE_WIDTH)[index % TILE_WIDTH]:
            raise BundleError(f"position {position}", "the entry is not the one of the tree")


def _root_of(hashes: list[bytes]) -> bytes:
    whole = Frontier()
    whole.extend(hashes)
    return whole.root()


def check(source: Source, policy: Policy | None, *, tell: Tell) -> Checked:
    """Check a bundle.

    Args:
        source: where it lies.
        policy: whom to trust; None for the bundle's own policy.
        tell: is told how many entries of how many are checked.

    Raises:
        BundleError: names the first bad file or position.
    """
    manifest = Manifest.read(source.read(MANIFEST))
    files = by_name(manifest.files)
    compare(source, files)
    for name, member in sorted(files.items()):
        if not name.startswith(("entries/", "context/")):
            read_member(source, member)
    with (
        tempfile.TemporaryDirectory(prefix="cauri-bundle-") as folder,
        keeping(Path(folder)) as own,
    ):
        return _Check(source, manifest, files, own, tell).run(policy)


class _Check:
    """One bundle under examination."""

    def __init__(
        self,
        source: Source,
        manifest: Manifest,
        files: Mapping[str, Member],
        books: Books,
        tell: Tell,
    ) -> None:
        self._source, self._manifest, self._files = source, manifest, files
        self._books, self._tell = books, tell
        self._digests: dict[str, dict[str, Any]] = {}
        self._positions: list[int] = []

    def run(self, policy: Policy | None) -> Checked:
        """Check everything; see the module."""
        manifest = self._manifest
        own = _reading("policy.txt", read_policy, self._content("policy.txt"))
        keys = self._keys()
        introduced = introduced_by(keys)
        note = self._closing(policy or own, introduced)
        tree = _Tree(self._source, self._files, manifest)
        sizes = self._checkpoints(tree, policy or own, introduced)
        for one in keys:
            tree.check_leaf(one.position, one.entry)
            self._positions.append(one.position)
        for recorded in self._context(tree):
            self._books.add_context(recorded)
            self._positions.append(recorded.position)
        recorded_at: list[str] = []
        for done, recorded in enumerate(self._entries(tree)):
            self._books.add(recorded)
            recorded_at[1:] = [rfc3339(recorded.recorded_at)]
            if isinstance(recorded.event, events.LogCheckpointMade):
                self._compare_made(recorded.position, recorded.event)
            if done % TELL_EVERY == 0:
                self._tell(done, manifest.last - manifest.first + 1)
        self._compare_tiles(tree, sizes)
        first_at, last_at = recorded_at[0], recorded_at[-1]
        if first_at < (manifest.asked_from or first_at) or last_at > (manifest.asked_to or last_at):
            raise BundleError(MANIFEST, "it holds entries of other times than were asked for")
        said = _reading("policy.txt", said_by, own, note, introduced, manifest.origin)
        facts = Facts(
            origin=manifest.origin,
            first=manifest.first,
            last=manifest.last,
            first_at=first_at,
            last_at=last_at,
            asked_from=manifest.asked_from,
            asked_to=manifest.asked_to,
            size=manifest.size,
            root=manifest.root,
            made_at=manifest.made_at,
            tool=manifest.tool,
            **said._asdict(),
        )
        totals = self._totals()
        reworded = _reading("totals.json", self._compare_papers, facts, totals)
        found = said_by(policy or own, note, introduced, manifest.origin)
        return Checked(
            manifest,
            found.witnesses,
            found.introduced,
            len(sizes),
            policy is None,
            totals,
            tuple(reworded),
        )

    def _content(self, name: str) -> bytes:
        if name not in self._files:
            raise BundleError(name, "it is missing")
        return read_member(self._source, self._files[name])

    def _keys(self) -> list[RecordedEvent]:
        name, found = "keys.jsonl", []
        for number, line in enumerate(_lines(name, self._content(name)), 1):
            recorded = _reading(f"{name} line {number}", decode_entry, line)
            is_next = (recorded.stream, recorded.version) == ("log-keys", number)
            if not is_next or not 1 <= recorded.position <= self._manifest.size:
                raise BundleError(f"{name} line {number}", "it is not the next key of the log")
            found.append(recorded)
        said = "".join(f"{one.key}\n" for one in introduced_by(found))
        if not found or said.encode() != self._content("keys.txt"):
            raise BundleError("keys.txt", "it does not name the keys that the log introduced")
        return found

    def _closing(self, policy: Policy, introduced: list[Introduced]) -> str:
        name = note_name(self._manifest.size)
        note = self._content(name).decode(errors="replace")
        judgement = _reading(name, judged, policy, note, introduced, self._manifest.origin)
        if judgement.log is None:
            raise BundleError(name, "no log key that the policy trusts has signed it")
        if not judgement.is_quorum:
            lacking = ", ".join(judgement.missing)
            raise BundleError(name, f"the policy asks for more cosignatures: {lacking}")
        if note.split("\n")[:3] != [
            self._manifest.origin,
            str(self._manifest.size),
            self._manifest.root,
        ]:
            raise BundleError(MANIFEST, "it says another size or root than the closing checkpoint")
        return note

    def _checkpoints(self, tree: _Tree, policy: Policy, introduced: list[Introduced]) -> list[int]:
        keys = _reading("keys.jsonl", all_keys, introduced)
        sizes = []
        for name in sorted(self._files):
            if not name.startswith("checkpoints/"):
                continue
            note = self._content(name)
            size, root = _reading(name, check_signed, note, keys, policy, self._manifest.origin)
            if note_name(size) != name or not 0 < size <= self._manifest.size:
                raise BundleError(name, f"it is the checkpoint of {size} entries")
            if root_at(size, tree.tile) != root:
                raise BundleError(name, "the tree of the closing checkpoint does not continue it")
            sizes.append(size)
        return sizes

    def _context(self, tree: _Tree) -> Iterator[RecordedEvent]:
        before = 0
        for name in sorted(one for one in self._files if one.startswith("context/")):
            content = self._source.read(name)
            for number, line in enumerate(_lines(name, content), 1):
                where = f"{name} line {number}"
                recorded = _reading(where, _decoded, line)
                if not before < recorded.position < self._manifest.first:
                    raise BundleError(where, f"position {recorded.position} does not belong here")
                tree.check_leaf(recorded.position, line)
                if number == 1 and name != lines_name("context", recorded.position):
                    raise BundleError(name, f"it begins with position {recorded.position}")
                before = recorded.position
                yield recorded
            read_member(self._source, self._files[name])

    def _entries(self, tree: _Tree) -> Iterator[RecordedEvent]:
        position = self._manifest.first - 1
        for name in sorted(one for one in self._files if one.startswith("entries/")):
            if name != lines_name("entries", position + 1):
                raise BundleError(f"position {position + 1}", f"it is missing before {name}")
            content = self._source.read(name)
            for line in _lines(name, content):
                position += 1
                if position > self._manifest.last:
                    raise BundleError(f"position {position}", "it stands beyond the range")
                tree.check_leaf(position, line)
                recorded = _reading(f"position {position}", _decoded, line)
                if recorded.position != position:
                    reason = f"the entry says that it is position {recorded.position}"
                    raise BundleError(f"position {position}", reason)
                yield recorded
            read_member(self._source, self._files[name])
        if position != self._manifest.last:
            raise BundleError(f"position {position + 1}", "it is missing at the end")

    def _compare_made(self, position: int, event: events.LogCheckpointMade) -> None:
        name = note_name(event.size)
        text = event.note.partition("\n\n")[0]
        if not self._content(name).decode().startswith(f"{text}\n\n"):
            raise BundleError(name, f"it is not the checkpoint that position {position} records")
        for projection, one in event.digests.items():
            self._digests[projection] = {
                "checkpoint_size": event.size,
                "position": one.position,
                "said_at": position,
                "sha256": one.sha256,
                "version": one.version,
            }

    def _compare_tiles(self, tree: _Tree, sizes: list[int]) -> None:
        manifest = self._manifest
        needed = tiles_needed(
            manifest.size,
            first=manifest.first,
            last=manifest.last,
            positions=self._positions,
            sizes=sizes,
        )
        for tile in needed:
            tree.tile(*tile)
        names = {tile_name(one, manifest.size) for one in needed}
        for name in sorted(self._files):
            if name.startswith("tiles/") and name not in names:
                raise BundleError(name, "it is no tile that belongs here")

    def _totals(self) -> Mapping[str, Any]:
        content = self._content("totals.json")
        movements = self._books.movements()
        opening = _reading("totals.json", _opening_of, content)
        if opening and self._manifest.first == 1:
            raise BundleError("totals.json", "a log has no opening balance at its beginning")
        totals = {
            "closing": added(opening, movements),
            "entries": dict(sorted(self._books.types.items())),
            "movements": movements,
            "opening": opening,
            "payments": self._books.payments(),
        }
        if canonical(totals) != content:
            raise BundleError("totals.json", "its numbers are not those that the entries give")
        if canonical(self._digests) != self._content("digests.json"):
            raise BundleError("digests.json", "it is not what the checkpoints of the range say")
        return totals

    def _compare_papers(self, facts: Facts, totals: Mapping[str, Any]) -> list[str]:
        """Check the reports' tables; which papers this program would have worded otherwise."""
        papers = {"README.txt": readme().encode(), VERIFIER: SCRIPT.read_bytes()}
        for language, name in REPORTS.items():
            check_report(language, self._content(name), facts, totals, self._digests)
            papers[name] = report(language, facts, totals, self._digests).encode()
        return [name for name, own in sorted(papers.items()) if self._content(name) != own]


def _lines(name: str, content: bytes) -> list[bytes]:
    *lines, rest = content.split(b"\n")
    if rest:
        raise BundleError(name, "its last line does not end")
    return lines


def _decoded(line: bytes) -> RecordedEvent:
    recorded = decode_entry(line)
    check_entry(line, recorded.position, recorded.stream, recorded.version, recorded.type)
    return recorded


def _opening_of(content: bytes) -> list[dict[str, Any]]:
    return added(orjson.loads(content)["opening"], [])


def _reading(where: str, read: Callable[..., T], *given: Any) -> T:
    """Read something, and say where it stands if it cannot be."""
    try:
        return read(*given)
    except (LedgerError, LookupError, TypeError, ValueError) as error:
        raise BundleError(where, str(error)) from error
