"""The payment: pure `decide(command, state) -> events` and `evolve(state, event) -> state`.

    requested ──StartSubmission──► submitting ──Confirm──► pending ──evidence──► succeeded
        ▲                           │  │  └─Doubt──► unknown ──asked──► pending       failed
        └────────Withdraw───────────┘  └─Decline──► declined                          expired
    requested ──ExpirePayment──► expired (never accepted)              conflict ◄─ contradiction

The trick: final states come from `ledger.evidence.resolve` over the *set* of evidence, so `decide`
records a new word and, if the resolution changed, the transition it causes; repeats decide nothing.
The verdict is read from the transitions, never re-derived, so yesterday's decision stays what it
was even if the rule is refined; and it stands beside the progress of the submissions, so it does
not matter whether a callback or the answer to the submission was read first.

What it does not do: it reads no clock, seals nothing, calls nobody, and never lets time decide: a
submitted payment is never failed or expired for being old.

Why late outcomes are accepted: a callback may be believed before the answer to the submission has
been read, so `ConfirmSubmission` after a final word still records the handle, and changes no state.
"""

import hashlib
from base64 import b32encode
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, NoReturn, assert_never

from ledger import commands, events
from ledger.commands import PaymentCommand
from ledger.errors import CommandRefusedError, IdempotencyKeyReusedError, UnknownPaymentError
from ledger.events import Event
from ledger.evidence import EVIDENCE_MAX, Evidence, Resolution, Settled, resolve
from ledger.money import Money

HINTS_MAX: Final = 20
"""How often untrusted news may make us ask sooner about one payment: a forger cannot flood us."""

ATTEMPTS_MAX: Final = 50
"""How many submissions one payment may start before it waits for a person."""


class Status(StrEnum):
    """Where a payment stands."""

    REQUESTED = "requested"
    SUBMITTING = "submitting"
    PENDING = "pending"
    UNKNOWN = "unknown"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    EXPIRED = "expired"
    DECLINED = "declined"
    CONFLICT = "conflict"

    @property
    def is_final(self) -> bool:
        """Whether nothing more is asked or sent by itself (evidence may still overturn it)."""
        return self in _FINAL


