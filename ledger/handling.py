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
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from ledger import checkout, commands, commands_checkout, endpoint, mail, payment, people, provider
from ledger.commands import Command
from ledger.endpoint import Delivery, Endpoint
from ledger.entry import Context, RecordedEvent
from ledger.errors import (
    UnknownCheckoutError,
    UnknownEndpointError,
    UnknownPaymentError,
    WrongVersionError,
)
from ledger.handling_deciders import (
    CHECKOUT,
    DECIDERS,
    DELIVERY,
    ENDPOINT,
    MAIL,
    PAYMENT,
    PERSON,
    PROVIDER,
    Decider,
)
from ledger.mail import Mail
from ledger.store import DataKey, EventStore

ATTEMPTS_MAX: Final = 10
"""How often one command is decided again because somebody else appended first."""


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
        state: payment.Payment = self._fold(PAYMENT, stream, recorded)
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
        state: checkout.Checkout = self._fold(CHECKOUT, stream, recorded)
        if state.created is None:
            raise UnknownCheckoutError
        return state, recorded

    async def outages(
        self, name: str, power: str, month: str | None
    ) -> tuple[provider.Provider, list[RecordedEvent]]:
        """Fold one of a provider's streams; see `ledger.provider`."""
        stream = provider.stream_of(name, power, month)
        recorded = await self.store.read_stream(stream)
        state: provider.Provider = self._fold(PROVIDER, stream, recorded)
        return state, recorded

    async def endpoint(self, endpoint_id: str) -> tuple[Endpoint, list[RecordedEvent]]:
        """Fold one endpoint's stream: its current state and its events.

        Raises:
            UnknownEndpointError: there is no such endpoint.
        """
        stream = endpoint.endpoint_stream(endpoint_id)
        recorded = await self.store.read_stream(stream)
        state: Endpoint = self._fold(ENDPOINT, stream, recorded)
        if state.added is None:
            raise UnknownEndpointError(endpoint_id)
        return state, recorded

    async def delivery(self, endpoint_id: str, payment_id: str) -> Delivery:
        """Fold what one endpoint was told about one payment, or of one test."""
        stream = endpoint.delivery_stream(endpoint_id, payment_id)
        recorded = await self.store.read_stream(stream)
        state: Delivery = self._fold(DELIVERY, stream, recorded)
        return state

    async def mail(self, payment_id: str) -> Mail:
        """Fold what became of the letters about one payment."""
        stream = mail.mail_stream(payment_id)
        recorded = await self.store.read_stream(stream)
        state: Mail = self._fold(MAIL, stream, recorded)
        return state

    async def person(self, person: str) -> people.Person:
        """Fold what was asked about one person."""
        stream = people.stream_of(person)
        recorded = await self.store.read_stream(stream)
        state: people.Person = self._fold(PERSON, stream, recorded)
        return state

    def _fold(self, decider: Decider, stream: str, recorded: Sequence[RecordedEvent]) -> Any:
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
        self, decider: Decider, stream: str, state: Any, added: Sequence[RecordedEvent]
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
