"""Every page that a payer can come to, looked at by axe-core: whatever state, device and language.

The pages are made by a server whose payments a test moves along itself, so that each state stands
still while it is looked at. What is shown without scripts is looked at in another tab, because
axe-core is a script too. A template that none of the pages is made from fails the test, and so does
a state that none of them shows.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final, get_args

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from api.pages import rendering
from api.pages.standing import PATIENCE, State
from ledger.checkout import ATTEMPTS_MAX
from ledger.payment_codes import CONFIRMATIONS_MAX
from tests.api_world import MTN_PHONE, World, a_world, settings_in
from tests.browser import (
    DEVICES,
    Device,
    a_browser,
    a_page,
    axe_faults,
    axe_faults_without_scripts,
)
from tests.checkout_world import look, move, pay, send, session_of
from tests.conftest import FakeClock

# One browser for all of them; the windows in it know nothing of each other.
pytestmark = pytest.mark.asyncio(loop_scope="module")

NAME: Final = "Boutique Chez Aminatou & Filles"
EXPECTED: Final = {"phone": MTN_PHONE, "email": "aminata.njoya@customer.example"}
MAIL: Final = {"mail_host": "127.0.0.1", "mail_port": 9, "mail_from": "recus@cauri.example"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with a_browser() as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    settings = settings_in(tmp_path, mail_tls="none", support_contact="aide@cauri.example", **MAIL)
    async with a_world(settings, clock=clock, is_in_memory=True) as made:
        yield made


class Walk:
    """A browser that comes to one page after the other, and what was found on the way."""

    def __init__(
        self, world: World, clock: FakeClock, page: Page, device: Device, looker: Page
    ) -> None:
        self.world, self.clock, self.page, self.device = world, clock, page, device
        self.looker = looker
        self.faults: dict[str, list[str]] = {}
        self.states: set[str] = set()
        self._sessions = 0

    async def session(self, *steps: str, **changes: Any) -> str:
        """Create a session, and pay on it if there are steps, which its payment then takes."""
        self._sessions += 1
        key = f"order-{self._sessions}"
        session_id = await session_of(self.world, key, merchant_name=NAME, **changes)
        if steps:
            number = f"6500{self._sessions:03d}01"
            await move(self.world, await pay(self.world, session_id, number), *steps)
        return session_id

    async def visit(self, name: str, path: str) -> None:
        """Go to a page and look at it."""
        await self.page.goto(self.world.url + path)
        await self.look(name)

    async def look(self, name: str) -> None:
        """Look at the page that is shown."""
        page = self.page
        live = page.locator("#live")
        if await live.count():
            self.states.add(str(await live.get_attribute("data-state")))
        if self.device.has_scripts:
            found = await axe_faults(page)
        else:
            found = await axe_faults_without_scripts(page, self.looker)
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        if await page.evaluate(wide):
            found.append("it is wider than the screen")
        if await page.locator("h1").count() != 1:
            found.append("it has no heading, or several")
        if not await page.title():
            found.append("it has no title")
        if found:
            self.faults[name] = found


async def walk_forms(walk: Walk, language: str) -> None:
    """Where something is asked of the payer."""
    page, query = walk.page, f"?lang={language}"
    session_id = await walk.session(payer=EXPECTED, expires_in_seconds=600)
    await walk.visit("form", f"/checkout/{session_id}{query}")
    for name, field, value in (("phone", "#phone", "12"), ("email", "#email", "aminata@x")):
        await page.fill(field, value)
        await page.evaluate("document.getElementById('pay').noValidate = true")
        await page.click("#pay button")
        await page.wait_for_selector("#mistake")
        await walk.look(f"form with a mistake in {name}")
        await page.fill("#phone", "650000001")
    abidjan = await walk.session(country="CI", currency="XOF")
    await walk.visit("form of another country", f"/checkout/{abidjan}{query}")
    retry = await walk.session("start", "decline")
    await walk.visit("retry", f"/checkout/{retry}{query}")
    await walk.visit("retry with help", f"/checkout/{retry}{query}&help=1")
    code = await walk.session("start", "code")
    await walk.visit("code", f"/checkout/{code}{query}")
    await page.fill("#one_time_code", "1")
    await page.click("button[type=submit]")
    await page.wait_for_selector("#mistake")
    await walk.look("code with a mistake")
    payment_id = await payment_of(walk.world, code)
    for number in range(CONFIRMATIONS_MAX):
        form = (await look(walk.world, code)).form("code")
        await send(walk.world, form, one_time_code=f"48291{number}")
        await move(walk.world, payment_id, "hand_over", "code_refused")
        if number == 0:
            await walk.visit("code again", f"/checkout/{code}{query}")
    await walk.visit("no more codes", f"/checkout/{code}{query}&help=1")


async def walk_waiting(walk: Walk, language: str) -> None:
    """Where a payment is under way."""
    query = f"?lang={language}"
    for name, steps in (
        ("sending", ("start",)),
        ("confirm", ("start", "confirm")),
        ("go", ("start", "page")),
        ("asking", ("start", "doubt")),
        ("conflict", ("start", "confirm", "contradiction")),
    ):
        session_id = await walk.session(*steps)
        await walk.visit(name, f"/checkout/{session_id}{query}")
        more = {"conflict": "&help=1", "confirm": "&help=1", "go": "&embed=1"}.get(name)
        if more is not None:
            await walk.visit(f"{name} {more}", f"/checkout/{session_id}{query}{more}")
    late = await walk.session("start", "confirm")
    walk.clock.advance(PATIENCE.total_seconds())
    await walk.visit("still asking", f"/checkout/{late}{query}")


async def walk_ends(walk: Walk, language: str) -> None:
    """Where nothing more is asked or awaited."""
    page, world, query = walk.page, walk.world, f"?lang={language}"
    paid = await walk.session("start", "confirm", "success")
    await walk.visit("paid", f"/checkout/{paid}{query}")
    await walk.visit("paid with help", f"/checkout/{paid}{query}&help=1")
    already = await walk.session()
    await page.goto(f"{world.url}/checkout/{already}{query}")
    await move(world, await pay(world, already), "start", "confirm", "success")
    await page.fill("#phone", "650000002")
    await page.click("#pay button")
    await page.wait_for_selector("#live[data-state=paid]")
    await walk.look("paid already, in another window")
    given_up = await walk.session()
    await page.goto(f"{world.url}/checkout/{given_up}{query}")
    await page.click("button.quiet")
    await page.wait_for_selector("#live[data-state=cancelled]")
    await walk.look("cancelled")
    tried = await walk.session()
    for _ in range(ATTEMPTS_MAX):
        await move(world, await pay(world, tried), "start", "decline")
    await walk.visit("tried out", f"/checkout/{tried}{query}")
    expired = await walk.session(expires_in_seconds=300)
    walk.clock.advance(301)
    await walk.visit("expired", f"/checkout/{expired}{query}")


async def walk_elsewhere(walk: Walk, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages that are of no payment, and the example of a shop."""
    page, world, query = walk.page, walk.world, f"?lang={language}"
    await walk.visit("unknown", f"/checkout/cs_{'a' * 32}{query}")
    session_id = await walk.session(embed_origin=world.url)
    await page.goto(f"{world.url}/checkout/{session_id}{query}")
    await page.evaluate("document.querySelector('#pay [name=token]').value = 'forged'")
    await page.fill("#phone", "650000001")
    await page.click("#pay button")
    await page.wait_for_selector("main a.button")
    await walk.look("forged")
    shop = f"/checkout/static/example.html?session={world.url}/checkout/{session_id}"
    await walk.visit("the example of a shop", shop)
    if walk.device.has_scripts:
        await page.frame_locator("iframe").locator("#phone").wait_for()
        await walk.look("the example with the form in it")

    await walk_receipt(walk, language)

    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a mistake")

    with monkeypatch.context() as broken:
        broken.setattr(world.services.store, "read_stream", fail)
        await walk.visit("broken", f"/checkout/{session_id}{query}")


