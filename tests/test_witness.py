"""A witness cosigns what only adds to what it cosigned before, and nothing else."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ledger.checkpoint import Checkpoint, Signer, Verifier, sign_note
from ledger.errors import NoteError
from ledger.witness import EARLIER_MAX, AddCheckpoint, Seen, Verdict, judge
from tests.growing import LOG, ORIGIN, GrowingLog

KEYS = {ORIGIN: (LOG.verifier,)}
STRANGER = Signer(ORIGIN, bytes([9]) * 32)

# The request that the tests of litewitness send (FiloSottile/torchwood, multi-cosigs-ed25519.txt).
SIGSUM = "sigsum.org/v1/tree/985ea163f5af026723561354f51f2ebcdcf2af809ce254ccfb64aa9aadd80f90"
SIGSUM_KEY = "52c05edad1bf5feffa81354faae59a655d9a9a1a793ed2f62c39c26c0be2aecd"
SIGSUM_REQUEST = f"""old 0

{SIGSUM}
1
KgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=

\u2014 {SIGSUM} 7BKT0gOfNZ1J0So9unY3BZtm2YkPIoNYM/dce0Z2avJDs8dxN6ts\
9bOSwwrVrbjm6P9K3ZxpK6jJngOG6YvGGzV/lwo=
"""


def seen_of(log: GrowingLog, *sizes: int) -> dict[str, Seen]:
    """What is remembered after a log was cosigned at these sizes."""
    seen: dict[str, Seen] = {}
    for size in sizes:
        old = seen.get(ORIGIN, Seen()).size
        verdict = judge(log.request(old, size), seen, KEYS)
        assert (verdict.status, verdict.seen is not None) == (200, True)
        seen[ORIGIN] = verdict.seen or Seen()
    return seen


def answered(verdict: Verdict) -> tuple[int, str | None]:
    return verdict.status, verdict.evidence


def test_a_published_request_is_cosigned() -> None:
    request = AddCheckpoint.from_body(SIGSUM_REQUEST.encode())
    keys = {SIGSUM: (Verifier(SIGSUM, bytes.fromhex(SIGSUM_KEY)),)}
    verdict = judge(request, {}, keys)
    assert (verdict.status, request.body()) == (200, SIGSUM_REQUEST.encode())
    assert verdict.text == Checkpoint(SIGSUM, 1, b"*" + bytes(31)).text()


def test_a_log_that_grows_is_cosigned_at_every_size() -> None:
    log = GrowingLog.of(40)
    seen = seen_of(log, 0, 1, 2, 3, 4, 7, 8, 9, 16, 31, 32, 33, 40)
    assert seen[ORIGIN].size == 40
    assert seen[ORIGIN].note == log.note()
    assert [size for size, _ in seen[ORIGIN].earlier][-2:] == [33, 40]


def test_a_witness_that_was_away_catches_up_by_one_proof() -> None:
    log = GrowingLog.of(1000)
    assert seen_of(log, 3, 999, 1000)[ORIGIN].size == 1000


def test_the_same_again_is_cosigned_again() -> None:
    log = GrowingLog.of(5)
    seen = seen_of(log, 5)
    verdict = judge(log.request(5), seen, KEYS)
    assert (verdict.status, verdict.seen) == (200, seen[ORIGIN])


def test_who_does_not_know_the_size_is_told_it_and_that_is_no_evidence() -> None:
    log = GrowingLog.of(9)
    seen = seen_of(log, 4)
    for old, size in ((0, 9), (0, 4), (3, 9), (5, 9)):
        verdict = judge(log.request(old, size), seen, KEYS)
        assert (verdict.status, verdict.seen, verdict.evidence) == (409, seen[ORIGIN], None)


def test_another_root_at_the_same_size_is_a_fork_whatever_old_size_it_names() -> None:
    log = GrowingLog.of(9)
    seen, other = seen_of(log, 4, 9), log.fork(3, 9)
    for old in (0, 4, 9):
        verdict = judge(other.request(old), seen, KEYS)
        assert answered(verdict) == (409, "forked")
    assert answered(judge(other.request(0, 4), seen, KEYS)) == (409, "forked")


def test_a_rolled_back_log_is_told_from_a_late_repeat() -> None:
    log = GrowingLog.of(9)
    seen = seen_of(log, 4, 9)
    assert answered(judge(log.request(0, 4), seen, KEYS)) == (409, None)
    assert answered(judge(log.request(4, 7), seen, KEYS)) == (409, "behind")
    assert answered(judge(log.fork(5, 8).request(0), seen, KEYS)) == (409, "behind")


def test_a_rewritten_entry_and_a_fork_that_grew_are_not_proved() -> None:
    log = GrowingLog.of(20)
    seen = seen_of(log, 9)
    rewritten = GrowingLog([*log.entries[:4], b"rewritten", *log.entries[5:]])
    for other in (rewritten, log.fork(8, 20)):
        assert answered(judge(other.request(9), seen, KEYS)) == (422, "unproved")


def test_a_proof_that_is_cut_lengthened_or_changed_proves_nothing() -> None:
    log = GrowingLog.of(20)
    seen, right = seen_of(log, 9), log.request(9)
    wrong = [right.proof[:-1], (*right.proof, bytes(32)), right.proof[::-1], ()]
    wrong.append((bytes(32), *right.proof[1:]))
    for proof in wrong:
        assert judge(replace(right, proof=proof), seen, KEYS).status == 422
    again = replace(log.request(9, 9), proof=(bytes(32),))
    assert judge(again, seen, KEYS).status == 422
    assert judge(replace(log.request(0), proof=(bytes(32),)), {}, KEYS).status == 422


def test_the_empty_log_has_one_root() -> None:
    wrong = sign_note(Checkpoint(ORIGIN, 0, bytes(32)).text(), LOG)
    assert answered(judge(AddCheckpoint(0, (), wrong), {}, KEYS)) == (409, "forked")


def test_logs_and_keys_that_are_not_known_get_nothing() -> None:
    log = GrowingLog.of(5)
    assert judge(log.request(0), {}, {}).status == 404
    assert judge(log.request(0), {}, {ORIGIN: ()}).status == 404
    assert judge(log.request(0), {}, {ORIGIN: (STRANGER.verifier,)}).status == 403
    forged = GrowingLog.of(5, signer=STRANGER).request(0)
    assert judge(forged, {}, KEYS).status == 403
    note = log.note().replace("\n5\n", "\n6\n")
    assert judge(AddCheckpoint(0, (), note), {}, KEYS).status == 403


def test_an_old_size_above_the_checkpoint_is_no_request() -> None:
    assert judge(AddCheckpoint(6, (), GrowingLog.of(5).note()), {}, KEYS).status == 400


def test_a_log_may_change_its_key_and_sign_with_both_for_a_while() -> None:
    log = GrowingLog.of(6)
    both = {ORIGIN: (LOG.verifier, STRANGER.verifier)}
    seen = seen_of(log, 4)
    new = GrowingLog(log.entries, signer=STRANGER)
    assert judge(new.request(4), seen, KEYS).status == 403
    assert judge(new.request(4), seen, both).status == 200
    two = replace(log.request(4), note=sign_note(log.text(), LOG, STRANGER))
    assert {judge(two, seen, keys).status for keys in (KEYS, both)} == {200}
    spoilt = sign_note(log.text(), STRANGER, others=[LOG.sign("other\n")])
    assert judge(replace(two, note=spoilt), seen, both).status == 200


def test_what_is_remembered_is_bounded() -> None:
    log = GrowingLog.of(EARLIER_MAX + 9)
    seen = seen_of(log, *range(1, EARLIER_MAX + 10))[ORIGIN]
    assert len(seen.earlier) == EARLIER_MAX
    assert seen.earlier[-1] == (log.size, log.root().hex())


BODY = GrowingLog.of(9).request(4).body()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"old 1",
        BODY.replace(b"old 4\n", b""),
        BODY.replace(b"old 4\n", b"old 04\n"),
        BODY.replace(b"old 4\n", b"old  4\n"),
        BODY.replace(b"old 4\n", b"old -4\n"),
        BODY.replace(b"old 4\n", b"old 4\r\n"),
        BODY.replace(b"old 4\n", b"old 9223372036854775808\n"),
        BODY.replace(b"old 4\n", b"old 4\nAAAA\n"),
        BODY.replace(b"old 4\n", b"old 4\nnothing\n"),
        BODY.replace(b"old 4\n", b"old 4\n" + b"A" * 43 + b"=\n" * 64),
    ],
)
def test_what_is_no_request_is_refused(body: bytes) -> None:
    with pytest.raises(NoteError):
        AddCheckpoint.from_body(body)


def test_a_request_holds_sixty_three_hashes_and_no_more() -> None:
    for count in (63, 64):
        body = b"old 4\n" + (b"A" * 43 + b"=\n") * count + b"\n" + GrowingLog.of(9).note().encode()
        if count == 63:
            assert len(AddCheckpoint.from_body(body).proof) == 63
        else:
            with pytest.raises(NoteError, match="at most 63"):
                AddCheckpoint.from_body(body)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_request_or_refused(body: bytes) -> None:
    refused = False
    try:
        request = AddCheckpoint.from_body(body)
    except NoteError:
        refused = True
    assert refused or request.body() == body


class AnySequence(RuleBasedStateMachine):
    """Whatever is sent, in whatever order, no two cosigned checkpoints contradict each other."""

    WORLD = GrowingLog.of(24)
    BRANCHES = (
        WORLD,
        WORLD.fork(0, 24, "all other"),
        WORLD.fork(7, 24, "from 7"),
        WORLD.fork(16, 24, "from 16"),
        GrowingLog([*WORLD.entries[:3], b"rewritten", *WORLD.entries[4:]]),
    )

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[str, Seen] = {}
        self.cosigned: list[tuple[GrowingLog, int]] = []

    def send(self, branch: GrowingLog, size: int, request: AddCheckpoint) -> None:
        verdict = judge(request, self.seen, KEYS)
        if verdict.status == 200:
            assert verdict.seen is not None
            assert verdict.text == branch.text(size)
            self.seen[ORIGIN] = verdict.seen
            self.cosigned.append((branch, size))

    @rule(branch=st.sampled_from(BRANCHES), size=st.integers(0, 24), old=st.integers(0, 24))
    def ask(self, branch: GrowingLog, size: int, old: int) -> None:
        self.send(branch, size, branch.request(old, size))

    @rule(branch=st.sampled_from(BRANCHES), size=st.integers(0, 24))
    def ask_from_the_size_it_is_at(self, branch: GrowingLog, size: int) -> None:
        old = self.seen.get(ORIGIN, Seen()).size
        self.send(branch, size, branch.request(old, size))

    @rule(
        branch=st.sampled_from(BRANCHES),
        liar=st.sampled_from(BRANCHES),
        size=st.integers(1, 24),
    )
    def ask_with_the_proof_of_another(
        self, branch: GrowingLog, liar: GrowingLog, size: int
    ) -> None:
        old = self.seen.get(ORIGIN, Seen()).size
        proof = liar.request(old, size).proof
        self.send(branch, size, AddCheckpoint(old, proof, branch.note(size)))

    @invariant()
    def every_later_one_begins_with_every_earlier_one(self) -> None:
        for (earlier, size), (later, larger) in zip(self.cosigned, self.cosigned[1:], strict=False):
            assert size <= larger
            assert later.entries[:size] == earlier.entries[:size]


AnySequence.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestAnySequence = AnySequence.TestCase
