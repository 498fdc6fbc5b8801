"""The run: a server over every sandbox in bad weather, customers, and the comparison at the end.

Everything is real but the money: HTTP to our API, HTTP to the providers' servers, a SQLite file.
One process, so that thousands of movements fit into some minutes on a small machine.
"""

import asyncio
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
from aiohttp import web
from rich.console import Console
from rich.table import Table

from adapters.sandbox.faults import Faults
from adapters.sandbox.payer import pay_as_customer
from api.app import create_app
from api.authentication import new_key
from api.connections import BoundedRunner
from api.logs import configure_logs
from api.sandboxes import pointed_at, sandbox_names, sandboxes
from api.settings import Settings
from api.views import decimal_text
from api.wiring import services, utc_now
from api.wiring_services import Services
from ledger import commands
from ledger.entry import Context
from ledger.payment import Payment
from scripts.storming import books
from scripts.storming.plan import Wanted, rails_of, wanted

AT_ONCE: Final = 48
FOLLOW_SECONDS_MAX: Final = 60.0
"""How long a payer stays with a payment, before it may be refunded."""

SETTLE_SECONDS_MAX: Final = 240.0
"""How long the last open movement is waited for after everything was asked for."""

LOOK_SECONDS: Final = 0.5
CODE: Final = "123456"
MERCHANT: Final = "mer_0000000000000001"
_CONTEXT: Final = Context("cli", "storm", "request:storm")

_PROBABILITIES: Final = (
    *("callback_lost", "callback_late", "callback_duplicated", "callback_reordered"),
    *("callback_early", "server_error", "server_error_after", "html_with_200"),
    *("connection_reset_before", "connection_reset_after", "slow_answer", "silent_after_accept"),
    *("answer_spoilt_before", "answer_spoilt_after"),
)

_PACE: Final = {
    "call_timeout_seconds": 2.0,
    "calls_per_second_max": 1000,
    "inquiries_per_second_max": None,
    "inquiry_first_seconds": 2.0,
    "inquiry_factor": 1.3,
    "inquiry_seconds_max": 8.0,
    "retry_first_seconds": 0.5,
    "retry_seconds_max": 4.0,
    "doubt_seconds": 1.0,
}


@dataclass(slots=True)
class Seen:
    """What came of a storm."""

    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    """Requests that the door turned away, by code."""
    states: list[Payment] = field(default_factory=list)
    open_listed: list[str] = field(default_factory=list)
    """What is not final, each with its reason and next check."""
    unlisted: list[str] = field(default_factory=list)
    """What is not final and that nobody would ever look at again: must be empty."""
    differences: list[str] = field(default_factory=list)
    is_balanced: bool = False
    seconds: float = 0.0

    @property
    def is_good(self) -> bool:
        """Whether everything came out as it must."""
        return self.is_balanced and not self.unlisted and not self.differences


def run(*, movements: int, seed: int, percent: float, folder: Path | None) -> int:
    """Let a storm pass and report; 0 only if all books agree and nothing is forgotten."""
    configure_logs("error", "json", sys.stderr)
    with tempfile.TemporaryDirectory(prefix="cauri-storm-") as made:
        seen = asyncio.run(storm(movements, seed, percent / 100, folder or Path(made)))
    report(seen, Console())
    return 0 if seen.is_good else 1


