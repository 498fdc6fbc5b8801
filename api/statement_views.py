"""Statements as they are shown: from rows of the projection to the shapes of the API."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from api import schemas_statements as shapes
from api.views import decimal_text
from projections.keys import KeysProjection
from projections.statements import StatementsProjection
from projections.statements_results import LineRow, Sum
from projections.statements_rows import Header, Known
from projections.tables import read_stamp, read_stamp_or_none

LINES: Final = ("matched", "differs", "unknown")
"""What all lines are, each once."""

SUCCESSES: Final = ("matched", "differs", "elsewhere", "missing")
"""What all successes are, each once."""


async def labels_of(keys: KeysProjection, rows: Iterable[Header]) -> dict[str, str]:
    """What people call who handed statements in, agreed to them, or took them back."""
    return await keys.labels(
        key_id for row in rows for key_id in (row.handed_in_by, row.approved_by, row.withdrawn_by)
    )


def header_of(row: Header, labels: Mapping[str, str]) -> dict[str, Any]:
    """What is said of a statement wherever it is shown: the fields of `StatementOut`."""
    return {
        "id": row.statement_id,
        "provider": row.provider,
        "covers_from": read_stamp(row.covers_from),
        "covers_to": read_stamp(row.covers_to),
        "currency": row.currency,
        "mode": row.mode,
        "lines_count": row.lines,
        "handed_in_by": row.handed_in_by,
        "handed_in_by_label": labels.get(row.handed_in_by),
        "handed_in_at": read_stamp(row.handed_in_at),
        "approved_by": row.approved_by,
        "approved_by_label": labels.get(row.approved_by or ""),
        "approved_at": read_stamp_or_none(row.approved_at),
        "withdrawn_by": row.withdrawn_by,
        "withdrawn_by_label": labels.get(row.withdrawn_by or ""),
        "withdrawn_at": read_stamp_or_none(row.withdrawn_at),
        "position": row.position,
    }


async def report_of(
    statements: StatementsProjection, header: Header, position: int, labels: Mapping[str, str]
) -> shapes.StatementReport:
    """What a statement comes to."""
    sums = await statements.compared.sums(header)
    lines = _by_name(sums.lines, LINES, header.currency)
    successes = _by_name(sums.successes, SUCCESSES, header.currency)
    is_unknown = lines["unknown"].count == header.lines
    return shapes.StatementReport(
        **header_of(header, labels),
        as_of_position=position,
        waiting=sums.waiting,
        is_out_of_place=is_unknown and not await statements.compared.knows(header),
        lines=shapes.LineSums(
            **{name: lines[name] for name in shapes.LineSums.model_fields},
        ),
        successes=shapes.SuccessSums(
            **{name: successes[name] for name in shapes.SuccessSums.model_fields},
        ),
    )


def _by_name(
    sums: Iterable[Sum], whole: Iterable[str], currency: str
) -> "defaultdict[str, shapes.SumOut]":
    """Sums by their name, and `all`: those of the whole together."""
    found: dict[str, dict[str, list[int]]] = {}
    parts = frozenset(whole)
    for one in sums:
        for name in (one.name, "all") if one.name in parts else (one.name,):
            numbers = found.setdefault(name, {"in": [0, 0], "out": [0, 0]})[one.direction]
            numbers[0] += one.count
            numbers[1] += one.amount_minor
    nothing = {"in": [0, 0], "out": [0, 0]}
    shown = {name: _sum_of(ways, currency) for name, ways in found.items()}
    return defaultdict(lambda: _sum_of(nothing, currency), shown)


def _sum_of(ways: dict[str, list[int]], currency: str) -> shapes.SumOut:
    return shapes.SumOut(
        count=ways["in"][0] + ways["out"][0],
        amount_in=decimal_text(ways["in"][1], currency),
        amount_out=decimal_text(ways["out"][1], currency),
    )


def line_of(row: LineRow) -> shapes.StatementLineOut:
    """One line, what it comes to, and what the ledger has."""
    line, word, paid = row.line, row.word, row.payment
    fee = None if line.fee_minor is None else decimal_text(line.fee_minor, word.currency)
    return shapes.StatementLineOut.model_validate(
        {
            "line": line.number,
            "provider_transaction_id": word.provider_transaction_id,
            "reference": line.reference,
            "direction": word.direction,
            "amount": decimal_text(word.amount_minor, word.currency),
            "fee": fee,
            "occurred_at": read_stamp(line.occurred_at),
            "result": row.result,
            "why": row.why,
            "is_settled": row.result == "matched" and bool(word.settled),
            "is_waiting": word.due_at is not None,
            "is_outside": row.is_outside,
            "payment_id": word.payment_id,
            "names_two": [one for one in (word.one_of_two, word.other_of_two) if one],
            "against": row.against,
            "payment_amount": paid and decimal_text(paid.amount_minor, paid.currency),
            "payment_currency": paid and paid.currency,
        }
    )


def missing_of(row: Known) -> shapes.MissingOut:
    """One success of the ledger that no line speaks of."""
    return shapes.MissingOut.model_validate(
        {
            "payment_id": row.payment_id,
            "kind": row.kind,
            "merchant_id": row.merchant_id,
            "amount": decimal_text(row.amount_minor, row.currency),
            "currency": row.currency,
            "reference": row.reference,
            "moved_at": read_stamp(row.moved_at or row.requested_at),
            "position": row.position,
        }
    )
