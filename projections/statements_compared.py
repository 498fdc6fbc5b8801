"""What a line of a statement comes to, as SQL: matched, differing or unknown, and why.

A part of `projections.statements`. A result is a comparison of rows as they stand, made when it is
asked; nothing of it is stored. So three sums always add up, whatever came first:

    lines = matched + differing + unknown
    the ledger's successes in the span = matched + differing + named elsewhere + missing
    matched lines = matched successes in the span + those outside

A line that names two payments differs, and so do both of them.

A line that contradicts another one (same transaction, same direction, other amount, currency or
payment) and two transactions for one payment put all lines concerned in doubt, not only the later
ones: which came first says nothing about which is right.

What nobody approved hides nothing: it puts no approved line in doubt, and what it names is missing
on other statements all the same. It is itself compared with all of them.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Table,
    and_,
    case,
    exists,
    func,
    literal,
    not_,
    null,
    or_,
    select,
)

from ledger.events import PaymentExpired, PaymentFailed
from projections.modes import UNSAID
from projections.projector import Projector, bounded
from projections.statements_rows import Header, Known, Line, Word

PAGE_MAX: Final = 1000

Result = Literal["matched", "differs", "unknown"]

Would = Literal["would_settle", "would_contradict"]
"""What a line would do that its payment was not told: agree where there is no success, or not."""

Asked = Literal["matched", "settled", "outside", "differs", "unknown"] | Would
"""Which lines are asked for; `settled` and `outside` are among those that match."""

Why = Literal[
    "two",
    "contradiction",
    "direction",
    "currency",
    "amount",
    "twice",
    "refused",
    "overruled",
]

WHYS: Final[tuple[Why, ...]] = get_args(Why)

Columns = Any
"""The columns of a table, or of an alias of it."""

_OF_KNOWN: Final = len(Known.__struct_fields__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRow:
    """One line, what it comes to, and what the ledger has of its payment."""

    line: Line
    word: Word
    result: Result
    why: Why | None
    """Why it differs; None where it does not."""
    payment: Known | None
    is_outside: bool
    """Whether it matches, and its payment is none of the ledger's successes in the span."""


@dataclass(frozen=True, slots=True)
class Sum:
    """How many there are of a name, and their money, in one direction."""

    name: str
    direction: str
    count: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Sums:
    """What a statement comes to."""

    lines: tuple[Sum, ...]
    """By result; `settled` and `outside` are among the matched, and others what they would do."""
    successes: tuple[Sum, ...]
    """The ledger's in the span: `matched`, `differs`, `elsewhere`, `missing`."""
    waiting: int
    """How many lines have a payment that has not been told of them yet."""


