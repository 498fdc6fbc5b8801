"""Mail: which events of a payment are worth a letter, and what became of each; pure.

    receipt     the payment has succeeded
    refund      a refund of it has succeeded
    correction  what an earlier letter said does not hold any more

A letter is about one event of the payment's stream, named by its position, and goes to one
recipient. A success that is doubted and then confirmed is told once: its receipt stands. Only once
it has come to a bad end is it taken back, and only a success after that is worth a new receipt. A
conflict is worth no letter: nobody knows yet what would be true.

The stream `mail-<payment id>` holds every attempt. Attempts are recorded by number, so of two
processes that sent the same letter at once the second one's record changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from ledger import events
from ledger.commands_mail import MailCommand, ParkMail, RecordMail
from ledger.errors import CommandRefusedError
from ledger.events import Event
from ledger.identity import Recipient
from ledger.sentences import Sentence

LETTERS_MAX: Final = 400
"""How many letters there may be about one payment: each refund is worth two at least."""

MailKind = Literal["receipt", "refund", "correction"]


class Worth(NamedTuple):
    """A letter that an event is worth."""

    kind: MailKind
    subject: str
    """The payment or the refund it speaks of."""
    corrects: int | None = None
    """Of a correction: the event that an earlier letter was about."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What became of one letter to one recipient."""

    attempts: int = 0
    is_open: bool = True
    may_have_arrived: bool = False


@dataclass(frozen=True, slots=True)
class Mail:
    """The folded state of a mail stream: its letters, by position and recipient."""

    letters: Mapping[tuple[int, Recipient], Letter] = field(
        default_factory=lambda: MappingProxyType({})
    )


INITIAL: Final = Mail()


def mail_stream(payment_id: str) -> str:
    """The name of the stream of the letters about a payment."""
    return f"mail-{payment_id}"


def mail_id(payment_id: str, position: int, recipient: Recipient) -> str:
    """The name of one letter."""
    return f"{payment_id}.{position}.{recipient}"


def worth_of(event: Event, position: int, payment_id: str, told: dict[str, int]) -> Worth | None:
    """The letter that an event of a payment is worth; None where it is worth none.

    Args:
        event: what happened.
        position: where it stands in the log.
        payment_id: the payment in whose stream it stands.
        told: payment or refund -> the event whose letter stands; changed in place.
    """
    kind: MailKind
    match event:
        case events.PaymentSucceeded():
            kind, subject = "receipt", payment_id
        case events.PaymentRefunded():
            kind, subject = "refund", event.refund_id
        case events.PaymentRefundReleased():
            kind, subject = "correction", event.refund_id
        case events.PaymentFailed() | events.PaymentExpired() | events.PaymentSubmissionDeclined():
            kind, subject = "correction", payment_id
        case events.PaymentReopened(status="declined" | "expired"):
            kind, subject = "correction", payment_id
        case _:
            return None
    if kind == "correction":
        corrects = told.pop(subject, None)
        return None if corrects is None else Worth("correction", subject, corrects)
    if subject in told:
        return None
    told[subject] = position
    return Worth(kind, subject)


def decide(command: MailCommand, state: Mail) -> list[Event]:
    """Decide about one letter; a record of what is recorded changes nothing.

    Raises:
        CommandRefusedError: there are more letters than may be.
    """
    key = (command.position, command.recipient)
    letter = state.letters.get(key)
    if letter is None:
        if len(state.letters) >= LETTERS_MAX:
            raise CommandRefusedError(
                type(command).__name__,
                Sentence("{letters} letters were written about it already.", letters=LETTERS_MAX),
            )
        letter = Letter()
    parked = events.MailParked(
        payment_id=command.payment_id,
        position=command.position,
        recipient=command.recipient,
        reason=command.reason,
    )
    match command:
        case RecordMail():
            if not letter.is_open or command.attempt != letter.attempts + 1:
                return []
            attempted = events.MailAttempted(
                payment_id=command.payment_id,
                position=command.position,
                recipient=command.recipient,
                kind=command.kind,
                attempt=command.attempt,
                result=command.result,
                reason=command.reason,
                latency_ms=command.latency_ms,
                retry_at=command.retry_at,
            )
            if command.result == "accepted" or command.retry_at is not None:
                return [attempted]
            return [attempted, parked]
        case ParkMail():
            return [parked] if letter.is_open else []


def evolve(state: Mail, event: Event) -> Mail:
    """Fold one event into what became of the letters about a payment."""
    match event:
        case events.MailAttempted():
            key = (event.position, event.recipient)
            before = state.letters.get(key, Letter())
            changed = Letter(
                attempts=event.attempt,
                is_open=event.result != "accepted" and event.retry_at is not None,
                may_have_arrived=before.may_have_arrived or event.result in {"accepted", "unknown"},
            )
        case events.MailParked():
            key = (event.position, event.recipient)
            changed = replace(state.letters.get(key, Letter()), is_open=False)
        case _:
            raise TypeError(f"a mail stream has no {event.type}")
    return Mail(MappingProxyType({**state.letters, key: changed}))
