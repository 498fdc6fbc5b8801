"""Settings of the log's own checkpoints; a part of `api.settings`."""

from pydantic import BaseModel, Field


class LogSettings(BaseModel):
    """How often the log says what it holds."""

    checkpoint_seconds: float = Field(
        default=60.0,
        ge=10,
        le=86_400,
        description="How often a checkpoint of the log is signed and recorded, if anything "
        "happened since the last one.",
    )
    digest_seconds: float = Field(
        default=3600.0,
        ge=0,
        le=604_800,
        description="How often every projection's rows are hashed, for the next checkpoint to "
        "record what came out. 0: never.",
    )
