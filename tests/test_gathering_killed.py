"""A server that is killed between a checkpoint and what its witnesses say: none is left out."""

import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from adapters.gathering import Asked
from api.authentication import new_key
from api.wiring import utc_now
from api.witness_files import WitnessFiles
from ledger import commands, events
from ledger.handling import Handler
from ledger.sql import Database, SqlEventStore
from ledger.store import EventStore
from ledger.vault_master import MasterKeys
from tests.builders import CONTEXT
from tests.growing import LOG, ORIGIN
from tests.processes import Server
from tests.test_gathering import judged
from tests.witness_world import a_folder, serving

pytestmark = pytest.mark.slow

NAMES = ("shop", "firm")
SECONDS_MAX = 60.0


class DyingServer(Server):
    """`cauri serve` that kills itself at a moment; see `tests.dying_server`."""

    def __init__(self, moment: str, environment: Mapping[str, str], database_url: str) -> None:
        super().__init__(environment, database_url)
        self.command = (sys.executable, "-m", "tests.dying_server", moment)


@asynccontextmanager
async def watchers(folder: Path) -> AsyncIterator[list[Asked]]:
    """Run two witnesses, whose words both are needed."""
    async with AsyncExitStack() as stack:
        asked = []
        for name in NAMES:
            key = a_folder(folder / name, name=f"{name}.example/witness")
            url = await stack.enter_async_context(serving(folder / name, utc_now))
            asked.append(Asked(name, key, url))
        yield asked


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[SqlEventStore]:
    """The log, beside whatever server has it."""
    database = await Database.open(url, create=True)
    store = SqlEventStore(database, clock=utc_now)
    await store.start()
    try:
        yield store
    finally:
        await store.close()
        await database.close()


def settings(folder: Path, asked: list[Asked]) -> dict[str, str]:
    """A server's settings; it makes no checkpoint that it is not asked for, in an hour."""
    signing, policy = folder / "signing.key", folder / "policy"
    signing.write_text(LOG.private_text())
    lines = [f"witness {one.name} {one.verifier.text()}" for one in asked]
    lines += [f"group both all {' '.join(NAMES)}", "quorum both"]
    policy.write_text("".join(f"{line}\n" for line in lines))
    return {
        "CAURI_MASTER_KEY": MasterKeys.generate().text(),
        "CAURI_SIGNING_KEY_FILE": str(signing),
        "CAURI_LOG_NAME": ORIGIN,
        "CAURI_CHECKPOINT_SECONDS": "3600",
        "CAURI_WITNESS_POLICY_FILE": str(policy),
        "CAURI_WITNESSES": ",".join(f"{one.name}={one.url}" for one in asked),
    }


async def an_auditor(store: EventStore) -> str:
    """Issue a key; its text."""
    key = new_key("auditor")
    command = commands.IssueKey(
        key_id=key.key_id, role="auditor", merchant_id=None, secret_digest=key.secret_digest
    )
    await Handler(store).handle(command, context=CONTEXT)
    return key.text


async def said(store: EventStore) -> list[events.Event]:
    """What the log says of checkpoints and witnesses, in its order."""
    kinds = (events.LogCheckpointMade, events.LogCheckpointCosigned, events.LogWitnessRefused)
    return [one.event for one in await store.read(0) if isinstance(one.event, kinds)]


async def test_a_checkpoint_whose_server_was_killed_is_cosigned_after_the_next_start(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path / 'log.db'}"
    async with watchers(tmp_path) as asked, opened(url) as store:
        environment = settings(tmp_path, asked)
        key = await an_auditor(store)

        def cosigned_sizes() -> set[int]:
            return {WitnessFiles(tmp_path / name).seen(ORIGIN).size for name in NAMES}

        # First it dies before a witness has heard of the checkpoint that stands in the log ...
        headers = {"Authorization": f"Bearer {key}"}
        timeout = aiohttp.ClientTimeout(total=SECONDS_MAX)
        async with (
            DyingServer("told", environment, url) as dying,
            aiohttp.ClientSession(headers=headers, timeout=timeout) as session,
        ):
            with pytest.raises(aiohttp.ClientError):
                await session.post(f"{dying.url}/v1/log/checkpoints")
            assert await dying.ended() == -signal.SIGKILL
        (made,) = await said(store)
        assert isinstance(made, events.LogCheckpointMade)
        assert cosigned_sizes() == {0}

        # ... then, started again, when one has cosigned it and the log does not know yet ...
        dying = DyingServer("cosigned", environment, url)
        try:
            await super(Server, dying).start()  # it may end before it says that it has started
            assert await dying.ended() == -signal.SIGKILL
        finally:
            await dying.kill()
        assert await said(store) == [made]
        assert made.size in cosigned_sizes()

        # ... and then no more.
        position = await store.position()
        async with Server(environment, url):
            assert await store.wait_for(position + len(NAMES), SECONDS_MAX)
        again, *words = await said(store)
        assert (again, cosigned_sizes()) == (made, {made.size})
    lines = [
        f"{line}\n"
        for one in words
        if isinstance(one, events.LogCheckpointCosigned)
        for line in one.signatures
    ]
    assert len(lines) == len(words) == len(NAMES)
    assert judged(asked, made.note + "".join(lines)).is_met
