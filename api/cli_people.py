"""Commands about people and the key that keeps their data: a part of `api.cli`."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli_options import Database, Json, PageLanguage, do

people = typer.Typer(
    help="People: what is held about somebody, and forgetting them. Two operators have to agree; "
    "what remains is a keyed hash of the number, amounts and times. The README's section on "
    "personal data says which laws this answers to.",
    no_args_is_help=True,
)


Phone = Annotated[
    str | None,
    typer.Option(
        "--phone",
        help="The person's number. Left out, it is asked for; `-` reads it from a pipe: so it "
        "stands in no shell's history.",
    ),
]
CountryOption = Annotated[
    str | None,
    typer.Option("--country", help="ISO 3166 code, for a number without a country code."),
]
Spoken = Annotated[
    PageLanguage | None, typer.Option("--lang", help="The language in which it speaks to you.")
]
KeyFile = Annotated[
    Path, typer.Option("--key-file", help="The file with your own API key, of an operator.")
]


@people.command("erase")
def people_erase(
    *,
    key_file: KeyFile,
    phone: Phone = None,
    country: CountryOption = None,
    reason: Annotated[
        str | None,
        typer.Option(
            "--reason",
            help="Kept for ever: no name and no number. Left out, that the person asked for it.",
        ),
    ] = None,
    approve: Annotated[
        str | None,
        typer.Option(
            "--approve", metavar="ID", help="Agree to this request, as a second operator."
        ),
    ] = None,
    is_sure: Annotated[bool, typer.Option("--yes", help="Do not ask; nor does --json.")] = False,
    language: Spoken = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Ask that a person be forgotten; a second operator agrees, and then the keys are destroyed."""
    do(
        "people",
        "erase",
        phone=phone,
        country=country,
        reason=reason,
        approve=approve,
        key_file=key_file,
        is_sure=is_sure,
        language=language and language.value,
        database=database,
        as_json=as_json,
    )


@people.command("export")
def people_export(
    key_file: KeyFile,
    phone: Phone = None,
    country: CountryOption = None,
    html: Annotated[
        PageLanguage | None,
        typer.Option("--html", help="As a page to read, in this language, instead of JSON."),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="Where to write it, once; by default stdout.")
    ] = None,
    language: Spoken = None,
    database: Database = None,
) -> None:
    """Tell everything that is held about a person, opened; who asked is kept."""
    do(
        "people",
        "export",
        phone=phone,
        country=country,
        key_file=key_file,
        html=None if html is None else html.value,
        file=file,
        language=language and language.value,
        database=database,
    )


@people.command("list")
def people_list(
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many.")] = 100,
    language: Spoken = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """List requests to forget somebody, newest first."""
    do(
        "people",
        "list_erasures",
        limit=limit,
        language=language and language.value,
        database=database,
        as_json=as_json,
    )
