"""The wiring: the one module that names the concrete classes of every room and puts them together.

`services(settings)` starts everything a server needs, in order, and stops it in the reverse order:
database, store, vault, projections, adapters, then the tasks that run by themselves: the
subscription that feeds the projections, and the workers that submit, ask and translate. A test
gives its own clock or store by name, so the tested wiring is the real wiring.

A task that ends by itself is never quiet: it is logged as an error, and `Services.stopped` names
it, which turns /readyz to 503.

`opened(settings)` is the small sibling for commands: database and store, and nothing that runs.
"""

import itertools
import os
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Final, TypeVar

import structlog
from sqlalchemy import select

from adapters import directory
from adapters.base import Adapter
from adapters.keeping import Keeper
from adapters.outages import Outages
from adapters.providers import IncompleteProviderError, adapter_class, settings_class
from adapters.transport import Transport
from adapters.transport_outward import Outward
from adapters.trying import is_for_trying
from adapters.ways import Ways
from api.authentication import Authenticator
from api.background import Background
from api.contracts import contract_faults
from api.feed import Feed
from api.last_uses import LastUses
from api.lives import Life
from api.master_key import RingKeeper, master_keys_for, ring_of
from api.modes import by_mode
from api.randomness import RandomBlock
from api.rates import Rates
from api.settings import Fault, Settings, SettingsError, settings_of_providers
from api.watching import Watched
from api.wiring_log import log_care
from api.wiring_people import forgetting, hearing, missing
from api.wiring_services import Services
from api.wiring_sharing import sharing_of
from api.wiring_windows import windows
from api.wiring_witnesses import start_log_work, witnessing
from api.wiring_workers import make_workers
from ledger.checkpointing import CheckpointMaker
from ledger.handling import Handler
from ledger.sentences import Sentence
from ledger.sql import Database, SqlEventStore
from ledger.sql_schema import data_keys
from ledger.store import Clock, DataKey, EventStore
from ledger.subscriptions import Subscription
from ledger.vault import MasterKeys, Vault
from ledger.volumes import Volumes
from projections import PROJECTIONS
from projections.accounts import AccountsProjection
from projections.base import Projections
from projections.checkouts import CheckoutsProjection
from projections.commitments import CommitmentsProjection
from projections.deliveries import DeliveriesProjection
from projections.erasures import ErasuresProjection
from projections.keys import KeysProjection
from projections.metrics import MetricsProjection
from projections.notices import NoticesProjection
from projections.payments import PaymentsProjection
from projections.projector import Projector
from projections.proposals import ProposalsProjection
from projections.rebuild import Progress, fill
from projections.statements import StatementsProjection
from projections.witnesses import WitnessesProjection
from projections.worklist import WorklistProjection

P = TypeVar("P", bound=Projector)

log = structlog.get_logger()
_COMPLETE_IT: Final = Sentence("Leave it out, or write what it lacks.")


def utc_now() -> datetime:
    """Read the machine's clock."""
    return datetime.now(UTC)


class RequestIds:
    """Makes ids for requests, 16 hex digits: drawn once per process, then counted."""

    def __init__(self) -> None:
        self._next = itertools.count(secrets.randbits(48) << 16)

    def __call__(self) -> str:
        """Make one."""
        return f"{next(self._next) & 0xFFFF_FFFF_FFFF_FFFF:016x}"


@asynccontextmanager
async def opened(
    settings: Settings,
    *,
    clock: Clock = utc_now,
    create: bool = False,
    is_writing: bool = True,
) -> AsyncIterator[tuple[Database, SqlEventStore]]:
    """Lend the database and its store; nothing runs but, if `is_writing`, the appender.

    Without it nothing is written, and a database that cannot be written will do.

    Raises:
        StoreUnavailableError, SchemaVersionError: see `Database.open`.
    """
    database = await Database.open(settings.database_url, create=create, is_writing=is_writing)
    try:
        store = SqlEventStore(database, clock=clock, queued_max=settings.appends_queued_max)
        if is_writing:
            await store.start()
        try:
            yield database, store
        finally:
            await store.close()
    finally:
        await database.close()


