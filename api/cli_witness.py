"""Commands of whoever watches a log that is somebody else's: a part of `api.cli`."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli_options import Json, do

witness = typer.Typer(
    help="A witness: a small server that cosigns a log as long as it only grows.",
    no_args_is_help=True,
)

Folder = Annotated[Path, typer.Option("--dir", help="The witness's folder.")]


@witness.command("init")
def witness_init(
    name: Annotated[
        str, typer.Option("--name", help="The witness's name, such as audit.example/witness.")
    ],
    folder: Folder = Path("witness"),
    as_json: Json = False,
) -> None:
    """Make a witness: its folder and key; print the public key for those who trust it."""
    do("witness", "make", name=name, folder=folder, as_json=as_json)


@witness.command("add-log")
def witness_add_log(
    verifier: Annotated[
        str, typer.Argument(metavar="KEY", help="The log's public key: <name>+<id>+<base64>.")
    ],
    introduction: Annotated[
        Path | None,
        typer.Option(
            "--introduction",
            help="A saved answer of /v1/log/keys: the key is added only if one that is known here "
            "introduced it.",
        ),
    ] = None,
    folder: Folder = Path("witness"),
    as_json: Json = False,
) -> None:
    """Watch a log from now on, or know a further key of it."""
    do(
        "witness",
        "add_log",
        verifier=verifier,
        introduction=introduction,
        folder=folder,
        as_json=as_json,
    )


@witness.command("serve")
def witness_serve(
    folder: Folder = Path("witness"),
    host: Annotated[str, typer.Option("--host", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65_535, help="Where to listen; 0 picks one.")
    ] = 8090,
) -> None:
    """Serve the witness until told to stop: add-checkpoint for logs, a page for people."""
    do("witness", "serve", folder=folder, host=host, port=port)


@witness.command("evidence")
def witness_evidence(folder: Folder = Path("witness"), as_json: Json = False) -> None:
    """Show what was refused and kept (exit status 1), and signs; with --json whole, one a line."""
    do("witness", "show_evidence", folder=folder, as_json=as_json)
