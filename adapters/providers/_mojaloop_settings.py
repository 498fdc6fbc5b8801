"""What a deployment has to say to take part in a Mojaloop scheme."""

import re
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from adapters.base import ProviderSettings
from ledger.sentences import Sentence


class MojaloopSettings(ProviderSettings):
    """What a deployment says about its SDK Scheme Adapter and its place in the scheme."""

    party_id_type: Literal["ACCOUNT_ID", "ALIAS", "BUSINESS", "MSISDN"] = Field(
        default="BUSINESS", description="What kind of identifier the merchant has in the scheme."
    )
    party_id: str = Field(
        pattern=r"^[A-Za-z0-9._+-]{1,128}$",
        description="The merchant's own identifier, as it is registered in the scheme's directory.",
    )
    display_name: str = Field(
        default="Cauri",
        pattern=r"^[\w.,'-][\w .,'-]{0,127}$",
        description="What payers and payees see as the merchant's name.",
    )
    backend_secret: SecretStr = Field(
        description="The secret part of the address at which the SDK calls: its BACKEND_ENDPOINT "
        "is `<host>/webhooks/mojaloop/<backend_secret>`. 12 or more letters, digits, `-` and `_`."
    )
    former_backend_secret: SecretStr | None = Field(
        default=None, description="The one before, still taken until the SDK has the new one."
    )
    sdk_waits: bool = Field(
        default=False,
        description="Say `true` once the SDK runs with AUTO_ACCEPT_PARTY, AUTO_ACCEPT_QUOTES and "
        "AUTO_ACCEPT_R2P_PARTY all false. Until then nothing is sent: with the SDK's own defaults "
        "a payout without an answer may have been paid.",
    )
    excess_minor_max: int = Field(
        default=0,
        ge=0,
        description="How much more than the payout its quote may cost, in the currency's smallest "
        "unit; a dearer one is refused.",
    )
    settle_seconds: float = Field(
        default=600.0,
        ge=60,
        description="How long after its quote's end a transfer that the scheme does not know is "
        "given up; well above the SDK's EXPIRY_SECONDS.",
    )
    # The SDK itself waits 30 seconds for the scheme, and its answer is better than none.
    call_timeout_seconds: float = Field(
        default=45.0, gt=0, le=120, description="How long one call may take."
    )

    @field_validator("backend_secret", "former_backend_secret")
    @classmethod
    def _can_stand_in_an_address(cls, value: SecretStr | None) -> SecretStr | None:
        pattern = r"[A-Za-z0-9_-]{12,128}"
        if value is not None and re.fullmatch(pattern, value.get_secret_value()) is None:
            raise ValueError(Sentence("it needs 12 or more letters, digits, - and _."))
        return value
