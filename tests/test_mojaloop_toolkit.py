"""Adapter and sandbox against Mojaloop's own testing toolkit, through real sockets.

The toolkit is others' software, and knows nothing of us: it checks what we send against its own
documents, quotes as it likes, and opens a condition with a fulfilment of its own making.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from adapters.base import Declined, Final
from adapters.powers import Transfer
from adapters.providers._mojaloop_codes import QUOTE_TOO_DEAR, QUOTE_UNREADABLE
from adapters.providers._mojaloop_payouts import opens
from adapters.providers.mojaloop import MojaloopAdapter, Settings
from adapters.transport import Transport
from ledger.evidence import Word
from ledger.money import Money
from tests.contracts.provider import ready, submit
from tests.contracts.rail import LAST_DIGITS, PAYOUT_ID
from tests.mojaloop_toolkit import BACKEND, OUTBOUND, Sdk, Toolkit
from tests.replay import PAYMENT_ID
from tests.test_provider_mojaloop import SECRET, MojaloopWorld, a_world

PAYOUT = Transfer(
    payment_id=PAYOUT_ID,
    money=Money(1500, "GHS"),
    phone="+233240000001",
    country="GH",
    description="Wages",
    callback_url=None,
)


@asynccontextmanager
async def a_scheme(folder: Path) -> AsyncIterator[tuple[Toolkit, Sdk]]:
    """Open a scheme of two: the toolkit, and we behind an SDK."""
    async with Sdk() as sdk, Toolkit(folder, sdk.url) as toolkit:
        sdk.toolkit_url = toolkit.url
        yield toolkit, sdk


@asynccontextmanager
async def an_adapter(sdk: Sdk, **changes: Any) -> AsyncIterator[MojaloopAdapter]:
    """Open the adapter in front of that SDK; the toolkit's quotes end by the real clock."""
    settings = Settings.model_validate(
        {
            "base_url": f"{sdk.url}/sdk",
            "party_id": "cauri-shop",
            "backend_secret": SECRET,
            "sdk_waits": True,
            **changes,
        }
    )
    opening = partial(Transport, clock=lambda: datetime.now(UTC), is_loopback_only=True)
    adapter = MojaloopAdapter(settings, opening)
    try:
        yield adapter
    finally:
        await adapter.close()


def resource_of(call: str) -> str:
    """A call without what it is about."""
    return "/".join(call.split("/")[:2])


async def play(world: MojaloopWorld) -> None:
    """Go through every scenario, both ways."""
    for number, ending in enumerate(LAST_DIGITS, start=1):
        reference = f"{PAYOUT_ID}.{number}"
        transfer, forbidden = await ready(world.adapter, world.transfer(ending), reference)
        if forbidden is None:
            await world.adapter.pay_out(transfer, reference)
            await world.adapter.inquire_payout(reference, transfer.handle)
        charge = replace(world.charge("paid"), phone=f"+22507000000{LAST_DIGITS[ending]}")
        await submit(world.adapter, charge, f"{PAYMENT_ID}.{number}")
        await world.pass_time()


async def test_it_takes_every_call_that_the_sandbox_makes_to_a_merchants_backend(
    tmp_path: Path,
) -> None:
    async with Toolkit(tmp_path) as toolkit:
        portal = f"{toolkit.url}/portal"
        async with a_world(tmp_path, webhook_url=portal, backend_secret=BACKEND) as world:
            await play(world)
            ends = [(one.ending, one.reason) for one in world.movements("collection")]
        taken = [resource_of(one) for one in await toolkit.taken()]
        refused, why = await toolkit.told("POST", f"/{BACKEND}/quoterequests", {"amount": "1.50"})
        called_home = [line for line in toolkit.lines if b"REFUSED" in line]
    paying = ["POST /quoterequests", "POST /transfers"]
    assert taken == [
        *(*paying, "PUT /transfers"),
        "PUT /requestToPay",
        *(*paying, "PUT /transfers"),
        *(*paying, "PUT /transfers"),
    ]
    assert ends == [
        ("succeeded", None),
        ("failed", "REJECTED"),
        ("failed", "ABORTED"),
        ("expired", "ABORTED"),
        ("succeeded", None),
    ]
    assert (refused, why["errorInformation"]["errorCode"], called_home) == (400, "3100", [])


