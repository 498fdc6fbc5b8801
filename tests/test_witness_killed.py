"""A witness that is killed over a checkpoint, and the log that asks it again: nothing is lost."""

import signal
from dataclasses import replace
from pathlib import Path

from adapters.gathering import Asked
from api.witness_files import WitnessFiles
from ledger.events import LogCheckpointCosigned
from tests.conftest import FakeClock
from tests.growing import ORIGIN
from tests.test_gathering import deployed
from tests.test_witness_server import WitnessProcess
from tests.witness_world import a_folder

MOMENTS = ("kept", "signed", "half")
"""When it dies: what it saw is durable; it has signed; half of its answer is sent."""


async def test_a_witness_whose_answer_was_lost_is_asked_again_and_says_the_same(
    tmp_path: Path, clock: FakeClock
) -> None:
    """Its state is durable and the log does not know: at each next start it is asked once more."""
    folder = tmp_path / "shop"
    shop = Asked("shop", a_folder(folder, name="shop.example/witness"), "")
    async with deployed(tmp_path / "log.db", [shop], clock) as log:
        for moment in MOMENTS:
            note = await log.grow(f"{moment}1")
            size = int(note.splitlines()[1])
            async with WitnessProcess(folder, size, moment) as dying:
                trouble = await log.gatherer.ask(replace(shop, url=await dying.url()), note)
                assert await dying.ended() == -signal.SIGKILL
            assert trouble is not None, moment
            assert WitnessFiles(folder).seen(ORIGIN).size == size
            assert await log.said() == []
        # The log has grown meanwhile, and knows of no answer: the last size is learnt, and ...
        async with WitnessProcess(folder) as again:
            shop = replace(shop, url=await again.url())
            for note in (log.notes[-1], await log.grow("later")):
                assert await log.gatherer.ask(shop, note) is None
                log.notes.append(note)
                (word,) = await log.said()
                assert isinstance(word, LogCheckpointCosigned)
                assert word.witness == shop.verifier.name
            assert await again.stop() == 0
    assert list(WitnessFiles(folder).refusals()) == []
