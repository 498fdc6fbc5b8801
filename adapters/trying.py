"""For trying or for real: what a provider's settings say about whether money moves there.

The words are those the providers' settings share. An address on this machine is always for trying.
Else a setting that names the environment decides (`environment`, `country_segment`, `is_trial`),
where a provider has one address for both; else the address itself does.

Some providers have neither (a test account of TouchPay is at the address of the real ones): their
settings tell nothing, and count as real unless the deployment says otherwise (`tells_of_trying`).

It does not look at secrets, and asks no provider.
"""

from typing import Final
from urllib.parse import urlsplit

from pydantic import BaseModel

NAMING: Final = ("environment", "country_segment", "is_trial")
"""The fields that name an environment."""

_ADDRESS: Final = "base_url"
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def is_value_for_trying(value: object) -> bool:
    """Whether a setting's value names a sandbox or this machine."""
    text = str(value).lower()
    return _is_local(str(value)) or "sandbox" in text or text in {"dev", "test"}


def is_for_trying(settings: BaseModel) -> bool:
    """Whether a provider that is set up so moves no money, as far as its settings tell."""
    address = getattr(settings, _ADDRESS, "")
    if _is_local(str(address)):
        return True
    named = [getattr(settings, name) for name in NAMING if hasattr(settings, name)]
    if named:
        return all(value is True or is_value_for_trying(value) for value in named)
    return is_value_for_trying(address)


def tells_of_trying(model: type[BaseModel]) -> bool:
    """Whether the settings of a provider can show that it is set up for trying."""
    fields = model.model_fields
    address = fields[_ADDRESS].default if _ADDRESS in fields else ""
    return any(name in fields for name in NAMING) or is_value_for_trying(address)


def _is_local(value: str) -> bool:
    return (urlsplit(value).hostname or "") in _LOCAL
