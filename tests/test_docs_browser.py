"""The page of the API in headless Chromium: on a small telephone and at a desk, in both languages.

What axe-core finds serious fails a test, and so does what does not fit on the screen, or asks
anybody else for anything.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from api.docs_page import docs_page
from api.openapi import openapi_document
from api.routes import ROUTES
from tests.api_world import World, a_world, settings_in
from tests.browser import DESK, PHONE, PLAIN_PHONE, Device, a_browser, a_page, axe_faults
from tests.conftest import FakeClock

# One browser for all of them; the windows in it know nothing of each other.
pytestmark = pytest.mark.asyncio(loop_scope="module")

REQUESTS_MAX = 2
TITLES = {"fr": "Sommaire", "en": "Contents"}
KINDS = {"create_payment", "show_log", "take_checkout_form", "stream_notices", "show_operators"}
WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
OPENED = "document.querySelectorAll('details').forEach(one => { one.open = true; })"
ASKED = {"fr": "Demander un paiement.", "en": "Take a payment."}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with a_browser() as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with a_world(settings_in(tmp_path), clock=clock, is_in_memory=True) as made:
        yield made


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("device", [PHONE, DESK], ids=str)
async def test_the_page_can_be_read_by_everybody(
    world: World, browser: Browser, device: Device, language: str
) -> None:
    async with a_page(browser, device, locale=language) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(f"{world.url}/docs")

        assert await page.locator("html").get_attribute("lang") == language
        assert await page.locator("nav h2").inner_text() == TITLES[language]
        assert ASKED[language] in await page.locator("#create_payment").inner_text()
        assert await page.evaluate(OPENED) is None
        assert await page.evaluate(WIDE) is False
        assert [one for one in asked if not one.startswith(("data:", world.url))] == []
        assert len([one for one in asked if not one.startswith("data:")]) <= REQUESTS_MAX


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("device", [PHONE, DESK], ids=str)
async def test_nothing_on_the_page_keeps_anybody_out(
    browser: Browser, device: Device, language: Any
) -> None:
    # One operation of every kind: the page is made of nothing else, and axe-core looks at every
    # pair of its elements.
    document = openapi_document(
        [one for one in ROUTES if one.name in KINDS],
        server_url="http://127.0.0.1:8080",
        language=language,
    )
    async with a_page(browser, device, locale=language) as page:
        await page.set_content(docs_page(document, language))
        await page.evaluate(OPENED)

        assert await axe_faults(page) == []


async def test_the_page_needs_no_script_and_no_connection_once_it_is_there(
    world: World, browser: Browser
) -> None:
    async with a_page(browser, PLAIN_PHONE) as page:
        await page.goto(f"{world.url}/docs")
        await page.context.set_offline(True)
        await page.click("nav a[href='#show_payment']")
        await page.click("#show_payment summary")

        assert page.url.endswith("#show_payment")
        assert await page.locator("#show_payment details dl").is_visible()
        assert await page.locator("#payment_succeeded").count() == 1
