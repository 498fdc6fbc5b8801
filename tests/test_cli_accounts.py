"""`cauri accounts`: the books for people, programs and spreadsheets, and that they agree."""

import asyncio
import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from api.csv_cells import csv_line, decimal_cell, text_cell
from ledger import commands
from tests.api_world import CONTEXT, a_world, captured_logs, settings_in
from tests.conftest import FakeClock
from tests.test_api_payments import paid
from tests.test_api_refunds import moved, succeed
from tests.test_cli import Here

HOSTILE = '=HYPERLINK("http://evil.example";"open me")'
MARCH_2 = ("--effective-from", "2026-03-02", "--effective-to", "2026-03-03")


@pytest.fixture
def here(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Here:
    return Here(capfdbinary, monkeypatch, tmp_path)


@pytest.fixture
def books(here: Here, tmp_path: Path) -> Here:
    """Two days: a payment each, of two merchants, and on the second day a refund of the first."""

    async def live() -> None:
        clock = FakeClock()
        async with a_world(settings_in(tmp_path), clock=clock) as world:
            add = commands.AddMerchant(merchant_id="mer_0", name=HOSTILE, country="CM")
            await world.services.handler.handle(add, context=CONTEXT)
            await world.add_key("mer_0", "merchant", "mer_0")
            first = (await world.pay(key="a")).json["id"]
            await paid(world, first)
            clock.advance(86_400)
            await paid(world, (await world.pay(key="b", who="mer_0")).json["id"])
            given = await moved(world, f"/v1/payments/{first}/refunds", {"amount": "500"})
            await succeed(world, given.json["id"], "500")

    with captured_logs():
        asyncio.run(live())
    return here


def ledger(here: Here, *arguments: str) -> list[dict[str, Any]]:
    said = here.on("accounts", "ledger", *arguments, "--json")
    assert said.status == 0, said
    return [json.loads(line) for line in said.out.splitlines()]


def told(rows: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    names = ("holder", "what", "debit", "credit", "balance")
    return [tuple(row[name] for name in names) for row in rows]


def test_an_account_is_told_from_what_it_held_to_what_it_holds(books: Here) -> None:
    customers = ledger(books, "411")
    second_day = ledger(books, "411", *MARCH_2)

    assert told(customers) == [
        ("mer_0", "opening", "0", "0", "0"),
        ("mer_0", "entry", "0", "1500", "-1500"),
        ("mer_0", "closing", "0", "1500", "-1500"),
        ("mer_1", "opening", "0", "0", "0"),
        ("mer_1", "entry", "0", "1500", "-1500"),
        ("mer_1", "entry", "500", "0", "-1000"),
        ("mer_1", "closing", "500", "1500", "-1000"),
    ]
    assert [row["holder_name"] for row in customers[::3]] == [HOSTILE, "A shop", "A shop"]
    assert customers[1]["moved_at"] == "2026-03-02T12:00:00.000000Z"
    assert told(second_day)[3:] == [
        ("mer_1", "opening", "0", "0", "-1500"),
        ("mer_1", "entry", "500", "0", "-1000"),
        ("mer_1", "closing", "500", "0", "-1000"),
    ]
    # Whoever did not move in the span is there all the same, with what stands there.
    quiet = ledger(books, "411", "--effective-from", "2026-03-05")
    assert told(quiet) == [
        ("mer_0", "opening", "0", "0", "-1500"),
        ("mer_0", "closing", "0", "0", "-1500"),
        ("mer_1", "opening", "0", "0", "-1000"),
        ("mer_1", "closing", "0", "0", "-1000"),
    ]


@pytest.mark.parametrize("span", [(), MARCH_2])
def test_every_account_closes_as_the_trial_balance_has_it(
    books: Here, span: tuple[str, ...]
) -> None:
    balance = books.asked("accounts", "balance", *span)
    replayed = books.asked("replay", *span)
    closing = [row for row in ledger(books, *span) if row["what"] == "closing"]

    def sums(rows: list[dict[str, Any]]) -> list[tuple[str, ...]]:
        names = ("account", "holder", "debit", "credit")
        return [tuple(row[name] for name in names) for row in rows]

    assert sums(closing) == sums(balance["accounts"]) == sums(replayed["accounts"])
    assert balance["totals"] == replayed["totals"]
    [total] = balance["totals"]
    assert (total["debit"], total["balance"]) == (total["credit"], "0")


def test_a_spreadsheet_gets_numbers_and_no_formula(books: Here, tmp_path: Path) -> None:
    files = {language: str(tmp_path / f"{language}.csv") for language in ("en", "fr")}
    for language, file in files.items():
        said = books.on("accounts", "ledger", "411", "--csv", file, "--lang", language)
        assert (said.status, said.out) == (0, "")
    english, french = (Path(file).read_bytes().decode("utf-8-sig") for file in files.values())
    rows = [
        list(csv.reader(io.StringIO(text, newline=""), delimiter=mark))
        for text, mark in ((english, ","), (french, ";"))
    ]
    assert rows[0][0][:3] == ["account", "name", "holder"]
    assert rows[1][0][:3] == ["compte", "intitulé", "titulaire"]
    for read, what in zip(rows, ("entry", "écriture"), strict=True):
        assert len(read) == 8
        assert read[2][3:8] == [f"'{HOSTILE}", "XAF", what, "2026-03-02 12:00:00", *read[2][7:8]]
        assert read[2][-3:] == ["0", "1500", "-1500"]
    printed = books.on("accounts", "balance", "--csv", "-", "--lang", "fr").out
    assert printed.splitlines()[-1] == ";;;total;XAF;3500;3500;0"


def test_people_see_tables_and_are_told_what_cannot_be(books: Here) -> None:
    table = books.on("accounts", "ledger", "552", "--lang", "fr").out
    totals = books.on("accounts", "balance").out
    nothing = books.on("accounts", "ledger", "401")
    unknown = books.on("accounts", "ledger", "999")
    refused = books.on("accounts", "ledger", "--effective-from", "March")

    assert "Grand livre (test)" in table
    assert "Monnaie" in table
    assert "clôture" in table
    assert "total" in totals
    assert nothing.out == "there are none\n"
    assert (unknown.status, "Send one of 401, 411, 471, 552." in unknown.err) == (2, True)
    assert (refused.status, "no time with its offset" in refused.err) == (2, True)


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1", "\N{NO-BREAK SPACE}=1"]
)
def test_what_begins_like_a_formula_is_text(text: str) -> None:
    assert text_cell(text) == f"'{text}"


def test_other_texts_and_numbers_stay_as_they_are() -> None:
    assert text_cell("Chez Awa = bon") == "Chez Awa = bon"
    assert [decimal_cell("-12.50", one) for one in ("en", "fr")] == ["-12.50", "-12,50"]
    assert csv_line(["a;b", 'c"d', "-1,5"], "fr") == '"a;b";"c""d";-1,5\r\n'
