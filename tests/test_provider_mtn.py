"""The MTN adapter against the MTN sandbox: the contract, and what is MTN's own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from adapters.base import Accepted, Charge, Declined, Final, NotSent, Unknown, WebhookCall
from adapters.providers.mtn import MtnAdapter, Settings
from adapters.sandbox.faults import Faults
from adapters.sandbox.mtn import MtnSandbox
from adapters.sandbox.mtn_rules import MtnSandboxSettings
from adapters.sandbox.timer import ManualTimer
from ledger.evidence import Word
from ledger.money import Money
from tests.callback_receiver import CallbackReceiver
from tests.contracts.provider import Ending, ProviderContract, World
from tests.replay import PAYMENT_ID, a_charge, opening

PAYERS: dict[Ending, str] = {
    "paid": "+46733120000",
    "refused": "+46733123451",
    "expired": "+46733123452",
}


@dataclass(kw_only=True)
class MtnWorld(World):
    """The MTN sandbox at a fixed port, with books in a file."""

    sandbox: MtnSandbox
    timer: ManualTimer
    receiver: CallbackReceiver
    adapter: MtnAdapter

    def charge(self, ending: Ending) -> Charge:
        path = f"/webhooks/mtn/{PAYMENT_ID}/{self.adapter.reference_for(PAYMENT_ID, 1)}"
        return a_charge(phone=PAYERS[ending], callback_url=self.receiver.url(path))

    async def end(self, reference: str, accepted: Accepted, ending: Ending) -> None:
        before = len(self.receiver.received)
        self.timer.advance(60)
        for one in (await self.receiver.until(before + 1))[before:]:
            path = tuple(one.path.split("/")[3:])
            self.notified.append(
                WebhookCall(method=one.method, path=path, headers=one.headers, body=one.body)
            )

    async def weather(self, faults: Faults) -> None:
        await self.sandbox.stop()
        self.sandbox = MtnSandbox(
            self.sandbox.settings, clock=self.timer.clock, faults=faults, timer=self.timer
        )
        await self.sandbox.start()

    async def leave(self) -> None:
        await self.sandbox.stop()

    def expire_tokens(self) -> None:
        self.timer.advance(2 * 3600)

    def known(self) -> set[str]:
        warmed = self.adapter.reference_for("pay_" + "b" * 26, 99)
        return set(self.sandbox.books.payments) - {warmed}

    def times_charged(self) -> int:
        booked = self.sandbox.books.payments.values()
        return sum(one.status == "SUCCESSFUL" for one in booked)


@asynccontextmanager
async def a_world(
    folder: Path, *, changes: dict[str, Any] | None = None, **switches: Any
) -> AsyncIterator[MtnWorld]:
    """Open a world; `switches` are the sandbox's, `changes` the adapter's settings."""
    timer = ManualTimer()
    settings = MtnSandboxSettings.model_validate(
        {"decide_after_seconds": 30, "books_path": folder / "mtn.jsonl"} | switches
    )
    first = MtnSandbox(settings, clock=timer.clock, timer=timer)
    async with CallbackReceiver() as receiver:
        await first.start()
        user, key = first.provision("localhost")
        port = int(first.url.rpartition(":")[2])
        fixed = settings.model_copy(update={"port": port})
        await first.stop()
        sandbox = MtnSandbox(fixed, clock=timer.clock, timer=timer)
        await sandbox.start()
        secrets = (settings.subscription_keys[0], user, key)
        adapter_settings = Settings.model_validate(
            {
                "base_url": sandbox.url,
                "subscription_key": settings.subscription_keys[0],
                "api_user": user,
                "api_key": key,
                "target_environment": settings.target_environment,
                "callback_host": "localhost",
                "call_timeout_seconds": 0.5,
            }
            | (changes or {})
        )
        exchanges: list[Any] = []
        adapter = MtnAdapter(adapter_settings, opening(observe=exchanges))
        world = MtnWorld(
            adapter=adapter,
            exchanges=exchanges,
            secrets=secrets,
            sandbox=sandbox,
            timer=timer,
            receiver=receiver,
        )
        try:
            yield world
        finally:
            await adapter.close()
            await world.sandbox.stop()


class TestMtn(ProviderContract):
    """The contract."""

    @asynccontextmanager
    async def open_world(self, folder: Path) -> AsyncIterator[World]:
        async with a_world(folder) as world:
            yield world

    def refused_at_once(self, world: World) -> Charge:
        return a_charge(money=Money(1500, "XAF"))


@pytest.mark.parametrize("shape", ["string", "object"])
@pytest.mark.parametrize(
    ("payer", "word", "code"),
    [
        ("+46733123450", Word.FAILED, "INTERNAL_PROCESSING_ERROR"),
        ("+46733123451", Word.FAILED, "APPROVAL_REJECTED"),
        ("+46733123452", Word.EXPIRED, "EXPIRED"),
        ("+46733123455", Word.FAILED, "PAYER_NOT_FOUND"),
        ("+46733123463", Word.FAILED, "COULD_NOT_PERFORM_TRANSACTION"),
    ],
)
async def test_each_failure_keeps_mtns_code_in_either_shape_of_reason(
    tmp_path: Path, shape: str, payer: str, word: Word, code: str
) -> None:
    async with a_world(tmp_path, reason_shape=shape) as world:
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        await world.adapter.submit(a_charge(phone=payer, callback_url=None), reference)
        world.timer.advance(60)
        final = await world.adapter.inquire(reference, None)
    assert isinstance(final, Final)
    assert (final.word, final.code, final.amount, final.currency) == (word, code, "12.5", "EUR")


@pytest.mark.parametrize(
    ("payer", "expected"),
    [
        ("+46733123455", Declined),
        ("+46733123457", Declined),
        ("+46733123460", Declined),
        ("+46733123461", Unknown),
        ("+46733123462", Unknown),
        ("+46733123463", Unknown),
    ],
)
async def test_what_fails_at_once_is_declined_only_if_mtn_says_why(
    tmp_path: Path, payer: str, expected: type[Declined | Unknown]
) -> None:
    async with a_world(tmp_path, scenarios_at_post=True) as world:
        outcome = await world.adapter.submit(
            a_charge(phone=payer, callback_url=None), world.adapter.reference_for(PAYMENT_ID, 1)
        )
        assert isinstance(outcome, expected)
        assert world.known() == set()


@pytest.mark.parametrize("shape", ["error", "gateway", "empty"])
async def test_a_token_is_renewed_after_a_401_of_any_shape(tmp_path: Path, shape: str) -> None:
    async with a_world(tmp_path, bearer_error_shape=shape) as world:
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        await world.adapter.inquire(reference, None)
        world.expire_tokens()
        outcome = await world.adapter.submit(a_charge(callback_url=None), reference)
    assert outcome == Accepted()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"subscription_key": "f" * 32},
            (
                "no access token: status 401: Access denied due to invalid subscription key. "
                "Make sure to provide a valid key for an active subscription."
            ),
        ),
        ({"api_key": "f" * 32}, "no access token: status 500: login_failed"),
    ],
)
async def test_wrong_credentials_send_nothing_and_say_so(
    tmp_path: Path, changes: dict[str, str], told: str
) -> None:
    async with a_world(tmp_path, changes=changes) as world:
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        assert await world.adapter.submit(a_charge(), reference) == NotSent(told)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"target_environment": "mtncameroon"}, "NOT_ALLOWED_TARGET_ENVIRONMENT"),
        ({"callback_host": "pay.example"}, "INVALID_CALLBACK_URL_HOST"),
    ],
)
async def test_a_wrong_environment_or_callback_host_is_declined_by_name(
    tmp_path: Path, changes: dict[str, str], code: str
) -> None:
    async with a_world(tmp_path, changes=changes) as world:
        charge = a_charge(callback_url=f"https://pay.example/webhooks/mtn/{PAYMENT_ID}/x")
        outcome = await world.adapter.submit(charge, world.adapter.reference_for(PAYMENT_ID, 1))
        assert isinstance(outcome, Declined)
        assert (outcome.code, outcome.is_technical, world.known()) == (code, True, set())


async def test_a_payment_without_an_answer_is_not_sent_again_by_itself(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        await world.adapter.inquire(reference, None)
        await world.weather(Faults(connection_reset_before=1))
        outcome = await world.adapter.submit(a_charge(callback_url=None), reference)
        posts = [one for one in world.exchanges if one.path.endswith("/requesttopay")]
    assert (type(outcome), len(posts)) == (Unknown, 1)


async def test_status_calls_stay_below_mtns_limit(tmp_path: Path) -> None:
    async with a_world(tmp_path, changes={"call_timeout_seconds": 10}) as world:
        # The sandbox counts by its own time, which stands still: the eleventh call is refused.
        asked = [
            await world.adapter.inquire(world.adapter.reference_for(PAYMENT_ID, number), None)
            for number in range(1, 12)
        ]
    assert asked[-1] == Unknown("status 429: Rate limit is exceeded. Try again in 1 seconds.")
