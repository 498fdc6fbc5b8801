"""Operators' notes: a word that people settle a payment by, over four eyes; a pure decider.

One operator proposes what he saw outside (a letter, the provider's own desk), another one agrees,
and only then is it evidence, of the most trusted source. It lives in the payment's own stream: so
approval, word and transition are one append, and nobody can die between them.

    proposed ─► approved ─► (replaced)    proposed ─► withdrawn | (its time is over) | (overtaken)

The trick: a proposal keeps what the payment would have become, its status and its postings, and an
approval is worth nothing if that is not what it would do now. So nobody agrees to something else
than he read, though a provider speaks in between. A proposal that would do something else now is
overtaken; it may be proposed anew.

Of one reference at most one note counts. Who erred says so by a note that names the earlier one it
replaces; which words count then is `ledger.evidence.counting`, a function of their set. A note that
replaces one with a time has to tell a time as well, or the wrong one would stay.

Keys that took one another's place are one operator's, as in `ledger.people`.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from ledger import events
from ledger.commands_notes import ApproveNote, NoteCommand, ProposeNote, WithdrawNote
from ledger.errors import UnknownPaymentError
from ledger.events import Event, NoteOutlook, NotePosting
from ledger.evidence import NOTE_PREFIX, Evidence
from ledger.journal import postings
from ledger.operator_notes_refused import (
    AGREEING,
    PROPOSING,
    SUBMITTING,
    WITHDRAWING,
    UnknownOperatorNoteError,
    refuse,
)
from ledger.operator_notes_words import check, standing, word_of
from ledger.payment import Payment, Status
from ledger.payment_note import Note
from ledger.payment_words import VERDICT_OF, heard
from ledger.sentences import Sentence

NOTES_MAX: Final = 20
"""How many notes one payment may have, those that came to nothing included."""

NOTE_HOURS_MAX: Final = 72
"""How long a proposal waits for a second operator."""

NoteState = Literal["proposed", "approved", "replaced", "withdrawn", "lapsed", "overtaken"]


def reason_context(payment_id: str, reason_digest: str) -> str:
    """What a note's sealed reason is bound to."""
    return f"{payment_id}/note/{reason_digest}"


def reason_subject(payment_id: str) -> str:
    """Whose the keys are that notes' reasons are sealed under: the payment's, and no person's.

    What justifies an entry in the books is kept though a person is forgotten, and names nobody.
    """
    return f"note-{payment_id}"


def ends_at(now: datetime) -> datetime:
    """When a proposal made now ends by itself."""
    return now + timedelta(hours=NOTE_HOURS_MAX)


def state_of(note: Note, payment: Payment, at: datetime) -> NoteState:
    """Where a note stands."""
    if note.approved_by is not None:
        is_counted = any(one.note == note.note_id for one in standing(payment))
        return "approved" if is_counted else "replaced"
    if note.withdrawn_by is not None:
        return "withdrawn"
    if at >= note.proposed.ends_at:
        return "lapsed"
    is_promised = _becomes(note, payment) == note.proposed.becomes
    return "proposed" if is_promised and _is_free(note, payment) else "overtaken"


def found(command: ProposeNote, state: Payment) -> Note | None:
    """The note that says the very same, for the same reason: open, or approved and not replaced.

    Raises:
        OperatorNoteRefusedError, InvalidMoneyError: there is no such word.
    """
    word = word_of(command, state)
    counts = {one.note for one in standing(state)}
    for one in reversed(state.notes):
        said = msgspec.structs.replace(one.proposed.evidence, note=None)
        is_same = said == word and one.proposed.reason_digest == command.reason_digest
        is_open = state_of(one, state, command.at) == "proposed"
        if is_same and (is_open or one.note_id in counts):
            return one
    return None


def outlook(payment: Payment) -> NoteOutlook:
    """What a payment is: its status, what it books, and what of it is bound by refunds."""
    return NoteOutlook(
        payment.status.value,
        tuple(sorted((NotePosting(*line) for line in postings(payment)), key=_by_account)),
        sum(one.amount_minor for one in payment.refunds if one.is_given_back is not False),
    )


def with_word(payment: Payment, word: Evidence) -> Payment:
    """The payment as it would be with one more word."""
    words = payment.evidence | {word}
    verdict = VERDICT_OF.get(payment.settled_with(words).resolution)
    return replace(payment, evidence=words, verdict=verdict)


