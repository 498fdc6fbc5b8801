"""Test and live apart: in production a test key reaches nobody and nothing that is for real."""

import hashlib
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from adapters.base import Due
from adapters.dispatch import Dispatcher
from adapters.lapsing import Lapsed, LapsedWork
from adapters.polling import Poller
from adapters.recording import TOKEN_PURPOSE, Recorder
from adapters.serving import Serving
from adapters.translate import Translator
from api import documents
from api.settings import Settings
from ledger import commands
from ledger.checkpoint import Signer
from ledger.commands_log import RecordRestoration
from ledger.events import WebhookOrphaned
from ledger.evidence import Evidence, Source, Word
from ledger.identity import Mode, payment_id_of
from ledger.payment import Status
from ledger.sql import migrate
from ledger.vault import MasterKeys
from tests.api_world import (
    CONTEXT,
    HURRIED,
    MTN_PHONE,
    ORANGE_PHONE,
    PROVIDER_TABLES,
    Answer,
    World,
    a_payment,
    a_world,
    captured_logs,
    settings_in,
)
from tests.conftest import FakeClock

REAL_MTN = PROVIDER_TABLES["mtn"] | {
    "base_url": "https://proxy.momoapi.mtn.com",
    "target_environment": "mtncameroon",
    "callback_host": "pay.example",
}
TO_MTN = a_payment()
TO_ORANGE = a_payment(payer={"phone": ORANGE_PHONE})


def in_production(folder: Path, **changes: Any) -> Settings:
    """A deployment where MTN moves real money and Orange is for trying."""
    key_file = folder / "master.key"
    if not key_file.exists():
        MasterKeys.generate().write(key_file)
    signing_key_file = folder / "signing.key"
    if not signing_key_file.exists():
        signer = Signer("pay.example/log", hashlib.sha256(b"a synthetic seed").digest())
        signing_key_file.write_text(signer.private_text())
    return Settings(
        mode="production",
        database_url=f"sqlite:///{folder / 'cauri.db'}",
        public_url="https://pay.example",
        master_key_file=key_file,
        signing_key_file=signing_key_file,
        log_name="pay.example/log",
        providers=("mtn", "orange"),
        trial_providers=("orange",),
        provider_tables={"mtn": REAL_MTN, "orange": PROVIDER_TABLES["orange"]},
        **HURRIED,
    ).with_changes(**changes)


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    settings = in_production(tmp_path)
    await migrate(settings.database_url)
    async with a_world(settings, clock=clock, is_in_memory=True) as made:
        await made.add_key("test", "merchant", "mer_1", mode="test")
        await made.add_key("live", "merchant", "mer_1", mode="live")
        yield made


async def test_a_test_key_reaches_only_who_is_for_trying_and_a_live_key_only_the_others(
    world: World,
) -> None:
    answers = {
        (who, operator): await world.pay(content, key=f"{who}-{operator}", who=who)
        for who in ("test", "live", "mer_1")
        for operator, content in (("mtn", TO_MTN), ("orange", TO_ORANGE))
    }

    told = {asked: (one.status, one.json.get("mode")) for asked, one in answers.items()}
    assert told == {
        ("test", "mtn"): (422, None),
        ("test", "orange"): (202, "test"),
        ("live", "mtn"): (202, "live"),
        ("live", "orange"): (422, None),
        # A key of before keys had a mode is of the deployment's own.
        ("mer_1", "mtn"): (202, "live"),
        ("mer_1", "orange"): (422, None),
    }
    assert {one.code for one in answers.values() if one.status == 422} == {"operator_not_served"}


