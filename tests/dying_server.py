"""A server that is killed between a checkpoint and its witnesses: `cauri`, run as a program.

The first word says when: `told` of a checkpoint that is in the log, before any witness is asked of
it; or `cosigned` by a witness, before what it said is in the log.
"""

import os
import signal
import sys

from adapters.gathering import Gatherer
from api.cli import main

METHODS = {"told": "told", "cosigned": "_cosigned"}


async def die(*_: object) -> None:
    """End as a process does whose machine lost its power."""
    os.kill(os.getpid(), signal.SIGKILL)


setattr(Gatherer, METHODS[sys.argv.pop(1)], die)
main()
