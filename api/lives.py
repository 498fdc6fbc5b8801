"""Which life of the log somebody speaks of: `Cauri-Log` tells it, and takes it back.

After a restoration positions are given anew, and a position is a number: nothing in it says in
which life of the log it was told. So every answer names the life, and whoever sends that name back
with a cursor, or with anything else, is refused where it is another's: nothing is read past what he
has missed, and nothing is done twice because his view is of a log that is lost. Who sends none is
served as ever.

The name is made of the entry by which the restoration was first said (`ledger.restoration`), as the
ids of messages are; a log that never was restored has the name `0`.

A restoration is said before anything is served. Where it is said beside a running server all the
same, that one hears of it as soon as somebody sends a name: so it costs nobody else a look.
"""

from typing import Final

from api.errors import LOG_RESTORED, Place, ProblemError
from ledger.restoration import STREAM, lives_in
from ledger.sentences import Sentence
from ledger.store import EventStore
from projections.message_ids import mark_of

HEADER: Final = "Cauri-Log"
NEVER: Final = "0"


class Life:
    """The present life of a log, as far as this process has heard."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._lives: tuple[tuple[str, int], ...] = ((NEVER, 0),)

    @classmethod
    async def of(cls, store: EventStore) -> "Life":
        """The present life of a log."""
        life = cls(store)
        await life.read()
        return life

    @property
    def name(self) -> str:
        """Of the present one."""
        return self._lives[-1][0]

    async def read(self) -> None:
        """Look how often the log was restored."""
        restored = await self._store.read_stream(STREAM)
        began = lives_in([(one.position, one.event) for one in restored])
        firsts = {one.position: one for one in restored}
        self._lives = ((NEVER, 0), *((mark_of(firsts[at]), at) for at in began))

    async def check(self, given: str | None) -> None:
        """Refuse who speaks of another life; None: of none.

        Raises:
            ProblemError: the log was restored since, or this is another log.
        """
        if given is None:
            return
        await self.read()
        if given == self.name:
            return
        names = [name for name, _ in self._lives]
        if given in names:
            kept = self._lives[names.index(given) + 1][1] - 1
            reason = Sentence(
                "The log was restored from a backup: what it told behind position {position} is "
                "lost.",
                position=kept,
            )
        else:
            kept = 0
            reason = Sentence("This log has had no such life.")
        remedy = Sentence(
            "Forget every position behind {position}, go on from it, and send {name}.",
            position=kept,
            name=f"{HEADER}: {self.name}",
        )
        raise ProblemError(LOG_RESTORED, reason, [Place("header", HEADER, reason, remedy)])
