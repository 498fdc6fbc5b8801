"""Sharing: what the processes of one deployment have in common about a provider.

Access tokens, so that ten processes fetch one and not ten, and a token that was refused is refused
for all; and limits on calls per second, which a provider counts for all of us together. Where they
lie is a matter of the deployment: in the database beside the log (tokens alone), in Redis (both),
or nowhere (`ALONE`), and then each process is for itself.

The trick: a shared place is never needed. Whoever cannot reach it fetches a token by itself and
keeps the limits of its own; a provider may then turn calls away, but no payment waits for a cache.

What lies there is sealed, under a name that tells nothing: a keyed hash of the provider, what the
token is for and the credentials it was given for. So changed credentials never meet an old token,
and two deployments may use one place.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

import msgspec
import structlog

from adapters.limits import Limiter, OwnLimiter
from ledger.errors import StoreError, VaultError
from ledger.vault_strongbox import Strongbox

log = structlog.get_logger()

LEASE_SECONDS: Final = 30.0
"""How long one process may take to fetch a token before another one tries."""


class SharingError(Exception):
    """The shared place is away, and has told the log; its text names no address."""


class SharedToken(msgspec.Struct, frozen=True):
    """A token as it lies sealed in the shared place; times are seconds since 1970."""

    value: str
    fetched_at: float
    ends_at: float

    def __repr__(self) -> str:
        """Show no secret."""
        return "SharedToken(...)"


class TokenPlace(Protocol):
    """Where sealed tokens lie; every method may raise `SharingError` or `StoreError`."""

    async def kept(self, name: str) -> str | None:
        """The sealed token of a name, if there is one."""

    async def keep(self, name: str, sealed: str, *, seconds: float) -> None:
        """Put a sealed token there that is worth nothing after so many seconds."""

    async def drop(self, name: str, sealed: str) -> None:
        """Remove a token, unless another has taken its place meanwhile."""

    async def lease(self, name: str, *, seconds: float) -> bool:
        """Become the one process that fetches this token; False if another one is."""

    async def release(self, name: str) -> None:
        """Let another process fetch it."""


_AWAY: Final = (SharingError, StoreError, VaultError, msgspec.MsgspecError)
"""The place is away, or what lies there is not ours, or of other code of ours."""


@dataclass(slots=True)
class Shelf:
    """The place of one token, for one process. What goes wrong there is logged and no more."""

    name: str
    place: TokenPlace
    strongbox: Strongbox
    clock: Callable[[], datetime]
    _sealed: str | None = field(default=None, repr=False)

    def now_seconds(self) -> float:
        """Seconds since 1970, by the clock that the processes have in common."""
        return self.clock().timestamp()

    async def token(self) -> SharedToken | None:
        """The token that lies there, if it can be had and is still good."""
        try:
            self._sealed = await self.place.kept(self.name)
            if self._sealed is None:
                return None
            opened = self.strongbox.open(self._sealed, context=self.name)
            found = msgspec.json.decode(opened, type=SharedToken)
        except _AWAY as error:
            self._note(error)
            return None
        return found if found.ends_at > self.now_seconds() else None

    async def put(self, token: SharedToken) -> None:
        """Let the others have a token."""
        sealed = self.strongbox.seal(msgspec.json.encode(token), context=self.name)
        seconds = token.ends_at - self.now_seconds()
        if seconds > 0:
            try:
                await self.place.keep(self.name, sealed, seconds=seconds)
            except _AWAY as error:
                self._note(error)

    async def drop(self) -> None:
        """Remove the token that `token` has found: the provider refused it."""
        if self._sealed is not None:
            try:
                await self.place.drop(self.name, self._sealed)
            except _AWAY as error:
                self._note(error)

    async def lease(self) -> bool:
        """Whether this process shall fetch the token; it shall, where nobody can be asked."""
        try:
            return await self.place.lease(self.name, seconds=LEASE_SECONDS)
        except _AWAY as error:
            self._note(error)
            return True

    async def release(self) -> None:
        """Let another process fetch the token, if it must be fetched again."""
        try:
            await self.place.release(self.name)
        except _AWAY as error:
            self._note(error)

    @staticmethod
    def _note(error: Exception) -> None:
        if not isinstance(error, SharingError):
            log.warning("sharing.away", error=type(error).__name__)


class Sharing(Protocol):
    """What a transport asks for what it shares with other processes."""

    def shelf(self, *parts: str) -> Shelf | None:
        """Where the token lies that such credentials get; None where tokens are not shared."""

    def limiter(self, name: str, calls_per_second_max: float) -> Limiter:
        """What keeps a limit that goes by this name."""

    async def close(self) -> None:
        """Let go of connections."""


class Alone:
    """Nothing is shared: the one process, or each for itself."""

    def shelf(self, *parts: str) -> Shelf | None:
        """See `Sharing`."""
        return None

    def limiter(self, name: str, calls_per_second_max: float) -> Limiter:
        """See `Sharing`."""
        return OwnLimiter(calls_per_second_max)

    async def close(self) -> None:
        """See `Sharing`."""


ALONE: Final = Alone()


class SharedTokens(Alone):
    """Tokens are shared at some place, limits are not."""

    def __init__(
        self, place: TokenPlace, strongbox: Strongbox, *, clock: Callable[[], datetime]
    ) -> None:
        self._place, self._strongbox, self._clock = place, strongbox, clock

    def shelf(self, *parts: str) -> Shelf | None:
        """See `Sharing`."""
        return Shelf(
            self._strongbox.name_of("token", *parts), self._place, self._strongbox, self._clock
        )
