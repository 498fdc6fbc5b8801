"""The conformance kit itself: how many cases it has, and that no provider goes without them."""

import importlib
import inspect
import re
from math import prod
from pathlib import Path
from typing import Any

import pytest

from adapters.providers import adapter_class, provider_names
from tests.contracts.callbacks import WEATHERS
from tests.contracts.provider import ProviderContract
from tests.contracts.rail import PayoutContract, RefundContract
from tests.contracts.webhook import WebhookContract

README = Path(__file__).resolve().parent.parent / "README.md"
CASES = re.compile(r"(\d+)\s+for\s+(collections|callbacks|payouts|refunds|the\s+ledger)\b")


def cases_of(contract: type[Any]) -> int:
    """How many cases a subclass of a contract gets: its tests times their parameters."""
    tests = [one for name, one in inspect.getmembers(contract) if name.startswith("test_")]
    return sum(
        prod(
            len(mark.args[1])
            for mark in getattr(test, "pytestmark", ())
            if mark.name == "parametrize"
        )
        for test in tests
    )


def test_the_readme_says_how_many_cases_an_adapter_has_to_pass() -> None:
    counted = {
        "collections": cases_of(ProviderContract),
        "callbacks": cases_of(WebhookContract),
        "payouts": cases_of(PayoutContract),
        "refunds": cases_of(RefundContract),
        "the ledger": len(WEATHERS),
    }
    told = {" ".join(what.split()): int(many) for many, what in CASES.findall(README.read_text())}
    assert told == counted


@pytest.mark.parametrize("name", provider_names())
def test_every_provider_passes_the_contracts_of_all_it_can_do(name: str) -> None:
    module = importlib.import_module(f"tests.test_provider_{name}")
    classes = [one for one in vars(module).values() if isinstance(one, type)]
    held = {
        contract
        for contract in (ProviderContract, WebhookContract, PayoutContract, RefundContract)
        for one in classes
        if issubclass(one, contract) and one.__module__ == module.__name__
    }
    can = adapter_class(name).capabilities
    wanted: set[type[Any]] = {ProviderContract}
    wanted |= {WebhookContract} if adapter_class(name).webhook_proof != "no_webhooks" else set()
    wanted |= {PayoutContract} if "payout" in can else set()
    wanted |= {RefundContract} if "refund" in can else set()
    assert held == wanted
