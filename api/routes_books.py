"""Routes to the books, the log, the figures and the tables; a part of `api.routes`."""

from typing import Final

from api import audit, balances, operators, refusals, reports
from api.route import BOOKS, LOG, SEEING, STAFF, Route

BOOKKEEPING: Final[tuple[Route, ...]] = (
    Route(
        method="GET",
        path="/v1/balances",
        name="show_balances",
        endpoint=balances.show_balances,
        summary="Tell a merchant what the ledger says of his money; staff, what the providers say.",
        roles=SEEING,
        query=reports.BalancesQuery,
        answers={200: reports.BalancesReport},
        problems=("unknown_merchant", "projection_behind"),
    ),
    Route(
        method="GET",
        path="/v1/refusals",
        name="show_refusals",
        endpoint=refusals.show_refusals,
        summary="Give every reason why money does not move, with its texts in French or English.",
        roles=SEEING,
        answers={200: reports.RefusalsReport},
    ),
    Route(
        method="GET",
        path="/v1/events",
        name="show_log",
        endpoint=audit.show_log,
        summary="Give the log's next entries, verbatim.",
        roles=LOG,
        query=reports.LogQuery,
        headers=("Accept",),
        other_media=(audit.NDJSON,),
        answers={200: reports.LogPage},
    ),
    Route(
        method="GET",
        path="/v1/accounts",
        name="show_accounts",
        endpoint=audit.show_accounts,
        summary="Give the trial balance, now or as of a position or a time.",
        roles=BOOKS,
        query=reports.AccountsQuery,
        answers={200: reports.TrialBalance},
        problems=("projection_behind",),
    ),
    Route(
        method="GET",
        path="/v1/metrics",
        name="show_metrics",
        endpoint=audit.show_metrics,
        summary="Give counts, rates, times and amounts over a window.",
        roles=STAFF,
        query=reports.MetricsQuery,
        answers={200: reports.MetricsReport},
        problems=("projection_behind",),
    ),
    Route(
        method="GET",
        path="/v1/operators",
        name="show_operators",
        endpoint=operators.show_operators,
        summary="Tell a number's country, operator, limits and route; without one, all operators.",
        roles=SEEING,
        query=operators.OperatorsQuery,
        answers={200: operators.Operators},
        problems=("invalid_phone",),
    ),
)
