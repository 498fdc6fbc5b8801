"""Whether somebody was forgotten, or only a key is missing, as an answer says it.

Both look the same in the vault, so nobody is called forgotten before the log has been asked. It is
asked only where a key is gone: whatever can be opened costs nothing more.
"""

from typing import Final

import structlog

from ledger.entry import RecordedEvent
from ledger.events import CheckoutCreated, PaymentRequested
from ledger.forgotten import is_named_forgotten, is_page_forgotten, is_payer_forgotten
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
    is_explained = await is_payer_forgotten(store, requested)
    if not is_explained:
        log.warning("data_key.missing", payment=requested.event.payment_id)
    return is_explained


async def is_session_erased(vault: Vault, store: EventStore, created: RecordedEvent) -> bool:
    """Whether anything that was sealed with a session was forgotten, with whoever it was about.

    Args:
        vault: where the keys are looked for.
        store: the log.
        created: the session's first event.
    """
    session = created.event
    assert isinstance(session, CheckoutCreated)
    gone = explained = 0
    if await vault.is_erased(session.sealed):
        gone += 1
        explained += await is_page_forgotten(store, session.session_id)
    if session.sealed_payer is not None and await vault.is_erased(session.sealed_payer):
        gone += 1
        explained += await is_named_forgotten(store, created)
    if explained < gone:
        log.warning("data_key.missing", session=session.session_id)
    return explained > 0
