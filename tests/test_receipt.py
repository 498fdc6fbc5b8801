"""Receipts: what one proves, by the ledger's own reader and by the script that stands alone."""

import ast
import hashlib
import random
import struct
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import example, given, settings
from hypothesis import strategies as st

from api.receipts import checkpoint_of
from ledger.checkpoint import (
    Checkpoint,
    Signature,
    Signer,
    open_checkpoint,
    sign_note,
    split_note,
)
from ledger.errors import NoteError
from ledger.merkle import TreeBuilder, inclusion_proof, leaf_hash, verify_inclusion
from ledger.money import CURRENCIES, decimals_of
from ledger.receipt import Proof, Receipt, ReceiptError, ending_of
from scripts import verify_receipt
from scripts.verify_receipt import Policy, WrongError, is_signed, verify
from tests.builders import a_log

ORIGIN: Final = "ledger.example/log"
LOG: Final = Signer(ORIGIN, bytes(range(32)))
TIMES: Final = {"alpha": 1_767_225_600, "beta": 1_767_225_601, "gamma": 1_767_225_602}
WITNESSES: Final = {
    name: Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
    for number, name in enumerate(TIMES, 1)
}
STEPS: Final = [(0, "request"), (1, "request"), (0, "start"), (1, "start"), (0, "success")]


@pytest.fixture(scope="module", autouse=True)
def quick_signatures() -> Iterator[None]:
    """Let the script judge a signature once only: the same few come again in every test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verify_receipt, "is_signed", cache(is_signed))
        yield


def public_of(name: str) -> bytes:
    return WITNESSES[name].public_key().public_bytes_raw()


def id_of(name: str) -> bytes:
    return hashlib.sha256(name.encode() + b"\n\x04" + public_of(name)).digest()[:4]


def key_of(name: str) -> str:
    encoded = b64encode(b"\x04" + public_of(name)).decode()
    return f"{name}+{id_of(name).hex()}+{encoded}"


def cosigned(name: str, text: str) -> Signature:
    """A witness's line, as C2SP tlog-cosignature has it."""
    message = f"cosignature/v1\ntime {TIMES[name]}\n{text}".encode()
    made = struct.pack(">Q", TIMES[name]) + WITNESSES[name].sign(message)
    return Signature(name, id_of(name), made)


def a_policy(quorum: str = "two", *, names: tuple[str, ...] = tuple(TIMES)) -> str:
    lines = [f"log {LOG.verifier.text()}", *(f"witness {one} {key_of(one)}" for one in names)]
    lines += [f"group two 2 {' '.join(names)}"] if len(names) > 1 else []
    return "\n".join([*lines, f"quorum {quorum}", ""])


def a_receipt(*witnesses: str, payment_id: str = "pay_0", currency: str = "XOF") -> Receipt:
    """A receipt out of a log of several payments, its checkpoint cosigned."""
    spelled = f'"{currency}"'.encode()
    entries = [recorded.entry.replace(b'"XOF"', spelled) for recorded in a_log(*STEPS)]
    tree = TreeBuilder()
    leaves = [leaf_hash(entry) for entry in entries]
    tree.extend(leaves)

    def tile(level: int, index: int) -> list[bytes]:
        assert (level, index) == (0, 0)
        return leaves

    checkpoint = Checkpoint(ORIGIN, tree.size, tree.root())
    text = checkpoint.text()
    note = sign_note(text, LOG, others=[cosigned(one, text) for one in witnesses])
    proofs = tuple(
        Proof(recorded.position - 1, entry, tuple(path))
        for recorded, entry in zip(a_log(*STEPS), entries, strict=True)
        if recorded.stream == f"payment-{payment_id}"
        for path in [inclusion_proof(recorded.position - 1, tree.size, tile)]
    )
    ending = sign_note(ending_of(checkpoint, payment_id, len(proofs)), LOG)
    return Receipt(payment_id, proofs, ending, note)


def checked(text: str) -> list[str]:
    """The types of the entries by the ledger's own reader, or an error."""
    receipt = Receipt.from_text(text)
    checkpoint, _ = open_checkpoint(receipt.note, [LOG.verifier], origin=ORIGIN)
    receipt.check_ending(checkpoint, LOG.verifier)
    return [entry.type for entry in receipt.check(checkpoint)]


