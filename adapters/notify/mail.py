"""Mail: sends receipts to payers and merchants who asked for them, until the mail server has them.

A letter is done when the mail server has taken it. What it will not take for now is tried again,
ever more slowly, for a day, and then parked; what it refuses for good is parked at once. Every
attempt is an event, without an address and without a word of the server's.

A letter goes only while what it says is true. The payment is folded as it is now: one whose words
contradict each other keeps its letters back until somebody has settled it, and a receipt that no
longer holds is not sent any more. A receipt that may have arrived, and turns out to be wrong, is
taken back by a second letter: whoever holds a paper that says "paid" would act on it. A conflict
takes nothing back yet, for it may end either way.

At least once. Nothing is recorded before a letter is handed over, so whoever dies between the
server's "taken" and our record hands it over again, and where the connection broke before the
answer we cannot know. Both copies have one `Message-ID`, by which mail servers know a second one.
The other order would lose receipts instead.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple, assert_never, cast

import structlog

from adapters.base import Adapter, Due
from adapters.directory import BY_CODE
from adapters.directory_names import full_name_in
from adapters.notify.receipt import DIGITS_SHOWN, Told, without_number, written_of
from adapters.notify.receipt_texts import Fact
from adapters.providers import title_of
from adapters.recording import Recorder
from adapters.refusal_texts import Language
from adapters.transport_mail import Handed, Post
from ledger import commands_mail as commands
from ledger import events, mail
from ledger.entry import RecordedEvent
from ledger.errors import ErasedError, UnknownPaymentError
from ledger.forgotten import is_payment_forgotten
from ledger.identity import Recipient
from ledger.merchant import merchant_stream
from ledger.merkle import leaf_hash
from ledger.particulars import open_particulars
from ledger.payment import Payment, Status
from ledger.store import Clock

RETRY_SECONDS: Final = (60.0, 300.0, 900.0, 1800.0, 3600.0, 7200.0, 14400.0, 28800.0, 29340.0)
"""The pause after each attempt that failed: growing, and a day together. Servers that turn every
stranger away at first (greylisting) want some minutes."""

log = structlog.get_logger()

HOLD_SECONDS: Final = 900.0
"""How long a letter that may not go yet is left alone before it is looked at again."""

AGE_DAYS_MAX: Final = 30
"""A letter that could not go for so long tells no news any more."""

_ADDRESSES: Final[Mapping[Recipient, str]] = {"payer": "payer_email", "merchant": "receipt_email"}
_ENDED_BADLY: Final = frozenset({Status.FAILED, Status.EXPIRED, Status.DECLINED})

Verdict = Literal["go", "wait", "drop"]


class _About(NamedTuple):
    """What a letter is about: the event, what it is worth, and the payment as it is now."""

    event: RecordedEvent
    worth: mail.Worth
    state: Payment
    recorded: Sequence[RecordedEvent]
    refund: Payment | None
    """The refund it speaks of, as it is now."""


class Mails:
    """Performs `mail` pieces.

    Args:
        recorder: tells the ledger what became of a letter.
        post: hands letters over.
        adapters: by name; they say what a wallet is called where the directory does not know.
        sender: the address that letters come from.
        support: whom people may ask who need help, as every letter says; None: nobody is named.
        clock: the present time.
    """

    def __init__(
        self,
        recorder: Recorder,
        post: Post,
        adapters: Mapping[str, Adapter],
        *,
        sender: str,
        support: str | None = None,
        clock: Clock,
    ) -> None:
        self._recorder, self._post, self._adapters = recorder, post, adapters
        self._sender, self._support, self._clock = sender, support, clock

    async def perform(self, due: Due) -> datetime | None:
        """Send one letter, if it is still to be sent; or say when to look at it again."""
        payment_id, about_position, who = due.stream_id.rsplit(".", 2)
        recipient: Recipient = "payer" if who == "payer" else "merchant"
        about = await self._about(payment_id, int(about_position))
        sent = await self._recorder.handler.mail(payment_id)
        letter = sent.letters.get((about.event.position, recipient), mail.Letter())
        if not letter.is_open:
            return None
        decided = await self._decided(about, recipient, sent, due.stream_id)
        if isinstance(decided, datetime):
            return decided
        recorder = self._recorder.about([about.event], actor="reactor:mail")
        position = about.event.position
        if isinstance(decided, str):
            await recorder.record(
                commands.ParkMail(
                    payment_id=payment_id, position=position, recipient=recipient, reason=decided
                )
            )
            return None
        message = written_of(decided, sender=self._sender)
        started = asyncio.get_running_loop().time()
        handed = await self._post.hand_over(decided.address, message)
        seconds = asyncio.get_running_loop().time() - started
        number = letter.attempts + 1
        await recorder.record(
            commands.RecordMail(
                payment_id=payment_id,
                position=position,
                recipient=recipient,
                kind=about.worth.kind,
                attempt=number,
                result=handed.result,
                reason=handed.reason,
                latency_ms=round(seconds * 1000),
                retry_at=self._retry_at(handed, number),
            )
        )
        return None

    async def _decided(
        self, about: _About, recipient: Recipient, sent: mail.Mail, mail_id: str
    ) -> Told | datetime | str:
        """What a letter tells; or when to look at it again; or why it is never to go."""
        now = self._clock()
        if now - about.event.recorded_at > timedelta(days=AGE_DAYS_MAX):
            return f"it could not go for {AGE_DAYS_MAX} days"
        verdict, reason = _verdict(about, recipient, sent)
        if verdict == "wait":
            return now + timedelta(seconds=HOLD_SECONDS)
        if verdict == "drop":
            return reason
        try:
            return await self._told(about, recipient, mail_id)
        except ErasedError:
            payment_id = about.state.requested.payment_id
            if await is_payment_forgotten(self._recorder.handler.store, payment_id):
                return "the payer was erased, and with them the address"
            # The key may be restored: the letter goes then, or is too old at last.
            log.warning("data_key.missing", payment=payment_id)
            return now + timedelta(seconds=HOLD_SECONDS)

    def _retry_at(self, handed: Handed, number: int) -> datetime | None:
        if handed.result in {"accepted", "refused"} or number > len(RETRY_SECONDS):
            return None
        return self._clock() + timedelta(seconds=RETRY_SECONDS[number - 1])

    async def _about(self, payment_id: str, position: int) -> _About:
        """Read what a letter is about.

        Raises:
            UnknownPaymentError: the log has no such event of such a payment.
        """
        handler = self._recorder.handler
        state, recorded = await handler.payment(payment_id)
        told: dict[str, int] = {}
        for one in recorded:
            worth = mail.worth_of(one.event, one.position, payment_id, told)
            if one.position != position:
                continue
            if worth is None:
                break
            refund = None
            if worth.subject != payment_id:
                refund, _ = await handler.payment(worth.subject)
            return _About(one, worth, state, recorded, refund)
        raise UnknownPaymentError(payment_id)

    async def _told(self, about: _About, recipient: Recipient, mail_id: str) -> Told:
        """Put together what a letter tells.

        Raises:
            ErasedError: the payer was erased, or the data key is missing.
        """
        vault, request = self._recorder.vault, about.state.requested
        opened = await open_particulars(vault, request.sealed, request.payment_id)
        confirmed = about.event
        if about.worth.corrects is not None:
            (confirmed,) = [one for one in about.recorded if one.position == about.worth.corrects]
        is_correction = confirmed is not about.event
        refund = about.refund
        language: Language = "en" if opened.get("language") == "en" else "fr"
        return Told(
            mail_id=mail_id,
            fact=_fact(about),
            is_test=request.mode == "test",
            recipient=recipient,
            address=opened[_ADDRESSES[recipient]],
            language=language,
            merchant=await self._merchant(request.merchant_id),
            money=about.state.money,
            refunded=None if refund is None else refund.money,
            wallet=self._wallet(about.state, confirmed, language),
            digits=opened["phone"][-DIGITS_SHOWN:],
            description=without_number(opened.get("description") or "", opened["phone"]),
            at=confirmed.recorded_at,
            corrected_at=about.event.recorded_at if is_correction else None,
            country=request.country,
            transaction_id=_transaction_id(confirmed, refund),
            payment_id=request.payment_id,
            support=self._support,
            refund_id=None if refund is None else refund.requested.payment_id,
            position=about.event.position,
            fingerprint=leaf_hash(about.event.entry).hex(),
        )

    async def _merchant(self, merchant_id: str) -> str:
        """What a merchant is called."""
        recorded = await self._recorder.handler.store.read_stream(merchant_stream(merchant_id))
        return next(
            (one.event.name for one in recorded if isinstance(one.event, events.MerchantAdded)),
            merchant_id,
        )

    def _wallet(self, state: Payment, confirmed: RecordedEvent, language: Language) -> str:
        """What the payer calls the wallet."""
        operator = BY_CODE.get(state.requested.operator or "")
        if operator is not None:
            return full_name_in(operator, language)
        name = state.provider
        if isinstance(confirmed.event, events.PaymentSucceeded):
            name = confirmed.event.provider
        adapter = self._adapters.get(name)
        return title_of(name) if adapter is None else adapter.display_name


def _verdict(about: _About, recipient: Recipient, sent: mail.Mail) -> tuple[Verdict, str]:
    """Whether a letter may go now, must wait, or is never to go, and then why."""
    state, refund, kind = about.state, about.refund, about.worth.kind
    if state.status is Status.CONFLICT:
        return "wait", ""
    subject = state if refund is None else refund
    match kind:
        case "receipt" | "refund":
            if subject.status in _ENDED_BADLY:
                return "drop", "what it was to tell does not hold any more"
            is_true = subject.status is Status.SUCCEEDED and state.status is Status.SUCCEEDED
            return ("go" if is_true else "wait"), ""
        case "correction":
            key = (cast("int", about.worth.corrects), recipient)
            corrected = sent.letters.get(key, mail.Letter())
            if not corrected.may_have_arrived:
                # While that one is open it may be on its way at this very moment.
                reason = "there is no letter that it would correct"
                return ("wait", "") if corrected.is_open else ("drop", reason)
            if subject.status is Status.SUCCEEDED:
                return "drop", "what it was to take back holds again"
            return ("go" if subject.status in _ENDED_BADLY else "wait"), ""
        case _:
            assert_never(kind)


def _fact(about: _About) -> Fact:
    if about.worth.kind != "correction":
        return about.worth.kind
    return "correction" if about.refund is None else "refund_correction"


def _transaction_id(confirmed: RecordedEvent, refund: Payment | None) -> str | None:
    """The operator's own id of what was confirmed, where it told one."""
    if refund is not None:
        return refund.settled.provider_transaction_id
    event = confirmed.event
    return event.provider_transaction_id if isinstance(event, events.PaymentSucceeded) else None
