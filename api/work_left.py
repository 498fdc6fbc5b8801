"""Work that is left: how much waits for a process that is set up otherwise, and why.

A process takes only what it has a provider for, and for the payment's mode. What nobody takes is
no error of this process, which cannot see the others; so it is told at the start, and as a figure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.serving import Serving
from api.wiring_services import Services


@dataclass(frozen=True, slots=True)
class WorkLeft:
    """What waits for one provider, of one mode."""

    provider: str
    mode: str
    """`any` of stored calls, which wait for whoever has their provider."""
    pieces: int
    reason: str
    remedy: str


async def work_left(services: Services) -> Sequence[WorkLeft]:
    """Say what waits for somebody else, by provider and mode."""
    serving = Serving(services.adapters_of, services.default_mode)
    return [
        _told(services, one.provider, one.mode, one.pieces)
        for one in await services.worklist.left(serving.modes())
    ]


def _told(services: Services, provider: str, mode: str, pieces: int) -> WorkLeft:
    if provider not in services.adapters:
        mode = mode or "any"
        return WorkLeft(provider, mode, pieces, "it is not enabled here", "enable it here")
    mode = mode or services.default_mode
    reason = f"it takes no {mode} payments here"
    return WorkLeft(provider, mode, pieces, reason, f"set it up for {mode} payments here")
