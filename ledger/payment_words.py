"""Words about a payment, as it decides them; pure, a part of `ledger.payment`.

The trick: what a word does is found out from the whole set of words with it (`ledger.evidence`).
It is recorded, and where the resolution changes, so is the transition that it causes.
"""

from typing import Final, assert_never

import msgspec

from ledger import commands, events
from ledger.errors import CommandRefusedError
from ledger.events import Event
from ledger.evidence import EVIDENCE_MAX, Evidence, Resolution, Settled, Source
from ledger.payment_state import Payment, Status, told
from ledger.sentences import Sentence

VERDICT_OF: Final = {
    Resolution.SUCCEEDED: Status.SUCCEEDED,
    Resolution.FAILED: Status.FAILED,
    Resolution.EXPIRED: Status.EXPIRED,
    Resolution.CONFLICT: Status.CONFLICT,
}
"""What a resolution makes of a payment; an open one makes nothing of it."""


def record(command: commands.RecordEvidence, state: Payment) -> list[Event]:
    """Decide about a word; nothing if it is known.

    Raises:
        CommandRefusedError: nothing was ever submitted under its reference, or it says too much.
    """
    word = command.evidence
    attempt = state.attempt_of(word.reference)
    if attempt is None or attempt.provider != word.provider:
        raise CommandRefusedError(
            type(command).__name__,
            Sentence("the payment was never submitted under this reference."),
            status=state.status,
        )
    if word in state.evidence:
        return []
    if len(state.evidence) >= EVIDENCE_MAX:
        raise CommandRefusedError(
            type(command).__name__,
            Sentence("{words} different words are kept already.", words=EVIDENCE_MAX),
            status=state.status,
        )
    return heard(word, state)


def heard(word: Evidence, state: Payment) -> list[Event]:
    """What a new word makes happen: it is recorded, with the transition that it causes."""
    happened: list[Event] = [events.PaymentEvidenceRecorded(evidence=word)]
    settled = state.settled_with(state.evidence | {word})
    if VERDICT_OF.get(settled.resolution) is not state.verdict:
        happened.append(_transition(settled, state))
    return happened


def _transition(settled: Settled, state: Payment) -> Event:
    """Name the resolution as an event."""
    provider, reference = "", ""
    if settled.because:
        provider, reference = settled.because[0].provider, settled.because[0].reference
    match settled.resolution:
        case Resolution.SUCCEEDED:
            return events.PaymentSucceeded(
                provider=provider,
                reference=reference,
                provider_transaction_id=settled.provider_transaction_id,
            )
        case Resolution.FAILED:
            return events.PaymentFailed(
                provider=provider, reference=reference, code=settled.code, reason=settled.reason
            )
        case Resolution.EXPIRED:
            return events.PaymentExpired(
                provider=provider,
                reference=reference,
                reason=settled.reason or _expired_by(settled),
            )
        case Resolution.CONFLICT:
            return events.PaymentConflicted(reason=told(settled, state.money))
        case Resolution.OPEN:
            reopened = {
                "status": state.progress.value,
                "reason": "an earlier submission's word was overturned",
            }
            return msgspec.convert(reopened, events.PaymentReopened)
        case _:
            assert_never(settled.resolution)


def _expired_by(settled: Settled) -> str:
    is_noted = settled.because[0].source is Source.OPERATOR
    return f"{'an operator' if is_noted else 'the provider'} says that it expired"
