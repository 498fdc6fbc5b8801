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

Words of statements that nobody approved count on their own statement alone: they put no line of
another one in doubt, and what they name is missing there all the same. Where such a line speaks
against one, it is told of which statement it is (`LineRow.against`), and that is all.
"""

from typing import Any, Final

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
from projections.statements_results import (
    AGAINST,
    Asked,
    Columns,
    LineRow,
    Sum,
    Sums,
    contradicts,
    is_of_same_payment,
)
from projections.statements_rows import Header, Known, Line, Word

PAGE_MAX: Final = 1000

_OF_KNOWN: Final = len(Known.__struct_fields__)


class Compared:
    """The comparisons, over the tables of one copy."""

    def __init__(
        self, projector: Projector, headers: Table, lines: Table, words: Table, payments: Table
    ) -> None:
        self._projector = projector
        self._headers, self._lines, self._words, self._payments = headers, lines, words, payments

    async def sums(self, header: Header) -> Sums:
        """What a statement comes to: its lines, and the ledger's successes in its span."""
        word, paid, in_span = self._words.c, self._payments.c, self._in_span(header)
        compared = (
            select(
                self._result(header).label("result"),
                word.settled,
                self._is_outside(header).label("outside"),
                word.direction,
                word.amount_minor,
                case((word.due_at.is_not(None), 1), else_=0).label("due"),
                self._would(header).label("would"),
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
        line = self._lines.c
        wanted = [line.statement_id == header.statement_id, line.number > after]
        if asked is not None:
            wanted.append(self._is_asked(header, asked))
        found = (
            select(
                self._result(header),
                self._why(header, self._words.c),
                self._is_outside(header),
                self._against(header),
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
        result, why, outside, against, *rest = values
        of_line, of_word = len(self._lines.columns), len(self._words.columns)
        line, word, known = rest[:of_line], rest[of_line : of_line + of_word], rest[-_OF_KNOWN:]
        return LineRow(
            line=Line(*line),
            word=Word(*word),
            result=result,
            why=why,
            payment=None if known[0] is None else Known(*known),
            is_outside=bool(outside),
            against=against,
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

    async def knows(self, header: Header) -> bool:
        """Whether anything ever succeeded at a statement's provider, in its currency and mode."""
        asked = select(self._payments.c.payment_id).where(self._is_of_its_kind(header)).limit(1)
        async with self._projector.read() as conn:
            return await conn.scalar(asked) is not None

    def _in_span(self, header: Header) -> ColumnElement[bool]:
        """Whether a payment is a success of the statement's kind, in its span."""
        moved_at = self._payments.c.moved_at
        is_in_time = and_(moved_at >= header.covers_from, moved_at < header.covers_to)
        return and_(self._is_of_its_kind(header), is_in_time)

    def _is_of_its_kind(self, header: Header) -> ColumnElement[bool]:
        """Whether a payment is a success of the statement's provider, in its currency and mode."""
        paid = self._payments.c
        modes = [header.mode, UNSAID] if header.is_default_mode else [header.mode]
        return and_(
            paid.succeeded_by.is_not(None),
            paid.succeeded_by == header.provider,
            paid.currency == header.currency,
            paid.mode.in_(modes),
        )

    def _joined(self) -> FromClause:
        """Lines, what each of them says, and the payment it speaks of, if any."""
        line, word, paid = self._lines.c, self._words.c, self._payments.c
        said = self._lines.join(self._words, word.stream_id == line.word_id)
        return said.outerjoin(self._payments, paid.payment_id == word.payment_id)

    def _why(self, header: Header, word: Columns) -> ColumnElement[Any]:
        """Why a word of a statement differs; null where it does not."""
        paid = self._payments.c
        return case(
            (word.one_of_two.is_not(None), literal("two")),
            (self._is_contradicted(header, word), literal("contradiction")),
            (word.payment_id.is_(None), null()),
            (word.fits == 0, literal("direction")),
            (paid.currency != word.currency, literal("currency")),
            (paid.amount_minor != word.amount_minor, literal("amount")),
            (self._is_twice(header, word), literal("twice")),
            (word.refused.is_not(None), literal("refused")),
            # It took the word, and other words have it that it was not paid, or nobody knows.
            (and_(word.told_at.is_not(None), paid.succeeded_by.is_(None)), literal("overruled")),
            else_=null(),
        )

    def _is_contradicted(self, header: Header, word: Columns) -> ColumnElement[bool]:
        other = self._words.alias("other_said")
        wanted = (contradicts(other.c, word), self._counts(header, other.c))
        return exists().where(*wanted).correlate_except(other)

    def _is_twice(self, header: Header, word: Columns) -> ColumnElement[bool]:
        other = self._words.alias("other_paid")
        wanted = (is_of_same_payment(other.c, word), self._counts(header, other.c))
        return exists().where(*wanted).correlate_except(other)

    def _counts(self, header: Header, word: Columns) -> ColumnElement[bool]:
        """Whether a word counts where a statement is compared: it is on it, or was approved."""
        return or_(word.approved == 1, self._is_on(header, word))

    def _against(self, header: Header) -> ColumnElement[Any]:
        """Another statement, a line of which speaks against a word: an approved one first."""
        other, line = self._words.alias("other_against"), self._lines.alias("line_against")
        at = self._headers.alias("statement_against")
        said = other.join(line, line.c.word_id == other.c.stream_id)
        found = (
            select(line.c.statement_id)
            .select_from(said.join(at, at.c.statement_id == line.c.statement_id))
            .where(line.c.statement_id != header.statement_id, at.c.withdrawn_at.is_(None))
            .where(or_(*(speaks(other.c, self._words.c) for speaks in AGAINST)))
            .order_by(at.c.approved_at.is_(None), at.c.position)
            .limit(1)
        )
        return found.correlate_except(other, line, at).scalar_subquery()

    def _result(self, header: Header) -> ColumnElement[Any]:
        word = self._words.c
        return case(
            (self._why(header, word).is_not(None), literal("differs")),
            (word.payment_id.is_(None), literal("unknown")),
            else_=literal("matched"),
        )

    def _would(self, header: Header) -> ColumnElement[Any]:
        """What a word would do that its payment was not told yet; null: nothing, or it was told."""
        word, paid = self._words.c, self._payments.c
        is_nobodys = or_(word.payment_id.is_(None), word.fits == 0)
        is_against = or_(
            paid.verdict.in_([PaymentFailed.type, PaymentExpired.type]),
            and_(paid.verdict.is_(None), paid.is_given_up == 1),
        )
        is_gone = literal(header.withdrawn_at is not None)
        return case(
            (
                or_(is_gone, is_nobodys, word.told_at.is_not(None), word.refused.is_not(None)),
                null(),
            ),
            (or_(self._why(header, word).is_not(None), is_against), literal("would_contradict")),
            (paid.succeeded_by.is_(None), literal("would_settle")),
            else_=null(),
        )

    def _is_outside(self, header: Header) -> ColumnElement[int]:
        # A payment that there is not is in no span: that comparison gives null, and not false.
        is_inside = case((self._in_span(header), 1), else_=0)
        matches = self._result(header) == "matched"
        return case((and_(matches, is_inside == 0), 1), else_=0)

    def _is_asked(self, header: Header, asked: Asked) -> ColumnElement[bool]:
        match asked:
            case "settled":
                return and_(self._result(header) == "matched", self._words.c.settled == 1)
            case "outside":
                return self._is_outside(header) == 1
            case "would_settle" | "would_contradict":
                return self._would(header) == asked
            case _:
                return self._result(header) == asked

    def _named(self, header: Header) -> ColumnElement[Any]:
        """How a success of the ledger is named by lines: of this statement, or of another."""
        word = self._words.alias("word_here")
        is_here = self._is_on(header, word.c)

        def found(*wanted: ColumnElement[bool]) -> ColumnElement[bool]:
            return exists().where(*wanted, is_here).correlate_except(word)

        matches = found(self._speaks(word.c), self._why(header, word.c).is_(None))
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
        counts = self._counts(header, word.c)
        paid = self._payments.c.payment_id
        ways = (self._speaks(word.c), word.c.one_of_two == paid, word.c.other_of_two == paid)
        return or_(*(exists().where(one, counts).correlate_except(word) for one in ways))
