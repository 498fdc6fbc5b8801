"""A signed note is believed only for a trusted key, and has one spelling."""

import copy
import os
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.checkpoint import (
    Checkpoint,
    Note,
    Signature,
    Signer,
    Verifier,
    open_checkpoint,
    open_note,
    sign_note,
)
from ledger.errors import NoteError, NoteKeyError, NoteUnverifiedError

# The published vector of golang.org/x/mod/sumdb/note (note_test.go): two keys and one note.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
BY_PETER = (
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqf"
    "qdngotpRZb6KE6RyyBwJnAM=\n"
)
BY_ENOCH = (
    "\u2014 EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWL"
    "ox33WWd1RvMc+QQ=\n"
)
NOTE = f"{TEXT}\n{BY_PETER}"

# The text of the example in C2SP tlog-checkpoint.
SOFA = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
SOFA_ROOT = bytes.fromhex("0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62")

ORIGIN = "ledger.example/log"


def test_the_published_note_is_made_byte_for_byte_from_the_published_key() -> None:
    signer = Signer.from_text(PETER_PRIVATE)
    assert sign_note(TEXT, signer) == NOTE
    assert (signer.verifier.text(), signer.private_text()) == (PETER, PETER_PRIVATE)


def test_the_published_notes_are_opened_by_the_published_keys() -> None:
    peter, enoch = Verifier.from_text(PETER), Verifier.from_text(ENOCH)
    both = f"{TEXT}\n{BY_PETER}{BY_ENOCH}"
    by_enoch = open_note(both, [peter]).unknown[0]
    assert open_note(NOTE.encode(), [peter]) == Note(TEXT, (peter,), ())
    assert open_note(both, [enoch, peter]) == Note(TEXT, (peter, enoch), ())
    assert open_note(both, [peter]) == Note(TEXT, (peter,), (by_enoch,))
    assert by_enoch.line() == BY_ENOCH


def test_repeated_signatures_count_once() -> None:
    peter = Verifier.from_text(PETER)
    opened = open_note(f"{TEXT}\n{(BY_PETER + BY_ENOCH) * 3}", [peter])
    assert (opened.verified, len(opened.unknown)) == ((peter,), 1)


def test_a_note_no_trusted_key_has_signed_is_not_believed() -> None:
    for verifiers in ([], [Verifier.from_text(ENOCH)]):
        with pytest.raises(NoteUnverifiedError, match="no trusted key"):
            open_note(NOTE, verifiers)


def test_a_wrong_signature_in_a_trusted_name_spoils_the_whole_note() -> None:
    peter, enoch = Verifier.from_text(PETER), Verifier.from_text(ENOCH)
    wrong = BY_PETER.replace("gYN1F", "gYN2F")
    with pytest.raises(NoteUnverifiedError, match="signature of PeterNeumann is wrong"):
        open_note(f"{TEXT}\n{BY_ENOCH}{wrong}", [peter, enoch])


def test_the_same_name_with_another_key_is_a_stranger() -> None:
    impostor = Signer.generate("PeterNeumann", os.urandom)
    note = sign_note(TEXT, impostor)
    with pytest.raises(NoteUnverifiedError, match="no trusted key"):
        open_note(note, [Verifier.from_text(PETER)])


@given(st.data())
def test_no_character_of_a_signed_note_can_be_changed(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(NOTE) - 1))
    other = data.draw(st.characters().filter(lambda one: one != NOTE[at]))
    with pytest.raises(NoteError):
        open_note(NOTE[:at] + other + NOTE[at + 1 :], [Verifier.from_text(PETER)])


@pytest.mark.parametrize(
    ("note", "reason"),
    [
        (TEXT, "a note needs a text, an empty line, and signature lines that end"),
        (f"{TEXT}\n", "a note needs a text, an empty line, and signature lines that end"),
        (NOTE[:-1], "a note needs a text, an empty line, and signature lines that end"),
        (f"\x01{NOTE}", "a note has control characters"),
        (NOTE.replace("\n", "\r\n"), "a note has control characters"),
        (b"\xff" + NOTE.encode(), "a note is not UTF-8"),
        (f"\ud800{NOTE}", "a note is not UTF-8"),
        (f"{NOTE}More.\n", "a line below the empty line of a note is no signature"),
        (NOTE.replace("\u2014 ", "- "), "a line below the empty line of a note is no signature"),
        (NOTE.replace("Peter", "Peter+"), "a line below the empty line of a note is no signature"),
        (f"{TEXT}\n\u2014 Peter x08g\n", "a signature of a note is empty"),
        (f"{TEXT}\n\u2014 Peter x08 go=\n", "a signature is not base64"),
        (f"{TEXT}\n\u2014 Peter x08goZ==\n", "a signature is not base64"),
        (f"{TEXT}\n{BY_PETER * 101}", "a note has at most 100 signatures"),
        ("x" * 1_000_001, "a note has at most 1000000 bytes"),
    ],
)
def test_what_is_no_note_is_refused_with_the_reason(note: str | bytes, reason: str) -> None:
    with pytest.raises(NoteError) as caught:
        open_note(note, [Verifier.from_text(PETER)])
    assert str(caught.value) == reason


def test_a_text_with_empty_lines_is_split_at_the_last_one() -> None:
    signer = Signer.from_text(PETER_PRIVATE)
    text = f"one\n\ntwo\n\n{BY_PETER}\nthree\n"
    assert open_note(sign_note(text, signer), [signer.verifier]).text == text


