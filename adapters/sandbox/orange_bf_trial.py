"""Orange Burkina's sandbox as the server starts it, and what adapter and payers are told."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from adapters.sandbox.faults import Faults
from adapters.sandbox.orange_bf import OrangeBfSandbox, SandboxSettings
from adapters.sandbox.server import SandboxServer


def make_trial(
    *, clock: Callable[[], datetime], faults: Faults, port: int, folder: Path | None
) -> SandboxServer:
    """Make the server; nothing listens before it is started."""
    return OrangeBfSandbox(
        SandboxSettings(
            port=port,
            slow_seconds=1.0,
            books_path=folder / "sandbox-orange_bf.jsonl" if folder else None,
        ),
        clock=clock,
        faults=faults,
    )


def adapter_fields(server: SandboxServer) -> Mapping[str, str]:
    """What the adapter's settings must say to reach a server that is started."""
    told = SandboxSettings()
    return {
        "base_url": server.url,
        "merchant_msisdn": told.merchant_msisdn,
        "api_username": told.api_username,
        "api_password": told.api_password,
        "call_timeout_seconds": "3",
        "inquiry_first_seconds": "3",
        "inquiry_seconds_max": "30",
        "retry_first_seconds": "1",
        "doubt_seconds": "2",
    }


def payer_fields() -> Mapping[str, str]:
    """What every payer of this server brings beside a number."""
    return {"one_time_code": SandboxSettings().fixed_code}