@pytest.mark.parametrize(
    ("who", "provider", "reason"),
    [
        ("test", "mtn", "MTN MoMo moves real money here, and your key is for tests."),
        ("live", "orange", "Orange Money is for tests here, and your key is for real."),
    ],
)
async def test_naming_the_provider_is_no_way_around(
    world: World, who: str, provider: str, reason: str
) -> None:
    for path, side in (("/v1/payments", "payer"), ("/v1/payouts", "payee")):
        answer = await world.ask(
            "POST",
            path,
            who=who,
            headers={"Idempotency-Key": "order-1"},
            json={
                "amount": "1500",
                "currency": "XAF",
                side: {"phone": MTN_PHONE if provider == "mtn" else ORANGE_PHONE},
                "provider": provider,
            },
        )
        assert (answer.status, answer.code) == (422, "operator_not_served")
        assert [place["reason"] for place in answer.json["errors"]] == [reason]


async def test_a_key_that_made_a_test_before_a_deployment_went_live_stands_for_no_real_payment(
    tmp_path: Path, clock: FakeClock
) -> None:
    # Orange takes no real payments there: what is refused today is answered as it was first.
    asked = {"order-1": TO_MTN, "order-2": TO_ORANGE}
    named = settings_in(tmp_path, log_name="pay.example/log")
    async with a_world(named, clock=clock) as trying:
        made = [(await trying.pay(one, key=key)).json["mode"] for key, one in asked.items()]
    async with a_world(in_production(tmp_path), clock=clock) as world:
        await world.add_key("live", "merchant", "mer_1", mode="live")
        answers = [await world.pay(one, who="live", key=key) for key, one in asked.items()]
        made.append((await world.pay(TO_MTN, who="live", key="order-3")).json["mode"])
        await world.add_key("test", "merchant", "mer_1", mode="test")
        by_key = [
            (await world.get("/v1/payments?idempotency_key=order-1", who=who)).json["payments"]
            for who in ("test", "live")
        ]

    assert [[one["mode"] for one in found] for found in by_key] == [["test"], []]
    assert [(one.status, one.code) for one in answers] == [(422, "idempotency_key_reused")] * 2
    assert made == ["test", "test", "live"]


async def seen(world: World, path: str, who: str) -> Answer:
    """What somebody is answered."""
    return await world.get(path, who=who)


async def test_neither_mode_sees_the_others_payments(world: World) -> None:
    made = {
        "test": (await world.pay(TO_ORANGE, who="test")).json["id"],
        "live": (await world.pay(TO_MTN, who="live")).json["id"],
    }
    await world.caught_up()
    for who, other in (("test", "live"), ("live", "test")):
        own = await world.get(f"/v1/payments/{made[who]}", who=who)
        assert (own.status, own.json["mode"]) == (200, who)
        for rest in ("", "/events", "/refunds"):
            hidden = await world.get(f"/v1/payments/{made[other]}{rest}", who=who)
            none = await world.get(f"/v1/payments/{payment_id_of('x', 'y')}{rest}", who=who)
            assert (hidden.status, hidden.code) == (404, "unknown_payment")
            assert hidden.json | {"instance": ""} == none.json | {"instance": ""}
        for verb, body in (("refunds", {}), ("confirmation", {"one_time_code": "123456"})):
            hidden = await world.ask(
                "POST",
                f"/v1/payments/{made[other]}/{verb}",
                who=who,
                json=body,
                headers={"Idempotency-Key": "x"},
            )
            assert (hidden.status, hidden.code) == (404, "unknown_payment")
        listed = await world.get("/v1/payments", who=who)
        page = documents.PaymentPage.model_validate_json(listed.body)
        assert [(one.id, one.mode) for one in page.payments] == [(made[who], who)]
        refused = await world.get(f"/v1/payments?mode={other}", who=who)
        assert (refused.status, refused.code) == (422, "invalid_request")
        keys = (await world.get("/v1/keys", who=who)).json["keys"]
        assert {key["mode"] for key in keys} == {who}


