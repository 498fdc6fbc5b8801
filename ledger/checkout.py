"""A checkout session: one amount, one page, paid at most once; a pure decider over its stream.

    open ──attempt──► under way ──succeeded──► completed
     ▲                    │
     └──certainly no money┘      open ──► expired | cancelled

The rule that matters: an attempt may start only where there is none, or where the last one
certainly moved no money. While a payment is pending, unknown or in conflict there is no other.

The trick: an attempt's payment has an id that derives from the session and the attempt's number. So
two browser windows that pay at once ask for one and the same payment, whatever both read before.

A payment that succeeds late, after its session was closed, completes it all the same: money is a
fact. What is closed only takes no new attempts. So an attempt that seemed to have come to nothing
may be paid beside the next one: the session then says that it was paid again, and whoever took the
money knows that some must go back.

Why the id of a session is not random: a repeat of the merchant's request must find the first one.
It is a keyed hash, which nobody can guess without the vault's master key, and it is all that one
needs to see the page.
"""

import re
from dataclasses import dataclass, replace
from typing import Final, Literal, NoReturn, assert_never

from ledger import commands_checkout as commands
from ledger import events
from ledger.commands_checkout import CheckoutCommand
from ledger.errors import CommandRefusedError, IdempotencyKeyReusedError, UnknownCheckoutError
from ledger.events import Event
from ledger.identity import Outcome, is_other_mode, payment_id_of
from ledger.sentences import Sentence

ATTEMPTS_MAX: Final = 10
"""How often a payer may try on one page."""

PREFIX: Final = "cs_"
SESSION_ID: Final = re.compile(r"cs_[a-z2-7]{32}", re.ASCII)
"""The form of every id: 160 bits of a keyed hash in base32."""

