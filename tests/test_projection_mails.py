"""Mails, as the queue of letters: what is worth one, for whom, and when it is due."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger import commands_mail as commands
from ledger.identity import Recipient
from projections.mails import MailRow, MailsProjection
from tests.builders import NOW, PAID, Step, a_request, payment_id, stories
from tests.projecting import Projected, ReadModel

WANTED: tuple[Recipient, ...] = ("payer", "merchant")
RESULTS = ("accepted", "refused", "deferred", "unknown")
REFUND = ("refund", "refund_paid")
OVERTURNED = ("statement_failure",)


async def asked(
    projected: Projected, *numbers: int, wanted: tuple[Recipient, ...] = WANTED
) -> None:
    """Ask for payments with receipts, before a story goes on with them."""
    before = len(projected.teller.log)
    for number in numbers:
        projected.teller.do(replace(a_request(payment_id(number)), receipts=wanted))
    await projected.record(projected.teller.log[before:])


async def told(projected: Projected, number: int = 0) -> list[tuple[str, str, str]]:
    """The letters about a payment: kind, recipient, and where they stand."""
    rows = await projected.projections.of(MailsProjection).letters(payment_id(number))
    return [(row.kind, row.recipient, row.state) for row in rows]


def attempt(row: MailRow, result: Any, **changes: Any) -> commands.RecordMail:
    """An attempt to send a letter."""
    fields: dict[str, Any] = {
        "payment_id": row.payment_id,
        "position": row.about,
        "recipient": row.recipient,
        "kind": row.kind,
        "attempt": row.attempts + 1,
        "result": result,
        "reason": f"it was {result}",
        "latency_ms": 5,
        "retry_at": None if result in {"accepted", "refused"} else NOW + timedelta(hours=1),
    }
    return commands.RecordMail(**(fields | changes))


async def happen(projected: Projected, *commands_: Any) -> None:
    """Let commands be decided, and project what they decided."""
    before = len(projected.teller.log)
    for one in commands_:
        projected.teller.do(one)
    await projected.record(projected.teller.log[before:])
    await projected.project()


class TestMails(ReadModel):
    @pytest.mark.parametrize(
        ("verbs", "kinds"),
        [
            (PAID, ["receipt"]),
            (PAID[:3], []),
            ((*PAID[:3], "failure"), []),
            ((*PAID, *REFUND), ["receipt", "refund"]),
            ((*PAID, "refund", "refund_failed", "refund_released"), ["receipt"]),
            # A conflict is worth nothing; what comes of it is.
            ((*PAID, "failure"), ["receipt"]),
            ((*PAID, "failure", "statement_success"), ["receipt"]),
            ((*PAID, *OVERTURNED), ["receipt", "correction"]),
            ((*PAID, *OVERTURNED, "operator_failure"), ["receipt", "correction"]),
            ((*PAID, *REFUND, "refund_released"), ["receipt", "refund", "correction"]),
            (
                (*PAID, *REFUND, "refund_released", "refund_given"),
                ["receipt", "refund", "correction", "refund"],
            ),
        ],
    )
    async def test_a_letter_is_due_for_each_thing_that_is_worth_one(
        self, projected: Projected, verbs: tuple[str, ...], kinds: list[str]
    ) -> None:
        await asked(projected, 0)
        await projected.story(*[(0, verb) for verb in verbs])
        assert await told(projected) == [
            (kind, who, "waiting") for kind in kinds for who in sorted(WANTED)
        ]

    async def test_only_who_asked_is_written_to(self, projected: Projected) -> None:
        await asked(projected, 0, wanted=("payer",))
        await asked(projected, 1, wanted=("merchant",))
        await projected.story(*[(number, verb) for number in range(3) for verb in PAID])
        assert [await told(projected, number) for number in range(3)] == [
            [("receipt", "payer", "waiting")],
            [("receipt", "merchant", "waiting")],
            [],
        ]

    async def test_an_attempt_says_what_comes_next(self, projected: Projected) -> None:
        await asked(projected, 0, wanted=("payer",))
        await projected.story(*[(0, verb) for verb in PAID])
        mails = projected.projections.of(MailsProjection)
        (row,) = await mails.letters(payment_id(0))
        assert await mails.next_due_at() == projected.teller.log[-1].recorded_at
        await happen(projected, attempt(row, "deferred"), attempt(row, "accepted"))
        (row,) = await mails.letters(payment_id(0))
        assert (row.state, row.attempts, row.reason) == ("waiting", 1, "it was deferred")
        assert await mails.next_due_at() == NOW + timedelta(hours=1)
        await happen(projected, attempt(row, "refused"))
        (row,) = await mails.letters(payment_id(0))
        assert (row.state, row.attempts, row.due_at) == ("parked", 2, None)
        await happen(projected, attempt(row, "accepted"))
        assert await mails.letters(payment_id(0)) == [row]
        assert await mails.next_due_at() is None

    @settings(
        max_examples=15,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.differing_executors,
            HealthCheck.too_slow,
        ],
    )
    @given(
        story=stories(payments_max=3),
        sent=st.lists(st.tuples(st.integers(0, 5), st.sampled_from(RESULTS)), max_size=8),
        cuts=st.integers(1, 7),
    )
    async def test_live_rows_are_those_of_a_rebuild_however_the_log_was_cut(
        self,
        projected: Projected,
        story: list[Step],
        sent: list[tuple[int, Any]],
        cuts: int,
    ) -> None:
        projected = Projected(projected.database)
        await projected.start()
        await asked(projected, 0, 1, 2)
        await projected.tell(*story)
        await projected.project(cuts)
        mails = projected.projections.of(MailsProjection)
        rows = [row for number in range(3) for row in await mails.letters(payment_id(number))]
        for which, result in sent if rows else ():
            await happen(projected, attempt(rows[which % len(rows)], result))
        await projected.tell(*[(number, "statement_failure") for number in range(3)])
        await projected.project(cuts)
        checked = await projected.projections.check("mails", projected.store)
        assert checked.live == checked.rebuilt
        rows = [row for number in range(3) for row in await mails.letters(payment_id(number))]
        assert {row.state for row in rows} <= {"waiting", "sent", "parked"}
        assert all((row.due_at is None) == (row.state != "waiting") for row in rows)


def test_every_recipient_may_be_wanted() -> None:
    assert set(WANTED) == set(get_args(Recipient))
