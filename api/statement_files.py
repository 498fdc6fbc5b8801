"""Files of statements: read into the one shape that every door takes.

A reader turns a file into `Read`: the lines as HTTP would send them, and for each the number of its
line in the file, so that a fault is named where a person finds it. The canonical CSV is read here,
a provider's own by `api.statement_forms`.

Whatever is wrong, nothing is taken in: a statement is whole or it is none.
"""

import codecs
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

SEPARATORS: Final = (",", ";", "\t")
"""What may part columns: a sheet writes a semicolon where a comma is for decimals."""

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
    """Read a CSV (UTF-8) whose first line names the columns; an empty cell is none.

    The first line says what parts the columns, too: no name of one has such a sign.

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
            first = file.readline(CELL_CHARACTERS_MAX)
            file.seek(0)
            separator = next((one for one in SEPARATORS if one in first), SEPARATORS[0])
            rows = csv.reader(file, delimiter=separator, strict=True)
            columns = next(rows, [])
            _check_columns(columns)
            for row in islice(_full(rows), LINES_MAX + 1):
                if len(row) != len(columns):
                    reason = Sentence(
                        "the line has {cells} cells, and there are {columns} columns.",
                        cells=len(row),
                        columns=len(columns),
                    )
                    remedy = Sentence("Put cells in quotes that contain the separator.")
                    raise InvalidInputError(line_place(rows.line_num), reason, remedy)
                lines.append({name: cell for name, cell in zip(columns, row, strict=True) if cell})
                numbers.append(rows.line_num)
        except UnicodeDecodeError:
            is_wide = _begins_with(path, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
            place = line_place(line_not_in(path, "utf-8"))
            raise InvalidInputError(place, _UTF_16 if is_wide else _NO_UTF_8, _SAVE_AS) from None
        except csv.Error:
            reason = Sentence("this is no CSV in UTF-8.")
            remedy = Sentence("Save it with commas and quotes, as UTF-8.")
            raise InvalidInputError(line_place(rows.line_num), reason, remedy) from None
    return Read(lines, numbers)


def _begins_with(path: Path, *marks: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(max(map(len, marks))).startswith(marks)


def line_not_in(path: Path, encoding: str) -> int:
    """The first line of a file that is not in an encoding: what reads it is many lines ahead."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError:
                return number
    return 1


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


_UTF_16: Final = Sentence("this is UTF-16, and not UTF-8.")
_NO_UTF_8: Final = Sentence("this is no UTF-8.")
_SAVE_AS: Final = Sentence('Save it as "CSV UTF-8".')
