"""Pages and other ways to confirm: what a payer must expect, and which addresses may be followed.

It opens nothing and follows nothing; it only says whether an address may be shown to a payer, and
by what a provider lets the payer of an operator confirm.
"""

from typing import Final, Literal, Protocol, runtime_checkable
from urllib.parse import urlsplit

from adapters.transport import is_loopback

ADDRESS_LENGTH_MAX: Final = 2_000

PayerWay = Literal["prompt", "page", "code", "told"]
"""By what a payer confirms: a prompt on the telephone; the provider's own page; a one-time code
that the payer gets from the operator; or one of them, of which only the provider's answer tells."""


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


@runtime_checkable
class SaysWay(Protocol):
    """A provider whose payers do not all confirm in the same way."""

    def payer_way(self, operator_code: str) -> PayerWay:
        """By what the customers of an operator confirm."""
        ...


def way_of(adapter: object, operator_code: str) -> PayerWay:
    """By what a payer confirms, who is an operator's customer, with a provider.

    It is what a payer is told to expect: the optional power `SaysWay`, else the optional class fact
    `payer_opens_page`, else a prompt. What a payer must do in the end is told by the payment.
    """
    if isinstance(adapter, SaysWay):
        return adapter.payer_way(operator_code)
    return "page" if getattr(adapter, "payer_opens_page", False) else "prompt"


def home_of(address: str) -> str:
    """The root of the server an address belongs to: where a payer is led who was told no other."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}/"
