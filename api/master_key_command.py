"""The master key from a command that answers with the ring, as the client of a KMS would.

The command is split as a shell would split it and run without one, with nothing on its input. It
has `COMMAND_SECONDS_MAX` and may answer with no more bytes than a ring has. What it writes is the
secret: it goes into the ring and nowhere else, and what it says on its error output is not read,
for nobody knows what stands in it.
"""

import os
import selectors
import shlex
import subprocess
import time
from typing import Final

from ledger.errors import MasterKeyError
from ledger.sentences import Sentence
from ledger.vault_master import RING_BYTES_MAX, MasterKeys

COMMAND_SECONDS_MAX: Final = 10.0
"""How long the command may take."""

_REMEDY: Final = Sentence(
    "Run it by hand as the account Cauri runs under; it must print the key ring."
)
_TOO_LONG: Final = Sentence("The command for the master key takes too long.")


def ring_of_command(command: str) -> MasterKeys:
    """Run a command and read the ring that it answers with.

    Raises:
        MasterKeyError: it cannot be run, fails, takes too long, or answers with no ring.
    """
    try:
        arguments = shlex.split(command)
    except ValueError:
        arguments = []
    if not arguments:
        raise MasterKeyError(Sentence("CAURI_MASTER_KEY_COMMAND is no command."), _REMEDY)
    try:
        process = subprocess.Popen(  # noqa: S603 - whoever sets it up says what is run, without a shell
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        reason = Sentence(
            "The command for the master key cannot be run ({error}).", error=error.strerror
        )
        raise MasterKeyError(reason, _REMEDY) from None
    with process:
        try:
            written = _read(process)
        finally:
            process.kill()
    try:
        return MasterKeys.from_text(written.decode("ascii"))
    except UnicodeDecodeError:
        reason = Sentence("The command for the master key answers no text.")
        raise MasterKeyError(reason, _REMEDY) from None


def _read(process: "subprocess.Popen[bytes]") -> bytes:
    """Read all that it writes, within its time and its size, and see that it ended well."""
    assert process.stdout is not None
    ends_at = time.monotonic() + COMMAND_SECONDS_MAX
    written, descriptor = b"", process.stdout.fileno()
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while selector.select(max(0.0, ends_at - time.monotonic())):
            part = os.read(descriptor, RING_BYTES_MAX + 1)
            written += part
            if len(written) > RING_BYTES_MAX:
                reason = Sentence("The command for the master key answers too much.")
                raise MasterKeyError(reason, _REMEDY)
            if not part:
                break
        else:
            raise MasterKeyError(_TOO_LONG, _REMEDY)
    try:
        status = process.wait(max(0.0, ends_at - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise MasterKeyError(_TOO_LONG, _REMEDY) from None
    if status != 0:
        reason = Sentence("The command for the master key failed (status {status}).", status=status)
        raise MasterKeyError(reason, _REMEDY)
    return written
