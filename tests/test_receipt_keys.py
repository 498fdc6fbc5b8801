"""Receipts of a log that changed its key: whoever trusts the first one need be told no other."""

import json
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from api.commands.receipts import verify as verify_by_command
from api.receipts import checkpoint_of, receipt_of
from ledger import commands_log
from ledger.checkpoint import Signer, sign_note, split_note
from ledger.introduction import ROTATED, introduce
from ledger.receipt import Receipt, ReceiptError
from projections.commitments import CheckpointRow
from scripts import verify_receipt
from tests.builders import CONTEXT
from tests.bundle_world import MADE_AT, ORIGIN, WITNESSES, Keeper, a_keeper, a_policy
from tests.test_receipt import quick_signatures

__all__ = ["quick_signatures"]

STRANGER: Final = Signer(ORIGIN, bytes(32))
PAYMENT: Final = "payment-pay_0"


class Kept(NamedTuple):
    """What somebody kept, and the keys of the log in their order."""

    receipts: Sequence[Receipt]
    """One for each of the log's keys, made while that one signed."""
    keys: Sequence[Signer]


async def receipt_in(keeper: Keeper, *cosigners: Any) -> Receipt:
    note = await keeper.checkpoint(*cosigners)
    checkpoint = checkpoint_of(note)
    lines = [one.cosign(checkpoint.text(), 1_767_225_600) for one in cosigners]
    row = CheckpointRow(
        size=checkpoint.size,
        root=b64encode(checkpoint.root).decode(),
        origin=ORIGIN,
        note=note + "".join(one.line() for one in lines),
        cosigned_by=(),
        digests={},
        made_at=MADE_AT,
        position=checkpoint.size + 1,
    )
    return await receipt_of(
        keeper.store, await keeper.store.read_stream(PAYMENT), row, keeper.signers[-1]
    )


async def hand_over(keeper: Keeper, new: Signer, note: str) -> None:
    """Let the log record a key with whatever is said to introduce it."""
    before = keeper.signers[-1].verifier.text()
    keeper.signers.append(new)
    command = commands_log.IntroduceLogKey(key=new.verifier.text(), note=note, after=before)
    await keeper.handler.handle(command, context=CONTEXT)


async def kept(*, introduction: Callable[[Signer, Signer], str] | None = None) -> Kept:
    """A log of three keys; `introduction` writes how the second follows the first."""
    receipts = []
    async with a_keeper() as keeper:
        for step in ("request", "start", "success"):
            await keeper.story((0, step), (1, step))
            receipts.append(await receipt_in(keeper, *WITNESSES[:2]))
            if introduction is not None and len(receipts) == 1:
                new = Signer(ORIGIN, bytes([101]) * 32)
                await hand_over(keeper, new, introduction(keeper.signers[0], new))
            else:
                await keeper.rotate()
    return Kept(receipts, keeper.signers[:3])


@dataclass(frozen=True)
class Judges:
    """The script that stands alone and the command, which have to agree."""

    folder: Path
    capture: pytest.CaptureFixture[str]

    def say(self, receipt: Receipt, trusted: Signer | bytes) -> tuple[bool, str, str]:
        """Whether they take a receipt, and what each of them says."""
        kept, policy = self.folder / "kept.receipt", self.folder / "policy.txt"
        kept.write_text(receipt.text(), encoding="utf-8")
        if isinstance(trusted, Signer):
            trusted = f"log {trusted.verifier.text()}\nquorum none\n".encode()
        policy.write_bytes(trusted)
        by_script = verify_receipt.main(["--policy", str(policy), str(kept)])
        script = self.capture.readouterr()
        by_command = verify_by_command(
            path=kept, policy_file=policy, keys=[], html=None, language="en", as_json=True
        )
        assert (by_command, script.err) == (by_script, "")
        return by_script == 0, script.out, self.capture.readouterr().out

    def take(self, receipt: Receipt, *trusted: Signer | bytes) -> list[bool]:
        """Whether they take it, for each that is trusted."""
        return [self.say(receipt, one)[0] for one in trusted]


