"""Whose key a file holds: how a command knows which operator sits there."""

import secrets
from pathlib import Path
from typing import Any, Final

from api.authentication import Authenticator, Identity, Role
from api.errors import ProblemError
from api.four_eyes import APPROVING
from ledger.entry import Context
from ledger.errors import InvalidInputError
from ledger.sentences import Sentence
from ledger.store import Clock, EventStore
from projections.keys import KeysProjection

KEY_FILE_BYTES_MAX: Final = 4_096

_NO_OPERATOR: Final = (
    Sentence("there is no good key of an operator or an admin in it."),
    Sentence("Make one with `cauri keys add --role operator`, each operator his own."),
)
_NOBODY: Final = (
    Sentence("there is no good key of an accountant, an operator or an admin in it."),
    Sentence("Make one with `cauri keys add --role accountant`, each person their own."),
)


async def operator_of(
    key_file: Path,
    store: EventStore,
    keys: KeysProjection,
    *,
    clock: Clock,
    default_mode: Any,
    roles: frozenset[Role] = APPROVING,
) -> Identity:
    """Find whose key stands in a file, and note that it was used, as a server does.

    Raises:
        InvalidInputError: nobody's, or one of a role that agrees to nothing.
    """
    with key_file.open("rb") as read:
        text = read.read(KEY_FILE_BYTES_MAX).decode("ascii", "replace").strip()
    used: list[str] = []
    authenticator = Authenticator(
        store,
        clock=clock,
        default_mode=default_mode,
        note_use=used.append,
        cached_max=1,
        cached_seconds=0,
    )
    try:
        identity = await authenticator.identify(f"Bearer {text}")
    except ProblemError:
        identity = None
    await keys.note_uses(dict.fromkeys(used, clock()))
    if identity is None or identity.role not in roles:
        raise InvalidInputError("key-file", *(_NO_OPERATOR if roles == APPROVING else _NOBODY))
    return identity


def context_of(who: Identity) -> Context:
    """What the log says about events that this command makes happen."""
    request = secrets.token_hex(8)
    return Context(who.actor, request, f"request:{request}")
