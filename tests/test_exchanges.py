"""Raw evidence: what is kept of an exchange is what went over the wire, but for its secrets."""

import re
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from adapters.sandbox.faults import Faults
from adapters.sandbox.hub2_rules import Hub2SandboxSettings
from adapters.sandbox.mtn_rules import MtnSandboxSettings
from adapters.sandbox.orange_rules import OrangeSandboxSettings
from adapters.sandbox.wave_rules import WaveSandboxSettings
from adapters.transcript import MASK
from api.exchanges import Kept, exchanges_of, grouped, read_sealed
from ledger.entry import RecordedEvent
from ledger.errors import ErasedError
from ledger.events import ExchangeRecorded
from ledger.exchange import Written, check
from ledger.store import replay
from tests.api_world import World, a_payment, captured_logs
from tests.tap import Passed, Tap
from tests.test_api_route import a_living_world, bytes_of, settled

PAYERS: dict[str, dict[str, Any]] = {
    "mtn": a_payment(provider="mtn", payer={"phone": "+237650000001"}),
    "orange": a_payment(provider="orange", payer={"phone": "+237690000001"}),
    "wave": a_payment(provider="wave", currency="XOF", payer={"phone": "+221770000001"}),
    "hub2": a_payment(provider="hub2", currency="XOF", payer={"phone": "+2250700000001"}),
}


async def every_exchange(world: World) -> list[Kept]:
    """Everything that was kept, of payments and of providers."""
    recorded: list[RecordedEvent] = [one async for one in replay(world.services.store)]
    streams = {one.stream for one in recorded if isinstance(one.event, ExchangeRecorded)}
    return [
        kept
        for name in sorted(streams)
        for kept in grouped(x for x in recorded if x.stream == name)
    ]


async def opened(world: World, kept: Kept) -> Written:
    """Open one, whose hashes must agree."""
    parts = [one.event for one in kept.parts if isinstance(one.event, ExchangeRecorded)]
    written = await read_sealed(world.services.vault, parts)
    assert all(check(kept.told, written))
    return written


def is_the_same(kept: bytes, went: bytes) -> bool:
    """Whether bytes are those that went, with something in the place of every mask."""
    pattern = b"(.+?)".join(re.escape(one) for one in kept.split(MASK.encode()))
    return re.fullmatch(pattern, went, re.DOTALL) is not None


async def pay_everybody(world: World) -> dict[str, str]:
    """Take one payment with each provider, and see each accepted or paid; provider -> id."""
    payments = {}
    for name, wanted in PAYERS.items():
        answer = await world.pay(wanted, key=f"order-{name}")
        assert answer.status == 202, answer.body
        payments[name] = str(answer.json["id"])
    for name, payment_id in payments.items():
        await settled(world, payment_id, "succeeded" if name == "mtn" else "pending", "succeeded")
    await world.get("/v1/balances", who="accountant")
    await world.services.keeper.idle()
    return payments


async def test_what_was_kept_is_what_went_over_the_wire_and_no_secret_is_in_it(
    tmp_path: Path,
) -> None:
    async with AsyncExitStack() as stack:
        logs = stack.enter_context(captured_logs())
        taps = {name: await stack.enter_async_context(Tap()) for name in PAYERS}
        tables = {name: {"base_url": tap.url} for name, tap in taps.items()}
        world, running = await stack.enter_async_context(
            a_living_world(tmp_path, Faults.none(), tables=tables)
        )
        for one in running:
            if one.provider in taps:
                taps[one.provider].target = one.server.url
        payments = await pay_everybody(world)
        passed = {name: tap.passed for name, tap in taps.items()}
        kept = [one for one in await every_exchange(world) if one.told.provider in taps]
        pairs = [(one, await opened(world, one)) for one in kept]
        files, lines = bytes_of(tmp_path), logs.getvalue()
    unmatched: list[Passed] = []
    left = list(pairs)
    for name, went in passed.items():
        for pair in went:
            for candidate in left:
                found, written = candidate
                assert written.answer is not None
                if (
                    found.told.provider == name
                    and is_the_same(written.request.wire, pair.request)
                    and is_the_same(written.answer.wire, pair.answer)
                ):
                    left.remove(candidate)
                    break
            else:
                unmatched.append(pair)
    assert (unmatched, left) == ([], [])
    assert {name: len(went) > 1 for name, went in passed.items()} == dict.fromkeys(PAYERS, True)
    assert {one.told.payment_id for one, _ in pairs} == {None, *payments.values()}
    # With the person's own key the number is there; without, it is not.
    for name, wanted in PAYERS.items():
        digits = wanted["payer"]["phone"].removeprefix("+")
        ours = [written for one, written in pairs if one.told.payment_id == payments[name]]
        everybodys = [written for one, written in pairs if one.told.payment_id is None]
        national = digits[3:].encode()
        if name in {"mtn", "hub2"}:
            assert any(national in one.request.wire for one in ours), name
        assert not any(national in _bytes_of(one) for one in everybodys)
        assert national not in files
        assert national not in lines
    secrets = [
        *(MtnSandboxSettings().subscription_keys[0], OrangeSandboxSettings().client_secret),
        *(OrangeSandboxSettings().merchant_key, WaveSandboxSettings().api_key),
        Hub2SandboxSettings().api_key,
    ]
    told = b"".join(_bytes_of(written) for _, written in pairs)
    assert [one for one in secrets if one.encode() in told + files + lines] == []
    assert b"eyJ" not in told, "a token of MTN's begins like this"


def _bytes_of(written: Written) -> bytes:
    return written.request.wire + (b"" if written.answer is None else written.answer.wire)


async def test_whoever_is_erased_takes_the_bytes_along_and_leaves_the_hashes(
    tmp_path: Path,
) -> None:
    async with a_living_world(tmp_path, Faults.none()) as (world, _):
        payment_id = str((await world.pay(PAYERS["mtn"])).json["id"])
        await settled(world, payment_id, "succeeded")
        await world.add_key("operator", "operator")
        path = f"/v1/payments/{payment_id}/exchanges"
        first = (await world.get(path)).json["exchanges"][0]
        before = await world.get(f"{path}/{first['exchange']}", who="auditor")
        state, _ = await world.services.handler.payment(payment_id)
        assert await world.services.vault.erase(state.requested.payer)
        after = await world.get(f"{path}/{first['exchange']}", who="operator")
        listed = (await world.get(path)).json["exchanges"][0]
        kept = await exchanges_of(world.services.store, payment_id)
        with pytest.raises(ErasedError):
            await opened(world, kept[0])
    assert (before.json["is_erased"], before.json["hashes_agree"]) == (False, True)
    assert "237650000001" in before.json["request"]["body_text"]
    # The key went; that somebody was erased, no event says.
    assert (after.status, after.json["is_erased"], after.json["hashes_agree"]) == (200, False, None)
    assert (after.json["request"], after.json["answer"]) == (None, None)
    assert listed == first == after.json["summary"]
