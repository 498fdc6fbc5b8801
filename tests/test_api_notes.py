"""Operators' notes over HTTP: who may, what is told beforehand, what follows, and to whom."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger import commands, events
from ledger.evidence import Source, Word
from ledger.operator_notes import NOTE_HOURS_MAX
from ledger.verify import verify_log
from tests.api_world import CONTEXT, Answer, World, a_world, settings_in
from tests.builders import a_word
from tests.conftest import FakeClock
from tests.test_api_payments import paid
from tests.test_api_statements import a_line, hand_in
from tests.test_api_statements import agree as agree_to_statement

WHY = "the operator's desk confirmed it by letter of 12 May, case 114"
SUSPENSE = [("471", "mtn", "0", "1500"), ("552", "mtn", "1500", "0")]
PAID = [("411", "mer_1", "0", "1500"), ("552", "mtn", "1500", "0")]


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with a_world(settings_in(tmp_path), clock=clock) as made:
        yield made


async def a_conflict(world: World, key: str = "order-1") -> str:
    """The id of a payment of which the provider said one thing, and then another."""
    payment_id = str((await world.pay(key=key)).json["id"])
    await paid(world, payment_id)
    await hear(world, payment_id, Word.FAILED)
    return payment_id


async def hear(world: World, payment_id: str, word: Word) -> None:
    """Let the provider say one more word."""
    said = a_word(word, Source.POLL, reference=f"reference-of-{payment_id}")
    command = commands.RecordEvidence(payment_id=payment_id, evidence=said)
    await world.services.handler.handle(command, context=CONTEXT)


async def propose(
    world: World, payment_id: str, word: str = "succeeded", who: str = "operator", **said: Any
) -> Answer:
    content = {"word": word, "reason": WHY, **said}
    return await world.ask("POST", f"/v1/payments/{payment_id}/notes", who=who, json=content)


async def agree(
    world: World, payment_id: str, note: str = "note_1", who: str = "admin", **options: Any
) -> Answer:
    path = f"/v1/payments/{payment_id}/notes/{note}/approval"
    return await world.ask("POST", path, who=who, **options)


def lines(told: Any) -> list[tuple[str, str, str, str]]:
    """The lines of the journal that an outlook tells."""
    return [(one["account"], one["holder"], one["debit"], one["credit"]) for one in told["journal"]]


async def types_of(world: World, payment_id: str) -> list[str]:
    recorded = await world.services.store.read_stream(f"payment-{payment_id}")
    return [one.type for one in recorded]


async def test_a_conflict_is_settled_by_two_operators_who_read_beforehand_what_will_become_of_it(
    world: World, clock: FakeClock
) -> None:
    payment_id = await a_conflict(world)
    proposed = await propose(world, payment_id)
    clock.advance(60)
    own = await agree(world, payment_id, who="operator")
    done = await agree(world, payment_id)

    told = proposed.json
    assert (proposed.status, told["id"], told["state"]) == (201, "note_1", "proposed")
    assert proposed.headers["Location"] == f"/v1/payments/{payment_id}/notes"
    assert (told["stood"]["status"], lines(told["stood"])) == ("conflict", SUSPENSE)
    assert (told["would_become"]["status"], lines(told["would_become"])) == ("succeeded", PAID)
    assert told["would_become_now"] == told["would_become"]
    assert (own.status, own.code) == (409, "note_refused")
    assert (done.status, done.json["status"]) == (200, "succeeded")
    [word] = [one for one in done.json["evidence"] if one["source"] == "operator"]
    assert (word["note"], word["word"], word["amount"]) == ("note_1", "succeeded", "1500")
    assert (word["reason"], done.json["reason"]) == (None, None)
    await world.caught_up()
    balance = await world.services.accounts.trial_balance()
    assert [(one.account, one.debit_minor - one.credit_minor) for one in balance] == [
        *(("411", -1500), ("471", 0), ("552", 1500)),
    ]
    [note] = (await world.get(f"/v1/payments/{payment_id}/notes", who="auditor")).json["notes"]
    assert (note["state"], note["would_become_now"]) == ("approved", None)
    assert (note["proposed_at"], note["approved_at"]) == (
        *("2026-03-01T12:00:00Z", "2026-03-01T12:01:00Z"),
    )
    shown = await world.get(f"/v1/payments/{payment_id}", who="admin")
    assert shown.json == done.json
    # The two pairs of eyes stand in the log itself, one event right after the other.
    assert (await types_of(world, payment_id))[-4:] == [
        *("payment.note_proposed", "payment.note_approved"),
        *("payment.evidence_recorded", "payment.succeeded"),
    ]
    assert note["proposed_by"] != note["approved_by"]
    assert (await verify_log(world.services.store)).size == await world.services.store.position()


async def test_a_merchant_sees_that_a_person_settled_it_and_neither_who_nor_why(
    world: World,
) -> None:
    await world.add_key("awa", "operator", label="Awa, support")
    payment_id = await a_conflict(world)
    await propose(world, payment_id, who="awa")
    await agree(world, payment_id)
    notes = f"/v1/payments/{payment_id}/notes"

    seen = [
        await world.get(f"/v1/payments/{payment_id}{part}", headers=headers)
        for part in ("", "/events", "/support")
        for headers in ({}, {"Accept-Language": "fr"})
    ]
    listed = await world.get(notes, who="accountant")
    foreign = [await world.get(notes), await propose(world, payment_id, who="mer_1")]

    assert [one.status for one in seen] == [200] * 6
    for one in seen:
        assert b"Awa" not in one.body
        assert WHY.encode() not in one.body
    assert b'"source":"operator"' in seen[0].body
    assert b"A person of the server's operator looked into the payment and settled it." in (
        seen[4].body
    )
    assert "Une personne de l'exploitant du serveur a vérifié le paiement" in seen[5].body.decode()
    assert [one.status for one in foreign] == [403, 403]
    [note] = listed.json["notes"]
    assert (note["reason"], note["proposed_by_label"]) == (WHY, "Awa, support")
    log = b"".join([one.entry for one in await world.services.store.read(0, 1000)])
    assert WHY.encode() not in log


async def test_what_a_provider_says_meanwhile_is_looked_at_before_anybody_agrees(
    world: World,
) -> None:
    payment_id = str((await world.pay()).json["id"])
    await paid(world, payment_id, Word.EXPIRED)
    await propose(world, payment_id, "failed")
    await hear(world, payment_id, Word.FAILED)
    same = await agree(world, payment_id)
    await propose(world, payment_id, "expired", replaces="note_1")
    await agree(world, payment_id, "note_2")
    late = await propose(world, payment_id, replaces="note_2")
    reserved = await agree(world, payment_id, "note_3")

    assert (same.status, same.json["status"]) == (200, "failed")
    assert (late.json["stood"]["status"], late.json["would_become"]["status"]) == (
        *("expired", "succeeded"),
    )
    assert (reserved.status, reserved.json["status"]) == (200, "succeeded")
    overtaken = await propose(world, payment_id, "failed", replaces="note_3")
    refund = {"amount": "500", "allow_payout": True}
    await world.ask(
        "POST",
        f"/v1/payments/{payment_id}/refunds",
        who="mer_1",
        headers={"Idempotency-Key": "r-1"},
        json=refund,
    )
    refused = await agree(world, payment_id, "note_4")
    listed = await world.get(f"/v1/payments/{payment_id}/notes", who="operator")
    anew = await propose(world, payment_id, "failed", replaces="note_3")
    done = await agree(world, payment_id, "note_5")

    assert overtaken.json["would_become"]["refunds"] == "0"
    assert (refused.status, refused.code) == (409, "note_refused")
    assert listed.json["notes"][-1]["state"] == "overtaken"
    assert listed.json["notes"][-1]["would_become_now"]["refunds"] == "500"
    assert (anew.status, anew.json["id"]) == (201, "note_5")
    assert (done.json["status"], done.json["refunded"]) == ("failed", "0")


async def test_nothing_is_done_twice_by_repeats_and_by_many_at_once(world: World) -> None:
    payment_id = await a_conflict(world)
    proposed = await asyncio.gather(*(propose(world, payment_id) for _ in range(4)))
    again = await propose(world, payment_id, who="admin", amount="1500.0")
    other = await propose(world, payment_id, "failed")
    for number in range(3):
        await world.add_key(f"operator-{number}", "operator")
    agreed = await asyncio.gather(
        *(agree(world, payment_id, who=f"operator-{number}") for number in range(3))
    )
    repeated = await propose(world, payment_id)

    assert {(one.status, one.json["id"]) for one in (*proposed, repeated)} == {(201, "note_1")}
    assert (again.status, again.code) == (422, "invalid_money")
    assert (other.status, other.code) == (409, "note_refused")
    assert {(one.status, one.json["status"]) for one in agreed} == {(200, "succeeded")}
    types = await types_of(world, payment_id)
    assert [types.count(f"payment.note_{word}") for word in ("proposed", "approved")] == [1, 1]
    assert types.count("payment.evidence_recorded") == 3


async def test_a_key_that_took_the_place_of_the_proposers_is_still_his(
    world: World, clock: FakeClock
) -> None:
    payment_id = await a_conflict(world)
    await propose(world, payment_id)
    old = world.keys["operator"].split("_")[2]
    new = await world.add_key("successor", "operator")
    rotated = commands.RotateKey(
        key_id=old, successor_id=new, at=clock(), ends_at=clock() + timedelta(hours=1)
    )
    await world.services.handler.handle(rotated, context=CONTEXT)
    await world.caught_up()

    refused = await agree(world, payment_id, who="successor")
    done = await agree(world, payment_id, who="admin")

    assert (refused.status, refused.code) == (409, "note_refused")
    assert "cannot be the one who agrees" in refused.json["detail"]
    assert done.status == 200


async def test_a_proposal_is_taken_back_by_any_operator_or_ends_by_itself(
    world: World, clock: FakeClock
) -> None:
    payment_id = await a_conflict(world)
    await propose(world, payment_id)
    path = f"/v1/payments/{payment_id}/notes/note_1/withdrawal"
    withdrawn = [await world.ask("POST", path, who="admin") for _ in range(2)]
    refused = await agree(world, payment_id)
    await propose(world, payment_id)
    clock.advance(NOTE_HOURS_MAX * 3600)
    late = await agree(world, payment_id, "note_2", headers={"Accept-Language": "fr"})
    listed = await world.get(f"/v1/payments/{payment_id}/notes", who="accountant")
    unknown = await agree(world, payment_id, "note_9")

    assert [(one.status, one.json["state"]) for one in withdrawn] == [(200, "withdrawn")] * 2
    assert (refused.status, "taken back" in refused.json["detail"]) == (409, True)
    assert late.json["detail"].startswith("personne n'a donné son accord en 72 heures.")
    assert [one["state"] for one in listed.json["notes"]] == ["withdrawn", "lapsed"]
    assert (unknown.status, unknown.code) == (404, "unknown_note")


async def test_what_cannot_be_said_of_it_names_the_field_and_the_remedy(world: World) -> None:
    payment_id = await a_conflict(world)
    unsent = str((await world.pay(key="order-2")).json["id"])
    refused = [
        await propose(world, payment_id, **said)
        for said in (
            {"reference": "somebody-elses"},
            {"currency": "XOF"},
            {"occurred_at": "2030-01-31T12:00:00Z"},
            {"replaces": "note_7"},
            {"amount": "12,50"},
            {"reason": "the payer's number is 650 00 00 01"},
            {"reason": " \N{NO-BREAK SPACE} "},
        )
    ]
    never = await propose(world, unsent)
    stranger = await propose(world, "pay_" + "a" * 26)

    assert [(one.status, one.json["errors"][0]["pointer"]) for one in refused] == [
        *((409, "/reference"), (409, "/currency"), (409, "/occurred_at"), (409, "/replaces")),
        *((422, "/amount"), (422, "/reason"), (422, "/reason")),
    ]
    assert (never.status, never.code) == (409, "note_refused")
    assert "given up by itself" in never.json["errors"][0]["remedy"]
    assert (stranger.status, stranger.code) == (404, "unknown_payment")
    assert b"650 00" not in refused[-2].body
    assert "is blank" in refused[-1].json["errors"][0]["reason"]


async def test_what_two_operators_settled_is_asked_about_no_more_and_told_to_who_has_to_know(
    world: World, clock: FakeClock
) -> None:
    """An unknown payment at a provider that cannot be asked: what a note is made for."""
    services = world.services
    payment_id = str((await world.pay()).json["id"])
    reference = f"reference-of-{payment_id}"
    for command in (
        commands.StartSubmission(
            payment_id=payment_id, provider="mtn", reference=reference, inquire_at=clock()
        ),
        commands.DoubtSubmission(
            payment_id=payment_id, reference=reference, reason="timeout", inquire_at=clock()
        ),
    ):
        await services.handler.handle(command, context=CONTEXT)
    await world.caught_up()
    before = await services.worklist.listing(now=clock())
    await propose(world, payment_id, occurred_at="2026-03-01T11:59:00Z")
    await agree(world, payment_id)
    await world.caught_up()

    notices = (await world.get("/v1/notices")).json["notices"]
    [listed] = (await world.get("/v1/payments?status=succeeded")).json["payments"]
    assert [one.kind for one in before] == ["inquire"]
    assert await services.worklist.listing(now=clock()) == []
    assert [one["type"] for one in notices][-1] == "payment.succeeded"
    assert (listed["id"], listed["moved_at"]) == (payment_id, "2026-03-01T11:59:00Z")
    noted = await services.store.read_stream(f"payment-{payment_id}")
    approved = next(one for one in noted if isinstance(one.event, events.PaymentNoteApproved))
    assert approved.actor.startswith("key:")


async def test_what_waits_for_a_second_person_is_one_list_of_notes_and_statements(
    world: World, clock: FakeClock
) -> None:
    await world.add_key("awa", "operator", label="Awa, support")
    settled, left, unsure = [await a_conflict(world, f"order-{n}") for n in range(3)]
    overtaken = str((await world.pay(key="order-3")).json["id"])
    await paid(world, overtaken)
    for payment_id, word in (
        (settled, "succeeded"),
        (left, "failed"),
        (overtaken, "failed"),
        (unsure, "succeeded"),
    ):
        await propose(world, payment_id, word, who="awa")
        clock.advance(1)
    statement = await hand_in(world)
    approved = await hand_in(world, a_line("", "T2"), key="s-2")
    assert (await agree_to_statement(world, approved)).status == 200
    await agree(world, settled)
    await world.ask("POST", f"/v1/payments/{unsure}/notes/note_1/withdrawal", who="awa")
    await propose(world, unsure, "failed", who="awa")
    refund = {"amount": "500", "allow_payout": True}
    path, key = f"/v1/payments/{overtaken}/refunds", {"Idempotency-Key": "r-1"}
    asked = await world.ask("POST", path, who="mer_1", headers=key, json=refund)
    await world.caught_up()

    async def listed(query: str = "", who: str = "operator") -> Any:
        answer = await world.get(f"/v1/proposals{query}", who=who)
        assert answer.status == 200, answer.body
        return answer.json

    assert asked.status == 202
    every = await listed()
    names = [(one["kind"], one["payment_id"], one["id"]) for one in every["proposals"]]
    assert names == [
        ("note", unsure, "note_2"),
        ("statement", None, statement.json["id"]),
        ("note", overtaken, "note_1"),
        ("note", left, "note_1"),
    ]
    assert [one["state"] for one in every["proposals"]] == [
        *("proposed", "proposed", "overtaken", "proposed"),
    ]
    note = every["proposals"][-1]
    assert note == {
        "kind": "note",
        "id": "note_1",
        "payment_id": left,
        "state": "proposed",
        "provider": "mtn",
        "word": "failed",
        "amount": None,
        "currency": None,
        "reason": WHY,
        "status": "conflict",
        "would_become": "failed",
        "lines_count": None,
        "proposed_by": note["proposed_by"],
        "proposed_by_label": "Awa, support",
        "proposed_at": "2026-03-01T12:00:01Z",
        "ends_at": "2026-03-04T12:00:01Z",
        "approval": f"/v1/payments/{left}/notes/note_1/approval",
        "position": note["position"],
    }
    told = every["proposals"][1]
    assert (told["provider"], told["lines_count"], told["ends_at"]) == ("mtn", 1, None)
    first = await listed("?limit=2", who="auditor")
    rest = await listed(f"?limit=2&after={first['next_after']}", who="accountant")
    assert first["proposals"] + rest["proposals"] == every["proposals"]
    assert [one["kind"] for one in (await listed("?kind=statement"))["proposals"]] == ["statement"]
    assert (await world.get("/v1/proposals", who="mer_1")).status == 403
    # Who agrees needs nothing but what the list says.
    for one in (note, told):
        assert (await world.ask("POST", one["approval"], who="admin")).status == 200
    clock.advance(NOTE_HOURS_MAX * 3600)
    await world.caught_up()
    assert (await listed())["proposals"] == []
