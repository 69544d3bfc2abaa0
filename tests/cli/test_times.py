"""Times as people type them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.moments import NOON
from watcher.app.listing import parse_time
from watcher.errors import UsageError


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("monday", datetime(2026, 3, 2, tzinfo=UTC)),  # it is one: the day that began
        ("Sunday", datetime(2026, 3, 1, tzinfo=UTC)),
        (" tuesday ", datetime(2026, 2, 24, tzinfo=UTC)),
        ("yesterday", datetime(2026, 3, 1, tzinfo=UTC)),
        ("today", datetime(2026, 3, 2, tzinfo=UTC)),
        ("now", NOON),
        ("36h", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-11-01T08:00Z", datetime(2026, 11, 1, 8, tzinfo=UTC)),
    ],
)
def test_a_time_is_understood(written: str, meant: datetime) -> None:
    assert parse_time(written, NOON) == meant


@pytest.mark.parametrize("written", ["", "mon", "someday", "7", "2026-13-01", "-7d", "9999999d"])
def test_what_is_no_time_is_refused(written: str) -> None:
    with pytest.raises(UsageError, match="is not a time"):
        parse_time(written, NOON)
