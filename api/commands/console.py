"""What commands share: settings with a database chosen, tables, progress, JSON.

Results are written to stdout, progress to stderr and only where a person looks at it.
"""

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from adapters.providers import complete_settings_class, provider_names
from api.cli_language import speak_unless_asked
from api.settings import Settings, load_settings

DRIVER_SECONDS_MAX: Final = 2.0
"""How long a command waits at its end for a thread of the database driver."""

T = TypeVar("T")


def settings_for(database: str | None, **overrides: Any) -> Settings:
    """Read the settings, with the database the command line names; a bare path is SQLite's."""
    url = database
    if database is not None and "://" not in database:
        url = f"sqlite:///{Path(database)}"
    settings = load_settings(
        os.environ,
        provider_names=provider_names(),
        model_of=complete_settings_class,
        database_url=url,
        **overrides,
    )
    speak_unless_asked(settings.language)
    return settings


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine in a loop that outlives the database driver's threads."""

    async def whole() -> T:
        try:
            return await work
        finally:
            # A connection that could not be opened leaves aiosqlite's thread behind for a moment;
            # if the loop closed first, that thread would print a traceback over our sentence.
            for thread in threading.enumerate():
                if "_connection_worker_thread" in thread.name:
                    await asyncio.to_thread(thread.join, DRIVER_SECONDS_MAX)

    return asyncio.run(whole())


def write_json(content: object) -> None:
    """Write one JSON value and a line's end."""
    sys.stdout.buffer.write(
        orjson.dumps(content, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z)
    )
    sys.stdout.buffer.flush()


def write_line(line: str = "") -> None:
    """Write one line as it is."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def write_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Write a table; columns whose names begin with `#` hold numbers, with `@` times and ids.

    Those are never cut: half of one is worth nothing, and an id is copied. So a table may be wider
    than the terminal.
    """
    table = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        table.add_column(
            column.lstrip("#@"),
            justify="right" if column.startswith("#") else "left",
            no_wrap=column.startswith("@"),
        )
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    shown = console()
    least = shown.measure(table).minimum
    shown.width = max(shown.width, least)
    shown.print(table)


def written_time(when: datetime | None) -> str:
    """Write a time for people: RFC 3339 to the second; nothing where there is none."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ") if when else ""


def console() -> Console:
    """Give the console on stdout; wide enough for tables where nobody looks."""
    is_seen = sys.stdout.isatty()
    return Console(file=sys.stdout, width=None if is_seen else 160, highlight=False)


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show how far a long work is; yields a function that is told (done, total)."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=Console(file=sys.stderr), transient=True, disable=not sys.stderr.isatty()
    ) as shown:
        task = shown.add_task(what, total=None)

        def tell(done: int, total: int) -> None:
            shown.update(task, completed=done, total=total)

        yield tell
