"""A wrong clock stops nothing: the daemon under a clock that is set forward and back while it runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.machine import Desk, wait_for
from tests.e2e.test_daemon import feed, mail_and_slack
from tests.servers import MailServer, SlackServer
from tests.web_server import Server

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


@pytest.fixture
def clock(tmp_path: Path) -> Path:
    """The file that says by how much the daemon's wall clock is wrong."""
    if LIBRARY is None:
        if os.environ.get("WATCHER_TESTS_MAY_SKIP") == "no":
            pytest.fail("libfaketime is not installed")
        pytest.skip("libfaketime is not installed")
    return tmp_path / "clock"


def faked(clock: Path) -> dict[str, str]:
    return {
        "LD_PRELOAD": str(LIBRARY),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_RESET": "1",
    }


def wait_for_count(count: Callable[[], int], expected: int, what: str) -> None:
    wait_for(lambda: count() >= expected, what)


@pytest.mark.parametrize("jump", [pytest.param("+2h", marks=pytest.mark.slow), "+20d"])
def test_a_clock_set_forward_and_back_stops_neither_polls_nor_alerts(
    tmp_path: Path, press: Server, clock: Path, jump: str
) -> None:
    desk = Desk(tmp_path / "desk")
    url = feed(press, ("old", "Harbour pilots end strike|Ships move again."))
    alert = {"name": "alerts", "schedule": "immediate", "channels": ["mail"], "cooldown": "0s"}
    with MailServer() as mail:
        box: dict[str, Any] = {"mail": mail_and_slack(mail, SlackServer())["mail"] | {"to": ["ann@desk.example"]}}
        desk.write([url], channels=box, digests=[alert])
        clock.write_text("+0\n")
        desk.environ = faked(clock)
        with desk.daemon() as daemon:
            desk.environ = {}
            wait_for(lambda: desk.count("entries") == 1, "the baseline")
            items = [("old", "Harbour pilots end strike|Ships move again.")]
            for number, offset in enumerate([jump, "+0", "-3d", "+0"], 1):
                clock.write_text(f"{offset}\n")
                wait_for_count(lambda: daemon.log.read_text().count("clock stepped"), number, f"the step to {offset}")
                items.insert(0, (f"n{number}", f"Five Eyes weigh limit {number}|Officials of office {number}."))
                feed(press, *items)
                wait_for_count(lambda: len(mail.messages), number, f"the alert after {offset}")
                wait_for(lambda: daemon.get("/readyz") == 200, f"readiness after {offset}")
            faults = desk.json("status")["clock"]
            assert daemon.end() == 0

    assert any("set back by" in fault for fault in faults)
    assert desk.json("status")["hits"] == 4


@pytest.mark.parametrize("begin", ["1970", pytest.param("2000", marks=pytest.mark.slow)])
def test_a_board_that_begins_decades_ago_loses_nothing_when_its_clock_is_set(
    tmp_path: Path, press: Server, clock: Path, begin: str
) -> None:
    desk = Desk(tmp_path / "desk")
    url = feed(press, ("old", "Harbour pilots end strike|Ships move again."))
    alert = {"name": "alerts", "schedule": "immediate", "channels": ["mail"], "cooldown": "0s"}
    behind = datetime.now(UTC) - datetime(int(begin), 1, 2, tzinfo=UTC)
    with MailServer() as mail:
        box: dict[str, Any] = {"mail": mail_and_slack(mail, SlackServer())["mail"] | {"to": ["ann@desk.example"]}}
        desk.write([url], channels=box, digests=[alert])
        clock.write_text(f"-{behind.total_seconds():.0f}\n")
        desk.environ = faked(clock)
        with desk.daemon() as daemon:
            desk.environ = {}
            wait_for(lambda: desk.count("entries") == 1, "the baseline")
            clock.write_text("+0\n")
            wait_for(lambda: "clock stepped" in daemon.log.read_text(), "the step")
            feed(press, ("n1", "Five Eyes weigh limit|Officials."), ("old", "Harbour pilots end strike|Ships move."))
            wait_for_count(lambda: len(mail.messages), 1, "the alert")
            wait_for(lambda: daemon.get("/readyz") == 200, "readiness")
            assert daemon.end() == 0
        assert desk.json("db", "prune")["hits"] == 0

    assert desk.json("status")["hits"] == 1


def test_a_clock_that_was_set_right_while_nothing_ran_is_reported(tmp_path: Path, press: Server, clock: Path) -> None:
    desk = Desk(tmp_path / "desk")
    url = feed(press, ("old", "Harbour pilots end strike|Ships move again."))
    desk.write([url], channels={}, digests=[])
    clock.write_text("+20d\n")
    desk.environ = faked(clock)
    with desk.daemon() as daemon:
        wait_for(lambda: desk.json("status")["entries"] == 1, "the baseline")
        before = desk.json("status")["clock"]
        daemon.kill()
    desk.environ = {}

    faults = [desk.json("status")["clock"] for _look in range(2)]

    assert before == []
    assert faults[0] == faults[1]
    assert len(faults[0]) == 1
    assert "the clock was set back by 20 d" in faults[0][0]
