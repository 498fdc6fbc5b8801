"""Providers' own files: read by a form, whatever their columns, marks, zones and signs are.

The columns of MTN's and Wave's are the real ones; every value is synthetic.
"""

import csv
import io
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.french import FRENCH
from api.statement_files import Read, statement_in
from api.statement_forms.form import Form, form_of, known_forms, text_of
from api.statement_forms.reading import PREAMBLE_LINES_MAX, READ_LINES_MAX, read_by
from ledger.commands_statement import HandInStatement
from ledger.errors import InvalidInputError
from ledger.statement_line import StatementLine
from tests.builders import NOW

PAIRS = (
    "From / Fee,From / External fee,To / Fee,To / External fee,From / Refunded fee,"
    "To / Refunded fee,From / Taxes,To / Taxes,From / Refunded taxes,To / Refunded taxes,Discount,"
    "From / Promotion,To / Promotion,Coupon,Amount,Balance,External amount"
).split(",")
MTN_COLUMNS = [
    *"Id,External id,Date,Status,Type,Provider category,From,From name,From handler name".split(
        ","
    ),
    *"To,To name,To handler name,To message,Initiated by,Initiated by,On behalf of".split(","),
    *("On behalf of", "Approved by"),
    *(one for pair in PAIRS for one in (pair, "Currency")),
    *("External FX rate", "External service provider"),
]
SHOP, PAYER, OTHER = "FRI:1009/MM", "FRI:237650000001/MSISDN", "FRI:237650000002/MSISDN"

WAVE_COLUMNS = (
    "timestamp,transaction_id,transaction_type,amount,fee,currency,counterparty_mobile,"
    "client_reference,checkout_api_session_id,aggregated_merchant_id,aggregated_merchant_name"
).split(",")

RELEVE = """\
Début de Période :;01/03/2026
Application : Orange Money;
N°;Date;Heure;Référence;Statut;Débit;Crédit;Solde
1;01/03/2026;11:00:30;MP260301.1;Succès;;1 500,00;11 500,00
2;01/03/2026;11:05:00;CI260301.2;Succès;-700,00;;10 800,00
3;01/03/2026;11:06:00;MP260301.3;Échec;;900,00;10 800,00
4;01/03/2026;11:07:00;MP260301.4;Succès;;0,00;10 800,00
"""
RELEVE_FORM = """\
delimiter = ";"
encoding = "windows-1252"
first_column = "N°"
provider_transaction_id = "Référence"
occurred_at = ["Date", "Heure"]
time_format = "%d/%m/%Y %H:%M:%S"
utc_offset = "+00:00"
credit = "Crédit"
debit = "Débit"
decimal_mark = ","
status = "Statut"
moved = ["Succès"]
"""


def row_of(columns: list[str], **cells: str) -> list[str]:
    """A line with these cells; of several columns of one name the first."""
    row = [""] * len(columns)
    for name, cell in cells.items():
        row[columns.index(name)] = cell
    return row


def mtn(**cells: str) -> list[str]:
    """A line of MTN's: 1,500 from a payer to the shop, unless said otherwise."""
    row = row_of(
        MTN_COLUMNS,
        **{
            "Id": "9001",
            "External id": "pay_1",
            "Date": "2026-03-01 12:00:00",
            "Status": "Successful",
            "From": PAYER,
            "From name": "NOBODY",
            "To": SHOP,
            "To / Fee": "15",
            "From / Fee": "7",
            "Amount": "1500",
        }
        | cells,
    )
    for name in PAIRS:
        at = MTN_COLUMNS.index(name)
        row[at + 1] = cells.get("Currency", "XAF") if row[at] else ""
    return row


def written(columns: list[str], *rows: list[str], delimiter: str = ",") -> str:
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows([columns, *rows])
    return file.getvalue()


def put(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "theirs.csv"
    path.write_text(text, encoding=encoding)
    return path


def taken(read: Read, provider: str = "mtn", currency: str = "XAF") -> HandInStatement:
    """What is handed in of what was read."""
    head = {
        "provider": provider,
        "currency": currency,
        "covers_from": "2026-03-01",
        "covers_to": "2026-03-02",
    }
    return statement_in(read, head, default_mode="test", by="k", now=NOW + timedelta(days=3))


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 3, 1, hour, minute, second, tzinfo=UTC)


