"""`cauri statements`: a CSV is handed in whole or not at all, shown, and approved by another."""

import asyncio
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api.cli import main
from api.commands.statements import LISTED_MAX
from ledger import commands
from ledger.evidence import Evidence, Source, Word
from ledger.handling import Handler
from ledger.sql import SqlEventStore
from tests.builders import CONTEXT, NOW, a_request
from tests.projecting import a_sqlite_url, opened

HEAD = "provider_transaction_id,reference,direction,amount,occurred_at,fee\n"
GOOD = HEAD + "T1,pay_1-1,in,1500,2026-03-01T11:00:00Z,15\n" + "T2,,out,700,2026-03-01T11:00:00Z,\n"


BY = ("--key-file", "awa.key")


@pytest.fixture(autouse=True)
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CAURI_LANGUAGE", raising=False)


def cauri(*arguments: str) -> int:
    """Run a command; its exit status."""
    with pytest.raises(SystemExit) as left:
        main(arguments)
    return int(left.value.code or 0)


def import_(text: str | bytes, *more: str) -> int:
    """Hand a file in as MTN's statement of the first of March."""
    Path("mtn.csv").write_bytes(text.encode() if isinstance(text, str) else text)
    span = ("--from", "2026-03-01", "--to", "2026-03-02")
    options = ("--provider", "mtn", "--currency", "XAF", *span, *BY, "--database", "cauri.db")
    return cauri("statements", "import", "mtn.csv", *options, *more)


async def pay(url: str, told: Word = Word.SUCCEEDED) -> None:
    """Let MTN say the same of two payments: by default that they succeeded."""
    async with opened(url) as database:
        store = SqlEventStore(database, clock=lambda: NOW)
        await store.start()
        handler = Handler(store)
        for number in (1, 2):
            name = f"pay_{number}"
            word = Evidence(
                source=Source.POLL,
                provider="mtn",
                reference=f"{name}-1",
                word=told,
                provider_transaction_id=f"P{number}",
            )
            for command in (
                replace(a_request(name), mode="test"),
                commands.StartSubmission(
                    payment_id=name, provider="mtn", reference=f"{name}-1", inquire_at=NOW
                ),
                commands.RecordEvidence(payment_id=name, evidence=word),
            ):
                await handler.handle(command, context=CONTEXT)
        await store.close()


def add_key(capfd: pytest.CaptureFixture[str], file: str, role: str, *more: str) -> None:
    """Put a key of this role into a file."""
    added = ("keys", "add", "--role", role, *more, "--database", "cauri.db", "--json")
    assert cauri(*added) == 0
    Path(file).write_text(read(capfd)["key"])


def read(capfd: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capfd.readouterr().out)


