"""What the log says of itself is verified: keys, checkpoints, cosignatures; forged ones are found.

Whoever forges here has the whole file and recomputes every hash; what is missing is the log's key.
"""

import asyncio
import shutil
import sqlite3
from base64 import b64encode
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

import orjson
import pytest

from ledger import commands_log
from ledger.checkpoint import Checkpoint, Signature, Signer, sign_note
from ledger.checkpointing import CheckpointMaker
from ledger.cosignature import CosignatureVerifier, Cosigner
from ledger.errors import CorruptLogError
from ledger.handling import Handler
from ledger.introduction import introduce
from ledger.memory import MemoryEventStore
from ledger.merkle import leaf_hash
from ledger.sql import Database, SqlEventStore
from ledger.store import Clock, EventStore, RawEntry
from ledger.verify import Verified, verify_log
from tests.builders import CONTEXT, NOW
from tests.contracts.store import an_event
from tests.test_verify import TRIGGERS, Alone, forge

ORIGIN = "ledger.example/log"
OLD, NEW, FOREIGN = (Signer(ORIGIN, bytes([seed]) * 32) for seed in (1, 2, 3))
WITNESS = Cosigner("witness.example", bytes([9]) * 32)

Rows = list[RawEntry]


async def _tell(store: EventStore, count: int, times: int) -> None:
    for number in range(count):
        await store.append(f"thing-{times}-{number}", 0, [an_event(number)], context=CONTEXT)


