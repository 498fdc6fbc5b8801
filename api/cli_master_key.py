"""Commands about the master key: a part of `api.cli`."""

from typing import Annotated

import typer

from api.cli_options import Database, Json, do

master_key = typer.Typer(
    help="The master key: what wraps every data key, replaced while servers run.",
    no_args_is_help=True,
)


@master_key.command("rotate")
def master_key_rotate(database: Database = None, as_json: Json = False) -> None:
    """Make a new current key and wrap every data key under it; repeat it after an interruption."""
    do("master_key", "rotate", database=database, as_json=as_json)


@master_key.command("retire")
def master_key_retire(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="Of a former key.")],
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Take a former key out of the ring; refused while anything is wrapped under it."""
    do("master_key", "retire", key_id=key_id, database=database, as_json=as_json)


@master_key.command("list")
def master_key_list(database: Database = None, as_json: Json = False) -> None:
    """List the ring's keys by id, and how many data keys each wraps."""
    do("master_key", "list_keys", database=database, as_json=as_json)
