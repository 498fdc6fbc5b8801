"""Who watches the log from outside: a part of `api.settings`."""

from pathlib import Path

from pydantic import BaseModel, Field


class WitnessSettings(BaseModel):
    """The witnesses that are shown every checkpoint, and how many of whom are enough."""

    witness_policy_file: Path | None = Field(
        default=None,
        description="The C2SP tlog-policy file that says how many of whose cosignatures are "
        "needed; its witnesses are shown every checkpoint.",
    )
    witnesses: tuple[str, ...] = Field(
        default=(),
        description="Where the policy's witnesses are, for example "
        "`shop=https://witness.shop.example,firm=https://audit.example`; before the addresses in "
        "the policy file. https; in development also http on this machine.",
    )
    witness_seconds_max: float = Field(
        default=10.0, gt=0, le=60, description="How long a witness may take to answer."
    )
