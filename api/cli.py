"""The command line: every verb with its options; what it does is in `api.commands`.

A command's module is imported when the command is chosen, so `--help` costs nothing but this file.
Results go to stdout (tables for people, JSON with `--json`), progress and errors to stderr; an
error is a sentence with a remedy, never a traceback.

Exit status: 0 it is so; 1 the answer is no (tampered, different, unknown); 2 the call or the
settings cannot be used; 3 the database, its key or a port cannot be had.
"""

import os
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from api.cli_access import keys, merchants
from api.cli_accounts import accounts
from api.cli_audit import audit
from api.cli_faults import TOLD, told
from api.cli_help import run
from api.cli_language import asked_in, language_set_up, said, speak, speak_unless_asked, spoken
from api.cli_log import checkpoint as checkpoints
from api.cli_log import log_key
from api.cli_master_key import master_key
from api.cli_options import Database, Json, MasterKeyFile, do
from api.cli_payments import payments
from api.cli_people import Spoken, people
from api.cli_receipts import answers, receipts
from api.cli_statements import statements
from api.cli_webhooks import webhooks
from api.cli_witness import witness

INTERRUPTED: Final = 130

app = typer.Typer(
    name="cauri",
    help="An event-sourced ledger and gateway for mobile money, whose history can be proved.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(merchants, name="merchants")
app.add_typer(keys, name="keys")
app.add_typer(payments, name="payments")
app.add_typer(webhooks, name="webhooks")
app.add_typer(statements, name="statements")
app.add_typer(accounts, name="accounts")
app.add_typer(checkpoints, name="checkpoint")
app.add_typer(log_key, name="log-key")
app.add_typer(receipts, name="receipts")
app.add_typer(answers, name="answers")
app.add_typer(witness, name="witness")
app.add_typer(people, name="people")
app.add_typer(master_key, name="master-key")
app.add_typer(audit, name="audit")

Port = Annotated[int | None, typer.Option("--port", min=0, max=65_535, help="0 picks one.")]
Seed = Annotated[int, typer.Option("--seed", help="Chooses which calls the faults hit.")]


class Weather(StrEnum):
    """What goes wrong between the ledger and a sandbox."""

    NONE = "none"
    STORM = "storm"


Faults = Annotated[
    Weather, typer.Option("--faults", help="What goes wrong on the way to the sandboxes.")
]


@app.command()
def serve(
    database: Database = None,
    host: Annotated[str | None, typer.Option("--host", help="Where to listen.")] = None,
    port: Port = None,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Start the bundled provider sandboxes too.")
    ] = False,
    faults: Faults = Weather.NONE,
    seed: Seed = 1,
    master_key_file: MasterKeyFile = None,
) -> None:
    """Serve the API until told to stop."""
    do(
        "serve",
        database=database,
        host=host,
        port=port,
        is_sandbox=sandbox,
        weather=faults.value,
        seed=seed,
        master_key_file=master_key_file,
    )


@app.command()
def sandbox(
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="Of the first one.")] = 0,
    faults: Faults = Weather.NONE,
    seed: Seed = 1,
    as_json: Json = False,
) -> None:
    """Run the provider sandboxes alone, and say how to point a server at them."""
    do("sandbox", port=port, weather=faults.value, seed=seed, as_json=as_json)


@app.command()
def providers(
    as_json: Json = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="Answer as a table for a page, such as the README.")
    ] = False,
) -> None:
    """Show every provider there is: where, what it can do, and how it proves itself."""
    do("providers", as_json=as_json, as_markdown=as_markdown)


