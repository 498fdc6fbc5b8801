"""The page of the API: whole, light, in two languages, and without a script or a stranger."""

import gzip
import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from api.description import POLICY
from api.docs_page import docs_page
from api.docs_words import STYLE
from api.errors import ALL_PROBLEMS
from api.openapi import openapi_document
from api.routes import ROUTES
from tests.api_world import World, a_world, settings_in
from tests.conftest import FakeClock
from tests.things import operations_of

WEIGHT_BYTES_MAX = 40_000
"""Over the wire: some three seconds at 100 kbit/s."""

DOCUMENT: Any = openapi_document(ROUTES, server_url="http://127.0.0.1:8080")
EMPTY = {"meta", "wbr"}


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
async def test_the_page_comes_in_one_light_answer(world: World, language: str) -> None:
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
        openapi_document(ROUTES, server_url=world.services.settings.base_url),
        "fr" if language == "fr" else "en",
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
    text = docs_page(DOCUMENT, language)
    page = Page(text)

    assert page.faults == []
    assert {tag for tag, _ in page.found} & {"script", "iframe", "img", "link", "object"} == set()
    assert [one for _, said in page.found for one in said if one.startswith(("on", "style"))] == []
    assert {one for one in page.every("href") if not one.startswith("#")} == {
        "/openapi.json",
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
    page = Page(docs_page(DOCUMENT, language))
    anchors = page.every("id")

    assert len(anchors) == len(set(anchors))
    assert {one[1:] for one in page.every("href") if one.startswith("#")} <= set(anchors)
    assert {one.name for one in operations_of(DOCUMENT)} <= set(anchors)
    assert {f"shape-{one}" for one in DOCUMENT["components"]["schemas"]} <= set(anchors)
    assert {f"error-{code}" for code in ALL_PROBLEMS} <= set(anchors)


def test_errors_are_told_in_the_language_of_the_page() -> None:
    french, english = docs_page(DOCUMENT, "fr"), docs_page(DOCUMENT, "en")

    for problem in ALL_PROBLEMS.values():
        assert problem.title_fr.replace("'", "&#x27;") in french
        assert problem.title_en.replace("'", "&#x27;") in english
    assert "Le montant n&#x27;est pas" in french


def test_what_the_document_says_is_text_and_never_markup() -> None:
    document = openapi_document(ROUTES[:1], server_url="http://127.0.0.1:8080/<b>")
    operation = document["paths"]["/v1/payments"]["post"]
    operation["summary"] = "<script>alert(1)</script> & `<i>`"
    operation["parameters"][0]["description"] = "<img src=x>"

    page = Page(docs_page(document, "en"))

    assert page.faults == []
    assert {tag for tag, _ in page.found} & {"script", "img", "i"} == set()
