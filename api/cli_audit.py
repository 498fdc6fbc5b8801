"""Commands for auditors who take a stretch of the log away: a part of `api.cli`."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli_options import Database, Json, do

audit = typer.Typer(
    help="Audit bundles: a stretch of the log with all that proves it.", no_args_is_help=True
)


@audit.command("export")
def audit_export(
    out: Annotated[
        Path, typer.Option("--out", help="Where to: a new folder, or a new file ending in .tar.")
    ],
    first: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="POSITION|TIME|DAY",
            help="The first entry, or the first of then or later; a day begins in UTC. By default "
            "the log's first.",
        ),
    ] = None,
    last: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="POSITION|TIME|DAY",
            help="The last entry, or the last by then, both included; so a day is its beginning in "
            "UTC. By default the last one a checkpoint covers.",
        ),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(
            "--policy",
            help="The C2SP tlog-policy file that goes along, and by which the report says who "
            "cosigned; by default the server's, CAURI_WITNESS_POLICY_FILE.",
        ),
    ] = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Write a bundle that can be checked on a machine without Cauri, network or database."""
    do(
        "audit",
        "export",
        out=out,
        first=first,
        last=last,
        policy=policy,
        database=database,
        as_json=as_json,
    )


@audit.command("verify")
def audit_verify(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="A folder or a .tar file.")],
    policy: Annotated[
        Path | None,
        typer.Option(
            "--policy",
            help="Whom you trust: a C2SP tlog-policy file. By default the bundle's own.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check a bundle: every byte, signature and number of it; name the first that is wrong."""
    do("audit", "verify", bundle=bundle, policy=policy, as_json=as_json)
