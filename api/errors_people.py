"""The kinds of problem of forgetting people; a part of `api.errors`."""

from collections.abc import Mapping
from typing import Final

from api.problem import Problem
from ledger.errors import LedgerError
from ledger.people import OpenPaymentsError, UnknownErasureError

PEOPLE_PROBLEMS: Final[Mapping[type[LedgerError], Problem]] = {
    UnknownErasureError: Problem(
        404,
        "unknown_erasure",
        "identification",
        "There is no such request to forget somebody",
        "Cette demande d'effacement n'existe pas",
    ),
    OpenPaymentsError: Problem(
        409,
        "payments_open",
        "businessRule",
        "Money of this person is still under way",
        "De l'argent de cette personne est encore en route",
    ),
}
"""Error class -> problem."""
