"""Statements over HTTP: handed in, told to payments by the reactor, compared, and who may look."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast, get_args

import pytest

from adapters.base import Due
from adapters.reconciling import Lines, Reconciler
from adapters.recording import Recorder
from ledger import commands
from ledger.evidence import EVIDENCE_MAX, Evidence, Source, Word
from projections.statements_results import Asked
from tests.api_world import CONTEXT, Answer, World, a_world, settings_in
from tests.conftest import FakeClock
from tests.test_api_refunds import a_paid_one, moved, succeed

PATH = "/v1/statements"


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with a_world(settings_in(tmp_path), clock=clock) as made:
        yield made


def a_line(payment_id: str = "", transaction: str = "T1", **changes: Any) -> dict[str, Any]:
    """A line of 1500 XAF, by default of nobody's payment."""
    line: dict[str, Any] = {
        "provider_transaction_id": transaction,
        "direction": "in",
        "amount": "1500",
        "occurred_at": "2026-03-01T11:59:30Z",
    }
    if payment_id:
        line["reference"] = f"reference-of-{payment_id}"
    return line | changes


def a_statement(*lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """MTN's statement of the hour before noon and a bit, when the clock stands."""
    return {
        "provider": "mtn",
        "covers_from": "2026-03-01T11:00:00Z",
        "covers_to": "2026-03-01T12:00:00Z",
        "currency": "XAF",
        "lines": list(lines or [a_line()]),
        **changes,
    }


async def hand_in(
    world: World, *lines: dict[str, Any], key: str = "s-1", who: str = "accountant", **more: Any
) -> Answer:
    """Hand a statement in."""
    content = more.pop("content", None) or a_statement(*lines)
    return await world.ask(
        "POST", PATH, who=who, json=content, headers={"Idempotency-Key": key, **more}
    )


async def agree(world: World, made: Answer, who: str = "operator", **options: Any) -> Answer:
    """Approve a statement."""
    return await world.ask("POST", f"{PATH}/{made.json['id']}/approval", who=who, **options)


async def reconcile(world: World, *approved: Answer) -> int:
    """Approve statements, let the reactor tell payments what lines say; how many it told."""
    services = world.services
    for made in approved:
        assert (await agree(world, made)).status == 200
    await world.caught_up()
    due = await services.statements.lease(
        "reconcile", None, holder="test", limit=100, now=services.clock(), seconds=60
    )
    recorder = Recorder(services.handler, services.vault)
    reactor = Reconciler(recorder, cast("Lines", services.statements))
    for one in due:
        await reactor.perform(cast("Due", one))
    await world.caught_up()
    return len(due)


async def look(world: World, made: Answer, more: str = "", who: str = "accountant") -> Any:
    """What a statement comes to, or its lines."""
    answer = await world.get(f"{PATH}/{made.json['id']}{more}", who=who)
    assert answer.status == 200, answer.body
    return answer.json


async def submitted(world: World, key: str) -> str:
    """A payment that is with MTN, which has not said anything yet."""
    payment_id = str((await world.pay(key=key)).json["id"])
    start = commands.StartSubmission(
        payment_id=payment_id,
        provider="mtn",
        reference=f"reference-of-{payment_id}",
        inquire_at=world.services.clock(),
    )
    await world.services.handler.handle(start, context=CONTEXT)
    return payment_id


async def test_a_statement_settles_what_nobody_answered_and_shows_what_it_lacks(
    world: World,
) -> None:
    known, open_one = await a_paid_one(world), await submitted(world, "order-2")
    lacking = str((await world.pay(key="order-3")).json["id"])
    await succeed(world, lacking)
    wrong = await submitted(world, "order-4")
    made = await hand_in(
        world,
        a_line(known, fee="15"),
        a_line(open_one, "T2"),
        a_line("", "T3", amount="7", direction="out"),
        a_line(wrong, "T4", amount="1400"),
        content=None,
    )
    assert made.status == 201
    assert made.headers["Location"] == f"{PATH}/{made.json['id']}"
    assert await reconcile(world) == 0
    dry = await look(world, made)
    counts = {name: one["count"] for name, one in dry["lines"].items()}
    assert (counts["matched"], counts["settled"], dry["waiting"]) == (2, 0, 0)
    assert (counts["would_settle"], counts["would_contradict"]) == (1, 1)
    lines = (await look(world, made, "/lines?result=would_settle"))["lines"]
    assert [one["payment_id"] for one in lines] == [open_one]
    assert await reconcile(world, made) == 3
    assert await reconcile(world, made) == 0
    report = await look(world, made)
    assert report["waiting"] == 0
    counts = {name: one["count"] for name, one in report["lines"].items()}
    assert counts == {
        "all": 4,
        "matched": 2,
        "settled": 1,
        "outside": 0,
        "differs": 1,
        "unknown": 1,
        "would_settle": 0,
        "would_contradict": 0,
    }
    assert report["lines"]["all"] == {"count": 4, "amount_in": "4400", "amount_out": "7"}
    lines = (await look(world, made, "/lines"))["lines"]
    assert [(one["result"], one["why"], one["payment_id"]) for one in lines] == [
        ("matched", None, known),
        ("matched", None, open_one),
        ("unknown", None, None),
        ("differs", "amount", wrong),
    ]
    assert lines[0]["fee"] == "15"
    assert lines[3]["payment_amount"] == "1500"
    for payment_id, status, source in (
        (open_one, "succeeded", "statement"),
        (wrong, "conflict", "statement"),
    ):
        payment = (await world.get(f"/v1/payments/{payment_id}")).json
        assert (payment["status"], payment["evidence"][0]["source"]) == (status, source)


async def test_what_succeeded_in_its_time_and_is_on_no_statement_is_missing(
    world: World, clock: FakeClock
) -> None:
    first = await a_paid_one(world)
    second = str((await world.pay(key="order-2")).json["id"])
    await succeed(world, second)
    clock.advance(3600)
    line = a_line(first, occurred_at="2026-03-01T12:00:30Z")
    content = a_statement(line, covers_to="2026-03-01T13:00:00Z")
    made = await hand_in(world, content=content)
    await reconcile(world, made)
    report = await look(world, made)
    counts = {name: one["count"] for name, one in report["successes"].items()}
    assert counts == {"all": 2, "matched": 1, "differs": 0, "elsewhere": 0, "missing": 1}
    assert report["successes"]["all"]["amount_in"] == "3000"
    (missing,) = (await look(world, made, "/missing"))["payments"]
    assert (missing["payment_id"], missing["amount"]) == (second, "1500")
    assert (await look(world, made, f"/missing?after={missing['position']}"))["payments"] == []
    # The other statement has it: then nothing is missing any more.
    other = await hand_in(
        world,
        key="s-2",
        content=a_statement(
            a_line(second, "T2", occurred_at="2026-03-01T12:00:30Z"),
            covers_to="2026-03-01T13:00:00Z",
        ),
    )
    # As long as nobody approved that one, it hides nothing.
    assert (await look(world, made))["successes"]["missing"]["count"] == 1
    await reconcile(world, other)
    assert (await look(world, made))["successes"]["elsewhere"]["count"] == 1
    assert (await look(world, made, "/missing"))["payments"] == []
    page = (await world.get(PATH, who="auditor")).json["statements"]
    assert [one["id"] for one in page] == [other.json["id"], made.json["id"]]


async def test_a_repeat_is_answered_alike_and_another_content_under_the_key_is_refused(
    world: World,
) -> None:
    made = await hand_in(world)
    position = await world.services.store.position()
    again = await hand_in(world)
    assert (again.status, again.body) == (201, made.body)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert await world.services.store.position() == position
    # Under another key, by another person, written otherwise: the same words.
    alike = a_statement(a_line(occurred_at="2026-03-01T12:59:30+01:00"))
    assert (await hand_in(world, key="s-2", who="operator", content=alike)).body == made.body
    refused = await hand_in(world, a_line(amount="2"))
    assert (refused.status, refused.code) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("changes", "line", "pointer"),
    [
        ({"provider": "mtm"}, {}, "/provider"),
        ({"currency": "FCFA"}, {}, "/currency"),
        ({"covers_to": "2026-03-01T10:00:00Z"}, {}, "/covers_to"),
        ({"covers_to": "2026-03-01T12:00:01Z"}, {}, "/covers_to"),
        ({"covers_from": "soon"}, {}, "/covers_from"),
        ({"lines": []}, {}, "/lines"),
        ({"lines": [{}] * 5001}, {}, "/lines"),
        ({}, {"amount": "1.5"}, "/lines/0/amount"),
        ({}, {"fee": "-1"}, "/lines/0/fee"),
        ({}, {"direction": "both"}, "/lines/0/direction"),
        ({}, {"occurred_at": "2026-03-01T12:00:00Z"}, "/lines/0/occurred_at"),
        ({}, {"reference": "+237650000001"}, "/lines/0/reference"),
        ({}, {"phone": "+237650000001"}, "/lines/0/phone"),
        ({}, {"name": "Awa"}, "/lines/0/name"),
    ],
)
@pytest.mark.parametrize("language", ["en", "fr"])
async def test_what_is_no_statement_is_refused_by_its_place_and_nothing_is_kept(
    world: World, changes: dict[str, Any], line: dict[str, Any], pointer: str, language: str
) -> None:
    position = await world.services.store.position()
    content = a_statement(a_line(**line), **changes)
    refused = await hand_in(world, content=content, **{"Accept-Language": language})
    code = "invalid_money" if pointer == "/currency" else "invalid_request"
    assert (refused.status, refused.code) == (422, code), refused.body
    (place,) = refused.json["errors"]
    assert place["pointer"] == pointer
    assert b"650000001" not in refused.body
    assert await world.services.store.position() == position


