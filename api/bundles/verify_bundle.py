#!/usr/bin/env python3
"""Check an audit bundle with nothing but this file and Python's standard library (3.9 or newer).

A bundle is a stretch of the log of a payment ledger: a folder, or a .tar file. It holds the
entries, byte for byte; the hashes of the tree over the log; the checkpoints, texts that the log's
key signed and witnesses cosigned; and a report whose numbers come from the entries.

    python3 -I verify_bundle.py --policy policy.txt BUNDLE

The policy says whom you trust: a file in the C2SP tlog-policy format, which you were given by
somebody else than whoever gave you the bundle. Without it the bundle's own is used, and all that is
shown is that the bundle agrees with itself.

VERIFIED means: whoever holds the log's key committed to exactly these entries at these places; the
witnesses of the policy saw that commitment, at the times printed, as the continuation of what they
had seen before; all checkpoints are of one log that only grew; and totals.json and all that stands
in the tables of both reports is what the entries give. Words outside of tables may be others.
It does not mean that the entries are true, nor that all that happened was written down. Where the
range does not begin at entry 1, the opening balance is the ledger's word: hold it against the
closing balance of the bundle before.

Exit status: 0 verified, 1 not verified (the first bad file or position is named), 2 it could not be
tried. In order of reading: Ed25519 (RFC 8032); notes, keys and policies (C2SP); files; the tree
(RFC 6962); what a payment's entries book; the report; the whole.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import html
import json
import re
import sqlite3
import sys
import tarfile
import tempfile
from collections import Counter, OrderedDict
from datetime import datetime, timezone
from itertools import zip_longest
from pathlib import Path

FILE_BYTES_MAX = 64_000_000
FILES_MAX = 1_000_000
FOLDERS = ("entries/", "context/", "tiles/", "checkpoints/")
FILES = {"keys.jsonl", "keys.txt", "policy.txt", "digests.json", "totals.json", "README.txt"}
FILES |= {"REPORT.en.html", "REPORT.fr.html", "verify_bundle.py"}


# What Python raises where a file is not shaped as any ledger would write it.
SENSELESS = (
    *(ArithmeticError, AttributeError, LookupError, OSError),
    *(RuntimeError, TypeError, ValueError),
)


class WrongError(Exception):
    """What was found wrong: where, and in words."""

    def __init__(self, where, reason):
        super().__init__(f"{where}: {reason}")


# --- Ed25519, RFC 8032 section 5.1: points of the curve -x^2 + y^2 = 1 + d x^2 y^2 modulo P,
# written as (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def add(one, two):
    """The sum of two points."""
    a, b = (one[1] - one[0]) * (two[1] - two[0]) % P, (one[1] + one[0]) * (two[1] + two[0]) % P
    c, d = 2 * one[3] * two[3] * D % P, 2 * one[2] * two[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def point_from(raw):
    """The point that 32 bytes stand for."""
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or x * x % P != square or (x == 0 and sign):
        raise WrongError("a key", "it is no point of the curve")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def table_of(point):
    """Row i holds 0 to 15 times 16^i times the point: a product is then one sum per digit."""
    rows = []
    for _ in range(64):
        row = [(0, 1, 1, 0)]
        for _ in range(15):
            row.append(add(row[-1], point))
        rows.append(row)
        point = add(row[-1], point)
    return rows


def times(factor, table):
    """A point so many times, from its table."""
    found = (0, 1, 1, 0)
    for row in table:
        found, factor = add(found, row[factor & 15]), factor >> 4
    return found


BASE = table_of(point_from((4 * pow(5, P - 2, P) % P).to_bytes(32, "little")))
NEGATED = {}  # public key -> the table of its point, negated


def is_signed(key, message, signature):
    """Whether the owner of this key made this signature of this message."""
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    if len(key) != 32 or len(signature) != 64 or s >= L:
        return False
    if key not in NEGATED:
        x, y, z, t = point_from(key)
        NEGATED[key] = table_of((-x % P, y, z, -t % P))
    k = int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % L
    x, y, z, _ = add(times(s, BASE), times(k, NEGATED[key]))
    x, y = x * pow(z, P - 2, P) % P, y * pow(z, P - 2, P) % P
    return (y | (x & 1) << 255).to_bytes(32, "little") == r


# --- Notes, keys and policies: C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-policy.
# A key is (name, kind, public key, id); kind 1 signs for a log, kind 4 is a witness's.


def decoded(where, text):
    """Base64 in its one spelling."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not raw or base64.b64encode(raw).decode() != text:
        raise WrongError(where, f"this is not base64: {text[:40]!r}")
    return raw


def number(where, text):
    """A decimal number in its one spelling."""
    if not re.fullmatch(r"0|[1-9][0-9]{0,18}", text, re.ASCII):
        raise WrongError(where, f"this is no number: {text[:40]!r}")
    return int(text)


def key_from(where, text, kind):
    """A key as it is handed on: name, id and base64 with a plus between them."""
    name, _, rest = text.partition("+")
    shown_id, _, encoded = rest.partition("+")
    raw = decoded(where, encoded) if encoded else b""
    key_id = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    if not name or len(raw) != 33 or raw[0] != kind or key_id.hex() != shown_id:
        raise WrongError(where, f"this is no key (name+id+base64) of kind {kind}: {text[:80]!r}")
    return name, kind, raw[1:], key_id


def note_from(where, note):
    """The text of a signed note, and its signatures as (name, id of the key, bytes)."""
    text, gap, lines = note.rpartition("\n\n")
    is_clean = not re.search("[\x00-\x09\x0b-\x1f]", note)
    if not gap or not lines.endswith("\n") or not is_clean:
        raise WrongError(where, "it is no signed note")
    found = []
    for line in lines[:-1].split("\n"):
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        raw = decoded(where, encoded)
        if dash != "\u2014" or not name or len(raw) < 5:
            raise WrongError(where, "a line below its text is no signature")
        found.append((name, raw[:4], raw[4:]))
    return text + "\n", found


