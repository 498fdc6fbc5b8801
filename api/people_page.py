"""An export as a page that a person can read, in French or English; nothing in it is fetched.

It says what the JSON says, in the reader's words: each payment, payout or refund with all that is
held about it, then checkout pages, providers' calls and requests to be forgotten. Bytes that went
over the wire stand as they were, folded up. Every text in it is escaped: what providers and
merchants wrote may be anything. It is written piece by piece, so what is counted stands at its end.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any, Final, TypeVar

from adapters.dates import utc_text
from adapters.providers import title_of
from adapters.refusal_texts import Language
from api.pages.amounts import amount_text
from api.pages.receipt import WORDS
from api.people_export import Telling
from api.people_words import PAGE_WORDS
from api.schemas_people import ErasureOut, ExportedCall, ExportedPayment, ExportedSession
from ledger.money import parse_money
from ledger.payment import Status

_STYLE: Final = (
    "body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%;margin:1rem 0}"
    "th,td{border:1px solid #71717a;padding:.25rem .5rem;text-align:left;vertical-align:top;"
    "overflow-wrap:anywhere}th[scope=row]{width:14rem}caption{text-align:left;font-weight:bold}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:0}"
)

Cells = Sequence[str]
"""One row, each cell as HTML."""

Part = TypeVar("Part")

_TABLE_END: Final = "</tbody></table>"


async def export_page(telling: Telling, language: Language) -> AsyncIterator[bytes]:
    """Write an export as one page of HTML, piece by piece."""
    async for piece in _pieces(telling, _Writing(language)):
        yield piece.encode()


async def _pieces(telling: Telling, write: "_Writing") -> AsyncIterator[str]:
    yield (
        f'<!doctype html><html lang="{write.language}"><head><meta charset="utf-8">'
        f"<title>{write.say('title')}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{write.say('title')}</h1>"
    )
    yield write.facts(
        [
            ("number", escape(telling.phone)),
            ("person", escape(telling.person)),
            ("made", write.time(telling.made_at)),
        ]
    )
    async for piece in write.section("payments", write.payments(telling)):
        yield piece
    for name, parts in (
        ("sessions", write.each(telling.sessions(), write.session)),
        ("webhooks", write.each(telling.webhooks(), write.call)),
        ("erasures", write.each(telling.erasures(), write.erasure)),
    ):
        async for piece in write.section(name, parts):
            yield piece
    wire = telling.exchanges_told
    told = escape(write.words.exchanges.format(number=wire)) if wire else write.say("none")
    facts = [("wire", told)]
    if telling.left_out:
        facts.append(("left_out", str(telling.left_out)))
    yield f"<h2>{write.say('counted')}</h2>{write.facts(facts)}</main></body></html>"


class _Writing:
    """Writes each part in one language."""

    def __init__(self, language: Language) -> None:
        self.language, self.words = language, PAGE_WORDS[language]

    def say(self, name: str) -> str:
        return escape(self.words.labels[name])

    def time(self, moment: datetime) -> str:
        return escape(utc_text(moment, self.language))

    async def section(self, name: str, parts: AsyncIterator[str]) -> AsyncIterator[str]:
        yield f"<h2>{self.say(name)}</h2>"
        is_empty = True
        async for one in parts:
            yield one
            is_empty = False
        if is_empty:
            yield f"<p>{self.say('none')}</p>"

    async def each(
        self, parts: AsyncIterator[Part], write: Callable[[Part], str]
    ) -> AsyncIterator[str]:
        async for one in parts:
            yield write(one)

    def facts(self, facts: Iterable[tuple[str, str]]) -> str:
        rows = (
            f'<tr><th scope="row">{self.say(name)}</th><td>{told}</td></tr>' for name, told in facts
        )
        return f"<table><tbody>{''.join(rows)}</tbody></table>"

    def table(self, name: str, columns: Sequence[str], rows: Iterable[Cells]) -> str:
        """A table, or nothing where it would have no row."""
        cells = [_row(row) for row in rows]
        return f"{self._head(name, columns)}{''.join(cells)}{_TABLE_END}" if cells else ""

    async def long_table(
        self, name: str, columns: Sequence[str], rows: AsyncIterator[Cells]
    ) -> AsyncIterator[str]:
        """The same, row by row."""
        is_begun = False
        async for row in rows:
            if not is_begun:
                yield self._head(name, columns)
                is_begun = True
            yield _row(row)
        if is_begun:
            yield _TABLE_END

    def _head(self, name: str, columns: Sequence[str]) -> str:
        head = "".join(f'<th scope="col">{self.say(one)}</th>' for one in columns)
        return f"<table><caption>{self.say(name)}</caption><thead><tr>{head}</tr></thead><tbody>"

    def sealed(self, one: ExportedPayment | ExportedSession) -> list[tuple[str, str]]:
        particulars = one.particulars
        if particulars is None:
            return [("content", self.say("erased" if one.is_erased else "unreadable"))]
        labels = self.words.labels
        told = {name: value for name, value in particulars.items() if value not in (None, {}, "")}
        named = [(name, self._value(name, value)) for name, value in told.items() if name in labels]
        others = {name: value for name, value in told.items() if name not in labels}
        return [*named, *([("content", self._value("", others))] if others else [])]

    def _value(self, name: str, value: Any) -> str:
        """What was sealed under a name; of a merchant's own notes the names are the merchant's."""
        if isinstance(value, Mapping):
            labels = {} if name == "metadata" else self.words.labels
            lines = (
                f"{escape(labels.get(one, one))}: {self._value(one, told)}"
                for one, told in value.items()
                if told is not None
            )
            return "<br>".join(lines)
        if name == "language":
            return escape(self.words.languages.get(str(value), str(value)))
        return escape(str(value))

    def payment(self, one: ExportedPayment) -> str:
        words = self.words
        facts = [
            ("id", escape(one.id)),
            ("kind", self._told(words.kinds, one.kind)),
            ("when", self.time(one.created_at)),
            ("status", escape(WORDS[self.language].statuses[Status(one.status)])),
            ("amount", self._amount(one.amount, one.currency)),
            ("merchant", self._merchant(one.merchant, one.merchant_id)),
            ("provider", self._provider(one.provider)),
            *self.sealed(one),
        ]
        return self.facts(facts) + "".join(self._heard(one))

    async def payments(self, telling: Telling) -> AsyncIterator[str]:
        """Each with all that belongs to it."""
        async for one in telling.payments():
            yield self.payment(one)
            columns: Sequence[str] = ("when", "provider", "power", "answer_status", "content")
            rows = self._wire(telling.exchanges(one.id), is_erased=one.is_erased)
            async for piece in self.long_table("exchanges", columns, rows):
                yield piece
            for piece in self._told_of(one):
                yield piece
            columns = ("when", "endpoint", "answer")
            rows = self._answers(telling.answers(one.id), is_erased=one.is_erased)
            async for piece in self.long_table("answers", columns, rows):
                yield piece

    async def _wire(
        self, exchanges: AsyncIterator[dict[str, Any]], *, is_erased: bool
    ) -> AsyncIterator[Cells]:
        async for told in exchanges:
            went = self._folded("sent", told["request"]) + self._folded("came", told["answer"])
            yield (
                self.time(told["at"]),
                self._provider(told["provider"]),
                self._told(self.words.powers, told["power"]),
                str(told["status"] or ""),
                went or (self.say("erased") if is_erased else ""),
            )

    async def _answers(
        self, answers: AsyncIterator[dict[str, Any]], *, is_erased: bool
    ) -> AsyncIterator[Cells]:
        without = "erased" if is_erased else "unreadable"
        async for told in answers:
            said = self._raw(told["answer"], without)
            yield self.time(told["at"]), escape(told["endpoint"]), said

    def _heard(self, one: ExportedPayment) -> Iterable[str]:
        words = self.words
        yield self.table(
            "attempts",
            ("provider", "reference"),
            (
                (self._provider(told["provider"]), escape(told["reference"]))
                for told in one.attempts
            ),
        )
        yield self.table(
            "evidence",
            ("source", "provider", "word", "transaction", "moved"),
            (
                (
                    self._told(words.sources, told["source"]),
                    self._provider(told["provider"]),
                    self._told(words.words, told["word"]),
                    escape(told["provider_transaction_id"] or ""),
                    self.time(told["occurred_at"]) if told["occurred_at"] else "",
                )
                for told in one.evidence
            ),
        )

    def _told_of(self, one: ExportedPayment) -> Iterable[str]:
        words = self.words
        yield self.table(
            "letters",
            ("when", "letter", "recipient", "result"),
            (
                (
                    self.time(told["at"]),
                    self._told(words.letters, told["kind"]),
                    self._told(words.recipients, told["recipient"]),
                    self._told(words.results, told["result"]),
                )
                for told in one.letters
            ),
        )
        yield self.table(
            "support",
            ("when", "asker", "status"),
            (
                (
                    self.time(told["at"]),
                    self._asker(told["asker"]),
                    escape(WORDS[self.language].statuses[Status(told["status"])]),
                )
                for told in one.support
            ),
        )

    def session(self, one: ExportedSession) -> str:
        return self.facts(
            [
                ("id", escape(one.id)),
                ("when", self.time(one.created_at)),
                ("status", self._told(self.words.pages, one.status)),
                ("amount", self._amount(one.amount, one.currency)),
                ("merchant", self._merchant(one.merchant, one.merchant_id)),
                *self.sealed(one),
            ]
        )

    def call(self, one: ExportedCall) -> str:
        return self.facts(
            [
                ("id", escape(one.id)),
                ("when", self.time(one.received_at)),
                ("provider", self._provider(one.provider)),
                ("proof", self._told(self.words.verdicts, one.verdict)),
                *([] if one.path is None else [("address", escape("/".join(one.path)))]),
                *([] if one.headers is None else [("headers", self._headers(one.headers))]),
                ("body", self._raw(one.body, "erased" if one.is_erased else "unreadable")),
            ]
        )

    def erasure(self, one: ErasureOut) -> str:
        return self.facts(
            [
                ("id", escape(one.id)),
                ("status", self._told(self.words.erasures, one.status)),
                ("reason", escape(one.reason)),
                *([("ends", self.time(one.ends_at))] if one.status == "requested" else []),
            ]
        )

    def _headers(self, headers: Mapping[str, str]) -> str:
        return self._folded("sent", "\n".join(f"{name}: {told}" for name, told in headers.items()))

    def _raw(self, text: str | None, without: str = "erased") -> str:
        return self.say(without) if text is None else f"<pre>{escape(text)}</pre>"

    def _folded(self, name: str, text: str | None) -> str:
        """What may be long; nothing where there was nothing, or it cannot be opened any more."""
        if text is None:
            return ""
        return f"<details><summary>{self.say(name)}</summary>{self._raw(text)}</details>"

    def _told(self, words: Mapping[str, str], word: str) -> str:
        return escape(words.get(word, word))

    def _amount(self, amount: str, currency: str) -> str:
        return escape(amount_text(parse_money(amount, currency), self.language))

    def _merchant(self, name: str | None, merchant_id: str) -> str:
        return escape(merchant_id if name is None else f"{name} ({merchant_id})")

    def _provider(self, name: str | None) -> str:
        return escape(title_of(name) if name else "")

    def _asker(self, actor: str) -> str:
        role, _, name = actor.partition(":")
        known = role if name and role in self.words.askers else ""
        return escape(self.words.askers[known].format(id=name if known else actor))


def _row(cells: Cells) -> str:
    return "<tr>" + "".join(f"<td>{one}</td>" for one in cells) + "</tr>"
