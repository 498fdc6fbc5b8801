"""A command that was killed is said again: nothing is lost, and nothing is said twice."""

import asyncio
import json
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from api.wiring import opened, utc_now
from ledger import commands
from ledger.entry import RecordedEvent
from ledger.handling import Handler
from ledger.sql import migrate
from ledger.webhook import stream_of
from tests.api_world import CONTEXT, settings_in
from tests.command_killed import MOMENTS, after_the_append, before_the_append
from tests.forked import Said, forked

PROVIDER = "orange"
CALLS = tuple(f"{PROVIDER}-{number}" for number in range(3))


async def said(folder: Path, *arguments: str, prepare: Sequence[Callable[[], None]] = ()) -> Said:
    """Run a command over the log in a folder."""
    words = (*arguments, "--database", str(folder / "cauri.db"), "--json")
    return await asyncio.to_thread(forked, *words, prepare=prepare)


async def log_of(folder: Path) -> list[RecordedEvent]:
    """The whole log."""
    async with opened(settings_in(folder), is_writing=False) as (_, store):
        return list(await store.read(0))


async def orphans(folder: Path) -> None:
    """Keep three calls that nobody understood."""
    settings = settings_in(folder)
    await migrate(settings.database_url)
    async with opened(settings, clock=utc_now) as (_, store):
        handler = Handler(store)
        for name in CALLS:
            for command in (
                commands.StoreWebhook(
                    webhook_id=name,
                    provider=PROVIDER,
                    payment_id=None,
                    verdict="unsigned",
                    digest=name,
                    sealed="sealed",
                ),
                commands.OrphanWebhook(webhook_id=name, reason="orange is not enabled"),
            ):
                await handler.handle(command, context=CONTEXT)


@pytest.mark.parametrize("moment", [before_the_append, after_the_append])
async def test_a_restoration_that_was_said_and_perhaps_not_heard_is_recorded_once(
    tmp_path: Path, moment: Callable[[], None]
) -> None:
    await orphans(tmp_path)
    before = await log_of(tmp_path)
    since = before[-1].recorded_at.isoformat()
    words = ("restored", "--since", since, "--days", "2")

    killed = await said(tmp_path, *words, prepare=[moment])
    assert (killed.status, killed.out) == (-signal.SIGKILL, "")
    told: list[Any] = [json.loads((await said(tmp_path, *words)).out) for _ in range(2)]

    after = await log_of(tmp_path)
    assert [one.entry for one in after[:-1]] == [one.entry for one in before]
    assert after[-1].type == "log.restored"
    assert told[0] == told[1]
    assert (told[0]["position"], told[0]["last_kept_position"]) == (len(after), len(before))
    # Other words are heard, and the log was cut where it was cut.
    sooner = json.loads((await said(tmp_path, *words[:-1], "1")).out)
    assert (sooner["position"], sooner["last_kept_position"]) == (len(after) + 1, len(before))


@pytest.mark.parametrize("moment", MOMENTS)
async def test_calls_are_opened_again_once_wherever_the_command_was_killed(
    tmp_path: Path, moment: Callable[[], None]
) -> None:
    await orphans(tmp_path)
    words = ("webhooks", "translate", *CALLS)

    killed = await said(tmp_path, *words, prepare=[moment])
    assert (killed.status, killed.out) == (-signal.SIGKILL, "")
    already = [one.stream for one in (await log_of(tmp_path))[2 * len(CALLS) :]]
    again = json.loads((await said(tmp_path, *words)).out)

    assert len(already) == MOMENTS.index(moment)
    assert again["reopened"] == [one for one in CALLS if stream_of(one) not in already]
    types: dict[str, list[str]] = {}
    for one in await log_of(tmp_path):
        types.setdefault(one.stream, []).append(one.type)
    whole = ["webhook.received", "webhook.orphaned", "webhook.reopened"]
    assert types == {stream_of(one): whole for one in CALLS}
