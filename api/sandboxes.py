"""The bundled provider sandboxes: started together on loopback, and the adapters pointed at them.

One per provider, found by name: `adapters.sandbox.<provider>_trial` makes the server and says what
the adapter must be told, and in `payer_fields` what a payer must bring, where that is more than a
number; nothing is listed here.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple, Protocol, cast

from adapters.providers import incomplete_providers, provider_names
from adapters.sandbox.faults import Faults
from adapters.sandbox.rail import RailSandbox
from adapters.sandbox.server import SandboxServer
from api.settings import Settings

CALLBACK_HOST = "localhost"
"""Providers want a host name to call back; this one is every machine's own."""


class _Trial(Protocol):
    """What a `<provider>_trial` module has."""

    def make_trial(
        self, *, clock: Callable[[], datetime], faults: Faults, port: int, folder: Path | None
    ) -> SandboxServer:
        """Make the server."""

    def adapter_fields(self, server: SandboxServer) -> Mapping[str, str]:
        """What the adapter must be told."""


class RunningSandbox(NamedTuple):
    """One provider's sandbox that listens, and the fields its adapter needs."""

    provider: str
    server: SandboxServer
    fields: Mapping[str, str]
    payer: Mapping[str, str]
    """What each of its payers must bring beside a number: a one-time code, mostly nothing."""


def sandbox_names() -> tuple[str, ...]:
    """The providers that have a sandbox; one that is still being written is no provider."""
    lacking = incomplete_providers()
    return tuple(
        name
        for name in provider_names()
        if name not in lacking and find_spec(f"adapters.sandbox.{name}_trial") is not None
    )


@asynccontextmanager
async def sandboxes(
    names: Sequence[str],
    *,
    clock: Callable[[], datetime],
    faults: Faults,
    first_port: int = 0,
    folder: Path | None = None,
) -> AsyncIterator[list[RunningSandbox]]:
    """Start the sandboxes of some providers, on consecutive ports (0: any free ones).

    Args:
        names: which providers.
        clock: the present time.
        faults: what goes wrong on the way.
        first_port: where the first one listens.
        folder: where their books are kept; None keeps them in memory.

    Raises:
        OSError: a port cannot be had.
    """
    async with AsyncExitStack() as stack:
        running = []
        for number, name in enumerate(names):
            trial = cast("_Trial", import_module(f"adapters.sandbox.{name}_trial"))
            port = first_port + number if first_port else 0
            server = trial.make_trial(clock=clock, faults=faults, port=port, folder=folder)
            await stack.enter_async_context(server)
            brought: Mapping[str, str] = getattr(trial, "payer_fields", dict)()
            running.append(RunningSandbox(name, server, trial.adapter_fields(server), brought))
        yield running


def pointed_at(settings: Settings, running: Sequence[RunningSandbox]) -> Settings:
    """Return settings whose providers are these sandboxes, called back on this machine.

    Merchants' endpoints may be on this machine too: whoever tries things out has none elsewhere.
    Where a provider is told its webhook's address at a portal, that is done here.
    """
    public_url = settings.public_url or f"http://{CALLBACK_HOST}:{settings.port}"
    for one in running:
        if isinstance(one.server, RailSandbox):
            one.server.webhook_url = f"{public_url}/webhooks/{one.provider}/portal"
    tables = {
        one.provider: {**one.fields, **settings.provider_tables.get(one.provider, {})}
        for one in running
    }
    return settings.with_changes(
        providers=tuple(one.provider for one in running),
        provider_tables=tables,
        public_url=public_url,
        endpoint_loopback=True,
    )
