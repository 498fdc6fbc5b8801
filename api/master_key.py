"""The master key of a deployment: where it is found, when one is made, and whether it is the one.

In development a missing key is made beside the SQLite file, once: a new key beside a database that
already holds sealed data would only hide that the old one was lost. In every mode the key is tried
on what the database holds, because under another key every person would be a stranger.
"""

from pathlib import Path
from typing import Final

from api.settings import Settings
from ledger.errors import MasterKeyError, SealBrokenError
from ledger.store import DataKey
from ledger.vault_master import MasterKeys

FILE_NAME: Final = "master.key"


def master_keys_for(settings: Settings, *, sample: DataKey | None) -> MasterKeys:
    """Find, or in development make, the master keys of a database.

    Args:
        settings: what was chosen.
        sample: any data key of the database, to try the master keys on; None if it has none.

    Raises:
        MasterKeyError: missing, weak, unreadable, or not those of this database.
    """
    folder = None if settings.is_production else settings.folder
    beside = folder / FILE_NAME if folder is not None else None
    keys = _found(settings, beside) or _made(beside, is_in_use=sample is not None)
    if sample is not None:
        try:
            keys.unwrap(sample.wrapped, sample.master_key_id)
        except (MasterKeyError, SealBrokenError) as error:
            raise MasterKeyError(
                "The database was sealed under another master key.",
                "Restore the key file that belongs to this database.",
            ) from error
    return keys


def _found(settings: Settings, beside: Path | None) -> MasterKeys | None:
    if settings.master_key is not None:
        return MasterKeys.from_text(settings.master_key.get_secret_value())
    if settings.master_key_file is not None:
        return MasterKeys.from_file(settings.master_key_file)
    if beside is None or not beside.exists():
        return None
    return MasterKeys.from_file(beside)


def _made(beside: Path | None, *, is_in_use: bool) -> MasterKeys:
    if beside is None:
        raise MasterKeyError(
            "There is no master key.",
            "Make one with `openssl rand -base64 32 > master.key`, keep a copy in a safe, and "
            "set CAURI_MASTER_KEY_FILE to the file.",
        )
    if is_in_use:
        raise MasterKeyError(
            f"The database holds sealed data, and its master key is not at {beside}.",
            "Restore the key file that belongs to this database.",
        )
    keys = MasterKeys.generate()
    keys.write(beside)
    return keys