@app.command()
def proposals(
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many.")] = 100,
    language: Spoken = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """List the notes and statements that wait for a second person, newest first."""
    do(
        "proposals",
        "list_proposals",
        kind=None,
        limit=limit,
        language=language and language.value,
        database=database,
        as_json=as_json,
    )


@app.command()
def tail(
    after: Annotated[
        int | None,
        typer.Option("--after", min=0, help="From which position; by default the last 20."),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes.")] = False,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Print the log; with --json the entries themselves, one per line, byte for byte."""
    do("history", "tail_log", after=after, is_following=follow, database=database, as_json=as_json)


@app.command()
def verify(
    checkpoint: Annotated[
        str | None,
        typer.Option(
            "--checkpoint",
            metavar="FILE|SIZE:ROOT",
            help="What the log committed to earlier: a signed note, a saved answer of "
            "/v1/log/checkpoint, or size and root in hexadecimal.",
        ),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            "--key",
            help="A public key of the log that you trust: it, or one it introduced, has to have "
            "signed the note; without a checkpoint, the newest one in the log.",
        ),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(
            "--policy",
            help="Whose cosignatures to check: a C2SP tlog-policy file; by default the server's, "
            "CAURI_WITNESS_POLICY_FILE.",
        ),
    ] = None,
    projections: Annotated[
        bool,
        typer.Option("--projections", help="Compare every projection with what the log gives."),
    ] = False,
    processes: Annotated[
        int | None,
        typer.Option("--processes", min=1, help="How many work at once; by default one a core."),
    ] = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Read the whole log and prove that nobody rewrote it."""
    do(
        "verify",
        checkpoint=checkpoint,
        key=key,
        policy=policy,
        with_projections=projections,
        processes=processes,
        database=database,
        as_json=as_json,
    )


@app.command()
def replay(
    known_at: Annotated[
        str | None,
        typer.Option(
            metavar="POSITION|TIME|DAY", help="What the log held by then, included; by default all."
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="POSITION|TIME|DAY", help="The same as --known-at.")
    ] = None,
    effective_from: Annotated[
        str | None,
        typer.Option(
            metavar="TIME|DAY", help="Only what moved then or later; a day begins in UTC."
        ),
    ] = None,
    effective_to: Annotated[
        str | None,
        typer.Option(metavar="TIME|DAY", help="Only what moved before that; it is not included."),
    ] = None,
    mode: Annotated[
        str | None,
        typer.Option(metavar="test|live", help="Of which; by default as the deployment is."),
    ] = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Show the state as it was then, from the log alone: payments by status, trial balance."""
    do(
        "replay",
        until=until,
        known_at=known_at,
        effective=(effective_from, effective_to),
        mode=mode,
        database=database,
        as_json=as_json,
    )


@app.command()
def rebuild(
    name: Annotated[str | None, typer.Argument(help="Which projection; by default all.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only compare with what the log gives.")
    ] = False,
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            metavar="checkpoint|SIZE",
            help="With --check: compare the digests that a checkpoint recorded, the newest one's "
            "or that of a size.",
        ),
    ] = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Make projections anew from the log alone."""
    do("rebuild", name=name, is_check=check, at=at, database=database, as_json=as_json)


@app.command()
def restored(
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="TIME",
            help="When the backup was made; by default the time of the log's last event.",
        ),
    ] = None,
    days: Annotated[
        int,
        typer.Option(
            "--days", min=0, max=366, help="For how long providers are asked before they are sent."
        ),
    ] = 7,
    send_unasked: Annotated[
        list[str] | None,
        typer.Option(
            "--send-unasked",
            metavar="PROVIDER",
            help="Send to this provider although it cannot be asked; may charge a payer twice.",
        ),
    ] = None,
    send_waiting: Annotated[
        bool,
        typer.Option(
            "--send-waiting",
            help="Send what waited in the backup although it may have been cancelled since.",
        ),
    ] = False,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Say that this database was put back from a backup: what the lost one sent is looked for."""
    do(
        "restored",
        since=since,
        days=days,
        unasked=tuple(send_unasked or ()),
        sends_waiting=send_waiting,
        database=database,
        as_json=as_json,
    )


@app.command()
def migrate(database: Database = None, as_json: Json = False) -> None:
    """Create the tables, or bring them up to this code."""
    do("migrate", database=database, as_json=as_json)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line (by default this process's); errors are told in a sentence."""
    speak(asked_in(sys.argv[1:] if arguments is None else arguments))
    speak_unless_asked(language_set_up(os.environ))
    try:
        status = run(app, arguments)
    except TOLD as error:
        sentences, status = told(error)
        for one in sentences:
            print(f"{_ERROR[spoken()]} {said(one)}", file=sys.stderr)  # noqa: T201 - this is a command line
    except KeyboardInterrupt:
        status = INTERRUPTED
    sys.exit(status)


_ERROR: Final = {"en": "error:", "fr": "erreur\N{NO-BREAK SPACE}:"}
