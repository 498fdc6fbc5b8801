"""Tables of commands: whatever the terminal's width, no column is lost."""

import io
import sys
from typing import Final

import pytest

from api.cli_language import speak, speak_unless_asked
from api.commands.console import write_table

COLUMNS: Final = (
    *("@id", "role", "label", "merchant", "mode", "@issued", "@last used", "@ends"),
    *("replaced by", "@revoked", "reason"),
)
ROW: Final = (
    *("726eeac5b3f27bf3", "merchant", "the till at the market", "mer_06a088f987e4af85", "test"),
    *("2026-11-26T05:23:21Z", "2026-11-26T05:23:22Z", "2026-12-26T05:23:23Z"),
    *("826eeac5b3f27bf4", "2026-11-27T05:23:24Z", "lost [on] a bus"),
)


class Screen(io.StringIO):
    def __init__(self, *, is_seen: bool) -> None:
        super().__init__()
        self._is_seen = is_seen

    def isatty(self) -> bool:
        return self._is_seen


def written(monkeypatch: pytest.MonkeyPatch, *, is_seen: bool, width: int) -> str:
    # A command's process ends with its language; here the one before may have left its own.
    speak(None)
    speak_unless_asked(None)
    screen = Screen(is_seen=is_seen)
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "dumb")
    # Twice the same row, of which the second has nothing in its last cells.
    write_table("API keys", COLUMNS, [ROW, (*ROW[:8], None, "", None)])
    return screen.getvalue()


@pytest.mark.parametrize(
    ("is_seen", "width"), [(True, 40), (True, 80), (True, 120), (False, 80), (True, 400)]
)
def test_every_cell_is_there_whole_or_in_words(
    monkeypatch: pytest.MonkeyPatch, is_seen: bool, width: int
) -> None:
    shown = written(monkeypatch, is_seen=is_seen, width=width)

    words = [word for cell in (*ROW, *COLUMNS) for word in cell.lstrip("@").split()]
    assert [one for one in words if one not in shown] == []
    assert "││" not in shown


def test_a_row_that_does_not_fit_is_a_paragraph_without_what_is_empty(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = written(monkeypatch, is_seen=True, width=80)

    title, first, second = (one.strip().splitlines() for one in shown.split("\n\n"))
    assert title == ["API keys"]
    assert first[0] == "id           726eeac5b3f27bf3"
    assert first[-1] == "reason       lost [on] a bus"
    assert (len(first), len(second)) == (11, 8)
