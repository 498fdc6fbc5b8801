"""The command line: a story told by processes, and every way a call may be refused."""

import asyncio
import errno
import json
import os
import re
import resource
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from api.cli import main
from api.rotation import OVERLAP_HOURS_MAX
from tests.api_world import a_payment, a_world, captured_logs, settings_in
from tests.conftest import FakeClock
from tests.forked import Said, environment
from tests.test_api_payments import paid
from tests.test_api_refunds import moved, succeed

ROOT = Path(__file__).resolve().parent.parent
MARCH = ("--effective-from", "2026-03-01", "--effective-to", "2026-04-01")
COMMANDS = (
    "serve",
    "sandbox",
    "providers",
    "merchants add",
    "merchants list",
    "keys add",
    "keys rotate",
    "keys revoke",
    "keys list",
    "keys signing",
    "payments show",
    "payments exchanges",
    "payments note",
    "payments approve",
    "payments withdraw",
    "payments notes",
    "proposals",
    "accounts ledger",
    "accounts balance",
    "webhooks list",
    "webhooks show",
    "webhooks replay",
    "webhooks test",
    "webhooks orphans",
    "webhooks translate",
    "people erase",
    "people export",
    "people list",
    "master-key rotate",
    "master-key retire",
    "master-key list",
    "tail",
    "verify",
    "replay",
    "rebuild",
    "restored",
    "migrate",
    "audit export",
    "audit verify",
)


def cauri(*arguments: str, **changes: str) -> Said:
    """Run a command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "api", *arguments],
        capture_output=True,
        text=True,
        env=environment(**changes),
        check=False,
        timeout=60,
    )
    return Said(done.returncode, done.stdout, done.stderr)


class Here:
    """Runs commands in this process, which is faster."""

    def __init__(self, capsys: Any, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self._capsys = capsys
        self.database = str(folder / "cauri.db")
        for name in os.environ:
            if name.startswith("CAURI_"):
                monkeypatch.delenv(name)
        monkeypatch.setenv("COLUMNS", "160")
        monkeypatch.chdir(folder)

    def __call__(self, *arguments: str) -> Said:
        status = 0
        try:
            main(arguments)
        except SystemExit as ended:
            status = int(ended.code or 0)
        said = self._capsys.readouterr()
        return Said(status, said.out.decode(), said.err.decode())

    def on(self, *arguments: str) -> Said:
        """The same, on the test's database."""
        return self(*arguments, "--database", self.database)

    def asked(self, *arguments: str) -> Any:
        """The answer in JSON."""
        said = self.on(*arguments, "--json")
        assert said.status == 0, said
        return json.loads(said.out)


