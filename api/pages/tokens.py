"""Where a form comes from: a token in it, and what the browser says of the page that sent it.

There are no cookies, so there is nothing that another site could make a browser send along. What
stands in a form's way is that its address is secret; the token binds it to one attempt as well, so
that a form that was left open in another window, or kept by a browser's history, does nothing once
something has happened.

Browsers say `Sec-Fetch-Site`; those that do not say `Origin`, which our own pages make `null`,
because they send no referrer. So `null` proves nothing and is left to the token.
"""

import hmac
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from ledger.vault import Vault

PURPOSE: Final = "checkout-form"
TOKEN_CHARACTERS: Final = 32

_OURS: Final = frozenset({"same-origin", "none"})
"""`none` is a person's own doing: a page that was opened again."""


def token_for(vault: Vault, session_id: str, action: str, number: int) -> str:
    """Make the token of a form: for one thing to be done, once."""
    named = f"{session_id}\0{action}\0{number}".encode()
    return vault.digest(PURPOSE, named)[:TOKEN_CHARACTERS]


def is_token_for(vault: Vault, text: str, session_id: str, action: str, number: int) -> bool:
    """Whether a form was made for this."""
    wanted = token_for(vault, session_id, action, number)
    return hmac.compare_digest(text.encode(), wanted.encode())


def is_from_here(headers: Mapping[str, str], base_url: str) -> bool:
    """Whether nothing says that a form was sent from another site's page."""
    site = headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in _OURS
    origin = headers.get("Origin")
    if origin is None or origin == "null":
        return True
    own = {urlsplit(base_url).netloc, headers.get("Host", "")}
    return urlsplit(origin).netloc in own