async def walk_receipt(walk: Walk, language: str) -> None:
    """The proof of a payment, which a merchant's program fetches and prints."""
    page, world = walk.page, walk.world
    session_id = await walk.session("start", "success")
    walk.clock.advance(60)
    headers = {"Authorization": f"Bearer {world.keys['mer_1']}", "Accept-Language": language}
    await page.set_extra_http_headers(headers)
    await walk.visit("receipt", f"/v1/payments/{await payment_of(world, session_id)}/receipt")
    await page.set_extra_http_headers({})


async def payment_of(world: World, session_id: str) -> str:
    """The payment of a session's last try."""
    state, _ = await world.services.handler.checkout(session_id)
    assert state.last is not None
    return state.last.payment_id


@pytest.mark.parametrize("device", DEVICES, ids=str)
async def test_every_page_can_be_used_by_everybody(
    world: World,
    clock: FakeClock,
    browser: Browser,
    device: Device,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    templates = rendering._templates()
    assert templates.loader is not None
    assert templates.cache is not None
    templates.cache.clear()
    written, find = set[str](), templates.loader.get_source

    def noted(environment: Any, name: str) -> Any:
        written.add(name)
        return find(environment, name)

    # Each template is read once after the cache was emptied: when the first page is made from it.
    monkeypatch.setattr(templates.loader, "get_source", noted)
    language = "fr" if device.width < 600 else "en"
    with_scripts = device._replace(has_scripts=True)
    async with (
        a_page(browser, device, locale=language) as page,
        a_page(browser, with_scripts, locale=language) as looker,
    ):
        walk = Walk(world, clock, page, device, looker)
        await walk_forms(walk, language)
        await walk_waiting(walk, language)
        await walk_ends(walk, language)
        await walk_elsewhere(walk, language, monkeypatch)

    assert walk.faults == {}
    assert walk.states == set(get_args(State))
    assert written == {path.name for path in (rendering.FOLDER / "templates").iterdir()}
