#!/usr/bin/env python3
"""Check a receipt of a payment with nothing but this file and Python's standard library.

A receipt is a text. It holds the entries of one payment, byte for byte as they stand in the log of
the ledger, for each the proof that it stands there, and one checkpoint of the log: a text signed by
the log's key, and cosigned by witnesses who watch that nothing in the log is ever changed.

    python3 verify_receipt.py --policy policy.txt receipt.txt    (Python 3.9 or newer)

The policy says whom you trust: a file in the C2SP tlog-policy format, which you were given by
somebody else than whoever gave you the receipt. `--key KEY` is short for the policy "this log, no
witnesses". If the log changed its key since, the receipt holds the introduction of each new key,
signed by the key before it, and trust is handed on. VERIFIED means: whoever holds the log's key
committed to exactly these entries, at these places, and signed that the payment had no others by
then; the witnesses of the policy saw that commitment, at the times printed, as the continuation of
what they had seen before. It does not mean that nothing was added since, nor that they are true.

Exit status: 0 verified, 1 not verified, 2 it could not be tried (no such file, no policy).
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

FILE_BYTES_MAX = 64 * 1024 * 1024
HEAD = r"cauri-receipt@v2\npayment (\S+)\nentries ([1-9]\d{0,5})(?:\nkeys ([1-9]\d{0,5}))?"
CENTS = "BWP CDF EUR GHS GMD KES LRD MGA NGN SLE SSP SZL TZS USD ZAR ZMW".split()
Point = tuple[int, int]
Key = tuple[str, int, bytes, bytes]  # name, kind (1: a log, 4: a witness), public key, id
Signature = tuple[str, bytes, bytes]  # name, id of the key, what it made


class WrongError(Exception):
    """What was found wrong, in words."""


# Ed25519, RFC 8032 section 5.1: points (x, y) of the curve -x^2 + y^2 = 1 + d x^2 y^2 modulo P.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def add(one: Point, two: Point) -> Point:
    """The sum of two points: the formula of the curve, where dividing is `pow(..., -1, P)`."""
    (a, b), (c, d) = one, two
    k = D * a * b * c * d
    return (a * d + b * c) * pow(1 + k, -1, P) % P, (b * d + a * c) * pow(1 - k, -1, P) % P


def times(factor: int, point: Point) -> Point:
    """A point so many times."""
    if factor == 0:
        return 0, 1
    half = times(factor // 2, point)
    whole = add(half, half)
    return add(whole, point) if factor % 2 else whole


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
    return (P - x if x & 1 != sign else x), y


BASE = point_from((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the owner of this key made this signature of this message."""
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    if len(key) != 32 or len(signature) != 64 or s >= L:
        return False
    x, y = point_from(key)
    k = int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % L
    x, y = add(times(s, BASE), times(k, (-x, y)))
    return (y | (x & 1) << 255).to_bytes(32, "little") == r


def decoded(text: str) -> bytes:
    """Base64 in its one spelling."""
    raw = base64.b64decode(text, validate=True)
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
    name, shown_id, encoded = [*text.split("+", 2), "", ""][:3]
    raw = decoded(encoded) if encoded else b""
    key_id = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    if not name or len(raw) != 33 or raw[0] != kind or key_id.hex() != shown_id:
        raise WrongError(f"this is no key (name+id+base64) of kind {kind}: {text[:80]!r}")
    return name, kind, raw[1:], key_id


def note_from(note: str) -> tuple[str, list[Signature]]:
    """The text of a C2SP signed-note, and who is said to have signed it."""
    text, gap, lines = note.rpartition("\n\n")
    if not gap or not lines.endswith("\n") or not note.replace("\n", "").isprintable():
        raise WrongError("a text that has to be signed is no signed note")
    found = []
    for line in lines[:-1].split("\n"):
        signed = re.fullmatch("\u2014 ([^ ]+) ([^ ]+)", line)
        raw = decoded(signed[2]) if signed else b""
        if not signed or len(raw) < 5:
            raise WrongError("a line below a signed text is no signature")
        found.append((signed[1], raw[:4], raw[4:]))
    return text + "\n", found


