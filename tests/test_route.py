"""The route of a payment, told once from end to end: read this first.

    merchant ──► api ──► ledger ──► dispatch ──► MTN, whose callback is lost
                           ▲                      │
                           └────── polling ◄──────┘      then: look, audit, balance, verify

Everything is real: a server on a socket, a database file, the providers' sandboxes on sockets of
their own. Nobody sleeps: whoever waits, waits for the log to grow.
"""

from pathlib import Path

from adapters.sandbox.faults import Faults
from ledger.payment import Status
from ledger.store import TreeHead
from ledger.verify import verify_log
from tests.stage import ONLY_CALLBACKS, a_stage


async def test_a_payment_from_the_merchants_request_to_a_history_that_verifies(
    tmp_path: Path,
) -> None:
    async with a_stage(tmp_path) as stage:
        # MTN works, but its callbacks get lost.
        await stage.providers.weather("mtn", Faults(callback_lost=1))

        # The merchant asks for 1500 XAF, under a key of its own, and is told where to look.
        wanted = {
            "amount": "1500",
            "currency": "XAF",
            "payer": {"phone": "6 50 00 00 01"},
            "description": "Deux pagnes",
        }
        receipt = await stage.pay(wanted, key="order-1")
        payment_id = receipt.json["id"]
        assert (receipt.status, receipt.headers["Location"]) == (202, f"/v1/payments/{payment_id}")

        # Its connection breaks, it asks again: the same answer, and no second payment.
        again = await stage.pay(wanted, key="order-1")
        assert (again.status, again.body) == (202, receipt.body)

        # The reactors take it from here, until MTN has said its final word.
        await stage.until_status([payment_id], Status.SUCCEEDED)
        shown = (await stage.get(f"/v1/payments/{payment_id}")).json
        assert {name: shown[name] for name in ("status", "amount", "provider", "operator")} == {
            "status": "succeeded",
            "amount": "1500",
            "provider": "mtn",
            "operator": "mtn-cm",
        }

        # MTN's own books say the same, once.
        (booked,) = stage.providers.mtn.books.payments.values()
        assert (booked.external_id, booked.amount, booked.status, booked.posts_seen) == (
            payment_id,
            "1500",
            "SUCCESSFUL",
            1,
        )
        assert shown["provider_transaction_id"] == booked.financial_transaction_id

        # The audit trail: what happened, in order, and what made it happen.
        trail = (await stage.get(f"/v1/payments/{payment_id}/events", who="auditor")).json
        told = [(one["type"], one["actor"]) for one in trail["events"]]
        asked_in_vain = told.count(("payment.inquired", "reactor:polling"))
        assert told == [
            ("payment.requested", "merchant:mer_1"),
            ("payment.submission_started", "reactor:dispatch"),
            ("payment.submitted", "reactor:dispatch"),
            *[("payment.inquired", "reactor:polling")] * asked_in_vain,
            ("payment.evidence_recorded", "reactor:polling"),
            ("payment.succeeded", "reactor:polling"),
        ]
        assert len({one["correlation_id"] for one in trail["events"]}) == 1
        happened = {one["id"] for one in trail["events"]}
        assert all(one["causation_id"] in happened for one in trail["events"][1:])

        # The books: what MTN owes us, and what we owe the merchant.
        position = trail["position"]
        balance = (await stage.get(f"/v1/accounts?min_position={position}", who="accountant")).json
        lines = {(one["account"], one["holder"]): one["balance"] for one in balance["accounts"]}
        assert balance["is_balanced"]
        assert lines == {("552", "mtn"): "1500", ("411", "mer_1"): "-1500"}

        # What the log commits to, and the proof that nobody rewrote it since.
        checkpoint = (await stage.get("/v1/log/checkpoint")).json
        saved = TreeHead(checkpoint["size"], bytes.fromhex(checkpoint["root_hex"]))
        verified = await verify_log(stage.services.store, checkpoint=saved)
        assert verified.size >= saved.size

        # The read models are what the log alone gives.
        projections = stage.services.projections
        checked = [
            await projections.check(name, stage.services.store) for name in projections.names
        ]
        assert [one.is_equal for one in checked] == [True] * len(checked)


async def test_an_orange_payment_is_confirmed_on_its_page_and_told_by_a_token(
    tmp_path: Path,
) -> None:
    # Nobody asks Orange within this test: its notification alone brings the word.
    async with a_stage(tmp_path, pace=ONLY_CALLBACKS) as stage:
        receipt = await stage.pay(
            {"amount": "2500", "currency": "XAF", "payer": {"phone": "+237690000001"}}
        )
        payment_id = receipt.json["id"]

        # The payer is sent to Orange's page, types a number and the code, and confirms.
        page = await stage.page_of(payment_id)
        saw = await stage.pay_at(page)
        assert saw.status == 200

        # The notification is stored first, then understood; its token makes its word evidence.
        await stage.until_status([payment_id], Status.SUCCEEDED)
        shown = (await stage.get(f"/v1/payments/{payment_id}")).json
        (word,) = shown["evidence"]
        (order,) = stage.providers.orange.books.orders.values()
        assert (word["source"], word["word"], shown["provider_transaction_id"]) == (
            "webhook",
            "succeeded",
            order.txnid,
        )
        assert (order.status, order.amount, order.times_created) == ("SUCCESS", 2500, 1)
        assert (await stage.types(payment_id))[2:] == [
            "submitted",
            "evidence_recorded",
            "succeeded",
        ]
