"""Filling a copy: the garbage collector is kept away for the length of a batch, and no longer."""

import gc
from collections.abc import Iterator

import pytest

from projections.rebuild import uncollected


@pytest.fixture
def collector() -> Iterator[None]:
    was_enabled = gc.isenabled()
    gc.enable()
    yield
    (gc.enable if was_enabled else gc.disable)()


@pytest.mark.usefixtures("collector")
def test_the_collector_is_at_work_again_after_the_last_of_several_batches() -> None:
    with uncollected():
        with uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


@pytest.mark.usefixtures("collector")
def test_the_collector_is_at_work_again_after_a_batch_that_failed() -> None:
    with pytest.raises(RuntimeError, match="cannot fold"), uncollected():
        raise RuntimeError("cannot fold 5")
    assert gc.isenabled()


@pytest.mark.usefixtures("collector")
def test_where_it_was_off_it_stays_off() -> None:
    gc.disable()
    with uncollected():
        assert not gc.isenabled()
    assert not gc.isenabled()
