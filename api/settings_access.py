"""Who may ask how often, and for what kind of money: a part of `api.settings`."""

from pydantic import BaseModel, Field, SecretStr


class AccessSettings(BaseModel):
    """The limits of keys and payers, what only test keys reach, and who may read the figures."""

    trial_providers: tuple[str, ...] = Field(
        default=(),
        description="Those of `CAURI_PROVIDERS` that are for trying and that only test keys reach: "
        "in production whoever points at a sandbox, and everywhere whoever is at one address for "
        "both and has given you a test account.",
    )
    key_requests_per_second_max: int = Field(
        default=100,
        ge=0,
        le=100_000,
        description="How many requests one API key may send within a second; 0 is no limit.",
    )
    payer_payments_per_minute_max: int = Field(
        default=5,
        ge=0,
        le=1000,
        description="How many payments a merchant may ask one payer's number for within a minute; "
        "0 is no limit.",
    )
    key_uses_noted_seconds: float = Field(
        default=60.0,
        gt=0,
        le=3600,
        description="How often is written when each API key was last used, in seconds.",
    )
    metrics_token: SecretStr | None = Field(
        default=None,
        min_length=16,
        max_length=200,
        description="What Prometheus sends to `/metrics` as `Authorization: Bearer ...`. Without "
        "one, `/metrics` is open in development and is not there in production.",
    )
