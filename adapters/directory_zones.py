"""The directory's time zones: how far the clocks of our countries are from UTC.

None of these countries changes its clocks in the course of a year, so a number of hours is all
there is to know of each, and no zone database has to be on the machine. Congo-Kinshasa is left out:
it has two zones, and nobody knows in which of them a payer is.

Source: the IANA time zone database, 2025b.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Final

UTC_HOURS: Final[Mapping[str, int]] = {
    **dict.fromkeys(("BF", "CI", "GH", "GM", "GN", "GW", "LR", "ML", "SL", "SN", "TG"), 0),
    **dict.fromkeys(("BJ", "CF", "CG", "CM", "GA", "NE", "NG", "TD"), 1),
    **dict.fromkeys(("BW", "RW", "SS", "SZ", "ZA", "ZM"), 2),
    **dict.fromkeys(("KE", "MG", "TZ", "UG"), 3),
}
"""ISO 3166 code -> hours that the country is ahead of UTC."""


def local_time(moment: datetime, country: str) -> datetime | None:
    """The time on the country's clocks; None where it has no one time."""
    hours = UTC_HOURS.get(country)
    return None if hours is None else moment.astimezone(timezone(timedelta(hours=hours)))
