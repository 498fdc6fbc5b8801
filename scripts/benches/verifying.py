"""Verifying the whole log: how fast with every core, per core, in how much memory, and why.

The log is written beforehand, in the bytes the product writes (`scripts.benches.written`), with
signed checkpoints in it and every payment's data key beside it, which is looked for. Beside the
speed stand the goals: 150,000 events a second per core, where a core's second is one of processor
time, whoever else the machine works for; and 512 MB in all. The same goals stand beside verifying a
log with every projection of it, where each event is also decoded, folded by all that read it, and
what comes out hashed, here and where it is kept live.

What bounds it is told beneath the table: what each step costs for one entry, alone.
"""

from typing import Final

from scripts.benches.plan import Answers, Plan, in_turns
from scripts.benches.subject import SubjectError
from scripts.benches.table import Row, bounded, compared, told

PER_CORE_GOAL: Final = 150_000.0
MEGABYTES_MAX: Final = 512.0

AUDITS_MAX: Final = 3
"""How often a log is verified with its projections at most; once takes as long as many others."""


def on_sqlite(plan: Plan) -> list[Row]:
    """Verify a log in a file, and one with its projections."""
    return [*_log(plan), *_projections(plan)]


def _log(plan: Plan) -> list[Row]:
    found: Answers
    try:
        url = _written(plan, plan.events_verified)
        subject = plan.subject("ours_verify")
        found = in_turns(plan.repeats, {"verify": lambda _: subject.ask("verify", url=url)})[
            "verify"
        ]
        steps = subject.ask("steps", path=url.removeprefix("sqlite:///"))
        plan.note(
            "verify, nanoseconds an entry: "
            + ", ".join(f"{name} {cost:,.0f}" for name, cost in steps.items())
        )
    except SubjectError as error:
        found = error.reason
    return _rows(f"cauri verify of {plan.events_verified:,} events", found)


def _projections(plan: Plan) -> list[Row]:
    found: Answers
    try:
        url = _written(plan, plan.events_audited)
        with plan.new_subject("ours_verify") as maker:
            maker.ask("project", url=url)
        with plan.new_subject("ours_verify") as subject:  # its memory is not that of the others
            audits = min(plan.repeats, AUDITS_MAX)
            found = in_turns(audits, {"audit": lambda _: subject.ask("audit", url=url)})["audit"]
    except SubjectError as error:
        found = error.reason
    work = f"cauri verify with every projection of {plan.events_audited:,} events"
    return [*_rows(work, found), told(f"{work}, whole time", found, "s", "seconds")]


def _written(plan: Plan, events: int) -> str:
    """The URL of a log of this length; it is made once, and kept until the end."""
    path = plan.folder / f"written-{events}.db"
    if not path.exists():
        plan.subject("ours_store").ask("create", url=f"sqlite:///{path}")
        with plan.new_subject("ours_verify") as writer:  # its memory is not the verifier's
            writer.ask("write", path=str(path), events=events)
    return f"sqlite:///{path}"


def _rows(work: str, found: Answers) -> list[Row]:
    goal: Answers = [{"per_core": PER_CORE_GOAL}]
    return [
        told(f"{work}, all cores", found, "events/s"),
        compared(f"{work}, a core | the goal", found, goal, "events/s", 1.0, "per_core"),
        bounded(f"{work}, memory of all processes", found, MEGABYTES_MAX, "MB", "megabytes"),
    ]