@asynccontextmanager
async def services(
    settings: Settings,
    *,
    clock: Clock = utc_now,
    new_id: Callable[[], str] | None = None,
    store: EventStore | None = None,
    is_working: bool = True,
    is_loopback_only: bool = False,
) -> AsyncIterator[Services]:
    """Start everything, lend it, stop everything.

    Args:
        settings: what was chosen.
        clock: the present time.
        new_id: makes ids of requests; by default counted from a random start.
        store: another log than the database's, for tests.
        is_working: whether this process submits, asks and translates; projections always run.
        is_loopback_only: whether adapters may call this machine alone (the sandboxes).

    Raises:
        SettingsError, MasterKeyError, StoreError: nothing was left running.
    """
    try:
        adapter_settings = settings_of_providers(
            settings, {name: settings_class(name) for name in settings.providers}
        )
    except IncompleteProviderError as error:
        fault = Fault("CAURI_PROVIDERS", Sentence("{said}.", said=error), _COMPLETE_IT)
        raise SettingsError([fault]) from None
    async with AsyncExitStack() as stack:
        database, own_store = await stack.enter_async_context(
            opened(settings, clock=clock, create=not settings.is_production)
        )
        log_store: EventStore = own_store if store is None else store
        keys = await master_keys_of(settings, database)
        ring = RingKeeper(keys, partial(ring_of, settings))
        vault = Vault(keys, log_store, random_bytes=RandomBlock(), refresh=ring.refresh)
        handler = Handler(log_store)
        projections = projections_of(database)
        await projections.start(log_store)
        commitments = projections.of(CommitmentsProjection)
        watchers = await witnessing(
            settings, handler, commitments, projections.of(WitnessesProjection), stack
        )
        log_kept = await log_care(
            settings,
            handler,
            projections,
            clock=clock,
            after_checkpoint=None if watchers is None else watchers.gatherer.told,
        )
        ways = Ways()
        sharing = await sharing_of(settings, database, keys, clock)
        stack.push_async_callback(sharing.close)
        open_windows = await stack.enter_async_context(windows(settings, keys, clock))
        keeper = await stack.enter_async_context(_keeping(log_store, vault))
        open_transport = partial(
            Transport,
            clock=clock,
            observer=keeper.observe,
            is_loopback_only=is_loopback_only,
            ways=ways,
            sharing=sharing,
        )
        trying = frozenset(
            name
            for name, chosen in adapter_settings.items()
            if name in settings.trial_providers or is_for_trying(chosen)
        )
        adapters: dict[str, Adapter] = {}
        for name, chosen in adapter_settings.items():
            adapters[name] = adapter_class(name)(chosen, open_transport)
            stack.push_async_callback(adapters[name].close)
        if faults := [fault for one in adapters.values() for fault in contract_faults(one)]:
            raise SettingsError(faults)
        adapters_of = by_mode(adapters, trying)
        directory.warm_up()
        last_uses = LastUses(
            projections.of(KeysProjection),
            clock=clock,
            every_seconds=settings.key_uses_noted_seconds,
        )
        stack.push_async_callback(last_uses.flush)
        authenticator = Authenticator(
            log_store,
            clock=clock,
            default_mode=settings.default_mode,
            note_use=last_uses.note,
            cached_max=settings.keys_cached_max,
            cached_seconds=settings.keys_cached_seconds,
        )
        outward = Outward(
            seconds_max=settings.endpoint_seconds_max,
            allows_loopback=settings.endpoint_loopback,
        )
        stack.push_async_callback(outward.close)
        background = Background()
        stack.push_async_callback(background.stop)
        people, finisher = forgetting(handler, vault, projections, clock=clock)
        subscription = Subscription(
            log_store,
            Watched(
                projections,
                watch=hearing(vault, authenticator.watch, ring.hear, finisher.hear),
                missed=missing(authenticator.forget_all, finisher.look_again),
            ),
        )
        feed = Feed(subscription, projections.of(NoticesProjection))
        for name, work in (
            ("subscription", subscription.run()),
            ("last uses", last_uses.run()),
            ("master key", ring.run()),
            ("exchanges", keeper.run()),
            ("feed", feed.run()),
        ):
            background.start(name, work)
        made = Services(
            settings=settings,
            clock=clock,
            new_id=new_id or RequestIds(),
            database=database,
            store=log_store,
            life=await Life.of(log_store),
            handler=handler,
            vault=vault,
            projections=projections,
            payments=projections.of(PaymentsProjection),
            accounts=projections.of(AccountsProjection),
            metrics=projections.of(MetricsProjection),
            worklist=projections.of(WorklistProjection),
            checkouts=projections.of(CheckoutsProjection),
            keys=projections.of(KeysProjection),
            erasures=projections.of(ErasuresProjection),
            statements=projections.of(StatementsProjection),
            proposals=projections.of(ProposalsProjection),
            people=people,
            authenticator=authenticator,
            last_uses=last_uses,
            rates=Rates(settings, open_windows),
            deliveries=projections.of(DeliveriesProjection),
            default_mode=settings.default_mode,
            notices=projections.of(NoticesProjection),
            feed=feed,
            adapters=adapters,
            adapters_of=adapters_of,
            ways=ways,
            commitments=commitments,
            checkpoints=log_kept.checkpoints,
            log_kept=log_kept,
            witnesses=projections.of(WitnessesProjection),
            witnessing=watchers,
            keeper=keeper,
            subscriptions=(subscription,),
            workers=make_workers(
                settings,
                handler,
                vault,
                adapters,
                ways,
                projections,
                clock=clock,
                outward=outward,
                adapters_of=adapters_of,
                keeper=keeper,
                is_loopback_only=is_loopback_only,
            )
            if is_working
            else (),
            background=background,
        )
        if is_working:
            background.start("outages", Outages(handler, ways, clock=clock).run())
            background.start("erasures", finisher.run())
            start_log_work(background, log_kept, watchers)
        for worker in made.workers:
            background.start(f"{worker.kind} {worker.provider or 'all'}", worker.run())
        yield made


