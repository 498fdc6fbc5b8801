"""What a deployment chooses about the pages on which payers pay: a part of `api.settings`."""

from pydantic import BaseModel, Field


class CheckoutSettings(BaseModel):
    """The bounds of checkout sessions and their pages."""

    checkout_seconds: int = Field(
        default=86_400,
        ge=300,
        le=604_800,
        description="How long a checkout page can be paid where the merchant does not say, in "
        "seconds.",
    )
    checkout_frame_ancestors: tuple[str, ...] = Field(
        default=(),
        description="Whose pages may show every checkout page in a frame, `https://shop.example`; "
        "others only that which names them as its `embed_origin`.",
    )
    checkout_streams_max: int = Field(
        default=200,
        ge=0,
        description="How many payers' pages are told live how their payment goes; the others ask "
        "every few seconds.",
    )
