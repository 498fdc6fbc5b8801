"""Statements over HTTP: hand one in, see what it comes to, line by line, and what it lacks.

A statement's id is its content, so the same one handed in twice is one, under any key. A key stands
for one statement for ever; that is recorded before the statement is, and whoever repeats a request
that broke off in between finishes it.

The keys of accountants, operators and admins share one space: they hand in for the whole house, and
whoever takes the same key for another statement is told so.
"""

from typing import Final

from aiohttp import web

from api import schemas_statements as shapes
from api.calls import Call, answer, validated
from api.requests import REPEATED_HEADER, idempotency_key
from api.statement_reading import statement_of
from api.statement_views import header_of, line_of, missing_of, report_of
from api.waiting import caught_up
from ledger.commands_statement import NameStatement
from ledger.entry import RecordedEvent
from ledger.events import StatementOpened
from ledger.statement import UnknownStatementError, is_statement_id, statement_id_of, stream_of
from projections.statements_rows import Header

PURPOSE: Final = "statement-key"
"""The domain of the keyed hash over Idempotency-Keys of statements."""


async def create_statement(call: Call) -> web.Response:
    """Take a statement: `201` and where to look; a repeat gives the same answer."""
    services, key = call.services, idempotency_key(call)
    wanted = validated(shapes.StatementRequest, await call.json_object())
    command = statement_of(wanted, default_mode=services.default_mode, now=services.clock())
    statement_id, context = statement_id_of(command), call.context(call.asker.actor)
    key_digest = services.vault.digest(PURPOSE, key.encode())
    name = NameStatement(key_digest=key_digest, statement_id=statement_id)
    await services.handler.handle(name, context=context)
    handled = await services.handler.handle(command, context=context)
    first = await services.store.read_stream_part(stream_of(statement_id), 0, 1)
    shown = _opened(first[0])
    headers = {"Location": f"/v1/statements/{statement_id}"}
    if not handled.events:
        headers[REPEATED_HEADER] = "true"
    return answer(shown, status=201, position=shown.position, headers=headers)


async def list_statements(call: Call) -> web.Response:
    """List statements, newest first."""
    services, query = call.services, call.query
    position = await caught_up(call, services.statements.name, query.min_position)
    limit = min(query.limit, services.settings.page_entries_max)
    rows = await services.statements.page(provider=query.provider, after=query.after, limit=limit)
    page = shapes.StatementPage(
        position=position,
        statements=[shapes.StatementOut(**header_of(row)) for row in rows],
        next_after=rows[-1].position if len(rows) == limit else None,
    )
    return answer(page, position=position)


async def show_statement(call: Call) -> web.Response:
    """Show what a statement comes to."""
    header, position = await _load(call)
    report = await report_of(call.services.statements, header, position)
    return answer(report, position=position)


async def list_statement_lines(call: Call) -> web.Response:
    """List a statement's lines with what each comes to."""
    query = call.query
    header, position = await _load(call)
    limit = min(query.limit, call.services.settings.page_entries_max)
    rows = await call.services.statements.compared.page(
        header, asked=query.result, after=query.after, limit=limit
    )
    page = shapes.StatementLinePage(
        statement_id=header.statement_id,
        position=position,
        lines=[line_of(row) for row in rows],
        next_after=rows[-1].line.number if len(rows) == limit else None,
    )
    return answer(page, position=position)


async def list_missing(call: Call) -> web.Response:
    """List the ledger's successes of a statement's time that no statement speaks of."""
    query = call.query
    header, position = await _load(call)
    limit = min(query.limit, call.services.settings.page_entries_max)
    rows = await call.services.statements.compared.missing(header, after=query.after, limit=limit)
    page = shapes.MissingPage(
        statement_id=header.statement_id,
        position=position,
        payments=[missing_of(row) for row in rows],
        next_after=rows[-1].position if len(rows) == limit else None,
    )
    return answer(page, position=position)


async def _load(call: Call) -> tuple[Header, int]:
    """The statement that the address names, and the position its comparisons stand at.

    Raises:
        UnknownStatementError: there is none.
    """
    statement_id, statements = call.request.match_info["statement_id"], call.services.statements
    if not is_statement_id(statement_id):
        raise UnknownStatementError(statement_id)
    position = await caught_up(call, statements.name, call.query.min_position)
    header = await statements.find(statement_id)
    if header is None:
        raise UnknownStatementError(statement_id)
    return header, position


def _opened(recorded: RecordedEvent) -> shapes.StatementOut:
    """What handing a statement in is answered: a function of its first event alone."""
    event = recorded.event
    assert isinstance(event, StatementOpened)
    return shapes.StatementOut(
        id=event.statement_id,
        provider=event.provider,
        covers_from=event.covers_from,
        covers_to=event.covers_to,
        currency=event.currency,
        mode=event.mode,
        lines_count=event.lines,
        handed_in_by=recorded.actor,
        handed_in_at=recorded.recorded_at,
        position=recorded.position,
    )
