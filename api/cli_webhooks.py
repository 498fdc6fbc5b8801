"""Commands about what merchants are told, and what providers told us: a part of `api.cli`."""

from enum import StrEnum
from typing import Annotated

import typer

from api.cli_options import Database, Json, do

webhooks = typer.Typer(
    help="Webhooks: what merchants are told, and providers' calls that nobody understood.",
    no_args_is_help=True,
)


class MessageState(StrEnum):
    """Where a message to an endpoint stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    PARKED = "parked"
    WITHDRAWN = "withdrawn"


@webhooks.command("list")
def webhooks_list(
    endpoint: Annotated[
        str | None, typer.Argument(help="Whose messages, newest first; by default the endpoints.")
    ] = None,
    merchant: Annotated[
        str | None, typer.Option("--merchant", help="Only this merchant's endpoints.")
    ] = None,
    state: Annotated[
        MessageState | None, typer.Option("--state", help="Only messages that are so.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many.")] = 100,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """List merchants' endpoints, or what one of them was told, is told and could not be told."""
    do(
        "webhooks",
        "list_endpoints",
        endpoint_id=endpoint,
        merchant_id=merchant,
        state=None if state is None else state.value,
        limit=limit,
        database=database,
        as_json=as_json,
    )


@webhooks.command("show")
def webhooks_show(
    message: Annotated[str, typer.Argument(help="we_....<position>: a message's id.")],
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Show one message to an endpoint, with every attempt: when, status, how long it took."""
    do("webhooks", "show_message", message_id=message, database=database, as_json=as_json)


@webhooks.command("replay")
def webhooks_replay(
    endpoint: Annotated[str, typer.Argument(help="we_...")],
    message: Annotated[
        str | None,
        typer.Option("--message", help="One message; by default all that were not taken."),
    ] = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Deliver one message to an endpoint, or all that it has not taken, now."""
    do(
        "webhooks",
        "replay_messages",
        endpoint_id=endpoint,
        message_id=message,
        database=database,
        as_json=as_json,
    )


@webhooks.command("test")
def webhooks_test(
    endpoint: Annotated[str, typer.Argument(help="we_...")],
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Have an endpoint told something signed, to see that it hears: no payment moves."""
    do("webhooks", "test_endpoint", endpoint_id=endpoint, database=database, as_json=as_json)


@webhooks.command("orphans")
def webhooks_orphans(
    provider: Annotated[
        str | None, typer.Option("--provider", help="Only this provider's calls.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many.")] = 100,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """List providers' calls that nobody understood, with the reason, and those not read yet."""
    do(
        "orphans",
        "list_orphans",
        provider=provider,
        limit=limit,
        database=database,
        as_json=as_json,
    )


@webhooks.command("translate")
def webhooks_translate(
    calls: Annotated[list[str], typer.Argument(help="As `cauri webhooks orphans` names them.")],
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Have orphans read once more, by a running server that has their provider enabled."""
    do("orphans", "translate", calls=calls, database=database, as_json=as_json)
