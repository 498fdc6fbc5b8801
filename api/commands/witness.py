"""`cauri witness ...`: make a witness, tell it what to watch, serve it, show what it refused."""

import asyncio
import secrets
import signal
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import structlog
from aiohttp import web

from api.commands.console import write_json, write_line
from api.connections import BoundedRunner, Named, listen_at, make_room
from api.logs import configure_logs
from api.settings_server import ServerSettings
from api.witness_files import WitnessFiles
from api.witness_server import Witness, witness_app
from ledger.checkpoint import Verifier
from ledger.cosignature import Cosigner

BACKLOG = 128

log = structlog.get_logger()


def make(*, name: str, folder: Path, as_json: bool) -> None:
    """Make a witness."""
    cosigner = Cosigner.generate(name, secrets.token_bytes)
    WitnessFiles.make(folder, cosigner)
    key = cosigner.verifier.text()
    if as_json:
        write_json({"name": name, "folder": str(folder), "public_key": key})
        return
    write_line(f"public key: {key}")
    write_line("Never restore this folder from a backup: a witness must not forget what it saw.")


def add_log(*, verifier: str, folder: Path, as_json: bool) -> None:
    """Watch a log."""
    files = WitnessFiles(folder)
    files.cosigner()
    key = Verifier.from_text(verifier)
    is_new = files.add_log(key)
    if as_json:
        write_json({"origin": key.name, "key_id": key.key_id.hex(), "is_new": is_new})
    else:
        write_line(f"{key.name} is watched" + ("" if is_new else " already, by this key"))


def serve(*, folder: Path, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    configure_logs("info", "json")
    asyncio.run(_serve(WitnessFiles(folder), host, port))


def show_evidence(*, folder: Path, as_json: bool) -> int:
    """Show the refusals; 1 if there are any."""
    files = WitnessFiles(folder)
    files.cosigner()
    count = 0
    for refusal in files.refusals():
        count += 1
        if as_json:
            write_json(refusal._asdict())
            continue
        write_line(f"{refusal.at} {refusal.origin}: {refusal.kind} (status {refusal.status})")
        write_line(f"  {refusal.cosigned_size} entries were cosigned before:")
        _write_indented(refusal.cosigned_note)
        write_line("  and this was refused:")
        _write_indented(refusal.request)
    if not count and not as_json:
        write_line("nothing was refused that could prove anything")
    return 1 if count else 0


def _write_indented(text: str) -> None:
    for line in text.splitlines():
        write_line(f"    {line}".rstrip())


async def _serve(files: WitnessFiles, host: str, port: int) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    limits = ServerSettings()
    async with AsyncExitStack() as stack:
        cosigner = files.cosigner()
        files.lock()
        stack.callback(files.unlock)
        listening = listen_at(host, port)
        stack.callback(listening.close)
        make_room(limits)
        witness = Witness(files, cosigner, clock=lambda: datetime.now(UTC))
        named = Named(lambda: secrets.token_hex(8), lambda: 0)
        runner = BoundedRunner(witness_app(witness), limits=limits, named=named)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.SockSite(runner, listening, backlog=BACKLOG).start()
        log.info(
            "witness.started",
            url=f"http://{host}:{listening.getsockname()[1]}",
            key=cosigner.verifier.text(),
            logs=sorted(files.keys()),
        )
        await stopping.wait()
    log.info("witness.stopped")
