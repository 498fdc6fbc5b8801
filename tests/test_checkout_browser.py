"""The page of a checkout session in headless Chromium, over a real server and real sandboxes.

On a small telephone and at a desk, with scripts and without: success, refusal, time-out, lost
callbacks, expiry, a page of the provider's, and a page inside another one. What axe-core finds
serious fails a test, and so does what does not fit on the screen or goes anywhere but here.

A browser without scripts looks again after the seconds that its page names. One test lets it do so
by itself from the first page to the last; the others hold that the page names them, and look again
as soon as the ledger is where they wait for it to be.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Frame, Page

from adapters.sandbox.faults import Faults
from api.pages.rendering import FOLDER
from ledger.payment import Status
from tests.browser import (
    DESK,
    DEVICES,
    PHONE,
    PLAIN_DESK,
    PLAIN_PHONE,
    Device,
    a_browser,
    a_page,
    axe_faults,
    look_again,
)
from tests.checkout_world import create, look, session_of
from tests.stage import CODE, Stage, a_stage

# One browser for all of them: each test has windows of its own, which know nothing of the others'.
pytestmark = pytest.mark.asyncio(loop_scope="module")

BYTES_MAX = 30_000
REQUESTS_MAX = 2

PAYS, REFUSES, EXPIRES, SLOW = "650000001", "650000051", "650000052", "650000054"

on_two_devices = pytest.mark.parametrize("device", [PHONE, PLAIN_DESK], ids=str)
on_every_device = pytest.mark.parametrize("device", DEVICES, ids=str)


class MovingClock:
    """The machine's clock, which a test may put forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with a_browser() as started:
        yield started


@asynccontextmanager
async def a_shop(folder: Path, **options: Any) -> AsyncIterator[Stage]:
    """Open a server over both sandboxes."""
    async with a_stage(folder, **options) as stage:
        yield stage


async def state_of(page: Page, state: str) -> None:
    """Wait until the page shows a state, by itself."""
    await page.wait_for_selector(f"#live[data-state={state}]")


async def comes_to(stage: Stage, frame: Frame, device: Device, state: str) -> None:
    """Wait until a page shows a state; without scripts it looks again once the ledger is there."""
    live = frame.locator(f"#live[data-state={state}]")
    if not device.has_scripts and not await live.count():
        session_id = urlsplit(frame.url).path.rpartition("/")[2]

        async def is_so() -> bool:
            return (await look(stage, session_id)).state == state

        await stage.until(is_so)
        await look_again(frame)
    await live.wait_for()


async def pay(page: Page | Frame, number: str) -> None:
    """Type a number, press the button, and see what is answered."""
    frame = page.main_frame if isinstance(page, Page) else page
    await frame.fill("#phone", number)
    async with frame.expect_navigation():
        await frame.click("#pay button")


async def check(page: Page, device: Device) -> None:
    """Hold a page to what every page must be."""
    assert await page.title()
    assert await page.locator("h1").count() == 1
    for selector in ("h1", "button", "a.button", ".amount", ".tag"):
        for one in await page.locator(selector).all():
            box = await one.bounding_box()
            assert box is None or (box["x"] >= 0 and box["x"] + box["width"] <= device.width)
    if device.has_scripts:
        assert await axe_faults(page) == []
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert await page.evaluate(wide) is False


async def paid(stage: Stage, session_id: str) -> list[str]:
    """How the session's payments ended, once its own stream says that it is paid."""

    async def is_so() -> bool:
        return (await stage.services.handler.checkout(session_id))[0].status == "completed"

    await stage.until(is_so)
    state, _ = await stage.services.handler.checkout(session_id)
    return [(await stage.state(one.payment_id)).status.value for one in state.attempts]


@on_every_device
async def test_a_customer_is_refused_tries_again_and_pays(
    tmp_path: Path, browser: Browser, device: Device
) -> None:
    slowly = {"mtn": {"delayed_seconds": 1.5}}  # long enough to be seen waiting
    async with a_shop(tmp_path, switches=slowly) as stage, a_page(browser, device) as page:
        session_id = await session_of(stage, merchant_name="Boutique Chez Aminatou & Filles")
        await page.goto(f"{stage.url}/checkout/{session_id}")
        await check(page, device)
        assert await page.locator("html").get_attribute("lang") == "fr"
        await pay(page, "12")
        await page.wait_for_selector("#mistake")
        await check(page, device)
        await pay(page, REFUSES)
        await comes_to(stage, page.main_frame, device, "retry")
        await check(page, device)
        assert "Vous avez refusé ce paiement." in await page.inner_text("#live")
        await pay(page, SLOW)
        await comes_to(stage, page.main_frame, device, "confirm")
        await check(page, device)
        assert "finit par 54" in await page.inner_text("#live")
        await comes_to(stage, page.main_frame, device, "paid")
        await check(page, device)
        back = await page.get_attribute("a.button", "href")

        assert await paid(stage, session_id) == ["failed", "succeeded"]
        assert back == "https://shop.example/thanks?order=17"
        assert SLOW not in await page.content()
        assert await page.context.cookies() == []


