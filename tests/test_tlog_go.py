"""An independent implementation agrees: Go's own packages check what we serve and prove."""

import asyncio
import json
import os
import shutil
import subprocess
from base64 import b64encode
from pathlib import Path
from typing import Final

import pytest

from ledger.checkpoint import Signer
from tests.conftest import FakeClock
from tests.tlog_client import TlogClient, index_path
from tests.tlog_world import SIGNER, a_log, checkpoint, client_of, grow

SOURCE: Final = Path(__file__).parent / "fixtures" / "tlog" / "verify.go"
GO_PATH: Final = Path("/usr/share/gocode")
"""Where Debian's golang-golang-x-mod-dev puts its packages."""

BUILD_SECONDS_MAX: Final = 300


@pytest.fixture(scope="module")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, built."""
    go = shutil.which("go")
    if go is None or not (GO_PATH / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        pytest.skip("Go with golang.org/x/mod is not on this machine")
    folder = tmp_path_factory.mktemp("go")
    program = folder / "verify"
    environment = {
        **os.environ,
        "GO111MODULE": "off",
        "GOPATH": str(GO_PATH),
        "GOCACHE": str(folder / "cache"),
        "GOFLAGS": "",
        "CGO_ENABLED": "0",
    }
    subprocess.run(
        [go, "build", "-o", str(program), str(SOURCE)],
        env=environment,
        check=True,
        timeout=BUILD_SECONDS_MAX,
    )
    return program


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
    tmp_path: Path, clock: FakeClock, verifier: Path
) -> None:
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
