"""The workers: one for each kind of due work, and for each provider where it is the provider's.

A process takes no work that it is not set up for. What belongs to a provider that is not enabled
here, or is enabled for payments of the other mode, stays due, without a word in the log, for a
process that has it: now, or after a restart. So does a message to an endpoint on this machine,
where this process calls none there. Only the clock is everybody's: what no provider had in time
is given up by whoever comes.
"""

import asyncio
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Final, cast

from adapters.base import Adapter, Due, Worklist
from adapters.checkout import CheckoutKeeper
from adapters.confirming import Confirmer
from adapters.dispatch import Dispatcher, submission_seconds_max
from adapters.keeping import Keeper
from adapters.lapsing import Lapsed, LapsedWork, Lapser
from adapters.notify.mail import Mails
from adapters.notify.merchants import Merchants
from adapters.polling import Poller
from adapters.reconciling import Reconciler
from adapters.recording import Recorder
from adapters.refunds import Refunder
from adapters.serving import Serving
from adapters.translate import Translator
from adapters.transport_mail import QUIT_SECONDS_MAX, MailServer, Post
from adapters.transport_outward import Outward
from adapters.ways import Ways
from adapters.worker import Perform, Worker
from api.messages import composer
from api.settings import Fault, Settings, SettingsError
from api.waking import Beds
from ledger.handling import Handler
from ledger.identity import Mode
from ledger.sentences import Sentence
from ledger.store import Clock
from ledger.vault import Vault
from projections.base import Projections
from projections.deliveries import DeliveriesProjection
from projections.mails import MailsProjection
from projections.statements import StatementsProjection
from projections.worklist import WorklistProjection

TRANSLATIONS_MAX: Final = 32
"""How many stored webhooks are translated at once."""

TRANSLATION_SECONDS_MAX: Final = 60.0

REFUNDS_MAX: Final = 8
"""How many refunds are opened, and how many settled, at once."""

REFUND_SECONDS_MAX: Final = 30.0

CHECKOUTS_MAX: Final = 8
"""How many checkout sessions are told of their payments, and how many closed, at once."""

CHECKOUT_SECONDS_MAX: Final = 30.0

LAPSES_MAX: Final = 8
"""How many payments that nobody here may send are given up at once."""

LAPSE_SECONDS_MAX: Final = 30.0

RECONCILED_MAX: Final = 16
"""How many payments are told at once what a statement says of them."""

RECONCILING_SECONDS_MAX: Final = 30.0


