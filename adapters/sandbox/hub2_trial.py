"""The HUB2 sandbox as `cauri serve --sandbox` starts it, and what the adapter must be told."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from adapters.sandbox.faults import Faults
from adapters.sandbox.hub2 import Hub2Sandbox
from adapters.sandbox.hub2_rules import Hub2SandboxSettings
from adapters.sandbox.server import SandboxServer


def make_trial(
    *, clock: Callable[[], datetime], faults: Faults, port: int, folder: Path | None
) -> SandboxServer:
    """Make the server; nothing listens before it is started."""
    return Hub2Sandbox(
        Hub2SandboxSettings(
            port=port,
            expire_after_seconds=60.0,
            decide_after_seconds=0.5,
            slow_seconds=5.0,
            # People who try it look often; HUB2's own limits would make them wait.
            limits_calls=False,
            books_path=folder / "sandbox-hub2.jsonl" if folder else None,
        ),
        clock=clock,
        faults=faults,
    )


def adapter_fields(server: SandboxServer) -> Mapping[str, str]:
    """What the adapter's settings must say to reach a server that is started."""
    told = Hub2SandboxSettings()
    return {
        "base_url": server.url,
        "environment": told.environment,
        "merchant_id": told.merchant_id,
        "api_key": told.api_key,
        "webhook_secret": told.webhook_secret,
        # The test server chooses it for Orange anyway; once said, a page can tell it beforehand.
        "workflow": "otp",
        "call_timeout_seconds": "3",
        "inquiry_first_seconds": "3",
        "inquiry_seconds_max": "30",
        "retry_first_seconds": "1",
        "doubt_seconds": "2",
        "list_seconds": "0",
    }
