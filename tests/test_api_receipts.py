"""Receipts over HTTP and signed answers: what a merchant can keep, and prove months later."""

from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import structs
from yarl import URL

from api import receipts
from api.cli import main
from api.commands import log
from api.pages.receipt import WORDS
from api.support_texts import TONGUES
from api.support_words import Moment
from ledger.checkpoint import Signer, Verifier
from ledger.commands import RecordEvidence
from ledger.evidence import Evidence, Source, Word
from ledger.introduction import ROTATED
from ledger.payment import Status
from ledger.receipt import Receipt
from scripts.verify_receipt import Policy, verify
from tests.api_world import Answer, World, a_world, settings_in
from tests.builders import CONTEXT, NOW, a_word
from tests.conftest import FakeClock
from tests.test_api_refunds import a_paid_one
from tests.test_receipt import a_policy, a_receipt, run

ASKED = 'answer=("@status" "content-digest" "@path";req);nonce="c0ffee"'

SUPPORT = "+237 600 00 00 00"


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with a_world(settings_in(tmp_path, support_contact=SUPPORT), clock=clock) as made:
        await made.add_key("auditor", "auditor")
        yield made


async def key_of(world: World) -> Verifier:
    keys = (await world.get("/v1/log/keys", who="auditor")).json["keys"]
    return Verifier.from_text(keys[-1]["key"])


async def receipt_of(world: World, payment_id: str, **options: Any) -> Answer:
    return await world.get(f"/v1/payments/{payment_id}/receipt", **options)


async def test_a_receipt_is_had_as_soon_as_a_payment_has_succeeded_and_a_stranger_verifies_it(
    world: World, tmp_path: Path
) -> None:
    payment_id = await a_paid_one(world)
    answer = await receipt_of(world, payment_id)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Content-Disposition"].endswith(f'filename="{payment_id}.receipt"')
    await world.caught_up()
    (tmp_path / "kept").mkdir()
    kept = tmp_path / "kept" / f"{payment_id}.receipt"
    kept.write_bytes(answer.body)
    key = (await key_of(world)).text()
    done = run(kept.parent, "--key", key, kept.name)
    assert (done.returncode, done.stderr) == (0, "")
    assert '"payment.succeeded"' in done.stdout
    assert "+237" not in done.stdout


