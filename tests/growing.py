"""Logs that grow, fork and are rewritten: trees over entries, and what is asked of a witness."""

from collections.abc import Sequence

from ledger.checkpoint import Checkpoint, Signer, sign_note
from ledger.merkle import TILE_WIDTH, TreeBuilder, consistency_proof, leaf_hash, root_at
from ledger.witness import AddCheckpoint

ORIGIN = "ledger.example/log"
LOG = Signer(ORIGIN, bytes(range(32)))


class GrowingLog:
    """A log of small entries whose every earlier size can still be signed and proved."""

    def __init__(self, entries: Sequence[bytes] = (), *, signer: Signer = LOG) -> None:
        self.entries, self.signer = list(entries), signer

    @classmethod
    def of(cls, size: int, word: str = "entry", *, signer: Signer = LOG) -> "GrowingLog":
        return cls([f"{word} {n}".encode() for n in range(size)], signer=signer)

    def fork(self, kept: int, size: int, word: str = "other") -> "GrowingLog":
        """The same log up to a size, and then another one."""
        more = [f"{word} {n}".encode() for n in range(size - kept)]
        return GrowingLog([*self.entries[:kept], *more], signer=self.signer)

    @property
    def size(self) -> int:
        return len(self.entries)

    def tile(self, level: int, index: int) -> Sequence[bytes]:
        leaves = [leaf_hash(one) for one in self.entries]
        width = TILE_WIDTH**level
        hashes = []
        start = index * TILE_WIDTH * width
        for at in range(start, min(len(leaves), start + TILE_WIDTH * width), width):
            if at + width <= len(leaves):
                builder = TreeBuilder()
                builder.extend(leaves[at : at + width])
                hashes.append(builder.root())
        return hashes

    def root(self, size: int | None = None) -> bytes:
        return root_at(self.size if size is None else size, self.tile)

    def text(self, size: int | None = None) -> str:
        size = self.size if size is None else size
        return Checkpoint(self.signer.verifier.name, size, self.root(size)).text()

    def note(self, size: int | None = None) -> str:
        return sign_note(self.text(size), self.signer)

    def request(self, old: int, size: int | None = None) -> AddCheckpoint:
        size = self.size if size is None else size
        proof = consistency_proof(old, size, self.tile) if old <= size else []
        return AddCheckpoint(old, tuple(proof), self.note(size))
