"""The way to merchants' endpoints and to witnesses: one POST to an address others have chosen.

Whoever may name an address may try to name ours: a database, a metadata service, a machine behind
the firewall. So nothing is sent to an address that is not public, and what counts is the address
that is connected to, not the name: names are resolved here, every address of the answer is judged,
and the connection is made to one of those very addresses: the last judgement is passed on the
address that a socket is opened for, whatever led to it. A name that resolves to something else a
moment later (DNS rebinding) gains nothing, and redirects are not followed.

`allows_loopback` lets this machine be called as well, for trying things out; everything else that
is not public stays forbidden.

Every call has a connection of its own: an endpoint that holds connections open holds nothing of
ours. Nothing is read of an answer but its status and its first bytes.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from adapters.addresses import ForbiddenAddressError, checked_url, judge

ANSWER_BYTES_MAX: Final = 512
"""How much of an answer is read and kept, unless more is asked for."""

BODY_SECONDS_MAX: Final = 1.0
"""How long the first bytes of an answer are waited for, once its status is known."""

RESOLVE_SECONDS_MAX: Final = 5.0
ADDRESSES_MAX: Final = 16
"""How many addresses of a name are tried."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host and port -> addresses, as text."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of sending. `status` is None where no answer came; `reason` says why."""

    status: int | None
    reason: str
    answer: bytes = field(default=b"", repr=False)


async def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """Ask the system for a host's addresses."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


class _Sockets:
    """Opens sockets, and none to an address that is not public."""

    def __init__(self, *, allows_loopback: bool) -> None:
        self._allows_loopback = allows_loopback

    def __call__(self, address: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, place = address
        judge(str(place[0]), allows_loopback=self._allows_loopback)
        return socket.socket(family, kind, protocol)


class _Resolver(AbstractResolver):
    """Resolves, and lets nothing through that is not public."""

    def __init__(self, resolve: Resolve, *, allows_loopback: bool) -> None:
        self._resolve, self._allows_loopback = resolve, allows_loopback

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        async with asyncio.timeout(RESOLVE_SECONDS_MAX):
            addresses = await self._resolve(host, port)
        if not addresses:
            raise OSError("the name has no address")
        for one in addresses:
            # One forbidden address among several is a trap, not a mistake.
            judge(one, allows_loopback=self._allows_loopback)
        return [
            ResolveResult(
                hostname=host,
                host=one,
                port=port,
                family=socket.AF_INET6 if ":" in one else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for one in list(addresses)[:ADDRESSES_MAX]
        ]

    async def close(self) -> None:
        """Nothing is held."""


class Outward:
    """Sends to merchants' endpoints.

    Args:
        seconds_max: how long a call may take until the answer's status is known, name and
            connection included.
        allows_loopback: whether this machine may be called, over http too.
        resolve: how names are resolved.
        answer_bytes_max: how much of an answer is read.
    """

    def __init__(
        self,
        *,
        seconds_max: float,
        allows_loopback: bool = False,
        resolve: Resolve = resolve_by_system,
        answer_bytes_max: int = ANSWER_BYTES_MAX,
    ) -> None:
        self.allows_loopback = allows_loopback
        self._seconds_max, self._resolve = seconds_max, resolve
        self._answer_bytes_max = answer_bytes_max
        self._session: aiohttp.ClientSession | None = None

    @property
    def seconds_max(self) -> float:
        """How long one call takes at most, the first bytes of the answer included."""
        return self._seconds_max + BODY_SECONDS_MAX

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Sent:
        """Send once; never raises for what the other side or the network does."""
        try:
            target = checked_url(url, allows_loopback=self.allows_loopback)
            return await self._post(target, headers, body)
        except ForbiddenAddressError as error:
            return Sent(None, f"the address is not called: {error.reason}")
        except TimeoutError:
            return Sent(None, f"no answer within {self._seconds_max:g} seconds")
        except aiohttp.ClientConnectorDNSError:
            return Sent(None, "the host name could not be resolved")
        except aiohttp.ClientSSLError:
            return Sent(None, "TLS could not be agreed")
        except aiohttp.ClientConnectorError:
            return Sent(None, "could not connect")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Sent(None, f"the connection broke: {type(error).__name__}")

    async def close(self) -> None:
        """Close what is open."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _post(self, target: URL, headers: Mapping[str, str], body: bytes) -> Sent:
        async with (
            asyncio.timeout(self._seconds_max) as patience,
            self._opened().post(
                target,
                data=body,
                headers=headers,
                allow_redirects=False,
                skip_auto_headers=("Accept-Encoding",),
            ) as response,
        ):
            patience.reschedule(None)
            first = await _first_bytes(response, self._answer_bytes_max)
            return Sent(response.status, _told(response.status), first)

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=0,
                    force_close=True,
                    use_dns_cache=False,
                    socket_factory=_Sockets(allows_loopback=self.allows_loopback),
                    resolver=_Resolver(self._resolve, allows_loopback=self.allows_loopback),
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=self.seconds_max),
                headers={"User-Agent": "cauri"},
                auto_decompress=False,
                trust_env=False,
                raise_for_status=False,
            )
        return self._session


async def _first_bytes(response: aiohttp.ClientResponse, bytes_max: int) -> bytes:
    """Read the first bytes of an answer; the status counts, whatever becomes of its body."""
    received = b""
    try:
        async with asyncio.timeout(BODY_SECONDS_MAX):
            async for chunk in response.content.iter_any():
                received += chunk
                if len(received) >= bytes_max:
                    break
    except (TimeoutError, aiohttp.ClientError, OSError):
        pass
    return received[:bytes_max]


def _told(status: int) -> str:
    if 300 <= status < 400:
        return f"status {status}: redirects are not followed"
    return f"status {status}"
