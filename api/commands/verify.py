"""`cauri verify`: the whole log read again, and held against a checkpoint kept elsewhere.

It reads only, and believes nothing: neither the hashes beside the entries nor the stored tree. A
checkpoint may be given as `<size>:<root in hex>`, or as a file: a saved answer of
/v1/log/checkpoint, or a signed note. A note's signature is checked where the log's public key is
given; without it the note is taken at its word, as something one has kept oneself.
"""

from pathlib import Path
from typing import Any

import orjson

from api.commands.console import progress, run_async, settings_for, write_json, write_line
from api.settings import Settings
from api.wiring import opened
from ledger.checkpoint import Checkpoint, Verifier, open_checkpoint
from ledger.errors import CorruptLogError, InvalidInputError, NoteError
from ledger.sentences import Sentence
from ledger.store import TreeHead
from ledger.verify import Verified, verify_log


def run(*, checkpoint: str | None, key: str | None, database: str | None, as_json: bool) -> int:
    """Verify; 0 if nobody rewrote the log, 1 and the first bad position if somebody did."""
    expected = read_checkpoint(checkpoint, key) if checkpoint is not None else None
    try:
        verified = run_async(_verify(settings_for(database), expected))
    except CorruptLogError as error:
        if as_json:
            told = {"is_verified": False, "position": error.position, "reason": error.reason}
            write_json(told)
        else:
            write_line(f"NOT VERIFIED: {error}")
        return 1
    if as_json:
        told = {
            "is_verified": True,
            "size": verified.size,
            "root": verified.root.hex(),
            "checkpoint_size": expected.size if expected else None,
        }
        write_json(told)
        return 0
    write_line(f"verified: {verified.size} entries, root {verified.root.hex()}")
    if expected is not None:
        write_line(f"and they continue the checkpoint of {expected.size} entries")
    return 0


async def _verify(settings: Settings, expected: TreeHead | None) -> Verified:
    async with opened(settings, is_writing=False) as (_, store):
        with progress("verify") as tell:
            return await verify_log(store, checkpoint=expected, progress=tell)


def read_checkpoint(text: str, key: str | None) -> TreeHead:
    """Read a checkpoint as the command line gives it.

    Raises:
        InvalidInputError: it is none.
        NoteUnverifiedError: the given key did not sign it.
    """
    size, colon, root = text.partition(":")
    if colon and size.isascii() and size.isdecimal():
        return _head(int(size), root)
    try:
        content = Path(text).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise _refused(Sentence("this is neither SIZE:ROOT nor a file that can be read.")) from None
    if content.lstrip().startswith("{"):
        return _saved_answer(content)
    if key is not None:
        verifier = Verifier.from_text(key.strip())
        checkpoint, _ = open_checkpoint(content, [verifier], origin=verifier.name)
        return TreeHead(checkpoint.size, checkpoint.root)
    try:
        noted = Checkpoint.from_text(content.partition("\n\n")[0].rstrip("\n") + "\n")
    except NoteError as error:
        raise _refused(Sentence("the file holds no checkpoint ({error}).", error=error)) from None
    return TreeHead(noted.size, noted.root)


def _saved_answer(content: str) -> TreeHead:
    try:
        saved: Any = orjson.loads(content)
        return _head(int(saved["size"]), str(saved["root_hex"]))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise _refused(Sentence("the file is no answer of /v1/log/checkpoint.")) from None


def _head(size: int, root: str) -> TreeHead:
    try:
        raw = bytes.fromhex(root)
    except ValueError:
        raw = b""
    if len(raw) != 32:
        raise _refused(Sentence("the root is not 64 hexadecimal digits."))
    return TreeHead(size, raw)


def _refused(reason: Sentence) -> InvalidInputError:
    return InvalidInputError(
        "checkpoint",
        reason,
        Sentence("Give SIZE:ROOT, a saved answer of /v1/log/checkpoint, or a note."),
    )
