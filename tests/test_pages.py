"""The page of a checkout session without a browser: forms, mistakes, and what becomes of them."""

import gzip
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from api.pages.standing import PATIENCE
from ledger.checkout import stream_of
from ledger.payment_codes import CONFIRMATIONS_MAX
from tests.api_world import World, a_world, captured_logs, settings_in
from tests.checkout_world import PAGE, create, look, move, pay, read, send, session_of
from tests.conftest import FakeClock

NUMBER = "650000001"


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with a_world(settings_in(tmp_path), clock=clock, is_in_memory=True) as made:
        yield made


async def payments_of(world: World, session_id: str) -> list[str]:
    """The payments of a session that were asked for."""
    state, _ = await world.services.handler.checkout(session_id)
    return [one.payment_id for one in state.attempts]


async def test_the_form_says_who_is_paid_how_much_and_what_happens_next(world: World) -> None:
    session_id = await session_of(world, merchant_name="Chez Aminatou <3")

    page = await look(world, session_id, **{"Accept-Language": "en"})

    assert (page.answer.status, page.state, page.language) == (200, "form", "en")
    for text in ("Chez Aminatou <3", "1,500 FCFA", "Two chickens", "1 to 2 minutes", "MTN MoMo"):
        assert text in page.text
    assert "<3" not in page.html.replace("&lt;3", "")
    assert 'inputmode="tel"' in page.html
    assert 'autocomplete="tel"' in page.html


@pytest.mark.parametrize(
    ("language", "query", "accepted", "shown"),
    [
        (None, "", None, "en"),
        (None, "", "fr-CM,fr;q=0.9", "fr"),
        ("fr", "", "en", "fr"),
        ("fr", "?lang=en", "fr", "en"),
        ("en", "?lang=fr", "en", "fr"),
        ("fr", "?lang=de", "en", "fr"),
        (None, "?lang=<script>", "fr", "fr"),
    ],
)
async def test_the_language_is_the_readers_choice_then_the_merchants_then_the_browsers(
    world: World, language: str | None, query: str, accepted: str | None, shown: str
) -> None:
    session_id = await session_of(world, language=language)
    headers = {"Accept-Language": accepted} if accepted else {}

    page = await look(world, session_id, query, **headers)

    assert page.language == shown
    assert page.answer.headers["Content-Language"] == shown
    assert f"?lang={'en' if shown == 'fr' else 'fr'}" in page.links


async def test_a_page_may_be_kept_framed_and_run_by_nobody(world: World) -> None:
    page = await look(world, await session_of(world))

    headers = page.answer.headers
    policy = headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in headers
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert policy.endswith("frame-ancestors 'none'")
    assert re.findall(r"<script(?! src=)|\son\w+=|\sstyle=|javascript:", page.html) == []


async def test_only_who_was_named_may_frame_a_page(tmp_path: Path, clock: FakeClock) -> None:
    settings = settings_in(tmp_path, checkout_frame_ancestors=("https://mall.example",))
    async with a_world(settings, clock=clock, is_in_memory=True) as world:
        own = await session_of(world, "order-1", embed_origin="https://shop.example")
        other = await session_of(world, "order-2")

        policies = [
            (await look(world, one)).answer.headers["Content-Security-Policy"]
            for one in (own, other)
        ]

    assert [one.partition("frame-ancestors ")[2] for one in policies] == [
        "https://mall.example https://shop.example",
        "https://mall.example",
    ]


async def test_a_number_is_asked_for_its_money(world: World) -> None:
    session_id = await session_of(world, metadata={"order": "17"})

    payment_id = await pay(world, session_id, "650 00 00 01")

    shown = (await world.get(f"/v1/payments/{payment_id}")).json
    assert (shown["amount"], shown["currency"], shown["provider"]) == ("1500", "XAF", "mtn")
    assert (shown["checkout_session"], shown["metadata"]) == (session_id, {"order": "17"})
    assert shown["description"] == "Two chickens"
    session = (await world.get(f"/v1/checkout-sessions/{session_id}")).json
    assert session["attempts"] == [{"number": 1, "payment_id": payment_id, "outcome": None}]