async def test_lines_are_given_by_result_and_in_pages(world: World) -> None:
    known = await a_paid_one(world)
    made = await hand_in(world, a_line(known), *(a_line("", f"T{n}") for n in range(2, 6)))
    await reconcile(world, made)
    page = await look(world, made, "/lines?result=unknown&limit=3")
    assert [one["line"] for one in page["lines"]] == [2, 3, 4]
    page = await look(world, made, f"/lines?result=unknown&limit=3&after={page['next_after']}")
    assert ([one["line"] for one in page["lines"]], page["next_after"]) == ([5], None)
    for result, lines in (("matched", [1]), ("outside", []), ("settled", []), ("differs", [])):
        found = await look(world, made, f"/lines?result={result}")
        assert [one["line"] for one in found["lines"]] == lines
    wrong = await world.get(f"{PATH}/{made.json['id']}/lines?result=foo", who="accountant")
    [fault] = wrong.json["errors"]
    every = {one for part in get_args(Asked) for one in get_args(part) or (part,)}
    assert (fault["parameter"], {one for one in every if one not in fault["remedy"]}) == (
        *("result", set()),
    )
    unknown = await world.get(f"{PATH}/stm_{'a' * 26}", who="accountant")
    assert (unknown.status, unknown.code) == (404, "unknown_statement")


