"""`cauri migrate`: the log's tables and the projections', created or brought up to this code."""

from api.commands.console import run_async, settings_for, write_json, write_line
from api.settings import Settings
from api.wiring import opened, projections_of
from ledger.sentences import Sentence
from ledger.sql import migrate as migrate_log
from ledger.sql_schema import SCHEMA_VERSION


def run(*, database: str | None, as_json: bool) -> None:
    """Migrate; nothing happens to a database that is up to date."""
    position = run_async(_run(settings_for(database)))
    if as_json:
        write_json({"schema": SCHEMA_VERSION, "position": position})
    else:
        write_line(
            Sentence(
                "the database is at schema {schema}, its log at position {position}",
                schema=SCHEMA_VERSION,
                position=position,
            )
        )


async def _run(settings: Settings) -> int:
    await migrate_log(settings.database_url)
    async with opened(settings) as (database, store):
        # Projections of an older version are emptied here and filled when the server next starts.
        await projections_of(database).start()
        return await store.position()
