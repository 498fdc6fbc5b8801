"""Checkpoints and the log's keys on the command line.

A rotation is safe to repeat: the new key is in a file before the log names it, and takes the old
one's place afterwards; what was interrupted in between is finished by the next call.
"""

import secrets

from adapters.dates import table_time
from api.commands.console import run_async, settings_for, write_json, write_line, write_table
from api.settings import Settings
from api.signing_key import NO_KEY, SigningKeys, file_for, not_at
from api.wiring import checkpointing, opened, projected
from ledger import commands_log
from ledger.checkpoint import Signer
from ledger.checkpointing import Made, again, log_keys
from ledger.entry import Context, rfc3339
from ledger.errors import CommandRefusedError, NoteKeyError
from ledger.handling import Handler
from ledger.introduction import introduce
from ledger.sentences import Sentence
from projections.commitments import CheckpointRow, CommitmentsProjection, LogKeyRow


def make_checkpoint(*, database: str | None, as_json: bool) -> None:
    """Make a checkpoint; print its note as it is, so that it can be kept in a file."""
    made = run_async(_make(settings_for(database)))
    if as_json:
        told = {"size": made.size, "root": made.root.hex(), "note": made.note}
        write_json({**told, "is_new": made.is_new})
    else:
        write_line(made.note.rstrip("\n"))


def list_checkpoints(*, limit: int, database: str | None, as_json: bool) -> None:
    """List checkpoints."""
    rows = run_async(_checkpoints(settings_for(database), limit))
    if as_json:
        write_json(
            [
                {
                    "size": row.size,
                    "root": row.root,
                    "made_at": rfc3339(row.made_at),
                    "position": row.position,
                    "digests": sorted(row.digests),
                    "cosigned_by": list(row.cosigned_by),
                    "note": row.note,
                }
                for row in rows
            ]
        )
        return
    write_table(
        Sentence("Checkpoints"),
        ("#size", "@root", "@made", "#position", "#digests", "cosigned by"),
        [
            (
                *(row.size, row.root, table_time(row.made_at), row.position),
                *(len(row.digests), ", ".join(row.cosigned_by)),
            )
            for row in rows
        ],
    )


def list_log_keys(*, database: str | None, as_json: bool) -> None:
    """List the log's keys."""
    rows = run_async(_keys(settings_for(database)))
    if as_json:
        write_json(
            [
                {
                    "key": row.key,
                    "introduced_at": rfc3339(row.introduced_at),
                    "position": row.position,
                    "since": row.since,
                    "until": row.until,
                    "note": row.note,
                }
                for row in rows
            ]
        )
        return
    write_table(
        Sentence("Keys of the log"),
        ("key", "@introduced", "#since size", "#until size"),
        [(row.key, table_time(row.introduced_at), row.since, row.until) for row in rows],
    )


def rotate_log_key(*, is_lost: bool, database: str | None, as_json: bool) -> None:
    """Rotate the log's key."""
    key = run_async(_rotate(settings_for(database), is_lost))
    if as_json:
        write_json({"key": key})
        return
    write_line(Sentence("the log is signed by {key}", key=key))
    if is_lost:
        write_line(
            Sentence(
                "If the key before it is lost, nobody has handed over to this one: give it to\n"
                "everybody who trusted that one; until then they refuse new receipts."
            )
        )
        return
    write_line(
        Sentence(
            "Give it to your auditors and to whoever runs a witness. The key before it signed its\n"
            "introduction (/v1/log/keys), so they can check it. Receipts and bundles carry that\n"
            "along from now on; but signed answers, witnesses and policy files take only the\n"
            "keys that they are given: add this one."
        )
    )


async def _make(settings: Settings) -> Made:
    async with checkpointing(settings) as (maker, commitments):
        if maker is None:
            raise NoteKeyError(NO_KEY)
        request = secrets.token_hex(8)
        made = await maker.make(context=Context("cli", request, f"request:{request}"))
        last = await commitments.latest() if made is None else None
        if last is not None:
            made = again(last.note)
        if made is None:
            raise CommandRefusedError(
                "RecordCheckpoint", Sentence("nothing has happened that a checkpoint could hold.")
            )
        return made


async def _checkpoints(settings: Settings, limit: int) -> list[CheckpointRow]:
    async with projected(settings, CommitmentsProjection) as commitments:
        return await commitments.page(limit=limit)


async def _keys(settings: Settings) -> list[LogKeyRow]:
    async with projected(settings, CommitmentsProjection) as commitments:
        return await commitments.keys()


async def _rotate(settings: Settings, is_lost: bool) -> str:
    file = file_for(settings)
    if file is None:
        raise NoteKeyError(NO_KEY)
    files = SigningKeys(file, settings.log_name)
    async with opened(settings) as (_, store):
        current = (await log_keys(store)).current
        if current is None:
            raise CommandRefusedError(
                "IntroduceLogKey", Sentence("no checkpoint was signed yet, so any key will do.")
            )
        previous = files(current)
        if previous is not None and files.beside(previous.verifier).exists():
            # The log names it already: the call before this one was interrupted.
            files.put_in_place(previous)
            return previous.verifier.text()
        if previous is None and not is_lost:
            raise NoteKeyError(not_at(file, current))
        new = Signer.generate(settings.log_name, secrets.token_bytes)
        files.write(new, files.beside(new.verifier))
        command = commands_log.IntroduceLogKey(
            key=new.verifier.text(),
            note=introduce(settings.log_name, new, previous, current),
            after=current,
        )
        request = secrets.token_hex(8)
        context = Context("cli", request, f"request:{request}")
        await Handler(store).handle(command, context=context)
    files.put_in_place(new)
    return command.key
