"""Witnesses as their owners run them: in this process behind a real socket, or as a process."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web

from api.witness_files import WitnessFiles
from api.witness_server import Witness, witness_app
from ledger.checkpoint import Verifier
from ledger.cosignature import CosignatureVerifier, Cosigner
from ledger.store import Clock
from tests.growing import LOG

SECONDS_MAX = 30.0


@dataclass(frozen=True)
class Answered:
    status: int
    body: bytes
    headers: Mapping[str, str]


def a_folder(
    folder: Path, *keys: Verifier, name: str = "audit.example/witness"
) -> CosignatureVerifier:
    """Make a witness's folder that watches these logs."""
    cosigner = Cosigner(name, (name.encode() * 32)[:32])
    files = WitnessFiles.make(folder, cosigner)
    for key in keys or (LOG.verifier,):
        files.add_log(key)
    return cosigner.verifier


@asynccontextmanager
async def serving(folder: Path, clock: Clock, *, port: int = 0) -> AsyncIterator[str]:
    """Serve a witness's folder; its address."""
    files = WitnessFiles(folder)
    files.lock()
    runner = web.AppRunner(witness_app(Witness(files, files.cosigner(), clock=clock)))
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
        files.unlock()


async def post(url: str, body: bytes) -> Answered:
    """Send one request to a witness."""
    timeout = aiohttp.ClientTimeout(total=SECONDS_MAX)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.post(f"{url}/add-checkpoint", data=body) as response,
    ):
        return Answered(response.status, await response.read(), dict(response.headers))


async def page(url: str, language: str) -> str:
    """Read the page for people."""
    async with (
        aiohttp.ClientSession(headers={"Accept-Language": language}) as session,
        session.get(f"{url}/") as response,
    ):
        assert response.status == 200
        return await response.text()
