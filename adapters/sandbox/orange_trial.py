"""The Orange sandbox as `cauri serve --sandbox` starts it, and what the adapter must be told."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from adapters.sandbox.faults import Faults
from adapters.sandbox.orange import OrangeSandbox
from adapters.sandbox.orange_rules import OrangeSandboxSettings
from adapters.sandbox.server import SandboxServer

SEGMENT: Final = "cm"


def make_trial(
    *, clock: Callable[[], datetime], faults: Faults, port: int, folder: Path | None
) -> SandboxServer:
    """Make the server; nothing listens before it is started."""
    return OrangeSandbox(
        OrangeSandboxSettings(
            port=port,
            page_lifetime_seconds=60.0,
            decide_after_seconds=0.5,
            slow_seconds=5.0,
            books_path=folder / "sandbox-orange.jsonl" if folder else None,
        ),
        clock=clock,
        faults=faults,
    )


def adapter_fields(server: SandboxServer) -> Mapping[str, str]:
    """What the adapter's settings must say to reach a server that is started."""
    told = OrangeSandboxSettings()
    return {
        "base_url": server.url,
        "country_segment": SEGMENT,
        "client_id": told.client_id,
        "client_secret": told.client_secret,
        "merchant_key": told.merchant_key,
        "call_timeout_seconds": "3",
        "inquiry_first_seconds": "3",
        "inquiry_seconds_max": "30",
        "retry_first_seconds": "1",
        "doubt_seconds": "2",
    }
