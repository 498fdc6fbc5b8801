"""A cosignature is believed only at the time, for the text and under the key that it is of."""

import copy
import pickle

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from ledger.checkpoint import (
    Checkpoint,
    Signature,
    Signer,
    Verifier,
    open_note,
    read_signatures,
    sign_note,
)
from ledger.cosignature import (
    CosignatureVerifier,
    Cosigner,
    cosigned_at,
    cosigned_text,
    read_cosignatures,
)
from ledger.errors import NoteError, NoteKeyError, NoteUnverifiedError

# A published key of type 0x04 (transparency-dev/formats, note_cosigv1_test.go).
REMORA = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"

# The example of C2SP tlog-cosignature; its keys are not published, its time is.
SOFA = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
BY_W1 = (
    "\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJs"
    "X3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)

WITNESS = Cosigner("witness.example/w1", bytes(range(32)))
OTHER = Cosigner("witness.example/w2", bytes(range(1, 33)))
LOG = Signer("example.com/behind-the-sofa", bytes(range(2, 34)))


def line_of(text: str, seconds: int, *cosigners: Cosigner) -> str:
    return "".join(one.cosign(text, seconds).line() for one in cosigners)


def test_a_published_key_is_read_and_written_byte_for_byte() -> None:
    assert CosignatureVerifier.from_text(REMORA).text() == REMORA


def test_the_example_of_the_specification_tells_its_time_and_its_message() -> None:
    (signature,) = read_signatures(BY_W1)
    assert (signature.name, signature.key_id.hex()) == ("witness.example.com/w1", "8d66cf3f")
    assert (cosigned_at(signature), signature.line()) == (1679315147, BY_W1)
    assert cosigned_text(SOFA, 1679315147) == f"cosignature/v1\ntime 1679315147\n{SOFA}"


def test_what_is_signed_is_the_header_the_time_and_the_text() -> None:
    made = WITNESS.cosign(SOFA, 1679315147)
    seconds, signature = made.signature[:8], made.signature[8:]
    key = Ed25519PublicKey.from_public_bytes(WITNESS.verifier.public_key)
    key.verify(signature, b"cosignature/v1\ntime 1679315147\n" + SOFA.encode())
    assert seconds.hex() == "00000000641850cb"


def test_a_log_and_its_witnesses_stand_in_one_note() -> None:
    both = [WITNESS.cosign(SOFA, 5), OTHER.cosign(SOFA, 6)]
    note = sign_note(SOFA, LOG, others=both)
    verifiers = [LOG.verifier, OTHER.verifier]
    opened = open_note(note, verifiers)
    assert set(opened.verified) == set(verifiers)
    assert opened.unknown == (both[0],)


def test_a_key_of_one_type_is_refused_as_one_of_the_other() -> None:
    with pytest.raises(NoteKeyError, match="not of type 0x01"):
        Verifier.from_text(WITNESS.verifier.text())
    with pytest.raises(NoteKeyError, match="not of type 0x04"):
        CosignatureVerifier.from_text(LOG.verifier.text())
    with pytest.raises(NoteKeyError, match="not of type 0x04"):
        Cosigner.from_text(LOG.private_text())
    with pytest.raises(NoteKeyError, match="not of type 0x01"):
        Signer.from_text(WITNESS.private_text())


def test_the_same_key_has_another_id_as_a_witness() -> None:
    as_log = Signer("one.example", bytes(32)).verifier
    as_witness = Cosigner("one.example", bytes(32)).verifier
    assert as_log.public_key == as_witness.public_key
    assert as_log.key_id != as_witness.key_id
    assert as_log != as_witness


def test_the_private_key_is_read_as_it_was_written_and_never_shown() -> None:
    text = WITNESS.private_text()
    assert Cosigner.from_text(f" {text}\n").verifier == WITNESS.verifier
    assert text not in repr(WITNESS)
    for write in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError, match="not pickled"):
            write(WITNESS)
    with pytest.raises(NoteKeyError, match="does not belong"):
        Cosigner.from_text(text.replace(WITNESS.verifier.key_id.hex(), "00000000"))
    with pytest.raises(NoteKeyError, match="has not 32 bytes"):
        Cosigner("one.example", bytes(31))
    with pytest.raises(NoteKeyError, match="begins with"):
        Cosigner.from_text(REMORA)


def test_only_checkpoints_are_cosigned_at_times_that_can_be_written() -> None:
    for text, seconds in (("no checkpoint\n", 1), (SOFA, -1), (SOFA, 2**63)):
        with pytest.raises(NoteError):
            WITNESS.cosign(text, seconds)


@given(
    st.integers(0, 2**63 - 1), st.integers(0, 2**40), st.binary(min_size=32, max_size=32), st.data()
)
def test_any_changed_byte_is_refused(
    seconds: int, size: int, root: bytes, data: st.DataObject
) -> None:
    text = Checkpoint("log.example", size, root).text()
    made = WITNESS.cosign(text, seconds).signature
    assert WITNESS.verifier.is_signed(text, made)
    at = data.draw(st.integers(0, len(made) - 1))
    changed = made[:at] + bytes([made[at] ^ data.draw(st.integers(1, 255))]) + made[at + 1 :]
    assert not WITNESS.verifier.is_signed(text, changed)
    assert not WITNESS.verifier.is_signed(text, made[:-1])
    assert not WITNESS.verifier.is_signed(f"{text}more\n", made)


def test_an_answer_is_read_for_one_witness_alone() -> None:
    lines = line_of(SOFA, 7, OTHER, WITNESS)
    (found,) = read_cosignatures(SOFA, lines, WITNESS.verifier)
    assert found == WITNESS.cosign(SOFA, 7)
    with pytest.raises(NoteUnverifiedError, match="has not cosigned"):
        read_cosignatures(SOFA, line_of(SOFA, 7, OTHER), WITNESS.verifier)


def test_an_answer_about_another_text_is_refused() -> None:
    other = Checkpoint("example.com/behind-the-sofa", 1, bytes(32)).text()
    with pytest.raises(NoteUnverifiedError, match="is wrong"):
        read_cosignatures(SOFA, line_of(other, 7, WITNESS), WITNESS.verifier)


@pytest.mark.parametrize("lines", ["", "\n", "well\n", "\u2014 a\n", "\u2014 a AAAAAAA=", "{}"])
def test_an_answer_that_is_none_is_refused(lines: str) -> None:
    with pytest.raises(NoteError):
        read_cosignatures(SOFA, lines, WITNESS.verifier)


def test_a_signature_without_room_for_a_time_is_no_cosignature() -> None:
    short = Signature("w", b"1234", bytes(64))
    late = Signature("w", b"1234", b"\xff" * 72)
    for one in (short, late):
        with pytest.raises(NoteError, match="no cosignature"):
            cosigned_at(one)
        assert not WITNESS.verifier.is_signed(SOFA, one.signature)
