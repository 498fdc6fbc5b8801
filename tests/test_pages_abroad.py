"""A payer whose number is of another country: that country's operators are offered."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.api_world import HUB2, PROVIDER_TABLES, World, a_world, settings_in
from tests.browser import PHONE, PLAIN_PHONE, a_browser, a_page, axe_faults
from tests.checkout_world import Page, create, look, move, pay, read, send, session_of
from tests.conftest import FakeClock

WAVE = {"base_url": "http://127.0.0.1:9", "api_key": "a-synthetic-key"}
DAKAR, ABIDJAN = "771234501", "+225 07 00 00 00 01"
LANDLINE, BISSAU = "+225 27 21 23 45 67", "+245 955 123 401"
AT_HOME = {"orange-sn", "wave-sn"}
ABROAD = {"mtn-ci", "moov-ci", "orange-ci", "wave-ci"}


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    tables = {**PROVIDER_TABLES, "hub2": HUB2, "wave": WAVE}
    settings = settings_in(tmp_path, providers=("hub2", "wave"), provider_tables=tables)
    async with a_world(settings, clock=clock, is_in_memory=True) as made:
        yield made


async def a_page_of(world: World, **changes: str) -> str:
    return await session_of(world, **{"country": "SN", "currency": "XOF", **changes})


def offered(page: Page) -> set[str]:
    """The operators that a page offers."""
    return set(re.findall(r'name="operator" value="([a-z]+-[a-z]+)"', page.html))


def chosen(page: Page) -> str:
    return page.form("pay").fields["operator"]


ASKED_ANEW = [
    # The number, what was chosen, and what the page with the right operators chooses for a start.
    (ABIDJAN, "orange-sn", "orange-ci"),
    (ABIDJAN, "wave-sn", "wave-ci"),
    (ABIDJAN, "mtn-gh", "mtn-ci"),
    (ABIDJAN, "airtel-ug", ""),
    (LANDLINE, "", ""),
]


@pytest.mark.parametrize(("phone", "operator", "there"), ASKED_ANEW)
@pytest.mark.parametrize("language", ["fr", "en"])
async def test_the_operators_of_the_numbers_country_are_offered_and_the_number_is_kept(
    world: World, phone: str, operator: str, there: str, language: str
) -> None:
    session_id = await a_page_of(world, language=language)
    first = await look(world, session_id)

    page = read(await send(world, first.form("pay"), phone=phone, operator=operator), "")

    assert (page.answer.status, page.state) == (422, "form")
    assert (offered(first) & ABROAD, offered(page)) == (set(), ABROAD)
    assert (chosen(page), page.form("pay").fields["phone"]) == (there, phone)
    said = {"fr": "Votre numéro est d'un autre pays", "en": "Your number is of another country"}
    assert f"{said[language]} (Côte d'Ivoire)" in page.text
    assert "+225 0512345601" in page.text
    assert page.answer.headers["Cache-Control"] == "no-store"


async def test_who_answers_with_an_operator_of_that_country_pays(world: World) -> None:
    session_id = await a_page_of(world)
    first = await look(world, session_id)
    page = read(await send(world, first.form("pay"), phone=ABIDJAN, operator="wave-sn"), "")
    page.form("pay").action = f"/checkout/{session_id}"

    answer = await send(world, page.form("pay"))

    assert answer.status == 303
    state, _ = await world.services.handler.checkout(session_id)
    assert state.last is not None
    shown = (await world.get(f"/v1/payments/{state.last.payment_id}")).json
    assert (shown["operator"], shown["country"]) == ("wave-ci", "CI")


async def test_who_leaves_the_operator_to_the_number_is_not_asked_again(world: World) -> None:
    payment_id = await pay(world, await a_page_of(world), ABIDJAN)

    assert (await world.get(f"/v1/payments/{payment_id}")).json["operator"] == "orange-ci"


@pytest.mark.parametrize(
    ("phone", "operator", "text", "kept"),
    [
        (DAKAR, "wave-ci", "This operator does not go with the number", DAKAR),
        ("+225 12", "wave-sn", "This is not a telephone number", ""),
        (BISSAU, "", "This number cannot pay here. Use another number", ""),
        (BISSAU, "wave-sn", "This number cannot pay here. Use another number", ""),
        ("+233241234501", "", "This number cannot pay here. Use another number", ""),
    ],
)
async def test_elsewhere_the_pages_own_operators_stay(
    world: World, phone: str, operator: str, text: str, kept: str
) -> None:
    session_id = await a_page_of(world)
    first = await look(world, session_id)

    page = read(await send(world, first.form("pay"), phone=phone, operator=operator), "")

    assert (page.answer.status, offered(page)) == (422, AT_HOME)
    assert text in page.text
    assert page.form("pay").fields["phone"] == kept


@pytest.mark.parametrize(
    ("query", "operators"),
    [
        ("?country=CI", ABROAD),
        ("?country=SN", AT_HOME),
        ("?country=GH", AT_HOME),
        ("?country=ci", AT_HOME),
        ("?country=%3Cscript%3E", AT_HOME),
        ("", AT_HOME),
    ],
)
async def test_a_page_is_asked_for_the_operators_of_a_country_it_serves(
    world: World, query: str, operators: set[str]
) -> None:
    page = await look(world, await a_page_of(world), query)

    assert (page.answer.status, offered(page)) == (200, operators)


async def test_whoever_is_expected_from_abroad_finds_their_own_operators_at_once(
    world: World,
) -> None:
    answer = await create(world, country="SN", currency="XOF", payer={"phone": "+225 0700000001"})
    page = await look(world, answer.json["id"])
    home = await look(world, answer.json["id"], "?country=SN")

    assert (offered(page), offered(home)) == (ABROAD, AT_HOME)
    assert page.form("pay").fields["phone"] == "+2250700000001"


async def test_whoever_tried_from_abroad_tries_again_with_the_same_operators(
    world: World, browser: Browser
) -> None:
    session_id = await a_page_of(world)
    payment_id = await pay(world, session_id, ABIDJAN)
    await move(world, payment_id, "start", "decline")

    page = await look(world, session_id)

    assert (page.state, offered(page)) == ("retry", ABROAD)
    assert page.form("pay").fields["phone"] == ""
    async with a_page(browser, PHONE) as tab:
        await tab.goto(f"{world.url}/checkout/{session_id}", wait_until="networkidle")
        assert await tab.locator("[value=wave-ci]").count() == 1


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with a_browser() as started:
        yield started


async def test_scripts_offer_them_while_the_number_is_typed(world: World, browser: Browser) -> None:
    session_id = await a_page_of(world, language="fr")
    async with a_page(browser, PHONE) as page:
        await page.goto(f"{world.url}/checkout/{session_id}")
        await page.check("[value=wave-sn]")
        await page.fill("#phone", "00225 07 00")
        await page.wait_for_selector("[value=wave-ci]")
        assert await page.is_checked("[value=wave-ci]")
        assert "Orange Money" in (await page.text_content("#seen") or "")
        assert "Côte d'Ivoire" in (await page.text_content("legend") or "")
        assert await axe_faults(page) == []
        assert await page.input_value("#phone") == "00225 07 00"
        await page.fill("#phone", "")
        await page.fill("#phone", "77 12")
        await page.wait_for_selector("[value=wave-sn]")
        assert await page.is_checked("[value=wave-sn]")
        await page.fill("#phone", ABIDJAN)
        await page.wait_for_selector("[value=wave-ci]")
        async with page.expect_navigation():
            await page.click("#pay button")
    state, _ = await world.services.handler.checkout(session_id)
    assert state.last is not None
    assert (await world.get(f"/v1/payments/{state.last.payment_id}")).json["operator"] == "wave-ci"


async def test_without_scripts_the_answer_offers_them(world: World, browser: Browser) -> None:
    session_id = await a_page_of(world, language="fr")
    async with a_page(browser, PLAIN_PHONE) as page:
        await page.goto(f"{world.url}/checkout/{session_id}")
        await page.fill("#phone", ABIDJAN)
        await page.check("[value=orange-sn]")
        async with page.expect_navigation():
            await page.click("#pay button")
        assert await page.input_value("#phone") == ABIDJAN
        assert await page.is_checked("[value=orange-ci]")
        async with page.expect_navigation():
            await page.click("#pay button")
    state, _ = await world.services.handler.checkout(session_id)
    assert len(state.attempts) == 1
