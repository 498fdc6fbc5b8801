"""The master key is replaced while servers run, by a command that may be killed at any moment."""

import asyncio
import os
import shlex
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from api import master_key_command
from api.cli import main
from api.commands.master_key import retire_in, rotate_in
from api.master_key import RingKeeper
from api.master_key_command import ring_of_command
from api.settings import Settings
from api.wiring import opened
from ledger.errors import CommandRefusedError, MasterKeyError
from ledger.master_key import SETTLED_SECONDS_MIN, STREAM
from ledger.sentences import Sentence
from ledger.sql import Database, SqlEventStore, migrate
from ledger.sql_alone import alone
from ledger.sql_rewrapping import BATCH_ROWS, wrapped_under
from ledger.store import DataKey
from ledger.vault import Vault
from ledger.vault_master import MasterKeys
from tests.api_world import CONTEXT, a_payment, a_world, settings_in
from tests.conftest import FakeClock
from tests.contracts.store import an_event
from tests.forked import environment


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Of a deployment whose ring stands in a file."""
    url = f"sqlite:///{tmp_path}/cauri.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_database")
    MasterKeys.generate().write(tmp_path / "master.key")
    asyncio.run(migrate(url))
    return settings_in(tmp_path, database_url=url, master_key_file=tmp_path / "master.key")


def ring_in(settings: Settings) -> MasterKeys:
    assert settings.master_key_file is not None
    return MasterKeys.from_file(settings.master_key_file)


async def fill(store: SqlEventStore, ring: MasterKeys, rows: int) -> list[str]:
    """Put data keys into the store, each with a text that is sealed under it; the texts."""
    vault, texts = Vault(ring, store), []
    keys: list[DataKey] = []
    for number in range(rows):
        sealed = vault.seal(f"person-{number}", str(number).encode(), context="here")
        assert sealed.new_key is not None
        keys.append(sealed.new_key)
        texts.append(sealed.text)
    for start in range(0, rows, 1000):
        await store.append(
            f"a-{start}", 0, [an_event()], context=CONTEXT, keys=keys[start : start + 1000]
        )
    return texts


async def told(store: SqlEventStore) -> list[str]:
    return [one.type for one in await store.read_stream(STREAM)]


async def test_a_rotation_wraps_every_key_anew_and_everything_opens(
    settings: Settings, clock: FakeClock
) -> None:
    before = ring_in(settings)
    rows = 2 * BATCH_ROWS + 1
    async with opened(settings, clock=clock) as (database, store):
        texts = await fill(store, before, rows)

        done = await rotate_in(settings, clock=clock)

        ring = ring_in(settings)
        assert (done.key_id, done.rows) == (ring.ids[0], rows)
        is_server = database.kind.name == "postgresql"  # one that recycles, as they do by default
        assert ("wal_recycle is on" in (done.bytes_left or "")) == is_server
        assert ring.ids[1:] == before.ids
        assert await wrapped_under(database) == {ring.ids[0]: rows}
        vault = Vault(ring.retired(before.ids[0]), store)
        for number in (0, BATCH_ROWS, rows - 1):
            assert await vault.open(texts[number], context="here") == str(number).encode()
        assert await told(store) == ["master_key.rotated", "master_key.rewrapped"]
        entries = b"".join(one.entry for one in await store.read_stream(STREAM))
        for line in ring.text().split():
            assert line == "lookup" or line.encode() not in entries


async def test_a_former_key_goes_when_nothing_is_wrapped_under_it_and_a_while_later(
    settings: Settings, clock: FakeClock
) -> None:
    former = ring_in(settings)
    async with opened(settings, clock=clock) as (_, store):
        await fill(store, former, 3)
        await rotate_in(settings, clock=clock)
        with pytest.raises(CommandRefusedError, match="a server may still use it"):
            await retire_in(settings, former.ids[0], clock=clock)
        clock.advance(SETTLED_SECONDS_MIN)
        late = Vault(former, store).seal("late", b"x", context="here")
        assert late.new_key is not None
        await store.append("late", 0, [an_event()], context=CONTEXT, keys=[late.new_key])
        with pytest.raises(CommandRefusedError, match="1 data keys are still wrapped"):
            await retire_in(settings, former.ids[0], clock=clock)
        with pytest.raises(CommandRefusedError, match="current"):
            await retire_in(settings, ring_in(settings).ids[0], clock=clock)
        with pytest.raises(MasterKeyError, match="no former master key"):
            await retire_in(settings, "0" * 16, clock=clock)

        again = await rotate_in(settings, clock=clock)
        clock.advance(SETTLED_SECONDS_MIN)
        await retire_in(settings, former.ids[0], clock=clock)

        assert (again.rows, ring_in(settings).ids) == (1, (again.key_id,))
        assert (await told(store))[-1] == "master_key.retired"


async def test_a_rotation_of_which_only_the_file_was_written_is_gone_on_with(
    settings: Settings, clock: FakeClock
) -> None:
    before = ring_in(settings)
    assert settings.master_key_file is not None
    async with opened(settings, clock=clock) as (_, store):
        renewed = before.rotated()
        renewed.replace(settings.master_key_file)  # and then it was killed

        done = await rotate_in(settings, clock=clock)
        another = await rotate_in(settings, clock=clock)

        assert done.key_id == renewed.ids[0]
        assert another.key_id not in renewed.ids
        assert (await told(store)).count("master_key.rotated") == 2


def test_a_rotation_that_was_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    path, rows = tmp_path / "cauri.db", 60 * BATCH_ROWS
    MasterKeys.generate().write(tmp_path / "master.key")
    settings = settings_in(tmp_path, master_key_file=tmp_path / "master.key")

    async def prepare() -> list[str]:
        async with opened(settings, create=True) as (_, store):
            return await fill(store, ring_in(settings), rows)

    texts = asyncio.run(prepare())
    command = [sys.executable, "-m", "api", "master-key", "rotate", "--database", str(path)]
    changes = {"CAURI_MASTER_KEY_FILE": str(tmp_path / "master.key")}
    process = subprocess.Popen(command, env=environment(**changes), cwd=tmp_path)
    former = ring_in(settings).ids[-1]
    with closing(sqlite3.connect(path, timeout=10)) as looking:
        asked = "SELECT count(*) FROM data_keys WHERE master_key_id != ?"
        while not looking.execute(asked, (former,)).fetchone()[0]:
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        done = looking.execute(asked, (former,)).fetchone()[0]
    ring = ring_in(settings)
    assert 0 < done < rows
    assert done % BATCH_ROWS == 0

    finished = asyncio.run(rotate_in(settings))

    assert finished.key_id == ring.ids[0]
    assert finished.rows == rows - done
    assert ring_in(settings).ids == ring.ids

    async def check() -> None:
        async with opened(settings) as (database, store):
            assert await wrapped_under(database) == {ring.ids[0]: rows}
            assert await told(store) == ["master_key.rotated", "master_key.rewrapped"]
            vault = Vault(ring, store)
            for number in (0, done - 1, done, rows - 1):
                assert await vault.open(texts[number], context="here") == str(number).encode()

    asyncio.run(check())


async def rotating(settings: Settings, folder: Path) -> asyncio.subprocess.Process:
    """`cauri master-key rotate`, a process of its own."""
    url = settings.database_url.replace("sqlite:///", "")
    changes = {"CAURI_MASTER_KEY_FILE": str(settings.master_key_file)}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "api", "master-key", "rotate", "--database", url),
        env=environment(**changes),
        cwd=folder,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_processes_that_rotate_at_once_lose_no_key(
    settings: Settings, clock: FakeClock, tmp_path: Path
) -> None:
    rows = 4 * BATCH_ROWS
    async with opened(settings, clock=clock) as (database, store):
        texts = await fill(store, ring_in(settings), rows)
        processes = [await rotating(settings, tmp_path) for _ in range(2)]
        ended = [await one.communicate() for one in processes]

        codes = [one.returncode for one in processes]
        assert 0 in codes, ended
        refusals = [err.decode() for code, (_, err) in zip(codes, ended, strict=True) if code]
        assert all("Another process is changing the ring" in one for one in refusals), refusals
        ring = ring_in(settings)
        assert len(ring.ids) == 1 + codes.count(0)
        assert await wrapped_under(database) == {ring.ids[0]: rows}
        vault = Vault(ring, store)
        for number in range(0, rows, 97):
            assert await vault.open(texts[number], context="here") == str(number).encode()


async def test_while_one_process_changes_the_ring_another_is_told_and_changes_nothing(
    settings: Settings, clock: FakeClock, tmp_path: Path
) -> None:
    async with opened(settings, clock=clock) as (database, store):
        await fill(store, ring_in(settings), 3)
        before = ring_in(settings).ids
        async with alone(database, MasterKeyError(Sentence("it is"), Sentence("busy"))):
            process = await rotating(settings, tmp_path)
            _, said = await process.communicate()
            with pytest.raises(MasterKeyError, match="Another process"):
                await retire_in(settings, before[0], clock=clock)
        assert (process.returncode, b"Another process is changing the ring" in said) == (3, True)
        assert (ring_in(settings).ids, await told(store)) == (before, [])
        await rotate_in(settings, clock=clock)
        assert ring_in(settings).ids[1:] == before


async def test_an_older_copy_of_the_ring_is_refused_before_anything_is_said(
    settings: Settings, clock: FakeClock
) -> None:
    assert settings.master_key_file is not None
    older = ring_in(settings)
    async with opened(settings, clock=clock) as (_, store):
        for rows in (0, 3):  # the log alone knows of the newer key, then the data keys do too
            await fill(store, ring_in(settings), rows)
            await rotate_in(settings, clock=clock)
            newest, before = ring_in(settings), await told(store)
            older.replace(settings.master_key_file)
            with pytest.raises(MasterKeyError, match="rotated elsewhere"):
                await rotate_in(settings, clock=clock)
            assert await told(store) == before
            newest.replace(settings.master_key_file)


async def test_a_server_goes_on_while_its_key_is_replaced(
    settings: Settings, clock: FakeClock
) -> None:
    async with a_world(settings, clock=clock) as world:
        payments = [
            (await world.pay(a_payment(description=f"before {n}"), key=f"b-{n}")).json["id"]
            for n in range(5)
        ]
        rotating = asyncio.create_task(rotate_in(settings, clock=clock))
        number = 0
        while not rotating.done():
            number += 1
            phone = {"phone": f"+2376500{number:05}"}
            answer = await world.pay(a_payment(description="while", payer=phone), key=f"w-{number}")
            assert answer.status == 202
            payments.append(answer.json["id"])
        done = await rotating
        await world.caught_up()  # so it has read of the rotation
        await world.services.vault._refresh()  # type: ignore[misc]
        phone = {"phone": "+237650099999"}
        answer = await world.pay(a_payment(description="after", payer=phone), key="after")
        payments.append(answer.json["id"])
        world.services.vault._opening.clear()
        for payment_id in payments:
            shown = await world.get(f"/v1/payments/{payment_id}?particulars=true")
            assert shown.json["description"] is not None
        database = world.services.database
        state, _ = await world.services.handler.payment(payments[-1])
        key_id = state.requested.sealed.partition(".")[0]
        [last] = (await world.services.store.data_keys([key_id])).values()
        assert last.master_key_id == done.key_id
        again = await rotate_in(settings, clock=clock)
        assert set(await wrapped_under(database)) <= {done.key_id, again.key_id}


async def test_a_server_hears_of_a_rotation_and_reads_its_ring_again(
    settings: Settings, clock: FakeClock
) -> None:
    async with a_world(settings, clock=clock) as world:
        ring = world.services.vault._master
        is_read = asyncio.Event()
        adopt = MasterKeys.adopt

        def noted(self: MasterKeys, newer: MasterKeys) -> bool:
            is_new = adopt(self, newer)
            if is_new and self is ring:
                loop.call_soon(is_read.set)
            return is_new

        loop = asyncio.get_running_loop()
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(MasterKeys, "adopt", noted)
            done = await rotate_in(settings, clock=clock)
            await asyncio.wait_for(is_read.wait(), 10)
        assert ring.ids[0] == done.key_id


async def test_a_ring_with_another_lookup_secret_is_not_taken() -> None:
    ring = MasterKeys.generate()
    keeper = RingKeeper(ring, MasterKeys.generate)
    before = ring.ids
    with pytest.raises(MasterKeyError, match="another lookup secret"):
        await keeper.refresh()
    assert ring.ids == before


def printing(path: Path) -> str:
    return shlex.join([sys.executable, "-c", f"print(open({str(path)!r}).read())"])


def running(code: str) -> str:
    return shlex.join([sys.executable, "-c", code])


def test_a_command_answers_with_the_ring_and_no_shell_reads_it(tmp_path: Path) -> None:
    ring = MasterKeys.generate()
    ring.write(tmp_path / "a ring; exit 1")
    assert ring_of_command(printing(tmp_path / "a ring; exit 1")).text() == ring.text()


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("", "is no command"),
        ("'", "is no command"),
        ("/no/such/program", "cannot be run"),
        (running("raise SystemExit(3)"), "failed (status 3)"),
        (running("print('hunter22' * 9000)"), "answers too much"),
        (running("while True: print('hunter22' * 9000)"), "answers too much"),
        (running("print('hunter22')"), "A master key has 6 bytes"),
        (running("import sys; sys.stdout.buffer.write(bytes([200]))"), "answers no text"),
        (running("import threading; threading.Event().wait()"), "takes too long"),
        (running("import os, threading; os.close(1); threading.Event().wait()"), "too long"),
    ],
)
def test_a_command_that_answers_with_no_ring_is_told_without_its_words(
    command: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "too long" in reason:
        monkeypatch.setattr(master_key_command, "COMMAND_SECONDS_MAX", 1.0)
    with pytest.raises(MasterKeyError) as caught:
        ring_of_command(command)
    assert reason in str(caught.value)
    assert "hunter22" not in str(caught.value)


async def test_a_ring_from_a_command_is_rotated_where_it_comes_from(
    settings: Settings, clock: FakeClock, tmp_path: Path
) -> None:
    first = ring_in(settings)
    path = tmp_path / "master.key"
    commanded = settings.with_changes(master_key_file=None, master_key_command=printing(path))
    async with opened(commanded, clock=clock) as (database, store):
        await fill(store, first, 3)
        with pytest.raises(MasterKeyError, match="Put a new key at its head"):
            await rotate_in(commanded, clock=clock)
        assert await told(store) == []
        first.rotated().replace(path)

        done = await rotate_in(commanded, clock=clock)

        assert await wrapped_under(database) == {done.key_id: 3}
        clock.advance(SETTLED_SECONDS_MIN)
        await retire_in(commanded, first.ids[0], clock=clock)
        assert ring_in(settings).ids == (done.key_id, *first.ids)  # it is not ours to write


def test_the_commands_print_ids_and_nothing_else_of_the_keys(
    settings: Settings,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    for name in [one for one in os.environ if one.startswith("CAURI_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CAURI_MASTER_KEY_FILE", str(tmp_path / "master.key"))
    said: list[Any] = []
    for arguments in (["list"], ["rotate"], ["list", "--json"], ["rotate", "--json"]):
        with pytest.raises(SystemExit) as ended:
            main(["master-key", *arguments, "--database", settings.database_url])
        said.append((ended.value.code, capfd.readouterr()))
    assert [code for code, _ in said] == [0, 0, 0, 0]
    everything = "".join(one.out + one.err for _, one in said)
    ring = ring_in(settings)
    assert all(one in everything for one in ring.ids)
    for line in ring.text().split():
        assert line == "lookup" or line not in everything


async def test_a_database_is_told_which_keys_wrap_how_much(
    settings: Settings, clock: FakeClock
) -> None:
    async with opened(settings, clock=clock) as (database, store):
        assert isinstance(database, Database)
        await fill(store, ring_in(settings), 2)
        assert await wrapped_under(database) == {ring_in(settings).ids[0]: 2}
