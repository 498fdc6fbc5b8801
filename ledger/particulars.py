"""Particulars: what is sealed with a payment, opened for those who act on it.

Nearly always it is one text, sealed under the payer's key. But somebody else may pay on a page that
names a person. What the merchant said of that person then belongs to two: the merchant wants it
with the payment, and it has to go when the named one is forgotten. So it lies inside, sealed once
more under the key of who was named (`of_named`): it is read here as if it stood there, and is gone
as soon as either of the two is.

Whoever tells somebody what is held about them does not use this: what lies under the key of another
person is not theirs to be told.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from ledger.errors import ErasedError
from ledger.vault import Vault

OF_NAMED: Final = "of_named"
"""The name of what is sealed once more."""


def context_of_named(payment_id: str) -> str:
    """What the inner text is bound to."""
    return f"{payment_id}/{OF_NAMED}"


async def open_particulars(vault: Vault, sealed: str, payment_id: str) -> dict[str, Any]:
    """Open what was sealed with a payment, and what lies inside of it of somebody else.

    Where there is something of somebody else, it is still there under `OF_NAMED`, sealed: what is
    made of these particulars must not outlive either of the two.

    Raises:
        ErasedError: the payer was erased. (Of another one who was, only what was said is missing.)
        SealBrokenError: it was changed.
    """
    opened: dict[str, Any] = orjson.loads(await vault.open(sealed, context=payment_id))
    inner = opened.get(OF_NAMED)
    if inner is not None:
        try:
            said = await vault.open(inner, context=context_of_named(payment_id))
        except ErasedError:
            return opened
        opened |= orjson.loads(said)
    return opened


async def seal_of_named(vault: Vault, beside: str, said: Mapping[str, Any], payment_id: str) -> str:
    """Seal what a merchant said of a named person for the payment of another one.

    Args:
        vault: what seals.
        beside: what is sealed under the key of who was named.
        said: what was said.
        payment_id: the payment's id.

    Raises:
        ErasedError: the named one was erased.
    """
    context = context_of_named(payment_id)
    return await vault.seal_beside(beside, orjson.dumps(dict(said)), context=context)
