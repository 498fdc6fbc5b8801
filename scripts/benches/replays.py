"""Reading the whole log: replayed as typed events, folded into a projection.

Beside the replay: `SELECT` and `orjson.loads` of the same rows, which types nothing, and
`eventsourcing`, which reads its own log of the same story as its own events.

Beside the rebuild stands the replay, because a rebuild is a replay that also writes: a row for
every payment and every reference, indexes, durable commits and the swap.
"""

from typing import Final

from scripts.benches.plan import Answers, Plan, in_turns
from scripts.benches.story import EVENTS_PER_PAYMENT
from scripts.benches.subject import Answer
from scripts.benches.table import Row, compared

LIMIT_GOAL: Final = 0.35
RIVAL_GOAL: Final = 1.5
REBUILD_GOAL: Final = 0.3
EVENTS_OTHER_MAX: Final = 1_000
"""How long the log of eventsource-py is, which commits every append alone."""

_UNIT: Final = "events/s"


def on_sqlite(plan: Plan) -> list[Row]:
    """Read logs in SQLite files."""
    ours, raw = plan.subject("ours_store"), plan.subject("raw_store")
    rival, other = plan.rival("rival_eventsourcing"), plan.rival("rival_eventsource")
    path = plan.filled(plan.events)
    url = f"sqlite:///{path}"
    theirs_path, others_path = (str(plan.folder / f"log-{name}.db") for name in "ab")

    def theirs(repeat: int) -> Answer:
        if repeat == 0:
            payments = plan.events // EVENTS_PER_PAYMENT
            rival.ask("fill", path=theirs_path, payments=payments)
        return rival.ask("replay", path=theirs_path)

    def others(repeat: int) -> Answer:
        if repeat == 0:
            payments = min(plan.events, EVENTS_OTHER_MAX) // EVENTS_PER_PAYMENT
            other.ask("fill", path=others_path, payments=payments)
        return other.ask("replay", path=others_path)

    found = in_turns(
        plan.repeats,
        {
            "replay": lambda _: ours.ask("replay", url=url),
            "limit": lambda _: raw.ask("read_sqlite", path=str(path)),
            "theirs": theirs,
            "others": others,
            "rebuild": lambda _: ours.ask("rebuild", url=url),
        },
    )
    _note(plan, found["others"])
    replay, work = found["replay"], "replay of typed events"
    projection = "rebuild of the payments projection | the replay above"
    return [
        compared(f"{work} | select and orjson.loads", replay, found["limit"], _UNIT, LIMIT_GOAL),
        compared(f"{work} | eventsourcing", replay, found["theirs"], _UNIT, RIVAL_GOAL),
        compared(f"{work} | eventsource-py", replay, found["others"], _UNIT, None),
        compared(projection, found["rebuild"], replay, _UNIT, REBUILD_GOAL),
    ]


def _note(plan: Plan, others: Answers) -> None:
    """Tell on how long a log eventsource-py was timed, which was not the log of all the others."""
    if not isinstance(others, str):
        plan.note(
            f"eventsource-py was timed replaying {others[0]['events']:,} events, the others "
            f"{plan.events:,}: it commits every append alone, and a log as long takes too long to "
            "write."
        )