def test_both_readers_take_an_honest_receipt_and_say_what_it_holds() -> None:
    text = a_receipt("alpha", "gamma").text()
    note, entries, signed = verify(text, Policy(a_policy()))
    assert [one["type"] for one in entries] == checked(text)
    assert checked(text)[:2] == ["payment.requested", "payment.submission_started"]
    assert signed == {"alpha": TIMES["alpha"], "gamma": TIMES["gamma"]}
    assert note.startswith(f"{ORIGIN}\n")


def test_a_receipt_is_read_back_as_it_was_written() -> None:
    receipt = a_receipt("alpha")
    assert Receipt.from_text(receipt.text()) == receipt


def test_a_block_with_the_checkpoint_below_it_is_a_tlog_proof_of_c2sp() -> None:
    receipt = a_receipt()
    first = receipt.proofs[0].text() + "\n" + receipt.note
    lines = first.split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1].startswith("extra ")
    assert lines[2] == "index 0"
    assert lines.index("") == 3 + len(receipt.proofs[0].path)
    assert lines[lines.index("") + 1] == ORIGIN


@settings(max_examples=150)
@given(at=st.integers(0), bit=st.integers(0, 7))
@example(at=0, bit=0)
def test_no_byte_can_be_changed(at: int, bit: int) -> None:
    """Every signer is trusted here; the line of somebody unknown proves nothing, and may say so."""
    raw = bytearray(a_receipt("alpha", "beta", "gamma").text().encode())
    raw[at % len(raw)] ^= 1 << bit
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return
    with pytest.raises((WrongError, LookupError, ValueError, ArithmeticError)):
        verify(text, Policy(a_policy("two").replace("group two 2", "group two all")))


@settings(max_examples=150)
@given(at=st.integers(0), bit=st.integers(0, 7))
def test_the_ledgers_own_reader_takes_no_changed_byte_either(at: int, bit: int) -> None:
    raw = bytearray(a_receipt().text().encode())
    raw[at % len(raw)] ^= 1 << bit
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return
    with pytest.raises(NoteError):
        checked(text)


WRONG: Final = {
    "one entry left out": lambda r: replace(r, proofs=r.proofs[:1] + r.proofs[2:]),
    "the first left out": lambda r: replace(r, proofs=r.proofs[1:]),
    "two swapped": lambda r: replace(r, proofs=(r.proofs[1], r.proofs[0], *r.proofs[2:])),
    "one twice": lambda r: replace(r, proofs=(r.proofs[0], *r.proofs)),
    "another payment's name": lambda r: replace(r, payment_id="pay_1"),
    "another payment's entry": lambda r: replace(
        r, proofs=(*r.proofs, a_receipt(payment_id="pay_1").proofs[0])
    ),
    "a shorter path": lambda r: replace(
        r, proofs=(replace(r.proofs[0], path=r.proofs[0].path[:-1]), *r.proofs[1:])
    ),
    "a longer path": lambda r: replace(
        r, proofs=(replace(r.proofs[0], path=(*r.proofs[0].path, bytes(32))), *r.proofs[1:])
    ),
    "another place": lambda r: replace(r, proofs=(replace(r.proofs[0], index=1), *r.proofs[1:])),
    "no entries": lambda r: replace(r, proofs=()),
}


@pytest.mark.parametrize("what", WRONG)
def test_both_readers_refuse_a_receipt_that_was_put_together_otherwise(what: str) -> None:
    text = WRONG[what](a_receipt("alpha", "beta")).text()
    with pytest.raises(ReceiptError):
        checked(text)
    with pytest.raises((WrongError, LookupError, ValueError)):
        verify(text, Policy(a_policy()))


def ended(receipt: Receipt, *, by: Signer = LOG, size: int = 0, **changes: Any) -> Receipt:
    """The same with something else said of the payment's end."""
    checkpoint = checkpoint_of(receipt.note)
    told = {"payment_id": receipt.payment_id, "entries": len(receipt.proofs), **changes}
    text = ending_of(replace(checkpoint, size=size or checkpoint.size), **told)
    return replace(receipt, ending=sign_note(text, by))