CheckoutStatus = Literal["open", "completed", "expired", "cancelled"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to pay. `outcome` is None while money may move, or has moved."""

    number: int
    payment_id: str
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Checkout:
    """The folded state of one session's stream."""

    created: events.CheckoutCreated | None = None
    attempts: tuple[Attempt, ...] = ()
    paid_by: str | None = None
    """The payment that succeeded."""
    paid_again: frozenset[str] = frozenset()
    """The payments that succeeded beside it."""
    closed: Literal["expired", "cancelled"] | None = None

    @property
    def session(self) -> events.CheckoutCreated:
        """The first event, of a session that exists.

        Raises:
            UnknownCheckoutError: there is no such session.
        """
        if self.created is None:
            raise UnknownCheckoutError
        return self.created

    @property
    def status(self) -> CheckoutStatus:
        """Where the session stands."""
        return "completed" if self.paid_by is not None else self.closed or "open"

    @property
    def last(self) -> Attempt | None:
        """The last attempt, if any."""
        return self.attempts[-1] if self.attempts else None

    @property
    def under_way(self) -> Attempt | None:
        """The attempt that has no end yet, if any."""
        last = self.last
        return last if last is not None and last.outcome is None and not self.paid_by else None

    def attempt_of(self, payment_id: str) -> Attempt | None:
        """The attempt whose payment this is."""
        return next((one for one in self.attempts if one.payment_id == payment_id), None)


INITIAL: Final = Checkout()


def session_id_of(digest: str) -> str:
    """Write the id of a session from a keyed hash in hexadecimal, of which 160 bits are used."""
    bits = int(digest[:40], 16)
    return PREFIX + "".join([_BASE32[bits >> at & 31] for at in range(155, -1, -5)])


_BASE32: Final = "abcdefghijklmnopqrstuvwxyz234567"


def is_session_id(text: str) -> bool:
    """Whether a text has the form of an id; nothing else is looked up as one."""
    return SESSION_ID.fullmatch(text) is not None


def attempt_payment_id(merchant_id: str, session_id: str, attempt: int) -> str:
    """Derive the id of an attempt's payment; no Idempotency-Key of a merchant's ever gives it."""
    return payment_id_of(merchant_id, f"{session_id}\0{attempt}")


def stream_of(session_id: str) -> str:
    """The name of a session's stream."""
    return f"checkout-{session_id}"


def decide(command: CheckoutCommand, state: Checkout) -> list[Event]:
    """Decide about a session; an empty list means "already so".

    Raises:
        UnknownCheckoutError: there is no such session.
        IdempotencyKeyReusedError: it was created from other content.
        CommandRefusedError: the command does not fit the state.
    """
    if state.created is None and not isinstance(command, commands.CreateCheckout):
        raise UnknownCheckoutError(type(command).__name__)
    match command:
        case commands.CreateCheckout():
            return _create(command, state)
        case commands.StartCheckoutAttempt():
            return _start(command, state)
        case commands.EndCheckoutAttempt():
            attempt = _attempt_for(command, state)
            if attempt.outcome is not None or _has_paid(state, attempt):
                return []
            ended = events.CheckoutAttemptEnded(
                attempt=attempt.number, payment_id=attempt.payment_id, outcome=command.outcome
            )
            return [ended]
        case commands.CompleteCheckout():
            attempt = _attempt_for(command, state)
            if _has_paid(state, attempt):
                return []
            happened = events.CheckoutPaidAgain if state.paid_by else events.CheckoutCompleted
            return [happened(attempt=attempt.number, payment_id=attempt.payment_id)]
        case commands.ExpireCheckout():
            return _expire(command, state)
        case commands.CancelCheckout():
            return _cancel(command, state)
        case _:
            assert_never(command)


def _create(command: commands.CreateCheckout, state: Checkout) -> list[Event]:
    if state.created is not None:
        is_other = is_other_mode(state.created.mode, command.mode)
        if is_other or state.created.content_digest != command.content_digest:
            raise IdempotencyKeyReusedError(command.session_id)
        return []
    return [
        events.CheckoutCreated(
            session_id=command.session_id,
            merchant_id=command.merchant_id,
            amount_minor=command.money.amount_minor,
            currency=command.money.currency,
            country=command.country,
            language=command.language,
            sealed=command.sealed,
            payer=command.payer,
            sealed_payer=command.sealed_payer,
            content_digest=command.content_digest,
            expires_at=command.expires_at,
            mode=command.mode,
        )
    ]


def _start(command: commands.StartCheckoutAttempt, state: Checkout) -> list[Event]:
    under_way = state.under_way
    if under_way is not None and under_way.payment_id == command.payment_id:
        return []
    _check_open(command, state)
    if command.at >= state.session.expires_at:
        _refuse(command, state, Sentence("its time is over."))
    if len(state.attempts) >= ATTEMPTS_MAX:
        _refuse(
            command,
            state,
            Sentence("it was tried {attempts} times already.", attempts=ATTEMPTS_MAX),
        )
    if command.attempt != len(state.attempts) + 1:
        _refuse(command, state, Sentence("somebody else has tried it meanwhile."))
    return [events.CheckoutAttemptStarted(attempt=command.attempt, payment_id=command.payment_id)]


def _expire(command: commands.ExpireCheckout, state: Checkout) -> list[Event]:
    if state.closed == "expired" and state.paid_by is None:
        return []
    _check_open(command, state)
    if command.by == "time" and command.at < state.session.expires_at:
        _refuse(command, state, Sentence("its time is not over."))
    return [events.CheckoutExpired(by=command.by)]


def _cancel(command: commands.CancelCheckout, state: Checkout) -> list[Event]:
    if state.closed == "cancelled" and state.paid_by is None:
        return []
    _check_open(command, state)
    return [events.CheckoutCancelled()]


def evolve(state: Checkout, event: Event) -> Checkout:
    """Fold one event into the state."""
    match event:
        case events.CheckoutCreated():
            return replace(state, created=event)
        case events.CheckoutAttemptStarted():
            attempt = Attempt(event.attempt, event.payment_id)
            return replace(state, attempts=(*state.attempts, attempt))
        case events.CheckoutAttemptEnded():
            attempts = tuple(
                replace(one, outcome=event.outcome) if one.number == event.attempt else one
                for one in state.attempts
            )
            return replace(state, attempts=attempts)
        case events.CheckoutCompleted():
            return replace(state, paid_by=event.payment_id)
        case events.CheckoutPaidAgain():
            return replace(state, paid_again=state.paid_again | {event.payment_id})
        case events.CheckoutExpired():
            return replace(state, closed="expired")
        case events.CheckoutCancelled():
            return replace(state, closed="cancelled")
        case _:
            raise TypeError(f"a checkout stream has no {event.type}")


def _check_open(command: CheckoutCommand, state: Checkout) -> None:
    """Refuse what needs a session that is open and on which nobody is paying."""
    if state.paid_by is not None:
        _refuse(command, state, Sentence("it is paid."))
    if state.closed is not None:
        _refuse(command, state, Sentence("it is closed."))
    if state.under_way is not None:
        _refuse(command, state, Sentence("a payment is under way, and its end is not known."))


def _has_paid(state: Checkout, attempt: Attempt) -> bool:
    """Whether the session knows that this attempt has paid it."""
    return attempt.payment_id == state.paid_by or attempt.payment_id in state.paid_again


def _attempt_for(
    command: commands.EndCheckoutAttempt | commands.CompleteCheckout, state: Checkout
) -> Attempt:
    attempt = state.attempt_of(command.payment_id)
    if attempt is None:
        _refuse(command, state, Sentence("the payment is none of this session's."))
    return attempt


def _refuse(command: CheckoutCommand, state: Checkout, reason: Sentence) -> NoReturn:
    raise CommandRefusedError(type(command).__name__, reason, status=state.status)
