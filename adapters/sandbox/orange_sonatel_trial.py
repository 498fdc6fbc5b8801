"""The Sonatel sandbox as `cauri serve --sandbox` starts it, and what the adapter must be told."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from adapters.sandbox.faults import Faults
from adapters.sandbox.orange_sonatel import OrangeSonatelSandbox
from adapters.sandbox.orange_sonatel_rules import OrangeSonatelSandboxSettings
from adapters.sandbox.server import SandboxServer


def make_trial(
    *, clock: Callable[[], datetime], faults: Faults, port: int, folder: Path | None
) -> SandboxServer:
    """Make the server; nothing listens before it is started."""
    return OrangeSonatelSandbox(
        OrangeSonatelSandboxSettings(
            port=port,
            expire_after_seconds=60.0,
            decide_after_seconds=0.5,
            slow_seconds=5.0,
            books_path=folder / "sandbox-orange_sonatel.jsonl" if folder else None,
        ),
        clock=clock,
        faults=faults,
    )


def adapter_fields(server: SandboxServer) -> Mapping[str, str]:
    """What the adapter's settings must say to reach a server that is started."""
    told = OrangeSonatelSandboxSettings()
    return {
        "base_url": server.url,
        "client_id": told.client_id,
        "client_secret": told.client_secret,
        "merchant_code": told.merchant_code,
        "retailer_msisdn": told.retailer_msisdn,
        "retailer_pin": told.retailer_pin,
        "webhook_secret": told.webhook_secret,
        "api_key": told.api_key,
        "code_seconds": "60",
        "unpaid_expires_after_seconds": "60",
        "call_timeout_seconds": "3",
        "inquiry_first_seconds": "3",
        "inquiry_seconds_max": "30",
        "retry_first_seconds": "1",
        "doubt_seconds": "2",
    }
