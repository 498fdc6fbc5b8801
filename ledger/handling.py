"""Handling: load, decide, append, and on a conflict read again and decide again.

This is the one way in: the HTTP door and every reactor hand commands to `Handler.handle`, and only
the events it appends change anything. The stream is folded, the pure decider of the command's kind
is asked, and what it decided is appended at the version that was folded; if somebody was faster,
everything is done again, at most `ATTEMPTS_MAX` times.

The trick: a stream is folded once, and from then on only what was appended since. A state is a pure
function of the events before it, and those never change; so the state after an event is remembered
together with that event, and used again where a stream that was read has the very same one there.

It takes no decisions, and what it remembers is never taken for the log: whoever folds a stream has
read it. Commands that nearly always open a new stream are first decided without reading, as for an
empty one; that it is empty is then checked by the append itself.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from ledger import (
    checkout,
    commands,
    commands_checkout,
    commands_endpoint,
    commands_log,
    commands_mail,
    commands_master_key,
    commands_people,
    commitment,
    endpoint,
    mail,
    master_key,
    merchant,
    payment,
    people,
    provider,
    support,
    webhook,
)
from ledger.commands import Command
from ledger.endpoint import Delivery, Endpoint
from ledger.entry import Context, RecordedEvent
from ledger.errors import (
    UnknownCheckoutError,
    UnknownEndpointError,
    UnknownPaymentError,
    WrongVersionError,
)
from ledger.events import Event
from ledger.mail import Mail
from ledger.store import DataKey, EventStore

ATTEMPTS_MAX: Final = 10
"""How often one command is decided again because somebody else appended first."""


class _Decider(NamedTuple):
    stream_of: Callable[[Any], str]
    initial: Any
    decide: Callable[[Any, Any], list[Event]]
    evolve: Callable[[Any, Event], Any]
    is_remembered: bool = True
    """Whether its streams are read again and again, so that their states are worth keeping."""


_PAYMENT: Final = _Decider(
    lambda command: payment.stream_of(command.payment_id),
    payment.INITIAL,
    payment.decide,
    payment.evolve,
)
_MERCHANT: Final = _Decider(
    lambda command: merchant.merchant_stream(command.merchant_id),
    merchant.INITIAL,
    merchant.decide,
    merchant.evolve,
)
_KEY: Final = _Decider(
    lambda command: merchant.key_stream(command.key_id),
    merchant.INITIAL,
    merchant.decide,
    merchant.evolve,
)
_WEBHOOK: Final = _Decider(
    lambda command: webhook.stream_of(command.webhook_id),
    webhook.INITIAL,
    webhook.decide,
    webhook.evolve,
    is_remembered=False,
)

_PROVIDER: Final = _Decider(
    provider.stream_for,
    provider.INITIAL,
    provider.decide,
    provider.evolve,
)
_SUPPORT: Final = _Decider(
    lambda command: support.stream_of(command.payment_id),
    support.INITIAL,
    support.decide,
    support.evolve,
)

_CHECKOUT: Final = _Decider(
    lambda command: checkout.stream_of(command.session_id),
    checkout.INITIAL,
    checkout.decide,
    checkout.evolve,
)
_ENDPOINT: Final = _Decider(
    lambda command: endpoint.endpoint_stream(command.endpoint_id),
    endpoint.INITIAL,
    endpoint.decide_endpoint,
    endpoint.evolve_endpoint,
)
_DELIVERY: Final = _Decider(
    lambda command: endpoint.delivery_stream(command.endpoint_id, command.payment_id),
    endpoint.UNTRIED,
    endpoint.decide_delivery,
    endpoint.evolve_delivery,
)
_MAIL: Final = _Decider(
    lambda command: mail.mail_stream(command.payment_id),
    mail.INITIAL,
    mail.decide,
    mail.evolve,
)
_LOG_KEYS: Final = _Decider(
    lambda _command: commitment.KEYS_STREAM,
    commitment.NO_KEYS,
    commitment.decide_key,
    commitment.evolve_key,
)
_CHECKPOINTS: Final = _Decider(
    lambda command: commitment.checkpoints_stream(command.day),
    commitment.NO_CHECKPOINT,
    commitment.decide_checkpoint,
    commitment.evolve_checkpoint,
)
_WITNESSES: Final = _Decider(
    lambda command: commitment.witnesses_stream(command.size),
    commitment.UNWITNESSED,
    commitment.decide_witness,
    commitment.evolve_witness,
    is_remembered=False,
)
_MISMATCH: Final = _Decider(
    lambda command: commitment.mismatch_stream(command.position),
    commitment.NO_MISMATCH,
    commitment.decide_mismatch,
    commitment.evolve_mismatch,
    is_remembered=False,
)
_PERSON: Final = _Decider(
    lambda command: people.stream_of(command.person),
    people.INITIAL,
    people.decide,
    people.evolve,
    is_remembered=False,
)
_MASTER_KEY: Final = _Decider(
    lambda _: master_key.STREAM, master_key.INITIAL, master_key.decide, master_key.evolve
)

DECIDERS: Final[dict[type, _Decider]] = {
    commands.RequestPayment: _PAYMENT,
    commands.StartSubmission: _PAYMENT,
    commands.ConfirmSubmission: _PAYMENT,
    commands.DeclineSubmission: _PAYMENT,
    commands.WithdrawSubmission: _PAYMENT,
    commands.DoubtSubmission: _PAYMENT,
    commands.RecordInquiry: _PAYMENT,
    commands.RequestInquiry: _PAYMENT,
    commands.RecordEvidence: _PAYMENT,
    commands.ExpirePayment: _PAYMENT,
    commands.ReserveRefund: _PAYMENT,
    commands.SettleRefund: _PAYMENT,
    commands.GiveCode: _PAYMENT,
    commands.StartConfirmation: _PAYMENT,
    commands.EndConfirmation: _PAYMENT,
    commands.AddMerchant: _MERCHANT,
    commands.IssueKey: _KEY,
    commands.RotateKey: _KEY,
    commands.RevokeKey: _KEY,
    commands.StoreWebhook: _WEBHOOK,
    commands.CloseWebhook: _WEBHOOK,
    commands.OrphanWebhook: _WEBHOOK,
    commands.ReopenWebhook: _WEBHOOK,
    commands.RecordBreakerOpened: _PROVIDER,
    commands.RecordBreakerClosed: _PROVIDER,
    commands_checkout.CreateCheckout: _CHECKOUT,
    commands_checkout.StartCheckoutAttempt: _CHECKOUT,
    commands_checkout.EndCheckoutAttempt: _CHECKOUT,
    commands_checkout.CompleteCheckout: _CHECKOUT,
    commands_checkout.ExpireCheckout: _CHECKOUT,
    commands_checkout.CancelCheckout: _CHECKOUT,
    commands.RequestSupport: _SUPPORT,
    commands_endpoint.AddEndpoint: _ENDPOINT,
    commands_endpoint.ChangeEndpoint: _ENDPOINT,
    commands_endpoint.DeleteEndpoint: _ENDPOINT,
    commands_endpoint.RotateEndpointSecret: _ENDPOINT,
    commands_endpoint.DisableEndpoint: _ENDPOINT,
    commands_endpoint.EnableEndpoint: _ENDPOINT,
    commands_endpoint.RecordDelivery: _DELIVERY,
    commands_endpoint.ReplayDelivery: _DELIVERY,
    commands_mail.RecordMail: _MAIL,
    commands_mail.ParkMail: _MAIL,
    commands_log.IntroduceLogKey: _LOG_KEYS,
    commands_log.RecordCheckpoint: _CHECKPOINTS,
    commands_log.RecordCosignature: _WITNESSES,
    commands_log.RecordWitnessRefusal: _WITNESSES,
    commands_log.RecordMismatch: _MISMATCH,
    commands_people.RequestErasure: _PERSON,
    commands_people.ApproveErasure: _PERSON,
    commands_people.CompleteErasure: _PERSON,
    commands_people.RecordScrubbing: _PERSON,
    commands_people.RecordExport: _PERSON,
    commands_master_key.RotateMasterKey: _MASTER_KEY,
    commands_master_key.RecordRewrapping: _MASTER_KEY,
    commands_master_key.RetireMasterKey: _MASTER_KEY,
}
"""Who decides what: the map of the system on one screen."""

_CREATING: Final = frozenset(
    {commands.RequestPayment, commands.StoreWebhook, commands_checkout.CreateCheckout}
)
"""Commands that nearly always open a new stream: the first try does not read it."""


FOLDED_MAX: Final = 5_000
"""How many streams' last folded states are remembered."""

