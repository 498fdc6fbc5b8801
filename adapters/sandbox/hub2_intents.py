"""The intents of the HUB2 sandbox: what is to be paid, before anybody was asked to pay it.

They move no money, so they are no movements of the books. They are kept in a journal of their own,
so that an intent without an attempt outlives the sandbox as it does at HUB2.
"""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from adapters.sandbox.hub2_rules import Intent
from adapters.sandbox.journal import Journal

_INTENT: Final = TypeAdapter(Intent)


class Intents:
    """Intents by their ids; bounded by the server, which asks `is_full` first.

    Raises OSError if the file cannot be opened, ValueError if it holds something else.
    """

    def __init__(self, path: Path | None, *, intents_max: int) -> None:
        self._intents: dict[str, Intent] = {}
        self._intents_max = intents_max
        self._journal = Journal(path)
        try:
            for record in self._journal.records():
                intent = _INTENT.validate_python(record)
                self._intents[intent.id] = intent
        except BaseException:
            self._journal.close()
            raise

    def __iter__(self) -> Iterator[Intent]:
        return iter(self._intents.values())

    def __len__(self) -> int:
        return len(self._intents)

    @property
    def is_full(self) -> bool:
        """Whether a further intent would pass a limit."""
        return len(self._intents) >= self._intents_max or self._journal.is_full

    def find(self, intent_id: str) -> Intent | None:
        """Find one by its id."""
        return self._intents.get(intent_id)

    def add(self, intent: Intent) -> None:
        """Write down a new one."""
        self._journal.append(asdict(intent))
        self._intents[intent.id] = intent

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()
