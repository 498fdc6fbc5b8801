"""For trying or for real: what each provider's settings say, as deployments write them."""

from typing import Any

import pytest
from pydantic import BaseModel

from adapters.providers import provider_names, settings_class
from adapters.trying import is_for_trying, is_value_for_trying, tells_of_trying

SECRETS: dict[str, dict[str, Any]] = {
    "kkiapay": dict.fromkeys(
        ("public_key", "private_key", "secret_key", "webhook_secret"), "synthetic-key"
    ),
    "hub2": {"merchant_id": "synthetic", "api_key": "synthetic-key"},
    "mtn": {
        "subscription_key": "synthetic-subscription-key",
        "api_user": "synthetic",
        "api_key": "synthetic-key",
    },
    "orange": {
        "client_id": "synthetic",
        "client_secret": "synthetic",
        "merchant_key": "synthetic",
    },
    "wave": {"api_key": "synthetic-key"},
}
TELLING = {"hub2", "kkiapay", "mtn", "orange", "orange_sonatel"}
"""Whose settings can show that they are for trying; of the others the deployment has to say it."""


def of(provider: str, **chosen: Any) -> BaseModel:
    """A provider's settings, with synthetic secrets."""
    return settings_class(provider)(**SECRETS[provider], **chosen)


@pytest.mark.parametrize(
    ("settings", "is_trying"),
    [
        (of("mtn"), True),
        (
            of(
                "mtn",
                base_url="https://proxy.momoapi.mtn.com",
                target_environment="mtncameroon",
                callback_host="localhost",
            ),
            False,
        ),
        (of("mtn", base_url="http://127.0.0.1:9", target_environment="mtncameroon"), True),
        (of("orange"), True),
        (of("orange", country_segment="cm"), False),
        (of("orange", country_segment="cm", base_url="http://localhost:8082"), True),
        (of("hub2"), True),
        (of("hub2", environment="live"), False),
        (of("kkiapay"), True),
        (of("kkiapay", is_trial=False, base_url="https://api.kkiapay.me"), False),
        # Where the payer is sent back to says nothing about the money.
        (
            of(
                "kkiapay",
                is_trial=False,
                base_url="https://api.kkiapay.me",
                return_url="http://localhost/back",
            ),
            False,
        ),
        (of("kkiapay", is_trial=False), False),
        (of("wave"), False),
        (of("wave", base_url="http://127.0.0.1:9"), True),
    ],
)
def test_settings_say_whether_money_moves(settings: BaseModel, is_trying: bool) -> None:
    assert is_for_trying(settings) is is_trying


def test_only_some_providers_can_tell() -> None:
    telling = {name for name in provider_names() if tells_of_trying(settings_class(name))}

    assert telling == TELLING


@pytest.mark.parametrize("value", ["https://api.example", "live", "cm", "", "latest", 3, True])
def test_other_values_are_for_real(value: object) -> None:
    assert not is_value_for_trying(value)
