"""A projection is given the events it reads, and no others: so it has to say all that it names."""

import re
from pathlib import Path

import pytest

import projections
from ledger.events import EVENTS
from projections.projector import Projector

ROOM = Path(projections.__file__).parent
NAMED = re.compile(r"\bevents\.(\w+)")
TYPES = {kind.__name__: kind for kind in EVENTS.values()}


@pytest.mark.parametrize("kind", projections.PROJECTIONS, ids=lambda kind: kind.name)
def test_every_event_that_a_projection_names_is_given_to_it(kind: type[Projector]) -> None:
    parts = list(ROOM.glob(f"{kind.name}*.py"))
    told = {name for part in parts for name in NAMED.findall(part.read_text())}
    named = {TYPES[name] for name in told if name in TYPES}
    assert named
    assert named - kind.reads == set()
