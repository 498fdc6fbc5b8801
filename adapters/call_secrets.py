"""Secrets of calls: what a provider's call proves itself with, taken out before it is told.

A call is kept as it came, for whoever judges it again needs every byte. A person who is told what
is held about them has a right to what is said of them, and none to what would let them play the
provider: `notif_token`, a header with a signature, a password.

The trick: a secret is known by how its name sounds, not by a list of each provider's names. Whoever
tells may have no contract with the provider any more, and so no adapter that could be asked. What
stood in a secret place goes from every other place too (`adapters.transcript`).
"""

import re
from dataclasses import replace
from typing import Final

from adapters.base import WebhookCall
from adapters.kept_exchange import SECRET_HEADER
from adapters.transcript import MASK, Scrubber

_SECRET_NAME: Final = re.compile(
    r"token|secret|passw|signature|credential|authori[sz]ation|x_?auth$|^otp$|one_?time_?code"
    r"|confirmation_?code|pin(?:_?code)?$|(?:api|merchant|private|customer)_?key"
    r"|deep_?link|(?:launch|payment)_url",
    re.IGNORECASE,
)
_NAMES: Final = re.compile(
    r'"([^"\\\s]{1,60})"\s*:|(?:^|[?&])([^=&\s"]{1,60})=|<([A-Za-z][\w:.-]{0,60})[\s>]',
    re.MULTILINE,
)
_SCHEME: Final = re.compile(r"^(?:Basic|Bearer) +", re.IGNORECASE)
_BORDER: Final = "\n\0\n"


def without_secrets(call: WebhookCall) -> WebhookCall:
    """Return the call with `***` where secrets were, and all of it as text that can be written."""
    body = call.body.decode("utf-8", "backslashreplace")
    headers = {name: _written(value) for name, value in call.headers.items()}
    secret = {name: value for name, value in headers.items() if SECRET_HEADER.search(name)}
    pieces = [body, *call.path, *(value for name, value in headers.items() if name not in secret)]
    scrub = Scrubber(
        secret_keys={name for one in pieces for name in _names_in(one)},
        kept_keys=(),
        secrets=[text for value in secret.values() for text in (value, _SCHEME.sub("", value))],
    )
    told = scrub(_BORDER.join(pieces), keeps_persons=True).split(_BORDER)
    if len(told) != len(pieces):
        # A quotation mark that is never closed has swallowed a border: each piece by itself.
        told = [scrub(one, keeps_persons=True) for one in pieces]
    after = 1 + len(call.path)
    shown = iter(told[after:])
    return replace(
        call,
        body=told[0].encode(),
        path=tuple(told[1:after]),
        headers={name: MASK if name in secret else next(shown) for name in headers},
    )


def _names_in(text: str) -> list[str]:
    found = [next(filter(None, match.groups())) for match in _NAMES.finditer(text)]
    return [name for name in found if _SECRET_NAME.search(name.replace("-", "_"))]


def _written(text: str) -> str:
    """A header's bytes that are no text stand in it as surrogates, which cannot be written."""
    return text.encode("utf-8", "backslashreplace").decode()
