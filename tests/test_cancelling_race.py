"""Two processes at one database: one cancels, one submits; whoever is told so is never charged."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ledger import commands
from ledger.commands_cancelling import CancelPayment
from ledger.errors import CommandRefusedError
from ledger.handling import Handler
from ledger.payment import Status
from ledger.payment_ending import is_cancelled
from ledger.sql import SqlEventStore
from tests.builders import CONTEXT, NOW, a_request, payment_id
from tests.projecting import a_postgresql_url, a_sqlite_url, opened

PAYMENTS = 40


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "postgresql":
        yield from a_postgresql_url(request.getfixturevalue("postgres_url"))
    else:
        yield a_sqlite_url(tmp_path)


async def tried(handler: Handler, command: commands.Command) -> bool:
    """Whether a command made something happen."""
    try:
        return bool((await handler.handle(command, context=CONTEXT)).events)
    except CommandRefusedError:
        return False


async def test_of_a_cancellation_and_a_submission_one_happens(database_url: str) -> None:
    async with opened(database_url) as here, opened(database_url) as there:
        stores = [SqlEventStore(one, clock=lambda: NOW) for one in (here, there)]
        for store in stores:
            await store.start()
        merchant, dispatcher = map(Handler, stores)
        names = [payment_id(number) for number in range(PAYMENTS)]
        for name in names:
            await merchant.handle(replace(a_request(name), mode="test"), context=CONTEXT)
        cancelling, submitting = [], []
        for number, name in enumerate(names):
            cancel = CancelPayment(payment_id=name, may_be_elsewhere=False)
            start = commands.StartSubmission(
                payment_id=name, provider="mtn", reference=f"{name}-1", inquire_at=NOW
            )
            # Which of the two begins alternates.
            if number % 2:
                submitting.append(asyncio.ensure_future(tried(dispatcher, start)))
            cancelling.append(asyncio.ensure_future(tried(merchant, cancel)))
            if not number % 2:
                submitting.append(asyncio.ensure_future(tried(dispatcher, start)))
        cancelled, submitted = await asyncio.gather(*cancelling), await asyncio.gather(*submitting)
        assert submitted == [not one for one in cancelled]
        for is_ended, name in zip(cancelled, names, strict=True):
            state, _ = await dispatcher.payment(name)
            assert is_cancelled(state) is is_ended
            assert (state.status is Status.SUBMITTING) is not is_ended
        for store in stores:
            await store.close()