def time_signed(key: Key, text: str, signatures: list[Signature]) -> int | None:
    """When a key signed, in seconds since 1970 (0: a log does not say); None if it has not."""
    name, kind, public, key_id = key
    for signer, signer_id, signature in signatures:
        if (signer, signer_id) == (name, key_id):
            at, message = 0, text.encode()
            if kind == 4:
                at, signature = int.from_bytes(signature[:8], "big"), signature[8:]
                message = b"cosignature/v1\ntime %d\n" % at + message
            if not is_signed(public, message, signature):  # it spoils the whole note
                raise WrongError(f"the signature of {name} is wrong")
            return at
    return None


class Policy:
    """Whose word is needed: logs, witnesses, groups of k of n, and the quorum."""

    def __init__(self, text: str) -> None:
        self.logs: list[Key] = []
        self.witnesses: dict[str, Key] = {}
        self.needs: dict[str, tuple[int, list[str]]] = {"none": (0, [])}  # how many, of whom
        self.quorum = ""
        listed = {"none"}  # a name is a member once, so that no witness counts twice
        for line_number, line in enumerate(text.split("\n"), 1):
            verb, *rest = [word for word in line.replace("\t", " ").split(" ") if word] or ["#"]
            name, *more = rest or [""]
            fault = WrongError(f"line {line_number} of the policy is not understood")
            if verb == "log" and 1 <= len(rest) <= 2:
                self.logs.append(key_from(name, 1))
            elif verb == "witness" and name not in self.needs and 1 <= len(more) <= 2:
                self.witnesses[name], self.needs[name] = key_from(more[0], 4), (1, [])
            elif verb == "group" and name not in self.needs and more:
                count, *members = more
                least = number({"any": "1", "all": str(len(members))}.get(count, count))
                new = [one for one in {*members} - listed if one in self.needs]
                if len(new) != len(members) or not 1 <= least <= len(members):
                    raise fault
                listed |= {*members}
                self.needs[name] = least, members
            elif verb == "quorum" and not more and not self.quorum and name in self.needs:
                self.quorum = name
            elif not verb.startswith("#"):
                raise fault
        keys = [key[2] for key in (*self.logs, *self.witnesses.values())]
        if not self.logs or not self.quorum or len({*keys}) != len(keys):
            raise WrongError("a policy needs a log and a quorum, and names no key twice")

    def is_met(self, name: str, signed: dict[str, int]) -> bool:
        """Whether as many signed as are needed: of a group, or this witness alone."""
        least, members = self.needs[name]
        return (name in signed) + sum(self.is_met(one, signed) for one in members) >= least


