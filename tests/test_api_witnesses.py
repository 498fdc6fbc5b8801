"""A server with witnesses: asked by itself, and said over HTTP how far they are."""

import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from api.settings import Settings, SettingsError, load_settings
from api.wiring_witnesses import policy_for
from api.witness_signs import WitnessSigns
from ledger import commands
from ledger.checkpoint import Signer, Verifier
from ledger.cosignature import CosignatureVerifier, Cosigner
from ledger.policy import read_policy
from tests.api_world import CONTEXT, World, a_world, settings_in
from tests.conftest import FakeClock
from tests.growing import LOG, ORIGIN, GrowingLog
from tests.witness_world import a_folder, post, serving

KEYS = [Cosigner(f"{name}.example/witness", bytes([n]) * 32) for n, name in enumerate("abc", 1)]


def policy_file(folder: Path, *lines: str) -> Path:
    path = folder / "policy"
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def settings_of(folder: Path, *lines: str, **changes: Any) -> Settings:
    signing = folder / "signing.key"
    signing.write_text(LOG.private_text())
    return settings_in(
        folder,
        signing_key_file=signing,
        log_name=ORIGIN,
        witness_policy_file=policy_file(folder, *lines),
        **changes,
    )


@asynccontextmanager
async def watched(folder: Path, clock: FakeClock) -> AsyncIterator[tuple[World, dict[str, str]]]:
    """A server that works, with two witnesses that run and one that is never there."""
    async with AsyncExitStack() as stack:
        urls: dict[str, str] = {}
        lines = [f"log {LOG.verifier.text()}"]
        for name in ("shop", "firm"):
            key = a_folder(folder / name, name=f"{name}.example/witness")
            urls[name] = await stack.enter_async_context(serving(folder / name, clock))
            lines.append(f"witness {name} {key.text()}")
        lines.append(f"witness telco {KEYS[0].verifier.text()}")
        lines += ["group two 2 shop firm telco", "quorum two"]
        addresses = tuple(f"{name}={url}" for name, url in urls.items())
        settings = settings_of(folder, *lines, witnesses=addresses, providers=())
        yield await stack.enter_async_context(a_world(settings, clock=clock, is_working=True)), urls


async def witnessed(world: World, words: int) -> dict[str, Any]:
    """Make a checkpoint, wait for so many words of witnesses, and look."""
    before = await world.services.store.position()
    made = await world.ask("POST", "/v1/log/checkpoints", who="auditor")
    assert made.status == 201
    # The first checkpoint of a log records the key that signs it too, and commits to that.
    first = made.json["size"] - before
    assert await world.services.store.wait_for(before + 1 + first + words, 20)
    await world.caught_up()
    shown = (await world.get("/v1/log/witnesses")).json
    assert isinstance(shown, dict)
    return shown


