"""The payment page of the Orange sandbox as a person meets it, without JavaScript."""

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from typing import Any

import pytest

from adapters.sandbox.orange_markup import STYLE
from adapters.sandbox.orange_orders import Mistake
from adapters.sandbox.orange_words import ENGLISH, FRENCH, Words, amount_text
from adapters.sandbox.payer import (
    PayerSaw,
    cancel_as_customer,
    look_as_customer,
    pay_as_customer,
)
from tests.orange_merchant import CANCEL_URL, CODE, FORM, PAYER, RETURN_URL, World, a_world

SENT_BACK = PayerSaw(status=303, sent_to=RETURN_URL)
SENT_TO_CANCEL = PayerSaw(status=303, sent_to=CANCEL_URL)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with a_world() as made:
        yield made


async def page_of(world: World, url: str, **query: str) -> str:
    async with world.merchant.session.get(url, params=query) as response:
        return await response.text()


def form_again(words: Words, *mistakes: Mistake, tries: int = 3) -> PayerSaw:
    """What a payer sees whose form came back."""
    said = tuple(words.mistakes[mistake].format(tries=tries) for mistake in mistakes)
    return PayerSaw(status=422, title=words.form_title, mistakes=said)


class TestPaying:
    async def test_a_payer_confirms_and_is_sent_back_to_the_merchant(self, world: World) -> None:
        saw = await world.paid()
        order = world.order()
        assert (saw, order.status, order.payer_number, order.confirmed_at) == (
            SENT_BACK,
            "SUCCESS",
            "+237650000001",
            world.timer.clock(),
        )

    async def test_a_payer_waits_until_the_operator_has_decided(self) -> None:
        async with a_world(decide_after_seconds=5) as world:
            seen = [await world.paid()]
            url = f"{world.sandbox.url}/payment/pay_token/{world.order().pay_token}"
            seen.append(await look_as_customer(world.merchant.session, url))
            world.timer.advance(5)
            seen.append(await look_as_customer(world.merchant.session, f"{url}/result"))
            seen.append(await look_as_customer(world.merchant.session, url))
            waiting = PayerSaw(status=200, title=FRENCH.waiting_title)
            paid = PayerSaw(status=200, title=FRENCH.paid_title)
            assert seen == [waiting, waiting, SENT_BACK, paid]

    async def test_the_waiting_page_asks_for_itself_again(self) -> None:
        async with a_world(decide_after_seconds=5) as world:
            await world.paid()
            url = f"{world.sandbox.url}/payment/pay_token/{world.order().pay_token}/result"
            assert '<meta http-equiv="refresh" content="2">' in await page_of(world, url)

    async def test_a_payer_cancels_and_the_order_has_failed(self, world: World) -> None:
        body = await world.created()
        seen = [
            await cancel_as_customer(world.merchant.session, body["payment_url"]),
            await pay_as_customer(world.merchant.session, body["payment_url"], PAYER, CODE),
        ]
        assert (seen, world.order().status, world.order().reason) == (
            [SENT_TO_CANCEL, PayerSaw(status=200, title=FRENCH.failed_title)],
            "FAILED",
            "cancelled_by_payer",
        )

    async def test_cancelling_may_leave_the_order_open(self) -> None:
        async with a_world(cancelling_ends_order=False) as world:
            body = await world.created()
            seen = [
                await cancel_as_customer(world.merchant.session, body["payment_url"]),
                await pay_as_customer(world.merchant.session, body["payment_url"], PAYER, CODE),
            ]
            assert (seen, world.order().status) == ([SENT_TO_CANCEL, SENT_BACK], "SUCCESS")

    async def test_of_two_clicks_one_pays(self) -> None:
        async with a_world(decide_after_seconds=5) as world:
            body = await world.created()
            fields = {"number": PAYER, "code": CODE, "action": "confirm"}
            for _ in range(2):
                async with world.merchant.session.post(body["payment_url"], data=fields) as answer:
                    assert answer.status == 200
            world.timer.advance(5)
            order = world.order()
            assert (order.status, order.txnid) == ("SUCCESS", "MP300101.0000.A00001")

    async def test_a_cancel_after_the_confirmation_comes_too_late(self) -> None:
        async with a_world(decide_after_seconds=5) as world:
            await world.paid()
            url = f"{world.sandbox.url}/payment/pay_token/{world.order().pay_token}"
            async with world.merchant.session.post(url, data={"action": "cancel"}) as answer:
                assert (answer.status, world.order().status) == (200, "PENDING")

    @pytest.mark.parametrize(
        ("digits", "text"),
        [("50", FRENCH.failed_text), ("51", FRENCH.failed_texts["insufficient_funds"])],
    )
    async def test_a_refused_payer_learns_why_and_the_way_back(
        self, world: World, digits: str, text: str
    ) -> None:
        saw = await world.paid(number=f"2376500000{digits}")
        url = f"{world.sandbox.url}/payment/pay_token/{world.order().pay_token}"
        page = await page_of(world, url)
        assert (saw, text in page, f'href="{CANCEL_URL}"' in page) == (
            PayerSaw(status=200, title=FRENCH.failed_title),
            True,
            True,
        )


