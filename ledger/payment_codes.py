"""One-time codes, as their payment decides them; pure, a part of `ledger.payment`.

Some operators give the payer a code by which a payment is confirmed. It may be sent along with the
request, and then belongs to the submission; or the provider asks for it afterwards, and then it is
handed in: `payment.code_given`, and, before the provider is called, `payment.confirmation_started`.

A code is a secret that is good for one payment and a few minutes. It stands in the log sealed under
a key of its own, and that key is destroyed before the code is used: whatever becomes of the process
or the payment, no copy of the log can ever be made to say it. A code that certainly was not used is
sealed anew, under another key, by the event that says so.
"""

from typing import Final

from ledger import commands, events
from ledger.errors import CodeNotAwaitedError, CommandRefusedError, IdempotencyKeyReusedError
from ledger.events import Event
from ledger.payment_state import Payment, Status
from ledger.sentences import Sentence

CONFIRMATIONS_MAX: Final = 5
"""How many codes may be handed in for one payment: whoever guesses has no more tries than that."""


def code_subject(payment_id: str) -> str:
    """Whose the keys are that a payment's codes are sealed under: nobody's but the code's."""
    return f"code-{payment_id}"


def code_context(payment_id: str) -> str:
    """What a sealed code is bound to."""
    return f"{payment_id}/code"


def give(command: commands.GiveCode, state: Payment) -> list[Event]:
    """Decide whether a code may be handed in.

    Raises:
        IdempotencyKeyReusedError: the key stands for another code.
        CodeNotAwaitedError: no provider awaits one, or too many were tried.
    """
    for one in state.confirmations:
        if one.confirmation_id == command.confirmation_id:
            if one.content_digest != command.content_digest:
                raise IdempotencyKeyReusedError(command.confirmation_id)
            return []
    if state.status is not Status.PENDING or not state.awaits_code or state.attempt is None:
        raise CodeNotAwaitedError(
            Sentence("The payment is {status} and awaits no code.", status=state.status),
            Sentence("Hand in a code only while the payment says that it awaits one."),
        )
    if len(state.confirmations) >= CONFIRMATIONS_MAX:
        raise CodeNotAwaitedError(
            Sentence("{codes} codes were tried already.", codes=CONFIRMATIONS_MAX),
            Sentence("Let this payment expire and make a new one."),
        )
    return [
        events.PaymentCodeGiven(
            reference=state.attempt.reference,
            confirmation_id=command.confirmation_id,
            content_digest=command.content_digest,
            sealed_code=command.sealed_code,
        )
    ]


def start(command: commands.StartConfirmation, state: Payment) -> list[Event]:
    """Decide whether the code that was handed in may be handed over."""
    attempt = state.attempt
    is_ready = (
        state.status is Status.PENDING
        and state.sealed_code is not None
        and command.number == len(state.confirmations)
    )
    if not is_ready or attempt is None or attempt.reference != command.reference:
        raise CommandRefusedError(
            type(command).__name__,
            Sentence("there is no code to be handed over."),
            status=state.status,
        )
    return [
        events.PaymentConfirmationStarted(
            provider=attempt.provider, reference=attempt.reference, inquire_at=command.inquire_at
        )
    ]


def end(command: commands.EndConfirmation, state: Payment) -> list[Event]:
    """Record what a confirmation brought, unless the payment has gone on without it."""
    attempt = state.attempt
    is_under_way = state.status is Status.PENDING and state.is_confirming
    if not is_under_way or attempt is None or attempt.reference != command.reference:
        return []
    return [
        events.PaymentConfirmationEnded(
            provider=attempt.provider,
            reference=attempt.reference,
            result=command.result,
            reason=command.reason,
            inquire_at=command.inquire_at,
        )
    ]
