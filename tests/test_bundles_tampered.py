"""Tampered bundles: whatever is changed, two verifiers which share no code find it.

A bundle is changed at random, as it lies or with its manifest made anew to fit the change, as a
forger would. The script runs in an interpreter of its own, isolated and without site packages.
"""

import hashlib
import json
import random
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from api.bundles.check import Checked
from api.bundles.shape import MANIFEST, BundleError, Manifest, Member
from tests.bundle_world import Keeper, a_keeper, a_policy, checked, told

POLICY = a_policy()
EVERY_FILE = 30
"""Tamperings of a bundle as it lies, for each store."""
FORGED = 30
"""Tamperings with a new manifest, for each store."""


@pytest.fixture(params=["sqlite", "postgresql"])
def log_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_database"))
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture
async def bundle(log_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bundle in a folder, of several files of entries, that goes on with earlier payments."""
    monkeypatch.setattr("api.bundles.export.FILE_ENTRIES_MAX", 40)
    async with a_keeper(log_url) as keeper:
        await keeper.grow()
        await keeper.export(tmp_path / "honest", 50, 300, POLICY)
    assert isinstance(checked(tmp_path / "honest", POLICY), Checked)
    return tmp_path / "honest"


@pytest.fixture
async def quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same of a log in memory."""
    monkeypatch.setattr("api.bundles.export.FILE_ENTRIES_MAX", 40)
    async with a_keeper() as keeper:
        await keeper.grow()
        await keeper.export(tmp_path / "honest", 50, 300, POLICY)
        await keeper.export(tmp_path / "honest.tar", 50, 300, POLICY)
    return tmp_path / "honest"


def files_of(bundle: Path) -> list[Path]:
    return sorted(path for path in bundle.rglob("*") if path.is_file())


def flip(content: bytes, lot: random.Random) -> bytes:
    at = lot.randrange(len(content))
    return content[:at] + bytes([content[at] ^ 1 << lot.randrange(8)]) + content[at + 1 :]


def delete(content: bytes, lot: random.Random) -> bytes:
    at = lot.randrange(len(content))
    return content[:at] + content[at + lot.randint(1, 40) :]


def insert(content: bytes, lot: random.Random) -> bytes:
    at = lot.randrange(len(content) + 1)
    return content[:at] + lot.randbytes(lot.randint(1, 9)) + content[at:]


def truncate(content: bytes, lot: random.Random) -> bytes:
    return content[: lot.randrange(len(content))]


def swap(content: bytes, lot: random.Random) -> bytes:
    lines = content.split(b"\n")[:-1]
    one, other = lot.sample(range(len(lines)), 2) if len(lines) > 1 else (0, 0)
    lines[one], lines[other] = lines[other], lines[one]
    return b"".join(line + b"\n" for line in lines)


def drop(content: bytes, lot: random.Random) -> bytes:
    lines = content.split(b"\n")[:-1]
    del lines[lot.randrange(len(lines))]
    return b"".join(line + b"\n" for line in lines)


def double(content: bytes, lot: random.Random) -> bytes:
    lines = content.split(b"\n")[:-1]
    at = lot.randrange(len(lines))
    return b"".join(line + b"\n" for line in [*lines[:at], lines[at], *lines[at:]])


def encode_again(content: bytes, lot: random.Random) -> bytes:
    lines = content.split(b"\n")[:-1]
    at = lot.randrange(len(lines))
    lines[at] = json.dumps(json.loads(lines[at])).encode()
    return b"".join(line + b"\n" for line in lines)


def lie(content: bytes, lot: random.Random) -> bytes:
    """Change an amount, as somebody would who knows what he does."""
    lines = content.split(b"\n")[:-1]
    told_of = [at for at, line in enumerate(lines) if b'"amount_minor":1' in line]
    if not told_of:
        return flip(content, lot)
    at = lot.choice(told_of)
    lines[at] = lines[at].replace(b'"amount_minor":1', b'"amount_minor":9', 1)
    return b"".join(line + b"\n" for line in lines)


Change = Callable[[bytes, random.Random], bytes]
BYTES: list[Change] = [flip, delete, insert, truncate]
LINES: list[Change] = [swap, drop, double, encode_again, lie]


def tampered(bundle: Path, copy: Path, lot: random.Random) -> str:
    """Change a copy of a bundle at random; says how."""
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(bundle, copy)
    chosen = lot.choice(files_of(copy))
    way = lot.randrange(8)
    if way == 0:
        chosen.unlink()
        return f"{chosen} removed"
    if way == 1:
        added = chosen.with_name(f"{chosen.name}{lot.choice(['', '.x'])}0")
        added.write_bytes(chosen.read_bytes())
        return f"{added} added"
    if way == 2:
        other = lot.choice([one for one in files_of(copy) if one != chosen])
        content = chosen.read_bytes()
        chosen.write_bytes(other.read_bytes())
        other.write_bytes(content)
        return f"{chosen} and {other} swapped"
    if way == 3:
        older, *_, newest = sorted((copy / "checkpoints").iterdir())
        newest.write_bytes(older.read_bytes())
        return "an older checkpoint for the newest"
    if way == 4:
        chosen = lot.choice(sorted((copy / "entries").iterdir()))
        change = lot.choice(LINES)
    else:
        change = lot.choice(BYTES)
    before = chosen.read_bytes()
    while (after := change(before, lot)) == before:
        change = flip
    chosen.write_bytes(after)
    return f"{change.__name__} in {chosen}"


def forged(bundle: Path, copy: Path, lot: random.Random) -> str:
    """Change what proves something, and make the manifest fit; says how."""
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(bundle, copy)
    parts = ["entries", "context", "tiles", "checkpoints", "keys.jsonl", "totals.json"]
    part = copy / lot.choice(["entries", "entries", *parts, "digests.json", "keys.txt"])
    chosen = lot.choice(files_of(part)) if part.is_dir() else part
    before = chosen.read_bytes()
    change: Change = lot.choice(BYTES)
    if part.name in {"entries", "context"}:
        change = lot.choice([*BYTES, *LINES])
    head, _, rest = before.partition(b"\n\n")
    if part.name == "checkpoints":
        # Of signatures by strangers nothing can be said, so only what is signed is changed.
        after = change(head, lot) + b"\n\n" + rest
    else:
        after = change(before, lot)
    way = lot.randrange(6)
    if way == 0:
        chosen.unlink()
    elif way == 1 and part.name == "checkpoints":
        older, *_, newest = files_of(part)
        newest.write_bytes(older.read_bytes())
    else:
        chosen.write_bytes(after if after != before else flip(before[:9], lot) + before[9:])
    make_manifest(copy)
    return f"{change.__name__} ({way}) in {chosen}, forged"


def make_manifest(bundle: Path) -> None:
    """Write a manifest for the files as they are."""
    said = Manifest.read((bundle / MANIFEST).read_bytes())
    files = tuple(
        sorted(
            Member(
                path.relative_to(bundle).as_posix(),
                path.stat().st_size,
                hashlib.sha256(path.read_bytes()).hexdigest(),
            )
            for path in files_of(bundle)
            if path.name != MANIFEST
        )
    )
    (bundle / MANIFEST).write_bytes(replace(said, files=files).content())


def agreed(bundle: Path) -> tuple[BundleError, str]:
    """What the two verifiers say of a bundle that is wrong; each has to say so."""
    found, (status, words) = checked(bundle, POLICY), told(bundle, POLICY)
    assert isinstance(found, BundleError), found
    assert (status, words.startswith("NOT VERIFIED (NON VÉRIFIÉ): ")) == (1, True), words
    return found, words.removeprefix("NOT VERIFIED (NON VÉRIFIÉ): ")


def test_every_tampering_is_found_by_both(bundle: Path, tmp_path: Path) -> None:
    lot = random.Random(20260301)
    unseen = []
    for change, times in ((tampered, EVERY_FILE), (forged, FORGED)):
        for _ in range(times):
            how = change(bundle, tmp_path / "copy", lot)
            found, (status, words) = (
                checked(tmp_path / "copy", POLICY),
                told(tmp_path / "copy", POLICY),
            )
            if not isinstance(found, BundleError) or status != 1:
                unseen.append((how, str(found)[:200], status, words[:200]))
    assert unseen == []


def test_the_same_first_place_is_named(quick: Path, tmp_path: Path) -> None:
    def change(name: str, make: Callable[[bytes], bytes], *, is_forged: bool) -> list[str]:
        shutil.rmtree(tmp_path / "copy", ignore_errors=True)
        shutil.copytree(quick, tmp_path / "copy")
        path = tmp_path / "copy" / name
        path.write_bytes(make(path.read_bytes()))
        if is_forged:
            make_manifest(tmp_path / "copy")
        found, words = agreed(tmp_path / "copy")
        assert words.startswith(f"{found.where}: "), (found, words)
        return [found.where]

    first, note = "entries/000000000050.jsonl", "checkpoints/000000000115.note"
    line = b'"position":55'
    where = [
        change(first, lambda text: text.replace(line, b'"position":56'), is_forged=True),
        change(first, lambda text: text.replace(line, b'"position":56'), is_forged=False),
        change(first, lambda text: b"\n".join(text.split(b"\n")[:9]) + b"\n", is_forged=True),
        change(first, lambda text: text + text.split(b"\n")[0] + b"\n", is_forged=True),
        change(note, lambda text: text.replace(b"\n115\n", b"\n116\n"), is_forged=True),
        change("tiles/0/000", lambda text: b"x" + text[1:], is_forged=True),
        change(
            "totals.json", lambda text: text.replace(b'"opening"', b'"Opening"'), is_forged=True
        ),
        change("README.txt", lambda text: text + b"x", is_forged=False),
        change("REPORT.fr.html", lambda text: text.replace(b"411", b"412"), is_forged=True),
    ]
    assert where[:4] == [["position 55"], ["position 55"], ["position 59"], ["position 90"]]
    assert where[4] == [note]
    assert where[5:] == [["tiles/0/000"], ["totals.json"], ["README.txt"], ["REPORT.fr.html"]]


def test_numbers_that_a_person_sees_are_those_that_were_computed(
    quick: Path, tmp_path: Path
) -> None:
    page = (quick / "REPORT.fr.html").read_text()
    shown = (
        page.partition('<table id="balance">')[2].partition('<td class="n">')[2].partition("<")[0]
    )
    for name, old, new in (
        ("REPORT.fr.html", f'<td class="n">{shown}<', '<td class="n">31\u202f337<'),
        ("REPORT.fr.html", 'data-fact="to">300<', 'data-fact="to">301<'),
        ("REPORT.fr.html", 'data-is="succeeded"', 'data-is="failed"'),
        ("REPORT.fr.html", '"succeeded">Réussie<', '"succeeded">Échouée<'),
        ("REPORT.en.html", '<table id="payments">', '<table id="others">'),
        ("REPORT.en.html", "saw the checkpoint at 2", "saw the checkpoint at 1"),
    ):
        shutil.rmtree(tmp_path / "copy", ignore_errors=True)
        shutil.copytree(quick, tmp_path / "copy")
        path = tmp_path / "copy" / name
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new, 1))
        make_manifest(tmp_path / "copy")
        found, words = agreed(tmp_path / "copy")
        assert found.where == name
        assert words.startswith(f"{name}: ")