def root_from(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root of a tree in which the leaf has this place: RFC 6962 section 2.1.1, upwards."""
    if size == 1 and not path:
        return leaf
    *path, sibling = path
    half = 1 << (size - 1).bit_length() - 1  # how many leaves are on the left side
    if index < half:
        pair = root_from(leaf, index, half, path) + sibling
    else:
        pair = sibling + root_from(leaf, index - half, size - half, path)
    return hashlib.sha256(b"\x01" + pair).digest()


def entry_from(block: str, stream: str, version: int, size: int, root: bytes) -> dict[str, Any]:
    """An entry of a receipt, once its proof and its own words agree with its place."""
    head, extra, index, *path = block.split("\n")
    at, raw = number(index.removeprefix("index ")), decoded(extra.removeprefix("extra "))
    where = f"entry number {version} of {stream} (position {at + 1})"
    if [head, extra[:6], index[:6]] != ["c2sp.org/tlog-proof@v1", "extra ", "index "] or at >= size:
        raise WrongError(f"{where} is not written as a proof of an entry")
    leaf = hashlib.sha256(b"\x00" + raw).digest()
    if root_from(leaf, at, size, [decoded(one) for one in path]) != root:
        raise WrongError(f"the checkpoint does not commit to {where}")
    entry: dict[str, Any] = json.loads(raw)
    if (entry["stream"], entry["version"], entry["position"]) != (stream, version, at + 1):
        raise WrongError(f"{where} is another entry")
    return entry


def trusted_key(origin: str, logs: list[Key], introductions: list[dict[str, Any]]) -> list[Key]:
    """The log's last key, if a log of the policy is that, or handed trust on to it, key by key."""
    trusted, after = list[Key](), ""
    for entry in introductions:
        name, (text, signatures) = entry["data"]["key"], note_from(entry["data"]["note"])
        key = key_from(name, 1)
        said = f"{origin}\nsigning key\n{name}\n{after}"
        if text != said or time_signed(key, text, signatures) is None:
            raise WrongError(f"the key {name} is not introduced as the log's next one")
        is_next = any(time_signed(one, text, signatures) is not None for one in trusted)
        trusted, after = [key] if is_next or key in logs else [], f"after {name}\n"
    return trusted


def verify(receipt: str, policy: Policy) -> tuple[str, list[dict[str, Any]], dict[str, int]]:
    """Check everything; the checkpoint's text, the entries, and when which witness signed."""
    head, _, rest = receipt.partition("\n\n")
    counted = re.fullmatch(HEAD, head, re.ASCII)
    if head.startswith("cauri-receipt@v1\n"):
        raise WrongError("it is of a former kind, blind to cut-off entries: ask for a new one")
    if not counted:
        raise WrongError("this does not begin as a receipt does: check the file, not the web page")
    count, keys_count = int(counted[2]), int(counted[3] or 0)
    places = [(f"payment-{counted[1]}", version + 1) for version in range(count)]
    places += [("log-keys", version + 1) for version in range(keys_count)]
    blocks = rest.split("\n\n", len(places) + 2)
    if len(blocks) != len(places) + 3:
        raise WrongError(f"it does not hold {len(places)} entries, their end and a checkpoint")
    said, sayers = note_from(f"{blocks[-3]}\n\n{blocks[-2]}\n")
    text, signatures = note_from(blocks[-1])
    origin, size, root = text.split("\n")[:3]
    tree = number(size), decoded(root)
    entries = [entry_from(block, *place, *tree) for block, place in zip(blocks, places)]
    logs = trusted_key(origin, policy.logs, entries[count:]) if keys_count else policy.logs
    logs = [key for key in logs if key[0] == origin and time_signed(key, text, signatures) == 0]
    if not logs:
        fault = f"no log of the policy has signed this checkpoint of {origin!r}; if its key was"
        raise WrongError(f"{fault} rotated: check its introduction (/v1/log/keys), add the new key")
    ending = f"{origin}\nall entries of payment {counted[1]}\n{count} of {size}\n"
    if said != ending or all(time_signed(key, said, sayers) is None for key in logs):
        raise WrongError("the log does not say that these are all entries of the payment")
    times_of = {name: time_signed(key, text, signatures) for name, key in policy.witnesses.items()}
    signed = {name: at for name, at in times_of.items() if at is not None}
    if not policy.is_met(policy.quorum, signed):
        raise WrongError(f"the policy's quorum {policy.quorum!r} has not cosigned the checkpoint")
    return text, entries[:count], signed


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
            receipt = file.read(FILE_BYTES_MAX)
    except (OSError, ValueError, WrongError) as error:
        print(f"could not be tried: {error}", file=sys.stderr)
        return 2
    try:
        text, entries, signed = verify(receipt.decode(), policy)
    except (WrongError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        unread = "" if isinstance(error, WrongError) else "it cannot be read as a receipt: "
        fault = "not all of it is text" if isinstance(error, UnicodeDecodeError) else error
        print(f"NOT VERIFIED (NON VÉRIFIÉ): {unread}{fault}")
        return 1
    for entry in entries:
        facts = {name: fact for name, fact in entry["data"].items() if "sealed" not in name}
        if facts.get("currency") in CENTS and isinstance(facts.get("amount_minor"), int):
            facts["amount"] = "{}.{:02}".format(*divmod(facts["amount_minor"], 100))
        print(entry["position"], json.dumps([entry["recorded_at"], entry["type"], facts]))
    for name, at in signed.items():
        print(f"witness (témoin) {name}: {datetime.fromtimestamp(at, timezone.utc).isoformat()}")
    print(f"VERIFIED (VÉRIFIÉ): {len(entries)} entries; the log's checkpoint:\n{text}", end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
