"""Statements: which payment a line speaks of, what it comes to, and what no line names."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger import commands
from ledger.commands_statement import ApproveStatement, HandInStatement, RefuseStatementLine
from ledger.evidence import Evidence, Source, Word
from ledger.memory import MemoryEventStore
from ledger.money import Money
from ledger.sql_database import Database
from ledger.statement import statement_id_of
from ledger.statement_line import StatementLine
from projections.accounts import AccountsProjection
from projections.statements import StatementsProjection
from projections.statements_results import LineRow
from projections.statements_rows import Header
from tests.builders import NOW, PAID, Step, Teller, a_request, payment_id
from tests.projecting import Projected, ReadModel, a_sqlite_url, opened

FROM, TO = NOW - timedelta(hours=1), NOW + timedelta(hours=1)
LATER = NOW + timedelta(days=30)
MTN = 4
"""A payment of 1004 XAF that goes to MTN under `pay_4-1`; 10 is one of 1010."""


def a_line(
    transaction: str = "T1",
    *,
    reference: str | None = "pay_4-1",
    direction: Literal["in", "out"] = "in",
    amount_minor: int = 1004,
    occurred_at: datetime = NOW,
) -> StatementLine:
    """One line, by default of a payment that goes to MTN."""
    return StatementLine(
        provider_transaction_id=transaction,
        reference=reference,
        direction=direction,
        amount_minor=amount_minor,
        occurred_at=occurred_at,
    )


def a_statement(*lines: StatementLine, **changes: Any) -> HandInStatement:
    """A statement of MTN over two hours around the story's beginning."""
    asked = HandInStatement(
        provider="mtn",
        covers_from=FROM,
        covers_to=TO,
        currency="XAF",
        mode="live",
        is_default_mode=True,
        lines=lines,
        by="key_1",
        at=LATER,
    )
    return replace(asked, **changes)


def approval(statement: HandInStatement) -> ApproveStatement:
    """Another person's word that a statement is right."""
    return ApproveStatement(
        statement_id=statement_id_of(statement), by="key_2", same=frozenset({"key_2"})
    )


async def happen(projected: Projected, *steps: Step | commands.Command) -> None:
    """Let things happen, and project them."""
    for one in steps:
        before = len(projected.teller.log)
        if isinstance(one, tuple):
            projected.teller.tell(one)
        else:
            projected.teller.do(one)
        await projected.record(projected.teller.log[before:])
    await projected.project()


async def tell_due(projected: Projected) -> None:
    """Hand every due word to its payment, as the reactor does."""
    statements = projected.projections.of(StatementsProjection)
    now = projected.teller.now
    due = await statements.lease("reconcile", None, holder="test", limit=100, now=now, seconds=60)
    for one in due:
        word = await statements.word(one.stream_id)
        assert word is not None
        assert word.payment_id is not None
        assert word.payment_reference is not None
        said = Evidence(
            source=Source.STATEMENT,
            provider=word.provider,
            reference=word.payment_reference,
            word=Word.SUCCEEDED,
            amount=Money(word.amount_minor, word.currency).amount,
            currency=word.currency,
            provider_transaction_id=word.provider_transaction_id,
            occurred_at=datetime.fromisoformat(word.occurred_at),
        )
        await happen(projected, commands.RecordEvidence(payment_id=word.payment_id, evidence=said))


async def header_of(projected: Projected, statement: HandInStatement) -> Header:
    """The row of a statement."""
    found = await projected.projections.of(StatementsProjection).find(statement_id_of(statement))
    assert found is not None
    return found


async def results(
    projected: Projected, statement: HandInStatement
) -> list[tuple[int, str, str | None, str | None]]:
    """Every line: its number, result, why it differs, and its payment."""
    compared = projected.projections.of(StatementsProjection).compared
    rows = await compared.page(await header_of(projected, statement))
    return [(row.line.number, row.result, row.why, row.word.payment_id) for row in rows]


async def named(projected: Projected, statement: HandInStatement) -> LineRow:
    """The only line of a statement."""
    compared = projected.projections.of(StatementsProjection).compared
    (found,) = await compared.page(await header_of(projected, statement))
    return found


