"""The collector of a serving process: rubbish waits, but never more than is said."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from api.collector import ALLOCATIONS, WAITING_MAX

ROOT = Path(__file__).resolve().parent.parent
# The collector is one per process: what is tried out here must not outlive the trial.
TURNING = """
import collections, json, sys
from api.collector import settle_collector

class Circle:
    __slots__ = ("itself",)
    there = 0

    def __init__(self):
        self.itself = self
        Circle.there += 1

    def __del__(self):
        Circle.there -= 1

lives, rounds = map(int, sys.argv[1:])
settle_collector()
living, most = collections.deque(maxlen=lives), 0
for _ in range(rounds):
    living.append(Circle())
    most = max(most, Circle.there - len(living))
print(json.dumps(most))
"""


@pytest.mark.parametrize(
    ("lives", "waiting_max"),
    [
        (1, 2 * ALLOCATIONS),
        (ALLOCATIONS, ALLOCATIONS + WAITING_MAX),
        (8 * ALLOCATIONS, 8 * ALLOCATIONS + WAITING_MAX),
    ],
    ids=["never looked at", "survived one search", "survived several"],
)
def test_what_dies_in_a_circle_does_not_wait_for_more_than_is_said(
    lives: int, waiting_max: int
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", TURNING, str(lives), str(4 * WAITING_MAX)],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT)},
        check=True,
        timeout=60,
    )
    assert 0 < json.loads(done.stdout) <= waiting_max
