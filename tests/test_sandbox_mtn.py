"""The MTN sandbox as a merchant meets it: payments, scenarios, status."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import ValidationError

from adapters.sandbox.mtn_rules import FAILURES, OWN_FAILURES, MtnSandboxSettings
from tests.mtn_merchant import (
    BAD_REQUEST,
    CONFLICT,
    FORBIDDEN_ENVIRONMENT,
    NOT_FOUND,
    PAYER,
    REFERENCE,
    WRONG_CURRENCY,
    WRONG_HOST,
    Answer,
    World,
    a_world,
)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with a_world() as made:
        yield made


class TestRequestToPay:
    async def test_a_payment_is_accepted_with_an_empty_202_and_then_known(
        self, world: World
    ) -> None:
        accepted = await world.merchant.pay(REFERENCE)
        assert (
            accepted,
            accepted.headers["Content-Length"],
            await world.merchant.status(REFERENCE),
        ) == (
            Answer(202, None),
            "0",
            Answer(
                200,
                {
                    "financialTransactionId": "1000000001",
                    "externalId": "order-1",
                    "amount": "100",
                    "currency": "EUR",
                    "payer": {"partyIdType": "MSISDN", "partyId": PAYER},
                    "payerMessage": "Order 1",
                    "payeeNote": "Shop",
                    "status": "SUCCESSFUL",
                },
            ),
        )

    async def test_a_repeated_reference_is_409_whatever_its_body(self, world: World) -> None:
        answers = [await world.merchant.pay(REFERENCE, amount=amount) for amount in "112"]
        booked = world.sandbox.books.payments[REFERENCE]
        assert (answers, booked.amount, booked.posts_seen, booked.times_accepted) == (
            [Answer(202, None), CONFLICT, CONFLICT],
            "1",
            3,
            1,
        )

    async def test_of_simultaneous_posts_of_one_reference_one_is_accepted(
        self, world: World
    ) -> None:
        answers = await asyncio.gather(*(world.merchant.pay(REFERENCE) for _ in range(20)))
        assert sorted(answer.status for answer in answers) == [202] + [409] * 19

    async def test_a_reference_is_the_same_in_capitals(self, world: World) -> None:
        await world.merchant.pay(REFERENCE.upper())
        assert await world.merchant.pay(REFERENCE) == CONFLICT

    @pytest.mark.parametrize(
        ("sent", "answered"),
        [("12.50", "12.5"), ("100.00", "100"), ("1000", "1000"), ("0.01", "0.01"), ("007", "7")],
    )
    async def test_amounts_come_back_as_normalised_decimals(
        self, world: World, sent: str, answered: str
    ) -> None:
        await world.merchant.pay(REFERENCE, amount=sent)
        assert (await world.merchant.status(REFERENCE)).body["amount"] == answered

    @pytest.mark.parametrize(
        "changes",
        [
            {"amount": 100},
            {"amount": "0"},
            {"amount": "0.00"},
            {"amount": "-1"},
            {"amount": "1e3"},
            {"amount": "1,5"},
            {"amount": "1.005"},
            {"amount": ""},
            {"amount": None},
            {"currency": 978},
            {"payer": None},
            {"payer": {"partyIdType": "MSISDN", "partyId": "+46733120000"}},
            {"payer": {"partyIdType": "PHONE", "partyId": PAYER}},
            {"payer": {"partyIdType": "MSISDN", "partyId": 46733120000}},
            {"payerMessage": None},
            {"payeeNote": None},
            {"externalId": 7},
            {"payerMessage": "x" * 161},
            {"payeeNote": "Papa's shop"},
            {"payerMessage": "bread & fish"},
        ],
        ids=str,
    )
    async def test_a_malformed_body_is_400_without_a_word_and_leaves_nothing(
        self, world: World, changes: dict[str, Any]
    ) -> None:
        answer = await world.merchant.pay(REFERENCE, **changes)
        assert (
            answer,
            await world.merchant.status(REFERENCE),
            world.sandbox.books.posts_seen(REFERENCE),
        ) == (BAD_REQUEST, NOT_FOUND, 1)

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 5_000])
    async def test_a_body_that_is_no_object_is_400(self, world: World, body: bytes) -> None:
        assert await world.merchant.pay(body=body) == BAD_REQUEST

    async def test_a_body_over_the_limit_is_413(self) -> None:
        async with a_world(body_bytes_max=500) as world:
            answer = await world.merchant.pay(externalId="x" * 500)
            assert answer == Answer(413, {"statusCode": 413, "message": "Request Entity Too Large"})

    @pytest.mark.parametrize(
        ("headers", "expected"),
        [
            ({"X-Reference-Id": None}, BAD_REQUEST),
            ({"X-Reference-Id": "7"}, BAD_REQUEST),
            ({"X-Reference-Id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8"}, BAD_REQUEST),
            ({"X-Reference-Id": REFERENCE.replace("-", "")}, BAD_REQUEST),
            ({"X-Callback-Url": ""}, BAD_REQUEST),
            ({"X-Target-Environment": None}, FORBIDDEN_ENVIRONMENT),
            ({"X-Target-Environment": "mtncameroon"}, FORBIDDEN_ENVIRONMENT),
            ({"X-Callback-Url": "http://elsewhere.example/x"}, WRONG_HOST),
            ({"X-Callback-Url": "http://127.0.0.1/x"}, WRONG_HOST),
            ({"X-Callback-Url": "ftp://localhost/x"}, WRONG_HOST),
            ({"X-Callback-Url": "http://[/x"}, WRONG_HOST),
            ({"X-Callback-Url": "localhost"}, WRONG_HOST),
        ],
        ids=str,
    )
    async def test_the_headers_are_checked_and_a_refusal_leaves_nothing(
        self, world: World, headers: dict[str, str | None], expected: Answer
    ) -> None:
        answer = await world.merchant.pay(REFERENCE, headers=headers)
        assert (answer, world.sandbox.books.payments) == (expected, {})

    @pytest.mark.parametrize(
        ("switches", "url", "host"),
        [
            ({"empty_callback_url_is_refused": False}, "", "localhost"),
            ({"callback_host_may_be_address": True}, "http://127.0.0.1/x", "127.0.0.1"),
            ({}, "http://LocalHost:8080/x", "localhost"),
            ({}, "https://merchant.example/x", "Merchant.example"),
        ],
    )
    async def test_callback_urls_that_pass(
        self, switches: dict[str, Any], url: str, host: str
    ) -> None:
        async with a_world(**switches) as world:
            await world.merchant.enter(host=host)
            assert (await world.merchant.pay(callback_url=url)).status == 202

    @pytest.mark.parametrize(
        ("switch", "expected"), [("code_500", WRONG_CURRENCY), ("empty_400", BAD_REQUEST)]
    )
    async def test_the_sandbox_knows_only_euros(self, switch: str, expected: Answer) -> None:
        async with a_world(currency_error=switch) as world:
            assert await world.merchant.pay(currency="XAF") == expected

    async def test_a_production_environment_has_its_own_currency_without_decimals(self) -> None:
        async with a_world(target_environment="mtncameroon", currencies=("XAF",)) as world:
            answers = [
                await world.merchant.pay(currency="XAF", payer="237650000001"),
                await world.merchant.pay(currency="EUR"),
                await world.merchant.pay(currency="XAF", amount="12.50"),
                await world.merchant.pay(currency="XAF", amount="12.00"),
            ]
            assert answers == [Answer(202, None), WRONG_CURRENCY, BAD_REQUEST, Answer(202, None)]

    async def test_empty_texts_are_a_500_where_production_is_played(self) -> None:
        async with a_world(empty_text_is_refused=True) as world:
            answer = await world.merchant.pay(payerMessage="")
            assert (answer.status, answer.body["code"]) == (500, "INTERNAL_PROCESSING_ERROR")

    async def test_there_is_a_limit_to_payments(self) -> None:
        async with a_world(payments_max=1) as world:
            answers = [await world.merchant.pay(), await world.merchant.pay()]
            assert [answer.status for answer in answers] == [202, 503]

    async def test_a_setting_with_a_currency_that_is_none_is_refused(self) -> None:
        with pytest.raises(ValidationError, match="not a valid Currency"):
            MtnSandboxSettings(currencies=("OUV",))


class TestScenarios:
    @pytest.mark.parametrize(("digits", "reason"), FAILURES.items())
    async def test_the_official_numbers_fail_as_their_table_says(
        self, world: World, digits: str, reason: str
    ) -> None:
        await world.merchant.pay(REFERENCE, payer=f"467331234{digits}")
        status = (await world.merchant.status(REFERENCE)).body
        assert (status["status"], status["reason"], "financialTransactionId" in status) == (
            "FAILED",
            reason,
            False,
        )

    @pytest.mark.parametrize("payer", ["46733123449", "46733123465", "237650000050", PAYER])
    async def test_any_other_number_succeeds_at_once(self, world: World, payer: str) -> None:
        await world.merchant.pay(REFERENCE, payer=payer)
        assert await world.outcome(REFERENCE) == ("SUCCESSFUL", None)

    async def test_the_ongoing_number_stays_pending_for_ever(self, world: World) -> None:
        await world.merchant.pay(REFERENCE, payer="46733123453")
        world.timer.advance(3_000)
        assert await world.outcome(REFERENCE) == ("PENDING", None)

    async def test_with_an_approval_window_the_ongoing_number_fails_at_its_end(self) -> None:
        async with a_world(approval_window_seconds=300) as world:
            await world.merchant.pay(REFERENCE, payer="46733123453")
            world.timer.advance(299)
            before = await world.outcome(REFERENCE)
            world.timer.advance(1)
            assert (before, await world.outcome(REFERENCE)) == (
                ("PENDING", None),
                ("FAILED", "COULD_NOT_PERFORM_TRANSACTION"),
            )

    async def test_the_delayed_number_is_created_and_succeeds_after_25_seconds(
        self, world: World
    ) -> None:
        await world.merchant.pay(REFERENCE, payer="46733123454")
        world.timer.advance(24)
        before = await world.outcome(REFERENCE)
        world.timer.advance(1)
        assert (before, await world.outcome(REFERENCE)) == (
            ("CREATED", None),
            ("SUCCESSFUL", None),
        )

    async def test_the_final_word_can_be_delayed_for_all(self) -> None:
        async with a_world(decide_after_seconds=10) as world:
            await world.merchant.pay(REFERENCE, payer="46733123450")
            world.timer.advance(9)
            before = await world.outcome(REFERENCE)
            world.timer.advance(1)
            assert (before, await world.outcome(REFERENCE)) == (
                ("PENDING", None),
                ("FAILED", "INTERNAL_PROCESSING_ERROR"),
            )

    async def test_as_an_object_the_reason_has_code_and_message(self) -> None:
        async with a_world(reason_shape="object") as world:
            await world.merchant.pay(REFERENCE, payer="46733123455")
            assert (await world.merchant.status(REFERENCE)).body["reason"] == {
                "code": "PAYER_NOT_FOUND",
                "message": "Payer not found.",
            }

    async def test_by_their_last_digits_local_numbers_play_the_scenarios(self) -> None:
        async with a_world(
            scenario_by_last_digits=True,
            target_environment="mtncameroon",
            currencies=("XAF",),
            delayed_seconds=5,
        ) as world:
            table = {**FAILURES, **OWN_FAILURES}
            seen: dict[str, object] = {}
            for digits in [*table, "53", "54", "01"]:
                reference = str(uuid.uuid4())
                await world.merchant.pay(reference, payer=f"2376500000{digits}", currency="XAF")
                seen[digits] = await world.outcome(reference)
            expected: dict[str, object] = {
                digits: ("FAILED", reason) for digits, reason in table.items()
            }
            assert seen == expected | {
                "53": ("PENDING", None),
                "54": ("CREATED", None),
                "01": ("SUCCESSFUL", None),
            }

    @pytest.mark.parametrize("digits", [f"{digits}" for digits in range(55, 64)])
    async def test_by_a_switch_the_upper_numbers_fail_at_the_post(self, digits: str) -> None:
        async with a_world(scenarios_at_post=True) as world:
            answer = await world.merchant.pay(REFERENCE, payer=f"467331234{digits}")
            code = FAILURES[digits]
            assert (
                answer.status,
                answer.body["code"],
                await world.merchant.status(REFERENCE),
            ) == (503 if code == "SERVICE_UNAVAILABLE" else 500, code, NOT_FOUND)

    @pytest.mark.parametrize("digits", ["50", "51", "52", "53", "54", "64"])
    async def test_the_lower_numbers_never_fail_at_the_post(self, digits: str) -> None:
        async with a_world(scenarios_at_post=True) as world:
            assert (await world.merchant.pay(payer=f"467331234{digits}")).status == 202


class TestStatus:
    async def test_an_unknown_reference_is_404_and_a_malformed_one_400(self, world: World) -> None:
        answers = [await world.merchant.status(REFERENCE), await world.merchant.status("7")]
        assert answers == [NOT_FOUND, BAD_REQUEST]

    async def test_a_json_null_as_body_of_a_get_does_no_harm(self, world: World) -> None:
        await world.merchant.pay(REFERENCE)
        answer = await world.merchant.call(
            "GET",
            f"/collection/v1_0/requesttopay/{REFERENCE}",
            headers=world.merchant.headers(),
            body=b"null",
        )
        assert answer.status == 200

    async def test_more_than_ten_calls_in_a_second_are_429(self) -> None:
        async with a_world(status_calls_per_second_max=10) as world:
            statuses = [(await world.merchant.status(REFERENCE)).status for _ in range(10)]
            refused = await world.merchant.status(REFERENCE)
            world.timer.advance(1)
            later = await world.merchant.status(REFERENCE)
            assert (statuses, refused, refused.headers["Retry-After"], later.status) == (
                [404] * 10,
                Answer(
                    429,
                    {
                        "statusCode": 429,
                        "message": "Rate limit is exceeded. Try again in 1 seconds.",
                    },
                ),
                "1",
                404,
            )

    async def test_texts_that_were_not_sent_are_not_answered(self, world: World) -> None:
        body = b'{"amount":"5","currency":"EUR","payer":{"partyIdType":"EMAIL","partyId":"a@b.c"}}'
        await world.merchant.pay(REFERENCE, body=body)
        assert sorted((await world.merchant.status(REFERENCE)).body) == [
            "amount",
            "currency",
            "financialTransactionId",
            "payer",
            "status",
        ]
