"""A witness over real sockets: what is answered, what is kept, and what survives a death."""

import asyncio
import re
import sys
from html import escape
from pathlib import Path

import aiohttp
import orjson
import pytest
from structlog.testing import capture_logs

from api.commands import witness as command
from api.witness_files import EVIDENCE_PER_LOG_MAX, WitnessError, WitnessFiles
from api.witness_page import WORDS
from api.witness_server import IN_FLIGHT_MAX
from ledger.checkpoint import Signer
from ledger.cosignature import CosignatureVerifier, cosigned_at, read_cosignatures
from ledger.errors import InvalidInputError, NoteUnverifiedError
from ledger.introduction import introduce
from ledger.witness import REQUEST_BYTES_MAX, AddCheckpoint, Seen
from tests.conftest import FakeClock
from tests.growing import LOG, ORIGIN, GrowingLog
from tests.processes import Program
from tests.witness_world import a_folder, page, post, serving

NEW_KEY = Signer(ORIGIN, bytes([5]) * 32)


def cosigned(key: CosignatureVerifier, text: str, lines: bytes) -> int:
    """When the answer says that the text was cosigned."""
    (signature,) = read_cosignatures(text, lines.decode(), key)
    return cosigned_at(signature)


async def test_every_answer_is_the_one_of_the_specification(
    tmp_path: Path, clock: FakeClock
) -> None:
    key, log = a_folder(tmp_path), GrowingLog.of(20)
    async with serving(tmp_path, clock) as url:
        first = await post(url, log.request(0, 9).body())
        assert first.status == 200
        assert cosigned(key, log.text(9), first.body) == int(clock().timestamp())
        conflict = await post(url, log.request(0, 20).body())
        assert (conflict.status, conflict.body) == (409, b"9\n")
        assert conflict.headers["Content-Type"] == "text/x.tlog.size"
        grown = await post(url, log.request(9, 20).body())
        assert cosigned(key, log.text(20), grown.body) == int(clock().timestamp())
        fork = await post(url, log.fork(12, 20).request(20).body())
        assert (fork.status, fork.body) == (409, b"20\n")
        larger = GrowingLog.of(30)
        wrong = larger.fork(12, 30).request(20)
        assert (await post(url, wrong.body())).status == 422
        stranger = GrowingLog.of(3, signer=Signer(ORIGIN, bytes([8]) * 32))
        assert (await post(url, stranger.request(0).body())).status == 403
        unknown = GrowingLog.of(3, signer=Signer("other.example/log", bytes([8]) * 32))
        assert (await post(url, unknown.request(0).body())).status == 404
        for body in (b"", b"old 1\n\n", log.request(20).body()[:-1], b"old 21\n\n" + b"x" * 99):
            assert (await post(url, body)).status == 400
        assert (await post(url, b"x" * (REQUEST_BYTES_MAX + 1))).status == 413


async def test_both_signed_checkpoints_and_the_request_are_kept_once(
    tmp_path: Path, clock: FakeClock
) -> None:
    a_folder(tmp_path)
    log = GrowingLog.of(20)
    fork = log.fork(12, 20).request(20)
    async with serving(tmp_path, clock) as url:
        await post(url, log.request(0).body())
        for _ in range(3):
            await post(url, fork.body())
    async with serving(tmp_path, clock) as url:
        await post(url, fork.body())
        await post(url, log.fork(12, 18).request(0).body())
    kept = list(WitnessFiles(tmp_path).refusals())
    assert [(one.kind, one.status, one.cosigned_size) for one in kept] == [
        ("forked", 409, 20),
        ("behind", 409, 20),
    ]
    assert kept[0].request == fork.body().decode()
    assert kept[0].cosigned_note == log.note()