async def test_staff_sees_both_and_may_ask_for_one(world: World) -> None:
    test = (await world.pay(TO_ORANGE, who="test")).json["id"]
    live = (await world.pay(TO_MTN, who="live")).json["id"]
    # As it was written before payments had a mode.
    await world.services.handler.handle(
        commands.RequestPayment(
            **{
                **(await _request_of(world, live)),
                "payment_id": payment_id_of("mer_1", "before"),
                "mode": None,
            }
        ),
        context=CONTEXT,
    )
    before = payment_id_of("mer_1", "before")
    await world.caught_up()

    async def ids(query: str) -> list[str]:
        page = (await world.get(f"/v1/payments{query}", who="auditor")).json
        return [one["id"] for one in page["payments"]]

    assert await ids("") == [before, live, test]
    assert await ids("?mode=test") == [test]
    assert await ids("?mode=live") == [before, live]
    path = f"/v1/payments/{before}?particulars=false"
    assert (await world.get(path, who="auditor")).json["mode"] == "live"
    assert [(await world.get(path, who=who)).status for who in ("live", "test")] == [200, 404]


async def _request_of(world: World, payment_id: str) -> dict[str, Any]:
    """What a payment was asked with, as fields of a command."""
    state, _ = await world.services.handler.payment(payment_id)
    asked = state.requested
    names = ("payment_id", "merchant_id", "provider", "operator", "country", "route_reason")
    return {
        **{name: getattr(asked, name) for name in names},
        **{name: getattr(asked, name) for name in ("payer", "sealed", "content_digest")},
        "expires_at": asked.expires_at,
        "money": state.money,
        "mode": asked.mode,
    }


async def test_the_books_never_add_up_tests_and_real_money(world: World) -> None:
    """Both of one merchant: what its customers have really paid must not hold a test."""
    made = {
        "orange": (await world.pay(TO_ORANGE, who="test")).json["id"],
        "mtn": (await world.pay(TO_MTN, who="live")).json["id"],
    }
    for provider, payment_id in made.items():
        await succeed(world, payment_id, provider)
    position = await world.caught_up()

    async def holders(query: str) -> list[tuple[str, str, str]]:
        balance = (await world.get(f"/v1/accounts?{query}", who="accountant")).json
        assert balance["is_balanced"]
        accounts = balance["accounts"]
        return [(one["account"], one["holder"], one["balance"]) for one in accounts]

    live = [("411", "mer_1", "-1500"), ("552", "mtn", "1500")]
    test = [("411", "mer_1", "-1500"), ("552", "orange", "1500")]
    for as_of in ("", f"&as_of={position}"):
        assert await holders(f"mode=live{as_of}") == live
        assert await holders(f"mode=test{as_of}") == test
        assert await holders(as_of.lstrip("&")) == live


async def test_the_metrics_never_add_up_tests_and_real_money(world: World) -> None:
    tests = [(await world.pay(TO_ORANGE, who="test", key=key)).json["id"] for key in ("a", "b")]
    live = (await world.pay(TO_MTN, who="live")).json["id"]
    for provider, payment_id in (("orange", tests[0]), ("mtn", live)):
        await succeed(world, payment_id, provider)
    position = await world.caught_up()

    async def counted(query: str) -> tuple[str, dict[str, Any]]:
        report = (await world.get(f"/v1/metrics?{query}", who="accountant")).json
        groups = {one["provider"]: one["counts"] for one in report["groups"] if one["currency"]}
        return report["mode"], {name: groups[name] for name in groups if name is not None}

    real = {"mtn": {"succeeded": 1}}
    tried = {"orange": {"succeeded": 1, "requested": 1}}
    for known_at in ("", f"&known_at={position}"):
        assert await counted(known_at.lstrip("&")) == ("live", real)
        assert await counted(f"mode=live{known_at}") == ("live", real)
        assert await counted(f"mode=test{known_at}") == ("test", tried)


async def succeed(world: World, payment_id: str, provider: str) -> None:
    """Let a payment be submitted and paid."""
    soon = world.services.clock()
    word = Evidence(
        source=Source.POLL,
        provider=provider,
        reference=f"r-{provider}",
        word=Word.SUCCEEDED,
        amount="1500",
        currency="XAF",
        provider_transaction_id="1",
    )
    for command in (
        commands.StartSubmission(
            payment_id=payment_id, provider=provider, reference=f"r-{provider}", inquire_at=soon
        ),
        commands.RecordEvidence(payment_id=payment_id, evidence=word),
    ):
        await world.services.handler.handle(command, context=CONTEXT)


