"""Where processes share tokens and limits, chosen by the settings: a part of `api.wiring`."""

import os

from adapters.sharing import ALONE, SharedTokens, Sharing
from api.settings import Fault, Settings, SettingsError
from ledger.sentences import Sentence
from ledger.sql import Database
from ledger.sql_shelf import SqlTokens
from ledger.store import Clock
from ledger.vault import MasterKeys
from ledger.vault_strongbox import Strongbox


async def sharing_of(
    settings: Settings, database: Database, keys: MasterKeys, clock: Clock
) -> Sharing:
    """Choose where processes share tokens and limits; see `adapters.sharing`."""
    strongbox = Strongbox(keys, random_bytes=os.urandom)
    if settings.redis_url is not None:
        # Its client is a tenth of what a command loads, and few have one.
        from adapters.sharing_redis import RedisLine, RedisSharing  # noqa: PLC0415

        try:
            line = RedisLine.to(settings.redis_url)
        except ValueError:
            remedy = Sentence(
                "Write `redis://:password@host:6379/0`, a password's odd signs as %XX."
            )
            reason = Sentence("no address of a Redis.")
            raise SettingsError([Fault("CAURI_REDIS_URL", reason, remedy)]) from None
        return RedisSharing(line, strongbox, clock=clock)
    if database.dialect != "postgresql":
        return ALONE
    place = SqlTokens(database, clock=clock)
    await place.prepare()
    return SharedTokens(place, strongbox, clock=clock)
