"""Files of statements: read into the one shape that every door takes.

A reader turns a file into `Read`: the lines as HTTP would send them, and for each the number of its
line in the file, so that a fault is named where a person finds it. The canonical CSV is read here,
a provider's own by `api.statement_forms`.

Whatever is wrong, nothing is taken in: a statement is whole or it is none.
"""

import csv
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from api.calls import validated
from api.errors import Place, ProblemError
from api.schemas_statements import StatementLineIn, StatementRequest
from api.statement_reading import statement_of
from ledger.commands_statement import HandInStatement
from ledger.errors import InvalidInputError
from ledger.identity import Mode
from ledger.sentences import Sentence
from ledger.statement import LINES_MAX

COLUMNS: Final = tuple(StatementLineIn.model_fields)
"""The canonical columns, in any order."""

NEEDED: Final = tuple(
    name for name, field in StatementLineIn.model_fields.items() if field.is_required()
)

CELL_CHARACTERS_MAX: Final = 1000
"""No cell of a statement is longer; a file with a quote too many is not read to its end."""


def _ours(field: str) -> str:
    """What a canonical file calls a field."""
    return field


class Read(NamedTuple):
    """The lines of a file, and where in it each of them stands."""

    lines: list[dict[str, Any]]
    numbers: list[int]
    left_out: Mapping[str, int] = MappingProxyType({})
    """Why lines were left out -> how many."""
    theirs: Callable[[str], str] = _ours
    """What the file calls a field of ours."""


def read_canonical(path: Path) -> Read:
    """Read a CSV (UTF-8, commas) whose first line names the columns; an empty cell is none.

    Raises:
        InvalidInputError: it is no such file; says line and column.
        OSError: it cannot be read.
    """
    csv.field_size_limit(CELL_CHARACTERS_MAX)
    lines: list[dict[str, Any]] = []
    numbers: list[int] = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file, strict=True)
        try:
            columns = next(rows, [])
            _check_columns(columns)
            for row in islice(_full(rows), LINES_MAX + 1):
                if len(row) != len(columns):
                    reason = Sentence(
                        "the line has {cells} cells, and there are {columns} columns.",
                        cells=len(row),
                        columns=len(columns),
                    )
                    remedy = Sentence("Put cells that contain commas in quotes.")
                    raise InvalidInputError(line_place(rows.line_num), reason, remedy)
                lines.append({name: cell for name, cell in zip(columns, row, strict=True) if cell})
                numbers.append(rows.line_num)
        except (csv.Error, UnicodeDecodeError):
            reason = Sentence("this is no CSV in UTF-8.")
            remedy = Sentence("Save it with commas and quotes, as UTF-8.")
            raise InvalidInputError(line_place(rows.line_num), reason, remedy) from None
    return Read(lines, numbers)


def _full(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    return (row for row in rows if any(row))


def _check_columns(columns: list[str]) -> None:
    remedy = Sentence("The columns are {names}.", names=", ".join(COLUMNS))
    for name in columns:
        if name not in COLUMNS:
            reason = Sentence("there is no column {name!r}.", name=name[:50])
            raise InvalidInputError(line_place(1), reason, remedy)
        if columns.count(name) > 1:
            reason = Sentence("the column {name} is there more than once.", name=name)
            raise InvalidInputError(line_place(1), reason, remedy)
    for name in NEEDED:
        if name not in columns:
            reason = Sentence("the column {name} is missing.", name=name)
            raise InvalidInputError(line_place(1), reason, remedy)


def statement_in(
    read: Read, head: dict[str, Any], *, default_mode: Mode, by: str, now: datetime
) -> HandInStatement:
    """Make the command that hands in what was read.

    Args:
        read: the lines.
        head: the other fields of a statement, as HTTP would send them.
        default_mode: which payments it is held against where the head does not say it.
        by: the key by which it is handed in.
        now: the present time.

    Raises:
        InvalidInputError: names the option, or the line and the column.
    """
    try:
        wanted = validated(StatementRequest, {**head, "lines": read.lines})
        return statement_of(wanted, default_mode=default_mode, by=by, now=now)
    except ProblemError as error:
        raise _placed(error.places[0], read) from None


def _placed(place: Place, read: Read) -> InvalidInputError:
    """Name a fault by where it stands in the file, or by its option."""
    _, name, *rest = place.name.split("/")
    if name != "lines" or not rest:
        option = {"covers_from": "--from", "covers_to": "--to", "lines": "FILE"}
        return InvalidInputError(option.get(name, f"--{name}"), place.reason, place.remedy)
    where = line_place(read.numbers[int(rest[0])], read.theirs(rest[1]) if len(rest) > 1 else None)
    return InvalidInputError(where, place.reason, place.remedy)


def line_place(number: int, column: str | None = None) -> Sentence:
    """Name a place in a file."""
    if column is None:
        return Sentence("line {number}", number=number)
    return Sentence("line {number}, column {column}", number=number, column=column)
