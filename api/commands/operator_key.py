"""Whose key a file holds: how a command knows which operator sits there."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple

from api.authentication import Authenticator, Identity, Role
from api.commands.console import settings_for
from api.errors import ProblemError
from api.four_eyes import APPROVING
from api.settings import Settings
from api.wiring import opened, projections_of, sealing, utc_now
from ledger.entry import Context
from ledger.errors import InvalidInputError
from ledger.identity import Mode
from ledger.sentences import Sentence
from ledger.store import EventStore
from ledger.vault import Vault
from projections.base import Projections
from projections.keys import KeysProjection
from projections.rebuild import fill

KEY_FILE_BYTES_MAX: Final = 4_096

_NO_OPERATOR: Final = (
    Sentence("there is no good key of an operator or an admin in it."),
    Sentence("Make one with `cauri keys add --role operator`, each operator his own."),
)
_NOBODY: Final = (
    Sentence("there is no good key of an accountant, an operator or an admin in it."),
    Sentence("Make one with `cauri keys add --role accountant`, each person their own."),
)


class Desk(NamedTuple):
    """An open ledger, and the keys that people who work at it may hold."""

    settings: Settings
    store: EventStore
    projections: Projections

    @property
    def keys(self) -> KeysProjection:
        """All keys, as of when it was opened."""
        return self.projections.of(KeysProjection)

    async def vault(self) -> Vault:
        """What seals and opens; see `api.wiring.sealing`."""
        return await sealing(self.settings, self.projections.database, self.store)

    async def holder(self, key_file: Path, roles: frozenset[Role] = APPROVING) -> Identity:
        """Find whose key stands in a file, and note that it was used, as a server does.

        Raises:
            InvalidInputError: nobody's, or one of a role that agrees to nothing.
        """
        mode = self.settings.default_mode
        return await _holder(key_file, self.store, self.keys, mode, roles)


@asynccontextmanager
async def a_desk(database: str | None) -> AsyncIterator[Desk]:
    """Open a ledger for whoever sits there with a key in a file."""
    settings = settings_for(database)
    async with opened(settings) as (where, store):
        projections = projections_of(where)
        await projections.start()
        desk = Desk(settings, store, projections)
        await fill(desk.keys, store)
        yield desk


async def _holder(
    key_file: Path,
    store: EventStore,
    keys: KeysProjection,
    default_mode: Mode,
    roles: frozenset[Role],
) -> Identity:
    with key_file.open("rb") as read:
        text = read.read(KEY_FILE_BYTES_MAX).decode("ascii", "replace").strip()
    used: list[str] = []
    authenticator = Authenticator(
        store,
        clock=utc_now,
        default_mode=default_mode,
        note_use=used.append,
        cached_max=1,
        cached_seconds=0,
    )
    try:
        identity = await authenticator.identify(f"Bearer {text}")
    except ProblemError:
        identity = None
    await keys.note_uses(dict.fromkeys(used, utc_now()))
    if identity is None or identity.role not in roles:
        raise InvalidInputError("key-file", *(_NO_OPERATOR if roles == APPROVING else _NOBODY))
    return identity


def context_of(who: Identity) -> Context:
    """What the log says about events that this command makes happen."""
    request = secrets.token_hex(8)
    return Context(who.actor, request, f"request:{request}")
