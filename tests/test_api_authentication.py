"""Who may ask for what: keys, roles, and what is the same for every wrong key."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from api.authentication import Authenticator, new_key
from api.errors import ProblemError
from api.route import TAIL, Route
from api.routes import ROUTES
from ledger import commands
from ledger.handling import Handler
from ledger.memory import MemoryEventStore
from ledger.store import Clock, EventStore
from tests.api_world import CONTEXT, World, a_world, settings_in
from tests.conftest import FakeClock

EVERYBODY = {"mer_1", "accountant", "auditor", "operator", "admin"}
STAFF = EVERYBODY - {"mer_1"}
LOG = {"auditor", "admin"}
CARING = {"mer_1", "operator", "admin"}
SETTLING = {"operator", "admin"}

MATRIX = {
    ("POST", "/v1/payments"): {"mer_1"},
    ("GET", "/v1/payments"): EVERYBODY,
    ("GET", "/v1/payments/{payment_id}"): EVERYBODY,
    ("GET", "/v1/payments/{payment_id}/events"): EVERYBODY,
    ("POST", "/v1/payments/{payment_id}/confirmation"): {"mer_1"},
    ("POST", "/v1/payments/{payment_id}/cancellation"): {"mer_1"},
    ("POST", "/v1/payouts/{payment_id}/cancellation"): {"mer_1"},
    ("POST", "/v1/refunds/{payment_id}/cancellation"): {"mer_1"},
    ("POST", "/v1/payments/{payment_id}/refunds"): {"mer_1"},
    ("GET", "/v1/payments/{payment_id}/refunds"): EVERYBODY,
    ("GET", "/v1/refunds"): EVERYBODY,
    ("GET", "/v1/refunds/{payment_id}"): EVERYBODY,
    ("GET", "/v1/notices"): {"mer_1"},
    ("GET", "/v1/events/stream"): {"mer_1"},
    ("POST", "/v1/payouts"): {"mer_1"},
    ("GET", "/v1/payouts"): EVERYBODY,
    ("GET", "/v1/payouts/{payment_id}"): EVERYBODY,
    ("POST", "/v1/checkout-sessions"): {"mer_1"},
    ("GET", "/v1/checkout-sessions"): EVERYBODY,
    ("GET", "/v1/checkout-sessions/{session_id}"): EVERYBODY,
    ("POST", "/v1/checkout-sessions/{session_id}/expire"): {"mer_1"},
    ("GET", "/v1/payments/{payment_id}/support"): EVERYBODY - {"auditor"},
    ("GET", "/v1/payouts/{payment_id}/support"): EVERYBODY - {"auditor"},
    ("GET", "/v1/refunds/{payment_id}/support"): EVERYBODY - {"auditor"},
    ("POST", "/v1/webhook-endpoints"): {"mer_1"},
    ("GET", "/v1/webhook-endpoints"): {"mer_1"},
    ("GET", "/v1/webhook-endpoints/{endpoint_id}"): CARING,
    ("POST", "/v1/webhook-endpoints/{endpoint_id}"): {"mer_1"},
    ("POST", "/v1/webhook-endpoints/{endpoint_id}/delete"): {"mer_1"},
    ("GET", "/v1/webhook-endpoints/{endpoint_id}/messages/{message_id}"): CARING,
    ("POST", "/v1/webhook-endpoints/{endpoint_id}/rotate"): {"mer_1"},
    ("POST", "/v1/webhook-endpoints/{endpoint_id}/disable"): CARING,
    ("POST", "/v1/webhook-endpoints/{endpoint_id}/enable"): CARING,
    ("POST", "/v1/webhook-endpoints/{endpoint_id}/test"): {"mer_1"},
    ("GET", "/v1/webhook-endpoints/{endpoint_id}/messages"): CARING,
    ("POST", "/v1/webhook-endpoints/{endpoint_id}/replay"): CARING,
    ("GET", "/v1/balances"): EVERYBODY,
    ("GET", "/v1/refusals"): EVERYBODY,
    ("GET", "/v1/events"): {"auditor", "admin"},
    ("GET", "/v1/accounts"): {"accountant", "auditor", "admin"},
    ("GET", "/v1/metrics"): STAFF,
    ("POST", "/v1/statements"): STAFF - {"auditor"},
    ("GET", "/v1/statements"): STAFF,
    ("GET", "/v1/statements/{statement_id}"): STAFF,
    ("POST", "/v1/statements/{statement_id}/approval"): STAFF - {"auditor"},
    ("POST", "/v1/statements/{statement_id}/withdrawal"): STAFF - {"auditor"},
    ("GET", "/v1/statements/{statement_id}/lines"): STAFF,
    ("GET", "/v1/statements/{statement_id}/missing"): STAFF,
    ("GET", "/v1/payments/{payment_id}/receipt"): EVERYBODY,
    ("GET", "/v1/payouts/{payment_id}/receipt"): EVERYBODY,
    ("GET", "/v1/refunds/{payment_id}/receipt"): EVERYBODY,
    ("GET", "/v1/log/checkpoint"): EVERYBODY,
    ("GET", "/v1/log/checkpoints"): LOG,
    ("POST", "/v1/log/checkpoints"): LOG,
    ("GET", "/v1/log/keys"): EVERYBODY,
    ("GET", "/v1/log/witnesses"): EVERYBODY,
    ("GET", "/v1/log/verification"): LOG,
    ("GET", "/v1/log/proofs/inclusion"): LOG,
    ("GET", "/v1/log/proofs/consistency"): LOG,
    ("GET", "/checkpoint"): LOG,
    ("GET", f"/tile/entries/{TAIL}"): LOG,
    ("GET", f"/tile/{{level}}/{TAIL}"): LOG,
    ("GET", "/v1/proposals"): STAFF,
    ("POST", "/v1/payments/{payment_id}/notes"): SETTLING,
    ("GET", "/v1/payments/{payment_id}/notes"): STAFF,
    ("POST", "/v1/payments/{payment_id}/notes/{note_id}/approval"): SETTLING,
    ("POST", "/v1/payments/{payment_id}/notes/{note_id}/withdrawal"): SETTLING,
    ("GET", "/v1/payments/{payment_id}/exchanges"): EVERYBODY - {"accountant"},
    ("GET", "/v1/payments/{payment_id}/exchanges/{exchange}"): {"auditor", "operator"},
    ("POST", "/v1/people/erasures"): SETTLING,
    ("GET", "/v1/people/erasures"): SETTLING,
    ("GET", "/v1/people/erasures/{erasure_id}"): SETTLING,
    ("POST", "/v1/people/erasures/{erasure_id}/approval"): SETTLING,
    ("POST", "/v1/people/exports"): SETTLING,
    ("POST", "/v1/people/exports/page"): SETTLING,
    ("GET", "/v1/operators"): EVERYBODY,
    ("GET", "/v1/keys"): {"mer_1", "admin"},
    ("POST", "/v1/keys/{key_id}/rotate"): {"mer_1", "admin"},
    ("POST", "/v1/keys/{key_id}/revoke"): {"mer_1", "admin"},
}
"""Operation -> who may. What is not here asks for no key."""


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with a_world(settings_in(tmp_path), clock=clock, is_in_memory=True) as made:
        yield made


def test_the_matrix_has_every_operation_that_asks_for_a_key() -> None:
    assert {(route.method, route.path) for route in ROUTES if route.roles is not None} == set(
        MATRIX
    )


NOTHING = {
    "payment_id": "pay_x",
    "key_id": "none",
    "session_id": "cs_x",
    "endpoint_id": "we_x",
    "message_id": "we_x.1",
    "erasure_id": "era_x",
    "note_id": "note_x",
    "statement_id": "stm_x",
    "exchange": "0",
    "level": "63",
    "tail": "000",
}
"""Ids that an address may hold, of things that do not exist."""


def address(path: str, **names: str) -> str:
    """A route's path with names in the places of its parameters."""
    return re.sub(r"{(\w+)(:[^}]*)?}", lambda found: {**NOTHING, **names}[found[1]], path)


