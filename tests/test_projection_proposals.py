"""Proposals: open until somebody agrees, takes them back, or their time is over."""

from datetime import timedelta

import pytest

from ledger import commands_notes, operator_notes
from ledger.commands_statement import WithdrawStatement
from ledger.evidence import Word
from ledger.handling import Handler
from ledger.statement import statement_id_of
from projections.proposals import ProposalKind, ProposalsProjection
from projections.tables import stamp
from tests.builders import CONTEXT, NOW, paid, payment_id
from tests.projecting import Projected, ReadModel
from tests.test_projection_statements import a_line, a_statement, approval

ENDS_AT = operator_notes.ends_at(NOW)


def a_note(number: int, reason: str = "seen") -> commands_notes.ProposeNote:
    """A proposal about a payment of a story."""
    return commands_notes.ProposeNote(
        payment_id=payment_id(number),
        word=Word.FAILED,
        reference=None,
        amount=None,
        currency=None,
        provider_transaction_id=None,
        occurred_at=None,
        replaces=None,
        by="k1",
        reason_digest=reason,
        sealed_reason="sealed",
        asked_at=NOW,
        at=NOW,
        ends_at=ENDS_AT,
    )


class TestProposals(ReadModel):
    @pytest.mark.parametrize("batch_max", [100, 1])
    async def test_what_is_open_is_listed_and_what_ended_is_not(
        self, projected: Projected, batch_max: int
    ) -> None:
        handler = Handler(projected.store)
        await projected.tell(*paid(0, 1, 2))
        first, second = a_statement(a_line()), a_statement(a_line("T2"))
        third = a_statement(a_line("T3"))
        at, same = NOW + timedelta(hours=1), frozenset[str]()
        for command in (
            a_note(0),
            a_note(1),
            first,
            second,
            a_note(2),
            commands_notes.ApproveNote(
                payment_id=payment_id(0), note_id="note_1", by="k2", same=same, at=at
            ),
            commands_notes.WithdrawNote(payment_id=payment_id(1), note_id="note_1", by="k1", at=at),
            approval(first),
            third,
            WithdrawStatement(statement_id=statement_id_of(third), by="k1"),
            a_note(1, "seen again"),
        ):
            await handler.handle(command, context=CONTEXT)
        await projected.project(batch_max)
        proposals = projected.projections.of(ProposalsProjection)

        async def page(
            now: str = stamp(NOW), kind: ProposalKind | None = None, after: int | None = None
        ) -> list[tuple[str, str | None]]:
            rows = await proposals.page(now, kind=kind, after=after)
            return [(one.subject, one.note_id) for one in rows]

        statement = (statement_id_of(second), None)
        notes: list[tuple[str, str | None]] = [
            (payment_id(1), "note_2"),
            (payment_id(2), "note_1"),
        ]
        assert await page() == [*notes, statement]
        assert await page(kind="note") == notes
        assert await page(kind="statement") == [statement]
        [newest] = await proposals.page(stamp(NOW), limit=1)
        assert (newest.proposed_by, newest.ends_at) == ("k1", stamp(ENDS_AT))
        assert await page(after=newest.position) == [notes[1], statement]
        assert await page(stamp(ENDS_AT)) == [statement]
