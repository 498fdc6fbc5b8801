"""From what was sent to a statement of the ledger: every line checked, every fault placed.

Both doors come by here, HTTP and the command line, with the same shape; so the same words are the
same statement. A reader of a provider's own file has only to make that shape of it.
"""

import re
from datetime import datetime
from typing import Final, NoReturn

from adapters.providers import provider_names
from api.errors import INVALID_REQUEST, Place, ProblemError
from api.schemas_statements import StatementLineIn, StatementRequest
from ledger import statement
from ledger.commands_statement import HandInStatement
from ledger.errors import InvalidMoneyError
from ledger.identity import Mode
from ledger.money import decimals_of, parse_money
from ledger.sentences import Sentence
from ledger.statement import InvalidStatementError
from ledger.statement_line import StatementLine

_IDLE_DECIMALS: Final = re.compile(r"(?<=[0-9])\.0{1,2}\Z")


def statement_of(
    wanted: StatementRequest, *, default_mode: Mode, by: str, now: datetime
) -> HandInStatement:
    """Make the command that hands a statement in.

    Raises:
        ProblemError: it cannot be used; says where, why and what to send instead.
        InvalidMoneyError: its currency is none.
    """
    if wanted.provider not in provider_names():
        reason = Sentence("There is no provider of this name.")
        _refuse("/provider", reason, Sentence("Take a name that `cauri providers` lists."))
    decimals_of(wanted.currency)
    mode = wanted.mode or default_mode
    command = HandInStatement(
        provider=wanted.provider,
        covers_from=wanted.covers_from,
        covers_to=wanted.covers_to,
        currency=wanted.currency,
        mode=mode,
        is_default_mode=mode == default_mode,
        lines=tuple(
            _line_of(one, wanted.currency, f"/lines/{at}") for at, one in enumerate(wanted.lines)
        ),
        by=by,
        at=now,
    )
    try:
        statement.check(command)
    except InvalidStatementError as error:
        line = "" if error.line is None else f"/lines/{error.line - 1}"
        _refuse(f"{line}/{error.field}", error.reason, error.remedy)
    return command


def _line_of(given: StatementLineIn, currency: str, pointer: str) -> StatementLine:
    return StatementLine(
        provider_transaction_id=given.provider_transaction_id,
        reference=given.reference,
        direction=given.direction,
        amount_minor=_minor(given.amount, currency, f"{pointer}/amount"),
        occurred_at=given.occurred_at,
        fee_minor=None if given.fee is None else _fee_minor(given.fee, currency, f"{pointer}/fee"),
    )


def _minor(amount: str, currency: str, pointer: str) -> int:
    # A sheet writes 1500.00 of a currency without decimals; three of them might be a thousand.
    if decimals_of(currency) == 0:
        amount = _IDLE_DECIMALS.sub("", amount)
    try:
        return parse_money(amount, currency).amount_minor
    except InvalidMoneyError as error:
        _refuse(pointer, error.reason, error.remedy)


def _fee_minor(fee: str, currency: str, pointer: str) -> int:
    """A fee may be nothing."""
    if fee.startswith("-"):
        _refuse(pointer, Sentence("the fee is negative."), Sentence('Send "0" or more.'))
    return 0 if fee.strip("0") in {"", "."} else _minor(fee, currency, pointer)


def _refuse(pointer: str, reason: Sentence, remedy: Sentence) -> NoReturn:
    place = Place("pointer", pointer, reason, remedy)
    raise ProblemError(INVALID_REQUEST, place.sentence, [place])
