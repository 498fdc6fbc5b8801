"""The Y-Note sandbox as `cauri serve --sandbox` starts it, and what the adapter must be told."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from adapters.sandbox.faults import Faults
from adapters.sandbox.server import SandboxServer
from adapters.sandbox.ynote import YnoteSandbox
from adapters.sandbox.ynote_rules import STAGE, YnoteSandboxSettings


def make_trial(
    *, clock: Callable[[], datetime], faults: Faults, port: int, folder: Path | None
) -> SandboxServer:
    """Make the server; nothing listens before it is started."""
    return YnoteSandbox(
        YnoteSandboxSettings(
            port=port,
            expire_after_seconds=60.0,
            decide_after_seconds=0.5,
            slow_seconds=5.0,
            books_path=folder / "sandbox-ynote.jsonl" if folder else None,
        ),
        clock=clock,
        faults=faults,
    )


def adapter_fields(server: SandboxServer) -> Mapping[str, str]:
    """What the adapter's settings must say to reach a server that is started."""
    told = YnoteSandboxSettings()
    return {
        "base_url": f"{server.url}{STAGE}",
        "token_url": server.url,
        "client_id": told.client_id,
        "client_secret": told.client_secret,
        "customer_key": told.customer_key,
        "customer_secret": told.customer_secret,
        "channel_msisdn": told.channel_msisdn,
        "channel_pin": told.pin,
        "token_pause_seconds": "2",
        "call_timeout_seconds": "3",
        "inquiry_first_seconds": "3",
        "inquiry_seconds_max": "30",
        "retry_first_seconds": "1",
        "doubt_seconds": "2",
    }