async def test_every_role_may_do_what_the_matrix_says_and_nothing_else(world: World) -> None:
    allowed: dict[tuple[str, str], set[str]] = {operation: set() for operation in MATRIX}
    payment_id = (await world.pay()).json["id"]
    for method, path in MATRIX:
        for who in EVERYBODY:
            answer = await world.ask(
                method,
                address(path, payment_id=payment_id),
                who=who,
                headers={"Idempotency-Key": "order-1"},
            )
            assert answer.status != 401
            if answer.status != 403:
                allowed[method, path].add(who)
            else:
                assert answer.code == "forbidden"

    assert allowed == MATRIX


@pytest.mark.parametrize("route", [route for route in ROUTES if route.roles], ids=lambda r: r.name)
async def test_without_a_key_nothing_is_told(world: World, route: Route) -> None:
    answer = await world.ask(
        route.method,
        address(route.path),
        who=None,
    )

    assert (answer.status, answer.code) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="cauri"'


async def test_every_wrong_key_is_refused_alike(world: World) -> None:
    key = world.keys["mer_1"]
    _, role, key_id, secret = key.split("_", 3)
    wrong = [
        f"ck_{role}_{key_id}_{secret[:-1]}",
        f"ck_{role}_{key_id}_{secret}x",
        f"ck_{role}_{key_id}_",
        f"ck_admin_{key_id}_{secret}",
        f"ck_{role}_{'0' * 16}_{secret}",
        f"ck_{role}_{key_id}é_{secret}",
        f"sk_{role}_{key_id}_{secret}",
    ]

    answers = [await world.get("/v1/payments", who=text) for text in wrong]

    assert {(answer.status, answer.json["detail"]) for answer in answers} == {
        (401, "This key is unknown or revoked. Ask the operator of the ledger for a new one.")
    }


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        *((one, "holds no key") for one in ("", "Bearer", "Bearer ", "ck_a_b_c", "Bearer x" * 99)),
        ("Bearer ck_test_merchant_0123456789abcdef", "is not whole"),
        ("Bearer ck_admin", "is not whole"),
    ],
)
async def test_what_is_no_key_is_told_how_to_send_one(
    world: World, header: str, reason: str
) -> None:
    answer = await world.ask("GET", "/v1/payments", headers={"Authorization": header})

    assert (answer.status, answer.code) == (401, "unauthenticated")
    assert reason in answer.json["errors"][0]["reason"]


