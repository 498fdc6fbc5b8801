"""Statements over HTTP: hand one in, see what it comes to, line by line, and what it lacks.

A statement's id is its content, so the same one handed in twice is one, under any key. A key stands
for one statement for ever; that is recorded before the statement is, and whoever repeats a request
that broke off in between finishes it.

The keys of accountants, operators and admins share one space: they hand in for the whole house, and
whoever takes the same key for another statement is told so.

Handing in compares and does nothing else. What the lines say becomes evidence by the approval of a
second person, whose key is neither the one by which it was handed in nor one that took its place.
"""

from typing import Final

from aiohttp import web

from api import schemas_statements as shapes
from api.calls import Call, answer, validated
from api.requests import REPEATED_HEADER, idempotency_key
from api.statement_approving import approve, known_of
from api.statement_reading import statement_of
from api.statement_views import header_of, labels_of, line_of, missing_of, report_of
from api.waiting import caught_up
from ledger.commands_statement import NameStatement, WithdrawStatement
from ledger.statement import UnknownStatementError, is_statement_id, statement_id_of
from projections.statements_rows import Header

PURPOSE: Final = "statement-key"
"""The domain of the keyed hash over Idempotency-Keys of statements."""


async def create_statement(call: Call) -> web.Response:
    """Take a statement: `201` and where to look; a repeat gives the same answer."""
    services, key = call.services, idempotency_key(call)
    wanted = validated(shapes.StatementRequest, await call.json_object())
    command = statement_of(
        wanted, default_mode=services.default_mode, by=call.asker.key_id, now=services.clock()
    )
    statement_id, context = statement_id_of(command), call.context(call.asker.actor)
    key_digest = services.vault.digest(PURPOSE, key.encode())
    name = NameStatement(key_digest=key_digest, statement_id=statement_id)
    await services.handler.handle(name, context=context)
    handled = await services.handler.handle(command, context=context)
    shown, _ = await _shown(call, statement_id)
    headers = {"Location": f"/v1/statements/{statement_id}"}
    if not handled.events:
        headers[REPEATED_HEADER] = "true"
    return answer(shown, status=201, position=shown.position, headers=headers)


async def approve_statement(call: Call) -> web.Response:
    """Agree to a statement as a second person; a repeat changes nothing."""
    services, asker = call.services, call.asker
    statement_id = call.request.match_info["statement_id"]
    if not is_statement_id(statement_id):
        raise UnknownStatementError(statement_id)
    context = call.context(asker.actor)
    await approve(services.handler, services.keys, statement_id, by=asker.key_id, context=context)
    shown, position = await _shown(call, statement_id)
    return answer(shown, position=position)


async def withdraw_statement(call: Call) -> web.Response:
    """Take back a statement that nobody approved; a repeat changes nothing."""
    statement_id = call.request.match_info["statement_id"]
    if not is_statement_id(statement_id):
        raise UnknownStatementError(statement_id)
    command = WithdrawStatement(statement_id=statement_id, by=call.asker.key_id)
    await call.services.handler.handle(command, context=call.context(call.asker.actor))
    shown, position = await _shown(call, statement_id)
    return answer(shown, position=position)


async def list_statements(call: Call) -> web.Response:
    """List statements, newest first."""
    services, query = call.services, call.query
    position = await caught_up(call, services.statements.name, query.min_position)
    limit = min(query.limit, services.settings.page_entries_max)
    rows = await services.statements.page(provider=query.provider, after=query.after, limit=limit)
    labels = await labels_of(services.keys, rows)
    page = shapes.StatementPage(
        position=position,
        statements=[shapes.StatementOut(**header_of(row, labels)) for row in rows],
        next_after=rows[-1].position if len(rows) == limit else None,
    )
    return answer(page, position=position)


async def show_statement(call: Call) -> web.Response:
    """Show what a statement comes to."""
    header, position = await _load(call)
    labels = await labels_of(call.services.keys, [header])
    report = await report_of(call.services.statements, header, position, labels)
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


async def _shown(call: Call, statement_id: str) -> tuple[shapes.StatementOut, int]:
    """What is said of a statement as its own stream has it, and its last position."""
    keys, known = call.services.keys, await known_of(call.services.store, statement_id)
    opened, agreed = known.opened, known.agreed
    by = None if known.approved is None else known.approved.by
    taken_back, gone_by = known.taken_back, None if known.withdrawn is None else known.withdrawn.by
    labels = await keys.labels([opened.by, by, gone_by])
    shown = shapes.StatementOut(
        id=opened.statement_id,
        provider=opened.provider,
        covers_from=opened.covers_from,
        covers_to=opened.covers_to,
        currency=opened.currency,
        mode=opened.mode,
        lines_count=opened.lines,
        handed_in_by=opened.by,
        handed_in_by_label=labels.get(opened.by),
        handed_in_at=known.handed_in.recorded_at,
        approved_by=by,
        approved_by_label=labels.get(by or ""),
        approved_at=None if agreed is None else agreed.recorded_at,
        withdrawn_by=gone_by,
        withdrawn_by_label=labels.get(gone_by or ""),
        withdrawn_at=None if taken_back is None else taken_back.recorded_at,
        position=known.handed_in.position,
    )
    return shown, (agreed or taken_back or known.handed_in).position
