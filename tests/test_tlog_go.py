"""An independent implementation agrees: Go's own packages check what we serve and prove."""

import asyncio
import json
import os
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Final

import pytest

from ledger.checkpoint import Signature, Signer, sign_note, split_note
from scripts.verify_receipt import Policy, WrongError, verify
from tests.api_world import a_world
from tests.conftest import FakeClock
from tests.growing import LOG
from tests.test_api_refunds import a_paid_one
from tests.test_api_witnesses import settings_of
from tests.test_receipt import (
    TIMES,
    WITNESSES,
    a_policy,
    a_receipt,
    cosigned,
    id_of,
    key_of,
    quick_signatures,
)
from tests.test_receipt_keys import INTRODUCED, PUT_TOGETHER, kept
from tests.tlog_client import TlogClient, index_path
from tests.tlog_world import SIGNER, a_log, checkpoint, client_of, grow
from tests.witness_world import a_folder, serving

__all__ = ["quick_signatures"]

SOURCES: Final = Path(__file__).parent / "fixtures" / "tlog"
GO_PATH: Final = Path("/usr/share/gocode")
"""Where Debian's golang-golang-x-mod-dev puts its packages."""

BUILD_SECONDS_MAX: Final = 300

PROGRAMS: Final = {"verify": ("verify.go",), "receipt": ("receipt.go", "policy.go")}
"""What each program is built from."""

