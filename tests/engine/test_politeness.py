"""Hosts are left in peace by all processes together: every request is recorded, whatever happens to who makes them."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from tests import postgres
from tests.e2e.machine import Desk
from tests.engine.outlets import Outlets
from tests.engine.processes import Worker, desk_on, wait_for
from watcher.store.database import Database
from watcher.store.database.migrate import upgrade_schema
from watcher.store.feeds.shards import list_host_shards

SPACING = 2.0
LEAST_GAP = 0.6
"""Of the spacing: what a busy machine may take from it between the turn and the server."""
HOSTS = 12


@pytest.fixture
def outlets() -> Iterator[Outlets]:
    """Hosts with three feeds each, all of them due at any time: each host could be asked without a pause."""
    with Outlets(hosts=HOSTS, feeds_each=3, delay=0.1) as outlets:
        yield outlets


def share(database: Database, folder: Path, outlets: Outlets) -> Desk:
    fetch = {"allow": ["127.0.0.0/8"], "spacing": f"{SPACING:.0f}s", "per_host": 2, "timeout": "20s"}
    return desk_on(database, folder, outlets.urls, every="1s", fetch=fetch)


def wait_for_rounds(outlets: Outlets, rounds: int, said: str) -> None:
    """Wait until each host was asked so many times again."""
    before = asked_by_host(outlets)
    wait_for(lambda: all(count >= rounds for count in (asked_by_host(outlets) - before).values())
             and len(asked_by_host(outlets) - before) == HOSTS, said)  # fmt: skip


def asked_by_host(outlets: Outlets) -> Counter[str]:
    return Counter(asked.url.rpartition("/")[0] for asked in outlets.asked)


def assert_peace(outlets: Outlets) -> None:
    assert outlets.smallest_gap() > LEAST_GAP * SPACING
    assert outlets.overlapping == [], "a feed was polled twice at a time"


def holders(database: Database) -> Counter[str | None]:
    """Count the shards that each process holds."""
    with database.read() as db:
        return Counter(shard.owner for shard in list_host_shards(db))


def test_spacing_holds_while_workers_come_end_and_are_killed(
    postgresql: Database, tmp_path: Path, outlets: Outlets
) -> None:
    desk = share(postgresql, tmp_path / "desk", outlets)
    with ExitStack() as ended:
        first = ended.enter_context(Worker(desk))
        wait_for_rounds(outlets, 2, "one worker at work")
        second = ended.enter_context(Worker(desk))
        third = ended.enter_context(Worker(desk))
        wait_for(lambda: len(holders(postgresql)) == 3 and None not in holders(postgresql), "three shares")
        wait_for_rounds(outlets, 2, "three workers at work")
        code = first.end()
        wait_for_rounds(outlets, 2, "two workers at work")
        second.kill()
        wait_for_rounds(outlets, 2, "the third asks the hosts of the second")
        shares = holders(postgresql)
        code_of_third = third.end()

    assert (code, code_of_third) == (0, 0)
    assert len(shares) == 1
    assert_peace(outlets)


@pytest.mark.slow
def test_shares_are_equal_and_follow_who_is_at_work(postgresql: Database, tmp_path: Path, outlets: Outlets) -> None:
    desk = share(postgresql, tmp_path / "desk", outlets)
    with ExitStack() as ended:
        for number in (1, 2, 3, 4):
            ended.enter_context(Worker(desk))
            wait_for(
                lambda number=number: (
                    len(counts := holders(postgresql)) == number  # type: ignore[misc]
                    and None not in counts
                    and max(counts.values()) == -(-64 // number)
                ),
                f"{number} equal shares",
            )

    assert_peace(outlets)


@pytest.mark.slow
def test_spacing_holds_over_a_restart_of_the_database(tmp_path: Path, outlets: Outlets) -> None:
    binaries = postgres.find_binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL binaries")
    server = postgres.Server(binaries)
    try:
        server.execute("CREATE DATABASE restarted")
        with Database(server.url("restarted")) as database, ExitStack() as ended:
            upgrade_schema(database)
            desk = share(database, tmp_path / "desk", outlets)
            workers = [ended.enter_context(Worker(desk)) for _number in range(2)]
            wait_for(lambda: len(holders(database)) == 2 and None not in holders(database), "two shares")
            wait_for_rounds(outlets, 2, "two workers at work")
            server.halt()
            time.sleep(5)
            server.start()
            wait_for_rounds(outlets, 3, "both at work again")
            assert [worker.end() for worker in workers] == [0, 0]
    finally:
        server.stop()

    assert_peace(outlets)


@pytest.mark.parametrize(
    "ahead",
    [
        pytest.param(timedelta(minutes=10), id="10 min ahead"),
        pytest.param(timedelta(minutes=-10), id="10 min behind", marks=pytest.mark.slow),
        pytest.param(timedelta(hours=3), id="3 h ahead", marks=pytest.mark.slow),
    ],
)
def test_hosts_are_left_by_and_to_a_worker_whose_clock_is_wrong(
    postgresql: Database, tmp_path: Path, outlets: Outlets, ahead: timedelta
) -> None:
    desk = share(postgresql, tmp_path / "desk", outlets)
    with ExitStack() as ended:
        wrong = ended.enter_context(Worker(desk, ahead))
        wait_for_rounds(outlets, 1, "the wrong one at work, alone")
        right = ended.enter_context(Worker(desk))
        wait_for(lambda: right.process.pid in pids(postgresql) and wrong.process.pid not in pids(postgresql), "leave")
        count = len(outlets.asked)
        wait_for(lambda: len(outlets.asked) > count + HOSTS, "the right one at work")
        right.kill()
        wait_for(lambda: pids(postgresql) == {wrong.process.pid}, "all shards with the wrong one again")
        assert wrong.events("hosts not shared")
        assert wrong.end() == 0

    assert_peace(outlets)


def pids(database: Database) -> set[int]:
    """Return the processes that hold shards; every shard has to be held."""
    return {int(owner.partition("#")[0].rpartition(":")[2]) if owner else 0 for owner in holders(database)}


def test_spacing_holds_where_a_worker_is_held_up_for_longer_than_its_lease(
    postgresql: Database, tmp_path: Path, outlets: Outlets
) -> None:
    desk = share(postgresql, tmp_path / "desk", outlets)
    with ExitStack() as ended:
        one, other = (ended.enter_context(Worker(desk)) for _number in range(2))
        wait_for(lambda: len(holders(postgresql)) == 2 and None not in holders(postgresql), "two shares")
        wait_for_rounds(outlets, 2, "both at work")
        one.signal(signal.SIGSTOP)
        wait_for(lambda: len(holders(postgresql)) == 1, "all shards with the other")
        wait_for_rounds(outlets, 2, "the other at work")
        one.signal(signal.SIGCONT)
        wait_for(lambda: len(holders(postgresql)) == 2, "two shares again")
        wait_for_rounds(outlets, 2, "both at work again")
        assert [worker.end() for worker in (one, other)] == [0, 0]

    assert_peace(outlets)


def test_a_command_and_the_local_engine_beside_a_worker_leave_hosts_in_peace(
    postgresql: Database, tmp_path: Path, outlets: Outlets
) -> None:
    desk = share(postgresql, tmp_path / "desk", outlets)
    with ExitStack() as ended:
        worker = ended.enter_context(Worker(desk))
        wait_for_rounds(outlets, 2, "the worker at work")
        summary = desk.json("poll", "--all")
        after = holders(postgresql)
        wait_for_rounds(outlets, 1, "the worker at work again")
        desk.environ = desk.environ | {"WATCHER_ENGINE": "local"}
        local = ended.enter_context(Worker(desk))
        wait_for(lambda: len(holders(postgresql)) == 2 and None not in holders(postgresql), "two shares")
        wait_for_rounds(outlets, 2, "both at work")
        assert [each.end() for each in (worker, local)] == [0, 0]

    assert summary["feeds"]["due"] == len(outlets.urls)
    assert summary["held"] == []
    assert not any(owner is not None and owner.startswith("command") for owner in after)
    assert_peace(outlets)
