"""The state of a payment: what its events add up to, folded by the pure `evolve`.

The trick: the verdict of the evidence stands beside the progress of the submissions, so it does not
matter whether a callback or the answer to the submission was read first. The verdict is read from
the transitions, never re-derived, so yesterday's decision stays what it was even if the rule is
refined.

It decides nothing (`ledger.payment` does), and holds no times: two tellings of the same events are
equal whenever they were recorded.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Final

from ledger import events
from ledger.errors import UnknownPaymentError
from ledger.events import Event
from ledger.evidence import Evidence, Resolution, Settled, Source, movements, resolve
from ledger.identity import Candidate, Kind
from ledger.money import Money
from ledger.payment_note import Note


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


@dataclass(frozen=True, slots=True)
class Attempt:
    """One submission: which provider, under which reference, and whether it took it."""

    provider: str
    reference: str
    number: int
    is_accepted: bool = False
    sealed_handle: str | None = None
    token_digest: str | None = None
    is_absent: bool = False
    """Whether it certainly never left, or its provider said itself that it did not take it."""


@dataclass(frozen=True, slots=True)
class Refund:
    """A part of a collection that is to be given back, was given back, or could not be."""

    refund_id: str
    amount_minor: int
    content_digest: str
    is_given_back: bool | None = None
    """None while its own stream has no final word, or words that contradict each other."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A one-time code that was handed in, by the request that did."""

    confirmation_id: str
    content_digest: str


@dataclass(frozen=True)
class Payment:
    """The folded state of one payment stream. `request` is None before the first event.

    Without slots, so that what its evidence adds up to is worked out once for each state.
    """

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
    """The provider's code of a declined submission; it stays when news make us ask about it."""
    inquiries: int = 0
    hints: int = 0
    refunds: tuple[Refund, ...] = ()
    """Of a collection: what was asked back, in order."""
    rerouted_to: str | None = None
    """The provider that took over from the one asked first."""
    awaits_code: bool = False
    """Whether the provider has it and goes on only with the payer's one-time code."""
    sealed_code: str | None = None
    """A one-time code that waits to be used: by the next submission or confirmation."""
    is_confirming: bool = False
    """Whether a code was handed over, and what came of it is not recorded yet."""
    sought: events.PaymentSought | None = None
    """What its providers were asked last, after a restoration, before anything was submitted."""
    confirmations: tuple[Confirmation, ...] = ()
    """The codes that were handed in after the submission, in order."""
    notes: tuple[Note, ...] = ()
    """What operators proposed, in order."""

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
    def kind(self) -> Kind:
        """Which way the money goes."""
        return self.requested.kind

    @property
    def power(self) -> Kind:
        """What the provider is asked to do."""
        return self.requested.power or self.requested.kind

    @property
    def provider(self) -> str:
        """Where it is to be submitted next, or was last."""
        return self.rerouted_to or self.requested.provider

    @property
    def refunded_minor(self) -> int:
        """How much of a collection was given back."""
        return sum(one.amount_minor for one in self.refunds if one.is_given_back)

    @property
    def refundable_minor(self) -> int:
        """How much of a collection may still be asked back: not more than was taken."""
        if self.verdict is not Status.SUCCEEDED or self.kind != "collection":
            return 0
        bound = sum(one.amount_minor for one in self.refunds if one.is_given_back is not False)
        return max(0, self.requested.amount_minor - bound)

    def refund(self, refund_id: str) -> Refund | None:
        """One refund by its id."""
        return next((one for one in self.refunds if one.refund_id == refund_id), None)

    def untried_after(self, provider: str) -> Candidate | None:
        """The first provider of the plan that has not been tried, after one that failed."""
        tried = {one.provider for one in self.attempts} | {provider}
        return next((one for one in self.requested.plan if one.provider not in tried), None)

    def absent_since(self, restoration: int) -> frozenset[tuple[str, str]]:
        """What was said not to be there, as (provider, reference), after that restoration."""
        if self.sought is None or self.sought.restoration != restoration:
            return frozenset()
        return frozenset((one.provider, one.reference) for one in self.sought.absent)

    def times_sought_since(self, restoration: int) -> int:
        """How often it was recorded after that restoration that its providers were asked."""
        if self.sought is None or self.sought.restoration != restoration:
            return 0
        return self.sought.times

    @property
    def reason(self) -> str | None:
        """Why the payment stands where it stands, in one line; None where nothing is to say."""
        settled = self.settled
        if settled.resolution is Resolution.CONFLICT:
            return told(settled, self.money)
        # What an inquiry told before the final word explains nothing any more.
        return settled.reason if self.verdict else self.note

    @property
    def attempt(self) -> Attempt | None:
        """The last submission, if any."""
        return self.attempts[-1] if self.attempts else None

    def attempt_of(self, reference: str, number: int | None = None) -> Attempt | None:
        """The submission of this number under this reference, None being its last; if any."""
        return next(
            (
                one
                for one in reversed(self.attempts)
                if one.reference == reference and number in {None, one.number}
            ),
            None,
        )

    @cached_property
    def settled(self) -> Settled:
        """What all evidence so far adds up to."""
        return self.settled_with(self.evidence)

    def settled_with(self, words: frozenset[Evidence]) -> Settled:
        """What this set of words would add up to."""
        return resolve(self.money, (one.reference for one in self.attempts), words)


INITIAL: Final = Payment()


