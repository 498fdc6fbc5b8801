"""Commands about the books: a part of `api.cli`."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli_options import Database, Json, do
from api.cli_people import Spoken

accounts = typer.Typer(
    help="The books: the general ledger and the trial balance, for spreadsheets and for paper.",
    no_args_is_help=True,
)

KnownAt = Annotated[
    str | None,
    typer.Option(
        metavar="POSITION|TIME|DAY", help="What the log held by then, included; by default all."
    ),
]
EffectiveFrom = Annotated[
    str | None,
    typer.Option(metavar="TIME|DAY", help="Only what moved then or later; a day begins in UTC."),
]
EffectiveTo = Annotated[
    str | None,
    typer.Option(metavar="TIME|DAY", help="Only what moved before that; it is not included."),
]
OfMode = Annotated[
    str | None,
    typer.Option("--mode", metavar="test|live", help="Of which; by default as the deployment is."),
]
Csv = Annotated[
    Path | None,
    typer.Option(
        "--csv",
        metavar="FILE",
        help="Write it there for a spreadsheet, separated as the language's are; `-` is stdout.",
    ),
]


@accounts.command("ledger")
def accounts_ledger(
    account: Annotated[
        str | None, typer.Argument(metavar="[ACCOUNT]", help="552, 411, ...; by default all.")
    ] = None,
    *,
    known_at: KnownAt = None,
    effective_from: EffectiveFrom = None,
    effective_to: EffectiveTo = None,
    mode: OfMode = None,
    csv: Csv = None,
    language: Spoken = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Show the general ledger: what stood in an account, every entry, and what stands there."""
    do(
        "accounts",
        "ledger",
        account=account,
        known_at=known_at,
        effective=(effective_from, effective_to),
        mode=mode,
        csv=csv,
        language=language and language.value,
        database=database,
        as_json=as_json,
    )


@accounts.command("balance")
def accounts_balance(
    *,
    known_at: KnownAt = None,
    effective_from: EffectiveFrom = None,
    effective_to: EffectiveTo = None,
    mode: OfMode = None,
    csv: Csv = None,
    language: Spoken = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Show the trial balance, with the totals of every currency."""
    do(
        "accounts",
        "balance",
        known_at=known_at,
        effective=(effective_from, effective_to),
        mode=mode,
        csv=csv,
        language=language and language.value,
        database=database,
        as_json=as_json,
    )
