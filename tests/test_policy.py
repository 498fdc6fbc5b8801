"""A policy says whose cosignatures are enough; a line that cannot be used is refused by number."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.checkpoint import Checkpoint, Signer, sign_note
from ledger.cosignature import Cosigner
from ledger.errors import NoteUnverifiedError
from ledger.policy import Judgement, Policy, PolicyError, read_policy

ORIGIN = "ledger.example/log"
LOG = Signer(ORIGIN, bytes(32))
TEXT = Checkpoint(ORIGIN, 7, bytes(32)).text()
NAMES = ("X1", "X2", "X3", "Y1", "Y2", "Y3")
WITNESSES = {
    name: Cosigner(f"{name.lower()}.example/witness", bytes([number]) * 32)
    for number, name in enumerate(NAMES, 1)
}
LINES = "".join(f"witness {name} {one.verifier.text()}\n" for name, one in WITNESSES.items())

# The example of C2SP tlog-policy, with keys.
EXAMPLE = f"""log {LOG.verifier.text()}

{LINES}
group X-witnesses 2 X1 X2 X3
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def note_by(*names: str, signer: Signer = LOG, text: str = TEXT) -> str:
    return sign_note(text, signer, others=[WITNESSES[name].cosign(text, 9) for name in names])


def judged(text: str, *names: str) -> Judgement:
    return read_policy(text.encode()).judge(note_by(*names))


@pytest.mark.parametrize("count", range(len(NAMES) + 1))
def test_the_example_of_the_specification_says_what_it_explains(count: int) -> None:
    for names in combinations(NAMES, count):
        xs, ys = (sum(name[0] == side for name in names) for side in "XY")
        judgement = judged(EXAMPLE, *names)
        assert judgement.is_met == (xs >= 2 and ys >= 1)
        assert judgement.cosigned == dict.fromkeys(names, 9)
        assert bool(judgement.missing) != judgement.is_met


def test_what_is_missing_is_said_by_name_where_there_is_no_choice() -> None:
    assert judged(EXAMPLE).missing == ("2 of [X1 X2 X3]", "1 of [Y1 Y2 Y3]")
    assert judged(EXAMPLE, "X2", "X3", "Y1").missing == ()
    assert judged(EXAMPLE, "X2", "Y1").missing == ("1 of [X1 X3]",)
    assert judged(f"{LINES}group all all X1 Y1\nquorum all\n", "Y1").missing == ("X1",)
    assert judged(f"{LINES}quorum X2\n", "X1").missing == ("X2",)


def test_no_log_of_the_policy_no_valid_checkpoint() -> None:
    stranger = Signer(ORIGIN, bytes([77]) * 32)
    policy = read_policy(EXAMPLE.encode())
    judgement = policy.judge(note_by("X1", "X2", "Y1", signer=stranger))
    assert (judgement.log, judgement.is_quorum, judgement.is_met) == (None, True, False)


def test_a_key_listed_for_one_log_vouches_for_no_other() -> None:
    text = Checkpoint("other.example/log", 7, bytes(32)).text()
    judgement = read_policy(EXAMPLE.encode()).judge(note_by("X1", "X2", "Y1", text=text))
    assert not judgement.is_met


def test_the_logs_keys_may_be_known_from_elsewhere() -> None:
    policy = read_policy(b"quorum none\n")
    assert policy == Policy()
    assert not policy.judge(note_by()).is_met
    assert policy.judge(note_by(), logs=(LOG.verifier,)).is_met


def test_a_wrong_cosignature_in_a_known_name_spoils_the_note() -> None:
    other = Checkpoint(ORIGIN, 8, bytes(32)).text()
    forged = sign_note(TEXT, LOG, others=[WITNESSES["X1"].cosign(other, 9)])
    with pytest.raises(NoteUnverifiedError, match=r"x1\.example"):
        read_policy(EXAMPLE.encode()).judge(forged)