async def test_witnesses_are_asked_by_themselves_and_shown(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with watched(tmp_path, clock) as (world, _):
        shown = await witnessed(world, words=2)
        assert shown["is_set_up"]
        assert (shown["is_met"], shown["missing"], shown["quorum"]) == (True, [], "two")
        assert shown["met_size"] == shown["size"]
        by_name = {one["name"]: one for one in shown["witnesses"]}
        for name in ("shop", "firm"):
            one = by_name[name]
            assert (one["is_current"], one["is_asked"], one["lag_entries"]) == (True, True, 0)
            assert (one["refused"], one["trouble"]) == (None, None)
            assert CosignatureVerifier.from_text(one["key"]).name == f"{name}.example/witness"
        telco = by_name["telco"]
        assert (telco["is_asked"], telco["cosigned_size"]) == (False, None)
        assert telco["lag_entries"] == shown["size"]
        published = (await world.get("/checkpoint", who="auditor")).body
        policy = read_policy((tmp_path / "policy").read_bytes())
        assert policy.judge(published).is_met


async def test_a_fork_that_a_witness_saw_first_is_shown_as_refused(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with watched(tmp_path, clock) as (world, urls):
        # Somebody with a copy of the log and its key showed the firm another history.
        other = GrowingLog.of(3, "another history")
        assert (await post(urls["firm"], other.request(0).body())).status == 200
        shown = await witnessed(world, words=2)
        assert (shown["is_met"], shown["met_size"]) == (False, None)
        assert shown["missing"] == ["1 of [firm telco]"]
        (firm,) = [one for one in shown["witnesses"] if one["name"] == "firm"]
        assert (firm["refused"]["status"], firm["refused"]["size"]) == (422, shown["size"])
        assert not firm["is_current"]
        command = commands.AddMerchant(merchant_id="mer_9", name="A shop", country="CM")
        await world.services.handler.handle(command, context=CONTEXT)
        again = await witnessed(world, words=2)
        assert (again["is_met"], again["size"] > shown["size"]) == (False, True)


async def test_a_policy_that_does_not_name_the_key_that_signs_lacks_the_logs_key(
    tmp_path: Path, clock: FakeClock
) -> None:
    former = Signer(ORIGIN, bytes([7]) * 32).verifier.text()
    key = a_folder(tmp_path / "firm")
    async with serving(tmp_path / "firm", clock) as url:
        lines = (f"log {former}", f"witness firm {key.text()} {url}", "quorum firm")
        settings = settings_of(tmp_path, *lines, providers=())
        async with a_world(settings, clock=clock, is_working=True) as world:
            shown = await witnessed(world, words=1)
    (firm,) = shown["witnesses"]
    assert (shown["is_met"], shown["missing"], firm["is_current"]) == (
        False,
        ["the log's key"],
        True,
    )


async def test_an_older_copy_put_back_is_neither_current_nor_met_and_the_witness_shows_it(
    tmp_path: Path, clock: FakeClock
) -> None:
    key, firm = a_folder(tmp_path / "firm"), tmp_path / "firm"
    database, copy = tmp_path / "cauri.db", tmp_path / "copy.db"
    async with serving(firm, clock) as url:
        lines = (f"witness firm {key.text()} {url}", "quorum firm")
        settings = settings_of(tmp_path, *lines, providers=())
        async with a_world(settings, clock=clock, is_working=True) as world:
            honest = await witnessed(world, words=1)
            keys = world.keys
        shutil.copy(database, copy)
        async with a_world(settings, clock=clock, is_working=True) as world:
            world.keys.update(keys)
            for number in range(9):
                name = f"mer_{10 + number}"
                command = commands.AddMerchant(merchant_id=name, name="A shop", country="CM")
                await world.services.handler.handle(command, context=CONTEXT)
            await witnessed(world, words=1)
        copy.replace(database)
        async with a_world(settings, clock=clock, is_working=True) as world:
            world.keys.update(keys)
            before = await world.services.store.position()
            assert await world.services.store.wait_for(before + 1, 20)
            await world.caught_up()
            shown = (await world.get("/v1/log/witnesses")).json
    (now,) = shown["witnesses"]
    assert (honest["is_met"], honest["witnesses"][0]["is_current"]) == (True, True)
    assert (shown["size"], shown["is_met"], shown["met_size"], shown["missing"]) == (
        *(honest["size"], False, None, ["firm"]),
    )
    assert (now["is_current"], now["lag_entries"], now["refused"]["status"]) == (False, None, 409)
    (sign,) = WitnessSigns(firm).of(ORIGIN)
    assert (sign.kind, sign.times, sign.size) == ("smaller", 1, honest["size"])


async def test_without_a_policy_nobody_watches(tmp_path: Path, clock: FakeClock) -> None:
    async with a_world(settings_in(tmp_path), clock=clock, is_in_memory=True) as world:
        shown = (await world.get("/v1/log/witnesses")).json
        assert (shown["is_set_up"], shown["is_met"], shown["witnesses"]) == (False, False, [])
        assert (await world.get("/v1/log/witnesses", who=None)).status == 401


A, B, C = (one.verifier.text() for one in KEYS)
SAME_NAME = Cosigner(KEYS[0].verifier.name, bytes(32)).verifier.text()
OTHER_LOG = Verifier("other.example/log", LOG.verifier.public_key).text()


@pytest.mark.parametrize(
    ("lines", "witnesses", "name", "reason"),
    [
        (["quorum x"], (), "CAURI_WITNESS_POLICY_FILE", "line 1: no line above"),
        ([f"log {OTHER_LOG}", "quorum none"], (), "CAURI_WITNESS_POLICY_FILE", "other logs"),
        (
            [f"witness a {A}", f"witness b {SAME_NAME}", "quorum a"],
            (),
            "CAURI_WITNESS_POLICY_FILE",
            "one name",
        ),
        ([f"witness a {A}", "quorum a"], ("b=https://b.example",), "CAURI_WITNESSES", "'b=https"),
        ([f"witness a {A}", "quorum a"], ("a",), "CAURI_WITNESSES", "'a' is not name=address"),
        (
            [f"witness a {A}", "quorum a"],
            ("a=http://a.example",),
            "CAURI_WITNESSES",
            "it is not https",
        ),
        ([f"witness a {A} https://10.0.0.1", "quorum a"], (), "CAURI_WITNESSES", "not public"),
    ],
)
def test_a_policy_that_cannot_be_used_is_refused_at_the_start(
    tmp_path: Path, lines: list[str], witnesses: tuple[str, ...], name: str, reason: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        policy_for(settings_of(tmp_path, *lines, witnesses=witnesses))
    (fault,) = refused.value.faults
    assert (fault.name, reason in fault.reason) == (name, True)


def test_addresses_without_a_policy_and_a_file_that_is_not_there_are_refused(
    tmp_path: Path,
) -> None:
    for changes, name in (
        ({"witnesses": ("a=https://a.example",)}, "CAURI_WITNESSES"),
        ({"witness_policy_file": tmp_path / "none"}, "CAURI_WITNESS_POLICY_FILE"),
    ):
        with pytest.raises(SettingsError) as refused:
            policy_for(settings_in(tmp_path, **changes))
        assert [one.name for one in refused.value.faults] == [name]


def test_this_machine_is_asked_in_development_only(tmp_path: Path) -> None:
    lines = [f"witness a {A} https://a.example/prefix/", f"witness b {B}", "quorum a"]
    settings = settings_of(tmp_path, *lines, witnesses=("b=http://127.0.0.1:8090",))
    read = policy_for(settings)
    assert read is not None
    assert {one.name: one.url for one in read[1]} == {
        "a": "https://a.example/prefix/",
        "b": "http://127.0.0.1:8090",
    }
    production = {
        "CAURI_MODE": "production",
        "CAURI_MASTER_KEY": "x",
        "CAURI_SIGNING_KEY_FILE": str(tmp_path / "signing.key"),
        "CAURI_LOG_NAME": ORIGIN,
        "CAURI_PUBLIC_URL": "https://pay.example",
        "CAURI_PROVIDERS": "mtn",
        "CAURI_WITNESS_POLICY_FILE": str(tmp_path / "policy"),
        "CAURI_WITNESSES": "b=http://127.0.0.1:8090",
    }
    with pytest.raises(SettingsError, match="it is not https"):
        policy_for(load_settings(production, provider_names=["mtn"]))
