"""The doors of the Orange sandbox: clients, tokens and their end."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from tests.orange_merchant import (
    EXPIRED_TOKEN,
    INVALID_TOKEN,
    NO_ADDRESS,
    Answer,
    World,
    a_world,
    invalid,
    refusal,
)

RIGHT_PAIR = base64.b64encode(b"cauri-sandbox-client:cauri-sandbox-secret").decode()
UNKNOWN_CLIENT = refusal(
    401, 41, "Invalid credentials", "The client is unknown or its secret is wrong."
)
NO_HEADER = refusal(401, 40, "Missing credentials", "The Authorization header is missing.")


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with a_world() as made:
        yield made


class TestToken:
    @pytest.mark.parametrize("version", ["v2", "v3"])
    async def test_a_client_gets_a_bearer_for_ninety_days_told_as_text(
        self, world: World, version: str
    ) -> None:
        answer = await world.merchant.ask_token(version=version)
        assert (answer.status, sorted(answer.body), answer.body["token_type"]) == (
            200,
            ["access_token", "expires_in", "token_type"],
            "Bearer",
        )
        assert answer.body["expires_in"] == "7776000"

    async def test_expires_in_may_be_a_number(self) -> None:
        async with a_world(expires_in_is_text=False, token_lifetime_seconds=3600) as world:
            answer = await world.merchant.ask_token()
            assert answer.body["expires_in"] == 3600

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"authorization": None}, NO_HEADER),
            ({"authorization": "Basic bm9ib2R5OndpdGhvdXQ="}, UNKNOWN_CLIENT),
            ({"authorization": "Basic %%%"}, UNKNOWN_CLIENT),
            ({"authorization": "Bearer x"}, UNKNOWN_CLIENT),
            ({"authorization": f"Bearer {RIGHT_PAIR}"}, UNKNOWN_CLIENT),
            (
                {
                    "body": b'{"grant_type":"client_credentials"}',
                    "content_type": "application/json",
                },
                refusal(
                    400,
                    26,
                    "Invalid header value",
                    "Content-Type must be application/x-www-form-urlencoded.",
                ),
            ),
            ({"body": b""}, refusal(400, 23, "Missing body field", "grant_type is missing.")),
            (
                {"body": b"grant_type=password"},
                invalid("grant_type must be client_credentials."),
            ),
            ({"version": "v1"}, NO_ADDRESS),
        ],
    )
    async def test_what_is_no_client_is_told_so(
        self, world: World, changes: dict[str, Any], expected: Answer
    ) -> None:
        assert await world.merchant.ask_token(**changes) == expected

    async def test_a_token_ends_and_a_new_one_opens_again(self) -> None:
        async with a_world(token_lifetime_seconds=3600) as world:
            before = (await world.merchant.create("order-1")).status
            world.timer.advance(3600)
            at_the_end = await world.merchant.create("order-2")
            await world.merchant.ask_token()
            after = (await world.merchant.create("order-2")).status
            assert (before, at_the_end, after) == (201, EXPIRED_TOKEN, 201)

    @pytest.mark.parametrize(
        ("authorization", "expected"),
        [
            ("", NO_HEADER),
            ("Bearer", INVALID_TOKEN),
            ("Bearer made-up", INVALID_TOKEN),
            ("Bearer ffffffffff-000000000000000000000000", INVALID_TOKEN),
            ("Basic {token}", INVALID_TOKEN),
            ("Bearer {token}0", INVALID_TOKEN),
        ],
    )
    @pytest.mark.parametrize("operation", ["webpayment", "transactionstatus"])
    async def test_without_a_good_bearer_nothing_is_done(
        self, world: World, operation: str, authorization: str, expected: Answer
    ) -> None:
        given = authorization.format(token=world.merchant.token)
        body = orjson.dumps(world.merchant.wanted())
        answer = await world.merchant.post(operation, body, Authorization=given)
        assert (answer, world.sandbox.books.orders) == (expected, {})
