"""The key that signs the log: where it is found, when one is made, and whether it is the log's own.

In development a missing key is made beside the SQLite file, once, as the master key is; a new key
for a log that another one signed would only hide that the old one was lost. Production names its
file (`CAURI_SIGNING_KEY_FILE`).

A rotation (`cauri log-key rotate`) leaves the new key beside the old one, as `<file>.<id>`, before
the log says that it signs, and puts it in the old one's place afterwards. So whichever of the two
the log names is found here at every moment, by a server that has been running all the while too.
"""

import os
import secrets
from pathlib import Path
from typing import Final

from api.settings import Fault, Settings, SettingsError
from ledger.checkpoint import Signer, Verifier
from ledger.errors import NoteKeyError
from ledger.sentences import Sentence

FILE_NAME: Final = "signing.key"
FILE_BYTES_MAX: Final = 4_096


class SigningKeys:
    """The private keys of a log that are in files here.

    Args:
        file: where the present one is.
        name: the log's own name, which its keys bear.
    """

    def __init__(self, file: Path, name: str) -> None:
        self.file, self.name = file, name
        self._known: dict[str, Signer] = {}

    def __call__(self, key: str | None) -> Signer | None:
        """Find the signer of a public key; of None, the one in the file.

        Raises:
            NoteKeyError: what is in a file is no signing key of this log.
        """
        if key is None:
            return self._read(self.file)
        if key not in self._known:
            places = (self.file, self.beside(Verifier.from_text(key)))
            found = [self._read(place) for place in places if place.exists()]
            self._known |= {one.verifier.text(): one for one in found}
        return self._known.get(key)

    def beside(self, verifier: Verifier) -> Path:
        """Where a key is that is not in its place yet, or not any more."""
        return self.file.with_name(f"{self.file.name}.{verifier.key_id.hex()}")

    def write(self, signer: Signer, place: Path) -> None:
        """Write a new key into a new file that only its owner can read.

        Raises:
            FileExistsError: there is one.
        """
        with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
            opened.write(signer.private_text() + "\n")
            opened.flush()
            os.fsync(opened.fileno())

    def put_in_place(self, signer: Signer) -> None:
        """Make a key that is beside the file the one in the file; the one before is kept beside."""
        new = self.beside(signer.verifier)
        if not new.exists():
            return
        if self.file.exists():
            before = self._read(self.file)
            kept = self.beside(before.verifier)
            if before.verifier != signer.verifier and not kept.exists():
                os.link(self.file, kept)
        new.replace(self.file)

    def _read(self, place: Path) -> Signer:
        try:
            with place.open(encoding="utf-8") as opened:
                signer = Signer.from_text(opened.read(FILE_BYTES_MAX))
        except (OSError, UnicodeDecodeError) as error:
            reason = Sentence("the file cannot be read: {error}", error=type(error).__name__)
            raise NoteKeyError(reason) from None
        if signer.verifier.name != self.name:
            named = signer.verifier.name
            reason = Sentence(
                "the key is named {named!r}, the log {name!r}", named=named, name=self.name
            )
            raise NoteKeyError(reason)
        return signer


def signing_keys_for(settings: Settings, *, current: str | None) -> SigningKeys | None:
    """Find, or in development make, the key that signs a log.

    Args:
        settings: what was chosen.
        current: the public key that signs the log by now; None if none does yet.

    Returns:
        None in development on a database server, where no key is set up.

    Raises:
        SettingsError: it cannot be read, is not named as the log is, or is not the log's key.
    """
    file = file_for(settings)
    if file is None:
        return None
    keys = SigningKeys(file, settings.log_name)
    if settings.signing_key_file is None and current is None and not file.exists():
        _make(keys)
    try:
        if file.exists() or current is None:
            keys(None)
        found = keys(current)
    except NoteKeyError as error:
        remedy = Sentence(
            "Name a file with one line PRIVATE+KEY+{name}+<id>+<base64>.", name=settings.log_name
        )
        reason = Sentence("the file is no signing key ({error}).", error=error.args[0])
        raise SettingsError([Fault("CAURI_SIGNING_KEY_FILE", reason, remedy)]) from None
    if found is None:
        reason = not_at(file, str(current))
        remedy = Sentence(
            "Restore the file of that key; `cauri log-key rotate` replaces it by a new one."
        )
        raise SettingsError([Fault("CAURI_SIGNING_KEY_FILE", reason, remedy)])
    return keys


NO_KEY: Final = Sentence("no key that signs the log is set up: set CAURI_SIGNING_KEY_FILE.")


def not_at(file: Path, key: str) -> Sentence:
    """Say that a private key is not where it is looked for."""
    return Sentence("the key that signs the log is not at {file}: {key}.", file=file, key=key)


def file_for(settings: Settings) -> Path | None:
    """Where the private key of a deployment is, or in development would be made."""
    if settings.signing_key_file is not None or settings.is_production:
        return settings.signing_key_file
    return settings.folder / FILE_NAME if settings.folder is not None else None


def _make(keys: SigningKeys) -> None:
    try:
        keys.write(Signer.generate(keys.name, secrets.token_bytes), keys.file)
    except FileExistsError:
        return  # another process of the same deployment was faster, and its key is as good
