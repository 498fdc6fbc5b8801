"""Whether somebody was forgotten, or only a key is missing.

Both look the same in the vault, so nobody is called forgotten before the log has been asked. It is
asked only where a key is gone: whatever can be opened costs nothing more.
"""

from typing import Final

import structlog

from ledger import people
from ledger.entry import RecordedEvent
from ledger.events import PaymentRequested
from ledger.people_erased import Erased
from ledger.sentences import Sentence
from ledger.store import EventStore
from ledger.vault import Vault

KEY_MISSING: Final = Sentence("The key is missing, and no erasure is recorded.")
RESTORE_KEY: Final = Sentence("Restore the data keys from a backup.")

log = structlog.get_logger()


async def is_erased(vault: Vault, store: EventStore, requested: RecordedEvent) -> bool:
    """Whether the payer was forgotten, and with him what was sealed with the payment.

    Args:
        vault: where the key is looked for.
        store: the log.
        requested: the payment's first event.
    """
    assert isinstance(requested.event, PaymentRequested)
    if not await vault.is_erased(requested.event.sealed):
        return False
    is_explained = await is_recorded(store, requested)
    if not is_explained:
        log.warning("data_key.missing", payment=requested.event.payment_id)
    return is_explained


async def is_recorded(store: EventStore, requested: RecordedEvent) -> bool:
    """Whether the log explains that a payment's key is gone."""
    assert isinstance(requested.event, PaymentRequested)
    payer, erased = requested.event.payer, Erased()
    for one in await store.read_stream(people.stream_of(payer)):
        erased.hear(one.position, one.event)
    return erased.explains(payer, requested.position)