def time_signed(where, key, text, signatures):
    """When a key signed, in seconds since 1970 (0: a log does not say); None if it has not.

    A signature in the key's name that is wrong spoils the whole note.
    """
    name, kind, public, key_id = key
    found = None
    for *signer, signature in signatures:
        if signer == [name, key_id]:
            found, message = 0, text.encode()
            if kind == 4:
                found, signature = int.from_bytes(signature[:8], "big"), signature[8:]
                message = b"cosignature/v1\ntime %d\n" % found + message
            if not is_signed(public, message, signature):
                raise WrongError(where, f"the signature of {name} is wrong")
    return found


class Policy:
    """Whose word is needed: logs, witnesses, groups of k of n, and the quorum."""

    def __init__(self, text):
        self.logs, self.witnesses, self.quorum = [], {}, ""
        self._needs = {"none": (0, [])}  # of a name: how many, of whom
        listed = {"none"}  # a name is a member once, so that no witness counts twice
        for line_number, line in enumerate(text.split("\n"), 1):
            verb, *rest = [word for word in line.replace("\t", " ").split(" ") if word] or ["#"]
            where, (name, *more) = f"policy, line {line_number}", rest or [""]
            fault = WrongError(where, "it is not understood")
            if verb == "log" and 1 <= len(rest) <= 2:
                self.logs.append(key_from(where, name, 1))
            elif verb == "witness" and name not in self._needs and 1 <= len(more) <= 2:
                self.witnesses[name] = key_from(where, more[0], 4)
                self._needs[name] = 1, []
            elif verb == "group" and name not in self._needs and more:
                count, *members = more
                least = number(where, {"any": "1", "all": str(len(members))}.get(count, count))
                new = [one for one in {*members} - listed if one in self._needs]
                if len(new) != len(members) or not 1 <= least <= len(members):
                    raise fault
                listed |= {*members}
                self._needs[name] = least, members
            elif verb == "quorum" and not more and not self.quorum and name in self._needs:
                self.quorum = name
            elif not verb.startswith("#"):
                raise fault
        keys = [key[2] for key in (*self.logs, *self.witnesses.values())]
        if not self.logs or not self.quorum or len({*keys}) != len(keys):
            raise WrongError("policy", "it needs a log and a quorum, and names no key twice")

    def is_met(self, name, signed):
        """Whether as many signed as are needed: of a group, or this witness alone."""
        least, members = self._needs[name]
        return (name in signed) + sum(self.is_met(one, signed) for one in members) >= least


def keys_from(entries, origin, trusted):
    """The log's keys as (key, first size, last size, whether it is believed).

    Believed is who is trusted already, and whom a believed key introduced: both sign the note. A
    key signs checkpoints from the size at which it was introduced to that of the next one.
    """
    found, before, believed = [], "", {key[2] for key in trusted}
    for place, entry in enumerate(entries):
        where, text = f"keys.jsonl, line {place + 1}", entry["data"]["key"]
        key = key_from(where, text, 1)
        signed, signatures = note_from(where, entry["data"]["note"])
        said = f"{origin}\nsigning key\n{text}\n" + (f"after {before}\n" if before else "")
        is_own = time_signed(where, key, signed, signatures) is not None
        if key[0] != origin or signed != said or not is_own:
            raise WrongError(where, "the introduction is not of this key, or not signed by it")
        if found and found[-1][3]:
            last = found[-1][0]
            if time_signed(where, last, signed, signatures) is not None:
                believed.add(key[2])
        until = entries[place + 1]["position"] - 1 if place + 1 < len(entries) else 2**63
        since = entry["position"] if place else 0
        found.append((key, since, until, key[2] in believed))
        before = text
    return found


# --- Files: a folder, or a tar file in its one spelling.


class Folder:
    """A bundle in a folder. Links are not followed."""

    def __init__(self, path):
        self._path = path

    def names(self):
        """The names of all files."""
        for path in self._path.rglob("*"):
            name = path.relative_to(self._path).as_posix()
            if path.is_symlink() or not (path.is_dir() or path.is_file()):
                raise WrongError(name, "it is no file")
            if path.is_file():
                yield name

    def read(self, name):
        """One file whole."""
        path = self._path / name
        if ".." in Path(name).parts or path.is_symlink() or not path.is_file():
            raise WrongError(name, "it is missing")
        if path.stat().st_size > FILE_BYTES_MAX:
            raise WrongError(name, "it is larger than any file of a bundle")
        return path.read_bytes()


class Tar:
    """A bundle in a tar file. Every header is made anew and compared: no byte is free."""

    def __init__(self, path):
        self._file, self._places, last = path.open("rb"), {}, "its beginning"
        whole = path.stat().st_size
        while True:
            header = self._file.read(512)
            if not header.strip(b"\0"):
                break
            try:
                member = tarfile.TarInfo.frombuf(header, "utf-8", "strict")
                plain = tarfile.TarInfo(member.name)
                plain.size = member.size
                is_plain = plain.tobuf(tarfile.USTAR_FORMAT) == header
            except (tarfile.TarError, ValueError) as error:
                raise WrongError(f"the tar file after {last}", "no file begins there") from error
            last = member.name
            if not is_plain or last in self._places or len(self._places) > FILES_MAX:
                raise WrongError(last, "it does not stand in the tar file as it was written")
            self._places[last] = self._file.tell(), member.size
            self._file.seek(member.size, 1)
            if self._file.read(-member.size % 512).strip(b"\0"):
                raise WrongError(last, "what fills it up in the tar file is not zeros")
        rest = whole - self._file.tell()
        is_end = len(header) == 512 and 512 <= rest < 512 + 10240 and whole % 10240 == 0
        if not is_end or self._file.read().strip(b"\0"):
            raise WrongError(f"the tar file after {last}", "it does not end as it was written")

    def names(self):
        """The names of all files."""
        return iter(self._places)

    def read(self, name):
        """One file whole."""
        start, size = self._places.get(name, (0, -1))
        if size < 0 or size > FILE_BYTES_MAX:
            raise WrongError(name, "it is missing, or larger than any file of a bundle")
        self._file.seek(start)
        return self._file.read(size)


