"""CSV for spreadsheets: separators as the language's spreadsheets want them, and no formulas.

In French, cells are parted by semicolons and decimals by a comma, as spreadsheets set up in French
read a file that is opened by a click; in English by commas and a point (RFC 4180). Either begins
with a byte order mark, without which some take its accents for something else.

A name comes from outside, and a cell that begins like a formula would be run by whoever opens the
file: it gets an apostrophe before it, which a spreadsheet takes for "this is text". Numbers are
ours and stay numbers.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Final

from adapters.refusal_texts import Language

BEGINNING: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"

_SEPARATORS: Final[Mapping[Language, tuple[str, str]]] = {"en": (",", "."), "fr": (";", ",")}
"""Language -> what parts cells, and what stands before decimals."""

_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""How a cell begins that a spreadsheet runs."""


def text_cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip(" \N{NO-BREAK SPACE}").startswith(_FORMULAS) else text


def decimal_cell(amount: str, language: Language) -> str:
    """An amount as a number: without thousands' separators, and with the language's decimals."""
    return amount.replace(".", _SEPARATORS[language][1])


def csv_line(cells: Sequence[str], language: Language) -> str:
    """One line, with its end; the cells are made by the functions above, or ours."""
    written = io.StringIO()
    csv.writer(written, delimiter=_SEPARATORS[language][0]).writerow(cells)
    return written.getvalue()
