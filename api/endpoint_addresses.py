"""Addresses of merchants' endpoints: why nothing can be sent to one, and which would do.

`adapters.addresses` judges; here its reasons become sentences for whoever asked.
"""

from collections.abc import Mapping
from typing import Final

from adapters.addresses import (
    HOLDS_NAME,
    NO_ADDRESS,
    NOT_HTTPS,
    NOT_PUBLIC,
    ForbiddenAddressError,
    checked_url,
)
from api.calls import Call
from api.errors import INVALID_REQUEST, Place, ProblemError
from ledger.sentences import Sentence

_REASONS: Final[Mapping[str, Sentence]] = {
    NO_ADDRESS: Sentence("This is not a web address."),
    HOLDS_NAME: Sentence("The address holds a name or a password."),
    NOT_HTTPS: Sentence("The address is not https."),
    NOT_PUBLIC: Sentence("The address is not on the public internet."),
}
_OTHERWISE: Final = Sentence("Nothing can be sent to this address.")

_PUBLIC: Final = Sentence(
    "Send an https address on the public internet, without a name or a password in it."
)
_OR_HERE: Final = Sentence(
    "Send an https address on the public internet, or one on the server's own machine, such as "
    "http://localhost:9000/hook, without a name or a password in it."
)
_OR_TRIED: Final = Sentence(
    "Send an https address on the public internet, without a name or a password in it. A server "
    "that was started with --sandbox takes http://localhost as well."
)


def checked_address(call: Call, text: str) -> str:
    """Read the address of an endpoint.

    Raises:
        ProblemError: nothing can be sent there; says why, and what this server would take.
    """
    settings = call.services.settings
    try:
        return str(checked_url(text, allows_loopback=settings.endpoint_loopback))
    except ForbiddenAddressError as error:
        reason = _REASONS.get(error.reason, _OTHERWISE)
        remedy = _PUBLIC if settings.is_production else _OR_TRIED
        if settings.endpoint_loopback:
            remedy = _OR_HERE
        place = Place("pointer", "/url", reason, remedy)
        raise ProblemError(INVALID_REQUEST, place.sentence, [place]) from None