CUT: Final[dict[str, Callable[[Receipt], Receipt]]] = {
    "the last entries cut off": lambda r: replace(r, proofs=r.proofs[:-2]),
    "all but the first cut off": lambda r: replace(r, proofs=r.proofs[:1]),
    "and counted anew by a stranger": lambda r: ended(
        replace(r, proofs=r.proofs[:-1]), by=Signer(ORIGIN, bytes(32))
    ),
    "and counted anew by a witness's key": lambda r: replace(
        replace(r, proofs=r.proofs[:-1]),
        ending=f"{ending_of(checkpoint_of(r.note), r.payment_id, len(r.proofs) - 1)}\n"
        f"{cosigned('alpha', ending_of(checkpoint_of(r.note), r.payment_id, 1)).line()}",
    ),
    "the end of another payment": lambda r: ended(r, payment_id="pay_1"),
    "an end from when there was less": lambda r: ended(
        replace(r, proofs=r.proofs[:1]), size=r.proofs[0].index + 1
    ),
    "the checkpoint for an end": lambda r: replace(r, ending=r.note),
    "an end in other words": lambda r: replace(
        r, ending=sign_note(split_note(r.ending)[0].replace("all", "some"), LOG)
    ),
}


@pytest.mark.parametrize("what", CUT)
def test_no_entry_can_be_cut_off_without_the_logs_own_word(what: str) -> None:
    text = CUT[what](a_receipt("alpha", "beta")).text()
    with pytest.raises(ReceiptError, match="all entries"):
        checked(text)
    with pytest.raises(WrongError, match="all entries"):
        verify(text, Policy(a_policy()))


def test_a_receipt_that_does_not_tell_its_end_is_told_to_be_of_a_former_kind() -> None:
    whole = a_receipt("alpha", "beta")
    former = whole.text().replace("@v2", "@v1", 1).replace(f"{whole.ending}\n", "", 1)
    with pytest.raises(ReceiptError, match="former kind"):
        checked(former)
    with pytest.raises(WrongError, match=r"former kind.* ask for a new one"):
        verify(former, Policy(a_policy()))


def test_what_it_does_not_mean_is_said() -> None:
    told = " ".join((verify_receipt.__doc__ or "").split())
    assert "It does not mean that nothing was added since" in told


def test_a_quorum_is_asked_for_and_no_witness_counts_twice() -> None:
    policy = Policy(a_policy())
    with pytest.raises(WrongError, match="quorum 'two'"):
        verify(a_receipt("alpha").text(), policy)
    with pytest.raises(WrongError, match="quorum 'two'"):
        verify(a_receipt("alpha", "alpha").text(), policy)
    assert verify(a_receipt("beta", "gamma").text(), policy)[2].keys() == {"beta", "gamma"}


def test_only_the_logs_of_the_policy_are_believed_and_only_for_their_own_origin() -> None:
    receipt = a_receipt()
    for signer in (Signer(ORIGIN, bytes(32)), Signer("other.example/log", bytes(range(32)))):
        with pytest.raises(WrongError, match=r"no log of the policy.*/v1/log/keys"):
            verify(receipt.text(), Policy(f"log {signer.verifier.text()}\nquorum none\n"))


POLICIES: Final = {
    "no quorum": a_policy().replace("quorum two", ""),
    "two quorums": a_policy() + "quorum none\n",
    "no log": a_policy().partition("\n")[2],
    "an unknown member": a_policy().replace("group two 2 alpha", "group two 2 delta"),
    "a member twice": a_policy().replace("group two 2 alpha beta", "group two 2 alpha alpha"),
    "a member of two groups": a_policy().replace("quorum", "group other any alpha\nquorum"),
    "too many of too few": a_policy().replace("group two 2", "group two 4"),
    "none of many": a_policy().replace("group two 2", "group two 0"),
    "a plus": a_policy().replace("group two 2", "group two +2"),
    "none as a member": a_policy().replace("gamma\nquorum", "none\nquorum"),
    "a witness with a log's key": a_policy() + f"witness delta {LOG.verifier.text()}\n",
    "a key twice": a_policy() + f"witness delta {key_of('alpha')}\n",
    "a name twice": a_policy() + f"witness two {key_of('alpha')}\n",
    "a word nobody knows": a_policy() + "trust everybody\n",
    "a key of another name": a_policy().replace("witness alpha alpha+", "witness alpha beta+"),
}


