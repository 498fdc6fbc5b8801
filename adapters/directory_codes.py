"""What customers dial for a one-time code, by operator, as far as several sources agree.

Orange itself publishes no list that we found. What stands here is what the payment pages of several
integrators, written apart from each other, tell their payers alike; it may be changed by the
operator any day, so whoever shows it says "usually". Where sources differ (Guinea, Congo) or none
speaks, there is no row, and a payer is sent to the operator's menu or app.

Not here: what a customer is asked after dialling (in Côte d'Ivoire some pages name an option of a
menu), for the telephone says that itself.
"""

from collections.abc import Mapping
from typing import Final

from ledger.money import Money

DIALLED: Final[Mapping[str, str]] = {
    "orange-bf": "*144*4*6*{amount}#",
    "orange-ci": "#144*82#",
    "orange-ml": "#144#77#",
    "orange-sn": "#144#391#",
}
"""Operator code -> what is dialled; `{amount}` is that of the payment."""


def dialled_for_code(operator_code: str, money: Money) -> str | None:
    """What an operator's customers usually dial to get a code for a payment; None if unknown."""
    dialled = DIALLED.get(operator_code)
    return None if dialled is None else dialled.format(amount=money.amount)
