"""Every error the ledger can raise, in one tree.

The tree:

    LedgerError                      root; has a stable `code`
    ├─ InvalidInputError             what the caller sent cannot be used: field, reason, remedy
    │  ├─ InvalidMoneyError
    │  ├─ InvalidPhoneError
    │  └─ ledger.statement.InvalidStatementError  a provider's statement cannot be used
    ├─ CommandRefusedError           the ledger will not do this to that thing now
    │  ├─ UnknownPaymentError        no such payment
    │  ├─ UnknownMerchantError       no such merchant
    │  ├─ UnknownCheckoutError       no such checkout session
    │  ├─ UnknownEndpointError       no such endpoint
    │  ├─ UnknownErasureError        no such request to forget somebody (ledger.people)
    │  ├─ OpenPaymentsError          a person's money is still under way (ledger.people)
    │  ├─ UnknownOperatorNoteError   a payment has no such note (ledger.operator_notes_refused)
    │  ├─ OperatorNoteRefusedError   a note cannot be, as things stand (as above)
    │  ├─ ledger.statement.UnknownStatementError, .StatementRefusedError
    │  ├─ IdempotencyKeyReusedError  the same key came with other content
    │  ├─ NotRefundableError         a payment cannot be given back, or not so much of it
    │  ├─ NotCancellableError        its merchant cannot end it (ledger.payment_ending)
    │  └─ CodeNotAwaitedError        a one-time code was handed in that nobody waits for
    ├─ StoreError                    the event store could not do it
    │  ├─ WrongVersionError          the stream is not at the expected version
    │  ├─ StoreBusyError             the append queue is full: nothing was written
    │  ├─ StreamTooLongError         the stream already has as many events as it may have
    │  ├─ StoreClosedError           the store was closed before the request was served
    │  ├─ StoreUnavailableError      locked, not writable, disk full, connection lost
    │  └─ SchemaVersionError         the database is older or newer than the code
    ├─ EntryError                    an entry cannot be written or read
    │  ├─ EntryTooLargeError
    │  ├─ UnknownEventTypeError
    │  └─ CorruptLogError            stored bytes contradict the log's own rules
    ├─ SubscriptionStalledError      a handler kept failing; the subscription stopped
    ├─ NoteError                     a signed note or checkpoint is not what it should be
    │  ├─ NoteKeyError               a key to sign or verify notes cannot be read
    │  ├─ NoteUnverifiedError        nobody we trust has signed it
    │  └─ ledger.receipt.ReceiptError  a receipt is none, or proves nothing
    └─ VaultError                    sealing and opening
       ├─ MasterKeyError             missing, weak or unreadable master key
       ├─ ErasedError                the person's key was destroyed
       └─ SealBrokenError            tampered text, wrong context or wrong key

Errors carry fields and write their own sentence, which has no number, secret or sealed plaintext.
What may reach somebody over HTTP (see `api.errors`) is a `Sentence`, to be said in his language.
"""

from typing import ClassVar

from ledger.sentences import Sentence, explained


class LedgerError(Exception):
    """The root: everything the ledger refuses or fails to do, with a stable `code`."""

    code: ClassVar[str] = "ledger_error"


def reason_of(error: BaseException) -> str:
    """Say why something failed, for logs and health: an error's class, and its words if it is ours.

    The words of others may quote what they stumbled over.
    """
    words = str(error) if isinstance(error, LedgerError) else ""
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


class InvalidInputError(LedgerError):
    """A value from outside cannot be used; says which field, why, and what to send instead."""

    code: ClassVar[str] = "invalid_input"

    def __init__(self, field: str, reason: Sentence, remedy: Sentence) -> None:
        super().__init__(
            Sentence("{name}: {reason} {remedy}", name=field, reason=reason, remedy=remedy)
        )
        self.field = field
        self.reason = reason
        self.remedy = remedy


class InvalidMoneyError(InvalidInputError):
    """An amount or currency that is no money."""

    code: ClassVar[str] = "invalid_money"


class InvalidPhoneError(InvalidInputError):
    """A text that is no telephone number; the text itself is never repeated."""

    code: ClassVar[str] = "invalid_phone"


