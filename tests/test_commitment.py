"""The log's keys, checkpoints and witnesses as the log keeps them: given, when, then."""

from datetime import UTC, datetime

from ledger import commands_log, commitment, events
from ledger.commitment import (
    EVIDENCE_CHARACTERS_MAX,
    REASON_CHARACTERS_MAX,
    WITNESS_WORDS_MAX,
)
from ledger.errors import CommandRefusedError
from ledger.events import LogCheckpointCosigned, ProjectionDigest
from ledger.events_codec import decode_event, encode_event, payload_of
from tests.specification import Specification

keys = Specification(commitment.decide_key, commitment.evolve_key, commitment.NO_KEYS)
checkpoints = Specification(
    commitment.decide_checkpoint, commitment.evolve_checkpoint, commitment.NO_CHECKPOINT
)
witnesses = Specification(
    commitment.decide_witness, commitment.evolve_witness, commitment.UNWITNESSED
)
mismatches = Specification(
    commitment.decide_mismatch, commitment.evolve_mismatch, commitment.NO_MISMATCH
)


def introduced(key: str) -> events.LogKeyIntroduced:
    return events.LogKeyIntroduced(key=key, note=f"note of {key}")


def introducing(key: str, after: str | None) -> commands_log.IntroduceLogKey:
    return commands_log.IntroduceLogKey(key=key, note=f"note of {key}", after=after)


def made(size: int, digests: dict[str, ProjectionDigest] | None = None) -> events.LogCheckpointMade:
    return events.LogCheckpointMade(
        origin="o/log", size=size, root="r", note=f"note {size}", digests=digests or {}
    )


def making(
    size: int, after: int, digests: dict[str, commands_log.Digested] | None = None
) -> commands_log.RecordCheckpoint:
    return commands_log.RecordCheckpoint(
        day="2026-03-01",
        after_size=after,
        origin="o/log",
        size=size,
        root="r",
        note=f"note {size}",
        digests=digests or {},
    )


def cosigned(witness: str = "w") -> LogCheckpointCosigned:
    return LogCheckpointCosigned(size=7, root="r", witness=witness, signatures=["- w x"])


def cosigning(witness: str = "w") -> commands_log.RecordCosignature:
    return commands_log.RecordCosignature(size=7, root="r", witness=witness, signatures=("- w x",))


def refused(status: int = 409, reason: str = "it has seen 9") -> events.LogWitnessRefused:
    return events.LogWitnessRefused(
        size=7, witness="w", status=status, reason=reason, evidence="9\n"
    )


def refusing(status: int = 409, evidence: str = "9\n") -> commands_log.RecordWitnessRefusal:
    return commands_log.RecordWitnessRefusal(
        size=7, witness="w", status=status, reason="it has seen 9", evidence=evidence
    )


def test_the_first_key_follows_none_and_the_next_one_follows_it() -> None:
    keys.given().when(introducing("a", None)).then(introduced("a"))
    state = keys.given(introduced("a")).when(introducing("b", "a")).then(introduced("b"))
    assert state.current == "b"
    assert commitment.NO_KEYS.current is None


def test_a_key_that_signs_already_is_not_introduced_again() -> None:
    keys.given(introduced("a")).when(introducing("a", None)).then()


def test_a_key_that_would_follow_another_than_the_last_or_comes_back_is_refused() -> None:
    two = keys.given(introduced("a"), introduced("b"))
    two.when(introducing("c", "a")).then_refused(CommandRefusedError)
    two.when(introducing("a", "b")).then_refused(CommandRefusedError)
    keys.given(introduced("a")).when(introducing("b", None)).then_refused(CommandRefusedError)


def test_of_two_checkpoints_after_the_same_one_the_first_is_kept() -> None:
    checkpoints.given().when(making(5, after=3)).then(made(5))
    checkpoints.given(made(5)).when(making(6, after=3)).then()
    checkpoints.given(made(5)).when(making(6, after=5)).then(made(6))


def test_a_checkpoint_that_is_no_larger_than_the_one_before_is_none() -> None:
    checkpoints.given(made(5)).when(making(5, after=5)).then()
    checkpoints.given().when(making(0, after=0)).then()


def test_a_checkpoint_keeps_what_the_projections_hashed_to_and_is_read_again() -> None:
    digests = {"payments": ProjectionDigest(position=5, sha256="ab", version=4)}
    checkpoints.given().when(making(5, 0, {"payments": commands_log.Digested(5, "ab", 4)})).then(
        made(5, digests)
    )
    for event in (made(5, digests), made(5)):
        encode_event(event)
        assert decode_event(event.type, 1, payload_of(event)) == event


def test_a_day_is_that_of_the_time_in_utc() -> None:
    day = commitment.day_of(datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC))
    assert commitment.checkpoints_stream(day) == "checkpoints-2026-03-01"


def test_a_witness_cosigns_a_checkpoint_once() -> None:
    witnesses.given().when(cosigning()).then(cosigned())
    witnesses.given(cosigned()).when(cosigning()).then()
    witnesses.given(cosigned()).when(cosigning("v")).then(cosigned("v"))


def test_a_refusal_is_kept_once_for_each_thing_that_was_said() -> None:
    witnesses.given(cosigned()).when(refusing()).then(refused())
    witnesses.given(refused()).when(refusing()).then()
    witnesses.given(refused()).when(refusing(422)).then(refused(422))
    witnesses.given(refused()).when(cosigning()).then(cosigned())


def test_a_refusal_is_kept_within_bounds_and_so_are_their_number() -> None:
    long = commands_log.RecordWitnessRefusal(
        size=7, witness="w", status=422, reason="x" * 9_000, evidence="y" * 9_000
    )
    (event,) = commitment.decide_witness(long, commitment.UNWITNESSED)
    assert isinstance(event, events.LogWitnessRefused)
    assert len(event.reason) == REASON_CHARACTERS_MAX
    assert len(event.evidence) == EVIDENCE_CHARACTERS_MAX
    assert (
        commitment.decide_witness(long, commitment.evolve_witness(commitment.UNWITNESSED, event))
        == []
    )
    many = [refused(reason=str(number)) for number in range(WITNESS_WORDS_MAX)]
    witnesses.given(*many).when(cosigning()).then()


def test_a_position_is_found_bad_once() -> None:
    command = commands_log.RecordMismatch(position=3, reason="changed", what="entry")
    event = events.LogMismatchFound(position=3, reason="changed", what="entry")
    mismatches.given().when(command).then(event)
    mismatches.given(event).when(command).then()
