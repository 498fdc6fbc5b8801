"""The log as C2SP tlog-tiles: a client that knows the specification alone can check all of it."""

import asyncio
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from api.errors import ProblemError
from api.tlog import path_of, place_of
from ledger import commands_log
from ledger.checkpoint import Signer, open_checkpoint
from ledger.merkle import verify_consistency, verify_inclusion
from tests.api_world import CONTEXT, a_world, settings_in
from tests.conftest import FakeClock
from tests.tlog_client import NotARootError, index_path, leaf, read_checkpoint, tree
from tests.tlog_world import LOG_NAME, SIGNER, a_log, checkpoint, client_of, grow


@pytest.mark.parametrize(
    ("index", "width", "path"),
    [
        (0, 256, "000"),
        (7, 3, "007.p/3"),
        (999, 256, "999"),
        (1000, 256, "x001/000"),
        (1234067, 256, "x001/x234/067"),
        (1234067, 255, "x001/x234/067.p/255"),
    ],
)
def test_an_index_is_written_in_groups_of_three_digits(index: int, width: int, path: str) -> None:
    assert path_of(index, width) == path
    assert place_of(path) == (index, width)
    assert index_path(index) == path.partition(".")[0]


@pytest.mark.parametrize(
    "path",
    [
        *("", "0", "00", "0000", "x000/001", "x01/001", "001/001", "x001", "x001/x002", "/000"),
        *("000/", "000.p", "000.p/", "000.p/0", "000.p/256", "000.p/07", "000.p/+7", "000.p/1000"),
        *("-01", "\u0661\u0661\u0661", "000.p/\u0667", "000.p/7/", "000.P/7", "x001//000", "1e1"),
        "x999/" * 7 + "999",
    ],
)
def test_what_is_written_otherwise_is_no_tile(path: str) -> None:
    with pytest.raises(ProblemError) as raised:
        place_of(path)
    assert raised.value.problem.status == 404


@pytest.mark.parametrize("size", [20, 255, 256, 257, 600])
async def test_a_client_of_the_specification_walks_every_tile_to_the_root(
    tmp_path: Path, clock: FakeClock, size: int
) -> None:
    async with a_log(tmp_path, clock, size - 1) as world:
        made = await checkpoint(world)  # its key is the entry that makes it `size`
        client = client_of(world)
        head = await asyncio.to_thread(client.checkpoint)
        entries = await asyncio.to_thread(client.walk, head)

        assert (head.origin, head.size, head.signed_by) == (LOG_NAME, size, [LOG_NAME])
        assert head.root == b64decode(made["root_base64"])
        stored = await world.services.store.read_raw(0, 1000)
        assert entries == [row.entry for row in stored][:size]


async def test_a_client_walks_a_log_of_three_levels(tmp_path: Path, clock: FakeClock) -> None:
    async with a_log(tmp_path, clock, 65_900) as world:
        await checkpoint(world)
        client = client_of(world)
        head = await asyncio.to_thread(client.checkpoint)
        entries = await asyncio.to_thread(client.walk, head)
        assert len(entries) == head.size == 65_901


