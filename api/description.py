"""The API's description of itself: the OpenAPI document, and the page that shows it.

Both are made when first asked for, kept, and sent compressed to whoever takes that: a page that is
read on a slow line comes in a tenth of its size.
"""

import gzip
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal

import orjson
from aiohttp import web
from pydantic import Field

from adapters.refusal_texts import Language
from api.calls import JSON, Call
from api.docs_page import docs_page
from api.docs_words import STYLE
from api.openapi import OPENAPI, TITLE, VERSION, openapi_document
from api.problems import language_of
from api.route import Route
from api.schemas import Query

HTML: Final = "text/html; charset=utf-8"
CACHED_SECONDS: Final = 300
"""How long a reader may keep the page before asking for it anew."""

_STYLE_DIGEST: Final = b64encode(sha256(STYLE.encode()).digest()).decode()
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_DIGEST}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
"""Nothing is fetched and nothing runs; the page's own style is known by its digest."""


class DocsQuery(Query):
    """In which language to describe it."""

    language: Literal["fr", "en"] | None = Field(
        default=None, description="Its language; by default that of `Accept-Language`."
    )


@dataclass(frozen=True, slots=True)
class _Prepared:
    """Bytes that are ready, plain and compressed."""

    plain: bytes
    squeezed: bytes

    def sent(self, request: web.Request, content_type: str, **headers: str) -> web.Response:
        """Answer with them as the caller takes them."""
        given = {"Content-Type": content_type, "Vary": "Accept-Encoding, Accept-Language"}
        given |= {name.replace("_", "-"): text for name, text in headers.items()}
        if not _takes_gzip(request.headers.get("Accept-Encoding", "")):
            return web.Response(body=self.plain, headers=given)
        return web.Response(body=self.squeezed, headers={**given, "Content-Encoding": "gzip"})


class Description:
    """The document and the page of a table of routes, made when first asked for."""

    def __init__(self, routes: Sequence[Route], *, server_url: str) -> None:
        self._routes, self._server_url = routes, server_url
        self._documents: dict[Language, _Prepared] = {}
        self._pages: dict[Language, _Prepared] = {}

    def document(self, language: Language) -> _Prepared:
        """The OpenAPI document, in a language."""
        if language not in self._documents:
            self._documents[language] = _prepared(orjson.dumps(self._described(language)))
        return self._documents[language]

    def page(self, language: Language) -> _Prepared:
        """The page, in a language."""
        if language not in self._pages:
            described = self._described(language)
            self._pages[language] = _prepared(docs_page(described, language).encode())
        return self._pages[language]

    def _described(self, language: Language) -> dict[str, object]:
        return openapi_document(self._routes, server_url=self._server_url, language=language)


DESCRIPTION: Final = web.AppKey("description", Description)


def document_example() -> object:
    """How the document begins."""
    return {"openapi": OPENAPI, "info": {"title": TITLE, "version": VERSION}}


def page_example() -> str:
    """How the page begins."""
    return '<!doctype html><html lang="fr"><head><meta charset="utf-8">...</html>'


async def show_openapi(call: Call) -> web.Response:
    """Give the OpenAPI document."""
    language = _language(call)
    document = call.request.app[DESCRIPTION].document(language)
    return document.sent(call.request, JSON, Cache_Control="no-store", Content_Language=language)


async def show_docs(call: Call) -> web.Response:
    """Give the page that shows the OpenAPI document."""
    language = _language(call)
    return (
        call.request.app[DESCRIPTION]
        .page(language)
        .sent(
            call.request,
            HTML,
            Cache_Control=f"public, max-age={CACHED_SECONDS}",
            Content_Language=language,
            Content_Security_Policy=POLICY,
            Referrer_Policy="no-referrer",
            X_Content_Type_Options="nosniff",
        )
    )


def _language(call: Call) -> Language:
    """The language that is asked for: by the address, else by the header."""
    named: Language | None = call.query.language
    return named or language_of(call.request.headers.get("Accept-Language"))


def _prepared(body: bytes) -> _Prepared:
    # Without a time in it, the same page is the same bytes in every process.
    return _Prepared(body, gzip.compress(body, mtime=0))


def _takes_gzip(accepted: str) -> bool:
    for part in accepted.lower().split(","):
        name, _, weight = part.partition(";")
        if name.strip() == "gzip":
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
