"""A provider's own file, read by its form into the lines that every door takes.

Nothing is guessed. What a form does not say is refused by line and column, with the file's own name
of the column; a line that was left out is counted under the word that left it out. Which account is
the merchant's, where lines have two, is the one that is on all of them; if two are, whoever hands
the file in says which.

Accounts and names are read past and never kept, shown or repeated.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn

from api.statement_files import CELL_CHARACTERS_MAX, Read, line_not_in, line_place
from api.statement_forms.form import Form, aware
from ledger.errors import InvalidInputError
from ledger.sentences import Sentence
from ledger.statement import LINES_MAX

PREAMBLE_LINES_MAX: Final = 50
"""How many lines may stand before the line of columns."""

READ_LINES_MAX: Final = 10 * LINES_MAX
"""How many lines of a file are read, those included that are left out."""

STATUSES_TOLD_MAX: Final = 20
STATUS_CHARACTERS_MAX: Final = 40
NOTHING: Final = ""
"""Under this lines are counted in which no money moved."""

_SPACES: Final = " \u00a0\u202f'"
_AMOUNTS: Final = {
    mark: re.compile(
        rf"(?P<sign>[+-]?)(?P<whole>\d{{1,20}}|\d{{1,3}}(?P<mark>[{other}{_SPACES}])\d{{3}}"
        rf"(?:(?P=mark)\d{{3}}){{0,5}})(?:[{mark}](?P<part>\d{{1,6}}))?",
        re.ASCII,
    )
    for mark, other in ((".", ","), (",", "."))
}
"""The decimal mark -> a number with it. What parts thousands is one mark, and parts each three."""


class _Cells(NamedTuple):
    """One line of the file."""

    number: int
    of: Mapping[str, str]
    """Our field or their column -> what the cell says."""
    currency: str


class _Row(NamedTuple):
    """A line whose money moved."""

    cells: _Cells
    amount: Decimal
    fee: Decimal | None


def read_by(path: Path, form: Form, *, currency: str, account: str | None = None) -> Read:
    """Read a provider's own CSV.

    Args:
        path: the file.
        form: which column is what.
        currency: what all its amounts are in.
        account: the merchant's own, where a line has the payer's and the payee's, as the file
            writes it or its number alone.

    Raises:
        InvalidInputError: it is no such file; says line and column.
        OSError: it cannot be read.
    """
    left_out: Counter[str] = Counter()
    moved: list[_Cells] = []
    for cells in _lines_of(path, form):
        if form.currency is not None and cells.currency != currency:
            reason = Sentence("the line is in {currency!r}.", currency=cells.currency[:12])
            _refuse(cells.number, form.currency, reason, _ONE_CURRENCY)
        status = cells.of[form.status] if form.status is not None else None
        if status is not None and status.casefold() not in {one.casefold() for one in form.moved}:
            left_out[_told(status, left_out)] += 1
        elif any(_amount(cells, column, form) for column in _amounts(form)):
            moved.append(cells)
        else:
            left_out[NOTHING] += 1
    _check_signs(moved, form)
    own = None if form.payer is None else _own(moved, form, account)
    lines = [_line(cells, form, own) for cells in moved]
    return Read(lines, [one.number for one in moved], left_out=dict(left_out), theirs=form.theirs)


def _told(status: str, before: Counter[str]) -> str:
    """A word of a status, as far as there is room for it."""
    word = status[:STATUS_CHARACTERS_MAX] or "-"
    return word if word in before or len(before) < STATUSES_TOLD_MAX else "..."


def _lines_of(path: Path, form: Form) -> Iterator[_Cells]:
    csv.field_size_limit(CELL_CHARACTERS_MAX)
    encoding = "utf-8-sig" if form.encoding == "utf-8" else form.encoding
    with path.open(encoding=encoding, newline="") as file:
        rows = csv.reader(file, delimiter=form.delimiter, strict=True)
        try:
            columns = _columns(rows, form)
            places = _places(columns, form, rows.line_num)
            after = _currency_place(columns, form, rows.line_num)
            for count, row in enumerate(row for row in rows if any(one.strip() for one in row)):
                if count == READ_LINES_MAX:
                    reason = Sentence("a file has at most {lines} lines.", lines=READ_LINES_MAX)
                    raise InvalidInputError("FILE", reason, _SPLIT)
                if len(row) != len(columns):
                    reason = Sentence(
                        "the line has {cells} cells, and there are {columns} columns.",
                        cells=len(row),
                        columns=len(columns),
                    )
                    raise InvalidInputError(line_place(rows.line_num), reason, _SAVE)
                of = {name: row[at].strip() for name, at in places.items()}
                yield _Cells(rows.line_num, of, "" if after is None else row[after].strip())
        except (csv.Error, UnicodeError) as error:
            is_coded = isinstance(error, csv.Error)
            number = rows.line_num if is_coded else line_not_in(path, form.encoding)
            reason = Sentence("this is no CSV in {encoding}.", encoding=form.encoding)
            raise InvalidInputError(line_place(number), reason, _SAVE) from None


def _columns(rows: Iterator[list[str]], form: Form) -> list[str]:
    """The line of columns; lines before it are passed over."""
    for _, row in zip(range(PREAMBLE_LINES_MAX + 1), rows, strict=False):
        columns = [one.strip() for one in row]
        if form.first_column is None or columns[:1] == [form.first_column]:
            return columns
    reason = Sentence("no line begins with {column!r}.", column=form.first_column)
    raise InvalidInputError(line_place(1), reason, _OTHER_FORM)


def _places(columns: list[str], form: Form, number: int) -> dict[str, int]:
    """Each column that the form names -> where it stands; it stands there once."""
    named = {
        one
        for field in (
            [form.provider_transaction_id],
            form.reference,
            form.occurred_at,
            [form.amount, form.credit, form.debit, form.payer, form.payee, form.status],
            [None if form.currency_after else form.currency, form.currency_after],
            [*form.fee, *form.fee_in, *form.fee_out],
        )
        for one in field
        if one is not None
    }
    for name in sorted(named):
        if name not in columns:
            reason = Sentence("the column {name} is missing.", name=name)
            raise InvalidInputError(line_place(number), reason, _OTHER_FORM)
        if columns.count(name) > 1:
            reason = Sentence("the column {name} is there more than once.", name=name)
            raise InvalidInputError(line_place(number), reason, _OTHER_FORM)
    return {name: columns.index(name) for name in named}


def _currency_place(columns: list[str], form: Form, number: int) -> int | None:
    if form.currency is None:
        return None
    if form.currency_after is None:
        return columns.index(form.currency)
    at = columns.index(form.currency_after) + 1
    if columns[at : at + 1] != [form.currency]:
        reason = Sentence("the column {name} is missing.", name=form.currency)
        raise InvalidInputError(line_place(number), reason, _OTHER_FORM)
    return at


def _amounts(form: Form) -> list[str]:
    return [one for one in (form.amount, form.credit, form.debit) if one is not None]


def _amount(cells: _Cells, column: str, form: Form) -> Decimal:
    """A number as the file writes it; an empty cell is nothing."""
    text = cells.of[column]
    if not text:
        return Decimal(0)
    found = _AMOUNTS[form.decimal_mark].fullmatch(text)
    if found is None:
        _refuse(cells.number, column, Sentence("this is no number."), _NUMBER)
    whole = re.sub(r"\D", "", found["whole"])
    return Decimal(f"{found['sign']}{whole}.{found['part'] or '0'}")


def _check_signs(moved: list[_Cells], form: Form) -> None:
    """See that columns of credit and debit have one sign: another one may mean the other way."""
    if form.credit is None or form.debit is None:
        return
    signs: set[bool] = set()
    for cells in moved:
        credit, debit = (_amount(cells, one, form) for one in (form.credit, form.debit))
        if debit:
            signs.add(debit < 0)
        if credit and debit:
            _refuse(cells.number, form.theirs("amount"), _BOTH_WAYS, _OTHER_FORM)
        if credit < 0 or len(signs) > 1:
            _refuse(cells.number, form.theirs("amount"), _OTHER_SIGN, _OTHER_FORM)


def _own(moved: list[_Cells], form: Form, account: str | None) -> str:
    """The merchant's own account: the one that is on every line, or the one that was said."""
    assert form.payer is not None
    assert form.payee is not None
    pairs = [(one.of[form.payer], one.of[form.payee]) for one in moved]
    if account is not None:
        found = {
            one
            for pair in pairs
            for one in pair
            if account and account in {one, *re.split("[:/]", one)}
        }
    else:
        found = set(pairs[0]).intersection(*map(set, pairs)) - {""} if pairs else {""}
    if len(found) == 1:
        return found.pop()
    if account is not None:
        reason = Sentence("no line has this account, or it is written in more than one way.")
        raise InvalidInputError("--account", reason, Sentence("Write it as the file does."))
    reason = (
        Sentence("two accounts are on every line, and one of them is yours.")
        if found
        else Sentence("no account is on every line.")
    )
    raise InvalidInputError("--account", reason, Sentence("Say which account is yours."))