@pytest.fixture
def here(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Here:
    return Here(capfdbinary, monkeypatch, tmp_path)


def ask(
    url: str, key: str, content: Any = None, *, key_of_order: str = "order-1"
) -> tuple[int, bytes]:
    """GET, or POST content; status and body."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"})
    if content is not None:
        request.data = json.dumps(content).encode()
        request.add_header("Content-Type", "application/json")
        request.add_header("Idempotency-Key", key_of_order)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


@contextmanager
def a_server(
    folder: Path, *arguments: str, file_bytes_max: int | None = None, **changes: str
) -> Iterator[tuple[Any, str]]:
    """A server in a process of its own; the process, and its URL once it listens.

    `file_bytes_max` bounds every file it writes, as a disk that fills up would.
    """

    def bound() -> None:
        if file_bytes_max is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes_max, file_bytes_max))

    log = folder / "server.log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "api", "serve", "--port", "0", *arguments],
            stdout=written,
            stderr=written,
            cwd=folder,
            env=environment(**changes),
            preexec_fn=bound,  # noqa: PLW1509 - the child only bounds itself
        )
    try:
        yield process, _url_in(log, process)
    finally:
        process.kill()
        process.wait()


def _url_in(log: Path, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + 60
    with log.open("rb") as lines:
        while time.monotonic() < deadline:
            line = lines.readline()
            if not line.endswith(b"\n"):
                lines.seek(-len(line), os.SEEK_CUR)
                try:
                    status = process.wait(0.02)
                except subprocess.TimeoutExpired:
                    continue
                raise AssertionError(f"it ended with {status}: {log.read_text()}")
            told = json.loads(line)
            if told["event"] == "server.started":
                return str(told["url"])
    raise AssertionError(log.read_text())


def test_a_merchant_pays_through_a_server_and_everything_can_be_told_afterwards(
    tmp_path: Path, here: Here
) -> None:
    assert here.on("migrate").status == 0
    merchant = here.asked("merchants", "add", "Boutique Étoile", "--country", "cm")
    auditor = here.asked("keys", "add", "--role", "auditor")
    with a_server(tmp_path, "--sandbox", "--database", "cauri.db") as (process, url):
        status, paid = ask(f"{url}/v1/payments", merchant["key"], a_payment())
        _, saved = ask(f"{url}/v1/log/checkpoint", auditor["key"])
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, (tmp_path / "server.log").read_text()

    assert status == 202
    payment_id = json.loads(paid)["id"]
    (tmp_path / "checkpoint.json").write_bytes(saved)
    assert (tmp_path / "master.key").stat().st_mode & 0o777 == 0o600
    shown = here.asked("payments", "show", payment_id)
    checkpoint = str(tmp_path / "checkpoint.json")
    verified = here.asked("verify", "--checkpoint", checkpoint)
    lines = here.on("tail", "--after", "0", "--json").out.splitlines()
    replayed = here.asked("replay", "--until", "4")
    real = here.asked("replay", "--until", "4", "--mode", "live")
    assert (replayed["mode"], real["mode"], real["payments"]) == ("test", "live", [])
    rebuilt = here.asked("rebuild", "payments")
    checked = here.asked("rebuild", "--check")
    audited = here.asked("verify", "--projections")
    stopped = json.loads((tmp_path / "server.log").read_text().splitlines()[-1])
    assert stopped["event"] == "server.stopped"
    assert shown["payment"]["id"] == payment_id
    assert shown["events"][0]["type"] == "payment.requested"
    assert verified["is_verified"]
    assert verified["size"] == len(lines)
    assert json.loads(lines[0])["type"] == "merchant.added"
    assert replayed["payments"] == [
        {
            "kind": "collection",
            "provider": "mtn",
            "currency": "XAF",
            "statuses": {replayed_status(replayed): {"payments": 1, "amount": "1500"}},
        }
    ]
    assert [row["name"] for row in rebuilt] == ["payments"]
    assert all(row["is_equal"] for row in checked)
    assert audited["projections"] == checked
    assert "650000001" not in (tmp_path / "server.log").read_text()


def replayed_status(replayed: Any) -> str:
    [status] = replayed["payments"][0]["statuses"]
    return str(status)


def test_a_command_in_a_process_of_its_own_says_what_is_wrong_without_a_traceback(
    tmp_path: Path,
) -> None:
    said = cauri("tail", "--database", str(tmp_path / "none.db"))

    assert (said.status, said.out) == (3, "")
    assert said.err.startswith("error: There is no database at ")
    assert "cauri migrate" in said.err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(here: Here, command: str) -> None:
    said = here(*command.split(), "--help")

    assert said.status == 0
    assert f"cauri {command}" in said.out


def test_tables_are_for_people(here: Here) -> None:
    here.on("merchants", "add", "Boutique", "--country", "CM")
    key = here.asked("keys", "add", "--role", "auditor")

    assert "Boutique" in here.on("merchants", "list").out
    assert key["key_id"] in here.on("keys", "list").out
    assert "merchant.added" in here.on("tail").out
    checked = here.on("rebuild", "--check").out
    hashes = re.findall(r"\b[0-9a-f]{16,}\b", checked)
    assert ("equal" in checked, hashes[::2]) == (True, hashes[1::2])
    assert len(hashes) == 2 * len(here.asked("rebuild", "--check"))
    assert "Trial balance" in here.on("replay", "--until", "1").out
    whole, end = here.asked("replay"), here.asked("replay", "--until", "3")
    assert (whole, whole["position"]) == (end, 3)
    assert here.on("verify").out.startswith("verified: 3 entries")
    assert "equal" in here.on("verify", "--projections", "--processes", "1").out


@pytest.mark.parametrize("columns", ["60", "160"])
def test_times_in_tables_are_whole_and_to_the_second_however_narrow_the_terminal(
    here: Here, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    merchant = here.asked("merchants", "add", "Boutique", "--country", "CM")
    here.on("keys", "rotate", merchant["key_id"])
    here.on("keys", "revoke", merchant["key_id"], "--reason", "lost")
    [first, _] = here.asked("keys", "list")
    table = here.on("keys", "list").out

    for name in ("issued_at", "ends_at", "revoked_at"):
        assert f"{first[name][:10]} {first[name][11:19]} UTC" in table


@pytest.mark.parametrize("command", ["keys add --role auditor", "merchants add X --country CM"])
def test_who_makes_a_new_ledger_without_knowing_it_is_told_where(here: Here, command: str) -> None:
    made = here(*command.split(), "--json")
    again = here(*command.split(), "--json")
    nowhere = here(*command.split(), "--database", "nowhere/cauri.db")

    assert (made.status, made.err) == (0, f"made a new ledger at {here.database}\n")
    assert json.loads(made.out)["key"]
    assert (again.status, again.err) == (0, "")
    assert (nowhere.status, nowhere.out) == (3, "")
    assert nowhere.err.startswith("error: There is no folder nowhere.")


def test_a_revoked_key_is_listed_as_revoked_and_revoking_again_changes_nothing(
    here: Here,
) -> None:
    key_id = here.asked("keys", "add", "--role", "admin")["key_id"]

    first = here.asked("keys", "revoke", key_id, "--reason", "lost")
    again = here.asked("keys", "revoke", key_id)
    [listed] = here.asked("keys", "list")

    assert (first["was_revoked_before"], again["was_revoked_before"]) == (False, True)
    assert (listed["key_id"], listed["revoked_reason"]) == (key_id, "lost")


def test_a_rotated_key_is_listed_with_its_end_and_its_successor(here: Here) -> None:
    merchant = here.asked("merchants", "add", "Boutique", "--country", "CM")
    old = merchant["key_id"]

    rotated = here.asked("keys", "rotate", old, "--overlap-hours", "48")
    first, second = here.asked("keys", "list")

    assert merchant["key"].startswith(f"ck_test_merchant_{old}_")
    assert rotated["key"].startswith(f"ck_test_merchant_{rotated['key_id']}_")
    assert (first["key_id"], first["replaced_by"]) == (old, rotated["key_id"])
    assert first["ends_at"] == rotated["replaced_ends_at"]
    assert (second["key_id"], second["merchant_id"]) == (rotated["key_id"], merchant["merchant_id"])
    assert (second["mode"], second["ends_at"], second["last_used_at"]) == ("test", None, None)
    told = here.on("keys", "rotate", rotated["key_id"]).out
    assert f"key {rotated['key_id']} ends at" in told
    assert "shown this once" in told


def test_the_longest_overlap_is_the_same_at_both_doors(here: Here) -> None:
    key_id = here.asked("keys", "add", "--role", "admin")["key_id"]
    hours = [str(OVERLAP_HOURS_MAX), str(OVERLAP_HOURS_MAX + 1)]

    told = [here.on("keys", "rotate", key_id, "--overlap-hours", one).status for one in hours]

    assert told == [0, 2]


def test_production_makes_live_keys_unless_told_otherwise(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.on("migrate")
    for name, value in {
        "CAURI_MODE": "production",
        "CAURI_PUBLIC_URL": "https://pay.example",
        "CAURI_MASTER_KEY_FILE": "master.key",
        "CAURI_SIGNING_KEY_FILE": "signing.key",
        "CAURI_PROVIDERS": "mtn",
    }.items():
        monkeypatch.setenv(name, value)

    merchant = here.asked("merchants", "add", "Boutique", "--country", "CM")
    test = here.asked(
        *("keys", "add", "--role", "merchant", "--mode", "test"),
        *("--merchant", merchant["merchant_id"]),
    )

    assert merchant["key"].startswith("ck_live_merchant_")
    assert test["key"].startswith("ck_test_merchant_")


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("keys", "add", "--role", "merchant"), 2, "belongs to a merchant"),
        (("keys", "add", "--role", "auditor", "--mode", "test"), 2, "sees both modes"),
        (("merchants", "add", "x", "--country", "CM", "--mode", "live"), 2, "no key is live"),
        (("keys", "rotate", "nokey"), 1, "no key 'nokey'"),
        (("keys", "rotate", "nokey", "--overlap-hours", "-1"), 2, "overlap-hours"),
        (("keys", "add", "--role", "merchant", "--merchant", "mer_x"), 1, "no merchant 'mer_x'"),
        (("keys", "revoke", "nokey"), 1, "no key 'nokey'"),
        (("merchants", "add", "x", "--country", "Cameroon"), 2, "ISO 3166"),
        (("merchants", "add", " ", "--country", "CM"), 2, "no name"),
        (("payments", "show", "pay_x"), 1, "no payment 'pay_x'"),
        (("replay", "--until", "0"), 2, "positions 1 to"),
        (("replay", "--until", "yesterday"), 2, "neither a position nor a time"),
        (("replay", "--until", "2026-03-01T12:00:00"), 2, "offset from UTC"),
        (("replay", "--until", "0001-01-01T00:00:00+01:00"), 2, "nor a time"),
        (("replay", "--until", "9999-12-31T23:59:59-01:00"), 2, "nor a time"),
        (("replay", "--until", "9" * 5000), 2, "positions 1 to"),
        (("replay", "--until", "2126-01-01"), 2, "until: this time has not come"),
        (("replay", "--known-at", "March"), 2, "known-at: this is neither"),
        (("replay", "--until", ""), 2, "neither a position nor a time"),
        (("replay", "--until", "1", "--mode", "real"), 2, "mode: this is neither test nor live"),
        (("replay", "--known-at", "1", "--until", "1"), 2, "Give --known-at, or --until"),
        (
            ("replay", "--until", "1", "--effective-from", "2026-04-01", *MARCH[2:]),
            *(2, "effective-from: no time lies between this one and --effective-to"),
        ),
        (("webhooks", "orphans", "--provider", "mtm"), 2, "provider: there is no provider mtm"),
        (("webhooks", "translate", "nothing"), 1, "the call was never stored"),
        (("rebuild", "balances"), 2, "no projection"),
        (("verify", "--checkpoint", "no-such-file"), 2, "neither SIZE:ROOT nor a file"),
        (("verify", "--checkpoint", "1:00"), 2, "64 hexadecimal digits"),
        (("verify", "--checkpoint", "1:" + "00" * 32), 1, "NOT VERIFIED: position 1"),
        (("verify", "--checkpoint", "9:" + "00" * 32), 1, "NOT VERIFIED: position 2"),
    ],
)
def test_what_cannot_be_done_is_told_with_its_status(
    here: Here, arguments: tuple[str, ...], status: int, words: str
) -> None:
    here.asked("keys", "add", "--role", "auditor")

    said = here.on(*arguments)

    assert said.status == status, said
    assert words in said.out + said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("payments", "show", "pay_x"), "le paiement 'pay_x' n'existe pas"),
        (("replay", "--until", "yesterday"), "ce n'est ni une position, ni une heure"),
        (("verify", "--checkpoint", "no-such-file"), "erreur\N{NO-BREAK SPACE}:"),
    ],
)
def test_what_is_refused_is_told_in_french_where_that_is_set_up(
    here: Here, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str
) -> None:
    here.asked("migrate")
    english = here.on(*arguments)
    monkeypatch.setenv("CAURI_LANGUAGE", "fr")
    french = here.on(*arguments)

    assert words not in english.err
    assert (french.status, words in french.err) == (english.status, True), french.err


def test_replay_takes_a_time(here: Here) -> None:
    here.asked("keys", "add", "--role", "auditor")

    known = here.asked("replay", "--until", "2020-01-01T01:00:00+01:00", *MARCH)
    day = here.asked("replay", "--known-at", "2020-01-01", "--effective-from", "2026-03-01")

    assert here.asked("replay", "--until", "1")["position"] == 1
    assert (known["position"], known["time"]) == (0, "2020-01-01T00:00:00.000000Z")
    assert (day["time"], day["effective_from"]) == (known["time"], "2026-03-01T00:00:00.000000Z")
    assert (known["effective_from"], known["effective_to"]) == (
        "2026-03-01T00:00:00.000000Z",
        "2026-04-01T00:00:00.000000Z",
    )


def test_replay_tells_of_what_moved_in_a_span(here: Here, tmp_path: Path) -> None:
    async def live() -> None:
        clock = FakeClock()
        async with a_world(settings_in(tmp_path), clock=clock) as world:
            for key in ("a", "b"):
                payment_id = (await world.pay(key=key)).json["id"]
                await paid(world, payment_id)
                clock.advance(86_400)
            await world.pay(key="c")
            given_back = await moved(world, f"/v1/payments/{payment_id}/refunds", {"amount": "500"})
            await succeed(world, given_back.json["id"], "500")
            wanted = {"amount": "600", "currency": "XAF", "payee": {"phone": "+237670000002"}}
            paid_out = await moved(world, "/v1/payouts", wanted, key="out")
            await succeed(world, paid_out.json["id"], "600")

    with captured_logs():
        asyncio.run(live())
    span = ("--effective-from", "2026-03-02T00:00:00Z", "--effective-to", "2026-04-01T00:00:00Z")
    everything = here.asked("replay", "--known-at", "2026-04-01T00:00:00Z")
    spanned = here.asked("replay", "--known-at", "2026-04-01T00:00:00Z", *span)
    earlier = here.asked("replay", "--until", "2026-03-02T00:00:00Z", *span)
    table = here.on("replay", "--until", "2026-04-01T00:00:00Z", *span).out
    title = " ".join(table.partition("┏")[0].split())
    refused = here.on("replay", "--until", "1", "--effective-from", "March")

    def told(answer: Any) -> tuple[Any, Any]:
        wallet = [one["balance"] for one in answer["accounts"] if one["account"] == "552"]
        groups = {(one["kind"], one["provider"]): one["statuses"] for one in answer["payments"]}
        return groups, wallet

    one, two = ({"payments": count, "amount": f"{count * 1500}"} for count in (1, 2))
    out = {
        ("payout", "mtn"): {"succeeded": {"payments": 1, "amount": "600"}},
        ("refund", "mtn"): {"succeeded": {"payments": 1, "amount": "500"}},
    }
    took = {"requested": one, "succeeded": two}
    assert told(everything) == ({("collection", "mtn"): took, **out}, ["1900"])
    assert told(spanned) == ({("collection", "mtn"): {"succeeded": one}, **out}, ["400"])
    assert told(earlier) == ({}, [])
    assert re.search(r"refund[ │]+mtn[ │]+XAF[ │]+succeeded[ │]+1[ │]+500 ", table)
    assert spanned["effective_from"] == "2026-03-02T00:00:00.000000Z"
    assert "moved from 2026-03-02" in title
    assert (refused.status, "no time with its offset" in refused.err) == (2, True)


def test_a_changed_byte_is_found(here: Here) -> None:
    here.asked("merchants", "add", "Boutique", "--country", "CM")
    with sqlite3.connect(here.database) as database:
        database.execute("DROP TRIGGER IF EXISTS log_update")
        for (name,) in database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.execute(
            "UPDATE log SET entry = replace(entry, 'Boutique', 'boutique') WHERE position = 1"
        )
    database.close()

    said = here.on("verify", "--json")

    assert said.status == 1
    told = json.loads(said.out)
    assert (told["is_verified"], told["position"]) == (False, 1)


def test_a_newer_database_is_left_alone(here: Here) -> None:
    here.on("migrate")
    with sqlite3.connect(here.database) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()

    for arguments in (("tail",), ("migrate",), ("serve", "--port", "0")):
        said = here.on(*arguments)
        assert said.status == 3, said
        assert "Upgrade the code" in said.err


def test_a_signing_key_is_made_once_and_signs_what_verify_then_believes(
    here: Here, tmp_path: Path
) -> None:
    file = tmp_path / "signing.key"
    made = here("keys", "signing", "--name", "pay.example/log", "--file", str(file), "--json")
    again = here("keys", "signing", "--name", "pay.example/log", "--file", str(file))
    public = json.loads(made.out)["public_key"]
    other = here("keys", "signing", "--name", "pay.example/log", "--file", "other.key", "--json")
    auditor = here.asked("keys", "add", "--role", "auditor")
    with a_server(
        tmp_path,
        "--database",
        here.database,
        CAURI_SIGNING_KEY_FILE=str(file),
        CAURI_LOG_NAME="pay.example/log",
    ) as (_, url):
        _, told = ask(f"{url}/v1/log/checkpoint", auditor["key"])
    (tmp_path / "note").write_text(json.loads(told)["note"])

    believed = here.on("verify", "--checkpoint", "note", "--key", public)
    unsigned = here.on("verify", "--checkpoint", "note")
    forged = here.on("verify", "--checkpoint", "note", "--key", json.loads(other.out)["public_key"])

    assert file.stat().st_mode & 0o777 == 0o600
    assert (again.status, "signing.key" in again.err) == (3, True)
    assert [believed.status, unsigned.status, forged.status] == [0, 0, 1]
    assert "no trusted key has signed" in forged.out


@pytest.mark.parametrize(
    ("database", "status", "words"),
    [
        ("mysql://host/name", 2, "no database URL that is served"),
        ("/", 3, ""),
        (__file__, 3, "Name another file, or restore this one"),
        ("/dev/null/x.db", 3, ""),
        ("postgresql://nobody@127.0.0.1:9/none", 3, ""),
    ],
)
def test_a_database_that_cannot_be_had_is_told_in_a_sentence(
    here: Here, database: str, status: int, words: str
) -> None:
    said = here("serve", "--port", "0", "--database", database)

    assert said.status == status, said
    assert said.err.startswith("error: ")
    assert words in said.err
    assert "Traceback" not in said.err


def test_a_folder_that_cannot_be_written_is_told_with_a_remedy(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), "sandbox-mtn.jsonl")

    monkeypatch.setattr("adapters.sandbox.mtn_trial.make_trial", refuse)
    said = here("serve", "--port", "0", "--sandbox")

    assert said.status == 3
    assert said.err == (
        "error: Read-only file system: sandbox-mtn.jsonl. Make it and its folder writable for this "
        "user, or give the command in a folder that is.\n"
    )


def test_a_port_that_is_taken_is_named(here: Here) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = here.on("serve", "--port", str(port))

    assert (said.status, f"127.0.0.1:{port}" in said.err) == (3, True)


def test_production_does_not_start_without_its_secrets(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAURI_MODE", "production")

    bare = here.on("serve", "--port", "0")
    with_sandbox = here.on("serve", "--port", "0", "--sandbox")

    assert bare.status == with_sandbox.status == 2
    assert "openssl rand -base64 32" in bare.err


def test_a_weak_master_key_is_refused(
    here: Here, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    weak = tmp_path / "weak.key"
    weak.write_text("A" * 43 + "=\n")

    said = here.on("serve", "--port", "0", "--master-key-file", str(weak))

    assert said.status == 3
    assert "not random" in said.err


def test_another_master_key_than_the_databases_is_refused(tmp_path: Path, here: Here) -> None:
    from ledger.vault import MasterKeys

    first, second = tmp_path / "first.key", tmp_path / "second.key"
    MasterKeys.generate().write(first)
    MasterKeys.generate().write(second)
    merchant = here.asked("merchants", "add", "Boutique", "--country", "CM")
    given = ("--sandbox", "--database", here.database, "--master-key-file", str(first))
    with a_server(tmp_path, *given) as (_, url):
        assert ask(f"{url}/v1/payments", merchant["key"], a_payment())[0] == 202

    said = here.on("serve", "--port", "0", "--master-key-file", str(second))
    lost = here.on("serve", "--port", "0")

    assert (said.status, "another master key" in said.err) == (3, True)
    assert (lost.status, "Restore the key file" in lost.err) == (3, True)


def test_on_a_full_disk_payments_are_refused_and_what_was_acknowledged_is_kept(
    tmp_path: Path, here: Here
) -> None:
    merchant = here.asked("merchants", "add", "Boutique", "--country", "CM")
    here.asked("rebuild", "--check")
    size = Path(here.database).stat().st_size + 200_000
    acknowledged, status, told = [], 202, b""
    unlimited = {
        "CAURI_PAYER_PAYMENTS_PER_MINUTE_MAX": "0",
        "CAURI_KEY_REQUESTS_PER_SECOND_MAX": "0",
    }
    arguments = ("--sandbox", "--database", here.database)
    with a_server(tmp_path, *arguments, file_bytes_max=size, **unlimited) as (_, url):
        for number in range(2000):
            key = f"order-{number}"
            status, told = ask(f"{url}/v1/payments", merchant["key"], a_payment(), key_of_order=key)
            if status != 202:
                break
            acknowledged.append(json.loads(told)["id"])

    problem = json.loads(told)
    assert (status, problem["category"]) in {
        (503, "serviceUnavailable"),
        (507, "serviceUnavailable"),
    }
    assert problem["detail"]
    lines = [
        json.loads(line) for line in here.on("tail", "--after", "0", "--json").out.splitlines()
    ]
    kept = {line["data"]["payment_id"] for line in lines if line["type"] == "payment.requested"}
    assert acknowledged
    assert set(acknowledged) <= kept
    assert here.asked("verify")["is_verified"]


def told_by_sandboxes(*arguments: str) -> str:
    """All that `cauri sandbox` says, until it is told to stop."""
    process = subprocess.Popen(
        [sys.executable, "-m", "api", "sandbox", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert process.stdout is not None
    with process.stdout as told:
        try:
            said = told.readline()
        finally:
            process.send_signal(signal.SIGTERM)
        # By the same reader: it may have read more than the line that was asked for.
        said += told.read()
    assert process.wait(timeout=20) == 0
    return said


def test_what_the_sandboxes_say_can_be_pasted_into_a_shell() -> None:
    told = json.loads(told_by_sandboxes("--json"))
    pasted = subprocess.run(
        ["/bin/sh", "-e", "-c", f"{told_by_sandboxes()}\nenv -0"],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"]},
        check=True,
        timeout=20,
    )
    values = dict(one.split("=", 1) for one in pasted.stdout.split("\0") if one)

    def without_ports(settings: Mapping[str, str]) -> dict[str, str]:
        return {
            name: re.sub(r"(?<=:)[0-9]+", "", value)
            for name, value in settings.items()
            if name.startswith("CAURI_")
        }

    assert pasted.stderr == ""
    assert without_ports(values) == without_ports(told)
    assert [one for one in values.values() if " " in one or "&" in one]
