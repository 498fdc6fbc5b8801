"""Examples of answers that are no JSON model: pages, pictures, streams, lines of the log, figures.

Each is made by what makes the real one, wherever that needs no server; a test holds all of them
against what a server answers. A route whose answer is unlike others of its media type brings an
example of its own.
"""

from typing import Any, Final

import orjson

from api.audit import NDJSON
from api.notices import RETRY_MILLISECONDS
from api.openapi_examples import Examples
from api.openapi_webhooks import message_example
from api.pages.checkout import drawn_code
from api.tlog import bundle_of
from ledger.entry import Context, encode_entry, prepare
from ledger.events import MerchantAdded

HTML: Final = "text/html"
SVG: Final = "image/svg+xml"
EVENTS: Final = "text/event-stream"
FIGURES: Final = "text/plain"
SCRIPT: Final = "text/javascript"

_PAGE: Final = """\
<!doctype html>
<html lang="fr">
<head><meta charset="utf-8"><title>Chez Aminatou</title></head>
<body><main>...</main></body>
</html>
"""
_FIGURES: Final = """\
# HELP cauri_payments Payments by where they stand.
# TYPE cauri_payments gauge
cauri_payments{currency="XAF",kind="collection",mode="live",provider="mtn",status="succeeded"} 41.0
"""
_SCRIPT: Final = "customElements.define(...);\n"
_SESSION_URL: Final = "https://pay.example/checkout/cs_6wq3o2mexg5vbn7hd4tq2lkzae3k2w5p"


def media_example(media: str, examples: Examples) -> Any:
    """An example of an answer of a media type; None where nothing is known of it."""
    match media:
        case "text/html":
            return _PAGE
        case "image/svg+xml":
            return drawn_code(_SESSION_URL).decode()
        case "text/event-stream":
            return _stream(examples)
        case "text/plain":
            return _FIGURES
        case "text/javascript":
            return _SCRIPT
        case "application/octet-stream":
            return _entries_in_escapes()
        case _ if media == NDJSON:
            return _entry().decode() + "\n"
    return None


def _stream(examples: Examples) -> str:
    """Two turns of a stream: a message, and the sign of life that follows."""
    content = message_example("payment.succeeded", examples)
    head = f"id: {content['position']}\nevent: {content['type']}\n"
    written = orjson.dumps(content).decode()
    return f"retry: {RETRY_MILLISECONDS}\n\n{head}data: {written}\n\n: heartbeat\n\n"


def _entries_in_escapes() -> str:
    """One entry behind its length, which is two bytes, as Python writes bytes."""
    return str(bundle_of([_entry()]))[2:-1]


def _entry() -> bytes:
    """A line of the log, by the code that writes them."""
    added = MerchantAdded(merchant_id="mer_3c724e88597ee05a", name="Chez Aminatou", country="CM")
    return encode_entry(
        prepare(added),
        position=1,
        stream="merchant-mer_3c724e88597ee05a",
        version=1,
        recorded_at="2030-01-31T12:00:00.000000Z",
        context=Context("cli", "7fd0a0129ae3020d", "request:7fd0a0129ae3020d"),
    )
