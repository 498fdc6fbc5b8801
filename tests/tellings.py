"""What may happen to endpoints, messages and statements in a story: steps for `tests.builders`.

Like all steps they name a payment by its number; endpoint `ep_<n>` belongs to the merchant that
payment n belongs to. A step about messages does the same to every endpoint that was told of the
payment, and leaves no trace where there is nothing to be told.

A statement has a line for payment n and one for its neighbour, so statements overlap.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from ledger import commands_endpoint as commands
from ledger import commands_statement, payment, statement
from ledger.commands import Command, RecordEvidence
from ledger.commands_log import RecordRestoration
from ledger.endpoint import INITIAL, UNTRIED, Message, delivery_stream, endpoint_stream
from ledger.entry import RecordedEvent
from ledger.evidence import Evidence, Source, Word
from ledger.notices import NOTICED
from ledger.statement import statement_id_of
from ledger.statement_line import StatementLine

ENDPOINTS_MAX: Final = 6


class Told(Protocol):
    """A story so far."""

    now: datetime
    log: list[RecordedEvent]

    def state_of(self, stream: str, initial: Any) -> Any:
        """The state of a stream."""


Telling = Callable[[Told, int], Sequence[Command]]


def endpoint_id(number: int) -> str:
    """The id of the n-th endpoint of a story."""
    return f"ep_{number}"


def _add(told: Told, number: int) -> Sequence[Command]:
    return [
        commands.AddEndpoint(
            endpoint_id=endpoint_id(number),
            merchant_id=f"mer_{number % 2}",
            mode="live" if number == 3 else "test",
            # Every third wants to know of the end alone.
            types=("payment.succeeded", "payment.failed") if number % 3 == 2 else (),
            description=None,
            sealed="sealed",
        )
    ]


def _disable(told: Told, number: int) -> Sequence[Command]:
    return [commands.DisableEndpoint(endpoint_id=endpoint_id(number), by="merchant", reason="off")]


def _enable(told: Told, number: int) -> Sequence[Command]:
    return [commands.EnableEndpoint(endpoint_id=endpoint_id(number))]


def _change(told: Told, number: int) -> Sequence[Command]:
    types = ("payment.pending",)
    return [commands.ChangeEndpoint(endpoint_id=endpoint_id(number), types=types)]


def _delete(told: Told, number: int) -> Sequence[Command]:
    return [commands.DeleteEndpoint(endpoint_id=endpoint_id(number))]


def _test(told: Told, number: int) -> Sequence[Command]:
    endpoint = told.state_of(endpoint_stream(endpoint_id(number)), INITIAL)
    if endpoint.added is None:
        return []
    return [
        commands.SendTest(
            endpoint_id=endpoint_id(number),
            payment_id=f"test_{len(told.log)}",
            merchant_id=endpoint.added.merchant_id,
            mode=endpoint.added.mode,
        )
    ]


def _messages(told: Told, number: int) -> Iterator[tuple[str, int, Message]]:
    """Every endpoint there is, with every event of the payment that may be worth a message."""
    payment_id = f"pay_{number}"
    for ordinal in range(ENDPOINTS_MAX):
        endpoint = endpoint_id(ordinal)
        if told.state_of(endpoint_stream(endpoint), None) is None or ordinal % 2 != number % 2:
            continue
        delivery = told.state_of(delivery_stream(endpoint, payment_id), UNTRIED)
        for one in told.log:
            if one.stream == f"payment-{payment_id}" and type(one.event) in NOTICED:
                yield endpoint, one.position, delivery.messages.get(one.position, Message())


def _chosen(
    told: Told, number: int, *, is_last: bool = False, is_open: bool | None = True
) -> list[tuple[str, int, Message]]:
    """The first message of every endpoint, or the last one, that is open or whatever it is."""
    found: dict[str, tuple[str, int, Message]] = {}
    for one in _messages(told, number):
        if is_open in {None, one[2].is_open}:
            if is_last:
                found[one[0]] = one
            else:
                found.setdefault(one[0], one)
    return list(found.values())


def _attempt(*, seconds: float | None, status: int | None, is_last: bool = False) -> Telling:
    def telling(told: Told, number: int) -> Sequence[Command]:
        is_delivered = status == 204
        retry_at = told.now + timedelta(seconds=seconds) if seconds is not None else None
        return [
            commands.RecordDelivery(
                endpoint_id=endpoint,
                payment_id=f"pay_{number}",
                position=position,
                attempt=message.attempts + 1,
                is_delivered=is_delivered,
                status=status,
                reason=f"status {status}",
                latency_ms=12 if status else 10_000,
                sealed_answer=None,
                retry_at=retry_at,
            )
            for endpoint, position, message in _chosen(told, number, is_last=is_last)
        ]

    return telling


def _replay(*, is_last: bool) -> Telling:
    def telling(told: Told, number: int) -> Sequence[Command]:
        return [
            commands.ReplayDelivery(
                endpoint_id=endpoint, payment_id=f"pay_{number}", position=position
            )
            for endpoint, position, _ in _chosen(told, number, is_last=is_last, is_open=None)
        ]

    return telling


def _restore(told: Told, number: int) -> Sequence[Command]:
    until = told.now + timedelta(days=7)
    return [RecordRestoration(since=told.now, until=until, at=told.now)]


def a_statement(number: int, *, wrong: int = 0) -> commands_statement.HandInStatement:
    """A statement with a line for a payment of a story, and one for its neighbour."""
    provider, day = "orange" if number % 2 else "mtn", datetime(2026, 3, 1, tzinfo=UTC)
    return commands_statement.HandInStatement(
        provider=provider,
        covers_from=day,
        covers_to=day + timedelta(days=1),
        currency="XAF",
        mode="live",
        is_default_mode=True,
        lines=tuple(
            StatementLine(
                provider_transaction_id=f"T{one}",
                reference=f"pay_{one}-1" if one % 3 else None,
                direction="in",
                amount_minor=1000 + one + wrong,
                occurred_at=day + timedelta(hours=12),
            )
            for one in (number, number + 1)
        ),
        by="key_1",
        at=day + timedelta(days=2),
    )


def _hand_in(*, wrong: int = 0) -> Telling:
    return lambda told, number: [a_statement(number, wrong=wrong)]


def _approve(*, wrong: int = 0) -> Telling:
    """Agree to a statement, if it was handed in."""

    def telling(told: Told, number: int) -> Sequence[Command]:
        statement_id = statement_id_of(a_statement(number, wrong=wrong))
        if told.state_of(statement.stream_of(statement_id), None) is None:
            return []
        return [
            commands_statement.ApproveStatement(
                statement_id=statement_id, by="key_2", same=frozenset()
            )
        ]

    return telling


def _reconcile(told: Told, number: int) -> Sequence[Command]:
    """Tell a payment what its line says."""
    attempts = told.state_of(payment.stream_of(f"pay_{number}"), payment.INITIAL).attempts
    if not attempts:
        return []
    word = Evidence(
        source=Source.STATEMENT,
        provider=attempts[0].provider,
        reference=attempts[0].reference,
        word=Word.SUCCEEDED,
        amount=str(1000 + number),
        currency="XAF",
        provider_transaction_id=f"T{number}",
    )
    return [RecordEvidence(payment_id=f"pay_{number}", evidence=word)]


def _refuse_line(told: Told, number: int) -> Sequence[Command]:
    statement_id = statement_id_of(a_statement(number))
    return [
        commands_statement.RefuseStatementLine(
            statement_id=statement_id, line=1, payment_id=f"pay_{number}", reason="it is full"
        )
    ]


TELLINGS: Final[dict[str, Telling]] = {
    "endpoint": _add,
    "endpoint_off": _disable,
    "endpoint_on": _enable,
    "endpoint_changed": _change,
    "endpoint_deleted": _delete,
    "endpoint_tested": _test,
    "told": _attempt(seconds=None, status=204),
    "told_last": _attempt(seconds=None, status=204, is_last=True),
    "told_in_vain": _attempt(seconds=30, status=500),
    "told_nobody": _attempt(seconds=30, status=None),
    "told_last_in_vain": _attempt(seconds=30, status=500, is_last=True),
    "given_up": _attempt(seconds=None, status=500),
    "replay": _replay(is_last=False),
    "replay_last": _replay(is_last=True),
    "restored": _restore,
    "hand_in": _hand_in(),
    "hand_in_wrong": _hand_in(wrong=5),
    "approved": _approve(),
    "approved_wrong": _approve(wrong=5),
    "reconcile": _reconcile,
    "line_refused": _refuse_line,
}
"""What may happen to endpoints, messages and statements, by name."""