FOLDED_BYTES_MAX: Final = 16 * 1024
"""The state of a stream with more bytes than that in its entries is not remembered."""


class _Folded(NamedTuple):
    """A state, the event after which a stream has it, and how many bytes its entries have."""

    state: Any
    last: RecordedEvent
    size_bytes: int


class Handled(NamedTuple):
    """What a command made happen: `events` is empty for a repeat; `state` is the folded stream."""

    events: list[RecordedEvent]
    state: Any
    version: int


class Handler:
    """Hands commands to their deciders and appends what they decide."""

    def __init__(self, store: EventStore, *, folded_max: int = FOLDED_MAX) -> None:
        self.store = store
        # The first of a plain dict is found by passing all that was deleted before it.
        self._folded: OrderedDict[str, _Folded] = OrderedDict()
        self._folded_max = folded_max

    async def handle(
        self, command: Command, *, context: Context, keys: Sequence[DataKey] = ()
    ) -> Handled:
        """Decide a command and make it durable.

        Args:
            command: what is asked.
            context: who asks, in which conversation, because of what.
            keys: data keys that sealed parts of the command need; durable with the events.

        Raises:
            CommandRefusedError: the decision was no.
            StoreError: nothing was appended; the command may be repeated.
        """
        decider = DECIDERS[type(command)]
        stream = decider.stream_of(command)
        skip_reading = type(command) in _CREATING
        for attempt in range(1, ATTEMPTS_MAX + 1):
            version, state = 0, decider.initial
            if not (skip_reading and attempt == 1):
                recorded = await self.store.read_stream(stream)
                version = len(recorded)
                state = self._fold(decider, stream, recorded)
            events = decider.decide(command, state)
            if not events:
                return Handled([], state, version)
            try:
                appended = await self.store.append(
                    stream, version, events, context=context, keys=keys
                )
            except WrongVersionError:
                if attempt == ATTEMPTS_MAX:
                    raise
                continue
            for one in appended:
                state = decider.evolve(state, one.event)
            self._remember(decider, stream, state, appended)
            return Handled(appended, state, version + len(appended))
        raise AssertionError("unreachable: the last attempt raises")

    async def payment(self, payment_id: str) -> tuple[payment.Payment, list[RecordedEvent]]:
        """Fold one payment's stream: its current state and its events.

        Raises:
            UnknownPaymentError: there is no such payment.
        """
        stream = payment.stream_of(payment_id)
        recorded = await self.store.read_stream(stream)
        state: payment.Payment = self._fold(_PAYMENT, stream, recorded)
        if state.request is None:
            raise UnknownPaymentError(payment_id)
        return state, recorded

    async def checkout(self, session_id: str) -> tuple[checkout.Checkout, list[RecordedEvent]]:
        """Fold one checkout session's stream: its current state and its events.

        Raises:
            UnknownCheckoutError: there is no such session.
        """
        stream = checkout.stream_of(session_id)
        recorded = await self.store.read_stream(stream)
        state: checkout.Checkout = self._fold(_CHECKOUT, stream, recorded)
        if state.created is None:
            raise UnknownCheckoutError
        return state, recorded

    async def outages(
        self, name: str, power: str, month: str | None
    ) -> tuple[provider.Provider, list[RecordedEvent]]:
        """Fold one of a provider's streams; see `ledger.provider`."""
        stream = provider.stream_of(name, power, month)
        recorded = await self.store.read_stream(stream)
        state: provider.Provider = self._fold(_PROVIDER, stream, recorded)
        return state, recorded

    async def endpoint(self, endpoint_id: str) -> tuple[Endpoint, list[RecordedEvent]]:
        """Fold one endpoint's stream: its current state and its events.

        Raises:
            UnknownEndpointError: there is no such endpoint.
        """
        stream = endpoint.endpoint_stream(endpoint_id)
        recorded = await self.store.read_stream(stream)
        state: Endpoint = self._fold(_ENDPOINT, stream, recorded)
        if state.added is None:
            raise UnknownEndpointError(endpoint_id)
        return state, recorded

    async def delivery(self, endpoint_id: str, payment_id: str) -> Delivery:
        """Fold what one endpoint was told about one payment."""
        stream = endpoint.delivery_stream(endpoint_id, payment_id)
        recorded = await self.store.read_stream(stream)
        state: Delivery = self._fold(_DELIVERY, stream, recorded)
        return state

    async def mail(self, payment_id: str) -> Mail:
        """Fold what became of the letters about one payment."""
        stream = mail.mail_stream(payment_id)
        recorded = await self.store.read_stream(stream)
        state: Mail = self._fold(_MAIL, stream, recorded)
        return state

    async def person(self, person: str) -> people.Person:
        """Fold what was asked about one person."""
        stream = people.stream_of(person)
        recorded = await self.store.read_stream(stream)
        state: people.Person = self._fold(_PERSON, stream, recorded)
        return state

    def _fold(self, decider: _Decider, stream: str, recorded: Sequence[RecordedEvent]) -> Any:
        """Fold a stream that was read, from where it is remembered on."""
        state, folded = decider.initial, 0
        known = self._folded.get(stream)
        if known is not None and known.last.version <= len(recorded):
            there = recorded[known.last.version - 1]
            if there.entry == known.last.entry:
                state, folded = known.state, known.last.version
        if folded == len(recorded):
            return state
        for one in recorded[folded:]:
            state = decider.evolve(state, one.event)
        self._remember(decider, stream, state, recorded[folded:])
        return state

    def _remember(
        self, decider: _Decider, stream: str, state: Any, added: Sequence[RecordedEvent]
    ) -> None:
        """Remember the state after what was added to the one remembered before."""
        before = self._folded.pop(stream, None)  # so that the longest unchanged come first
        size_bytes = sum([len(one.entry) for one in added])
        if before is not None and before.last.version < added[0].version:
            size_bytes += before.size_bytes
        if not decider.is_remembered or size_bytes > FOLDED_BYTES_MAX:
            return
        self._folded[stream] = _Folded(state, added[-1], size_bytes)
        if len(self._folded) > self._folded_max:
            self._folded.popitem(last=False)
