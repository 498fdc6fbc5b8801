"""The KKiaPay sandbox as `cauri serve --sandbox` starts it, and what the adapter must be told."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from adapters.sandbox.faults import Faults
from adapters.sandbox.kkiapay import KkiapaySandbox
from adapters.sandbox.kkiapay_rules import KkiapaySandboxSettings
from adapters.sandbox.server import SandboxServer


def make_trial(
    *, clock: Callable[[], datetime], faults: Faults, port: int, folder: Path | None
) -> SandboxServer:
    """Make the server; nothing listens before it is started."""
    return KkiapaySandbox(
        KkiapaySandboxSettings(
            port=port,
            expire_after_seconds=60.0,
            decide_after_seconds=0.5,
            slow_seconds=5.0,
            # Nobody can ask KKiaPay, so a lost webhook is lost for ever.
            callback_mode="retry_schedule",
            books_path=folder / "sandbox-kkiapay.jsonl" if folder else None,
        ),
        clock=clock,
        faults=faults,
    )


def adapter_fields(server: SandboxServer) -> Mapping[str, str]:
    """What the adapter's settings must say to reach a server that is started."""
    told = KkiapaySandboxSettings()
    return {
        "base_url": server.url,
        "page_url": server.url,
        "public_key": told.public_key,
        "private_key": told.private_key,
        "secret_key": told.secret_key,
        "webhook_secret": told.webhook_secret,
        "call_timeout_seconds": "3",
        "retry_first_seconds": "1",
        "doubt_seconds": "2",
    }
