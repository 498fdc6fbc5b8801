"""The Mojaloop sandbox as `cauri serve --sandbox` starts it, and what the adapter must be told."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from adapters.sandbox.faults import Faults
from adapters.sandbox.mojaloop import MojaloopSandbox
from adapters.sandbox.mojaloop_rules import MojaloopSandboxSettings
from adapters.sandbox.server import SandboxServer

MERCHANT: Final = "cauri-trial"


def make_trial(
    *, clock: Callable[[], datetime], faults: Faults, port: int, folder: Path | None
) -> SandboxServer:
    """Make the server; nothing listens before it is started."""
    return MojaloopSandbox(
        MojaloopSandboxSettings(
            port=port,
            decide_after_seconds=0.5,
            slow_seconds=5.0,
            expire_after_seconds=60.0,
            books_path=folder / "sandbox-mojaloop.jsonl" if folder else None,
        ),
        clock=clock,
        faults=faults,
    )


def adapter_fields(server: SandboxServer) -> Mapping[str, str]:
    """What the adapter's settings must say to reach a server that is started."""
    return {
        "base_url": server.url,
        "party_id": MERCHANT,
        "backend_secret": MojaloopSandboxSettings().backend_secret,
        "sdk_waits": "true",
        "call_timeout_seconds": "3",
        "inquiry_first_seconds": "3",
        "inquiry_seconds_max": "30",
        "retry_first_seconds": "1",
        "doubt_seconds": "2",
        "settle_seconds": "120",
    }
