"""What befalls ourselves: processes killed, doubled and late, the database away, clocks that jump, too much at once."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import signal
import time
from collections import Counter
from datetime import timedelta

import psutil
import pytest
from sqlalchemy import text

from tests import postgres
from tests.faults import behaviours as b
from tests.faults.machine import DAY, HOUR, MINUTE, NOON, Machine
from tests.faults.mortal import main
from tests.faults.yard import Outlet, Talk, Yard
from watcher.errors import StoreError
from watcher.model.feed import FeedConfig
from watcher.pipeline.feed_claims import CLAIM_LEASE, FeedSelection
from watcher.pipeline.ingest_result import IngestResult
from watcher.store.database import Database
from watcher.store.entries.queries import count_entries, load_entries_after
from watcher.store.feeds.configuration import sync_feeds
from watcher.store.feeds.leases import claim_due_feeds
from watcher.store.feeds.queries import load_feeds
from watcher.store.hits.search import find_hits
from watcher.store.system.clock_faults import reschedule_all

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.faults.mortal"])
A_AND_B = [FeedConfig(url=f"https://{host}.example/{n}") for host in ("a", "b") for n in range(4)]


def started(database: Database, point: str = "", passes: int = 0, minutes: int = 0, owner: str = "mortal") -> object:
    url = database.url.render_as_string(hide_password=False)
    process = PROCESSES.Process(target=main, args=(url, point, passes, minutes, owner))
    process.start()
    return process


def lives(process: object) -> bool:
    """Wait for a process; tell whether it got to its end."""
    assert isinstance(process, PROCESSES.Process)
    process.join(60)
    assert process.exitcode in {0, -signal.SIGKILL}
    return process.exitcode == 0


@pytest.mark.parametrize("point", ["claimed", "fetched", "read", "settled", "committed"])
def test_row_78_process_killed_on_its_way_loses_and_doubles_nothing(sqlite: Database, yard: Yard, point: str) -> None:
    outlets = [Outlet(yard, b.well(3), f"local{n}") for n in range(4)]
    with Machine(sqlite) as machine:
        machine.names.known |= {}
        machine.watch(*(outlet.url for outlet in outlets))

    died = not lives(started(sqlite, point, passes=1 if point in {"claimed", "fetched", "read"} else 0))
    assert lives(started(sqlite, minutes=1)), "before the lease has ended"
    assert lives(started(sqlite, minutes=CLAIM_LEASE.seconds // 60 + 1)), "and after"

    assert died
    with sqlite.read() as db:
        titles = Counter(stored.entry.feed_url for stored in load_entries_after(db))
        assert titles == {outlet.url: 3 for outlet in outlets}
        assert len(find_hits(db, limit=50).items) == 12
        assert all(feed.poll.validators.etag == '"good-3"' for feed in load_feeds(db))


def test_row_79_two_processes_poll_no_feed_twice(postgresql: Database, yard: Yard) -> None:
    outlets = [Outlet(yard, b.well(2), f"host{n}.example") for n in range(30)]
    with Machine(postgresql) as machine:
        machine.watch(*(outlet.url for outlet in outlets))

    both = [started(postgresql, owner=owner) for owner in ("one", "two")]
    assert all(lives(process) for process in both)

    assert [len(outlet.asked) for outlet in outlets] == [1] * 30
    with postgresql.read() as db:
        assert count_entries(db) == 60
    assert lives(started(postgresql, minutes=1))
    assert sum(len(outlet.asked) for outlet in outlets) == 30, "nor before it is due again"


def test_row_80_answer_that_comes_after_the_lease_has_ended_changes_nothing(database: Database, yard: Yard) -> None:
    outlet = Outlet(yard, b.well(2))

    async def slow(talk: Talk) -> None:
        await talk.request()
        await asyncio.to_thread(overtake)
        await talk.send(b.answer(b.rss(2), ETag='"late"'))

    def overtake() -> None:
        outlet.says = b.well(3)
        with Machine(database, owner="two") as other:
            other.poll(NOON + CLAIM_LEASE + MINUTE, due_only=True)

    with Machine(database, total=timedelta(seconds=20), read=timedelta(seconds=20)) as machine:
        machine.watch(outlet.url)
        outlet.says = slow
        machine.poll()

        assert machine.feed(outlet.url).poll.validators.etag == '"good-3"'
        assert machine.stored()[outlet.url] == ["News 3", "News 2", "News 1"]
        assert len(machine.history(outlet.url)) == 1


def test_row_81_database_that_goes_away_loses_nothing_and_starts_no_storm(
    postgresql: Database, postgres_server: postgres.Server, yard: Yard
) -> None:
    outlet = Outlet(yard, b.well(2))
    name = str(postgresql.url.database)

    def away(yes: bool) -> None:
        postgres_server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {'false' if yes else 'true'}")
        if yes:
            postgres_server.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")

    async def pulls_the_plug(talk: Talk) -> None:
        await talk.request()
        await asyncio.to_thread(away, True)
        await talk.send(b.answer(b.rss(2), ETag='"1"'))

    # What was read is kept for three minutes in a daemon, and tried again: longer than a test should wait.
    with Machine(postgresql, retry_writes_for=timedelta(seconds=2)) as machine:
        machine.watch(outlet.url)
        outlet.says = pulls_the_plug
        with contextlib.suppress(StoreError):
            machine.poll(due_only=True)
        for minute in range(3):
            with pytest.raises(StoreError):
                machine.poll(NOON + minute * MINUTE, due_only=True)
        asked = len(outlet.asked)
        away(False)
        outlet.says = b.well(2)
        machine.poll(NOON + CLAIM_LEASE + MINUTE, due_only=True)

        assert asked == 1, "who cannot store does not ask"
        assert len(outlet.asked) == 2
        assert machine.stored()[outlet.url] == ["News 2", "News 1"]
        assert machine.feed(outlet.url).poll.failures == 0


@pytest.mark.parametrize("jump", [HOUR, -HOUR, 400 * DAY, -400 * DAY])
def test_row_82_clock_that_jumped_and_came_back_stops_no_feed(sqlite: Database, yard: Yard, jump: timedelta) -> None:
    outlet = Outlet(yard, b.well(2))
    with Machine(sqlite) as machine:
        machine.watch(outlet.url)
        machine.poll()
        machine.poll(NOON + jump)
        outlet.says = b.well(4)

        # The daemon makes due what a wrong clock put off as it starts, and when it notices a step.
        machine.now = NOON + 2 * HOUR
        with sqlite.write() as db:
            reschedule_all(db, machine.now)
        machine.poll(machine.now + 2 * HOUR, due_only=True)

        assert "News 4" in machine.stored()[outlet.url]


def test_lease_of_a_clock_that_was_wrong_holds_nobody_up(sqlite: Database, yard: Yard) -> None:
    outlet = Outlet(yard, b.well(2))
    with Machine(sqlite) as machine:
        machine.watch(outlet.url)
        with sqlite.write() as db:
            claim_due_feeds(db, NOON + 400 * DAY, limit=1, lease_for=CLAIM_LEASE, owner="dead")

        assert machine.poll(due_only=True).fetched == 1


def test_row_83_restart_asks_nobody_before_the_time(sqlite: Database, yard: Yard) -> None:
    outlets = [Outlet(yard, b.well(2), f"host{n}.example") for n in range(3)]
    for minute in (0, 1, 2):
        with Machine(sqlite) as machine:
            machine.now = NOON + minute * MINUTE
            machine.watch(*(outlet.url for outlet in outlets))
            machine.poll(due_only=True)

    assert [len(outlet.asked) for outlet in outlets] == [1, 1, 1]


def test_row_84_feeds_of_one_host_take_turns_and_keep_no_other_waiting(sqlite: Database, yard: Yard) -> None:
    begun: list[float] = []
    open_now, most_open = 0, 0

    async def counts(talk: Talk) -> None:
        nonlocal open_now, most_open
        await talk.request()
        begun.append(time.monotonic())
        open_now += 1
        most_open = max(most_open, open_now)
        await asyncio.sleep(0.02)
        await talk.send(b.answer(b.rss(1)))
        open_now -= 1

    crowd = Outlet(yard, counts, "crowded.example")
    other = Outlet(yard, b.well(2), "quiet.example")
    finished: dict[str, float] = {}
    spacing = 0.05
    # Patience ends long before the last of them has had its turn: waiting for it is not the server's fault.
    patience = timedelta(seconds=3)

    def note_end(result: IngestResult) -> None:
        finished.setdefault(result.before.config.url, time.monotonic())

    with Machine(
        sqlite, per_host=1, spacing=timedelta(seconds=spacing), total=patience, on_ingested=note_end
    ) as machine:
        machine.watch(*(crowd.at(f"/{n}") for n in range(80)), other.url)

        polled = machine.poll(due_only=True)

    assert (polled.fetched, polled.failed) == (81, 0)
    assert most_open == 1
    assert begun[-1] - begun[0] > 79 * spacing * 0.9
    assert finished[other.url] < begun[60], "it does not wait behind the crowd"


def test_row_84_a_host_that_one_process_is_busy_with_is_left_to_it(postgresql: Database) -> None:
    with postgresql.write() as db:
        # Those of one host are longer overdue: of feeds that are due at the same moment any may come first.
        sync_feeds(db, A_AND_B[:4], NOON - MINUTE, HOUR)
        sync_feeds(db, A_AND_B, NOON, HOUR)
        mine = claim_due_feeds(db, NOON, limit=2, lease_for=CLAIM_LEASE, owner="one", per_host=2)
        theirs = claim_due_feeds(db, NOON, limit=9, lease_for=CLAIM_LEASE, owner="two", per_host=2)

    assert len({feed.config.url.split("/")[2] for feed in mine}) == 1
    assert {feed.config.url.split("/")[2] for feed in theirs}.isdisjoint(feed.config.url.split("/")[2] for feed in mine)
    assert len(theirs) == 2


def test_row_84_no_more_is_taken_than_asked_for_where_the_planner_compares_each_feed(postgresql: Database) -> None:
    with postgresql.write() as db:
        sync_feeds(db, A_AND_B, NOON, HOUR)
        # What is left is a nested loop, which evaluates a subquery once for each feed.
        for plan in (
            "hashjoin",
            "mergejoin",
            "hashagg",
            "sort",
            "material",
            "indexscan",
            "indexonlyscan",
            "bitmapscan",
        ):
            db.execute(text(f"SET LOCAL enable_{plan} = off"))
        taken = claim_due_feeds(db, NOON, limit=2, lease_for=CLAIM_LEASE, owner="one", per_host=2)

    assert len(taken) == 2


def test_row_85_ten_thousand_due_at_once_take_their_turns_oldest_first(sqlite: Database) -> None:
    sources = [FeedConfig(url=f"https://host{n}.example/feed") for n in range(10_000)]
    with sqlite.write() as db:
        for part in range(10):
            sync_feeds(db, sources[: (part + 1) * 1000], NOON + part * MINUTE, HOUR)
    process = psutil.Process()
    before = process.memory_info().rss
    taken: list[str] = []
    with sqlite.write() as db:
        while claimed := claim_due_feeds(db, NOON + HOUR, limit=64, lease_for=CLAIM_LEASE, per_host=4):
            assert len(claimed) <= 64
            taken += [feed.config.url for feed in claimed]

    order = [int(url.removeprefix("https://host").removesuffix(".example/feed")) // 1000 for url in taken]
    assert len(set(taken)) == len(taken) == 10_000
    assert order == sorted(order)
    assert process.memory_info().rss - before < 100 * 2**20


def test_a_fault_of_our_own_in_one_feed_disturbs_no_other(machine: Machine, yard: Yard) -> None:
    good = Outlet(yard, b.well(2), "good.example")
    bad = Outlet(yard, b.well(2), "bad.example")
    machine.watch(good.url, bad.url)
    with machine.database.write() as db:
        # What no code of ours writes: a state that does not exist.
        db.exec_driver_sql("UPDATE feeds SET document_keys = 'x' WHERE url = ?", (bad.url,))

    polled = machine.poll()

    assert polled.fetched == 2


def test_loop_is_not_held_up_while_large_documents_are_read(machine: Machine, yard: Yard) -> None:
    from tests.faults import documents as d

    heavy = d.text(3, more="<description>" + "&lt;b&gt;Five Eyes&lt;/b&gt; " * 60_000 + "</description>").encode()
    outlets = [Outlet(yard, b.body(heavy.replace(b"</rss>", b"")), f"host{n}.example") for n in range(6)]
    machine.watch(*(outlet.url for outlet in outlets))
    gaps: list[float] = []

    async def heartbeat() -> None:
        last = time.monotonic()
        while True:
            await asyncio.sleep(0.005)
            gaps.append(time.monotonic() - last)
            last = time.monotonic()

    async def cycle() -> None:
        beat = asyncio.create_task(heartbeat())
        await machine.poller.run_once(FeedSelection(include_all=True))
        beat.cancel()

    machine._runner.run(cycle())

    assert len(gaps) > 5
    assert sorted(gaps)[len(gaps) // 2] < 0.5
