"""Memory: replaying and projecting a long log takes no more than doing so with a short one.

Each log is read by a process of its own that does nothing else; its peak is the system's figure
(`VmHWM`), which begins anew with every program. What the long one's peak is above the short one's
is what a log costs by being long.
"""

from typing import Final

from scripts.benches.plan import Answers, Plan
from scripts.benches.subject import SubjectError
from scripts.benches.table import Row, bounded

GROWTH_MEGABYTES_MAX: Final = 150.0


def on_sqlite(plan: Plan) -> list[Row]:
    """Compare the peaks of two logs' readers."""
    many, few = plan.events_many, plan.events_few
    quick = ", not 1,000,000 as without --quick" if plan.is_quick else ""
    work = f"memory of replay and rebuild: {many:,} events{quick}, above {few:,}"
    found: Answers
    try:
        found = [{"growth": _peak(plan, many) - _peak(plan, few)}]
    except SubjectError as error:
        found = error.reason
    return [bounded(work, found, GROWTH_MEGABYTES_MAX, "MB", "growth")]


def _peak(plan: Plan, events: int) -> float:
    with plan.new_subject("ours_store") as reader:
        url = f"sqlite:///{plan.filled(events)}"
        reader.ask("replay", url=url)
        reader.ask("rebuild", url=url)
        return float(reader.ask("peak")["megabytes"])
