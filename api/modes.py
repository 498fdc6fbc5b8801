"""Test and live apart: which providers take payments of which mode.

A provider is either for trying or for real (`adapters.trying`), and takes payments of one mode
only: tests go to the former, payments for real to the latter, whoever names whom. What was routed
once is taken only by a process that is still set up for it (`adapters.serving`): settings may
have changed since.
"""

from collections.abc import Mapping

from adapters.base import Adapter
from adapters.providers import title_of
from api.authentication import Identity
from api.errors import UNSERVED, Place, ProblemError
from ledger.errors import UnknownMerchantError
from ledger.identity import Mode
from ledger.sentences import Sentence, explained


def by_mode(
    adapters: Mapping[str, Adapter], trying: frozenset[str]
) -> Mapping[Mode, Mapping[str, Adapter]]:
    """Part the providers; `trying` are the names of those that are for trying."""
    return {
        "test": {name: one for name, one in adapters.items() if name in trying},
        "live": {name: one for name, one in adapters.items() if name not in trying},
    }


def mode_of(asker: Identity) -> Mode:
    """Say what a merchant's key moves money for.

    Raises:
        UnknownMerchantError: it is no merchant's.
    """
    if asker.mode is None:
        raise UnknownMerchantError("", "RequestPayment")
    return asker.mode


def check_mode(adapters_of: Mapping[Mode, Mapping[str, Adapter]], name: str, mode: Mode) -> None:
    """Refuse an enabled provider that is named for a payment of the other mode.

    Raises:
        ProblemError: says who takes such payments.
    """
    able = adapters_of[mode]
    if name in able:
        return
    title = title_of(name)
    if mode == "test":
        reason = Sentence(
            "{provider} moves real money here, and your key is for tests.", provider=title
        )
    else:
        reason = Sentence("{provider} is for tests here, and your key is for real.", provider=title)
    remedy = Sentence(
        "Name another provider ({able}), or use a key of the other mode.",
        able=", ".join(sorted(able)) or Sentence("none"),
    )
    place = Place("pointer", "/provider", reason, remedy)
    raise ProblemError(UNSERVED, explained(reason, remedy), [place])