class TestMistakes:
    @pytest.mark.parametrize(
        ("number", "code", "expected"),
        [
            ("", "", (Mistake.NUMBER_MISSING, Mistake.CODE_MISSING)),
            ("   ", CODE, (Mistake.NUMBER_MISSING,)),
            (PAYER, "", (Mistake.CODE_MISSING,)),
            ("650 12", "12", (Mistake.NUMBER_UNREADABLE, Mistake.CODE_UNREADABLE)),
            ("six cinq zéro", CODE, (Mistake.NUMBER_UNREADABLE,)),
            ("1" * 16, CODE, (Mistake.NUMBER_UNREADABLE,)),
            ("++237650000001", CODE, (Mistake.NUMBER_UNREADABLE,)),
            (PAYER, "12345a", (Mistake.CODE_UNREADABLE,)),
            (PAYER, "١٢٣٤٥٦", (Mistake.CODE_UNREADABLE,)),
            ("237650000053", CODE, (Mistake.NUMBER_UNKNOWN,)),
        ],
    )
    async def test_it_is_named_beside_its_field_and_the_order_waits(
        self, world: World, number: str, code: str, expected: tuple[Mistake, ...]
    ) -> None:
        saw = await world.paid(number=number, code=code)
        assert (saw, world.order().status) == (form_again(FRENCH, *expected), "INITIATED")

    @pytest.mark.parametrize("number", ["650-00-00-01", "(237) 650.00.00.01", " 65000001 "])
    async def test_a_number_is_read_as_people_write_it(self, world: World, number: str) -> None:
        assert await world.paid(number=number, code=" 123 456 ") == SENT_BACK

    async def test_the_third_wrong_code_ends_the_order(self, world: World) -> None:
        body = await world.created()
        seen = [
            await pay_as_customer(world.merchant.session, body["payment_url"], PAYER, "999999")
            for _ in range(3)
        ]
        order = world.order()
        assert (seen, order.status, order.reason, order.wrong_codes, order.payer_number) == (
            [
                form_again(FRENCH, Mistake.CODE_WRONG, tries=2),
                form_again(FRENCH, Mistake.CODE_WRONG, tries=1),
                PayerSaw(status=200, title=FRENCH.failed_title),
            ],
            "FAILED",
            "too_many_wrong_codes",
            3,
            None,
        )

    async def test_the_number_is_kept_and_the_code_is_not(self, world: World) -> None:
        body = await world.created()
        fields = {"number": '65"><b>', "code": "777888", "action": "confirm"}
        async with world.merchant.session.post(body["payment_url"], data=fields) as response:
            page = await response.text()
        assert ('value="65&quot;&gt;&lt;b&gt;"' in page, "777888" in page) == (True, False)

    @pytest.mark.parametrize(
        ("content_type", "body"),
        [
            (FORM, b"\xff\xfe=1&number=%ff"),
            (FORM, b"&".join(b"field=%d" % number for number in range(1000))),
            (f"{FORM}; charset=nonsense", b"number="),
            ("multipart/form-data; boundary=x", b"--x\r\nnonsense"),
            ("application/json", b"{}"),
            (FORM, b""),
        ],
    )
    async def test_what_is_no_such_form_is_an_empty_one(
        self, world: World, content_type: str, body: bytes
    ) -> None:
        url = (await world.created())["payment_url"]
        headers = {"Content-Type": content_type}
        async with world.merchant.session.post(url, data=body, headers=headers) as response:
            page = await response.text()
        said = FRENCH.mistakes[Mistake.CODE_MISSING]
        assert (response.status, said in page, world.order().status) == (422, True, "INITIATED")


class TestEndedPages:
    async def test_a_page_that_expired_says_so_to_a_late_click(self, world: World) -> None:
        body = await world.created()
        world.timer.advance(600)
        fields = {"number": PAYER, "code": CODE, "action": "confirm"}
        async with world.merchant.session.post(body["payment_url"], data=fields) as response:
            page = await response.text()
        assert (response.status, FRENCH.expired_text in page, world.order().status) == (
            410,
            True,
            "EXPIRED",
        )

    async def test_an_order_that_is_paid_says_so(self, world: World) -> None:
        await world.paid()
        url = f"{world.sandbox.url}/payment/pay_token/{world.order().pay_token}"
        saw = await look_as_customer(world.merchant.session, url)
        page = await page_of(world, url)
        assert (saw, FRENCH.paid_text in page, f'href="{RETURN_URL}"' in page) == (
            PayerSaw(status=200, title=FRENCH.paid_title),
            True,
            True,
        )

    @pytest.mark.parametrize("token", ["0" * 64, "x", "", "../x"])
    async def test_a_made_up_token_has_no_page(self, world: World, token: str) -> None:
        url = f"{world.sandbox.url}/payment/pay_token/{token}"
        async with world.merchant.session.get(url) as response:
            assert response.status == 404

    async def test_an_unknown_page_is_a_page(self, world: World) -> None:
        url = f"{world.sandbox.url}/payment/pay_token/{'0' * 64}"
        saw = await look_as_customer(world.merchant.session, url)
        async with world.merchant.session.post(url) as response:
            posted = response.status
        assert (saw, posted) == (PayerSaw(status=404, title=FRENCH.unknown_title), 404)