def test_a_file_is_handed_in_once_and_shown_with_what_it_lacks(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(pay(a_sqlite_url(tmp_path)))
    add_key(capfd, "awa.key", "accountant", "--label", "Awa")
    assert import_(GOOD, "--json") == 0
    made = read(capfd)
    assert (made["lines_count"], made["is_new"]) == (2, True)
    # Columns in another order, a byte order mark, an empty line, semicolons or tabs as a sheet
    # writes them where the comma is for decimals, decimals that are nothing: the same words.
    columns = [line.split(",") for line in GOOD.replace("1500", "1500.00").splitlines()]
    for separator in ",;\t":
        other = "\ufeff" + "\n".join(separator.join(reversed(one)) for one in columns) + "\n\n"
        assert import_(other, "--json") == 0
        assert read(capfd) == {**made, "is_new": False}
    assert cauri("statements", "show", made["id"], "--database", "cauri.db", "--json") == 0
    shown = read(capfd)
    assert shown["lines"]["matched"] == {"count": 1, "amount_in": "1500", "amount_out": "0"}
    assert [one["provider_transaction_id"] for one in shown["unknown"]] == ["T2"]
    assert [one["payment_id"] for one in shown["missing"]] == ["pay_2"]
    assert (shown["waiting"], shown["approved_by"]) == (0, None)
    for language, said in (("en", "on no statement"), ("fr", "sur aucun relevé")):
        monkeypatch.setenv("CAURI_LANGUAGE", language)
        assert cauri("statements", "show", made["id"], "--database", "cauri.db") == 0
        table = capfd.readouterr().out
        assert said in table
        # What a program reads in one word, a person reads in the language.
        assert ("inconnue" in table, "paiement" in table) == (language == "fr",) * 2
        assert ("unknown" in table, "collection" in table) == (language == "en",) * 2


def test_a_line_that_names_two_payments_is_said_to_in_both_languages(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(pay(a_sqlite_url(tmp_path)))
    add_key(capfd, "awa.key", "accountant")
    assert import_(HEAD + "P2,pay_1-1,in,1500,2026-03-01T11:00:00Z,\n", "--json") == 0
    statement_id = read(capfd)["id"]
    assert cauri("statements", "show", statement_id, "--database", "cauri.db", "--json") == 0
    shown = read(capfd)
    (line,) = shown["differing"]
    assert (line["why"], line["payment_id"]) == ("two", None)
    assert (line["names_two"], shown["missing"]) == (["pay_1", "pay_2"], [])
    for language, said in (
        ("en", "line 1 names two payments, and is matched with neither:\n  pay_1\n  pay_2\n"),
        ("fr", "la ligne 1 nomme deux paiements, et n'est rapprochée d'aucun :\n  pay_1\n"),
    ):
        monkeypatch.setenv("CAURI_LANGUAGE", language)
        assert cauri("statements", "show", statement_id, "--database", "cauri.db") == 0
        assert said in capfd.readouterr().out


def test_it_is_approved_by_another_key_after_it_was_looked_at(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(pay(a_sqlite_url(tmp_path)))
    add_key(capfd, "awa.key", "accountant", "--label", "Awa")
    add_key(capfd, "paul.key", "operator", "--label", "Paul")
    add_key(capfd, "eye.key", "auditor")
    assert import_(GOOD) == 0
    said = capfd.readouterr().out.splitlines()
    assert f"cauri statements approve {said[0]} --key-file FILE" in said[-1]

    def approve(who: str, *more: str) -> int:
        options = ("--key-file", who, "--database", "cauri.db", *more)
        return cauri("statements", "approve", said[0], *options)

    assert approve("awa.key", "--yes") == 1
    assert "cannot be the one who agrees" in capfd.readouterr().err
    assert approve("eye.key", "--yes") == 2
    assert "no good key of an accountant" in capfd.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert approve("paul.key", "--lang", "fr") == 1
    shown = capfd.readouterr()
    assert ("non approuvé" in shown.out, "Rien n'a été fait." in shown.out) == (True, True)
    assert "remis par" in shown.out
    assert "(Awa)" in shown.out
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert approve("paul.key") == 0
    assert "(Paul)" in capfd.readouterr().out.splitlines()[-1]
    assert approve("paul.key", "--json") == 0
    assert (read(capfd)["approved_by_label"], approve("awa.key")) == ("Paul", 0)


def test_who_agrees_sees_each_line_that_would_change_a_payment_and_what_is_not_listed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(pay(a_sqlite_url(tmp_path), Word.FAILED))
    add_key(capfd, "awa.key", "accountant")
    assert import_(GOOD.replace("1500", "1400"), "--json") == 0
    other = read(capfd)["id"]
    assert import_(GOOD, "--json") == 0
    statement_id = read(capfd)["id"]
    assert cauri("statements", "show", statement_id, "--database", "cauri.db", "--json") == 0
    shown = read(capfd)
    (line,) = shown["would_contradict"]
    assert (line["line"], line["payment_id"], line["against"]) == (1, "pay_1", other)
    assert (shown["would_settle"], shown["differing"], shown["not_listed"]) == ([], [], {})
    for language, said in (
        ("en", ("would contradict", "pay_1", f"line 1: the statement {other} speaks against it")),
        ("fr", ("contredirait", "pay_1", f"ligne 1 : le relevé {other} s'y oppose")),
    ):
        monkeypatch.setenv("CAURI_LANGUAGE", language)
        assert cauri("statements", "show", statement_id, "--database", "cauri.db") == 0
        out = capfd.readouterr().out
        assert [one for one in said if one not in out] == []
        assert out.count("T1") == 1
    monkeypatch.setenv("CAURI_LANGUAGE", "en")
    lines = "".join(f"N{n},,in,1,2026-03-01T11:00:00Z,\n" for n in range(LISTED_MAX + 3))
    assert import_(HEAD + lines, "--json") == 0
    statement_id = read(capfd)["id"]
    assert cauri("statements", "show", statement_id, "--database", "cauri.db") == 0
    said_last = capfd.readouterr().out.splitlines()[-1]
    where = f"GET /v1/statements/{statement_id}/lines?result=unknown"
    assert said_last == f"not listed here, unknown: 3; all are told by {where}"


def test_statements_are_listed_and_one_that_nobody_approved_is_taken_back(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(pay(a_sqlite_url(tmp_path)))
    add_key(capfd, "awa.key", "accountant", "--label", "Awa")
    where = ("--database", "cauri.db")
    assert cauri("statements", "list", *where) == 0
    assert capfd.readouterr().out == "there are none\n"
    assert import_(GOOD, "--json") == 0
    first = read(capfd)["id"]
    assert import_(GOOD.replace("1500", "1400"), "--json") == 0
    second = read(capfd)["id"]
    assert cauri("statements", "withdraw", second, *BY, *where) == 0
    assert "taken back by" in capfd.readouterr().out
    assert cauri("statements", "withdraw", second, *BY, *where, "--json") == 0
    assert read(capfd)["withdrawn_by_label"] == "Awa"
    assert import_(GOOD.replace("1500", "1400")) == 1
    assert "it was taken back, and stays so." in capfd.readouterr().err
    assert cauri("statements", "list", *where, "--json") == 0
    listed = read(capfd)
    assert [one["id"] for one in listed] == [second, first]
    for language, said in (("en", "taken back"), ("fr", "retiré")):
        monkeypatch.setenv("CAURI_LANGUAGE", language)
        assert cauri("statements", "list", "--limit", "1", *where) == 0
        out = capfd.readouterr().out
        assert (second in out, first in out, said in out, "--limit" in out) == (
            True,
            False,
            True,
            True,
        )
    assert cauri("statements", "list", "--provider", "mtm", *where) == 2


def test_a_statement_of_a_currency_in_which_the_provider_has_nothing_is_warned_of(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(pay(a_sqlite_url(tmp_path)))
    add_key(capfd, "awa.key", "accountant")
    unknown = HEAD + "T8,,in,1500,2026-03-01T11:00:00Z,\n"
    mistyped = (("--currency", "GHS"), ("--mode", "live"))
    for more, expected in (((), False), *((one, True) for one in mistyped)):
        assert import_(unknown, *more, "--json") == 0
        made = read(capfd)
        assert made["is_out_of_place"] is expected
    for language, said in (
        ("en", "look again: nothing succeeded at mtn in XAF, live"),
        ("fr", "à revoir"),
    ):
        monkeypatch.setenv("CAURI_LANGUAGE", language)
        assert import_(unknown, *mistyped[1]) == 0
        assert said in capfd.readouterr().out
        assert cauri("statements", "show", made["id"], "--database", "cauri.db") == 0
        assert said in capfd.readouterr().out


@pytest.mark.parametrize(
    ("text", "said", "in_french"),
    [
        (GOOD + "T3,,in,1.5,2026-03-01T11:00:00Z,\n", "line 4, column amount:", "ligne 4, colonne"),
        (GOOD + "T3,,up,1,2026-03-01T11:00:00Z,\n", "line 4, column direction:", "ligne 4"),
        (GOOD + "T3,,in,1,2026-03-01,\n", "line 4, column occurred_at:", "ligne 4"),
        (
            GOOD + "T1,,in,1500,2026-03-01T12:00:00Z,\n",
            "line 4, column provider_transaction_id: an earlier",
            "ligne 4",
        ),
        (GOOD + "T3,in\n", "line 4: the line has 2 cells", "ligne 4"),
        (GOOD + 'T3,"in\n', "this is no CSV", "CSV"),
        (HEAD, "FILE: The list is empty.", "vide"),
        ("reference\n", "line 1: the column provider_transaction_id is missing.", "manque"),
        ("phone\n", "line 1: there is no column 'phone'.", "colonne"),
        (HEAD.replace("fee", "amount"), "is there more than once", "plusieurs fois"),
        (GOOD.replace(",", ";") + "T3;in\n", "that contain the separator", "le séparateur"),
        # Three might be a thousand.
        (GOOD.replace("1500", "1.000"), "line 2, column amount: XAF has 0", "colonne amount"),
        (GOOD.replace(",15\n", ",-7\n"), 'Send "0" or more', "frais sont négatifs"),
        (GOOD.encode("utf-16"), "line 1: this is UTF-16", "UTF-16"),
        ((GOOD + "é").encode("latin-1"), 'line 4: this is no UTF-8. Save it as "CSV UTF-8"', "pas"),
    ],
)
def test_a_bad_file_is_refused_by_line_and_column_and_nothing_is_taken_in(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    text: str | bytes,
    said: str,
    in_french: str,
) -> None:
    for language, expected in (("en", said), ("fr", in_french)):
        monkeypatch.setenv("CAURI_LANGUAGE", language)
        assert import_(text) == 2
        error = capfd.readouterr().err
        assert expected in error
        assert error.count("\n") == 1
    assert not (tmp_path / "cauri.db").exists()  # it was read before anything was opened


WAVE = """\
timestamp,transaction_id,transaction_type,amount,fee,currency,client_reference,\
checkout_api_session_id
2026-03-01T11:00:00Z,T_1,api_checkout,1485,15,XAF,pay_1-1,cos-1
2026-03-01T11:00:00Z,T_2,merchant_sweep,-9000,0,XAF,,
2026-03-01T11:00:00Z,T_3,api_checkout,0,0,XAF,,
"""


def test_a_providers_own_file_is_handed_in_by_a_form(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(pay(a_sqlite_url(tmp_path)))
    add_key(capfd, "awa.key", "accountant", "--label", "Awa")
    assert cauri("statements", "form") == 0
    assert capfd.readouterr().out.split() == ["mtn", "wave"]
    assert cauri("statements", "form", "wave") == 0
    Path("own.toml").write_text(capfd.readouterr().out, encoding="utf-8")
    assert import_(WAVE, "--form", "own.toml", "--json") == 0
    made = read(capfd)
    assert (made["lines_count"], made["left_out"]) == (2, {"": 1})
    assert import_(WAVE, "--form", "wave") == 0
    assert "left out, of nothing: 1 lines" in capfd.readouterr().out
    assert cauri("statements", "show", made["id"], "--database", "cauri.db", "--json") == 0
    shown = read(capfd)
    assert shown["lines"]["matched"] == {"count": 1, "amount_in": "1500", "amount_out": "0"}
    assert [one["provider_transaction_id"] for one in shown["unknown"]] == ["T_2"]
    for language, said in (("en", "--account: it says how"), ("fr", "cela dit comment lire")):
        monkeypatch.setenv("CAURI_LANGUAGE", language)
        assert import_(GOOD, "--account", "x") == 2
        assert said in capfd.readouterr().err
