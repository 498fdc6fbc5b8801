"""Shown payments: what was last written of a payment, used again while it would be the same.

A merchant who waits for the end looks again and again, and mostly nothing has happened in between.
What is written is a function of the events up to the last one, of the language it is told in, and
of whether what was sealed is told (the rest never changes while a process runs). So it is
remembered together with that event, and used where a stream that was read just now ends with the
very same one. The stream itself is read every time; see `ledger.handling`.

The trick: it is put beside the data key of what was sealed, in the vault, which lets go of both at
once: when the person is erased, and a minute after the key was read, because another process may
have erased them. So nothing of a person is remembered here for longer than the key that opens it.

What it deliberately does not hold: what was opened with the key of somebody else as well, who may
be erased for themselves; see `ledger.particulars`.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from ledger.entry import RecordedEvent
from ledger.vault import Vault

WRITTEN_BYTES_MAX: Final = 4 * 1024
"""A payment that takes more is written anew each time; most take 1 to 2 kB."""


class Written(NamedTuple):
    """A payment as it is told."""

    body: bytes
    """JSON; the shape is `documents.PaymentOut`."""

    headers: Mapping[str, str] | None
    last: RecordedEvent
    """The event up to which the body tells."""


def written_before(
    vault: Vault, sealed: str, last: RecordedEvent, told: tuple[str, bool]
) -> Written | None:
    """Find what was written of a payment whose last event is this one; None where it must be anew.

    Args:
        vault: beside whose keys it is remembered.
        sealed: what was sealed with the payment.
        last: the payment's last event.
        told: the language, and whether what was sealed is told.
    """
    known = vault.beside(sealed, (last.stream, told))
    if not isinstance(known, Written) or known.last.entry != last.entry:
        return None
    return known


def remember_written(vault: Vault, sealed: str, told: tuple[str, bool], written: Written) -> None:
    """Remember what was written, to be found by `written_before`; nothing that takes much."""
    if len(written.body) <= WRITTEN_BYTES_MAX:
        vault.put_beside(sealed, (written.last.stream, told), written)
