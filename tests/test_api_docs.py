"""The page of the API: whole, light, in two languages, and without a script or a stranger."""

import gzip
import json
import re
from collections.abc import AsyncIterator
from copy import deepcopy
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import orjson
import pytest

from api.description import POLICY
from api.docs_page import docs_page
from api.docs_words import STYLE
from api.errors import ALL_PROBLEMS
from api.openapi import openapi_document
from api.remedies import REMEDIES, remedy
from api.routes import ROUTES
from tests.api_world import World, a_world, settings_in
from tests.conftest import ROOT, FakeClock
from tests.things import operations_of

WEIGHT_BYTES_MAX = 80_000
"""Over the wire: some six seconds at 100 kbit/s."""

SHARED_HEADERS = {
    *("X-Correlation-Id", "Cauri-Position", "Cauri-Log"),
    *("RateLimit-Policy", "RateLimit"),
}
"""Those of every answer, and of every answer to a key: the page says so of them once."""

DOCUMENTS: Any = {
    language: openapi_document(ROUTES, server_url="http://127.0.0.1:8080", language=language)
    for language in ("fr", "en")
}
EMPTY = {"link", "meta", "wbr"}


class Page(HTMLParser):
    """Reads a page: its elements with their attributes, and whether each is closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.faults: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        self.faults += [f"{tag} is left open" for tag in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"{tag} is closed out of order at {self.getpos()}")

    def every(self, attribute: str) -> list[str]:
        """Every value of an attribute, in order."""
        return [said[attribute] or "" for _, said in self.found if attribute in said]


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with a_world(settings_in(tmp_path), clock=clock, is_in_memory=True) as made:
        yield made


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_the_page_comes_in_one_light_answer(world: World, language: Any) -> None:
    asked = {"Accept-Language": language, "Accept-Encoding": "gzip"}
    async with world.session.get(f"{world.url}/docs", headers=asked) as answer:
        text = await answer.text()
        weight_bytes = int(answer.headers["Content-Length"])

    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Content-Language"] == language
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert weight_bytes < WEIGHT_BYTES_MAX
    assert text == docs_page(
        openapi_document(ROUTES, server_url=world.services.settings.base_url, language=language),
        language,
    )


async def test_whoever_does_not_take_gzip_gets_plain_bytes(world: World) -> None:
    answers = {}
    for accepted in ("identity", "gzip;q=0, identity", "gzip"):
        async with world.session.get(
            f"{world.url}/openapi.json",
            headers={"Accept-Encoding": accepted},
            auto_decompress=False,
        ) as answer:
            answers[accepted] = (answer.headers.get("Content-Encoding"), await answer.read())

    plain = answers["identity"][1]
    assert answers["identity"][0] is None
    assert answers["gzip;q=0, identity"] == (None, plain)
    assert answers["gzip"][0] == "gzip"
    assert gzip.decompress(answers["gzip"][1]) == plain
    assert len(answers["gzip"][1]) < len(plain) / 5


async def test_the_language_may_be_named_in_the_address(world: World) -> None:
    named = await world.get("/docs?language=fr", who=None, headers={"Accept-Language": "en"})
    unknown = await world.get("/docs?language=de", who=None)

    assert b"<h2>Sommaire</h2>" in named.body
    assert (unknown.status, unknown.code) == (422, "invalid_request")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_page_runs_nothing_and_fetches_nothing(language: Any) -> None:
    text = docs_page(DOCUMENTS[language], language)
    page = Page(text)

    assert page.faults == []
    assert {tag for tag, _ in page.found} & {"script", "iframe", "img", "object"} == set()
    assert [one for _, said in page.found for one in said if one.startswith(("on", "style"))] == []
    assert {one for one in page.every("href") if not one.startswith("#")} == {
        "data:,",
        f"/openapi.json?language={language}",
        f"?language={'en' if language == 'fr' else 'fr'}",
    }
    assert page.every("src") + page.every("action") == []
    assert "url(" not in STYLE
    assert "@import" not in STYLE
    assert re.findall(r"<style>(.*?)</style>", text, re.DOTALL) == [STYLE]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_operation_shape_and_error_stands_there_and_every_link_leads_somewhere(
    language: Any,
) -> None:
    document = DOCUMENTS[language]
    page = Page(docs_page(document, language))
    anchors = page.every("id")

    assert len(anchors) == len(set(anchors))
    assert {one[1:] for one in page.every("href") if one.startswith("#")} <= set(anchors)
    assert {one.name for one in operations_of(document)} <= set(anchors)
    assert {one["post"]["operationId"] for one in document["webhooks"].values()} <= set(anchors)
    assert {f"shape-{one}" for one in document["components"]["schemas"]} <= set(anchors)
    assert {f"error-{code}" for code in ALL_PROBLEMS} <= set(anchors)


def test_errors_are_told_in_the_language_of_the_page() -> None:
    french, english = docs_page(DOCUMENTS["fr"], "fr"), docs_page(DOCUMENTS["en"], "en")

    for problem in ALL_PROBLEMS.values():
        assert problem.title_fr in french
        assert problem.title_en in english
    assert "Le montant n'est pas" in french


class Written(HTMLParser):
    """Reads what a page says: the text of each article and group of errors, by its anchor."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.articles: dict[str, str] = {}
        self.links: dict[str, list[str]] = {}
        self._name = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs).get("id") or ""
        if tag == "article" or named.startswith("errors-"):
            self._name = named
        if tag == "a":
            self.links.setdefault(self._name, []).append((dict(attrs)["href"] or "")[1:])

    def errors(self, name: str) -> set[str]:
        """The codes an article leads to, by itself and by the groups it names."""
        here = self.links[name]
        groups = [link for one in here if one.startswith("errors-") for link in self.links[one]]
        return {one.removeprefix("error-") for one in here + groups if one.startswith("error-")}

    def handle_data(self, text: str) -> None:
        self.articles[self._name] = self.articles.get(self._name, "") + text