def told(settled: Settled, money: Money) -> str:
    """Say in one line which words made a resolution, for people."""
    lines = []
    is_twice = len(movements(settled.because)) > 1
    for word in settled.because:
        amount = f" {word.amount} {word.currency or money.currency}" if word.amount else ""
        note = "" if word.is_about(money) else f" (asked: {money})"
        source = "operator's note on" if word.source is Source.OPERATOR else f"{word.source} of"
        moved = f" as {word.provider_transaction_id}" if is_twice else ""
        lines.append(f"{source} {word.provider} says {word.word}{amount}{moved}{note}")
    return "; ".join(lines)


def evolve(state: Payment, event: Event) -> Payment:
    """Fold one event into the state."""
    match event:
        case events.PaymentRequested():
            if event.sealed_code is not None:
                return replace(state, request=event, sealed_code=event.sealed_code)
            return Payment(event) if state is INITIAL else replace(state, request=event)
        case events.PaymentSubmissionStarted():
            attempt = Attempt(
                event.provider,
                event.reference,
                event.attempt,
                sealed_handle=event.sealed_handle,
            )
            return replace(
                state,
                progress=Status.SUBMITTING,
                attempts=(*state.attempts, attempt),
                note=None,
                code=None,
                sealed_code=None,
            )
        case events.PaymentSubmitted():
            attempts = tuple(
                replace(
                    one,
                    is_accepted=True,
                    sealed_handle=event.sealed_handle or one.sealed_handle,
                    token_digest=event.token_digest,
                )
                if one.number == event.attempt
                else one
                for one in state.attempts
            )
            if event.attempt != len(state.attempts):
                return replace(state, attempts=attempts)
            return replace(
                state,
                attempts=attempts,
                progress=Status.PENDING,
                awaits_code=event.awaits_code,
            )
        case events.PaymentSubmissionDeclined():
            return replace(
                state,
                progress=Status.DECLINED,
                attempts=_attempts_with(state, event.attempt, is_absent=True),
                note=event.reason,
                code=event.code,
                sealed_code=event.sealed_code,
            )
        case events.PaymentSubmissionWithdrawn():
            return replace(
                state,
                progress=Status.REQUESTED,
                attempts=_attempts_with(state, event.attempt, is_absent=event.was_not_sent),
                note=event.reason,
                sealed_code=event.sealed_code,
            )
        case events.PaymentSubmissionDoubted():
            return replace(state, progress=Status.UNKNOWN, note=event.reason)
        case events.PaymentInquired():
            is_known = event.result == "pending" or state.progress is Status.PENDING
            return replace(
                state,
                progress=Status.PENDING if is_known else Status.UNKNOWN,
                attempts=_attempts_with(state, len(state.attempts), is_absent=False)
                if event.result == "pending"
                else state.attempts,
                # Why a code was refused stays said until another one is handed in.
                note=state.note
                if event.awaits_code and state.awaits_code and state.confirmations
                else event.detail,
                inquiries=state.inquiries + 1,
                awaits_code=event.awaits_code
                if event.result == "pending" and state.sealed_code is None
                else state.awaits_code,
            )
        case events.PaymentCodeGiven():
            given = Confirmation(event.confirmation_id, event.content_digest)
            return replace(
                state,
                awaits_code=False,
                sealed_code=event.sealed_code,
                confirmations=(*state.confirmations, given),
            )
        case events.PaymentConfirmationStarted():
            return replace(state, sealed_code=None, is_confirming=True)
        case events.PaymentConfirmationEnded():
            awaits_code = event.result in {"refused", "not_sent"}
            return replace(state, awaits_code=awaits_code, is_confirming=False, note=event.reason)
        case events.PaymentSought():
            return replace(state, sought=event, note=event.reason)
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
                code = event.code or state.code
                return replace(state, progress=Status.EXPIRED, note=event.reason, code=code)
            return replace(state, verdict=Status.EXPIRED)
        case events.PaymentConflicted():
            return replace(state, verdict=Status.CONFLICT)
        case events.PaymentReopened():
            return replace(state, verdict=None)
        case events.PaymentRerouted():
            return replace(
                state,
                progress=Status.REQUESTED,
                rerouted_to=event.provider,
                note=event.reason,
                code=None,
            )
        case events.PaymentRefundReserved():
            reserved = Refund(event.refund_id, event.amount_minor, event.content_digest)
            return replace(state, refunds=(*state.refunds, reserved))
        case events.PaymentRefunded():
            return _settled_refund(state, event.refund_id, is_given_back=True)
        case events.PaymentRefundReleased():
            return _settled_refund(state, event.refund_id, is_given_back=False)
        case events.PaymentRefundDoubted():
            return _settled_refund(state, event.refund_id, is_given_back=None)
        case events.PaymentNoteProposed():
            return replace(state, notes=(*state.notes, Note(event)))
        case events.PaymentNoteApproved():
            return _changed_note(state, event.note_id, approved_by=event.by)
        case events.PaymentNoteWithdrawn():
            return _changed_note(state, event.note_id, withdrawn_by=event.by)
        case _:
            raise TypeError(f"a payment stream has no {event.type}")


def _attempts_with(state: Payment, number: int, *, is_absent: bool) -> tuple[Attempt, ...]:
    return tuple(
        replace(one, is_absent=is_absent) if one.number == number else one for one in state.attempts
    )


def _settled_refund(state: Payment, refund_id: str, *, is_given_back: bool | None) -> Payment:
    refunds = tuple(
        replace(one, is_given_back=is_given_back) if one.refund_id == refund_id else one
        for one in state.refunds
    )
    return replace(state, refunds=refunds)


def _changed_note(state: Payment, note_id: str, **changed: str) -> Payment:
    notes = tuple(
        replace(one, **changed) if one.note_id == note_id else one  # type: ignore[arg-type]
        for one in state.notes
    )
    return replace(state, notes=notes)
