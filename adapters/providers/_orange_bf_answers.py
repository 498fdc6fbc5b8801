"""What Orange Burkina's answers mean: the part of `adapters.providers.orange_bf` that only reads.

What an answer means for the money:

    200 to 299, status 200 and a transID   succeeded
    200 to 499, a status listed here       declined: no money moved, none will
    401, 403, 429 without a status         not sent: turned away at the door
    all else                               unknown: another status, no transID, 5xx, a page

Why a status nobody has listed is unknown though published clients take all but 200 for an error:
it cannot be asked about afterwards, so a payment called failed by mistake would be paid twice.
A contract that knows more of them says so in its settings (`refusal_codes`).

Why a success must name its transaction: the answer has no root, so where a line was cut between two
elements nothing else tells that there was more.

When money moved it does not say; the answer comes at once.
"""

from collections.abc import Mapping
from typing import Final

from adapters.answer import Answer
from adapters.base import Declined, NotSent, Submission, Unknown
from adapters.base import Final as FinalWord
from adapters.elements import elements_in
from adapters.refusals import Refusal
from adapters.transcript import figure, said
from ledger.evidence import Word

REFUSALS: Final[Mapping[str, Refusal]] = {
    "00066": Refusal.PAYER_NOT_FOUND,
    "08": Refusal.INVALID_AMOUNT,
    "990418": Refusal.CODE_EXPIRED,
    "990422": Refusal.PAYER_NOT_FOUND,
    "CURRENCY_NOT_XOF": Refusal.INVALID_CURRENCY,
    "NUMBER_NOT_BURKINABE": Refusal.INVALID_NUMBER,
    "ONE_TIME_CODE_MISSING": Refusal.CODE_REQUIRED,
}
"""Orange's codes: no such account, twice; another amount than the payer's code was made for; a code
that was used. In capitals, ours."""

PAID: Final = "200"
_TURNED_AWAY: Final = frozenset({401, 403, 429})


def parse_payment(answer: Answer, refusal_codes: frozenset[str]) -> Submission:
    """Say what the answer to a payment means; see the module's table."""
    found = elements_in(answer.body) or {}
    status, transaction_id = found.get("status", "").strip(), figure(found.get("transID"))
    message = said(found.get("message"))
    told = " ".join(one for one in (f"status {answer.status}:", said(status), message) if one)
    if not status:
        door = answer.status in _TURNED_AWAY
        return NotSent(f"status {answer.status}") if door else Unknown(f"{told} no status in it")
    if answer.status < 300 and status == PAID and transaction_id:
        return FinalWord(word=Word.SUCCEEDED, provider_transaction_id=transaction_id)
    if answer.status < 500 and status != PAID and status in refusal_codes:
        # The payer's own doing, or not: what a code for one amount was refused, no other may take.
        return Declined(code=status, reason=told)
    return Unknown(told)
