"""A provider's statement: kept whole, under an id that is its content; pure deciders.

Two streams. `statement-<id>` has the statement: what it covers, then its lines, `LINES_PER_EVENT`
to an event. `statement_key-<digest>` has one event: which statement an Idempotency-Key stands for.

The trick: the id is a hash of all that was handed in, so the same words are the same statement,
whoever hands them in, under whatever key and by whichever door. All its events are appended
together; should some of them be missing all the same, a repeat adds exactly those.

Why lines are packed: an event for each would cost a hundred times the envelopes, and nobody ever
asks for one line of the log. Why not one event for all: an entry has at most 65,535 bytes.

Handing in only compares. One person's mistake, or a forged file, settles nothing: lines become
words when a second person has approved the statement. Keys that took one another's place are one
person's, as in `ledger.operator_notes`.

What it does not do: match lines with payments. `projections.statements` does, and
`adapters.reconciling` hands every match to the payment it speaks of as a word.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final, NoReturn

import msgspec

from ledger import events
from ledger.commands_statement import (
    ApproveStatement,
    HandInStatement,
    NameStatement,
    RefuseStatementLine,
    WithdrawStatement,
)
from ledger.errors import (
    CommandRefusedError,
    IdempotencyKeyReusedError,
    InvalidInputError,
    LedgerError,
)
from ledger.events import Event
from ledger.identity import spelt
from ledger.money import AMOUNT_MINOR_MAX
from ledger.sentences import Sentence, explained
from ledger.statement_line import StatementLine

LINES_MAX: Final = 5_000
"""How many lines one statement has; of a longer one each day, or each hour, is one."""

LINES_PER_EVENT: Final = 100
"""With the longest of everything a line has 380 bytes, and an entry at most 65,535."""

ID_CHARACTERS_MAX: Final = 100
"""Of a provider's transaction id, and of a reference."""

STATEMENT_ID: Final = re.compile(r"stm_[a-z2-7]{26}", re.ASCII)

AGREEING: Final = Sentence("Agreeing to this statement")
HANDING_IN: Final = Sentence("Handing in this statement")
TAKING_BACK: Final = Sentence("Taking back this statement")
"""What was asked for, as it is told to whoever is refused it."""

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/#+=-]*", re.ASCII)
_IN_ORDER: Final = msgspec.json.Encoder(order="sorted")


class UnknownStatementError(CommandRefusedError):
    """No statement has this id."""

    code: ClassVar[str] = "unknown_statement"

    def __init__(self, statement_id: str, command: str = "query") -> None:
        super().__init__(
            command, Sentence("there is no statement {statement_id!r}.", statement_id=statement_id)
        )
        self.statement_id = statement_id


class StatementRefusedError(CommandRefusedError):
    """A statement cannot be approved, taken back or handed in again as things stand."""

    code: ClassVar[str] = "statement_refused"

    def __init__(self, reason: Sentence, remedy: Sentence, command: Sentence = AGREEING) -> None:
        LedgerError.__init__(self, explained(reason, remedy))
        self.command, self.reason, self.status = command, explained(reason, remedy), None
        self.why, self.remedy = reason, remedy


class StatementKeyReusedError(IdempotencyKeyReusedError):
    """The Idempotency-Key was used before, for another statement."""

    def __init__(self, statement_id: str) -> None:
        self.payment_id = statement_id
        self.found = Sentence(
            "this Idempotency-Key already stands for the statement {statement_id}.",
            statement_id=statement_id,
        )
        self.remedy = Sentence(
            "Repeat the first content exactly, or use a new key for a new statement."
        )
        LedgerError.__init__(self, explained(self.found, self.remedy))
        self.command, self.reason, self.status = "NameStatement", self.found, None


class InvalidStatementError(InvalidInputError):
    """A statement that cannot be used: which field of which line, why, and what to send instead."""

    code: ClassVar[str] = "invalid_statement"

    def __init__(
        self, field: str, reason: Sentence, remedy: Sentence, *, line: int | None = None
    ) -> None:
        super().__init__(field, reason, remedy)
        self.line = line
        """Its number, from 1; None: it is no line's fault."""


@dataclass(frozen=True, slots=True)
class Statement:
    """The folded state of one statement."""

    opened: events.StatementOpened | None = None
    lines: int = 0
    """How many are there."""
    approved_by: str | None = None
    """The key of the second person; None: nobody agreed yet."""
    withdrawn_by: str | None = None
    """The key of whoever took it back; None: nobody did."""
    refused: frozenset[int] = frozenset()
    """Numbers of lines that a payment did not take."""


