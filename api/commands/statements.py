"""`cauri statements import` and `show`: hand in a provider's statement, and see what it comes to.

A statement is whole or none: at the first fault, named by line and column, nothing is taken in.
The payments are told by a running server; as long as some are not, `show` says how many wait.
"""

import secrets
from pathlib import Path
from typing import Any, Final

from adapters.refusal_texts import Language
from api.cli_language import spoken
from api.commands.console import (
    run_async,
    settings_for,
    write_json,
    write_line,
    write_table,
    written_time,
)
from api.statement_files import read_canonical, statement_in
from api.statement_views import line_of, missing_of, report_of
from api.wiring import opened, projected, utc_now
from ledger.entry import Context
from ledger.handling import Handler
from ledger.statement import UnknownStatementError, is_statement_id, statement_id_of
from projections.statements import StatementsProjection

LISTED_MAX: Final = 100
"""How many lines, and how many payments, one list shows; HTTP has the rest, page by page."""

_SAID: Final[dict[Language, dict[str, str]]] = {
    "en": {
        "new": "handed in: {lines} lines",
        "known": "known already: {lines} lines, nothing was added",
        "title": "{provider}, {start} to {end}, {currency}",
        "waiting": "payments that a running server has yet to tell: {waiting}",
        "lines": "lines",
        "successes": "ledger",
        "sums": "which|#count|#in|#out",
        "differs": "Lines that differ, or that nobody knows",
        "of_lines": "#line|@id|direction|#amount|result|why|@payment",
        "missing": "In the ledger, and on no statement",
        "of_missing": "@payment|kind|#amount|@moved",
    },
    "fr": {
        "new": "relevé remis ; lignes : {lines}",
        "known": "déjà connu ; lignes : {lines} ; rien n'a été ajouté",
        "title": "{provider}, du {start} au {end}, {currency}",
        "waiting": "paiements à qui un serveur doit encore l'annoncer : {waiting}",
        "lines": "lignes",
        "successes": "registre",
        "sums": "lesquels|#nombre|#entré|#sorti",
        "differs": "Lignes qui diffèrent, ou que personne ne connaît",
        "of_lines": "#ligne|@identifiant|sens|#montant|résultat|pourquoi|@paiement",
        "missing": "Dans le registre, et sur aucun relevé",
        "of_missing": "@paiement|genre|#montant|@date",
    },
}
"""A line's name -> its text; columns are parted by bars, and marked as for `write_table`."""

_SUMS_FRENCH: Final = {
    "all": "en tout",
    "matched": "rapprochés",
    "settled": "dont décisifs",
    "outside": "dont hors période",
    "differs": "différents",
    "unknown": "inconnus",
    "elsewhere": "sur un autre relevé",
    "missing": "manquants",
}


def hand_in(*, file: Path, head: dict[str, Any], database: str | None, as_json: bool) -> None:
    """Hand a statement in."""
    settings = settings_for(database)
    given = {name: value for name, value in head.items() if value is not None}
    command = statement_in(
        read_canonical(file), given, default_mode=settings.default_mode, now=utc_now()
    )
    statement_id = statement_id_of(command)

    async def whole() -> bool:
        request = secrets.token_hex(8)
        async with opened(settings) as (_, store):
            context = Context("cli", request, f"request:{request}")
            return bool((await Handler(store).handle(command, context=context)).events)

    is_new = run_async(whole())
    if as_json:
        write_json({"id": statement_id, "lines_count": len(command.lines), "is_new": is_new})
        return
    write_line(statement_id)
    write_line(_said("new" if is_new else "known", lines=len(command.lines)))


def show(*, statement_id: str, database: str | None, as_json: bool) -> None:
    """Show what a statement comes to."""
    found = run_async(_found(statement_id, database))
    if as_json:
        write_json(found)
        return
    write_line(
        _said(
            "title",
            provider=found["provider"],
            start=written_time(found["covers_from"]),
            end=written_time(found["covers_to"]),
            currency=found["currency"],
        )
    )
    for part in ("lines", "successes"):
        rows = [(_name(name), *one.values()) for name, one in found[part].items()]
        write_table(_said(part), _said("sums").split("|"), rows)
    if found["waiting"]:
        write_line(_said("waiting", waiting=found["waiting"]))
    names = ("line", "provider_transaction_id", "direction", "amount", "result", "why")
    rows = [
        (*(one[name] for name in names), one["payment_id"])
        for one in (*found["differing"], *found["unknown"])
    ]
    if rows:
        write_table(_said("differs"), _said("of_lines").split("|"), rows)
    missing = [
        (one["payment_id"], one["kind"], one["amount"], written_time(one["moved_at"]))
        for one in found["missing"]
    ]
    if missing:
        write_table(_said("missing"), _said("of_missing").split("|"), missing)


async def _found(statement_id: str, database: str | None) -> dict[str, Any]:
    if not is_statement_id(statement_id):
        raise UnknownStatementError(statement_id[:50])
    async with projected(settings_for(database), StatementsProjection) as statements:
        header = await statements.find(statement_id)
        if header is None:
            raise UnknownStatementError(statement_id)
        report = await report_of(statements, header, header.position)
        compared = statements.compared
        differing = await compared.page(header, asked="differs", limit=LISTED_MAX)
        unknown = await compared.page(header, asked="unknown", limit=LISTED_MAX)
        missing = await compared.missing(header, limit=LISTED_MAX)
    return report.model_dump(exclude={"as_of_position"}) | {
        "differing": [line_of(one).model_dump() for one in differing],
        "unknown": [line_of(one).model_dump() for one in unknown],
        "missing": [missing_of(one).model_dump() for one in missing],
    }


def _said(name: str, **values: object) -> str:
    return _SAID[spoken()][name].format_map(values)


def _name(name: str) -> str:
    return _SUMS_FRENCH[name] if spoken() == "fr" else name
