"""Dates of feeds: what is not said is not guessed, what is impossible is doubted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.text.dates import parse_date

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "raw",
    [
        "Wed, 04 Mar 2026 12:00:00 GMT",
        "Wed, 4 Mar 2026 12:00:00 +0000",
        "Wed, 04 Mar 2026 12:00:00 -0000",
        "04 Mar 2026 12:00 UT",
        "Wed, 04 Mar 26 12:00:00 Z",
        "Wed, 04 March 2026 14:00:00 +0200",
        "Wed, 04 Mar 2026 07:00:00 EST",
        "Wed, 04 Mar 2026 15:00:00 MSK",
        "Wed, 04 Mar 2026 22:00:00 AEST",
        "Wed, 04 Mar 2026 12:00:00",
        "Wednesday, March 4, 2026 12:00:00 GMT",
        "Wed Mar  4 12:00:00 2026",
        "2026-03-04T12:00:00Z",
        "2026-03-04T12:00:00.123Z",
        "2026-03-04T13:00:00+01:00",
        "2026-03-04 12:00:00",
        "2026-03-04T12:00Z",
        "20260304T120000Z",
        "mer., 04 mars 2026 13:00:00 +0100",
        "Mi, 04 Mär 2026 13:00:00 MEZ",
        "ср, 04 мар 2026 15:00:00 +0300",
        "Wed, 04 Mar 2026 12:00:00 GMT+0000",
        " Wed,  04 Mar 2026\n12:00:00 +0000 (UTC)",
    ],
)
def test_many_spellings_of_one_moment(raw: str) -> None:
    moment, doubtful = parse_date(raw)

    assert moment is not None
    assert moment.replace(microsecond=0) == NOON
    assert not doubtful


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param("yesterday", id="words"),
        pytest.param("1724", id="a bare number"),
        pytest.param("2024020514", id="digits that are no seconds of our time"),
        pytest.param("315532800", id="seconds of 1980"),
        pytest.param("Wed, 04 Mar 2026 12:00:00 XYZ", id="a zone nobody knows"),
        pytest.param("Thu, 01 Jan 1970 00:00:00 GMT", id="the epoch"),
        pytest.param("0001-01-01T00:00:00Z", id="a zero date"),
        pytest.param("Wed, 31 Feb 2026 12:00:00 GMT", id="a day that is not"),
        pytest.param("2026-03-04T12:00:00+19:00", id="an offset no place has"),
        pytest.param("99999-01-01", id="a far year"),
        pytest.param("Wed, 04 Foo 2026 12:00:00 GMT", id="a month nobody knows"),
    ],
)
def test_what_cannot_be_a_date_is_doubted(raw: str) -> None:
    assert parse_date(raw) == (None, True)


def test_no_date_is_no_doubt() -> None:
    assert parse_date("  ") == (None, False)


def test_date_beyond_tomorrow_is_doubted_where_now_is_known() -> None:
    tomorrow = format_datetime(NOON + timedelta(days=2))

    assert parse_date(tomorrow)[0] is not None
    assert parse_date(tomorrow, NOON) == (None, True)


@given(st.integers(min_value=0, max_value=2_000_000_000))
def test_what_programs_write_is_read_back(seconds: int) -> None:
    whole = datetime(1996, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)

    assert parse_date(format_datetime(whole)) == (whole, False)
    assert parse_date(whole.isoformat()) == (whole, False)


@given(st.text(max_size=120))
def test_no_text_breaks_the_reader(raw: str) -> None:
    moment, doubtful = parse_date(raw)

    assert moment is None or (moment.tzinfo is UTC and not doubtful)