_FINAL: Final = frozenset(
    {Status.SUCCEEDED, Status.FAILED, Status.EXPIRED, Status.DECLINED, Status.CONFLICT}
)
_STATUS_OF: Final = {
    Resolution.SUCCEEDED: Status.SUCCEEDED,
    Resolution.FAILED: Status.FAILED,
    Resolution.EXPIRED: Status.EXPIRED,
    Resolution.CONFLICT: Status.CONFLICT,
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One submission: which provider, under which reference, and whether it took it."""

    provider: str
    reference: str
    number: int
    is_accepted: bool = False
    sealed_handle: str | None = None
    token_digest: str | None = None


@dataclass(frozen=True, slots=True)
class Payment:
    """The folded state of one payment stream. `request` is None before the first event."""

    request: events.PaymentRequested | None = None
    progress: Status = Status.REQUESTED
    """Where the submissions alone have brought it."""
    verdict: Status | None = None
    """What the evidence says; stronger than progress, whichever came first."""
    attempts: tuple[Attempt, ...] = ()
    evidence: frozenset[Evidence] = frozenset()
    note: str | None = None
    """What the last submission or inquiry told us, for people."""
    code: str | None = None
    """The provider's code of a declined submission."""
    inquiries: int = 0
    hints: int = 0

    @property
    def status(self) -> Status:
        """Where the payment stands."""
        return self.verdict or self.progress

    @property
    def requested(self) -> events.PaymentRequested:
        """The first event, for a payment that exists.

        Raises:
            UnknownPaymentError: there is no such payment.
        """
        if self.request is None:
            raise UnknownPaymentError("")
        return self.request

    @property
    def money(self) -> Money:
        """What was asked for."""
        return Money(self.requested.amount_minor, self.requested.currency)

    @property
    def reason(self) -> str | None:
        """Why the payment stands where it stands, in one line; None where nothing is to say."""
        settled = self.settled
        if settled.resolution is Resolution.CONFLICT:
            return told(settled, self.money)
        return settled.reason or self.note

    @property
    def attempt(self) -> Attempt | None:
        """The last submission, if any."""
        return self.attempts[-1] if self.attempts else None

    def attempt_of(self, reference: str) -> Attempt | None:
        """The last submission under this reference, if any."""
        return next((one for one in reversed(self.attempts) if one.reference == reference), None)

    @property
    def settled(self) -> Settled:
        """What all evidence so far adds up to."""
        return self.settled_with(self.evidence)

    def settled_with(self, words: frozenset[Evidence]) -> Settled:
        """What this set of words would add up to."""
        return resolve(self.money, (one.reference for one in self.attempts), words)


INITIAL: Final = Payment()


def payment_id_of(merchant_id: str, idempotency_key: str) -> str:
    """Derive the payment's id from the merchant and its Idempotency-Key: `pay_` + 26 characters.

    A repeat of the same request therefore lands on the same stream, for ever.
    """
    digest = hashlib.sha256(f"{merchant_id}\0{idempotency_key}".encode()).digest()
    return "pay_" + b32encode(digest[:16]).decode().rstrip("=").lower()


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
            return _record_evidence(command, state)
        case commands.ExpirePayment():
            return _expire(command, state)
        case _:
            assert_never(command)


def _request(command: commands.RequestPayment, state: Payment) -> list[Event]:
    if state.request is not None:
        if state.request.content_digest != command.content_digest:
            raise IdempotencyKeyReusedError(command.payment_id)
        return []
    return [
        events.PaymentRequested(
            payment_id=command.payment_id,
            merchant_id=command.merchant_id,
            kind="collection",
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
        )
    ]


def _start(command: commands.StartSubmission, state: Payment) -> list[Event]:
    if state.status is Status.DECLINED:
        if any(one.provider == command.provider for one in state.attempts):
            _refuse(command, state, "this provider has declined it already.")
    elif state.status is not Status.REQUESTED:
        _refuse(command, state, "only a payment that no provider has may be submitted.")
    if len(state.attempts) >= ATTEMPTS_MAX:
        _refuse(command, state, f"it was submitted {ATTEMPTS_MAX} times already.")
    known = state.attempt_of(command.reference)
    if known is not None and known.provider != command.provider:
        _refuse(command, state, "the reference belongs to another provider.")
    return [
        events.PaymentSubmissionStarted(
            provider=command.provider,
            reference=command.reference,
            attempt=len(state.attempts) + 1,
            inquire_at=command.inquire_at,
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
        )
    ]


def _decline(command: commands.DeclineSubmission, state: Payment) -> list[Event]:
    attempt = _attempt_for(command, state)
    if not _is_open(state, attempt):
        return []
    return [
        events.PaymentSubmissionDeclined(
            provider=attempt.provider,
            reference=attempt.reference,
            attempt=attempt.number,
            code=command.code,
            reason=command.reason,
            is_technical=command.is_technical,
        )
    ]


def _withdraw(command: commands.WithdrawSubmission, state: Payment) -> list[Event]:
    attempt = _attempt_for(command, state)
    if not _is_open(state, attempt):
        return []
    return [
        events.PaymentSubmissionWithdrawn(
            provider=attempt.provider,
            reference=attempt.reference,
            attempt=attempt.number,
            reason=command.reason,
            retry_at=command.retry_at,
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
    if state.status not in _ASKED or attempt.reference != state.attempts[-1].reference:
        return []
    return [
        events.PaymentInquired(
            provider=attempt.provider,
            reference=attempt.reference,
            result=command.result,
            detail=command.detail,
            inquire_at=command.inquire_at,
        )
    ]


def _request_inquiry(command: commands.RequestInquiry, state: Payment) -> list[Event]:
    # While a submission is under way nobody may ask about its reference: "not found" would be the
    # truth, and yet the money may move a moment later.
    if state.status not in {Status.PENDING, Status.UNKNOWN} or state.hints >= HINTS_MAX:
        return []
    return [events.PaymentInquiryRequested(reason=command.reason, inquire_at=command.inquire_at)]


def _record_evidence(command: commands.RecordEvidence, state: Payment) -> list[Event]:
    word = command.evidence
    attempt = state.attempt_of(word.reference)
    if attempt is None or attempt.provider != word.provider:
        _refuse(command, state, "the payment was never submitted under this reference.")
    if word in state.evidence:
        return []
    if len(state.evidence) >= EVIDENCE_MAX:
        _refuse(command, state, f"{EVIDENCE_MAX} different words are kept already.")
    happened: list[Event] = [events.PaymentEvidenceRecorded(evidence=word)]
    settled = state.settled_with(state.evidence | {word})
    if _STATUS_OF.get(settled.resolution) is not state.verdict:
        happened.append(_transition(settled, state))
    return happened


def _expire(command: commands.ExpirePayment, state: Payment) -> list[Event]:
    if state.status is Status.EXPIRED:
        return []
    if state.status is not Status.REQUESTED:
        _refuse(command, state, "only a payment that no provider has may be given up.")
    return [events.PaymentExpired(provider=None, reference=None, reason=command.reason)]


_ASKED: Final = frozenset({Status.SUBMITTING, Status.PENDING, Status.UNKNOWN})


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
                reason=settled.reason or "the provider says that it expired",
            )
        case Resolution.CONFLICT:
            return events.PaymentConflicted(reason=told(settled, state.money))
        case Resolution.OPEN:
            return events.PaymentReopened.model_validate(
                {"status": state.progress, "reason": "an earlier submission's word was overturned"}
            )
        case _:
            assert_never(settled.resolution)


def told(settled: Settled, money: Money) -> str:
    """Say in one line which words made a resolution, for people."""
    lines = []
    for word in settled.because:
        amount = f" {word.amount} {word.currency or money.currency}" if word.amount else ""
        note = "" if word.is_about(money) else f" (asked: {money})"
        lines.append(f"{word.source} of {word.provider} says {word.word}{amount}{note}")
    return "; ".join(lines)


def _attempt_for(
    command: commands.ConfirmSubmission
    | commands.DeclineSubmission
    | commands.WithdrawSubmission
    | commands.DoubtSubmission
    | commands.RecordInquiry,
    state: Payment,
) -> Attempt:
    attempt = state.attempt_of(command.reference)
    if attempt is None:
        _refuse(command, state, "the payment was never submitted under this reference.")
    return attempt


def _is_open(state: Payment, attempt: Attempt) -> bool:
    """Whether the attempt is the last one, not yet accepted, and nothing final is known."""
    return (
        state.status in {Status.SUBMITTING, Status.UNKNOWN}
        and attempt is state.attempt
        and not attempt.is_accepted
    )


def _refuse(command: PaymentCommand, state: Payment, reason: str) -> NoReturn:
    raise CommandRefusedError(type(command).__name__, reason, status=state.status)


def evolve(state: Payment, event: Event) -> Payment:
    """Fold one event into the state."""
    match event:
        case events.PaymentRequested():
            return replace(state, request=event)
        case events.PaymentSubmissionStarted():
            attempt = Attempt(event.provider, event.reference, event.attempt)
            return replace(
                state, progress=Status.SUBMITTING, attempts=(*state.attempts, attempt), note=None
            )
        case events.PaymentSubmitted():
            attempts = tuple(
                replace(
                    one,
                    is_accepted=True,
                    sealed_handle=event.sealed_handle,
                    token_digest=event.token_digest,
                )
                if one.number == event.attempt
                else one
                for one in state.attempts
            )
            is_last = event.attempt == len(state.attempts)
            progress = Status.PENDING if is_last else state.progress
            return replace(state, attempts=attempts, progress=progress)
        case events.PaymentSubmissionDeclined():
            return replace(state, progress=Status.DECLINED, note=event.reason, code=event.code)
        case events.PaymentSubmissionWithdrawn():
            return replace(state, progress=Status.REQUESTED, note=event.reason)
        case events.PaymentSubmissionDoubted():
            return replace(state, progress=Status.UNKNOWN, note=event.reason)
        case events.PaymentInquired():
            is_known = event.result == "pending" or state.progress is Status.PENDING
            return replace(
                state,
                progress=Status.PENDING if is_known else Status.UNKNOWN,
                note=event.detail,
                inquiries=state.inquiries + 1,
            )
        case events.PaymentInquiryRequested():
            return replace(state, hints=state.hints + 1)
        case events.PaymentEvidenceRecorded():
            return replace(state, evidence=state.evidence | {event.evidence})
        case events.PaymentSucceeded():
            return replace(state, verdict=Status.SUCCEEDED)
        case events.PaymentFailed():
            return replace(state, verdict=Status.FAILED)
        case events.PaymentExpired():
            if event.reference is None:
                return replace(state, progress=Status.EXPIRED, note=event.reason)
            return replace(state, verdict=Status.EXPIRED)
        case events.PaymentConflicted():
            return replace(state, verdict=Status.CONFLICT)
        case events.PaymentReopened():
            return replace(state, verdict=None)
        case _:
            raise TypeError(f"a payment stream has no {event.type}")
