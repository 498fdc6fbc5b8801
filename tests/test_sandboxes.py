"""The bundled sandboxes and a server's settings: each is told where the other is."""

from pathlib import Path

from aiohttp import web

from adapters.sandbox.server import SandboxServer
from api.sandboxes import RunningSandbox, pointed_at
from tests.api_world import settings_in


class Portal(SandboxServer):
    """A sandbox that keeps what its portal was told."""

    def __init__(self) -> None:
        super().__init__(web.Application, host="127.0.0.1", port=0)
        self.told: list[str] = []

    def register_webhooks(self, url: str) -> None:
        self.told.append(url)


def test_settings_point_at_the_sandboxes_and_their_portals_are_told_the_way_back(
    tmp_path: Path,
) -> None:
    portal = Portal()
    running = [
        RunningSandbox("mtn", portal, {"base_url": "http://127.0.0.1:1"}),
        RunningSandbox("orange", SandboxServer(web.Application, host="127.0.0.1", port=0), {}),
    ]

    settings = pointed_at(settings_in(tmp_path, port=9000), running)

    assert settings.provider_tables["mtn"]["subscription_key"] == "a-synthetic-subscription-key"
    assert (settings.providers, settings.base_url) == (("mtn", "orange"), "http://localhost:9000")
    assert portal.told == ["http://localhost:9000/webhooks/mtn"]
