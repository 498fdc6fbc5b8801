"""The garbage collector of a serving process, set for one that lives long and allocates much.

What was loaded at the start lives as long as the process and is taken out of the collector's sight.
The rest is looked through after `ALLOCATIONS` instead of Python's 700: a request makes hundreds of
objects that die with it by reference count, and searching them for cycles every few requests cost a
sixth of all the processor's time. Between two searches at most some tens of megabytes of cycles
wait; most of what we make has none.
"""

import gc
from typing import Final

ALLOCATIONS: Final = 50_000
YOUNG_PER_MIDDLE: Final = 20
MIDDLE_PER_FULL: Final = 50


def settle_collector() -> None:
    """Set the collector; called once, when everything is loaded and nothing is served yet."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(ALLOCATIONS, YOUNG_PER_MIDDLE, MIDDLE_PER_FULL)
