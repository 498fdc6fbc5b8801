"""Addresses that somebody else has chosen: which of them anything is sent to.

Only what is public is: no private, loopback, link-local or reserved address, and no IPv6 address
that hides one. What a name resolves to is judged by `judge`, address by address, where it is called
(`adapters.transport_outward`); here nothing is resolved.
"""

import ipaddress
import re
from typing import Final

from yarl import URL

from ledger.sentences import Sentence

URL_CHARACTERS_MAX: Final = 1000

_UNICAST: Final = ipaddress.ip_network("2000::/3")
"""The IPv6 addresses that are given out to the public; all others are some network's own."""

_TRANSLATED: Final = ipaddress.ip_network("64:ff9b::/96")
"""IPv6 addresses that a gateway translates into the IPv4 address in their last bytes."""


_HOST: Final = re.compile(r"[A-Za-z0-9._:%-]+")
"""The signs of a host's name on the wire, or of an address."""

_NUMBER: Final = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")


NO_ADDRESS: Final = Sentence("it is no web address")
HOLDS_NAME: Final = Sentence("it holds a name or a password")
NOT_HTTPS: Final = Sentence("it is not https")
NOT_PUBLIC: Final = Sentence("it leads to an address that is not public")


class ForbiddenAddressError(Exception):
    """An address that nothing is sent to. `reason` says what is wrong with it."""

    def __init__(self, reason: Sentence) -> None:
        super().__init__(reason)
        self.reason = reason


def is_public(address: str) -> bool:
    """Whether an address (IPv4 or IPv6, as text) is one of the public internet."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _TRANSLATED:
            inner = ipaddress.IPv4Address(ip.packed[-4:])
        if inner is not None:
            return is_public(str(inner))
        if ip not in _UNICAST:
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def is_loopback(address: str) -> bool:
    """Whether an address is this machine."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def checked_url(text: str, *, allows_loopback: bool) -> URL:
    """Read an address that somebody wants to be told at; nothing is resolved.

    Raises:
        ForbiddenAddressError: it can never be sent to, whatever it resolves to.
    """
    if len(text) > URL_CHARACTERS_MAX:
        raise ForbiddenAddressError(
            Sentence("it is longer than {limit} characters", limit=URL_CHARACTERS_MAX)
        )
    try:
        url = URL(text)
        host, port = url.raw_host, url.port
    except ValueError:
        raise ForbiddenAddressError(NO_ADDRESS) from None
    if url.scheme not in {"http", "https"} or not host or not port or not _HOST.fullmatch(host):
        raise ForbiddenAddressError(NO_ADDRESS)
    if url.user is not None or url.password is not None:
        raise ForbiddenAddressError(HOLDS_NAME)
    is_own = host == "localhost" or is_loopback(host)
    if url.scheme == "http" and not (allows_loopback and is_own):
        raise ForbiddenAddressError(NOT_HTTPS)
    if _is_address(host) or is_own:
        judge("127.0.0.1" if host == "localhost" else host, allows_loopback=allows_loopback)
    elif _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
        # Systems read 2130706433, 127.1 and 0x7f.1 as addresses: 127.0.0.1, all of them.
        raise ForbiddenAddressError(NO_ADDRESS)
    return url.with_fragment(None)


def is_local_url(url: str) -> bool:
    """Whether an address that was checked is one only because this machine may be called."""
    try:
        checked_url(url, allows_loopback=False)
    except ForbiddenAddressError:
        return True
    return False


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def judge(address: str, *, allows_loopback: bool) -> None:
    """Raise ForbiddenAddressError unless the address is public, or this machine if that may be."""
    if is_public(address) or (allows_loopback and is_loopback(address)):
        return
    raise ForbiddenAddressError(NOT_PUBLIC)
