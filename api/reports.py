"""The shapes of reports: what accountants, auditors, operators and machines are answered.

The same rules as in `api.schemas`: amounts are decimal strings, times RFC 3339, cursors positions.
"""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints

from adapters.refusal_texts import Category
from api.documents import RefusalOut
from api.schemas import Name, PastQuery, Position, PositionQuery, Response
from ledger.identity import Kind, Mode


class LogPage(Response):
    """Entries of the log, verbatim; as `application/x-ndjson` one stored line each."""

    position: Position = Field(description="The last position of the log.")
    entries: list[dict[str, Any]]
    next_after: Position | None


class AccountOut(Response):
    """One account's sums; debit minus credit is `balance`."""

    account: str
    name_fr: str
    name_en: str
    holder: str
    holder_name: str
    currency: str
    debit: str
    credit: str
    balance: str


class TotalOut(Response):
    """All accounts of a currency: debit and credit agree."""

    currency: str
    debit: str
    credit: str
    balance: str


class TrialBalance(Response):
    """Every account; the balances of a currency sum to zero at every position."""

    position: Position
    as_of: str | None
    known_at: Position | None = Field(
        description="The log is looked at as it stood there; null: as it stands now."
    )
    effective_from: datetime | None = Field(description="Only what moved then or later.")
    effective_to: datetime | None = Field(description="Only what moved before that.")
    mode: Mode
    accounts: list[AccountOut]
    totals: list[TotalOut]
    is_balanced: bool


class MetricsGroup(Response):
    """One group of payments: of a provider or all (null), of a currency or all (null)."""

    provider: str | None
    currency: str | None
    counts: dict[str, int] = Field(description="How many stand in each status now.")
    amounts: dict[str, str] | None = Field(description="Their money; null for several currencies.")
    oldest_open_seconds: float | None
    final_counts: dict[str, int] = Field(description="How many became final in the window.")
    success_rate: float | None = Field(
        description="Of those, from 0 to 1 with at most four decimals; null while there are none."
    )
    failure_rate: float | None
    succeeded: str | None = Field(description="The money taken in the window.")
    p50_ms: int | None = Field(description="Request to final status, in milliseconds.")
    p95_ms: int | None
    p99_ms: int | None


class MetricsReport(Response):
    """How payments fare, per provider, per currency and in all."""

    position: Position
    known_at: Position | None = Field(
        description="The log is looked at as it stood there; null: as it stands now."
    )
    now: datetime
    kind: Kind
    mode: Mode
    window_seconds: int
    groups: list[MetricsGroup]


class RefusalListed(RefusalOut):
    """One reason why money does not move."""

    may_reroute: bool = Field(description="Whether another provider might take the payment.")


class RefusalsReport(Response):
    """The whole vocabulary of refusals, in French or English by `Accept-Language`."""

    refusals: list[RefusalListed]


class Health(Response):
    """Alive."""

    status: Literal["ok"]


class SubscriptionOut(Response):
    """How far one reader of the log has come."""

    name: str
    state: str
    position: Position


class Readiness(Response):
    """Whether requests are served as they should be."""

    status: Literal["ready", "not_ready"]
    position: Position
    subscriptions: list[SubscriptionOut]
    reasons: list[str]


class BalanceOut(Response):
    """What lies in one account at a provider."""

    provider: str
    account: str | None = Field(description="Which account, where the provider has several.")
    amount: str = Field(description="As the provider writes it.")
    currency: str


class SilentProvider(Response):
    """A provider that did not say."""

    provider: str
    reason: str


class MoneyOut(Response):
    """A merchant's money of one currency, as the ledger has it. Fees are not booked."""

    currency: str
    mode: Mode
    collected: str = Field(description="What customers paid, by the last word about each payment.")
    refunded: str
    paid_out: str = Field(description="What was paid out.")
    net: str = Field(description="`collected` less `refunded` less `paid_out`.")
    suspense: str = Field(description="`suspense_in` less `suspense_out`.")
    suspense_in: str = Field(
        description="What came in by contradicting words and waits to be settled. It is in none of "
        "the sums above."
    )
    suspense_out: str = Field(description="What went out likewise.")
    collecting: str = Field(description="What was asked of customers, and has no end yet.")
    refunding: str = Field(description="What is being given back.")
    paying_out: str = Field(description="What is being paid out.")


class BalancesReport(Response):
    """What the ledger says of a merchant's money; or what the providers say lies with them."""

    position: Position | None = Field(
        description="The log position `money` stands at; null where the providers were asked."
    )
    at: datetime
    money: list[MoneyOut] = Field(description="The merchant's, by currency.")
    balances: list[BalanceOut]
    without_answer: list[SilentProvider]


class WebhookAnswer(Response):
    """The call is kept; a provider with a form of its own for answers gets that instead."""

    status: Literal["stored"]


class PlaceOut(Response):
    """Where something is wrong, why, and what to send instead."""

    pointer: str | None = None
    parameter: str | None = None
    header: str | None = None
    reason: str
    remedy: str


class ProblemOut(Response):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    category: Category
    errors: list[PlaceOut]


class LogQuery(PositionQuery):
    """Which entries."""

    after: Position = 0
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


_MODE: Final = (
    "Tests, or payments for real; by default as the deployment is. The two are never added up."
)


class AccountsQuery(PastQuery):
    """Which trial balance."""

    mode: Mode | None = Field(default=None, description=_MODE)


class BalancesQuery(PositionQuery):
    """Whose balances."""

    merchant_id: Annotated[str, StringConstraints(max_length=64)] | None = Field(
        default=None,
        description="What the ledger says of this merchant's money. A merchant's key has its own; "
        "without it, others are told what the providers say.",
    )
    mode: Mode | None = Field(
        default=None, description="Only tests, or only what is real; a merchant's key has one."
    )


class MetricsQuery(PositionQuery):
    """Which window."""

    kind: Kind = Field(default="collection", description="Payments, payouts or refunds.")
    mode: Mode | None = Field(default=None, description=_MODE)
    window_seconds: Annotated[int, Field(ge=60, le=366 * 86_400)] = 86_400
    known_at: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = Field(
        default=None,
        description="What the log held by then: a position, or an RFC 3339 time. The window ends "
        "there.",
    )
    provider: Name | None = None
