"""The wiring of people: what finds, tells and destroys what is held about them, put together."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from api.people import People
from ledger.entry import RecordedEvent
from ledger.errors import StoreUnavailableError
from ledger.events import PersonErased
from ledger.handling import Handler
from ledger.sentences import Sentence
from ledger.store import Clock
from ledger.vault import Vault
from projections.base import Projections
from projections.calls import CallsProjection
from projections.keys import KeysProjection
from projections.payments import PaymentsProjection

CATCHING_UP_SECONDS_MAX: Final = 10.0
"""How long an erasure or an export waits for the lists that it finds things by."""


def people_of(
    handler: Handler,
    vault: Vault,
    projections: Projections,
    *,
    clock: Clock,
    catch_up: Callable[[], Awaitable[None]],
) -> People:
    """Put together what there is to do about people."""
    return People(
        handler=handler,
        vault=vault,
        payments=projections.of(PaymentsProjection),
        calls=projections.of(CallsProjection),
        keys=projections.of(KeysProjection),
        clock=clock,
        catch_up=catch_up,
    )


def waiting_for(projections: Projections, handler: Handler) -> Callable[[], Awaitable[None]]:
    """How a server waits for lists that others feed."""

    async def catch_up() -> None:
        position = await handler.store.position()
        if not await projections.wait_for(position, CATCHING_UP_SECONDS_MAX):
            raise StoreUnavailableError(
                Sentence("The lists have not caught up with the log."),
                Sentence("Try again shortly."),
            )

    return catch_up


def hearing(
    vault: Vault, *others: Callable[[Sequence[RecordedEvent]], None]
) -> Callable[[Sequence[RecordedEvent]], None]:
    """Let go of a person's keys as soon as the log says that somebody else destroyed them.

    `others` hear the same.
    """

    def watch(batch: Sequence[RecordedEvent]) -> None:
        for other in others:
            other(batch)
        for recorded in batch:
            if isinstance(recorded.event, PersonErased):
                vault.forget(recorded.event.person)

    return watch
