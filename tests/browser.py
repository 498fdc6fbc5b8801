"""Headless Chromium as payers have it: a small telephone or a desk, with scripts or without.

The browser is Debian's (`chromium`), or the one that `CAURI_TEST_CHROMIUM` names. Where there is
none, tests skip and say so; in CI they fail.
"""

import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources
from typing import Any, Final, NamedTuple
from urllib.parse import urljoin

import pytest
from playwright.async_api import Browser, Frame, Page, async_playwright

CHROMIUM: Final = "CAURI_TEST_CHROMIUM"
WAIT_MS: Final = 20_000


class Device(NamedTuple):
    """What a payer looks at the page with."""

    width: int
    height: int
    has_scripts: bool

    def __str__(self) -> str:
        return f"{self.width}x{self.height}{'' if self.has_scripts else ' without scripts'}"


PHONE: Final = Device(360, 640, has_scripts=True)
PLAIN_PHONE: Final = Device(360, 640, has_scripts=False)
DESK: Final = Device(1280, 800, has_scripts=True)
PLAIN_DESK: Final = Device(1280, 800, has_scripts=False)
DEVICES: Final = (PHONE, PLAIN_PHONE, DESK, PLAIN_DESK)


def chromium_program() -> str:
    """Find the browser; skips with the reason where there is none, fails in CI."""
    named = os.environ.get(CHROMIUM)
    found = named or shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        reason = f"Chromium: {CHROMIUM} is not set, and there is no program `chromium`"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    return found


@asynccontextmanager
async def a_browser() -> AsyncIterator[Browser]:
    """Start the browser."""
    program = chromium_program()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            yield browser
        finally:
            await browser.close()


async def look_again(frame: Frame) -> None:
    """Do at once what a page tells every browser without scripts to do in a few seconds.

    It must tell so: a payer whose page did not would wait before it for ever.
    """
    told = await frame.get_attribute("meta[http-equiv=refresh]", "content")
    found = re.fullmatch(r"[1-9]\d*;url=(.+)", told or "")
    assert found is not None, told
    await frame.goto(urljoin(frame.url, found[1]))


@asynccontextmanager
async def a_page(
    browser: Browser, device: Device, *, locale: str = "fr-CM", **options: Any
) -> AsyncIterator[Page]:
    """Open an empty tab on a device, with nothing kept from before."""
    context = await browser.new_context(
        viewport={"width": device.width, "height": device.height},
        java_script_enabled=device.has_scripts,
        locale=locale,
        **options,
    )
    context.set_default_timeout(WAIT_MS)
    try:
        yield await context.new_page()
    finally:
        await context.close()


_SCRIPTS: Final = re.compile(r"<script\b.*?</script>", re.DOTALL)


async def axe_faults_without_scripts(page: Page, looker: Page) -> list[str]:
    """The same of a page on which no script can run, axe-core's neither.

    What it shows is shown once more by `looker`, an empty tab of the same size that runs scripts.
    """
    await looker.set_content(_SCRIPTS.sub("", await page.content()))
    return await axe_faults(looker)


async def axe_faults(page: Page) -> list[str]:
    """What axe-core finds wrong that is serious or worse: rule, and where."""
    script = (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    # The page's own policy lets no script of others in; the debugger's may run all the same.
    await page.evaluate(script)
    found = await page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        f"{one['id']}: {node['html'][:120]}"
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]
