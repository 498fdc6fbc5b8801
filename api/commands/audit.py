"""`cauri audit export` and `cauri audit verify`: a stretch of the log, to be proved anywhere.

An export only reads the log, so a copy that nobody may write will do. It ends at most where the
last checkpoint ends: what nobody signed for cannot be proved.
"""

import sys
import tempfile
import tomllib
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import Any, get_args

from adapters.dates import table_time
from api.bundles.books import accounts_of, keeping
from api.bundles.check import Checked, check
from api.bundles.commitments import Closing, closing, introduced_by, keys_of, last_size
from api.bundles.export import Asked
from api.bundles.export import export as write_bundle
from api.bundles.files import source_of, writing
from api.bundles.shape import REPORTS, BundleError, Manifest
from api.cli_language import said
from api.commands.console import progress, run_async, settings_for, write_json, write_line
from api.commands.policies import policy_in
from api.points import moment_of, point_of
from api.settings import Settings
from api.wiring import opened, replayed, utc_now
from ledger.entry import RecordedEvent, rfc3339
from ledger.errors import InvalidInputError, NoteError
from ledger.identity import Mode
from ledger.policy import read_policy
from ledger.sentences import Sentence
from ledger.store import Clock, EventStore, position_at

DISTRIBUTION = "cauri"
PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def export(
    *,
    out: Path,
    first: str | None,
    last: str | None,
    policy: Path | None,
    database: str | None,
    as_json: bool,
    clock: Clock = utc_now,
) -> None:
    """Write a bundle, and say what it is of."""
    manifest, found = run_async(_export(settings_for(database), out, first, last, policy, clock))
    if as_json:
        write_json(
            {
                "bundle": str(out),
                "from": manifest.first,
                "to": manifest.last,
                "size": manifest.size,
                "root": manifest.root,
                "files": len(manifest.files) + 1,
                "is_policy_met": found.is_met_by_letter,
                "is_policy_met_by_introduction": bool(found.introduced),
                "introduced_key": found.introduced or None,
            }
        )
        return
    write_line(
        Sentence(
            "{folder}: entries {first} to {last}, {files} files",
            folder=out,
            first=manifest.first,
            last=manifest.last,
            files=len(manifest.files) + 1,
        )
    )
    write_line(
        Sentence(
            "proved by the checkpoint of {size} entries, root {root}",
            size=manifest.size,
            root=manifest.root,
        )
    )
    if not found.is_met:
        write_line(
            Sentence("The witness policy does not hold that checkpoint for valid: see the report.")
        )
    _tell_introduced(found.introduced)


def verify(*, bundle: Path, policy: Path | None, as_json: bool) -> int:
    """Check a bundle; 0 if all of it is so, 1 and the first bad place if not."""
    trusted = None if policy is None else policy_in(policy).policy
    try:
        with progress("verify") as tell:
            found = check(source_of(bundle), trusted, tell=tell)
    except BundleError as error:
        if as_json:
            write_json({"is_verified": False, "where": error.where, "reason": error.reason})
        else:
            write_line(Sentence("NOT VERIFIED: {why}", why=said(error)))
        return 1
    if as_json:
        write_json(_told(found))
        return 0
    manifest = found.manifest
    write_line(
        Sentence(
            "verified: entries {first} to {last} of {origin}",
            first=manifest.first,
            last=manifest.last,
            origin=manifest.origin,
        )
    )
    write_line(
        Sentence(
            "and {checkpoints} checkpoints, the last of {size} entries",
            checkpoints=found.checkpoints,
            size=manifest.size,
        )
    )
    for name, at in found.witnesses:
        write_line(
            Sentence(
                "witness {name}: {time}",
                name=name,
                time=table_time(datetime.fromtimestamp(at, UTC)),
            )
        )
    _tell_introduced(found.introduced)
    if found.is_own_policy:
        _warn(Sentence("the policy came with the bundle. Give yours: --policy FILE."))
    for name in found.reworded:
        what = (
            Sentence("only its tables were checked.")
            if name in REPORTS.values()
            else Sentence("it was not checked.")
        )
        _warn(
            Sentence(
                "{name} is not worded as this version of Cauri does; {what}", name=name, what=what
            )
        )
    return 0


def tool_name() -> str:
    """Name this program and its version; a checkout that was never installed says it in a file."""
    with suppress(metadata.PackageNotFoundError):
        return f"{DISTRIBUTION} {metadata.version(DISTRIBUTION)}"
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    return f"{DISTRIBUTION} {project['version']}"


def _tell_introduced(key: str) -> None:
    """Say where a policy is met only because trust was handed on to another key of the log."""
    if key:
        write_line(
            Sentence(
                "The policy does not name the log's key that signed, only one that introduced it.\n"
                "Whoever has checked the introduction adds to the policy: log {key}",
                key=key,
            )
        )


def _warn(text: Sentence) -> None:
    warning = Sentence("warning: {text}", text=text)
    sys.stderr.write(f"{said(warning)}\n")