@pytest.mark.parametrize("what", POLICIES)
def test_a_policy_that_is_none_is_refused(what: str) -> None:
    with pytest.raises(WrongError):
        Policy(POLICIES[what])


def test_groups_of_groups_are_counted() -> None:
    text = a_policy("both").replace(
        "group two 2 alpha beta gamma",
        "# one of these\ngroup\tany-of-two any alpha beta\n\n group both all any-of-two gamma",
    )
    policy = Policy(text)
    assert verify(a_receipt("beta", "gamma").text(), policy)
    with pytest.raises(WrongError):
        verify(a_receipt("alpha", "beta").text(), policy)


# RFC 8032 section 7.1, tests 1 to 3: public key, message, and the halves of the signature.
RFC_8032: Final = """
d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a -
e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555
fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b

3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c 72
92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da0
85ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00

fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025 af82
6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac1
8ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a
"""


@pytest.mark.parametrize("vector", RFC_8032.strip().split("\n\n"))
def test_the_signatures_of_the_standard_are_signatures(vector: str) -> None:
    key, message, *halves = vector.split()
    asked = bytes.fromhex(key), bytes.fromhex(message.strip("-")), bytes.fromhex("".join(halves))
    assert is_signed(*asked)
    assert not is_signed(asked[0], asked[1] + b"\x00", asked[2])


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), message=st.binary(max_size=200), spoilt=st.integers(0, 8))
def test_the_short_ed25519_and_a_library_agree(seed: int, message: bytes, spoilt: int) -> None:
    draw = random.Random(seed)
    private = Ed25519PrivateKey.from_private_bytes(draw.randbytes(32))
    key = private.public_key().public_bytes_raw()
    signature = bytearray(private.sign(message))
    if spoilt < 6:
        signature[draw.randrange(64)] ^= 1 << draw.randrange(8)
    elif spoilt == 6:  # the same signature with its number taken once round: not to be taken
        number = int.from_bytes(signature[32:], "little") + verify_receipt.L
        signature[32:] = number.to_bytes(32, "little")
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(bytes(signature), message)
        is_right = True
    except InvalidSignature:
        is_right = False
    assert is_signed(key, message, bytes(signature)) is is_right


