"""What a deployment says about its HUB2 account: a part of `adapters.providers.hub2`."""

from typing import Literal

from pydantic import Field, SecretStr

from adapters.base import ADDRESS_PATTERN, ProviderSettings
from adapters.providers._hub2_requests import Form


class Settings(ProviderSettings):
    """What a deployment says about its HUB2 account, of which HUB2 opens one for each country."""

    base_url: str = Field(
        default="https://api.hub2.io",
        pattern=ADDRESS_PATTERN,
        description="Where the API is, for the trial and for real.",
    )
    environment: Literal["sandbox", "live"] = Field(
        default="sandbox", description="`live` moves money, `sandbox` does not."
    )
    merchant_id: str = Field(min_length=4, description="The merchant's id on HUB2's dashboard.")
    api_key: SecretStr = Field(min_length=4, description="The API key of that environment.")
    webhook_secret: SecretStr | None = Field(
        default=None,
        min_length=4,
        description="The secret HUB2 told when the webhook was registered; several are separated "
        "by commas. Without it webhooks prove nothing, and only make us ask.",
    )
    currency: str = Field(
        default="XOF",
        pattern=r"^[A-Z]{3}$",
        description="The currency of the account; once it is said, no other is sent.",
    )
    operator: str | None = Field(
        default=None,
        pattern=r"^[a-z]{2,20}$",
        description="The operator to use for every number, as HUB2 calls it (`wave`, ...). "
        "Without it, that of the number's range: MTN, Moov or Orange.",
    )
    workflow: Literal["redirection", "otp"] | None = Field(
        default=None,
        description="How payers shall confirm where an operator offers several ways; without it "
        "HUB2 chooses.",
    )
    is_synchronous: bool = Field(
        default=False,
        description="Whether HUB2 has opened the synchronous circuit for the account: the page's "
        "address then always comes with the answer (Wave).",
    )
    msisdn_form: Form = Field(
        default="plus",
        description="How numbers are sent: `+2250500000001`, `2250500000001` or `0500000001`.",
    )
    business_name: str | None = Field(
        default=None,
        min_length=1,
        max_length=40,
        description="What payers and payees shall read instead of the account's own name.",
    )
    recipient_name: str = Field(
        default="Beneficiaire",
        pattern=r"^[A-Za-z0-9 ]{1,40}$",
        description="What a transfer calls its payee: HUB2 wants a name, and no name is kept here.",
    )
    # A payer's and a payee's call are limited to 75 in ten seconds each, all others to 50 in five.
    calls_per_second_max: float = Field(
        default=7.0, gt=0, description="How many calls may begin within a second."
    )
    doubt_seconds: float = Field(
        default=30.0, gt=0, description="When a submission without an answer is asked about first."
    )
    list_seconds: float = Field(
        default=30.0,
        ge=0,
        description="How far apart two questions by reference are; HUB2 takes one in 30 seconds.",
    )