async def test_one_idempotency_key_may_stand_for_a_test_and_for_a_real_payment(
    world: World,
) -> None:
    test = await world.pay(TO_ORANGE, key="order-1", who="test")
    live = await world.pay(TO_MTN, key="order-1", who="live")

    assert [test.status, live.status] == [202, 202]
    assert live.json["id"] == payment_id_of("mer_1", "order-1")
    assert test.json["id"] == payment_id_of("mer_1", "order-1", is_apart=True)
    # And each key finds its own again by it; staff finds both, or those of a mode.
    query = "idempotency_key=order-1&merchant_id=mer_1"
    for who, more, found in (
        ("test", "", [test]),
        ("live", "", [live]),
        ("mer_1", "", [live]),
        ("admin", "", [live, test]),
        ("admin", "&mode=test", [test]),
        ("admin", "&mode=live", [live]),
    ):
        listed = (await world.get(f"/v1/payments?{query}{more}", who=who)).json["payments"]
        assert [one["id"] for one in listed] == [one.json["id"] for one in found]


async def test_a_test_key_ends_no_live_key(world: World) -> None:
    live = world.keys["live"].split("_")[3]
    for verb in ("rotate", "revoke"):
        answer = await world.ask("POST", f"/v1/keys/{live}/{verb}", who="test", json={})
        assert (answer.status, answer.code) == (404, "unknown_key")
    assert (await world.get("/v1/payments", who="live")).status == 200


async def test_routes_are_told_for_the_keys_own_mode(world: World) -> None:
    plans = {}
    for who in ("test", "live", "admin"):
        answer = await world.get(f"/v1/operators?phone=%2B{MTN_PHONE[1:]}", who=who)
        plan = answer.json["collection"]["plan"]
        plans[who] = [one["provider"] for one in plan]

    assert plans == {"test": [], "live": ["mtn"], "admin": ["mtn"]}


