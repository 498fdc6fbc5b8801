"""The shapes of API keys over HTTP: what is asked and what is answered."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from api.authentication import Role
from api.rotation import OVERLAP_HOURS, OVERLAP_HOURS_MAX
from api.schemas import Position, PositionQuery, Request, Response
from ledger.identity import Mode

KeyState = Literal["active", "ending", "ended", "revoked"]


class KeysQuery(PositionQuery):
    """Which keys."""

    merchant_id: Annotated[str, StringConstraints(max_length=64)] | None = Field(
        default=None, description="Only for keys that see every merchant."
    )
    after: Position | None = Field(default=None, description="`next_after` of the page before.")
    limit: Annotated[int, Field(ge=1, le=1000)] = 50


class KeyRotation(Request):
    """Replace a key by a new one."""

    overlap_hours: Annotated[int, Field(ge=0, le=OVERLAP_HOURS_MAX)] = Field(
        default=OVERLAP_HOURS,
        description="How long the old key lives on; 0 ends it at once.",
        examples=[24],
    )


class KeyRevocation(Request):
    """Make a key worth nothing, at once."""

    reason: Literal["revoked", "leaked", "lost", "unused"] = Field(
        default="revoked", description="Why; kept for ever."
    )


class KeyOut(Response):
    """An API key, without its secret, which nobody knows."""

    id: str
    role: Role
    label: str | None = Field(
        description="What people call its holder; null: it was made without one.",
        examples=["Awa, support"],
    )
    merchant_id: str | None
    mode: Mode | None = Field(
        description="`test` keys never reach a provider that moves money. Null: its role moves "
        "none, and sees both."
    )
    state: KeyState = Field(description="`ending`: it was rotated, and ends at `ends_at`.")
    created_at: datetime
    last_used_at: datetime | None = Field(
        description="Late by at most `CAURI_KEY_USES_NOTED_SECONDS`; null: never."
    )
    ends_at: datetime | None
    replaced_by: str | None = Field(description="The id of the key that took its place.")
    revoked_at: datetime | None
    revoked_reason: str | None
    position: Position = Field(description="The position of `key.issued` in the log.")


class KeyPage(Response):
    """API keys, newest first."""

    position: Position = Field(description="The log position this list stands at.")
    keys: list[KeyOut]
    next_after: Position | None = Field(
        description="Send as `after` for the next page; null on the last one."
    )


class NewKeyOut(Response):
    """A key that was made in the place of another."""

    id: str
    key: str = Field(description="The key itself: shown this once, and kept nowhere.", repr=False)
    role: Role
    merchant_id: str | None
    mode: Mode | None
    replaces: str = Field(description="The id of the key that ends.")
    replaced_ends_at: datetime = Field(description="When it ends, by itself.")
    position: Position = Field(description="The position of `key.rotated` in the log.")


class RevokedKeyOut(Response):
    """A key that is worth nothing from now on."""

    id: str
    state: Literal["revoked"]
    position: Position = Field(description="The position of `key.revoked` in the log.")
