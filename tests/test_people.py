"""Who is to be forgotten, by whose word: the decider in sentences."""

from datetime import UTC, datetime, timedelta

from ledger import events, people
from ledger.commands_people import (
    ApproveErasure,
    CompleteErasure,
    RecordExport,
    RecordScrubbing,
    RequestErasure,
)
from ledger.errors import CommandRefusedError
from ledger.people import ERASURE_HOURS_MAX, UnknownErasureError
from tests.specification import Specification

HASH = "0123456789abcdef0123456789abcdef"
PERSON = f"person-{HASH}"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = people.ends_at(NOON)

a_person = Specification(people.decide, people.evolve, people.INITIAL)


def ask(by: str = "k1", at: datetime = NOON) -> RequestErasure:
    return RequestErasure(
        person=PERSON, by=by, reason="asked", sealed="sealed", at=at, ends_at=people.ends_at(at)
    )


def asked(number: int = 1, at: datetime = NOON) -> events.PersonErasureRequested:
    return events.PersonErasureRequested(
        erasure_id=f"era_{HASH}_{number}",
        person=PERSON,
        by="k1",
        reason="asked",
        ends_at=people.ends_at(at),
        sealed="sealed",
    )


def agree(
    by: str = "k2", at: datetime = NOON, number: int = 1, same: frozenset[str] = frozenset()
) -> ApproveErasure:
    erasure_id = f"era_{HASH}_{number}"
    return ApproveErasure(person=PERSON, erasure_id=erasure_id, by=by, same=same, at=at)


AGREED = events.PersonErasureApproved(erasure_id=f"era_{HASH}_1", person=PERSON, by="k2")
COUNTS = {"keys": 4, "payments": 2, "sessions": 1, "webhooks": 3, "orphans_unread": 0}
DONE = CompleteErasure(person=PERSON, erasure_id=f"era_{HASH}_1", **COUNTS)
ERASED = events.PersonErased(person=PERSON, erasure_id=f"era_{HASH}_1", **COUNTS)


def test_one_operator_asks_another_agrees_and_then_it_is_done() -> None:
    a_person.given().when(ask()).then(asked())
    a_person.given(asked()).when(agree()).then(AGREED)
    a_person.given(asked(), AGREED).when(DONE).then(ERASED)


def test_what_is_so_already_changes_nothing() -> None:
    a_person.given(asked()).when(ask("k2")).then()
    a_person.given(asked(), AGREED).when(agree("k1")).then()
    a_person.given(asked(), AGREED, ERASED).when(DONE).then()
    a_person.given(asked(), AGREED, ERASED).when(agree("k3")).then()


def test_the_one_who_asked_cannot_be_the_one_who_agrees_under_any_of_his_keys() -> None:
    for by, same in [("k1", frozenset[str]()), ("k9", frozenset({"k1", "k9"}))]:
        refused = (
            a_person.given(asked()).when(agree(by, same=same)).then_refused(CommandRefusedError)
        )
        assert "cannot be the one who agrees" in str(refused)


def test_a_request_ends_by_itself_and_may_be_made_again() -> None:
    a_moment_before = LATER - timedelta(seconds=1)
    assert timedelta(hours=ERASURE_HOURS_MAX) == LATER - NOON
    a_person.given(asked()).when(agree(at=a_moment_before)).then(AGREED)
    refused = a_person.given(asked()).when(agree(at=LATER)).then_refused(CommandRefusedError)
    assert "nobody agreed within 72 hours" in str(refused)
    a_person.given(asked()).when(ask(at=a_moment_before)).then()
    a_person.given(asked()).when(ask(at=LATER)).then(asked(2, LATER))


def test_one_that_was_approved_in_time_can_be_finished_at_any_time() -> None:
    a_person.given(asked(), AGREED).when(agree("k3", at=LATER)).then()
    a_person.given(asked(), AGREED).when(ask(at=LATER)).then()


def test_who_comes_back_may_be_forgotten_again() -> None:
    a_person.given(asked(), AGREED, ERASED).when(ask()).then(asked(2))


def test_nothing_is_said_to_be_destroyed_that_nobody_agreed_to() -> None:
    a_person.given(asked()).when(DONE).then_refused(CommandRefusedError)
    a_person.given().when(DONE).then_refused(UnknownErasureError)
    a_person.given(asked()).when(agree(number=2)).then_refused(UnknownErasureError)


def test_what_became_of_the_bytes_is_noted_once_and_again_when_it_changes() -> None:
    name = f"era_{HASH}_1"
    left = events.PersonScrubbed(person=PERSON, erasure_id=name, bytes_left="recycled")
    gone = events.PersonScrubbed(person=PERSON, erasure_id=name)
    before = (asked(), AGREED, ERASED)
    say_left = RecordScrubbing(person=PERSON, erasure_id=name, bytes_left="recycled")
    say_gone = RecordScrubbing(person=PERSON, erasure_id=name, bytes_left=None)
    a_person.given(asked(), AGREED).when(say_gone).then_refused(CommandRefusedError)
    [unfinished] = a_person.given(*before[:2]).when(DONE).then(ERASED).erasures
    a_person.given(*before).when(say_left).then(left)
    a_person.given(*before, left).when(say_left).then()
    [finished] = a_person.given(*before, left).when(say_gone).then(gone).erasures
    assert (unfinished.is_unfinished, finished.is_unfinished) == (True, False)


def test_an_export_is_recorded_every_time() -> None:
    counts = {"payments": 2, "sessions": 0, "webhooks": 1}
    export = RecordExport(person=PERSON, by="k1", **counts)
    exported = events.PersonExported(person=PERSON, by="k1", **counts)
    state = a_person.given(exported).when(export).then(exported)
    assert state.exports == 2


def test_an_id_names_the_person_and_nothing_else_is_one() -> None:
    assert people.person_of(f"era_{HASH}_1") == PERSON
    assert people.stream_of(PERSON) == f"person-erasure-{HASH}"
    for text in ("", HASH, f"era_{HASH}", f"era_{HASH}_0", f"era_{HASH}_1\n", f"era_{HASH[1:]}_1"):
        assert people.person_of(text) is None