def test_a_bundle_is_the_same_by_whatever_way_it_is_reached(quick: Path) -> None:
    around = quick / "entries" / ".." / ".." / quick.name
    assert isinstance(checked(around, POLICY), Checked)
    assert told(around, POLICY)[0] == 0, told(around, POLICY)


def test_a_bundle_holds_no_file_that_is_none_of_its_own(quick: Path) -> None:
    for name in ("REPORT.final.html", "tiles/REPORT.html", "checkpoints/a.html", "style/a.css"):
        added = quick / name
        added.parent.mkdir(exist_ok=True)
        added.write_text("Corrected: 411 = 0")
        make_manifest(quick)
        found, words = agreed(quick)
        assert (found.where, words.partition(":")[0]) == (name, name)
        added.unlink()
    (quick / "README.txt").unlink()
    make_manifest(quick)
    assert agreed(quick)[0].where == "README.txt"


def test_words_of_a_report_that_no_table_holds_are_told_apart(quick: Path) -> None:
    page = quick / "REPORT.en.html"
    page.write_text(page.read_text().replace("That everything was written down", "Nothing"))
    make_manifest(quick)
    found = checked(quick, POLICY)
    assert isinstance(found, Checked)
    assert found.reworded == ("REPORT.en.html",)


def test_a_bundle_of_before_a_column_was_renamed_is_still_good(quick: Path) -> None:
    page = quick / "REPORT.fr.html"
    now = page.read_text()
    page.write_text(now.replace(">Devise<", ">Monnaie<"))
    make_manifest(quick)
    found = checked(quick, POLICY)
    assert isinstance(found, Checked)
    assert found.reworded == ("REPORT.fr.html",)
    assert told(quick, POLICY)[0] == 0
    page.write_text(now.replace(">Devise<", ">Argent<"))
    make_manifest(quick)
    assert agreed(quick)[0].where == "REPORT.fr.html"


