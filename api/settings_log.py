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
        description="How old what every projection's rows hash to may be in a checkpoint. Where "
        "hashing takes little, each checkpoint has it fresh. 0: no checkpoint has it.",
    )
    verify_entries_per_second: int = Field(
        default=2000,
        ge=0,
        le=100_000,
        description="How fast old entries are read again and compared, by one process, for ever. "
        "0: never.",
    )
    verify_round_seconds: float = Field(
        default=3600.0,
        ge=1,
        le=604_800,
        description="How long after the last entry it begins anew with the first.",
    )
    verify_projections_seconds: float = Field(
        default=86_400.0,
        ge=0,
        le=2_678_400,
        description="How often the digests of projections are held against what the log alone "
        "gives. 0: never.",
    )
