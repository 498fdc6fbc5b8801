"""One key hands over to the next: trust in one reaches all that it introduced, and no other."""

from itertools import count

import pytest

from ledger.checkpoint import Checkpoint, Signer, open_note, sign_note
from ledger.errors import NoteError, NoteUnverifiedError
from ledger.introduction import (
    Introduced,
    TrustedKey,
    introduce,
    open_with_keys,
    trusted_keys,
)

ORIGIN = "ledger.example/log"
SEEDS = count(1)


def a_signer(name: str = ORIGIN) -> Signer:
    return Signer(name, next(SEEDS).to_bytes(32, "big"))


A, B, C = a_signer(), a_signer(), a_signer()


def introduced(signer: Signer, previous: Signer | None, position: int) -> Introduced:
    before = previous.verifier.text() if previous else None
    note = introduce(ORIGIN, signer, previous, before)
    return Introduced(signer.verifier.text(), note, position)


CHAIN = [introduced(A, None, 10), introduced(B, A, 20), introduced(C, B, 30)]


def a_checkpoint(size: int, *signers: Signer, origin: str = ORIGIN) -> str:
    return sign_note(Checkpoint(origin, size, bytes(32)).text(), *signers)


def test_trust_in_the_first_key_reaches_the_last_with_the_sizes_of_each() -> None:
    assert trusted_keys(ORIGIN, CHAIN, [A.verifier]) == [
        TrustedKey(A.verifier, 0, 19),
        TrustedKey(B.verifier, 20, 29),
        TrustedKey(C.verifier, 30, None),
    ]


def test_trust_in_a_later_key_does_not_reach_back() -> None:
    found = trusted_keys(ORIGIN, CHAIN, [B.verifier])
    assert [one.verifier for one in found] == [B.verifier, C.verifier]
    assert trusted_keys(ORIGIN, CHAIN, [a_signer().verifier]) == []


@pytest.mark.parametrize(
    "broken",
    [
        # Signed by the new key alone: the old one was lost, or never asked.
        Introduced(B.verifier.text(), introduce(ORIGIN, B, None, A.verifier.text()), 20),
        # Signed by the old key alone: it may not have the new one.
        Introduced(
            B.verifier.text(),
            sign_note(open_note(CHAIN[1].note, [A.verifier]).text, A),
            20,
        ),
        # It follows another key, or is of another log, or names another key than is recorded.
        Introduced(B.verifier.text(), introduce(ORIGIN, B, A, C.verifier.text()), 20),
        Introduced(B.verifier.text(), introduce("else.example", B, A, A.verifier.text()), 20),
        Introduced(B.verifier.text(), introduce(ORIGIN, C, A, A.verifier.text()), 20),
        Introduced(B.verifier.text(), "no note", 20),
        Introduced("no key", CHAIN[1].note, 20),
    ],
)
def test_an_introduction_that_is_not_whole_ends_the_trust(broken: Introduced) -> None:
    found = trusted_keys(ORIGIN, [CHAIN[0], broken, CHAIN[2]], [A.verifier])
    assert found == [TrustedKey(A.verifier, 0, 19)]


def test_a_key_that_is_trusted_by_itself_needs_no_introduction() -> None:
    lost = Introduced(B.verifier.text(), introduce(ORIGIN, B, None, A.verifier.text()), 20)
    found = trusted_keys(ORIGIN, [CHAIN[0], lost], [A.verifier, B.verifier])
    assert found == [TrustedKey(A.verifier, 0, 19), TrustedKey(B.verifier, 20, None)]


@pytest.mark.parametrize(
    ("signer", "size", "is_believed"),
    [
        (A, 1, True),
        (A, 19, True),
        (A, 20, False),
        (B, 19, False),
        (B, 20, True),
        (B, 29, True),
        (B, 30, False),
        (C, 30, True),
        (C, 9_999, True),
    ],
)
def test_a_key_signs_only_the_sizes_that_are_its_own(
    signer: Signer, size: int, is_believed: bool
) -> None:
    keys = trusted_keys(ORIGIN, CHAIN, [A.verifier])
    note = a_checkpoint(size, signer)
    if is_believed:
        assert open_with_keys(note, keys, origin=ORIGIN)[0].size == size
    else:
        with pytest.raises(NoteUnverifiedError, match="signs none of that size"):
            open_with_keys(note, keys, origin=ORIGIN)


def test_the_note_of_another_log_or_of_a_stranger_is_no_checkpoint() -> None:
    keys = trusted_keys(ORIGIN, CHAIN, [A.verifier])
    with pytest.raises(NoteUnverifiedError, match="no trusted key"):
        open_with_keys(a_checkpoint(5, a_signer()), keys, origin=ORIGIN)
    with pytest.raises(NoteError, match="not of"):
        open_with_keys(a_checkpoint(5, A, origin="else.example"), keys, origin=ORIGIN)


def test_an_introduction_can_be_taken_for_no_checkpoint() -> None:
    for one in CHAIN:
        with pytest.raises(NoteError):
            open_with_keys(one.note, trusted_keys(ORIGIN, CHAIN, [A.verifier]), origin=ORIGIN)
