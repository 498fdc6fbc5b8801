"""Things to test with, valid by default, one argument to differ; and random logs that could happen.

`a_log` tells a story: steps such as `(0, "request")`, `(0, "start")`, `(1, "request")` are turned
into commands, the real deciders decide them, and what they decide is recorded. So every log it
makes is one the ledger could have made, whatever steps hypothesis draws; steps that are refused
leave no trace.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from msgspec import structs

from adapters.checkout import news_of
from ledger import commands, commands_checkout, commands_notes, payment, provider, webhook
from ledger.commands_cancelling import CancelPayment
from ledger.entry import Context, RecordedEvent, decode_entry, encode_entry, prepare, rfc3339
from ledger.errors import CommandRefusedError
from ledger.events import Event
from ledger.evidence import Evidence, Source, Word, counting
from ledger.handling_deciders import DECIDERS
from ledger.identity import Candidate
from ledger.money import Money
from ledger.payment import Payment
from tests.tellings import TELLINGS

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CONTEXT = Context(actor="test", correlation_id="conversation", causation_id="request:test")

Step = tuple[int, str]
"""(which payment, what happens to it): see `VERBS`."""


def an_event(
    event: Event | None = None,
    *,
    position: int = 1,
    stream: str = "payment-pay_1",
    version: int = 1,
    recorded_at: datetime = NOW,
) -> RecordedEvent:
    """One recorded event at its place, as a store would give it back."""
    happened = event or a_requested()
    entry = encode_entry(
        prepare(happened),
        position=position,
        stream=stream,
        version=version,
        recorded_at=rfc3339(recorded_at),
        context=CONTEXT,
    )
    return decode_entry(entry)


def a_request(
    payment_id: str = "pay_1",
    *,
    merchant_id: str = "mer_1",
    money: Money | None = None,
    provider: str = "mtn",
    payer: str = "person-1",
) -> commands.RequestPayment:
    """A merchant asks for 1500 XAF."""
    return commands.RequestPayment(
        payment_id=payment_id,
        merchant_id=merchant_id,
        money=money or Money(1500, "XAF"),
        provider=provider,
        operator=f"{provider}-cm",
        country="CM",
        route_reason="carrier",
        payer=payer,
        sealed="sealed",
        content_digest="digest",
        expires_at=NOW + timedelta(hours=1),
    )


def a_requested(payment_id: str = "pay_1") -> Event:
    """The event of a request."""
    (requested,) = payment.decide(a_request(payment_id), payment.INITIAL)
    return requested


def a_word(
    says: Word,
    source: Source = Source.POLL,
    *,
    provider: str = "mtn",
    reference: str = "pay_1-1",
    amount: str | None = None,
    currency: str | None = None,
    occurred_at: datetime | None = None,
) -> Evidence:
    """One word of a provider about a reference."""
    return Evidence(
        source=source,
        provider=provider,
        reference=reference,
        word=says,
        amount=amount,
        currency=currency,
        provider_transaction_id="7" if says is Word.SUCCEEDED else None,
        code=None if says is Word.SUCCEEDED else "NOT_ENOUGH_FUNDS",
        occurred_at=occurred_at,
    )


class Teller:
    """Turns steps into a log; keeps the state of every stream, and the time.

    Args:
        seconds: how much time passes with every event.
    """

    def __init__(self, seconds: float = 1.0) -> None:
        self.now = NOW
        self.seconds = seconds
        self.log: list[RecordedEvent] = []
        self._states: dict[str, Any] = {}
        self._versions: dict[str, int] = {}

    def payment(self, which: int | str) -> Payment:
        """The state of a payment, by its number or its id."""
        name = which if isinstance(which, str) else payment_id(which)
        state = self._states.get(payment.stream_of(name), payment.INITIAL)
        assert isinstance(state, Payment)
        return state

    def state_of(self, stream: str, initial: Any) -> Any:
        """The state of any stream."""
        return self._states.get(stream, initial)

    def tell(self, *steps: Step) -> list[RecordedEvent]:
        """Let things happen; what was recorded."""
        before = len(self.log)
        for number, verb in steps:
            telling = TELLINGS.get(verb)
            for command in (
                VERBS[verb](number, self.payment(number), self.now)
                if telling is None
                else telling(self, number)
            ):
                self.do(command)
        return self.log[before:]

    def do(self, command: commands.Command) -> None:
        """Decide one command; a refused one leaves no trace."""
        decider = DECIDERS[type(command)]
        stream = decider.stream_of(command)
        state = self._states.get(stream, decider.initial)
        try:
            happened = decider.decide(command, state)
        except CommandRefusedError:
            return
        for event in happened:
            state = decider.evolve(state, event)
            self._versions[stream] = version = self._versions.get(stream, 0) + 1
            recorded = an_event(
                event,
                position=len(self.log) + 1,
                stream=stream,
                version=version,
                recorded_at=self.now,
            )
            self.log.append(recorded)
        self._states[stream] = state
        self.now += timedelta(seconds=self.seconds)


def a_log(*steps: Step) -> list[RecordedEvent]:
    """The log that steps make."""
    return Teller().tell(*steps)


def payment_id(number: int) -> str:
    """The id of the n-th payment of a story."""
    return f"pay_{number}"


def appends_of(log: Iterable[RecordedEvent]) -> list[tuple[str, int, list[Event]]]:
    """What to append, in order, to have this log: (stream, expected version, events)."""
    return [(one.stream, one.version - 1, [one.event]) for one in log]


_Verb = Callable[[int, Payment, datetime], Sequence[commands.Command]]


def _request(number: int, state: Payment, now: datetime) -> Sequence[commands.Command]:
    # Payments differ, so that every group of metrics and accounts has several members.
    money = Money(1000 + number, "XAF" if number % 3 else "XOF")
    provider = "orange" if number % 2 else "mtn"
    request = a_request(
        payment_id(number), merchant_id=f"mer_{number % 2}", money=money, provider=provider
    )
    # Every third may go elsewhere if it certainly did not get there.
    plan = tuple(Candidate(name, "it reaches the operator") for name in (provider, "wave"))
    return [
        replace(request, payer=f"person-{number % 2}", plan=plan if number % 3 == 0 else ()),
    ]


def _start(number: int, state: Payment, now: datetime) -> Sequence[commands.Command]:
    used = {one.provider for one in state.attempts if state.status is payment.Status.DECLINED}
    routes = ("orange", "mtn", "wave") if number % 2 else ("mtn", "orange", "wave")
    provider = next((one for one in routes if one not in used), "mtn")
    provider = state.rerouted_to or provider
    return [
        commands.StartSubmission(
            payment_id=payment_id(number),
            provider=provider,
            reference=f"{payment_id(number)}-{len(state.attempts) + 1}",
            inquire_at=now + timedelta(seconds=60),
        )
    ]


def _again(number: int, state: Payment, now: datetime) -> Sequence[commands.Command]:
    """Submit under the last reference again, as an idempotent provider allows."""
    if state.attempt is None:
        return []
    last = state.attempt
    (start,) = _start(number, state, now)
    assert isinstance(start, commands.StartSubmission)
    return [replace(start, provider=last.provider, reference=last.reference)]


def _about_last(make: Callable[..., commands.Command], **more: Any) -> _Verb:
    def verb(number: int, state: Payment, now: datetime) -> Sequence[commands.Command]:
        if state.attempt is None:
            return []
        soon = now + timedelta(seconds=30)
        values = {name: soon if name.endswith("_at") else value for name, value in more.items()}
        reference = state.attempt.reference
        return [make(payment_id=payment_id(number), reference=reference, **values)]

    return verb


def _word(
    says: Word,
    source: Source,
    *,
    is_first: bool = False,
    amount: str | None = None,
    told: timedelta | None = None,
    transaction: str | None = None,
) -> _Verb:
    def verb(number: int, state: Payment, now: datetime) -> Sequence[commands.Command]:
        if not state.attempts:
            return []
        attempt = state.attempts[0 if is_first else -1]
        evidence = a_word(
            says,
            source,
            provider=attempt.provider,
            reference=attempt.reference,
            amount=amount,
            occurred_at=None if told is None else now + told,
        )
        if transaction is not None:
            evidence = structs.replace(evidence, provider_transaction_id=transaction)
        return [commands.RecordEvidence(payment_id=payment_id(number), evidence=evidence)]

    return verb


def _note(word: Word, *, told: timedelta | None = None, is_righting: bool = False) -> _Verb:
    """An operator proposes a word about the last submission, maybe in the place of a wrong one."""

    def verb(number: int, state: Payment, now: datetime) -> Sequence[commands.Command]:
        standing = [one.note for one in counting(state.evidence) if one.note]
        wrong = max(standing, default=None) if is_righting else None
        return [
            commands_notes.ProposeNote(
                payment_id=payment_id(number),
                word=word,
                reference=None,
                amount=None,
                currency=None,
                provider_transaction_id=None,
                occurred_at=None if told is None else now + told,
                replaces=wrong,
                by="key_1",
                reason_digest="digest",
                sealed_reason="sealed",
                asked_at=NOW,
                at=now,
                ends_at=now + timedelta(hours=1),
            )
        ]

    return verb


def _note_approve(number: int, state: Payment, now: datetime) -> Sequence[commands.Command]:
    if not state.notes:
        return []
    approve = commands_notes.ApproveNote(
        payment_id=payment_id(number),
        note_id=state.notes[-1].note_id,
        by="key_2",
        same=frozenset({"key_2"}),
        at=now,
    )
    return [approve]


def _note_withdraw(number: int, state: Payment, now: datetime) -> Sequence[commands.Command]:
    if not state.notes:
        return []
    note_id = state.notes[-1].note_id
    return [
        commands_notes.WithdrawNote(
            payment_id=payment_id(number), note_id=note_id, by="key_2", at=now
        )
    ]


def _noted(word: Word, **how: Any) -> _Verb:
    """Two operators settle it."""
    proposing = _note(word, **how)

    def verb(number: int, state: Payment, now: datetime) -> Sequence[commands.Command]:
        approving = commands_notes.ApproveNote(
            payment_id=payment_id(number),
            note_id=f"note_{len(state.notes) + 1}",
            by="key_2",
            same=frozenset({"key_2"}),
            at=now,
        )
        return [*proposing(number, state, now), approving]

    return verb


def _confirm_first(number: int, state: Payment, now: datetime) -> Sequence[commands.Command]:
    """An answer that comes late: for the first reference, whatever happened since."""
    if not state.attempts:
        return []
    return [
        commands.ConfirmSubmission(
            payment_id=payment_id(number),
            reference=state.attempts[0].reference,
            sealed_handle="handle",
            token_digest=None,
            inquire_at=now + timedelta(seconds=30),
        )
    ]


def _hint(number: int, state: Payment, now: datetime) -> Sequence[commands.Command]:
    return [
        commands.RequestInquiry(
            payment_id=payment_id(number), reason="an unsigned webhook came", inquire_at=now
        )
    ]


def _expire(number: int, state: Payment, now: datetime) -> Sequence[commands.Command]:
    return [commands.ExpirePayment(payment_id=payment_id(number), reason="nobody could take it")]


def _cancel(number: int, state: Payment, now: datetime) -> Sequence[commands.Command]:
    return [CancelPayment(payment_id=payment_id(number), may_be_elsewhere=False)]


def _about_refund(*verbs: str) -> _Verb:
    """What happens to the last refund of a payment, or to a new one."""

    def verb(number: int, state: Payment, now: datetime) -> Sequence[commands.Command]:
        if state.request is None:
            return []
        soon, collection = now + timedelta(seconds=30), payment_id(number)
        refund_id = f"re_{number}_{len(state.refunds) + ('reserve' in verbs)}"
        reference = f"{refund_id}-1"
        money = Money(max(1, state.money.amount_minor // 2), state.money.currency)
        known = commands.ConfirmSubmission(
            payment_id=refund_id,
            reference=reference,
            sealed_handle=None,
            token_digest=None,
            inquire_at=soon,
        )
        made: dict[str, commands.Command] = {
            "reserve": commands.ReserveRefund(
                payment_id=collection,
                refund_id=refund_id,
                money=money,
                provider="mtn",
                route_reason="it took the payment",
                power="refund",
                sealed="sealed",
                content_digest="digest",
                expires_at=soon,
            ),
            "open": replace(a_request(refund_id, money=money), kind="refund", refund_of=collection),
            "start": commands.StartSubmission(
                payment_id=refund_id, provider="mtn", reference=reference, inquire_at=soon
            ),
            "confirm": known,
            **{
                says: commands.RecordEvidence(
                    payment_id=refund_id, evidence=a_word(word, reference=reference)
                )
                for says, word in (("success", Word.SUCCEEDED), ("failure", Word.FAILED))
            },
            "statement": commands.RecordEvidence(
                payment_id=refund_id,
                evidence=a_word(Word.SUCCEEDED, Source.STATEMENT, reference=reference),
            ),
            "given": commands.SettleRefund(
                payment_id=collection, refund_id=refund_id, is_given_back=True, reason="succeeded"
            ),
            "released": commands.SettleRefund(
                payment_id=collection, refund_id=refund_id, is_given_back=False, reason="failed"
            ),
            "doubted": commands.SettleRefund(
                payment_id=collection, refund_id=refund_id, is_given_back=None, reason="conflict"
            ),
        }
        return [made[one] for one in verbs]

    return verb


def session_id(number: int) -> str:
    """The id of the n-th checkout session of a story, whose payment is the n-th."""
    return f"cs_{number}"


def a_checkout(number: int = 1, **changes: Any) -> commands_checkout.CreateCheckout:
    """A merchant asks for a page on which 1500 XAF may be paid."""
    created = commands_checkout.CreateCheckout(
        session_id=session_id(number),
        merchant_id=f"mer_{number % 2}",
        money=Money(1500, "XAF"),
        country="CM",
        language=None,
        sealed="sealed",
        content_digest="digest",
        expires_at=NOW + timedelta(hours=1),
        mode="live" if number % 2 else "test",
    )
    return replace(created, **changes)


def _checkout(number: int, state: Payment, now: datetime) -> Sequence[commands.Command]:
    return [a_checkout(number)]


def _checkout_attempt(attempt: int) -> _Verb:
    """Somebody pays: first on the page of this number, again on that of the number before."""

    def verb(number: int, state: Payment, now: datetime) -> Sequence[commands.Command]:
        if state.request is not None:
            return []
        session = session_id(number - attempt + 1)
        start = commands_checkout.StartCheckoutAttempt(
            session_id=session, attempt=attempt, payment_id=payment_id(number), at=now
        )
        (request,) = _request(number, state, now)
        assert isinstance(request, commands.RequestPayment)
        return [start, replace(request, checkout=session)]

    return verb


def _checkout_told(number: int, state: Payment, now: datetime) -> Sequence[commands.Command]:
    if state.request is None or state.request.checkout is None:
        return []
    news = news_of(state.request.checkout, state)
    return [news] if news is not None else []


def _checkout_closed(number: int, state: Payment, now: datetime) -> Sequence[commands.Command]:
    if number % 2:
        return [commands_checkout.CancelCheckout(session_id=session_id(number))]
    return [commands_checkout.ExpireCheckout(session_id=session_id(number), by="merchant", at=now)]


def _webhook(number: int, state: Payment, now: datetime) -> Sequence[commands.Command]:
    return [
        commands.StoreWebhook(
            webhook_id=webhook.webhook_id_of("mtn", str(number)),
            provider="mtn",
            payment_id=payment_id(number),
            verdict="unsigned",
            digest=str(number),
            sealed="sealed",
        )
    ]


def _understand(number: int, state: Payment, now: datetime) -> Sequence[commands.Command]:
    webhook_id = webhook.webhook_id_of("mtn", str(number))
    return [
        commands.CloseWebhook(webhook_id=webhook_id, payment_id=payment_id(number), effect="asked")
    ]


def _orphan(number: int, state: Payment, now: datetime) -> Sequence[commands.Command]:
    webhook_id = webhook.webhook_id_of("mtn", str(number))
    return [commands.OrphanWebhook(webhook_id=webhook_id, reason="no such payment")]


def _reopen(number: int, state: Payment, now: datetime) -> Sequence[commands.Command]:
    return [commands.ReopenWebhook(webhook_id=webhook.webhook_id_of("mtn", str(number)))]


def _keys(number: int, state: Payment, now: datetime) -> Sequence[commands.Command]:
    merchant_id, key_id = f"mer_{number}", f"key_{number}"
    return [
        commands.AddMerchant(merchant_id=merchant_id, name=f"Boutique {number}", country="CM"),
        commands.IssueKey(
            key_id=key_id, role="merchant", merchant_id=merchant_id, secret_digest="ab" * 32
        ),
    ]


def _revoke(number: int, state: Payment, now: datetime) -> Sequence[commands.Command]:
    return [commands.RevokeKey(key_id=f"key_{number}", reason="lost")]


def _rotate(number: int, state: Payment, now: datetime) -> Sequence[commands.Command]:
    return [
        commands.IssueKey(
            key_id=f"key_{1000 + number}",
            role="merchant",
            merchant_id=f"mer_{number}",
            secret_digest="cd" * 32,
            mode="test",
        ),
        commands.RotateKey(
            key_id=f"key_{number}",
            successor_id=f"key_{1000 + number}",
            at=now,
            ends_at=now + timedelta(days=1),
        ),
    ]


def _outage(number: int, state: Payment, now: datetime) -> Sequence[commands.Command]:
    until = now + timedelta(seconds=5)
    return [
        commands.RecordBreakerOpened(
            provider="mtn", power=f"power-{number}", failures=8, at=now, until=until
        )
    ]


def _recovery(number: int, state: Payment, now: datetime) -> Sequence[commands.Command]:
    power, month = f"power-{number}", provider.month_of(now)
    return [commands.RecordBreakerClosed(provider="mtn", power=power, month=month)]


VERBS: dict[str, _Verb] = {
    "request": _request,
    "start": _start,
    "again": _again,
    "confirm": _about_last(
        commands.ConfirmSubmission, sealed_handle=None, token_digest=None, inquire_at=None
    ),
    "confirm_first": _confirm_first,
    "decline": _about_last(
        commands.DeclineSubmission, code="NOT_ALLOWED", reason="not allowed", is_technical=True
    ),
    "withdraw": _about_last(
        commands.WithdrawSubmission, reason="connection refused", retry_at=None
    ),
    "doubt": _about_last(commands.DoubtSubmission, reason="timeout", inquire_at=None),
    "pending": _about_last(
        commands.RecordInquiry, result="pending", detail="PENDING", inquire_at=None
    ),
    "no_answer": _about_last(
        commands.RecordInquiry, result="no_answer", detail="timeout", inquire_at=None
    ),
    "hint": _hint,
    "success": _word(Word.SUCCEEDED, Source.POLL),
    "success_webhook": _word(Word.SUCCEEDED, Source.WEBHOOK),
    "success_first": _word(Word.SUCCEEDED, Source.POLL, is_first=True),
    "failure": _word(Word.FAILED, Source.POLL),
    "success_elsewhere": _word(Word.SUCCEEDED, Source.POLL, transaction="8"),
    "expiry": _word(Word.EXPIRED, Source.WEBHOOK),
    "wrong_amount": _word(Word.SUCCEEDED, Source.POLL, amount="400"),
    "statement_success": _word(Word.SUCCEEDED, Source.STATEMENT),
    "statement_failure": _word(Word.FAILED, Source.STATEMENT),
    "statement_failure_first": _word(Word.FAILED, Source.STATEMENT, is_first=True),
    "operator_failure": _word(Word.FAILED, Source.OPERATOR),
    "success_told": _word(Word.SUCCEEDED, Source.POLL, told=timedelta(seconds=-3)),
    "success_ahead": _word(Word.SUCCEEDED, Source.POLL, told=timedelta(seconds=4)),
    "success_untrue": _word(Word.SUCCEEDED, Source.POLL, told=timedelta(hours=1)),
    "webhook_told": _word(Word.SUCCEEDED, Source.WEBHOOK, told=timedelta(seconds=-6)),
    "webhook_untrue": _word(Word.SUCCEEDED, Source.WEBHOOK, told=timedelta(days=-1)),
    "statement_told": _word(Word.SUCCEEDED, Source.STATEMENT, told=timedelta(seconds=-2)),
    "wrong_amount_told": _word(
        Word.SUCCEEDED, Source.POLL, amount="400", told=timedelta(seconds=-5)
    ),
    "note": _note(Word.FAILED),
    "note_approve": _note_approve,
    "note_withdraw": _note_withdraw,
    "noted_success": _noted(Word.SUCCEEDED, told=timedelta(seconds=-2)),
    "noted_failure": _noted(Word.FAILED),
    "righted_success": _noted(Word.SUCCEEDED, told=timedelta(seconds=-1), is_righting=True),
    "righted_failure": _noted(Word.FAILED, is_righting=True),
    "expire": _expire,
    "cancel": _cancel,
    "withdraw_elsewhere": _about_last(
        commands.WithdrawSubmission, reason="connection refused", retry_at=None, at=NOW
    ),
    "decline_elsewhere": _about_last(
        commands.DeclineSubmission,
        code="NOT_ALLOWED",
        reason="not allowed",
        is_technical=True,
        at=NOW,
    ),
    "refund": _about_refund("reserve", "open"),
    "refund_reserved": _about_refund("reserve"),
    "refund_opened": _about_refund("open"),
    "refund_statement": _about_refund("statement"),
    "refund_started": _about_refund("start", "confirm"),
    "refund_paid": _about_refund("start", "confirm", "success", "given"),
    "refund_begun": _about_refund("start"),
    "refund_accepted": _about_refund("confirm"),
    "refund_success": _about_refund("success"),
    "refund_failed": _about_refund("start", "failure"),
    "refund_given": _about_refund("given"),
    "refund_released": _about_refund("released"),
    "refund_contradicted": _about_refund("failure"),
    "refund_doubted": _about_refund("doubted"),
    "checkout": _checkout,
    "checkout_attempt": _checkout_attempt(1),
    "checkout_again": _checkout_attempt(2),
    "checkout_told": _checkout_told,
    "checkout_closed": _checkout_closed,
    "webhook": _webhook,
    "understand": _understand,
    "orphan": _orphan,
    "reopen": _reopen,
    "keys": _keys,
    "rotate": _rotate,
    "revoke": _revoke,
    "outage": _outage,
    "recovery": _recovery,
}
"""What may happen in a story, by name."""

PAID: tuple[str, ...] = ("request", "start", "confirm", "success")
"""The common path."""


def paid(*numbers: int) -> list[Step]:
    """The steps of payments that succeed at once."""
    return [(number, verb) for number in numbers for verb in PAID]


def stories(*, payments_max: int = 4, steps_max: int = 40) -> st.SearchStrategy[list[Step]]:
    """Random steps of a few payments; most of them fit where they come."""
    step = st.tuples(st.integers(0, payments_max - 1), st.sampled_from(sorted({*VERBS, *TELLINGS})))
    common = st.sampled_from([[(n, verb) for verb in PAID] for n in range(payments_max)])
    return st.lists(st.one_of(step.map(lambda one: [one]), common), max_size=steps_max).map(
        lambda parts: [one for part in parts for one in part]
    )