@on_every_device
async def test_a_customer_who_does_not_confirm_in_time_is_told_so(
    tmp_path: Path, browser: Browser, device: Device
) -> None:
    async with a_shop(tmp_path) as stage, a_page(browser, device, locale="en") as page:
        session_id = await session_of(stage)
        await page.goto(f"{stage.url}/checkout/{session_id}")
        await pay(page, EXPIRES)
        await comes_to(stage, page.main_frame, device, "retry")

        text = await page.inner_text("#live")
        assert "This payment was not confirmed in time." in text
        assert "No money was taken." in text


@on_every_device
async def test_a_customer_whose_operator_never_calls_back_is_told_all_the_same(
    tmp_path: Path, browser: Browser, device: Device
) -> None:
    async with a_shop(tmp_path) as stage, a_page(browser, device) as page:
        await stage.providers.weather("mtn", Faults(callback_lost=1.0))
        session_id = await session_of(stage)
        await page.goto(f"{stage.url}/checkout/{session_id}")
        await pay(page, PAYS)
        await comes_to(stage, page.main_frame, device, "paid")

        assert await paid(stage, session_id) == ["succeeded"]


@on_every_device
async def test_a_customer_is_told_that_nobody_knows_yet_and_not_to_pay_again(
    tmp_path: Path, browser: Browser, device: Device
) -> None:
    # The operator takes the payment, his words are lost, and he is asked only after a while.
    async with (
        a_shop(tmp_path, pace={"doubt_seconds": 3.0}) as stage,
        a_page(browser, device) as page,
    ):
        await stage.providers.weather("mtn", Faults(silent_after_accept=1.0, callback_lost=1.0))
        session_id = await session_of(stage)
        await page.goto(f"{stage.url}/checkout/{session_id}")
        await pay(page, PAYS)
        await comes_to(stage, page.main_frame, device, "asking")
        await check(page, device)
        text = await page.inner_text("#live")
        assert "Ne payez pas une deuxième fois." in text
        assert await page.locator("#phone").count() == 0
        await comes_to(stage, page.main_frame, device, "paid")

        assert await paid(stage, session_id) == ["succeeded"]


@on_every_device
async def test_a_page_that_expires_while_somebody_looks_takes_no_payment(
    tmp_path: Path, browser: Browser, device: Device
) -> None:
    clock = MovingClock()
    async with a_shop(tmp_path, clock=clock) as stage, a_page(browser, device) as page:
        session_id = await session_of(stage, expires_in_seconds=300)
        await page.goto(f"{stage.url}/checkout/{session_id}")
        clock.ahead = timedelta(seconds=301)
        await pay(page, PAYS)
        await comes_to(stage, page.main_frame, device, "expired")
        await check(page, device)

        async def is_closed() -> bool:
            state, _ = await stage.services.handler.checkout(session_id)
            return state.status == "expired" and state.attempts == ()

        await stage.until(is_closed)


@on_every_device
async def test_a_customer_of_orange_goes_to_its_page_and_comes_back(
    tmp_path: Path, browser: Browser, device: Device
) -> None:
    async with a_shop(tmp_path) as stage, a_page(browser, device) as page:
        made = await create(stage)
        session_id = str(made.json["id"])
        await page.goto(made.json["url"])
        await pay(page, "690000001")
        if device == PLAIN_DESK:
            await comes_to(stage, page.main_frame, device, "go")
            await look_again(page.main_frame)
        await page.wait_for_url("**/payment/pay_token/**")
        await page.fill("input[name=number]", "690000001")
        await page.fill("input[name=code]", CODE)
        await page.click("button[value=confirm]")
        await page.wait_for_url(f"{made.json['url']}?lang=fr")
        if device == PLAIN_DESK:
            await comes_to(stage, page.main_frame, device, "paid")
        # On the telephone without scripts every page was left because the browser looked again.
        await state_of(page, "paid")
        await check(page, device)

        assert await paid(stage, session_id) == ["succeeded"]