def test_no_byte_of_a_tar_file_is_free(quick: Path, tmp_path: Path) -> None:
    honest = quick.with_suffix(".tar")
    content, lot = honest.read_bytes(), random.Random(7)
    with tarfile.open(honest) as opened:  # it is a tar file like any other
        names = {one.name: one.offset for one in opened.getmembers()}
    assert names.keys() == {path.relative_to(quick).as_posix() for path in files_of(quick)}
    unseen = []
    in_headers = [start + lot.randrange(512) for start in names.values()]
    anywhere = [lot.randrange(len(content)) for _ in range(15)]
    at_the_end = [len(content) - lot.randrange(1, 1024) for _ in range(5)]
    for at in [*in_headers, *anywhere, *at_the_end]:
        bad = tmp_path / "bad.tar"
        bad.write_bytes(
            content[:at] + bytes([content[at] ^ 1 << lot.randrange(8)]) + content[at + 1 :]
        )
        found, (status, words) = checked(bad, POLICY), told(bad, POLICY)
        if not isinstance(found, BundleError) or status != 1:
            unseen.append((at, str(found)[:200], words[:200]))
    for bad_end in (content[:-512], content + bytes(512), content + bytes(10240), content + b"x"):
        bad.write_bytes(bad_end)
        agreed(bad)
    assert unseen == []


