"""The shapes of what is said about the log's witnesses."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.schemas import Position, Response

Witness = Annotated[str, Field(examples=["firm"])]


class WitnessRefusal(Response):
    """A checkpoint that a witness would not sign. Look at it at once: the log may have forked."""

    size: Position
    status: int = Field(description="The HTTP status of its answer.", examples=[422])
    reason: str = Field(description="What the refusal means.")
    at: datetime = Field(description="When it was recorded.")


class WitnessOut(Response):
    """One witness of the policy."""

    name: Witness = Field(description="The policy's name for it.")
    key: str = Field(description="Its public key: `<name>+<id>+<base64>`.")
    is_asked: bool = Field(description="Whether an address of it is known, so that it is asked.")
    is_current: bool = Field(
        description="Whether it has cosigned the newest checkpoint, and has refused nothing since."
    )
    cosigned_size: Position | None = Field(description="The largest size that it has cosigned.")
    cosigned_at: datetime | None = Field(description="When that was recorded.")
    lag_entries: int | None = Field(
        description="How many entries of the newest checkpoint it has not vouched for; null while "
        "it refuses.",
        examples=[0],
    )
    refused: WitnessRefusal | None = Field(description="Its latest refusal, if it ever refused.")
    trouble: str | None = Field(
        description="Why this process cannot have its word at present; it is asked again."
    )


class Witnesses(Response):
    """Who watches the log, and whether that is enough."""

    position: Position
    is_set_up: bool = Field(description="Whether there is a policy.")
    quorum: Witness | None = Field(description="The witness or group that is needed.")
    is_met: bool = Field(
        description="Whether the newest checkpoint meets the policy, by witnesses that do not "
        "refuse."
    )
    missing: list[str] = Field(
        description="What the newest checkpoint lacks, by the policy's names; `the log's key` "
        "where the policy names none that signed it: add the log's new key to it.",
        examples=[["1 of [firm shop]"]],
    )
    size: Position | None = Field(description="The size of the newest checkpoint.")
    met_size: Position | None = Field(
        description="The size of the newest of the last checkpoints that meets the policy."
    )
    witnesses: list[WitnessOut] = Field(description="The policy's witnesses, in its order.")