Built = Callable[[str], Path]
"""Gives one of the programs by its name."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Builds the programs, each once."""
    go = shutil.which("go")
    if go is None or not (GO_PATH / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        pytest.skip("Go with golang.org/x/mod is not on this machine")
    folder = tmp_path_factory.mktemp("go")
    environment = {
        **os.environ,
        "GO111MODULE": "off",
        "GOPATH": str(GO_PATH),
        "GOCACHE": str(folder / "cache"),
        "GOFLAGS": "",
        "CGO_ENABLED": "0",
    }

    def build(name: str) -> Path:
        program = folder / name
        if not program.exists():
            sources = [str(SOURCES / source) for source in PROGRAMS[name]]
            subprocess.run(
                [go, "build", "-o", str(program), *sources],
                env=environment,
                check=True,
                timeout=BUILD_SECONDS_MAX,
            )
        return program

    return build


def verified(program: Path, folder: Path, *keys: str) -> tuple[int, str]:
    done = subprocess.run(
        [program, folder, *keys], capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout + done.stderr


def save(client: TlogClient, folder: Path) -> int:
    """Fetch the log into files by the paths it is served by; its size."""
    size = client.checkpoint().size
    level, paths = 0, ["/checkpoint"]
    while count := size // 256**level:
        paths += [f"/tile/{level}/{index_path(index)}" for index in range(count // 256)]
        if count % 256:
            paths.append(f"/tile/{level}/{index_path(count // 256)}.p/{count % 256}")
        level += 1
    for path in paths:
        place = folder / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(client.fetch(path).body)
    return size


async def test_go_opens_our_checkpoint_and_makes_and_believes_our_proofs(
    tmp_path: Path, clock: FakeClock, built: Built
) -> None:
    verifier = built("verify")
    folder = tmp_path / "log"
    folder.mkdir()
    async with a_log(tmp_path, clock, 66_000) as world:
        await checkpoint(world)
        await grow(world, 66_200)
        await checkpoint(world)
        size = await asyncio.to_thread(save, client_of(world), folder)
        proofs: dict[str, list[dict[str, object]]] = {"inclusion": [], "consistency": []}
        for position, within in ((1, 1), (1, 2), (256, 257), (257, 65_537), (65_536, size)):
            told = await world.get(
                f"/v1/log/proofs/inclusion?position={position}&size={within}", who="auditor"
            )
            (row,) = await world.services.store.read_raw(position - 1, 1)
            proofs["inclusion"].append({**told.json, "entry": b64encode(row.entry).decode()})
        for old, new in ((1, 2), (255, 256), (256, 257), (257, 65_536), (65_537, size)):
            told = await world.get(f"/v1/log/proofs/consistency?from={old}&to={new}", who="auditor")
            proofs["consistency"].append({**told.json, "from": old, "to": new})
    (folder / "proofs.json").write_text(json.dumps(proofs))
    key = SIGNER.verifier.text()

    assert verified(verifier, folder, key) == (
        0,
        f"ledger.example/log {size}: 1 signatures, 5 inclusions, 5 consistencies\n",
    )
    # And it is no yes-man: another key, another tile, another proof.
    stranger = Signer("ledger.example/log", bytes(32)).verifier.text()
    assert verified(verifier, folder, stranger)[0] == 1
    tile = folder / "tile" / "0" / "000"
    whole = tile.read_bytes()
    tile.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
    assert verified(verifier, folder, key)[0] == 1
    tile.write_bytes(whole)
    for kind in ("inclusion", "consistency"):
        last = proofs[kind][-1]
        hashes = last["hashes"]
        assert isinstance(hashes, list)
        changed = {**last, "hashes": [b64encode(bytes(32)).decode(), *hashes[1:]]}
        written = {**proofs, kind: [*proofs[kind][:-1], changed]}
        (folder / "proofs.json").write_text(json.dumps(written))
        assert verified(verifier, folder, key)[0] == 1


def checked(program: Path, keys: Sequence[str], receipts: Sequence[bytes]) -> list[str]:
    """What Go says of receipts, line by line."""
    done = subprocess.run(
        [program, *keys],
        input=b"".join(b"%d\n%b" % (len(one), one) for one in receipts),
        capture_output=True,
        check=True,
        timeout=120,
    )
    said = done.stdout.decode().splitlines()
    assert len(said) == len(receipts)
    return said


def by_policies(program: Path, judged: Sequence[tuple[str, str]]) -> list[str]:
    """What Go says of receipts, each by a policy, line by line."""
    texts = [one.encode() for pair in judged for one in pair]
    done = subprocess.run(
        [program, "-policies"],
        input=b"".join(b"%d\n%b" % (len(one), one) for one in texts),
        capture_output=True,
        check=True,
        timeout=120,
    )
    said = done.stdout.decode().splitlines()
    assert len(said) == len(judged)
    return said


BASE64: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def forgeries(receipt: bytes, other: bytes) -> Iterator[tuple[str, bytes]]:
    """The receipt with something about it changed, and what."""
    for at, byte in enumerate(receipt):
        yield f"byte {at}", receipt[:at] + bytes([byte ^ 1 << at % 8]) + receipt[at + 1 :]
    lines = receipt.splitlines(keepends=True)
    for at, line in enumerate(lines):
        before, after = b"".join(lines[:at]), b"".join(lines[at + 1 :])
        yield f"line {at} left out", before + after
        yield f"line {at} twice", before + line * 2 + after
        # In base64 the last letter before = holds bits that mean nothing: they are to be zero.
        text = line.rstrip(b"=\n")
        if text[-1:] and text[-1:] in BASE64:
            letter = BASE64[BASE64.index(text[-1:]) ^ 1 : (BASE64.index(text[-1:]) ^ 1) + 1]
            yield (
                f"line {at} ends otherwise",
                before + text[:-1] + letter + line[len(text) :] + after,
            )
    blocks, others = (one.split(b"\n\n") for one in (receipt, other))
    for name, changed in {
        "two entries in another order": [blocks[0], blocks[2], blocks[1], *blocks[3:]],
        "an entry of another payment": [blocks[0], others[1], *blocks[2:]],
        "another payment's entries": [blocks[0].replace(b"entries 4", b"entries 1"), *others[1:]],
        "its first entry is left out": [blocks[0].replace(b"entries 4", b"entries 3"), *blocks[2:]],
        "no signatures": blocks[:-1],
    }.items():
        yield name, b"\n\n".join(changed)
    yield "an end that is no part of it", receipt + b"\n"
    yield "nothing", b""


async def test_go_believes_a_whole_receipt_and_none_of_which_a_byte_was_changed(
    tmp_path: Path, clock: FakeClock, built: Built
) -> None:
    """Entries, proofs, the log's signature and those of two witnesses, as a server gave them."""
    names = ("shop", "firm")
    async with AsyncExitStack() as stack:
        keys, asked = [LOG.verifier.text()], []
        for name in names:
            key = a_folder(tmp_path / name, name=f"{name}.example/witness")
            keys.append(key.text())
            url = await stack.enter_async_context(serving(tmp_path / name, clock))
            asked.append(f"{name}={url}")
        policy = [f"witness {name} {key}" for name, key in zip(names, keys[1:], strict=True)]
        settings = settings_of(
            tmp_path, *policy, "group both all shop firm", "quorum both", witnesses=tuple(asked)
        )
        world = await stack.enter_async_context(a_world(settings, clock=clock))
        assert world.services.witnessing is not None
        gathering = asyncio.create_task(world.services.witnessing.gatherer.run())
        stack.callback(gathering.cancel)
        await grow(world, 300)
        first = await a_paid_one(world)
        second = (await world.pay(key="order-2")).json["id"]
        answers = [
            await world.get(f"/v1/payments/{one}/receipt", who="mer_1") for one in (first, second)
        ]
        assert [one.status for one in answers] == [200, 200]
    receipt, other = (one.body for one in answers)
    program = built("receipt")

    (said,) = checked(program, keys, [receipt])
    assert said.startswith(f"ok {first}: 4 entries of ")
    assert said.endswith(", 3 signatures")
    forged = dict(forgeries(receipt, other))
    assert len(forged) > len(receipt) > 4000
    believed = [
        name
        for name, said in zip(forged, checked(program, keys, list(forged.values())), strict=True)
        if not said.startswith("refused: ")
    ]
    assert believed == []
    # By a policy it is as the server was set up: both, and one more would be too many.
    third = key_of("alpha")
    lines = [f"log {keys[0]}", *policy, f"witness third {third}"]
    for quorum, is_met in (
        ("group both all shop firm\nquorum both", True),
        ("group two 2 shop firm third\nquorum two", True),
        ("group all-three all shop firm third\nquorum all-three", False),
        ("quorum third", False),
    ):
        text = "\n".join([*lines, quorum, ""])
        (said,) = by_policies(program, [(text, receipt.decode())])
        assert said.startswith(f"ok {first}: 4 entries, 2 cosigned" if is_met else "refused: ")
    # Whoever is trusted has to have signed, and is known by the key.
    stranger = Signer(LOG.verifier.name, bytes(32)).verifier.text()
    for trusted in ([stranger, *keys[1:]], [*keys, stranger], keys[:2]):
        assert checked(program, trusted, [receipt])[0].startswith("refused: ")


NESTED: Final = """group early any alpha beta
group two 2 early gamma
quorum two
"""
QUORUMS: Final = {
    "two of three": "group two 2 alpha beta gamma\nquorum two\n",
    "all": "group three all alpha beta gamma\nquorum three\n",
    "any": "group one any alpha beta gamma\nquorum one\n",
    "one by its name": "quorum beta\n",
    "one of two, and another": NESTED,
    "none": "quorum none\n",
}
COUNTED: Final = {name: a_policy().partition("group")[0] + text for name, text in QUORUMS.items()}


def is_taken(policy: str, receipt: str) -> bool:
    """Whether the script that stands alone takes a receipt."""
    try:
        verify(receipt, Policy(policy))
    except (WrongError, LookupError, ValueError):
        return False
    return True


def cosignatures() -> Iterator[tuple[str, str, bool]]:
    """Notes on which witnesses have cosigned, or only seem to; whether that spoils the note."""
    names = tuple(TIMES)
    for chosen in (one for count in range(4) for one in combinations(names, count)):
        yield f"by {chosen}", a_receipt(*chosen).text(), False
    honest = a_receipt("alpha", "beta")
    text, signatures = split_note(honest.note)
    alpha, beta = (next(one for one in signatures if one.name == name) for name in names[:2])

    def with_lines(*lines: Signature) -> str:
        return replace(honest, note=sign_note(text, LOG, others=lines)).text()

    yield "twice the same", with_lines(alpha, alpha), False
    yield "a stranger", with_lines(alpha, Signature("delta", id_of("alpha"), beta.signature)), False
    yield "by a key of another id", with_lines(alpha, beta._replace(key_id=alpha.key_id)), False
    for what, made in {
        "another time": bytes(7) + b"\x01" + beta.signature[8:],
        "no time": beta.signature[8:],
        "of another text": cosigned("beta", text.replace("\n", " \n", 1)).signature,
        "of the text alone, as a log signs": beta.signature[:8]
        + WITNESSES["beta"].sign(text.encode()),
        "too short": beta.signature[:-1],
        "too long": beta.signature + b"\x00",
        "of another witness": alpha.signature,
    }.items():
        yield what, with_lines(alpha, beta._replace(signature=made)), True


def test_go_and_the_script_count_the_same_quorums_of_the_same_cosignatures(built: Built) -> None:
    pairs = [
        (name, policy, what, receipt, is_spoilt)
        for name, policy in COUNTED.items()
        for what, receipt, is_spoilt in cosignatures()
    ]
    said = by_policies(built("receipt"), [(policy, receipt) for _, policy, _, receipt, _ in pairs])
    by_go = {
        (name, what): line.startswith("ok ")
        for (name, _, what, _, _), line in zip(pairs, said, strict=True)
    }
    by_script = {(name, what): is_taken(policy, text) for name, policy, what, text, _ in pairs}
    assert by_go == by_script
    assert not any(by_go[name, what] for name, _, what, _, is_spoilt in pairs if is_spoilt)
    of_two = {what: by_go["two of three", what] for _, what in by_go if what.startswith("by (")}
    assert of_two == {what: what.count("'") >= 4 for what in of_two}
    assert all(by_go["none", what] for what in of_two)


async def test_go_and_the_script_follow_the_same_keys_of_a_log(built: Built) -> None:
    pairs: list[tuple[str, str]] = []
    expected: list[bool] = []
    receipts, keys = await kept()
    whole = [(one, [number <= at for number in range(3)]) for at, one in enumerate(receipts)]
    whole += [(change(receipts[2], keys), taken) for change, taken in PUT_TOGETHER.values()]
    for introduction, taken in INTRODUCED.values():
        whole.append(((await kept(introduction=introduction)).receipts[2], taken))
    for receipt, taken in whole:
        for key, is_right in zip(keys, taken, strict=True):
            pairs.append((f"log {key.verifier.text()}\nquorum none\n", receipt.text()))
            expected.append(is_right)
    said = by_policies(built("receipt"), pairs)
    assert [one.startswith("ok ") for one in said] == expected
    assert any(expected)
