"""Commands about the log's own checkpoints and keys: a part of `api.cli`."""

from typing import Annotated

import typer

from api.cli_options import Database, Json, do

checkpoint = typer.Typer(help="Checkpoints: what the log commits to.", no_args_is_help=True)
log_key = typer.Typer(help="The keys that sign the log.", no_args_is_help=True)


@checkpoint.command("make")
def checkpoint_make(database: Database = None, as_json: Json = False) -> None:
    """Sign and record what the log holds now, and print the note."""
    do("log", "make_checkpoint", database=database, as_json=as_json)


@checkpoint.command("list")
def checkpoint_list(
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many.")] = 20,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """List the checkpoints, newest first, and who cosigned them."""
    do("log", "list_checkpoints", limit=limit, database=database, as_json=as_json)


@log_key.command("list")
def log_key_list(database: Database = None, as_json: Json = False) -> None:
    """List the public keys that sign the log, and which checkpoints each signs."""
    do("log", "list_log_keys", database=database, as_json=as_json)


@log_key.command("rotate")
def log_key_rotate(
    is_lost: Annotated[
        bool,
        typer.Option(
            "--old-key-lost",
            help="The old key cannot sign the handing over: every auditor has to be told the new "
            "key anew.",
        ),
    ] = False,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Let a new key sign the log from now on; the old one signs its introduction."""
    do("log", "rotate_log_key", is_lost=is_lost, database=database, as_json=as_json)
