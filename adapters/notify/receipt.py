"""A receipt: what happened, as a letter for a person; pure, the same bytes each time.

Text and HTML say the same. The HTML has no image, no link, no script and nothing from elsewhere, so
nobody learns that it was opened. Of the payer's number the last two digits are shown.

Names and descriptions come from outside. Before they are used, everything that is no visible sign
(line ends, controls, marks that turn the direction of text) becomes a space, so that nothing of
them can begin a header or a line of its own; in HTML they are escaped besides. An encoded word
(`=?utf-8?q?...?=`) that stands in a name is broken up, for the library would decode it, line ends
and all. That the headers are ours and no others is looked at once more in what was written.

The `Message-ID` derives from the letter's own id and stays the same however often it is sent: a
mail server, or the reader's program, may drop the second copy. The boundary between the parts
derives from it too, because the library would draw it at random.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from html import escape
from typing import Final

from adapters.dates import date_text, utc_text
from adapters.directory_zones import local_time
from adapters.notify.receipt_texts import COLONS, DECIMAL_MARKS, TEXTS, THOUSANDS, Fact, Texts
from adapters.refusal_texts import Language
from ledger.identity import Recipient
from ledger.money import Money

NAME_CHARACTERS_MAX: Final = 80
DESCRIPTION_CHARACTERS_MAX: Final = 160
TRANSACTION_CHARACTERS_MAX: Final = 64
SUPPORT_CHARACTERS_MAX: Final = 200
DIGITS_SHOWN: Final = 2
NUMBER_DIGITS_COMPARED: Final = 7
"""So many digits at its end make a number known, however its beginning was written."""

_NUMBER: Final = re.compile(r"\+?[0-9](?:[^\w+]{0,3}[0-9]){6,}")

HEADERS: Final = (
    *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language"),
    *("MIME-Version", "Content-Type"),
)
"""What a letter's own head holds, each once."""

_FRANCS: Final = frozenset({"XAF", "XOF"})
_PAGE: Final = (
    "font-family:sans-serif;line-height:1.45;max-width:36em;margin:1em auto;padding:0 1em;"
    "color:#111;background:#fff"
)
_TEST: Final = "padding:4px 12px;background:#fde68a;font-weight:600"
_CELL: Final = "padding:4px 12px 4px 0;vertical-align:top;text-align:left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a letter tells. Holds the address and the payer's last digits: never log."""

    mail_id: str
    fact: Fact
    is_test: bool
    """Whether no money moves: the subject and the first line say so, or a test passes for money."""
    recipient: Recipient
    address: str = field(repr=False)
    language: Language
    merchant: str
    money: Money
    refunded: Money | None = None
    wallet: str
    digits: str = field(repr=False)
    """The last of the payer's number."""
    description: str | None = field(default=None, repr=False)
    at: datetime
    """When what it tells, or takes back, was confirmed, in UTC."""
    corrected_at: datetime | None = None
    """Of a correction: when that turned out to be wrong."""
    country: str
    transaction_id: str | None
    payment_id: str
    support: str | None = None
    """Whom people may ask who need help, where somebody is named."""
    refund_id: str | None = None
    position: int
    fingerprint: str
    """The leaf hash of the entry that says so."""


def plain(text: str, characters_max: int) -> str:
    """Make one line of visible signs of a text from outside, of bounded length."""
    signs = [" " if unicodedata.category(one)[0] in "CZ" else one for one in text]
    line = " ".join("".join(signs).split())
    return line if len(line) <= characters_max else line[: characters_max - 1] + "…"


def _for_header(line: str) -> str:
    """Break up what the library would take for an encoded word."""
    return line.replace("=?", "= ?")


def without_number(text: str, phone: str) -> str:
    """Cut a payer's own number down to its last digits, where somebody wrote it into a text."""

    def cut(found: re.Match[str]) -> str:
        digits = re.sub(r"\D", "", found[0])
        if digits[-NUMBER_DIGITS_COMPARED:] != phone[-NUMBER_DIGITS_COMPARED:]:
            return found[0]
        return f"…{phone[-DIGITS_SHOWN:]}"

    return _NUMBER.sub(cut, text)


def amount_text(money: Money, language: Language) -> str:
    """Write an amount as people do: `1,500 FCFA`; both francs of the CFA are called so."""
    whole, _, decimals = money.amount.partition(".")
    grouped = f"{int(whole):,}".replace(",", THOUSANDS[language])
    if decimals:
        grouped += DECIMAL_MARKS[language] + decimals
    unit = "FCFA" if money.currency in _FRANCS else money.currency
    return f"{grouped}\N{NO-BREAK SPACE}{unit}"


def time_text(moment: datetime, country: str, language: Language) -> str:
    """Write a time by the country's clocks and by UTC."""
    utc = moment.astimezone(UTC)
    local = local_time(moment, country) or utc
    hours = (local.utcoffset() or timedelta()) // timedelta(hours=1)
    if not hours:
        return utc_text(utc, language)
    return TEXTS[language].time_local.format(
        date=date_text(local, language),
        local=f"{local:%H:%M}",
        offset=f"{hours:+d}",
        utc=f"{utc:%H:%M}",
    )


class HeaderInjectedError(Exception):
    """A letter has other headers than ours; it is never sent."""


