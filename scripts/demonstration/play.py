"""The play: customers who pay, decline, forget and cancel, and a merchant who only asks the API.

Every payment is asked for twice with the same key, as an impatient merchant does. Orange's
customers really open the payment page and fill in its form.
"""

import asyncio
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from adapters.sandbox.payer import cancel_as_customer, pay_as_customer
from scripts.demonstration.report import Facts, tell
from scripts.demonstration.stage import WITNESS, Stage, StageError

ASKING_AT_ONCE = 16
SETTLE_SECONDS_MAX = 300.0
POLL_SECONDS = 0.25
RECEIPT_SECONDS_MAX = 60.0
CODE = "123456"
WIDTH_IN_FILES = 110

# The last two digits of a sandbox number choose what becomes of the payment.
MTN_SCENARIOS = [("01", 26), ("50", 2), ("51", 2), ("52", 1), ("54", 2), ("57", 1), ("65", 3)]
ORANGE_SCENARIOS = [("01", 26), ("50", 2), ("51", 3), ("cancels", 1), ("forgets", 1)]


@dataclass(frozen=True, slots=True)
class Customer:
    """Someone about to pay; `way` is the scenario."""

    number: int
    provider: str
    phone: str
    way: str
    amount: str


def customers(count: int, seed: int) -> list[Customer]:
    """Make customers with synthetic numbers, half of each operator."""
    lot = random.Random(seed)  # noqa: S311 - a play, not a secret
    made = []
    for number in range(count):
        provider = "mtn" if number % 2 == 0 else "orange"
        scenarios = MTN_SCENARIOS if provider == "mtn" else ORANGE_SCENARIOS
        way = lot.choices([one for one, _ in scenarios], [weight for _, weight in scenarios])[0]
        ending = way if way.isdigit() else "01"
        prefix = "67" if provider == "mtn" else "69"
        phone = f"+237{prefix}{number % 100_000:05d}{ending}"
        made.append(Customer(number, provider, phone, way, str(lot.randrange(100, 50_000, 25))))
    return made


