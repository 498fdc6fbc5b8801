"""The providers: one module each, found by listing this folder; there is no registry to edit.

A provider's module has `Settings` (a `ProviderSettings`) and `ADAPTER`, a class that is made with
`ADAPTER(settings, open_transport)` and then is an `adapters.base.Adapter`. Both, and the facts on
the class, are checked here before anybody uses them: an incomplete provider is refused by name at
the start, not discovered by a payment.

Nothing is imported until it is asked for.
"""

import inspect
import pkgutil
from functools import cache
from importlib import import_module
from typing import Final, NamedTuple, Protocol, cast, get_args

from adapters.base import Adapter, Capability, ProviderSettings
from adapters.transport import OpenTransport

FACTS: Final = ("name", "display_name", "countries", "currencies", "capabilities")
METHODS: Final = (
    "reference_for",
    "submit",
    "inquire",
    "authenticate",
    "translate",
    "scrub",
    "close",
)


class AdapterClass(Protocol):
    """What `ADAPTER` is: the facts, and the way to make an adapter."""

    name: str
    display_name: str
    countries: frozenset[str]
    currencies: frozenset[str]
    capabilities: frozenset[Capability]
    documentation_url: str
    is_idempotent_by_reference: bool

    def __call__(self, settings: ProviderSettings, open_transport: OpenTransport) -> Adapter:
        """Make the adapter; nothing is opened before its first call."""


class IncompleteProviderError(Exception):
    """A module in this folder is no provider; says what it lacks."""

    def __init__(self, name: str, faults: list[str]) -> None:
        super().__init__(f"provider {name}: {'; '.join(faults)}")
        self.name, self.faults = name, tuple(faults)


class _Provider(NamedTuple):
    adapter: AdapterClass
    settings: type[ProviderSettings]


def provider_names() -> tuple[str, ...]:
    """Every provider there is, in alphabetical order; imports none of them."""
    return tuple(sorted(one.name for one in pkgutil.iter_modules(__path__)))


def adapter_class(name: str) -> AdapterClass:
    """Return the adapter class of one provider.

    Raises:
        KeyError: there is no such provider.
        IncompleteProviderError: there is, and it lacks something.
    """
    return _load(name).adapter


def settings_class(name: str) -> type[ProviderSettings]:
    """Return the settings model of one provider; raises like `adapter_class`."""
    return _load(name).settings


def adapter_classes() -> dict[str, AdapterClass]:
    """Return all adapter classes by name; raises IncompleteProviderError."""
    return {name: adapter_class(name) for name in provider_names()}


@cache
def _load(name: str) -> _Provider:
    if name not in provider_names():
        raise KeyError(name)
    module = import_module(f"{__name__}.{name}")
    faults = faults_of(module, name)
    if faults:
        raise IncompleteProviderError(name, faults)
    return _Provider(cast(AdapterClass, module.ADAPTER), module.Settings)


def faults_of(module: object, name: str) -> list[str]:
    """Everything a module lacks to be the provider of that name; empty for a provider."""
    adapter, settings = getattr(module, "ADAPTER", None), getattr(module, "Settings", None)
    faults = []
    if not (inspect.isclass(settings) and issubclass(settings, ProviderSettings)):
        faults.append("has no Settings made from ProviderSettings")
    else:
        undescribed = [key for key, one in settings.model_fields.items() if not one.description]
        faults += [f"Settings.{key} has no description" for key in undescribed]
    if not inspect.isclass(adapter):
        return [*faults, "has no class ADAPTER"]
    facts = {key: getattr(adapter, key, None) for key in FACTS}
    faults += [f"ADAPTER.{key} is missing or empty" for key, value in facts.items() if not value]
    if facts["name"] != name:
        faults.append("ADAPTER.name is not the name of its module")
    if unknown := set(facts["capabilities"] or ()) - set(get_args(Capability)):
        faults.append(f"ADAPTER.capabilities has {', '.join(sorted(unknown))}")
    if not str(getattr(adapter, "documentation_url", "")).startswith("https://"):
        faults.append("ADAPTER.documentation_url is no https address")
    if not isinstance(getattr(adapter, "is_idempotent_by_reference", None), bool):
        faults.append("ADAPTER.is_idempotent_by_reference is neither true nor false")
    faults += [
        f"ADAPTER.{key} is no method"
        for key in METHODS
        if not callable(getattr(adapter, key, None))
    ]
    return faults