def written_of(told: Told, *, sender: str) -> bytes:
    """Write the letter as it goes over the wire.

    Raises:
        HeaderInjectedError: something from outside became a header; what, is not repeated.
    """
    written = message_of(told, sender=sender).as_bytes()
    head = written.partition(b"\r\n\r\n")[0].decode("ascii").splitlines()
    names = [line.partition(":")[0] for line in head if not line.startswith((" ", "\t"))]
    if sorted(names) != sorted(HEADERS):
        raise HeaderInjectedError
    return written


def message_of(told: Told, *, sender: str) -> EmailMessage:
    """Write the letter, with all its headers.

    Args:
        told: what it tells, and to whom.
        sender: the address it comes from; under the merchant's name, which its reader knows.
    """
    texts = TEXTS[told.language]
    values = _values(told)
    side = (texts.for_payer if told.recipient == "payer" else texts.for_merchant)[told.fact]
    rows = list(_rows(told, texts, values))
    verify, automatic = _endings(told, texts)
    opening = side.opening.format_map(values)
    endings = (verify.format_map(values), automatic.format_map(values))
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(_for_header(values["merchant"]), addr_spec=sender)
    message["To"] = Address(addr_spec=told.address)
    subject = side.subject.format_map(values | {"merchant": _for_header(values["merchant"])})
    if told.is_test:
        subject = texts.test_subject.format(subject=subject)
    message["Subject"] = subject
    message["Date"] = told.corrected_at or told.at
    message["Message-ID"] = f"<{told.mail_id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_as_text(told, texts, opening, rows, endings), cte="quoted-printable")
    html = _as_html(told, texts, opening, rows, endings)
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    # The library takes what begins with `Content-` for the first part's own until here.
    message["Content-Language"] = told.language
    message.set_boundary(hashlib.sha256(told.mail_id.encode()).hexdigest()[:32])
    return message


def _values(told: Told) -> dict[str, str]:
    """What the templates may name."""
    refunded = told.refunded or told.money
    return {
        "amount": amount_text(told.money, told.language),
        "refunded": amount_text(refunded, told.language),
        "merchant": plain(told.merchant, NAME_CHARACTERS_MAX),
        "wallet": plain(told.wallet, NAME_CHARACTERS_MAX),
        "digits": told.digits,
        "payment_id": told.payment_id,
    }


def _rows(told: Told, texts: Texts, values: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The particulars, each with its name."""
    if told.refunded is not None:
        yield texts.refunded, values["refunded"]
    yield texts.amount, values["amount"]
    yield texts.merchant, values["merchant"]
    if told.description and (line := plain(told.description, DESCRIPTION_CHARACTERS_MAX)):
        yield texts.description, line
    yield texts.paid_with, texts.ending.format_map(values)
    yield texts.at, time_text(told.at, told.country, told.language)
    if told.corrected_at is not None:
        yield texts.corrected, time_text(told.corrected_at, told.country, told.language)
    if transaction := _transaction(told):
        yield texts.transaction, transaction
    if told.refund_id is not None:
        yield texts.refund, told.refund_id
    yield texts.payment, told.payment_id
    if told.support is not None:
        yield texts.support, plain(told.support, SUPPORT_CHARACTERS_MAX)
    entry = texts.entry_value.format(position=told.position, fingerprint=told.fingerprint)
    yield texts.entry, entry


def _transaction(told: Told) -> str:
    return plain(told.transaction_id or "", TRANSACTION_CHARACTERS_MAX)


def _endings(told: Told, texts: Texts) -> tuple[str, str]:
    if told.recipient == "merchant":
        return texts.verify_merchant, texts.automatic_merchant
    verify = texts.verify_payer if _transaction(told) else texts.verify_payer_untold
    return verify, texts.automatic_payer


def _as_text(
    told: Told,
    texts: Texts,
    opening: str,
    rows: list[tuple[str, str]],
    endings: tuple[str, str],
) -> str:
    colon = COLONS[told.language]
    lines = [texts.test, ""] if told.is_test else []
    lines += [texts.greeting, "", opening, ""]
    lines += [f"{name}{colon} {value}" for name, value in rows]
    lines += ["", f"{texts.verify}{colon} {endings[0]}", "", endings[1], ""]
    return "\n".join(lines)


def _as_html(
    told: Told,
    texts: Texts,
    opening: str,
    rows: list[tuple[str, str]],
    endings: tuple[str, str],
) -> str:
    cells = [
        f'<tr><th scope="row" style="{_CELL};font-weight:normal;color:#555">{escape(name)}</th>'
        f'<td style="{_CELL};overflow-wrap:anywhere">{escape(value)}</td></tr>'
        for name, value in rows
    ]
    lines = [
        "<!doctype html>",
        f'<html lang="{told.language}">',
        '<head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        '<meta name="format-detection" content="telephone=no,address=no,email=no,date=no">',
        "</head>",
        f'<body style="{_PAGE}">',
        *([f'<p style="{_TEST}">{escape(texts.test)}</p>'] if told.is_test else []),
        f"<p>{escape(texts.greeting)}</p>",
        f'<p style="font-size:1.15em">{escape(opening)}</p>',
        '<table style="border-collapse:collapse">',
        *cells,
        "</table>",
        f"<p>{escape(texts.verify)}{COLONS[told.language]} {escape(endings[0])}</p>",
        f'<p style="color:#555">{escape(endings[1])}</p>',
        "</body>",
        "</html>",
        "",
    ]
    return "\n".join(lines)
