"""How merchants are told what became of their payments: a part of `api.settings`."""

from pydantic import BaseModel, Field


class NotifySettings(BaseModel):
    """The bounds of what leaves for merchants' endpoints."""

    endpoint_seconds_max: float = Field(
        default=10.0, gt=0, le=60, description="How long a merchant's endpoint may take to answer."
    )
    endpoint_calls_max: int = Field(
        default=64,
        ge=1,
        le=1000,
        description="How many messages are on their way to merchants' endpoints at once, at most "
        "four to any one; as many again to endpoints that answer slowly or not at all.",
    )
    endpoints_per_merchant_max: int = Field(
        default=10, ge=1, le=100, description="How many endpoints a merchant may have switched on."
    )
    endpoint_loopback: bool = Field(
        default=False,
        description="Whether endpoints may be on this machine, and without https: to try things "
        "out, and on with `--sandbox`. Refused in production.",
    )