def decide(command: NoteCommand, state: Payment) -> list[Event]:
    """Decide about an operator's note; what is so already changes nothing.

    Raises:
        UnknownPaymentError: there is no such payment.
        UnknownOperatorNoteError: it has no such note.
        OperatorNoteRefusedError: it cannot be, and what to do instead.
        InvalidMoneyError: the amount is none.
    """
    if state.request is None:
        raise UnknownPaymentError(command.payment_id, type(command).__name__)
    match command:
        case ProposeNote():
            return _propose(command, state)
        case ApproveNote():
            return _approve(command, _known(command, state), state)
        case WithdrawNote():
            return _withdraw(command, _known(command, state), state)


def _propose(command: ProposeNote, state: Payment) -> list[Event]:
    word = word_of(command, state)
    if found(command, state) is not None:
        return []
    opened = [one for one in state.notes if state_of(one, state, command.at) == "proposed"]
    if opened:
        refuse(
            PROPOSING,
            Sentence("{note} waits for a second operator already.", note=opened[0].note_id),
            Sentence("Approve that one, or take it back first."),
        )
    if len(state.notes) >= NOTES_MAX:
        refuse(
            PROPOSING,
            Sentence("the payment has {notes} notes already.", notes=NOTES_MAX),
            Sentence("Approve none that is wrong; what is left is to be settled in the books."),
        )
    note_id = f"{NOTE_PREFIX}{len(state.notes) + 1}"
    check(command, word, state)
    word = msgspec.structs.replace(word, note=note_id)
    return [
        events.PaymentNoteProposed(
            note_id=note_id,
            by=command.by,
            evidence=word,
            stood=outlook(state),
            becomes=outlook(with_word(state, word)),
            reason_digest=command.reason_digest,
            sealed_reason=command.sealed_reason,
            ends_at=command.ends_at,
        )
    ]


def _approve(command: ApproveNote, note: Note, state: Payment) -> list[Event]:
    match state_of(note, state, command.at):
        case "approved" | "replaced":
            return []
        case "withdrawn":
            refuse(
                AGREEING,
                Sentence("it was taken back."),
                Sentence("Propose it anew if it holds all the same."),
            )
        case "lapsed":
            refuse(
                AGREEING,
                Sentence("nobody agreed within {hours} hours.", hours=NOTE_HOURS_MAX),
                Sentence("Propose it anew if it still holds."),
            )
        case "overtaken":
            refuse(
                AGREEING,
                Sentence(
                    "what would become of the payment, its money or its refunds is not what it "
                    "was when it was proposed."
                ),
                Sentence("Look at the payment again, and propose anew what still holds."),
            )
        case "proposed":
            if note.proposed.by in command.same | {command.by}:
                refuse(
                    AGREEING,
                    Sentence("the operator who proposed it cannot be the one who agrees."),
                    Sentence("Have another operator look at it, with his own key."),
                )
    if state.status is Status.SUBMITTING:
        refuse(AGREEING, *SUBMITTING)
    approved = events.PaymentNoteApproved(note_id=command.note_id, by=command.by)
    return [approved, *heard(note.proposed.evidence, state)]


def _withdraw(command: WithdrawNote, note: Note, state: Payment) -> list[Event]:
    stands = state_of(note, state, command.at)
    if stands in {"approved", "replaced"}:
        refuse(
            WITHDRAWING,
            Sentence("a second operator has agreed to it, and it is evidence."),
            Sentence("If it was wrong, propose another one that names it in `replaces`."),
        )
    if stands in {"withdrawn", "lapsed"}:
        return []
    return [events.PaymentNoteWithdrawn(note_id=command.note_id, by=command.by)]


def _known(command: ApproveNote | WithdrawNote, state: Payment) -> Note:
    for one in state.notes:
        if one.note_id == command.note_id:
            return one
    raise UnknownOperatorNoteError


def _becomes(note: Note, state: Payment) -> NoteOutlook:
    return outlook(with_word(state, note.proposed.evidence))


def _is_free(note: Note, state: Payment) -> bool:
    """Whether what it speaks of was not settled by another note since, and what it replaces is."""
    word = note.proposed.evidence
    settled = {one.note: one.reference for one in standing(state)}
    taken = {name for name, reference in settled.items() if reference == word.reference}
    return word.replaces in {None, *settled} and taken <= {word.replaces}


def _by_account(line: NotePosting) -> tuple[str, str, str, int]:
    return line.account, line.holder, line.currency, line.amount_minor
