"""Given events, when a command, then events: the sentence a decision's test is written in.

No store, no clock, no fixture: the deciders are pure, so their tests are too.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from ledger.errors import LedgerError
from ledger.events import Event

S = TypeVar("S")


class Specification(Generic[S]):
    """`given(*events).when(command).then(*events)` or `.then_refused(ErrorClass)`."""

    def __init__(
        self,
        decide: Callable[[Any, S], list[Event]],
        evolve: Callable[[S, Event], S],
        initial: S,
    ) -> None:
        self.decide, self.evolve, self.initial = decide, evolve, initial

    def state(self, *events: Event) -> S:
        """Fold events into a state."""
        state = self.initial
        for event in events:
            state = self.evolve(state, event)
        return state

    def given(self, *events: Event) -> "Given[S]":
        """Start a sentence."""
        return Given(self, self.state(*events))


class Given(Generic[S]):
    """The first part of a sentence."""

    def __init__(self, specification: Specification[S], state: S) -> None:
        self.specification, self.before = specification, state

    def when(self, command: object) -> "When[S]":
        """Ask for a decision."""
        return When(self, command)


class When(Generic[S]):
    """The sentence without its end."""

    def __init__(self, given: Given[S], command: object) -> None:
        self.given, self.command = given, command

    def _decide(self) -> list[Event]:
        return self.given.specification.decide(self.command, self.given.before)

    def then(self, *events: Event) -> S:
        """Compare what was decided, whole; gives the state after it."""
        decided = self._decide()
        assert decided == list(events)
        state = self.given.before
        for event in decided:
            state = self.given.specification.evolve(state, event)
        return state

    def then_refused(self, error: type[LedgerError]) -> LedgerError:
        """Expect a refusal; gives the error."""
        try:
            decided = self._decide()
        except error as refused:
            return refused
        raise AssertionError(f"not refused, but decided {decided}")
