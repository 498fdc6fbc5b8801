"""The payment: pure `decide(command, state) -> events` and `evolve(state, event) -> state`.

    requested ──StartSubmission──► submitting ──Confirm──► pending ──evidence──► succeeded
        ▲                           │  │  └─Doubt──► unknown ──asked──► pending       failed
        └────────Withdraw───────────┘  └─Decline──► declined                          expired
    requested ──ExpirePayment──► expired (never accepted)              conflict ◄─ contradiction
    requested ──CancelPayment──► expired (certainly nowhere)

The trick: final states come from `ledger.evidence.resolve` over the *set* of evidence, so `decide`
records a new word and, if the resolution changed, the transition it causes; repeats decide nothing.
The state and its fold are in `ledger.payment_state`.

What it does not do: it reads no clock, seals nothing, calls nobody, and never lets time decide: a
submitted payment is never failed or expired for being old.

Why late outcomes are accepted: a callback may be believed before the answer to the submission has
been read, so `ConfirmSubmission` after a final word still records the handle, and changes no state.

Why commands name the submission by its number beside its reference: where a reference is submitted
again, a process that slept through it would speak of the first and end the second. Only an
acceptance is of the reference itself, whichever submission brought it there.
"""

from datetime import datetime
from typing import Final, NoReturn, assert_never

import msgspec

from ledger import (
    commands,
    events,
    payment_codes,
    payment_refunds,
    payment_sought,
    payment_words,
)
from ledger.commands import PaymentCommand
from ledger.commands_cancelling import CancelPayment
from ledger.errors import CommandRefusedError, IdempotencyKeyReusedError, UnknownPaymentError
from ledger.events import Event
from ledger.identity import is_other_mode
from ledger.payment_ending import CANCELLED, cancel, ended_again, expire
from ledger.payment_state import INITIAL, Attempt, Payment, Status, evolve
from ledger.sentences import Sentence

__all__ = [
    "ATTEMPTS_MAX",
    "HINTS_MAX",
    "INITIAL",
    "Attempt",
    "Payment",
    "Status",
    "decide",
    "evolve",
    "stream_of",
]

HINTS_MAX: Final = 20
"""How often untrusted news may make us ask sooner about one payment: a forger cannot flood us."""

REASON_CHARACTERS_MAX: Final = 500

ATTEMPTS_MAX: Final = 50
"""How many submissions one payment may start before it waits for a person."""


def stream_of(payment_id: str) -> str:
    """The name of the payment's stream."""
    return f"payment-{payment_id}"


def decide(command: PaymentCommand, state: Payment) -> list[Event]:
    """Decide what a command makes happen; an empty list means "already so".

    Raises:
        UnknownPaymentError: the command is for a payment that does not exist.
        IdempotencyKeyReusedError: RequestPayment with other content than the first.
        CommandRefusedError: the command does not fit the state.
    """
    if state.request is None and not isinstance(command, commands.RequestPayment):
        raise UnknownPaymentError(command.payment_id, type(command).__name__)
    match command:
        case commands.RequestPayment():
            return _request(command, state)
        case commands.StartSubmission():
            return _start(command, state)
        case commands.ConfirmSubmission():
            return _confirm(command, state)
        case commands.DeclineSubmission():
            return _decline(command, state)
        case commands.WithdrawSubmission():
            return _withdraw(command, state)
        case commands.DoubtSubmission():
            return _doubt(command, state)
        case commands.RecordInquiry():
            return _record_inquiry(command, state)
        case commands.RequestInquiry():
            return _request_inquiry(command, state)
        case commands.RecordEvidence():
            return payment_words.record(command, state)
        case commands.ExpirePayment():
            return expire(command, state)
        case CancelPayment():
            return cancel(command, state)
        case commands.RecordSought():
            return payment_sought.record(command, state)
        case commands.ReserveRefund():
            return payment_refunds.reserve(command, state)
        case commands.SettleRefund():
            return payment_refunds.settle(command, state)
        case commands.GiveCode():
            return payment_codes.give(command, state)
        case commands.StartConfirmation():
            return payment_codes.start(command, state)
        case commands.EndConfirmation():
            return payment_codes.end(command, state)
        case _:
            assert_never(command)


