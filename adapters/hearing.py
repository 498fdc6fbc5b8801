"""Hearing: a provider's final answer to our own authenticated question becomes evidence.

What the evidence decides is the ledger's; an answer that it refuses is logged, and changes nothing.
"""

import structlog

from adapters.base import Adapter, Final
from adapters.recording import Recorder
from ledger import commands
from ledger.entry import RecordedEvent
from ledger.errors import CommandRefusedError
from ledger.evidence import Evidence, Source

log = structlog.get_logger()


async def record_final(
    recorder: Recorder, adapter: Adapter, payment_id: str, reference: str, word: Final
) -> list[RecordedEvent]:
    """Record a provider's answer to our own authenticated question; what it made happen."""
    evidence = Evidence(
        source=Source.POLL,
        provider=adapter.name,
        reference=reference,
        word=word.word,
        amount=word.amount,
        currency=word.currency,
        provider_transaction_id=word.provider_transaction_id,
        code=word.code,
        reason=word.reason,
        occurred_at=word.occurred_at,
    )
    try:
        return await recorder.record(
            commands.RecordEvidence(payment_id=payment_id, evidence=evidence)
        )
    except CommandRefusedError as refused:
        log.error("evidence.refused", payment_id=payment_id, reason=str(refused))  # noqa: TRY400 - a decision, no defect
        return []
