"""Bad input: each gets its own clear answer, and loses nothing."""

import asyncio
from codecs import BOM_UTF8
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from multidict import CIMultiDict

from api import schemas
from api.calls import validated
from api.errors import ALL_PROBLEMS, ProblemError
from tests.api_world import MTN_PHONE, Answer, World, a_payment, a_world, settings_in
from tests.conftest import FakeClock


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    settings = settings_in(tmp_path, body_bytes_max=4096, webhook_body_bytes_max=2048)
    async with a_world(settings, clock=clock) as made:
        yield made


def told(answer: Answer) -> tuple[int, str, list[str]]:
    """Status, code, and the places that are named."""
    problem = answer.json
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem.keys() == {
        "type",
        "title",
        "status",
        "detail",
        "instance",
        "code",
        "category",
        "errors",
    }
    assert problem["status"] == answer.status == ALL_PROBLEMS[problem["code"]].status
    assert all(place["reason"] and place["remedy"] for place in problem["errors"])
    places = [
        place.get("pointer", place.get("parameter", place.get("header")))
        for place in problem["errors"]
    ]
    return answer.status, problem["code"], places


REQUESTS: list[tuple[str, Any, tuple[int, str, list[str]]]] = [
    ("a float", a_payment(amount=1500.0), (422, "invalid_request", ["/amount"])),
    ("an integer", a_payment(amount=1500), (422, "invalid_request", ["/amount"])),
    ("negative", a_payment(amount="-1"), (422, "invalid_money", ["/amount"])),
    ("zero", a_payment(amount="0"), (422, "invalid_money", ["/amount"])),
    ("zero in many digits", a_payment(amount="0.00"), (422, "invalid_money", ["/amount"])),
    ("decimals XAF lacks", a_payment(amount="12.50"), (422, "invalid_money", ["/amount"])),
    (
        "three decimals",
        a_payment(amount="1.005", currency="GHS"),
        (422, "invalid_money", ["/amount"]),
    ),
    ("an exponent", a_payment(amount="1e3"), (422, "invalid_money", ["/amount"])),
    ("grouping", a_payment(amount="1 500"), (422, "invalid_money", ["/amount"])),
    ("too much", a_payment(amount="9" * 18), (422, "invalid_money", ["/amount"])),
    ("far too much", a_payment(amount="9" * 23), (422, "invalid_money", ["/amount"])),
    (
        "no amount",
        {"currency": "XAF", "payer": {}},
        (422, "invalid_request", ["/amount", "/payer/phone"]),
    ),
    ("unknown currency", a_payment(currency="XXX"), (422, "invalid_money", ["/currency"])),
    ("small letters", a_payment(currency="xaf"), (422, "invalid_money", ["/currency"])),
    ("no number", a_payment(payer={"phone": "12"}), (422, "invalid_phone", ["/payer/phone"])),
    (
        "a country that does not exist",
        a_payment(payer={"phone": "650000001", "country": "ZZ"}),
        (422, "invalid_phone", ["/payer/country"]),
    ),
    ("words", a_payment(payer={"phone": "call me"}), (422, "invalid_phone", ["/payer/phone"])),
    (
        "a number that cannot exist",
        a_payment(payer={"phone": "+2371"}),
        (422, "invalid_phone", ["/payer/phone"]),
    ),
    (
        "an operator we do not serve",
        a_payment(payer={"phone": "+46701740605"}),
        (422, "operator_not_served", ["/payer/phone"]),
    ),
    (
        "an operator without a rail",
        a_payment(payer={"phone": "+254712345678"}),
        (422, "operator_not_served", ["/payer/phone"]),
    ),
    ("an unknown operator", a_payment(operator="xyz-cm"), (422, "invalid_request", ["/operator"])),
    (
        "a provider that is not enabled",
        a_payment(provider="wave"),
        (422, "operator_not_served", ["/provider"]),
    ),
    (
        "a currency the provider does not take",
        a_payment(provider="orange", currency="GHS"),
        (422, "operator_not_served", ["/currency"]),
    ),
    (
        "a currency the payer's wallet does not hold",
        a_payment(currency="GHS"),
        (422, "operator_not_served", ["/currency"]),
    ),
    ("an unknown field", a_payment(amout="1"), (422, "invalid_request", ["/amout"])),
    (
        "an unknown field within",
        a_payment(payer={"phone": MTN_PHONE, "name/of": "x"}),
        (422, "invalid_request", ["/payer/name~1of"]),
    ),
    ("a list", [], (400, "malformed_json", [])),
    ("a word", "pay", (400, "malformed_json", [])),
    ("no address", a_payment(return_url="shop"), (422, "invalid_request", ["/return_url"])),
    ("a script", a_payment(cancel_url="javascript:x"), (422, "invalid_request", ["/cancel_url"])),
    ("a language", a_payment(language="de"), (422, "invalid_request", ["/language"])),
    ("a long text", a_payment(description="x" * 161), (422, "invalid_request", ["/description"])),
    (
        "metadata that is no text",
        a_payment(metadata={"a": 1}),
        (422, "invalid_request", ["/metadata/a"]),
    ),
    (
        "too much metadata",
        a_payment(metadata={str(number): "x" for number in range(21)}),
        (422, "invalid_request", ["/metadata"]),
    ),
    ("a large body", a_payment(description="x" * 5000), (413, "body_too_large", [])),
]


