"""What accountants, auditors, operators and machines ask: the log, the books, rates, readiness."""

import hashlib
from base64 import b64decode
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest

from ledger.errors import StoreUnavailableError
from ledger.evidence import Word
from ledger.merkle import TreeBuilder, leaf_hash
from ledger.sentences import Sentence
from tests.api_world import ORANGE_PHONE, World, a_payment, a_world, settings_in
from tests.conftest import FakeClock
from tests.test_api_payments import paid


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with a_world(settings_in(tmp_path), clock=clock) as made:
        yield made


async def test_the_log_is_given_verbatim_in_pages(world: World) -> None:
    await world.pay()
    stored = [row.entry for row in await world.services.store.read_raw(0)]

    lines: list[bytes] = []
    after = 0
    while True:
        answer = await world.get(
            f"/v1/events?after={after}&limit=3",
            who="auditor",
            headers={"Accept": "application/x-ndjson"},
        )
        page = answer.body.splitlines()
        lines += page
        after += len(page)
        if len(page) < 3:
            break

    assert lines == stored
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert answer.headers["Cauri-Position"] == str(len(stored))


async def test_the_log_as_json_holds_the_same_entries(world: World) -> None:
    stored = [row.entry for row in await world.services.store.read_raw(0)]

    page = await world.get("/v1/events?after=2&limit=2", who="auditor")

    assert page.json == {
        "position": len(stored),
        "entries": [orjson.loads(entry) for entry in stored[2:4]],
        "next_after": 4,
    }
    assert stored[2] in page.body


async def test_an_auditor_can_hash_what_he_was_given_to_the_checkpoint(world: World) -> None:
    await world.pay()

    log = await world.get(
        "/v1/events?limit=200", who="auditor", headers={"Accept": "application/x-ndjson"}
    )
    checkpoint = (await world.get("/v1/log/checkpoint", who="auditor")).json

    tree = TreeBuilder()
    tree.extend([leaf_hash(line) for line in log.body.splitlines()])
    assert (checkpoint["size"], checkpoint["root_hex"]) == (tree.size, tree.root().hex())
    assert b64decode(checkpoint["root_base64"]).hex() == checkpoint["root_hex"]
    assert checkpoint["published"] is None


async def test_the_trial_balance_sums_to_zero_now_and_as_of_every_position(
    world: World, clock: FakeClock
) -> None:
    bread = (await world.pay(key="a")).json["id"]
    clock.advance(60)
    await paid(world, bread)
    last = await world.caught_up()

    now = (await world.get("/v1/accounts", who="accountant")).json
    before = (await world.get(f"/v1/accounts?as_of={last - 1}", who="accountant")).json
    at = (await world.get("/v1/accounts?as_of=2026-03-01T12:00:30Z", who="accountant")).json

    def line(account: str, french: str, english: str, holder: str, debit: str, credit: str):  # type: ignore[no-untyped-def]
        return {
            "account": account,
            "name_fr": french,
            "name_en": english,
            "holder": holder,
            "holder_name": {"mer_1": "A shop", "mtn": "MTN MoMo"}[holder],
            "currency": "XAF",
            "debit": debit,
            "credit": credit,
            "balance": debit if credit == "0" else f"-{credit}",
        }

    assert now == {
        "position": last,
        "as_of": None,
        "known_at": None,
        "effective_from": None,
        "effective_to": None,
        "mode": "test",
        "accounts": [
            line("411", "Clients", "Customers", "mer_1", "0", "1500"),
            line(
                "552",
                "Monnaie électronique - téléphone portable",
                "Mobile money wallets",
                "mtn",
                "1500",
                "0",
            ),
        ],
        "totals": [{"currency": "XAF", "debit": "1500", "credit": "1500", "balance": "0"}],
        "is_balanced": True,
    }
    assert (before["accounts"], before["is_balanced"]) == ([], True)
    assert (at["accounts"], at["is_balanced"]) == ([], True)


async def test_rates_are_given_with_four_decimals_at_most(world: World) -> None:
    for name, word in (("a", Word.SUCCEEDED), ("b", Word.SUCCEEDED), ("c", Word.FAILED)):
        await paid(world, (await world.pay(key=name)).json["id"], word)
    last = await world.services.store.position()

    report = (await world.get(f"/v1/metrics?min_position={last}", who="operator")).json

    assert {one["success_rate"] for one in report["groups"]} == {0.6667}
    assert {one["failure_rate"] for one in report["groups"]} == {0.3333}


async def test_the_metrics_count_rates_and_amounts(world: World, clock: FakeClock) -> None:
    bread = (await world.pay(key="a")).json["id"]
    milk = (await world.pay(key="b")).json["id"]
    await world.pay(a_payment(payer={"phone": ORANGE_PHONE}), key="c")
    clock.advance(10)
    await paid(world, bread)
    await paid(world, milk, Word.FAILED)
    last = await world.services.store.position()

    report = (
        await world.get(f"/v1/metrics?window_seconds=3600&min_position={last}", who="operator")
    ).json

    [mtn] = [
        group
        for group in report["groups"]
        if (group["provider"], group["currency"]) == ("mtn", "XAF")
    ]
    [everything] = [
        group
        for group in report["groups"]
        if group["provider"] is None and group["currency"] is None
    ]
    assert mtn == {
        "provider": "mtn",
        "currency": "XAF",
        "counts": {"succeeded": 1, "failed": 1},
        "amounts": {"succeeded": "1500", "failed": "1500"},
        "oldest_open_seconds": None,
        "final_counts": {"succeeded": 1, "failed": 1},
        "success_rate": 0.5,
        "failure_rate": 0.5,
        "succeeded": "1500",
        "p50_ms": 10_000,
        "p95_ms": 10_000,
        "p99_ms": 10_000,
    }
    assert everything["counts"] == {"succeeded": 1, "failed": 1, "requested": 1}
    assert (everything["amounts"], everything["oldest_open_seconds"]) == (None, 10.0)


