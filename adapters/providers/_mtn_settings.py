"""What a deployment says about its MTN account: the settings of `adapters.providers.mtn`.

MTN sells three products, each with a subscription key of its own; a production account has had one
API user for all of them, the sandbox makes one per product. So Collections must be there, and the
others may: with their own key alone, or with their own user as well.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, Self

from pydantic import Field, SecretStr, model_validator

from adapters.base import ADDRESS_PATTERN, ProviderSettings
from adapters.providers._mtn_markets import SANDBOX, SANDBOX_URL, disagreement
from adapters.transcript import basic
from ledger.sentences import Sentence

ProductName = Literal["collection", "disbursement", "remittance"]


class Account(NamedTuple):
    """What opens one product."""

    subscription_key: SecretStr
    api_user: str
    api_key: SecretStr

    @property
    def basic(self) -> str:
        """The value of the Authorization header that gets a token."""
        return basic(self.api_user, self.api_key.get_secret_value())

    def secrets(self) -> tuple[str, ...]:
        """Every text that no transcript may hold."""
        given = (self.subscription_key.get_secret_value(), self.api_key.get_secret_value())
        return (*given, self.api_user, self.basic.removeprefix("Basic "))


class Settings(ProviderSettings):
    """What a deployment says about its MTN account; the defaults are MTN's own sandbox."""

    base_url: str = Field(
        default=SANDBOX_URL,
        pattern=ADDRESS_PATTERN,
        description="Where the API is: `https://proxy.momoapi.mtn.com` in production.",
    )
    target_environment: str = Field(
        default=SANDBOX,
        pattern=r"^[a-z]{3,40}$",
        description="The market, as MTN calls it: `mtncameroon`, `mtnuganda`, ...",
    )
    subscription_key: SecretStr = Field(
        min_length=8, description="The key of the Collection product, primary or secondary."
    )
    api_user: str = Field(min_length=8, description="The API user (a UUID).")
    api_key: SecretStr = Field(min_length=8, description="The API user's key.")
    disbursement_subscription_key: SecretStr | None = Field(
        default=None,
        min_length=8,
        description="The key of the Disbursement product; without it nothing is paid out or back.",
    )
    disbursement_api_user: str | None = Field(
        default=None,
        min_length=8,
        description="The API user of Disbursements, where it is another one.",
    )
    disbursement_api_key: SecretStr | None = Field(
        default=None, min_length=8, description="That user's key."
    )
    remittance_subscription_key: SecretStr | None = Field(
        default=None, min_length=8, description="The key of the Remittance product."
    )
    remittance_api_user: str | None = Field(
        default=None,
        min_length=8,
        description="The API user of Remittances, where it is another one.",
    )
    remittance_api_key: SecretStr | None = Field(default=None, min_length=8, description="Its key.")
    callback_host: str | None = Field(
        default=None,
        description="The host name registered as the API user's providerCallbackHost. Callbacks "
        "are asked for only if the public address has this host: with any other, MTN refuses "
        "every payment. Without it, payments are followed by asking.",
    )
    # MTN caps status calls at 10 in a second; 9 evenly spaced never are 11 in anybody's second.
    inquiries_per_second_max: float | None = Field(
        default=9.0, gt=0, description="How many status calls may begin within a second."
    )
    # A callback is to be waited for five minutes; without one there is nothing to wait for.
    inquiry_first_seconds: float = Field(
        default=300.0,
        gt=0,
        description="When an accepted payment is asked about first; without a callback_host the "
        "default is 20.",
    )

    @model_validator(mode="before")
    @classmethod
    def _ask_sooner_without_callbacks(cls, values: Any) -> Any:
        if isinstance(values, Mapping) and not values.get("callback_host"):
            return {"inquiry_first_seconds": 20.0, **values}
        return values

    @model_validator(mode="after")
    def _agree(self) -> Self:
        fault = disagreement(self.target_environment, self.base_url)
        if fault is not None:
            raise ValueError("target_environment", fault)
        for product in ("disbursement", "remittance"):
            given = [
                getattr(self, f"{product}_{name}") is not None for name in ("api_user", "api_key")
            ]
            has_key = getattr(self, f"{product}_subscription_key") is not None
            if given[0] != given[1] or (given[0] and not has_key):
                fields = [f"{product}_{name}" for name in ("api_user", "api_key")]
                names = ", ".join([*fields, f"{product}_subscription_key"])
                raise ValueError(fields[0], Sentence("{names} belong together.", names=names))
        return self

    def account_of(self, product: ProductName) -> Account | None:
        """Return what opens a product; None where the deployment has none."""
        if product == "collection":
            return Account(self.subscription_key, self.api_user, self.api_key)
        key = getattr(self, f"{product}_subscription_key")
        if key is None:
            return None
        user = getattr(self, f"{product}_api_user") or self.api_user
        return Account(key, user, getattr(self, f"{product}_api_key") or self.api_key)
