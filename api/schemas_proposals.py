"""The shapes of what waits for a second person: operators' notes and providers' statements."""

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field

from api.schemas import Position, PositionQuery, Response
from api.schemas_notes import REASON
from projections.proposals import ProposalKind

SHOWN_MAX: Final = 100
"""How many one page holds: of each note the payment is read."""


class ProposalOut(Response):
    """What waits for a second person: a note or a statement; what it does not have is null."""

    kind: ProposalKind = Field(examples=["note"])
    id: str = Field(examples=["note_1"])
    payment_id: str | None
    state: Literal["proposed", "overtaken"] = Field(
        description="`overtaken`: something else would become of the payment now, and nobody can "
        "agree any more.",
        examples=["proposed"],
    )
    provider: str
    word: Literal["succeeded", "failed", "expired"] | None
    amount: str | None = Field(examples=["1500"])
    currency: str | None = Field(examples=["XAF"])
    reason: str | None = Field(description="What was seen, and where.", examples=[REASON])
    status: str | None = Field(description="What the payment is now.", examples=["conflict"])
    would_become: str | None = Field(
        description="What it would be now by the note.", examples=["succeeded"]
    )
    lines_count: int | None = Field(description="How many lines it has.", examples=[None])
    proposed_by: str = Field(description="That person's key.", examples=["8a48d4080b31fb83"])
    proposed_by_label: str | None = Field(
        description="Its holder; null: the key has no label.", examples=["Awa, support"]
    )
    proposed_at: datetime = Field(description="When it was proposed.")
    ends_at: datetime | None = Field(
        description="When it ends by itself, unless it is approved; null: never."
    )
    approval: str = Field(
        description="Where to agree to it, by `POST`.",
        examples=["/v1/payments/pay_zoagm6tl42bpqdp6qmegss2kwm/notes/note_1/approval"],
    )
    position: Position


class ProposalPage(Response):
    """What waits for a second person, newest first."""

    position: Position
    proposals: list[ProposalOut] = Field(description="What waits.")
    next_after: Position | None


class ProposalsQuery(PositionQuery):
    """Which proposals."""

    kind: ProposalKind | None = Field(default=None, description="Only notes, or only statements.")
    after: Position | None = Field(default=None, description="`next_after` of the page before.")
    limit: Annotated[int, Field(ge=1, le=SHOWN_MAX)] = 50
