"""An export as a page that a person can read, in French or English; nothing in it is fetched.

It says what the JSON says, in the reader's words: each payment, payout or refund with all that is
held about it, then checkout pages, providers' calls and requests to be forgotten. Bytes that went
over the wire stand as they were, folded up. Every text in it is escaped: what providers and
merchants wrote may be anything.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any, Final

from adapters.notify.receipt import time_text
from adapters.providers import title_of
from adapters.refusal_texts import Language
from api.pages.amounts import amount_text
from api.pages.receipt import WORDS
from api.people_words import PAGE_WORDS
from api.schemas_people import ErasureOut, ExportedCall, ExportedPayment, ExportedSession, ExportOut
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


def export_page(told: ExportOut, language: Language) -> str:
    """Write an export as one page of HTML."""
    write = _Writing(language)
    wire = sum(len(one.exchanges) for one in told.payments)
    facts = [
        ("number", escape(told.phone)),
        ("person", escape(told.person)),
        ("made", write.time(told.made_at)),
        ("wire", escape(write.words.exchanges.format(number=wire)) if wire else write.say("none")),
    ]
    if told.left_out:
        facts.append(("left_out", str(told.left_out)))
    body = [
        f"<h1>{write.say('title')}</h1>",
        write.facts(facts),
        *write.section("payments", map(write.payment, told.payments)),
        *write.section("sessions", map(write.session, told.sessions)),
        *write.section("webhooks", map(write.call, told.webhooks)),
        *write.section("erasures", map(write.erasure, told.erasures)),
    ]
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f"<title>{write.say('title')}</title><style>{_STYLE}</style></head>"
        f"<body><main>{''.join(body)}</main></body></html>"
    )


class _Writing:
    """Writes each part in one language."""

    def __init__(self, language: Language) -> None:
        self.language, self.words = language, PAGE_WORDS[language]

    def say(self, name: str) -> str:
        return escape(self.words.labels[name])

    def time(self, moment: datetime) -> str:
        return escape(time_text(moment, "", self.language))

    def section(self, name: str, parts: Iterable[str]) -> list[str]:
        return [f"<h2>{self.say(name)}</h2>", *(list(parts) or [f"<p>{self.say('none')}</p>"])]

    def facts(self, facts: Iterable[tuple[str, str]]) -> str:
        rows = (
            f'<tr><th scope="row">{self.say(name)}</th><td>{told}</td></tr>' for name, told in facts
        )
        return f"<table><tbody>{''.join(rows)}</tbody></table>"

    def table(self, name: str, columns: Sequence[str], rows: Iterable[Cells]) -> str:
        """A table, or nothing where it would have no row."""
        cells = ["<tr>" + "".join(f"<td>{one}</td>" for one in row) + "</tr>" for row in rows]
        if not cells:
            return ""
        head = "".join(f'<th scope="col">{self.say(one)}</th>' for one in columns)
        return (
            f"<table><caption>{self.say(name)}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{''.join(cells)}</tbody></table>"
        )

    def sealed(self, particulars: Mapping[str, Any] | None) -> list[tuple[str, str]]:
        if particulars is None:
            return [("content", self.say("erased"))]
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
            *self.sealed(one.particulars),
        ]
        return self.facts(facts) + "".join(self._about(one))

    def _about(self, one: ExportedPayment) -> Iterable[str]:
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
        yield self.table(
            "exchanges",
            ("when", "provider", "power", "answer_status", "content"),
            (
                (
                    self.time(told["at"]),
                    self._provider(told["provider"]),
                    self._told(words.powers, told["power"]),
                    str(told["status"] or ""),
                    self._folded("sent", told["request"]) + self._folded("came", told["answer"]),
                )
                for told in one.exchanges
            ),
        )
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
        yield self.table(
            "answers",
            ("when", "endpoint", "answer"),
            (
                (self.time(told["at"]), escape(told["endpoint"]), self._raw(told["answer"]))
                for told in one.answers
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
                *self.sealed(one.particulars),
            ]
        )

    def call(self, one: ExportedCall) -> str:
        return self.facts(
            [
                ("id", escape(one.id)),
                ("when", self.time(one.received_at)),
                ("provider", self._provider(one.provider)),
                ("proof", self._told(self.words.verdicts, one.verdict)),
                ("body", self._raw(one.body)),
            ]
        )

    def erasure(self, one: ErasureOut) -> str:
        return self.facts(
            [
                ("id", escape(one.id)),
                ("status", self._told(self.words.erasures, one.status)),
                ("reason", escape(one.reason)),
            ]
        )

    def _raw(self, text: str | None) -> str:
        return self.say("erased") if text is None else f"<pre>{escape(text)}</pre>"

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
