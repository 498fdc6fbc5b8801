"""Operators' notes, as the door and the command line make them: sealed, handed over, and shown.

It decides nothing: that is `ledger.operator_notes`. What a note would make of a payment is asked of
the same pure decider, so that what is shown beforehand is what happens.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from api import schemas_notes as shapes
from api.four_eyes import keys_of_same_operator
from api.views import decimal_text
from ledger import events, operator_notes
from ledger.commands_notes import ApproveNote, NoteCommand, ProposeNote, WithdrawNote
from ledger.entry import Context, RecordedEvent
from ledger.events import NoteOutlook
from ledger.evidence import Word
from ledger.handling import Handler
from ledger.operator_notes import NoteState, outlook, state_of, with_word
from ledger.operator_notes_refused import UnknownOperatorNoteError
from ledger.payment import Payment, evolve
from ledger.payment_note import Note
from ledger.store import Clock
from ledger.vault import Sealed, Vault
from projections.keys import KeysProjection

_OPEN: Final[frozenset[NoteState]] = frozenset({"proposed", "overtaken"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A note, and the payment that it is about as it stands after what was done."""

    note: Note
    payment: Payment
    recorded: Sequence[RecordedEvent]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What a proposal would say: the payment as it is, and what would become of it."""

    payment: Payment
    stood: shapes.OutlookOut
    becomes: shapes.OutlookOut


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """What there is to do about operators' notes."""

    handler: Handler
    vault: Vault
    keys: KeysProjection
    clock: Clock

    async def propose(
        self, payment_id: str, said: shapes.NoteRequest, *, by: str, context: Context
    ) -> Noted:
        """Propose a word; a repeat finds the proposal that is open.

        Raises:
            UnknownPaymentError: there is no such payment.
            OperatorNoteRefusedError: it may not be said of it.
        """
        _, recorded = await self.handler.payment(payment_id)
        command, sealed = self._proposal(payment_id, said, by, recorded)
        keys = (sealed.new_key,) if sealed.new_key else ()
        handled = await self.handler.handle(command, context=context, keys=keys)
        state: Payment = handled.state
        same = None if handled.events else operator_notes.found(command, state)
        return await self._noted(payment_id, (same or state.notes[-1]).note_id)

    async def rehearse(self, payment_id: str, said: shapes.NoteRequest, *, by: str) -> Rehearsed:
        """Find out what a proposal would say, and do nothing.

        Raises:
            UnknownPaymentError, OperatorNoteRefusedError: as `propose`.
        """
        state, recorded = await self.handler.payment(payment_id)
        command, _ = self._proposal(payment_id, said, by, recorded)
        for event in operator_notes.decide(command, state):
            state = evolve(state, event)
        note = operator_notes.found(command, state) or state.notes[-1]
        currency = state.money.currency
        return Rehearsed(
            payment=state,
            stood=outlook_of(note.proposed.stood, currency),
            becomes=outlook_of(note.proposed.becomes, currency),
        )

    async def approve(self, payment_id: str, note_id: str, *, by: str, context: Context) -> Noted:
        """Agree to a note as a second operator: it is evidence. A repeat changes nothing.

        Raises:
            UnknownPaymentError, UnknownOperatorNoteError: there is no such thing.
            OperatorNoteRefusedError: the same operator, too late, or something else would happen.
        """
        command = ApproveNote(
            payment_id=payment_id,
            note_id=note_id,
            by=by,
            same=await keys_of_same_operator(self.keys, self.handler.store, by),
            at=self.clock(),
        )
        return await self._done(command, context)

    async def withdraw(self, payment_id: str, note_id: str, *, by: str, context: Context) -> Noted:
        """Take a proposal back. A repeat changes nothing.

        Raises:
            UnknownPaymentError, UnknownOperatorNoteError: there is no such thing.
            OperatorNoteRefusedError: it is evidence already.
        """
        command = WithdrawNote(payment_id=payment_id, note_id=note_id, by=by, at=self.clock())
        return await self._done(command, context)

    async def shown(
        self, state: Payment, recorded: Sequence[RecordedEvent]
    ) -> list[shapes.NoteOut]:
        """Show all notes of a payment, in the order they were proposed."""
        named = [
            key_id
            for one in state.notes
            for key_id in (one.proposed.by, one.approved_by, one.withdrawn_by)
        ]
        labels = await self.keys.labels(named)
        now, times = self.clock(), _times(recorded)
        return [
            _shown(
                one,
                state,
                reason=await self.reason(state, one),
                at=now,
                times=times[one.note_id],
                labels=labels,
            )
            for one in state.notes
        ]

    async def shown_one(self, noted: Noted) -> shapes.NoteOut:
        """Show one note."""
        every = await self.shown(noted.payment, noted.recorded)
        return next(one for one in every if one.id == noted.note.note_id)

    def _proposal(
        self,
        payment_id: str,
        said: shapes.NoteRequest,
        by: str,
        recorded: Sequence[RecordedEvent],
    ) -> tuple[ProposeNote, Sealed]:
        """Seal the reason, and write the command."""
        digest = self.vault.digest("operator-note", f"{payment_id}/{said.reason}".encode())
        sealed = self.vault.seal(
            operator_notes.reason_subject(payment_id),
            said.reason.encode(),
            context=operator_notes.reason_context(payment_id, digest),
        )
        now = self.clock()
        command = ProposeNote(
            payment_id=payment_id,
            word=Word(said.word),
            reference=said.reference,
            amount=said.amount,
            currency=said.currency,
            provider_transaction_id=said.provider_transaction_id,
            occurred_at=said.occurred_at,
            replaces=said.replaces,
            by=by,
            reason_digest=digest,
            sealed_reason=sealed.text,
            asked_at=recorded[0].recorded_at,
            at=now,
            ends_at=operator_notes.ends_at(now),
        )
        return command, sealed

    async def _done(self, command: NoteCommand, context: Context) -> Noted:
        await self.handler.handle(command, context=context)
        assert not isinstance(command, ProposeNote)
        return await self._noted(command.payment_id, command.note_id)

    async def _noted(self, payment_id: str, note_id: str) -> Noted:
        state, recorded = await self.handler.payment(payment_id)
        return Noted(note=note_of(state, note_id), payment=state, recorded=recorded)

    async def reason(self, state: Payment, note: Note) -> str:
        """Open what was seen, and where.

        Raises:
            ErasedError: the key it is sealed under is gone.
        """
        proposed, payment_id = note.proposed, state.requested.payment_id
        context = operator_notes.reason_context(payment_id, proposed.reason_digest)
        return (await self.vault.open(proposed.sealed_reason, context=context)).decode()


