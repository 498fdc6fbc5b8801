"""A second process on the same database that is set up otherwise: what it must leave alone."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from adapters.lapsing import UNSERVED
from adapters.sandbox.faults import Faults
from adapters.serving import Serving
from api.commands.serve import tell_work_left
from api.wiring import utc_now
from ledger import commands
from ledger.entry import Context
from ledger.events import (
    DeliveryAttempted,
    PaymentExpired,
    WebhookOrphaned,
    WebhookReceived,
    WebhookUnderstood,
)
from ledger.payment import Status
from tests.api_world import PROVIDER_TABLES, captured_logs
from tests.shop import Shop
from tests.stage import ONLY_CALLBACKS, WAIT_SECONDS, Providers, Stage, sandboxes, serving
from tests.test_cli_webhooks import said
from tests.test_reactors import PAID

REAL = {
    "base_url": "https://proxy.momoapi.mtn.com",
    "target_environment": "mtncameroon",
    "callback_host": "pay.example",
}
"""What makes MTN one that moves real money."""


async def calls(stage: Stage, provider: str) -> list[str]:
    """The types of all events of a provider's calls."""
    kinds = WebhookReceived | WebhookUnderstood | WebhookOrphaned
    log = await stage.services.store.read(0)
    return [
        one.type for one in log if isinstance(one.event, kinds) and one.event.provider == provider
    ]


async def paid_and_not_told(
    folder: Path, providers: Providers
) -> tuple[str, str, dict[str, str], dict[str, str]]:
    """Let a payment of Orange be paid whose call is lost.

    Returns:
        The payment, the address and the body of the call, and the keys of the server that went.
    """
    await providers.weather("orange", Faults(callback_lost=1))
    async with serving(folder, providers, pace=ONLY_CALLBACKS) as first:
        orange = await first.request(1, provider="orange")
        await first.visit(orange)
        reference = (await first.state(orange)).attempts[0].reference
        keys = first.keys
    (order,) = providers.orange.books.orders.values()
    news = {"status": "SUCCESS", "notif_token": order.notif_token}
    return orange, f"orange/{orange}/{reference}", news, keys


async def test_a_call_of_a_provider_that_is_not_enabled_here_waits_for_a_process_that_has_it(
    tmp_path: Path,
) -> None:
    async with sandboxes(tmp_path) as providers:
        orange, path, news, keys = await paid_and_not_told(tmp_path, providers)
        async with (
            serving(tmp_path, providers, is_working=False, keys=keys) as door,
            serving(tmp_path, providers, enabled=("mtn",), keys=keys) as second,
        ):
            assert (await door.call_back(path, news)).status == 200
            # It takes its own, which are younger, and would have taken the older one before.
            mtn = await second.request(2)
            await second.until_final([mtn])

            async def its_own_is_read() -> bool:
                return "webhook.understood" in await calls(second, "mtn")

            await second.until(its_own_is_read)
            services = second.services
            position = await services.store.position()
            await services.projections.wait_for(position, WAIT_SECONDS, name="worklist")
            (translator,) = [one for one in services.workers if one.kind == "translate"]
            waiting = await services.worklist.listing(now=utc_now(), provider="orange")
            assert await calls(second, "orange") == ["webhook.received"]
            assert (await second.state(orange)).status is Status.PENDING
            assert {(one.kind, one.holder) for one in waiting} == {
                ("inquire", None),
                ("translate", None),
            }
            taken = translator.counts
            assert taken.performed + taken.failed + taken.postponed <= 1
            # Nor does it look for it any sooner than for nothing.
            due = await services.worklist.next_due_at("translate", frozenset({"mtn"}))
            assert due is None
            with captured_logs() as written:
                await tell_work_left(services)
                await tell_work_left(door.services)
                lines = [json.loads(line) for line in written.getvalue().splitlines()]
            left = [one for one in lines if one["event"] == "server.work_left"]
            assert [(one["provider"], one["mode"], one["pieces"]) for one in left] == [
                ("orange", "any", 1),
                ("orange", "test", 1),
            ]
        async with serving(tmp_path, providers, keys=keys) as third:
            await third.until_final([orange])

            async def it_is_read() -> bool:
                return len(await calls(third, "orange")) == 2

            await third.until(it_is_read)
            assert await calls(third, "orange") == ["webhook.received", "webhook.understood"]
            assert await third.told([mtn, orange]) == {mtn: PAID, orange: PAID}