async def test_an_operator_that_was_chosen_is_taken_though_the_number_says_otherwise(
    world: World,
) -> None:
    payment_id = await pay(world, await session_of(world), NUMBER, operator="orange-cm")

    shown = (await world.get(f"/v1/payments/{payment_id}")).json
    assert (shown["operator"], shown["provider"]) == ("orange-cm", "orange")


async def test_a_form_is_answered_by_a_redirect_to_the_page(world: World) -> None:
    page = await look(world, await session_of(world), "?lang=fr")

    answer = await send(world, page.form("pay"), phone=NUMBER)

    assert (answer.status, answer.headers["Location"]) == (303, "?lang=fr&go=1")


MISTAKES = [
    ({"phone": ""}, "This is not a telephone number"),
    ({"phone": "12"}, "This is not a telephone number"),
    ({"phone": "call me"}, "This is not a telephone number"),
    ({"phone": "6" * 60}, "This is not a telephone number"),
    ({"phone": "+254712345678"}, "This number cannot pay here"),
    ({"phone": "+233241234501"}, "The account of this number is in another currency"),
    ({"phone": "620123401"}, "This number cannot pay here"),
    ({"phone": NUMBER, "operator": "mtn-gh"}, "This operator does not go with the number"),
    ({"phone": NUMBER, "operator": "nobody"}, "This operator does not go with the number"),
    ({"phone": NUMBER, "operator": "'\"<>"}, "This operator does not go with the number"),
    ({"phone": NUMBER, "one_time_code": "12"}, "A code has 4 to 10 digits"),
    ({"phone": NUMBER, "one_time_code": "abcdef"}, "A code has 4 to 10 digits"),
    ({"phone": NUMBER, "one_time_code": "123456"}, "This operator takes no code beforehand"),
]


@pytest.mark.parametrize(("fields", "text"), MISTAKES)
async def test_a_mistake_is_told_in_plain_words_and_starts_nothing(
    world: World, fields: dict[str, str], text: str
) -> None:
    session_id = await session_of(world)
    first = await look(world, session_id)

    answer = await send(world, first.form("pay"), **fields)

    page = read(answer, f"/checkout/{session_id}")
    assert (answer.status, page.state) == (422, "form")
    assert text in page.text
    assert 'role="alert"' in page.html
    assert await payments_of(world, session_id) == []
    # Only who has to mend something else finds the number again.
    kept = NUMBER if len(fields) > 1 else ""
    assert page.form("pay").fields["phone"] == kept


@pytest.mark.parametrize(
    ("number", "is_hinted"),
    [("0700000001", True), ("12", True), ("+237 0700000001", False), ("0023712", False)],
)
async def test_who_wrote_a_number_without_country_code_is_told_that_it_may_be_missing(
    world: World, number: str, is_hinted: bool
) -> None:
    session_id = await session_of(world)
    first = await look(world, session_id)

    page = read(await send(world, first.form("pay"), phone=number), "")

    assert "Check its digits" in page.text
    assert ("another country's, write + and that country's code first" in page.text) is is_hinted


async def test_an_amount_that_an_operator_does_not_take_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from adapters import directory_rails
    from adapters.directory_rails import Limit

    limit = Limit("XAF", 2000, 5000, None, None, is_binding=True, source="a test")
    monkeypatch.setitem(directory_rails.LIMITS, ("mtn-cm", "collection"), (limit,))
    session_id = await session_of(world)

    answer = await send(world, (await look(world, session_id)).form("pay"), phone=NUMBER)

    assert answer.status == 422
    assert "does not take such an amount" in read(answer, "").text