class Compared:
    """The comparisons, over the tables of one copy."""

    def __init__(self, projector: Projector, lines: Table, words: Table, payments: Table) -> None:
        self._projector = projector
        self._lines, self._words, self._payments = lines, words, payments

    async def sums(self, header: Header) -> Sums:
        """What a statement comes to: its lines, and the ledger's successes in its span."""
        word, paid, in_span = self._words.c, self._payments.c, self._in_span(header)
        compared = (
            select(
                self._result().label("result"),
                word.settled,
                self._is_outside(in_span).label("outside"),
                word.direction,
                word.amount_minor,
                case((word.due_at.is_not(None), 1), else_=0).label("due"),
                self._would().label("would"),
            )
            .select_from(self._joined())
            .where(self._lines.c.statement_id == header.statement_id)
            .subquery()
            .c
        )
        groups = (
            *(compared.result, compared.settled, compared.outside),
            *(compared.would, compared.direction),
        )
        of_lines = select(
            *groups, func.count(), func.sum(compared.amount_minor), func.sum(compared.due)
        ).group_by(*groups)
        named = (
            select(
                self._named(header).label("name"),
                case((paid.kind == "collection", literal("in")), else_=literal("out")).label("way"),
                paid.amount_minor,
            )
            .where(in_span)
            .subquery()
            .c
        )
        of_successes = select(
            named.name, named.way, func.count(), func.sum(named.amount_minor)
        ).group_by(named.name, named.way)
        async with self._projector.read() as conn:
            lines = [tuple(one) for one in await conn.execute(of_lines)]
            successes = [tuple(one) for one in await conn.execute(of_successes)]
        found: dict[tuple[str, str], list[int]] = {}
        for result, settled, outside, would, way, count, amount, _ in lines:
            names = [result, *([would] if would else [])]
            if result == "matched":
                names += ["settled"] * settled + ["outside"] * outside
            for name in names:
                one = found.setdefault((name, way), [0, 0])
                one[0] += count
                one[1] += int(amount)
        return Sums(
            tuple(Sum(*key, *numbers) for key, numbers in sorted(found.items())),
            tuple(Sum(name, way, count, int(amount)) for name, way, count, amount in successes),
            sum(int(one[-1]) for one in lines),
        )

    async def page(
        self, header: Header, *, asked: Asked | None = None, after: int = 0, limit: int = 100
    ) -> list[LineRow]:
        """Lines of a statement, in its order, at most `PAGE_MAX`.

        Args:
            header: the statement.
            asked: only those.
            after: the number of the last line of the page before this one.
            limit: how many.
        """
        line, in_span = self._lines.c, self._in_span(header)
        wanted = [line.statement_id == header.statement_id, line.number > after]
        if asked is not None:
            wanted.append(self._is_asked(asked, in_span))
        found = (
            select(
                self._result(),
                self._why(self._words.c),
                self._is_outside(in_span),
                self._lines,
                self._words,
                self._payments,
            )
            .select_from(self._joined())
            .where(*wanted)
            .order_by(line.number)
            .limit(bounded(limit, PAGE_MAX))
        )
        async with self._projector.read() as conn:
            return [self._shown(tuple(one)) for one in await conn.execute(found)]

    def _shown(self, values: tuple[Any, ...]) -> LineRow:
        result, why, outside, *rest = values
        of_line, of_word = len(self._lines.columns), len(self._words.columns)
        line, word, known = rest[:of_line], rest[of_line : of_line + of_word], rest[-_OF_KNOWN:]
        return LineRow(
            line=Line(*line),
            word=Word(*word),
            result=result,
            why=why,
            payment=None if known[0] is None else Known(*known),
            is_outside=bool(outside),
        )

    async def missing(
        self, header: Header, *, after: int | None = None, limit: int = 100
    ) -> list[Known]:
        """The ledger's successes in a statement's span that no line of any names, newest first.

        Args:
            header: the statement.
            after: the `position` of the last one of the page before this one.
            limit: how many, at most `PAGE_MAX`.
        """
        paid = self._payments.c
        wanted = [self._in_span(header), not_(self._is_named(header))]
        if after is not None:
            wanted.append(paid.position < after)
        asked = select(self._payments).where(*wanted).order_by(paid.position.desc())
        async with self._projector.read() as conn:
            found = await conn.execute(asked.limit(bounded(limit, PAGE_MAX)))
            return [Known(*one) for one in found]

    def _in_span(self, header: Header) -> ColumnElement[bool]:
        """Whether a payment is a success of the statement's provider, in its span and mode."""
        paid = self._payments.c
        modes = [header.mode, UNSAID] if header.is_default_mode else [header.mode]
        return and_(
            paid.succeeded_by.is_not(None),
            paid.succeeded_by == header.provider,
            paid.currency == header.currency,
            paid.mode.in_(modes),
            paid.moved_at >= header.covers_from,
            paid.moved_at < header.covers_to,
        )

    def _joined(self) -> FromClause:
        """Lines, what each of them says, and the payment it speaks of, if any."""
        line, word, paid = self._lines.c, self._words.c, self._payments.c
        said = self._lines.join(self._words, word.stream_id == line.word_id)
        return said.outerjoin(self._payments, paid.payment_id == word.payment_id)

    def _why(self, word: Columns) -> ColumnElement[Any]:
        """Why a word differs; null where it does not."""
        paid = self._payments.c
        return case(
            (word.one_of_two.is_not(None), literal("two")),
            (self._is_contradicted(word), literal("contradiction")),
            (word.payment_id.is_(None), null()),
            (word.fits == 0, literal("direction")),
            (paid.currency != word.currency, literal("currency")),
            (paid.amount_minor != word.amount_minor, literal("amount")),
            (self._is_twice(word), literal("twice")),
            (word.refused.is_not(None), literal("refused")),
            # It took the word, and other words have it that it was not paid, or nobody knows.
            (and_(word.told_at.is_not(None), paid.succeeded_by.is_(None)), literal("overruled")),
            else_=null(),
        )

    def _is_contradicted(self, word: Columns) -> ColumnElement[bool]:
        other = self._words.alias("other_said")
        alike = (
            other.c.provider_transaction_id == word.provider_transaction_id,
            other.c.provider == word.provider,
            other.c.direction == word.direction,
            other.c.mode == word.mode,
            other.c.stream_id != word.stream_id,
            self._counts_against(word, other.c),
            or_(
                other.c.amount_minor != word.amount_minor,
                other.c.currency != word.currency,
                other.c.payment_id != word.payment_id,
                other.c.one_of_two.is_not(None),
            ),
        )
        return exists().where(*alike).correlate_except(other)

    def _is_twice(self, word: Columns) -> ColumnElement[bool]:
        other = self._words.alias("other_paid")
        alike = (
            other.c.payment_id == word.payment_id,
            other.c.fits == 1,
            other.c.provider_transaction_id != word.provider_transaction_id,
            self._counts_against(word, other.c),
        )
        return exists().where(*alike).correlate_except(other)

    @staticmethod
    def _counts_against(word: Columns, other: Columns) -> ColumnElement[bool]:
        """Whether another word can put one in doubt: an approved one only if it is approved too."""
        return or_(other.approved == 1, word.approved == 0)

    def _result(self) -> ColumnElement[Any]:
        word = self._words.c
        return case(
            (self._why(word).is_not(None), literal("differs")),
            (word.payment_id.is_(None), literal("unknown")),
            else_=literal("matched"),
        )

    def _would(self) -> ColumnElement[Any]:
        """What a word would do that its payment was not told yet; null: nothing, or it was told."""
        word, paid = self._words.c, self._payments.c
        is_nobodys = or_(word.payment_id.is_(None), word.fits == 0)
        is_against = or_(
            paid.verdict.in_([PaymentFailed.type, PaymentExpired.type]),
            and_(paid.verdict.is_(None), paid.is_given_up == 1),
        )
        return case(
            (or_(is_nobodys, word.told_at.is_not(None), word.refused.is_not(None)), null()),
            (or_(self._why(word).is_not(None), is_against), literal("would_contradict")),
            (paid.succeeded_by.is_(None), literal("would_settle")),
            else_=null(),
        )

    def _is_outside(self, in_span: ColumnElement[bool]) -> ColumnElement[int]:
        # A payment that there is not is in no span: that comparison gives null, and not false.
        is_inside = case((in_span, 1), else_=0)
        matches = self._result() == "matched"
        return case((and_(matches, is_inside == 0), 1), else_=0)

    def _is_asked(self, asked: Asked, in_span: ColumnElement[bool]) -> ColumnElement[bool]:
        match asked:
            case "settled":
                return and_(self._result() == "matched", self._words.c.settled == 1)
            case "outside":
                return self._is_outside(in_span) == 1
            case "would_settle" | "would_contradict":
                return self._would() == asked
            case _:
                return self._result() == asked

    def _named(self, header: Header) -> ColumnElement[Any]:
        """How a success of the ledger is named by lines: of this statement, or of another."""
        word = self._words.alias("word_here")
        is_here = self._is_on(header, word.c)

        def found(*wanted: ColumnElement[bool]) -> ColumnElement[bool]:
            return exists().where(*wanted, is_here).correlate_except(word)

        matches = found(self._speaks(word.c), self._why(word.c).is_(None))
        speaks = found(self._speaks(word.c))
        paid = self._payments.c.payment_id
        is_of_two = [found(one == paid) for one in (word.c.one_of_two, word.c.other_of_two)]
        return case(
            (matches, literal("matched")),
            (or_(speaks, *is_of_two), literal("differs")),
            (self._is_named(header), literal("elsewhere")),
            else_=literal("missing"),
        )

    def _speaks(self, word: Columns) -> ColumnElement[bool]:
        """Whether a word speaks of a payment, and goes its way."""
        return and_(word.payment_id == self._payments.c.payment_id, word.fits == 1)

    def _is_on(self, header: Header, word: Columns) -> ColumnElement[bool]:
        """Whether a word stands on a statement."""
        line = self._lines.alias("line_here")
        # Nested, so that no database begins with the lines: for each success it would read all.
        at = (line.c.word_id == word.stream_id, line.c.statement_id == header.statement_id)
        return exists().where(*at).correlate_except(line)

    def _is_named(self, header: Header) -> ColumnElement[bool]:
        """Whether a line of a statement, or an approved one, names a payment, and goes its way.

        One that names another payment too is among them.
        """
        word = self._words.alias("word_anywhere")
        counts = or_(word.c.approved == 1, self._is_on(header, word.c))
        paid = self._payments.c.payment_id
        ways = (self._speaks(word.c), word.c.one_of_two == paid, word.c.other_of_two == paid)
        return or_(*(exists().where(one, counts).correlate_except(word) for one in ways))