@asynccontextmanager
async def _keeping(store: EventStore, vault: Vault) -> AsyncIterator[Keeper]:
    """Lend what keeps exchanges; what still waits at the end is kept then."""
    keeper = Keeper(Volumes(store), vault, random_bytes=os.urandom)
    try:
        yield keeper
    finally:
        await keeper.flush()


async def sealing(settings: Settings, database: Database, store: EventStore) -> Vault:
    """Make the vault of a command that opens what was sealed.

    Raises:
        MasterKeyError: there is no master key, or not the one of this database.
    """
    return Vault(await master_keys_of(settings, database), store)


async def master_keys_of(settings: Settings, database: Database) -> MasterKeys:
    """Find the master keys of a database; see `api.master_key`."""
    async with database.read() as conn:
        row = (await conn.execute(select(data_keys).limit(1))).one_or_none()
    sample = DataKey(*row) if row is not None else None
    return master_keys_for(settings, sample=sample)


@asynccontextmanager
async def projected(settings: Settings, kind: type[P]) -> AsyncIterator[P]:
    """Lend one projection of an existing database, brought up to the log's end first."""
    async with opened(settings) as (database, store):
        projections = Projections(database, [kind])
        await projections.start(store)
        yield projections.of(kind)


@asynccontextmanager
async def checkpointing(
    settings: Settings, *, clock: Clock = utc_now
) -> AsyncIterator[tuple[CheckpointMaker | None, CommitmentsProjection]]:
    """Lend what makes checkpoints of an existing database, and what knows them."""
    async with opened(settings, clock=clock) as (database, store):
        await Projections(database, [CommitmentsProjection]).start(store)
        # The others are hashed as they stand: a running server brings them on, not a checkpoint.
        projections = projections_of(database)
        kept = await log_care(settings, Handler(store), projections, clock=clock)
        yield kept.checkpoints, projections.of(CommitmentsProjection)


def projections_of(database: Database) -> Projections:
    """All projections of a database; nothing is made or read yet."""
    return Projections(database, PROJECTIONS)


@asynccontextmanager
async def replayed(
    store: EventStore, url: str, *, until: int, progress: Progress
) -> AsyncIterator[tuple[MetricsProjection, AccountsProjection, PaymentsProjection]]:
    """Lend projections of a new database that have seen a log up to a position and no further."""
    database = await Database.open(url, create=True)
    try:
        kinds = (MetricsProjection, AccountsProjection, PaymentsProjection)
        projections = Projections(database, kinds)
        await projections.start()
        metrics, accounts, payments = (
            projections.of(MetricsProjection),
            projections.of(AccountsProjection),
            projections.of(PaymentsProjection),
        )
        for projector in (metrics, accounts, payments):
            await fill(projector, store, until=until, progress=progress)
        yield metrics, accounts, payments
    finally:
        await database.close()
