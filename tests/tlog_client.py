"""A client of transparency logs, written from the C2SP texts alone; it imports nothing of ours.

It walks the tiles of a log over HTTP, checks every one, partial ones too, and computes the root
from the entries. Sources: C2SP tlog-tiles, tlog-checkpoint, signed-note; RFC 6962, section 2.1.
"""

import base64
import hashlib
import http.client
from dataclasses import dataclass
from typing import NamedTuple

WIDTH = 256
HASH = 32
SECONDS_MAX = 20


class Fetched(NamedTuple):
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes


class NotARootError(Exception):
    """What the log serves does not agree with itself."""


class Head(NamedTuple):
    """What a checkpoint says, and who says to have signed it."""

    origin: str
    size: int
    root: bytes
    signed_by: list[str]


def leaf(entry: bytes) -> bytes:
    """The hash of an entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The hash of two hashes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def tree(hashes: list[bytes]) -> bytes:
    """MTH of RFC 6962, over leaf hashes, level by level."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    # A node without a partner moves up as it is: that is the split at the largest power of two.
    while len(hashes) > 1:
        paired = [node(*hashes[at : at + 2]) for at in range(0, len(hashes) - 1, 2)]
        hashes = paired + hashes[len(hashes) - len(hashes) % 2 :]
    return hashes[0]


def read_checkpoint(note: bytes) -> Head:
    """Read a checkpoint; signatures are not checked here."""
    text, _, signatures = note.decode().rpartition("\n\n")
    origin, size, root = text.split("\n")[:3]
    names = [line.split(" ")[1] for line in signatures.splitlines()]
    return Head(origin, int(size), base64.b64decode(root, validate=True), names)


def index_path(index: int) -> str:
    """1234067 -> x001/x234/067."""
    groups = [f"{index % 1000:03}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03}")
    return "/".join(reversed(groups))


@dataclass
class TlogClient:
    """A client of one log."""

    host: str
    port: int
    key: str
    prefix: str = ""

    def fetch(self, path: str, *, key: str | None = None) -> Fetched:
        """GET a file of the log."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=SECONDS_MAX)
        try:
            headers = {"Authorization": f"Bearer {self.key if key is None else key}"}
            connection.request("GET", self.prefix + path, headers=headers)
            answer = connection.getresponse()
            named = {name.lower(): value for name, value in answer.getheaders()}
            return Fetched(answer.status, named, answer.read())
        finally:
            connection.close()

    def checkpoint(self) -> Head:
        """The checkpoint that is published."""
        found = self.fetch("/checkpoint")
        assert (found.status, found.headers["content-type"]) == (200, "text/plain; charset=utf-8")
        return read_checkpoint(found.body)

    def tile(self, level: int, index: int, width: int) -> list[bytes]:
        """The hashes of a tile."""
        body = self._octets(f"/tile/{level}/{index_path(index)}", width)
        if len(body) != width * HASH:
            raise NotARootError(f"tile {level}/{index} has {len(body)} bytes for {width} hashes")
        return [body[at : at + HASH] for at in range(0, len(body), HASH)]

    def entries(self, index: int, width: int) -> list[bytes]:
        """The entries of a bundle."""
        body = self._octets(f"/tile/entries/{index_path(index)}", width)
        found = []
        while body:
            length = int.from_bytes(body[:2], "big")
            found.append(body[2 : 2 + length])
            body = body[2 + length :]
        if len(found) != width:
            raise NotARootError(f"bundle {index} has {len(found)} entries, not {width}")
        return found

    def walk(self, head: Head) -> list[bytes]:
        """Fetch every tile of the tree, check all of it, and give its entries."""
        entries: list[bytes] = []
        for index, width in self._tiles(head.size, 0):
            entries += self.entries(index, width)
        hashes = [leaf(entry) for entry in entries]
        if tree(hashes) != head.root:
            raise NotARootError("the entries do not make the root")
        level = 0
        while hashes:
            for index, width in self._tiles(head.size, level):
                start = index * WIDTH
                if self.tile(level, index, width) != hashes[start : start + width]:
                    raise NotARootError(f"tile {level}/{index} is not of the tree")
            full = len(hashes) // WIDTH
            hashes = [tree(hashes[at * WIDTH : (at + 1) * WIDTH]) for at in range(full)]
            level += 1
        return entries

    @staticmethod
    def _tiles(size: int, level: int) -> list[tuple[int, int]]:
        count = size // WIDTH**level
        full = [(index, WIDTH) for index in range(count // WIDTH)]
        return full + ([(count // WIDTH, count % WIDTH)] if count % WIDTH else [])

    def _octets(self, path: str, width: int) -> bytes:
        found = self.fetch(path if width == WIDTH else f"{path}.p/{width}")
        if found.status != 200:
            raise NotARootError(f"{path} answers {found.status}")
        assert found.headers["content-type"] == "application/octet-stream"
        assert "immutable" in found.headers["cache-control"]
        return found.body