async def storm(
    movements: int,
    seed: int,
    probability: float,
    folder: Path,
    *,
    follow_seconds: float = FOLLOW_SECONDS_MAX,
    settle_seconds: float = SETTLE_SECONDS_MAX,
) -> Seen:
    """Serve, ask, refund, wait, compare."""
    faults = Faults.model_validate(
        {
            "seed": seed,
            "callback_late_seconds": 2.0,
            "slow_answer_seconds": 0.5,
            **dict.fromkeys(_PROBABILITIES, probability),
        }
    )
    async with AsyncExitStack() as stack:
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = listening.getsockname()[1]
        settings = Settings(
            database_url=f"sqlite:///{folder / 'cauri.db'}",
            port=port,
            log_level="error",
            unsent_seconds_max=60.0,
            lease_margin_seconds=2.0,
            # One merchant's customers, few numbers, and all of it within minutes.
            key_requests_per_second_max=100_000,
            payer_payments_per_minute_max=1000,
        )
        running = await stack.enter_async_context(
            sandboxes(sandbox_names(), clock=utc_now, faults=faults, folder=folder)
        )
        settings = pointed_at(settings, running)
        tables = {name: {**table, **_PACE} for name, table in settings.provider_tables.items()}
        settings = settings.with_changes(provider_tables=tables)
        lent = await stack.enter_async_context(services(settings, is_loopback_only=True))
        runner = BoundedRunner(create_app(lent), limits=settings)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.SockSite(runner, listening).start()
        key = await _merchant(lent)
        session = await stack.enter_async_context(
            aiohttp.ClientSession(
                f"http://127.0.0.1:{port}",
                headers={"Authorization": f"Bearer {key}"},
                timeout=aiohttp.ClientTimeout(total=60),
            )
        )
        phone = await stack.enter_async_context(
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30))
        )
        began = time.monotonic()
        seen, turn = Seen(), asyncio.Semaphore(AT_ONCE)
        brought = {one.provider: one.payer for one in running}
        plan = list(wanted(rails_of(lent.adapters), movements, seed))

        async def one(asked: Wanted) -> list[str]:
            async with turn:
                return await _one(session, phone, asked, seen, follow_seconds, brought)

        made = [
            name for names in await asyncio.gather(*(one(each) for each in plan)) for name in names
        ]
        seen.states = await _settled(lent, made, settle_seconds)
        seen.seconds = time.monotonic() - began
        await _compare(lent, phone, running, seen)
        return seen


async def _merchant(lent: Services) -> str:
    key = new_key("merchant")
    for command in (
        commands.AddMerchant(merchant_id=MERCHANT, name="A shop", country="CM"),
        commands.IssueKey(
            key_id=key.key_id,
            role="merchant",
            merchant_id=MERCHANT,
            secret_digest=key.secret_digest,
        ),
    ):
        await lent.handler.handle(command, context=_CONTEXT)
    return key.text


async def _one(
    session: aiohttp.ClientSession,
    phone: aiohttp.ClientSession,
    asked: Wanted,
    seen: Seen,
    follow_seconds: float,
    brought: Mapping[str, Mapping[str, str]],
) -> list[str]:
    """Ask for a movement, be its payer, perhaps want the money back; the ids of what was made."""
    side = "payer" if asked.verb == "payments" else "payee"
    body: dict[str, Any] = {
        "amount": decimal_text(asked.amount_minor, asked.currency),
        "currency": asked.currency,
        "provider": asked.provider,
        side: {"phone": asked.phone, "country": asked.country},
    }
    if side == "payer":
        body[side] |= brought.get(asked.provider, {})
    seen.asked[asked.provider, asked.verb] += 1
    made = await _post(session, f"/v1/{asked.verb}", body, f"{asked.verb}-{asked.number}", seen)
    if made is None:
        return []
    names = [made]
    if asked.verb == "payouts":
        return names
    succeeded = await _followed(session, phone, made, asked, follow_seconds)
    if succeeded and asked.will_refund:
        seen.asked[asked.provider, "refunds"] += 1
        part = int(asked.amount_minor * asked.part)
        back = {"amount": decimal_text(part, asked.currency), "allow_payout": True}
        refund = await _post(
            session, f"/v1/payments/{made}/refunds", back, f"refund-{asked.number}", seen
        )
        names += [refund] if refund else []
    return names


async def _post(
    session: aiohttp.ClientSession, path: str, body: dict[str, Any], key: str, seen: Seen
) -> str | None:
    async with session.post(path, json=body, headers={"Idempotency-Key": key}) as response:
        answer = await response.json()
        if response.status != 202:
            seen.refused[f"{path.rpartition('/')[2]}: {answer.get('code')}"] += 1
            return None
        return str(answer["id"])