def _request(command: commands.RequestPayment, state: Payment) -> list[Event]:
    if state.request is not None:
        is_other = is_other_mode(state.request.mode, command.mode)
        if is_other or state.request.content_digest != command.content_digest:
            raise IdempotencyKeyReusedError(command.payment_id)
        return []
    return [
        events.PaymentRequested(
            payment_id=command.payment_id,
            merchant_id=command.merchant_id,
            kind=command.kind,
            amount_minor=command.money.amount_minor,
            currency=command.money.currency,
            provider=command.provider,
            operator=command.operator,
            country=command.country,
            route_reason=command.route_reason,
            payer=command.payer,
            sealed=command.sealed,
            content_digest=command.content_digest,
            expires_at=command.expires_at,
            plan=command.plan,
            refund_of=command.refund_of,
            power=command.power,
            sealed_code=command.sealed_code,
            checkout=command.checkout,
            mode=command.mode,
            receipts=command.receipts,
        )
    ]


def _start(command: commands.StartSubmission, state: Payment) -> list[Event]:
    if state.status is Status.DECLINED:
        if any(one.provider == command.provider for one in state.attempts):
            _refuse(command, state, Sentence("this provider has declined it already."))
    elif state.status is not Status.REQUESTED:
        _refuse(command, state, Sentence("only a payment that no provider has may be submitted."))
    if len(state.attempts) >= ATTEMPTS_MAX:
        _refuse(
            command,
            state,
            Sentence("it was submitted {attempts} times already.", attempts=ATTEMPTS_MAX),
        )
    if command.attempt not in {None, len(state.attempts) + 1}:
        _refuse(command, state, Sentence("somebody else has submitted it meanwhile."))
    known = state.attempt_of(command.reference)
    if known is not None and known.provider != command.provider:
        _refuse(command, state, Sentence("the reference belongs to another provider."))
    return [
        events.PaymentSubmissionStarted(
            provider=command.provider,
            reference=command.reference,
            attempt=len(state.attempts) + 1,
            inquire_at=command.inquire_at,
            sealed_handle=command.sealed_handle,
        )
    ]


def _confirm(command: commands.ConfirmSubmission, state: Payment) -> list[Event]:
    attempt = _attempt_for(command, state)
    if attempt.is_accepted:
        return []
    return [
        events.PaymentSubmitted(
            provider=attempt.provider,
            reference=attempt.reference,
            attempt=attempt.number,
            sealed_handle=command.sealed_handle,
            token_digest=command.token_digest,
            inquire_at=command.inquire_at,
            awaits_code=command.awaits_code,
        )
    ]


def _decline(command: commands.DeclineSubmission, state: Payment) -> list[Event]:
    attempt = _attempt_for(command, state)
    if not _is_open(state, attempt):
        return []
    declined = events.PaymentSubmissionDeclined(
        provider=attempt.provider,
        reference=attempt.reference,
        attempt=attempt.number,
        code=command.code,
        reason=command.reason,
        is_technical=command.is_technical,
    )
    # The payer's own refusal would be the payer's at any provider.
    if not command.is_technical or command.at is None or not _never_left(state):
        return [declined]
    rerouted = _rerouted(state, attempt, command.reason, command.at)
    if rerouted and command.sealed_code is not None:
        declined = msgspec.structs.replace(declined, sealed_code=command.sealed_code)
    return [declined, *rerouted]


def _withdraw(command: commands.WithdrawSubmission, state: Payment) -> list[Event]:
    attempt = _attempt_for(command, state)
    # Who was asked (only an asker has no `at`) may say that it lacks what it seemed to have.
    if not _is_open(state, attempt, may_be_pending=command.at is None):
        return []
    if command.at is None and state.code not in {None, CANCELLED}:
        return [_declined_again(attempt, state.code, command.reason)]
    withdrawn = events.PaymentSubmissionWithdrawn(
        provider=attempt.provider,
        reference=attempt.reference,
        attempt=attempt.number,
        reason=command.reason,
        retry_at=command.retry_at,
        sealed_code=command.sealed_code,
        # Who was asked about it and did not know it may have it in a queue.
        was_not_sent=attempt.is_absent
        or (command.at is not None and state.status is Status.SUBMITTING),
    )
    if command.at is None or not _never_left(state):
        return [withdrawn, *ended_again(state)]
    return [withdrawn, *_rerouted(state, attempt, command.reason, command.at)]


def _declined_again(attempt: Attempt, code: str, reason: str) -> events.PaymentSubmissionDeclined:
    """What was declined before news of it made us ask is declined, and submitted no more."""
    # Whoever was told that it was declined may have paid in another way since.
    return events.PaymentSubmissionDeclined(
        provider=attempt.provider,
        reference=attempt.reference,
        attempt=attempt.number,
        code=code,
        reason=reason,
        is_technical=False,
    )


