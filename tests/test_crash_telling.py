"""After `kill -9` in the middle of telling somebody everybody is told, and nobody pays twice.

Three things leave a server besides calls for money: messages to merchants' endpoints, letters, and
payers' one-time codes. Each is held where it arrives until several are on their way; then the
server is killed and started again. Messages and letters go again, since nobody knows whether they
were taken; a code never does.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest

from api.wiring import utc_now
from ledger.events import MailAttempted
from ledger.mail import mail_stream
from ledger.payment import Payment, Status
from tests.deployment import SETTLE_SECONDS, Deployment
from tests.mail_server import MailHandler, a_mail_server
from tests.raw_server import RawRequest
from tests.shop import FINE, Shop, verifies
from tests.test_crash_moments import Stops, watched_by

pytestmark = pytest.mark.slow

DEATHS = 2
ENDPOINT = {"CAURI_ENDPOINT_LOOPBACK": "true", "CAURI_ENDPOINT_SECONDS_MAX": "2"}
MESSAGES_AT_ONCE = 4
"""So many messages one endpoint is sent at once."""

LETTERS_AT_ONCE = 4
CODE = "123456"
CONFIRMED = "/authentication"
CODES: tuple[tuple[str, str, Any], ...] = (
    ("hub2", "POST /payment-intents/", "coming in"),
    ("hub2", "POST /payment-intents/", "going out"),
)
"""A code that is lost with the server, and one that the provider has; no other call posts then."""


async def until(shop: Deployment, is_so: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is so, looking whenever the log has grown."""
    async with asyncio.timeout(SETTLE_SECONDS):
        while True:
            position = await shop.store.position()
            if await is_so():
                return
            await shop.store.wait_for(position + 1, 1)


async def collected(shop: Deployment, numbers: Sequence[int], **payer: str) -> list[str]:
    """Let some customers pay by MTN; the payments' ids."""

    async def pay(number: int) -> str:
        body = {
            "amount": str(1000 + number),
            "currency": "XAF",
            "payer": {"phone": f"+23767{number:05d}01", **payer},
        }
        if payer:
            body["receipt_email"] = f"shop-{number}@shop.example"
        return await shop.ask(number, "/v1/payments", f"order-{number}", body)

    return await asyncio.gather(*map(pay, numbers))


class HoldingShop(Shop):
    """An endpoint that may stop answering while it goes on listening."""

    def __init__(self) -> None:
        super().__init__(utc_now, self._hold)
        self.held: set[str] = set()
        self.is_full = asyncio.Event()

    async def _hold(self, request: RawRequest, writer: asyncio.StreamWriter) -> None:
        self.held.add(request.headers["webhook-id"])
        if len(self.held) >= MESSAGES_AT_ONCE:
            self.is_full.set()
        # Whoever sent it is killed; there is nobody to answer.
        await asyncio.get_running_loop().create_future()

    def stop_answering(self) -> None:
        """Hold what comes from now on."""
        self.held, self.mood = set(), self._hold
        self.is_full = asyncio.Event()


async def named(shop: Deployment, endpoint: Shop) -> None:
    """Let the merchant name an endpoint."""
    status, answer = await shop.call("POST", "/v1/webhook-endpoints", 0, {"url": endpoint.url})
    assert status == 201, answer
    told = orjson.loads(answer)
    endpoint.id, endpoint.secret, endpoint.public_key = (
        told[name] for name in ("id", "secret", "public_key")
    )


async def undelivered(shop: Deployment, endpoint: Shop) -> list[Any]:
    """The messages that the server does not know to have been delivered."""
    path = f"/v1/webhook-endpoints/{endpoint.id}/messages?limit=100"
    status, answer = await shop.call("GET", path, 0)
    assert status == 200, answer
    return [one for one in orjson.loads(answer)["messages"] if one["state"] != "delivered"]


async def test_endpoints_hear_everything_in_order_of_a_server_that_is_killed_while_it_tells(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path / 'cauri.db'}"
    async with (
        HoldingShop() as endpoint,
        watched_by(Stops(), url, providers=["mtn"], settings=ENDPOINT) as shop,
    ):
        await named(shop, endpoint)
        payments: list[str] = []
        held: set[str] = set()

        async def is_told() -> bool:
            told = [len(endpoint.positions_of(one)) for one in payments]
            return set(told) == {2} and not await undelivered(shop, endpoint)

        for death in range(DEATHS):
            endpoint.stop_answering()
            payments += await collected(shop, range(death * 5, death * 5 + 5))
            async with asyncio.timeout(SETTLE_SECONDS):
                await endpoint.is_full.wait()
            await shop.servers[0].kill()
            held |= endpoint.held
            endpoint.mood = FINE
            await shop.servers[0].start()
            await shop.until_final()
            await until(shop, is_told)

        times = Counter(one.id for one in endpoint.heard)
        assert len(held) >= DEATHS * MESSAGES_AT_ONCE
        assert {one for one, count in times.items() if count > 1} == held, "only what was held"
        for payment_id in payments:
            told = [one for one in endpoint.heard if one.payment_id == payment_id]
            assert {one.type for one in told} == {"payment.pending", "payment.succeeded"}
            assert all(one.position <= other.position for one, other in pairwise(told))
        bodies = {(one.id, orjson.dumps(one.content)) for one in endpoint.heard}
        assert len(bodies) == len(times), "what is repeated is the same"
        for request, heard in zip(endpoint.requests, endpoint.heard, strict=True):
            assert verifies(request, endpoint.secret, endpoint.public_key, heard.at)
        assert await shop.check_everything() == []


