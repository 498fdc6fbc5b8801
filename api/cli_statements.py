"""Commands about providers' statements: a part of `api.cli`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from api.cli_options import Database, Json, do
from api.cli_payments import Sure
from api.cli_people import Spoken

statements = typer.Typer(
    help="Statements: what a provider says that moved, held against the ledger. They settle "
    "payments once a second person has approved them.",
    no_args_is_help=True,
)


StatementId = Annotated[str, typer.Argument(metavar="ID", help="stm_...")]
HolderKey = Annotated[
    Path,
    typer.Option(
        "--key-file",
        metavar="FILE",
        help="A file with your own API key: an accountant's, an operator's or an admin's.",
    ),
]


class StatementMode(StrEnum):
    """Which payments a statement is held against."""

    TEST = "test"
    LIVE = "live"


@statements.command("import")
def statements_import(
    *,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.csv",
            help="Columns: provider_transaction_id, reference (may be empty), direction (in or "
            "out), amount, occurred_at (with its offset from UTC), fee (may be empty); or those "
            "of --form.",
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
    key_file: HolderKey,
    mode: Annotated[
        StatementMode | None,
        typer.Option("--mode", help="Tests or payments for real; by default as the deployment is."),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--form",
            metavar="NAME|FILE.toml",
            help="How the provider writes its file: one in the box, or your own.",
        ),
    ] = None,
    utc_offset: Annotated[
        str | None,
        typer.Option(
            "--utc-offset",
            metavar="±HH:MM",
            help="How far the file's times are ahead of UTC, where they do not say it.",
        ),
    ] = None,
    account: Annotated[
        str | None,
        typer.Option(
            "--account",
            metavar="ACCOUNT",
            help="Which account in the file is yours, where lines have two; left out: the one "
            "that is on every line.",
        ),
    ] = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Hand in a provider's statement: it is compared, and a second person approves it."""
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
        form=form,
        utc_offset=utc_offset,
        account=account,
        key_file=key_file,
        database=database,
        as_json=as_json,
    )


@statements.command("form")
def statements_form(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="A form in the box; left out: their names."),
    ] = None,
) -> None:
    """Write a form: which column of a provider's file is what, to be used or changed."""
    do("statements", "form", name=name)


@statements.command("list")
def statements_list(
    provider: Annotated[
        str | None, typer.Option("--provider", help="Only this provider's.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=999, help="How many.")] = 50,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """List the statements that were handed in, newest first, and how each stands."""
    do(
        "statements",
        "list_statements",
        provider=provider,
        limit=limit,
        database=database,
        as_json=as_json,
    )


@statements.command("show")
def statements_show(
    statement_id: StatementId,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Show what a statement comes to, which lines differ or are unknown, and what is missing."""
    do("statements", "show", statement_id=statement_id, database=database, as_json=as_json)


@statements.command("approve")
def statements_approve(
    statement_id: StatementId,
    key_file: HolderKey,
    is_sure: Sure = False,
    language: Spoken = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Agree as a second person: a statement's lines settle the payments they speak of."""
    do(
        "statements",
        "approve",
        statement_id=statement_id,
        key_file=key_file,
        is_sure=is_sure,
        language=language and language.value,
        database=database,
        as_json=as_json,
    )


@statements.command("withdraw")
def statements_withdraw(
    statement_id: StatementId,
    key_file: HolderKey,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Take back a statement that nobody approved: it counts nowhere, for ever."""
    do(
        "statements",
        "withdraw",
        statement_id=statement_id,
        key_file=key_file,
        database=database,
        as_json=as_json,
    )