async def test_payouts_and_refunds_are_settled_too_and_each_by_its_direction(world: World) -> None:
    paid = await a_paid_one(world)
    payee = {"amount": "1500", "currency": "XAF", "payee": {"phone": "+237650000001"}}
    payout = (await moved(world, "/v1/payouts", payee, key="p-1")).json["id"]
    start = commands.StartSubmission(
        payment_id=payout,
        provider="mtn",
        reference=f"reference-of-{payout}",
        inquire_at=world.services.clock(),
    )
    await world.services.handler.handle(start, context=CONTEXT)
    made = await hand_in(
        world, a_line(payout, direction="out"), a_line(paid, "T2", direction="out")
    )
    assert await reconcile(world, made) == 1
    lines = (await look(world, made, "/lines"))["lines"]
    assert [(one["result"], one["why"], one["is_settled"]) for one in lines] == [
        ("matched", None, True),
        ("differs", "direction", False),
    ]
    assert (await world.get(f"/v1/payouts/{payout}")).json["status"] == "succeeded"
    assert len((await world.get(f"/v1/payments/{paid}")).json["evidence"]) == 1


async def test_a_payment_that_keeps_no_more_words_makes_its_line_a_difference(
    world: World,
) -> None:
    payment_id = await submitted(world, "order-1")
    for number in range(EVIDENCE_MAX):
        word = Evidence(
            source=Source.POLL,
            provider="mtn",
            reference=f"reference-of-{payment_id}",
            word=Word.FAILED,
            code=str(number),
        )
        told = commands.RecordEvidence(payment_id=payment_id, evidence=word)
        await world.services.handler.handle(told, context=CONTEXT)
    made = await hand_in(world, a_line(payment_id))
    assert await reconcile(world, made) == 1
    assert await reconcile(world) == 0
    (line,) = (await look(world, made, "/lines"))["lines"]
    assert (line["result"], line["why"], line["is_waiting"]) == ("differs", "refused", False)


