"""The right of access: everything that is held about a person, opened, on both databases."""

import re
from collections.abc import AsyncIterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from ledger.payment import Status
from ledger.vault_master import MasterKeys
from tests.checkout_world import pay, session_of
from tests.stage import Stage, a_stage
from tests.test_erasure import calls_read

PHONE = "+237650000101"


@pytest.fixture(params=["sqlite", "postgresql"])
def changes(request: pytest.FixtureRequest) -> dict[str, Any]:
    if request.param == "sqlite":
        return {}
    url = request.getfixturevalue("postgres_database")
    return {"database_url": url, "master_key": MasterKeys.generate().text()}


@pytest.fixture
async def stage(tmp_path: Path, changes: dict[str, Any]) -> AsyncIterator[Stage]:
    async with a_stage(tmp_path, **changes) as made:
        await made.add_key("admin", "admin")
        yield made


async def export(stage: Stage, path: str = "", **headers: str) -> Any:
    return await stage.ask(
        "POST",
        f"/v1/people/exports{path}",
        who="operator",
        json={"phone": PHONE},
        headers=headers,
    )


async def test_all_that_is_held_is_told_and_that_it_was_is_kept(stage: Stage) -> None:
    wanted = {
        "amount": "1500",
        "currency": "XAF",
        "payer": {"phone": PHONE},
        "description": "Two <chickens> & an egg",
        "metadata": {"order": "1001"},
    }
    payment_id = (await stage.pay(wanted)).json["id"]
    other = await stage.request(2)
    await session_of(stage)
    await stage.until_status([payment_id, other], Status.SUCCEEDED)
    reference = (await stage.state(payment_id)).attempts[0].reference
    body = {"payer": {"partyId": PHONE[1:]}, "status": "SUCCESSFUL", "note": "again"}
    await stage.call_back(f"mtn/{payment_id}/{reference}", body)
    await stage.call_back("mtn/nobody/knows", body)
    await stage.call_back("orange/nobody", body | {"notif_token": "dd497bda3b250e53"})
    await calls_read(stage)
    await stage.get(f"/v1/payments/{payment_id}/support", who="operator")

    answer = await export(stage)

    told = answer.json
    assert (answer.status, told["phone"], told["left_out"]) == (200, PHONE, 0)
    [payment] = told["payments"]
    assert (payment["id"], payment["is_erased"], payment["status"]) == (
        payment_id,
        False,
        "succeeded",
    )
    particulars = payment["particulars"]
    assert (particulars["phone"], particulars["metadata"]) == (PHONE, {"order": "1001"})
    assert [one["provider"] for one in payment["attempts"]] == ["mtn"]
    assert payment["evidence"]
    assert [one["status"] for one in payment["support"]] == ["succeeded"]
    assert told["sessions"] == []  # somebody's, but nobody has paid there
    assert len([one for one in told["webhooks"] if "again" in one["body"]]) == 3
    assert [one["body"] for one in told["webhooks"] if '"notif_token": "***"' in one["body"]]
    assert b"dd497bda3b250e53" not in answer.body
    sent = [one["request"] for one in payment["exchanges"] if one["power"] == "collection"]
    assert [PHONE[1:] in one and "Bearer" not in one for one in sent] == [True]
    recorded = await stage.services.store.read(told["position"] - 1, 1)
    assert recorded[0].type == "person.exported"
    assert b"650000101" not in recorded[0].entry
    shown = await export(stage, "/page", **{"Accept-Language": "fr"})
    assert shown.headers["Content-Type"] == "text/html; charset=utf-8"
    page = shown.body.decode()
    assert "Ce qui est conservé à votre sujet" in page
    assert "Two &lt;chickens&gt; &amp; an egg" in page
    assert well_formed(page)
    assert "dd497bda3b250e53" not in page
    text = text_of(page)
    for said in (
        f"Échanges avec les prestataires {len(payment['exchanges'])}\xa0; chacun figure",
        "Nature Paiement",
        "État Réussi\xa0: l'argent a été transféré",
        "Montant 1\xa0500\xa0FCFA",
        "Marchand A shop (mer_1)",
        "Prestataire MTN MoMo",
        "Objet Two <chickens> & an egg",
        "Notes du marchand order: 1001",
        "Réponse du prestataire, interrogé MTN MoMo Payé",
        "Détenteur de la clé",
        f"Fin de l'adresse appelée {payment_id}/{reference}",
        "En-têtes de l'appel",
    ):
        assert said in text
    # Only what went over the wire, and is folded up, stands in a machine's words.
    words = re.sub(r"<pre>.*?</pre>", "", page, flags=re.DOTALL)
    assert re.findall(r"succeeded|collection|None|null|&quot;|T[0-9]{2}:[0-9]{2}", words) == []