def make_workers(
    settings: Settings,
    handler: Handler,
    vault: Vault,
    adapters: Mapping[str, Adapter],
    ways: Ways,
    projections: Projections,
    *,
    clock: Clock,
    outward: Outward,
    adapters_of: Mapping[Mode, Mapping[str, Adapter]],
    keeper: Keeper,
    is_loopback_only: bool = False,
) -> tuple[Worker, ...]:
    """Make a worker for submitting and one for asking per provider, and one that translates."""
    recorder = Recorder(handler, vault, keeper=keeper)
    url = settings.base_url
    serving = Serving(adapters_of, settings.default_mode)
    dispatcher = Dispatcher(recorder, serving, clock=clock, public_url=url, ways=ways)
    poller = Poller(recorder, serving, clock=clock, public_url=url, ways=ways)
    confirmer = Confirmer(recorder, serving, clock=clock)
    translator = Translator(recorder, adapters, serving=serving, clock=clock)
    refunder = Refunder(recorder)
    checkouts = CheckoutKeeper(recorder, clock=clock)
    holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"

    work, beds = projections.of(WorklistProjection), Beds(projections, clock)

    def worker(
        kind: str,
        provider: str | None,
        perform: Perform,
        concurrency_max: int,
        seconds: float,
        *,
        queue: object = work,
        wait: Callable[[float], Awaitable[object]] | None = None,
    ) -> Worker:
        return Worker(
            kind,
            provider,
            perform,
            # The two rooms do not know each other; their `Due` have the same fields.
            worklist=cast("Worklist", queue),
            clock=clock,
            holder=holder,
            wait_for_news=wait or beds.bed(kind, provider),
            concurrency_max=concurrency_max,
            lease_seconds=seconds + settings.lease_margin_seconds,
        )

    enabled = _Portion(work, provider=frozenset(adapters))
    most, seconds = TRANSLATIONS_MAX, TRANSLATION_SECONDS_MAX
    lapser = Lapser(recorder, clock=clock)
    lapsed = Lapsed(cast("LapsedWork", work), serving.modes(), recorder)
    workers = [
        worker("translate", None, translator.perform, most, seconds, queue=enabled),
        worker("open", None, refunder.open, REFUNDS_MAX, REFUND_SECONDS_MAX),
        worker("settle", None, refunder.settle, REFUNDS_MAX, REFUND_SECONDS_MAX),
        worker("conclude", None, checkouts.conclude, CHECKOUTS_MAX, CHECKOUT_SECONDS_MAX),
        worker("close", None, checkouts.close, CHECKOUTS_MAX, CHECKOUT_SECONDS_MAX),
        worker(
            "submit",
            None,
            lapser.perform,
            LAPSES_MAX,
            LAPSE_SECONDS_MAX,
            queue=lapsed,
            # No event makes such a piece due, only time.
            wait=asyncio.sleep,
        ),
    ]
    statements = projections.of(StatementsProjection)
    reconcile, most, seconds = (
        Reconciler(recorder, statements),
        RECONCILED_MAX,
        RECONCILING_SECONDS_MAX,
    )
    workers.append(worker("reconcile", None, reconcile.perform, most, seconds, queue=statements))
    merchants = Merchants(
        recorder,
        outward,
        composer(vault, recorder.handler.store, adapters, settings.default_mode),
        clock=clock,
    )
    deliveries = projections.of(DeliveriesProjection)
    reached = _Portion(deliveries, is_local_called=outward.allows_loopback)
    for lane in ("deliver", "deliver_slow"):
        most, seconds = settings.endpoint_calls_max, outward.seconds_max
        workers.append(worker(lane, None, merchants.perform, most, seconds, queue=reached))
    if (post := _post(settings, is_loopback_only=is_loopback_only)) is not None:
        sender = settings.mail_from or ""
        contact = settings.support_contact
        mails = Mails(recorder, post, adapters, sender=sender, support=contact, clock=clock)
        seconds = settings.mail_seconds_max + QUIT_SECONDS_MAX
        most = settings.mail_calls_max
        letters = projections.of(MailsProjection)
        workers.append(worker("mail", None, mails.perform, most, seconds, queue=letters))
    for name, adapter in adapters.items():
        seconds, most = submission_seconds_max(adapter), adapter.pace.concurrency_max
        ours = _Portion(work, modes=serving.modes()[name])
        workers.append(worker("submit", name, dispatcher.perform, most, seconds, queue=ours))
        workers.append(worker("inquire", name, poller.perform, most, seconds, queue=ours))
        if "confirmation" in adapter.capabilities:
            workers.append(worker("confirm", name, confirmer.perform, most, seconds, queue=ours))
    return tuple(workers)


def _post(settings: Settings, *, is_loopback_only: bool) -> Post | None:
    """Make the way to the mail server; None where there is none.

    Raises:
        SettingsError: it cannot be used.
    """
    if settings.mail_host is None:
        return None
    password = settings.mail_password
    server = MailServer(
        host=settings.mail_host,
        port=settings.mail_port,
        tls=settings.mail_tls,
        user=settings.mail_user,
        password=None if password is None else password.get_secret_value(),
        sender=settings.mail_from or "",
        seconds_max=settings.mail_seconds_max,
        ca_file=settings.mail_ca_file,
    )
    try:
        return Post(server, is_loopback_only=is_loopback_only)
    except ValueError:
        reason = Sentence("the mail server is not on this machine.")
        fault = Fault("CAURI_MAIL_HOST", reason, Sentence("Name a server on this machine."))
    except OSError as error:
        kind = type(error).__name__
        reason = Sentence("the certificates cannot be read ({kind}).", kind=kind)
        remedy = Sentence("Name a file of certificates in PEM.")
        fault = Fault("CAURI_MAIL_CA_FILE", reason, remedy)
    raise SettingsError([fault])


class _Portion:
    """A queue, for a worker that takes only what this process is set up for.

    Why no worker for each provider that is enabled: translating calls nobody.
    """

    def __init__(self, queue: Any, **only: object) -> None:
        """Make one; `only` is asked of the queue along with whatever the worker asks."""
        self._queue, self._only = queue, only

    async def lease(self, kind: str, provider: str | None, **how: Any) -> list[Due]:
        """See `adapters.base.Worklist`."""
        leased: list[Due] = await self._queue.lease(
            kind, **{"provider": provider, **how, **self._only}
        )
        return leased

    async def release(self, due: Due, *, holder: str) -> None:
        """See `adapters.base.Worklist`."""
        await self._queue.release(due, holder=holder)

    async def hold(self, due: Due, *, holder: str, until: datetime) -> None:
        """See `adapters.base.Worklist`."""
        await self._queue.hold(due, holder=holder, until=until)

    async def next_due_at(self, kind: str, provider: str | None) -> datetime | None:
        """See `adapters.base.Worklist`."""
        found: datetime | None = await self._queue.next_due_at(
            kind, **{"provider": provider, **self._only}
        )
        return found
