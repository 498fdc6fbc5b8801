"""An export as a page that a person can read, in French or English; nothing in it is fetched.

It says what the JSON says, in tables, and nothing else. Every text in it is escaped: what providers
and merchants wrote may be anything.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, Final

import orjson

from adapters.refusal_texts import Language
from adapters.typesetting import typeset_french
from api.schemas_people import ExportOut

_STYLE: Final = (
    "body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%;margin:1rem 0}"
    "th,td{border:1px solid #71717a;padding:.25rem .5rem;text-align:left;vertical-align:top;"
    "overflow-wrap:anywhere}pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:0}"
)

_WORDS: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {
        "title": "What is held about you",
        "number": "Telephone number",
        "person": "Name in the ledger",
        "made": "Made at",
        "payments": "Payments, payouts and refunds",
        "sessions": "Checkout pages",
        "webhooks": "Calls of payment providers",
        "erasures": "Requests to be forgotten",
        "none": "There are none.",
        "erased": "erased",
        "left_out": "Not shown, because there were too many",
        "id": "Id",
        "when": "When",
        "status": "Status",
        "amount": "Amount",
        "who": "Merchant and provider",
        "content": "What was kept",
        "about": "About it",
        "reason": "Reason",
    },
    "fr": {
        "title": "Ce qui est conservé à votre sujet",
        "number": "Numéro de téléphone",
        "person": "Nom dans le registre",
        "made": "Établi le",
        "payments": "Paiements, versements et remboursements",
        "sessions": "Pages de paiement",
        "webhooks": "Appels des prestataires de paiement",
        "erasures": "Demandes d'effacement",
        "none": "Il n'y en a pas.",
        "erased": "effacé",
        "left_out": "Non montrés, car trop nombreux",
        "id": "Identifiant",
        "when": "Date",
        "status": "État",
        "amount": "Montant",
        "who": "Marchand et prestataire",
        "content": "Ce qui a été conservé",
        "about": "À ce propos",
        "reason": "Motif",
    },
}


def export_page(told: ExportOut, language: Language) -> str:
    """Write an export as one page of HTML."""
    words = _WORDS[language]

    def say(name: str) -> str:
        text = words[name]
        return escape(typeset_french(text) if language == "fr" else text)

    def content(value: object) -> str:
        if value is None:
            return say("erased")
        if isinstance(value, str):
            return f"<pre>{escape(value)}</pre>"
        written = orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z)
        return f"<pre>{escape(written.decode())}</pre>"

    def table(name: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
        cells = ["<tr>" + "".join(f"<td>{one}</td>" for one in row) + "</tr>" for row in rows]
        head = "".join(f'<th scope="col">{say(one)}</th>' for one in columns)
        body = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(cells)}</tbody></table>"
        return f"<h2>{say(name)}</h2>" + (body if cells else f"<p>{say('none')}</p>")

    facts: list[tuple[str, Any]] = [
        ("number", told.phone),
        ("person", told.person),
        ("made", told.made_at.isoformat()),
    ]
    if told.left_out:
        facts.append(("left_out", told.left_out))
    parts = [
        f"<h1>{say('title')}</h1><table><tbody>",
        *(
            f'<tr><th scope="row">{say(name)}</th><td>{escape(str(value))}</td></tr>'
            for name, value in facts
        ),
        "</tbody></table>",
        table(
            "payments",
            ("id", "when", "status", "amount", "who", "content", "about"),
            (
                (
                    escape(one.id),
                    one.created_at.isoformat(),
                    escape(one.status),
                    escape(f"{one.amount} {one.currency}"),
                    escape(f"{one.merchant_id}, {one.provider}"),
                    content(one.particulars),
                    content(
                        {
                            "attempts": one.attempts,
                            "evidence": one.evidence,
                            "letters": one.letters,
                            "support": one.support,
                            "exchanges": one.exchanges,
                            "answers": one.answers,
                        }
                    ),
                )
                for one in told.payments
            ),
        ),
        table(
            "sessions",
            ("id", "when", "status", "amount", "content"),
            (
                (
                    escape(one.id),
                    one.created_at.isoformat(),
                    escape(one.status),
                    escape(f"{one.amount} {one.currency}"),
                    content(one.particulars),
                )
                for one in told.sessions
            ),
        ),
        table(
            "webhooks",
            ("id", "when", "who", "content"),
            (
                (
                    escape(one.id),
                    one.received_at.isoformat(),
                    escape(one.provider),
                    content(one.body),
                )
                for one in told.webhooks
            ),
        ),
        table(
            "erasures",
            ("id", "status", "reason"),
            ((escape(one.id), escape(one.status), escape(one.reason)) for one in told.erasures),
        ),
    ]
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f"<title>{say('title')}</title><style>{_STYLE}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>"
    )
