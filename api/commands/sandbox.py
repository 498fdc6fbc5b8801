"""`cauri sandbox`: the provider sandboxes alone, with the settings that point a server at them."""

import asyncio
import shlex
import signal

from adapters.sandbox.faults import Faults
from api.commands.console import run_async, write_json, write_line
from api.sandboxes import sandbox_names, sandboxes
from api.settings import PREFIX
from api.wiring import utc_now
from ledger.sentences import Sentence


def run(*, port: int, weather: str, seed: int, as_json: bool) -> None:
    """Run the sandboxes until told to stop."""
    faults = Faults.storm(seed) if weather == "storm" else Faults.none()
    run_async(_run(port, faults, as_json=as_json))


async def _run(port: int, faults: Faults, *, as_json: bool) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    names = sandbox_names()
    async with sandboxes(names, clock=utc_now, faults=faults, first_port=port) as running:
        settings = {f"{PREFIX}PROVIDERS": ",".join(names)}
        for one in running:
            settings |= {
                f"{PREFIX}{one.provider}_{name}".upper(): value
                for name, value in one.fields.items()
            }
        if as_json:
            write_json({"urls": {one.provider: one.server.url for one in running}, **settings})
        else:
            write_line(Sentence("# The sandboxes listen. To point a server at them:"))
            for name, value in settings.items():
                write_line(f"export {name}={shlex.quote(value)}")
        await stopping.wait()