INITIAL: Final = Statement()


@dataclass(frozen=True, slots=True)
class Name:
    """What an Idempotency-Key stands for."""

    statement_id: str | None = None


UNNAMED: Final = Name()


def stream_of(statement_id: str) -> str:
    """The name of a statement's stream."""
    return f"statement-{statement_id}"


def key_stream(key_digest: str) -> str:
    """The name of the stream of an Idempotency-Key."""
    return f"statement_key-{key_digest}"


def is_statement_id(text: str) -> bool:
    """Whether a text has the form of a statement's id."""
    return STATEMENT_ID.fullmatch(text) is not None


def statement_id_of(command: HandInStatement) -> str:
    """Derive a statement's id from all that it says: `stm_` and 26 characters of base32."""
    content = (
        command.provider,
        command.covers_from,
        command.covers_to,
        command.currency,
        command.mode,
        command.lines,
    )
    return f"stm_{spelt(hashlib.sha256(_IN_ORDER.encode(content)).digest())}"


def decide_name(command: NameStatement, state: Name) -> list[Event]:
    """Decide what a key stands for; a repeat changes nothing.

    Raises:
        StatementKeyReusedError: it stands for another statement.
    """
    if state.statement_id is None:
        return [events.StatementNamed(statement_id=command.statement_id)]
    if state.statement_id != command.statement_id:
        raise StatementKeyReusedError(state.statement_id)
    return []


def evolve_name(state: Name, event: Event) -> Name:
    """Fold one event into what a key stands for."""
    match event:
        case events.StatementNamed():
            return Name(event.statement_id)
        case _:
            raise TypeError(f"a statement's key has no {event.type}")


Decided = HandInStatement | ApproveStatement | WithdrawStatement | RefuseStatementLine
"""What is decided on a statement's own stream."""


def stream_for(command: Decided) -> str:
    """The stream a command is decided on."""
    if isinstance(command, HandInStatement):
        return stream_of(statement_id_of(command))
    return stream_of(command.statement_id)


def decide(command: Decided, state: Statement) -> list[Event]:
    """Decide about a statement; repeats change nothing.

    Raises:
        InvalidStatementError: what was handed in is no statement.
        UnknownStatementError: it, or one of its lines, is spoken of, and there is none.
        StatementRefusedError: it cannot be approved, by the same person or while it is not whole;
            it was approved and cannot be taken back; or it was taken back, and stays so.
    """
    match command:
        case HandInStatement():
            return _handed_in(command, state)
        case ApproveStatement():
            return _approved(command, state)
        case WithdrawStatement():
            return _withdrawn(command, state)
        case RefuseStatementLine():
            if state.opened is None:
                raise UnknownStatementError(command.statement_id, "RefuseStatementLine")
            if command.line in state.refused:
                return []
            return [
                events.StatementLineRefused(
                    statement_id=command.statement_id,
                    line=command.line,
                    payment_id=command.payment_id,
                    reason=command.reason,
                )
            ]


def _handed_in(command: HandInStatement, state: Statement) -> list[Event]:
    if state.withdrawn_by is not None:
        raise StatementRefusedError(_TAKEN_BACK, _OTHER_SPAN, HANDING_IN)
    if state.opened is not None and state.lines == len(command.lines):
        return []
    check(command)
    statement_id = statement_id_of(command)
    happened: list[Event] = []
    if state.opened is None:
        happened.append(
            events.StatementOpened(
                statement_id=statement_id,
                provider=command.provider,
                covers_from=command.covers_from,
                covers_to=command.covers_to,
                currency=command.currency,
                mode=command.mode,
                is_default_mode=command.is_default_mode,
                lines=len(command.lines),
                by=command.by,
            )
        )
    for start in range(state.lines, len(command.lines), LINES_PER_EVENT):
        lines = command.lines[start : start + LINES_PER_EVENT]
        happened.append(
            events.StatementLinesAdded(statement_id=statement_id, first=start + 1, lines=lines)
        )
    return happened


def _approved(command: ApproveStatement, state: Statement) -> list[Event]:
    if state.opened is None:
        raise UnknownStatementError(command.statement_id, "ApproveStatement")
    if state.approved_by is not None:
        return []
    if state.withdrawn_by is not None:
        raise StatementRefusedError(_TAKEN_BACK, _OTHER_SPAN)
    if state.lines < state.opened.lines:
        raise StatementRefusedError(
            Sentence("some of its lines are missing."),
            Sentence("Hand it in once more; what is missing is added."),
        )
    if state.opened.by in command.same | {command.by}:
        raise StatementRefusedError(
            Sentence("the person who handed it in cannot be the one who agrees."),
            Sentence("Have another person look at what it comes to, with a key of their own."),
        )
    return [events.StatementApproved(statement_id=command.statement_id, by=command.by)]


