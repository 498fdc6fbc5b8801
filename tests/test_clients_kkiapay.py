"""A client that others wrote for KKiaPay, against our sandbox, through real sockets.

paygate-africa is a published package that knows nothing of us: what it can do here it could do at
KKiaPay. It only verifies a transaction; every refusal becomes its error.
"""

from pathlib import Path
from typing import Final

from adapters.base import Accepted
from tests.clients import client_python, run_client
from tests.kkiapay_world import NUMBER, a_world
from tests.replay import PAYMENT_ID

PAYGATE_AFRICA: Final = """
import asyncio, json, os, sys

url, public, private, secret, *transactions = sys.argv[1:]
os.environ.update(
    KKIAPAY_SANDBOX_URL=url, KKIAPAY_PUBLIC_KEY=public, KKIAPAY_PRIVATE_KEY=private,
    KKIAPAY_SECRET_KEY=secret, KKIAPAY_SANDBOX="true",
)
from paygate_africa.kkiapay.client import KkiapayProvider

provider = KkiapayProvider()
seen = []
for transaction in transactions:
    try:
        seen.append(asyncio.run(provider.verify_payment(transaction)))
    except RuntimeError as error:
        seen.append(str(error))
print(json.dumps(seen))
"""


async def test_paygate_africa_verifies(tmp_path: Path) -> None:
    python = client_python("clients")
    async with a_world(tmp_path, failed_attempt="may_be_repeated") as world:
        accepted = await world.adapter.submit(world.charge("paid"), f"{PAYMENT_ID}-1")
        assert isinstance(accepted, Accepted)
        for digits in ("51", "01"):
            await world.visit(accepted, NUMBER + digits)
        poor, paid = world.movements("collection")
        told = world.sandbox.settings
        keys = [told.public_key, told.private_key, told.secret_key]
        arguments = [world.sandbox.url, *keys, paid.id, poor.id, "nobodys01"]
        seen = await run_client(python, PAYGATE_AFRICA, arguments)
    shown = [
        (one["status"], one["raw_data"]["status"], one["raw_data"]["amount"]) for one in seen[:2]
    ]
    assert shown == [("SUCCESS", "SUCCESS", 2500), ("FAILED", "INSUFFICIENT_FUND", 2500)]
    assert seen[0]["raw_data"]["transactionId"] == paid.id
    assert "TRANSACTION_NOT_FOUND" in seen[2]
