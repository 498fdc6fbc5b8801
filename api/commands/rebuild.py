"""`cauri rebuild [NAME] [--check]`: projections from the log alone, or a proof that they agree.

A rebuild fills a copy beside the live tables and swaps, so a server may go on meanwhile. `--check`
leaves the live tables as they are: it compares digests and exits with 1 where they differ.

`--check --at checkpoint` compares what a checkpoint recorded: the digests are read from the event
in the log, and each projection is made from the entries up to the position its digest speaks of.
A digest of rows that other code than this made cannot be made again: nothing is proved, and the
command exits with 1 as well.
"""

from collections.abc import Mapping, Sequence

from api.commands.console import (
    HASH_CHARACTERS_SHOWN,
    cut,
    progress,
    run_async,
    settings_for,
    write_json,
    write_table,
)
from api.wiring import opened, projections_of
from ledger.commands_log import Digested
from ledger.errors import InvalidInputError
from ledger.events import LogCheckpointMade
from ledger.sentences import Sentence
from ledger.store import EventStore
from projections.base import Projections
from projections.commitments import CommitmentsProjection
from projections.digesting import FRESH_ENTRIES_MAX
from projections.rebuild import Checked

Rows = list[dict[str, object]]

NEWEST = "checkpoint"


def run(
    *, name: str | None, is_check: bool, at: str | None, database: str | None, as_json: bool
) -> int:
    """Rebuild or check; the exit status."""
    if at is not None and not is_check:
        raise InvalidInputError(
            "at", Sentence("a rebuild goes to the log's end."), Sentence("Add --check.")
        )
    return run_async(_run(name, database, is_check=is_check, at=at, as_json=as_json))


async def _run(
    name: str | None, database: str | None, *, is_check: bool, at: str | None, as_json: bool
) -> int:
    async with opened(settings_for(database)) as (lent, store):
        projections = projections_of(lent)
        await projections.start(store if is_check else None)
        names = (name,) if name is not None else projections.names
        if at is not None:
            rows = await _recorded(projections, store, names, at)
        elif is_check:
            rows = [await _checked(projections, store, one) for one in names]
        else:
            rows = [await _rebuilt(projections, store, one) for one in names]
    if as_json:
        write_json(rows)
    elif is_check:
        tell_checked(rows, "live" if at is None else "recorded")
    else:
        write_table(
            Sentence("Projections made anew"),
            ("projection", "#position", "digest"),
            [tuple(row.values()) for row in rows],
        )
    return 0 if all(row.get("is_equal", True) for row in rows) else 1


async def _rebuilt(projections: Projections, store: EventStore, name: str) -> dict[str, object]:
    with progress(name) as tell:
        await projections.rebuild(name, store, progress=tell)
        digest = await projections.digest(name)
    return {"name": name, "position": digest.position, "digest": digest.sha256}


async def _checked(projections: Projections, store: EventStore, name: str) -> dict[str, object]:
    with progress(name) as tell:
        return check_row(await projections.check(name, store, progress=tell))


def check_row(checked: Checked) -> dict[str, object]:
    """What was compared, as JSON tells it."""
    return {
        "name": checked.name,
        "position": checked.live.position,
        "live": checked.live.sha256,
        "rebuilt": checked.rebuilt.sha256,
        "is_equal": checked.is_equal,
    }


def tell_checked(rows: Sequence[Mapping[str, object]], left: str = "live") -> None:
    """Show what was compared as a table."""
    write_table(
        Sentence("Projections against the log"),
        ("projection", "#position", left, "from the log", "equal"),
        [
            (
                row["name"],
                row["position"],
                _shown(row[left]),
                _shown(row["rebuilt"]),
                Sentence("yes") if row["is_equal"] else Sentence("NO"),
            )
            for row in rows
        ],
    )


def _shown(sha256: object) -> str:
    """So much of a hash, on both sides, as tells two of them apart."""
    return (
        Sentence("made by other code")
        if sha256 is None
        else cut(str(sha256), HASH_CHARACTERS_SHOWN)
    )


async def _recorded(
    projections: Projections, store: EventStore, names: tuple[str, ...], at: str
) -> Rows:
    rows: Rows = []
    for name, recorded in (await _digests(projections, store, at)).items():
        if name not in names:
            continue
        with progress(name) as tell:
            rebuilt = await projections.check_digest(name, store, recorded, progress=tell)
        rows.append(
            {
                "name": name,
                "position": recorded.position,
                "recorded": recorded.sha256,
                "rebuilt": rebuilt.sha256 if rebuilt is not None else None,
                "is_equal": rebuilt is not None and rebuilt.sha256 == recorded.sha256,
            }
        )
    if not rows:
        raise InvalidInputError(
            "projection",
            Sentence("the checkpoint recorded no digest of it."),
            Sentence("Leave the name out."),
        )
    return rows


def _without_digests(at: str, *, is_there: bool) -> InvalidInputError:
    if at == NEWEST:
        return InvalidInputError(
            "at",
            Sentence("no checkpoint has digests of projections yet."),
            Sentence(
                "Make one with `cauri checkpoint make` after something has happened. On a log of "
                "more than {entries} entries a running server hashes first, and with "
                "CAURI_DIGEST_SECONDS=0 none is ever made.",
                entries=FRESH_ENTRIES_MAX,
            ),
        )
    return InvalidInputError(
        "at",
        Sentence("this checkpoint has no digests of projections.")
        if is_there
        else Sentence("there is no such checkpoint."),
        Sentence("Send the size of one that has digests in `cauri checkpoint list`."),
    )


async def _digests(projections: Projections, store: EventStore, at: str) -> dict[str, Digested]:
    """The digests of a checkpoint, as its event in the log says them."""
    commitments = projections.of(CommitmentsProjection)
    if at == NEWEST:
        row = await commitments.digested()
    else:
        is_size = at.isascii() and at.isdecimal() and len(at) < len(str(2**63))
        row = await commitments.of_size(int(at)) if is_size else None
    event = None if row is None else (await store.read(row.position - 1, 1))[0].event
    if not isinstance(event, LogCheckpointMade) or not event.digests:
        raise _without_digests(at, is_there=row is not None)
    return {
        name: Digested(one.position, one.sha256, one.version) for name, one in event.digests.items()
    }