async def test_a_merchant_sees_nothing_of_it_but_the_word_of_its_payment(world: World) -> None:
    payment_id = await submitted(world, "order-1")
    made = await hand_in(world, a_line(payment_id))
    assert (await agree(world, made, who="auditor")).status == 403
    assert (await agree(world, made, who="mer_1")).status == 403
    await reconcile(world, made)
    for more in ("", f"/{made.json['id']}", f"/{made.json['id']}/lines"):
        assert (await world.get(f"{PATH}{more}")).status == 403
    assert (await hand_in(world, who="auditor", key="s-9")).status == 403
    events = (await world.get(f"/v1/payments/{payment_id}/events")).json["events"]
    word = next(one for one in events if one["type"] == "payment.evidence_recorded")
    assert (word["actor"], word["data"]["evidence"]["source"]) == ("reactor:reconcile", "statement")
    assert word["causation_id"] == f"statement-{made.json['id']}@3"


async def test_another_person_has_to_agree_and_rotating_a_key_makes_nobody_another(
    world: World,
) -> None:
    payment_id = await submitted(world, "order-1")
    mine = await world.add_key("awa", "accountant", label="Awa, accounts")
    made = await hand_in(world, a_line(payment_id), who="awa")
    shown = made.json
    assert (shown["handed_in_by"], shown["handed_in_by_label"]) == (mine, "Awa, accounts")
    assert (shown["approved_by"], shown["approved_at"]) == (None, None)
    rotated = await world.ask("POST", f"/v1/keys/{mine}/rotate", who="admin", json={})
    assert rotated.status == 201, rotated.body
    world.keys["awa again"] = rotated.json["key"]
    await world.caught_up()
    for who in ("awa", "awa again"):
        refused = await agree(world, made, who=who, headers={"Accept-Language": "fr"})
        assert (refused.status, refused.code) == (409, "statement_refused")
        assert "ne peut pas" in refused.json["errors"][0]["reason"]
    assert await reconcile(world) == 0
    other = await world.add_key("paul", "accountant", label="Paul")
    agreed = await agree(world, made, who="paul")
    assert (agreed.json["approved_by"], agreed.json["approved_by_label"]) == (other, "Paul")
    position = await world.services.store.position()
    for who in ("paul", "awa again", "admin"):
        assert (await agree(world, made, who=who)).body == agreed.body
    assert await world.services.store.position() == position
    assert await reconcile(world) == 1
    report = await look(world, made)
    assert (report["approved_by"], report["approved_at"]) == (other, agreed.json["approved_at"])
    page = (await world.get(PATH, who="auditor")).json["statements"]
    assert page == [agreed.json]
    unknown = await world.ask("POST", f"{PATH}/stm_{'a' * 26}/approval", who="operator")
    assert (unknown.status, unknown.code) == (404, "unknown_statement")


async def test_what_nobody_approved_is_taken_back_for_ever_and_told_so(world: World) -> None:
    payment_id = await submitted(world, "order-1")
    wrong = await hand_in(world, a_line(payment_id))
    path = f"{PATH}/{wrong.json['id']}/withdrawal"
    for who in ("auditor", "mer_1"):
        assert (await world.ask("POST", path, who=who)).status == 403
    gone = await world.ask("POST", path, who="operator")
    assert (gone.status, gone.json["approved_by"]) == (200, None)
    assert gone.json["withdrawn_by"] != wrong.json["handed_in_by"]
    position = await world.services.store.position()
    assert (await world.ask("POST", path, who="accountant")).body == gone.body
    assert await world.services.store.position() == position
    await world.caught_up()
    report = await look(world, wrong)
    assert (report["withdrawn_at"], report["lines"]["would_settle"]["count"]) == (
        gone.json["withdrawn_at"],
        0,
    )
    assert (await world.get(PATH, who="auditor")).json["statements"] == [gone.json]
    assert (await world.get("/v1/proposals", who="accountant")).json["proposals"] == []
    refused = await agree(world, wrong, headers={"Accept-Language": "fr"})
    assert (refused.status, refused.code) == (409, "statement_refused")
    assert "il a été retiré" in refused.json["detail"]
    # The same again, under whatever key, is told what it is; with another span it is another one.
    for key in ("s-1", "s-2"):
        again = await hand_in(world, a_line(payment_id), key=key)
        assert (again.status, again.json["errors"][0]["pointer"]) == (409, "/covers_to")
    other = a_statement(a_line(payment_id), covers_from="2026-03-01T10:59:59Z")
    right = await hand_in(world, key="s-3", content=other)
    assert await reconcile(world, right) == 1
    kept = await world.ask("POST", f"{PATH}/{right.json['id']}/withdrawal", who="operator")
    assert (kept.status, kept.code) == (409, "statement_refused")
    unknown = await world.ask("POST", f"{PATH}/stm_{'a' * 26}/withdrawal", who="operator")
    assert (unknown.status, unknown.code) == (404, "unknown_statement")