@pytest.fixture
def judges(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Judges:
    return Judges(tmp_path, capsys)


async def test_the_first_key_is_enough_however_often_it_was_followed(judges: Judges) -> None:
    receipts, keys = await kept()
    assert [receipt.text().count("\nkeys ") for receipt in receipts] == [0, 1, 1]
    assert [len(Receipt.from_text(one.text()).keys) for one in receipts] == [0, 2, 3]
    # Trust is handed on, and never back.
    assert [judges.take(receipt, *keys, STRANGER) for receipt in receipts] == [
        [True, False, False, False],
        [True, True, False, False],
        [True, True, True, False],
    ]
    quorums = [a_policy(needed=needed) for needed in (2, 3)]
    assert judges.take(receipts[2], *quorums, a_policy(log=keys[1])) == [True, False, True]
    _, script, command = judges.say(receipts[2], keys[0])
    told = json.loads(command)
    assert (told["is_key_introduced"], told["signed_by"]) == (True, keys[2].verifier.text())
    assert (script.count("payment."), "log.key_introduced" in script) == (4, False)


def of_another(r: Receipt) -> Receipt:
    return replace(r, keys=(r.keys[0], r.proofs[1], *r.keys[2:]))


def signed_by(number: int) -> Callable[[Receipt, Sequence[Signer]], Receipt]:
    def change(r: Receipt, keys: Sequence[Signer]) -> Receipt:
        return replace(r, note=sign_note(split_note(r.note)[0], keys[number]))

    return change


PUT_TOGETHER: Final[
    dict[str, tuple[Callable[[Receipt, Sequence[Signer]], Receipt], list[bool]]]
] = {
    # As receipts were before they held keys: only who knows the key that signed can tell.
    "no keys": (lambda r, _: replace(r, keys=()), [False, False, True]),
    "the first key alone": (lambda r, _: replace(r, keys=r.keys[:1]), [False] * 3),
    "the last key left out": (lambda r, _: replace(r, keys=r.keys[:2]), [False] * 3),
    "the second key left out": (lambda r, _: replace(r, keys=r.keys[::2]), [False] * 3),
    "two keys swapped": (
        lambda r, _: replace(r, keys=(r.keys[0], r.keys[2], r.keys[1])),
        [False] * 3,
    ),
    "a key twice": (lambda r, _: replace(r, keys=(*r.keys, r.keys[2])), [False] * 3),
    "a payment's entry for a key's": (lambda r, _: of_another(r), [False] * 3),
    "signed by the first key, whose time is over": (signed_by(0), [False] * 3),
    "signed by the second key, whose time is over": (signed_by(1), [False] * 3),
}


@pytest.mark.parametrize("what", PUT_TOGETHER)
async def test_keys_that_are_put_together_otherwise_hand_nothing_on(
    judges: Judges, what: str
) -> None:
    receipts, keys = await kept()
    change, expected = PUT_TOGETHER[what]
    assert judges.take(change(receipts[2], keys), *keys) == expected


OTHERS: Final = Signer("other.example/log", bytes([9]) * 32)
INTRODUCED: Final[dict[str, tuple[Callable[[Signer, Signer], str], list[bool]]]] = {
    "as it is done": (
        lambda old, new: introduce(ORIGIN, new, old, old.verifier.text()),
        [True, True, True],
    ),
    # Nobody hands over: the chain begins anew behind it.
    "the old key is lost": (
        lambda old, new: introduce(ORIGIN, new, None, old.verifier.text()),
        [False, True, True],
    ),
    "a stranger signs for the old key": (
        lambda old, new: introduce(ORIGIN, new, STRANGER, old.verifier.text()),
        [False, True, True],
    ),
    "it comes after a stranger's": (
        lambda old, new: introduce(ORIGIN, new, old, STRANGER.verifier.text()),
        [False] * 3,
    ),
    "it is of another log": (
        lambda old, new: introduce(OTHERS.verifier.name, new, old, old.verifier.text()),
        [False] * 3,
    ),
    "the new key has not signed": (
        lambda old, new: sign_note(
            split_note(introduce(ORIGIN, new, None, old.verifier.text()))[0], old
        ),
        [False] * 3,
    ),
    "the old key's signature is of something else": (
        lambda old, new: sign_note(
            split_note(introduce(ORIGIN, new, None, old.verifier.text()))[0],
            new,
            others=[old.sign("something else\n")],
        ),
        [False, True, True],
    ),
}


@pytest.mark.parametrize("how", INTRODUCED)
async def test_only_a_key_that_the_one_before_it_introduced_is_believed(
    judges: Judges, how: str
) -> None:
    introduction, expected = INTRODUCED[how]
    receipts, keys = await kept(introduction=introduction)
    assert judges.take(receipts[2], *keys) == expected


async def test_the_head_has_one_spelling_and_the_refusal_says_what_to_add(judges: Judges) -> None:
    receipts, keys = await kept()
    text = receipts[2].text()
    for spelling in ("keys 03", "keys +3", "keys 0", "keys 3 ", "key 3", "keys 3\nkeys 3", "keys"):
        changed = text.replace("\nkeys 3\n", f"\n{spelling}\n", 1)
        assert changed != text
        with pytest.raises(ReceiptError):
            Receipt.from_text(changed)
        with pytest.raises(verify_receipt.WrongError):
            verify_receipt.verify(changed, verify_receipt.Policy(a_policy().decode()))
    _, script, command = judges.say(replace(receipts[2], keys=()), keys[0])
    assert "check its introduction (/v1/log/keys), add the new key" in script
    assert ROTATED in json.loads(command)["reason"]