def _withdrawn(command: WithdrawStatement, state: Statement) -> list[Event]:
    if state.opened is None:
        raise UnknownStatementError(command.statement_id, "WithdrawStatement")
    if state.withdrawn_by is not None:
        return []
    if state.approved_by is not None:
        raise StatementRefusedError(_APPROVED, _NOTE_INSTEAD, TAKING_BACK)
    return [events.StatementWithdrawn(statement_id=command.statement_id, by=command.by)]


def check(command: HandInStatement) -> None:
    """See that a statement can be used.

    Raises:
        InvalidStatementError: it cannot; says the first fault.
    """
    if command.covers_from >= command.covers_to:
        _refuse("covers_to", _NO_SPAN, Sentence("Send a later time; it is not itself included."))
    if command.covers_to > command.at:
        _refuse("covers_to", _TO_COME, Sentence("Send the present time at the latest."))
    if not 1 <= len(command.lines) <= LINES_MAX:
        reason = Sentence("a statement has 1 to {lines_max} lines.", lines_max=LINES_MAX)
        _refuse("lines", reason, _SPLIT)
    _check_lines(command, command.lines)


def _check_lines(command: HandInStatement, lines: Sequence[StatementLine]) -> None:
    said: set[tuple[str, str, int]] = set()
    for number, line in enumerate(lines, 1):
        for field in ("provider_transaction_id", "reference"):
            text = getattr(line, field)
            if text is not None and not is_usable_id(text):
                _refuse(field, _NO_ID, _ID_REMEDY, line=number)
        if not 0 < line.amount_minor <= AMOUNT_MINOR_MAX:
            _refuse("amount", _NO_AMOUNT, _AMOUNT_REMEDY, line=number)
        if not command.covers_from <= line.occurred_at < command.covers_to:
            _refuse("occurred_at", _OUTSIDE, _OUTSIDE_REMEDY, line=number)
        word = (line.provider_transaction_id, line.direction, line.amount_minor)
        if word in said:
            _refuse("provider_transaction_id", _TWICE, Sentence("Take one out."), line=number)
        said.add(word)


def is_usable_id(text: str) -> bool:
    """Whether a text can be a provider's transaction id or a reference: no sentence, no `@`."""
    return len(text) <= ID_CHARACTERS_MAX and _ID.fullmatch(text) is not None


_TAKEN_BACK: Final = Sentence("it was taken back, and stays so.")
_OTHER_SPAN: Final = Sentence(
    "If it is right after all, hand its lines in with another beginning or end of their time."
)
_APPROVED: Final = Sentence("it was approved, and its lines are words.")
_NOTE_INSTEAD: Final = Sentence("Let two operators note what is true of a payment.")
_NO_SPAN: Final = Sentence("the statement ends before it begins.")
_TO_COME: Final = Sentence("the statement covers a time that is still to come.")
_SPLIT: Final = Sentence("Hand in a longer one in parts, such as one for each day.")
_NO_ID: Final = Sentence("this is not the form of an id.")
_ID_REMEDY: Final = Sentence(
    "Send 1 to 100 letters, digits and . _ : / # + = - without spaces, a letter or digit first."
)
_NO_AMOUNT: Final = Sentence("the amount is not above zero and within bounds.")
_AMOUNT_REMEDY: Final = Sentence("Send what moved, and say by the direction which way.")
_TWICE: Final = Sentence("an earlier line says the same.")
_OUTSIDE: Final = Sentence("the line is of a time that the statement does not cover.")
_OUTSIDE_REMEDY: Final = Sentence(
    "Look at the time's offset from UTC, or let the statement cover it."
)


def _refuse(field: str, reason: Sentence, remedy: Sentence, *, line: int | None = None) -> NoReturn:
    raise InvalidStatementError(field, reason, remedy, line=line)


def evolve(state: Statement, event: Event) -> Statement:
    """Fold one event into the state."""
    match event:
        case events.StatementOpened():
            return Statement(event)
        case events.StatementLinesAdded():
            return replace(state, lines=state.lines + len(event.lines))
        case events.StatementApproved():
            return replace(state, approved_by=event.by)
        case events.StatementWithdrawn():
            return replace(state, withdrawn_by=event.by)
        case events.StatementLineRefused():
            return replace(state, refused=state.refused | {event.line})
        case _:
            raise TypeError(f"a statement has no {event.type}")
