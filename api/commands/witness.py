"""`cauri witness ...`: make a witness, tell it what to watch, serve it, show what it refused."""

import asyncio
import secrets
import signal
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson
import structlog
from aiohttp import web

from adapters.dates import table_time
from api.commands.console import write_json, write_line
from api.connections import BoundedRunner, Named, listen_at, make_room
from api.logs import configure_logs
from api.settings_server import ServerSettings
from api.witness_files import WitnessFiles
from api.witness_server import Witness, witness_app
from api.witness_signs import Sign, WitnessSigns
from ledger.checkpoint import Verifier
from ledger.cosignature import Cosigner
from ledger.errors import InvalidInputError, NoteUnverifiedError
from ledger.introduction import Introduced, trusted_keys
from ledger.sentences import Sentence
from ledger.witness import SignKind

BACKLOG = 128

SIGNS: Final[Mapping[SignKind, Sentence]] = {
    "smaller": Sentence(
        "asked about a smaller log: a sign of an older copy put back, and not yet a proof, until "
        "that log grows otherwise"
    ),
    "unknown_key": Sentence(
        "signed by no key known here: the log's key may have been rotated; check its introduction "
        "at /v1/log/keys and add the new key with `cauri witness add-log`"
    ),
}
"""What a sign means."""

log = structlog.get_logger()


def make(*, name: str, folder: Path, as_json: bool) -> None:
    """Make a witness."""
    cosigner = Cosigner.generate(name, secrets.token_bytes)
    WitnessFiles.make(folder, cosigner)
    key = cosigner.verifier.text()
    if as_json:
        write_json({"name": name, "folder": str(folder), "public_key": key})
        return
    write_line(Sentence("public key: {key}", key=key))
    write_line(
        Sentence("Never restore this folder from a backup: a witness must not forget what it saw.")
    )


def add_log(*, verifier: str, introduction: Path | None, folder: Path, as_json: bool) -> None:
    """Watch a log, or know a further key of it, introduced by one that is known already.

    Raises:
        InvalidInputError: the introduction cannot be read.
        NoteUnverifiedError: no key of this log that is known here introduced the new one.
    """
    files = WitnessFiles(folder)
    files.cosigner()
    key = Verifier.from_text(verifier)
    known = files.keys().get(key.name, ())
    if introduction is not None:
        believed = trusted_keys(key.name, _introduced(introduction), known)
        if key not in [one.verifier for one in believed]:
            raise NoteUnverifiedError("no key of this log that is known here introduced that key")
    is_new = files.add_log(key)
    if as_json:
        told = {"origin": key.name, "key_id": key.key_id.hex(), "is_new": is_new}
        write_json({**told, "is_introduced": introduction is not None})
        return
    write_line(
        Sentence("{name} is watched", name=key.name)
        if is_new
        else Sentence("{name} is watched already, by this key", name=key.name)
    )
    if introduction is not None:
        write_line(Sentence("a key that was known here has signed its introduction"))
    elif is_new and known:
        write_line(
            Sentence(
                "It was not checked that a key known here introduced this one: repeat that with\n"
                "--introduction FILE, a saved answer of /v1/log/keys."
            )
        )


def _introduced(file: Path) -> list[Introduced]:
    try:
        saved: Any = orjson.loads(file.read_bytes())
        rows = saved["keys"] if isinstance(saved, dict) else saved
        return [Introduced(str(one["key"]), str(one["note"]), int(one["position"])) for one in rows]
    except (ValueError, TypeError, KeyError):
        raise InvalidInputError(
            "introduction",
            Sentence("the file is no answer of /v1/log/keys."),
            Sentence("Save that answer, or what `cauri log-key list --json` prints."),
        ) from None


def serve(*, folder: Path, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    configure_logs("info", "json")
    asyncio.run(_serve(WitnessFiles(folder), host, port))


def show_evidence(*, folder: Path, as_json: bool) -> int:
    """Show the refusals, and the signs below them; 1 if there are refusals."""
    files = WitnessFiles(folder)
    files.cosigner()
    count = 0
    for refusal in files.refusals():
        count += 1
        if as_json:
            write_json(refusal._asdict())
            continue
        write_line(
            Sentence(
                "{at} {origin}: {kind} (status {status})",
                at=_time(refusal.at),
                origin=refusal.origin,
                kind=refusal.kind,
                status=refusal.status,
            )
        )
        write_line(
            Sentence("{entries} entries were cosigned before:", entries=refusal.cosigned_size),
            indent="  ",
        )
        _write_indented(refusal.cosigned_note)
        write_line(Sentence("and this was refused:"), indent="  ")
        _write_indented(refusal.request)
    if not count and not as_json:
        write_line(Sentence("nothing was refused that could prove anything"))
    for sign in WitnessSigns(folder).all(files.keys()):
        if as_json:
            write_json(sign._asdict())
        else:
            _write_sign(sign)
    return 1 if count else 0


def _write_sign(sign: Sign) -> None:
    write_line(
        Sentence(
            "{at} {origin}: {meaning}",
            at=_time(sign.at),
            origin=sign.origin,
            meaning=SIGNS[sign.kind],
        )
    )
    write_line(
        Sentence(
            "{times} times since {first_at}; the latest of {size} entries, where {before} were "
            "cosigned before",
            times=sign.times,
            first_at=_time(sign.first_at),
            size=sign.size,
            before=sign.cosigned_size,
        ),
        indent="  ",
    )
    for key in sign.keys:
        write_line(Sentence("said to be signed by {key}", key=key), indent="  ")
    _write_indented(sign.note)


def _time(stored: str) -> str:
    return table_time(datetime.fromisoformat(stored))


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
