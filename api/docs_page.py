"""The page of the API: the OpenAPI document as one HTML page, in French or English.

**Why no vendored renderer.** Swagger UI 5.35 is 1.9 MB of script and style, 485 KB over the wire,
and shows nothing until all of it has come and run: at the 100 kbit/s of a bad hour in Douala, forty
seconds of a blank page. Redoc and Scalar are as large and ask strangers' servers for something. A
merchant's developer reads, searches and copies. One page without a script, whose text stands there
as its bytes arrive, serves that on any phone in a second or two, is printed as it is, and is
searched by the browser. What is given up is a button that sends a request; every operation has
a curl command to copy instead. A test holds the page to its weight.

It is a function of the document, in the language it is written in; nothing here names an operation.
"""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from adapters.refusal_texts import Language
from api.docs_fields import inline
from api.docs_operation import Operations, called, indented
from api.docs_words import STYLE, words_of
from api.openapi_webhooks import TAG as MESSAGES

_Json = Mapping[str, Any]


def docs_page(document: _Json, language: Language) -> str:
    """Write the page of a document in its language."""
    return "".join(_Page(document, language).written())


class _Page:
    def __init__(self, document: _Json, language: Language) -> None:
        self._document, self._language = document, language
        self._words = words_of(language)
        self._operations = Operations(document, language, self._words)
        self._calls: dict[str, list[tuple[str, str, _Json]]] = {}
        for path, item in document["paths"].items():
            for method, said in item.items():
                self._calls.setdefault(said["tags"][0], []).append((method.upper(), path, said))
        self._messages = [(type_, item["post"]) for type_, item in document["webhooks"].items()]

    def written(self) -> Iterator[str]:
        words, said = self._words, self._document["info"]
        yield f'<!doctype html><html lang="{self._language}"><head><meta charset="utf-8">'
        yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
        # Without an address of its own, a browser would ask for an icon: a second request.
        yield '<link rel="icon" href="data:,">'
        yield f"<title>{escape(said['title'])} API</title><style>{STYLE}</style></head><body>"
        yield f"<header><h1>{escape(said['title'])} API</h1><p>{escape(said['summary'])}</p>"
        yield f'<p><a href="/openapi.json?language={self._language}">openapi.json</a> · '
        yield f'<a href="?language={words.other}" '
        yield f'lang="{words.other}" hreflang="{words.other}">{words.other_name}</a></p></header>'
        yield f"<main>{_prose(said['description'])}"
        yield from self._contents()
        for tag in self._document["tags"]:
            yield f'<section><h2 id="tag-{escape(tag["name"])}">{escape(tag["name"])}</h2>'
            yield f"<p>{inline(tag['description'])}</p>"
            for method, path, operation in self._calls.get(tag["name"], ()):
                yield from self._operations.call(method, path, operation)
            if tag["name"] == MESSAGES:
                yield from self._operations.messages(self._messages[0][1])
                for type_, message in self._messages:
                    yield from self._operations.message(type_, message)
            yield "</section>"
        yield from self._headers()
        yield from self._shapes()
        yield from self._errors()
        yield "</main></body></html>"

    def _contents(self) -> Iterator[str]:
        words = self._words
        yield f'<nav aria-label="{words.contents}"><h2>{words.contents}</h2>'
        for tag in (one["name"] for one in self._document["tags"]):
            yield f'<h3><a href="#tag-{escape(tag)}">{escape(tag)}</a></h3><ul>'
            for method, path, said in self._calls.get(tag, ()):
                yield f'<li><a href="#{said["operationId"]}">{called(method, path)}</a></li>'
            for type_, said in self._messages if tag == MESSAGES else ():
                yield f'<li><a href="#{said["operationId"]}"><code>{type_}</code></a></li>'
            yield "</ul>"
        for anchor, name in (
            ("headers", words.headers),
            ("shapes", words.shapes),
            ("errors", words.errors),
        ):
            yield f'<h3><a href="#{anchor}">{name}</a></h3>'
        yield "</nav>"

    def _headers(self) -> Iterator[str]:
        found = {
            name: header
            for calls in self._calls.values()
            for _, _, said in calls
            for response in said["responses"].values()
            for name, header in response["headers"].items()
        }
        yield f'<section><h2 id="headers">{self._words.headers}</h2><dl>'
        for name, header in sorted(found.items()):
            yield f'<dt id="header-{name.lower()}"><code>{escape(name)}</code></dt>'
            group = self._operations.shared.headers_group(name)
            yield f"<dd>{group}{inline(header['description'])}"
            yield f" <code>{escape(header['example'])}</code>" if "example" in header else ""
            yield "</dd>"
        yield "</dl></section>"

    def _shapes(self) -> Iterator[str]:
        yield f'<section><h2 id="shapes">{self._words.shapes}</h2>'
        for name, shape in sorted(self._document["components"]["schemas"].items()):
            yield f'<article id="shape-{name}"><h3><code>{name}</code></h3>'
            yield f"<p>{inline(shape['description'])}</p>" if "description" in shape else ""
            yield f"{self._operations.shape(shape)}</article>"
        yield "</section>"

    def _errors(self) -> Iterator[str]:
        words = self._words
        yield f'<section><h2 id="errors">{words.errors}</h2><p>{words.errors_told}</p>'
        yield from self._operations.shared.errors()
        for number, (code, shown) in enumerate(self._document["components"]["examples"].items()):
            problem = shown["value"]
            yield f'<article id="error-{code}"><h3><code>{code}</code> {problem["status"]}</h3>'
            title = escape(problem["title"], quote=False)
            yield f"<p>{title}. {inline(shown['description'])}</p>"
            # One of those that name no place is shown; the others differ by what stands above.
            if number == 0 or problem["errors"]:
                yield f"<pre>{escape(indented(problem), quote=False)}</pre>"
            yield "</article>"
        yield "</section>"


def _prose(text: str) -> str:
    """Write paragraphs and lists of our own Markdown."""
    lines = text.replace("\n  ", " ").strip().splitlines()
    written = []
    for line in lines:
        item = line.removeprefix("- ")
        written.append(f"<li>{inline(item)}</li>" if item != line else f"<p>{inline(line)}</p>")
    whole = "".join(one for one in written if one != "<p></p>")
    return whole.replace("</p><li>", "</p><ul><li>") + ("</ul>" if "<li>" in whole else "")
