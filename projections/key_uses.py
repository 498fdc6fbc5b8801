"""The last use of each API key: a small table outside of the log, written now and then.

Why no event: a use is no fact that decides anything, and one event for every hour of every key
would fill a key's stream within fourteen months, which is folded whenever the key is looked up. So
the table stands, as leases do, outside of the events, the digest and the rebuild: whoever loses it
loses when a key was last used, and nothing else.

A later time is never overwritten by an earlier one, whichever process comes last. How often it is
written is the caller's choice (`api.last_uses`).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import MetaData, Table
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.tables import insert_into, stamp, text

key_uses: Final = Table("key_uses", MetaData(), text("key_id", key=True), text("used_at"))


async def note_uses(conn: AsyncConnection, uses: Mapping[str, datetime]) -> None:
    """Write when keys were used; `conn` is in a write transaction of the caller's."""
    if not uses:
        return
    insert = insert_into(key_uses, conn)
    later = insert.excluded["used_at"] > key_uses.c.used_at
    noting = insert.on_conflict_do_update(
        index_elements=["key_id"], set_={"used_at": insert.excluded["used_at"]}, where=later
    )
    # In one order for all, or two processes could wait for each other's rows.
    rows = [{"key_id": key_id, "used_at": stamp(uses[key_id])} for key_id in sorted(uses)]
    await conn.execute(noting, rows)