async def test_one_number_is_not_asked_again_and_again(tmp_path: Path, clock: FakeClock) -> None:
    settings = settings_in(tmp_path, payer_payments_per_minute_max=2)
    async with a_world(settings, clock=clock, is_in_memory=True) as world:
        for number in range(2):
            await pay(world, await session_of(world, f"order-{number}"))
        session_id = await session_of(world, "one-too-many")
        form = (await look(world, session_id)).form("pay")

        refused = await send(world, form, phone=NUMBER)
        other = await send(world, form, phone="650000002")

    assert (refused.status, other.status) == (429, 303)
    assert "asked too often" in read(refused, "").text


async def test_a_test_says_that_it_is_one(world: World) -> None:
    assert "Test: no money moves." in (await look(world, await session_of(world))).text


async def test_a_number_is_never_shown_again_and_never_logged(world: World) -> None:
    session_id = await session_of(world)
    with captured_logs() as written:
        payment_id = await pay(world, session_id, NUMBER)
        await move(world, payment_id, "start", "confirm")
        page = await look(world, session_id, **{"Accept-Language": "en"})
    log = written.getvalue()

    assert page.state == "confirm"
    assert "the number ending in 01" in page.text
    assert NUMBER not in page.html
    assert (NUMBER.encode() in log, session_id.encode() in log) == (False, False)
    events = await world.services.store.read(0, 100)
    assert [one for one in events if NUMBER.encode() in one.entry] == []


FORGED: list[tuple[dict[str, str], int]] = [
    ({"Sec-Fetch-Site": "cross-site"}, 403),
    ({"Sec-Fetch-Site": "same-site"}, 403),
    ({"Sec-Fetch-Site": "cross-site", "Origin": "null"}, 403),
    ({"Origin": "https://evil.example"}, 403),
    ({"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}, 303),
    ({"Origin": "null"}, 303),
    ({"Sec-Fetch-Site": "same-origin"}, 303),
    ({"Sec-Fetch-Site": "none"}, 303),
    ({}, 303),
]


@pytest.mark.parametrize(("headers", "status"), FORGED)
async def test_a_form_of_another_site_does_nothing(
    world: World, headers: dict[str, str], status: int
) -> None:
    session_id = await session_of(world)
    page = await look(world, session_id)

    answer = await send(world, page.form("pay"), headers, phone=NUMBER)

    assert answer.status == status
    assert len(await payments_of(world, session_id)) == (status == 303)


async def test_a_form_from_our_own_address_is_taken(world: World) -> None:
    page = await look(world, await session_of(world))

    assert (await send(world, page.form("pay"), {"Origin": world.url}, phone=NUMBER)).status == 303


@pytest.mark.parametrize(
    "changes",
    [
        {"token": ""},
        {"token": "0" * 32},
        {"token": "é"},
        {"token": "x" * 65},
        {"attempt": "2"},
        {"attempt": "-1"},
        {"attempt": "x"},
        {"do": "cancel"},
        {"do": "code", "number": "0"},
        {"do": "refund"},
    ],
)
async def test_a_form_that_was_made_for_something_else_does_nothing(
    world: World, changes: dict[str, str]
) -> None:
    session_id = await session_of(world)
    form = (await look(world, session_id)).form("pay")
    form.fields |= changes

    answer = await send(world, form, phone=NUMBER)

    assert answer.status == 403
    assert "Nothing was paid by it" in read(answer, "").text
    assert len(await world.services.store.read_stream(stream_of(session_id))) == 1


async def test_a_form_of_another_session_does_nothing(world: World) -> None:
    first, second = await session_of(world, "order-1"), await session_of(world, "order-2")
    form = (await look(world, first)).form("pay")
    form.action = form.action.replace(first, second)

    assert (await send(world, form, phone=NUMBER)).status == 403


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"json": {"do": "pay"}}, 415),
        (
            {"data": b"x" * 5000, "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
            413,
        ),
        ({"data": {str(n): "x" for n in range(50)}}, 403),
        (
            {
                "data": b"do=%ff%fe",
                "headers": {"Content-Type": "application/x-www-form-urlencoded"},
            },
            403,
        ),
        ({"data": b""}, 415),
    ],
)
async def test_what_no_browser_sends_is_answered_with_a_page(
    world: World, options: dict[str, Any], status: int
) -> None:
    session_id = await session_of(world)

    answer = await world.ask("POST", f"/checkout/{session_id}", **options)

    assert answer.status == status
    assert answer.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("path", ["cs_" + "a" * 32, "cs_none", "x", "%00", "cs_" + "é" * 32])
