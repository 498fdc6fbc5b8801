"""Commands about one payment: a part of `api.cli`."""

from enum import StrEnum
from typing import Annotated

import typer

from api.cli_options import Database, Json, do
from api.cli_people import KeyFile, Spoken

payments = typer.Typer(
    help="Payments: what became of one, and settling it where no provider's word does. Two "
    "operators have to agree to that.",
    no_args_is_help=True,
)


class WordOf(StrEnum):
    """What may have become of a payment."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    EXPIRED = "expired"


PaymentId = Annotated[str, typer.Argument(metavar="ID", help="pay_..., po_... or re_...")]
NoteName = Annotated[str, typer.Argument(metavar="NOTE", help="note_...")]
Sure = Annotated[bool, typer.Option("--yes", help="Do not ask; nor does --json.")]


@payments.command("show")
def payments_show(
    payment_id: Annotated[str, typer.Argument(metavar="ID", help="pay_...")],
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Show a payment and its audit trail."""
    do("history", "show_payment", payment_id=payment_id, database=database, as_json=as_json)


@payments.command("exchanges")
def payments_exchanges(
    payment_id: PaymentId,
    is_opening: Annotated[
        bool, typer.Option("--open", help="Print the bytes, as curl -v does; this is recorded.")
    ] = False,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Show what went to providers about a payment, and how it was answered."""
    do(
        "exchanges",
        "show_exchanges",
        payment_id=payment_id,
        database=database,
        is_opening=is_opening,
        as_json=as_json,
    )


@payments.command("note")
def payments_note(
    *,
    payment_id: PaymentId,
    key_file: KeyFile,
    word: Annotated[
        WordOf,
        typer.Option(
            "--word", help="What became of it; `failed` also of what was taken and given back."
        ),
    ],
    reason: Annotated[
        str,
        typer.Option(
            "--reason",
            help="What was seen, and where; kept for ever: no name and no number.",
        ),
    ],
    reference: Annotated[
        str | None, typer.Option("--reference", help="Which submission; by default the last.")
    ] = None,
    amount: Annotated[
        str | None, typer.Option("--amount", help="What really moved; by default what was asked.")
    ] = None,
    currency: Annotated[
        str | None, typer.Option("--currency", help="The payment's own; nothing else is taken.")
    ] = None,
    transaction: Annotated[
        str | None,
        typer.Option("--transaction", metavar="ID", help="The provider's own id of the movement."),
    ] = None,
    occurred_at: Annotated[
        str | None, typer.Option("--occurred-at", metavar="TIME", help="When the money moved.")
    ] = None,
    replaces: Annotated[
        str | None,
        typer.Option("--replaces", metavar="NOTE", help="An approved note that was wrong."),
    ] = None,
    is_sure: Sure = False,
    language: Spoken = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Propose what became of a payment, as it was learned outside; a second operator agrees."""
    do(
        "notes",
        "note",
        payment_id=payment_id,
        said={
            "word": word.value,
            "reason": reason,
            "reference": reference,
            "amount": amount,
            "currency": currency,
            "provider_transaction_id": transaction,
            "occurred_at": occurred_at,
            "replaces": replaces,
        },
        key_file=key_file,
        is_sure=is_sure,
        language=language and language.value,
        database=database,
        as_json=as_json,
    )


@payments.command("approve")
def payments_approve(
    payment_id: PaymentId,
    note_id: NoteName,
    key_file: KeyFile,
    is_sure: Sure = False,
    language: Spoken = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Agree to a note as a second operator: it is evidence, and settles the payment."""
    do(
        "notes",
        "approve",
        payment_id=payment_id,
        note_id=note_id,
        key_file=key_file,
        is_sure=is_sure,
        language=language and language.value,
        database=database,
        as_json=as_json,
    )


@payments.command("withdraw")
def payments_withdraw(
    payment_id: PaymentId,
    note_id: NoteName,
    key_file: KeyFile,
    language: Spoken = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Take back a note that nobody has agreed to."""
    do(
        "notes",
        "withdraw",
        payment_id=payment_id,
        note_id=note_id,
        key_file=key_file,
        language=language and language.value,
        database=database,
        as_json=as_json,
    )


@payments.command("notes")
def payments_notes(
    payment_id: Annotated[
        str | None,
        typer.Argument(
            metavar="[ID]", help="pay_..., po_... or re_...; by default what is open of all."
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=1000, help="How many of all payments'.")
    ] = 100,
    language: Spoken = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """List a payment's notes; or, without a payment, those that wait for a second operator."""
    told = {"language": language and language.value, "database": database, "as_json": as_json}
    if payment_id is None:
        do("proposals", "list_proposals", kind="note", limit=limit, **told)
    do("notes", "list_notes", payment_id=payment_id, **told)