def test_mtns_54_columns_are_read_with_fees_beside_and_nobodys_number(tmp_path: Path) -> None:
    out = mtn(Id="9002", **{"External id": "pay_2"}, From=SHOP, To=OTHER, Amount="-700")
    failed = mtn(Id="9003", Status="Failed")
    path = put(tmp_path, "\ufeff" + written(MTN_COLUMNS, mtn(), out, failed))

    read = read_by(path, form_of("mtn", "+01:00"), currency="XAF")

    assert len(MTN_COLUMNS) == 54
    assert MTN_COLUMNS.count("Currency") == 17
    assert taken(read).lines == (
        StatementLine(
            provider_transaction_id="9001",
            reference="pay_1",
            direction="in",
            amount_minor=1500,
            occurred_at=at(11),
            fee_minor=15,
        ),
        StatementLine(
            provider_transaction_id="9002",
            reference="pay_2",
            direction="out",
            amount_minor=700,
            occurred_at=at(11),
            fee_minor=7,
        ),
    )
    assert (read.left_out, read.numbers) == ({"Failed": 1}, [2, 3])
    assert not [one for one in ("23765", "NOBODY", "1009") if one in repr(read.lines)]


def test_waves_amounts_are_what_the_balance_changed_by(tmp_path: Path) -> None:
    def line(**cells: str) -> list[str]:
        return row_of(
            WAVE_COLUMNS, **{"currency": "XOF", "timestamp": "2026-03-01T11:00:00Z"} | cells
        )

    paid = line(transaction_id="T_1", amount="99", fee="1", client_reference="pay_1-1")
    sent = line(transaction_id="T_2", amount="-505", fee="5", client_reference="pay_2-1")
    session = line(transaction_id="T_3", amount="50", fee="", checkout_api_session_id="cos-1")
    given_back = line(transaction_id="T_4", amount="-99", fee="-1")
    path = put(tmp_path, written(WAVE_COLUMNS, paid, sent, session, given_back))

    read = read_by(path, form_of("wave"), currency="XOF")

    lines = taken(read, "wave", "XOF").lines
    assert [(one.direction, one.amount_minor, one.fee_minor) for one in lines] == [
        ("in", 100, 1),
        ("out", 500, 5),
        ("in", 50, 0),
        ("out", 100, None),
    ]
    assert [one.reference for one in lines] == ["pay_1-1", "pay_2-1", "cos-1", None]


def test_a_form_of_ones_own_reads_a_preamble_commas_and_two_columns_of_money(
    tmp_path: Path,
) -> None:
    own = tmp_path / "orange.toml"
    own.write_text(RELEVE_FORM, encoding="utf-8")
    path = put(tmp_path, RELEVE, "windows-1252")

    read = read_by(path, form_of(str(own)), currency="XOF")

    lines = taken(read, "orange", "XOF").lines
    assert [(one.direction, one.amount_minor, one.occurred_at) for one in lines] == [
        ("in", 1500, at(11, 0, 30)),
        ("out", 700, at(11, 5)),
    ]
    assert (read.left_out, read.numbers) == ({"Échec": 1, "": 1}, [4, 5])


@given(
    amounts=st.lists(
        st.tuples(st.booleans(), st.integers(1, 10**9), st.integers(0, 1000)),
        min_size=1,
        max_size=9,
    ),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    mark=st.sampled_from([".", ","]),
    hours=st.integers(-12, 14),
    is_net=st.booleans(),
    by=st.sampled_from(["sign", "columns", "accounts"]),
)
def test_whatever_form_the_same_movements_are_written_in_the_same_lines_are_read(
    tmp_path_factory: pytest.TempPathFactory,
    amounts: list[tuple[bool, int, int]],
    delimiter: str,
    mark: str,
    hours: int,
    is_net: bool,
    by: str,
) -> None:
    offset = timezone(timedelta(hours=hours))
    columns = ["id", "when", "amount", "credit", "debit", "from", "to", "fee"]
    rows = []
    for number, (is_in, minor, fee) in enumerate(amounts):
        moved = (minor - fee if is_in else minor + fee) if is_net else minor
        if moved <= 0:
            moved, fee = minor, 0
        text = f"{moved:,}".replace(",", " " if mark == "," else ",") + f"{mark}00"
        amount = text if by == "accounts" or is_in else f"-{text}"
        sides = ("them" + str(number), "us") if is_in else ("us", "them" + str(number))
        when = at(11).astimezone(offset).strftime("%d.%m.%Y %H:%M")
        in_, out = (text, "") if is_in else ("", text)
        rows.append([f"T{number}", when, amount, in_, out, *sides, str(fee)])
    said: dict[str, Any] = {
        "sign": {"amount": "amount"},
        "columns": {"credit": "credit", "debit": "debit"},
        "accounts": {"amount": "amount", "payer": "from", "payee": "to"},
    }[by]
    form = Form.model_validate(
        {
            "delimiter": delimiter,
            "provider_transaction_id": "id",
            "occurred_at": ["when"],
            "time_format": "%d.%m.%Y %H:%M",
            "utc_offset": f"{'-' if hours < 0 else '+'}{abs(hours):02}:00",
            "amount_is_net": is_net,
            "decimal_mark": mark,
            "fee": ["fee"],
            **said,
        }
    )
    folder = tmp_path_factory.mktemp("forms")
    path = put(folder, written(columns, *rows, delimiter=delimiter))

    read = read_by(path, form, currency="XAF", account="us")

    found = [(one.direction == "in", one.amount_minor) for one in taken(read).lines]
    assert found == [(is_in, minor) for is_in, minor, _ in amounts]
    assert {one.occurred_at for one in taken(read).lines} == {at(11)}


