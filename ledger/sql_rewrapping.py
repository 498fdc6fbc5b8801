"""Re-wrapping: every data key is wrapped anew under the current master key, in bounded batches.

Each batch is one transaction, and what it did stays done: whoever is killed in the middle goes on
where he was, for a row says itself under which master key it is wrapped. Appends wait for a batch
and no longer; rows that come meanwhile under a former key are found by the next pass.

It makes no keys and decides nothing: `ledger.master_key` does.
"""

from collections.abc import Callable
from typing import Final

import sqlalchemy as sa

from ledger.sql_database import Database
from ledger.sql_schema import data_keys

BATCH_ROWS: Final = 500
"""How many data keys one transaction wraps anew: some milliseconds."""

PASSES_MAX: Final = 100
"""How often the table is gone through while others go on writing under a former key."""

_row: Final = data_keys.c


async def wrapped_under(database: Database) -> dict[str, int]:
    """How many data keys are wrapped under which master key."""
    asked = sa.select(_row.master_key_id, sa.func.count()).group_by(_row.master_key_id)
    async with database.read() as connection:
        return {key_id: rows for key_id, rows in await connection.execute(asked)}  # noqa: C416 - rows are no pairs


WrapAnew = Callable[[bytes, str], tuple[bytes, str]]
"""A wrapped data key and its master key's id in, the same under the current one out."""


async def rewrap(
    database: Database,
    current: str,
    wrap_anew: WrapAnew,
    *,
    tell: Callable[[int], None] = lambda _: None,
) -> int:
    """Wrap every data key under the current master key; how many were not.

    Raises:
        MasterKeyError: a data key is wrapped under a master key that the ring does not hold.
        SealBrokenError: a wrapped data key was changed.
    """
    done = 0
    for _ in range(PASSES_MAX):
        before, after = done, ""
        while last := await _batch(database, current, wrap_anew, after):
            after, rows = last
            done += rows
            tell(done)
        if done == before:
            break
    return done


async def _batch(
    database: Database, current: str, wrap_anew: WrapAnew, after: str
) -> tuple[str, int] | None:
    """Wrap the next rows; the last one's id and how many there were, or None at the end."""
    asked = (
        sa.select(_row.key_id, _row.wrapped, _row.master_key_id)
        .where(_row.key_id > after, _row.master_key_id != current)
        .order_by(_row.key_id)
        .limit(BATCH_ROWS)
    )
    changing = (
        data_keys.update()
        .where(_row.key_id == sa.bindparam("which"))
        .values(wrapped=sa.bindparam("anew"), master_key_id=sa.bindparam("under"))
    )
    async with database.write() as connection:
        # Whoever destroys one of these rows meanwhile waits for us, or we find it gone.
        found = (await connection.execute(asked.with_for_update())).all()
        if not found:
            return None
        changed = []
        for key_id, wrapped, master_key_id in found:
            anew, under = wrap_anew(wrapped, master_key_id)
            changed.append({"which": key_id, "anew": anew, "under": under})
        await connection.execute(changing, changed)
    return found[-1][0], len(found)
