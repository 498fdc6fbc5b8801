"""Reconciling: hands every line of a statement to the payment it speaks of, as a word.

Which line speaks of which payment is known by then, and so is that a second person has approved a
statement that has it (`projections.statements`); here it becomes evidence that money moved, of the
source that settles. What that comes to is the ledger's decision: a payment without a final word, or
with words that contradict each other, is settled by it; one that was known to have succeeded keeps
the word and changes no status.

Why it keeps a word that changes nothing: state is a function of the set of words. Left out, a
contradicting word that comes later would make a conflict if the statement came after the success,
and none if it came before. And the statement's time is the better witness of when money moved.
It costs one event for each payment, once: a line that comes again is the same word.

A line of another amount is a word too. The provider says that it moved another amount than was
asked, and by the rule of `ledger.evidence` that is a question for a person, with the money in
suspense. A payment that has all the words it may keep takes no more; then the line is refused, and
stands among the differences.
"""

from datetime import datetime
from typing import Protocol

import structlog

from adapters.base import Due
from adapters.recording import Recorder
from ledger import commands, commands_statement
from ledger.errors import CommandRefusedError
from ledger.evidence import Evidence, Source, Word
from ledger.money import Money

log = structlog.get_logger()


class Said(Protocol):
    """What a line says, and which payment it speaks of; a row of the projection."""

    provider: str
    provider_transaction_id: str
    amount_minor: int
    currency: str
    occurred_at: str
    statement_id: str
    line: int
    position: int
    payment_id: str | None
    payment_reference: str | None
    due_at: str | None


class Lines(Protocol):
    """Where what lines say is found; implemented by the projection of statements."""

    async def word(self, word_id: str) -> Said | None:
        """What a line says."""


class Reconciler:
    """Performs `reconcile` pieces."""

    def __init__(self, recorder: Recorder, lines: Lines) -> None:
        self._recorder, self._lines = recorder, lines

    async def perform(self, due: Due) -> None:
        """Tell one payment what a statement says of it, if it was not told yet."""
        said = await self._lines.word(due.stream_id)
        if said is None or said.due_at is None:
            return
        assert said.payment_id is not None
        assert said.payment_reference is not None
        handler = self._recorder.handler
        _, recorded = await handler.payment(said.payment_id)
        cause = await handler.store.read(said.position - 1, 1)
        recorder = self._recorder.about([recorded[0], *cause], actor="reactor:reconcile")
        word = word_of(said, said.payment_reference)
        try:
            await recorder.record(
                commands.RecordEvidence(payment_id=said.payment_id, evidence=word)
            )
        except CommandRefusedError as error:
            log.warning("reconcile.refused", payment_id=said.payment_id, reason=str(error))
            await recorder.record(
                commands_statement.RefuseStatementLine(
                    statement_id=said.statement_id,
                    line=said.line,
                    payment_id=said.payment_id,
                    reason=str(error.reason),
                )
            )


def word_of(said: Said, reference: str) -> Evidence:
    """What a line says, as a word about the submission under a reference."""
    return Evidence(
        source=Source.STATEMENT,
        provider=said.provider,
        reference=reference,
        word=Word.SUCCEEDED,
        amount=Money(said.amount_minor, said.currency).amount,
        currency=said.currency,
        provider_transaction_id=said.provider_transaction_id,
        occurred_at=datetime.fromisoformat(said.occurred_at),
    )
