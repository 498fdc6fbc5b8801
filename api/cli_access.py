"""Commands about merchants and their keys: a part of `api.cli`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from api.cli_options import Database, Json, do

merchants = typer.Typer(help="Merchants: who may take payments.", no_args_is_help=True)
keys = typer.Typer(help="API keys: who may ask for what.", no_args_is_help=True)


class Mode(StrEnum):
    """What a merchant's key moves money for."""

    TEST = "test"
    LIVE = "live"


ModeOption = Annotated[
    Mode | None,
    typer.Option("--mode", help="For trying or for real; by default as the deployment is."),
]


class Role(StrEnum):
    """What a key may do."""

    MERCHANT = "merchant"
    ACCOUNTANT = "accountant"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    ADMIN = "admin"


@merchants.command("add")
def merchants_add(
    name: Annotated[str, typer.Argument(help="What people call the merchant.")],
    country: Annotated[
        str, typer.Option("--country", help="ISO 3166 code: the default for national numbers.")
    ],
    mode: ModeOption = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Add a merchant and print its API key, this once."""
    do(
        "keys",
        "add_merchant",
        name=name,
        country=country,
        mode=mode.value if mode else None,
        database=database,
        as_json=as_json,
    )


@merchants.command("list")
def merchants_list(database: Database = None, as_json: Json = False) -> None:
    """List the merchants."""
    do("keys", "list_merchants", database=database, as_json=as_json)


@keys.command("add")
def keys_add(
    role: Annotated[Role, typer.Option("--role", help="What the key may do.")],
    merchant: Annotated[
        str | None, typer.Option("--merchant", help="Whose, for the role merchant.")
    ] = None,
    mode: ModeOption = None,
    label: Annotated[
        str | None,
        typer.Option(
            "--label",
            help="Who holds it, for lists: at most 80 characters, kept for ever, no number.",
        ),
    ] = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Make an API key and print it, this once."""
    do(
        "keys",
        "add_key",
        role=role.value,
        merchant_id=merchant,
        mode=mode.value if mode else None,
        label=label,
        database=database,
        as_json=as_json,
    )


@keys.command("rotate")
def keys_rotate(
    key_id: Annotated[str, typer.Argument(help="The id of the key that shall end.")],
    overlap_hours: Annotated[
        int,
        typer.Option("--overlap-hours", min=0, max=720, help="How long the old key lives on."),
    ] = 24,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Replace an API key and print the new one, this once; the old one ends by itself."""
    do(
        "keys",
        "rotate_key",
        key_id=key_id,
        overlap_hours=overlap_hours,
        database=database,
        as_json=as_json,
    )


@keys.command("revoke")
def keys_revoke(
    key_id: Annotated[str, typer.Argument(help="The key's id: the part after its role.")],
    reason: Annotated[str, typer.Option("--reason", help="Kept for ever.")] = "revoked",
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Make an API key worth nothing, at once."""
    do("keys", "revoke_key", key_id=key_id, reason=reason, database=database, as_json=as_json)


@keys.command("list")
def keys_list(database: Database = None, as_json: Json = False) -> None:
    """List the API keys and when each was last used; their secrets are known to nobody."""
    do("keys", "list_keys", database=database, as_json=as_json)


@keys.command("signing")
def keys_signing(
    name: Annotated[
        str, typer.Option("--name", help="The log's own name: a host and path you control.")
    ],
    file: Annotated[Path, typer.Option("--file", help="Where the private key is written, once.")],
    as_json: Json = False,
) -> None:
    """Make the key that signs checkpoints; print the public key for those who verify."""
    do("keys", "make_signing_key", name=name, file=file, as_json=as_json)