def canonical(content):
    """JSON in the one spelling of a bundle's files."""
    return (json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


class Bundle:
    """The files of a bundle, none read that the manifest does not vouch for."""

    def __init__(self, path):
        self._source = Folder(path) if path.is_dir() else Tar(path)
        self.at = "manifest.json"  # the file that was read last: where a fault is that has no name
        content = self._source.read("manifest.json")
        said = json.loads(content)
        digest = said.pop("sha256")
        is_written = hashlib.sha256(canonical(said)).hexdigest() == digest
        if not is_written or canonical({**said, "sha256": digest}) != content:
            raise WrongError("manifest.json", "it is not as it was written")
        if said["format"] != "cauri-audit-bundle@1":
            raise WrongError("manifest.json", "it is of another version of bundles")
        self.said, self.files = said, {one["name"]: one for one in said["files"]}
        self.first, self.last, self.size = said["from"], said["to"], said["size"]
        if len(self.files) != len(said["files"]) or not 1 <= self.first <= self.last <= self.size:
            raise WrongError("manifest.json", "it names a file twice, or a range that is none")
        found = {name for name in self._source.names() if name != "manifest.json"}
        for name in sorted(found ^ self.files.keys()):
            raise WrongError(name, "it was added" if name in found else "it is missing")
        for name in sorted({name for name in found if not name.startswith(FOLDERS)} ^ FILES):
            raise WrongError(name, "no bundle has it" if name in found else "it is missing")

    def names(self, folder):
        """The files of a folder, in order."""
        return sorted(name for name in self.files if name.startswith(f"{folder}/"))

    def unchecked(self, name):
        """A file whose bytes are checked one by one, to name the first that is wrong."""
        self.at = name
        return self._source.read(name)

    def read(self, name):
        """A file as the manifest has it."""
        if name not in self.files:
            raise WrongError(name, "it is missing")
        self.at = name
        content, said = self._source.read(name), self.files[name]
        if len(content) != said["size"] or hashlib.sha256(content).hexdigest() != said["sha256"]:
            raise WrongError(name, "it is not the file of the manifest: its SHA-256 differs")
        return content


# --- The tree: RFC 6962 with tiles of 256 hashes (C2SP tlog-tiles). A tile at level L, index N has
# the roots of 256 perfect subtrees of 256^L leaves each.


def root_of(hashes):
    """The root over a power of two of hashes."""
    while len(hashes) > 1:
        pairs = range(0, len(hashes), 2)
        hashes = [hashlib.sha256(b"\1" + hashes[i] + hashes[i + 1]).digest() for i in pairs]
    return hashes[0]


def edge_of(size):
    """The tiles that make the root of a tree: the one that is filling at each level."""
    level = 0
    while size:
        if size % 256:
            yield level, size // 256, size % 256
        level, size = level + 1, size // 256


def root_at(size, tile):
    """The root of the first leaves: perfect subtrees of falling size, folded from the right."""
    peaks = []
    for level, index, width in edge_of(size):
        hashes, own, at = tile(level, index), [], 0
        for bit in (128, 64, 32, 16, 8, 4, 2, 1):
            if width & bit:
                own.append(root_of(hashes[at : at + bit]))
                at += bit
        peaks = own + peaks
    root = None
    for peak in reversed(peaks):
        root = peak if root is None else hashlib.sha256(b"\1" + peak + root).digest()
    return root


def tile_name(level, index, size):
    """Where a tile of a tree of a size is: its index in groups of three digits."""
    width = min(256, size // 256**level - index * 256)
    digits = str(index).zfill(-(-len(str(index)) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    path = "".join(f"x{group}/" for group in groups[:-1]) + groups[-1]
    return f"tiles/{level}/{path}" + ("" if width == 256 else f".p/{width}")


class Tree:
    """The tiles of a bundle, none believed that the closing root does not vouch for."""

    def __init__(self, bundle):
        self._bundle, self._kept, self.used = bundle, OrderedDict(), set()
        if root_at(bundle.size, self._stored) != decoded("manifest.json", bundle.said["root"]):
            raise WrongError("tiles", "those at the edge do not make the checkpoint's root")

    def _stored(self, level, index):
        name = tile_name(level, index, self._bundle.size)
        raw = self._bundle.read(name)
        width = min(256, self._bundle.size // 256**level - index * 256)
        if len(raw) != 32 * width:
            raise WrongError(name, "it is not as wide as the tree is there")
        self.used.add(name)
        return [raw[at : at + 32] for at in range(0, len(raw), 32)]

    def tile(self, level, index):
        """A tile, once the one above it has its root; those at the edge made the root itself."""
        if (level, index) not in self._kept:
            hashes = self._stored(level, index)
            if len(hashes) == 256:
                above = self.tile(level + 1, index // 256)
                if root_of(hashes) != above[index % 256]:
                    name = tile_name(level, index, self._bundle.size)
                    raise WrongError(name, "the tile above it has another hash for it")
            self._kept[level, index] = hashes
            while len(self._kept) > 64:
                self._kept.popitem(last=False)
        return self._kept[level, index]

    def check(self, position, line):
        """Check that a line is the entry at a position, and read it."""
        leaf = hashlib.sha256(b"\0" + line).digest()
        if self.tile(0, (position - 1) // 256)[(position - 1) % 256] != leaf:
            raise WrongError(f"position {position}", "the entry is not the one of the tree")
        entry = json.loads(line)
        if entry["position"] != position:
            raise WrongError(f"position {position}", "the entry says another position")
        return entry


# --- What a payment's entries book. 552: a provider's wallet; 411: customers; 401: suppliers, to
# whom payouts go; 471: suspense, for money about which trusted words contradict each other.

CENTS = "GHS NGN ZMW CDF LRD SLE SZL SSP ZAR KES TZS MGA GMD BWP EUR USD".split()
DECIMALS = {**dict.fromkeys("XAF XOF GNF UGX RWF".split(), 0), **dict.fromkeys(CENTS, 2)}
TRUST = {"webhook": 1, "poll": 2, "statement": 3, "operator": 4}
SAID = "source provider reference word amount currency provider_transaction_id code".split()
SAID += "reason occurred_at note replaces".split()
PROGRESS = {
    "payment.submission_declined": "declined",
    "payment.submission_withdrawn": "requested",
    "payment.submission_doubted": "unknown",
}
VERDICTS = {"succeeded", "failed", "expired", "conflicted", "reopened"}


def rank(word):
    """Which word is better: by its trust, then by an order that only makes the choice stable."""
    return TRUST[word["source"]], [str(word.get(name)) for name in SAID]


def named(words, trusts):
    """The ids of what words of these trusts say moved: each is money of its own."""
    paid = [one for one in words if one["word"] == "succeeded" and rank(one)[0] in trusts]
    return sorted({one.get("provider_transaction_id") for one in paid} - {None, ""})


def movements(words):
    """What moved: as statements name it, if they name several; else as live words do."""
    return lines if len(lines := named(words, {3})) > 1 else named(words, {1, 2})


def minor(amount, currency):
    """An amount as a provider renders it, in minor units; None: no number, or one too fine."""
    found = re.fullmatch(r"([0-9]{1,18})(?:\.([0-9]{1,18}))?", amount.strip(), re.ASCII)
    fraction = ((found and found[2]) or "").rstrip("0")
    if found is None or len(fraction) > DECIMALS[currency]:
        return None
    return int(found[1] + fraction.ljust(DECIMALS[currency], "0"))


def is_about(word, asked, currency):
    """Whether a word speaks of the very money that was asked for; trailing zeros do not matter."""
    if word.get("currency") not in {None, currency}:
        return False
    return word.get("amount") is None or minor(word["amount"], currency) == asked


class Payment:
    """A payment as far as its entries were seen: where it stands, and what it books."""

    def __init__(self, request, is_inside):
        self.mode, self.kind = request.get("mode") or "", request["kind"]
        self.merchant, self.currency = request["merchant_id"], request["currency"]
        self.amount, self.provider = request["amount_minor"], request["provider"]
        self.is_inside, self.version, self.progress, self.verdict = is_inside, 1, "requested", None
        self.last_provider, self.attempts, self.references = self.provider, 0, []
        self.words, self.booked, self.paid_by = [], [], ""

    def fold(self, kind, said):
        """Take in the next entry; whether it may change what is booked."""
        self.progress = PROGRESS.get(kind, self.progress)
        if kind == "payment.submission_started":
            self.progress, self.attempts = "submitting", said["attempt"]
            self.provider = self.last_provider = said["provider"]
            self.references.append(said["reference"])
        elif kind == "payment.submitted":
            self.progress = "pending" if said["attempt"] == self.attempts else self.progress
        elif kind == "payment.inquired":
            is_known = said["result"] == "pending" or self.progress == "pending"
            self.progress = "pending" if is_known else "unknown"
        elif kind == "payment.rerouted":
            self.progress, self.provider = "requested", said["provider"]
            self.last_provider = self.provider
        elif kind == "payment.evidence_recorded":
            if said["evidence"] not in self.words:
                self.words.append(said["evidence"])
            return self.verdict == "conflict" and self._is_conflict()
        elif kind in {"payment.succeeded", "payment.failed"}:
            self.verdict, self.provider = kind.partition(".")[2], said["provider"]
            self.paid_by = self.provider
        elif kind == "payment.expired" and said.get("reference") is None:
            self.progress = "expired"
        elif kind == "payment.expired":
            self.verdict, self.provider = "expired", said.get("provider") or self.provider
        elif kind == "payment.conflicted":
            self.verdict = "conflict"
        elif kind == "payment.reopened":
            self.verdict, self.provider = None, self.last_provider
        else:
            return False
        return kind.partition(".")[2] in VERDICTS

    def _counting(self):
        """By reference the highest trust and the words, without notes that another one replaces."""
        notes = [one for one in self.words if one["source"] == "operator" and one.get("note")]
        gone = {one.get("replaces") for one in notes if one.get("replaces") != one["note"]}
        words = [one for one in self.words if one not in notes or one["note"] not in gone]
        for reference in dict.fromkeys(self.references):
            own = [one for one in words if one["reference"] == reference]
            yield max((TRUST[one["source"]] for one in own), default=0), own

    def _is_conflict(self):
        """Whether the words still contradict each other; see the ledger's rule of evidence."""
        paid = 0
        for top, own in self._counting():
            loud = [one for one in own if TRUST[one["source"]] == top]
            yes = [one for one in loud if one["word"] == "succeeded"]
            is_other = not all(is_about(one, self.amount, self.currency) for one in yes)
            is_overturned = not yes and top < 3 and any(one["word"] == "succeeded" for one in own)
            is_twice = top < 4 and len(movements(own)) > 1
            if (yes and len(yes) < len(loud)) or is_other or is_overturned or is_twice:
                return True
            paid += bool(yes)
        return paid > 1

    def _suspended(self):
        """Of a conflict, by reference: the best word of each movement no settling word denies."""
        for top, own in self._counting():
            paid = sorted((one for one in own if one["word"] == "succeeded"), key=rank)
            names = movements(own) if top < 4 else []
            if paid and (top < 3 or rank(paid[-1])[0] == top or len(names) > 1):
                is_told, best = len(named(own, {3})) > 1, paid[-1]
                is_each = len(names) > 1 and (is_told or is_about(best, self.amount, self.currency))
                by_id = {one.get("provider_transaction_id"): one for one in paid}  # the best last
                yield from [by_id[name] for name in names] if is_each else [best]

    def book(self):
        """What has to be booked now that was not: (account, holder, currency) -> amount."""
        lines, changed = [], Counter()
        if self.verdict == "succeeded":
            account = "401" if self.kind == "payout" else "411"
            lines = self._pair(self.amount, self.currency, self.paid_by, account, self.merchant)
        elif self.verdict == "conflict":
            for word in self._suspended():
                said, provider = word.get("currency"), word["provider"]
                currency = said if said in DECIMALS else self.currency
                scale, own = 10 ** DECIMALS[currency], 10 ** DECIMALS[self.currency]
                value, rest = divmod(self.amount * scale, own)  # asked, in that currency
                value = minor(word["amount"], currency) if word.get("amount") else value
                if value is None or value > 10**15 or (rest and not word.get("amount")):
                    value, currency = self.amount, self.currency
                lines += self._pair(value, currency, provider, "471", provider)
        for *account, value in lines:
            changed[tuple(account)] += value
        for *account, value in self.booked:
            changed[tuple(account)] -= value
        self.booked = lines
        return {account: value for account, value in changed.items() if value}

    def _pair(self, value, currency, wallet, account, holder):
        value = value if self.kind == "collection" else -value
        return [("552", wallet, currency, value), (account, holder, currency, -value)]


class Books:
    """Every payment's state, in a file that is thrown away: memory stays flat."""

    def __init__(self, folder):
        self._file = sqlite3.connect(str(Path(folder) / "books"), isolation_level=None)
        self._kept = {}
        self._file.execute("PRAGMA journal_mode = OFF")
        self._file.execute("PRAGMA synchronous = OFF")
        self._file.execute("CREATE TABLE payments (stream TEXT PRIMARY KEY, state TEXT)")
        self._file.execute("BEGIN")
        self.types, self.moved = Counter(), {}

    def add(self, entry, is_inside):
        """Count and book an entry."""
        self.types[entry["type"]] += is_inside
        if not entry["stream"].startswith("payment-"):
            return
        one = self._find(entry["stream"])
        kind, said, where = entry["type"], entry["data"], f"position {entry['position']}"
        if entry["version"] != (one.version + 1 if one else 1):
            raise WrongError(where, f"an earlier entry of {entry['stream']} is missing")
        if one is None:
            self._kept[entry["stream"]] = Payment(said, is_inside)
            return
        one.version = entry["version"]
        if one.fold(kind, said):
            for account, value in one.book().items():
                if is_inside:
                    sums = self.moved.setdefault((one.mode, *account), [0, 0])
                    sums[value < 0] += abs(value)

    def _find(self, stream):
        if stream not in self._kept:
            if len(self._kept) > 1000:
                self._put_away()
            row = self._file.execute("SELECT state FROM payments WHERE stream = ?", (stream,))
            for (state,) in row:
                one = self._kept[stream] = Payment.__new__(Payment)
                one.__dict__.update(json.loads(state))
        return self._kept.get(stream)

    def _put_away(self):
        rows = [(stream, json.dumps(one.__dict__)) for stream, one in self._kept.items()]
        self._file.executemany("INSERT OR REPLACE INTO payments VALUES (?, ?)", rows)
        self._kept.clear()

    def payments(self):
        """The payments that were asked for within the range, by where they stand at its end."""
        self._put_away()
        counts = {}
        for (state,) in self._file.execute("SELECT state FROM payments"):
            one = json.loads(state)
            if one["is_inside"]:
                status = one["verdict"] or one["progress"]
                key = one["mode"], one["kind"], one["provider"], one["currency"], status
                sums = counts.setdefault(key, [0, 0])
                sums[0], sums[1] = sums[0] + 1, sums[1] + one["amount"]
        names = "mode kind provider currency status payments amount_minor".split()
        return [dict(zip(names, (*key, *counts[key]))) for key in sorted(counts)]


ACCOUNT = "mode account holder currency debit_minor credit_minor".split()


def accounts_of(*parts):
    """Rows of accounts added up, one for each account, in order."""
    sums = {}
    for rows in parts:
        for *key, debit, credit in ([row[name] for name in ACCOUNT] for row in rows):
            found = sums.setdefault(tuple(key), [0, 0])
            found[0], found[1] = found[0] + debit, found[1] + credit
    return [dict(zip(ACCOUNT, (*key, *sums[key]))) for key in sorted(sums)]


# --- The report is written here again, line by line. Only words outside of its tables are free.

# What stands before the first words, language and title apart: a style could hide what follows.
HEADS = {"4e889e13c6d0a36f06f1c60fc54a7b36958634077ece81c7ae5db70816b8805b"}
FREE = r"""(?mx) ^(?!<p>%s</p>)(?: <(h1|h2|p|pre)>T</\1> | <p[ ]class="warning">T</p>
| <ul>\n(<li>T</li>\n)*</ul> | <dl>\n(<dt>(<code>T</code></dt>|T</dt>)<dd>T</dd>\n)*</dl> )\n"""
FREE = FREE.replace("T<", "[^<>\\n]*<")
# Key, English and French of every word that is not free; ~ is a space without a break.
SHOWN = """
title=Audit bundle=Dossier d'audit / period=Entries {} to {}=Entrées {} à {} / none=None.=Aucun. /
origin=Log=Registre / asked_from=Asked for from (UTC)=Demandé à partir de (UTC) / asked_to=Asked for
until (included, UTC)=Demandé jusqu'à (inclus, UTC) / from=First entry=Première entrée /
from_at=First entry recorded at (UTC)=Première entrée enregistrée le (UTC) / to=Last entry=Dernière
entrée / to_at=Last entry recorded at (UTC)=Dernière entrée enregistrée le (UTC) / size=Entries in
the log at its checkpoint=Entrées du registre à son point de contrôle / root=Root of the tree
(base64)=Racine de l'arbre (base64) / made_at=Bundle made at (UTC)=Dossier établi le (UTC) /
tool=Made with=Établi avec / witness=Witness {}=Témoin {} / seen=saw the checkpoint at {}=a vu le
point de contrôle le {} / policy=The bundle's own policy=La politique jointe au dossier / met=It
holds the checkpoint for valid.=Elle tient le point de contrôle pour valable. / unmet=It does not
hold the checkpoint for valid: a signature it asks for is missing.=Elle ne tient pas le point de
contrôle pour valable~: il manque une signature qu'elle exige. / introduced=By its letter it does
not hold the checkpoint for valid: it does not name the log's key that signed. But a key that it
names introduced that one (keys.jsonl). The log's key was rotated; whoever has checked the
introduction adds: log {}=À la lettre, elle ne tient pas le point de contrôle pour valable~: elle ne
nomme pas la clé du registre qui a signé. Mais une clé qu'elle nomme a introduit celle-ci
(keys.jsonl). La clé du registre a été remplacée~; qui a vérifié l'introduction ajoute~: log {} /
payments=Payments asked for in the period=Opérations demandées pendant la période / payments#=Mode
Kind Provider Status Currency Number Sum=Mode Nature Prestataire État Devise Nombre Somme /
balance=Trial balance=Balance générale / balance#=Mode Account Name Holder Currency Opening Debit
Credit Closing=Mode Compte Intitulé Titulaire Devise Ouverture Débit Crédit Clôture /
entries=Entries by type=Entrées par type / entries#=Type Number=Type Nombre / digests=What the
checkpoints say of the ledger's tables=Ce que les points de contrôle disent des tables du registre /
digests#=Table Position SHA-256=Table Position SHA-256 / live=live=réel / test=test=essai / =not
said=non précisé / collection=Payment=Encaissement / payout=Payout=Versement /
refund=Refund=Remboursement / requested=Asked for=Demandée / submitting=Being sent=En cours d'envoi
/ pending=With the provider=Chez le prestataire / unknown=No answer yet=Sans réponse /
succeeded=Succeeded=Réussie / failed=Failed=Échouée / expired=Expired=Expirée /
declined=Refused=Refusée / conflict=In conflict=Contradictoire / 401=Suppliers: whom payouts are
owed to=Fournisseurs, dettes en compte / 411=Customers=Clients / 471=Suspense: sundry debtors and
creditors=Débiteurs et créditeurs divers / 552=Mobile money wallets=Monnaie électronique - téléphone
portable
"""
WORDS = " ".join(SHOWN.split()).replace("~", "\u00a0").split(" / ")
MINUS, NUMBER, RENAMED = "\u2212", ' class="n"', (">Monnaie</th>", ">Devise</th>")
FACTS = "origin asked_from asked_to from from_at to to_at size root made_at tool".split()


def escaped(text):
    """A text as it stands in a page."""
    return html.escape(str(text)).replace("&#x27;", "&#39;").replace("&quot;", "&#34;")


class Report:
    """What is not free in a report in one language."""

    def __init__(self, is_french):
        words = [one.split("=") for one in WORDS]
        self.words, self._is_french = {one[0]: one[1 + is_french] for one in words}, is_french

    def _row(self, codes, *numbers):
        """A row: of words, each a code or a pair of what is shown and the code; of numbers."""
        row = ""
        for one in codes:
            shown, code = one if isinstance(one, tuple) else (one, one)
            row += f'<td data-is="{escaped(code)}">{escaped(shown)}</td>'
        for value, decimals in numbers:  # in minor units
            whole, part = divmod(abs(value), 10**decimals)
            text = f"{whole:,}" + (f".{part:0{decimals}d}" if decimals else "")
            text = text.translate({44: "\u202f", 46: ","}) if self._is_french else text
            row += f'<td class="n">{MINUS * (value < 0)}{text}</td>'
        return row

    def _table(self, name, rows):
        """A table and its title; or that there is nothing."""
        title, head = f'<h2 id="h-{name}">{escaped(self.words[name])}</h2>\n', ""
        for place, column in enumerate(self.words[f"{name}#"].split(" ")):
            is_number = place >= {"entries": 1, "digests": 9}.get(name, 5)
            head += f'<th scope="col"{NUMBER * is_number}>{column}</th>'
        if not rows:
            return title, f"<p>{self.words['none']}</p>\n"
        return title, (
            f'<div class="wide" role="region" tabindex="0" aria-labelledby="h-{name}">\n'
            f'<table id="{name}">\n<thead><tr>{head}</tr></thead>\n<tbody>\n<tr>'
            + "</tr>\n<tr>".join(rows)
            + "</tr>\n</tbody>\n</table>\n</div>\n"
        )

    def parts(self, said, own, totals, digests):
        """What stands above each table, and the table: of facts first."""
        words, payments, balance, sums = self.words, [], [], {}
        facts = [(words[one], f' data-fact="{one}"', said[one]) for one in FACTS if said.get(one)]
        for name, at in own[0].items():
            when = datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
            facts.append((words["witness"].format(name), "", words["seen"].format(when)))
        facts.append((words["policy"], "", words[own[1][0]].format(own[1][1])))
        page = f'<p class="period">{words["period"].format(said["from"], said["to"])}</p>\n'
        table = '<table class="facts">\n<tbody>\n'
        for one, fact, value in facts:
            table += (
                f'<tr><th scope="row">{escaped(one)}</th><td{fact}>{escaped(value)}</td></tr>\n'
            )
        yield page, table + "</tbody>\n</table>\n"
        for mode, kind, provider, currency, status, *both in map(dict.values, totals["payments"]):
            codes = (words[mode], mode), (words[kind], kind), provider, (words[status], status)
            numbers = zip(both, (0, DECIMALS[currency]))
            payments.append(self._row((*codes, currency), *numbers))
        yield self._table("payments", payments)
        for place, part in ((0, "opening"), (1, "movements"), (3, "closing")):
            for *key, debit, credit in map(dict.values, totals[part]):
                found = [debit, credit] if place == 1 else [debit - credit]
                sums.setdefault(tuple(key), [0] * 4)[place : place + len(found)] = found
        for (mode, account, holder, currency), found in sorted(sums.items()):
            codes = (words[mode], mode), account, (words[account], ""), holder, currency
            balance.append(self._row(codes, *((one, DECIMALS[currency]) for one in found)))
        yield self._table("balance", balance)
        types = sorted(totals["entries"].items())
        yield self._table("entries", [self._row([one], (count, 0)) for one, count in types])
        shown = sorted((one, said["position"], said["sha256"]) for one, said in digests.items())
        yield self._table("digests", [self._row(one) for one in shown])


def compare_report(bundle, language, *given):
    """Check that a report shows what the entries give, and has nothing that could hide it."""
    name, report = f"REPORT.{language}.html", Report(language == "fr")
    words, origin = report.words, bundle.said["origin"]
    head, main, body = bundle.read(name).decode().replace(*RENAMED).partition("<main>\n")
    title = f"{words['title']} \u00b7 {origin} \u00b7 {bundle.first}\u2013{bundle.last}"
    head = head.replace(f"<title>{escaped(title)}</title>", "<title></title>")
    head = head.replace(f'<html lang="{language}">', "<html>") + main
    if hashlib.sha256(head.encode()).hexdigest() not in HEADS:
        raise WrongError(name, "what stands before its first words is not as in a report")
    parts = [*report.parts(*given), ("</main>\n</body>\n</html>", "")]
    found = re.sub(FREE % re.escape(words["none"]), "", body).split("\n")
    for one, wanted in zip_longest(found, "".join(map("".join, parts)).split("\n"), fillvalue=""):
        if one != wanted:
            raise WrongError(name, f"this is not what the entries give: {one[:200]!r}")
    if not all(table in body for _, table in parts):
        raise WrongError(name, "words stand within a table")


# --- The whole.


def lines_of(name, content):
    """The lines of a file; each ends."""
    *lines, rest = content.split(b"\n")
    if rest:
        raise WrongError(name, "its last line does not end")
    return lines


def judged(bundle, policy):
    """The closing checkpoint, the log's keys, whom a policy believes, and when witnesses signed."""
    name = f"checkpoints/{bundle.size:012d}.note"
    text, signatures = note_from(name, bundle.read(name).decode())
    origin, size, root = text.split("\n")[:3]
    said = bundle.said["origin"], str(bundle.size), bundle.said["root"]
    if (origin, size, root) != said:
        raise WrongError("manifest.json", "it says another log, size or root than the checkpoint")
    entries = [json.loads(line) for line in lines_of("keys.jsonl", bundle.read("keys.jsonl"))]
    keys = keys_from(entries, origin, policy.logs)
    if bundle.read("keys.txt").decode() != "".join(f"{one['data']['key']}\n" for one in entries):
        raise WrongError("keys.txt", "it does not name the keys that the log introduced")
    signers = [
        key
        for key, since, until, is_believed in keys
        if is_believed and since <= bundle.size <= until
        if time_signed(name, key, text, signatures) is not None
    ]
    found = {one: time_signed(name, key, text, signatures) for one, key in policy.witnesses.items()}
    return text, keys, signers, {one: at for one, at in found.items() if at is not None}


def said_by_own_policy(bundle):
    """What the report says of the bundle's own policy, and when its witnesses signed."""
    policy = Policy(bundle.read("policy.txt").decode())
    _, _, signers, signed = judged(bundle, policy)
    if not signers or not policy.is_met(policy.quorum, signed):
        return signed, ("unmet", "")
    name, kind, public, key_id = signers[0]
    text = f"{name}+{key_id.hex()}+{base64.b64encode(bytes([kind]) + public).decode()}"
    return signed, ("met" if signers[0] in policy.logs else "introduced", text)


def check_checkpoints(bundle, tree, keys, policy):
    """Check that every checkpoint is signed, and that its tree is the beginning of the last one."""
    names = bundle.names("checkpoints")
    for name in names:
        text, signatures = note_from(name, bundle.read(name).decode())
        origin, shown, root = text.split("\n")[:3]
        size = number(name, shown)
        if name != f"checkpoints/{size:012d}.note" or not 0 < size <= bundle.size:
            raise WrongError(name, f"it is the checkpoint of {size} entries")
        signers = [key for key, since, until, _ in keys if since <= size <= until]
        if origin != bundle.said["origin"] or not any(
            time_signed(name, key, text, signatures) is not None for key in signers
        ):
            raise WrongError(name, "no key of this log that signs such sizes has signed it")
        for key in policy.witnesses.values():
            time_signed(name, key, text, signatures)
        if root_at(size, tree.tile) != decoded(name, root):
            raise WrongError(name, "the tree of the closing checkpoint does not continue it")
    return len(names)


def entries_of(bundle, tree):
    """Every entry of the range, once it is the one of the tree."""
    position = bundle.first - 1
    for name in bundle.names("entries"):
        if name != f"entries/{position + 1:012d}.jsonl":
            raise WrongError(f"position {position + 1}", f"it is missing before {name}")
        for line in lines_of(name, bundle.unchecked(name)):
            position += 1
            if position > bundle.last:
                raise WrongError(f"position {position}", "it stands beyond the range")
            yield tree.check(position, line)
        bundle.read(name)
    if position != bundle.last:
        raise WrongError(f"position {position + 1}", "it is missing at the end")


def context_of(bundle, tree):
    """Every entry of the context, once it is the one of the tree."""
    before = 0
    for name in bundle.names("context"):
        for place, line in enumerate(lines_of(name, bundle.unchecked(name)), 1):
            try:
                position = json.loads(line)["position"]
            except (KeyError, TypeError, ValueError) as error:
                raise WrongError(f"{name}, line {place}", "it is no entry") from error
            if not before < position < bundle.first:
                raise WrongError(f"{name}, line {place}", f"position {position} is not of here")
            if place == 1 and name != f"context/{position:012d}.jsonl":
                raise WrongError(name, f"it begins with position {position}")
            before = position
            yield tree.check(position, line)
        bundle.read(name)


def verify(bundle, policy, folder):
    """Check everything; the closing checkpoint's text, its witnesses, how many checkpoints.

    Raises:
        WrongError: where and what is wrong first.
    """
    for name in sorted(bundle.files):
        if not name.startswith(("entries/", "context/")):
            bundle.read(name)
    name = f"checkpoints/{bundle.size:012d}.note"
    text, keys, signers, signed = judged(bundle, policy)
    if not signers:
        raise WrongError(name, "no log key that the policy trusts has signed it")
    if not policy.is_met(policy.quorum, signed):
        raise WrongError(name, f"the policy's quorum {policy.quorum!r} has not cosigned it")
    tree = Tree(bundle)
    checkpoints = check_checkpoints(bundle, tree, keys, policy)
    for place, line in enumerate(lines_of("keys.jsonl", bundle.read("keys.jsonl")), 1):
        position = json.loads(line)["position"]
        if not 1 <= position <= bundle.size:
            raise WrongError(f"keys.jsonl, line {place}", "it lies beyond the checkpoint")
        entry = tree.check(position, line)
        if (entry["stream"], entry["version"]) != ("log-keys", place):
            raise WrongError(f"keys.jsonl, line {place}", "it is not the next key of the log")
    books, digests, times = Books(folder), {}, []
    for entry in context_of(bundle, tree):
        books.add(entry, False)
    for entry in entries_of(bundle, tree):
        books.add(entry, True)
        times[1:] = [entry["recorded_at"]]
        if entry["type"] == "log.checkpoint_made":
            said, where = entry["data"], f"checkpoints/{entry['data']['size']:012d}.note"
            noted = said["note"].partition("\n\n")[0] + "\n\n"
            if not bundle.read(where).decode().startswith(noted):
                raise WrongError(where, f"position {entry['position']} records another one")
            for projection, one in said.get("digests", {}).items():
                at = {"checkpoint_size": said["size"], "said_at": entry["position"]}
                digests[projection] = {**at, **one}
    for name in bundle.names("tiles"):
        if name not in tree.used:
            raise WrongError(name, "it is no tile that is needed here")
    dated = {name: bundle.said.get(name) for name in ("asked_from", "asked_to")}
    dated.update(from_at=times[0], to_at=times[-1])
    if times[0] < (dated["asked_from"] or "") or times[-1] > (dated["asked_to"] or "a"):
        raise WrongError("manifest.json", "it holds entries of other times than were asked for")
    content = bundle.read("totals.json")
    opening = accounts_of(json.loads(content)["opening"])
    movements = [dict(zip(ACCOUNT, (*key, *books.moved[key]))) for key in sorted(books.moved)]
    totals = {
        "closing": accounts_of(opening, movements),
        "entries": {kind: books.types[kind] for kind in sorted(books.types) if books.types[kind]},
        "movements": movements,
        "opening": opening,
        "payments": books.payments(),
    }
    if canonical(totals) != content or (opening and bundle.first == 1):
        raise WrongError("totals.json", "its numbers are not those that the entries give")
    if canonical(digests) != bundle.read("digests.json"):
        raise WrongError("digests.json", "it is not what the checkpoints of the range say")
    own = said_by_own_policy(bundle)
    for language in ("en", "fr"):
        compare_report(bundle, language, {**bundle.said, **dated}, own, totals, digests)
    return text, signed, checkpoints


def main(argv):
    """Check the bundle named on the command line; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    here = Path(__file__).resolve().parent
    parser.add_argument("bundle", type=Path, nargs="?", default=here, help="a folder or a .tar")
    parser.add_argument("--policy", type=Path, help="whom you trust: a file, C2SP tlog-policy")
    given = parser.parse_args(argv)
    try:
        trusted = Policy(given.policy.read_text("utf-8")) if given.policy else None
        given.bundle.stat()
    except (OSError, ValueError, WrongError) as error:
        print(f"could not be tried: {error}", file=sys.stderr)
        return 2
    bundle = None
    try:
        bundle = Bundle(given.bundle)
        policy = trusted or Policy(bundle.read("policy.txt").decode())
        with tempfile.TemporaryDirectory() as folder:
            text, signed, checkpoints = verify(bundle, policy, folder)
    except WrongError as error:
        print(f"NOT VERIFIED (NON VÉRIFIÉ): {error}")
        return 1
    except SENSELESS as error:
        where = bundle.at if bundle else "manifest.json"
        print(f"NOT VERIFIED (NON VÉRIFIÉ): {where}: it cannot be read ({type(error).__name__})")
        return 1
    for name, at in signed.items():
        when = datetime.fromtimestamp(at, timezone.utc).isoformat()
        print(f"witness (témoin) {name}: {when}")
    if trusted is None:
        print("the policy came with the bundle (la politique est celle du dossier): use --policy")
    said = f"entries {bundle.first} to {bundle.last}, {checkpoints} checkpoints"
    print(f"VERIFIED (VÉRIFIÉ): {said}; the closing checkpoint:\n{text}", end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