def _line(cells: _Cells, form: Form, own: str | None) -> dict[str, Any]:
    """One movement, as HTTP would send it."""
    is_in, amount = _moved(cells, form, own)
    of_way = form.fee_in if is_in else form.fee_out
    fees = [_amount(cells, column, form) for column in (*form.fee, *of_way)]
    fee = sum(fees, Decimal(0))
    if form.amount_is_net:
        amount = amount + fee if is_in else amount - fee
    line = {
        "provider_transaction_id": cells.of[form.provider_transaction_id],
        "direction": "in" if is_in else "out",
        "amount": _written(amount),
        "occurred_at": _moment(cells, form),
    }
    reference = next((cells.of[one] for one in form.reference if cells.of[one]), None)
    if reference is not None:
        line["reference"] = reference
    if fees and fee >= 0:
        line["fee"] = _written(fee)
    return line


def _moved(cells: _Cells, form: Form, own: str | None) -> tuple[bool, Decimal]:
    """Whether money came in, and how much it was."""
    if form.amount is None:
        assert form.credit is not None
        assert form.debit is not None
        credit, debit = (_amount(cells, one, form) for one in (form.credit, form.debit))
        return bool(credit), abs(credit or debit)
    amount = _amount(cells, form.amount, form)
    if form.payer is None or form.payee is None:
        return amount > 0, abs(amount)
    payer, payee = cells.of[form.payer], cells.of[form.payee]
    if (payer == own) == (payee == own):
        _refuse(cells.number, f"{form.payer} / {form.payee}", _NOT_YOURS, _SAY_ACCOUNT)
    if amount < 0 and payee == own:
        _refuse(cells.number, form.amount, _SIGN, _OTHER_FORM)
    return payee == own, abs(amount)


