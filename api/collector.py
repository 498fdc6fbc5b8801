"""The garbage collector of a serving process, set for one that lives long and allocates much.

What was loaded at the start lives as long as the process and is taken out of the collector's sight.
The rest is looked through after `ALLOCATIONS` instead of Python's 700: a request makes hundreds of
objects that die with it by reference count, and searching them for cycles every few requests cost a
sixth of all the processor's time.

What that costs is memory: a cycle that died waits for the next search, and one that an earlier
search found alive waits for the next search of its age, which is rarer. Only what stays counts
towards a search, not what dies by itself, so as many wait as the numbers below multiply to: of what
was made since everything was last searched at most `WAITING_MAX` objects (a quarter of those that
lived then, where that is more), and of what lived then whatever has died. With cycles of 250 bytes,
of which none is younger than 400,000 others when it dies, about 150 megabytes were measured; under
ten where they die at once. Python's own ratios, ten and ten, would let six million objects wait.
"""

import gc
from typing import Final

ALLOCATIONS: Final = 50_000
"""How many more objects than have died must have been made before the youngest are searched."""

YOUNG_PER_MIDDLE: Final = 5
"""How many searches of the youngest go by without one of those that survived one."""

MIDDLE_PER_FULL: Final = 1
"""How many of those go by without one of everything."""

WAITING_MAX: Final = ALLOCATIONS * (YOUNG_PER_MIDDLE + 1) * (MIDDLE_PER_FULL + 1)
"""How many objects in dead cycles may wait to be found, of whatever age."""


def settle_collector() -> None:
    """Set the collector; called once, as soon as everything is loaded and the site has started.

    A request that is under way at that moment is kept out of the collector's sight too: its objects
    still die by reference count, and what it left in cycles stays, once.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(ALLOCATIONS, YOUNG_PER_MIDDLE, MIDDLE_PER_FULL)
