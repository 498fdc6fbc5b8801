"""`cauri checkpoint` and `cauri log-key`: signed, rotated, verified by whoever trusts one key."""

import asyncio
import json
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from adapters.dates import table_time
from api.commands.console import settings_for
from api.wiring import opened, projections_of
from api.wiring_log import digester, duties_of
from ledger.checkpoint import Signer
from projections import PROJECTIONS
from tests.builders import NOW
from tests.growing import LOG, GrowingLog
from tests.test_cli import Here, here

__all__ = ["here"]

LOG_NOTE = GrowingLog.of(1).note()
"""A checkpoint of a log that is none of ours."""


def test_a_checkpoint_is_made_once_and_is_what_verify_takes(here: Here, tmp_path: Path) -> None:
    here.asked("merchants", "add", "Boutique", "--country", "CM")
    said = here.on("checkpoint", "make")
    again = here.on("checkpoint", "make")
    (tmp_path / "note").write_text(said.out)
    (key,) = here.asked("log-key", "list")
    (listed,) = here.asked("checkpoint", "list")
    table = here.on("checkpoint", "list")

    verified = here.on("verify", "--checkpoint", "note", "--key", key["key"])

    # Its note has lines of its own, and stands in one of `tail`.
    lines = here.on("tail").out.splitlines()
    assert len(lines) == len(here.on("tail", "--json").out.splitlines())
    assert (said.status, again.out) == (0, said.out)
    assert (verified.status, "continue the checkpoint of 3 entries" in verified.out) == (0, True)
    assert (listed["size"], listed["note"]) == (3, said.out)
    assert listed["root"] in table.out
    assert (key["since"], key["until"], key["position"]) == (0, None, 3)
    assert (tmp_path / "signing.key").stat().st_mode & 0o777 == 0o600


def test_a_log_of_nothing_has_no_checkpoint_and_no_key_to_rotate(here: Here) -> None:
    here.on("migrate")
    made, rotated = here.on("checkpoint", "make"), here.on("log-key", "rotate")
    assert (made.status, "nothing has happened" in made.err) == (1, True)
    assert (rotated.status, "no checkpoint was signed yet" in rotated.err) == (1, True)


def test_after_rotations_whoever_trusts_the_first_key_verifies_every_checkpoint(
    here: Here, tmp_path: Path
) -> None:
    notes = []
    for name in ("Boutique", "Bazar", "Bistro"):
        here.asked("merchants", "add", name, "--country", "CM")
        notes.append(here.asked("checkpoint", "make"))
        (tmp_path / f"note{len(notes)}").write_text(notes[-1]["note"])
        if len(notes) == 1:
            here.asked("log-key", "rotate")
        if len(notes) == 2:
            rotated = here.on("log-key", "rotate").out
    keys = here.asked("log-key", "list")

    def status(note: int, key: int) -> int:
        return here.on("verify", "--checkpoint", f"note{note}", "--key", keys[key]["key"]).status

    assert [one["since"] for one in keys] == [0, notes[0]["size"] + 2, notes[1]["size"] + 2]
    assert [one["until"] for one in keys] == [*(one["since"] - 1 for one in keys[1:]), None]
    # From the first key on all is believed; a later key says nothing of what came before it.
    assert [[status(note, key) for key in range(3)] for note in (1, 2, 3)] == [
        [0, 1, 1],
        [0, 0, 1],
        [0, 0, 0],
    ]
    assert "Receipts and bundles carry that" in rotated
    assert "keys that they are given: add this one" in rotated
    kept = sorted(one.name for one in tmp_path.glob("signing.key*"))
    assert len(kept) == 3


