"""The windows of limits on what others ask: where they are counted; a part of `api.wiring`."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from adapters.windows import Limit, OwnWindows, Windows
from api.settings import Settings
from ledger.store import Clock
from ledger.vault import MasterKeys
from ledger.vault_strongbox import Strongbox


@asynccontextmanager
async def windows(
    settings: Settings, keys: MasterKeys, clock: Clock
) -> AsyncIterator[Callable[[Limit], Windows]]:
    """Lend what makes the windows of a limit: by Redis where there is one, else in memory.

    Whoever lends sharing has looked at the address of the Redis before.
    """
    if settings.redis_url is None:
        yield lambda limit: OwnWindows(limit, clock)
        return
    # As where sharing is chosen: loaded where there is one, and few have one.
    from adapters.sharing_redis import RedisLine  # noqa: PLC0415
    from adapters.sharing_redis_windows import RedisWindows  # noqa: PLC0415

    strongbox = Strongbox(keys, random_bytes=os.urandom)
    line = RedisLine.to(settings.redis_url)
    try:
        yield lambda limit: RedisWindows(line, strongbox, limit, clock)
    finally:
        await line.close()
