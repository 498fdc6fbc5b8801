"""The MTN sandbox's answers against MTN's own files: the OpenAPI exports and recorded answers."""

import re
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from adapters.sandbox.mtn import create_sandbox
from adapters.sandbox.mtn_rules import FAILURES, MtnSandboxSettings
from adapters.sandbox.timer import ManualTimer
from tests.callback_receiver import CallbackReceiver
from tests.mtn_merchant import COLLECTION_KEY, REFERENCE, Answer, World, a_world
from tests.mtn_specification import (
    MtnSpecification,
    recorded_answers,
    requires_specifications,
)

pytestmark = requires_specifications

PAID = "/collection/v1_0/requesttopay"
SPECIFIED_FAILURES = sorted(set(FAILURES) - {"63", "64"})
OTHER = "5c0a9a58-62a5-4e0c-8d29-0d3c7e9a1b22"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with a_world(reason_shape="object") as made:
        yield made


@pytest.fixture(scope="module")
def collection() -> MtnSpecification:
    return MtnSpecification("collection.json", prefix="/collection")


@pytest.fixture(scope="module")
def provisioning() -> MtnSpecification:
    return MtnSpecification("sandbox-provisioning-api.json")


def test_every_call_of_the_specifications_is_served_and_no_other(
    collection: MtnSpecification, provisioning: MtnSpecification
) -> None:
    application = create_sandbox(MtnSandboxSettings(), clock=ManualTimer().clock)
    served = {
        (route.method, re.sub(r"\{[^}]*\}", "{}", route.resource.canonical))
        for route in application.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    documented = collection.operations | provisioning.operations
    for product in ("disbursement", "remittance"):
        documented |= MtnSpecification(f"{product}.json", prefix=f"/{product}").operations
    assert (served - documented, documented - served) == ({("GET", "/_sandbox/books")}, set())


async def test_provisioning_answers_as_specified(
    world: World, provisioning: MtnSpecification
) -> None:
    merchant = world.merchant
    path = f"/v1_0/apiuser/{REFERENCE}"
    seen: list[tuple[str, str, Answer]] = [
        ("POST", "/v1_0/apiuser", await merchant.create_user(REFERENCE)),
        ("POST", "/v1_0/apiuser", await merchant.create_user(REFERENCE)),
        ("POST", "/v1_0/apiuser", await merchant.create_user("not-a-uuid")),
        ("GET", path, await merchant.call("GET", path)),
        ("POST", f"{path}/apikey", await merchant.call("POST", f"{path}/apikey")),
        ("GET", f"/v1_0/apiuser/{OTHER}", await merchant.call("GET", f"/v1_0/apiuser/{OTHER}")),
        (
            "POST",
            f"/v1_0/apiuser/{OTHER}/apikey",
            await merchant.call("POST", f"/v1_0/apiuser/{OTHER}/apikey"),
        ),
    ]
    problems = [
        provisioning.answer_problems(method, path, answer.status, answer.body)
        for method, path, answer in seen
    ]
    assert ([answer.status for _, _, answer in seen], problems) == (
        [201, 409, 400, 200, 201, 404, 404],
        [[]] * 7,
    )


async def answers_of(world: World) -> list[tuple[str, str, Answer]]:
    """Make every call of the product once well and once badly."""
    merchant = world.merchant
    seen = [
        ("POST", "/collection/token/", await merchant.create_token()),
        ("POST", PAID, await merchant.pay(REFERENCE)),
        ("POST", PAID, await merchant.pay(REFERENCE)),
        ("POST", PAID, await merchant.pay(amount="no")),
        ("POST", PAID, await merchant.pay(callback_url="http://elsewhere.example/")),
        ("POST", PAID, await merchant.pay(currency="XAF")),
        ("GET", f"{PAID}/{REFERENCE}", await merchant.status(REFERENCE)),
        ("GET", f"{PAID}/{OTHER}", await merchant.status(OTHER)),
        ("GET", f"{PAID}/7", await merchant.status("7")),
    ]
    shown = [
        f"accountholder/MSISDN/{holder}/{question}"
        for holder in ["237650000001", "46733123450", "46733123452", "46733123454"]
        for question in ["active", "basicuserinfo"]
    ]
    shown += ["account/balance", "account/balance/EUR", "account/balance/XAF"]
    seen += [("GET", f"/collection/v1_0/{path}", await merchant.get(path)) for path in shown]
    return seen


async def test_collections_answers_as_specified(world: World, collection: MtnSpecification) -> None:
    problems = {
        f"{method} {path} {answer.status}": collection.answer_problems(
            method, path, answer.status, answer.body
        )
        for method, path, answer in await answers_of(world)
    }
    assert {call: found for call, found in problems.items() if found} == {}


@pytest.mark.parametrize("digits", [*SPECIFIED_FAILURES, "00", "53"])
async def test_every_scenario_with_a_specified_reason_is_answered_as_specified(
    world: World, collection: MtnSpecification, digits: str
) -> None:
    await world.merchant.pay(REFERENCE, payer=f"467331234{digits}")
    answer = await world.merchant.status(REFERENCE)
    path = f"{PAID}/{REFERENCE}"
    assert collection.answer_problems("GET", path, answer.status, answer.body) == []


@pytest.mark.parametrize(
    ("payer", "switches", "departure"),
    [
        ("46733123450", {}, "$.reason: 'INTERNAL_PROCESSING_ERROR' is not of type 'object'"),
        ("46733123454", {}, "$.status: 'CREATED' is not one of"),
        (
            "46733123463",
            {"reason_shape": "object"},
            "$.reason.code: 'COULD_NOT_PERFORM_TRANSACTION' is not one of",
        ),
    ],
)
async def test_where_reality_departs_from_the_specification_so_does_the_sandbox(
    collection: MtnSpecification, payer: str, switches: dict[str, Any], departure: str
) -> None:
    async with a_world(**switches) as world:
        await world.merchant.pay(REFERENCE, payer=payer)
        answer = await world.merchant.status(REFERENCE)
        path = f"{PAID}/{REFERENCE}"
        (problem,) = collection.answer_problems("GET", path, answer.status, answer.body)
        assert problem.startswith(departure)


async def test_a_callback_has_the_specified_body_of_a_status(
    world: World, collection: MtnSpecification
) -> None:
    async with CallbackReceiver() as receiver:
        await world.merchant.pay(REFERENCE, callback_url=receiver.url())
        world.timer.advance(1)
        (came,) = await receiver.until(1)
        path = f"{PAID}/{REFERENCE}"
        assert collection.answer_problems("GET", path, 200, orjson.loads(came.body)) == []


async def test_the_answers_that_integrators_recorded_are_given_to_the_letter() -> None:
    recorded = recorded_answers()
    async with a_world() as world:
        merchant = world.merchant
        await merchant.create_user(REFERENCE, host="example.com")
        given = {
            "apiuser": (await merchant.call("GET", f"/v1_0/apiuser/{REFERENCE}")).body,
            "wrong host": (await merchant.pay(callback_url="http://elsewhere.example/")).body,
            "wrong environment": (
                await merchant.pay(headers={"X-Target-Environment": "mtnghana"})
            ).body,
            "active": (await merchant.get("accountholder/msisdn/237650000001/active")).body,
            "bad credentials": (await merchant.create_token(Authorization="Basic eDp5")).body,
            "bad key": (await merchant.create_token(key="bad")).body,
            "unknown": (await merchant.status(OTHER)).body,
        }
    measured, issues = recorded["third_party_measured_2026_09"], recorded["issues"]
    assert given == {
        "apiuser": measured["apiuser_get"],
        "wrong host": measured["callback_host_mismatch_500"],
        "wrong environment": measured["unknown_user_for_product_500"],
        "active": measured["active"],
        "bad credentials": issues["token_bad_credentials_500"]["body"],
        "bad key": issues["bad_subscription_key_401"]["body"],
        "unknown": issues["status_not_found_404"]["body"],
    }


@pytest.mark.parametrize(
    ("source", "name", "payer", "reason"),
    [
        ("official_notebook_2024_11", "requesttopay_status_success", "56733123452", None),
        (
            "mtn_community_posts",
            "requesttopay_failed_reason_is_bare_string",
            "25677000065",
            "NOT_ENOUGH_FUNDS",
        ),
    ],
)
async def test_a_recorded_payment_played_again_has_the_recorded_status(
    source: str, name: str, payer: str, reason: str | None
) -> None:
    """The payer of the failure is another number, chosen for its scenario."""
    recorded = recorded_answers()[source][name]
    async with a_world(
        currencies=("EUR", "UGX"), scenario_by_last_digits=reason is not None
    ) as world:
        sent = {
            field: recorded[field]
            for field in ("amount", "currency", "externalId", "payerMessage", "payeeNote")
        }
        await world.merchant.pay(REFERENCE, payer=payer, **sent)
        answered = (await world.merchant.status(REFERENCE)).body
    expected = recorded | {"payer": {"partyIdType": "MSISDN", "partyId": payer}}
    if reason is None:
        expected |= {"financialTransactionId": answered["financialTransactionId"]}
    assert answered == expected


def test_the_mended_specification_still_finds_faults(collection: MtnSpecification) -> None:
    found = [
        collection.answer_problems("GET", f"{PAID}/{REFERENCE}", 200, {"amount": 7}),
        collection.answer_problems("GET", f"{PAID}/{REFERENCE}", 418, None),
        collection.answer_problems("POST", PAID, 202, {}),
        collection.request_problems("POST", PAID, {"Authorization": "Bearer x"}, {}),
        collection.request_problems(
            "POST",
            "/collection/token/",
            {"Authorization": "Basic x", "Ocp-Apim-Subscription-Key": COLLECTION_KEY},
            None,
        ),
    ]
    assert [len(problems) for problems in found] == [4, 1, 1, 9, 0]
