"""Access tokens: one per provider, fetched once for all who wait, renewed before it ends.

The trick: the fetch is a task of its own that all callers wait for. A caller that is cancelled
does not cancel it for the others, and a thousand payments arriving at an expired token make one
request. Within the renewal margin the old token still works, so a failed renewal is no failure.

`call_with_token` makes a call under such a token and, if the provider says 401, once more under a
fresh one: a 401 means that the call was turned away at the door, so the repeat is the first.

It keeps the token in memory only and shows it to nobody but the caller.
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
from adapters.transport import Transport
from adapters.ways import on_errand, present_errand

UNAUTHORIZED: Final = 401

_REFUSING: Final = frozenset({400, UNAUTHORIZED, 403})
"""How a token is refused to wrong credentials; OAuth says 400 or 401."""

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
    ) -> None:
        """Make an empty cache.

        Args:
            fetch: asks the provider; raises TransportError.
            margin_seconds: how long before its end a token is renewed; at most half its life.
            now_seconds: monotonic seconds; by default the running loop's.
        """
        self._now_seconds = now_seconds or (lambda: asyncio.get_running_loop().time())
        self._fetch, self._margin_seconds = fetch, margin_seconds
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
        """Forget a token the provider refused; one that was renewed meanwhile is kept."""
        if value == self._value:
            self._value = None

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
        with on_errand(present_errand().power) as errand:
            self._is_refused = False
            try:
                token = await self._fetch()
            except TransportError as error:
                self._is_refused = isinstance(error, TurnedAwayError) or errand.status in _REFUSING
                raise
        lifetime = min(max(token.lifetime_seconds, 0.0), LIFETIME_SECONDS_MAX)
        now = self._now_seconds()
        self._value = token.value
        self._end_seconds = now + lifetime
        self._renew_seconds = self._end_seconds - min(self._margin_seconds, lifetime / 2)


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