def test_blanks_comments_addresses_and_foreign_letters_are_allowed() -> None:
    key = WITNESSES["X1"].verifier.text()
    text = f"# réseau\n\t \n  log \t{LOG.verifier.text()} https://l.example \n\t# x\n"
    text += f"witness témoin {key} https://w.example\nquorum témoin\n"
    policy = read_policy(text.encode())
    assert policy.witnesses["témoin"].url == "https://w.example"
    assert policy.judge(note_by("X1")).is_met
    raw = f"witness \x4b {key}\n".encode() + b"quorum \xe2\x84\xaa\n"
    with pytest.raises(PolicyError, match="no line above defines"):
        read_policy(raw)


X1, X2 = (WITNESSES[name].verifier.text() for name in ("X1", "X2"))
TWO = f"witness a {X1}\nwitness b {X2}\n"
REFUSED = [
    ("", 1, "no quorum"),
    ("quorum none", 1, "does not end in a newline"),
    ("quorum none\nquorum none\n", 2, "already"),
    ("quorum\n", 1, "quorum <name>"),
    ("quorum a b\n", 1, "quorum <name>"),
    ("quorum a\n", 1, "no line above defines 'a'"),
    ("quorum a\n" + TWO, 1, "no line above defines 'a'"),
    ("Quorum none\n", 1, "is not log, witness, group or quorum"),
    ("quorum none # no comment here\n", 1, "quorum <name>"),
    ("quorum none\r\n", 1, "control character"),
    ("quorum\x0bnone\n", 1, "control character"),
    ("\x00\n", 1, "control character"),
    ("\x7f\n", 1, "control character"),
    ("quorum\u00a0none\n", 1, "is not log"),
    ("log\n", 1, "log <key>"),
    ("log x y z\n", 1, "log <key>"),
    ("log nonsense\n", 1, "a key is written"),
    (f"log {X1}\n", 1, "not of type 0x01"),
    (f"log {LOG.verifier.text()}\nlog {LOG.verifier.text()}\n", 2, "is there already"),
    (f"witness a {LOG.verifier.text()}\n", 1, "not of type 0x04"),
    ("witness a\n", 1, "witness <name>"),
    (f"witness none {X1}\n", 1, "the name none"),
    (f"witness a {X1}\nwitness a {X2}\n", 2, "is taken"),
    (f"witness a {X1}\nwitness b {X1}\n", 2, "is there already"),
    (f"{TWO}group g 2 a\n", 3, "a number from 1 to 1"),
    (f"{TWO}group g 0 a\n", 3, "a number from 1 to 1"),
    (f"{TWO}group g 01 a\n", 3, "a number from 1 to 1"),
    (f"{TWO}group g +1 a\n", 3, "a number from 1 to 1"),
    (f"{TWO}group g ANY a\n", 3, "is not any"),
    (f"{TWO}group g any\n", 3, "a group is written"),
    (f"{TWO}group g any a a\n", 3, "a member already"),
    (f"{TWO}group g any a b\ngroup h any a\n", 4, "a member already"),
    (f"{TWO}group g any g\n", 3, "no line above"),
    (f"{TWO}group g any none\n", 3, "no line above"),
    (f"{TWO}group a any b\n", 3, "is taken"),
    (f"{TWO}group none any b\n", 3, "the name none"),
]


@pytest.mark.parametrize(("text", "line", "reason"), REFUSED)
def test_a_line_that_cannot_be_used_is_refused_by_number(text: str, line: int, reason: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read_policy(text.encode())
    assert caught.value.line == line
    assert reason in caught.value.reason


@given(st.binary(max_size=300))
def test_any_bytes_are_a_policy_or_refused(content: bytes) -> None:
    lines = []
    try:
        policy = read_policy(content)
    except PolicyError as error:
        lines.append(error.line)
    assert lines[:1] > [0] or policy.quorum is not None


def test_sizes_the_specification_asks_for_are_taken() -> None:
    lines = [f"log {Signer(f'l{n}', bytes([n]) * 32).verifier.text()}" for n in range(32)]
    lines += [
        f"witness w{n} {Cosigner(f'w{n}', bytes([n]) * 32).verifier.text()}" for n in range(32)
    ]
    lines += [f"group g{n} any w{n}" for n in range(32)] + ["quorum g31"]
    policy = read_policy("".join(f"{line}\n" for line in lines).encode())
    assert (len(policy.logs), len(policy.witnesses), len(policy.groups)) == (32, 32, 32)