def run(*, folder: Path | None, is_once: bool, payments: int, seed: int, port: int) -> int:
    """Play, report, and (unless once) go on serving until interrupted."""
    screen = Console()
    if not screen.is_terminal:
        screen = Console(width=WIDTH_IN_FILES)
    if folder is None:
        folder = Path(tempfile.mkdtemp(prefix="cauri-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    stage = Stage(folder.resolve(), seed, port)
    try:
        screen.print(f"[bold]Cauri[/bold] in {stage.folder}: starting the server and its sandboxes")
        facts = played(stage, payments=payments, screen=screen)
        is_good = tell(stage, facts, screen)
        if is_once:
            return 0 if is_good else 1
        _go_on(stage, facts, screen)
    except StageError as error:
        screen.print(f"[red]{error}[/red]", highlight=False)
        return 1
    except KeyboardInterrupt:
        screen.print("stopping")
    finally:
        stage.stop()
    return 0


def played(stage: Stage, *, payments: int, screen: Console) -> Facts:
    """Start the server, and let everybody play until the last word; the server goes on.

    Raises:
        StageError: a part did not start, or an answer was none that a customer could use.
    """
    stage.asked("migrate")
    merchant = stage.asked("merchants", "add", "Boutique Demo", "--country", "CM")
    auditor = stage.asked("keys", "add", "--role", "auditor")
    stage.watch()
    stage.start()
    return asyncio.run(_play(stage, merchant["key"], auditor["key"], payments, stage.seed, screen))


def _go_on(stage: Stage, facts: Facts, screen: Console) -> None:
    payment = facts.example["id"]
    screen.rule("[bold]Still serving. Try, in another terminal:")
    for line in (
        f"export KEY={facts.merchant_key}",
        f'curl -s -H "Authorization: Bearer $KEY" {stage.url}/v1/payments/{payment}',
        f'curl -s -H "Authorization: Bearer $KEY" {stage.url}/v1/payments/{payment}/events',
        (
            'curl -s -H "Authorization: Bearer $KEY" -H "Idempotency-Key: mine-1" '
            "-H 'Content-Type: application/json' -d "
            '\'{"amount": "1500", "currency": "XAF", "payer": {"phone": "+237670000001"}}\' '
            f"{stage.url}/v1/payments"
        ),
        f'curl -s -H "Authorization: Bearer {facts.auditor_key}" {stage.url}/v1/accounts',
        f"{stage.url}/openapi.json describes all of it; Ctrl-C ends it, {stage.folder} stays.",
    ):
        screen.print(line, highlight=False, soft_wrap=True, markup=False)
    assert stage.process is not None
    stage.process.wait()


async def _play(
    stage: Stage, merchant_key: str, auditor_key: str, count: int, seed: int, screen: Console
) -> Facts:
    headers = {"Authorization": f"Bearer {merchant_key}"}
    limit = aiohttp.ClientTimeout(total=30)
    people = customers(count, seed)
    async with (
        aiohttp.ClientSession(stage.url, headers=headers, timeout=limit) as merchant,
        aiohttp.ClientSession(timeout=limit) as phone,
    ):
        began = time.monotonic()
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=screen,
            transient=True,
        ) as progress:
            asked = progress.add_task("payments asked for", total=count)
            ended = progress.add_task("final words", total=count)
            turn = asyncio.Semaphore(ASKING_AT_ONCE)

            async def one(customer: Customer) -> dict[str, Any]:
                async with turn:
                    payment_id = await _ask(merchant, stage.run_id, customer)
                progress.advance(asked)
                payment = await _follow(merchant, phone, payment_id, customer)
                progress.advance(ended)
                return payment

            payments = await asyncio.gather(*(one(customer) for customer in people))
        took = time.monotonic() - began
        position = max(payment["position"] for payment in payments)
        example = _telling(payments)
        receipt = await _receipt(merchant, example["id"])
        async with aiohttp.ClientSession(
            stage.url, headers={"Authorization": f"Bearer {auditor_key}"}, timeout=limit
        ) as auditor:
            return Facts(
                merchant_key=merchant_key,
                auditor_key=auditor_key,
                payments=payments,
                seconds=took,
                example=example,
                receipt=receipt,
                trail=await _get(merchant, f"/v1/payments/{example['id']}/events"),
                metrics=await _get(auditor, f"/v1/metrics?min_position={position}"),
                accounts=await _get(auditor, f"/v1/accounts?min_position={position}"),
                checkpoint=await _get(auditor, "/v1/log/checkpoint"),
                books={
                    name: await _books(auditor, stage.sandbox_url(name))
                    for name in ("mtn", "orange")
                },
            )


async def _ask(merchant: aiohttp.ClientSession, run_id: str, customer: Customer) -> str:
    """Ask for the payment twice under one key; both answers must be the same."""
    body = {
        "amount": customer.amount,
        "currency": "XAF",
        "payer": {"phone": customer.phone},
        "provider": customer.provider,
        "description": f"Order {customer.number}",
        "language": "fr",
    }
    key = {"Idempotency-Key": f"order-{run_id}-{customer.number}"}
    answers = []
    for _ in range(2):
        async with merchant.post("/v1/payments", json=body, headers=key) as response:
            answer = await response.json()
            if response.status != 202:
                raise StageError(f"POST /v1/payments answered {response.status}: {answer}")
            answers.append(answer["id"])
    if len(set(answers)) != 1:
        raise StageError(f"one key made two payments: {answers}")
    return str(answers[0])


async def _follow(
    merchant: aiohttp.ClientSession,
    phone: aiohttp.ClientSession,
    payment_id: str,
    customer: Customer,
) -> dict[str, Any]:
    """Do what the customer does, and wait for the final word."""
    deadline = time.monotonic() + SETTLE_SECONDS_MAX
    visited: set[str] = set()
    while True:
        payment = await _get(merchant, f"/v1/payments/{payment_id}")
        if payment["is_final"] or time.monotonic() > deadline:
            return dict(payment) | {"way": customer.way}
        page = payment.get("redirect_url")
        is_new = page and page not in visited and customer.way != "forgets"
        if is_new and await _visit(phone, page, customer):
            visited.add(page)
        await asyncio.sleep(POLL_SECONDS)


async def _visit(phone: aiohttp.ClientSession, page: str, customer: Customer) -> bool:
    """Open the page; False if the weather was too bad and the customer tries again."""
    try:
        if customer.way == "cancels":
            await cancel_as_customer(phone, page)
            return True
        saw = await pay_as_customer(phone, page, customer.phone.removeprefix("+237"), CODE)
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return False
    return saw.status < 500 and not saw.mistakes


async def _get(session: aiohttp.ClientSession, path: str) -> Any:
    async with session.get(path) as response:
        answer = await response.json()
        if response.status != 200:
            raise StageError(f"GET {path} answered {response.status}: {answer}")
        return answer


async def _receipt(session: aiohttp.ClientSession, payment_id: str) -> str:
    """Ask for a payment's receipt, again until a checkpoint that a witness cosigned covers it."""
    deadline = time.monotonic() + RECEIPT_SECONDS_MAX
    while True:
        async with session.get(f"/v1/payments/{payment_id}/receipt") as response:
            answer = await response.text()
            if response.status == 200 and (WITNESS in answer or time.monotonic() > deadline):
                return answer
            if response.status not in {200, 409} or time.monotonic() > deadline:
                raise StageError(f"the receipt was answered with {response.status}: {answer}")
        await asyncio.sleep(POLL_SECONDS)


async def _books(session: aiohttp.ClientSession, url: str) -> list[dict[str, Any]]:
    """Read a sandbox's own books, page by page."""
    found: list[dict[str, Any]] = []
    after = 0
    while True:
        async with session.get(f"{url}/_sandbox/books?after={after}&limit=500") as response:
            page = await response.json()
        found += page.get("payments") or page.get("orders") or []
        if page["next"] is None:
            return found
        after = page["next"]


def _telling(payments: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The payment with the longest story that ended well."""
    paid = [one for one in payments if one["status"] == "succeeded"] or list(payments)
    return max(paid, key=lambda one: (len(one["attempts"]), one["version"]))
