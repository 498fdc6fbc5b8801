"""The page of the API: the OpenAPI document as one HTML page, in French or English.

**Why no vendored renderer.** Swagger UI 5.35 is 1.9 MB of script and style, 485 KB over the wire,
and shows nothing until all of it has come and run: at the 100 kbit/s of a bad hour in Douala, forty
seconds of a blank page. Redoc and Scalar are as large and ask strangers' servers for something. A
merchant's developer reads, searches and copies. One page without a script, whose text stands there
as its bytes arrive, serves that on any phone in a second or two, is printed as it is, and is
searched by the browser. What is given up is a button that sends a request; every operation has
a curl command to copy instead. A test holds the page to its weight.

It is a function of the document and a language; nothing here names an operation. Headings and the
titles of problems are in both languages, the text of the document itself in English.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any, Final

from adapters.refusal_texts import Language
from api.docs_words import STYLE, Words, words_of
from api.openapi_problems import problem_examples

JSON: Final = "application/json"
PROBLEM_JSON: Final = "application/problem+json"

_INLINE: Final = (("**", "<b>", "</b>"), ("`", "<code>", "</code>"))
_Json = Mapping[str, Any]


def docs_page(document: _Json, language: Language) -> str:
    """Write the page."""
    return "".join(_Page(document, language).written())


class _Page:
    def __init__(self, document: _Json, language: Language) -> None:
        self._document, self._language = document, language
        self._words: Words = words_of(language)
        # A reader aloud has to know that it goes on in English.
        self._english = "" if language == "en" else ' lang="en"'
        self._url = str(document["servers"][0]["url"])
        self._operations: dict[str, list[tuple[str, str, _Json]]] = {}
        for path, item in document["paths"].items():
            for method, said in item.items():
                one = (method.upper(), path, said)
                self._operations.setdefault(said["tags"][0], []).append(one)

    def written(self) -> Iterator[str]:
        words, said = self._words, self._document["info"]
        yield f'<!doctype html><html lang="{self._language}"><head><meta charset="utf-8">'
        yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
        yield f"<title>{escape(said['title'])} API</title><style>{STYLE}</style></head><body>"
        yield f"<header><h1>{escape(said['title'])} API</h1>"
        yield f"<p{self._english}>{escape(said['summary'])}</p>"
        yield f'<p><a href="/openapi.json">openapi.json</a> · <a href="?language={words.other}" '
        yield f'lang="{words.other}" hreflang="{words.other}">{words.other_name}</a></p></header>'
        yield f"<main>{_prose(words.introduction or said['description'])}"
        yield from self._contents()
        for tag in self._document["tags"]:
            yield f'<section><h2 id="tag-{escape(tag["name"])}">{escape(tag["name"])}</h2>'
            yield f"<p{self._english}>{escape(tag['description'])}</p>"
            for method, path, operation in self._operations[tag["name"]]:
                yield from self._operation(method, path, operation)
            yield "</section>"
        yield from self._shapes()
        yield from self._errors()
        yield "</main></body></html>"

    def _contents(self) -> Iterator[str]:
        words = self._words
        yield f'<nav aria-label="{words.contents}"><h2>{words.contents}</h2>'
        for tag, operations in self._operations.items():
            yield f'<h3><a href="#tag-{escape(tag)}">{escape(tag)}</a></h3><ul>'
            for method, path, said in operations:
                yield f'<li><a href="#{said["operationId"]}">{_call(method, path)}</a></li>'
            yield "</ul>"
        yield f'<h3><a href="#shapes">{words.shapes}</a></h3>'
        yield f'<h3><a href="#errors">{words.errors}</a></h3></nav>'

    def _operation(self, method: str, path: str, said: _Json) -> Iterator[str]:
        words = self._words
        yield f'<article id="{said["operationId"]}"><h3>{_call(method, path)}</h3>'
        yield f"<p{self._english}>{_inline(said['summary'])}</p>"
        roles = said.get("description", "").removeprefix("For keys of: ").rstrip(".")
        yield f"<p class=q>{words.roles.format(roles=escape(roles)) if roles else words.no_key}</p>"
        if said["parameters"]:
            yield f"<h4>{words.parameters}</h4><dl>"
            for one in said["parameters"]:
                yield self._field(one["name"], one["schema"], one, place=words.places[one["in"]])
            yield "</dl>"
        sent = said.get("requestBody", {}).get("content", {})
        media, body = next(iter(sent.items()), (JSON, None))
        yield f"<h4>{words.request}</h4>"
        if body:
            yield f"<p><code>{media}</code> {self._type(body['schema'])}</p>"
        yield f"<pre>{escape(self._curl(method, path, said, media, body))}</pre>"
        for status, response in said["responses"].items():
            yield from self._answer(status, response)
        yield f"<h4>{words.errors}</h4><ul class=codes>"
        for status, response in said["responses"].items():
            for code in response["content"].get(PROBLEM_JSON, {}).get("examples", ()):
                yield f'<li>{status} <a href="#error-{code}"><code>{code}</code></a></li>'
        yield "</ul></article>"

    def _answer(self, status: str, response: _Json) -> Iterator[str]:
        words = self._words
        for media, content in response["content"].items():
            if media == PROBLEM_JSON:
                continue
            headers = ", ".join(f"<code>{escape(one)}</code>" for one in response["headers"])
            shape = self._type(content["schema"]) if "schema" in content else ""
            yield f"<h4>{words.answer} {status}</h4><p><code>{media}</code> {shape}</p>"
            yield f"<p class=q>{words.headers}: {headers}</p>"
            if "example" in content:
                yield f"<pre>{escape(_indented(content['example']))}</pre>"

    def _curl(self, method: str, path: str, said: _Json, media: str, body: _Json | None) -> str:
        """Write the operation as a command to copy: every word of it is the document's."""
        query: list[str] = []
        lines = []
        for one in said["parameters"]:
            shown = str(one.get("example", ""))
            if one["in"] == "path":
                path = path.replace(f"{{{one['name']}}}", shown)
            elif one["in"] == "query" and one["required"]:
                query.append(f"{one['name']}={shown}")
            elif one["in"] == "header":
                lines.append(f"-H '{one['name']}: {shown}'")
        address = self._url + path + ("?" + "&".join(query) if query else "")
        if "security" in said:
            lines.insert(0, "-H 'Authorization: Bearer ck_...'")
        if body is not None and media != JSON:
            pairs = body["example"].items()
            lines += [f"--data-urlencode '{name}={value}'" for name, value in pairs]
        elif body is not None:
            lines.append(f"-H 'Content-Type: {JSON}'")
            lines.append(f"-d '{_indented(body['example'])}'")
        asked = "" if method == "GET" or (method == "POST" and body) else f"-X {method} "
        return " \\\n  ".join([f"curl {asked}{address}", *lines])

    def _shapes(self) -> Iterator[str]:
        yield f'<section><h2 id="shapes">{self._words.shapes}</h2>'
        for name, shape in sorted(self._document["components"]["schemas"].items()):
            yield f'<article id="shape-{name}"><h3><code>{name}</code></h3>'
            told = str(shape.get("description", "")).partition("\n\n")[0]
            yield f"<p{self._english}>{_inline(told)}</p>" if told else ""
            fields, needed = shape.get("properties", {}), shape.get("required", ())
            if fields:
                yield "<dl>"
                for field, one in fields.items():
                    yield self._field(field, one, {**one, "required": field in needed})
                yield "</dl>"
            else:
                yield f"<p>{self._type(shape)}</p>"
            yield "</article>"
        yield "</section>"

    def _errors(self) -> Iterator[str]:
        yield f'<section><h2 id="errors">{self._words.errors}</h2><p>{self._words.errors_told}</p>'
        for code, problem in problem_examples(self._language).items():
            yield f'<article id="error-{code}"><h3><code>{code}</code> {problem["status"]}</h3>'
            yield f"<p>{escape(problem['title'])}.</p><pre>{escape(_indented(problem))}</pre>"
            yield "</article>"
        yield "</section>"

    def _field(self, name: str, schema: _Json, said: _Json, *, place: str = "") -> str:
        words = self._words
        # What a shape has needs no word; what may be missing does.
        needed = words.required if place else ""
        facts = [place, needed if said.get("required") else words.optional]
        facts += [self._type(schema), *self._bounds(schema)]
        # A name without a word about it has an empty one: a list of terms wants both.
        told = f"<dd{self._english}>{_inline(said.get('description', ''))}</dd>"
        listed = " · ".join(one for one in facts if one)
        return f"<dt><code>{escape(name)}</code> <span class=q>{listed}</span></dt>{told}"

    def _type(self, schema: _Json) -> str:
        """Say what a value is; a shape of the document by a link to it."""
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return f'<a href="#shape-{name}"><code>{name}</code></a>'
        if "const" in schema:
            return f"<code>{escape(json.dumps(schema['const']))}</code>"
        if "enum" in schema:
            return " | ".join(f"<code>{escape(str(one))}</code>" for one in schema["enum"])
        for several in ("anyOf", "oneOf"):
            if several in schema:
                return " | ".join(dict.fromkeys(self._type(one) for one in schema[several]))
        if schema.get("type") == "array":
            return f"[{self._type(schema['items'])}]"
        return escape(schema.get("format") or schema.get("type") or self._words.anything)

    def _bounds(self, schema: _Json) -> Iterable[str]:
        words = self._words
        for one in (schema, *schema.get("anyOf", ())):
            for key, sentence in words.bounds.items():
                if key in one:
                    yield sentence.format(bound=f"{one[key]:,}" if key != "pattern" else "").strip()
            if "pattern" in one:
                yield f"<code>{escape(one['pattern'])}</code>"
        if schema.get("default") is not None:
            yield f"{words.default} <code>{escape(json.dumps(schema['default']))}</code>"


def _call(method: str, path: str) -> str:
    # A long address may break after each of its parts.
    parts = escape(path).replace("/", "/<wbr>")
    return f"<code><b>{method}</b> {parts}</code>"


def _indented(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _prose(text: str) -> str:
    """Write paragraphs and lists of our own Markdown."""
    lines = text.replace("\n  ", " ").strip().splitlines()
    written = []
    for line in lines:
        item = line.removeprefix("- ")
        written.append(f"<li>{_inline(item)}</li>" if item != line else f"<p>{_inline(line)}</p>")
    whole = "".join(one for one in written if one != "<p></p>")
    return whole.replace("</p><li>", "</p><ul><li>") + ("</ul>" if "<li>" in whole else "")


def _inline(text: str) -> str:
    """Write bold and code of our own Markdown."""
    text = escape(text, quote=False)
    for mark, opening, closing in _INLINE:
        parts = text.split(mark)
        if len(parts) % 2:
            marked = [(opening + one + closing) if at % 2 else one for at, one in enumerate(parts)]
            text = "".join(marked)
    return text
