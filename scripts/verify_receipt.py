#!/usr/bin/env python3
"""Check a receipt of a payment with nothing but this file and Python's standard library.

A receipt is a text. It holds the entries of one payment, byte for byte as they stand in the log of
the ledger, for each the proof that it stands there, and one checkpoint of the log: a text signed by
the log's key, and cosigned by witnesses who watch that nothing in the log is ever changed.

    python3 verify_receipt.py --policy policy.txt receipt.txt    (Python 3.9 or newer)

The policy says whom you trust: a file in the C2SP tlog-policy format, which you were given by
somebody else than whoever gave you the receipt. `--key KEY` is short for the policy "this log, no
witnesses". VERIFIED means: whoever holds the log's key committed himself to exactly these entries,
at these places; the witnesses of the policy saw that commitment, at the times printed, as the
continuation of what they had seen before; and the entries are the first n of the payment's history,
without a gap. It does not mean that nothing was added since the checkpoint, nor that the entries
are true.

Exit status: 0 verified, 1 not verified, 2 it could not be tried (no such file, no policy). Inside:
Ed25519 (RFC 8032), C2SP signed-note, tlog-cosignature and tlog-policy, Merkle trees (RFC 6962).
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

FILE_BYTES_MAX = 64 * 1024 * 1024
Point = tuple[int, int, int, int]
Key = tuple[str, int, bytes, bytes]  # name, kind (1: a log, 4: a witness), public key, id
Signature = tuple[str, bytes, bytes]  # name, id of the key, what it made


class WrongError(Exception):
    """What was found wrong, in words."""


# Ed25519, RFC 8032 section 5.1: points of the curve -x^2 + y^2 = 1 + d x^2 y^2 modulo P, written
# as (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def add(one: Point, two: Point) -> Point:
    """The sum of two points."""
    a, b = (one[1] - one[0]) * (two[1] - two[0]) % P, (one[1] + one[0]) * (two[1] + two[0]) % P
    c, d = 2 * one[3] * two[3] * D % P, 2 * one[2] * two[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(factor: int, point: Point) -> Point:
    """A point so many times."""
    found: Point = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            found = add(found, point)
        point, factor = add(point, point), factor >> 1
    return found


def point_from(raw: bytes) -> Point:
    """The point that 32 bytes stand for."""
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or x * x % P != square or (x == 0 and sign):
        raise WrongError("a key is no point of the curve")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = point_from((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the owner of this key made this signature of this message."""
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    if len(key) != 32 or len(signature) != 64 or s >= L:
        return False
    x, y, z, t = point_from(key)
    k = int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % L
    x, y, z, t = add(times(s, BASE), times(k, (-x % P, y, z, -t % P)))
    x, y = x * pow(z, P - 2, P) % P, y * pow(z, P - 2, P) % P
    return (y | (x & 1) << 255).to_bytes(32, "little") == r