async def test_a_smaller_log_and_an_unknown_key_are_counted_logged_and_shown(
    tmp_path: Path, clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    a_folder(tmp_path)
    log, copy = GrowingLog.of(20), GrowingLog.of(9)
    stranger = GrowingLog(log.entries, signer=NEW_KEY)
    with capture_logs() as logged:
        async with serving(tmp_path, clock) as url:
            await post(url, copy.request(0).body())
            await post(url, log.request(9).body())
            calm = [await page(url, language) for language in ("en", "fr")]
            # An older copy is put back: it shows what was cosigned once, by its size and by ours.
            answers = [await post(url, copy.request(old).body()) for old in (0, 9)]
            answers.append(await post(url, AddCheckpoint(20, (), copy.note()).body()))
            answers += [await post(url, stranger.request(20).body()) for _ in range(5)]
            shown = [await page(url, language) for language in ("en", "fr")]
            await post(url, copy.fork(9, 12).request(9).body())
    status = command.show_evidence(folder=tmp_path, as_json=True)
    *refusals, smaller, unknown = map(orjson.loads, capsys.readouterr().out.splitlines())
    command.show_evidence(folder=tmp_path, as_json=False)
    told = capsys.readouterr().out

    assert [one.status for one in answers] == [409, 409, 400, *[403] * 5]
    assert [(one["event"], one["times"]) for one in logged if "times" in one] == [
        *(("witness.asked_about_less", times) for times in (1, 2)),
        *(("witness.key_unknown", times) for times in (1, 2, 4)),
        ("witness.asked_about_less", 4),
    ]
    for language, before, after in zip(("en", "fr"), calm, shown, strict=True):
        words = WORDS[language]
        assert escape(words["no_signs"]) in before
        for kind, times in (("smaller", 3), ("unknown_key", 5)):
            text = escape(words[kind].partition("{")[0])
            assert (text in before, text in after, f"<td>{times}</td>" in after) == (
                *(False, True, True),
            )
    # Only once it has grown otherwise is there a proof; the sign goes on being counted.
    assert (status, [one["kind"] for one in refusals]) == (1, ["behind"])
    key = NEW_KEY.verifier
    assert (smaller["times"], smaller["sizes"], smaller["cosigned_size"]) == (4, [9, 12], 20)
    assert smaller["note"] == copy.fork(9, 12).note()
    assert (unknown["times"], unknown["keys"], unknown["note"]) == (
        *(5, [f"{key.name}+{key.key_id.hex()}"], ""),
    )
    assert "a sign of an older copy put back, and not yet a proof" in told
    assert "check its introduction at /v1/log/keys" in told


async def test_evidence_is_bounded_and_what_came_first_stays(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_folder(tmp_path)
    log = GrowingLog.of(8)
    monkeypatch.setattr("api.witness_files.EVIDENCE_PER_LOG_MAX", 2)
    assert EVIDENCE_PER_LOG_MAX > 2
    async with serving(tmp_path, clock) as url:
        await post(url, log.request(0).body())
        for word in "abc":
            await post(url, log.fork(0, 8, word).request(8).body())
    kept = list(WitnessFiles(tmp_path).refusals())
    first = [log.fork(0, 8, word).request(8).body().decode() for word in "ab"]
    assert [one.request for one in kept] == first


async def test_an_entry_cut_off_by_a_crash_spoils_no_other(
    tmp_path: Path, clock: FakeClock
) -> None:
    a_folder(tmp_path)
    log, path = GrowingLog.of(8), tmp_path / "evidence" / "refusals.jsonl"
    async with serving(tmp_path, clock) as url:
        await post(url, log.request(0).body())
        await post(url, log.fork(0, 8, "a").request(8).body())
    path.write_bytes(path.read_bytes() + path.read_bytes()[:50])
    async with serving(tmp_path, clock) as url:
        await post(url, log.fork(0, 8, "b").request(8).body())
    assert len(list(WitnessFiles(tmp_path).refusals())) == 2


async def test_of_many_requests_at_once_only_one_line_of_history_is_cosigned(
    tmp_path: Path, clock: FakeClock
) -> None:
    a_folder(tmp_path)
    log = GrowingLog.of(40)
    branches = [log, *(log.fork(10, 40, f"branch {n}") for n in range(7))]
    async with serving(tmp_path, clock) as url:
        await post(url, log.request(0, 10).body())
        sent = [(one, size) for size in (20, 30, 40) for one in branches]
        answers = await asyncio.gather(
            *(post(url, one.request(10, size).body()) for one, size in sent)
        )
    won = [pair for pair, answer in zip(sent, answers, strict=True) if answer.status == 200]
    assert len(won) == 1
    seen = WitnessFiles(tmp_path).seen(ORIGIN)
    assert (seen.size, seen.root) == (won[0][1], won[0][0].root(won[0][1]))
    assert {answer.status for answer in answers} == {200, 409}


async def test_a_new_key_of_a_log_is_known_without_a_new_start(
    tmp_path: Path, clock: FakeClock
) -> None:
    a_folder(tmp_path)
    log = GrowingLog.of(20)
    new = GrowingLog(log.entries, signer=NEW_KEY)
    async with serving(tmp_path, clock) as url:
        assert (await post(url, log.request(0, 9).body())).status == 200
        assert (await post(url, new.request(9).body())).status == 403
        assert WitnessFiles(tmp_path).add_log(NEW_KEY.verifier)
        assert (await post(url, new.request(9).body())).status == 200
        assert (await post(url, log.request(20).body())).status == 200
    assert not WitnessFiles(tmp_path).add_log(NEW_KEY.verifier)
    assert WitnessFiles(tmp_path).seen(ORIGIN).size == 20


@pytest.mark.parametrize("content", [None, b"", b"{}", b'{"size":1}', b"[1]"])
async def test_a_witness_that_forgot_what_it_saw_cosigns_nothing(
    tmp_path: Path, clock: FakeClock, content: bytes | None
) -> None:
    a_folder(tmp_path)
    log = GrowingLog.of(20)
    async with serving(tmp_path, clock) as url:
        await post(url, log.request(0).body())
        (path,) = (tmp_path / "seen").iterdir()
        path.unlink() if content is None else path.write_bytes(content)
        answer = await post(url, log.fork(3, 20).request(0).body())
        assert (answer.status, b"nothing was cosigned" in answer.body) == (500, True)
        assert WORDS["fr"]["lost"].replace("'", "&#x27;") in await page(url, "fr")
        assert WitnessFiles(tmp_path).add_log(NEW_KEY.verifier)
        assert (await post(url, log.request(0).body())).status == 500


async def test_what_cannot_be_written_is_not_cosigned(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_folder(tmp_path)
    log = GrowingLog.of(20)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    async with serving(tmp_path, clock) as url:
        await post(url, log.request(0, 9).body())
        with monkeypatch.context() as patched:
            patched.setattr("api.witness_files.replace_whole", full)
            answer = await post(url, log.request(9).body())
        assert (answer.status, answer.body.startswith("\u2014".encode())) == (500, False)
        assert (await post(url, log.request(9).body())).status == 200


async def test_one_process_at_a_time_serves_a_folder(tmp_path: Path, clock: FakeClock) -> None:
    a_folder(tmp_path)
    async with serving(tmp_path, clock):
        with pytest.raises(WitnessError, match="another process"):
            WitnessFiles(tmp_path).lock()


async def test_one_request_too_many_is_told_to_come_back(tmp_path: Path, clock: FakeClock) -> None:
    a_folder(tmp_path)
    body = GrowingLog.of(3).request(0).body()
    head = b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: %d\r\n\r\n" % len(body)
    async with serving(tmp_path, clock) as url:
        port = int(url.rpartition(":")[2])
        slow = [await asyncio.open_connection("127.0.0.1", port) for _ in range(IN_FLIGHT_MAX)]
        for _, writer in slow:
            writer.write(head)
            await writer.drain()
        async with asyncio.timeout(20):
            while (answer := await post(url, body)).status != 503:
                assert answer.status == 200
        for _, writer in slow:
            writer.write(body)
            await writer.drain()
        firsts = [await reader.readline() for reader, _ in slow]
        for _, writer in slow:
            writer.close()
    assert {first.split()[1] for first in firsts} <= {b"200", b"409"}


async def test_the_page_says_what_was_seen_and_refused_in_two_languages(
    tmp_path: Path, clock: FakeClock
) -> None:
    key = a_folder(tmp_path, name="<b>.example/witness")
    log = GrowingLog.of(20)
    async with serving(tmp_path, clock) as url:
        empty = await page(url, "en")
        assert "<td>never</td>" in empty
        await post(url, log.request(0).body())
        await post(url, log.fork(3, 20).request(20).body())
        pages = {language: await page(url, language) for language in ("en", "fr")}
    for language, text in pages.items():
        words = WORDS[language]
        assert f'<html lang="{language}">' in text
        assert ORIGIN in text
        assert "<td>20</td>" in text
        assert words["forked"].replace("'", "&#x27;") in text
        assert "<b>" not in text
        assert key.text().replace("<b>", "&lt;b&gt;") in text
    assert set(WORDS["en"]) == set(WORDS["fr"])
    assert [name for name in WORDS["en"] if WORDS["en"][name] == WORDS["fr"][name]] == []


def test_the_commands_make_watch_and_show(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "w"
    command.make(name="shop.example/witness", folder=folder, as_json=True)
    made = orjson.loads(capsys.readouterr().out)
    assert CosignatureVerifier.from_text(made["public_key"]).name == "shop.example/witness"
    assert (folder / "key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        command.make(name="shop.example/witness", folder=folder, as_json=False)
    for is_new in (True, False):
        command.add_log(
            verifier=LOG.verifier.text(), introduction=None, folder=folder, as_json=True
        )
        assert orjson.loads(capsys.readouterr().out)["is_new"] is is_new
    assert command.show_evidence(folder=folder, as_json=False) == 0
    assert "nothing was refused" in capsys.readouterr().out
    with pytest.raises(WitnessError, match="cauri witness init"):
        command.add_log(
            verifier=LOG.verifier.text(), introduction=None, folder=tmp_path, as_json=False
        )


def test_a_further_key_is_added_where_one_that_is_known_introduced_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a_folder(tmp_path)
    rows = [
        {"key": LOG.verifier.text(), "note": introduce(ORIGIN, LOG, None, None), "position": 2},
        {
            "key": NEW_KEY.verifier.text(),
            "note": introduce(ORIGIN, NEW_KEY, LOG, LOG.verifier.text()),
            "position": 9,
        },
    ]
    lost = {**rows[1], "note": introduce(ORIGIN, NEW_KEY, None, LOG.verifier.text())}
    files = {"right": {"keys": rows}, "list": rows, "lost": [rows[0], lost], "none": {"x": 1}}
    for name, content in files.items():
        (tmp_path / name).write_bytes(orjson.dumps(content))

    def add(name: str | None) -> str:
        file = None if name is None else tmp_path / name
        text = NEW_KEY.verifier.text()
        command.add_log(verifier=text, introduction=file, folder=tmp_path, as_json=False)
        return capsys.readouterr().out

    with pytest.raises(NoteUnverifiedError, match="no key of this log that is known here"):
        add("lost")
    with pytest.raises(InvalidInputError, match="no answer of /v1/log/keys"):
        add("none")
    assert WitnessFiles(tmp_path).keys()[ORIGIN] == (LOG.verifier,)
    assert "a key that was known here has signed its introduction" in add("right")
    assert "already" in add("list")
    (tmp_path / "logs").write_text(f"{LOG.verifier.text()}\n")
    assert "It was not checked" in add(None)


async def test_the_evidence_is_shown_whole(
    tmp_path: Path, clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    a_folder(tmp_path)
    log = GrowingLog.of(20)
    fork = log.fork(12, 20)
    async with serving(tmp_path, clock) as url:
        await post(url, log.request(0).body())
        await post(url, fork.request(20).body())
    assert command.show_evidence(folder=tmp_path, as_json=False) == 1
    shown = capsys.readouterr().out
    for note in (log.note(), fork.note()):
        assert all(line in shown for line in note.splitlines())
    assert command.show_evidence(folder=tmp_path, as_json=True) == 1
    assert orjson.loads(capsys.readouterr().out)["cosigned_note"] == log.note()


class WitnessProcess(Program):
    """`cauri witness serve`, or a witness that dies at a size; see `tests.dying_witness`."""

    def __init__(self, folder: Path, dies_at: int | None = None, moment: str = "kept") -> None:
        if dies_at is None:
            super().__init__({}, "witness", "serve", "--dir", str(folder), "--port", "0")
        else:
            self.command = (sys.executable, "-m", "tests.dying_witness")
            super().__init__({}, str(folder), str(dies_at), moment)

    async def url(self) -> str:
        line = await self.says(b"witness.started")
        return str(orjson.loads(line)["url"])


async def test_a_process_killed_between_keeping_and_answering_has_promised_nothing_else(
    tmp_path: Path,
) -> None:
    key, log = a_folder(tmp_path), GrowingLog.of(20)
    fork = log.fork(12, 20)
    async with WitnessProcess(tmp_path, dies_at=20) as dying:
        url = await dying.url()
        assert (await post(url, log.request(0, 9).body())).status == 200
        with pytest.raises(aiohttp.ClientError):
            await post(url, log.request(9).body())
        await dying.ended()
    async with WitnessProcess(tmp_path) as again:
        url = await again.url()
        other = await post(url, fork.request(9).body())
        assert (other.status, other.body) == (409, b"20\n")
        assert (await post(url, log.request(9).body())).body == b"20\n"
        same = await post(url, log.request(20).body())
        assert cosigned(key, log.text(), same.body) > 0
        assert (await post(url, fork.request(20).body())).status == 409
        assert await again.stop() == 0
    assert [one.kind for one in WitnessFiles(tmp_path).refusals()] == ["forked"]
    assert any(re.search(rb"witness.refused", line) for line in again.lines)


def test_a_log_that_is_added_was_never_seen(tmp_path: Path) -> None:
    a_folder(tmp_path)
    assert WitnessFiles(tmp_path).seen(ORIGIN) == Seen()
