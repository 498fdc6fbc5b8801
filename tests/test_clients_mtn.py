"""Clients that others wrote for MTN MoMo, against our sandbox, through real sockets.

They are published packages that know nothing of us: what they can do here they could do at MTN.

pytekmomoapi is generated from MTN's specification and believes it: it wants `reason` as an object.
mtnmomo is written by hand: it asks with a JSON null as body, and pays with Ugandan numbers only.
It pins libraries so old that it has an environment of its own and ends with Python 3.11.
"""

import sys
from typing import Final

import pytest

from tests.clients import client_python, run_client
from tests.mtn_merchant import COLLECTION_KEY, a_world
from tests.mtn_products import KEYS, a_product_world

PYTEKMOMOAPI: Final = """
import json, sys, uuid
import requests
from tekmomoapi import CollectionAPI, get_payment_request_obj, get_user_id_and_api_key

url, key, payers = sys.argv[1], sys.argv[2], sys.argv[3:]
user = get_user_id_and_api_key(key, base_url=url)
api = CollectionAPI(key, url, user["user_id"], user["apiKey"])
statuses, refused = [], None
for payer in payers:
    reference = str(uuid.uuid4())
    request = get_payment_request_obj(
        "12.50", "EUR", "order-" + payer, {"partyIdType": "MSISDN", "partyId": payer},
        "An order", "A shop",
    )
    api.request_payment(reference, request)
    try:
        api.request_payment(reference, request)
    except requests.HTTPError as error:
        refused = [error.response.status_code, error.response.json()["code"]]
    statuses.append(api.get_payment_request_status(reference))
print(json.dumps({
    "statuses": statuses,
    "repeated": refused,
    "balance": api.get_account_balance(),
    "active": [api.is_account_active(payer, "msisdn") for payer in payers[:2]],
}))
"""

PYTEKMOMOAPI_PAYS_OUT: Final = """
import json, sys, uuid
from tekmomoapi import (
    DisbursementAPI, DParty, RemittanceAPI, RParty, get_disbursement_transfer_obj,
    get_remittance_transfer_obj, get_user_id_and_api_key,
)

url, payees = sys.argv[1], sys.argv[4:]
products = [
    (DisbursementAPI, DParty, get_disbursement_transfer_obj, sys.argv[2]),
    (RemittanceAPI, RParty, get_remittance_transfer_obj, sys.argv[3]),
]
seen = []
for make, Party, describe, key in products:
    user = get_user_id_and_api_key(key, base_url=url)
    api = make(key, url, user["user_id"], user["apiKey"])
    statuses = []
    for payee in payees:
        reference = str(uuid.uuid4())
        wanted = describe(
            "12.50", "EUR", "order-" + payee, Party("MSISDN", payee), "An order", "A shop",
        )
        api.transfer(reference, wanted)
        statuses.append(api.get_transfer_status(reference))
    active = [api.is_account_active(payee, "msisdn") for payee in ("237650000001", "46733123450")]
    seen.append({"statuses": statuses, "balance": api.get_account_balance(), "active": active})
print(json.dumps(seen))
"""

MTNMOMO: Final = """
import json, sys
from mtnmomo.client import MomoApi
from mtnmomo.collection import Collection
from mtnmomo.errors import APIError

url, key, user, payers = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
secret = MomoApi.generateToken("localhost", user, key, url)["apiKey"]
client = Collection({
    "ENVIRONMENT": "mtnuganda", "BASE_URL": url, "CALLBACK_HOST": "localhost",
    "COLLECTION_PRIMARY_KEY": key, "COLLECTION_USER_ID": user, "COLLECTION_API_SECRET": secret,
})
statuses = []
for payer in payers:
    paid = client.requestToPay(
        mobile=payer, amount="600", external_id="order-" + payer,
        payee_note="A shop", payer_message="An order", currency="UGX",
    )
    statuses.append(client.getTransactionStatus(paid["transaction_ref"]))
try:
    client.getTransactionStatus("3f1b7c52-0a4e-4a53-9c39-6f2f1f0a7d11")
except APIError as error:
    unknown = [error.http_status, error.http_body]
print(json.dumps({"statuses": statuses, "unknown": unknown, "balance": client.getBalance()}))
"""


MTNMOMO_PAYS_OUT: Final = """
import json, sys
from mtnmomo.client import MomoApi
from mtnmomo.disbursement import Disbursement

url, key, user, payees = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
secret = MomoApi.generateToken("localhost", user, key, url)["apiKey"]
client = Disbursement({
    "ENVIRONMENT": "mtnuganda", "BASE_URL": url, "CALLBACK_HOST": "localhost",
    "DISBURSEMENT_PRIMARY_KEY": key, "DISBURSEMENT_USER_ID": user,
    "DISBURSEMENT_API_SECRET": secret,
})
statuses = []
for payee in payees:
    paid = client.transfer(
        amount="600", mobile=payee, external_id="order-" + payee,
        payee_note="A shop", payer_message="An order", currency="UGX",
    )
    statuses.append(client.getTransactionStatus(paid["transaction_ref"]))
print(json.dumps({"statuses": statuses, "balance": client.getBalance()}))
"""


