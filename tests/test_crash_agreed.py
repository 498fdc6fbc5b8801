"""What two people agreed to is done, once, though the server that heard it is killed right then.

A second person's word becomes others in steps: a statement's approval makes its lines words, and a
note's approval is heard by the collection that was given back, and by the merchant.
"""

import asyncio
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from api.authentication import Role, new_key
from api.wiring import utc_now
from ledger import commands
from ledger.events import PaymentEvidenceRecorded
from ledger.evidence import Source
from ledger.payment import Status, stream_of
from tests.builders import CONTEXT
from tests.deployment import SETTLE_SECONDS, Deployment
from tests.processes import Server
from tests.shop import Shop
from tests.test_crash_moments import Stops, watched_by
from tests.test_crash_recovery import page_of
from tests.test_crash_telling import ENDPOINT, named, until

pytestmark = pytest.mark.slow

PAYMENTS = 3
PATIENCE = aiohttp.ClientTimeout(total=SETTLE_SECONDS)
OPEN = frozenset({Status.PENDING, Status.UNKNOWN})
PEOPLE: tuple[Role, ...] = ("accountant", "operator", "admin")


@dataclass
class NoAnswers(Stops):
    """MTN moves money, and answers no question about it."""

    async def _pass(
        self, provider: str, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        if request.method == "GET" and not request.path.startswith("/_sandbox"):
            return web.Response(status=503)
        return await super()._pass(provider, request, handler)


def killed_after(event_type: str) -> tuple[str, ...]:
    """The command of a server that is killed after an event; see `tests.killed_after`."""
    return (sys.executable, "-m", "tests.killed_after", event_type)


async def keys_to(shop: Deployment) -> Mapping[str, str]:
    """Give keys to people."""
    keys: dict[str, str] = {}
    for role in PEOPLE:
        keys[role] = (key := new_key(role)).text
        issue = commands.IssueKey(
            key_id=key.key_id, role=role, merchant_id=None, secret_digest=key.secret_digest
        )
        await shop.handler.handle(issue, context=CONTEXT)
    return keys


async def post(shop: Deployment, path: str, key: str, body: Any = None) -> Any:
    """Ask for something as somebody; what is answered, None where the server died of it."""
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": path}
    url = shop.servers[0].url + path
    try:
        async with shop.session.post(url, json=body, headers=headers, timeout=PATIENCE) as response:
            assert response.status in {200, 201}, await response.text()
            return await response.json()
    except aiohttp.ClientError:
        return None


async def dies(server: Server, following: tuple[str, ...]) -> None:
    """Wait for a server's death; start the next one."""
    assert await server.ended() == -signal.SIGKILL
    await server.kill()
    server.command = following
    await server.start()


async def moved(shop: Deployment, count: int) -> list[dict[str, Any]]:
    """What MTN's books say has moved, once it is so much."""
    rows: list[dict[str, Any]] = []

    async def is_all() -> bool:
        rows[:] = [one for one in await page_of(shop, "mtn") if one["status"] == "SUCCESSFUL"]
        return len(rows) == count

    await until(shop, is_all)
    return rows


def statement_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """MTN's statement of the last hour."""
    now = utc_now()
    lines = [
        {
            "provider_transaction_id": str(one["financial_transaction_id"]),
            "reference": one["reference"],
            "direction": "in",
            "amount": one["amount"],
            "occurred_at": one["decided_at"],
        }
        for one in rows
    ]
    covers = {"covers_from": (now - timedelta(hours=1)).isoformat(), "covers_to": now.isoformat()}
    return {"provider": "mtn", "currency": "XAF", "lines": lines, **covers}


async def words_of(shop: Deployment, payment_id: str) -> list[Source]:
    """From where everything comes that was said of a payment."""
    recorded = [one.event for one in await shop.store.read_stream(stream_of(payment_id))]
    return [one.evidence.source for one in recorded if isinstance(one, PaymentEvidenceRecorded)]


async def test_what_two_people_agreed_to_is_done_after_the_death_of_the_server_they_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Server.command
    monkeypatch.setattr(Server, "command", killed_after("statement.approved"))
    async with (
        Shop(utc_now) as endpoint,
        watched_by(
            NoAnswers(),
            f"sqlite:///{tmp_path / 'cauri.db'}",
            providers=["mtn"],
            settings=ENDPOINT,
        ) as shop,
    ):
        (server,), keys = shop.servers, await keys_to(shop)
        await named(shop, endpoint)
        paid = await asyncio.gather(
            *(shop.collect(number, "mtn", f"+23767{number:05d}01") for number in range(PAYMENTS))
        )
        await shop.until(paid, lambda one: one.status in OPEN)
        statement = statement_of(await moved(shop, PAYMENTS))
        handed_in = await post(shop, "/v1/statements", keys["accountant"], statement)
        approval = f"/v1/statements/{handed_in['id']}/approval"
        assert await post(shop, approval, keys["operator"]) is None
        await dies(server, killed_after("payment.note_approved"))
        await shop.until_final()
        assert [await words_of(shop, one) for one in paid] == [[Source.STATEMENT]] * PAYMENTS

        back = await shop.give_back(0, paid[0])
        await shop.until([back], lambda one: one.status in OPEN)
        await moved(shop, PAYMENTS + 1)
        notes = f"/v1/payments/{back}/notes"
        said = {"word": "succeeded", "reason": "the portal shows it as paid"}
        note = await post(shop, notes, keys["operator"], said)
        approval = f"{notes}/{note['id']}/approval"
        assert await post(shop, approval, keys["admin"]) is None
        await dies(server, plain)
        again = await post(shop, approval, keys["admin"])
        await shop.until_final()
        assert (again["status"], await words_of(shop, back)) == ("succeeded", [Source.OPERATOR])

        expected = {*(("payment.succeeded", one) for one in paid), ("refund.succeeded", back)}

        async def is_told() -> bool:
            return set(endpoint.told) >= expected | {("payment.refunded", paid[0])}

        await until(shop, is_told)
        assert await shop.check_everything() == []
