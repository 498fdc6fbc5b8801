"""The MTN sandbox's doors: provisioning, subscription keys, tokens, account holders, balances."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.sandbox.faults import HTML_PAGE
from adapters.sandbox.mtn_rules import MtnUser
from tests.mtn_merchant import (
    BAD_REQUEST,
    CONFLICT,
    FORBIDDEN_ENVIRONMENT,
    NOT_FOUND,
    OTHER_PRODUCT_KEY,
    REFERENCE,
    WRONG_CURRENCY,
    Answer,
    World,
    a_world,
)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with a_world() as made:
        yield made


class TestProvisioning:
    async def test_a_user_is_created_once_and_shown_flat(self, world: World) -> None:
        created = await world.merchant.create_user(REFERENCE, host="merchant.example")
        repeated = await world.merchant.create_user(REFERENCE)
        shown = await world.merchant.call("GET", f"/v1_0/apiuser/{REFERENCE}")
        assert (created, repeated, shown) == (
            Answer(201, None),
            CONFLICT,
            Answer(
                200,
                {"providerCallbackHost": "merchant.example", "targetEnvironment": "sandbox"},
            ),
        )

    async def test_a_key_is_32_hexadecimal_digits_and_each_is_new(self, world: World) -> None:
        first = (await world.merchant.create_key()).body["apiKey"]
        second = (await world.merchant.create_key()).body["apiKey"]
        assert (bool(re.fullmatch("[0-9a-f]{32}", first)), first != second) == (True, True)

    async def test_an_unknown_user_is_not_found(self, world: World) -> None:
        path = f"/v1_0/apiuser/{REFERENCE}"
        shown = await world.merchant.call("GET", path)
        key = await world.merchant.call("POST", f"{path}/apikey")
        assert (shown, key) == (NOT_FOUND, NOT_FOUND)

    @pytest.mark.parametrize(
        ("user_id", "body"),
        [
            ("not-a-uuid", b'{"providerCallbackHost":"localhost"}'),
            ("6ba7b810-9dad-11d1-80b4-00c04fd430c8", b'{"providerCallbackHost":"localhost"}'),
            (REFERENCE, b"{'providerCallbackHost': 'localhost'}"),
            (REFERENCE, b'{"providerCallbackHost":""}'),
            (REFERENCE, b'{"providerCallbackHost":7}'),
            (REFERENCE, b"[]"),
            (REFERENCE, b""),
        ],
    )
    async def test_a_malformed_request_is_400(
        self, world: World, user_id: str, body: bytes
    ) -> None:
        answer = await world.merchant.call(
            "POST", "/v1_0/apiuser", headers={"X-Reference-Id": user_id}, body=body
        )
        assert answer == BAD_REQUEST

    async def test_single_quotes_pass_where_the_switch_says_so(self) -> None:
        async with a_world(provisioning_reads_single_quotes=True) as world:
            answer = await world.merchant.call(
                "POST",
                "/v1_0/apiuser",
                headers={"X-Reference-Id": REFERENCE},
                body=b"{'providerCallbackHost': 'localhost'}",
            )
            assert answer == Answer(201, None)

    async def test_there_is_a_limit_to_users(self) -> None:
        async with a_world(users_max=1) as world:
            assert (await world.merchant.create_user()).status == 503

    async def test_a_user_given_from_the_start_needs_no_provisioning(self) -> None:
        user = MtnUser(user_id=REFERENCE, api_key="given", callback_host="localhost")
        async with a_world(users=(user,)) as world:
            world.merchant.user_id, world.merchant.api_key = REFERENCE, "given"
            assert (await world.merchant.create_token()).status == 200


class TestSubscriptionKeys:
    @pytest.mark.parametrize(
        ("key", "message"),
        [
            (
                None,
                (
                    "Access denied due to missing subscription key. "
                    "Make sure to include subscription key when making requests to an API."
                ),
            ),
            (
                "wrong",
                (
                    "Access denied due to invalid subscription key. "
                    "Make sure to provide a valid key for an active subscription."
                ),
            ),
        ],
    )
    async def test_without_a_valid_key_the_gateway_refuses_everything(
        self, world: World, key: str | None, message: str
    ) -> None:
        refused = Answer(401, {"statusCode": 401, "message": message})
        answers = [
            await world.merchant.create_user(key=key),
            await world.merchant.create_token(key=key),
            await world.merchant.call("GET", "/collection/v1_0/account/balance", key=key),
        ]
        assert answers == [refused, refused, refused]

    async def test_the_secondary_key_and_the_query_parameter_are_good_too(
        self, world: World
    ) -> None:
        secondary = world.sandbox.settings.subscription_keys[1]
        path = f"/collection/v1_0/account/balance?subscription-key={secondary}"
        answer = await world.merchant.call("GET", path, key=None, headers=world.merchant.headers())
        assert answer.status == 200

    @pytest.mark.parametrize(
        ("crosses", "expected"), [(False, FORBIDDEN_ENVIRONMENT), (True, Answer(202, None))]
    )
    async def test_a_user_of_another_product_gets_a_token_and_no_further(
        self,
        *,
        crosses: bool,
        expected: Answer,
    ) -> None:
        async with a_world(users_cross_products=crosses) as world:
            await world.merchant.enter(key=OTHER_PRODUCT_KEY)
            assert (bool(world.merchant.token), await world.merchant.pay()) == (True, expected)


class TestTokens:
    async def test_a_token_is_a_jwt_with_its_lifetime(self, world: World) -> None:
        answer = await world.merchant.create_token()
        token = answer.body.pop("access_token")
        assert (answer, token.count(".")) == (
            Answer(200, {"token_type": "access_token", "expires_in": 3600}),
            2,
        )

    @pytest.mark.parametrize("authorization", ["Basic !", "Basic eA==", "Bearer x", "Basic é"])
    async def test_bad_credentials_are_a_500(self, world: World, authorization: str) -> None:
        answer = await world.merchant.create_token(Authorization=authorization)
        assert (answer, answer.headers["Cache-Control"], answer.headers["Pragma"]) == (
            Answer(500, {"error": "login_failed"}),
            "no-store",
            "no-cache",
        )

    async def test_the_key_before_the_newest_is_no_longer_good(self, world: World) -> None:
        old = world.merchant.api_key
        await world.merchant.create_key()
        world.merchant.api_key = old
        assert await world.merchant.create_token() == Answer(500, {"error": "login_failed"})

    async def test_a_form_body_is_answered_by_the_gateways_page(self, world: World) -> None:
        answer = await world.merchant.call(
            "POST",
            "/collection/token/",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=b"grant_type=client_credentials",
        )
        assert answer == Answer(200, HTML_PAGE)

    async def test_a_json_body_does_no_harm(self, world: World) -> None:
        answer = await world.merchant.create_token(**{"Content-Type": "application/json"})
        assert answer.status == 200

    async def test_the_slash_at_the_end_is_part_of_the_path(self, world: World) -> None:
        answer = await world.merchant.call("POST", "/collection/token")
        assert answer == Answer(404, {"statusCode": 404, "message": "Resource not found"})

    @pytest.mark.parametrize(("needed", "status"), [(True, b"411"), (False, b"401")])
    async def test_a_request_without_content_length_is_411(
        self,
        *,
        needed: bool,
        status: bytes,
    ) -> None:
        async with a_world(token_needs_length=needed) as world:
            host, port = world.sandbox.url.removeprefix("http://").split(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(b"POST /collection/token/ HTTP/1.1\r\nHost: x\r\n\r\n")
            line = await reader.readline()
            writer.close()
            await writer.wait_closed()
            assert line.split()[1] == status

    async def test_a_token_ends_with_its_lifetime(self) -> None:
        async with a_world(token_lifetime_seconds=60) as world:
            world.timer.advance(59)
            before = (await world.merchant.pay()).status
            world.timer.advance(1)
            assert (before, await world.merchant.pay()) == (
                202,
                Answer(401, {"error": "invalid_token"}),
            )

    @pytest.mark.parametrize(
        ("shape", "body"),
        [
            ("error", {"error": "invalid_token"}),
            ("gateway", {"statusCode": 401, "message": "Unauthorized"}),
            ("empty", None),
        ],
    )
    @pytest.mark.parametrize("authorization", [None, "Bearer x.y.z", "Bearer é", "Basic eA=="])
    async def test_a_bad_bearer_is_401_in_the_shape_the_switch_says(
        self, shape: str, body: object, authorization: str | None
    ) -> None:
        async with a_world(bearer_error_shape=shape) as world:
            answer = await world.merchant.get("account/balance", Authorization=authorization)
            assert answer == Answer(401, body)

    async def test_a_token_survives_a_restart_of_the_sandbox(self, tmp_path: Path) -> None:
        async with a_world(books_path=tmp_path / "books.jsonl") as world:
            await world.sandbox.stop()
            await world.sandbox.start()
            assert (await world.merchant.pay()).status == 202


class TestAccounts:
    @pytest.mark.parametrize(
        ("holder", "expected"),
        [
            ("msisdn/237650000001", {"result": True}),
            ("MSISDN/237650000001", {"result": True}),
            ("msisdn/46733123450", {"result": False}),
            ("msisdn/46733123451", {"result": False}),
            ("msisdn/46733123452", "NOT_ALLOWED"),
            ("msisdn/46733123453", "NOT_ALLOWED_TARGET_ENVIRONMENT"),
            ("msisdn/46733123454", "INTERNAL_PROCESSING_ERROR"),
            ("msisdn/46733123455", "SERVICE_UNAVAILABLE"),
            ("email/NotFound@email.com", {"result": False}),
            ("Email/someone@merchant.example", {"result": True}),
        ],
    )
    async def test_whether_an_account_is_active(
        self, world: World, holder: str, expected: object
    ) -> None:
        answer = await world.merchant.get(f"accountholder/{holder}/active")
        shown = answer.body if answer.status == 200 else answer.body["code"]
        assert shown == expected

    async def test_every_person_is_sand_box(self, world: World) -> None:
        answer = await world.merchant.get("accountholder/MSISDN/237650000001/basicuserinfo")
        assert (answer.status, answer.body["given_name"], answer.body["family_name"]) == (
            200,
            "Sand",
            "Box",
        )

    async def test_the_balance_grows_by_what_succeeded(self) -> None:
        async with a_world(currencies=("GHS", "EUR"), opening_balance="10.50") as world:
            await world.merchant.pay(currency="GHS", amount="2.25")
            await world.merchant.pay(currency="EUR", amount="7")
            await world.merchant.pay(currency="GHS", amount="99", payer="46733123450")
            answers = [
                await world.merchant.get("account/balance"),
                await world.merchant.get("account/balance/EUR"),
                await world.merchant.get("account/balance/XAF"),
            ]
            assert answers == [
                Answer(200, {"availableBalance": "12.75", "currency": "GHS"}),
                Answer(200, {"availableBalance": "17.50", "currency": "EUR"}),
                WRONG_CURRENCY,
            ]

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/"),
            ("POST", "/collection/v3_0/invoice"),
            ("DELETE", f"/collection/v1_0/requesttopay/{REFERENCE}"),
            ("GET", "/collection/v1_0/accountholder/other/7/active"),
        ],
    )
    async def test_an_unknown_operation_is_404_in_the_gateways_shape(
        self, world: World, method: str, path: str
    ) -> None:
        answer = await world.merchant.call(method, path)
        assert answer == Answer(404, {"statusCode": 404, "message": "Resource not found"})
