"""The report of a bundle: a page for people in English or French, to be read or printed.

A verifier writes it again from the entries and holds it against the page, line by line: what a
person sees in the tables, and whatever could hide or repaint it, is what this program writes. Only
words that stand outside of tables may be others, of another version of this program; they cannot
be markup.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final, NamedTuple

import jinja2

from adapters.dates import table_time
from adapters.typesetting import typeset_french
from api.bundles.shape import BundleError
from api.bundles.words import COMMAND, WORDS, ReportWords
from ledger.journal import ACCOUNT_NAMES
from ledger.money import decimals_of

_RENAMED: Final = ">Monnaie</th>", ">Devise</th>"
"""A column as an earlier version named it, and its name now: older bundles stay good."""

_MINUS: Final = "\N{MINUS SIGN}"
_SEPARATORS: Final = {"en": (",", "."), "fr": ("\N{NARROW NO-BREAK SPACE}", ",")}
"""Language -> what stands between thousands, and before decimals."""


_FREE: Final = re.compile(r"<(h1|h2|p|pre)>[^<>]*</\1>|<p class=\"warning\">[^<>]*</p>", re.ASCII)
"""Lines of words; those of a list stand within it."""
_ITEMS: Final = {
    "ul": re.compile("<li>[^<>]*</li>"),
    "dl": re.compile("<dt>(<code>[^<>]*</code>|[^<>]*)</dt><dd>[^<>]*</dd>"),
}


class Facts(NamedTuple):
    """What a report says of its bundle."""

    origin: str
    first: int
    last: int
    first_at: str
    last_at: str
    asked_from: str | None
    """See `api.bundles.shape.Manifest`."""
    asked_to: str | None
    size: int
    root: str
    made_at: str
    tool: str
    witnesses: tuple[tuple[str, int], ...]
    """Name and when it cosigned, in POSIX seconds."""
    is_met: bool
    introduced: str = ""
    """The log's key that signed, where the policy names only one that introduced it."""
    others: int = 0
    """Signatures in the note of whom the policy does not name."""


class Cell(NamedTuple):
    """What stands in a table: a word with the code behind it, or a number."""

    text: str
    word: str | None = None
    is_number: bool = False


class Table(NamedTuple):
    """A table of the report."""

    id: str
    title: str
    note: str
    columns: Sequence[str]
    numbers_from: int
    rows: Sequence[Sequence[Cell]]
    warning: str = ""


def report(
    language: str, facts: Facts, totals: Mapping[str, Any], digests: Mapping[str, Any]
) -> str:
    """Write the report in one language."""
    words = WORDS[language]
    values = {
        "origin": facts.origin,
        **({} if facts.asked_from is None else {"asked_from": facts.asked_from}),
        **({} if facts.asked_to is None else {"asked_to": facts.asked_to}),
        "from": facts.first,
        "from_at": facts.first_at,
        "to": facts.last,
        "to_at": facts.last_at,
        "size": facts.size,
        "root": facts.root,
        "made_at": facts.made_at,
        "tool": facts.tool,
    }
    witnesses = [
        (
            words.names["witness"].format(name=name),
            words.seen_at.format(at=table_time(datetime.fromtimestamp(at, UTC))),
        )
        for name, at in facts.witnesses
    ]
    return _template().render(
        words=words,
        facts=facts,
        period=words.period.format(first=facts.first, last=facts.last),
        told=list(values.items()),
        witnesses=witnesses,
        policy=_policy(words, facts),
        unwitnessed=(words.unnamed if facts.others else words.unwitnessed).format(
            number=facts.others
        ),
        command=COMMAND,
        tables=[
            Table(
                "payments",
                words.payments_title,
                words.payments_note,
                words.payments_columns,
                5,
                [_payments_row(words, row) for row in totals["payments"]],
            ),
            Table(
                "balance",
                words.balance_title,
                words.balance_note,
                words.balance_columns,
                5,
                [_balance_row(words, *row) for row in _balances(totals)],
                words.balance_stated if facts.first > 1 else "",
            ),
            Table(
                "entries",
                words.entries_title,
                words.entries_note,
                words.entries_columns,
                1,
                [
                    [Cell(name, name), _number(words, number)]
                    for name, number in totals["entries"].items()
                ],
            ),
            Table(
                "digests",
                words.digests_title,
                words.digests_note,
                words.digests_columns,
                9,
                [
                    [
                        Cell(name, name),
                        Cell(str(one["position"]), str(one["position"])),
                        Cell(one["sha256"], one["sha256"]),
                    ]
                    for name, one in sorted(digests.items())
                ],
            ),
        ],
    )


