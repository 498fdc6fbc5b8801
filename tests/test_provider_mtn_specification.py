"""Every request of the MTN adapter, as it left the socket, against MTN's official OpenAPI files."""

import asyncio
from typing import Any

import orjson
import pytest

from adapters.base import Accepted, NotFound
from adapters.powers import AccountCheck, Original, Return, Transfer
from adapters.providers.mtn import MtnAdapter, Settings
from ledger.money import Money
from tests.contracts.rail import PAYOUT_ID, REFUND_ID
from tests.mtn_specification import MtnSpecification, requires_specifications
from tests.raw_server import RawRequest, RawServer, answer
from tests.replay import PAYMENT_ID, a_charge, fixture, opening

pytestmark = requires_specifications

PRODUCTS = ("collection", "disbursement", "remittance")
BODIES = {
    **{("POST", f"/{product}/token/"): (200, "token.json") for product in PRODUCTS},
    **{("GET", f"/{product}/v1_0/account/balance"): (200, "balance.json") for product in PRODUCTS},
    ("POST", "/collection/v1_0/requesttopay"): (202, "empty"),
    ("GET", "/collection/v1_0/requesttopay/{}"): (404, "resource_not_found.json"),
    ("POST", "/disbursement/v1_0/transfer"): (202, "empty"),
    ("GET", "/disbursement/v1_0/transfer/{}"): (404, "resource_not_found.json"),
    ("POST", "/disbursement/v2_0/refund"): (202, "empty"),
    ("GET", "/disbursement/v1_0/refund/{}"): (404, "resource_not_found.json"),
    ("GET", "/disbursement/v1_0/accountholder/{}/{}/active"): (200, "active.json"),
}


async def mtn(request: RawRequest, writer: asyncio.StreamWriter) -> None:
    """Answer like MTN, once each."""
    method, path, _ = request.line.split(" ")
    for (known_method, known), (status, name) in BODIES.items():
        if method == known_method and path.startswith(known.partition("{")[0]):
            said = answer(status, fixture("mtn", name))
    writer.write(said)


async def sent(**charge: Any) -> list[RawRequest]:
    """Do everything once; give the requests as they came."""
    async with RawServer(mtn) as server:
        settings = Settings.model_validate(
            {
                "base_url": server.url,
                "subscription_key": "0" * 32,
                "disbursement_subscription_key": "2" * 32,
                "remittance_subscription_key": "3" * 32,
                "api_user": "00000000-0000-4000-8000-000000000001",
                "api_key": "1" * 32,
                "callback_host": "localhost",
            }
        )
        adapter = MtnAdapter(settings, opening())
        collection = a_charge(**charge)
        shared: dict[str, Any] = {
            "money": collection.money,
            "phone": collection.phone,
            "country": collection.country,
            "description": collection.description,
            "callback_url": collection.callback_url,
        }
        reference = adapter.reference_for(PAYMENT_ID, 1)
        original = Original(
            payment_id=PAYMENT_ID,
            reference=reference,
            money=collection.money,
            provider_transaction_id="1000000001",
        )
        paid_out, given_back = (adapter.reference_for(one, 1) for one in (PAYOUT_ID, REFUND_ID))
        got: list[object] = [
            await adapter.submit(collection, reference),
            await adapter.inquire(reference, None),
            await adapter.pay_out(Transfer(payment_id=PAYOUT_ID, **shared), paid_out),
            await adapter.inquire_payout(paid_out, None),
            await adapter.refund(
                Return(payment_id=REFUND_ID, original=original, **shared), given_back
            ),
            await adapter.inquire_refund(given_back, None),
            await adapter.check_account(collection.phone, "CM"),
            await adapter.balances(),
        ]
        await adapter.close()
    assert [type(one) for one in got] == [*[Accepted, NotFound] * 3, AccountCheck, list]
    return server.requests


@pytest.mark.parametrize(
    "charge",
    [
        {},
        {"money": Money(1500, "XAF"), "phone": "+237650000001", "description": ""},
        {"callback_url": None, "description": "'&'" * 200},
    ],
    ids=["usual", "no description", "no callback, hostile description"],
)
async def test_every_request_is_as_the_specification_says(charge: dict[str, Any]) -> None:
    specifications = {
        product: MtnSpecification(f"{product}.json", prefix=f"/{product}") for product in PRODUCTS
    }
    problems, keys = [], set()
    for request in await sent(**charge):
        method, path, _ = request.line.split(" ")
        product = path.split("/")[1]
        keys.add((product, request.headers["ocp-apim-subscription-key"][0]))
        body = orjson.loads(request.body) if request.body else None
        problems += specifications[product].request_problems(method, path, request.headers, body)
        wanted = None if body is None else "application/json"
        if request.headers.get("content-type") != wanted:
            problems.append(f"{path}: content type {request.headers.get('content-type')}")
    assert problems == []
    assert keys == {("collection", "0"), ("disbursement", "2"), ("remittance", "3")}


def test_all_operations_of_the_adapter_are_in_the_specification() -> None:
    known = set()
    for product in PRODUCTS:
        known |= MtnSpecification(f"{product}.json", prefix=f"/{product}").operations
    assert set(BODIES) <= known


async def test_what_the_specification_does_not_say_but_the_gateway_demands() -> None:
    requests = await sent()
    tokens = [one for one in requests if "/token/" in one.line]
    assert len(tokens) == 3
    assert {(one.headers["content-length"], one.body) for one in tokens} == {("0", b"")}
    assert [one for one in tokens if "x-target-environment" in one.headers] == []
    for one in requests:
        has_callback = "x-callback-url" in one.headers
        assert has_callback == (one.line.startswith("POST") and one not in tokens)