@pytest.mark.parametrize(
    ("content", "expected"),
    [(content, expected) for _, content, expected in REQUESTS],
    ids=[name for name, _, _ in REQUESTS],
)
async def test_a_request_that_cannot_be_used_is_refused_with_the_place_and_the_remedy(
    world: World, content: Any, expected: tuple[int, str, list[str]]
) -> None:
    before = await world.services.store.position()

    answer = await world.pay(content)

    assert told(answer) == expected
    assert await world.services.store.position() == before
    assert (await world.pay()).status == 202, "the same key is still free"


@pytest.mark.parametrize(
    ("body", "places"),
    [
        (b'{"amount": "500", "amount": "900", "payer": {"phone": "+237"}}', ["/amount"]),
        (b'{"amount": "1", "payer": {"phone": "1", "phone": "2"}}', ["/payer/phone"]),
        (b'{"amount": "500", "amoun\\u0074"  :"900", "payer": {"phone": "1"}}', ["/amount"]),
        (b'{"metadata": [{"a/~": "1", "a/~": "2"}]}', ["/metadata/0/a~1~0"]),
        (b'{"a": 1, "b": {"c": 1, "c": 1}, "a": 1}', ["/a", "/b/c"]),
        (b'{"b": [[1], {"c": 1, "c": {"d": 1, "d": 1}}]}', ["/b/1/c", "/b/1/c/d"]),
    ],
)
async def test_a_field_that_is_named_twice_is_pointed_at(
    world: World, body: bytes, places: list[str]
) -> None:
    answer = await world.pay(data=body, headers={"Content-Type": "application/json"})

    assert told(answer) == (422, "invalid_request", places)
    assert answer.json["errors"][0] == {
        "pointer": places[0],
        "reason": "The object has more than one field of this name.",
        "remedy": "Send it once.",
    }


@pytest.mark.parametrize(
    "body",
    [
        b'{"metadata": ' + b"[" * 20 + b"]" * 20 + b"}",
        b'{"metadata": ' + b"[" * 1020 + b"]" * 1020 + b"}",
        b'{"metadata": ' + b"[" * 1800 + b"]" * 1800 + b"}",
        b'{"a": ' + b"[" * 1020 + b"]" * 1020 + b', "a": 1}',
    ],
)
async def test_a_body_that_is_too_deep_is_told_the_limit(world: World, body: bytes) -> None:
    answer = await world.pay(data=body, headers={"Content-Type": "application/json"})

    assert told(answer) == (422, "invalid_request", [""])
    assert answer.json["errors"][0]["reason"] == "The body is nested deeper than 20 levels."


async def test_a_body_as_deep_as_the_limit_is_read(world: World) -> None:
    body = b'{"metadata": ' + b"[" * 19 + b"]" * 19 + b"}"
    answer = await world.pay(data=body, headers={"Content-Type": "application/json"})

    assert told(answer)[2] == ["/amount", "/currency", "/metadata", "/payer"]


async def test_a_text_that_looks_like_a_field_named_twice_is_no_field(world: World) -> None:
    wanted = a_payment() | {"description": '"amount": "1", "amount":'}

    assert (await world.pay(wanted)).status == 202


@pytest.mark.parametrize(
    "body", [b"{", b'{"amount": "1",}', b"\xff\xfe", b'{"a": NaN}', b'{"a": "\\ud800"}']
)
async def test_what_is_no_json_is_told_so(world: World, body: bytes) -> None:
    answer = await world.pay(data=body, headers={"Content-Type": "application/json"})

    assert told(answer) == (400, "malformed_json", [])


async def test_a_body_in_another_encoding_is_told_so(world: World) -> None:
    body = '{"description": "deux poulets grillés"}'.encode("latin-1")
    answer = await world.pay(data=body, headers={"Content-Type": "application/json"})

    assert told(answer) == (400, "malformed_json", [])
    assert answer.json["detail"] == (
        "The body is not in UTF-8: its byte 36. Send the JSON encoded in UTF-8."
    )