async def write(store: EventStore, clock: Clock) -> None:
    """A log of 400 or so entries, three checkpoints, two keys, one cosignature."""
    handler = Handler(store)
    sizes = [0]

    async def last_size() -> int:
        return sizes[-1]

    maker = CheckpointMaker(
        handler,
        clock=clock,
        origin=ORIGIN,
        signers=lambda key: next(
            (one for one in (OLD, NEW) if key in {None, one.verifier.text()}), None
        ),
        last_size=last_size,
        every_seconds=60,
    )
    for number, count in enumerate((100, 200, 90)):
        await _tell(store, count, number)
        made = await maker.make(context=CONTEXT)
        assert made is not None
        sizes.append(made.size)
        if number == 1:
            before = OLD.verifier.text()
            introduced = commands_log.IntroduceLogKey(
                key=NEW.verifier.text(), note=introduce(ORIGIN, NEW, OLD, before), after=before
            )
            await handler.handle(introduced, context=CONTEXT)
            text = Checkpoint(ORIGIN, made.size, made.root).text()
            cosigned = commands_log.RecordCosignature(
                size=made.size,
                root=b64encode(made.root).decode(),
                witness=WITNESS.verifier.name,
                signatures=(WITNESS.cosign(text, 1_700_000_000).line().rstrip("\n"),),
            )
            await handler.handle(cosigned, context=CONTEXT)
    await _tell(store, 10, 9)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That log in a file whose triggers are dropped."""
    path = tmp_path_factory.mktemp("notes") / "honest.db"

    async def make() -> None:
        database = await Database.open(f"sqlite:///{path}", create=True)
        store = SqlEventStore(database, clock=_now)
        await store.start()
        await write(store, _now)
        await store.close()
        await database.close()

    asyncio.run(make())
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for table in ("log", "tiles"):
            for verb in TRIGGERS:
                connection.execute(f"DROP TRIGGER {table}_refuses_{verb}")
    return path


def _now() -> datetime:
    return NOW


@pytest.fixture(scope="module")
def honest(original: Path) -> Rows:
    with closing(sqlite3.connect(original)) as connection:
        return [RawEntry(*row) for row in connection.execute("SELECT * FROM log ORDER BY 1")]


def verified(
    path: Path, witnesses: Sequence[CosignatureVerifier] = (WITNESS.verifier,)
) -> Verified:
    """Verify in spans of two lengths and page by page; all say the same."""
    found: list[Verified | tuple[int, str]] = []
    for kind, span in ((SqlEventStore, 256), (Alone, 256), (SqlEventStore, 65_536)):

        async def verify(kind: type[SqlEventStore] = kind) -> Verified:
            database = await Database.open(f"sqlite:///{path}")
            store = kind(database, clock=_now)
            try:
                return await verify_log(store, witnesses=witnesses)
            finally:
                await store.close()
                await database.close()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("ledger.verify.SPAN", span)
            patch.setattr("ledger.verify_pages.SPAN", span)
            try:
                found.append(asyncio.run(verify()))
            except CorruptLogError as error:
                found.append((error.position, error.reason))
    assert found == found[:1] * 3
    if isinstance(found[0], Verified):
        return found[0]
    raise CorruptLogError(*found[0])


def forged(original: Path, rows: Rows) -> CorruptLogError:
    """What is found in a file with another history, every hash of it as it must be."""
    path = original.with_name("forged.db")
    for rest in path.parent.glob("forged.db*"):
        rest.unlink()
    shutil.copy(original, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        forge(connection, rows)
    with pytest.raises(CorruptLogError) as error:
        verified(path)
    return error.value


def changed(rows: Rows, position: int, change: Callable[[dict[str, object]], object]) -> Rows:
    """The same history with other words in one event, its leaf recomputed."""
    row = rows[position - 1]
    line = orjson.loads(row.entry)
    change(line["data"])
    entry = orjson.dumps(line, option=orjson.OPT_SORT_KEYS)
    return [
        *rows[: position - 1],
        row._replace(entry=entry, leaf=leaf_hash(entry)),
        *rows[position:],
    ]


def places(rows: Rows, kind: str) -> list[int]:
    """The positions of the events of a type."""
    return [row.position for row in rows if row.type == kind]


def test_an_honest_log_tells_how_much_of_itself_is_signed(original: Path) -> None:
    assert verified(original)[2:] == (3, 1)
    assert verified(original, ())[2:] == (3, 0)


async def test_a_log_in_memory_is_held_to_what_it_says_too(clock: Clock) -> None:
    store = MemoryEventStore(clock=clock)
    await write(store, clock)
    assert (await verify_log(store, witnesses=[WITNESS.verifier]))[2:] == (3, 1)


@pytest.mark.parametrize("position", [1, 50, 100])
def test_a_history_rewritten_with_all_its_hashes_is_found_at_the_first_checkpoint_after_it(
    original: Path, honest: Rows, position: int
) -> None:
    rows = changed(honest, position, lambda told: told.update(name="Another"))
    first = places(honest, "log.checkpoint_made")[0]
    error = forged(original, rows)
    assert (error.position, "do not make the root" in error.reason) == (first, True)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_checkpoint_signed_anew_by_another_key_is_found(
    original: Path, honest: Rows, number: int
) -> None:
    at = places(honest, "log.checkpoint_made")[number]

    def resign(told: dict[str, object]) -> None:
        text = str(told["note"]).partition("\n\n")[0] + "\n"
        told["note"] = sign_note(text, FOREIGN)

    error = forged(original, changed(honest, at, resign))
    assert (error.position, "is not proved" in error.reason) == (at, True)


def test_a_checkpoint_signed_by_a_key_whose_time_is_over_is_found(
    original: Path, honest: Rows
) -> None:
    at = places(honest, "log.checkpoint_made")[2]

    def resign(told: dict[str, object]) -> None:
        told["note"] = sign_note(str(told["note"]).partition("\n\n")[0] + "\n", OLD)

    error = forged(original, changed(honest, at, resign))
    assert (error.position, "signs none of that size" in error.reason) == (at, True)


@pytest.mark.parametrize(
    "words",
    [
        {"size": 7},
        {"size": 10_000},
        {"root": b64encode(bytes(32)).decode()},
        {"root": "no base64"},
        {"note": "no note"},
        {"origin": "other.example/log"},
    ],
    ids=str,
)
def test_a_checkpoint_that_says_something_else_than_its_note_is_found(
    original: Path, honest: Rows, words: dict[str, object]
) -> None:
    at = places(honest, "log.checkpoint_made")[1]
    error = forged(original, changed(honest, at, lambda told: told.update(words)))
    assert error.position == at


def test_a_checkpoint_whose_key_is_taken_out_of_the_log_is_found(
    original: Path, honest: Rows
) -> None:
    at = places(honest, "log.key_introduced")[1]
    introduced = {
        "key": FOREIGN.verifier.text(),
        "note": introduce(ORIGIN, FOREIGN, None, OLD.verifier.text()),
    }
    error = forged(original, changed(honest, at, lambda told: told.update(introduced)))
    assert error.position == places(honest, "log.checkpoint_made")[2]


def test_a_key_that_has_not_signed_its_introduction_is_found(original: Path, honest: Rows) -> None:
    at = places(honest, "log.key_introduced")[1]
    text = introduce(ORIGIN, NEW, None, OLD.verifier.text()).partition("\n\n")[0] + "\n"
    note = sign_note(text, OLD)
    error = forged(original, changed(honest, at, lambda told: told.update(note=note)))
    assert (error.position, "has not signed its introduction" in error.reason) == (at, True)


def test_a_wrong_cosignature_of_a_known_witness_is_found(original: Path, honest: Rows) -> None:
    (at,) = places(honest, "log.checkpoint_cosigned")
    name, key_id = WITNESS.verifier.name, WITNESS.verifier.key_id
    line = Signature(name, key_id, bytes(72)).line().rstrip("\n")
    error = forged(original, changed(honest, at, lambda told: told.update(signatures=[line])))
    assert (error.position, "cosignature of witness.example" in error.reason) == (at, True)


def test_a_cosignature_of_another_root_is_found_whoever_made_it(
    original: Path, honest: Rows
) -> None:
    (at,) = places(honest, "log.checkpoint_cosigned")
    text = Checkpoint(ORIGIN, 307, bytes(32)).text()
    line = Cosigner("stranger.example", bytes(32)).cosign(text, 1_700_000_000).line().rstrip("\n")
    words = {"root": b64encode(bytes(32)).decode(), "signatures": [line]}
    error = forged(original, changed(honest, at, lambda told: told.update(words)))
    assert (error.position, "do not make the root" in error.reason) == (at, True)