class TestLanguages:
    @pytest.mark.parametrize(
        ("lang", "words"), [("fr", FRENCH), ("en", ENGLISH), ("us", FRENCH), ("", FRENCH)]
    )
    async def test_the_order_chooses(self, world: World, lang: str, words: Words) -> None:
        body = await world.created(lang=lang)
        page = await page_of(world, body["payment_url"])
        assert (f'<html lang="{words.language}">' in page, words.form_title in page) == (True, True)

    async def test_the_payer_chooses_otherwise_and_stays_with_it(self, world: World) -> None:
        body = await world.created()
        url = body["payment_url"] + "?lang=en"
        saw = await pay_as_customer(world.merchant.session, url, "", "")
        expected = form_again(ENGLISH, Mistake.NUMBER_MISSING, Mistake.CODE_MISSING)
        assert saw == expected

    def test_every_mistake_has_its_words(self) -> None:
        assert [set(words.mistakes) for words in (FRENCH, ENGLISH)] == [set(Mistake)] * 2

    @pytest.mark.parametrize(
        ("amount", "currency", "words", "expected"),
        [
            (12_500, "XAF", FRENCH, "12\u202f500\u00a0FCFA"),
            (12_500, "XOF", ENGLISH, "12,500\u00a0FCFA"),
            (5, "OUV", FRENCH, "5\u00a0OUV"),
            (1_000_000, "GNF", FRENCH, "1\u202f000\u202f000\u00a0GNF"),
        ],
    )
    def test_an_amount_reads_well(
        self, amount: int, currency: str, words: Words, expected: str
    ) -> None:
        assert amount_text(amount, currency, words) == expected


class Elements(HTMLParser):
    """Every element of a page with its attributes, in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, Any]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, Any]]:
        return [attributes for name, attributes in self.found if name == tag]


class TestForEveryone:
    async def test_every_field_has_a_label_a_hint_and_its_mistake(self, world: World) -> None:
        body = await world.created()
        async with world.merchant.session.post(body["payment_url"]) as response:
            elements = Elements(await response.text())
        labels = {label["for"] for label in elements.all("label")}
        ids = {attributes.get("id") for _, attributes in elements.found}
        described = [
            (
                field["id"] in labels,
                field["aria-invalid"],
                set(field["aria-describedby"].split()) <= ids,
            )
            for field in elements.all("input")
        ]
        focused = [field["id"] for field in elements.all("input") if "autofocus" in field]
        assert (described, focused) == ([(True, "true", True)] * 2, ["number"])

    async def test_it_works_without_scripts_pictures_and_other_servers(self, world: World) -> None:
        body = await world.created()
        elements = Elements(await page_of(world, body["payment_url"]))
        sources = [
            attributes.get("src") or attributes.get("href")
            for tag, attributes in elements.found
            if tag in {"script", "img", "link", "iframe"}
        ]
        assert sources == ["data:,", "/payment/page.css"]

    async def test_the_label_is_shown_and_never_run(self, world: World) -> None:
        body = await world.created(reference="<script>1</script> & Fils")
        page = await page_of(world, body["payment_url"])
        assert ("<script>" in page, "&lt;script&gt;1&lt;/script&gt; &amp; Fils" in page) == (
            False,
            True,
        )

    async def test_the_token_leaves_by_no_header(self, world: World) -> None:
        body = await world.created()
        async with world.merchant.session.get(body["payment_url"]) as response:
            headers = response.headers
        assert (
            headers["Referrer-Policy"],
            headers["Cache-Control"],
            headers["X-Content-Type-Options"],
            "frame-ancestors 'none'" in headers["Content-Security-Policy"],
        ) == ("no-referrer", "no-store", "nosniff", True)

    async def test_its_style_is_served(self, world: World) -> None:
        async with world.merchant.session.get(f"{world.sandbox.url}/payment/page.css") as response:
            assert (response.content_type, await response.text()) == ("text/css", STYLE)

    @pytest.mark.parametrize(
        ("ink", "ground"),
        [
            ("ink", "paper"),
            ("ink", "ground"),
            ("ink", "accent"),
            ("soft", "paper"),
            ("bad", "paper"),
            ("ink", "bad-ground"),
        ],
    )
    def test_text_contrasts_with_its_ground(self, ink: str, ground: str) -> None:
        colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+);", STYLE))
        light, dark = sorted((_luminance(colours[ink]), _luminance(colours[ground])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