def _never_left(state: Payment) -> bool:
    """Whether no submission but the present one can have got anywhere: it may go elsewhere then."""
    # Where there was a doubt, "it does not know it" was true when it was said; a request that a
    # gateway kept would charge beside another provider's, whatever a later submission is answered.
    return state.status is Status.SUBMITTING and not state.inquiries


def _rerouted(state: Payment, attempt: Attempt, reason: str, at: datetime) -> list[Event]:
    """The next provider of the plan takes over at once, if there is one that was not tried."""
    following = state.untried_after(attempt.provider)
    if following is None:
        return []
    reason = f"{attempt.provider}: {reason}; {following.provider}: {following.reason}"
    return [
        events.PaymentRerouted(
            provider=following.provider, reason=reason[:REASON_CHARACTERS_MAX], retry_at=at
        )
    ]


def _doubt(command: commands.DoubtSubmission, state: Payment) -> list[Event]:
    attempt = _attempt_for(command, state)
    if state.status is not Status.SUBMITTING or attempt is not state.attempt:
        return []
    return [
        events.PaymentSubmissionDoubted(
            provider=attempt.provider,
            reference=attempt.reference,
            attempt=attempt.number,
            reason=command.reason,
            inquire_at=command.inquire_at,
        )
    ]


def _record_inquiry(command: commands.RecordInquiry, state: Payment) -> list[Event]:
    attempt = _attempt_for(command, state)
    if state.status not in _ASKED or attempt is not state.attempt:
        return []
    return [
        events.PaymentInquired(
            provider=attempt.provider,
            reference=attempt.reference,
            result=command.result,
            detail=command.detail,
            inquire_at=command.inquire_at,
            awaits_code=command.awaits_code,
        )
    ]


def _request_inquiry(command: commands.RequestInquiry, state: Payment) -> list[Event]:
    # While a submission is under way nobody may ask about its reference: "not found" would be the
    # truth, and yet the money may move a moment later.
    if state.hints >= HINTS_MAX:
        return []
    asked = events.PaymentInquiryRequested(reason=command.reason, inquire_at=command.inquire_at)
    if state.status in {Status.PENDING, Status.UNKNOWN}:
        return [asked]
    attempt = state.attempt
    if attempt is None or not _may_be_news(state, attempt):
        return []
    # A submission was withdrawn because the provider did not know it, and somebody does know it.
    doubted = events.PaymentSubmissionDoubted(
        provider=attempt.provider,
        reference=attempt.reference,
        attempt=attempt.number,
        reason=command.reason,
        inquire_at=command.inquire_at,
    )
    return [asked, doubted]


def _may_be_news(state: Payment, attempt: Attempt) -> bool:
    """Whether a provider may have what none seemed to have."""
    if state.verdict is not None:
        return False
    if state.progress is Status.DECLINED:
        # A refusal is the last word, unless the reference was sent before and may have been kept.
        same = [one for one in state.attempts if one.reference == attempt.reference]
        return not all(one.is_absent for one in same)
    return state.progress in {Status.REQUESTED, Status.EXPIRED}


_ASKED: Final = frozenset({Status.SUBMITTING, Status.PENDING, Status.UNKNOWN})


def _attempt_for(
    command: commands.ConfirmSubmission
    | commands.DeclineSubmission
    | commands.WithdrawSubmission
    | commands.DoubtSubmission
    | commands.RecordInquiry,
    state: Payment,
) -> Attempt:
    number = None if isinstance(command, commands.ConfirmSubmission) else command.attempt
    attempt = state.attempt_of(command.reference, number)
    if attempt is None:
        _refuse(command, state, Sentence("the payment was never submitted under this reference."))
    return attempt


def _is_open(state: Payment, attempt: Attempt, *, may_be_pending: bool = False) -> bool:
    """Whether the attempt is the last one, not yet accepted, and nothing final is known."""
    is_pending = state.status is Status.PENDING and not state.awaits_code
    return (
        (state.status in {Status.SUBMITTING, Status.UNKNOWN} or (is_pending and may_be_pending))
        and attempt is state.attempt
        and not attempt.is_accepted
    )


def _refuse(command: PaymentCommand, state: Payment, reason: Sentence) -> NoReturn:
    raise CommandRefusedError(type(command).__name__, reason, status=state.status)
