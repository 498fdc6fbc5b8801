"""Access tokens: one per provider, fetched once for all who wait, renewed before it ends.

The trick: the fetch is a task of its own that all callers wait for. A caller that is cancelled
does not cancel it for the others, and a thousand payments arriving at an expired token make one
request. Within the renewal margin the old token still works, so a failed renewal is no failure.

`call_with_token` makes a call under such a token and, if the provider says 401, once more under a
fresh one: a 401 means that the call was turned away at the door, so the repeat is the first.

It keeps the token in memory and shows it to nobody but the caller; where processes share theirs, it
looks on the shelf (`adapters.sharing`) before it fetches, and one process fetches for all.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from adapters.answer import (
    NO_HEADERS,
    Answer,
    Method,
    NotSentError,
    TransportError,
    TurnedAwayError,
)
from adapters.overhearing import about_nobody
from adapters.sharing import SharedToken, Shelf
from adapters.transport import Transport
from adapters.ways import on_errand, present_errand

UNAUTHORIZED: Final = 401

_REFUSING: Final = frozenset({400, UNAUTHORIZED, 403})
"""How a token is refused to wrong credentials; OAuth says 400 or 401."""

LOOK_SECONDS: Final = 0.1
"""How often the shelf is looked at while another process fetches."""

LIFETIME_SECONDS_MAX: Final = 90 * 24 * 3600.0
"""Longer lifetimes are cut to this; a provider's typing error must not make a token immortal."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a provider gave: the secret and for how long it is good."""

    value: str = field(repr=False)
    lifetime_seconds: float


def token_in(given: Mapping[str, object], *, lifetime_seconds: float) -> Token | None:
    """Read an OAuth token answer; None if it has none.

    Providers write `expires_in` as a number or as text; where it is neither, `lifetime_seconds`.
    A token that could not stand in a header is none.
    """
    value, expires_in = given.get("access_token"), str(given.get("expires_in"))
    if not isinstance(value, str) or not value or not (value.isascii() and value.isprintable()):
        return None
    return Token(value, float(expires_in) if expires_in.isdecimal() else lifetime_seconds)


