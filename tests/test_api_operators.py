"""Operators over HTTP: what a number tells, and all there are to choose from."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest

from adapters.directory import BY_CODE, COUNTRIES, parse_phone
from api.openapi import openapi_document
from api.routes import ROUTES
from tests.api_world import HUB2, PROVIDER_TABLES, World, a_payment, a_world, settings_in
from tests.conftest import FakeClock

OWN_RAIL: Final = {"provider": "mtn", "reason": "it is MTN MoMo Cameroon's own rail"}
BEHIND: Final = {"provider": "hub2", "reason": "it is an integrator that reaches MTN MoMo Cameroon"}
POLICIES: Final = "https://docs.hub2.io/documentation/en/policies"


@pytest.fixture
async def world(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    monkeypatch.setitem(PROVIDER_TABLES, "hub2", HUB2)
    settings = settings_in(tmp_path, providers=("mtn", "orange", "hub2"))
    async with a_world(settings, clock=clock, is_in_memory=True) as made:
        yield made


def limit(multiple: str | None) -> dict[str, Any]:
    return {
        "minimum": "500",
        "maximum": "500000",
        "multiple": multiple,
        "currency": "XAF",
        "provider": "hub2",
        "is_binding": True,
        "source": POLICIES,
    }


async def test_a_number_tells_its_operator_limits_and_route(world: World) -> None:
    answer = await world.get("/v1/operators?phone=650000001")

    assert answer.json == {
        "country": "CM",
        "operator": "mtn-cm",
        "brand": "MTN",
        "wallet": "MTN MoMo",
        "former_names": [],
        "carrier": "MTN Cameroon",
        "is_portable": True,
        "number_form": {"calling_code": "237", "digits": [9], "trunk_prefix": None},
        "example": "+237650123401",
        "provider": "mtn",
        "currency": "XAF",
        "collection": {"plan": [OWN_RAIL, BEHIND], "left_out": [], "limits": [limit(None)]},
        "payout": {"plan": [OWN_RAIL, BEHIND], "left_out": [], "limits": [limit("5")]},
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("phone=650000001", ("CM", "mtn-cm", "mtn", "XAF")),
        ("phone=%2B237690000001", ("CM", "orange-cm", "orange", "XAF")),
        ("phone=0505000001&country=CI", ("CI", "mtn-ci", "mtn", "XOF")),
        ("phone=%2B254712345678", ("KE", "safaricom-ke", None, "KES")),
        ("phone=%2B46701740605", ("SE", None, None, None)),
    ],
)
async def test_an_operator_is_told_from_a_number_that_is_not_repeated(
    world: World, query: str, expected: tuple[str | None, ...]
) -> None:
    answer = await world.get(f"/v1/operators?{query}")

    told = answer.json
    assert (told["country"], told["operator"], told["provider"], told["currency"]) == expected
    assert [one for one in (b"000001", b"345678", b"740605") if one in answer.body] == []


async def test_without_a_number_all_operators_are_listed(world: World) -> None:
    for who in ("mer_1", "accountant", "auditor", "operator", "admin"):
        answer = await world.get("/v1/operators", who=who)

        told = {one["operator"]: one for one in answer.json["operators"]}
        assert told.keys() == BY_CODE.keys()
    assert {one["country"] for one in told.values()} == COUNTRIES.keys()
    assert told["moov-ci"] == {
        "operator": "moov-ci",
        "brand": "Moov",
        "wallet": "Moov Money",
        "former_names": ["Flooz"],
        "country": "CI",
        "currency": "XOF",
        "is_portable": False,
        "number_form": {"calling_code": "225", "digits": [10], "trunk_prefix": None},
        "example": "+2250112345601",
        "prefixes": ["01"],
        "collection": {
            "plan": [
                {
                    "provider": "hub2",
                    "reason": "it is an integrator that reaches Moov Money Côte d'Ivoire",
                },
            ],
            "left_out": [],
            "limits": [],
        },
        "payout": {
            "plan": [
                {
                    "provider": "hub2",
                    "reason": "it is an integrator that reaches Moov Money Côte d'Ivoire",
                },
            ],
            "left_out": [],
            "limits": [
                limit("5") | {"currency": "XOF", "maximum": "2000000"},
            ],
        },
    }


async def test_the_operators_of_one_country_are_listed(world: World) -> None:
    listed = (await world.get("/v1/operators?country=SN")).json["operators"]
    nowhere = (await world.get("/v1/operators?country=SE")).json["operators"]

    assert [one["operator"] for one in listed] == ["expresso-sn", "orange-sn", "wave-sn", "yas-sn"]
    assert nowhere == []


async def test_every_example_shown_is_a_number_of_its_operator(world: World) -> None:
    listed = (await world.get("/v1/operators")).json["operators"]

    shown = {one["operator"]: one["example"] for one in listed if one["example"]}
    read = {code: parse_phone(example, None).operator for code, example in shown.items()}
    assert {code: one.code for code, one in read.items() if one} == {code: code for code in shown}


async def test_a_limit_of_a_provider_that_is_not_enabled_is_not_shown(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_world(settings_in(tmp_path), clock=clock, is_in_memory=True) as world:
        told = (await world.get("/v1/operators?phone=650000001")).json

    assert told["collection"] == {"plan": [OWN_RAIL], "left_out": [], "limits": []}


async def test_both_answers_are_what_the_document_says(world: World) -> None:
    document = openapi_document(ROUTES, server_url="http://127.0.0.1:8080")
    answers = document["paths"]["/v1/operators"]["get"]["responses"]["200"]
    schema = answers["content"]["application/json"]["schema"]

    for query in ("", "?phone=650000001", "?phone=%2B46701740605"):
        told = (await world.get(f"/v1/operators{query}")).json
        jsonschema.validate(told, {**schema, "components": document["components"]})


@pytest.mark.parametrize(
    ("amount", "code"), [("505", None), ("499", "amount_outside_limits"), ("507", None)]
)
async def test_an_amount_outside_of_a_limit_is_refused_at_the_door(
    world: World, amount: str, code: str | None
) -> None:
    before = await world.services.store.position()

    answer = await world.pay(a_payment(amount=amount, provider="hub2"))

    assert answer.json.get("code") == code
    assert (await world.services.store.position() == before) is (code is not None)


async def test_a_payout_must_be_a_multiple_where_the_rail_demands_it(world: World) -> None:
    content = {
        "amount": "1503",
        "currency": "XAF",
        "payee": {"phone": "+237650000001"},
        "provider": "hub2",
    }

    answer = await world.ask(
        "POST", "/v1/payouts", who="mer_1", json=content, headers={"Idempotency-Key": "wage-1"}
    )

    assert (answer.status, answer.code) == (422, "amount_outside_limits")
    assert answer.json["errors"] == [
        {
            "pointer": "/amount",
            "reason": "MTN MoMo Cameroon through HUB2 takes multiples of 5 XAF only.",
            "remedy": "Send a multiple, such as 1500.",
        }
    ]