def decoded(text: str) -> bytes:
    """Base64 in its one spelling."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not raw or base64.b64encode(raw).decode() != text:
        raise WrongError(f"this is not base64: {text[:40]!r}")
    return raw


def number(text: str) -> int:
    """A decimal number in its one spelling."""
    if not text.isdecimal() or not text.isascii() or len(text) > 19 or text != str(int(text)):
        raise WrongError(f"this is no number: {text[:40]!r}")
    return int(text)


def key_from(text: str, kind: int) -> Key:
    """A key as it is handed on: name, id and base64 with a plus between them."""
    name, _, rest = text.partition("+")
    shown_id, _, encoded = rest.partition("+")
    raw = decoded(encoded)
    key_id = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    if not name or len(raw) != 33 or raw[0] != kind or key_id.hex() != shown_id:
        raise WrongError(f"this is no key of kind {kind}: {text[:80]!r}")
    return name, kind, raw[1:], key_id


def note_from(note: str) -> tuple[str, list[Signature]]:
    """The text of a signed note, and who is said to have signed it."""
    text, gap, lines = note.rpartition("\n\n")
    if not gap or not lines.endswith("\n") or not note.replace("\n", "").isprintable():
        raise WrongError("the receipt does not end in a signed note")
    found = []
    for line in lines[:-1].split("\n"):
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        raw = decoded(encoded)
        if dash != "\u2014" or not name or len(raw) < 5:
            raise WrongError("a line below the checkpoint is no signature")
        found.append((name, raw[:4], raw[4:]))
    return text + "\n", found


def time_signed(key: Key, text: str, signatures: list[Signature]) -> int | None:
    """When a key signed, in seconds since 1970 (0: a log does not say); None if it has not.

    A signature in the key's name that is wrong spoils the whole note.
    """
    name, kind, public, key_id = key
    for signer, signer_id, signature in signatures:
        if (signer, signer_id) == (name, key_id):
            at, message = 0, text.encode()
            if kind == 4:
                at, signature = int.from_bytes(signature[:8], "big"), signature[8:]
                message = b"cosignature/v1\ntime %d\n" % at + message
            if not is_signed(public, message, signature):
                raise WrongError(f"the signature of {name} is wrong")
            return at
    return None


class Policy:
    """Whose word is needed: logs, witnesses, groups of k of n, and the quorum."""

    def __init__(self, text: str) -> None:
        self.logs: list[Key] = []
        self.witnesses: dict[str, Key] = {}
        self.groups: dict[str, tuple[int, list[str]]] = {}
        self.quorum = ""
        listed = {"none"}  # a name is a member once, so that no witness counts twice
        for line_number, line in enumerate(text.split("\n"), 1):
            verb, *rest = [word for word in line.replace("\t", " ").split(" ") if word] or ["#"]
            name, *more = rest or [""]
            fault = WrongError(f"line {line_number} of the policy is not understood")
            if verb == "log" and 1 <= len(rest) <= 2:
                self.logs.append(key_from(name, 1))
            elif verb == "witness" and not self._knows(name) and 1 <= len(more) <= 2:
                self.witnesses[name] = key_from(more[0], 4)
            elif verb == "group" and not self._knows(name) and more:
                count, *members = more
                least = number({"any": "1", "all": str(len(members))}.get(count, count))
                new = [one for one in {*members} - listed if self._knows(one)]
                if len(new) != len(members) or not 1 <= least <= len(members):
                    raise fault
                listed |= {*members}
                self.groups[name] = least, members
            elif verb == "quorum" and not more and not self.quorum and self._knows(name):
                self.quorum = name
            elif not verb.startswith("#"):
                raise fault
        keys = [key[2] for key in (*self.logs, *self.witnesses.values())]
        if not self.logs or not self.quorum or len({*keys}) != len(keys):
            raise WrongError("a policy needs a log and a quorum, and names no key twice")

    def _knows(self, name: str) -> bool:
        return name == "none" or name in self.witnesses or name in self.groups

    def is_met(self, name: str, signed: dict[str, int]) -> bool:
        """Whether those who signed are enough for a group, or are this witness."""
        least, members = self.groups.get(name, (0, []))
        if members:
            return sum(self.is_met(one, signed) for one in members) >= least
        return name == "none" or name in signed


def root_from(entry: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root of a tree in which the entry has this place: RFC 9162 section 2.1.3.2."""
    found, node, last = hashlib.sha256(b"\x00" + entry).digest(), index, size - 1
    for sibling in path:
        if last == 0 or len(sibling) != 32:
            return b""
        if node & 1 or node == last:
            found = hashlib.sha256(b"\x01" + sibling + found).digest()
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            found = hashlib.sha256(b"\x01" + found + sibling).digest()
        node, last = node >> 1, last >> 1
    return b"" if last else found


