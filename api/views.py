"""Views: a folded payment as the shapes of HTTP; pure, and the only place where both are known.

What is asked thousands of times a second is written as plain objects: making a model of what is
valid by construction costs more than the rest of the answer. The models in `api.schemas` document
the same shapes, and tests hold every answer against them.
"""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Final

from api import documents
from ledger import events
from ledger.entry import RecordedEvent
from ledger.events import JsonObject
from ledger.events_codec import payload_of
from ledger.evidence import Evidence, Word
from ledger.identity import Mode
from ledger.merkle import leaf_hash
from ledger.money import decimals_of
from ledger.payment import Attempt, Payment, Status
from projections.payments_rows import row_at

_ASKED: Final = frozenset({Status.SUBMITTING, Status.PENDING, Status.UNKNOWN})


def decimal_text(amount_minor: int, currency: str) -> str:
    """Write minor units, which may be below zero here, as a decimal string in major units."""
    sign = "-" if amount_minor < 0 else ""
    decimals = decimals_of(currency)
    major, minor = divmod(abs(amount_minor), 10**decimals)
    return f"{sign}{major}.{minor:0{decimals}d}" if decimals else f"{sign}{major}"


def receipt_of(requested: RecordedEvent) -> JsonObject:
    """Write the receipt of a payment: a function of its first event alone, so it never changes.

    The shape is `documents.PaymentReceipt`.
    """
    event = requested.event
    if not isinstance(event, events.PaymentRequested):
        raise TypeError(f"a payment does not begin with {event.type}")
    # What was answered before there were modes is answered the same now.
    mode = {"mode": event.mode} if event.mode is not None else {}
    return {
        "id": event.payment_id,
        "kind": event.kind,
        "refund_of": event.refund_of,
        "power": event.power or event.kind,
        "status": "requested",
        "amount": decimal_text(event.amount_minor, event.currency),
        "currency": event.currency,
        "merchant_id": event.merchant_id,
        **mode,
        "provider": event.provider,
        "operator": event.operator,
        "country": event.country,
        "route_reason": event.route_reason,
        "created_at": requested.recorded_at,
        "expires_at": event.expires_at,
        "position": requested.position,
    }


def payment_of(
    state: Payment,
    recorded: Sequence[RecordedEvent],
    *,
    mode: Mode,
    redirect_url: str | None,
    description: str | None,
    metadata: dict[str, str] | None,
    is_erased: bool,
    code: str | None,
    refusal: JsonObject | None,
) -> JsonObject:
    """Write a payment as its events so far say; the shape is `documents.PaymentOut`."""
    request, settled, attempt, last = state.requested, state.settled, state.attempt, recorded[-1]
    status = state.status
    return {
        "id": request.payment_id,
        "kind": request.kind,
        "status": status,
        "is_final": status.is_final,
        "reason": state.reason,
        "code": code,
        "refusal": refusal,
        "amount": decimal_text(request.amount_minor, request.currency),
        "currency": request.currency,
        "merchant_id": request.merchant_id,
        "mode": mode,
        "provider": state.provider if state.rerouted_to or attempt is None else attempt.provider,
        "operator": request.operator,
        "country": request.country,
        "route_reason": request.route_reason,
        "description": description,
        "metadata": metadata,
        "is_erased": is_erased,
        "provider_transaction_id": settled.provider_transaction_id,
        "redirect_url": redirect_url,
        "awaits": "one_time_code" if status is Status.PENDING and state.awaits_code else None,
        "refund_of": request.refund_of,
        "checkout_session": request.checkout,
        "refunded": decimal_text(state.refunded_minor, request.currency),
        # With the payer's number goes whom to give it back to: every refund would be refused.
        "refundable": decimal_text(0 if is_erased else state.refundable_minor, request.currency),
        "plan": [{"provider": one.provider, "reason": one.reason} for one in request.plan],
        "next_inquiry_at": next_inquiry_at(state, recorded),
        "inquiries": state.inquiries,
        "attempts": [_attempt_of(one, state.evidence) for one in state.attempts],
        "evidence": [_evidence_of(one) for one in sorted(state.evidence, key=_order)],
        "created_at": recorded[0].recorded_at,
        "updated_at": last.recorded_at,
        "moved_at": moved_at(recorded),
        "expires_at": request.expires_at,
        "position": last.position,
        "version": last.version,
    }


def moved_at(recorded: Sequence[RecordedEvent]) -> datetime | None:
    """When a payment's money moved, as its row in a list says; None: none moved."""
    row = row_at(recorded, recorded[-1].position)
    return None if row is None else row.moved_at


def next_inquiry_at(state: Payment, recorded: Sequence[RecordedEvent]) -> datetime | None:
    """When the provider is asked next; None where nothing is to be asked."""
    if state.status not in _ASKED:
        return None
    next_at: datetime | None = None
    for one in recorded:
        match one.event:
            case events.PaymentInquiryRequested(inquire_at=at):
                next_at = min(next_at, at) if next_at else at
            case (
                events.PaymentSubmissionStarted(inquire_at=at)
                | events.PaymentSubmitted(inquire_at=at)
                | events.PaymentSubmissionDoubted(inquire_at=at)
                | events.PaymentInquired(inquire_at=at)
                | events.PaymentConfirmationStarted(inquire_at=at)
                | events.PaymentConfirmationEnded(inquire_at=at)
            ):
                next_at = at
            case events.PaymentReopened():
                next_at = one.recorded_at
            case _:
                pass
    return next_at


def event_of(recorded: RecordedEvent) -> documents.EventOut:
    """Write one event with what proves it."""
    return documents.EventOut(
        id=recorded.id,
        position=recorded.position,
        stream=recorded.stream,
        version=recorded.version,
        type=recorded.type,
        schema_version=recorded.event.schema_version,
        recorded_at=recorded.recorded_at,
        correlation_id=recorded.correlation_id,
        causation_id=recorded.causation_id,
        actor=recorded.actor,
        data=payload_of(recorded.event),
        entry_hash=leaf_hash(recorded.entry).hex(),
    )


_order: Final = attrgetter("order")


def _attempt_of(attempt: Attempt, evidence: frozenset[Evidence]) -> JsonObject:
    # Who answers at once with the final word has accepted by it.
    is_accepted = attempt.is_accepted or any(
        one.reference == attempt.reference and one.word is Word.SUCCEEDED for one in evidence
    )
    return {
        "number": attempt.number,
        "provider": attempt.provider,
        "reference": attempt.reference,
        "is_accepted": is_accepted,
    }


def _evidence_of(word: Evidence) -> JsonObject:
    return {
        "source": word.source,
        "provider": word.provider,
        "reference": word.reference,
        "word": word.word,
        "amount": word.amount,
        "currency": word.currency,
        "provider_transaction_id": word.provider_transaction_id,
        "code": word.code,
        "reason": word.reason,
        "occurred_at": word.occurred_at,
        "note": word.note,
        "replaces": word.replaces,
    }
