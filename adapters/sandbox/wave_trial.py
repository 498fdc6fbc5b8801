"""The Wave sandbox as `cauri serve --sandbox` starts it, and what the adapter must be told."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from adapters.sandbox.faults import Faults
from adapters.sandbox.server import SandboxServer
from adapters.sandbox.wave import WaveSandbox
from adapters.sandbox.wave_rules import WaveCountry, WaveSandboxSettings

FURTHER: Final[tuple[WaveCountry, ...]] = ("CI",)
"""Whoever tries it in Abidjan shall see a payout arrive: one server stands for two wallets."""


def make_trial(
    *, clock: Callable[[], datetime], faults: Faults, port: int, folder: Path | None
) -> SandboxServer:
    """Make the server; nothing listens before it is started."""
    return WaveSandbox(
        WaveSandboxSettings(
            port=port,
            further_countries=FURTHER,
            expire_after_seconds=60.0,
            decide_after_seconds=0.5,
            slow_seconds=5.0,
            books_path=folder / "sandbox-wave.jsonl" if folder else None,
        ),
        clock=clock,
        faults=faults,
    )


def adapter_fields(server: SandboxServer) -> Mapping[str, str]:
    """What the adapter's settings must say to reach a server that is started."""
    told = WaveSandboxSettings()
    return {
        "base_url": server.url,
        "countries": ",".join(sorted((told.country, *FURTHER))),
        "api_key": told.api_key,
        "webhook_secret": told.webhook_secret,
        "call_timeout_seconds": "3",
        "inquiry_first_seconds": "3",
        "inquiry_seconds_max": "30",
        "retry_first_seconds": "1",
        "doubt_seconds": "2",
    }