def entry_from(block: str, payment: str, version: int, size: int, root: bytes) -> dict[str, Any]:
    """An entry of a receipt, once its proof and its own words agree with its place."""
    head, extra, index, *path = [*block.split("\n"), "", ""][: max(3, block.count("\n") + 1)]
    at, raw = number(index.removeprefix("index ")), decoded(extra.removeprefix("extra "))
    where = f"the receipt's entry number {version} (position {at + 1})"
    if [head, extra[:6], index[:6]] != ["c2sp.org/tlog-proof@v1", "extra ", "index "] or at >= size:
        raise WrongError(f"{where} is no proof of an entry")
    if root_from(raw, at, size, [decoded(one) for one in path]) != root:
        raise WrongError(f"the checkpoint does not commit to {where}")
    entry: dict[str, Any] = json.loads(raw)
    said = entry["stream"], entry["version"], entry["position"]
    if said != (f"payment-{payment}", version, at + 1):
        raise WrongError(f"{where} is not number {version} of the payment")
    return entry


def verify(receipt: str, policy: Policy) -> tuple[str, list[dict[str, Any]], dict[str, int]]:
    """Check everything; the checkpoint's text, the entries, and when which witness signed.

    Raises:
        WrongError: what is wrong.
    """
    head, _, rest = receipt.partition("\n\n")
    words = head.replace("\n", " ").split(" ")
    payment, count = words[2], number(words[4])
    if head != f"cauri-receipt@v1\npayment {payment}\nentries {count}" or count == 0:
        raise WrongError("this does not begin as a receipt does")
    *blocks, note = rest.split("\n\n", count)
    text, signatures = note_from(note)
    origin, size, root = text.split("\n")[:3]
    if len(blocks) != count or not text.endswith("\n"):
        raise WrongError(f"the receipt does not hold {count} entries and a checkpoint")
    entries = [
        entry_from(block, payment, version, number(size), decoded(root))
        for version, block in enumerate(blocks, 1)
    ]
    logs = [time_signed(key, text, signatures) for key in policy.logs if key[0] == origin]
    if logs.count(None) == len(logs):
        said = f"no log of the policy has signed this checkpoint of {origin!r}; if its key was"
        raise WrongError(f"{said} rotated: check its introduction (/v1/log/keys), add the new key")
    times_of = {name: time_signed(key, text, signatures) for name, key in policy.witnesses.items()}
    signed = {name: at for name, at in times_of.items() if at is not None}
    if not policy.is_met(policy.quorum, signed):
        raise WrongError(f"the policy's quorum {policy.quorum!r} has not cosigned the checkpoint")
    return text, entries, signed


def main(argv: list[str]) -> int:
    """Check the receipt named on the command line; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("receipt", type=Path, help="the receipt's file")
    trust = parser.add_mutually_exclusive_group(required=True)
    trust.add_argument("--policy", type=Path, help="whom you trust: a file, C2SP tlog-policy")
    trust.add_argument("--key", help="the log's key alone, without any witness")
    given = parser.parse_args(argv)
    try:
        said = given.policy.read_text("utf-8") if given.policy else f"log {given.key}\nquorum none"
        policy = Policy(said)
        with given.receipt.open("rb") as file:
            receipt = file.read(FILE_BYTES_MAX).decode()
    except (OSError, ValueError, WrongError) as error:
        print(f"could not be tried: {error}", file=sys.stderr)
        return 2
    try:
        text, entries, signed = verify(receipt, policy)
    except (WrongError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        unread = "" if isinstance(error, WrongError) else "it cannot be read as a receipt: "
        print(f"NOT VERIFIED (NON VÉRIFIÉ): {unread}{error}")
        return 1
    for entry in entries:
        facts = {name: fact for name, fact in entry["data"].items() if "sealed" not in name}
        print(entry["position"], json.dumps([entry["recorded_at"], entry["type"], facts]))
    for name, at in signed.items():
        print(f"witness (témoin) {name}: {datetime.fromtimestamp(at, timezone.utc).isoformat()}")
    print(f"VERIFIED (VÉRIFIÉ): {len(entries)} entries; the log's checkpoint:\n{text}", end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
