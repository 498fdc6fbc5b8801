"""`cauri accounts ledger` and `balance`: the books as an accountant prints and files them.

The general ledger is streamed, so one of any length takes no memory; it goes to a file as CSV, to a
program as one JSON object a line, and to people as tables, of `LISTED_MAX` lines at most. Every
account of somebody in a currency is summed on its own, between what it held before and after.
"""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from adapters.dates import table_time
from adapters.refusal_texts import Language
from api.cli_language import speak, spoken
from api.commands.console import (
    run_async,
    settings_for,
    write_json,
    write_line,
    write_table,
    written_time,
)
from api.commands.replay import effective_of, mode_of, point_in
from api.csv_cells import BEGINNING, csv_line, decimal_cell, text_cell
from api.holders import MERCHANTS_ACCOUNTS, names_from_log, title_in
from api.trial_balance import totals_of
from api.views import decimal_text
from api.wiring import opened, projections_of, utc_now
from ledger.entry import rfc3339
from ledger.errors import InvalidInputError
from ledger.journal import ACCOUNT_NAMES
from ledger.sentences import Sentence
from ledger.store import EventStore
from projections.accounts import AccountRow, AccountsProjection
from projections.general_ledger import Account, GeneralLedger, LedgerAsked
from projections.rebuild import fill

LISTED_MAX: Final = 1000
"""How many lines a table shows; a file has all."""

STDOUT: Final = Path("-")

_SAID: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {
        "ledger": "General ledger ({mode}) at position {position}",
        "balance": "Trial balance ({mode}) at position {position}",
        "lines": "account|name|@holder|who|currency|what|@moved|#position|@payment|#debit|#credit"
        "|#balance",
        "accounts": "account|name|@holder|who|currency|#debit|#credit|#balance",
        "of_file": "account|name|holder|who|currency|what|moved_at_utc|recorded_at_utc|position"
        "|payment|debit|credit|balance",
        "opening": "opening",
        "entry": "entry",
        "redating": "other date",
        "closing": "closing",
        "total": "total",
        "none": "there are none",
        "more": "Only the first {lines} lines are shown; `--csv FILE` has all.",
    },
    "fr": {
        "ledger": "Grand livre ({mode}) à la position {position}",
        "balance": "Balance générale ({mode}) à la position {position}",
        "lines": "compte|intitulé|@titulaire|nom|devise|nature|@mouvement|#position|@paiement"
        "|#débit|#crédit|#solde",
        "accounts": "compte|intitulé|@titulaire|nom|devise|#débit|#crédit|#solde",
        "of_file": "compte|intitulé|titulaire|nom|devise|nature|mouvement_utc|enregistrement_utc"
        "|position|paiement|débit|crédit|solde",
        "opening": "ouverture",
        "entry": "écriture",
        "redating": "autre date",
        "closing": "clôture",
        "total": "total",
        "none": "il n'y en a pas",
        "more": "Seules les {lines} premières lignes sont montrées ; `--csv FICHIER` les a toutes.",
    },
}


