"""`cauri verify`: the whole log read again, and held against a checkpoint kept elsewhere.

It reads only, and believes nothing: neither the hashes beside the entries nor the stored tree. A
checkpoint may be given as `<size>:<root in hex>`, or as a file: a saved answer of
/v1/log/checkpoint, or a signed note. A note's signature is checked where a public key of the log is
given: that key has to have signed it, or one that it introduced, or that one, and so on. Without a
key the note is taken at its word, as something one has kept oneself.

With projections, what they say is compared with what the log alone gives, in files that are thrown
away: the database is only read.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from api.commands.console import progress, run_async, settings_for, write_json, write_line
from api.commands.rebuild import check_row, tell_checked
from api.settings import Settings
from api.wiring import opened, projections_of
from api.wiring_witnesses import known_witnesses
from ledger.checkpoint import Checkpoint, Verifier
from ledger.commitment import KEYS_STREAM
from ledger.errors import CorruptLogError, InvalidInputError, NoteError
from ledger.events import LogKeyIntroduced
from ledger.introduction import Introduced, TrustedKey, open_with_keys, trusted_keys
from ledger.sentences import Sentence
from ledger.store import EventStore, TreeHead
from ledger.verify import Verified, verify_log
from projections.apart import check_apart
from projections.rebuild import Checked


class Audit(NamedTuple):
    """What was found."""

    verified: Verified
    expected: TreeHead | None
    projections: list[Checked] | None
    """None if nobody asked for them."""

    @property
    def is_verified(self) -> bool:
        """Whether the projections, if asked for, are what the log gives; the log itself is."""
        return all(one.is_equal for one in self.projections or ())


def run(
    *,
    checkpoint: str | None,
    key: str | None,
    with_projections: bool,
    processes: int | None,
    database: str | None,
    as_json: bool,
) -> int:
    """Verify; 0 if nobody rewrote the log, 1 and the first bad position if somebody did."""
    settings = settings_for(database)
    try:
        audit = run_async(_audit(settings, checkpoint, key, processes, with_projections))
    except CorruptLogError as error:
        if as_json:
            told = {"is_verified": False, "position": error.position, "reason": error.reason}
            write_json(told)
        else:
            write_line(f"NOT VERIFIED: {error}")
        return 1
    if as_json:
        write_json(_told(audit))
    else:
        _tell(audit)
    return 0 if audit.is_verified else 1


def _told(audit: Audit) -> dict[str, object]:
    verified, expected = audit.verified, audit.expected
    told: dict[str, object] = {
        "is_verified": audit.is_verified,
        "size": verified.size,
        "root": verified.root.hex(),
        "checkpoint_size": expected.size if expected else None,
        "checkpoints": verified.checkpoints,
        "cosignatures": verified.cosignatures,
    }
    if audit.projections is not None:
        told["projections"] = [check_row(one) for one in audit.projections]
    return told


def _tell(audit: Audit) -> None:
    verified, expected = audit.verified, audit.expected
    write_line(f"verified: {verified.size} entries, root {verified.root.hex()}")
    if expected is not None:
        write_line(f"and they continue the checkpoint of {expected.size} entries")
    if verified.checkpoints:
        write_line(
            f"and the checkpoints in the log, {verified.checkpoints}, are signed by its keys; "
            f"cosignatures of known witnesses: {verified.cosignatures}"
        )
    if audit.projections is not None:
        tell_checked([check_row(one) for one in audit.projections])


async def _audit(
    settings: Settings,
    checkpoint: str | None,
    key: str | None,
    processes: int | None,
    with_projections: bool,
) -> Audit:
    async with opened(settings, is_writing=False) as (lent, store):
        expected = None
        if checkpoint is not None:
            introduced = await _introduced(store) if key is not None else []
            expected = read_checkpoint(checkpoint, key, introduced)
        with progress("verify") as tell:
            verified = await verify_log(
                store,
                checkpoint=expected,
                witnesses=known_witnesses(settings),
                progress=tell,
                processes=processes,
            )
        if not with_projections:
            return Audit(verified, expected, None)
        projections = projections_of(lent)
        await projections.start()
        checked: list[Checked] = []
        with progress("projections") as tell:
            url = settings.database_url
            async for one in check_apart(projections, url, processes=processes):
                checked.append(one)
                tell(len(checked), len(projections.names))
        checked.sort(key=lambda one: projections.names.index(one.name))
        return Audit(verified, expected, checked)


async def _introduced(store: EventStore) -> list[Introduced]:
    """The keys that the log says it was signed by; each proves itself by the one before."""
    return [
        Introduced(one.event.key, one.event.note, one.position)
        for one in await store.read_stream(KEYS_STREAM)
        if isinstance(one.event, LogKeyIntroduced)
    ]


def read_checkpoint(text: str, key: str | None, introduced: Sequence[Introduced] = ()) -> TreeHead:
    """Read a checkpoint as the command line gives it.

    Args:
        text: what was given.
        key: a public key of the log that is trusted.
        introduced: the keys the log names.

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
        keys = trusted_keys(verifier.name, introduced, [verifier])
        checkpoint, _ = open_with_keys(
            content, keys or [TrustedKey(verifier, 0, None)], origin=verifier.name
        )
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