async def _followed(
    session: aiohttp.ClientSession,
    phone: aiohttp.ClientSession,
    payment_id: str,
    asked: Wanted,
    follow_seconds: float,
) -> bool:
    """Do what the payer does on a page, where there is one; whether the payment succeeded."""
    deadline = time.monotonic() + follow_seconds
    visited: set[str] = set()
    while time.monotonic() < deadline:
        async with session.get(f"/v1/payments/{payment_id}?particulars=false") as response:
            shown = await response.json()
        if shown["is_final"]:
            return bool(shown["status"] == "succeeded")
        page = shown.get("redirect_url")
        if page and page not in visited:
            try:
                saw = await pay_as_customer(phone, page, asked.phone, CODE)
            except (aiohttp.ClientError, TimeoutError, ValueError):
                continue
            if saw.status < 500:
                visited.add(page)
        await asyncio.sleep(LOOK_SECONDS)
    return False


async def _settled(lent: Services, names: Sequence[str], settle_seconds: float) -> list[Payment]:
    """Wait until everything is final, or the time is over; where everything stands then."""
    deadline = time.monotonic() + settle_seconds
    while True:
        states = [(await lent.handler.payment(name))[0] for name in names]
        is_over = time.monotonic() > deadline
        if is_over or all(one.status.is_final for one in states):
            return states
        await asyncio.sleep(LOOK_SECONDS)


async def _compare(
    lent: Services, session: aiohttp.ClientSession, running: Sequence[Any], seen: Seen
) -> None:
    position = await lent.store.position()
    await lent.projections.wait_for(position, 60.0)
    waiting = {
        one.stream_id: one for one in await lent.worklist.listing(now=lent.clock(), limit=1000)
    }
    for state in seen.states:
        name = state.requested.payment_id
        if state.status.is_final:
            continue
        listed = waiting.get(name)
        if listed is None:
            seen.unlisted.append(f"{name} is {state.status.value}")
        else:
            seen.open_listed.append(
                f"{name} ({state.provider}) is {state.status.value}: {listed.reason}; "
                f"next look at {listed.due_at:%H:%M:%S}"
            )
    theirs: Counter[books.Key] = Counter()
    for one in running:
        theirs += await books.moved(session, one.provider, one.server.url)
    ours = books.ledgers(seen.states)
    doubtful = {
        (state.provider, state.power, state.money.currency)
        for state in seen.states
        if not state.status.is_final or state.status.value == "conflict"
    }
    for key in sorted(ours.keys() | theirs.keys()):
        if ours[key] != theirs[key] and key not in doubtful:
            seen.differences.append(
                f"{key}: the ledger {ours[key]:,}, the provider {theirs[key]:,}"
            )
    balance: Counter[str] = Counter()
    for row in await lent.accounts.trial_balance():
        balance[row.currency] += row.balance_minor
    seen.is_balanced = not any(balance.values())


def report(seen: Seen, screen: Console) -> None:
    """Print what came of it."""
    table = Table(title="what became of everything", title_justify="left")
    statuses = sorted({one.status.value for one in seen.states})
    for column in ("provider", "kind", *statuses):
        table.add_column(column, justify="left" if column in {"provider", "kind"} else "right")
    counted = Counter((one.provider, one.kind, one.status.value) for one in seen.states)
    for provider, kind in sorted({(one.provider, one.kind) for one in seen.states}):
        cells = [str(counted[provider, kind, status] or "") for status in statuses]
        table.add_row(provider, kind, *cells)
    screen.print(table)
    lines = [
        f"{len(seen.states):,} movements in {seen.seconds:.0f} s",
        f"still open and listed: {len(seen.open_listed)}; forgotten: {len(seen.unlisted)}",
        f"turned away at the door: {dict(seen.refused) or 'none'}",
        f"the books balance: {'yes' if seen.is_balanced else 'NO'}",
        f"ledger and providers differ: {seen.differences or 'nowhere'}",
        *(f"  {one}" for one in (*seen.open_listed[:20], *seen.unlisted[:20])),
    ]
    for line in lines:
        screen.print(line, highlight=False, markup=False)