async def test_the_scheme_is_read_in_any_case(world: World) -> None:
    headers = {"Authorization": f"bearer {world.keys['mer_1']}"}

    assert (await world.ask("GET", "/v1/payments", headers=headers)).status == 200


async def test_a_key_issued_a_moment_ago_is_honoured_at_once(world: World) -> None:
    await world.add_merchant("mer_3", country="CI")

    answer = await world.get("/v1/operators?phone=0505000001", who="mer_3")

    assert (answer.status, answer.json["country"]) == (200, "CI")


def an_authenticator(store: EventStore, clock: Clock, **options: Any) -> Authenticator:
    """What identifies, in a deployment for trying; nobody notes uses."""
    chosen = {"cached_max": 10, "cached_seconds": 5, **options}
    return Authenticator(
        store, clock=clock, default_mode="test", note_use=lambda _key_id: None, **chosen
    )


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_where_the_log_is_not_followed_a_revoked_key_lives_as_long_as_it_is_remembered(
    clock: FakeClock,
) -> None:
    store, seconds = MemoryEventStore(clock=clock), Seconds()
    handler = Handler(store)
    key = new_key("auditor")
    await handler.handle(
        commands.IssueKey(
            key_id=key.key_id, role="auditor", merchant_id=None, secret_digest=key.secret_digest
        ),
        context=CONTEXT,
    )
    authenticator = an_authenticator(store, clock, monotonic=seconds)
    header = f"Bearer {key.text}"
    await authenticator.identify(header)
    await handler.handle(commands.RevokeKey(key_id=key.key_id, reason="lost"), context=CONTEXT)
    seconds.now = 4.9
    await authenticator.identify(header)

    seconds.now = 5.0
    with pytest.raises(ProblemError):
        await authenticator.identify(header)


async def test_no_more_keys_are_remembered_than_allowed(clock: FakeClock) -> None:
    store = MemoryEventStore(clock=clock)
    authenticator = an_authenticator(store, clock, cached_max=3, cached_seconds=60)
    for _ in range(5):
        key = new_key("auditor")
        await Handler(store).handle(
            commands.IssueKey(
                key_id=key.key_id,
                role="auditor",
                merchant_id=None,
                secret_digest=key.secret_digest,
            ),
            context=CONTEXT,
        )
        await authenticator.identify(f"Bearer {key.text}")

    assert len(authenticator._cache) == 3


def test_a_new_key_is_random_and_only_its_digest_is_kept() -> None:
    first, second = new_key("merchant"), new_key("merchant")

    secret = first.text.split("_", 3)[3]
    assert first.text != second.text
    assert len(secret) == 43
    assert secret not in first.secret_digest
    assert len(first.secret_digest) == 64