class Line(NamedTuple):
    """A line of the general ledger as it is told."""

    of: Account
    what: str
    """`opening`, `entry`, `redating` or `closing`."""
    debit_minor: int
    credit_minor: int
    balance_minor: int
    """After it."""
    moved_at: datetime | None = None
    recorded_at: datetime | None = None
    position: int | None = None
    payment_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was asked for, as it was typed."""

    account: str | None = None
    known_at: str | None
    effective: tuple[str | None, str | None]
    mode: str | None
    csv: Path | None
    language: Language | None
    database: str | None
    as_json: bool


def ledger(**given: Any) -> None:
    """Write the general ledger, of one account or of all."""
    wanted = Wanted(**given)
    speak(wanted.language)
    if wanted.account is not None and wanted.account not in ACCOUNT_NAMES:
        raise InvalidInputError(
            "account",
            Sentence("the books have no account {account}.", account=wanted.account[:20]),
            Sentence("Send one of {accounts}.", accounts=", ".join(sorted(ACCOUNT_NAMES))),
        )
    run_async(_books(wanted, _ledger))


def balance(**given: Any) -> None:
    """Write the trial balance, with its totals."""
    wanted = Wanted(**given)
    speak(wanted.language)
    run_async(_books(wanted, _balance))


class _Books(NamedTuple):
    accounts: AccountsProjection
    store: EventStore
    asked: LedgerAsked
    mode: str


async def _books(wanted: Wanted, write: Callable[[Wanted, _Books], Awaitable[None]]) -> None:
    settings, effective = settings_for(wanted.database), effective_of(*wanted.effective)
    mode = mode_of(wanted.mode) or settings.default_mode
    point = None if wanted.known_at is None else ("known-at", wanted.known_at)
    async with opened(settings) as (where, store):
        until, _ = await point_in(store, point, now=utc_now())
        projections = projections_of(where)
        await projections.start()
        accounts = projections.of(AccountsProjection)
        await fill(accounts, store)
        asked = LedgerAsked(
            account=wanted.account,
            until=until,
            # What has no mode is of the deployment's own; the two are never added up.
            modes=(mode, None) if mode == settings.default_mode else (mode,),
            effective=effective,
        )
        await write(wanted, _Books(accounts, store, asked, mode))


async def _ledger(wanted: Wanted, books: _Books) -> None:
    names, is_more = _Names(books.store), False
    shown: list[tuple[object, ...]] = []
    async with books.accounts.general_ledger(books.asked) as found:
        lines = told(found)
        if wanted.csv is not None:
            with _file(wanted.csv, "of_file") as write:
                async for line in lines:
                    write(_cells(line, await names.of(line.of)))
            return
        async for line in lines:
            if wanted.as_json:
                write_json(_fields(line, await names.of(line.of)))
                continue
            if is_more := len(shown) == LISTED_MAX:
                break
            shown.append(_row(line, await names.of(line.of)))
    if wanted.as_json:
        return
    if not shown:
        write_line(_said("none"))
        return
    title = _said("ledger", mode=books.mode, position=books.asked.until)
    write_table(title, _said("lines").split("|"), shown)
    if is_more:
        write_line(_said("more", lines=LISTED_MAX))


async def told(found: GeneralLedger) -> AsyncIterator[Line]:
    """Say a general ledger: each account's opening, its lines, and its closing."""
    before, place = sorted(found.openings), 0
    now: Account | None = None
    debit = credit = stands = 0
    async for one in found.lines:
        if one.of != now:
            if now is not None:
                yield Line(now, "closing", debit, credit, stands)
            now, debit, credit, stands = one.of, 0, 0, found.openings.get(one.of, 0)
            while place < len(before) and before[place] <= now:
                if before[place] != now:
                    for line in _quiet(before[place], found.openings[before[place]]):
                        yield line
                place += 1
            yield Line(now, "opening", 0, 0, stands)
        in_debit, in_credit = max(one.amount_minor, 0), max(-one.amount_minor, 0)
        debit, credit, stands = debit + in_debit, credit + in_credit, stands + one.amount_minor
        what = "redating" if one.is_redating else "entry"
        yield Line(
            *(one.of, what, in_debit, in_credit, stands),
            *(one.effective_at, one.recorded_at, one.position, one.payment_id),
        )
    if now is not None:
        yield Line(now, "closing", debit, credit, stands)
    for account in before[place:]:
        for line in _quiet(account, found.openings[account]):
            yield line


def _quiet(account: Account, held: int) -> Iterator[Line]:
    """An account that held something before, and did not move since."""
    if held:
        yield Line(account, "opening", 0, 0, held)
        yield Line(account, "closing", 0, 0, held)


