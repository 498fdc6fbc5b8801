"""The master key of a deployment: where it is found, when one is made, and whether it is the one.

In development a missing key is made beside the SQLite file, once: a new key beside a database that
already holds sealed data would only hide that the old one was lost. In every mode the key is tried
on what the database holds, because under another key every person would be a stranger.

While a server runs the key may be rotated by a command: the log says so, and the server reads its
ring again; and once more where a data key turns out to be wrapped under a key it does not know.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import structlog

from api.master_key_command import ring_of_command
from api.settings import Settings
from api.settings_production import MAKE_A_FILE
from ledger.entry import RecordedEvent
from ledger.errors import MasterKeyError, SealBrokenError
from ledger.events import MasterKeyRetired, MasterKeyRotated
from ledger.sentences import Sentence
from ledger.store import DataKey
from ledger.vault_master import MasterKeys

FILE_NAME: Final = "master.key"

REREAD_SECONDS_MIN: Final = 0.2
"""How soon a ring that brought nothing new is read again because something could not be opened."""

_RESTORE: Final = Sentence("Restore the key file that belongs to this database.")

log = structlog.get_logger()


def master_keys_for(settings: Settings, *, sample: DataKey | None) -> MasterKeys:
    """Find, or in development make, the master keys of a database.

    Args:
        settings: what was chosen.
        sample: any data key of the database, to try the master keys on; None if it has none.

    Raises:
        MasterKeyError: missing, weak, unreadable, or not those of this database.
    """
    beside = _beside(settings)
    keys = _found(settings, beside) or _made(beside, is_in_use=sample is not None)
    if sample is not None:
        try:
            keys.unwrap(sample.wrapped, sample.master_key_id)
        except SealBrokenError:
            # A master key is named after itself: the ring has the right one, and this one row is
            # broken, which is told where it is opened.
            pass
        except MasterKeyError as error:
            raise MasterKeyError(
                Sentence("The database was sealed under another master key."),
                _RESTORE,
            ) from error
    return keys


def ring_of(settings: Settings) -> MasterKeys:
    """Read the ring again; none is made.

    Raises:
        MasterKeyError: missing, weak or unreadable.
    """
    beside = _beside(settings)
    return _found(settings, beside) or _made(beside, is_in_use=True)


def ring_file(settings: Settings) -> Path | None:
    """The file in which the ring stands; None where it comes from elsewhere."""
    if settings.master_key is not None or settings.master_key_command is not None:
        return None
    return settings.master_key_file or _beside(settings)


class RingKeeper:
    """Keeps a process's ring as its source has it.

    Args:
        ring: what everybody in the process holds; changed in place.
        read: reads the source; may take a while, and is run in a thread.
        monotonic: seconds that never go back.
    """

    def __init__(
        self,
        ring: MasterKeys,
        read: Callable[[], MasterKeys],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ring, self._read, self._monotonic = ring, read, monotonic
        self._wanted, self._reading = asyncio.Event(), asyncio.Lock()
        self._in_vain_at: float | None = None

    def hear(self, batch: Sequence[RecordedEvent]) -> None:
        """Have the ring read again if the log says that it has changed."""
        if any(isinstance(one.event, MasterKeyRotated | MasterKeyRetired) for one in batch):
            self._wanted.set()

    async def refresh(self) -> None:
        """Read the ring again.

        Raises:
            MasterKeyError: it cannot be read, or is another deployment's; the old one stays.
        """
        async with self._reading:
            in_vain_at = self._in_vain_at
            now = self._monotonic()
            if in_vain_at is not None and now < in_vain_at + REREAD_SECONDS_MIN:
                return
            is_new = self._ring.adopt(await asyncio.to_thread(self._read))
            self._in_vain_at = None if is_new else self._monotonic()
            if is_new:
                log.info("master_key.reread", ids=self._ring.ids)

    async def run(self) -> None:
        """Read it again whenever the log says that it has changed; never ends by itself."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            self._in_vain_at = None
            try:
                await self.refresh()
            except MasterKeyError as error:
                log.warning("master_key.not_reread", reason=str(error))


def _beside(settings: Settings) -> Path | None:
    folder = None if settings.is_production else settings.folder
    return folder / FILE_NAME if folder is not None else None


def _found(settings: Settings, beside: Path | None) -> MasterKeys | None:
    if settings.master_key is not None:
        return MasterKeys.from_text(settings.master_key.get_secret_value())
    if settings.master_key_command is not None:
        return ring_of_command(settings.master_key_command)
    if settings.master_key_file is not None:
        return MasterKeys.from_file(settings.master_key_file)
    if beside is None or not beside.exists():
        return None
    return MasterKeys.from_file(beside)


def _made(beside: Path | None, *, is_in_use: bool) -> MasterKeys:
    if beside is None:
        raise MasterKeyError(
            Sentence("There is no master key."),
            MAKE_A_FILE,
        )
    if is_in_use:
        raise MasterKeyError(
            Sentence(
                "The database holds sealed data, and its master key is not at {file}.", file=beside
            ),
            _RESTORE,
        )
    keys = MasterKeys.generate()
    keys.write(beside)
    return keys
