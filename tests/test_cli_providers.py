"""`cauri providers`: the facts of every provider in the folder, told three ways."""

import json
from types import SimpleNamespace
from typing import Any, get_args

import pytest

from adapters.base import WebhookProof
from adapters.providers import adapter_class, provider_names
from api.cli import main
from api.commands import providers


def said(capsys: Any, *arguments: str) -> str:
    """What the command writes in this process."""
    with pytest.raises(SystemExit) as ended:
        main(["providers", *arguments])
    assert ended.value.code == 0
    written: str = capsys.readouterr().out
    return written


def test_programs_are_told_every_fact_of_every_provider(capsys: Any) -> None:
    told = json.loads(said(capsys, "--json"))["providers"]

    assert [one["name"] for one in told] == list(provider_names())
    for one in told:
        facts = adapter_class(one["name"])
        assert one == {
            "name": facts.name,
            "display_name": facts.display_name,
            "countries": sorted(facts.countries),
            "currencies": sorted(facts.currencies),
            "capabilities": sorted(facts.capabilities),
            "idempotent_powers": sorted(facts.idempotent_powers),
            "webhook_proof": facts.webhook_proof,
            "is_askable": facts.is_askable,
            "is_integrator": bool(facts.reaches),
            "reaches": sorted(facts.reaches),
            "documentation_url": facts.documentation_url,
        }


def test_people_are_shown_a_table_with_a_row_for_each(capsys: Any) -> None:
    table = said(capsys)

    named = [line.split()[1] for line in table.splitlines() if line.startswith("│")]
    assert [one for one in named if one in provider_names()] == list(provider_names())
    for words in ("webhooks", "reaches", "documentation"):
        assert words in table


def test_a_page_is_given_a_row_and_an_address_for_each(capsys: Any) -> None:
    lines = said(capsys, "--markdown").splitlines()

    assert lines == list(providers.markdown_lines())
    rows = [line for line in lines if line.startswith("| [")]
    links = [line for line in lines if line.startswith("[")]
    assert len(rows) == len(links) == len(provider_names())
    assert {line.count("|") for line in lines if line.startswith("|")} == {8}


def test_every_way_to_prove_oneself_has_its_words() -> None:
    assert tuple(providers.PROOFS) == get_args(WebhookProof)


def test_a_provider_nobody_knows_yet_needs_no_change_here(
    monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    made = SimpleNamespace(
        name="newcomer",
        display_name="Newcomer",
        countries=frozenset({"TG", "BJ"}),
        currencies=frozenset({"XOF"}),
        capabilities=frozenset({"payout", "collection"}),
        idempotent_powers=frozenset({"collection"}),
        webhook_proof="secret",
        is_askable=False,
        reaches=frozenset({"mtn-bj"}),
        documentation_url="https://newcomer.example",
    )
    monkeypatch.setattr(providers, "provider_names", lambda: ("newcomer",))
    monkeypatch.setattr(providers, "incomplete_providers", dict)
    monkeypatch.setattr(providers, "adapter_class", lambda _: made)

    cells = "BJ TG | XOF | collection, payout | a fixed secret | not always | charges once"
    assert said(capsys, "--markdown").splitlines()[2:] == [
        f"| [Newcomer][newcomer] (`newcomer`) | {cells} |",
        "",
        "Newcomer is an integrator; it reaches `mtn-bj`.",
        "",
        "[newcomer]: https://newcomer.example",
    ]


def test_a_module_that_is_no_provider_yet_is_told_and_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    name = provider_names()[0]
    monkeypatch.setattr(providers, "incomplete_providers", lambda: {name: ("has no Settings",)})

    with pytest.raises(SystemExit) as ended:
        main(["providers", "--json"])

    written = capsys.readouterr()
    assert (ended.value.code, written.err) == (1, f"error: provider {name}: has no Settings\n")
    assert [one["name"] for one in json.loads(written.out)["providers"]] == [*provider_names()[1:]]