class TokenCache:
    """Gives the present token, fetching it when there is none."""

    def __init__(
        self,
        fetch: Callable[[], Awaitable[Token]],
        *,
        margin_seconds: float = 600.0,
        now_seconds: Callable[[], float] | None = None,
        shelf: Shelf | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Make an empty cache.

        Args:
            fetch: asks the provider; raises TransportError.
            margin_seconds: how long before its end a token is renewed; at most half its life.
            now_seconds: monotonic seconds; by default the running loop's.
            shelf: where other processes find the token; None where it is not shared.
            sleep: how another process is waited for that fetches it.
        """
        self._now_seconds = now_seconds or (lambda: asyncio.get_running_loop().time())
        self._fetch, self._margin_seconds = fetch, margin_seconds
        self._shelf, self._sleep = shelf, sleep
        self._refused: str | None = None
        self._value: str | None = None
        self._renew_seconds = 0.0
        self._end_seconds = 0.0
        self._fetching: asyncio.Task[None] | None = None
        self._is_refused = False

    async def get(self) -> str:
        """Return a token that is good as far as we know.

        Raises:
            NotSentError: there is none to be had; whatever needed it was not sent.
        """
        now = self._now_seconds()
        if self._value is not None and now < self._renew_seconds:
            return self._value
        try:
            await self._renewed()
        except TransportError as error:
            if self._value is not None and now < self._end_seconds:
                return self._value
            if self._is_refused:
                # Whoever waited for a fetch that another began was turned away all the same.
                present_errand().status = UNAUTHORIZED
            raise NotSentError(f"no access token: {error.reason}") from None
        if self._value is None:
            raise NotSentError("no access token: it was refused as soon as it was given")
        return self._value

    def discard(self, value: str) -> None:
        """Forget a token the provider refused; one that was renewed meanwhile is kept.

        It is taken from the shelf before the next one is looked for there.
        """
        if value == self._value:
            self._value, self._refused = None, value

    async def close(self) -> None:
        """Stop a fetch that is under way."""
        fetching, self._fetching = self._fetching, None
        if fetching is not None:
            fetching.cancel()
            await asyncio.gather(fetching, return_exceptions=True)

    async def _renewed(self) -> None:
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._renew(), name="token")
            # A failure nobody waits for any more is nobody's failure.
            self._fetching.add_done_callback(lambda task: task.cancelled() or task.exception())
        fetching = self._fetching
        try:
            await asyncio.shield(fetching)
        except asyncio.CancelledError:
            ourselves = asyncio.current_task()
            if fetching.cancelled() and not (ourselves and ourselves.cancelling()):
                raise NotSentError("the provider's connection was closed") from None
            raise

    async def _renew(self) -> None:
        shelf = self._shelf
        if shelf is None:
            await self._ask()
            return
        while not await self._is_found_on(shelf):
            if await shelf.lease():
                try:
                    # Whoever had the lease before may have put one there just now.
                    if not await self._is_found_on(shelf):
                        await self._ask_for(shelf)
                finally:
                    await shelf.release()
                return
            await self._sleep(LOOK_SECONDS)

    async def _ask(self) -> float:
        """Fetch a token and keep it; for how many seconds it is good."""
        # Whoever needs it first, a token is about no payment.
        with about_nobody(), on_errand(present_errand().power) as errand:
            self._is_refused = False
            try:
                token = await self._fetch()
            except TransportError as error:
                self._is_refused = isinstance(error, TurnedAwayError) or errand.status in _REFUSING
                raise
        lifetime = min(max(token.lifetime_seconds, 0.0), LIFETIME_SECONDS_MAX)
        self._keep(token.value, lifetime, age_seconds=0.0)
        return lifetime

    async def _ask_for(self, shelf: Shelf) -> None:
        lifetime = await self._ask()
        # A provider may give again what it refused a moment ago; then it is good again.
        self._refused = None
        now = shelf.now_seconds()
        if self._value is not None:
            await shelf.put(SharedToken(self._value, now, now + lifetime))

    async def _is_found_on(self, shelf: Shelf) -> bool:
        """Whether another process has left a token that need not be renewed yet."""
        found = await shelf.token()
        if found is None:
            return False
        if found.value == self._refused:
            await shelf.drop()
            return False
        lifetime = found.ends_at - found.fetched_at
        age_seconds = shelf.now_seconds() - found.fetched_at
        if age_seconds >= lifetime - self._margin_of(lifetime):
            return False
        self._keep(found.value, lifetime, age_seconds=age_seconds)
        return True

    def _keep(self, value: str, lifetime: float, *, age_seconds: float) -> None:
        self._value = value
        self._end_seconds = self._now_seconds() - age_seconds + lifetime
        self._renew_seconds = self._end_seconds - self._margin_of(lifetime)

    def _margin_of(self, lifetime: float) -> float:
        return min(self._margin_seconds, lifetime / 2)


async def call_with_token(
    transport: Transport,
    tokens: TokenCache,
    method: Method,
    url: str,
    headers: Mapping[str, str] = NO_HEADERS,
    *,
    json: object = None,
    form: Mapping[str, str] | None = None,
    is_safe_to_repeat: bool,
    is_inquiry: bool = False,
) -> Answer:
    """Make a call as `Transport.call` does, with `Authorization: Bearer`.

    A second 401 is answered as it is.

    Raises:
        NotSentError: no token could be had, or nothing reached the provider.
        AnswerUnknownError: something may have.
    """
    answer: Answer | None = None
    for _ in range(2):
        token = await tokens.get()
        answer = await transport.call(
            method,
            url,
            {**headers, "Authorization": f"Bearer {token}"},
            json=json,
            form=form,
            is_safe_to_repeat=is_safe_to_repeat,
            is_inquiry=is_inquiry,
        )
        if answer.status != UNAUTHORIZED:
            break
        tokens.discard(token)
    assert answer is not None
    return answer
