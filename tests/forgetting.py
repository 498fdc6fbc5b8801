"""Forgetting somebody in one step, for tests of what others do afterwards."""

from datetime import timedelta

from ledger import people
from ledger.events import PersonErasureApproved, PersonErasureRequested
from ledger.store import EventStore
from ledger.vault import Vault
from tests.builders import CONTEXT, NOW


async def forget(vault: Vault, store: EventStore, person: str) -> None:
    """Destroy somebody's keys as an erasure does: not before it is agreed to in the log."""
    stream = people.stream_of(person)
    subject = people.number_subject(person, NOW)
    sealed = vault.seal(subject, b"+237650000001", context=stream)
    assert sealed.new_key is not None
    asked = PersonErasureRequested(
        erasure_id=f"era_{person}",
        person=person,
        by="one",
        reason="asked for",
        ends_at=NOW + timedelta(days=3),
        sealed=sealed.text,
    )
    agreed = PersonErasureApproved(erasure_id=asked.erasure_id, person=person, by="two")
    version = len(await store.read_stream(stream))
    await store.append(stream, version, [asked, agreed], context=CONTEXT, keys=[sealed.new_key])
    await vault.erase(person)
