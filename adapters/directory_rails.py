"""What rails ask of amounts and numbers, as far as a source tells: data, and no decision.

A limit is of an operator and a kind, and either of the operator itself or of one provider that
carries to it. What the one who sets a limit says of it binds (`is_binding`): an amount outside
would be refused, so nobody needs to be asked. What others have seen is only shown: a guess must
never keep a payment from being tried.

Why per provider: HUB2 moves nothing below 500 francs to an Ivorian Moov number, which says nothing
about another way to the same wallet.

Sources, one a limit: HUB2's page of policies (docs.hub2.io/documentation/en/policies), of which the
rows stand here whose operators its adapter reaches; its pay-ins that are no multiple of 5 (in
Guinea 1,000) are rounded up at the payer's cost, not refused. Press on the Bank of Uganda's limits
of March 2022. A published network of agents in Cameroon. MTN, Orange and Wave publish none that we
found; what a wallet may hold or move in a day depends on the customer, whom only they know.

Which adapters write numbers how is the adapters' own affair; the forms here are those of rails that
have no adapter yet, from the same sources as the facts about them.
"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from adapters.directory_operators import BY_CODE
from ledger.identity import Kind

NumberForm = Literal["plus", "digits", "national"]
"""`+2250500000001`; `2250500000001`; `0500000001`, as at home but without a trunk prefix."""

NUMBER_FORMS: Final[Mapping[str, NumberForm]] = {
    "pawapay": "digits",
}
"""Rail without an adapter -> how it wants numbers; Orange Web Payment is sent none."""


class Limit(NamedTuple):
    """What amounts an operator's customers may pay or be paid at once, in minor units."""

    currency: str
    minimum_minor: int | None
    maximum_minor: int | None
    multiple_minor: int | None
    """What an amount must be a multiple of; None: of nothing."""
    provider: str | None
    """Through which provider it holds; None: whoever carries it."""
    is_binding: bool
    """Whether the one who sets it says so; if not, it is only shown."""
    source: str


_HUB2: Final = "https://docs.hub2.io/documentation/en/policies"
_UGANDA: Final = "press on the Bank of Uganda's limits of March 2022"
_AGENTS: Final = "the own check of a network of agents in Cameroon"


def _hub2(
    code: str, minimum_minor: int, maximum_minor: int, multiple_minor: int | None = None
) -> tuple[Limit]:
    """Make a row of HUB2's own page."""
    amounts = (minimum_minor, maximum_minor, multiple_minor)
    return (Limit(BY_CODE[code].currency, *amounts, "hub2", is_binding=True, source=_HUB2),)


def _seen(
    code: str, minimum_minor: int | None, maximum_minor: int, provider: str | None, source: str
) -> tuple[Limit]:
    """Make a row of what others have seen."""
    amounts = (minimum_minor, maximum_minor, None)
    return (Limit(BY_CODE[code].currency, *amounts, provider, is_binding=False, source=source),)


LIMITS: Final[Mapping[tuple[str, Kind], tuple[Limit, ...]]] = {
    ("airtel-ug", "collection"): _seen("airtel-ug", None, 5_000_000, None, _UGANDA),
    ("airtel-ug", "payout"): _seen("airtel-ug", None, 5_000_000, None, _UGANDA),
    ("moov-bf", "payout"): _hub2("moov-bf", 500, 1_000_000, 5),
    ("moov-bj", "collection"): _hub2("moov-bj", 100, 3_000_000),
    ("moov-ci", "payout"): _hub2("moov-ci", 500, 2_000_000, 5),
    ("moov-ml", "payout"): _hub2("moov-ml", 500, 1_500_000, 5),
    ("mtn-bj", "collection"): _hub2("mtn-bj", 100, 3_000_000),
    ("mtn-ci", "payout"): _hub2("mtn-ci", 100, 2_000_000, 5),
    ("mtn-cm", "collection"): _hub2("mtn-cm", 500, 500_000),
    ("mtn-cm", "payout"): _hub2("mtn-cm", 500, 500_000, 5),
    ("mtn-gn", "payout"): _hub2("mtn-gn", 10_000, 1_500_000, 1_000),
    ("mtn-ug", "collection"): _seen("mtn-ug", None, 5_000_000, None, _UGANDA),
    ("mtn-ug", "payout"): _seen("mtn-ug", None, 5_000_000, None, _UGANDA),
    ("orange-bf", "payout"): _hub2("orange-bf", 100, 1_000_000, 5),
    ("orange-ci", "payout"): _hub2("orange-ci", 200, 1_500_000, 5),
    ("orange-cm", "collection"): (
        *_hub2("orange-cm", 500, 500_000),
        *_seen("orange-cm", 100, 500_000, "orange_cm", _AGENTS),
    ),
    ("orange-cm", "payout"): (
        *_hub2("orange-cm", 500, 500_000, 5),
        *_seen("orange-cm", 100, 500_000, "orange_cm", _AGENTS),
    ),
    ("orange-gn", "payout"): _hub2("orange-gn", 10_000, 1_500_000, 1_000),
    ("orange-ml", "payout"): _hub2("orange-ml", 500, 1_500_000, 5),
    ("orange-sn", "payout"): _hub2("orange-sn", 100, 1_500_000, 5),
}
"""(operator code, kind) -> what is known; what is not here is not known.

A refund has no limits of its own: it is bounded by its payment, and one that is paid out has the
payout's."""


def limits_of(code: str, kind: Kind) -> tuple[Limit, ...]:
    """What is known of the amounts of an operator; empty where nothing is."""
    return LIMITS.get((code, kind), ())
