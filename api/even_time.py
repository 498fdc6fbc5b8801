"""Even time: an answer "there is no such thing" takes as long for what is another's.

A thing of somebody else and a thing that never was are answered by the same reads in the same
order, with the same bytes. But a few events take some microseconds to fold, or are in memory
already; with thousands of questions that could be measured. So such an answer leaves at a multiple
of `EVEN_MILLISECONDS` after its request came: as long as both take much less than that, both leave
at the same time.

What it does not do: hide how busy the server is, which is no secret of any merchant.
"""

from typing import Final

EVEN_MILLISECONDS: Final = 5
"""Answers that find nothing leave at multiples of this; finding nothing takes a tenth of it."""


def seconds_to_wait(spent_seconds: float) -> float:
    """How long an answer waits that took so long: up to the next even time."""
    even = EVEN_MILLISECONDS / 1000
    return even - spent_seconds % even