@settings(max_examples=80, deadline=None)
@given(data=st.data(), size=st.integers(1, 700))
@example(data=None, size=1)
@example(data=None, size=257)
def test_the_short_tree_and_the_ledgers_agree(data: st.DataObject | None, size: int) -> None:
    """Of every place in a tree, and of every other place, size and length of the path."""
    leaves = [leaf_hash(b"%d" % number) for number in range(size)]
    tree = TreeBuilder()
    tiles = {(one.level, one.index): one.hashes for one in tree.extend(leaves)}
    tiles |= {(0, size // 256): tuple(tree.filling(0)), (1, 0): tuple(tree.filling(1))}
    index = size - 1 if data is None else data.draw(st.integers(0, size - 1))
    path = inclusion_proof(index, size, lambda level, at: tiles[level, at])
    changes = [(index, size, path)]
    if data is not None:
        other = data.draw(st.tuples(st.integers(0, 700), st.integers(1, 700)))
        cut = data.draw(st.integers(0, len(path)))
        changes += [(*other, path), (index, size, path[:cut]), (index, size, [*path, bytes(32)])]
    for at, among, hashes in changes:
        is_right = verify_inclusion(leaves[index], at, among, hashes, tree.root())
        try:
            found = verify_receipt.root_from(leaves[index], at, among, list(hashes))
        except ValueError:
            found = b""
        assert (at < among and found == tree.root()) is is_right


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The script alone: in a folder of its own, without the project on the path."""
    script = folder / "verify_receipt.py"
    script.write_bytes(Path(verify_receipt.__file__).read_bytes())
    return subprocess.run(
        [sys.executable, "-I", "-S", str(script), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_script_runs_without_the_project_or_any_library(tmp_path: Path) -> None:
    (tmp_path / "receipt.txt").write_text(a_receipt("alpha", "beta").text(), encoding="utf-8")
    (tmp_path / "policy.txt").write_text(a_policy(), encoding="utf-8")
    done = run(tmp_path, "--policy", "policy.txt", "receipt.txt")
    assert (done.returncode, done.stderr) == (0, "")
    assert "VERIFIED (VÉRIFIÉ): 4 entries" in done.stdout
    assert "witness (témoin) alpha: 2026-01-01T00:00:00+00:00" in done.stdout
    assert '"amount_minor": 1000' in done.stdout
    assert "sealed" not in done.stdout
    alone = run(tmp_path, "--key", LOG.verifier.text(), "receipt.txt")
    assert alone.returncode == 0


def test_the_script_prints_money_as_people_write_it(tmp_path: Path) -> None:
    (tmp_path / "receipt.txt").write_text(a_receipt(currency="GHS").text(), encoding="utf-8")
    done = run(tmp_path, "--key", LOG.verifier.text(), "receipt.txt")
    assert '"amount": "10.00"' in done.stdout
    assert {one for one in CURRENCIES if decimals_of(one) == 2} == {*verify_receipt.CENTS}
    assert {decimals_of(one) for one in CURRENCIES - {*verify_receipt.CENTS}} == {0}


NO_TEXT = "it cannot be read as a receipt: not all of it is text"


def test_the_script_says_what_is_wrong_and_ends_accordingly(tmp_path: Path) -> None:
    honest = a_receipt("alpha", "beta").text()
    (tmp_path / "receipt.txt").write_text(honest.replace("index 0", "index 1"), encoding="utf-8")
    (tmp_path / "policy.txt").write_text(a_policy(), encoding="utf-8")
    wrong = run(tmp_path, "--policy", "policy.txt", "receipt.txt")
    assert wrong.returncode == 1
    assert "NOT VERIFIED" in wrong.stdout
    told = "the checkpoint does not commit to entry number 1 of payment-pay_0 (position 2)"
    assert wrong.stdout == f"NOT VERIFIED (NON VÉRIFIÉ): {told}\n"
    broken = honest.replace("extra ", "extra !", 1)
    (tmp_path / "receipt.txt").write_text(broken, encoding="utf-8")
    senseless = run(tmp_path, "--policy", "policy.txt", "receipt.txt")
    assert senseless.stdout.startswith("NOT VERIFIED (NON VÉRIFIÉ): it cannot be read as a receipt")
    (tmp_path / "receipt.txt").write_bytes(honest.encode().replace(b"pay", b"\xf0ay", 1))
    no_text = run(tmp_path, "--policy", "policy.txt", "receipt.txt")
    assert (no_text.returncode, no_text.stdout) == (1, f"NOT VERIFIED (NON VÉRIFIÉ): {NO_TEXT}\n")
    absent = run(tmp_path, "--policy", "policy.txt", "nothing.txt")
    assert (absent.returncode, absent.stdout) == (2, "")
    no_key = run(tmp_path, "--key", "nonsense", "receipt.txt")
    assert (no_key.returncode, "this is no key (name+id+base64)" in no_key.stderr) == (2, True)
    (tmp_path / "page.html").write_text("<!doctype html>\n<html>\n\n<pre>cauri-receipt@v1\n</pre>")
    page = run(tmp_path, "--policy", "policy.txt", "page.html")
    assert (page.returncode, "check the file, not the web page" in page.stdout) == (1, True)


def test_the_script_is_short_enough_to_be_read() -> None:
    text = Path(verify_receipt.__file__).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300


def test_the_script_runs_on_the_python_that_its_readme_names() -> None:
    tree = ast.parse(Path(verify_receipt.__file__).read_bytes(), feature_version=(3, 9))
    froms = {
        str(one.module): {name.name for name in one.names}
        for one in ast.walk(tree)
        if isinstance(one, ast.ImportFrom)
    }
    assert "annotations" in froms["__future__"]  # for `int | None` is newer
    assert froms["datetime"] == {"datetime", "timezone"}


@pytest.mark.parametrize("text", ["", "\n\n", "cauri-receipt@v2", "c2sp.org/tlog-proof@v1\n\n\n"])
def test_what_is_no_receipt_is_refused_by_both(text: str) -> None:
    with pytest.raises(NoteError):
        checked(text)
    with pytest.raises((WrongError, LookupError, ValueError)):
        verify(text, Policy(a_policy()))
