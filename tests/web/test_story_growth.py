"""The bars of a story's growth: every report once, in the span of its time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.moments import NOON
from watcher.model.event import EventReport
from watcher.stories.facts import summarise_event
from watcher.web.pages.story_growth import MAX_BARS, measure_growth


def report(number: int, *, hours: float, copy: bool = False) -> EventReport:
    moment = NOON + timedelta(hours=hours)
    title = "Ferry runs aground off Sandholm in thick fog" if copy else f"Ferry report {number} from Sandholm harbour"
    return EventReport(
        entry_id=number, title=title, outlet=f"Outlet {number}", published_at=moment, first_seen_at=moment, copy=copy
    )


def test_own_reports_and_copies_are_counted_by_the_hour_of_publication() -> None:
    reports = [report(1, hours=0), report(2, hours=0.5), report(3, hours=2.2, copy=True), report(4, hours=2.9)]

    bars = measure_growth(summarise_event(reports))

    assert [((bar.at - NOON) / timedelta(hours=1), bar.own, bar.copies) for bar in bars] == [
        (0, 2, 0),
        (1, 0, 0),
        (2, 1, 1),
    ]


@pytest.mark.parametrize("last", [1.5, 30, 200, 5_000, 90_000])
def test_story_of_any_length_has_a_chart_that_counts_every_report(last: float) -> None:
    bars = measure_growth(summarise_event([report(number, hours=last * number / 9) for number in range(10)]))

    assert len(bars) <= MAX_BARS
    assert sum(bar.own + bar.copies for bar in bars) == 10


def test_story_told_at_one_time_has_no_chart() -> None:
    assert measure_growth(summarise_event([report(1, hours=0), report(2, hours=0.4)])) == ()
