"""What looks old is deleted only under a clock that a server has confirmed."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from email.utils import format_datetime

import pytest

from tests.moments import NOON
from watcher.engine.clock_monitor import ClockMonitor
from watcher.store.database import Database

DAY = timedelta(days=1)


class Clock:
    """A wall clock that is `ahead` of the servers' and a monotonic one, both moved by hand."""

    def __init__(self, ahead: timedelta = timedelta()) -> None:
        self.passed = timedelta()
        self.ahead = ahead

    def wall(self) -> datetime:
        return NOON + self.passed + self.ahead

    def monotonic(self) -> float:
        return self.passed.total_seconds()

    def answer(self, care: ClockMonitor, *hosts: str, off: timedelta = timedelta()) -> None:
        """Let hosts answer whose clocks are right, or `off`."""
        for host in hosts:
            sent_at = NOON + self.passed + off
            care.observe(host, {"date": format_datetime(sent_at, usegmt=True)})


def care_for(database: Database, clock: Clock) -> ClockMonitor:
    return ClockMonitor(database, clock.wall, clock.monotonic)


@pytest.mark.parametrize("ahead", [timedelta(), timedelta(hours=2), 20 * DAY, 400 * DAY, -3 * DAY])
def test_nothing_is_pruned_before_a_server_has_answered(sqlite: Database, ahead: timedelta) -> None:
    clock = Clock(ahead)
    care = care_for(sqlite, clock)

    clock.passed += timedelta(hours=6)

    assert not care.may_prune


def test_one_server_that_agrees_is_enough(sqlite: Database) -> None:
    clock = Clock()
    care = care_for(sqlite, clock)

    clock.answer(care, "one.example")

    assert care.may_prune


@pytest.mark.parametrize("hosts", [("a.example",), ("a.example", "b.example"), ("a.example", "b.example", "c.example")])
def test_servers_that_contradict_a_clock_allow_nothing(sqlite: Database, hosts: tuple[str, ...]) -> None:
    clock = Clock(400 * DAY)
    care = care_for(sqlite, clock)

    clock.answer(care, *hosts)

    assert not care.may_prune


@pytest.mark.parametrize("ahead", [timedelta(minutes=10), timedelta(hours=2), 20 * DAY])
def test_a_jump_takes_the_trust_until_a_server_confirms_the_new_time(sqlite: Database, ahead: timedelta) -> None:
    clock = Clock()
    care = care_for(sqlite, clock)
    clock.answer(care, "one.example")
    assert care.may_prune

    clock.passed += timedelta(minutes=1)
    clock.ahead = ahead
    asyncio.run(care.check_step())
    assert not care.may_prune
    clock.answer(care, "one.example")
    assert not care.may_prune

    clock.ahead = timedelta()
    asyncio.run(care.check_step())
    clock.answer(care, "one.example")
    assert care.may_prune


def test_a_step_of_a_minute_keeps_the_trust(sqlite: Database) -> None:
    clock = Clock()
    care = care_for(sqlite, clock)
    clock.answer(care, "one.example")
    assert care.may_prune

    clock.ahead = timedelta(minutes=1)
    asyncio.run(care.check_step())

    assert care.may_prune


@pytest.mark.parametrize("ahead", [timedelta(hours=2), 20 * DAY])
def test_a_clock_that_jumped_is_doubted_until_it_is_confirmed_or_an_hour_has_passed(
    sqlite: Database, ahead: timedelta
) -> None:
    clock = Clock()
    care = care_for(sqlite, clock)
    clock.answer(care, "one.example")
    doubted = [care.is_doubted]

    clock.ahead = ahead
    asyncio.run(care.check_step())
    doubted.append(care.is_doubted)
    clock.passed += timedelta(hours=1)
    doubted.append(care.is_doubted)
    clock.answer(care, "one.example", "two.example", "three.example")
    doubted.append(care.is_doubted)
    clock.ahead = timedelta()
    asyncio.run(care.check_step())
    clock.answer(care, "one.example")
    doubted.append(care.is_doubted)

    assert doubted == [False, True, False, True, False]
