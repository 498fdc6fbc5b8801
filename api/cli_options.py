"""Options that several commands share, and how a command's module is found and run."""

import gc
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer


class PageLanguage(StrEnum):
    """The language of a page, or of a command."""

    FRENCH = "fr"
    ENGLISH = "en"


Database = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        help="sqlite:///cauri.db, a file's path, or postgresql://user@host/name.",
    ),
]
MasterKeyFile = Annotated[
    Path | None, typer.Option("--master-key-file", help="The file with the master key.")
]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]


def do(module: str, verb: str = "run", **given: Any) -> None:
    """Import a command's module, run it, and turn what it says into an exit status."""
    # What is loaded stays, and looking for rubbish among it was a tenth of a short command's time.
    gc.disable()
    try:
        loaded = import_module(f"api.commands.{module}")
    finally:
        gc.enable()
    raise typer.Exit(loaded.__dict__[verb](**given) or 0)
