"""What is another's is not found in the same time as what never was."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.even_time import EVEN_MILLISECONDS, seconds_to_wait
from tests.api_world import World, a_world, settings_in
from tests.conftest import FakeClock

EVEN_SECONDS = EVEN_MILLISECONDS / 1000


@given(st.floats(0, 10))
def test_whatever_it_took_it_leaves_at_a_multiple(spent: float) -> None:
    waits = seconds_to_wait(spent)
    assert 0 < waits <= EVEN_SECONDS
    turns = (spent + waits) / EVEN_SECONDS
    assert turns == pytest.approx(round(turns), abs=1e-6)


def test_quicker_and_slower_answers_leave_together() -> None:
    assert {round(spent + seconds_to_wait(spent), 9) for spent in (0.0003, 0.00035, 0.0048)} == {
        EVEN_SECONDS
    }


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with a_world(settings_in(tmp_path), clock=clock, is_in_memory=True) as made:
        yield made


async def test_nothing_is_found_sooner_than_that(world: World) -> None:
    theirs = (await world.pay(who="mer_1")).json["id"]
    for asked in (theirs, "pay_" + "a" * 26):
        for _ in range(3):
            began = time.perf_counter()
            answer = await world.get(f"/v1/payments/{asked}", who="mer_2")
            assert answer.status == 404
            assert time.perf_counter() - began >= EVEN_SECONDS


async def test_a_path_that_is_no_route_and_a_caller_without_a_key_wait_for_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.middleware.seconds_to_wait", None)  # to call it would be a failure
    assert (await world.get("/v1/nothing")).status == 404
    assert (await world.get("/v1/payments/pay_none", who="nobody")).status == 401
