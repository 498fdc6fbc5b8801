"""The plan of a storm: who moves how much over which rail, chosen by a seed."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from adapters.base import Adapter, Capability
from adapters.directory import BY_CODE, is_own_rail

Verb = Literal["payments", "payouts"]

ENDINGS: Final[tuple[tuple[str, int], ...]] = (
    *(("01", 30), ("02", 30), ("50", 3), ("51", 3), ("52", 1), ("53", 2), ("54", 2), ("55", 1)),
)
"""Last two digits of numbers, which choose what becomes of a movement, and how often."""

VERBS: Final[Mapping[Verb, Capability]] = {"payments": "collection", "payouts": "payout"}

AMOUNT_MINOR_MAX: Final = 900_000
REFUNDED_PART: Final = 0.3
"""How many of the payments that succeed are given back, half of them in part."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One movement to be asked for."""

    number: int
    verb: Verb
    provider: str
    phone: str
    country: str
    currency: str
    amount_minor: int
    will_refund: bool
    part: float
    """Which part of it is to be given back."""


@dataclass(frozen=True, slots=True)
class Rail:
    """One way over one provider: an operator's number, and the money it takes."""

    provider: str
    verb: Verb
    example: str
    """A number of the operator as it is written at home; its last two digits are free."""
    country: str
    currency: str


def rails_of(adapters: Mapping[str, Adapter]) -> list[Rail]:
    """Every (provider, direction, operator) there is, as the directory and the adapters say."""
    return [rail for name, adapter in adapters.items() for rail in _rails(name, adapter)]


def _rails(name: str, adapter: Adapter) -> Iterator[Rail]:
    here = [
        one
        for one in BY_CODE.values()
        if one.example is not None
        and one.country in adapter.contract.countries
        and one.currency in adapter.contract.currencies
    ]
    reached = [one for one in here if is_own_rail(adapter, one) or one.code in adapter.reaches]
    # Who has no numbers of its own (a wallet beside the operators, a scheme) takes everybody's.
    for operator in reached or here:
        for verb, kind in VERBS.items():
            if kind in adapter.capabilities:
                number = str(operator.example)
                yield Rail(name, verb, number, operator.country, operator.currency)


def wanted(rails: list[Rail], count: int, seed: int) -> Iterator[Wanted]:
    """Choose movements; every provider and direction gets its part, however many numbers it has."""
    lot = random.Random(seed)  # noqa: S311 - a play, not a secret
    ways: dict[tuple[str, str], list[Rail]] = {}
    for rail in rails:
        ways.setdefault((rail.provider, rail.verb), []).append(rail)
    names = sorted(ways)
    words, weights = zip(*ENDINGS, strict=True)
    for number in range(count):
        rail = lot.choice(ways[names[number % len(names)]])
        ending = lot.choices(words, weights=weights)[0]
        yield Wanted(
            number=number,
            verb=rail.verb,
            provider=rail.provider,
            phone=rail.example[:-2] + ending,
            country=rail.country,
            currency=rail.currency,
            # Whole hundreds: every currency has them, and every rail's limits let most pass.
            amount_minor=lot.randrange(10_000, AMOUNT_MINOR_MAX, 500),
            will_refund=lot.random() < REFUNDED_PART,
            part=lot.choice((1.0, 0.5)),
        )