async def letters_of(shop: Deployment, payment_ids: Sequence[str]) -> Counter[str]:
    """How every attempt at a letter went."""
    found: Counter[str] = Counter()
    for payment_id in payment_ids:
        for recorded in await shop.store.read_stream(mail_stream(payment_id)):
            if isinstance(recorded.event, MailAttempted):
                found[recorded.event.result] += 1
    return found


def named_letters(mail: MailHandler) -> Counter[tuple[str, str]]:
    """How often each letter was taken: by its recipient and its `Message-ID`."""
    assert {len(one.recipients) for one in mail.taken} <= {1}
    return Counter((one.recipients[0], str(one.message["Message-ID"])) for one in mail.taken)


async def test_every_letter_goes_of_a_server_that_is_killed_while_it_hands_letters_over(
    tmp_path: Path,
) -> None:
    async with a_mail_server() as mail:
        settings = {
            "CAURI_MAIL_HOST": "127.0.0.1",
            "CAURI_MAIL_PORT": str(mail.port),
            "CAURI_MAIL_TLS": "none",
            "CAURI_MAIL_FROM": "receipts@pay.example",
            "CAURI_MAIL_SECONDS_MAX": "2",
            "CAURI_MAIL_CALLS_MAX": str(LETTERS_AT_ONCE),
        }
        url = f"sqlite:///{tmp_path / 'cauri.db'}"
        async with watched_by(Stops(), url, providers=["mtn"], settings=settings) as shop:
            payments: list[str] = []
            held: set[tuple[str, str]] = set()

            async def is_sent() -> bool:
                return (await letters_of(shop, payments))["accepted"] == 2 * len(payments)

            for death in range(DEATHS):
                before = named_letters(mail)
                mail.may_answer.clear()
                numbers = range(death * 4, death * 4 + 4)
                payments += await collected(shop, numbers, email=f"payer-{death}@mail.example")
                await mail.until_taken(before.total() + LETTERS_AT_ONCE)
                await shop.servers[0].kill()
                held |= named_letters(mail).keys() - before.keys()
                mail.may_answer.set()
                await shop.servers[0].start()
                await shop.until_final()
                await until(shop, is_sent)

            taken = named_letters(mail)
            assert len(taken) == 2 * len(payments), "a letter that goes again has its former name"
            assert len(held) == DEATHS * LETTERS_AT_ONCE
            assert {one for one, count in taken.items() if count > 1} == held, "only what was held"
            assert max(taken.values()) == 2
            assert await letters_of(shop, payments) == {"accepted": 2 * len(payments)}
            assert await shop.check_everything() == []


async def hand_in(shop: Deployment, payment_id: str, key: str) -> None:
    """Hand a code in, as often as it takes to be told that it is taken."""
    path, status, answer = f"/v1/payments/{payment_id}/confirmation", 0, b""
    while status != 202:
        status, answer = await shop.call("POST", path, 0, {"one_time_code": CODE}, key)
        assert status in {0, 202, 503}, answer


def awaits_code(state: Payment) -> bool:
    """Whether the provider waits for a code that nobody has handed in."""
    return state.awaits_code and state.sealed_code is None


async def test_a_code_is_handed_over_once_by_a_server_that_is_killed_in_the_middle_of_it(
    tmp_path: Path,
) -> None:
    stops, url = Stops(), f"sqlite:///{tmp_path / 'cauri.db'}"
    async with watched_by(stops, url, providers=["hub2"]) as shop:

        async def ask(number: int) -> str:
            phone = f"+225070000{number:02d}01"
            body = {"amount": str(1000 + number), "currency": "XOF", "payer": {"phone": phone}}
            return await shop.ask(number, "/v1/payments", f"order-{number}", body)

        payments = [await ask(number) for number in range(len(CODES))]
        await shop.until(payments, awaits_code)
        stops.hold(CODES)
        for payment_id in payments:
            await hand_in(shop, payment_id, f"{payment_id}-first")
        await stops.until_all_are_held()
        await shop.servers[0].kill()
        stops.lose()
        stops.hold(())
        await shop.servers[0].start()
        await shop.until(payments, lambda one: one.status is Status.SUCCEEDED or awaits_code(one))

        states = {one: await shop.state(one) for one in payments}
        (lost,) = [name for name, one in states.items() if one.status is not Status.SUCCEEDED]
        # Nobody has sent the lost code again, and nobody could: it is destroyed.
        await hand_in(shop, lost, f"{lost}-second")
        await shop.until_final()
        assert await shop.check_everything() == []
        handed = [count for call, count in stops.calls.items() if call.endswith(CONFIRMED)]
        assert sorted(handed) == [1, 2], "the lost one, and the new one in its place"
        told = {name: (await shop.state(name)).confirmations for name in payments}
        assert {name: len(one) for name, one in told.items()} == {
            name: 2 if name == lost else 1 for name in payments
        }
