"""The Orange Cameroon sandbox as `cauri serve --sandbox` starts it, and what its adapter needs."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from adapters.sandbox.faults import Faults
from adapters.sandbox.orange_cm import OrangeCmSandbox, OrangeCmSandboxSettings
from adapters.sandbox.server import SandboxServer


def make_trial(
    *, clock: Callable[[], datetime], faults: Faults, port: int, folder: Path | None
) -> SandboxServer:
    """Make the server; nothing listens before it is started."""
    return OrangeCmSandbox(
        OrangeCmSandboxSettings(
            port=port,
            decide_after_seconds=0.5,
            slow_seconds=5.0,
            expire_after_seconds=60.0,
            books_path=folder / "sandbox-orange_cm.jsonl" if folder else None,
        ),
        clock=clock,
        faults=faults,
    )


def adapter_fields(server: SandboxServer) -> Mapping[str, str]:
    """What the adapter's settings must say to reach a server that is started."""
    told = OrangeCmSandboxSettings()
    return {
        "base_url": server.url,
        "client_id": told.client_id,
        "client_secret": told.client_secret,
        "api_user": told.api_user,
        "api_password": told.api_password,
        "channel_number": told.channel_number,
        "pin": told.pin,
        "call_timeout_seconds": "3",
        "inquiry_first_seconds": "3",
        "inquiry_seconds_max": "30",
        "retry_first_seconds": "1",
        "doubt_seconds": "2",
    }