def _told(found: Checked) -> dict[str, Any]:
    return {
        "is_verified": True,
        "from": found.manifest.first,
        "to": found.manifest.last,
        "size": found.manifest.size,
        "root": found.manifest.root,
        "checkpoints": found.checkpoints,
        "witnesses": dict(found.witnesses),
        "introduced_key": found.introduced or None,
        "is_own_policy": found.is_own_policy,
        "reworded": list(found.reworded),
    }


async def _export(
    settings: Settings,
    out: Path,
    first: str | None,
    last: str | None,
    policy_file: Path | None,
    clock: Clock,
) -> tuple[Manifest, Closing]:
    file = policy_file or settings.witness_policy_file
    policy = None if file is None else policy_in(file).content
    async with opened(settings, is_writing=False) as (_, store):
        return await exported(store, out, first=first, last=last, policy=policy, clock=clock)


async def exported(
    store: EventStore,
    out: Path,
    *,
    first: str | None,
    last: str | None,
    policy: bytes | None,
    clock: Clock,
) -> tuple[Manifest, Closing]:
    """Write a bundle of a log.

    Args:
        store: the log.
        out: where to.
        first: a position or a time; None for the beginning.
        last: the same; None for as far as a checkpoint covers.
        policy: the witness policy that goes along, if there is one.
        clock: the present time.

    Returns:
        What was written, and what the policy says of the checkpoint that closes it.

    Raises:
        InvalidInputError: there is no such range, no checkpoint covers it, or `out` is taken.
    """
    start, end = await _range(store, first, last, clock())
    keys = await keys_of(store)
    policy = _policy_with(policy, keys)
    found = await closing(store, end, read_policy(policy), introduced_by(keys))
    if found is None:
        raise InvalidInputError(
            "to",
            Sentence("no checkpoint covers position {end} yet.", end=end),
            Sentence("Make one with `cauri checkpoint make`, or send an earlier end."),
        )
    with tempfile.TemporaryDirectory(prefix="cauri-export-") as name:
        folder = Path(name)
        asked = Asked(
            first=start,
            last=end,
            closing=found,
            keys=[one for one in keys if one.position <= found.size],
            policy=policy,
            opening=await _opening(store, start, folder),
            made_at=rfc3339(clock()),
            tool=tool_name(),
            times=(_time_of(first, "from"), _time_of(last, "to")),
        )
        with keeping(folder) as books, writing(out) as writer, progress("export") as tell:
            manifest = await write_bundle(store, writer, asked, books, folder, tell=tell)
    return manifest, found


async def _range(
    store: EventStore, first: str | None, last: str | None, now: datetime
) -> tuple[int, int]:
    covered = await last_size(store)
    if not covered:
        raise InvalidInputError(
            "to",
            Sentence("the log has no checkpoint yet, so nothing of it can be proved."),
            Sentence("Make one with `cauri checkpoint make`."),
        )
    start = 1
    if first is not None and first.isascii() and first.isdecimal():
        start, _ = await point_of(store, first, "from", now=now)
    elif first is not None:
        start = await position_at(store, moment_of(first, "from") - timedelta(microseconds=1)) + 1
    end = covered if last is None else (await point_of(store, last, "to", now=now))[0]
    if not end:
        begin = rfc3339((await store.read(0, 1))[0].recorded_at)
        raise InvalidInputError(
            "to",
            Sentence("the log has no entry by then; its first is of {begin}.", begin=begin),
            Sentence("Send a later one."),
        )
    if start > end:
        raise InvalidInputError(
            "from",
            Sentence("no entry lies from there to the end, position {end}.", end=end),
            Sentence("Send an earlier one, or a later `--to`."),
        )
    return start, end


def _time_of(given: str | None, name: str) -> str | None:
    """What the report says of a point that was asked for: its time, where it was one."""
    is_position = given is None or (given.isascii() and given.isdecimal())
    return None if is_position else rfc3339(moment_of(given or "", name))


def _policy_with(policy: bytes | None, keys: list[RecordedEvent]) -> bytes:
    """The policy that goes along: the server's own, with the first key where it names none."""
    introduced = introduced_by(keys)
    if not introduced:
        raise NoteError("the log was never signed")
    log = f"log {introduced[0].key}\n".encode()
    if policy is None:
        return log + b"quorum none\n"
    return policy if read_policy(policy).logs else log + policy


async def _opening(store: EventStore, start: int, folder: Path) -> list[dict[str, Any]]:
    """What the books said before the range, made from the log alone."""
    if start == 1:
        return []
    url = f"sqlite:///{folder / 'replay.db'}"
    modes: tuple[Mode | None, ...] = (*get_args(Mode), None)
    with progress("opening balance") as tell:
        async with replayed(store, url, until=start - 1, progress=tell) as (_, accounts, _):
            rows = [
                (
                    mode or "",
                    one.account,
                    one.holder,
                    one.currency,
                    one.debit_minor,
                    one.credit_minor,
                )
                for mode in modes
                for one in await accounts.trial_balance(modes=(mode,))
            ]
    return accounts_of(rows)
