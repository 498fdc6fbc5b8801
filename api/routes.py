"""The routes: one table from which the router, the roles and the OpenAPI document are made.

A route that is not in this table does not exist, and one that is, is documented; so the three can
not come apart. `roles` None means that no key is asked.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from aiohttp import web
from pydantic import BaseModel

from api import (
    audit,
    balances,
    confirmations,
    documents,
    health,
    operators,
    payments,
    payouts,
    refunds,
    refusals,
    reports,
    schemas,
    webhooks,
)
from api.authentication import ROLES, Role
from api.calls import Call

Endpoint = Callable[[Call], Awaitable[web.Response]]

_WEBHOOK_METHODS: Final[tuple[Literal["POST", "PUT"], ...]] = ("POST", "PUT")
_SEEING: Final[frozenset[Role]] = ROLES
_STAFF: Final[frozenset[Role]] = frozenset({"accountant", "auditor", "operator", "admin"})
_BOOKS: Final[frozenset[Role]] = frozenset({"accountant", "auditor", "admin"})
_LOG: Final[frozenset[Role]] = frozenset({"auditor", "admin"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation: how it is called, by whom, with what, and what it answers."""

    method: Literal["GET", "POST", "PUT"]
    path: str
    """In aiohttp's form; `{tail:.*}` stands for any further path."""
    name: str
    endpoint: Endpoint
    summary: str
    roles: frozenset[Role] | None
    query: type[BaseModel] = schemas.NoQuery
    body: type[BaseModel] | None = None
    needs_idempotency_key: bool = False
    answers: Mapping[int, type[BaseModel] | str] = field(default_factory=dict)
    """Status -> model, or the media type of an answer that is no JSON model."""
    problems: tuple[str, ...] = ()
    """The codes of problems particular to it; those of every route are added."""


_READING: Final = ("unauthenticated", "forbidden")
_ONE: Final = (*_READING, "unknown_payment")
_MOVING: Final = (
    *_READING,
    "malformed_json",
    "unsupported_media_type",
    "body_too_large",
    "body_too_slow",
    "idempotency_key_missing",
    "idempotency_key_reused",
    "invalid_money",
    "invalid_phone",
    "operator_not_served",
    "amount_outside_limits",
    "entry_too_large",
    "disk_full",
)

