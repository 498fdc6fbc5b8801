"""`cauri rebuild [NAME] [--check]`: projections from the log alone, or a proof that they agree.

A rebuild fills a copy beside the live tables and swaps, so a server may go on meanwhile. `--check`
changes nothing: it compares digests and exits with 1 where they differ.
"""

from api.commands.console import progress, run_async, settings_for, write_json, write_table
from api.wiring import opened, projections_of


def run(*, name: str | None, is_check: bool, database: str | None, as_json: bool) -> int:
    """Rebuild or check; the exit status."""
    return run_async(_run(name, database, is_check=is_check, as_json=as_json))


async def _run(name: str | None, database: str | None, *, is_check: bool, as_json: bool) -> int:
    rows: list[dict[str, object]] = []
    async with opened(settings_for(database)) as (lent, store):
        projections = projections_of(lent)
        await projections.start(store if is_check else None)
        for one in (name,) if name is not None else projections.names:
            with progress(one) as tell:
                if is_check:
                    checked = await projections.check(one, store, progress=tell)
                    rows.append(
                        {
                            "name": one,
                            "position": checked.live.position,
                            "live": checked.live.sha256,
                            "rebuilt": checked.rebuilt.sha256,
                            "is_equal": checked.is_equal,
                        }
                    )
                else:
                    await projections.rebuild(one, store, progress=tell)
                    digest = await projections.digest(one)
                    rows.append({"name": one, "position": digest.position, "digest": digest.sha256})
    if as_json:
        write_json(rows)
    elif is_check:
        write_table(
            "Projections against the log",
            ("projection", "#position", "live", "from the log", "equal"),
            [
                (
                    row["name"],
                    row["position"],
                    str(row["live"])[:16],
                    str(row["rebuilt"])[:16],
                    "yes" if row["is_equal"] else "NO",
                )
                for row in rows
            ],
        )
    else:
        write_table(
            "Projections made anew",
            ("projection", "#position", "digest"),
            [tuple(row.values()) for row in rows],
        )
    return 0 if all(row.get("is_equal", True) for row in rows) else 1
