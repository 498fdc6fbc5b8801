"""Whom an operator's customers call: short codes of customer service, as far as sources agree.

A wrong number sends somebody who worries about money to a stranger, so a row stands here only where
two sources that do not copy each other say the same. Where sources contradict each other, or only
one speaks, there is no row: nobody is told a number that is merely likely.

Left out for that reason: Cameroon (for Orange its own page says 8900 and a blog 950; for MTN no two
agree), Zambia (MTN's page says 215, nobody else does), Rwanda (a page of fees says 100, MTN's own
calls that voice mail), Madagascar (Orange's page alone says 204), and all whom no source tells of.

Sources, two a row, beside it.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

_MODERN_GHANA: Final = "https://www.modernghana.com/news"


class CustomerService(NamedTuple):
    """A number that is called from the operator's own network, and who says so."""

    number: str
    sources: tuple[str, str]


CUSTOMER_SERVICE: Final[Mapping[str, CustomerService]] = {
    "mtn-gh": CustomerService(
        "100",
        (
            f"{_MODERN_GHANA}/1096676/be-vigilant-report-fraudulent-activities-eli.html",
            "https://commsrisk.com/mtn-ghana-educates-customers-about-mobile-money-fraud/",
        ),
    ),
    "mtn-ug": CustomerService(
        "100",
        (
            "https://www.mtn.co.ug/public-statement-safety-of-our-mobile-money-services/",
            "https://www.dignited.com/45203/mtn-statement-mobile-money-fraud-withdrawals/",
        ),
    ),
    "orange-sn": CustomerService(
        "1441",
        (
            "http://www.osiris.sn/Orange-de-fausses-cartes-de.html",
            "https://xalimasn.com/?p=139407",
        ),
    ),
}
"""Operator code -> its customer service."""
