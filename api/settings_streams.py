"""How merchants may follow their own events: a part of `api.settings`."""

from pydantic import BaseModel, Field


class StreamSettings(BaseModel):
    """The bounds of live streams."""

    streams_max: int = Field(
        default=200, ge=1, le=10_000, description="How many live streams are open at once."
    )
    streams_per_key_max: int = Field(
        default=5, ge=1, le=100, description="How many of them one key may have."
    )
    stream_heartbeat_seconds: float = Field(
        default=15.0,
        gt=0,
        le=300,
        description="How long a live stream stays silent before it says that it lives.",
    )
    stream_seconds_max: float = Field(
        default=3600.0,
        gt=0,
        description="How long a live stream lasts; clients take it up again by themselves.",
    )
    stream_write_seconds_max: float = Field(
        default=20.0,
        gt=0,
        le=300,
        description="How long a client of a live stream, or of a checkout page's, may take nothing "
        "of what it is sent before it is cut off, in seconds.",
    )
