"""Moments: a provider's own times, as they stand in its answers and callbacks.

A time is taken where it says its zone. One without is not: read as UTC it would be an hour off in
Cameroon, and at a month's end that hour is another month. What a time means is each adapter's to
know; whether one is believed is said in `projections.effective`.
"""

from datetime import UTC, datetime


def moment(value: object) -> datetime | None:
    """Read an ISO 8601 time with its zone, in UTC; None for everything else."""
    try:
        read = datetime.fromisoformat(value) if isinstance(value, str) else None
        return read.astimezone(UTC) if read is not None and read.tzinfo is not None else None
    except (ValueError, OverflowError):
        # At either end of the calendar an offset leads out of it.
        return None