async def test_every_width_of_a_partial_tile_is_served_and_stays_when_it_is_full(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_log(tmp_path, clock, 260) as world:
        client = client_of(world)
        full = await asyncio.to_thread(client.tile, 0, 0, 256)
        entries = await asyncio.to_thread(client.entries, 0, 256)
        assert [leaf(one) for one in entries] == full
        for width in (1, 2, 100, 255):
            assert await asyncio.to_thread(client.tile, 0, 0, width) == full[:width]
            assert await asyncio.to_thread(client.entries, 0, width) == entries[:width]
        assert await asyncio.to_thread(client.tile, 1, 0, 1) == [tree(full)]


@pytest.mark.parametrize(
    "path",
    [
        *("/tile/0/001", "/tile/0/001.p/200", "/tile/0/002.p/1", "/tile/1/000", "/tile/1/000.p/2"),
        *("/tile/2/000.p/1", "/tile/63/000", "/tile/64/000", "/tile/00/000", "/tile/x/000"),
        *("/tile/0/x999/x999/x999/x999/x999/x999/999", "/tile/-1/000", "/tile/0/000.p/256"),
        *("/tile/entries/001", "/tile/entries/002.p/1", "/tile/entries/0", "/tile/entries/"),
        *("/tile/entries/x999/x999/x999/x999/x999/x999/999.p/3", "/tile/0/", "/tile/entries"),
    ],
)
async def test_there_is_no_tile_beyond_the_tree_and_none_by_another_name(
    tmp_path: Path, clock: FakeClock, path: str
) -> None:
    async with a_log(tmp_path, clock, 300) as world:
        answer = await world.get(path, who="auditor")
        known = path != "/tile/entries"
        assert (answer.status, answer.code) == (404, "not_in_log" if known else "not_found")


async def test_a_tile_that_was_tampered_with_is_noticed_by_the_client(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_log(tmp_path, clock, 300) as world:
        await checkpoint(world)
        client, store = client_of(world), world.services.store
        head = await asyncio.to_thread(client.checkpoint)
        tile = store.tile

        async def other(level: int, index: int) -> list[bytes]:
            hashes = await tile(level, index)
            return hashes if (level, index) != (1, 0) else [bytes(32), *hashes[1:]]

        monkeypatch.setattr(store, "tile", other)
        with pytest.raises(NotARootError, match="tile 1/0"):
            await asyncio.to_thread(client.walk, head)


@pytest.mark.parametrize("path", ["/checkpoint", "/tile/0/000.p/1", "/tile/entries/000.p/1"])
@pytest.mark.parametrize(
    ("who", "status"),
    [("auditor", 200), ("admin", 200), ("mer_1", 403), ("operator", 403), (None, 401)],
)
async def test_the_log_is_for_auditors_and_admins(
    tmp_path: Path, clock: FakeClock, path: str, who: str | None, status: int
) -> None:
    async with a_log(tmp_path, clock, 20) as world:
        await checkpoint(world)
        answer = await world.get(path, who=who)
        assert answer.status == status
        if status == 200:
            assert "private" in answer.headers["Cache-Control"]


async def test_the_checkpoint_is_kept_by_no_cache_and_carries_its_cosignatures(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_log(tmp_path, clock, 20) as world:
        assert (await world.get("/checkpoint", who="auditor")).code == "not_in_log"
        made = await checkpoint(world)
        witness = Signer("witness.example/w", bytes(32))
        line = witness.sign(made["note"].partition("\n\n")[0] + "\n").line().rstrip("\n")
        command = commands_log.RecordCosignature(
            size=made["size"],
            root=made["root_base64"],
            witness=witness.verifier.name,
            signatures=(line,),
        )
        await world.services.handler.handle(command, context=CONTEXT)
        await world.caught_up()

        answer = await world.get("/checkpoint", who="auditor")
        listed = (await world.get("/v1/log/checkpoints", who="auditor")).json
        shown = (await world.get("/v1/log/checkpoint", who="mer_1")).json

        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert read_checkpoint(answer.body).signed_by == [LOG_NAME, "witness.example/w"]
        _, note = open_checkpoint(answer.body, [SIGNER.verifier, witness.verifier], origin=LOG_NAME)
        assert set(note.verified) == {SIGNER.verifier, witness.verifier}
        (only,) = listed["checkpoints"]
        assert only == shown["published"]
        assert only["note"].encode() == answer.body
        assert only["cosigned_by"] == ["witness.example/w"]


async def test_a_checkpoint_is_made_on_demand_once_for_what_has_happened(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_log(tmp_path, clock, 20) as world:
        first = await world.ask("POST", "/v1/log/checkpoints", who="auditor")
        await world.caught_up()
        again = await world.ask("POST", "/v1/log/checkpoints", who="admin")
        clock.advance(86_400)
        tomorrow = await world.ask("POST", "/v1/log/checkpoints", who="admin")
        await grow(world, 40)
        later = await world.ask("POST", "/v1/log/checkpoints", who="admin")
        refused = await world.ask("POST", "/v1/log/checkpoints", who="mer_1")
        await world.caught_up()
        page = (await world.get("/v1/log/checkpoints?limit=1", who="auditor")).json
        rest = await world.get(f"/v1/log/checkpoints?after={page['next_after']}", who="auditor")

        assert [one.status for one in (first, again, tomorrow, later, refused)] == [
            *(201, 200, 200, 201, 403)
        ]
        assert first.json == again.json | {"is_new": True} == tomorrow.json | {"is_new": True}
        assert [one["size"] for one in page["checkpoints"]] == [later.json["size"]] == [40]
        assert [one["size"] for one in rest.json["checkpoints"]] == [first.json["size"]] == [21]


async def test_without_a_key_no_checkpoint_is_made(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_world(settings_in(tmp_path), clock=clock, is_in_memory=True) as world:
        object.__setattr__(world.services, "checkpoints", None)
        refused = await world.ask("POST", "/v1/log/checkpoints", who="auditor")
        shown = await world.get("/v1/log/checkpoint", who="auditor")
        assert (refused.status, refused.code) == (409, "command_refused")
        assert (shown.json["note"], shown.json["published"]) == (None, None)


async def test_proofs_are_given_with_the_notes_of_their_checkpoints(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_log(tmp_path, clock, 300) as world:
        early = await checkpoint(world)
        await grow(world, 700)
        late = await checkpoint(world)

        async def proof(kind: str, **given: int) -> Any:
            asked = "&".join(f"{name}={value}" for name, value in given.items())
            answer = await world.get(f"/v1/log/proofs/{kind}?{asked}", who="auditor")
            assert answer.status == 200, answer
            return answer.json

        def raw(text: str | list[str]) -> Any:
            return b64decode(text) if isinstance(text, str) else [b64decode(one) for one in text]

        entry = (await world.services.store.read_raw(41, 1))[0].entry
        for size, note in ((301, early["note"]), (700, late["note"]), (500, None)):
            told = await proof("inclusion", position=42, size=size)
            assert verify_inclusion(leaf(entry), 41, size, raw(told["hashes"]), raw(told["root"]))
            assert (raw(told["leaf_hash"]), told["note"]) == (leaf(entry), note)
        assert (await proof("inclusion", position=42))["size"] == 700
        told = await proof("consistency", **{"from": 301, "to": 700})
        assert (told["from_note"], told["to_note"]) == (early["note"], late["note"])
        assert (told["from_root"], told["to_root"]) == (early["root_base64"], late["root_base64"])
        assert verify_consistency(
            301, 700, raw(told["hashes"]), raw(told["from_root"]), raw(told["to_root"])
        )
        assert told == await proof("consistency", **{"from": 301})
        assert (await proof("consistency", **{"from": 0, "to": 700}))["hashes"] == []


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("inclusion?position=0", "position"),
        ("inclusion?position=22&size=21", "position"),
        ("inclusion?position=1&size=99", "size"),
        ("inclusion", "position"),
        ("inclusion?position=99999999999999999999999999", "position"),
        ("consistency?from=21&to=20", "from"),
        ("consistency?from=1&to=99", "to"),
        ("consistency?from=99", "from"),
        ("consistency?to=3", "from"),
    ],
)
async def test_a_proof_of_what_is_not_names_the_parameter(
    tmp_path: Path, clock: FakeClock, query: str, parameter: str
) -> None:
    async with a_log(tmp_path, clock, 20) as world:
        await checkpoint(world)
        answer = await world.get(f"/v1/log/proofs/{query}", who="auditor")
        assert (answer.status, answer.code) == (422, "invalid_request")
        assert [one["parameter"] for one in answer.json["errors"]] == [parameter]


async def test_everybody_with_a_key_sees_the_keys_that_sign(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_log(tmp_path, clock, 20) as world:
        assert (await world.get("/v1/log/keys")).json["keys"] == []
        await checkpoint(world)
        (key,) = (await world.get("/v1/log/keys")).json["keys"]
        assert key | {"note": "", "introduced_at": ""} == {
            "key": SIGNER.verifier.text(),
            "introduced_at": "",
            "position": 21,
            "since": 0,
            "until": None,
            "note": "",
        }