def readme() -> str:
    """Write the README, in both languages."""
    parts = []
    for words in WORDS.values():
        files = "".join(f"  {name:<18}{text}\n" for name, text in words.files.items())
        report_name, colon = f"REPORT.{words.language}.html", ":"
        if words.language == "fr":
            colon = typeset_french(" :")
        parts.append(
            f"{words.title.upper()}\n\n{words.what}\n\n{report_name}{colon} {words.proves_title}, "
            f"{words.proves_not_title}, {words.glossary_title}.\n\n"
            f"{words.files_title}\n\n{files}\n{words.verify_title}\n\n{words.verify[0]}\n\n"
            f"  {COMMAND}\n\n" + "\n\n".join(words.verify[1:]) + "\n"
        )
    return "\n\n".join(parts)


def check_report(
    language: str, page: bytes, facts: Facts, totals: Mapping[str, Any], digests: Mapping[str, Any]
) -> None:
    """Check that a report says what was computed.

    Raises:
        BundleError: names the file and the line that is something else.
    """
    name = f"REPORT.{language}.html"
    computed = report(language, facts, totals, digests)
    nothing = f"<p>{WORDS[language].nothing}</p>"
    try:
        shown = _unfree(page.decode().replace(*_RENAMED), nothing)
    except UnicodeDecodeError:
        raise BundleError(name, "it is not UTF-8") from None
    for found, line in zip_longest(shown, _unfree(computed, nothing), fillvalue=""):
        if found != line:
            raise BundleError(name, f"this is not what the entries give: {found[:200]!r}")


def _unfree(page: str, nothing: str) -> Iterator[str]:
    """All lines of a report that are not words outside of its tables."""
    head, _, body = page.partition("<main>\n")
    yield head
    within = ""
    for line in body.split("\n"):
        if within in _ITEMS:
            if line != f"</{within}>" and not _ITEMS[within].fullmatch(line):
                yield f"in a list: {line}"
        elif within or not (line in {"<ul>", "<dl>"} or _FREE.fullmatch(line)) or line == nothing:
            yield line
        begun = re.match("<(table|ul|dl)", line)
        within = within or (begun[1] if begun else "")
        if line == f"</{within}>":
            within = ""


@cache
def _template() -> jinja2.Template:
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    made = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
    return made.get_template("report.html")


def _policy(words: ReportWords, facts: Facts) -> str:
    """What the bundle's own policy says; read by its letter, it knows only the keys it names."""
    if not facts.is_met:
        return words.is_not_met
    return words.is_introduced.format(key=facts.introduced) if facts.introduced else words.is_met


def _payments_row(words: ReportWords, row: Mapping[str, Any]) -> list[Cell]:
    return [
        Cell(words.modes[row["mode"]], row["mode"]),
        Cell(words.kinds[row["kind"]], row["kind"]),
        Cell(row["provider"], row["provider"]),
        Cell(words.statuses[row["status"]], row["status"]),
        Cell(row["currency"], row["currency"]),
        _number(words, row["payments"]),
        _amount(words, row["amount_minor"], row["currency"]),
    ]


def _balances(totals: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], list[int]]]:
    """Every account: its key, and opening balance, debit, credit, closing balance."""
    found: dict[tuple[str, ...], list[int]] = {}
    for place, part in enumerate(("opening", "movements", "closing")):
        for row in totals[part]:
            *key, debit, credit = (
                *(row[name] for name in ("mode", "account", "holder", "currency")),
                *(row["debit_minor"], row["credit_minor"]),
            )
            numbers = found.setdefault(tuple(key), [0, 0, 0, 0])
            if place == 1:
                numbers[1:3] = debit, credit
            else:
                numbers[place + (place > 1)] = debit - credit
    for one in sorted(found):
        yield one, found[one]


def _balance_row(words: ReportWords, key: Sequence[str], numbers: Sequence[int]) -> list[Cell]:
    mode, account, holder, currency = key
    name = ACCOUNT_NAMES[account][0 if words.language == "fr" else 1]
    return [
        Cell(words.modes[mode], mode),
        Cell(account, account),
        Cell(name, ""),
        Cell(holder, holder),
        Cell(currency, currency),
        *(_amount(words, one, currency) for one in numbers),
    ]


def _number(words: ReportWords, number: int) -> Cell:
    return Cell(_grouped(words, number), is_number=True)


def _amount(words: ReportWords, minor: int, currency: str) -> Cell:
    whole, part = divmod(abs(minor), 10 ** decimals_of(currency))
    decimals = decimals_of(currency)
    text = _grouped(words, whole)
    if decimals:
        text += f"{_SEPARATORS[words.language][1]}{part:0{decimals}d}"
    return Cell(f"{_MINUS if minor < 0 else ''}{text}", is_number=True)


def _grouped(words: ReportWords, number: int) -> str:
    return f"{number:,}".replace(",", _SEPARATORS[words.language][0])
