"""A wrong clock is noticed by its steps, and by what servers say the time is."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import format_datetime

import pytest

from tests.moments import NOON
from watcher.schedule.clock_steps import ClockStep, SkewEstimator, StepDetector, format_length, format_skew, format_step

HOUR = timedelta(hours=1)


@pytest.mark.parametrize("by", [2 * HOUR, -2 * HOUR, timedelta(days=400), timedelta(seconds=-6), timedelta(seconds=7)])
def test_step_of_the_wall_clock_is_noticed_with_its_size(by: timedelta) -> None:
    detector = StepDetector(NOON, 100.0)

    step = detector.detect(NOON + timedelta(seconds=2) + by, 102.0)

    assert step == ClockStep(at=NOON + timedelta(seconds=2) + by, by=by)


def test_clock_that_runs_on_is_no_step_however_seldom_one_looks() -> None:
    detector = StepDetector(NOON, 100.0)

    assert detector.detect(NOON + 5 * HOUR + timedelta(seconds=3), 100.0 + 5 * 3600) is None


def test_step_is_noticed_once() -> None:
    detector = StepDetector(NOON, 0.0)
    detector.detect(NOON + HOUR, 2.0)

    assert detector.detect(NOON + HOUR + timedelta(seconds=2), 4.0) is None


def answer(at: datetime, **more: str) -> dict[str, str]:
    return {"date": format_datetime(at, usegmt=True), **more}


@pytest.mark.parametrize("wrong", [timedelta(hours=3), timedelta(days=-20), timedelta(minutes=-5)])
def test_clock_that_several_servers_contradict_is_wrong(wrong: timedelta) -> None:
    skew = SkewEstimator()
    for number in range(5):
        skew.observe(f"host-{number}.example", answer(NOON - wrong), NOON)

    assert skew.estimate() == wrong
    assert not skew.is_confirmed


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([answer(NOON)] * 5, id="all agree"),
        pytest.param([answer(NOON)] * 2 + [answer(NOON - 9 * HOUR)] * 20, id="most answers come from old caches"),
        pytest.param([answer(NOON - HOUR, age="3600")] * 5, id="caches that say how old"),
        pytest.param([answer(NOON + HOUR)] + [answer(NOON)] * 4, id="one server's clock is fast"),
        pytest.param([answer(NOON - HOUR)] + [answer(NOON)] * 4, id="one server's clock is slow"),
    ],
)
def test_clock_that_servers_confirm_is_right(answers: list[dict[str, str]]) -> None:
    skew = SkewEstimator()
    for number, headers in enumerate(answers):
        skew.observe(f"host-{number}.example", headers, NOON)

    assert skew.estimate() is None
    assert skew.is_confirmed


@pytest.mark.parametrize("header", ["", "yesterday", "Thu, 99 Foo 2026 25:61:00 GMT", "0", "\x00", "Mon, 02 Mar 99999"])
def test_date_that_cannot_be_parsed_says_nothing(header: str) -> None:
    skew = SkewEstimator()
    for number in range(5):
        skew.observe(f"host-{number}.example", {"date": header}, NOON)

    assert skew.estimate() is None
    assert not skew.is_confirmed


def test_two_servers_are_too_few_to_doubt_our_clock() -> None:
    skew = SkewEstimator()
    for host in ("a.example", "b.example"):
        skew.observe(host, answer(NOON - HOUR), NOON)

    assert skew.estimate() is None


def test_faults_are_formatted_for_people() -> None:
    assert format_step(ClockStep(at=NOON, by=-2 * HOUR)) == "the clock was set back by 2 h at 2026-03-02 12:00 UTC"
    assert format_skew(timedelta(minutes=12)) == "this machine's clock is 12 min ahead of the servers it asks"
    lengths = [timedelta(seconds=45), timedelta(minutes=90), timedelta(days=20)]
    assert [format_length(length) for length in lengths] == ["45 s", "90 min", "20 d"]
