"""Addresses a payer's browser is sent to: which of a provider's words may be followed.

It opens nothing and follows nothing; it only says whether an address may be shown to a payer.
"""

from typing import Final
from urllib.parse import urlsplit

from adapters.transport import is_loopback

ADDRESS_LENGTH_MAX: Final = 2_000


def is_page(address: object) -> bool:
    """Whether a payer's browser may be sent there: https, or this machine."""
    if not isinstance(address, str) or len(address) > ADDRESS_LENGTH_MAX:
        return False
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return False
    is_clean = address.isascii() and address.isprintable() and " " not in address
    return (
        is_clean
        and bool(host)
        and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))
    )


def opens_page(adapter: object) -> bool:
    """Whether the payer confirms on a page of the provider's, and not on the telephone.

    It is what a payer is told to expect, the optional class fact `payer_opens_page`; where a payer
    must go in the end is told by the payment.
    """
    return bool(getattr(adapter, "payer_opens_page", False))


def home_of(address: str) -> str:
    """The root of the server an address belongs to: where a payer is led who was told no other."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}/"
