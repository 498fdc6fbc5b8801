"""What commands share: settings with a database chosen, tables, progress, JSON.

Results are written to stdout, progress to stderr and only where a person looks at it.
"""

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import orjson
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from adapters.dates import table_time
from adapters.providers import complete_settings_class, provider_names
from api.cli_language import head_said, said, speak_unless_asked
from api.settings import Settings, load_settings
from ledger.errors import InvalidInputError
from ledger.sentences import Sentence

HASH_CHARACTERS_SHOWN: Final = 17
"""Sixteen digits of a hash tell two apart, and a sign says that there are more."""

TABLE_WIDTH_MAX: Final = 10_000
"""In characters: no row needs more."""

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


def check_providers(names: Iterable[str], option: str) -> None:
    """Refuse names of no provider, enabled or not: a misspelt one would be taken for an idle one.

    Raises:
        InvalidInputError: there is such a name.
    """
    if unknown := sorted(set(names) - set(provider_names())):
        raise InvalidInputError(
            option,
            Sentence("there is no provider {name}.", name=unknown[0]),
            Sentence("Take a name that `cauri providers` lists."),
        )


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


def write_line(line: str = "", *, indent: str = "") -> None:
    """Write one line as it is; a sentence in the language that is spoken."""
    sys.stdout.write(f"{indent}{said(line)}\n")
    sys.stdout.flush()


def write_facts(*facts: tuple[Sentence, object]) -> None:
    """Write what is what, one below the other."""
    names = [said(name) for name, _ in facts]
    width = max(map(cell_len, names))
    for name, (_, value) in zip(names, facts, strict=True):
        write_line(f"{name}{' ' * (width - cell_len(name))}  {value}")


def write_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Write a table; columns whose names begin with `#` hold numbers, with `@` times and ids.

    Those are never cut: half of one is worth nothing, and an id is copied. Where all columns do not
    fit beside each other, each row becomes a paragraph with a line for every cell that holds
    something: a column that is squeezed to nothing looks as if it were empty. Where nobody looks
    the table is as wide as it must be.

    The title, the heads and those cells that are sentences are said in the language that is spoken.
    """
    title = said(title)
    table = Table(title=title, title_justify="left", header_style="bold")
    written = [["" if cell is None else said(cell) for cell in row] for row in rows]
    names = [head_said(column.lstrip("#@")) for column in columns]
    for number, column in enumerate(columns):
        name, cells = names[number], [row[number] for row in written]
        is_whole = column.startswith("@") or all(" " not in one for one in cells)
        # Said as a width too: the library squeezes a column first that may not be wrapped.
        parts = [name, *cells] if is_whole else " ".join([name, *cells]).split()
        table.add_column(
            name,
            justify="right" if column.startswith("#") else "left",
            no_wrap=is_whole,
            min_width=max(map(cell_len, parts), default=None),
        )
    for row in written:
        # As texts: what a person wrote in brackets is no markup.
        table.add_row(*(Text(cell) for cell in row))
    shown = console()
    unbounded = shown.options.update(width=TABLE_WIDTH_MAX)
    least = shown.measure(table, options=unbounded).minimum
    if least > shown.width and sys.stdout.isatty():
        _write_paragraphs(shown, title, names, written)
        return
    shown.width = max(shown.width, least)
    shown.print(table)


def _write_paragraphs(
    shown: Console, title: str, names: Sequence[str], rows: Sequence[Sequence[str]]
) -> None:
    width = max(len(one) for one in names)
    shown.print(title, style="italic", markup=False)
    for row in rows:
        shown.print()
        for name, cell in zip(names, row, strict=True):
            if cell:
                # As it is: what is too long goes on in the next line of the terminal, and is
                # copied whole.
                shown.print(f"{name:<{width}}  {cell}", markup=False, soft_wrap=True)


def written_time(when: datetime | None) -> str:
    """Write a time for people; nothing where there is none."""
    return table_time(when) if when else ""


def cut(text: str, characters_max: int) -> str:
    """Cut a text short, and show that it was: the last sign is `…` then."""
    return text if len(text) <= characters_max else f"{text[: characters_max - 1]}…"


def stamped(rows: Iterable[Mapping[str, Any]], name: str) -> list[dict[str, Any]]:
    """Rows for a table of which one column, if they have it, holds times as the log writes them."""
    return [
        {
            key: table_time(datetime.fromisoformat(cell)) if key == name and cell else cell
            for key, cell in row.items()
        }
        for row in rows
    ]


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