class CommandRefusedError(LedgerError):
    """The decision was no: the command does not fit the state; nothing was appended."""

    code: ClassVar[str] = "command_refused"

    def __init__(self, command: str, reason: Sentence, *, status: str | None = None) -> None:
        # The name of a class is for the log: people are told a sentence, or nothing.
        if isinstance(command, Sentence):
            told = Sentence("{command} was refused: {reason}", command=command, reason=reason)
        elif status is None:
            told = Sentence("Refused: {reason}", reason=reason)
        else:
            told = Sentence("Refused while it is {status}: {reason}", status=status, reason=reason)
        super().__init__(told)
        self.command = command
        self.reason = reason
        self.status = status


class UnknownPaymentError(CommandRefusedError):
    """No payment has this id."""

    code: ClassVar[str] = "unknown_payment"

    def __init__(self, payment_id: str, command: str = "query") -> None:
        super().__init__(
            command, Sentence("there is no payment {payment_id!r}.", payment_id=payment_id)
        )
        self.payment_id = payment_id


class UnknownMerchantError(CommandRefusedError):
    """No merchant has this id."""

    code: ClassVar[str] = "unknown_merchant"

    def __init__(self, merchant_id: str, command: str = "query") -> None:
        super().__init__(
            command, Sentence("there is no merchant {merchant_id!r}.", merchant_id=merchant_id)
        )
        self.merchant_id = merchant_id


class UnknownCheckoutError(CommandRefusedError):
    """No checkout session has this id. The id is not repeated: it is all one needs to pay."""

    code: ClassVar[str] = "unknown_checkout_session"

    def __init__(self, command: str = "query") -> None:
        super().__init__(command, Sentence("there is no such checkout session."))


class UnknownEndpointError(CommandRefusedError):
    """No endpoint has this id."""

    code: ClassVar[str] = "unknown_endpoint"

    def __init__(self, endpoint_id: str, command: str = "query") -> None:
        super().__init__(
            command, Sentence("there is no endpoint {endpoint_id!r}.", endpoint_id=endpoint_id)
        )
        self.endpoint_id = endpoint_id


class IdempotencyKeyReusedError(CommandRefusedError):
    """The Idempotency-Key was used before, for a request with other content."""

    code: ClassVar[str] = "idempotency_key_reused"

    def __init__(self, payment_id: str) -> None:
        found = Sentence(
            "this Idempotency-Key already made {payment_id} from other content.",
            payment_id=payment_id,
        )
        remedy = Sentence("Repeat the first content exactly, or use a new key for a new payment.")
        super().__init__("RequestPayment", explained(found, remedy))
        self.payment_id = payment_id
        self.found = found
        self.remedy = remedy


class NotRefundableError(CommandRefusedError):
    """A payment cannot be given back, or not so much of it."""

    code: ClassVar[str] = "not_refundable"

    def __init__(self, reason: Sentence, remedy: Sentence, *, field: str | None = None) -> None:
        LedgerError.__init__(self, explained(reason, remedy))
        self.command, self.reason, self.status = "ReserveRefund", reason, None
        self.remedy = remedy
        self.field = field
        """The member that is to blame; None: the payment itself is."""


class CodeNotAwaitedError(CommandRefusedError):
    """A one-time code was handed in for a payment that awaits none."""

    code: ClassVar[str] = "code_not_awaited"

    def __init__(self, reason: Sentence, remedy: Sentence) -> None:
        LedgerError.__init__(self, explained(reason, remedy))
        self.command, self.reason, self.status = "GiveCode", reason, None
        self.remedy = remedy


class StoreError(LedgerError):
    """The event store could not serve the request."""

    code: ClassVar[str] = "store_error"


class WrongVersionError(StoreError):
    """The stream is not at the version the writer believed; nothing was written."""

    code: ClassVar[str] = "wrong_version"

    def __init__(self, stream: str, expected: int, actual: int) -> None:
        super().__init__(
            Sentence(
                "stream {stream} is at version {actual}, not at the expected {expected}",
                stream=stream,
                actual=actual,
                expected=expected,
            )
        )
        self.stream, self.expected, self.actual = stream, expected, actual


class StoreBusyError(StoreError):
    """The append queue is full: nothing was written, nothing was dropped; try again shortly."""

    code: ClassVar[str] = "busy"

    def __init__(self, queued_max: int) -> None:
        super().__init__(
            Sentence(
                "{queued_max} appends are already waiting; try again shortly",
                queued_max=queued_max,
            )
        )
        self.queued_max = queued_max


