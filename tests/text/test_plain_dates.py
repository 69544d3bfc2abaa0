"""The quick reading of dates says what the slow one says, or leaves the date to it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.text import dates
from watcher.text.plain_dates import parse_plain_date

_DAYS = st.sampled_from(("", "Mon, ", "Xyz, ", "Monday, ", "mon, ", "Mon "))
_MONTHS = st.sampled_from(("Jan", "Feb", "Mar", "Jun", "Dec", "Mai", "Sept", "mar"))
_CLOCKS = st.sampled_from(("00:00:00", "06:07:08", "23:59:59", "23:59:60", "24:00:00", "24:00:01", "6:07:08", "06:07"))
_ZONES = st.sampled_from(
    ("+0000", "-0000", "+0130", "-1100", "+1159", "+1200", "+1400", "-1200", "-1300", "+0060", "GMT", "UT", "EST", "",
     "Z", "+00:00", "-03:30", "+11:45", "+13:00", "+25:00")
)  # fmt: skip
_YEARS = st.sampled_from(("2026", "2024", "1995", "0001", "0000", "9999", "26"))
_NUMBERS = st.integers(0, 32).map("{:02}".format)


@settings(max_examples=2_000, deadline=None)
@given(st.data())
def test_what_is_read_quickly_is_what_the_slow_twin_reads(data: st.DataObject) -> None:
    day, year, clock, zone = (data.draw(some) for some in (_NUMBERS, _YEARS, _CLOCKS, _ZONES))
    mail = f"{data.draw(_DAYS)}{day} {data.draw(_MONTHS)} {year} {clock} {zone}"
    machine = f"{year}-{data.draw(_NUMBERS)}-{day}{data.draw(st.sampled_from('Tt '))}{clock}{zone}"
    text = data.draw(st.sampled_from((mail, machine)))

    read = parse_plain_date(text)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dates, "parse_plain_date", lambda _text: None)
        moment, doubtful = dates.parse_date(text)
    assert dates.parse_date(text) == (moment, doubtful)
    assert read is None or read < dates.EARLIEST or read == moment


@pytest.mark.parametrize(
    "text",
    [
        "Mon, 02 Mar 2026 06:00:00 +0100", "02 Mar 2026 05:00:00 GMT", "2026-03-02T05:00:00Z",
        "2026-03-02T06:00:00+01:00", "2026-03-01T18:00:00-11:00",
    ],
)  # fmt: skip
def test_dates_of_the_standards_are_read_quickly(text: str) -> None:
    assert parse_plain_date(text) == datetime(2026, 3, 2, 5, tzinfo=UTC)
