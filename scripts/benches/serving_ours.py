"""Subject: this product's server, as `cauri serve` runs it, on a SQLite file, in one process.

The application, middleware, authentication, vault, appender and projections are the real ones, and
every request is logged (into a file) as by default. The projections follow the log all the while
and share the processor with the requests. The merchant's key has a mode, its requests and its
payers are counted against limits that are never reached, and an endpoint of the merchant's is
registered, so that every payment's notices are lined up for it. What is switched off are the
workers: they would call the providers and the endpoint about every payment, and the works measured
here end when the payment is durable.

Before anything is measured, `start` lets some payments live their whole life through the handler,
so that there is something to look at: five events each, sealed particulars included.
"""

import asyncio
import itertools
import logging
import sys
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_bytes
from typing import Any, Final

import orjson
from aiohttp import web

from adapters.notify.merchants import endpoint_subject
from adapters.notify.signing import new_pair
from api.app import create_app
from api.authentication import NewKey, new_key
from api.collector import settle_collector
from api.connections import BoundedRunner
from api.logs import configure_logs
from api.settings import Settings
from api.wiring import services
from api.wiring_services import Services
from ledger import commands
from ledger.commands_endpoint import AddEndpoint
from ledger.entry import Context
from ledger.evidence import Evidence, Source, Word
from ledger.identity import new_endpoint_id
from ledger.money import Money
from scripts.benches.story import PAYERS, payment_ids
from scripts.benches.subject import Answer, serve

BACKLOG: Final = 1024
SEEDERS: Final = 64
MERCHANT: Final = "mer_0000000000000001"
CATCH_UP_SECONDS_MAX: Final = 120.0
_CONTEXT: Final = Context("reactor:bench", "0123456789abcdef", "request:0123456789abcdef")
_NOWHERE: Final = {
    "base_url": "http://127.0.0.1:9",
    "subscription_key": "a-synthetic-subscription-key",
    "api_user": "a-synthetic-user",
    "api_key": "a-synthetic-api-key",
}

_running = AsyncExitStack()
_lent: list[Services] = []


async def start(folder: str, payments: int) -> Answer:
    """Serve; the address, a merchant's key, and the ids of payments that stand in the log."""
    configure_logs("info", "json", sys.stderr)
    settings = Settings(
        database_url=f"sqlite:///{Path(folder) / 'serving.db'}",
        providers=("mtn",),
        provider_tables={"mtn": _NOWHERE},
        # Counted as ever, and never reached: one key sends all there is.
        key_requests_per_second_max=100_000,
        payer_payments_per_minute_max=1000,
    )
    lent = await _running.enter_async_context(
        services(settings, is_working=False, is_loopback_only=True)
    )
    _lent.append(lent)
    key = await _customer(lent)
    ids = list(itertools.islice(payment_ids(3), payments))
    waiting = iter(enumerate(ids))

    async def seeder() -> None:
        for number, payment_id in waiting:
            await _live(lent, payment_id, number)

    await asyncio.gather(*(seeder() for _ in range(SEEDERS)))
    await caught_up()
    runner = BoundedRunner(create_app(lent), limits=settings)
    await runner.setup()
    _running.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=BACKLOG)
    await site.start()
    settle_collector()
    return {"port": runner.addresses[0][1], "key": key.text, "payments": ids}


async def caught_up() -> Answer:
    """Wait until the projections have seen the whole log; how far behind they were."""
    (lent,) = _lent
    position = await lent.store.position()
    behind = position - await lent.projections.position()
    if not await lent.projections.wait_for(position, CATCH_UP_SECONDS_MAX):
        raise TimeoutError("the projections did not catch up")
    return {"position": position, "behind": behind}


async def stop() -> Answer:
    """Stop serving."""
    await _running.aclose()
    logging.shutdown()
    return {}


async def _customer(lent: Services) -> NewKey:
    """Add the merchant, with a key and an endpoint."""
    mode = lent.default_mode
    key = new_key("merchant", mode=mode)
    await lent.handler.handle(
        commands.AddMerchant(merchant_id=MERCHANT, name="A shop", country="CM"), context=_CONTEXT
    )
    issued = commands.IssueKey(
        key_id=key.key_id,
        role="merchant",
        merchant_id=MERCHANT,
        secret_digest=key.secret_digest,
        mode=mode,
    )
    await lent.handler.handle(issued, context=_CONTEXT)
    endpoint_id = new_endpoint_id(token_bytes(16))
    subject = endpoint_subject(endpoint_id)
    content = {"url": "https://shop.example/told", "pairs": [list(new_pair(token_bytes))]}
    sealed = lent.vault.seal(subject, orjson.dumps(content), context=subject)
    added = AddEndpoint(
        endpoint_id=endpoint_id,
        merchant_id=MERCHANT,
        mode=mode,
        types=(),
        description=None,
        sealed=sealed.text,
    )
    keys = (sealed.new_key,) if sealed.new_key else ()
    await lent.handler.handle(added, context=_CONTEXT, keys=keys)
    return key


async def _live(lent: Services, payment_id: str, number: int) -> None:
    """Let a payment be requested, submitted, accepted and paid, as the reactors do."""
    now: datetime = lent.clock()
    phone = f"+237650000{number % PAYERS:03d}"
    particulars = {"phone": phone, "description": "Order 1234", "metadata": {"order": "A-1234"}}
    payer = lent.vault.person(phone)
    sealed = lent.vault.seal(payer, orjson.dumps(particulars), context=payment_id)
    keys = (sealed.new_key,) if sealed.new_key else ()
    reference = f"{number:08x}-aaaa-4bbb-8ccc-{number:012x}"
    soon = now + timedelta(seconds=30)
    evidence = Evidence(
        source=Source.POLL,
        provider="mtn",
        reference=reference,
        word=Word.SUCCEEDED,
        amount="1500",
        currency="XAF",
        provider_transaction_id=f"{number:010d}",
    )
    told: tuple[Any, ...] = (
        commands.RequestPayment(
            payment_id=payment_id,
            merchant_id=MERCHANT,
            money=Money(1500, "XAF"),
            provider="mtn",
            operator="mtn-cm",
            country="CM",
            route_reason="the number is in a range of MTN Cameroon",
            payer=payer,
            sealed=sealed.text,
            content_digest=f"{number:064x}",
            expires_at=now + timedelta(minutes=15),
            mode=lent.default_mode,
        ),
        commands.StartSubmission(
            payment_id=payment_id, provider="mtn", reference=reference, inquire_at=soon
        ),
        commands.ConfirmSubmission(
            payment_id=payment_id,
            reference=reference,
            sealed_handle=None,
            token_digest=None,
            inquire_at=soon,
        ),
        commands.RecordEvidence(payment_id=payment_id, evidence=evidence),
    )
    for command in told:
        await lent.handler.handle(command, context=_CONTEXT, keys=keys)
        for made in keys:
            lent.vault.remember(made)
        keys = ()


if __name__ == "__main__":
    serve({"start": start, "caught_up": caught_up, "stop": stop})