class StreamTooLongError(StoreError):
    """A stream would get more events than can be folded whole; nothing was written."""

    code: ClassVar[str] = "stream_too_long"

    def __init__(self, stream: str, events_max: int) -> None:
        super().__init__(
            Sentence(
                "stream {stream} may not have more than {events_max} events",
                stream=stream,
                events_max=events_max,
            )
        )
        self.stream, self.events_max = stream, events_max


class StoreClosedError(StoreError):
    """The store was closed before the request was served; nothing was written."""

    code: ClassVar[str] = "store_closed"

    def __init__(self, reason: Sentence) -> None:
        super().__init__(reason)


class StoreUnavailableError(StoreError):
    """The database cannot serve now. Nothing was acknowledged: repeat it under the same key."""

    code: ClassVar[str] = "store_unavailable"

    def __init__(self, reason: Sentence, remedy: Sentence) -> None:
        super().__init__(explained(reason, remedy))
        self.reason, self.remedy = reason, remedy


class SchemaVersionError(StoreError):
    """The database's schema is not the one this code was written for."""

    code: ClassVar[str] = "schema_version"

    def __init__(self, found: str, wanted: str, remedy: Sentence) -> None:
        super().__init__(
            Sentence(
                "the database is at schema {found}, this code needs {wanted}. {remedy}",
                found=found,
                wanted=wanted,
                remedy=remedy,
            )
        )
        self.found, self.wanted, self.remedy = found, wanted, remedy


class EntryError(LedgerError):
    """A log entry cannot be written or read."""

    code: ClassVar[str] = "entry_error"


class EntryTooLargeError(EntryError):
    """An entry would be longer than a log entry may be."""

    code: ClassVar[str] = "entry_too_large"

    def __init__(self, event_type: str, size_bytes: int, size_bytes_max: int) -> None:
        super().__init__(
            Sentence(
                "an entry of type {event_type} would take {size_bytes} bytes; "
                "at most {size_bytes_max} are allowed",
                event_type=event_type,
                size_bytes=size_bytes,
                size_bytes_max=size_bytes_max,
            )
        )
        self.event_type = event_type
        self.size_bytes = size_bytes
        self.size_bytes_max = size_bytes_max


class UnknownEventTypeError(EntryError):
    """A stored type or schema version this code does not know: the database is newer."""

    code: ClassVar[str] = "unknown_event_type"

    def __init__(self, event_type: str, schema: int) -> None:
        super().__init__(
            f"event type {event_type!r} schema {schema} is unknown to this version of the code; "
            "upgrade the code before reading this log, or run `cauri verify` if it is not newer"
        )
        self.event_type = event_type
        self.schema = schema


class CorruptLogError(EntryError):
    """Stored bytes contradict the log's own rules; names the first bad position."""

    code: ClassVar[str] = "corrupt_log"

    def __init__(self, position: int, reason: str) -> None:
        super().__init__(f"position {position}: {reason}")
        self.position = position
        self.reason = reason


class SubscriptionStalledError(LedgerError):
    """A handler failed again and again at one position; the subscription stopped there."""

    code: ClassVar[str] = "subscription_stalled"

    def __init__(self, name: str, position: int, attempts: int, cause: str) -> None:
        super().__init__(
            f"subscription {name} stopped at position {position} after {attempts} attempts: {cause}"
        )
        self.name = name
        self.position = position
        self.attempts = attempts
        self.cause = cause


class NoteError(LedgerError):
    """A signed note or a checkpoint is not written as it has to be."""

    code: ClassVar[str] = "invalid_note"


class NoteKeyError(NoteError):
    """A key to sign or verify notes cannot be read; a private one is never repeated."""

    code: ClassVar[str] = "invalid_note_key"


class NoteUnverifiedError(NoteError):
    """No trusted key has signed the note, or a signature in a trusted key's name is wrong."""

    code: ClassVar[str] = "note_unverified"


class VaultError(LedgerError):
    """Sealing or opening failed."""

    code: ClassVar[str] = "vault_error"


class MasterKeyError(VaultError):
    """The master key is missing, weak or unreadable."""

    code: ClassVar[str] = "master_key"

    def __init__(self, reason: Sentence, remedy: Sentence) -> None:
        super().__init__(explained(reason, remedy))
        self.reason = reason
        self.remedy = remedy


class ErasedError(VaultError):
    """The data key is gone: the person was erased, and nobody can open this any more."""

    code: ClassVar[str] = "erased"


class SealBrokenError(VaultError):
    """The sealed text was changed, belongs to another context, or to another master key."""

    code: ClassVar[str] = "seal_broken"
