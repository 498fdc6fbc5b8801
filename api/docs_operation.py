"""One operation of the page of the API: how it is called, with a command to copy, and its answers.

A message to a merchant's endpoint is one too; its command plays the example, signed as the document
says, so that a receiver can be tried before anything is paid.
"""

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

import orjson

from adapters.refusal_texts import Language
from api.calls import JSON
from api.docs_fields import Fields, inline
from api.docs_shared import Shared
from api.docs_words import Words
from api.middleware import PROBLEM_JSON
from api.openapi_headers import ACCEPT_LANGUAGE

SHOWN_CHARACTERS_MAX: Final = 1_600
"""How much of an example that is a text is shown; a picture says no more by all of it."""
SHOP_URL: Final = "https://shop.example/cauri"

_Json = Mapping[str, Any]


class Operations:
    """Writes operations in one language."""

    def __init__(self, document: _Json, language: Language, words: Words) -> None:
        self._url, self._language, self._words = document["servers"][0]["url"], language, words
        self._fields = Fields(document["components"]["schemas"], words)
        operations = [said for item in document["paths"].values() for said in item.values()]
        self.shared = Shared(operations, words)

    def call(self, method: str, path: str, said: _Json) -> Iterator[str]:
        """Write an operation of ours."""
        words = self._words
        yield from self._opening(called(method, path), said)
        yield f"<p class=q>{inline(said.get('description', words.no_key))}</p>"
        sent: dict[str, _Json] = said.get("requestBody", {}).get("content", {})
        media, body = next(iter(sent.items()), (JSON, {}))
        if said["parameters"]:
            yield f"<h4>{words.parameters}</h4>{self._fields.parameters(said['parameters'])}"
        yield f"<h4>{words.request}</h4>"
        if body:
            yield f"<p><code>{media}</code> {self._fields.type_of(body['schema'])}</p>"
            yield self._fields.written_out(body["schema"])
        yield f"<pre>{escape(self._curl(method, path, said, media, body), quote=False)}</pre>"
        for status, response in said["responses"].items():
            yield from self._answer(status, response, said)
        yield from self.shared.own_errors(said)
        yield "</article>"

    def message(self, type_: str, said: _Json) -> Iterator[str]:
        """Write a message that merchants' endpoints are sent."""
        words = self._words
        content = said["requestBody"]["content"][JSON]
        yield from self._opening(f"<code><b>{escape(type_)}</b></code>", said)
        yield f"<p><code>{JSON}</code> {self._fields.type_of(content['schema'])}</p>"
        lines = [f"-H '{one['name']}: {one['example']}'" for one in said["parameters"]]
        lines += [f"-H 'Content-Type: {JSON}'", f"-d '{orjson.dumps(content['example']).decode()}'"]
        yield f"<details><summary>{words.example}</summary>"
        yield f"<pre>{escape(_command(SHOP_URL, lines), quote=False)}</pre></details></article>"

    def messages(self, said: _Json) -> Iterator[str]:
        """Write what all messages have in common: the headers, the body, the answers awaited."""
        words, schema = self._words, said["requestBody"]["content"][JSON]["schema"]
        yield f"<p>{inline(said['description'])}</p>"
        yield f"<h3>{words.headers}</h3>{self._fields.parameters(said['parameters'])}"
        yield f"<h3>{words.fields}</h3>{self._fields.written_out(schema, steps=1)}"
        yield f"<h3>{words.answers_awaited}</h3><dl>"
        for status, answer in said["responses"].items():
            yield f"<dt><code>{status}</code></dt><dd>{inline(answer['description'])}</dd>"
        yield "</dl>"

    def shape(self, shape: _Json) -> str:
        """Write the fields of a shape."""
        return self._fields.own(shape)

    def _opening(self, title: str, said: _Json) -> Iterator[str]:
        yield f'<article id="{said["operationId"]}"><h3>{title}</h3>'
        yield f"<p>{inline(said['summary'])}</p>"

    def _answer(self, status: str, response: _Json, said: _Json) -> Iterator[str]:
        words = self._words
        for media, content in response["content"].items():
            if media == PROBLEM_JSON:
                continue
            schema = content.get("schema", {})
            yield f"<h4>{words.answer} {status}</h4>"
            yield f"<p><code>{media}</code> {self._fields.type_of(schema)}</p>"
            named = ", ".join(
                f'<a href="#header-{name.lower()}"><code>{escape(name)}</code></a>'
                for name in self.shared.own_headers(said, response)
            )
            if named:
                yield f"<p class=q>{words.headers}: {named}</p>"
            if fields := self._fields.written_out(schema, steps=1):
                yield f"<details><summary>{words.fields}</summary>{fields}</details>"
            if "example" in content:
                yield f"<pre>{escape(_shown(content['example']), quote=False)}</pre>"

    def _curl(self, method: str, path: str, said: _Json, media: str, body: _Json) -> str:
        """Write the operation as a command to copy: every word of it is the document's."""
        query: list[str] = []
        lines = []
        for one in said["parameters"]:
            shown = str(one.get("example", ""))
            if one["in"] == "path":
                path = path.replace(f"{{{one['name']}}}", shown)
            elif one["in"] == "query" and one["required"]:
                query.append(f"{one['name']}={shown}")
            elif one["in"] == "header" and one["required"]:
                lines.append(f"-H '{one['name']}: {shown}'")
        if self._language != "en":
            lines.append(f"-H '{ACCEPT_LANGUAGE}: {self._language}'")
        address = self._url + path + ("?" + "&".join(query) if query else "")
        if "security" in said:
            lines.insert(0, "-H 'Authorization: Bearer ck_...'")
        if body and media != JSON:
            pairs = body["example"].items()
            lines += [f"--data-urlencode '{name}={value}'" for name, value in pairs]
        elif body:
            lines.append(f"-H 'Content-Type: {JSON}'")
            lines.append(f"-d '{indented(body['example'])}'")
        asked = "" if method == "GET" or (method == "POST" and body) else f"-X {method} "
        return _command(asked + address, lines)


def called(method: str, path: str) -> str:
    """Write a method and an address, which may break after each of its parts."""
    parts = escape(path).replace("/", "/<wbr>")
    return f"<code><b>{method}</b> {parts}</code>"


def indented(value: Any) -> str:
    """Write JSON for people."""
    return json.dumps(value, indent="\t", ensure_ascii=False)


def _command(address: str, lines: list[str]) -> str:
    return " \\\n  ".join([f"curl {address}", *lines])


def _shown(example: Any) -> str:
    """Write an example: a text as it is, as far as there is room, and JSON for people."""
    if not isinstance(example, str):
        return indented(example)
    whole = len(example) <= SHOWN_CHARACTERS_MAX
    return example if whole else example[:SHOWN_CHARACTERS_MAX] + "..."
