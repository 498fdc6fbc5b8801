"""Payments by a one-time code: a part of `adapters.providers.orange_sonatel`. All is pure.

The payer dials `#144#391#`, gets a code and gives it to the merchant; one call then takes the money
and says so at once. A page is made first and paid later, and an unread one is nobody's; here the
call itself moves the money, so one whose answer was lost may have moved it. It is never repeated,
and never said to be not sent for what a search did not find.

That a reference went this way is said by its handle, which is durable before the call: without it
the question about a lost answer would be answered as that about an unread page.

Nobody describes which code a wrong one-time code gives: whatever of the listed ones it is, the
payment is declined.
"""

from collections.abc import Mapping
from typing import Final

from adapters.answer import Answer
from adapters.base import Charge, Submission
from adapters.one_time_codes import without_code
from adapters.providers._orange_sonatel_answers import parse_moved
from adapters.providers._orange_sonatel_codes import OF_THE_PAYER
from adapters.providers._orange_sonatel_requests import build_amount
from adapters.providers._orange_sonatel_settings import Settings

ONE_STEP: Final[Mapping[str, str]] = {"way": "one_step"}
"""What the handle of such a payment holds, from before its call to its end."""


def is_one_step(handle: Mapping[str, str] | None) -> bool:
    """Whether a handle is of a payment by a one-time code."""
    return handle is not None and handle.get("way") == ONE_STEP["way"]


def build_one_step(
    settings: Settings, charge: Charge, payer: str, one_time_code: str, reference: str
) -> dict[str, object]:
    """Build the body of a payment by code, from a number of nine digits."""
    return {
        "customer": {"idType": "MSISDN", "id": payer, "otp": one_time_code},
        "partner": {"idType": "CODE", "id": settings.merchant_code},
        "amount": build_amount(charge.money),
        "reference": reference,
        "metadata": {"reference": reference},
    }


def parse_one_step(answer: Answer, one_time_code: str) -> Submission:
    """Say what the answer to a payment by code means; whatever it repeats of the code is masked."""
    outcome = parse_moved(answer, of_the_person=OF_THE_PAYER, kept=ONE_STEP)
    return without_code(outcome, one_time_code)