async def test_the_command_verifies_it_too_and_writes_the_page(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    payment_id = await a_paid_one(world)
    answer = await receipt_of(world, payment_id)
    await world.caught_up()
    kept, page = tmp_path / "a.receipt", tmp_path / "page.html"
    kept.write_bytes(answer.body)
    key = (await key_of(world)).text()
    asked = ["receipts", "verify", str(kept), "--key", key]
    assert status_of([*asked, "--html", str(page), "--lang", "fr"]) == 0
    assert "toutes les entrées (4) sont parmi les" in capsys.readouterr().out
    assert "Réussi" in page.read_text(encoding="utf-8")
    kept.write_bytes(answer.body.replace(b"entries 4", b"entries 3"))
    assert status_of(asked) == 1
    assert capsys.readouterr().out.startswith("NOT VERIFIED: ")
    assert status_of(asked[:3]) == 2
    assert "nobody is trusted" in capsys.readouterr().err


async def test_after_a_rotation_beside_a_running_server_the_old_key_still_verifies_new_receipts(
    world: World, clock: FakeClock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = await a_paid_one(world)
    before = (await receipt_of(world, first)).body
    await world.caught_up()
    old = (await key_of(world)).text()
    new = await log._rotate(world.services.settings, is_lost=False)
    clock.advance(60)
    second = (await world.pay(key="order-2")).json["id"]
    kept = tmp_path / "a.receipt"
    kept.write_bytes((await receipt_of(world, second)).body)
    policy = Policy(f"log {old}\nquorum none\n")

    assert (b"\nkeys " in before, b"\nkeys 2\n" in kept.read_bytes()) == (False, True)
    assert [len(verify(one.decode(), policy)[1]) for one in (before, kept.read_bytes())] == [4, 1]
    assert status_of(["receipts", "verify", str(kept), "--key", old]) == 0
    told = capsys.readouterr().out
    assert "signed by a key that the key you trust introduced" in told
    assert new in told


@pytest.mark.parametrize(
    ("language", "asked_for"), [("en", ">mer_0 asked for"), ("fr", ">mer_0 a demandé")]
)
async def test_a_page_made_offline_names_things_as_they_are(
    tmp_path: Path, language: str, asked_for: str
) -> None:
    """An id is no word, and a witness has the name that is in its key."""
    kept, policy, page = (tmp_path / name for name in ("a.receipt", "policy", "page.html"))
    kept.write_text(a_receipt("alpha", "beta").text(), encoding="utf-8")
    own = a_policy().replace("witness alpha ", "witness firm ").replace(" 2 alpha ", " 2 firm ")
    policy.write_text(own, encoding="utf-8")
    asked = ["receipts", "verify", str(kept), "--policy", str(policy)]
    status_of([*asked, "--html", str(page), "--lang", language])
    text = page.read_text(encoding="utf-8")

    assert ("alpha</th>" in text, "firm</th>" in text) == (True, False)
    assert (asked_for in text, "Mer_" in text) == (True, False)
    page.unlink()
    assert status_of([*asked, "--html", str(page), "--lang", "de"]) == 2
    assert not page.exists()


def test_the_command_refuses_a_receipt_whose_end_was_cut_off(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = a_receipt("alpha", "beta")
    kept, policy = tmp_path / "a.receipt", tmp_path / "policy"
    policy.write_text(a_policy(), encoding="utf-8")
    asked = ["receipts", "verify", str(kept), "--policy", str(policy)]

    kept.write_text(whole.text(), encoding="utf-8")
    assert status_of(asked) == 0
    kept.write_text(replace(whole, proofs=whole.proofs[:-1]).text(), encoding="utf-8")
    assert status_of(asked) == 1
    assert "NOT VERIFIED: the log does not say that these are all" in capsys.readouterr().out
    kept.write_bytes(whole.text().encode().replace(b"pay", b"\xf0ay", 1))
    assert status_of(asked) == 1
    no_text = "NOT VERIFIED: it cannot be read as a receipt: not all of it is text\n"
    assert capsys.readouterr().out == no_text


def status_of(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return int(ended.value.code or 0)


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_the_page_says_the_same_for_people_and_holds_the_file(
    world: World, language: str
) -> None:
    payment_id = await a_paid_one(world)
    plain = await receipt_of(world, payment_id)
    page = await receipt_of(
        world, payment_id, headers={"Accept": "text/html", "Accept-Language": language}
    )
    text = page.body.decode()
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Content-Language"] == language
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    words = WORDS["fr" if language == "fr" else "en"]
    for wanted in (
        payment_id,
        SUPPORT,
        "FCFA",
        "A shop",
        "987654",
        words.test,
        words.succeeded_in_test,
        "1 March 2026 at 12:00:00 UTC" if language == "en" else "1er mars 2026 à 12:00:00 UTC",
    ):
        assert wanted in unescape(text)
    # No money moved in a test, so the page nowhere says that it did.
    assert words.statuses[Status.SUCCEEDED] not in unescape(text)
    assert "<script" not in text
    assert plain.body.decode().strip() in text.replace("&#39;", "'")


@pytest.mark.parametrize(
    ("source", "also", "stands"),
    [
        (Source.WEBHOOK, Moment.ALSO_FAILED, Status.SUCCEEDED),
        (Source.POLL, Moment.FAILED, Status.CONFLICT),
    ],
)
async def test_a_contrary_word_is_told_on_the_page_and_by_support_whatever_came_of_it(
    world: World, source: Source, also: Moment, stands: Status
) -> None:
    payment_id = await a_paid_one(world)
    state, _ = await world.services.handler.payment(payment_id)
    (word,) = state.evidence
    contrary = Evidence(
        source=source, provider=word.provider, reference=word.reference, word=Word.FAILED
    )
    command = RecordEvidence(payment_id=payment_id, evidence=contrary)
    await world.services.handler.handle(command, context=CONTEXT)
    for language, tongue in TONGUES.items():
        accepted = {"Accept-Language": language}
        told = tongue.moments[also].format(thing=tongue.things["collection"])
        page = await receipt_of(world, payment_id, headers={"Accept": "text/html", **accepted})
        support = await world.get(f"/v1/payments/{payment_id}/support", headers=accepted)
        assert told in unescape(page.body.decode())
        assert told in [one["text"] for one in support.json["history"]["sentences"]]
        assert support.json["status"] == stands


@pytest.mark.parametrize(
    ("overruling", "stands", "is_told"),
    [
        (None, Status.SUCCEEDED, True),
        (Source.POLL, Status.CONFLICT, True),
        (Source.STATEMENT, Status.FAILED, False),
    ],
)
async def test_the_page_tells_when_money_moved_only_where_some_may_have(
    world: World, overruling: Source | None, stands: Status, is_told: bool
) -> None:
    payment_id = await a_paid_one(world)
    state, _ = await world.services.handler.payment(payment_id)
    (word,) = state.evidence
    words = [structs.replace(word, source=Source.POLL, occurred_at=NOW)]
    if overruling is not None:
        words.append(a_word(Word.FAILED, overruling, reference=word.reference))
    for one in words:
        command = RecordEvidence(payment_id=payment_id, evidence=one)
        await world.services.handler.handle(command, context=CONTEXT)
    for language, texts in WORDS.items():
        page = await receipt_of(
            world, payment_id, headers={"Accept": "text/html", "Accept-Language": language}
        )
        assert (texts.names["moved"] in unescape(page.body.decode())) is is_told
    assert (await world.get(f"/v1/payments/{payment_id}")).json["status"] == stands


async def test_receipts_on_demand_have_a_rhythm_and_say_when_to_come_back(
    world: World, clock: FakeClock
) -> None:
    first = await a_paid_one(world)
    assert (await receipt_of(world, first)).status == 200
    second = (await world.pay(key="order-2")).json["id"]
    pending = await receipt_of(world, second)
    assert (pending.status, pending.code) == (409, "checkpoint_pending")
    assert pending.headers["Retry-After"] == "10"
    french = await receipt_of(world, second, headers={"Accept-Language": "fr"})
    assert french.json["detail"].startswith("Aucun point de contrôle")
    clock.advance(10)
    assert len(Receipt.from_text((await receipt_of(world, second)).body.decode()).proofs) == 1
    # What is covered already needs no checkpoint.
    assert (await receipt_of(world, first)).status == 200


async def test_nobody_is_shown_another_merchants_receipt(world: World) -> None:
    payment_id = await a_paid_one(world)
    await world.add_merchant("mer_2")
    answer = await receipt_of(world, payment_id, who="mer_2")
    assert (answer.status, answer.code) == (404, "unknown_payment")


# RFC 9421, section 2.5, written down once more from the text: what is signed.


def signed_base(answer: Answer, *, method: str, path: str, query: str) -> tuple[bytes, bytes, str]:
    label, _, covered = answer.headers["Signature-Input"].partition("=")
    assert answer.headers["Signature"].startswith(f"{label}=:")
    signature = b64decode(answer.headers["Signature"][len(label) + 2 : -1])
    known: Mapping[str, str] = {
        '"@status"': str(answer.status),
        '"@method";req': method,
        '"@path";req': path,
        '"@query";req': query,
    }
    inside, _, _ = covered[1:].partition(")")
    lines = []
    for component in inside.split(" "):
        name = component.strip('"')
        value = known[component] if component in known else answer.headers[name]
        lines.append(f"{component}: {value}")
    lines.append(f'"@signature-params": {covered}')
    return "\n".join(lines).encode(), signature, covered


async def test_an_answer_is_signed_for_whoever_asks_and_covers_question_and_position(
    world: World,
) -> None:
    payment_id = await a_paid_one(world)
    await receipt_of(world, payment_id)  # so that there is a checkpoint
    path = f"/v1/payments/{payment_id}"
    await world.caught_up()
    answer = await world.get(path, headers={"Accept-Signature": ASKED})
    base, signature, covered = signed_base(answer, method="GET", path=path, query="?")
    key = await key_of(world)
    Ed25519PublicKey.from_public_bytes(key.public_key).verify(signature, base)
    assert covered.startswith(
        '("@status" "content-type" "cauri-position" "cauri-checkpoint" '
        '"@method";req "@path";req "@query";req "content-digest");'
    )
    assert f'keyid="{key.name}+{key.key_id.hex()}"' in covered
    assert f"created={int(NOW.timestamp())};" in covered
    assert 'nonce="c0ffee"' in covered
    digest = b64encode(sha256(answer.body).digest()).decode()
    assert f"sha-256=:{digest}:" in answer.headers["Content-Digest"]
    size, _, root = answer.headers["Cauri-Checkpoint"].partition(";root=")
    latest = (await world.get("/v1/log/checkpoint")).json["published"]
    assert (int(size), root) == (latest["size"], f":{latest['root_base64']}:")
    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(signature, base + b" ")


async def test_a_problem_is_signed_like_any_other_answer(world: World) -> None:
    await receipt_of(world, await a_paid_one(world))
    await world.caught_up()
    answer = await world.get(
        "/v1/payments/pay_none?particulars=true", headers={"Accept-Signature": ASKED}
    )
    assert answer.status == 404
    base, signature, _ = signed_base(
        answer, method="GET", path="/v1/payments/pay_none", query="?particulars=true"
    )
    Ed25519PublicKey.from_public_bytes((await key_of(world)).public_key).verify(signature, base)


async def test_nobody_who_does_not_ask_is_answered_with_a_signature(world: World) -> None:
    await receipt_of(world, await a_paid_one(world))
    assert "Signature" not in (await world.get("/v1/payments")).headers


REFUSED = {
    "no dictionary": "((",
    "two signatures": 'a=("@status"), b=("@status")',
    "no list": "a=1",
    "a component that is not signed": 'a=("@authority";req)',
    "a question's component of the answer": 'a=("@path")',
    "another algorithm": 'a=("@status");alg="rsa-pss-sha512"',
    "another key": 'a=("@status");keyid="mine"',
    "an unknown parameter": 'a=("@status");wish=1',
    "a nonce that is no text": 'a=("@status");nonce=1',
    "too long": 'a=("@status");nonce="' + "n" * 2000 + '"',
}


@pytest.mark.parametrize("what", REFUSED)
async def test_what_cannot_be_signed_is_refused_before_anything_is_done(
    world: World, what: str
) -> None:
    await receipt_of(world, await a_paid_one(world))
    before = await world.services.store.position()
    answer = await world.pay(key="order-9", headers={"Accept-Signature": REFUSED[what]})
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert answer.json["errors"][0]["header"] == "Accept-Signature"
    assert await world.services.store.position() == before


async def test_a_kept_answer_is_verified_by_the_command(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    payment_id = await a_paid_one(world)
    await receipt_of(world, payment_id)
    path = f"/v1/payments/{payment_id}"
    answer = await world.get(path, headers={"Accept-Signature": ASKED})
    await world.caught_up()
    lines = [f"HTTP/1.1 {answer.status} OK", *(f"{k}: {v}" for k, v in answer.headers.items())]
    kept = tmp_path / "answer.http"
    kept.write_bytes("\r\n".join([*lines, "", ""]).encode() + answer.body)
    asked = ["answers", "verify", str(kept), "--key", (await key_of(world)).text(), "--question"]
    assert status_of([*asked, f"GET {path}"]) == 0
    assert "verified" in capsys.readouterr().out
    whole = kept.read_bytes()
    other = Signer("ledger.example/log", bytes(32)).verifier.text()
    unfit = "its signature does not fit: another question, or a changed header, status or body ("
    for changed, question, key, told in (
        (whole, "GET /v1/payments/pay_another", asked[4], f"{unfit}the signed bytes are others)"),
        (whole.replace(b"HTTP/1.1 200", b"HTTP/1.1 201"), f"GET {path}", asked[4], unfit),
        (whole.replace(b'"succeeded"', b'"failed"   '), f"GET {path}", asked[4], unfit),
        (whole, f"GET {path}", other, f"it is signed by a key that was not given; {ROTATED}"),
        (
            whole.replace(b"Signature: ", b"X: "),
            f"GET {path}",
            asked[4],
            "the answer is not signed",
        ),
    ):
        kept.write_bytes(changed)
        assert status_of([*asked[:4], key, "--question", question]) == 1
        assert capsys.readouterr().out.startswith(f"NOT VERIFIED: {told}")


ODD_PATHS = ("/v1/payments/pay_|x", "/v1/payments/pay_x?as_of={1}", '/v1/payments/pay_"x"')


@pytest.mark.parametrize("path", ODD_PATHS)
async def test_an_address_that_cannot_be_signed_is_refused_and_no_mistake_of_ours(
    world: World, path: str
) -> None:
    await receipt_of(world, await a_paid_one(world))
    headers = {"Authorization": f"Bearer {world.keys['mer_1']}", "Accept-Signature": ASKED}
    url = URL(world.url + path, encoded=True)
    async with world.session.get(url, headers=headers) as answer:
        told = await answer.json()
    assert (answer.status, told["code"]) == (422, "invalid_request")


async def test_nobody_without_a_key_has_anything_read_or_signed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await receipt_of(world, await a_paid_one(world))
    assert world.services.checkpoints is not None
    asked: list[str] = []

    async def signer() -> None:
        asked.append("signer")

    monkeypatch.setattr(world.services.checkpoints, "signer", signer)
    for path in ("/healthz", "/v1/payments", "/nowhere"):
        answer = await world.get(path, who=None, headers={"Accept-Signature": ASKED})
        assert "Signature" not in answer.headers
    assert asked == []


async def test_a_label_that_is_too_long_is_refused_not_cut(world: World) -> None:
    await receipt_of(world, await a_paid_one(world))
    header = "a" * 101 + '=("@status")'
    answer = await world.get("/v1/payments", headers={"Accept-Signature": header})
    assert (answer.status, answer.code) == (422, "invalid_request")


async def test_a_long_history_is_proved_in_parts_and_whole(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment_id = await a_paid_one(world)
    monkeypatch.setattr(receipts, "PROVED_AT_ONCE_MAX", 3)
    text = (await receipt_of(world, payment_id)).body.decode()
    await world.caught_up()
    policy = Policy(f"log {(await key_of(world)).text()}\nquorum none\n")
    assert len(verify(text, policy)[1]) == 4
