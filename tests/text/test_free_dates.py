"""Dates as people and programs write them in many languages: read right, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.text.calendar_names import MONTHS, MONTHS_BY_LANGUAGE
from watcher.text.dates import parse_date, parse_first_date


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Thu, 26 Nov 2026 14:30:00 GMT+1", "2026-11-26 13:30"),
        ("Thu, 26 Nov 2026 14:30:00 UTC-3", "2026-11-26 17:30"),
        ("Thu, 26 Nov 2026 14:30:00 GMT+09:00", "2026-11-26 05:30"),
        ("Thu, 26 Nov 2026 14:30:00 GMT+9", "2026-11-26 05:30"),
        ("Thu, 26 Nov 2026 14:30:00 +01", "2026-11-26 13:30"),
        ("Thu, 26 Nov 2026 14:30:00 +1", "2026-11-26 13:30"),
        ("2026-11-26 14:30:00 +1", "2026-11-26 13:30"),
        ("2026-11-26T14:30 UTC+02:00", "2026-11-26 12:30"),
        ("Thu, Nov 26 2026 02:30:00 PM", "2026-11-26 14:30"),
        ("Thu, 26 Nov 2026 2:30 pm EST", "2026-11-26 19:30"),
        ("November 26, 2026 2:30pm", "2026-11-26 14:30"),
        ("November 26, 2026 at 2:30 p.m. ET", "2026-11-26 19:30"),
        ("26 Nov 2026 12 AM", "2026-11-26 00:00"),
        ("26 Nov 2026 12:15 AM", "2026-11-26 00:15"),
        ("26 Nov 2026, 12:15 PM", "2026-11-26 12:15"),
        ("11/26/2026 2:30:00 PM", "2026-11-26 14:30"),
        ("26.11.2026 14:30", "2026-11-26 14:30"),
        ("Thu Nov 26 2026 14:30:00 GMT+0100 (CET)", "2026-11-26 13:30"),
        ("Thu Nov 26 2026 14:30:00 GMT+0100 (Central European Standard Time)", "2026-11-26 13:30"),
        ("2026-11-26 14:30:00 +0000 UTC", "2026-11-26 14:30"),
        ("2026-11-26 14:30:00.123456789 +0100 CET m=+0.000012", "2026-11-26 13:30"),
        ("Thu Nov 26 14:30:00 +0100 2026", "2026-11-26 13:30"),
        ("Thu Nov 26 14:30:00 CET 2026", "2026-11-26 13:30"),
        ("2026-11-26T14:30:5Z", "2026-11-26 14:30"),
        ("2026-11-26T14:30:05Z[UTC]", "2026-11-26 14:30"),
        ("2026-11-26T14:30:05+01:00[Europe/Berlin]", "2026-11-26 13:30"),
        ("2026-11-26T14:30:05[Europe/Berlin]", "2026-11-26 13:30"),
        ("2026-11-26 14:30 Europe/Berlin", "2026-11-26 13:30"),
        ("1795703400", "2026-11-26 14:30"),
        ("1795703400000", "2026-11-26 14:30"),
        ("1795703400.0", "2026-11-26 14:30"),
        ("20261126143000", "2026-11-26 14:30"),
        ("26 de noviembre de 2026", "2026-11-26 00:00"),
        ("jueves, 26 de noviembre de 2026 14:30", "2026-11-26 14:30"),
        ("26. November 2026", "2026-11-26 00:00"),
        ("Donnerstag, 26. November 2026, 14:30 Uhr", "2026-11-26 14:30"),
        ("26 ноября 2026 г., 14:30", "2026-11-26 14:30"),
        ("чт, 26 нояб. 2026 14:30:00 +0300", "2026-11-26 11:30"),
        ("четвер, 26 листопада 2026 р. о 14:30", "2026-11-26 14:30"),
        ("2026年11月26日 14:30", "2026-11-26 14:30"),
        ("2026年11月26日(木) 14時30分", "2026-11-26 14:30"),
        ("2026年11月26日 下午2:30", "2026-11-26 14:30"),
        ("2026년 11월 26일 오후 2:30", "2026-11-26 14:30"),
        ("2026. 11. 26. 14:30", "2026-11-26 14:30"),
        ("2026. november 26., 14:30", "2026-11-26 14:30"),
        ("26. marraskuuta 2026 klo 14.30", "2026-11-26 14:30"),
        ("26. nov. 2026 kl. 14.30", "2026-11-26 14:30"),
        ("26 kasım 2026 perşembe 14:30", "2026-11-26 14:30"),
        ("26 Kasım 2026 Perşembe", "2026-11-26 00:00"),
        ("czwartek, 26 listopada 2026", "2026-11-26 00:00"),
        ("26 Νοεμβρίου 2026 2:30 μ.μ.", "2026-11-26 14:30"),
        ("26 novembre 2026 à 14h30", "2026-11-26 14:30"),
        ("gio, 26 nov 2026 14:30:00 +0100", "2026-11-26 13:30"),
        ("qui, 26 nov 2026 14:30:00 -0300", "2026-11-26 17:30"),
        ("quinta-feira, 26 de novembro de 2026", "2026-11-26 00:00"),
        ("26 تشرين الثاني 2026", "2026-11-26 00:00"),
        ("٢٦ نوفمبر ٢٠٢٦ 14:30", "2026-11-26 14:30"),
        ("26 พ.ย. 2569", "2026-11-26 00:00"),
        ("26 พฤศจิกายน 2569 14:30", "2026-11-26 14:30"),
        ("26 नवंबर 2026", "2026-11-26 00:00"),
        ("26 בנובמבר 2026", "2026-11-26 00:00"),
        ("26 tháng 11, 2026", "2026-11-26 00:00"),
        ("ngày 26 tháng 11 năm 2026 14:30", "2026-11-26 14:30"),
        ("2026 m. lapkričio 26 d. 14:30", "2026-11-26 14:30"),
        ("2026. gada 26. novembris", "2026-11-26 00:00"),
        ("26. studenoga 2026. u 14:30", "2026-11-26 14:30"),
        ("Thursday, 26-Nov-26 14:30:00 GMT", "2026-11-26 14:30"),
        ("26/Nov/2026:14:30:00 +0000", "2026-11-26 14:30"),
        ("14:30, 26 Nov 2026", "2026-11-26 14:30"),
        ("Nov 26th, 2026", "2026-11-26 00:00"),
        ("1er novembre 2026", "2026-11-01 00:00"),
        ("Updated: 26 Nov 2026 14:30", "2026-11-26 14:30"),
        ("2026-330", "2026-11-26 00:00"),
        ("2026-11-26+01:00", "2026-11-25 23:00"),
        ("2026/11/26 14:30:00", "2026-11-26 14:30"),
        ("26/11/26 14:30", "2026-11-26 14:30"),
        ("26-11-26", "2026-11-26 00:00"),
        ("2026-11-26T14:30:00.000+0000", "2026-11-26 14:30"),
        ("Thu, 26 Nov 2026 14:30:00 +0530 IST", "2026-11-26 09:00"),
        ("Thu, 26 Nov 2026 24:00:00 GMT", "2026-11-27 00:00"),
        ("Thu,26 Nov 2026 14:30:00 GMT", "2026-11-26 14:30"),
        ("Thu, 26 November, 2026 14:30:00 GMT", "2026-11-26 14:30"),
        ("jeu. 26 nov. 2026", "2026-11-26 00:00"),
        ("mar, 24 nov 2026 14:30:00 +0100", "2026-11-24 13:30"),
        ("mar, 03 mar 2026 14:30:00 +0100", "2026-03-03 13:30"),
        ("mié, 26 ago 2026 14:30:00 +0200", "2026-08-26 12:30"),
        ("2026-11-26 02:30:00 PM", "2026-11-26 14:30"),
        ("2026-11-26T02:30:00PM", "2026-11-26 14:30"),
        ("20261126T143000+0100", "2026-11-26 13:30"),
        ("26 Nov 2026 14:30:00 PM", "2026-11-26 14:30"),
        ("20261126", "2026-11-26 00:00"),
        ("26Nov2026", "2026-11-26 00:00"),
        ("26-11-2026 14:30", "2026-11-26 14:30"),
        ("Thu, 26 Nov 2026 14:30:00 GMT +0100", "2026-11-26 13:30"),
        ("Thu, 26 Nov 2026 14:30:00 GMT+00:00", "2026-11-26 14:30"),
        ("Thu, 26 Nov 2026 14.30.00 GMT", "2026-11-26 14:30"),
        ("2026-11-26 14.30", "2026-11-26 14:30"),
        ("Thursday 26th of November 2026 02:30:00 PM", "2026-11-26 14:30"),
        ("26 нов 2026", "2026-11-26 00:00"),
        ("26 лис 2026", "2026-11-26 00:00"),
        ("Thu, 26 Nov 2026 14:30:00 Etc/GMT+3", "2026-11-26 17:30"),
        ("26 Noiembrie 2026", "2026-11-26 00:00"),
        ("2026-W48-4", "2026-11-26 00:00"),
        ("Thu, 26 Nov 2026 14:30:00 P.M.", "2026-11-26 14:30"),
        ("26 november 2026 om 14:30 uur", "2026-11-26 14:30"),
    ],
)
def test_date_is_read_whatever_wrote_it(raw: str, expected: str) -> None:
    moment, doubtful = parse_date(raw)

    assert moment is not None
    assert f"{moment:%Y-%m-%d %H:%M}" == expected
    assert not doubtful


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param("05/02/2024", id="5 February or 2 May"),
        pytest.param("24-02-05", id="2024 or the 24th"),
        pytest.param("26 Lis 2026", id="October in Croatian, November in Polish"),
        pytest.param("Thu, 26 Nov 2026 14:30:00 IST", id="India, Israel or Ireland"),
        pytest.param("Thu, 26 Nov 2026 14:30:00 Foo", id="a zone that does not exist"),
        pytest.param("Thu, 26 Nov 2026 14:30 America/Nowhere", id="a place that does not exist"),
        pytest.param("Thu, 26 Nov 2026 14:30 America/Argentina", id="a place that is a folder"),
        pytest.param("26 Nov 2026 14:30:00 AM", id="afternoon before noon"),
        pytest.param("26 Nov 2026 14:30 and 27 Nov 2026", id="two dates"),
        pytest.param("from 5 to 7 February 2024", id="a range"),
        pytest.param("5 minutes ago", id="relative"),
        pytest.param("30 February 2024", id="a day that does not exist"),
        pytest.param("November 2026", id="no day"),
    ],
)
def test_date_that_can_be_read_two_ways_or_none_is_doubted(raw: str) -> None:
    assert parse_date(raw) == (None, True)


@pytest.mark.parametrize(
    ("raw", "language", "month"),
    [
        ("05/02/2024", "fr", 2),
        ("05/02/2024", "pt-BR", 2),
        ("05/02/2024", "en-GB", 2),
        ("05/02/2024", "en-US", 5),
        ("05/02/2024", "en", None),
        ("05/02/2024", "es-US", None),
        ("05/02/2024", "ja", None),
        ("05/02/24 14:30", "it", 2),
        ("05-02-2024", "nl", 2),
        ("05-02-24", "nl", None),
        ("05.02.2024", None, 2),
        ("05.02.2024", "en-US", 2),
        ("Mon, 05/02/2024", None, 2),
        ("Thursday 05/02/2024", "fr", 5),
        ("05/05/2024", None, 5),
        ("5 lis 2024", "pl", 11),
        ("5 lis 2024", "hr", 10),
        ("wtorek, 5 listopada 2024", None, 11),
        ("5. srp 2024", "cs", 8),
    ],
)
def test_weekday_or_language_decides_between_two_readings(raw: str, language: str | None, month: int | None) -> None:
    moment, doubtful = parse_date(raw, language=language)

    assert (moment.month if moment is not None else None) == month
    assert doubtful is (month is None)


@pytest.mark.parametrize(
    ("raw", "hour"),
    [
        ("12:00 AM", 0), ("12:59 am", 0), ("1:00 AM", 1), ("11:30 a.m.", 11), ("12:00 PM", 12), ("12 p.m.", 12),
        ("1pm", 13), ("2:30:45 PM", 14), ("11:59PM", 23), ("14:30 PM", 14), ("0:30 AM", 0), ("14:30", 14),
        ("14h30", 14), ("9h", 9),
    ],
)  # fmt: skip
def test_hours_of_a_twelve_hour_clock(raw: str, hour: int) -> None:
    moment, _doubtful = parse_date(f"November 26, 2026 {raw}")

    assert moment is not None
    assert moment.hour == hour


@pytest.mark.parametrize(
    ("zone", "clock"),
    [
        ("GMT+1", "11:00"), ("GMT-1", "13:00"), ("UTC+1", "11:00"), ("UTC-3", "15:00"), ("GMT+09:00", "03:00"),
        ("GMT+9", "03:00"), ("UTC+0530", "06:30"), ("+05:45", "06:15"), ("+1", "11:00"), ("-3", "15:00"),
        ("+01", "11:00"), ("GMT+10", "02:00"), ("GMT +2", "10:00"), ("UT", "12:00"), ("EDT", "16:00"), ("ET", "16:00"),
        ("MSK", "09:00"), ("WIB", "05:00"), ("SAST", "10:00"), ("Asia/Tokyo", "03:00"), ("America/New_York", "16:00"),
    ],
)  # fmt: skip
def test_offsets_and_names_of_zones(zone: str, clock: str) -> None:
    moment, _doubtful = parse_date(f"Sun, 26 Jul 2026 12:00:00 {zone}")

    assert moment is not None
    assert f"{moment:%H:%M}" == clock


@pytest.mark.parametrize("language", ["en-IN", "hi", "he"])
def test_language_decides_an_ambiguous_zone(language: str) -> None:
    moment, _doubtful = parse_date("Thu, 26 Nov 2026 12:00:00 IST", language=language)

    assert moment is not None
    assert moment.hour == (10 if language == "he" else 6)


def test_every_name_of_a_month_is_read() -> None:
    read = {name: parse_date(f"26 {name} 2026 14:30")[0] for name in MONTHS}

    assert read == {name: datetime(2026, number, 26, 14, 30, tzinfo=UTC) for name, number in MONTHS.items()}


def test_no_name_stands_for_two_months_unnoticed() -> None:
    assert not MONTHS.keys() & MONTHS_BY_LANGUAGE.keys()


@given(st.datetimes(min_value=datetime(1996, 1, 1), max_value=datetime(2032, 12, 31)))  # noqa: DTZ001
def test_seconds_and_their_fractions_since_1970_are_read(moment: datetime) -> None:
    whole = moment.replace(microsecond=0, tzinfo=UTC)
    seconds = int(whole.timestamp())

    for raw in (str(seconds), str(seconds * 1000), str(float(seconds)), str(seconds * 10**6)):
        assert parse_date(raw) == (whole, False)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["Wed, 04 Mar 2026 12:00:00 GMT", "2026-03-05"], (4, False, "Wed, 04 Mar 2026 12:00:00 GMT")),
        (["yesterday", "2026-03-05"], (5, False, "2026-03-05")),
        (["", None, " ", "2026-03-05"], (5, False, "2026-03-05")),
        (["0000-00-00", "05/02/2024", "soon"], (None, True, "0000-00-00")),
        (["", None], (None, False, "")),
    ],
)
def test_broken_date_hides_no_good_one(texts: list[str | None], expected: tuple[int | None, bool, str]) -> None:
    first = parse_first_date(texts)

    assert (first.moment.day if first.moment is not None else None, first.doubtful, first.raw) == expected
