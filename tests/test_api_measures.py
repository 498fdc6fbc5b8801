"""Who may read the figures of `/metrics`: who has their token, and in production nobody else."""

from functools import partial
from pathlib import Path

import pytest

from api.settings import load_settings
from api.settings_fault import SettingsError
from ledger.sql import migrate
from tests.api_world import Answer, World, a_world, settings_in
from tests.conftest import FakeClock
from tests.test_api_french import check, in_both
from tests.test_api_modes import in_production

TOKEN = "a-synthetic-token-of-figures"


async def ask(world: World, authorization: str | None) -> Answer:
    """Ask for the figures with a header, or without."""
    headers = {} if authorization is None else {"Authorization": authorization}
    return await world.get("/metrics", who=None, headers=headers)


async def test_production_has_no_figures_unless_a_token_is_set_up(
    tmp_path: Path, clock: FakeClock
) -> None:
    settings = in_production(tmp_path)
    await migrate(settings.database_url)
    async with a_world(settings, clock=clock, is_in_memory=True) as world:
        unasked = await ask(world, None)
        guessed = await ask(world, f"Bearer {TOKEN}")
        by_key = await ask(world, f"Bearer {world.keys['admin']}")
        alive = [(await world.get(path, who=None)).status for path in ("/healthz", "/readyz")]

    assert [(one.status, one.code) for one in (unasked, guessed, by_key)] == [
        (404, "not_found")
    ] * 3
    assert alive == [200, 200]


@pytest.mark.parametrize("mode", ["development", "production"])
async def test_with_a_token_only_who_sends_it_is_told(
    tmp_path: Path, clock: FakeClock, mode: str
) -> None:
    make = in_production if mode == "production" else settings_in
    settings = make(tmp_path, metrics_token=TOKEN)
    await migrate(settings.database_url)
    async with a_world(settings, clock=clock, is_in_memory=True) as world:
        told = await ask(world, f"bearer {TOKEN}")
        refused = [
            await ask(world, authorization)
            for authorization in (
                None,
                "",
                TOKEN,
                f"Basic {TOKEN}",
                f"Bearer {TOKEN[:-1]}",
                f"Bearer {TOKEN}x",
                "Bearer \u00e9\u00e9",
                f"Bearer {world.keys['admin']}",
            )
        ]
        by_token = await world.get("/v1/payments", who=TOKEN)

    assert (told.status, told.headers["Content-Type"].split(";")[0]) == (200, "text/plain")
    assert b"cauri_http_request_seconds" in told.body
    assert {(one.status, one.code) for one in refused} == {(401, "unauthenticated")}
    assert {one.headers["WWW-Authenticate"] for one in refused} == {'Bearer realm="cauri"'}
    assert not [one for one in refused if TOKEN.encode() in one.body]
    assert by_token.status == 401, "it opens nothing else"


async def _asked(world: World, headers: dict[str, str]) -> Answer:
    return await world.get("/metrics", who=None, headers=headers)


async def test_who_is_refused_is_told_so_in_french(tmp_path: Path, clock: FakeClock) -> None:
    settings = in_production(tmp_path)
    await migrate(settings.database_url)
    for changes, code in (({}, "not_found"), ({"metrics_token": TOKEN}, "unauthenticated")):
        made = settings.with_changes(**changes)
        async with a_world(made, clock=clock, is_in_memory=True) as world:
            english, french = await in_both(partial(_asked, world))
        check(english, french, code)


def test_a_token_that_is_easily_guessed_is_refused_and_no_token_is_ever_shown() -> None:
    with pytest.raises(SettingsError, match="CAURI_METRICS_TOKEN") as refused:
        load_settings({"CAURI_METRICS_TOKEN": "short"}, provider_names=[])
    settings = load_settings({"CAURI_METRICS_TOKEN": TOKEN}, provider_names=[])

    assert "short" not in str(refused.value).replace("too short", "")
    assert TOKEN not in repr(settings)
