"""The word of an operator's note: what may be said of a payment; a part of `ledger.operator_notes`.

It is about a submission that was made, in the currency that was asked for. Of one reference at most
one note counts: whoever says something else has to name the one that was wrong. What a note leaves
out is filled in: the last submission, the amount that was asked for, the provider's own id of the
movement where its words tell one, for a refund may need it.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from ledger.commands_notes import ProposeNote
from ledger.evidence import Evidence, Source, Word, counting
from ledger.money import parse_money
from ledger.operator_notes_refused import PROPOSING, SUBMITTING, refuse
from ledger.payment import Attempt, Payment, Status
from ledger.sentences import Sentence

CLOCKS_APART_MAX: Final = timedelta(minutes=5)
"""How much earlier than it was asked for money may be said to have moved: clocks differ."""


def word_of(command: ProposeNote, state: Payment) -> Evidence:
    """Write the word that a proposal amounts to, without its name.

    Raises:
        OperatorNoteRefusedError: there is no such submission, or no such money.
        InvalidMoneyError: the amount is none.
    """
    attempt = _attempt(command, state)
    amount, currency = _money(command, state)
    is_paid = command.word is Word.SUCCEEDED
    return Evidence(
        source=Source.OPERATOR,
        provider=attempt.provider,
        reference=attempt.reference,
        word=command.word,
        amount=amount,
        currency=currency,
        provider_transaction_id=command.provider_transaction_id
        or (_transaction_id(attempt, state) if is_paid else None),
        occurred_at=command.occurred_at,
        replaces=command.replaces,
    )


def _attempt(command: ProposeNote, state: Payment) -> Attempt:
    if state.attempt is None:
        refuse(
            PROPOSING,
            Sentence("the payment was never submitted to a provider, so there is nothing to say."),
            Sentence("Wait: it is sent, or given up by itself."),
        )
    if command.reference is None:
        return state.attempt
    attempt = state.attempt_of(command.reference)
    if attempt is None:
        refuse(
            PROPOSING,
            Sentence("the payment was never submitted under this reference."),
            Sentence("Send one of the payment's `attempts`, or none for the last one."),
            field="reference",
        )
    return attempt


def check(command: ProposeNote, said: Evidence, state: Payment) -> None:
    """See that this word may be said of the payment now.

    Raises:
        OperatorNoteRefusedError: it may not.
    """
    if state.status is Status.SUBMITTING:
        refuse(PROPOSING, *SUBMITTING)
    _check_replaced(command, said, state)
    _check_time(command, state)


def _check_replaced(command: ProposeNote, said: Evidence, state: Payment) -> None:
    known = {one.note: one for one in standing(state)}
    if command.replaces is not None and command.replaces not in known:
        refuse(
            PROPOSING,
            Sentence("the payment has no such note that was approved and still counts."),
            Sentence("Send the `note` of a word in the payment's `evidence`."),
            field="replaces",
        )
    for name, word in known.items():
        if word.reference == said.reference and name != command.replaces:
            refuse(
                PROPOSING,
                Sentence("{note} has settled this reference already.", note=name),
                Sentence("If that was wrong, name it in `replaces`."),
                field="replaces",
            )


def _check_time(command: ProposeNote, state: Payment) -> None:
    told = command.occurred_at
    if told is None:
        timed = [one for one in state.evidence if one.note is not None and one.occurred_at]
        if timed and command.word is Word.SUCCEEDED:
            refuse(
                PROPOSING,
                Sentence("an earlier note tells when the money moved."),
                Sentence("Tell it as well: that one's time would stay."),
                field="occurred_at",
            )
        return
    if command.word is not Word.SUCCEEDED:
        refuse(
            PROPOSING,
            Sentence("no money moved, so there is no time when it did."),
            Sentence("Leave it out."),
            field="occurred_at",
        )
    if told > command.at:
        refuse(
            PROPOSING,
            Sentence("the time has not come yet."),
            Sentence("Send when the money moved, in UTC or with its offset."),
            field="occurred_at",
        )
    if told < command.asked_at - CLOCKS_APART_MAX:
        refuse(
            PROPOSING,
            Sentence("the payment was not asked for at that time."),
            Sentence("Send when the money moved; look at the payment's `created_at`."),
            field="occurred_at",
        )


def _money(command: ProposeNote, state: Payment) -> tuple[str | None, str | None]:
    if command.currency is not None and command.currency != state.money.currency:
        refuse(
            PROPOSING,
            Sentence("the payment is in {currency}.", currency=state.money.currency),
            Sentence("Tell what moved in that currency, or leave it out."),
            field="currency",
        )
    if command.word is not Word.SUCCEEDED and command.amount is not None:
        refuse(
            PROPOSING,
            Sentence("no money moved, so there is no amount of it."),
            Sentence("Leave it out."),
            field="amount",
        )
    if command.word is not Word.SUCCEEDED:
        return None, None
    if command.amount is None:
        return state.money.amount, state.money.currency
    money = parse_money(command.amount, state.money.currency)
    return money.amount, money.currency


def _transaction_id(attempt: Attempt, state: Payment) -> str | None:
    """The provider's own id of the movement, where its words tell one; refunds may need it."""
    told = {
        one.provider_transaction_id
        for one in state.evidence
        if one.reference == attempt.reference and one.word is Word.SUCCEEDED and one.note is None
    } - {None}
    return told.pop() if len(told) == 1 else None


def standing(state: Payment) -> Iterator[Evidence]:
    """The notes that were approved, and that no other one replaces."""
    return (one for one in counting(state.evidence) if one.note is not None)
