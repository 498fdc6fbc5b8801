"""Packages of Node: what stands in their locks, and that nothing else is installed."""

import base64
import hashlib
import io
import json
import re
import shutil
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from scripts import node
from tests.processes import Program

NAMES = sorted(path.name.split(".")[0] for path in node.REQUIREMENTS.glob("*.package.json"))
LOCK_BYTES_MAX = 300_000

requires_npm = pytest.mark.skipif(
    shutil.which("npm") is None or shutil.which("node") is None, reason="node or npm is absent"
)


@pytest.mark.parametrize("name", NAMES)
def test_a_lock_holds_versions_and_hashes_and_no_address(name: str) -> None:
    text = (node.REQUIREMENTS / f"{name}.package-lock.json").read_text()
    packages = json.loads(text)["packages"]
    asked = json.loads((node.REQUIREMENTS / f"{name}.package.json").read_text())
    assert packages.pop("")["dependencies"] == asked["dependencies"]
    assert [path for path, said in packages.items() if not said["version"]] == []
    assert [
        path
        for path, said in packages.items()
        if not re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", said["integrity"])
    ] == []
    assert [path for path, said in packages.items() if not said.keys() <= node.KEPT] == []
    assert ("://" in text, len(text) < LOCK_BYTES_MAX) == (False, True)


def packed(content: str) -> bytes:
    """Make a package of one file."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w:gz") as archive:
        manifest = {"name": "cowrie", "version": "1.0.0"}
        for name, text in (("package.json", json.dumps(manifest)), ("index.js", content)):
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return written.getvalue()


@asynccontextmanager
async def a_registry(package: bytes) -> AsyncIterator[str]:
    """Serve one package, as npm asks for it; the address."""

    async def describe(request: web.Request) -> web.Response:
        version = {
            "name": "cowrie",
            "version": "1.0.0",
            "dist": {"tarball": f"{request.url.origin()}/cowrie.tgz"},
        }
        return web.json_response({"name": "cowrie", "versions": {"1.0.0": version}})

    async def hand_over(_request: web.Request) -> web.Response:
        return web.Response(body=package)

    application = web.Application()
    application.router.add_get("/cowrie", describe)
    application.router.add_get("/cowrie.tgz", hand_over)
    async with TestServer(application) as server:
        yield str(server.make_url("/"))


def a_checkout(folder: Path, package: bytes) -> Path:
    """Make a checkout whose lock asks for exactly this package."""
    scripts = folder / "scripts"
    (scripts / "requirements").mkdir(parents=True)
    shutil.copy(node.__file__, scripts / "node.py")
    asked = {"name": "trial", "version": "1.0.0", "dependencies": {"cowrie": "1.0.0"}}
    digest = base64.b64encode(hashlib.sha512(package).digest()).decode()
    pinned = {"version": "1.0.0", "integrity": f"sha512-{digest}"}
    lock = {
        "name": "trial",
        "version": "1.0.0",
        "lockfileVersion": 3,
        "requires": True,
        "packages": {"": asked, "node_modules/cowrie": pinned},
    }
    for name, content in (("package", asked), ("package-lock", lock)):
        (scripts / "requirements" / f"trial.{name}.json").write_text(json.dumps(content))
    return scripts / "node.py"


async def run(script: Path, folder: Path, registry: str) -> tuple[int, str]:
    """Run the script; its exit status and all that it said."""
    settings = {
        "npm_config_registry": registry,
        "npm_config_cache": str(folder / "cache"),
        "npm_config_fetch_retry_mintimeout": "1",
    }
    program = Program(settings, "trial")
    program.command = (*program.command[:1], str(script))
    await program.start()
    status = await program.ended()
    return status, b"".join(program.lines).decode()


def left_in(folder: Path) -> list[str]:
    """What an installation has left in a checkout."""
    return sorted(path.name for path in folder.glob(".node-*"))


@requires_npm
async def test_what_is_pinned_is_installed_once(tmp_path: Path) -> None:
    package = packed("module.exports = 'pinned'")
    script = a_checkout(tmp_path, package)
    home = tmp_path / ".node-trial"
    async with a_registry(package) as registry:
        first = await run(script, tmp_path, registry)
    again = await run(script, tmp_path, "http://127.0.0.1:9")
    assert first == again == (0, f"{home}\n")
    assert (home / "node_modules/cowrie/index.js").read_text() == "module.exports = 'pinned'"
    assert left_in(tmp_path) == [".node-trial"]


@requires_npm
async def test_what_has_another_hash_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = a_checkout(tmp_path, packed("module.exports = 'pinned'"))
    async with a_registry(packed("module.exports = 'something else'")) as registry:
        status, said = await run(script, tmp_path, registry)
    monkeypatch.setattr(node, "ROOT", tmp_path)
    monkeypatch.setattr(node, "REQUIREMENTS", script.parent / "requirements")
    with pytest.raises(node.NodeNotReadyError) as refused:
        node.installed("trial")
    assert (status, "EINTEGRITY" in said) == (1, True)
    assert str(refused.value) == (
        ".node-trial is absent or out of date (npm error code EINTEGRITY); "
        "to make it: python3 scripts/node.py trial"
    )
    assert left_in(tmp_path) == [".node-trial.log"]


def test_without_node_it_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(node.NodeNotReadyError) as absent:
        node.installed("toolkit")
    for name, said in (("npm", ""), ("node", "echo v18.19.0")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{said}\n")
        (tmp_path / name).chmod(0o755)
    with pytest.raises(node.NodeNotReadyError) as old:
        node.installed("toolkit")
    remedy = "Node 20 or newer with npm is needed: install it, and run this again"
    assert [str(absent.value), str(old.value)] == [
        f"node or npm is absent. {remedy}",
        f"this is Node v18.19.0. {remedy}",
    ]
