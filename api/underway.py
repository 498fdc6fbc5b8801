"""Under way: the requests with an Idempotency-Key that have no answer yet, in this process.

A repeat that comes while the first one is still being handled has no first answer to get, and is
told so (`idempotency_key_in_flight`, 409) instead of racing it; a moment later it gets that answer.
A request is under way from its key's being read until its answer is made, however it ends: also by
an error, by the time limit, or because its caller went away.

Why a table of this process and no lock for all: between processes the stream's expected version
decides. Two that race there both reach the log, one is appended, and the other one finds it and
gives the same answer; so nothing is ever done twice, and no lock must be broken after a crash.

It is bounded by `requests_concurrent_max`: only what is being served stands in it.
"""

from typing import Final

from api.errors import IDEMPOTENCY_KEY_IN_FLIGHT, Place, ProblemError
from ledger.sentences import Sentence, explained

HEADER: Final = "Idempotency-Key"

Named = tuple[str, bool, str, str]
"""Whose request it is (empty: the house's), whether it is a test beside payments for real, its
route, and its key."""


class Underway:
    """The requests of one process that have no answer yet."""

    def __init__(self) -> None:
        self._named: set[Named] = set()

    def __len__(self) -> int:
        """How many there are."""
        return len(self._named)

    def enter(self, named: Named) -> Named:
        """Be under way until `leave`, which must follow; gives back what is under way.

        Raises:
            ProblemError: another one with this key is.
        """
        if named in self._named:
            reason = Sentence("The first request with this key has no answer yet.")
            remedy = Sentence("Send the same request again shortly; it then gets that answer.")
            place = Place("header", HEADER, reason, remedy)
            raise ProblemError(IDEMPOTENCY_KEY_IN_FLIGHT, explained(reason, remedy), [place])
        self._named.add(named)
        return named

    def leave(self, named: Named) -> None:
        """Be under way no more."""
        self._named.discard(named)
