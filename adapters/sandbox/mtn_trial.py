"""The MTN sandbox as `cauri serve --sandbox` starts it, and what the adapter must be told.

It plays a production environment of a real currency, and every number's last two digits choose
what becomes of a payment, so that any number of the country will do. One API user opens all
products, as in the production account that was measured.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from adapters.providers.mtn import MtnAdapter
from adapters.sandbox.faults import Faults
from adapters.sandbox.mtn import MtnSandbox
from adapters.sandbox.mtn_rules import MtnSandboxSettings, MtnUser
from adapters.sandbox.server import SandboxServer

ENVIRONMENT: Final = "mtncameroon"
CALLBACK_HOST: Final = "localhost"
USER: Final = MtnUser(
    user_id="3f2b8f0e-7a45-4c59-9a53-2f6f1c0a7d11",
    api_key="9d0c6f1be1c34f0d8a7e5b2c4d3e2f10",
    callback_host=CALLBACK_HOST,
)
"""Anybody may know them: they open nothing but this sandbox."""


def make_trial(
    *, clock: Callable[[], datetime], faults: Faults, port: int, folder: Path | None
) -> SandboxServer:
    """Make the server; nothing listens before it is started."""
    return MtnSandbox(
        MtnSandboxSettings(
            port=port,
            target_environment=ENVIRONMENT,
            currencies=tuple(sorted(MtnAdapter.currencies)),
            users=(USER,),
            opening_balance="100000000",
            scenario_by_last_digits=True,
            decide_after_seconds=0.5,
            delayed_seconds=5.0,
            approval_window_seconds=60.0,
            books_path=folder / "sandbox-mtn.jsonl" if folder else None,
        ),
        clock=clock,
        faults=faults,
    )


def adapter_fields(server: SandboxServer) -> Mapping[str, str]:
    """What the adapter's settings must say to reach a server that is started."""
    return {
        "base_url": server.url,
        "target_environment": ENVIRONMENT,
        # The sandbox plays every market at once.
        "countries": ",".join(sorted(MtnAdapter.countries)),
        "currencies": ",".join(sorted(MtnAdapter.currencies)),
        "subscription_key": MtnSandboxSettings().subscription_keys[0],
        "api_user": USER.user_id,
        "api_key": USER.api_key,
        "disbursement_subscription_key": MtnSandboxSettings().disbursement_keys[0],
        "remittance_subscription_key": MtnSandboxSettings().remittance_keys[0],
        "callback_host": CALLBACK_HOST,
        "call_timeout_seconds": "3",
        "inquiry_first_seconds": "3",
        "inquiry_seconds_max": "30",
        "retry_first_seconds": "1",
        "doubt_seconds": "2",
    }
