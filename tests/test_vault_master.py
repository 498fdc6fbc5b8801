"""A ring of master keys is random, is read in one way, and shows its ids only."""

import base64
import copy
import hashlib
import os
import pickle
import stat
from pathlib import Path

import pytest

from ledger.errors import MasterKeyError
from ledger.vault_master import MasterKeys

ONE = hashlib.sha256(b"one").digest()
KEY = base64.b64encode(ONE).decode()
OLD = base64.b64encode(hashlib.sha256(b"old").digest()).decode()
LOOKUP = f"lookup {base64.b64encode(hashlib.sha256(b'lookup').digest()).decode()}"


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        f"{KEY}\n",
        f"  {KEY.rstrip('=')}  # ours\n\n# nothing\n",
        ONE.hex(),
        base64.urlsafe_b64encode(ONE).decode(),
    ],
)
def test_one_key_is_read_in_every_spelling_generators_print(text: str) -> None:
    ring = MasterKeys.from_text(text)
    assert ring.text() == MasterKeys.from_text(KEY).text()


@pytest.mark.parametrize(
    "text", [f"{LOOKUP}\n{KEY}\n{OLD}", f"{KEY}\n{LOOKUP}\n{OLD}", f"{LOOKUP},{KEY},{OLD}"]
)
def test_the_first_key_of_several_is_current_wherever_the_lookup_stands(text: str) -> None:
    ring = MasterKeys.from_text(text)
    assert ring.ids == MasterKeys.from_text(KEY).ids + MasterKeys.from_text(OLD).ids
    wrapped, key_id = ring.wrap(bytes(32))
    assert (key_id, ring.unwrap(wrapped, key_id)) == (ring.ids[0], bytes(32))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "The key ring is empty."),
        ("# only a comment", "The key ring is empty."),
        (LOOKUP, "The key ring is empty."),
        ("hunter-two!", "A master key is not base64."),
        ("hunter22", "A master key has 6 bytes; exactly 32 are needed."),
        (base64.b64encode(bytes(16)).decode(), "A master key has 16 bytes; exactly 32 are needed."),
        (base64.b64encode(bytes(32)).decode(), "A master key repeats a pattern; it is not random."),
        (
            base64.b64encode(bytes(range(32))).decode(),
            "A master key repeats a pattern; it is not random.",
        ),
        ("0123456789abcdef" * 4, "A master key repeats a pattern; it is not random."),
        (
            base64.b64encode(b"correct horse battery staple 123").decode(),
            "A master key is readable text in disguise; it is not random.",
        ),
        (
            f"lookup {base64.b64encode(bytes(32)).decode()}\n{KEY}",
            "The lookup secret repeats a pattern; it is not random.",
        ),
        (f"{KEY}\n{OLD}", "The key ring has 2 master keys and 0 lookup secrets."),
        (f"{KEY}\n{LOOKUP}\n{LOOKUP}", "The key ring has 1 master keys and 2 lookup secrets."),
        (f"{LOOKUP}\n{KEY}\n{KEY}", "The key ring holds the same secret twice."),
        (f"lookup {KEY}\n{KEY}", "The key ring holds the same secret twice."),
        (f"secret {KEY}", "A line of the key ring is neither a key nor `lookup` and a secret."),
        (f"{KEY}\n" * 17 + LOOKUP, "The key ring has 17 master keys; it may have 1 to 16."),
        ("A" * 20_000, "The key ring is too long to be one."),
    ],
)
def test_a_ring_that_is_weak_or_unclear_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(MasterKeyError) as caught:
        MasterKeys.from_text(text)
    assert caught.value.reason == reason
    assert caught.value.remedy
    assert text == "" or text not in str(caught.value)


def test_no_generated_ring_is_refused() -> None:
    for _ in range(500):
        MasterKeys.from_text(MasterKeys.generate().rotated().text())


def test_a_ring_goes_to_a_file_of_its_owner_and_comes_back(tmp_path: Path) -> None:
    ring, path = MasterKeys.generate(), tmp_path / "master.key"
    ring.write(path)
    assert MasterKeys.from_file(path).text() == ring.text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        MasterKeys.generate().write(path)


def test_a_file_that_cannot_be_a_ring_is_refused_with_the_remedy(tmp_path: Path) -> None:
    binary = tmp_path / "binary.key"
    binary.write_bytes(os.urandom(16) + b"\xff" * 16)
    reasons = []
    for path in (tmp_path / "absent.key", tmp_path, binary):
        with pytest.raises(MasterKeyError) as caught:
            MasterKeys.from_file(path)
        reasons.append(caught.value.reason)
    assert reasons == [
        f"There is no master key file at {tmp_path}/absent.key.",
        f"The master key file {tmp_path} cannot be read (Is a directory).",
        f"The master key file {binary} is not text.",
    ]


def test_rotating_twice_keeps_every_key_and_the_lookup_secret() -> None:
    ring = MasterKeys.from_text(KEY)
    later = ring.rotated().rotated()
    assert later.ids[2:] == ring.ids
    assert later.lookup_key("person") == ring.lookup_key("person")
    assert later.lookup_key("person") != later.lookup_key("digest")


def test_a_ring_is_not_pickled_or_copied() -> None:
    ring = MasterKeys.generate()
    for write in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not pickled"):
            write(ring)
