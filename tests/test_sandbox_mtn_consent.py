"""Consent in the MTN sandbox: asking, claiming, renewing, reading the person."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.mtn_merchant import BAD_REQUEST, FORBIDDEN_ENVIRONMENT, Answer
from tests.mtn_products import KEYS, ProductMerchant, ProductWorld, a_product_world
from tests.mtn_specification import MtnSpecification, recorded_answers, requires_specifications

GRANT = "urn:openid:params:grant-type:ciba"
WELL = {"login_hint": "ID:237650000001/MSISDN", "scope": "all_info", "access_type": "online"}
OFFLINE = WELL | {"access_type": "offline", "consent_valid_in": "86400"}
CLAIM_PATH, PERSON_PATH = "oauth2/token/", "oauth2/v1_0/userinfo"


@pytest.fixture
async def world() -> AsyncIterator[ProductWorld]:
    async with a_product_world() as made:
        yield made


async def asked(merchant: ProductMerchant, **changes: str) -> str:
    """Ask for a consent and return its id."""
    answer = await merchant.form("v1_0/bc-authorize", **(WELL | changes))
    return str(answer.body["auth_req_id"])


async def claimed(merchant: ProductMerchant, auth_req_id: str) -> Answer:
    """Claim a consent."""
    return await merchant.form(
        CLAIM_PATH, authorization=merchant.basic, grant_type=GRANT, auth_req_id=auth_req_id
    )


@requires_specifications
@pytest.mark.parametrize("product", sorted(KEYS))
async def test_the_three_calls_of_every_product_are_answered_as_specified(
    world: ProductWorld, product: str
) -> None:
    merchant = world.of(product)
    specification = MtnSpecification(f"{product}.json", prefix=f"/{product}")
    consent = await merchant.form("v1_0/bc-authorize", **OFFLINE)
    token = await claimed(merchant, consent.body["auth_req_id"])
    bearer: dict[str, Any] = {"Authorization": f"Bearer {token.body['access_token']}"}
    person = await merchant.ask("GET", PERSON_PATH, **bearer)
    problems = [
        specification.answer_problems(method, f"/{product}/{path}", one.status, one.body)
        for method, path, one in (
            ("POST", "v1_0/bc-authorize", consent),
            ("POST", CLAIM_PATH, token),
            ("GET", PERSON_PATH, person),
        )
    ]
    assert (problems, person.body["phone_number"]) == ([[], [], []], "237650000001")
    recorded = recorded_answers()["official_notebook_2024_11"]["userinfo_with_consent"]
    assert {one: type(person.body[one]) for one in person.body} == {
        one: type(recorded[one]) for one in recorded
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"login_hint": "237650000001"},
        {"login_hint": "ID:+237650000001/MSISDN"},
        {"login_hint": ""},
        {"scope": "everything"},
        {"access_type": "always"},
        {"consent_valid_in": "60"},
        {"access_type": "offline", "consent_valid_in": "soon"},
    ],
    ids=str,
)
async def test_what_cannot_be_asked_is_400(world: ProductWorld, changes: dict[str, str]) -> None:
    answer = await world.collection.form("v1_0/bc-authorize", **(WELL | changes))
    assert answer == BAD_REQUEST


async def test_a_consent_is_claimed_once_and_by_who_asked(world: ProductWorld) -> None:
    auth_req_id = await asked(world.collection)
    refused = Answer(400, {"error": "invalid_grant"})
    assert await claimed(world.disbursement, auth_req_id) == refused
    auth_req_id = await asked(world.collection)
    first = await claimed(world.collection, auth_req_id)
    again = await claimed(world.collection, auth_req_id)
    assert (first.status, "refresh_token" in first.body, again) == (200, False, refused)


@pytest.mark.parametrize(
    ("number", "error"),
    [("46733123451", "access_denied"), ("46733123453", "authorization_pending")],
)
async def test_two_numbers_play_who_does_not_consent(
    world: ProductWorld, number: str, error: str
) -> None:
    auth_req_id = await asked(world.collection, login_hint=f"ID:{number}/MSISDN")
    assert await claimed(world.collection, auth_req_id) == Answer(400, {"error": error})


async def test_nobody_waits_for_an_answer_for_ever(world: ProductWorld) -> None:
    auth_req_id = await asked(world.collection, login_hint="ID:46733123453/MSISDN")
    world.timer.advance(601)
    answer = await claimed(world.collection, auth_req_id)
    assert answer == Answer(400, {"error": "expired_token"})


async def test_an_offline_consent_is_renewed_until_it_ends(world: ProductWorld) -> None:
    merchant = world.collection
    answer = await claimed(merchant, await asked(merchant, **OFFLINE))
    lives = []
    for _ in range(2):
        lives.append((answer.body["expires_in"], answer.body["refresh_token_expired_in"]))
        world.timer.advance(3600)
        bearer: dict[str, Any] = {"Authorization": f"Bearer {answer.body['access_token']}"}
        assert (await merchant.ask("GET", PERSON_PATH, **bearer)).status == 401
        answer = await merchant.form(
            CLAIM_PATH,
            authorization=merchant.basic,
            grant_type="refresh_token",
            refresh_token=answer.body["refresh_token"],
        )
    assert lives == [(3600, 86400), (3600, 82800)]
    world.timer.advance(80_000)
    ended = await merchant.form(
        CLAIM_PATH,
        authorization=merchant.basic,
        grant_type="refresh_token",
        refresh_token=answer.body["refresh_token"],
    )
    assert ended == Answer(400, {"error": "expired_token"})


async def test_the_doors_of_the_token_call_are_those_of_all_calls(world: ProductWorld) -> None:
    merchant = world.collection
    fields = {"grant_type": GRANT, "auth_req_id": "x"}
    assert await merchant.form(CLAIM_PATH, authorization="Basic eDp5", **fields) == Answer(
        500, {"error": "login_failed"}
    )
    assert await merchant.form(CLAIM_PATH, authorization=merchant.basic, grant_type="x") == Answer(
        400, {"error": "unsupported_grant_type"}
    )
    merchant.environment = "mtnghana"
    answer = await merchant.form(CLAIM_PATH, authorization=merchant.basic, **fields)
    assert answer == FORBIDDEN_ENVIRONMENT


async def test_an_access_token_of_the_merchant_reads_no_person(world: ProductWorld) -> None:
    answer = await world.collection.ask("GET", PERSON_PATH)
    assert answer == Answer(401, {"error": "invalid_token"})
