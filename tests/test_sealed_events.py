"""Every field of every event that seals something: whose it is, and that it goes with that person.

The table names them all, and fails when an event learns to seal something new. Then one person
lives through all of it, with a provider's sandbox, an endpoint on a socket and a page: an export
tells what is theirs, and after an erasure none of it can be opened.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import orjson

from adapters.base import Accepted
from adapters.recording import Recorder
from ledger import commands
from ledger.entry import RecordedEvent
from ledger.events import EVENTS
from ledger.evidence import Word
from ledger.money import Money
from ledger.payment import Status
from ledger.payment_codes import code_context, code_subject
from tests.api_world import CONTEXT
from tests.builders import a_request, a_word
from tests.checkout_world import session_of
from tests.raw_server import answer, answering
from tests.shop import Shop
from tests.stage import Stage, a_stage
from tests.test_erasure import agree, ask, calls_read, keys_missing

PHONE = "+237650000101"

TOLD = "of the person, and told in an export"
SECRET = "of the person, and a secret between machines that an export leaves out"
MERCHANTS = "of a merchant, and nothing of a person"
OPERATORS = "of the operators, about their own act, and nothing of a person"

SEALED: dict[tuple[str, str], str] = {
    ("payment.requested", "sealed"): TOLD,
    ("payment.requested", "sealed_code"): SECRET,
    ("payment.submission_started", "sealed_handle"): SECRET,
    ("payment.submitted", "sealed_handle"): SECRET,
    ("payment.submission_declined", "sealed_code"): SECRET,
    ("payment.submission_withdrawn", "sealed_code"): SECRET,
    ("payment.code_given", "sealed_code"): SECRET,
    ("payment.refund_reserved", "sealed"): TOLD,
    ("payment.note_proposed", "sealed_reason"): OPERATORS,
    ("checkout.created", "sealed"): MERCHANTS,
    ("checkout.created", "sealed_payer"): TOLD,
    ("webhook.received", "sealed"): TOLD,
    ("delivery.attempted", "sealed_answer"): TOLD,
    ("exchange.recorded", "sealed"): TOLD,
    ("person.erasure_requested", "sealed"): TOLD,
    ("endpoint.added", "sealed"): MERCHANTS,
    ("endpoint.changed", "sealed_url"): MERCHANTS,
    ("endpoint.secret_rotated", "sealed"): MERCHANTS,
}
"""Event and field -> whose it is. Of `checkout.created` that is so where it names a payer; where it
names none, `sealed` is forgotten with whoever pays (tests/test_erasure.py)."""

NOT_LIVED = {
    ("payment.submission_declined", "sealed_code"),
    ("payment.submission_withdrawn", "sealed_code"),
    ("payment.code_given", "sealed_code"),
}
"""Under the same subject as the code of a request, whose destruction is seen here."""


def test_every_field_that_is_sealed_has_its_place_in_the_table() -> None:
    sealing = {
        (type_, field.name)
        for type_, cls in EVENTS.items()
        for field in msgspec.structs.fields(cls)
        if field.name.startswith("sealed")
    }
    assert sealing == SEALED.keys()


def sealed_in(recorded: RecordedEvent) -> Iterator[tuple[tuple[str, str], str]]:
    """What an event seals, by its place in the table."""
    for name, value in msgspec.structs.asdict(recorded.event).items():
        if name.startswith("sealed") and value:
            yield (recorded.type, name), value


async def test_whatever_is_sealed_of_a_person_is_told_to_them_and_goes_with_them(
    tmp_path: Path,
) -> None:
    async with a_stage(tmp_path, endpoint_loopback=True) as stage:
        await stage.add_key("admin", "admin")
        services = stage.services
        async with Shop(services.clock, answering(answer(200, b"heard-by-shop"))) as shop:
            page = await lived(stage, shop)
        person = services.vault.person(PHONE)

        exported = await stage.ask(
            "POST", "/v1/people/exports", who="operator", json={"phone": PHONE}
        )
        asked = await ask(stage, phone=PHONE)
        log = [one async for one in all_of(stage)]
        theirs = [
            (place, text)
            for one in log
            for place, text in sealed_in(one)
            if SEALED[place] in {TOLD, SECRET}
            and getattr(one.event, "hides", "secrets") == "secrets"
        ]
        before = {place for place, _ in theirs}
        assert await keys_missing(stage) == {}
        done = await agree(stage, asked.json["id"])
        assert await keys_missing(stage) == {}
        open_still = [
            place for place, text in theirs if not await services.vault.is_erased(text, afresh=True)
        ]

        theirs_all = {one for one, whose in SEALED.items() if whose in {TOLD, SECRET}}
        assert before == theirs_all - NOT_LIVED
        told = exported.json
        [named] = told["sessions"]
        assert (named["id"], named["particulars"]["payer"]["phone"]) == (page, PHONE)
        for marker in (
            b"of-payment",  # payment.requested
            b"of-refund",  # payment.refund_reserved
            b"of-page",  # checkout.created
            b"of-call",  # webhook.received
            b"heard-by-shop",  # delivery.attempted
            b"requesttopay",  # exchange.recorded
        ):
            assert marker in exported.body, marker
        assert told["left_out"] == 0
        assert b"of-handle" not in exported.body
        assert (done.status, done.json["status"]) == (200, "erased"), done.body
        assert open_still == []
        shown = await stage.get(f"/v1/checkout-sessions/{page}")
        assert (shown.json["payer"], shown.json["status"]) == (None, "open")
        assert shown.json["return_url"] is not None
        [erased] = [one.event async for one in all_of(stage) if one.type == "person.erased"]
        assert (erased.sessions, erased.person) == (1, person)
        # Nobody paid on the page, so what is the merchant's of it goes with nobody.
        await services.vault.erase(f"checkout-{page}")
        assert await keys_missing(stage) == {"checkout sessions": 1}


async def all_of(stage: Stage) -> Any:
    """The whole log, event by event."""
    after = 0
    while page := await stage.services.store.read(after, 1000):
        for one in page:
            yield one
        after = page[-1].position


async def lived(stage: Stage, shop: Shop) -> str:
    """Let everything happen to the person that the table knows of; the page that names them."""
    added = await stage.ask("POST", "/v1/webhook-endpoints", who="mer_1", json={"url": shop.url})
    assert added.status == 201, added.body
    wanted = {"amount": "1500", "currency": "XAF", "payer": {"phone": PHONE}}
    paid = (await stage.pay({**wanted, "metadata": {"is": "of-payment"}})).json["id"]
    page = await session_of(stage, payer={"phone": PHONE}, metadata={"is": "of-page"})
    await stage.until_status([paid], Status.SUCCEEDED)
    reference = (await stage.state(paid)).attempts[0].reference
    await stage.call_back(f"mtn/{paid}/{reference}", {"status": "SUCCESSFUL", "is": "of-call"})
    await calls_read(stage)
    await with_handles(stage)
    await with_code(stage)

    async def is_told() -> bool:
        told = [one async for one in all_of(stage) if one.type == "delivery.attempted"]
        return len(told) >= 2

    await stage.until(is_told)
    return page


async def asked_for(stage: Stage, payment_id: str, **changes: Any) -> None:
    """Ask for a payment with a provider that is not enabled here: nobody touches it."""
    services = stage.services
    payer = services.vault.person(PHONE)
    particulars = orjson.dumps({"phone": PHONE})
    sealed = services.vault.seal(payer, particulars, context=payment_id)
    keys = [one for one in (sealed.new_key, changes.pop("key", None)) if one]
    command = replace(
        a_request(payment_id, provider="wave", payer=payer),
        sealed=sealed.text,
        expires_at=services.clock() + timedelta(hours=1),
        mode="test",
        **changes,
    )
    await services.handler.handle(command, context=CONTEXT, keys=keys)


async def with_handles(stage: Stage) -> None:
    """A payment of a provider that gave handles, before its call and after; refunded in vain."""
    services, payment_id = stage.services, "pay_handles"
    await asked_for(stage, payment_id)
    state, recorded = await services.handler.payment(payment_id)
    recorder = Recorder(services.handler, services.vault).about(recorded, actor="test")
    handle = {"token": "of-handle"}
    now = services.clock()
    await recorder.record(
        commands.StartSubmission(
            payment_id=payment_id,
            provider="wave",
            reference="w-1",
            inquire_at=now,
            sealed_handle=await recorder.seal_handle(state, "w-1", handle),
        )
    )
    await recorder.confirm(state, "w-1", Accepted(handle=handle), now)
    word = a_word(Word.SUCCEEDED, provider="wave", reference="w-1")
    await recorder.record(commands.RecordEvidence(payment_id=payment_id, evidence=word))
    written = orjson.dumps({"phone": PHONE, "description": "of-refund"})
    sealed = await services.vault.seal_beside(
        state.requested.sealed, written, context="ref_handles"
    )
    await recorder.record(
        commands.ReserveRefund(
            payment_id=payment_id,
            refund_id="ref_handles",
            money=Money(500, "XAF"),
            provider="wave",
            route_reason="it took the payment",
            power="refund",
            sealed=sealed,
            content_digest="digest",
            expires_at=now,
        )
    )

    async def is_open() -> bool:
        return bool(await services.store.read_stream("payment-ref_handles"))

    await stage.until(is_open)
    await recorder.record(commands.ExpirePayment(payment_id="ref_handles", reason="in vain"))

    async def is_settled() -> bool:
        state, _ = await services.handler.payment(payment_id)
        return all(one.is_given_back is False for one in state.refunds)

    await stage.until(is_settled)


async def with_code(stage: Stage) -> None:
    """A payment that came with a one-time code, and was never sent."""
    vault, payment_id = stage.services.vault, "pay_code"
    context = code_context(payment_id)
    code = vault.seal(code_subject(payment_id), b"1234", context=context)
    await asked_for(stage, payment_id, sealed_code=code.text, key=code.new_key)
    expire = commands.ExpirePayment(payment_id=payment_id, reason="it was never sent")
    await stage.services.handler.handle(expire, context=CONTEXT)