def _moment(cells: _Cells, form: Form) -> str:
    text = " ".join(cells.of[one] for one in form.occurred_at)
    says_offset = form.time_format is None or "%z" in form.time_format
    if form.utc_offset is None and not says_offset:
        _no_offset()
    try:
        moment = (
            datetime.fromisoformat(text)
            if form.time_format is None
            else aware(text, form.time_format, form.utc_offset or "")
        )
    except ValueError:
        _refuse(cells.number, form.theirs("occurred_at"), _NO_TIME, _TIME)
    if moment.tzinfo is not None:
        return moment.isoformat()
    if form.utc_offset is None:
        _no_offset()
    return f"{moment.isoformat()}{form.utc_offset}"


def _no_offset() -> NoReturn:
    reason = Sentence("the times in this file do not say how far they are from UTC.")
    raise InvalidInputError("--utc-offset", reason, Sentence("Write for example +01:00."))


def _written(amount: Decimal) -> str:
    """Write an amount without idle zeros: 1500.00 is 1500."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _refuse(number: int, column: str, reason: Sentence, remedy: Sentence) -> NoReturn:
    raise InvalidInputError(line_place(number, column), reason, remedy)


_ONE_CURRENCY: Final = Sentence("Hand in a statement of each currency, or name that one.")
_SPLIT: Final = Sentence("Hand in a longer one in parts, such as one for each day.")
_SAVE: Final = Sentence("Save it as the form says, with cells in quotes where they need them.")
_OTHER_FORM: Final = Sentence("Take the provider's file as it came, or another form.")
_NUMBER: Final = Sentence("Look at the form's decimal_mark, and at the cell.")
_BOTH_WAYS: Final = Sentence("the line says that money came in and went out.")
_OTHER_SIGN: Final = Sentence(
    "the sign is another one than on other lines, or a credit is negative."
)
_NOT_YOURS: Final = Sentence("your account is not the one or the other side of this line.")
_SAY_ACCOUNT: Final = Sentence("Say which account is yours, with --account.")
_SIGN: Final = Sentence("the amount is negative, and your account received it.")
_NO_TIME: Final = Sentence("this is no time as the form says it.")
_TIME: Final = Sentence("Look at the form's time_format, and at the cell.")
