"""The providers: one module each, found by listing this folder; there is no registry to edit.

A provider's module has `Settings` (a `ProviderSettings`) and `ADAPTER`, a class that is made with
`ADAPTER(settings, open_transport)` and then is an `adapters.base.Adapter`. Both, and the facts on
the class, are checked here before anybody uses them: an incomplete provider is refused by name at
the start, not discovered by a payment.

Nothing is imported until it is asked for.
"""

import inspect
import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Final, NamedTuple, Protocol, cast, get_args

from adapters.base import Adapter, Capability, Power, ProviderSettings, WebhookProof
from adapters.directory import BY_CODE
from adapters.refusals import Refusal
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


POWER_METHODS: Final[Mapping[Capability, tuple[str, ...]]] = {
    "payout": ("pay_out", "inquire_payout"),
    "refund": ("refund", "inquire_refund"),
    "balance": ("balances",),
    "account_check": ("check_account",),
}
"""The methods that come with a capability; see `adapters.powers`."""


class AdapterClass(Protocol):
    """What `ADAPTER` is: the facts, and the way to make an adapter."""

    name: str
    display_name: str
    countries: frozenset[str]
    currencies: frozenset[str]
    capabilities: frozenset[Capability]
    documentation_url: str
    idempotent_powers: frozenset[Power]
    webhook_proof: WebhookProof
    is_askable: bool
    refusals: Mapping[str, Refusal]
    reaches: frozenset[str]

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
    """Every provider there is, in alphabetical order; imports none of them.

    A module whose name begins with `_` is a part of one, in a file of its own.
    """
    names = (one.name for one in pkgutil.iter_modules(__path__))
    return tuple(sorted(name for name in names if not name.startswith("_")))


def adapter_class(name: str) -> AdapterClass:
    """Return the adapter class of one provider.

    Raises:
        KeyError: there is no such provider.
        IncompleteProviderError: there is, and it lacks something.
    """
    return _load(name).adapter


def title_of(name: str) -> str:
    """What people call a provider, enabled or not; the name itself where there is none of it."""
    try:
        return adapter_class(name).display_name
    except KeyError:
        return name


def settings_class(name: str) -> type[ProviderSettings]:
    """Return the settings model of one provider; raises like `adapter_class`."""
    return _load(name).settings


def complete_settings_class(name: str) -> type[ProviderSettings] | None:
    """Return the settings model of one provider; None where the provider lacks something."""
    try:
        return settings_class(name)
    except IncompleteProviderError:
        return None


def adapter_classes() -> dict[str, AdapterClass]:
    """Return all adapter classes by name; raises IncompleteProviderError."""
    return {name: adapter_class(name) for name in provider_names()}


def incomplete_providers() -> dict[str, tuple[str, ...]]:
    """Return what each module of this folder lacks that is no provider yet; mostly nothing."""
    lacking = {}
    for name in provider_names():
        try:
            _load(name)
        except IncompleteProviderError as error:
            lacking[name] = error.faults
    return lacking


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
    powers = getattr(adapter, "idempotent_powers", None)
    if not isinstance(powers, frozenset) or not powers <= set(get_args(Power)):
        faults.append("ADAPTER.idempotent_powers is no frozenset of powers")
    finds: object = getattr(adapter, "finds_by_reference", frozenset())
    if not isinstance(finds, frozenset) or not finds <= set(facts["capabilities"] or ()):
        faults.append("ADAPTER.finds_by_reference is no frozenset of its powers")
    if getattr(adapter, "webhook_proof", None) not in get_args(WebhookProof):
        faults.append(f"ADAPTER.webhook_proof is none of {', '.join(get_args(WebhookProof))}")
    if not isinstance(getattr(adapter, "is_askable", None), bool):
        faults.append("ADAPTER.is_askable is neither true nor false")
    refusals = getattr(adapter, "refusals", None)
    if not isinstance(refusals, Mapping) or not all(
        isinstance(one, Refusal) for one in refusals.values()
    ):
        faults.append("ADAPTER.refusals maps no codes to refusals")
    reaches = getattr(adapter, "reaches", None)
    if not isinstance(reaches, frozenset) or not reaches <= BY_CODE.keys():
        faults.append("ADAPTER.reaches is no frozenset of operators that the directory knows")
    own: object = getattr(adapter, "own_rail_of", frozenset())
    if not isinstance(own, frozenset) or not own <= BY_CODE.keys():
        faults.append("ADAPTER.own_rail_of is no frozenset of operators that the directory knows")
    faults += [
        f"ADAPTER.capabilities has {name}, but it lacks {', '.join(missing)}"
        for name, methods in POWER_METHODS.items()
        if name in (facts["capabilities"] or ())
        and (missing := [one for one in methods if not callable(getattr(adapter, one, None))])
    ]
    faults += [
        f"ADAPTER.{key} is no method"
        for key in METHODS
        if not callable(getattr(adapter, key, None))
    ]
    return faults
