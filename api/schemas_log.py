"""The shapes of the log's checkpoints, keys and proofs."""

from datetime import datetime
from typing import Annotated, Final

from pydantic import Field

from api.schemas import Position, PositionQuery, Response

Hash = Annotated[
    str,
    Field(
        description="A hash, in base64.", examples=["n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="]
    ),
]
Note = Annotated[
    str,
    Field(
        description="A C2SP signed note.",
        examples=["ledger.example/log\n7\nn4bQgYhMfW...\n\n\u2014 ledger.example/log A94Jrh...\n"],
    ),
]
VerifierText = Annotated[
    str,
    Field(
        description="A public key, `<name>+<id>+<base64>`.",
        examples=["ledger.example/log+03de09ae+AZyyRxs5CaS34ebLAdJt2sQxwDZcbWv2hs5E6bIcIYWu"],
    ),
]


class DigestOut(Response):
    """What a projection's rows hash to at a position."""

    position: Position = Field(description="The position at which it stands.")
    sha256: str = Field(description="In hexadecimal.")
    version: int = Field(description="The version of the projection's code that made the rows.")


class CheckpointOut(Response):
    """One checkpoint with everybody who signed it."""

    size: Position
    root_base64: Hash
    note: Note
    cosigned_by: list[str] = Field(
        description="The witnesses whose cosignatures the note carries.",
        examples=[["witness.example/a"]],
    )
    digests: dict[str, DigestOut] = Field(description="Projection -> what its rows hash to.")
    made_at: datetime = Field(description="When it was recorded.")
    position: Position = Field(description="The event that records it.")


class Checkpoint(Response):
    """What the log commits to at this moment, and the checkpoint that is published."""

    size: Position
    root_hex: str
    root_base64: str
    note: Note | None = Field(description="C2SP signed note, where a signing key is set up.")
    published: CheckpointOut | None = Field(
        description="The newest recorded checkpoint, a cosigned one if there is one of late."
    )


class CheckpointPage(Response):
    """Checkpoints, newest first."""

    position: Position = Field(description="The log position this list stands at.")
    checkpoints: list[CheckpointOut] = Field(description="Checkpoints, newest first.")
    next_after: Position | None = Field(description="Send as `after` for the next page.")


class CheckpointMade(Response):
    """A checkpoint that is recorded."""

    size: Position
    root_hex: str
    root_base64: str
    note: Note
    is_new: bool = Field(description="Whether it was made just now; else nothing has happened.")


class CheckpointsQuery(PositionQuery):
    """Which checkpoints."""

    after: Position | None = Field(default=None, description="Those smaller than this size.")
    limit: Annotated[int, Field(ge=1, le=1000)] = 50


class LogKey(Response):
    """A key that signs the log."""

    key: VerifierText
    introduced_at: datetime = Field(description="When it was recorded.")
    position: Position = Field(description="The event that introduced it.")
    since: Position = Field(description="The smallest size it signs.")
    until: Position | None = Field(description="The largest one; null: it signs now.")
    note: Note = Field(description="Its introduction, signed by it and by the key before it.")


class LogKeys(Response):
    """Every key of the log, in the order they were introduced."""

    position: Position = Field(description="The position at which it stands.")
    keys: list[LogKey] = Field(
        description="Every key of the log, in the order they were introduced."
    )


OF_SIZE: Final = "The checkpoint recorded at this size; null: none was. Prove up to one that was."
"""What a proof's note is, and what an auditor does without one."""


class InclusionQuery(PositionQuery):
    """Which entry, in which tree."""

    position: Annotated[int, Field(ge=1, le=2**62)] = Field(
        examples=[1], description="From 1; the leaf's index in the tree is one less."
    )
    size: Annotated[int, Field(ge=1, le=2**62)] | None = Field(
        default=None, description="By default that of the published checkpoint."
    )


class InclusionProof(Response):
    """An entry is in the tree of a size (RFC 6962, section 2.1.1)."""

    position: Position = Field(description="From 1; the leaf's index in the tree is one less.")
    size: Position
    leaf_hash: Hash
    hashes: list[Hash] = Field(description="The leaf's sibling first.")
    root: Hash
    note: Note | None = Field(description=OF_SIZE)


class ConsistencyQuery(PositionQuery):
    """From which tree to which."""

    from_: Position = Field(alias="from", examples=[1], description="The size of the earlier tree.")
    to: Position | None = Field(
        default=None, description="Of the later one; by default of the published checkpoint."
    )


class ConsistencyProof(Response):
    """The tree of a size only added to that of another (RFC 6962, section 2.1.2)."""

    from_size: Position = Field(description="How many entries it holds.")
    to_size: Position = Field(description="How many entries it holds.")
    hashes: list[Hash] = Field(description="The hashes of the proof.")
    from_root: Hash
    to_root: Hash
    from_note: Note | None = Field(description=OF_SIZE)
    to_note: Note | None = Field(description=OF_SIZE)


class MismatchOut(Response):
    """The first thing that is not as it was recorded."""

    position: Position = Field(description="Where it is.")
    what: str = Field(description="`entry`, `version`, `tile`, `head` or `checkpoint`.")
    reason: str


class EntriesVerification(Response):
    """How far old entries were read again."""

    position: Position = Field(
        description="Of the round under way: up to here all is as it was recorded."
    )
    size: Position = Field(description="How many entries that round reads; 0 between two rounds.")
    verified_size: Position = Field(
        description="How many entries the last full round found as they were recorded."
    )
    verified_at: datetime | None = Field(description="When that round ended.")
    mismatch: MismatchOut | None = Field(description="What the last round found wrong.")


class ProjectionsVerification(Response):
    """Whether the projections are what the log alone gives."""

    digested_at: datetime | None = Field(description="When their rows were hashed last.")
    verified_at: datetime | None = Field(
        description="When what came out was held against the log last."
    )
    mismatched: list[str] = Field(description="Those whose rows were not the log's then.")


class LogVerification(Response):
    """What this server finds when it reads its own past again."""

    position: Position = Field(description="The last position of the log.")
    entries: EntriesVerification = Field(description="Of the log's own entries.")
    projections: ProjectionsVerification = Field(description="Of what is made from them.")