async def test_a_mark_that_an_editor_puts_in_front_is_told(world: World) -> None:
    answer = await world.pay(data=BOM_UTF8 + b"{}", headers={"Content-Type": "application/json"})

    assert told(answer) == (400, "malformed_json", [])
    assert answer.json["detail"] == (
        "The body begins with a byte order mark, which JSON has not. Send it in UTF-8 without one."
    )


@pytest.mark.parametrize("body", [b"", b" \n"])
async def test_an_empty_body_is_told_what_to_send(world: World, body: bytes) -> None:
    answer = await world.pay(data=body, headers={"Content-Type": "application/json"})

    assert told(answer) == (400, "malformed_json", [""])
    assert answer.json["errors"][0]["remedy"] == "Send an object, {} at least."


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (None, "idempotency_key_missing"),
        ("", "idempotency_key_missing"),
        ("x" * 256, "idempotency_key_invalid"),
        ("clé", "idempotency_key_invalid"),
    ],
)
async def test_a_payment_needs_a_usable_key(world: World, key: str | None, code: str) -> None:
    assert told(await world.pay(key=key)) == (400, code, ["Idempotency-Key"])


async def test_two_keys_are_refused_even_if_they_are_the_same(world: World) -> None:
    for keys in (["a", "b"], ["a", "a"]):
        headers = CIMultiDict([("Authorization", f"Bearer {world.keys['mer_1']}")])
        headers.extend([("Idempotency-Key", key) for key in keys])
        async with world.session.post(
            world.url + "/v1/payments", json=a_payment(), headers=headers
        ) as response:
            answer = Answer(response.status, response.headers, await response.read())

        assert told(answer) == (400, "idempotency_key_invalid", ["Idempotency-Key"])
        assert answer.json["errors"][0]["reason"] == "The header was sent more than once."


async def test_a_key_of_255_characters_is_the_longest(world: World) -> None:
    assert (await world.pay(key="x" * 255)).status == 202


async def test_a_key_that_was_used_for_another_request_is_refused(world: World) -> None:
    first = await world.pay()

    other = await world.pay(a_payment(amount="1501"))

    assert told(other) == (422, "idempotency_key_reused", ["Idempotency-Key"])
    assert (await world.pay()).body == first.body


async def test_a_form_is_not_read(world: World) -> None:
    assert told(await world.pay(data={"amount": "1500"})) == (
        415,
        "unsupported_media_type",
        ["Content-Type"],
    )


@pytest.mark.parametrize(
    ("path", "places"),
    [
        ("/v1/payments?limit=0", ["limit"]),
        ("/v1/payments?limit=ten", ["limit"]),
        ("/v1/payments?stauts=failed", ["stauts"]),
        ("/v1/payments?status=lost", ["status"]),
        ("/v1/payments?after=-1", ["after"]),
        ("/v1/payments?after=99999999999999999999999", ["after"]),
        ("/v1/payments?created_from=2026-03-01T12:00:00", ["created_from"]),
        ("/v1/operators?phone=&country=cm", ["phone", "country"]),
        ("/v1/payments?limit=1&limit=1", ["limit"]),
        ("/v1/payments?x=1&limit=1&x=1&limit=2&after=1", ["x", "limit"]),
        ("/v1/payments?created_from=0001-01-01T00:00:00%2B23:59", ["created_from"]),
        ("/v1/payments?created_to=9999-12-31T23:59:59-23:59", ["created_to"]),
        ("/v1/payments?created_to=" + "9" * 5000, ["created_to"]),
        ("/v1/payments?after=" + "9" * 5000, ["after"]),
    ],
)
async def test_a_query_that_cannot_be_used_names_its_parameter(
    world: World, path: str, places: list[str]
) -> None:
    assert told(await world.get(path)) == (422, "invalid_request", places)


async def test_any_time_of_the_calendar_may_be_asked_for(world: World) -> None:
    first = (await world.pay()).json
    await world.caught_up()

    times = "created_from=0001-01-01T00:00:00Z&created_to=9999-12-31T23:59:59.999999Z"
    listed = await world.get(f"/v1/payments?{times}")

    assert [one["id"] for one in listed.json["payments"]] == [first["id"]]


@pytest.mark.parametrize("as_of", ["0001-01-01T00:00:00%2B23:59", "9999-12-31T23:59:59-23:59"])
@pytest.mark.parametrize("path", ["/v1/payments/{id}", "/v1/accounts"])
async def test_a_time_outside_of_the_calendar_is_no_time(
    world: World, path: str, as_of: str
) -> None:
    first = (await world.pay()).json
    who = "mer_1" if "{id}" in path else "accountant"

    answer = await world.get(path.format(id=first["id"]) + f"?as_of={as_of}", who=who)

    assert told(answer) == (422, "invalid_request", ["as_of"])