async def test_it_takes_every_call_that_the_adapter_makes_to_the_sdk(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await play(world)
        await world.adapter.check_account("+2250700000001", "CI")
        (transport,) = world.transports
    async with Toolkit(tmp_path) as toolkit:
        for method, path, body, _ in transport.calls:
            status, answer = await toolkit.told(method, f"/{OUTBOUND}{path}", body)
            assert status == 200, answer
        taken = await toolkit.taken()
        refused = [
            (await toolkit.told(method, f"/{OUTBOUND}{path}", body | {"amount": "15.00"}))[0]
            for method, path, body, _ in transport.calls
            if method == "POST"
        ]
    assert taken == [f"{method} {path}" for method, path, _, _ in transport.calls]
    assert {resource_of(one) for one in taken} == {
        "POST /transfers",
        "PUT /transfers",
        "GET /transfers",
        "POST /requestToPay",
        "PUT /requestToPay",
        "GET /parties",
    }
    assert refused == [400] * 12


async def test_a_payout_to_it_is_paid_and_proved_by_its_own_fulfilment(tmp_path: Path) -> None:
    async with (
        a_scheme(tmp_path) as (toolkit, sdk),
        an_adapter(sdk, excess_minor_max=50) as adapter,
    ):
        finals = []
        for number in (1, 2):
            transfer, forbidden = await ready(adapter, PAYOUT, f"{PAYOUT_ID}.{number}")
            assert forbidden is None
            finals.append(await adapter.pay_out(transfer, f"{PAYOUT_ID}.{number}"))
        taken = await toolkit.taken()
    states = list(sdk.states.values())
    conditions = [state["quoteResponse"]["body"]["condition"] for state in states]
    fulfilments = [state["fulfil"]["body"]["fulfilment"] for state in states]
    assert finals == [
        Final(
            word=Word.SUCCEEDED,
            amount="15.00",
            currency="GHS",
            provider_transaction_id=transfer_id,
            occurred_at=datetime.fromisoformat(state["fulfil"]["body"]["completedTimestamp"]),
        )
        for transfer_id, state in sdk.states.items()
    ]
    assert taken == ["GET /parties/MSISDN/233240000001", "POST /quotes", "POST /transfers"] * 2
    assert [[opens(one, other) for other in fulfilments] for one in conditions] == [
        [True, False],
        [False, True],
    ]


async def test_half_a_franc_and_a_fee_beyond_the_limit_are_refused_before_anything_moves(
    tmp_path: Path,
) -> None:
    async with a_scheme(tmp_path) as (toolkit, sdk):
        francs = replace(PAYOUT, money=Money(1500, "XOF"), phone="+2250700000001", country="CI")
        refusals = []
        for wanted, excess_minor_max in ((francs, 1), (PAYOUT, 49)):
            async with an_adapter(sdk, excess_minor_max=excess_minor_max) as adapter:
                _, forbidden = await ready(adapter, wanted, f"{PAYOUT_ID}.1")
                assert isinstance(forbidden, Declined)
                refusals.append(forbidden.code)
        taken = [one.split("/")[1] for one in await toolkit.taken()]
    quoted = [one["quoteResponse"]["body"]["transferAmount"] for one in sdk.states.values()]
    assert [(one["currency"], one["amount"]) for one in quoted] == [
        ("XOF", "1500.5"),
        ("GHS", "15.5"),
    ]
    assert refusals == [QUOTE_UNREADABLE, QUOTE_TOO_DEAR]
    assert taken == ["parties", "quotes"] * 2
    assert {one["currentState"] for one in sdk.states.values()} == {"ABORTED"}