@pytest.mark.parametrize("language", ["fr", "en"])
def test_an_operation_shows_all_that_the_document_says_of_it(language: Any) -> None:
    document = deepcopy(DOCUMENTS[language])
    written = Written(docs_page(document, language))
    articles = written.articles
    missing = []
    for one in operations_of(document):
        wanted = [one.said["summary"], *(line["name"] for line in one.said["parameters"])]
        wanted += [line["description"] for line in one.said["parameters"]]
        for line in one.said["parameters"]:
            bounds = line["schema"].keys() & {"maximum", "maxLength"}
            wanted += [f"≤ {line['schema'][bound]:,}" for bound in bounds]
        sent = one.said.get("requestBody", {}).get("content", {})
        form = sent.pop("application/x-www-form-urlencoded", {"example": {}})
        wanted += [f"--data-urlencode '{name}={it}'" for name, it in form["example"].items()]
        bodies = list(sent.values())
        bodies += [
            content
            for response in one.said["responses"].values()
            for media, content in response["content"].items()
            if media != "application/problem+json"
        ]
        for shape in (body["schema"]["$ref"] for body in bodies if "$ref" in body["schema"]):
            found = document["components"]["schemas"][shape.rpartition("/")[2]]
            fields = found.get("properties", {})
            wanted += [*fields, *(field["description"] for field in fields.values())]
        for example in (body["example"] for body in bodies if body.get("example")):
            shown = json.dumps(example, indent="\t", ensure_ascii=False)
            wanted.append(example[:1000] if isinstance(example, str) else shown)
        wanted += [f"curl {'' if one.method in text_methods(one) else '-X ' + one.method}"]
        assert written.errors(one.name) == {
            code
            for response in one.said["responses"].values()
            for code in response["content"].get("application/problem+json", {}).get("examples", ())
        }
        plain = articles[one.name]
        for response in one.said["responses"].values():
            if response["content"].keys() - {"application/problem+json"}:
                wanted += [name for name in response["headers"] if name not in SHARED_HEADERS]
        missing += [f"{one.name}: {text}" for text in wanted if bare(text) not in plain]
    assert missing == []


def text_methods(operation: Any) -> tuple[str, ...]:
    """The methods that curl takes by itself."""
    return ("GET", "POST") if "requestBody" in operation.said else ("GET",)


def bare(text: str) -> str:
    """A text of the document without its marks, as it is read."""
    return text.replace("`", "").replace("**", "")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_error_shows_its_meaning_and_its_remedy(language: Any) -> None:
    articles = Written(docs_page(DOCUMENTS[language], language)).articles

    assert REMEDIES.keys() == ALL_PROBLEMS.keys()
    for code, problem in ALL_PROBLEMS.items():
        told = articles[f"error-{code}"]
        assert problem.title(language) in told
        assert bare(remedy(code, language)) in told
    assert all(english != french for english, french in REMEDIES.values())


def test_headers_of_every_answer_are_said_once() -> None:
    text = docs_page(DOCUMENTS["en"], "en")
    told = text[text.index('<h2 id="headers">') : text.index('<h2 id="shapes">')]

    of_all = re.findall(r'id="header-([\w-]+)"><code>[^<]*</code></dt><dd><b>([^<]*)</b>', told)
    assert of_all == [
        ("cauri-log", "In every answer."),
        ("cauri-position", "In every answer."),
        ("ratelimit", "In every answer to a call with a key."),
        ("ratelimit-policy", "In every answer to a call with a key."),
        ("x-correlation-id", "In every answer."),
    ]
    assert {one.lower() for one in SHARED_HEADERS} == {name for name, _ in of_all}


def test_the_readme_tells_the_same_remedies() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    for code, problem in ALL_PROBLEMS.items():
        assert f"- `{code}` ({problem.status}). {remedy(code, 'en')}\n" in readme


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_message_comes_with_a_command_that_plays_it(language: Any) -> None:
    document = DOCUMENTS[language]
    articles = Written(docs_page(document, language)).articles

    for item in document["webhooks"].values():
        told = articles[item["post"]["operationId"]]
        signature = item["post"]["parameters"][2]["example"]
        assert item["post"]["summary"].replace("`", "") in told
        assert f"-H 'webhook-signature: {signature}'" in told
        body = item["post"]["requestBody"]["content"]["application/json"]["example"]
        assert orjson.dumps(body).decode() in told
    whole = " ".join(articles.values())
    for answer in document["webhooks"]["payment.failed"]["post"]["responses"].values():
        assert bare(answer["description"]) in whole


def test_what_the_document_says_is_text_and_never_markup() -> None:
    document = openapi_document(ROUTES[:1], server_url="http://127.0.0.1:8080/<b>")
    operation = document["paths"]["/v1/payments"]["post"]
    operation["summary"] = "<script>alert(1)</script> & `<i>`"
    operation["parameters"][0]["description"] = "<img src=x>"

    page = Page(docs_page(document, "en"))

    assert page.faults == []
    assert {tag for tag, _ in page.found} & {"script", "img", "i"} == set()
