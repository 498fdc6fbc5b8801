"""A provider's time is taken with its zone, or not at all."""

from datetime import UTC, datetime

import pytest

from adapters.moments import moment

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

READ = [
    ("2026-03-01T12:00:00Z", NOON),
    ("2026-03-01T12:00:00.000Z", NOON),
    ("2026-03-01T13:00:00+01:00", NOON),
    ("2026-03-01T12:00:00.0000000Z", NOON),
    ("2026-03-01T12:00:00", None),
    ("2026-03-01 12:00:00", None),
    ("2026-03-01", None),
    ("2026-13-01T00:00Z", None),
    ("0001-01-01T00:00:00+01:00", None),
    ("soon", None),
    ("", None),
    (1772366400, None),
    (None, None),
]


@pytest.mark.parametrize(("told", "meant"), READ)
def test_a_time_is_read_with_its_zone_or_not_at_all(told: object, meant: datetime | None) -> None:
    found = moment(told)
    assert (found, found and found.tzinfo) == (meant, meant and UTC)