def status(payer: str, amount: str, currency: str, **end: object) -> dict[str, object]:
    """Return what a client should have read about a payment."""
    return {
        "externalId": f"order-{payer}",
        "amount": amount,
        "currency": currency,
        "payer": {"partyIdType": "MSISDN", "partyId": payer},
        "payerMessage": "An order",
        "payeeNote": "A shop",
        **end,
    }


def paid(payee: str, amount: str, currency: str, **end: object) -> dict[str, object]:
    """Return what a client should have read about a payout."""
    usual = status(payee, amount, currency, **end)
    usual["payee"] = usual.pop("payer")
    return usual


async def test_pytekmomoapi_provisions_pays_and_asks() -> None:
    python = client_python("clients")
    async with a_world(
        reason_shape="object",
        provisioning_reads_single_quotes=True,
        empty_callback_url_is_refused=False,
    ) as world:
        payers = ["46733120000", "46733123450", "46733123453"]
        arguments = [world.sandbox.url, COLLECTION_KEY, *payers]
        seen = await run_client(python, PYTEKMOMOAPI, arguments)
    assert seen == {
        "statuses": [
            status(payers[0], "12.5", "EUR")
            | {"financialTransactionId": "1000000001", "status": "SUCCESSFUL"},
            status(payers[1], "12.5", "EUR")
            | {
                "status": "FAILED",
                "reason": {
                    "code": "INTERNAL_PROCESSING_ERROR",
                    "message": "An internal error occurred while processing.",
                },
            },
            status(payers[2], "12.5", "EUR") | {"status": "PENDING"},
        ],
        "repeated": [409, "RESOURCE_ALREADY_EXIST"],
        "balance": {"availableBalance": "1012.5", "currency": "EUR"},
        "active": [True, False],
    }


async def test_pytekmomoapi_pays_out_and_remits() -> None:
    python = client_python("clients")
    async with a_world(
        reason_shape="object",
        provisioning_reads_single_quotes=True,
        empty_callback_url_is_refused=False,
    ) as world:
        payees = ["46733120000", "46733123457", "46733123453"]
        keys = [KEYS["disbursement"], KEYS["remittance"]]
        arguments = [world.sandbox.url, *keys, *payees]
        seen = await run_client(python, PYTEKMOMOAPI_PAYS_OUT, arguments)

    assert seen == [
        {
            "statuses": [
                paid(
                    payees[0],
                    "12.5",
                    "EUR",
                    status="SUCCESSFUL",
                    financialTransactionId=transaction,
                ),
                paid(
                    payees[1],
                    "12.5",
                    "EUR",
                    status="FAILED",
                    reason={"code": "PAYEE_NOT_FOUND", "message": "Payee not found."},
                ),
                paid(payees[2], "12.5", "EUR", status="PENDING"),
            ],
            "balance": {"availableBalance": "987.5", "currency": "EUR"},
            "active": [True, False],
        }
        for transaction in ("1000000001", "1000000002")
    ]


@pytest.mark.skipif(
    sys.version_info >= (3, 12), reason="mtnmomo pins urllib3 1.24, which ends with Python 3.11"
)
async def test_mtnmomo_pays_and_asks() -> None:
    python = client_python("clients-mtnmomo")
    async with a_world(
        target_environment="mtnuganda", currencies=("UGX",), scenario_by_last_digits=True
    ) as world:
        payers = ["256770000001", "256770000065", "256770000053"]
        arguments = [world.sandbox.url, COLLECTION_KEY, world.merchant.user_id, *payers]
        seen = await run_client(python, MTNMOMO, arguments)
    assert seen == {
        "statuses": [
            status(payers[0], "600", "UGX", status="SUCCESSFUL")
            | {"financialTransactionId": "1000000001"},
            status(payers[1], "600", "UGX", status="FAILED", reason="NOT_ENOUGH_FUNDS"),
            status(payers[2], "600", "UGX", status="PENDING"),
        ],
        "unknown": [
            404,
            {"code": "RESOURCE_NOT_FOUND", "message": "Requested resource was not found."},
        ],
        "balance": {"availableBalance": "1600", "currency": "UGX"},
    }


@pytest.mark.skipif(
    sys.version_info >= (3, 12), reason="mtnmomo pins urllib3 1.24, which ends with Python 3.11"
)
async def test_mtnmomo_pays_out() -> None:
    python = client_python("clients-mtnmomo")
    async with a_product_world(
        target_environment="mtnuganda", currencies=("UGX",), scenario_by_last_digits=True
    ) as world:
        payees = ["256770000001", "256770000057"]
        merchant = world.disbursement
        arguments = [world.sandbox.url, merchant.key, merchant.user_id, *payees]
        seen = await run_client(python, MTNMOMO_PAYS_OUT, arguments)
    assert seen == {
        "statuses": [
            paid(payees[0], "600", "UGX", status="SUCCESSFUL")
            | {"financialTransactionId": "1000000001"},
            paid(payees[1], "600", "UGX", status="FAILED", reason="PAYEE_NOT_FOUND"),
        ],
        "balance": {"availableBalance": "400", "currency": "UGX"},
    }