@on_two_devices
async def test_the_back_button_shows_what_is_and_pays_nothing_again(
    tmp_path: Path, browser: Browser, device: Device
) -> None:
    async with a_shop(tmp_path) as stage, a_page(browser, device) as page:
        session_id = await session_of(stage)
        await page.goto(f"{stage.url}/checkout/{session_id}")
        await pay(page, PAYS)
        await comes_to(stage, page.main_frame, device, "paid")
        await page.go_back()
        await comes_to(stage, page.main_frame, device, "paid")
        await page.reload()
        await comes_to(stage, page.main_frame, device, "paid")

        assert await paid(stage, session_id) == ["succeeded"]


@pytest.mark.parametrize("device", [PHONE, PLAIN_PHONE], ids=str)
async def test_two_windows_of_one_page_pay_once(
    tmp_path: Path, browser: Browser, device: Device
) -> None:
    async with (
        a_shop(tmp_path) as stage,
        a_page(browser, device) as first,
        a_page(browser, device) as second,
    ):
        session_id = await session_of(stage)
        for page in (first, second):
            await page.goto(f"{stage.url}/checkout/{session_id}")
        await pay(first, SLOW)
        await pay(second, "650000154")
        for page in (first, second):
            await comes_to(stage, page.main_frame, device, "paid")

        assert await paid(stage, session_id) == ["succeeded"]


async def test_the_operator_is_recognised_while_typing(tmp_path: Path, browser: Browser) -> None:
    async with a_shop(tmp_path) as stage, a_page(browser, PHONE, locale="en") as page:
        await page.goto(f"{stage.url}/checkout/{await session_of(stage)}")
        seen = page.locator("#seen")
        told: list[tuple[str, str]] = []
        for number in ("6", "65", "+237 69", "00237 650", "1", "650"):
            await page.fill("#phone", number)
            text = await seen.inner_text() if await seen.is_visible() else ""
            told.append((number, text))
        prompt, leads = page.locator("[data-next=prompt]"), page.locator("[data-next=page]")
        by_number = (await prompt.is_visible(), await leads.is_visible())
        await page.check("input[value=orange-cm]")
        by_choice = (await prompt.is_visible(), await leads.is_visible())

    assert told == [
        ("6", ""),
        ("65", ""),
        ("+237 69", "Recognised: Orange Money"),
        ("00237 650", "Recognised: MTN MoMo"),
        ("1", ""),
        ("650", "Recognised: MTN MoMo"),
    ]
    assert (by_number, by_choice) == ((True, False), (False, True))


async def test_the_language_can_be_changed_at_any_time(tmp_path: Path, browser: Browser) -> None:
    async with a_shop(tmp_path) as stage, a_page(browser, PLAIN_PHONE) as page:
        session_id = await session_of(stage)
        await page.goto(f"{stage.url}/checkout/{session_id}")
        await page.click("text=English")
        await page.wait_for_selector("text=Pay with mobile money")
        await pay(page, PAYS)
        await comes_to(stage, page.main_frame, PLAIN_PHONE, "paid")
        english = await page.inner_text("h1")
        await page.click("text=Français")
        await page.wait_for_selector("html[lang=fr]")

        assert ("Paid" in english, "Payé" in await page.inner_text("h1")) == (True, True)


@pytest.mark.parametrize("device", [PHONE, PLAIN_PHONE], ids=str)
async def test_the_first_view_is_small_and_goes_nowhere_else(
    tmp_path: Path, browser: Browser, device: Device
) -> None:
    # With the field for an address, which is there only where mail is sent.
    mail = {"mail_host": "127.0.0.1", "mail_port": 9, "mail_from": "recus@cauri.example"}
    async with a_shop(tmp_path, **mail) as stage, a_page(browser, device) as page:
        session_id = await session_of(stage, merchant_name="Boutique Chez Aminatou & Filles")
        requests: list[str] = []
        refused: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: refused.append(message.text))
        # What is told of a transfer counts its head too: what goes over the wire.
        session = await page.context.new_cdp_session(page)
        await session.send("Network.enable")
        sizes: list[float] = []
        session.on(
            "Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"])
        )
        await page.goto(f"{stage.url}/checkout/{session_id}", wait_until="networkidle")
        assert await page.locator("#email").is_visible()
        button = await page.locator("#pay button").bounding_box()
        less = await page.locator("button.quiet").bounding_box()

    # Whoever does not scroll sees the one thing to press, which is the largest.
    assert button is not None
    assert less is not None
    assert button["y"] + button["height"] <= device.height
    assert less["width"] < button["width"] * 2 / 3
    assert len(requests) <= REQUESTS_MAX
    assert {url.startswith(stage.url) for url in requests} == {True}
    assert len(sizes) == len(requests)
    assert 1_000 < sum(sizes) <= BYTES_MAX
    assert refused == []


