"""Modes in the tables: tests and payments for real stand side by side, and are never added up.

A payment from before keys had a mode is of the deployment's own, which the log does not say; so the
column that tells apart what is counted is empty for it, and never null, for it is part of keys.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Column, ColumnElement

from ledger.identity import Mode

UNSAID: Final = ""
"""The mode of what has none."""

Modes = Sequence[Mode | None] | None
"""Only what is of these modes; None among them stands for what has none. None: everything."""


def among(column: "Column[str]", modes: Modes) -> list[ColumnElement[bool]]:
    """The conditions under which a row is of one of these modes; none where all are meant."""
    return [] if modes is None else [column.in_([mode or UNSAID for mode in modes])]
