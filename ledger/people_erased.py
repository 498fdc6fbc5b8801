"""Whether the log explains that a person's data keys are gone; pure.

A key that is not there looks like a lawful erasure, whoever took it away. Only the log tells them
apart: an erasure is agreed to in it before a key is destroyed, and recorded when all are. So a key
that came to be before the person was erased is rightly gone, and so may one be while an agreed
erasure is not finished; every other one was lost, or was destroyed by hand, and stands in a backup.
"""

from ledger import events
from ledger.events import Event


class Erased:
    """Who was erased, as far as the log has been read."""

    def __init__(self) -> None:
        self._until: dict[str, int] = {}
        self._agreed: set[str] = set()

    def hear(self, position: int, event: Event) -> None:
        """Take in an event of a person's stream; each person's come in their order."""
        match event:
            case events.PersonErasureApproved():
                self._agreed.add(event.person)
            case events.PersonErased():
                self._agreed.discard(event.person)
                self._until[event.person] = position
            case _:
                pass

    def explains(self, person: str, position: int) -> bool:
        """Whether a person's key that came with the event at a position is rightly gone."""
        return person in self._agreed or position < self._until.get(person, 0)