NEGATIVE_IN = mtn(Amount="-1500")
LONE = [mtn()]
FAULTS: list[tuple[str, list[list[str]], dict[str, Any], str]] = [
    ("no offset", LONE, {"utc_offset": None, "account": "1009"}, "--utc-offset: the times in this"),
    ("two accounts", LONE, {}, "--account: two accounts are on every line"),
    (
        "no account",
        [mtn(), mtn(Id="2", From=OTHER, To=PAYER), mtn(Id="3", From=OTHER, To=SHOP)],
        {},
        "--account: no account is on every line.",
    ),
    ("a stranger's account", LONE, {"account": "12"}, "--account: no line has this account"),
    (
        "not ours",
        [mtn(), mtn(Id="2", From=PAYER, To=OTHER)],
        {"account": "1009"},
        "line 3, column From / To: your account is not",
    ),
    ("sign", [NEGATIVE_IN], {"account": "1009"}, "line 2, column Amount: the amount is negative"),
    ("currency", [mtn(Currency="XOF")], {}, "line 2, column Currency: the line is in 'XOF'."),
    (
        "number",
        [mtn(Amount="1.5.0")],
        {"account": "1009"},
        "line 2, column Amount: this is no numb",
    ),
    # A comma where the form says a point: it would be a hundred times as much.
    ("comma", [mtn(Amount="1500,00")], {"account": "1009"}, "line 2, column Amount: this is no n"),
    ("groups", [mtn(Amount="1,50,0")], {"account": "1009"}, "line 2, column Amount: this is no n"),
    ("spaces", [mtn(Amount="1 5 00")], {"account": "1009"}, "line 2, column Amount: this is no n"),
    ("marks", [mtn(Amount="1,000 000")], {"account": "1009"}, "line 2, column Amount: this is no"),
    ("empty account", [mtn(From="")], {"account": ""}, "--account: no line has this account"),
    ("time", [mtn(Date="01/03/2026")], {"account": "1009"}, "line 2, column Date: this is no time"),
    ("cells", [mtn()[:-1]], {}, "line 2: the line has 53 cells, and there are 54 columns."),
    (
        "fraction",
        [mtn(), mtn(Id="2", From=OTHER, Amount="10.5")],
        {},
        "line 3, column Amount: ",
    ),
    (
        "day",
        [mtn(), mtn(Id="2", From=OTHER, Date="2026-03-09 12:00:00")],
        {},
        "line 3, column Date: the line is of a time that the statement does not cover.",
    ),
    (
        "id",
        [mtn(), mtn(Id="no id", From=OTHER)],
        {},
        "line 3, column Id: ",
    ),
]


