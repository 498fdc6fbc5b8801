"""What a deployment says about Sonatel: a part of `adapters.providers.orange_sonatel`."""

from pydantic import Field, SecretStr

from adapters.base import ADDRESS_PATTERN, ProviderSettings


class Settings(ProviderSettings):
    """What a deployment says about its Sonatel account; the default is Sonatel's own sandbox."""

    base_url: str = Field(
        default="https://api.sandbox.orange-sonatel.com",
        pattern=ADDRESS_PATTERN,
        description="Where the API is: `https://api.orange-sonatel.com` in production.",
    )
    client_id: str = Field(min_length=4, description="The application's OAuth client id.")
    client_secret: SecretStr = Field(min_length=4, description="The application's OAuth secret.")
    merchant_code: str = Field(
        pattern=r"^[0-9]{6}$",
        examples=["123456"],
        description="The six digits of the merchant that is paid.",
    )
    merchant_name: str = Field(
        default="Cauri", min_length=1, max_length=60, description="What a payer reads."
    )
    code_seconds: int = Field(
        default=900, ge=60, le=86_400, description="How long a payment's code can be paid."
    )
    unpaid_expires_after_seconds: float | None = Field(
        default=None,
        gt=0,
        description="How long after its code's end a payment counts as expired if a search by our "
        "reference finds no transaction. Set it only where that search is known to find what was "
        "paid; without it such a payment stays pending.",
    )
    webhook_secret: SecretStr | None = Field(
        default=None,
        min_length=8,
        description="The secret that callbacks are signed with. Without it none is evidence, and "
        "payments are followed by asking.",
    )
    api_key: SecretStr | None = Field(
        default=None,
        min_length=8,
        description="The key that callbacks present beside their signature; it is sent with every "
        "payment and then must come back.",
    )
    signature_age_seconds_max: float = Field(
        default=300.0,
        gt=0,
        description="How old a signature may be to prove something; an older one makes us ask.",
    )
    return_url: str | None = Field(
        default=None,
        pattern=ADDRESS_PATTERN.replace(".*[^/]$", ".*$"),
        description="Where the app sends a payer back to, where a payment names no address. "
        "Defaults to the public address.",
    )
    retailer_msisdn: str | None = Field(
        default=None,
        pattern=r"^[0-9]{9}$",
        description="The nine digits of the retailer that payouts are made from.",
    )
    retailer_pin: SecretStr | None = Field(
        default=None, min_length=4, max_length=8, description="That retailer's PIN."
    )
    bulk_cashins_max: int = Field(
        default=0,
        ge=0,
        le=50,
        description="How many payouts that come at about the same time may go in one call. 0 makes "
        "them one by one. Set it only where searches by our reference are known to find payouts: "
        "the answer to such a call says nothing of a single one.",
    )
