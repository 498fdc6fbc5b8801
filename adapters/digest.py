"""HTTP Digest and Basic authentication (RFC 7616, 7617): calls under what the server asks for.

The trick: the challenge is fetched by a call with an empty body, as `curl` does it. What moves
money is never sent before we know how to prove ourselves, so a challenge that could not be had
means that nothing was sent. A call that is answered 401 was turned away at the door; under the
fresh challenge of that answer it is made once more, and that is the first time.

A challenge is used for many calls, each with its own count, until the server gives another.
It knows MD5 and SHA-256, with `qop=auth` and without; no sessions and no `auth-int`.
"""

import hashlib
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from yarl import URL

from adapters.answer import Answer, Method, NotSentError, TransportError
from adapters.tokens import UNAUTHORIZED
from adapters.transcript import basic
from adapters.transport import Transport

_MEMBER: Final = re.compile(r'([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))')
_HASHES: Final[Mapping[str, Callable[[bytes], Any]]] = {
    "MD5": lambda text: hashlib.md5(text, usedforsecurity=False),
    "SHA-256": hashlib.sha256,
}


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a server wants: Basic, or a digest over its nonce. Values as they came, unescaped."""

    scheme: str
    realm: str = ""
    nonce: str = ""
    opaque: str | None = None
    algorithm: str = "MD5"
    has_qop: bool = False
    is_stale: bool = field(default=False, compare=False)
    """Whether the server says that only the nonce was at fault, not user or password."""


def challenge_in(answer: Answer) -> Challenge | None:
    """Read the best challenge of an answer that we can meet; None where there is none."""
    found = [
        one
        for name, value in answer.headers.items()
        if name.lower() == "www-authenticate" and (one := _challenge(value)) is not None
    ]
    return min(found, key=lambda one: one.scheme != "digest", default=None)


def _challenge(value: str) -> Challenge | None:
    scheme, _, rest = value.strip().partition(" ")
    if scheme.lower() == "basic":
        return Challenge("basic")
    if scheme.lower() != "digest":
        return None
    given = {
        name.lower(): re.sub(r"\\(.)", r"\1", quoted) or plain
        for name, quoted, plain in _MEMBER.findall(rest)
    }
    algorithm = given.get("algorithm", "MD5").upper()
    offered = [one.strip() for one in given.get("qop", "").split(",") if one.strip()]
    is_ours = algorithm in _HASHES and (not offered or "auth" in offered)
    if not is_ours or not given.get("nonce"):
        return None
    return Challenge(
        "digest",
        realm=given.get("realm", ""),
        nonce=given["nonce"],
        opaque=given.get("opaque"),
        algorithm=algorithm,
        has_qop=bool(offered),
        is_stale=given.get("stale", "").lower() == "true",
    )


def authorization(
    challenge: Challenge,
    *,
    method: str,
    uri: str,
    user: str,
    password: str,
    count: int = 1,
    cnonce: str = "",
) -> str:
    """Write the value of an Authorization header; `uri` is path and query as they are sent."""
    if challenge.scheme == "basic":
        return basic(user, password)

    def digest(text: str) -> str:
        return str(_HASHES[challenge.algorithm](text.encode()).hexdigest())

    known = digest(f"{user}:{challenge.realm}:{password}")
    asked = digest(f"{method}:{uri}")
    number = f"{count:08x}"
    counted = f":{number}:{cnonce}:auth" if challenge.has_qop else ""
    members = [
        f"username={_quoted(user)}",
        f"realm={_quoted(challenge.realm)}",
        f"nonce={_quoted(challenge.nonce)}",
        f"uri={_quoted(uri)}",
        f"algorithm={challenge.algorithm}",
        f'response="{digest(f"{known}:{challenge.nonce}{counted}:{asked}")}"',
    ]
    if challenge.has_qop:
        members += ["qop=auth", f"nc={number}", f"cnonce={_quoted(cnonce)}"]
    if challenge.opaque is not None:
        members.append(f"opaque={_quoted(challenge.opaque)}")
    return "Digest " + ", ".join(members)


def _quoted(text: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


class ChallengedCalls:
    """Makes the calls of one protection space."""

    def __init__(
        self,
        transport: Transport,
        user: str,
        password: str,
        *,
        make_cnonce: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        self._transport = transport
        self._user, self._password = user, password
        self._make_cnonce = make_cnonce
        self._challenge: Challenge | None = None
        self._count = 0

    async def call(
        self,
        method: Method,
        url: str,
        *,
        json: object,
        is_safe_to_repeat: bool,
        is_inquiry: bool = False,
    ) -> Answer:
        """Make one call; arguments and errors are those of `Transport.call`.

        Raises:
            NotSentError: also where the server names no way to prove ourselves that we know.
        """
        if self._challenge is None:
            self._take(await self._asked_how(method, url, is_inquiry=is_inquiry))
        used = self._challenge
        answer = await self._made(method, url, json, is_safe_to_repeat, is_inquiry=is_inquiry)
        fresh = challenge_in(answer) if answer.status == UNAUTHORIZED else None
        if fresh is None or fresh.scheme == "basic" or (fresh == used and not fresh.is_stale):
            return answer
        self._take(fresh)
        return await self._made(method, url, json, is_safe_to_repeat, is_inquiry=is_inquiry)

    async def _asked_how(self, method: Method, url: str, *, is_inquiry: bool) -> Challenge:
        # Without a body there is nothing to do, even for a server that asks nobody who he is.
        try:
            answer = await self._transport.call(
                method, url, is_safe_to_repeat=True, is_inquiry=is_inquiry
            )
        except TransportError as error:
            raise NotSentError(f"no challenge: {error.reason}") from None
        challenge = challenge_in(answer) if answer.status == UNAUTHORIZED else None
        if challenge is None:
            raise NotSentError(f"no challenge that can be met: status {answer.status}")
        return challenge

    def _take(self, challenge: Challenge) -> None:
        self._challenge, self._count = challenge, 0

    async def _made(
        self, method: Method, url: str, json: object, is_safe_to_repeat: bool, *, is_inquiry: bool
    ) -> Answer:
        if self._challenge is None:
            raise AssertionError("unreachable: a challenge was taken")
        self._count += 1
        header = authorization(
            self._challenge,
            method=method,
            uri=URL(url).raw_path_qs,
            user=self._user,
            password=self._password,
            count=self._count,
            cnonce=self._make_cnonce(),
        )
        return await self._transport.call(
            method,
            url,
            {"Authorization": header},
            json=json,
            is_safe_to_repeat=is_safe_to_repeat,
            is_inquiry=is_inquiry,
        )