async def _balance(wanted: Wanted, books: _Books) -> None:
    asked, names = books.asked, _Names(books.store)
    rows = await books.accounts.trial_balance(
        as_of=asked.until, modes=asked.modes, effective=asked.effective
    )
    totals = [one.model_dump() for one in totals_of(rows)]
    shown = [
        (
            *(row.account, _title(row.account), row.holder, await names.of(row), row.currency),
            *_decimals(row.currency, row.debit_minor, row.credit_minor, row.balance_minor),
        )
        for row in rows
    ]
    if wanted.as_json:
        accounts = [dict(zip(_COLUMNS, row, strict=True)) for row in shown]
        write_json({"position": asked.until, "accounts": accounts, "totals": totals})
        return
    lines = [*shown, *(("", "", "", _said("total"), *one.values()) for one in totals)]
    if wanted.csv is not None:
        with _file(wanted.csv, "accounts") as write:
            for *words, currency, debit, credit, stands in lines:
                amounts = (decimal_cell(one, spoken()) for one in (debit, credit, stands))
                write([*map(text_cell, words), currency, *amounts])
        return
    title = _said("balance", mode=books.mode, position=asked.until)
    write_table(title, _said("accounts").split("|"), lines)


_COLUMNS: Final = (
    *("account", "name", "holder", "holder_name", "currency"),
    *("debit", "credit", "balance"),
)


class _Names:
    """What people call holders; each is looked up once."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._known: dict[str, str] = {}

    async def of(self, row: Account | AccountRow) -> str:
        """One holder's."""
        if row.account in MERCHANTS_ACCOUNTS and row.holder not in self._known:
            found = await names_from_log(self._store, [row.holder])
            self._known[row.holder] = found.get(row.holder, row.holder)
        return title_in(row, self._known)


def _row(line: Line, name: str) -> tuple[object, ...]:
    """A line as a table has it."""
    of = line.of
    return (
        *(of.account, _title(of.account), of.holder, name, of.currency, _said(line.what)),
        *(written_time(line.moved_at), line.position, line.payment_id),
        *_decimals(of.currency, line.debit_minor, line.credit_minor, line.balance_minor),
    )


def _cells(line: Line, name: str) -> list[str]:
    """A line as a file has it."""
    of = line.of
    amounts = _decimals(of.currency, line.debit_minor, line.credit_minor, line.balance_minor)
    return [
        *(of.account, _title(of.account), text_cell(of.holder), text_cell(name), of.currency),
        *(_said(line.what), _day(line.moved_at), _day(line.recorded_at)),
        *("" if one is None else str(one) for one in (line.position, line.payment_id)),
        *(decimal_cell(one, spoken()) for one in amounts),
    ]


def _fields(line: Line, name: str) -> dict[str, object]:
    """A line as a program reads it."""
    debit, credit, stands = _decimals(
        line.of.currency, line.debit_minor, line.credit_minor, line.balance_minor
    )
    return {
        "what": line.what,
        **line.of._asdict(),
        "holder_name": name,
        "moved_at": None if line.moved_at is None else rfc3339(line.moved_at),
        "recorded_at": None if line.recorded_at is None else rfc3339(line.recorded_at),
        "position": line.position,
        "payment_id": line.payment_id,
        "debit": debit,
        "credit": credit,
        "balance": stands,
    }


@contextmanager
def _file(path: Path, columns: str) -> Iterator[Callable[[Sequence[str]], object]]:
    """Lend what writes a file's lines; its first one names the columns."""
    names = [one.lstrip("#@") for one in _said(columns).split("|")]
    with (
        nullcontext(sys.stdout)
        if path == STDOUT
        else path.open("w", encoding="utf-8", newline="") as file
    ):
        file.write(BEGINNING + csv_line(names, spoken()))
        yield lambda cells: file.write(csv_line(cells, spoken()))
        file.flush()


def _decimals(currency: str, *amounts_minor: int) -> tuple[str, ...]:
    return tuple(decimal_text(one, currency) for one in amounts_minor)


def _day(moment: datetime | None) -> str:
    """A time as spreadsheets read one; the column says that it is UTC."""
    return "" if moment is None else table_time(moment).removesuffix(" UTC")


def _title(account: str) -> str:
    return ACCOUNT_NAMES[account][0 if spoken() == "fr" else 1]


def _said(name: str, **values: object) -> str:
    return _SAID[spoken()][name].format_map(values)