async def test_payments_of_the_other_mode_wait_for_a_process_that_is_set_up_for_it(
    tmp_path: Path,
) -> None:
    ahead = [timedelta(0)]
    real = {"mtn": PROVIDER_TABLES["mtn"] | REAL, "orange": PROVIDER_TABLES["orange"]}
    async with sandboxes(tmp_path) as providers:
        real["orange"] = providers.adapter_table("orange")
        async with serving(tmp_path, providers, is_working=False) as door:
            keys = door.keys
            unsent, underway = [await door.request(number) for number in (1, 2)]
            reference = door.services.adapters["mtn"].reference_for(underway, 1)
            await door.services.handler.handle(
                commands.StartSubmission(
                    payment_id=underway, provider="mtn", reference=reference, inquire_at=utc_now()
                ),
                context=Context("reactor:dispatch", "test", "test"),
            )
        async with serving(
            tmp_path,
            providers,
            keys=keys,
            clock=lambda: utc_now() + ahead[0],
            provider_tables=real,
        ) as second:
            assert list(second.services.adapters_of["live"]) == ["mtn"]
            its_own = await second.request(3, provider="orange")
            await second.visit(its_own)
            await second.until_final([its_own])
            services = second.services
            waiting = await services.worklist.listing(now=utc_now(), provider="mtn")
            assert {(one.stream_id, one.holder) for one in waiting} == {
                (unsent, None),
                (underway, None),
            }
            modes = Serving(services.adapters_of, "test").modes()
            for kind in ("submit", "inquire"):
                due = await services.worklist.next_due_at(kind, "mtn", modes=modes["mtn"])
                assert due is None
            with captured_logs() as written:
                await tell_work_left(services)
                (left,) = [json.loads(line) for line in written.getvalue().splitlines()]
            assert (left["provider"], left["mode"], left["pieces"]) == ("mtn", "test", 2)
            assert left["reason"] == "it takes no test payments here"
            figures = (await second.ask("GET", "/metrics")).body.decode()
            (figure,) = [one for one in figures.splitlines() if one.startswith("cauri_work_left{")]
            assert figure.endswith('provider="mtn",reason="it takes no test payments here"} 2.0')
            ahead[0] = timedelta(days=1)
            await second.until_final([unsent])
            assert await second.types(underway) == ["requested", "submission_started"]
            _, recorded = await services.handler.payment(unsent)
            assert [one.event for one in recorded[1:]] == [PaymentExpired(reason=UNSERVED)]
        async with serving(tmp_path, providers, keys=keys) as third:
            await third.until_final([underway])
            assert await third.told([underway]) == {underway: PAID}


async def test_an_endpoint_on_this_machine_is_told_by_a_process_that_may_call_it(
    tmp_path: Path,
) -> None:
    async with sandboxes(tmp_path) as providers, Shop(utc_now) as shop:
        async with serving(tmp_path, providers, is_working=False, endpoint_loopback=True) as door:
            keys = door.keys
            told = await door.ask(
                "POST", "/v1/webhook-endpoints", who="mer_1", json={"url": shop.url}
            )
            assert told.status == 201, told.body
            moved = await door.ask(
                "POST",
                "/v1/webhook-endpoints",
                who="mer_1",
                json={"url": "https://moved.invalid/hook"},
            )
            path = f"/v1/webhook-endpoints/{moved.json['id']}"
            assert (await door.ask("POST", path, who="mer_1", json={"url": shop.url})).status == 200
        async with serving(tmp_path, providers, keys=keys) as second:
            paid = await second.request(1)
            await second.until_final([paid])
            services = second.services
            position = await services.store.position()
            await services.projections.wait_for(position, WAIT_SECONDS, name="deliveries")
            for lane in ("deliver", "deliver_slow"):
                due = await services.deliveries.next_due_at(lane, is_local_called=False)
                leased = await services.deliveries.lease(
                    lane,
                    None,
                    holder="x",
                    limit=9,
                    now=utc_now(),
                    seconds=60.0,
                    is_local_called=False,
                )
                assert (due, leased) == (None, [])
        async with serving(tmp_path, providers, keys=keys, endpoint_loopback=True) as third:

            async def all_is_told() -> bool:
                log = await third.services.store.read(0)
                return sum(isinstance(one.event, DeliveryAttempted) for one in log) >= 4

            await third.until(all_is_told)
            log = await third.services.store.read(0)
            attempts = [one.event for one in log if isinstance(one.event, DeliveryAttempted)]
            assert [(one.attempt, one.result) for one in attempts] == [(1, "delivered")] * 4


async def test_what_an_earlier_version_orphaned_is_read_once_more_when_it_is_asked_for(
    tmp_path: Path,
) -> None:
    async with sandboxes(tmp_path) as providers:
        orange, path, news, keys = await paid_and_not_told(tmp_path, providers)
        reason = "provider orange is not enabled"
        async with serving(tmp_path, providers, is_working=False, keys=keys) as door:
            await door.call_back(path, news)
            (waiting,) = await listed(tmp_path)
            assert (waiting["state"], waiting["provider"]) == ("waiting", "orange")
            call = waiting["call"]
            await door.services.handler.handle(
                commands.OrphanWebhook(webhook_id=call, reason=reason),
                context=Context("reactor:translate", "test", "test"),
            )
        async with serving(tmp_path, providers, pace=ONLY_CALLBACKS, keys=keys) as second:
            (orphan,) = await listed(tmp_path, "--provider", "orange")
            assert orphan == waiting | {"state": "orphan", "reason": reason}
            assert await listed(tmp_path, "--provider", "mtn") == []
            assert (await second.state(orange)).status is Status.PENDING
            told = await said(tmp_path, "translate", call, call)
            assert (told.status, told.out) == (0, "calls to be read once more: 1\n")
            await second.until_final([orange])

            async def it_is_understood() -> bool:
                return (await calls(second, "orange"))[-1] == "webhook.understood"

            await second.until(it_is_understood)
            assert await listed(tmp_path) == []
            refused = await said(tmp_path, "translate", call)
            assert (refused.status, refused.err) == (1, "error: the call was understood already.\n")
            assert await second.told([orange]) == {orange: PAID}


async def listed(folder: Path, *arguments: str) -> list[Any]:
    """What is listed of the calls that nobody understood."""
    told = await said(folder, "orphans", *arguments, "--json")
    assert (told.status, told.err) == (0, "")
    return list(json.loads(told.out))
