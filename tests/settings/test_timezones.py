"""Names of time zones: looked up one by one, with the answers that the list of all has."""

from __future__ import annotations

import zoneinfo
from pathlib import Path
from zoneinfo import available_timezones, reset_tzpath

import pytest

from watcher.settings import timezones
from watcher.settings.timezones import validate_timezone


def test_every_listed_zone_is_accepted_without_listing_them(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {name for name in available_timezones() if any(Path(root, name).is_file() for root in zoneinfo.TZPATH)}
    monkeypatch.setattr("zoneinfo.available_timezones", lambda: pytest.fail("listed all zones"))

    assert {validate_timezone(name) for name in known} == known


@pytest.mark.parametrize(
    "name",
    [
        "", "Europe", "Europe/", "Europe/Berln", "europe/london", "EUROPE/LONDON", "utc ", "posix/Europe/London",
        "right/UTC", "posixrules", "tzdata.zi", "zone.tab", "../zoneinfo/UTC", "./UTC", "Europe/../UTC", "/UTC",
        "U\0TC", "Europe//London",
    ],
)  # fmt: skip
def test_what_is_no_listed_zone_is_refused(name: str) -> None:
    assert name not in available_timezones()

    with pytest.raises(ValueError, match="no time zone"):
        validate_timezone(name)


def test_a_zone_without_a_file_is_accepted_where_the_list_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezones, "list_timezones", lambda: frozenset({"Europe/London"}))
    reset_tzpath(to=[str(tmp_path)])
    try:
        assert validate_timezone("Europe/London") == "Europe/London"
    finally:
        reset_tzpath()
