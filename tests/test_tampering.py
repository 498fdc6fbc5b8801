"""Tampering of many kinds with a log's file is found, and the first bad position named.

The short run of `tests.tampering`: the same deeds every time. What is not found changed nothing
that anybody reads, which plain sqlite3 says and not the verifier.
"""

from pathlib import Path
from random import Random
from typing import Final

import pytest

from tests.tampering.__main__ import tell_tally
from tests.tampering.crimes import WEIGHTS, Deed, flip_a_bit, fork, roll_back
from tests.tampering.honest import Honest, make
from tests.tampering.trial import Court, Found, kinds

SEED: Final = 20260301
COUNT: Final = 1500
FILES_EVERY: Final = 30

FINDABLE_ONLY: Final = frozenset(kinds()) - {"flip_a_bit", "flip_bits", "overwrite_a_sector"}
"""What always changes something; bytes of a file may belong to nobody."""


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Honest:
    """The honest log."""
    return make(tmp_path_factory.mktemp("honest"))


@pytest.fixture
def court(honest: Honest, tmp_path: Path) -> Court:
    """Who judges."""
    return Court(honest, folder=tmp_path, files_every=FILES_EVERY)


async def test_every_tampering_is_found_at_its_position_or_changed_nothing(court: Court) -> None:
    tally = await court.run(SEED, range(COUNT))
    tell_tally(tally)
    assert tally.wrong == []
    assert tally.files == COUNT // FILES_EVERY
    tried = {kind for kind, _ in tally.verdicts}
    assert tried == {crime.__name__ for crime in WEIGHTS}
    assert {kind for kind, verdict in tally.verdicts if verdict == "unchanged"}.isdisjoint(
        FINDABLE_ONLY
    )


async def test_the_honest_file_and_its_older_copies_are_what_they_seem(court: Court) -> None:
    honest = court.honest
    assert [kept.head.size for kept in honest.kept][-1] == honest.size
    for image in (honest.image, honest.bare):
        court.file.load(image)
        done = await court.file.verify(honest.kept[-1].head)
        assert (done.size, done.root) == honest.kept[-1].head
    for image, kept in zip(honest.older, honest.kept, strict=False):
        court.file.load(image)
        assert (await court.file.verify(kept.head)).size > kept.head.size


async def test_a_tampering_is_the_same_every_time(court: Court) -> None:
    for number in range(20):
        first, deed = court.commit(SEED, number)
        judged = await court.judge(first.__name__, deed)
        again, same = court.commit(SEED, number)
        assert (again, await court.judge(again.__name__, same)) == (first, judged)


@pytest.mark.parametrize("crime", [roll_back, fork])
async def test_no_witness_cosigns_an_older_or_a_forked_copy(court: Court, crime: object) -> None:
    """Whatever proof its owner can make, with the log's own key."""
    assert crime in WEIGHTS
    for seed in range(30):
        deed = (roll_back if crime is roll_back else fork)(court.file, court.honest, Random(seed))
        assert court.ask_witness(deed) in {409, 422}


async def test_a_bit_that_nobody_reads_is_the_only_thing_that_is_not_found(court: Court) -> None:
    rng = Random(SEED)
    verdicts = set()
    for _ in range(100):
        deed = flip_a_bit(court.file, court.honest, rng)
        judged = await court.judge("flip_a_bit", deed)
        verdicts.add(judged.verdict)
    assert {"exact", "unchanged"} <= verdicts <= {"exact", "unchanged", "torn", "index", "damaged"}


async def test_of_a_bad_tile_and_a_bad_row_the_earlier_is_named_and_no_note_between(
    court: Court,
) -> None:
    """A row that cannot be read ends a page anywhere: also before the tile is complete."""
    rows = court.honest.rows
    (tile,) = court.file.connection.execute("SELECT hashes FROM tiles").fetchone()
    named: list[tuple[int, int, object]] = []
    for denied in (1, 100, 160, 167, 168, 169, 200, 256):
        changed = bytearray(tile)
        changed[denied * 32 - 1] ^= 1
        for unread in range(150, len(rows), 10):
            court.file.load(court.honest.bare)
            log = court.file.connection
            log.execute("UPDATE tiles SET hashes = ?", (bytes(changed),))
            log.execute("UPDATE log SET type = CAST(x'ff' AS TEXT) WHERE position = ?", (unread,))
            judged = await court.judge("both", Deed("both"))
            assert isinstance(judged.said, Found)
            named.append((denied, unread, judged.said.position))
            assert judged.verdict == "exact"
    assert named == [(denied, unread, min(denied, unread)) for denied, unread, _ in named]
