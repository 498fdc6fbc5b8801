"""A storm over every rail, small: what it asks for, and that its judgement can fall either way."""

from collections import Counter
from pathlib import Path

import pytest
from rich.console import Console

from adapters.providers import adapter_classes, provider_names
from scripts.storming.run import Seen, report, storm

WAYS = sum(len({"collection", "payout"} & one.capabilities) for one in adapter_classes().values())
MOVEMENTS = 2 * WAYS
"""Two over each rail and direction."""

PATIENCE_SECONDS = 4.0
"""What is not final by then stays open and is listed: HUB2 is asked for its list every 30 s."""


@pytest.mark.parametrize("probability", [0.0, 0.05], ids=["calm", "storm"])
async def test_after_a_storm_every_book_agrees_and_nothing_is_forgotten(
    tmp_path: Path, probability: float
) -> None:
    seen = await storm(
        *(MOVEMENTS, 11, probability, tmp_path),
        follow_seconds=PATIENCE_SECONDS,
        settle_seconds=PATIENCE_SECONDS,
    )
    assert (seen.differences, seen.unlisted, seen.is_balanced) == ([], [], True)
    assert {provider for provider, _ in seen.asked} == set(provider_names())
    made = Counter(one.kind for one in seen.states)
    assert made["collection"] + made["payout"] + seen.refused.total() == MOVEMENTS
    finals = sum(one.status.is_final for one in seen.states)
    assert finals + len(seen.open_listed) == len(seen.states)


def test_a_storm_whose_books_differ_is_not_good(capsys: pytest.CaptureFixture[str]) -> None:
    good = Seen(is_balanced=True)
    assert good.is_good
    for seen in (
        Seen(is_balanced=False),
        Seen(is_balanced=True, unlisted=["pay_1 is unknown"]),
        Seen(is_balanced=True, differences=["mtn: the ledger 1, the provider 2"]),
    ):
        assert not seen.is_good
    report(Seen(is_balanced=False, differences=["mtn: 1, 2"]), Console(width=100))
    printed = capsys.readouterr().out
    assert "the books balance: NO" in printed
    assert "mtn: 1, 2" in printed
