"""Commands about receipts and answers that somebody kept: a part of `api.cli`."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli_options import Database, Json, PageLanguage, do

receipts = typer.Typer(
    help="Receipts: proofs of a payment that anybody can check.", no_args_is_help=True
)
answers = typer.Typer(help="Signed answers that a client has kept.", no_args_is_help=True)

PolicyFile = Annotated[
    Path | None, typer.Option("--policy", help="Whom you trust: a file, C2SP tlog-policy.")
]
Keys = Annotated[
    list[str] | None, typer.Option("--key", help="A key of the log; may be given several times.")
]


@receipts.command("verify")
def receipts_verify(
    receipt: Annotated[Path, typer.Argument(metavar="FILE", help="The receipt.")],
    policy: PolicyFile = None,
    key: Keys = None,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write the page for people here, if it holds.")
    ] = None,
    language: Annotated[
        PageLanguage, typer.Option("--lang", help="The page's language.")
    ] = PageLanguage.ENGLISH,
    as_json: Json = False,
) -> None:
    """Check a receipt against keys you trust; exit 1 where it does not hold."""
    do(
        "receipts",
        "verify",
        path=receipt,
        policy_file=policy,
        keys=key or [],
        html=html,
        language=language,
        as_json=as_json,
    )


@receipts.command("make")
def receipts_make(
    payment: Annotated[str, typer.Argument(help="pay_...")],
    out: Annotated[Path, typer.Option("--out", help="The file to write.")],
    database: Database = None,
) -> None:
    """Write the receipt of a payment, as far as checkpoints cover it."""
    do("receipts", "make", payment_id=payment, out=out, database=database)


@receipts.command("script")
def receipts_script() -> None:
    """Print the program that checks receipts with nothing but Python: for strangers."""
    do("receipts", "script")


@answers.command("verify")
def answers_verify(
    answer: Annotated[Path, typer.Argument(metavar="FILE", help="As `curl -i` printed it.")],
    question: Annotated[
        str, typer.Option("--question", help="What was asked: 'GET /v1/payments/pay_...'.")
    ],
    key: Keys = None,
    as_json: Json = False,
) -> None:
    """Check the signature of an answer; exit 1 where it does not hold."""
    do("receipts", "verify_kept", path=answer, question=question, keys=key or [], as_json=as_json)
