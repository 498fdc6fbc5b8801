"""A client that others wrote for Orange Web Payment, against our sandbox, through real sockets.

O-money is a published package that knows nothing of us: what it can do here it could do at Orange.
It wants `expires_in` as a number and exactly five fields of a created order, and takes its
settings from the environment. Its status call waits for a status 201 in the body, where Orange
writes a word, so it returns nothing; that it reaches the server at all, with JSON under the
content type of a form, is what it proves.
"""

import base64
from typing import Final

from tests.clients import client_python, run_client
from tests.orange_merchant import CANCEL_URL, NOTIF_URL, RETURN_URL, a_world

O_MONEY: Final = """
import base64, json, logging, os, sys

url, client, merchant_key, return_url, cancel_url, notif_url = sys.argv[1:]
os.environ.update(
    client_id=client, merchant_key=merchant_key,
    return_url=return_url, cancel_url=cancel_url, notif_url=notif_url,
)
from O_money import Webpay

answers = []

class Keeper(logging.Handler):
    def emit(self, record):
        answers.append(record.args)

logger = logging.Logger("orange")
logger.addHandler(Keeper())
client = Webpay(logger=logger)
client.base_url = url
created = client.init_pay(amount=2500, order_id="order-1", reference="Boutique Awa", lang="fr")
repeated = client.init_pay(amount=2500, order_id="order-1", reference="Boutique Awa", lang="fr")
status = client.payment_status("order-1", 2500, created.pay_token)
print(json.dumps({
    "created": json.loads(created.to_json()),
    "repeated": repeated,
    "status": status,
    "said": answers[-1],
}))
"""


async def test_o_money_gets_a_token_creates_an_order_and_reaches_its_status() -> None:
    python = client_python("clients")
    async with a_world(segment="dev", enter=False, expires_in_is_text=False) as world:
        settings = world.sandbox.settings
        pair = f"{settings.client_id}:{settings.client_secret}".encode()
        result = await run_client(
            python,
            O_MONEY,
            [
                world.sandbox.url,
                base64.b64encode(pair).decode(),
                settings.merchant_key,
                RETURN_URL,
                CANCEL_URL,
                NOTIF_URL,
            ],
        )
        order = world.order()
        assert (result, order.amount, order.currency, order.posts_seen) == (
            {
                "created": {
                    "status": 201,
                    "message": "OK",
                    "pay_token": order.pay_token,
                    "notif_token": order.notif_token,
                    "payment_url": f"{world.sandbox.url}/payment/pay_token/{order.pay_token}",
                },
                "repeated": None,
                "status": None,
                "said": {"status": "INITIATED", "order_id": "order-1"},
            },
            2500,
            "OUV",
            2,
        )