def note_of(state: Payment, note_id: str) -> Note:
    """One note by its id.

    Raises:
        UnknownOperatorNoteError: the payment has none of this id.
    """
    for one in state.notes:
        if one.note_id == note_id:
            return one
    raise UnknownOperatorNoteError


def outlook_of(said: NoteOutlook, currency: str) -> shapes.OutlookOut:
    """Show what a payment is, or would become."""
    return shapes.OutlookOut(
        status=said.status,
        refunds=decimal_text(said.refunds_minor, currency),
        journal=[
            shapes.OutlookLine(
                account=line.account,
                holder=line.holder,
                currency=line.currency,
                debit=decimal_text(max(0, line.amount_minor), line.currency),
                credit=decimal_text(max(0, -line.amount_minor), line.currency),
            )
            for line in said.postings
        ],
    )


def _times(recorded: Sequence[RecordedEvent]) -> dict[str, dict[str, datetime]]:
    """When each note was proposed, approved and taken back."""
    times: dict[str, dict[str, datetime]] = {}
    for one in recorded:
        match one.event:
            case events.PaymentNoteProposed(note_id=note_id):
                times.setdefault(note_id, {})["proposed_at"] = one.recorded_at
            case events.PaymentNoteApproved(note_id=note_id):
                times[note_id]["approved_at"] = one.recorded_at
            case events.PaymentNoteWithdrawn(note_id=note_id):
                times[note_id]["withdrawn_at"] = one.recorded_at
            case _:
                pass
    return times


def _shown(
    note: Note,
    state: Payment,
    *,
    reason: str,
    at: datetime,
    times: Mapping[str, datetime],
    labels: Mapping[str, str],
) -> shapes.NoteOut:
    said, request = note.proposed, state.requested
    word, stands = said.evidence, state_of(note, state, at)
    now = outlook(with_word(state, word)) if stands in _OPEN else None
    return shapes.NoteOut(
        id=note.note_id,
        payment_id=request.payment_id,
        state=stands,
        word=word.word.value,
        provider=word.provider,
        reference=word.reference,
        amount=word.amount,
        currency=word.currency,
        provider_transaction_id=word.provider_transaction_id,
        occurred_at=word.occurred_at,
        replaces=word.replaces,
        reason=reason,
        proposed_by=said.by,
        proposed_by_label=labels.get(said.by),
        proposed_at=times["proposed_at"],
        approved_by=note.approved_by,
        approved_by_label=labels.get(note.approved_by or ""),
        approved_at=times.get("approved_at"),
        withdrawn_by=note.withdrawn_by,
        withdrawn_by_label=labels.get(note.withdrawn_by or ""),
        withdrawn_at=times.get("withdrawn_at"),
        ends_at=said.ends_at,
        stood=outlook_of(said.stood, request.currency),
        would_become=outlook_of(said.becomes, request.currency),
        would_become_now=None if now is None else outlook_of(now, request.currency),
    )
