"""A form: which column of a provider's CSV is what, as a TOML file says it.

Everything that a reader would have to guess is said here: what parts the cells, how a time is
written, which mark is the decimal one, by what a line shows which way money went, and which words
of a status say that it moved. What is not said has one meaning, written at each field.
"""

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, Literal, NoReturn

from pydantic import Field, StringConstraints

from api.calls import validated
from api.errors import ProblemError
from api.schemas import Request
from ledger.errors import InvalidInputError
from ledger.sentences import Sentence

FORM_BYTES_MAX: Final = 20_000
COLUMNS_MAX: Final = 10
"""How many columns one field may name."""

HERE: Final = Path(__file__).parent

Column = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Columns = Annotated[list[Column], Field(min_length=1, max_length=COLUMNS_MAX)]
UtcOffset = Annotated[str, StringConstraints(pattern=r"^[+-](0\d|1[0-4]):[0-5]\d$")]


class Form(Request):
    """Which column is what; a name is exactly what the line of columns says."""

    delimiter: Literal[",", ";", "\t", "|"] = ","
    encoding: Literal["utf-8", "windows-1252"] = "utf-8"
    first_column: Column | None = None
    """The first cell of the line of columns; lines before it are passed over. None: line 1."""
    provider_transaction_id: Column
    reference: Columns = Field(default=[])
    """The first of these that is not empty."""
    occurred_at: Columns
    """Put together with a space, for files with a date and an hour apart."""
    time_format: Annotated[str, StringConstraints(max_length=50)] | None = None
    """As for Python's `strptime`; None: ISO 8601."""
    utc_offset: UtcOffset | None = None
    """Of times that say none."""
    amount: Column | None = None
    credit: Column | None = None
    """What came in; it and `debit` take the place of `amount`."""
    debit: Column | None = None
    payer: Column | None = None
    """The account that money left; where it and `payee` are missing, an amount's sign says it."""
    payee: Column | None = None
    amount_is_net: bool = False
    """Whether an amount is what the balance changed by, its fee included."""
    decimal_mark: Literal[".", ","] = "."
    fee: Columns = Field(default=[])
    """These add up, as do `fee_in` of what came in, and `fee_out` of what went out."""
    fee_in: Columns = Field(default=[])
    fee_out: Columns = Field(default=[])
    status: Column | None = None
    moved: Annotated[list[Column], Field(max_length=COLUMNS_MAX)] = Field(default=[])
    """The words of a status that say that money moved; lines with others are left out."""
    currency: Column | None = None
    currency_after: Column | None = None
    """The column behind which the one called `currency` stands, where several are called so."""

    def theirs(self, field: str) -> str:
        """What the file calls a field of ours, for whoever has to look there."""
        named = getattr(self, field, None)
        if field == "amount" and self.amount is None:
            return f"{self.credit} / {self.debit}"
        if field == "fee":
            named = [*self.fee, *self.fee_in, *self.fee_out]
        return " ".join(named) if isinstance(named, list) and named else str(named or field)


def known_forms() -> list[str]:
    """The names of the forms in the box."""
    return sorted(path.stem for path in HERE.glob("*.toml"))


def text_of(name: str) -> str:
    """A form in the box, as it is written.

    Raises:
        InvalidInputError: there is none of this name.
    """
    if name not in known_forms():
        reason = Sentence("there is no form {name!r} in the box.", name=name[:50])
        _refuse("NAME", reason, Sentence("There are: {names}.", names=", ".join(known_forms())))
    return (HERE / f"{name}.toml").read_text(encoding="utf-8")


def form_of(name: str, utc_offset: str | None = None) -> Form:
    """Read a form: one in the box by its name, any other by its file.

    Args:
        name: its name, or its file.
        utc_offset: of times that say none; it takes the place of the form's own.

    Raises:
        InvalidInputError: there is none, or it is none; says which field, and what to write.
        OSError: the file cannot be read.
    """
    form = _read(text_of(name) if name in known_forms() else _text_in(name))
    if utc_offset is None:
        return form
    try:
        return validated(Form, form.model_dump(exclude_unset=True) | {"utc_offset": utc_offset})
    except ProblemError:
        _refuse("--utc-offset", _NO_OFFSET, Sentence("Write for example +01:00."))


def _text_in(name: str) -> str:
    path = Path(name)
    if not path.is_file():
        reason = Sentence("there is no form and no file {name!r}.", name=name[:200])
        remedy = Sentence("Name a TOML file, or one of: {names}.", names=", ".join(known_forms()))
        _refuse("--form", reason, remedy)
    with path.open("rb") as file:
        content = file.read(FORM_BYTES_MAX + 1)
    if len(content) > FORM_BYTES_MAX:
        reason = Sentence("a form has at most {bytes_max} bytes.", bytes_max=FORM_BYTES_MAX)
        _refuse("--form", reason, _LOOK)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        _refuse("--form", Sentence("this is no TOML in UTF-8."), _LOOK)


def _read(text: str) -> Form:
    try:
        form = validated(Form, tomllib.loads(text))
    except tomllib.TOMLDecodeError:
        _refuse("--form", Sentence("this is no TOML in UTF-8."), _LOOK)
    except ProblemError as error:
        place = error.places[0]
        _refuse(f"--form, {place.name.strip('/')}", place.reason, place.remedy)
    _check(form)
    return form


def _check(form: Form) -> None:
    """See that what belongs together is there together."""
    if (form.amount is None) == (form.credit is None and form.debit is None):
        _refuse("--form, amount", _NO_AMOUNT, Sentence("Write either amount, or credit and debit."))
    for one, other in (
        ("credit", "debit"),
        ("payer", "payee"),
        ("status", "moved"),
        ("currency_after", "currency"),
    ):
        given = (bool(getattr(form, one)), bool(getattr(form, other)))
        if given[0] != given[1] and (one != "currency_after" or given[0]):
            reason = Sentence("{one} and {other} belong together.", one=one, other=other)
            _refuse(f"--form, {one}", reason, Sentence("Write both."))
    if form.time_format is not None and not _is_whole(form.time_format):
        _refuse("--form, time_format", _NO_FORMAT, _FORMAT)


def _is_whole(time_format: str) -> bool:
    """Whether a format writes a time down to the minute, so that it can be read again."""
    moment = datetime(2031, 11, 23, 17, 48, tzinfo=UTC)
    try:
        return aware(moment.strftime(time_format), time_format, "+00:00") == moment
    except ValueError:
        return False


def aware(text: str, time_format: str, utc_offset: str) -> datetime:
    """Read a time by a format; one that says no offset has this one.

    Raises:
        ValueError: it is none.
    """
    if "%z" not in time_format:
        text, time_format = f"{text} {utc_offset}", f"{time_format} %z"
    return datetime.strptime(text, time_format).astimezone(UTC)


_LOOK: Final = Sentence("Look at one with `cauri statements form mtn`.")
_NO_AMOUNT: Final = Sentence("no column says how much, or more than one does.")
_NO_FORMAT: Final = Sentence("this does not write a time down to the minute.")
_FORMAT: Final = Sentence("Write for example %d/%m/%Y %H:%M:%S.")
_NO_OFFSET: Final = Sentence("this is not how far a time is from UTC.")


def _refuse(field: str, reason: Sentence, remedy: Sentence) -> NoReturn:
    raise InvalidInputError(field, reason, remedy)