@pytest.mark.parametrize("given", [1.0, "1", None, True])
def test_what_is_no_whole_number_in_a_body_is_told_so(given: object) -> None:
    class Counted(schemas.Request):
        count: int

    with pytest.raises(ProblemError) as refused:
        validated(Counted, {"count": given})

    assert refused.value.places[0].reason == "The value is no whole number."
    assert refused.value.places[0].remedy == "Send digits only, without quotes."


@pytest.mark.parametrize("moment", ["0", "0.5", "1893456000", "1893456000000", "20300131"])
async def test_a_bare_number_is_no_time_and_not_taken_for_seconds(
    world: World, moment: str
) -> None:
    answer = await world.get(f"/v1/payments?created_to={moment}")

    assert told(answer) == (422, "invalid_request", ["created_to"])


async def test_a_number_in_a_query_is_a_parameter_and_is_never_repeated(world: World) -> None:
    answer = await world.get("/v1/operators?phone=12345")

    assert told(answer) == (422, "invalid_phone", ["phone"])
    assert b"12345" not in answer.body


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/v2/payments", (404, "not_found", [])),
        ("GET", "/v1/payments/", (404, "not_found", [])),
        ("DELETE", "/v1/payments", (405, "method_not_allowed", [])),
        ("GET", "/webhooks/mtn/x", (405, "method_not_allowed", [])),
        ("GET", "/v1/payments/pay_none", (404, "unknown_payment", ["payment_id"])),
        ("GET", "/v1/payments/%00", (404, "unknown_payment", ["payment_id"])),
        ("GET", "/v1/payments?merchant_id=mer_2", (404, "unknown_merchant", ["merchant_id"])),
        ("POST", "/webhooks/mpesa/x/y", (404, "unknown_provider", ["provider"])),
        ("POST", "/webhooks/mpesa/x%0Ay", (404, "unknown_provider", ["provider"])),
    ],
)
async def test_what_is_not_there_is_told_so(
    world: World, method: str, path: str, expected: tuple[int, str, list[str]]
) -> None:
    answer = await world.ask(method, path, who="mer_1")

    assert told(answer) == expected
    if answer.status == 405:
        assert answer.headers["Allow"]


@pytest.mark.parametrize(
    ("accepted", "language", "title"),
    [
        (None, "en", "The request cannot be used as it is"),
        ("fr", "fr", "La requête est inutilisable telle quelle"),
        ("fr-CM, en;q=0.8", "fr", "La requête est inutilisable telle quelle"),
        ("de, en;q=0.5, fr;q=0.9", "fr", "La requête est inutilisable telle quelle"),
        ("en, fr", "en", "The request cannot be used as it is"),
        ("fr;q=0, *", "en", "The request cannot be used as it is"),
        ("fr;q=x,;;,", "en", "The request cannot be used as it is"),
    ],
)
async def test_titles_are_french_or_english(
    world: World, accepted: str | None, language: str, title: str
) -> None:
    headers = {"Accept-Language": accepted} if accepted else {}

    answer = await world.pay(a_payment(amount=1.5), headers=headers)

    assert (answer.headers["Content-Language"], answer.json["title"]) == (language, title)


async def test_a_problem_names_the_request_and_the_conversation(world: World) -> None:
    answer = await world.get("/v1/payments/pay_none", headers={"X-Correlation-Id": "till-7"})

    assert answer.headers["X-Correlation-Id"] == "till-7"
    assert answer.json["instance"].startswith("urn:cauri:request:")
    assert answer.json["type"] == "urn:cauri:problem:unknown_payment"


@pytest.mark.parametrize(
    ("given", "is_taken"),
    [
        ("till-7", True),
        ("01234567-0123-0123-0123-0123456789ab", True),
        ("4bf92f3577b34da6a3ce929d0e0e4736", True),
        ("237650000001", False),
        ("customer-650000001", False),
        ("x" * 65, False),
        ("a b", False),
        ('"><script>', False),
    ],
)
async def test_a_conversations_name_is_taken_only_if_it_is_harmless(
    world: World, given: str, is_taken: bool
) -> None:
    answer = await world.get("/healthz", headers={"X-Correlation-Id": given})

    assert (answer.headers["X-Correlation-Id"] == given) is is_taken


async def test_bytes_that_are_no_http_do_not_disturb_the_server(world: World) -> None:
    host, _, port = world.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"\x16\x03\x01 hello\r\n\r\n")
    await writer.drain()

    answered = await reader.read()
    writer.close()
    await writer.wait_closed()

    assert b" 400 " in answered.split(b"\r\n")[0]
    assert (await world.get("/healthz")).status == 200


def test_every_problem_has_both_titles_and_a_category() -> None:
    for problem in ALL_PROBLEMS.values():
        assert problem.title("en") != problem.title("fr"), problem.code
        assert 400 <= problem.status < 600, problem.code