async def test_a_log_that_was_rewritten_and_signed_again_is_not_the_one_that_was_witnessed(
    tmp_path: Path,
) -> None:
    async with a_keeper() as keeper:
        await keeper.story((0, "request"))
        await alone(keeper, tmp_path / "rewritten")
    found, words = agreed(tmp_path / "rewritten")
    assert found.where == "checkpoints/000000000002.note"
    assert "quorum" in words


async def alone(keeper: Keeper, out: Path) -> None:
    """A bundle that whoever holds the log's key made without any witness."""
    await keeper.checkpoint()
    await keeper.export(out, policy=POLICY)


def test_links_are_no_files(quick: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (quick / "README.txt").rename(outside)
    (quick / "README.txt").symlink_to(outside)
    found, _ = agreed(quick)
    assert (found.where, found.reason) == ("README.txt", "it is no file")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (MANIFEST, b"[" * 100_000),
        (MANIFEST, b'{"sha256": 1, "format": "cauri-audit-bundle@1"}'),
        (MANIFEST, b"\xff\xfe"),
        (MANIFEST, b"7"),
        ("totals.json", b'{"opening": [{"account": "999"}]}'),
        ("totals.json", b'{"opening": 7}'),
        ("keys.jsonl", b"{}\n"),
        ("policy.txt", b"quorum none\n"),
        ("checkpoints/000000000378.note", b"\xff\n\n"),
        ("entries/000000000050.jsonl", b"[]\n"),
        ("context/000000000001.jsonl", b'{"position": "1"}\n'),
    ],
)
def test_what_makes_no_sense_at_all_is_told_in_a_sentence(
    quick: Path, name: str, content: bytes
) -> None:
    path = next(iter(sorted(quick.glob(name)) or sorted((quick / name).parent.iterdir())))
    path.write_bytes(content)
    if name != MANIFEST:
        make_manifest(quick)
    found = checked(quick, None if name == "policy.txt" else POLICY)
    status, words = told(quick, None if name == "policy.txt" else POLICY)
    assert isinstance(found, BundleError)
    assert (status, words.startswith("NOT VERIFIED (NON VÉRIFIÉ): ")) == (1, True), words
    assert "Traceback" not in words
