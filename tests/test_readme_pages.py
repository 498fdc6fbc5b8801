"""The README's HTML in headless Chromium: a shop's own page with a checkout in it that is paid.

Only the addresses are changed: the page's are those of examples.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.async_api import Browser, FrameLocator, Page

from tests.browser import PHONE, PLAIN_PHONE, Device, a_browser, a_page
from tests.checkout_world import session_of
from tests.fenced import Block, blocks_of
from tests.stage import Stage, a_stage
from tests.test_checkout_browser import PAYS, a_shop_page, paid

PAGE = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")
SERVER = "https://pay.example"
SESSION = f"{SERVER}/checkout/cs_..."
HEAD = '<!doctype html>\n<title>A shop</title>\n<link rel="icon" href="data:,">\n'


def shown(begins: str) -> Block:
    """The block that begins so."""
    (found,) = [
        one for one in blocks_of(PAGE) if one.mark == "opens" and one.text.startswith(begins)
    ]
    return found


class Opened(NamedTuple):
    """A shop's page with a block in it, open in a browser."""

    stage: Stage
    page: Page
    session_id: str
    said: list[str]
    """What its console says."""

    @property
    def frame(self) -> FrameLocator:
        """The checkout in it."""
        return self.page.frame_locator("iframe")

    async def pay(self) -> None:
        """Be the customer: type a number and press the button."""
        await self.frame.locator("#phone").fill(PAYS)
        await self.frame.locator("#pay button").click()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with a_browser() as started:
        yield started


@asynccontextmanager
async def opened(
    folder: Path, browser: Browser, block: Block, device: Device
) -> AsyncIterator[Opened]:
    """Open a shop's page that is this block and nothing else."""
    files: dict[str, str] = {}
    async with (
        a_stage(folder) as stage,
        a_shop_page(files) as shop,
        a_page(browser, device) as page,
    ):
        session_id = await session_of(stage, embed_origin=shop)
        text = block.text.replace(SESSION, f"{stage.url}/checkout/{session_id}")
        files["shop"] = HEAD + text.replace(SERVER, stage.url)
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        await page.goto(f"{shop}/shop")
        yield Opened(stage, page, session_id, said)


@pytest.mark.parametrize("device", [PHONE, PLAIN_PHONE], ids=str)
async def test_the_frame_shown_is_a_checkout_that_is_paid(
    tmp_path: Path, browser: Browser, device: Device
) -> None:
    async with opened(tmp_path, browser, shown("<iframe"), device) as shop:
        await shop.pay()
        await shop.frame.locator("#live[data-state=paid]").wait_for()
        assert await paid(shop.stage, shop.session_id) == ["succeeded"]


async def test_the_component_shown_is_paid_and_tells_the_page(
    tmp_path: Path, browser: Browser
) -> None:
    async with opened(tmp_path, browser, shown("<script"), PHONE) as shop:
        async with shop.page.expect_console_message(lambda one: one.text == shop.session_id):
            await shop.pay()
        assert await paid(shop.stage, shop.session_id) == ["succeeded"]
        assert shop.said == [shop.session_id]


def test_every_block_that_is_to_be_opened_is_opened() -> None:
    to_open = [block for block in blocks_of(PAGE) if block.mark == "opens"]
    assert to_open == [shown("<iframe"), shown("<script")]
    assert {block.language for block in to_open} == {"html"}
    assert [SESSION in block.text for block in to_open] == [True, True]
