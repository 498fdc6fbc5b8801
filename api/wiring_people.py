"""The wiring of people: what finds, tells and destroys what is held about them, put together."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from api.finishing import Finisher
from api.people import People
from api.people_finding import Finding
from ledger.entry import RecordedEvent
from ledger.errors import StoreUnavailableError
from ledger.events import PersonErased
from ledger.handling import Handler
from ledger.sentences import Sentence
from ledger.store import Clock
from ledger.vault import Vault
from projections.base import Projections
from projections.calls import CallsProjection
from projections.checkouts import CheckoutsProjection
from projections.deliveries import DeliveriesProjection
from projections.erasures import ErasuresProjection
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
        finding=Finding(
            handler=handler,
            vault=vault,
            payments=projections.of(PaymentsProjection),
            calls=projections.of(CallsProjection),
            checkouts=projections.of(CheckoutsProjection),
            deliveries=projections.of(DeliveriesProjection),
            catch_up=catch_up,
        ),
        keys=projections.of(KeysProjection),
        clock=clock,
    )


def forgetting(
    handler: Handler, vault: Vault, projections: Projections, *, clock: Clock
) -> tuple[People, Finisher]:
    """Put together what a server does about people: what is asked of it, and what broke off."""
    catch_up = waiting_for(projections, handler)
    people = people_of(handler, vault, projections, clock=clock, catch_up=catch_up)
    return people, Finisher(people, projections.of(ErasuresProjection))


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


def missing(*others: Callable[[], None]) -> Callable[[], None]:
    """Tell all of these that events went by unseen."""

    def missed() -> None:
        for other in others:
            other()

    return missed