async def test_an_address_that_is_no_sessions_says_so_to_people(world: World, path: str) -> None:
    answer = await world.get(f"/checkout/{path}", who=None, headers={"Accept-Language": "fr"})

    assert answer.status == 404
    assert "Cette page n'existe pas" in read(answer, "").text


async def test_a_failure_of_ours_is_told_as_a_page_that_warns(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = await session_of(world)

    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(world.services.store, "read_stream", fail)
    with captured_logs() as written:
        answer = await world.get(f"/checkout/{session_id}", who=None)

    assert answer.status == 500
    assert "do not pay again" in read(answer, "").text
    assert b"http.failed" in written.getvalue()


async def test_a_form_sent_twice_asks_for_one_payment(world: World) -> None:
    import asyncio

    session_id = await session_of(world)
    form = (await look(world, session_id)).form("pay")

    answers = await asyncio.gather(*(send(world, form, phone=NUMBER) for _ in range(5)))

    assert {one.status for one in answers} == {303}
    assert len(await payments_of(world, session_id)) == 1
    await world.caught_up()
    assert len((await world.get("/v1/payments")).json["payments"]) == 1


async def test_two_windows_with_two_numbers_ask_for_one_payment(world: World) -> None:
    import asyncio

    session_id = await session_of(world)
    first, second = [(await look(world, session_id)).form("pay") for _ in range(2)]

    answers = await asyncio.gather(
        send(world, first, phone=NUMBER), send(world, second, phone="690000001")
    )

    assert [one.status for one in answers] == [303, 303]
    await world.caught_up()
    assert len((await world.get("/v1/payments")).json["payments"]) == 1


async def test_a_form_from_the_browsers_history_pays_nothing_again(world: World) -> None:
    session_id = await session_of(world)
    old = (await look(world, session_id)).form("pay")
    await pay(world, session_id)

    while_under_way = await send(world, old, phone=NUMBER)
    (payment_id,) = await payments_of(world, session_id)
    await move(world, payment_id, "start", "confirm", "success")
    once_paid = await send(world, old, phone=NUMBER)

    assert [while_under_way.status, once_paid.status] == [303, 303]
    assert await payments_of(world, session_id) == [payment_id]
    assert (await look(world, session_id)).state == "paid"


ENDS = [
    (("start", "decline"), "Your balance is too low"),
    (("start", "confirm", "failure"), "Your balance is too low"),
    (("start", "confirm", "expiry"), "Your balance is too low"),
]


@pytest.mark.parametrize(("steps", "text"), ENDS)
async def test_after_a_refusal_the_reason_is_told_and_a_new_try_is_a_new_payment(
    world: World, steps: tuple[str, ...], text: str
) -> None:
    session_id = await session_of(world)
    first = await pay(world, session_id)
    await move(world, first, *steps)

    page = await look(world, session_id)
    second = await pay(world, session_id, "690000001")

    assert page.state == "retry"
    assert text in page.text
    assert "No money was taken" in page.text
    assert await payments_of(world, session_id) == [first, second]
    session = (await world.get(f"/v1/checkout-sessions/{session_id}")).json
    assert [one["outcome"] for one in session["attempts"]][1] is None
    assert session["attempts"][0]["outcome"] in {"declined", "failed", "expired"}


HONEST = [
    ((), "sending", "Your request is on its way"),
    (("start",), "sending", "Keep your phone at hand"),
    (("start", "confirm"), "confirm", "Confirm on your phone"),
    (("start", "page"), "go", "Continue to MTN MoMo"),
    (("start", "code"), "code", "asks for a one-time code"),
    (("start", "doubt"), "asking", "Do not pay again"),
    (("start", "confirm", "contradiction"), "conflict", "Do not pay again"),
    (("start", "confirm", "success"), "paid", "has gone through"),
]


@pytest.mark.parametrize(("steps", "state", "text"), HONEST)
async def test_the_page_says_what_is_known_and_offers_no_second_payment(
    world: World, steps: tuple[str, ...], state: str, text: str
) -> None:
    session_id = await session_of(world)
    payment_id = await pay(world, session_id)
    await move(world, payment_id, *steps)

    page = await look(world, session_id)

    assert page.state == state
    assert text in page.text
    assert payment_id in page.text
    assert [one.fields["do"] for one in page.forms] == (["code"] if state == "code" else [])


@pytest.mark.parametrize(
    ("steps", "minutes", "seconds"),
    [
        (("start", "confirm"), 0, 5),
        (("start", "confirm"), 4, 15),
        (("start", "confirm"), 20, 60),
        (("start", "page"), 0, 5),
        (("start", "code"), 0, None),
        (("start", "confirm", "success"), 0, None),
    ],
)
async def test_a_page_without_scripts_looks_again_by_itself_ever_more_slowly(
    world: World, clock: FakeClock, steps: tuple[str, ...], minutes: int, seconds: int | None
) -> None:
    session_id = await session_of(world)
    await move(world, await pay(world, session_id), *steps)
    clock.advance(minutes * 60)

    page = await look(world, session_id, "?lang=fr")

    assert page.refresh_seconds == seconds
    assert seconds is None or page.refresh_url == "?lang=fr"


async def test_a_payment_that_takes_long_is_told_as_still_asked_about(
    world: World, clock: FakeClock
) -> None:
    session_id = await session_of(world)
    await move(world, await pay(world, session_id), "start", "confirm")
    clock.advance(PATIENCE.total_seconds())

    page = await look(world, session_id)

    assert page.state == "asking"
    assert "We are still asking MTN MoMo" in page.text


async def test_the_way_to_the_providers_page_is_shown_and_taken_once(world: World) -> None:
    session_id = await session_of(world)
    await move(world, await pay(world, session_id, "690000001"), "start", "page")

    going = await look(world, session_id, "?lang=en&go=1")
    back = await look(world, session_id, "?lang=en")
    framed = await look(world, session_id, "?lang=en&go=1&embed=1")

    assert (going.refresh_seconds, going.refresh_url) == (3, PAGE)
    assert (back.refresh_seconds, back.refresh_url) == (5, "?lang=en")
    assert (framed.refresh_url, 'target="_top"' in framed.html) == ("?lang=en&embed=1", True)
    assert PAGE in going.links
    assert PAGE in back.links


async def test_the_provider_is_told_to_lead_back_to_the_page(world: World) -> None:
    session_id = await session_of(world)
    payment_id = await pay(world, session_id, "690000001")

    state, _ = await world.services.handler.payment(payment_id)
    opened = await world.services.vault.open(state.requested.sealed, context=payment_id)

    page = f"{world.services.settings.base_url}/checkout/{session_id}?lang=en"
    assert f'"return_url":"{page}","cancel_url":"{page}"'.encode() in opened


async def test_a_code_that_is_awaited_is_typed_on_the_page(world: World) -> None:
    session_id = await session_of(world)
    payment_id = await pay(world, session_id)
    await move(world, payment_id, "start", "code")
    page = await look(world, session_id)

    wrong = await send(world, page.form("code"), one_time_code="12ab")
    taken = await send(world, page.form("code"), one_time_code="482 913")
    again = await send(world, page.form("code"), one_time_code="999999")
    handed_in = await look(world, session_id)
    await move(world, payment_id, "hand_over", "code_refused")
    asked_again = await look(world, session_id)

    assert [wrong.status, taken.status, again.status] == [422, 303, 303]
    assert "Type the code that you were given: 4 to 10 digits" in read(wrong, "").text
    assert "Leave the field empty" not in read(wrong, "").text
    assert (handed_in.state, asked_again.state) == ("sending", "code")
    assert "The last code was not accepted" in asked_again.text
    state, _ = await world.services.handler.payment(payment_id)
    assert len(state.confirmations) == 1
    assert asked_again.form("code").fields["token"] != page.form("code").fields["token"]
    events = await world.services.store.read(0, 100)
    assert [one for one in events if b"482913" in one.entry] == []


async def test_a_payer_may_give_up_and_is_led_back(world: World) -> None:
    session_id = await session_of(world)
    page = await look(world, session_id)

    answer = await send(world, page.form("cancel"))
    after = await look(world, session_id)
    late = await send(world, page.form("pay"), phone=NUMBER)

    assert (answer.status, after.state, late.status) == (303, "cancelled", 303)
    assert "https://shop.example/basket" in after.links
    assert await payments_of(world, session_id) == []
    session = (await world.get(f"/v1/checkout-sessions/{session_id}")).json
    assert session["status"] == "cancelled"


async def test_nobody_gives_up_what_is_under_way(world: World) -> None:
    session_id = await session_of(world)
    page = await look(world, session_id)
    await move(world, await pay(world, session_id), "start", "confirm")

    answer = await send(world, page.form("cancel"))

    assert (answer.status, (await look(world, session_id)).state) == (303, "confirm")


async def test_a_session_whose_time_is_over_says_so_and_takes_no_payment(
    world: World, clock: FakeClock
) -> None:
    session_id = await session_of(world, expires_in_seconds=600)
    page = await look(world, session_id)
    clock.advance(600)

    late = await send(world, page.form("pay"), phone=NUMBER)
    after = await look(world, session_id)

    assert (late.status, after.state, after.forms) == (303, "expired", [])
    assert await payments_of(world, session_id) == []
    assert "Minutes left to pay: 10" in page.text


async def test_a_session_that_its_merchant_closed_says_so(world: World) -> None:
    session_id = await session_of(world)
    await world.ask("POST", f"/v1/checkout-sessions/{session_id}/expire", who="mer_1")

    assert (await look(world, session_id)).state == "expired"


async def test_a_paid_session_leads_back_to_the_shop_exactly_as_the_merchant_wrote_it(
    world: World,
) -> None:
    session_id = await session_of(world)
    await move(world, await pay(world, session_id), "start", "confirm", "success")

    assert "https://shop.example/thanks?order=17" in (await look(world, session_id)).links


async def test_an_attempt_whose_payment_was_never_made_is_tried_again_as_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = await session_of(world)
    form = (await look(world, session_id)).form("pay")
    append = world.services.store.append
    streams: list[str] = []

    async def break_off(stream: str, *given: Any, **more: Any) -> Any:
        streams.append(stream)
        if stream.startswith("payment-"):
            raise RuntimeError("the power went")
        return await append(stream, *given, **more)

    monkeypatch.setattr(world.services.store, "append", break_off)
    broken = await send(world, form, phone=NUMBER)
    monkeypatch.undo()

    page = await look(world, session_id)
    payment_id = await pay(world, session_id)

    assert (broken.status, page.state) == (500, "form")
    assert await payments_of(world, session_id) == [payment_id]
    assert streams == [stream_of(session_id), f"payment-{payment_id}"]


@pytest.mark.parametrize(
    ("steps", "text"),
    [
        (("start", "doubt"), "again"),
        (("start", "decline"), "balance"),
        (("start", "confirm", "success"), "paid"),
    ],
)
async def test_a_payer_may_ask_what_has_happened_and_that_he_asked_is_kept(
    world: World, steps: tuple[str, ...], text: str
) -> None:
    session_id = await session_of(world)
    payment_id = await pay(world, session_id)
    await move(world, payment_id, *steps)
    before = await look(world, session_id, "?lang=en")

    page = await look(world, session_id, "?lang=en&help=1")
    again = await look(world, session_id, "?lang=fr&help=1")

    assert "?lang=en&help=1#help" in before.links
    assert "What has happened, and what to do" in page.text
    assert text in page.text.partition("What has happened")[2]
    assert "Ce qui s'est passé" in again.text
    asked = await world.services.store.read_stream(f"support-{payment_id}")
    assert [(one.type, one.actor) for one in asked] == [("support.requested", "payer")]


async def test_help_calls_the_shop_as_its_page_does(world: World) -> None:
    session_id = await session_of(world, merchant_name="Boutique Chez Aminatou")
    await move(world, await pay(world, session_id), "start", "confirm", "contradiction")

    page = await look(world, session_id, "?lang=en&help=1")

    assert "show it to Boutique Chez Aminatou." in page.text
    assert "A shop" not in page.text


async def test_the_whole_first_view_is_small(world: World) -> None:
    session_id = await session_of(world)
    packed = {"Accept-Encoding": "gzip"}

    async with world.session.get(
        f"{world.url}/checkout/{session_id}", headers=packed, auto_decompress=False
    ) as response:
        body = await response.read()
    html = gzip.decompress(body).decode()
    needed = re.findall(r'(?:src|href)="((?!\?|data:)[^"]*)"', html)

    assert response.headers["Content-Encoding"] == "gzip"
    assert len(needed) == 1
    async with world.session.get(
        f"{world.url}/checkout/{needed[0]}", headers=packed, auto_decompress=False
    ) as script:
        size = len(body) + len(await script.read())
    assert script.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert size < 30_000 / 3


async def test_a_file_that_is_none_is_not_there(world: World) -> None:
    for name in ("checkout.css", "..%2fwords.py", "none.js"):
        assert (await world.get(f"/checkout/static/{name}", who=None)).status == 404


async def test_the_example_is_served_where_one_tries_things_and_nowhere_else(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = "/checkout/static/example.html"

    tried = await world.get(path, who=None)
    monkeypatch.setattr(type(world.services.settings), "is_production", True)
    produced = await world.get(path, who=None)
    component = await world.get("/checkout/static/cauri-checkout.js", who=None)

    assert (tried.status, produced.status, component.status) == (200, 404, 200)
    assert "unsafe" not in tried.headers["Content-Security-Policy"]
    assert component.headers["Access-Control-Allow-Origin"] == "*"


async def test_the_code_for_a_counter_is_the_pages_address(world: World) -> None:
    created = (await create(world)).json
    path = created["qr_svg_url"].removeprefix(world.services.settings.base_url)

    answer = await world.get(path, who=None)

    assert answer.headers["Content-Type"] == "image/svg+xml; charset=utf-8"
    assert created["url"].encode() in answer.body
    assert answer.body.startswith(b"<?xml")
    assert (await world.get("/checkout/cs_none/qr.svg", who=None)).status == 404


async def test_after_the_last_code_none_is_asked_for_any_more(world: World) -> None:
    session_id = await session_of(world)
    payment_id = await pay(world, session_id)
    await move(world, payment_id, "start", "code")
    for number in range(CONFIRMATIONS_MAX):
        page = await look(world, session_id)
        await send(world, page.form("code"), one_time_code=f"48291{number}")
        await move(world, payment_id, "hand_over", "code_refused")

    last = await look(world, session_id, "?lang=en&help=1")
    told = await world.get(f"/v1/payments/{payment_id}/support")

    assert (last.state, last.forms) == ("codes_used_up", [])
    assert last.refresh_seconds is not None
    assert "No other code can be tried for this payment." in last.text
    assert "None of the codes you gave was accepted" in last.text
    assert (told.json["situation"], told.json["money"]) == ("codes_used_up", "may_have_moved")