async def sums(projected: Projected, statement: HandInStatement) -> dict[str, int]:
    """How many lines and successes have each name, and that they add up."""
    projection = projected.projections.of(StatementsProjection)
    header = await header_of(projected, statement)
    found = await projection.compared.sums(header)
    lines: dict[str, int] = {}
    successes: dict[str, int] = {}
    for one in found.lines:
        lines[one.name] = lines.get(one.name, 0) + one.count
    for one in found.successes:
        successes[f"paid {one.name}"] = successes.get(f"paid {one.name}", 0) + one.count
    assert sum(lines.get(one, 0) for one in ("matched", "differs", "unknown")) == header.lines
    missing = await projection.compared.missing(header)
    assert len(missing) == successes.get("paid missing", 0)
    assert lines.get("matched", 0) == successes.get("paid matched", 0) + lines.get("outside", 0)
    would = lines.get("would_settle", 0) + lines.get("would_contradict", 0)
    assert found.waiting == (would if header.approved_by else 0)
    return lines | successes | ({"waiting": found.waiting} if found.waiting else {})


UNPAID = PAID[:3]


class TestStatements(ReadModel):
    @pytest.mark.parametrize(
        ("verbs", "lines", "expected"),
        [
            # Paid already: it matches; its payment keeps the word.
            (PAID, [a_line()], {"matched": 1, "paid matched": 1}),
            # Not known yet: it is settled by the line.
            (UNPAID, [a_line()], {"matched": 1, "settled": 1, "paid matched": 1}),
            ((*UNPAID, "failure"), [a_line()], {"matched": 1, "settled": 1, "paid matched": 1}),
            # By our own id of the payment, which some statements have instead of a reference.
            (PAID, [a_line(reference="pay_4")], {"matched": 1, "paid matched": 1}),
            (
                UNPAID,
                [a_line(reference="pay_4")],
                {"matched": 1, "settled": 1, "paid matched": 1},
            ),
            # By the provider's own id, of a payment whose word told it.
            (PAID, [a_line("7", reference=None)], {"matched": 1, "paid matched": 1}),
            # Nobody's.
            (PAID, [a_line(reference="other")], {"unknown": 1, "paid missing": 1}),
            # Another amount is a word that contradicts the payment.
            (PAID, [a_line(amount_minor=1000)], {"differs": 1}),
            # The wrong way is no word at all.
            (PAID, [a_line(direction="out")], {"differs": 1, "paid missing": 1}),
            # Two transactions for one payment: a conflict.
            (PAID, [a_line(), a_line("T2")], {"differs": 2}),
            # One transaction, two amounts.
            (
                PAID,
                [a_line(reference="x"), a_line(reference="x", amount_minor=1)],
                {"differs": 2, "paid missing": 1},
            ),
            # Two people say that it failed: the line was told, and is not what the books say.
            (
                (*UNPAID, "failure", "noted_failure"),
                [a_line()],
                {"differs": 1},
            ),
            # Of another day than the ledger says: the statement is the better witness.
            (
                PAID,
                [a_line(occurred_at=NOW - timedelta(minutes=1))],
                {"matched": 1, "paid matched": 1},
            ),
        ],
    )
    @pytest.mark.parametrize("is_line_first", [False, True])
    async def test_a_line_comes_to_the_same_before_its_payment_and_after_it(
        self,
        projected: Projected,
        verbs: Sequence[str],
        lines: list[StatementLine],
        expected: dict[str, int],
        is_line_first: bool,
    ) -> None:
        statement, steps = a_statement(*lines), [(MTN, verb) for verb in verbs]
        if is_line_first:
            await happen(projected, statement, approval(statement), *steps)
        else:
            await happen(projected, *steps, statement, approval(statement))
        await tell_due(projected)
        found = await sums(projected, statement)
        settled = {"settled"} if is_line_first else set()
        assert {name: found[name] for name in found if name not in settled} == {
            name: expected[name] for name in expected if name not in settled
        }

    async def test_our_own_id_names_the_last_submission_to_the_statements_provider(
        self, projected: Projected
    ) -> None:
        statement = a_statement(a_line(reference=payment_id(MTN)))
        await happen(projected, statement, *((MTN, verb) for verb in ("request", "start")))
        word = (await named(projected, statement)).word
        assert (word.payment_id, word.payment_reference) == (payment_id(MTN), "pay_4-1")
        again = commands.StartSubmission(
            payment_id=payment_id(MTN), provider="mtn", reference="pay_4-2", inquire_at=LATER
        )
        await happen(projected, (MTN, "withdraw"), again)
        assert (await named(projected, statement)).word.payment_reference == "pay_4-2"
        other = a_statement(a_line(reference=payment_id(MTN)), provider="orange")
        await happen(projected, other)
        assert (await named(projected, other)).result == "unknown"

    async def test_a_line_that_comes_again_is_no_news_and_names_what_it_named(
        self, projected: Projected
    ) -> None:
        first = a_statement(a_line(reference=None), a_line("T2", reference="unknown"))
        second = a_statement(a_line(), covers_to=TO - timedelta(minutes=1))
        await happen(projected, *((MTN, verb) for verb in UNPAID), first, approval(first))
        assert await sums(projected, first) == {"unknown": 2}
        await happen(projected, second)  # the same transaction, with its reference
        assert await sums(projected, second) == {"matched": 1, "outside": 1, "would_settle": 1}
        await happen(projected, approval(second))
        assert (await sums(projected, second))["waiting"] == 1
        await tell_due(projected)
        for statement in (first, second):
            assert (1, "matched", None, payment_id(MTN)) in await results(projected, statement)
        told = len(projected.teller.payment(MTN).evidence)
        for reference in ("pay_4-1", None):
            third = a_statement(
                a_line(reference=reference), covers_from=FROM + timedelta(minutes=1)
            )
            await happen(projected, third, approval(third))
            assert await projected.projections.of(StatementsProjection).next_due_at() is None
            await tell_due(projected)
        assert len(projected.teller.payment(MTN).evidence) == told == 1

    @pytest.mark.parametrize(
        ("verbs", "line", "would"),
        [
            (PAID, a_line(), {}),
            (UNPAID, a_line(), {"would_settle": 1}),
            ((*UNPAID, "failure"), a_line(), {"would_contradict": 1}),
            (("request", "start", "decline"), a_line(), {"would_contradict": 1}),
            (("request", "start", "withdraw", "expire"), a_line(), {"would_contradict": 1}),
            (("request", "start", "withdraw", "expire", "hint"), a_line(), {"would_settle": 1}),
            (("request", "start", "decline", "start"), a_line(), {"would_settle": 1}),
            (PAID, a_line(amount_minor=1000), {"would_contradict": 1}),
            (PAID, a_line(direction="out"), {}),
            (PAID, a_line(reference="other"), {}),
        ],
    )
    async def test_as_long_as_nobody_agreed_it_tells_what_it_would_do_and_does_nothing(
        self,
        projected: Projected,
        verbs: Sequence[str],
        line: StatementLine,
        would: dict[str, int],
    ) -> None:
        statement = a_statement(line)
        await happen(projected, *((MTN, verb) for verb in verbs), statement)
        found = await sums(projected, statement)
        assert {name: found[name] for name in found if name.startswith("would")} == would
        projection = projected.projections.of(StatementsProjection)
        header = await header_of(projected, statement)
        for asked in ("would_settle", "would_contradict"):
            rows = await projection.compared.page(header, asked=asked)
            assert len(rows) == would.get(asked, 0)
        assert await projection.next_due_at() is None
        await tell_due(projected)
        assert projected.teller.payment(MTN).evidence == {
            one
            for one in projected.teller.payment(MTN).evidence
            if one.source is not Source.STATEMENT
        }

    @pytest.mark.parametrize("is_forged_first", [False, True])
    async def test_what_nobody_approved_changes_nothing_of_what_is_told(
        self, projected: Projected, is_forged_first: bool
    ) -> None:
        early = NOW - timedelta(minutes=30)
        forged = a_statement(
            a_line(reference="pay_10-1"), a_line("T1", amount_minor=1, occurred_at=early)
        )
        again = a_statement(a_line(occurred_at=early), covers_to=TO - timedelta(minutes=1))
        right = a_statement(a_line())
        steps = [(number, verb) for number in (MTN, 10) for verb in UNPAID]
        statements = [forged, again, right] if is_forged_first else [right, again, forged]
        await happen(projected, *steps, *statements, approval(right))
        await tell_due(projected)
        (word,) = projected.teller.payment(MTN).evidence
        assert (word.source, word.occurred_at) == (Source.STATEMENT, NOW)
        assert projected.teller.payment(10).evidence == frozenset()
        assert await projected.projections.of(StatementsProjection).next_due_at() is None

    async def test_what_nobody_approved_hides_nothing_that_is_missing_and_puts_nothing_in_doubt(
        self, projected: Projected
    ) -> None:
        paid = [(number, verb) for number in (MTN, 10) for verb in PAID]
        right = a_statement(a_line())
        forged = a_statement(
            a_line("T10", reference="pay_10-1", amount_minor=1010),
            a_line("T1", amount_minor=1),
            a_line("T9"),
        )
        await happen(projected, *paid, right, approval(right))
        await tell_due(projected)
        alone = {"matched": 1, "paid matched": 1, "paid missing": 1}
        assert await sums(projected, right) == alone
        await happen(projected, forged)
        assert await sums(projected, right) == alone
        # It is itself compared with all that was approved.
        assert [row[1:3] for row in await results(projected, forged)] == [
            ("matched", None),
            ("differs", "contradiction"),
            ("differs", "twice"),
        ]
        await happen(projected, approval(forged))
        await tell_due(projected)
        assert await results(projected, right) == [(1, "differs", "contradiction", payment_id(MTN))]
        assert (
            await projected.projections.of(StatementsProjection).compared.missing(
                await header_of(projected, right)
            )
            == []
        )

    async def test_what_no_line_names_is_missing_only_where_the_statement_covers_it(
        self, projected: Projected
    ) -> None:
        paid = [(number, verb) for number in (MTN, 10) for verb in PAID]
        orange = [(7, verb) for verb in PAID]
        test = replace(a_request("pay_20", money=Money(1004, "XAF")), mode="test")
        await happen(projected, *paid, *orange, test, *((20, verb) for verb in PAID[1:]))
        statement = a_statement(a_line())
        earlier = a_statement(covers_to=FROM, covers_from=FROM - timedelta(hours=1))
        earlier = replace(earlier, lines=(a_line("T9", occurred_at=earlier.covers_from),))
        await happen(projected, statement, earlier, approval(statement), approval(earlier))
        await tell_due(projected)
        compared = projected.projections.of(StatementsProjection).compared
        header = await header_of(projected, statement)
        missing = await compared.missing(header)
        assert [row.payment_id for row in missing] == [payment_id(10)]
        assert await compared.missing(header, after=missing[0].position) == []
        # The line of another time names it too: it is not missing, and stands outside there.
        assert await sums(projected, earlier) == {"differs": 1}

    async def test_a_statement_of_tests_is_held_against_tests(self, projected: Projected) -> None:
        test = replace(a_request("pay_20", money=Money(1004, "XAF")), mode="test")
        await happen(projected, test, *((20, verb) for verb in PAID[1:]))
        line = a_line(reference="pay_20-1")
        live, tests = a_statement(line), a_statement(line, mode="test", is_default_mode=False)
        await happen(projected, live, tests)
        assert await sums(projected, live) == {"unknown": 1}
        assert (await sums(projected, tests))["matched"] == 1

    async def test_a_line_its_payment_did_not_take_is_a_difference(
        self, projected: Projected
    ) -> None:
        statement = a_statement(a_line())
        paid = [(MTN, verb) for verb in PAID]
        await happen(projected, *paid, statement, approval(statement))
        refusal = RefuseStatementLine(
            statement_id=statement_id_of(statement),
            line=1,
            payment_id=payment_id(MTN),
            reason="it is full",
        )
        await happen(projected, refusal)
        assert await results(projected, statement) == [(1, "differs", "refused", payment_id(MTN))]
        assert await projected.projections.of(StatementsProjection).next_due_at() is None

    async def test_a_refund_is_found_though_the_line_names_what_it_gives_back(
        self, projected: Projected
    ) -> None:
        steps = [(MTN, verb) for verb in (*PAID, "refund", "refund_paid")]
        line = a_line("R1", reference="pay_4-1", direction="out", amount_minor=502)
        statement = a_statement(line, a_line("7", direction="out", amount_minor=502))
        await happen(projected, *steps, statement, approval(statement))
        await tell_due(projected)
        assert await results(projected, statement) == [
            (1, "differs", "direction", payment_id(MTN)),
            (2, "matched", None, "re_4_1"),
        ]


