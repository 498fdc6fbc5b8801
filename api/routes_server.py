"""Routes for providers, and for whoever watches the server; a part of `api.routes`."""

from typing import Final, Literal

from api import description, health, reports, schemas, webhooks
from api.route import TAIL, Route

WEBHOOK_METHODS: Final[tuple[Literal["POST", "PUT"], ...]] = ("POST", "PUT")

SERVER: Final[tuple[Route, ...]] = (
    *(
        Route(
            method=method,
            path=f"/webhooks/{{provider}}/{TAIL}",
            name=f"receive_webhook_{method.lower()}",
            endpoint=webhooks.receive_webhook,
            summary="Take a provider's call: it is stored first, and understood afterwards.",
            roles=None,
            query=schemas.AnyQuery,
            answers={200: reports.WebhookAnswer},
            problems=("webhook_refused", "unknown_provider", "body_too_large", "body_too_slow"),
        )
        for method in WEBHOOK_METHODS
    ),
    Route(
        method="GET",
        path=f"/webhooks/{{provider}}/{TAIL}",
        name="answer_provider",
        endpoint=webhooks.answer_question,
        summary="Answer a provider that asks something; nothing is stored.",
        roles=None,
        query=schemas.AnyQuery,
        answers={200: "application/json"},
        example=webhooks.example,
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
        summary="The process's figures, for Prometheus; with `CAURI_METRICS_TOKEN`.",
        roles=None,
        answers={200: "text/plain"},
        problems=("unauthenticated", "not_found"),
    ),
    Route(
        method="GET",
        path="/openapi.json",
        name="show_openapi",
        endpoint=description.show_openapi,
        summary="Describe every operation, for programs (OpenAPI 3.1).",
        roles=None,
        query=description.DocsQuery,
        answers={200: "application/json"},
        example=description.document_example,
    ),
    Route(
        method="GET",
        path="/docs",
        name="show_docs",
        endpoint=description.show_docs,
        summary="Show the same as a page, in French or English.",
        roles=None,
        query=description.DocsQuery,
        answers={200: "text/html"},
        example=description.page_example,
    ),
)
