"""The bag of everything that runs: what an endpoint may use; filled by `api.wiring`."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from adapters.base import Adapter
from adapters.keeping import Keeper
from adapters.ways import Ways
from adapters.worker import Worker
from api.authentication import Authenticator
from api.background import Background
from api.feed import Feed
from api.last_uses import LastUses
from api.lives import Life
from api.people import People
from api.rates import Rates
from api.settings import Settings
from api.wiring_log import LogCare
from api.wiring_witnesses import Witnessing
from ledger.checkpointing import CheckpointMaker
from ledger.events import PaymentRequested
from ledger.handling import Handler
from ledger.identity import Mode
from ledger.sql import Database
from ledger.store import Clock, EventStore
from ledger.subscriptions import Subscription
from ledger.vault import Vault
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
from projections.proposals import ProposalsProjection
from projections.statements import StatementsProjection
from projections.witnesses import WitnessesProjection
from projections.worklist import WorklistProjection


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything an endpoint may use. Made by `services`; all of it runs while it is lent."""

    settings: Settings
    clock: Clock
    new_id: Callable[[], str]
    database: Database
    store: EventStore
    life: Life
    handler: Handler
    vault: Vault
    projections: Projections
    payments: PaymentsProjection
    accounts: AccountsProjection
    metrics: MetricsProjection
    worklist: WorklistProjection
    checkouts: CheckoutsProjection
    keys: KeysProjection
    erasures: ErasuresProjection
    statements: StatementsProjection
    proposals: ProposalsProjection
    people: People
    authenticator: Authenticator
    last_uses: LastUses
    rates: Rates
    deliveries: DeliveriesProjection
    default_mode: Mode
    """See `Settings.default_mode`; read once, for every look at a payment asks."""
    notices: NoticesProjection
    feed: Feed
    adapters: Mapping[str, Adapter]
    adapters_of: Mapping[Mode, Mapping[str, Adapter]]
    """Those that take payments of each mode: a test never reaches who moves real money."""
    ways: Ways
    keeper: Keeper
    commitments: CommitmentsProjection
    checkpoints: CheckpointMaker | None = None
    """None where no signing key is set up."""
    log_kept: LogCare
    """What reads old entries again, and the projections' digests."""
    witnesses: WitnessesProjection
    witnessing: Witnessing | None = None
    """None where no policy says who watches the log."""
    subscriptions: tuple[Subscription, ...] = ()
    workers: tuple[Worker, ...] = ()
    background: Background = field(default_factory=Background)
    replaying: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    """Held by the one answer that replays the log; see `api.past`."""

    @property
    def stopped(self) -> Mapping[str, str]:
        """What should run and does not: name to reason; empty while all is well."""
        stalled = {name: str(error) for name, error in self.projections.stalled.items()}
        appender = {"appender": self.store.stopped} if self.store.stopped else {}
        return stalled | self.background.stopped | appender

    @property
    def known_position(self) -> int:
        """The last position whose events the lists have, as far as this process has heard."""
        return min((one.position for one in self.subscriptions), default=0)

    def mode_of(self, requested: PaymentRequested) -> Mode:
        """What a payment is for; one from before keys had a mode is of the deployment's own."""
        return requested.mode or self.default_mode

    def modes_seen(self, mode: Mode | None) -> tuple[Mode | None, ...] | None:
        """What a list shows to whom it is told as its mode; None: everything."""
        if mode is None:
            return None
        return (mode, None) if mode == self.default_mode else (mode,)
