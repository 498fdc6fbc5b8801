"""A client that others wrote for Wave's Business API, against our sandbox, through real sockets.

wave-business-api is a published package that knows nothing of us: what it can do here it could do
at Wave. It makes its own keys and verifies webhooks by itself, and adds a slash to the address of
the recipient check, which the schemas do not have.
"""

from pathlib import Path
from typing import Final

from tests.clients import client_python, run_client
from tests.wave_world import NUMBER, a_world

EVERYTHING: Final = """
import json, sys
import requests
from wave_business_api import WaveClient
from wave_business_api.exceptions import WaveAPIError

url, key, number = sys.argv[1:]
client = WaveClient(api_key=key, base_url=url)

def failure(call, *arguments, **named):
    try:
        call(*arguments, **named)
    except WaveAPIError as error:
        return [type(error).__name__, error.status_code, error.error_code]

def open_session(reference):
    return client.checkout.create_session(
        amount="2500", currency="XOF", client_reference=reference,
        success_url="https://shop.example/paid", error_url="https://shop.example/failed",
    )

session = open_session("order-1")
requests.post(
    session["wave_launch_url"], data={"number": number, "action": "confirm"}, allow_redirects=False
)
paid = client.checkout.get_session(session["id"])
other = open_session("order-2")
payout = {"currency": "XOF", "receive_amount": "500", "mobile": number, "client_reference": "w-1"}
first = client.payout.create(**payout, idempotency_key="key-1")
again = client.payout.create(**payout, idempotency_key="key-1")
payout["receive_amount"] = "600"
print(json.dumps({
    "opened": [session["checkout_status"], session["payment_status"]],
    "paid": [paid["checkout_status"], paid["payment_status"], paid["amount"]],
    "found": [one["id"] == session["id"] for one in client.checkout.search_sessions("order-1")],
    "unpaid refund": failure(client.checkout.refund_session, other["id"]),
    "expired": client.checkout.expire_session(other["id"]),
    "expired again": failure(client.checkout.expire_session, other["id"]),
    "refunds": [client.checkout.refund_session(session["id"]) for _ in range(2)],
    "refund by transaction": client.balance.refund_transaction(paid["transaction_id"]),
    "payout": [first["status"], first["fee"], first == again],
    "payout found": [one["id"] == first["id"] for one in client.payout.search("w-1")],
    "payout read": client.payout.get(first["id"]) == first,
    "other payout": failure(client.payout.create, **payout, idempotency_key="key-1"),
    "nobody": failure(client.payout.get, "pt-nobody"),
    "recipient": client.payout.verify_recipient(mobile=number, amount="500", currency="XOF"),
    "balance": client.balance.get(),
    "wrong key": failure(WaveClient(api_key="wrong", base_url=url).balance.get),
}))
"""

VERIFY: Final = """
import json, sys
from wave_business_api import WebhookVerifier

secret, signature, body = sys.argv[1:]
# The world's clock stands in another year than the client's.
event = WebhookVerifier(signing_secret=secret, tolerance_seconds=0).verify_and_parse(
    raw_body=body, wave_signature=signature
)
print(json.dumps([event["type"], event["data"]["client_reference"]]))
"""


async def test_a_published_client_does_everything_it_can_and_verifies_the_webhook(
    tmp_path: Path,
) -> None:
    python = client_python("clients")
    async with a_world(tmp_path) as world:
        settings, number = world.sandbox.settings, NUMBER + "01"
        told = await run_client(python, EVERYTHING, [world.sandbox.url, settings.api_key, number])
        call = await world.told()
        verified = await run_client(
            python,
            VERIFY,
            [settings.webhook_secret, call.headers["Wave-Signature"], call.body.decode()],
        )
        moved = [(one.kind, one.amount_minor) for one in world.sandbox.books.succeeded()]
    assert told == {
        "opened": ["open", "processing"],
        "paid": ["complete", "succeeded", "2500"],
        "found": [True],
        "unpaid refund": ["WaveServerError", 500, "checkout-refund-failed"],
        "expired": None,
        "expired again": ["WaveIdempotencyError", 409, "checkout-session-not-open"],
        "refunds": [None, None],
        "refund by transaction": None,
        "payout": ["succeeded", "5", True],
        "payout found": [True],
        "payout read": True,
        "other payout": ["WaveIdempotencyError", 409, "idempotency-mismatch"],
        "nobody": ["WaveNotFoundError", 404, "not-found"],
        "recipient": {"within_limits": True, "name_match": None, "national_id_match": None},
        "balance": {"amount": "99999495", "currency": "XOF"},
        "wrong key": ["WaveAuthError", 401, "no-matching-api-key"],
    }
    assert verified == ["checkout.session.completed", "order-1"]
    assert moved == [("collection", 2500), ("payout", 500), ("refund", 2500)]
