"""A client that others wrote, against our TouchPay sandbox, through real sockets.

No package for TouchPay is published; its integrations use whatever HTTP client they have. requests
is one with a Digest of its own: what it can do here it could do at TouchPay.
"""

from pathlib import Path
from typing import Final

import pytest

from tests.clients import client_python, run_client
from tests.touchpay_world import a_world

REQUESTS: Final = """
import json, sys
import requests
from requests.auth import HTTPDigestAuth

url, agency, user, password, login, agent_password, partner = sys.argv[1:]
door = HTTPDigestAuth(user, password)
agent = {"loginAgent": login, "passwordAgent": agent_password}
paid = requests.put(
    f"{url}/touchpayapi/{agency}/transaction", params=agent, auth=door, json={
        "idFromClient": "order-1", "amount": 100, "callback": "http://localhost:1/callback",
        "recipientNumber": "0500000001", "serviceCode": "PAIEMENTMARCHAND_MTN_CI",
        "additionnalInfos": {"recipientEmail": "", "recipientFirstName": "",
                             "recipientLastName": "", "destinataire": "0500000001"},
    })
asked = [
    requests.post(f"{url}/{agency}/check_status", auth=door, json={
        "partner_id": partner, "partner_transaction_id": name,
        "login_api": login, "password_api": agent_password,
    })
    for name in ("order-1", "nobody-s")
]
wrong = requests.put(
    f"{url}/touchpayapi/{agency}/transaction", params=agent, json={},
    auth=HTTPDigestAuth(user, "wrong"),
)
print(json.dumps([
    paid.json()["status"], asked[0].json()["status"], asked[1].status_code, wrong.status_code,
]))
"""


@pytest.mark.parametrize("digest_qop", ["auth", "none"])
async def test_requests_pays_and_asks_under_its_own_digest(tmp_path: Path, digest_qop: str) -> None:
    python = client_python("clients")
    async with a_world(tmp_path, digest_qop=digest_qop) as world:
        told = world.sandbox.settings
        keys = [told.username, told.password, told.login_agent, told.agent_password]
        arguments = [world.sandbox.url, told.agency_code, *keys, told.partner_id]
        seen = await run_client(python, REQUESTS, arguments)
    assert seen == ["INITIATED", "PENDING", 404, 401]
