"""Stamps: times in rows are written as the log writes them, whatever zone they came in."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from ledger.entry import rfc3339
from projections.tables import read_stamp, stamp

TIMES = (
    datetime(2026, 1, 31, 12, 0, 0, 250_000, UTC),
    datetime(2026, 1, 31, 12, 0, 0, 1, UTC),
    datetime(2026, 1, 31, 12, 0, 0, 0, UTC),
    datetime(1, 1, 1, tzinfo=UTC),
    datetime.max.replace(tzinfo=UTC),
)
ZONES = tuple(
    timezone(offset)
    for offset in (timedelta(0), timedelta(hours=1), -timedelta(hours=3, minutes=30))
)


@pytest.mark.parametrize("moment", TIMES)
def test_a_stamp_is_the_time_as_the_log_writes_it(moment: datetime) -> None:
    assert stamp(moment) == rfc3339(moment).rjust(len("2026-01-31T12:00:00.250000Z"), "0")
    assert read_stamp(stamp(moment)) == moment


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("moment", TIMES[:3])
def test_the_zone_in_which_a_time_came_does_not_show(moment: datetime, zone: timezone) -> None:
    assert stamp(moment.astimezone(zone)) == stamp(moment)
