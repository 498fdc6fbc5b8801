"""A provider's statement as the ledger keeps it: whole, once, under an id that is its content."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ledger import events
from ledger.commands_statement import (
    ApproveStatement,
    HandInStatement,
    NameStatement,
    RefuseStatementLine,
    WithdrawStatement,
)
from ledger.entry import ENTRY_BYTES_MAX
from ledger.errors import IdempotencyKeyReusedError
from ledger.handling import Handler
from ledger.memory import MemoryEventStore
from ledger.money import AMOUNT_MINOR_MAX
from ledger.statement import (
    ID_CHARACTERS_MAX,
    INITIAL,
    LINES_MAX,
    LINES_PER_EVENT,
    UNNAMED,
    InvalidStatementError,
    Statement,
    StatementKeyReusedError,
    StatementRefusedError,
    UnknownStatementError,
    decide,
    decide_name,
    evolve,
    evolve_name,
    is_statement_id,
    statement_id_of,
    stream_of,
)
from ledger.statement_line import StatementLine
from tests.builders import CONTEXT, NOW, an_event
from tests.specification import Specification

DAY = timedelta(days=1)


def a_line(number: int = 1, **changes: Any) -> StatementLine:
    """The n-th line."""
    fields: dict[str, Any] = {
        "provider_transaction_id": f"T{number}",
        "reference": f"ref-{number}",
        "direction": "in",
        "amount_minor": 1500,
        "occurred_at": NOW - timedelta(hours=1),
        "fee_minor": 15,
    }
    return StatementLine(**(fields | changes))


def a_statement(*lines: StatementLine, **changes: Any) -> HandInStatement:
    """A statement of MTN over the last day, of one line by default."""
    asked = HandInStatement(
        provider="mtn",
        covers_from=NOW - DAY,
        covers_to=NOW,
        currency="XAF",
        mode="live",
        is_default_mode=True,
        lines=lines or (a_line(),),
        by="key_1",
        at=NOW,
    )
    return replace(asked, **changes)


def opened(asked: HandInStatement) -> events.StatementOpened:
    """The first event of a statement."""
    return events.StatementOpened(
        statement_id=statement_id_of(asked),
        provider="mtn",
        covers_from=NOW - DAY,
        covers_to=NOW,
        currency="XAF",
        mode="live",
        is_default_mode=True,
        lines=len(asked.lines),
        by="key_1",
    )


def added(asked: HandInStatement, first: int = 1) -> events.StatementLinesAdded:
    """The event with the lines from one on."""
    lines = asked.lines[first - 1 : first - 1 + LINES_PER_EVENT]
    return events.StatementLinesAdded(statement_id=statement_id_of(asked), first=first, lines=lines)


statement: Specification[Statement] = Specification(decide, evolve, INITIAL)


def test_a_statement_is_kept_with_its_lines_packed_and_a_repeat_changes_nothing() -> None:
    asked = a_statement(*(a_line(number) for number in range(1, 151)))
    expected = [opened(asked), added(asked), added(asked, 101)]
    statement.given().when(asked).then(*expected)
    statement.given(*expected).when(asked).then()


def test_a_repeat_finishes_what_was_kept_by_half() -> None:
    asked = a_statement(*(a_line(number) for number in range(1, 251)))
    half = [opened(asked), added(asked)]
    statement.given(*half).when(asked).then(added(asked, 101), added(asked, 201))


async def test_a_store_that_has_half_of_the_lines_gets_the_others_by_the_repeat() -> None:
    store = MemoryEventStore(clock=lambda: NOW)
    asked = a_statement(*(a_line(number) for number in range(1, 251)))
    stream = stream_of(statement_id_of(asked))
    await store.append(stream, 0, [opened(asked), added(asked)], context=CONTEXT)
    handler = Handler(store)
    for repeat in (2, 0):
        handled = await handler.handle(asked, context=CONTEXT)
        assert len(handled.events) == repeat
        assert handled.state.lines == len(asked.lines)


@pytest.mark.parametrize(
    ("changes", "is_same"),
    [
        ({}, True),
        ({"at": NOW + DAY, "is_default_mode": False, "by": "key_2"}, True),
        ({"provider": "orange"}, False),
        ({"covers_from": NOW - 2 * DAY}, False),
        ({"covers_to": NOW - timedelta(minutes=1)}, False),
        ({"currency": "XOF"}, False),
        ({"mode": "test"}, False),
        ({"lines": (a_line(fee_minor=16),)}, False),
        ({"lines": (a_line(reference=None),)}, False),
    ],
)
def test_its_id_is_what_it_says(changes: dict[str, Any], is_same: bool) -> None:
    first, other = statement_id_of(a_statement()), statement_id_of(a_statement(**changes))
    assert is_statement_id(other)
    assert (first == other) is is_same


def test_the_longest_lines_fit_into_an_entry() -> None:
    longest = StatementLine(
        provider_transaction_id="T" * ID_CHARACTERS_MAX,
        reference="r" * ID_CHARACTERS_MAX,
        direction="out",
        amount_minor=AMOUNT_MINOR_MAX,
        occurred_at=NOW - timedelta(microseconds=1),
        fee_minor=AMOUNT_MINOR_MAX,
    )
    lines = [longest] * LINES_PER_EVENT
    event = events.StatementLinesAdded(
        statement_id="stm_" + "a" * 26, first=LINES_MAX, lines=tuple(lines)
    )
    assert len(an_event(event, stream="statement-stm_" + "a" * 26).entry) < ENTRY_BYTES_MAX


@pytest.mark.parametrize(
    ("changes", "field", "line"),
    [
        ({"covers_from": NOW}, "covers_to", None),
        ({"covers_to": NOW + timedelta(seconds=1)}, "covers_to", None),
        ({"lines": ()}, "lines", None),
        ({"lines": tuple(a_line(n) for n in range(LINES_MAX + 1))}, "lines", None),
        ({"lines": (a_line(), a_line())}, "provider_transaction_id", 2),
        ({"lines": (a_line(provider_transaction_id=""),)}, "provider_transaction_id", 1),
        ({"lines": (a_line(provider_transaction_id="+237670000001"),)}, None, 1),
        ({"lines": (a_line(reference="Awa Ngo"),)}, "reference", 1),
        ({"lines": (a_line(reference="awa@example.com"),)}, "reference", 1),
        ({"lines": (a_line(reference="r" * 101),)}, "reference", 1),
        ({"lines": (a_line(amount_minor=0),)}, "amount", 1),
        ({"lines": (a_line(occurred_at=NOW),)}, "occurred_at", 1),
        ({"lines": (a_line(occurred_at=NOW - DAY - timedelta(seconds=1)),)}, "occurred_at", 1),
    ],
)
def test_what_is_no_statement_is_refused_by_field_and_line(
    changes: dict[str, Any], field: str | None, line: int | None
) -> None:
    asked = a_statement()
    asked = replace(asked, **changes)
    refused = statement.given().when(asked).then_refused(InvalidStatementError)
    assert isinstance(refused, InvalidStatementError)
    assert refused.line == line
    assert field in {None, refused.field}


def test_two_amounts_of_one_transaction_are_two_lines() -> None:
    asked = a_statement(a_line(), a_line(amount_minor=2), a_line(direction="out"))
    statement.given().when(asked).then(opened(asked), added(asked))


def test_another_person_approves_it_once_and_only_if_it_is_whole() -> None:
    asked = a_statement(*(a_line(number) for number in range(1, 151)))
    statement_id = statement_id_of(asked)

    def approval(by: str, *same: str) -> ApproveStatement:
        return ApproveStatement(statement_id=statement_id, by=by, same=frozenset(same))

    whole = [opened(asked), added(asked), added(asked, 101)]
    agreed = events.StatementApproved(statement_id=statement_id, by="key_2")
    statement.given().when(approval("key_2")).then_refused(UnknownStatementError)
    statement.given(*whole).when(approval("key_2", "key_2", "key_3")).then(agreed)
    for mine in (approval("key_1"), approval("key_2", "key_2", "key_1")):
        statement.given(*whole).when(mine).then_refused(StatementRefusedError)
    statement.given(*whole[:2]).when(approval("key_2")).then_refused(StatementRefusedError)
    # Whoever hands the same in again is no other person for that, and takes nothing back.
    again = [replace(asked, by="key_2"), approval("key_1"), approval("key_3")]
    for repeat in again:
        statement.given(*whole, agreed).when(repeat).then()


def test_what_nobody_approved_is_taken_back_once_and_for_ever() -> None:
    asked = a_statement()
    statement_id = statement_id_of(asked)
    withdrawal = WithdrawStatement(statement_id=statement_id, by="key_3")
    approval = ApproveStatement(statement_id=statement_id, by="key_2", same=frozenset())
    known = [opened(asked), added(asked)]
    gone = events.StatementWithdrawn(statement_id=statement_id, by="key_3")
    agreed = events.StatementApproved(statement_id=statement_id, by="key_2")
    statement.given().when(withdrawal).then_refused(UnknownStatementError)
    statement.given(*known).when(withdrawal).then(gone)
    statement.given(*known, gone).when(replace(withdrawal, by="key_1")).then()
    statement.given(*known, agreed).when(withdrawal).then_refused(StatementRefusedError)
    for refused in (approval, asked, replace(asked, by="key_9")):
        error = statement.given(*known, gone).when(refused).then_refused(StatementRefusedError)
        assert "taken back" in str(error)


def test_a_line_is_refused_once_and_only_of_a_statement_that_is_there() -> None:
    asked = a_statement()
    refusal = RefuseStatementLine(
        statement_id=statement_id_of(asked), line=1, payment_id="pay_1", reason="it is full"
    )
    statement.given().when(refusal).then_refused(UnknownStatementError)
    happened = events.StatementLineRefused(
        statement_id=refusal.statement_id, line=1, payment_id="pay_1", reason="it is full"
    )
    known = (opened(asked), added(asked))
    statement.given(*known).when(refusal).then(happened)
    statement.given(*known, happened).when(refusal).then()


def test_a_key_stands_for_one_statement_for_ever() -> None:
    keys = Specification(decide_name, evolve_name, UNNAMED)
    name = NameStatement(key_digest="digest", statement_id="stm_a")
    named = events.StatementNamed(statement_id="stm_a")
    keys.given().when(name).then(named)
    keys.given(named).when(name).then()
    refused = keys.given(named).when(replace(name, statement_id="stm_b"))
    error = refused.then_refused(StatementKeyReusedError)
    assert isinstance(error, IdempotencyKeyReusedError)
    assert "stm_a" in str(error)
