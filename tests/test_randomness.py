"""Randomness in blocks: what was handed out once is handed out to nobody else, in any process."""

import subprocess
import sys
import weakref
from pathlib import Path

import pytest

from api.randomness import BLOCK_BYTES, RandomBlock

ROOT = Path(__file__).resolve().parent.parent
# A process of its own forks: the one that runs the tests has threads, which a child would lack.
FORKING = """
import os
from api.randomness import RandomBlock

drawn, undrawn = RandomBlock(), RandomBlock()
drawn(16)
reading, writing = os.pipe()
child = os.fork()
if child == 0:
    os.write(writing, drawn(16) + undrawn(16))
    os._exit(0)
os.waitpid(child, 0)
theirs = os.read(reading, 32).hex()
print(theirs[:32], theirs[32:], drawn(16).hex(), undrawn(16).hex())
"""


def test_a_forked_child_never_draws_what_its_parent_draws() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKING],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT)},
        check=True,
        timeout=30,
    )
    drawn = done.stdout.split()
    assert ([len(one) for one in drawn], len(set(drawn))) == ([32] * 4, 4)


def test_a_source_that_is_gone_is_not_kept_for_the_sake_of_forks() -> None:
    source = RandomBlock()
    gone = weakref.ref(source)
    del source
    assert gone() is None


@pytest.mark.parametrize("count", [1, 12, 16, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1])
def test_nothing_is_handed_out_twice(count: int) -> None:
    draw = RandomBlock()
    drawn = [draw(count) for _ in range(3)] + [draw(32) for _ in range(600)]
    assert [len(one) for one in drawn] == [count] * 3 + [32] * 600
    assert len(set(drawn[3:])) == 600