async def test_in_development_everything_is_for_trying_and_no_key_is_live(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_world(settings_in(tmp_path), clock=clock, is_in_memory=True) as world:
        await world.add_key("test", "merchant", "mer_1", mode="test")
        await world.add_key("live", "merchant", "mer_1", mode="live")
        made = await world.pay(who="test")

        assert (made.status, made.json["mode"]) == (202, "test")
        assert made.json["id"] == payment_id_of("mer_1", "order-1")
        assert (await world.get(made.headers["Location"], who="mer_1")).status == 200
        assert (await world.get("/v1/payments", who="live")).status == 401


async def test_in_development_a_provider_that_moves_real_money_is_reached_by_nobody(
    tmp_path: Path, clock: FakeClock
) -> None:
    tables = PROVIDER_TABLES | {"mtn": REAL_MTN}
    settings = settings_in(tmp_path, provider_tables=tables)
    async with a_world(settings, clock=clock, is_in_memory=True) as world:
        guessed = await world.pay(TO_MTN)
        named = await world.pay(a_payment(provider="mtn"))

        assert [guessed.code, named.code] == ["operator_not_served"] * 2


async def test_what_was_asked_for_as_a_test_is_left_alone_by_who_moves_real_money_since(
    tmp_path: Path, clock: FakeClock
) -> None:
    """Whatever the worklist says: it is never submitted, asked about, or confirmed there."""
    async with a_world(settings_in(tmp_path), clock=clock, is_in_memory=True) as world:
        services = world.services
        mtn = services.adapters["mtn"]
        serving = Serving.everything_as("live", {"mtn": mtn})
        recorder = Recorder(services.handler, services.vault)
        url = "https://pay.example"
        made = {
            kind: (await world.pay(TO_MTN, key=kind)).json["id"] for kind in ("submit", "inquire")
        }
        soon = clock()
        await services.handler.handle(
            commands.StartSubmission(
                payment_id=made["inquire"], provider="mtn", reference="r-1", inquire_at=soon
            ),
            context=CONTEXT,
        )
        before = await services.store.position()
        with captured_logs() as written:
            for kind, reactor in (
                ("submit", Dispatcher(recorder, serving, clock=clock, public_url=url)),
                ("inquire", Poller(recorder, serving, clock=clock, public_url=url)),
            ):
                await reactor.perform(Due(kind, made[kind], "mtn", soon, 9))
        missing = [json.loads(line) for line in written.getvalue().splitlines()]
        states = [(await services.handler.payment(one))[0].status for one in made.values()]

        assert await services.store.position() == before
        assert states == [Status.REQUESTED, Status.SUBMITTING]
        assert [(one["event"], one["provider"], one["mode"]) for one in missing] == [
            ("dispatch.provider_missing", "mtn", "test"),
            ("polling.provider_missing", "mtn", "test"),
        ]


@pytest.mark.parametrize(
    ("served", "status"), [("test", Status.SUCCEEDED), ("live", Status.PENDING)]
)
async def test_a_proof_of_the_other_mode_is_no_evidence(
    tmp_path: Path, clock: FakeClock, served: Mode, status: Status
) -> None:
    """Whoever tries things out knows the secrets of that, and pays for nothing by them."""
    async with a_world(settings_in(tmp_path), clock=clock, is_in_memory=True) as world:
        services = world.services
        payment_id = (await world.pay(TO_ORANGE)).json["id"]
        named = {"payment_id": payment_id, "reference": "r-1", "inquire_at": clock()}
        for command in (
            commands.StartSubmission(provider="orange", **named),
            commands.ConfirmSubmission(
                sealed_handle=None,
                token_digest=services.vault.digest(TOKEN_PURPOSE, b"a-token"),
                **named,
            ),
        ):
            await services.handler.handle(command, context=CONTEXT)
        news = {"status": "SUCCESS", "notif_token": "a-token", "txnid": "MP1"}
        await world.ask("POST", f"/webhooks/orange/{payment_id}/r-1", json=news)
        (webhook,) = (
            one.stream.removeprefix("webhook-")
            for one in await services.store.read(0, 1000)
            if one.type == "webhook.received"
        )
        orange = {"orange": services.adapters["orange"]}
        translator = Translator(
            Recorder(services.handler, services.vault),
            orange,
            serving=Serving.everything_as(served, orange),
            clock=clock,
        )
        await translator.perform(Due("translate", webhook, "orange", clock(), 9))
        last = (await services.store.read_stream(f"webhook-{webhook}"))[-1].event
        state, _ = await services.handler.payment(payment_id)

    assert state.status is status
    assert isinstance(last, WebhookOrphaned) is (served == "live")


async def test_nothing_of_others_is_given_up_while_it_may_have_been_paid_in_a_lost_part(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_world(settings_in(tmp_path), clock=clock, is_in_memory=True) as world:
        services, hour = world.services, timedelta(hours=1)
        payment_id = (await world.pay(TO_MTN)).json["id"]
        await world.caught_up()
        work = cast("LapsedWork", services.worklist)
        live = Serving.everything_as("live", services.adapters)
        queue = Lapsed(work, live.modes(), Recorder(services.handler, services.vault))

        async def lapsed(ahead: timedelta) -> list[str]:
            now = clock() + ahead
            leased = await queue.lease("", None, holder="x", limit=9, now=now, seconds=1)
            return [one.stream_id for one in leased]

        assert [await lapsed(timedelta(0)), await lapsed(hour)] == [[], [payment_id]]
        command = RecordRestoration(since=clock(), until=clock() + 5 * hour, at=clock())
        await services.handler.handle(command, context=CONTEXT)
        assert [await lapsed(2 * hour), await lapsed(5 * hour)] == [[], [payment_id]]