LINES = {
    2: a_line("T2", reference="pay_2-1", amount_minor=1002),
    4: a_line("T4"),
    8: a_line("T8", reference="pay_8-1", amount_minor=1000),
    10: a_line("T10", reference="pay_10-1", amount_minor=1010, direction="out"),
    14: a_line("T14", reference="pay_14-1", amount_minor=1014),
    0: a_line("T0", reference="nobody", amount_minor=1),
}
"""Of payments that go to MTN: 8 has another amount, 10 goes the other way, 0 is nobody's."""

FORGED = (
    a_line("T2", reference="pay_2-1", amount_minor=1014),
    a_line("T4", occurred_at=NOW - timedelta(minutes=9)),
    a_line("T8", reference=None, amount_minor=7),
)
"""A statement that nobody approves: of the same transactions, and of other amounts or times."""

STORIES = {2: PAID, 4: UNPAID, 8: PAID, 10: PAID, 14: (*UNPAID, "failure")}


Part = int | frozenset[int] | None
"""What comes: a payment (its number), a statement (its lines), or the forged one (None)."""


async def come_to(database: Database, order: Sequence[Part], delays: Sequence[int]) -> Any:
    """What everything comes to in this order, if statements are approved so many steps later."""
    projected = Projected(database, (StatementsProjection, AccountsProjection))
    projected.teller = Teller(seconds=0)  # the hour of a payment decides nothing here
    projected.store = MemoryEventStore(clock=lambda: projected.teller.now)
    await projected.start()
    statements: list[HandInStatement] = []
    agreed: dict[int, list[HandInStatement]] = {}
    for at, one in enumerate(order):
        if one is None:
            await happen(projected, a_statement(*FORGED))
        elif isinstance(one, int):
            await happen(projected, *((one, verb) for verb in STORIES[one]))
        else:
            lines = tuple(LINES[number] for number in sorted(one))
            statement = a_statement(*lines, covers_to=TO + timedelta(minutes=at))
            statements.append(statement)
            await happen(projected, statement)
            when = min(at + delays[at % len(delays)], len(order) - 1)
            agreed.setdefault(when, []).append(statement)
        await happen(projected, *map(approval, agreed.pop(at, [])))
        await tell_due(projected)
    compared = projected.projections.of(StatementsProjection).compared
    found = set()
    for statement in statements:
        for row in await compared.page(await header_of(projected, statement)):
            said = row.word
            found.add((said.provider_transaction_id, row.result, row.why, said.payment_id))
    payments = {
        number: (state.status, state.evidence)
        for number in STORIES
        for state in [projected.teller.payment(number)]
    }
    balance = await projected.projections.of(AccountsProjection).trial_balance()
    return found, payments, balance


@pytest.fixture(scope="module")
def sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return a_sqlite_url(tmp_path_factory.mktemp("orders"))


parts = st.lists(
    st.frozensets(st.sampled_from(sorted(LINES)), min_size=1), min_size=1, max_size=3
).map(lambda drawn: [*drawn, frozenset(LINES).difference(*drawn[:1]) or drawn[0]])


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawn=st.data())
def test_however_lines_are_split_and_whenever_they_are_approved_all_comes_to_the_same(
    sqlite_url: str, drawn: st.DataObject
) -> None:
    some: list[Part] = [*STORIES, None, *drawn.draw(parts)]
    order = drawn.draw(st.permutations(some))
    delays = drawn.draw(st.lists(st.integers(0, 4), min_size=1, max_size=4))

    async def compared() -> None:
        async with opened(sqlite_url) as database:
            expected = await come_to(database, [*STORIES, frozenset(LINES), None], [0])
            assert await come_to(database, order, delays) == expected

    asyncio.run(compared())