def test_a_note_gains_signatures_and_keeps_those_it_has() -> None:
    peter, ours = Signer.from_text(PETER_PRIVATE), Signer.generate(ORIGIN, os.urandom)
    first = open_note(f"{TEXT}\n{BY_PETER}{BY_ENOCH}", [Verifier.from_text(PETER)])
    stale = Signature("PeterNeumann", peter.verifier.key_id, b"stale")
    grown = sign_note(TEXT, peter, ours, others=[*first.unknown, stale])
    assert grown == f"{TEXT}\n{BY_ENOCH}{BY_PETER}{ours.sign(TEXT).line()}"


@pytest.mark.parametrize("text", ["", "no newline", "tab\there\n", "\ud800\n"])
def test_a_text_that_cannot_be_a_note_is_not_signed(text: str) -> None:
    with pytest.raises(NoteError, match="does not end in a newline"):
        sign_note(text, Signer.from_text(PETER_PRIVATE))


def test_a_note_nobody_signs_is_not_made() -> None:
    with pytest.raises(NoteError, match="1 to 100 signatures"):
        sign_note(TEXT)


@pytest.mark.parametrize("text", [PETER, PETER_PRIVATE])
def test_no_part_of_a_key_and_no_changed_key_is_taken_for_one(text: str) -> None:
    read = Signer.from_text if text.startswith("PRIVATE") else Verifier.from_text
    read(text)
    wrong = {text[start:end] for start in range(len(text)) for end in range(len(text) + 1)}
    wrong |= {text[:at] + chr(ord(text[at]) + 1) + text[at + 1 :] for at in range(len(text))}
    for each in wrong - {text}:
        with pytest.raises(NoteKeyError):
            read(each)


@pytest.mark.parametrize(
    "text",
    [
        # From note_test.go: a key of another length, and one of an unknown type, both with ids
        # that belong to them.
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
)
def test_a_key_of_another_kind_is_refused(text: str) -> None:
    with pytest.raises(NoteKeyError):
        Verifier.from_text(text)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "a\u00a0b", "a\nb", "\ud800"])
def test_a_name_that_cannot_stand_in_a_note_is_refused(name: str) -> None:
    with pytest.raises(NoteKeyError, match="the name of a key"):
        Signer.generate(name, os.urandom)


def test_a_signing_key_shows_its_public_half_only() -> None:
    signer = Signer.from_text(f"  {PETER_PRIVATE}\n")
    assert repr(signer) == f"Signer({PETER})"
    for write in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError, match="not pickled"):
            write(signer)
    with pytest.raises(NoteKeyError) as caught:
        Signer.from_text(PETER_PRIVATE.replace("c74f20a3", "c74f20a4"))
    assert "AYEKFALV" not in str(caught.value)


def test_two_trusted_keys_that_cannot_be_told_apart_are_refused() -> None:
    class Twin(Verifier):
        """A key whose id collides with another's, as anybody can make one for any name."""

        @property
        def key_id(self) -> bytes:
            return bytes.fromhex("c74f20a3")

    with pytest.raises(NoteKeyError, match="one name and one id"):
        open_note(NOTE, [Verifier.from_text(PETER), Twin("PeterNeumann", bytes(range(32)))])


def test_the_example_of_the_specification_is_read_and_written() -> None:
    checkpoint = Checkpoint("example.com/behind-the-sofa", 20852163, SOFA_ROOT)
    assert Checkpoint.from_text(SOFA) == checkpoint
    assert checkpoint.text() == SOFA


@given(
    size=st.integers(0, 2**63 - 1),
    root=st.binary(min_size=32, max_size=32),
    extensions=st.lists(st.from_regex(r"[^\x00-\x1f\ud800-\udfff]+", fullmatch=True), max_size=3),
)
def test_a_checkpoint_comes_back_from_its_signed_note(
    size: int, root: bytes, extensions: list[str]
) -> None:
    signer = Signer(ORIGIN, root)
    checkpoint = Checkpoint(ORIGIN, size, root, tuple(extensions))
    note = sign_note(checkpoint.text(), signer)
    assert open_checkpoint(note, [signer.verifier], origin=ORIGIN) == (
        checkpoint,
        Note(checkpoint.text(), (signer.verifier,), ()),
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (SOFA[:-1], "a checkpoint does not end in a newline"),
        ("origin\n1\n", "a checkpoint needs the lines origin, size and root"),
        (SOFA.replace("208", "0208"), "the size of a checkpoint is not a plain decimal number"),
        (SOFA.replace("208", "-208"), "the size of a checkpoint is not a plain decimal number"),
        (SOFA.replace("208", "\u0668"), "the size of a checkpoint is not a plain decimal number"),
        (
            SOFA.replace("20852163", "9223372036854775808"),
            "the size of a checkpoint is not between 0 and 9223372036854775807",
        ),
        (SOFA.replace("2I=", "2J="), "the root is not base64"),
        (SOFA.replace("CsUY", ""), "the root of a checkpoint has 29 bytes, not 32"),
        (f"\n{SOFA}", "the size of a checkpoint is not a plain decimal number"),
        (f"{SOFA}\n", "a line of a checkpoint is empty or has control characters"),
        (
            SOFA.replace("sofa", "sofa\r"),
            "a line of a checkpoint is empty or has control characters",
        ),
    ],
)
def test_a_checkpoint_has_one_spelling(text: str, reason: str) -> None:
    with pytest.raises(NoteError) as caught:
        Checkpoint.from_text(text)
    assert str(caught.value) == reason


def test_a_checkpoint_of_another_log_is_refused_though_the_key_is_right() -> None:
    signer = Signer.generate(ORIGIN, os.urandom)
    note = sign_note(SOFA, signer)
    with pytest.raises(NoteError, match="not of 'ledger"):
        open_checkpoint(note, [signer.verifier], origin=ORIGIN)