ROUTES: Final[tuple[Route, ...]] = (
    Route(
        method="POST",
        path="/v1/payments",
        name="create_payment",
        endpoint=payments.create_payment,
        summary="Take a payment. Repeated with the same key and body, it gives the same answer.",
        roles=frozenset({"merchant"}),
        body=schemas.PaymentRequest,
        needs_idempotency_key=True,
        answers={202: documents.PaymentReceipt},
        problems=_MOVING,
    ),
    Route(
        method="GET",
        path="/v1/payments",
        name="list_payments",
        endpoint=payments.list_payments,
        summary="List payments, newest first.",
        roles=_SEEING,
        query=schemas.PaymentsQuery,
        answers={200: documents.PaymentPage},
        problems=(*_READING, "invalid_phone", "unknown_merchant", "projection_behind"),
    ),
    Route(
        method="GET",
        path="/v1/payments/{payment_id}",
        name="show_payment",
        endpoint=payments.show_payment,
        summary="Show a payment as its events say: now, or as of a position or a time.",
        roles=_SEEING,
        query=schemas.PaymentQuery,
        answers={200: documents.PaymentOut},
        problems=_ONE,
    ),
    Route(
        method="GET",
        path="/v1/payments/{payment_id}/events",
        name="show_events",
        endpoint=payments.show_events,
        summary="Show a payment's audit trail.",
        roles=_SEEING,
        answers={200: documents.EventPage},
        problems=_ONE,
    ),
    Route(
        method="POST",
        path="/v1/payments/{payment_id}/confirmation",
        name="confirm_payment",
        endpoint=confirmations.confirm_payment,
        summary="Hand in the payer's one-time code. Repeated, it gives the same answer.",
        roles=frozenset({"merchant"}),
        body=schemas.ConfirmationRequest,
        needs_idempotency_key=True,
        answers={202: documents.ConfirmationReceipt},
        problems=(
            *_ONE,
            "malformed_json",
            "unsupported_media_type",
            "body_too_large",
            "body_too_slow",
            "idempotency_key_missing",
            "idempotency_key_reused",
            "code_not_awaited",
            "disk_full",
        ),
    ),
    Route(
        method="POST",
        path="/v1/payments/{payment_id}/refunds",
        name="create_refund",
        endpoint=refunds.create_refund,
        summary="Give a payment back, whole or in part. Repeated, it gives the same answer.",
        roles=frozenset({"merchant"}),
        body=schemas.RefundRequest,
        needs_idempotency_key=True,
        answers={202: documents.PaymentReceipt},
        problems=(*_MOVING, "unknown_payment", "not_refundable"),
    ),
    Route(
        method="GET",
        path="/v1/payments/{payment_id}/refunds",
        name="list_refunds",
        endpoint=refunds.list_refunds,
        summary="List the refunds of a payment, newest first.",
        roles=_SEEING,
        query=schemas.PaymentsQuery,
        answers={200: documents.PaymentPage},
        problems=(*_ONE, "invalid_phone", "unknown_merchant", "projection_behind"),
    ),
    Route(
        method="GET",
        path="/v1/refunds/{payment_id}",
        name="show_refund",
        endpoint=refunds.show_refund,
        summary="Show a refund as its events say: now, or as of a position or a time.",
        roles=_SEEING,
        query=schemas.PaymentQuery,
        answers={200: documents.PaymentOut},
        problems=_ONE,
    ),
    Route(
        method="POST",
        path="/v1/payouts",
        name="create_payout",
        endpoint=payouts.create_payout,
        summary="Pay somebody. Repeated with the same key and body, it gives the same answer.",
        roles=frozenset({"merchant"}),
        body=schemas.PayoutRequest,
        needs_idempotency_key=True,
        answers={202: documents.PaymentReceipt},
        problems=_MOVING,
    ),
    Route(
        method="GET",
        path="/v1/payouts",
        name="list_payouts",
        endpoint=payouts.list_payouts,
        summary="List payouts, newest first.",
        roles=_SEEING,
        query=schemas.PaymentsQuery,
        answers={200: documents.PaymentPage},
        problems=(*_READING, "invalid_phone", "unknown_merchant", "projection_behind"),
    ),
    Route(
        method="GET",
        path="/v1/payouts/{payment_id}",
        name="show_payout",
        endpoint=payouts.show_payout,
        summary="Show a payout as its events say: now, or as of a position or a time.",
        roles=_SEEING,
        query=schemas.PaymentQuery,
        answers={200: documents.PaymentOut},
        problems=_ONE,
    ),
    Route(
        method="GET",
        path="/v1/balances",
        name="show_balances",
        endpoint=balances.show_balances,
        summary="Ask the providers what lies in the merchant's accounts.",
        roles=_STAFF,
        answers={200: reports.BalancesReport},
        problems=_READING,
    ),
    Route(
        method="GET",
        path="/v1/refusals",
        name="show_refusals",
        endpoint=refusals.show_refusals,
        summary="Give every reason why money does not move, with its texts in French or English.",
        roles=_SEEING,
        answers={200: reports.RefusalsReport},
        problems=_READING,
    ),
    Route(
        method="GET",
        path="/v1/events",
        name="show_log",
        endpoint=audit.show_log,
        summary="Give the log's next entries, verbatim.",
        roles=_LOG,
        query=reports.LogQuery,
        answers={200: reports.LogPage},
        problems=_READING,
    ),
    Route(
        method="GET",
        path="/v1/accounts",
        name="show_accounts",
        endpoint=audit.show_accounts,
        summary="Give the trial balance, now or as of a position or a time.",
        roles=_BOOKS,
        query=reports.AccountsQuery,
        answers={200: reports.TrialBalance},
        problems=(*_READING, "projection_behind"),
    ),
    Route(
        method="GET",
        path="/v1/metrics",
        name="show_metrics",
        endpoint=audit.show_metrics,
        summary="Give counts, rates, times and amounts over a window.",
        roles=_STAFF,
        query=reports.MetricsQuery,
        answers={200: reports.MetricsReport},
        problems=(*_READING, "projection_behind"),
    ),
    Route(
        method="GET",
        path="/v1/log/checkpoint",
        name="show_checkpoint",
        endpoint=audit.show_checkpoint,
        summary="Say what the log commits to: size and root.",
        roles=_SEEING,
        answers={200: reports.Checkpoint},
        problems=_READING,
    ),
    Route(
        method="GET",
        path="/v1/operators",
        name="show_operators",
        endpoint=operators.show_operators,
        summary="Tell a number's country, operator, limits and route; without one, all operators.",
        roles=_SEEING,
        query=operators.OperatorsQuery,
        answers={200: operators.Operators},
        problems=(*_READING, "invalid_phone"),
    ),
    *(
        Route(
            method=method,
            path="/webhooks/{provider}/{tail:.*}",
            name=f"receive_webhook_{method.lower()}",
            endpoint=webhooks.receive_webhook,
            summary="Take a provider's call: it is stored first, and understood afterwards.",
            roles=None,
            query=schemas.AnyQuery,
            answers={200: reports.WebhookAnswer},
            problems=("webhook_refused", "unknown_provider", "body_too_large", "body_too_slow"),
        )
        for method in _WEBHOOK_METHODS
    ),
    Route(
        method="GET",
        path="/webhooks/{provider}/{tail:.*}",
        name="answer_provider",
        endpoint=webhooks.answer_question,
        summary="Answer a provider that asks something; nothing is stored.",
        roles=None,
        query=schemas.AnyQuery,
        answers={200: "application/json"},
        problems=("webhook_refused", "unknown_provider", "not_found", "method_not_allowed"),
    ),
    Route(
        method="GET",
        path="/healthz",
        name="show_health",
        endpoint=health.show_health,
        summary="Alive.",
        roles=None,
        answers={200: reports.Health},
    ),
    Route(
        method="GET",
        path="/readyz",
        name="show_readiness",
        endpoint=health.show_readiness,
        summary="Ready: the store can be read and every subscription moves.",
        roles=None,
        answers={200: reports.Readiness, 503: reports.Readiness},
    ),
    Route(
        method="GET",
        path="/metrics",
        name="show_measures",
        endpoint=health.show_measures,
        summary="The process's figures, for Prometheus.",
        roles=None,
        answers={200: "text/plain"},
    ),
    Route(
        method="GET",
        path="/openapi.json",
        name="show_openapi",
        endpoint=health.show_openapi,
        summary="This description.",
        roles=None,
        answers={200: "application/json"},
    ),
)
"""Every operation there is."""
