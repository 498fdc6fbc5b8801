"""Commands about providers' statements: a part of `api.cli`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from api.cli_options import Database, Json, do

statements = typer.Typer(
    help="Statements: what a provider says that moved, held against the ledger.",
    no_args_is_help=True,
)


class StatementMode(StrEnum):
    """Which payments a statement is held against."""

    TEST = "test"
    LIVE = "live"


@statements.command("import")
def statements_import(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.csv",
            help="Columns: provider_transaction_id, reference (may be empty), direction (in or "
            "out), amount, occurred_at (with its offset from UTC), fee (may be empty).",
        ),
    ],
    provider: Annotated[str, typer.Option("--provider", help="Whose statement it is.")],
    currency: Annotated[str, typer.Option("--currency", help="Of all its amounts.")],
    covers_from: Annotated[
        str, typer.Option("--from", metavar="TIME|DAY", help="Where it begins; a day is in UTC.")
    ],
    covers_to: Annotated[
        str, typer.Option("--to", metavar="TIME|DAY", help="Where it ends, not included.")
    ],
    mode: Annotated[
        StatementMode | None,
        typer.Option("--mode", help="Tests or payments for real; by default as the deployment is."),
    ] = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Hand in a provider's statement: its lines settle the payments they speak of."""
    do(
        "statements",
        "hand_in",
        file=file,
        head={
            "provider": provider,
            "currency": currency,
            "covers_from": covers_from,
            "covers_to": covers_to,
            "mode": None if mode is None else mode.value,
        },
        database=database,
        as_json=as_json,
    )


@statements.command("show")
def statements_show(
    statement_id: Annotated[str, typer.Argument(metavar="ID", help="stm_...")],
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Show what a statement comes to, which lines differ or are unknown, and what is missing."""
    do("statements", "show", statement_id=statement_id, database=database, as_json=as_json)
