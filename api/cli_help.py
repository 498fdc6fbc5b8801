"""Help in the language that is spoken: the command line's own texts, and the library's around them.

The command line is written in English where it stands; only where French help is asked for is it
walked, and each text replaced by its French (`api.french_help`). Names of commands and options, and
what stands for a value (`FILE`, `<int>`), are the same in both: they are in documentation and
scripts.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, Final

import typer
import typer.main

from api.cli_language import spoken

HELP: Final = "--help"


def run(app: typer.Typer, arguments: Sequence[str] | None) -> int:
    """Run a command line; its exit status.

    Raises:
        typer.TyperException: the call cannot be understood.
    """
    command: Any = typer.main.get_command(app)
    given = sys.argv[1:] if arguments is None else list(arguments)
    is_french = spoken() == "fr" and asks_for_help(command, given)
    with _in_french(command) if is_french else nullcontext():
        return command.main(args=given, prog_name="cauri", standalone_mode=False) or 0


def asks_for_help(command: Any, arguments: Sequence[str]) -> bool:
    """Whether a call shows help: it says so, or names a group and no command of it."""
    for word in arguments:
        if word == HELP:
            return True
        command = getattr(command, "commands", {}).get(word, command)
    return hasattr(command, "commands")


def texts_of(command: Any) -> Iterator[tuple[str, Any]]:
    """Every text of a command and of those below it, with what it stands on as its `help`."""
    helping = command.get_help_option(command.context_class(command))
    for one in (command, helping, *command.params):
        # An argument that needs no word has none.
        if one.help:
            # A docstring is broken into lines, and a paragraph of it is one text all the same.
            yield " ".join(one.help.split()), one
    for below in getattr(command, "commands", {}).values():
        yield from texts_of(below)


@contextmanager
def _in_french(command: Any) -> Iterator[None]:
    from typer import rich_utils  # noqa: PLC0415 - only help needs it

    from api.french_help import FRENCH_OF_HELP, PANELS  # noqa: PLC0415 - rarely needed, and large

    for english, one in texts_of(command):
        one.help = FRENCH_OF_HELP.get(english, english)
    before = {name: getattr(rich_utils, name) for name in PANELS}
    # The library has no other place for its own words than its module.
    vars(rich_utils).update(PANELS)
    try:
        yield
    finally:
        vars(rich_utils).update(before)
