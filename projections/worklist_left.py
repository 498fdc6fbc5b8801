"""What a process leaves alone: pieces of providers, or of modes, that it is not set up for.

A payment for real belongs to a process whose provider moves real money, and a test to one whose
provider is for trying; whoever is set up otherwise must not touch it. So it waits, and a person is
told how much does. What no provider ever had is given up by the clock all the same, by anybody:
that calls nobody.

Why nothing else is: what a provider may have is never called failed because we waited long.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Select, Table, and_, func, not_, or_, select

from ledger.identity import Mode
from projections.modes import among
from projections.worklist_rows import OF_PROVIDERS, Kind

Served = Mapping[str, Sequence[Mode | None]]
"""Of each provider that a process has: the modes of the payments it takes there; None among them:
of those without a mode of their own."""

_OF_CALLS: Final[Kind] = "translate"
"""Stored calls have no mode: they are read by whoever has their provider."""


class Left(NamedTuple):
    """How many pieces wait for somebody else."""

    provider: str
    mode: str
    """Of payments of which mode; unsaid of calls, and of payments without a mode of their own."""
    pieces: int


def left_by(work: Table, served: Served) -> Select[Any]:
    """Ask how many pieces wait for a process that is set up otherwise."""
    row = work.c
    calls = and_(row.kind == _OF_CALLS, row.provider.not_in(sorted(served)))
    others = [kind for kind in OF_PROVIDERS if kind != _OF_CALLS]
    return (
        select(row.provider, row.mode, func.count().label("pieces"))
        .where(or_(calls, and_(row.kind.in_(others), _is_left(work, served))))
        .group_by(row.provider, row.mode)
        .order_by(row.provider, row.mode)
    )


def lapsed(work: Table, served: Served, at: str) -> list[ColumnElement[bool]]:
    """Which of them are payments that no provider had in time."""
    row = work.c
    return [row.kind == "submit", row.lapses_at <= at, _is_left(work, served)]


def _is_left(work: Table, served: Served) -> ColumnElement[bool]:
    row = work.c
    ours = [
        and_(row.provider == provider, *among(row.mode, modes))
        for provider, modes in sorted(served.items())
    ]
    return not_(or_(*ours)) if ours else row.provider.is_not(None)