def test_a_rotation_that_was_interrupted_is_finished_by_the_next_call(
    here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from api.signing_key import SigningKeys

    here.asked("merchants", "add", "Boutique", "--country", "CM")
    here.asked("checkpoint", "make")
    before = (tmp_path / "signing.key").read_text()
    with monkeypatch.context() as broken:
        broken.setattr(SigningKeys, "put_in_place", lambda *_: None)
        new = here.asked("log-key", "rotate")["key"]
    assert (tmp_path / "signing.key").read_text() == before
    here.asked("merchants", "add", "Bazar", "--country", "CM")
    made = here.asked("checkpoint", "make")

    finished = here.asked("log-key", "rotate")["key"]

    assert finished == new
    assert len(here.asked("log-key", "list")) == 2
    placed = Signer.from_text((tmp_path / "signing.key").read_text())
    assert placed.verifier.text() == new
    (tmp_path / "note").write_text(made["note"])
    assert here.on("verify", "--checkpoint", "note", "--key", new).status == 0


def test_a_lost_key_is_replaced_only_where_that_is_said_and_ends_the_trust(
    here: Here, tmp_path: Path
) -> None:
    here.asked("merchants", "add", "Boutique", "--country", "CM")
    here.asked("checkpoint", "make")
    (tmp_path / "signing.key").unlink()

    made = here.on("checkpoint", "make")
    refused = here.on("log-key", "rotate")
    rotated = here.on("log-key", "rotate", "--old-key-lost").out
    new = here.asked("log-key", "list")[-1]["key"]
    note = here.asked("checkpoint", "make")["note"]
    (tmp_path / "note").write_text(note)
    old = here.asked("log-key", "list")[0]["key"]

    assert (made.status, "Restore the file" in made.err) == (2, True)
    assert (refused.status, "is not at" in refused.err) == (1, True)
    assert ("nobody has handed over" in rotated, "signed its" in rotated) == (True, False)
    assert here.on("verify", "--checkpoint", "note", "--key", new).status == 0
    assert here.on("verify", "--checkpoint", "note", "--key", old).status == 1


def test_a_log_whose_keys_were_tampered_with_is_not_verified(here: Here, tmp_path: Path) -> None:
    import sqlite3

    here.asked("merchants", "add", "Boutique", "--country", "CM")
    here.asked("checkpoint", "make")
    first = here.asked("log-key", "list")[0]["key"]
    here.asked("log-key", "rotate")
    (tmp_path / "note").write_text(here.asked("checkpoint", "make")["note"])
    with sqlite3.connect(here.database) as database:
        for (trigger,) in database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            database.execute(f"DROP TRIGGER {trigger}")
        database.execute(
            "UPDATE log SET entry = replace(entry, 'after', 'After') WHERE stream = 'log-keys'"
        )
    said = here.on("verify", "--checkpoint", "note", "--key", first, "--json")
    assert said.status == 1
    assert not said.out or json.loads(said.out)["is_verified"] is False


def test_what_a_checkpoint_recorded_of_projections_is_checked_against_the_log(here: Here) -> None:
    here.asked("merchants", "add", "Boutique", "--country", "CM")
    none = here.on("rebuild", "--check", "--at", "checkpoint")
    with pytest.MonkeyPatch.context() as changed:
        changed.setenv("CAURI_DIGEST_SECONDS", "0")
        bare = here.asked("checkpoint", "make")["size"]
    without = here.on("rebuild", "--check", "--at", str(bare))
    here.asked("merchants", "add", "Magasin", "--country", "CM")

    async def digest() -> None:
        settings = settings_for(here.database)
        async with opened(settings) as (database, store):
            projections = projections_of(database)
            await projections.start(store)
            duties = await duties_of(projections)
            await digester(settings, projections, duties, clock=lambda: NOW).turn()

    asyncio.run(digest())
    size = here.asked("checkpoint", "make")["size"]
    listed = here.asked("checkpoint", "list")
    here.asked("merchants", "add", "Bazar", "--country", "CM")
    checked = here.asked("rebuild", "--check", "--at", "checkpoint")
    older = here.asked("rebuild", "keys", "--check", "--at", str(size))
    with closing(sqlite3.connect(here.database)) as database, database:
        (written,) = database.execute(
            "SELECT digests FROM log_checkpoints WHERE size = ?", (size,)
        ).fetchone()
        forged = written.replace(checked[0]["recorded"], "0" * 64)
        database.execute("UPDATE log_checkpoints SET digests = ? WHERE size = ?", (forged, size))
    from_the_event = here.asked("rebuild", "--check", "--at", "checkpoint")
    refused = here.on("rebuild", "--at", "checkpoint")
    unknown = here.on("rebuild", "--check", "--at", "yesterday")

    assert (none.status, "no checkpoint has digests" in none.err) == (2, True)
    assert "Make one with `cauri checkpoint make`" in " ".join(none.err.split())
    assert (without.status, "this checkpoint has no digests" in without.err) == (2, True)
    assert [len(one["digests"]) for one in listed] == [len(PROJECTIONS), 0]
    assert "digests" in here.on("checkpoint", "list").out
    assert [(one["name"], one["position"]) for one in checked] == [
        (name, 6) for name in sorted(one.name for one in PROJECTIONS)
    ]
    assert all(one["is_equal"] and one["recorded"] == one["rebuilt"] for one in checked)
    assert older == [one for one in checked if one["name"] == "keys"]
    assert forged != written
    assert from_the_event == checked
    assert (refused.status, "Add --check" in refused.err) == (2, True)
    assert (unknown.status, "no such checkpoint" in unknown.err) == (2, True)


def test_a_digest_of_rows_that_were_not_the_logs_is_found(here: Here) -> None:
    here.asked("merchants", "add", "Boutique", "--country", "CM")

    async def digest() -> None:
        settings = settings_for(here.database)
        async with opened(settings) as (database, store):
            projections = projections_of(database)
            await projections.start(store)
            async with database.write() as conn:
                await conn.exec_driver_sql("UPDATE merchants SET name = 'Bazar'")
            duties = await duties_of(projections)
            await digester(settings, projections, duties, clock=lambda: NOW).turn()

    asyncio.run(digest())
    here.asked("checkpoint", "make")
    said = here.on("rebuild", "--check", "--at", "checkpoint", "--json")

    bad = [one["name"] for one in json.loads(said.out) if not one["is_equal"]]
    assert (said.status, bad) == (1, ["keys"])


def test_a_key_is_held_to_whatever_is_signed_and_refused_where_nothing_is(
    here: Here, tmp_path: Path
) -> None:
    here.asked("merchants", "add", "Boutique", "--country", "CM")
    unmade = here.on("verify", "--key", LOG.verifier.text())
    made = here.asked("checkpoint", "make")
    first = here.asked("log-key", "list")[0]["key"]
    second = here.asked("log-key", "rotate")["key"]
    later = here.asked("checkpoint", "make")
    foreign = Signer("other", bytes(range(32))).verifier.text()
    namesake = Signer(first.partition("+")[0], bytes(range(32))).verifier.text()
    saved = {"size": made["size"], "root_hex": made["root"], "note": made["note"]}
    forged = {**saved, "size": later["size"], "root_hex": "0" * 64}
    shrunk = {**saved, "note": LOG_NOTE}
    for name, content in (
        ("saved", saved),
        ("unsigned", {**saved, "note": None}),
        ("forged", forged),
        ("shrunk", shrunk),
    ):
        (tmp_path / name).write_text(json.dumps(content))
    root = f"{made['size']}:{made['root']}"

    def verify(*arguments: str) -> int:
        return here.on("verify", *arguments).status

    trusting = {
        "itself": [verify("--key", one) for one in (first, second, foreign, namesake)],
        "saved": [
            verify("--checkpoint", "saved", "--key", one)
            for one in (first, second, foreign, namesake)
        ],
        "others": [
            verify("--checkpoint", one, "--key", first) for one in ("forged", "unsigned", root)
        ],
        "no key": [verify("--checkpoint", one) for one in ("saved", "unsigned", root)],
        "another log's": [verify("--checkpoint", "shrunk", "--key", LOG.verifier.text())],
    }
    told = here.on("verify", "--key", first)
    program = here.asked("verify", "--checkpoint", "saved", "--key", first)
    refused = here.on("verify", "--checkpoint", root, "--key", first)

    assert (unmade.status, "no checkpoint yet" in unmade.err) == (2, True)
    assert trusting == {
        "itself": [0, 0, 1, 1],
        "saved": [0, 1, 1, 1],
        "others": [1, 2, 2],
        "no key": [0, 0, 0],
        "another log's": [1],
    }
    assert f"signed by {second}\n  introduced by {first}, the key that you trust" in told.out
    assert (program["signed_by"], program["trusted_key"]) == (first, first)
    assert "--key out, or give a signed note" in refused.err


def test_projections_of_another_version_are_not_verified_and_stay_as_they_are(here: Here) -> None:
    here.asked("merchants", "add", "Boutique", "--country", "CM")
    here.on("rebuild")
    with closing(sqlite3.connect(here.database)) as database, database:
        database.execute("UPDATE checkpoints SET version = version - 1 WHERE name = 'keys'")
        before = [*database.iterdump()]
    said = here.on("verify", "--projections")
    with closing(sqlite3.connect(here.database)) as database:
        after = [*database.iterdump()]
    assert (said.status, "not those of this version" in said.err) == (3, True)
    assert after == before


def test_a_restoration_is_recorded_and_says_what_is_asked_and_what_waits(here: Here) -> None:
    here.asked("merchants", "add", "Boutique", "--country", "CM")
    entries = here.on("tail", "--after", "0", "--json").out.splitlines()
    last = json.loads(entries[-1])["recorded_at"]
    said = here.on("restored")
    again = here.asked("restored", "--since", "2026-01-31", "--days", "1", "--send-unasked", "wave")
    refused = [
        here.on("restored", "--since", "2999-01-01"),
        here.on("restored", "--since", "yesterday"),
        here.on("restored", "--send-unasked", "nobody"),
    ]

    assert said.status == 0
    assert f"after {table_time(datetime.fromisoformat(last))} is lost" in said.out
    assert (again["last_kept_position"], again["lost_since"]) == (2, "2026-01-31T00:00:00.000000Z")
    assert (again["position"], again["unasked"]) == (4, ["wave"])
    assert [(one.status, one.err.partition("\n")[0]) for one in refused] == [
        (1, "error: the backup cannot be of a time to come."),
        (2, refused[1].err.partition("\n")[0]),
        (2, refused[2].err.partition("\n")[0]),
    ]
    assert "no provider nobody" in refused[2].err
    assert "no time with its offset" in refused[1].err


def test_a_log_put_back_goes_on_under_another_name_and_what_it_kept_still_verifies(
    here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.asked("merchants", "add", "Boutique", "--country", "CM")
    (tmp_path / "before").write_text(here.on("checkpoint", "make").out)
    with closing(sqlite3.connect("cauri.db")) as log, closing(sqlite3.connect("copy")) as copy:
        log.backup(copy)
    for name in ("Bazar", "Bistro"):
        here.asked("merchants", "add", name, "--country", "CM")
    (tmp_path / "after").write_text(here.on("checkpoint", "make").out)
    for path in tmp_path.glob("cauri.db*"):
        path.unlink()
    (tmp_path / "copy").rename("cauri.db")

    here.asked("restored")
    monkeypatch.setenv("CAURI_LOG_NAME", "pay.example/log-2")
    (tmp_path / "signing.key").rename(tmp_path / "signing.key.lost")
    here.on("log-key", "rotate", "--old-key-lost")
    made = here.on("checkpoint", "make")
    kept, lost = (here.on("verify", "--checkpoint", one) for one in ("before", "after"))

    assert made.out.startswith("pay.example/log-2\n")
    assert (kept.status, "continue the checkpoint of 3 entries" in kept.out) == (0, True)
    assert (lost.status, "NOT VERIFIED" in lost.out) == (1, True)
