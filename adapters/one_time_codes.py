"""Keeps one-time codes out of what a provider said, for its reasons are kept and shown.

A provider may repeat in a sentence what it was sent. While the code is at hand it is masked by
itself; later nobody knows it any more, and whatever has the form of one is masked.
"""

import re
from dataclasses import replace
from typing import Final, TypeVar

from adapters.base import Declined, NotFound, NotSent, Pending, Unaskable, Unknown
from adapters.base import Final as FinalWord
from adapters.powers import CodeRefused, Taken
from adapters.transcript import MASK

Outcome = TypeVar("Outcome")

_FORM: Final = re.compile(r"(?<![0-9])[0-9]{4,10}(?![0-9])", re.ASCII)
"""What the ledger takes for a one-time code."""


def without_code(outcome: Outcome, one_time_code: str) -> Outcome:
    """Give an outcome whose sentence does not repeat the code it was asked for with."""
    return _masked(outcome, re.compile(re.escape(one_time_code)))


def without_any_code(outcome: Outcome) -> Outcome:
    """Give an outcome whose sentence holds nothing that has the form of a code."""
    return _masked(outcome, _FORM)


def _masked(outcome: Outcome, pattern: re.Pattern[str]) -> Outcome:
    match outcome:
        case Declined() | NotSent() | Unknown() | CodeRefused():
            return replace(outcome, reason=pattern.sub(MASK, outcome.reason))
        case FinalWord() if outcome.reason is not None:
            return replace(outcome, reason=pattern.sub(MASK, outcome.reason))
        case Pending() | NotFound() | Unaskable() | Taken():
            return replace(outcome, detail=pattern.sub(MASK, outcome.detail))
        case _:
            return outcome
