"""Routes to providers' statements; a part of `api.routes`."""

from typing import Final

from api import schemas_statements, statements
from api.four_eyes import RECONCILING
from api.route import STAFF, Route
from api.schemas import NoBody, PositionQuery

_ONE: Final = ("unknown_statement", "projection_behind")

STATEMENTS: Final[tuple[Route, ...]] = (
    Route(
        method="POST",
        path="/v1/statements",
        name="create_statement",
        endpoint=statements.create_statement,
        summary="Hand in a provider's statement: it is compared, and a second person approves it.",
        roles=RECONCILING,
        body=schemas_statements.StatementRequest,
        needs_idempotency_key=True,
        answers={201: schemas_statements.StatementOut},
        problems=("invalid_money", "statement_refused"),
    ),
    Route(
        method="GET",
        path="/v1/statements",
        name="list_statements",
        endpoint=statements.list_statements,
        summary="List the statements that were handed in.",
        roles=STAFF,
        query=schemas_statements.StatementsQuery,
        answers={200: schemas_statements.StatementPage},
        problems=("projection_behind",),
    ),
    Route(
        method="GET",
        path="/v1/statements/{statement_id}",
        name="show_statement",
        endpoint=statements.show_statement,
        summary="Show what a statement comes to: three sums that add up.",
        roles=STAFF,
        query=PositionQuery,
        answers={200: schemas_statements.StatementReport},
        problems=_ONE,
    ),
    Route(
        method="POST",
        path="/v1/statements/{statement_id}/approval",
        name="approve_statement",
        endpoint=statements.approve_statement,
        summary="Agree as a second person: a statement's lines settle the payments they speak of.",
        roles=RECONCILING,
        body=NoBody,
        answers={200: schemas_statements.StatementOut},
        problems=("unknown_statement", "statement_refused"),
    ),
    Route(
        method="POST",
        path="/v1/statements/{statement_id}/withdrawal",
        name="withdraw_statement",
        endpoint=statements.withdraw_statement,
        summary="Take back a statement that nobody approved.",
        roles=RECONCILING,
        body=NoBody,
        answers={200: schemas_statements.StatementOut},
        problems=("unknown_statement", "statement_refused"),
    ),
    Route(
        method="GET",
        path="/v1/statements/{statement_id}/lines",
        name="list_statement_lines",
        endpoint=statements.list_statement_lines,
        summary="List a statement's lines: matched, settled, differing or unknown.",
        roles=STAFF,
        query=schemas_statements.StatementLinesQuery,
        answers={200: schemas_statements.StatementLinePage},
        problems=_ONE,
    ),
    Route(
        method="GET",
        path="/v1/statements/{statement_id}/missing",
        name="list_missing",
        endpoint=statements.list_missing,
        summary="List what succeeded in a statement's time and no statement speaks of.",
        roles=STAFF,
        query=schemas_statements.MissingQuery,
        answers={200: schemas_statements.MissingPage},
        problems=_ONE,
    ),
)
