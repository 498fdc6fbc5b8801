"""`cauri rebuild [NAME] [--check]`: projections from the log alone, or a proof that they agree.

A rebuild fills a copy beside the live tables and swaps, so a server may go on meanwhile. `--check`
changes nothing: it compares digests and exits with 1 where they differ.
"""

from collections.abc import Sequence

from api.commands.console import progress, run_async, settings_for, write_json, write_table
from api.wiring import opened, projections_of
from projections.rebuild import Checked


def run(*, name: str | None, is_check: bool, database: str | None, as_json: bool) -> int:
    """Rebuild or check; the exit status."""
    return run_async(_run(name, database, is_check=is_check, as_json=as_json))


async def _run(name: str | None, database: str | None, *, is_check: bool, as_json: bool) -> int:
    rows: list[dict[str, object]] = []
    checked: list[Checked] = []
    async with opened(settings_for(database)) as (lent, store):
        projections = projections_of(lent)
        await projections.start(store if is_check else None)
        for one in (name,) if name is not None else projections.names:
            with progress(one) as tell:
                if is_check:
                    checked.append(await projections.check(one, store, progress=tell))
                else:
                    await projections.rebuild(one, store, progress=tell)
                    digest = await projections.digest(one)
                    rows.append({"name": one, "position": digest.position, "digest": digest.sha256})
    if as_json:
        write_json(check_rows(checked) if is_check else rows)
    elif is_check:
        tell_checked(checked)
    else:
        write_table(
            "Projections made anew",
            ("projection", "#position", "digest"),
            [tuple(row.values()) for row in rows],
        )
    return 0 if all(one.is_equal for one in checked) else 1


def check_rows(checked: Sequence[Checked]) -> list[dict[str, object]]:
    """What was compared, as JSON tells it."""
    return [
        {
            "name": one.name,
            "position": one.live.position,
            "live": one.live.sha256,
            "rebuilt": one.rebuilt.sha256,
            "is_equal": one.is_equal,
        }
        for one in checked
    ]


def tell_checked(checked: Sequence[Checked]) -> None:
    """Show what was compared as a table."""
    write_table(
        "Projections against the log",
        ("projection", "#position", "live", "from the log", "equal"),
        [
            (
                one.name,
                one.live.position,
                one.live.sha256[:16],
                one.rebuilt.sha256[:16],
                "yes" if one.is_equal else "NO",
            )
            for one in checked
        ],
    )