@pytest.mark.parametrize(("rows", "more", "said"), [one[1:] for one in FAULTS], ids=lambda _: "")
def test_a_fault_is_named_by_line_and_the_files_own_column(
    tmp_path: Path, rows: list[list[str]], more: dict[str, Any], said: str
) -> None:
    asked = {"utc_offset": "+01:00", "account": None} | more
    path = put(tmp_path, written(MTN_COLUMNS, *rows))

    with pytest.raises(InvalidInputError) as refused:
        taken(
            read_by(
                path,
                form_of("mtn", asked["utc_offset"]),
                currency="XAF",
                account=asked["account"],
            )
        )

    assert str(refused.value).startswith(said)
    assert "237650" not in str(refused.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("5;01/03/2026;11:09:00;MP5;Succès;;-50,00;1", "line 8, column Crédit / Débit: the sign"),
        ("5;01/03/2026;11:09:00;MP5;Succès;50,00;;1", "line 8, column Crédit / Débit: the sign"),
        ("5;01/03/2026;11:09:00;MP5;Succès;-5,00;5,00;1", "line 8, column Crédit / Débit: the l"),
    ],
    ids=["negative credit", "debits of both signs", "both ways"],
)
def test_a_sign_that_may_mean_the_other_way_is_no_guess(
    tmp_path: Path, line: str, said: str
) -> None:
    own = tmp_path / "orange.toml"
    own.write_text(RELEVE_FORM, encoding="utf-8")
    path = put(tmp_path, f"{RELEVE}{line}\n", "windows-1252")

    with pytest.raises(InvalidInputError) as refused:
        read_by(path, form_of(str(own)), currency="XOF")

    assert str(refused.value).startswith(said)


def test_a_file_of_another_form_is_refused_at_its_columns(tmp_path: Path) -> None:
    fewer = [one for one in MTN_COLUMNS if one != "To / Fee"]
    for columns, said in (
        (fewer, "line 1: the column To / Fee is missing."),
        ([*MTN_COLUMNS, "Id"], "line 1: the column Id is there more than once."),
        (WAVE_COLUMNS, "line 1: the column Amount is missing."),
    ):
        path = put(tmp_path, written(columns))
        with pytest.raises(InvalidInputError, match=f"^{said}"):
            read_by(path, form_of("mtn", "+01:00"), currency="XAF")
    own = tmp_path / "orange.toml"
    own.write_text(RELEVE_FORM, encoding="utf-8")
    long = put(tmp_path, "x\n" * (PREAMBLE_LINES_MAX + 1) + RELEVE, "windows-1252")
    with pytest.raises(InvalidInputError, match="no line begins with 'N°'"):
        read_by(long, form_of(str(own)), currency="XOF")
    with pytest.raises(InvalidInputError, match="this is no CSV in utf-8"):
        read_by(put(tmp_path, RELEVE, "windows-1252"), form_of("wave"), currency="XOF")
    many = put(tmp_path, RELEVE + "5;;;;Échec;;;\n" * READ_LINES_MAX, "windows-1252")
    with pytest.raises(InvalidInputError, match="FILE: a file has at most"):
        read_by(many, form_of(str(own)), currency="XOF")


GOOD = 'provider_transaction_id = "id"\noccurred_at = ["when"]\namount = "amount"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "--form: this is no TOML"),
        ("x" * 30_000, "--form: a form has at most"),
        (GOOD + 'amont = "x"\n', "--form, amont: "),
        (GOOD.replace('amount = "amount"\n', ""), "--form, amount: no column says how much"),
        (GOOD + 'credit = "in"\ndebit = "out"\n', "--form, amount: no column says how much"),
        (GOOD.replace("amount =", "credit ="), "--form, credit: credit and debit belong together."),
        (GOOD + 'payer = "from"\n', "--form, payer: payer and payee belong together."),
        (GOOD + 'status = "s"\n', "--form, status: status and moved belong together."),
        (GOOD + 'currency_after = "s"\n', "--form, currency_after: currency_after and currency"),
        (GOOD + 'time_format = "%d/%m/%Y"\n', "--form, time_format: this does not write a time"),
        (GOOD + 'utc_offset = "1"\n', "--form, utc_offset: "),
    ],
)
def test_a_form_that_says_too_little_is_refused_by_its_field(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(InvalidInputError) as refused:
        form_of(str(path))

    error = refused.value
    assert str(error).startswith(said)
    assert {error.reason.template, error.remedy.template} <= FRENCH.keys()


def test_the_forms_in_the_box_are_forms_and_no_other_name_is() -> None:
    assert known_forms() == ["mtn", "wave"]
    for name in known_forms():
        assert form_of(name).provider_transaction_id in text_of(name)
    for name in ("../forms/mtn", "orange"):
        with pytest.raises(InvalidInputError, match="there is no form"):
            form_of(name)
    with pytest.raises(InvalidInputError, match="--utc-offset: this is not how far"):
        form_of("mtn", "1 hour")
