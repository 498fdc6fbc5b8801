"""Verifying the whole log: how fast with every core, per core, in how much memory, and why.

The log is written beforehand, in the bytes the product writes (`scripts.benches.written`), with
signed checkpoints in it. Beside the speed stand the goals: 150,000 events a second per core, where
a core's second is one of processor time, whoever else the machine works for; and 512 MB in all.

What bounds it is told beneath the table: what each step costs for one entry, alone.
"""

from typing import Final

from scripts.benches.plan import Answers, Plan, in_turns
from scripts.benches.subject import SubjectError
from scripts.benches.table import Row, bounded, compared, told

PER_CORE_GOAL: Final = 150_000.0
MEGABYTES_MAX: Final = 512.0


def on_sqlite(plan: Plan) -> list[Row]:
    """Verify a log in a file."""
    subject = plan.subject("ours_verify")
    path = plan.folder / f"written-{plan.events_verified}.db"
    work = f"cauri verify of {plan.events_verified:,} events"
    found: Answers
    try:
        if not path.exists():
            plan.subject("ours_store").ask("create", url=f"sqlite:///{path}")
            with plan.new_subject("ours_verify") as writer:  # its memory is not the verifier's
                writer.ask("write", path=str(path), events=plan.events_verified)
        found = in_turns(
            plan.repeats, {"verify": lambda _: subject.ask("verify", url=f"sqlite:///{path}")}
        )["verify"]
        steps = subject.ask("steps", path=str(path))
        plan.note(
            "verify, nanoseconds an entry: "
            + ", ".join(f"{name} {cost:,.0f}" for name, cost in steps.items())
        )
    except SubjectError as error:
        found = error.reason
    goal: Answers = [{"per_core": PER_CORE_GOAL}]
    return [
        told(f"{work}, all cores", found, "events/s"),
        compared(f"{work}, a core | the goal", found, goal, "events/s", 1.0, "per_core"),
        bounded(f"{work}, memory of all processes", found, MEGABYTES_MAX, "MB", "megabytes"),
    ]
