"""`cauri serve`: the API over everything `api.wiring` puts together, until SIGTERM or SIGINT.

Stopping is orderly: no new connections, requests may finish, then workers, projections, store and
database, so that everything acknowledged is durable and nothing is torn.
"""

import asyncio
import signal
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import structlog
from aiohttp import web

from adapters.sandbox.faults import Faults
from api.app import create_app
from api.cli_language import said
from api.collector import settle_collector
from api.commands.console import run_async, settings_for
from api.connections import BoundedRunner, listen_at, make_room
from api.key_files import warn_of_readable_keys
from api.logs import configure_logs
from api.sandboxes import pointed_at, sandbox_names, sandboxes
from api.settings import Fault, Settings, SettingsError
from api.wiring import services, utc_now
from api.wiring_services import Services
from api.work_left import work_left
from ledger.sentences import Sentence

BACKLOG: Final = 1024
_ENABLE_ONE: Final = Sentence("set CAURI_PROVIDERS, or use --sandbox")

log = structlog.get_logger()


def run(
    *,
    database: str | None,
    host: str | None,
    port: int | None,
    is_sandbox: bool,
    weather: str,
    seed: int,
    master_key_file: Path | None,
) -> None:
    """Serve until told to stop."""
    settings = settings_for(database, host=host, port=port, master_key_file=master_key_file)
    if is_sandbox and settings.is_production:
        reason = Sentence("production takes no payments from sandboxes.")
        remedy = Sentence("Leave it out, or unset CAURI_MODE.")
        raise SettingsError([Fault("--sandbox", reason, remedy)])
    configure_logs(settings.log_level, settings.log_format)
    faults = Faults.storm(seed) if weather == "storm" else Faults.none()
    run_async(_serve(settings, faults if is_sandbox else None))


async def _serve(settings: Settings, faults: Faults | None) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    listening = listen_at(settings.host, settings.port)
    # Callback addresses name the port, so it is known before anything else is started.
    port = listening.getsockname()[1]
    sandboxes_port = port + 1 if settings.port else 0
    settings = settings.with_changes(port=port)
    async with AsyncExitStack() as stack:
        stack.callback(listening.close)
        if faults is not None:
            running = await stack.enter_async_context(
                sandboxes(
                    sandbox_names(),
                    clock=utc_now,
                    faults=faults,
                    first_port=sandboxes_port,
                    folder=settings.folder,
                )
            )
            settings = pointed_at(settings, running)
        lent = await stack.enter_async_context(
            services(settings, is_loopback_only=faults is not None)
        )
        # Only now: in development the services have made the files that were not there.
        warn_of_readable_keys(settings)
        make_room(settings)
        runner = BoundedRunner(create_app(lent), limits=settings)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.SockSite(runner, listening, backlog=BACKLOG).start()
        settle_collector()
        log.info(
            "server.started",
            url=f"http://{settings.host}:{port}",
            database=lent.database.dialect,
            providers=list(lent.adapters),
            mode=settings.mode,
        )
        if not lent.adapters:
            log.warning("server.no_providers", remedy=said(_ENABLE_ONE))
        await tell_work_left(lent)
        await stopping.wait()
        log.info("server.stopping")
    log.info("server.stopped")


async def tell_work_left(lent: Services) -> None:
    """Say what waits for a process that is set up otherwise: there is another one, or none."""
    for one in await work_left(lent):
        remedy = f"{one.remedy}, unless another process has"
        log.warning(
            "server.work_left",
            provider=one.provider,
            mode=one.mode,
            pieces=one.pieces,
            reason=one.reason,
            remedy=remedy,
        )
