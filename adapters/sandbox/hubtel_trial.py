"""The Hubtel sandbox as `cauri serve --sandbox` starts it, and what the adapter must be told."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from adapters.sandbox.faults import Faults
from adapters.sandbox.hubtel import HubtelSandbox
from adapters.sandbox.hubtel_rules import HubtelSandboxSettings
from adapters.sandbox.server import SandboxServer


def make_trial(
    *, clock: Callable[[], datetime], faults: Faults, port: int, folder: Path | None
) -> SandboxServer:
    """Make the server; nothing listens before it is started."""
    return HubtelSandbox(
        HubtelSandboxSettings(
            port=port,
            expire_after_seconds=60.0,
            decide_after_seconds=0.5,
            slow_seconds=5.0,
            books_path=folder / "sandbox-hubtel.jsonl" if folder else None,
        ),
        clock=clock,
        faults=faults,
    )


def adapter_fields(server: SandboxServer) -> Mapping[str, str]:
    """What the adapter's settings must say to reach a server that is started."""
    told = HubtelSandboxSettings()
    return {
        "base_url": server.url,
        "status_url": server.url,
        "send_url": server.url,
        "send_status_url": server.url,
        "api_id": told.api_id,
        "api_key": told.api_key,
        "pos_sales_id": told.pos_sales_id,
        "prepaid_deposit_id": told.prepaid_deposit_id,
        "call_timeout_seconds": "3",
        "inquiry_first_seconds": "3",
        "inquiry_seconds_max": "30",
        "retry_first_seconds": "1",
        "doubt_seconds": "2",
    }
