"""Overhearing: which payment an exchange is about, said once by the reactor that sets out.

As an errand does (`adapters.ways`), it holds for everything that is done underneath, in a context
variable. A call that is about no one payment (a token, several cash-ins at once) is made
`about_nobody`: its bytes must not lie among those of whoever happened to need it first.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from adapters.transcript import Exchange
from ledger.entry import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """The payment that exchanges are about, and under which data key their bytes are sealed."""

    payment_id: str
    reference: str
    sealed: str = field(repr=False)
    """The payment's own particulars: whoever may open them may open the exchanges."""
    context: Context
    one_time_code: str | None = field(default=None, repr=False)


@dataclass(slots=True)
class Gathering:
    """The exchanges of one piece of work that are not kept yet."""

    about: About
    exchanges: list[Exchange] = field(default_factory=list)
    is_over: bool = False

    def take(self) -> list[Exchange]:
        """Give what was gathered, and begin anew."""
        taken, self.exchanges = self.exchanges, []
        return taken


_gathering: ContextVar[Gathering | None] = ContextVar("gathering", default=None)


@contextmanager
def gathering(about: About) -> Iterator[Gathering]:
    """Gather what is exchanged within."""
    begun = Gathering(about)
    before = _gathering.set(begun)
    try:
        yield begun
    finally:
        _gathering.reset(before)
        begun.is_over = True


@contextmanager
def about_nobody() -> Iterator[None]:
    """Make every call within for no one payment."""
    before = _gathering.set(None)
    try:
        yield
    finally:
        _gathering.reset(before)


def present_gathering() -> Gathering | None:
    """Where the present call belongs; None where it is about no one payment."""
    return _gathering.get()