def text_of(page: str) -> str:
    """What a reader sees of it."""
    return " ".join(
        unescape(re.sub(r"<[^>]*>", " ", page)).replace("\xa0", "\x00").split()
    ).replace("\x00", "\xa0")


async def test_after_an_erasure_the_export_says_what_is_left(stage: Stage) -> None:
    payment_id = await stage.request(1)
    await stage.until_status([payment_id], Status.SUCCEEDED)
    content = {"phone": PHONE, "reason": "asked for"}
    asked = await stage.ask("POST", "/v1/people/erasures", who="operator", json=content)
    path = f"/v1/people/erasures/{asked.json['id']}/approval"
    done = await stage.ask("POST", path, who="admin")
    assert done.json["status"] == "erased", done.body

    told = (await export(stage)).json

    [payment] = told["payments"]
    assert (payment["is_erased"], payment["particulars"]) == (True, None)
    assert [one["status"] for one in told["erasures"]] == ["erased"]
    assert all(one["is_erased"] and one["body"] is None for one in told["webhooks"])
    page = (await export(stage, "/page")).body.decode()
    assert well_formed(page)
    # Of each: the payment, what went over the wire about it, and the calls.
    wire, calls = len(payment["exchanges"]), len(told["webhooks"])
    assert len(re.findall("<td>erased</td>", page)) == 1 + wire + calls


async def test_who_paid_in_anothers_place_is_not_told_who_was_named(stage: Stage) -> None:
    named = {"phone": "+237650000202"}
    theirs = await session_of(stage, payer=named, metadata={"patient": "Ngo Bassa"})
    mine = await session_of(stage, "order-2", payer={"phone": PHONE}, metadata={"order": "2"})
    for session_id in (theirs, mine):
        await pay(stage, session_id, PHONE)

    answer = await export(stage)

    told_payments = answer.json["payments"]
    told = {one["id"]: one["particulars"] for one in answer.json["sessions"]}
    assert told.keys() == {theirs, mine}
    assert "return_url" in told[theirs]
    assert told[mine]["payer"]["phone"] == PHONE
    assert told[mine]["metadata"] == {"order": "2"}
    assert told[theirs].keys().isdisjoint({"payer", "description", "metadata"})
    assert b"650000202" not in answer.body
    by_page = {(await of_page(stage, one["id"])): one["particulars"] for one in told_payments}
    assert by_page[mine]["metadata"] == {"order": "2"}
    assert (by_page[theirs]["metadata"], by_page[theirs]["description"]) == (None, None)
    assert by_page[theirs].keys() == by_page[mine].keys()
    assert b"Ngo Bassa" not in answer.body
    page = (await export(stage, "/page")).body
    assert b"650000202" not in page


async def of_page(stage: Stage, payment_id: str) -> str | None:
    """The page that a payment was made on."""
    return (await stage.state(payment_id)).requested.checkout


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def well_formed(page: str) -> bool:
    """Whether every tag that is opened is closed, in order."""
    reader = _Tags()
    reader.feed(page)
    return not reader.open
