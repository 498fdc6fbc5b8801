"""News: what a batch of events made due, for whoever waits for work.

A projection that is a queue tells, while it folds a batch, of every piece it writes for whom it is
and when it is due; the runner hands that on once the batch is committed, so whoever looks then
finds it.

Told too much does no harm: who looks in vain rests again. Told too little, a piece would be found
by time alone. So where somebody else has folded a batch (another process), of which nothing is
known here, anything may be due.

It is no state: nothing is folded from it, and what is lost with a process is looked for at the
start of the next.
"""

from collections.abc import Mapping
from typing import Final

Told = Mapping[tuple[str, str], str] | None
"""Kind and provider to when the earliest piece is due, as a stamp; None: anything may be due."""

AT_ONCE: Final = ""
"""Before every stamp: it is due as soon as somebody looks."""


class News:
    """What one copy of a projection has to tell, until it is taken."""

    def __init__(self) -> None:
        self._soonest: dict[tuple[str, str], str] = {}
        self._is_anything = False

    def tell(self, kind: str, provider: str, due_at: str = AT_ONCE) -> None:
        """Say that a piece was written, and when it is due."""
        known = self._soonest.get((kind, provider))
        if known is None or due_at < known:
            self._soonest[kind, provider] = due_at

    def tell_anything(self) -> None:
        """Say that pieces may have been written of which nothing is known here."""
        self._is_anything = True

    def take(self) -> Told:
        """Everything since the last time."""
        taken = None if self._is_anything else self._soonest
        self._soonest, self._is_anything = {}, False
        return taken