async def test_everything_is_reached_by_the_keyboard_alone(
    tmp_path: Path, browser: Browser
) -> None:
    async with a_shop(tmp_path) as stage, a_page(browser, DESK) as page:
        session_id = await session_of(stage)
        await page.goto(f"{stage.url}/checkout/{session_id}")
        reached: list[str] = []
        for _ in range(5):
            await page.keyboard.press("Tab")
            outline = "getComputedStyle(document.activeElement).outlineStyle"
            name = "document.activeElement.name || document.activeElement.textContent.trim()"
            reached.append(f"{await page.evaluate(name)} {await page.evaluate(outline)}")
        await page.focus("#phone")
        await page.keyboard.type(PAYS)
        await page.keyboard.press("Enter")
        await state_of(page, "paid")

    assert [one.rpartition(" ")[0] for one in reached[:3]] == ["English", "phone", "operator"]
    assert [one for one in reached[3:] if one.startswith("Payer")] != []
    assert {one.rpartition(" ")[2] for one in reached} <= {"solid", "auto"}


@asynccontextmanager
async def a_shop_page(files: dict[str, str]) -> AsyncIterator[str]:
    """Serve a merchant's own pages on an origin of their own; its address."""
    application = web.Application()

    async def show(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        kind = "text/javascript" if name.endswith(".js") else "text/html"
        return web.Response(text=files[name], content_type=kind)

    application.router.add_get("/{name}", show)
    async with TestServer(application) as server:
        yield f"http://127.0.0.1:{server.port}"


def shipped() -> dict[str, str]:
    """The example as it is shipped, with its component beside it."""
    return {
        name: (FOLDER / "static" / name).read_text()
        for name in ("example.html", "cauri-checkout.js")
    }


async def test_the_component_tells_its_page_when_the_payment_has_gone_through(
    tmp_path: Path, browser: Browser
) -> None:
    async with (
        a_shop(tmp_path) as stage,
        a_shop_page(shipped()) as shop,
        a_page(browser, DESK) as page,
    ):
        session_id = await session_of(stage, embed_origin=shop)
        await page.goto(f"{shop}/example.html?session={stage.url}/checkout/{session_id}")
        events = """() => {
            window.told = [];
            for (const name of ["state", "completed"])
                document.addEventListener("cauri-checkout:" + name,
                    (event) => window.told.push([name, event.detail.state]));
        }"""
        await page.evaluate(events)
        frame = page.frame_locator("iframe")
        await frame.locator("#phone").fill(PAYS)
        # All of the page is to be seen: nothing of it needs scrolling inside the frame.
        await page.wait_for_function(
            """() => document.querySelector("iframe").style.height.endsWith("px")"""
        )
        shown, whole = await frame.locator("html").evaluate(
            "element => [element.clientHeight, element.scrollHeight]"
        )
        assert shown == whole > 600
        await frame.locator("#pay button").click()
        await page.wait_for_selector("text=Thank you! We are checking your payment.")
        told = await page.evaluate("window.told")
        await page.evaluate(
            """window.postMessage({type: "cauri-checkout", session: "x", state: "paid"}, "*")"""
        )

        assert await paid(stage, session_id) == ["succeeded"]
        assert told[-2:] == [["state", "paid"], ["completed", "paid"]]
        assert [one for one in told if told.count(one) > 1] == []
        assert await page.evaluate("window.told.length") == len(told)


@on_every_device
async def test_a_frame_without_any_script_of_the_shops_leads_to_success(
    tmp_path: Path, browser: Browser, device: Device
) -> None:
    files = {"basket.html": "", "thanks.html": "<h1>Thank you</h1>"}
    async with (
        a_shop(tmp_path) as stage,
        a_shop_page(files) as shop,
        a_page(browser, device) as page,
    ):
        made = await create(stage, embed_origin=shop, return_url=f"{shop}/thanks.html")
        files["basket.html"] = basket(
            f'<iframe src="{made.json["url"]}?embed=1" title="Mobile money" height="900"></iframe>'
        )
        await page.goto(f"{shop}/basket.html")
        await page.wait_for_selector("iframe")
        (frame,) = page.main_frame.child_frames
        await pay(frame, PAYS)
        await comes_to(stage, frame, device, "paid")
        inside = page.url
        await frame.click("a.button")
        # Out of the frame: the shop's own page is not to be shown inside the shop's own page.
        await page.wait_for_url(f"{shop}/thanks.html")

        assert await paid(stage, made.json["id"]) == ["succeeded"]
        assert inside == f"{shop}/basket.html"
        assert await page.inner_text("h1") == "Thank you"


@on_every_device
async def test_a_link_leads_to_the_page_and_back_to_the_shop(
    tmp_path: Path, browser: Browser, device: Device
) -> None:
    files = {"basket.html": "", "thanks.html": "<h1>Thank you</h1>"}
    async with (
        a_shop(tmp_path) as stage,
        a_shop_page(files) as shop,
        a_page(browser, device) as page,
    ):
        made = await create(stage, return_url=f"{shop}/thanks.html?order=17")
        files["basket.html"] = basket(f'<a href="{made.json["url"]}">Pay</a>')
        await page.goto(f"{shop}/basket.html")
        await page.click("text=Pay")
        await page.wait_for_url(f"{made.json['url']}**")
        await pay(page, PAYS)
        await comes_to(stage, page.main_frame, device, "paid")
        await check(page, device)
        await page.click("a.button")
        await page.wait_for_url(f"{shop}/thanks.html?order=17")

        assert await paid(stage, made.json["id"]) == ["succeeded"]
        # What stood in the address of the checkout is not told to the shop's page.
        assert await page.evaluate("document.referrer") == ""


def basket(inside: str) -> str:
    """A page of a shop as its merchant writes it, without any script."""
    return f"""<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>A shop</title>
<h1>Your basket</h1>{inside}</html>"""


async def test_a_message_of_anybody_else_is_not_believed(tmp_path: Path, browser: Browser) -> None:
    lies = """<script>
        parent.postMessage({type: "cauri-checkout", session: "x", state: "paid"}, "*");
        document.title = "told";
    </script>"""
    async with (
        a_shop_page({**shipped(), "liar": lies, "cs_x": "<p>a checkout</p>"}) as other,
        a_shop_page(shipped()) as shop,
        a_page(browser, DESK) as page,
    ):
        await page.goto(f"{shop}/example.html?session={other}/cs_x")
        await page.wait_for_selector("iframe")
        # Another frame of the same origin as the checkout's, and the shop's own window.
        await page.evaluate(
            f"""() => new Promise((done) => {{
                const frame = document.createElement("iframe");
                frame.src = "{other}/liar";
                frame.onload = () => setTimeout(done, 0);
                document.body.append(frame);
            }})"""
        )

        assert await page.inner_text("#said") == "Nothing was paid yet."


async def test_nobody_frames_a_page_who_was_not_named(tmp_path: Path, browser: Browser) -> None:
    async with (
        a_shop(tmp_path) as stage,
        a_shop_page(shipped()) as shop,
        a_page(browser, DESK) as page,
    ):
        session_id = await session_of(stage)
        refused: list[str] = []
        page.on("console", lambda message: refused.append(message.text))
        await page.goto(f"{shop}/example.html?session={stage.url}/checkout/{session_id}")
        await page.wait_for_load_state("networkidle")

    assert [one for one in refused if "frame-ancestors" in one] != []


async def test_the_page_of_a_payment_by_a_code_asks_for_it(
    tmp_path: Path, browser: Browser
) -> None:
    from tests.checkout_world import move

    async with (
        a_shop(tmp_path, is_working=False) as stage,
        a_page(browser, PHONE, locale="en") as page,
    ):
        session_id = await session_of(stage)
        await page.goto(f"{stage.url}/checkout/{session_id}")
        await pay(page, PAYS)
        await state_of(page, "sending")
        state, _ = await stage.services.handler.checkout(session_id)
        await move(stage, state.attempts[0].payment_id, "start", "code")
        await state_of(page, "code")
        await check(page, PHONE)
        await page.fill("#one_time_code", "482913")
        await page.click("button")
        await state_of(page, "sending")

        payment = await stage.state(state.attempts[0].payment_id)
        assert (payment.status, len(payment.confirmations)) == (Status.PENDING, 1)