async def test_a_healthy_server_is_alive_and_ready(world: World) -> None:
    last = await world.caught_up()

    alive = await world.get("/healthz", who=None)
    ready = await world.get("/readyz", who=None)

    assert (alive.status, alive.json) == (200, {"status": "ok"})
    assert (ready.status, ready.json) == (
        200,
        {
            "status": "ready",
            "position": last,
            "subscriptions": [{"name": "projections", "state": "live", "position": last}],
            "reasons": [],
        },
    )


async def test_a_projection_that_stalls_makes_the_server_unready_but_payments_go_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise ValueError("this fold is broken")

    monkeypatch.setattr(world.services.accounts, "apply", fail)
    answer = await world.pay()
    position = answer.json["position"]
    for _ in range(400):
        ready = await world.get("/readyz", who=None)
        if any("accounts" in reason for reason in ready.json["reasons"]):
            break
        await world.services.projections.wait_for(position + 1, 0.05)

    assert (ready.status, ready.json["status"]) == (503, "not_ready")
    assert any("accounts" in reason for reason in ready.json["reasons"])
    page = (await world.get("/metrics", who=None)).body.decode()
    assert 'cauri_projection_stalled{projection="accounts"} 1.0' in page
    assert 'cauri_projection_stalled{projection="payments"} 0.0' in page
    assert (await world.pay(key="order-2")).status == 202
    assert (await world.get(answer.headers["Location"])).status == 200


async def test_a_list_that_is_behind_says_so_instead_of_lying(
    world: World, tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise StoreUnavailableError(
            Sentence("The database is locked by another program."), Sentence("Find it.")
        )

    monkeypatch.setattr(world.services.projections, "handle", fail)
    object.__setattr__(
        world.services, "settings", world.services.settings.with_changes(wait_seconds_max=0.05)
    )
    position = (await world.pay()).json["position"]

    answer = await world.get(f"/v1/payments?min_position={position}")

    assert (answer.status, answer.code) == (503, "projection_behind")
    assert answer.headers["Retry-After"] == "1"


async def test_prometheus_finds_requests_positions_and_work(world: World) -> None:
    await world.pay()
    await world.caught_up()

    page = (await world.get("/metrics", who=None)).body.decode()

    assert (
        'cauri_http_request_seconds_count{method="POST",route="/v1/payments",status="202"} 1.0'
        in page
    )
    assert 'cauri_subscription_position{subscription="projections"}' in page
    assert (
        'cauri_payments{currency="XAF",kind="collection",mode="test",provider="mtn",'
        'status="requested"} 1.0' in page
    )
    assert 'cauri_oldest_open_seconds{mode="test"} 0.0' in page


async def test_prometheus_finds_the_breakers_that_are_open(world: World) -> None:
    payouts = world.services.ways.of("mtn", "payout").breaker
    world.services.ways.of("mtn", "collection")
    while (permit := payouts.admit()) is not None:
        payouts.settle(permit, is_success=False)

    page = (await world.get("/metrics", who=None)).body.decode()
    ready = await world.get("/readyz", who=None)

    assert 'cauri_breaker_open{power="payout",provider="mtn"} 1.0' in page
    assert 'cauri_breaker_open{power="collection",provider="mtn"} 0.0' in page
    assert ready.status == 200


async def test_two_servers_in_one_process_do_not_share_figures(
    tmp_path: Path, clock: FakeClock, world: World
) -> None:
    other_folder = tmp_path / "other"
    other_folder.mkdir()
    async with a_world(settings_in(other_folder), clock=clock) as other:
        await other.pay()

        mine = (await world.get("/metrics", who=None)).body.decode()

    assert 'route="/v1/payments"' not in mine


async def test_a_checkpoint_is_signed_where_a_key_is_set_up(
    tmp_path: Path, clock: FakeClock
) -> None:
    from ledger.checkpoint import Signer, open_checkpoint

    signer = Signer("ledger.example/log", hashlib.sha256(b"a synthetic seed").digest())
    key_file = tmp_path / "signing.key"
    key_file.write_text(signer.private_text())
    settings = settings_in(tmp_path, signing_key_file=key_file, log_name="ledger.example/log")
    async with a_world(settings, clock=clock) as world:
        told = (await world.get("/v1/log/checkpoint", who="auditor")).json

    checkpoint, _ = open_checkpoint(told["note"], [signer.verifier], origin="ledger.example/log")
    assert (checkpoint.size, checkpoint.root.hex()) == (told["size"], told["root_hex"])
