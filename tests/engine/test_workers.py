"""Several real workers on one PostgreSQL: the work is shared, done once, and taken up from those that die."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
from collections import Counter
from contextlib import ExitStack
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest
from procrastinate.schema import SchemaManager

from tests.e2e.machine import COMMAND
from tests.engine.outlets import Outlets
from tests.engine.processes import Worker, configure, desk_on, wait_for
from tests.postgres import Server
from tests.servers import MailServer
from watcher import clock
from watcher.engine import create_engine_tables
from watcher.model.feed import FeedConfig
from watcher.model.results import Filters
from watcher.settings import EngineName
from watcher.store.database import Database
from watcher.store.database.maintenance import find_database_faults
from watcher.store.digests.queries import find_digests, list_digest_hit_ids
from watcher.store.entries.queries import count_entries
from watcher.store.feeds.configuration import sync_feeds
from watcher.store.feeds.leases import claim_due_feeds, list_feed_lease_owners
from watcher.store.feeds.poll_history import load_polls
from watcher.store.feeds.queries import load_feeds
from watcher.store.feeds.shards import list_host_shards
from watcher.store.hits.search import find_hits
from watcher.store.outbox.queries import count_deliveries_by_state
from watcher.store.system.key_values import get_value, set_value
from watcher.store.system.workers import list_workers

EVERY = 3.0


def all_polled(database: Database) -> bool:
    with database.read() as db:
        known = load_feeds(db)
    return bool(known) and all(feed.poll.polled_at is not None for feed in known)


def test_the_work_is_shared_and_no_feed_polled_twice_in_an_interval(postgresql: Database, tmp_path: Path) -> None:
    with Outlets(hosts=24, feeds_each=2) as outlets:
        desk = desk_on(postgresql, tmp_path / "desk", outlets.urls, every=f"{EVERY:.0f}s")
        with Worker(desk) as one, Worker(desk) as two:
            wait_for(lambda: one.polled() >= 20 and two.polled() >= 20, "both at work")
            wait_for(lambda: all(len(outlets.times(url)) >= 3 for url in outlets.urls), "three rounds")
            with postgresql.read() as db:
                at_work = list_workers(db, clock.now())
            codes = one.end(), two.end()
        polled = one.polled() + two.polled()
        ticks = Counter((said["task"], said["at"]) for each in (one, two) for said in each.events("tick"))

    assert codes == (0, 0)
    assert len(at_work) == 2
    gaps = [later - earlier for url in outlets.urls for earlier, later in pairwise(outlets.times(url))]
    assert min(gaps) > EVERY * 0.8
    assert polled >= 3 * len(outlets.urls)
    assert {task for task, _at in ticks} >= {"compose", "deliver", "clear"}
    assert set(ticks.values()) == {1}, "a tick ran in both"
    with postgresql.read() as db:
        assert count_entries(db) == len(outlets.urls)
        assert list_feed_lease_owners(db) == frozenset()
        assert all(shard.owner is None for shard in list_host_shards(db))
        assert list_workers(db, clock.now()) == ()
    assert find_database_faults(postgresql) == ()


def test_what_a_killed_worker_had_in_hand_the_other_finishes(postgresql: Database, tmp_path: Path) -> None:
    with Outlets(hosts=24, feeds_each=2) as outlets, ExitStack() as ended:
        outlets.shut()
        desk = desk_on(postgresql, tmp_path / "desk", outlets.urls, every="1h")
        doomed = ended.enter_context(Worker(desk))
        wait_for(lambda: len(outlets.asked) >= 20, "feeds in mid-poll")
        other = ended.enter_context(Worker(desk))
        wait_for(lambda: other.events("started"), "the other at work")

        doomed.kill()
        killed_at = time.monotonic()
        outlets.open()
        wait_for(lambda: all_polled(postgresql), "every feed polled")
        took = time.monotonic() - killed_at
        ended_well = other.end()

    assert ended_well == 0
    assert took < 60, "long before the lease would have ended"
    with postgresql.read() as db:
        assert count_entries(db) == len(outlets.urls)
        assert len(find_hits(db, Filters(), limit=200).items) == len(outlets.urls)
        assert all(len(load_polls(db, feed.id)) == 1 for feed in load_feeds(db))


def test_what_an_earlier_version_had_queued_is_polled_at_once(postgresql: Database, tmp_path: Path) -> None:
    """Its feeds are held for whichever process takes the job, which nobody knows any more."""
    with Outlets(hosts=3, feeds_each=2) as outlets:
        desk = desk_on(postgresql, tmp_path / "desk", outlets.urls, every="1h")
        create_engine_tables(EngineName.PROCRASTINATE, postgresql)
        with postgresql.write() as db:
            sources = [FeedConfig(url=url, title=f"Outlet {n}") for n, url in enumerate(outlets.urls, 1)]
            sync_feeds(db, sources, clock.now(), timedelta(hours=1))
            minutes = timedelta(minutes=2)
            claimed = claim_due_feeds(db, clock.now(), limit=20, lease_for=minutes, owner="queue 0123456789ab")
        said = json.dumps({"chunk": [[feed.id, feed.lease] for feed in claimed]})
        with psycopg.connect(postgresql.conninfo, autocommit=True) as connection:
            connection.execute(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock, args, status) "
                "VALUES ('polls', 'poll', 'lost', %s, 'doing')",
                (said,),
            )

        with Worker(desk) as worker:
            wait_for(lambda: all_polled(postgresql), "every feed polled, long before the claim would have ended")
            assert worker.end() == 0

    with psycopg.connect(postgresql.conninfo) as connection:
        jobs = connection.execute("SELECT count(*) FROM procrastinate_jobs WHERE queue_name = 'polls'").fetchone()
    assert jobs == (0,)
    assert len(outlets.asked) == len(outlets.urls)


def test_three_workers_send_each_digest_to_each_reader_once(postgresql: Database, tmp_path: Path) -> None:
    readers = [f"reader-{number}@desk.example" for number in range(4)]
    names = [f"alert-{number}" for number in range(4)]
    with Outlets(hosts=4, feeds_each=2) as outlets, MailServer() as server, ExitStack() as ended:
        mail = {"kind": "email", "host": "127.0.0.1", "port": server.port, "security": "none",
                "sender": "watcher@desk.example", "to": readers}  # fmt: skip
        alerts = [
            {"name": name, "schedule": "immediate", "channels": ["mail"], "include_baseline": True, "cooldown": "0s"}
            for name in names
        ]
        desk = desk_on(postgresql, tmp_path / "desk", outlets.urls, every="1h", channels={"mail": mail}, digests=alerts)
        workers = [ended.enter_context(Worker(desk)) for _number in range(3)]

        def told() -> bool:
            with postgresql.read() as db:
                counted = count_deliveries_by_state(db)
                known = find_digests(db).items
                members = {hit for each in known for hit in list_digest_hit_ids(db, each.id)}
            return len(members) == len(outlets.urls) and set(counted) == {"sent"}

        wait_for(told, "every hit told and every message sent")
        time.sleep(4)
        codes = [worker.end() for worker in workers]
        messages = list(server.messages)

    assert codes == [0, 0, 0]
    copies = Counter(str(message["Message-ID"]) for message in messages)
    assert max(copies.values()) == 1
    with postgresql.read() as db:
        known = find_digests(db).items
        told_by = {name: [each for each in known if each.name == name] for name in names}
        told_hits = {name: Counter(h for d in told_by[name] for h in list_digest_hit_ids(db, d.id)) for name in names}
    assert len(messages) == len(known) * len(readers)
    assert all(set(told.values()) == {1} and len(told) == len(outlets.urls) for told in told_hits.values())


def test_a_worker_told_to_end_gives_back_what_it_did_not_begin(postgresql: Database, tmp_path: Path) -> None:
    """Two feeds of one host, a long time between two requests: one is asked, the other waits for its turn."""
    with Outlets(hosts=1, feeds_each=3) as outlets:
        fetch = {"allow": ["127.0.0.0/8"], "spacing": "1m", "timeout": "20s"}
        desk = desk_on(postgresql, tmp_path / "desk", outlets.urls, every="1h", fetch=fetch)
        with Worker(desk) as worker:
            wait_for(lambda: worker.events("hits"), "one feed polled")
            code = worker.end()

    assert code == 0
    assert len(outlets.asked) == 1
    with postgresql.read() as db:
        assert list_feed_lease_owners(db) == frozenset()
        assert count_entries(db) == 1
        waiting = [feed for feed in load_feeds(db) if feed.poll.polled_at is None]
    assert len(waiting) == 2
    assert all(feed.poll.next_poll_at <= clock.now() for feed in waiting)


def test_turns_at_a_host_are_kept_across_workers(postgresql: Database, tmp_path: Path) -> None:
    with Outlets(hosts=1, feeds_each=6) as outlets, ExitStack() as ended:
        fetch = {"allow": ["127.0.0.0/8"], "spacing": "1s", "timeout": "20s"}
        desk = desk_on(postgresql, tmp_path / "desk", outlets.urls, every="1s", fetch=fetch)
        workers = [ended.enter_context(Worker(desk)) for _number in range(2)]
        wait_for(lambda: len(outlets.asked) >= 14, "two rounds of one host")
        assert [worker.end() for worker in workers] == [0, 0]

    starts = sorted(asked.at for asked in outlets.asked)
    assert min(later - earlier for earlier, later in pairwise(starts)) > 0.7


def test_a_reload_reaches_a_worker(postgresql: Database, tmp_path: Path) -> None:
    with Outlets(hosts=2, feeds_each=1) as outlets:
        desk = desk_on(postgresql, tmp_path / "desk", outlets.urls[:1], every="1h")
        with Worker(desk) as worker:
            wait_for(lambda: worker.events("hits"), "the first feed polled")
            configure(desk, outlets.urls, every="1h")
            worker.signal(signal.SIGHUP)
            wait_for(lambda: len(worker.events("hits")) == 2, "the second feed polled")
            assert worker.end() == 0

    assert Counter(asked.url for asked in outlets.asked) == dict.fromkeys(outlets.urls, 1)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_worker_on_sqlite_is_told_what_it_needs(database: Database, tmp_path: Path) -> None:
    desk = desk_on(database, tmp_path / "desk", ["http://127.0.0.1:1/feed"])

    done = desk.run("worker")

    assert done.returncode == 2
    assert "needs PostgreSQL" in done.stderr
    assert "watcher.yaml:" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_worker_of_the_local_engine_is_told_what_it_needs(postgresql: Database, tmp_path: Path) -> None:
    desk = desk_on(postgresql, tmp_path / "desk", ["http://127.0.0.1:1/feed"], engine="local")

    done = desk.run("worker")

    assert done.returncode == 2
    assert "engine: procrastinate" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_command_takes_part_and_status_tells_who_is_at_work(postgresql: Database, tmp_path: Path) -> None:
    with Outlets(hosts=1, feeds_each=1) as outlets:
        desk = desk_on(postgresql, tmp_path / "desk", outlets.urls, every="1h")
        worker = subprocess.Popen([COMMAND, "worker"], env=desk.env, cwd=desk.folder, stderr=subprocess.PIPE)
        try:
            wait_for(lambda: all_polled(postgresql), "the feed polled")
            at_work = desk.json("status")["workers"]
            worker.terminate()
            _out, said = worker.communicate(timeout=60)
        finally:
            worker.kill()

    assert worker.returncode == 0, said.decode()
    assert [each["owner"] for each in at_work] == [f"{socket.gethostname()}:{worker.pid}"]
    with postgresql.read() as db:
        assert list_workers(db, clock.now()) == ()


def test_upgrade_makes_the_engines_tables_too_and_the_check_finds_nothing_amiss(
    postgres_server: Server, tmp_path: Path
) -> None:
    postgres_server.execute("CREATE DATABASE empty")
    with Database(postgres_server.url("empty")) as empty:
        desk = desk_on(empty, tmp_path / "desk", ["http://127.0.0.1:1/feed"])
        before = desk.run("hits")
        first, again = desk.run("db", "upgrade"), desk.run("db", "upgrade")
        sound = desk.run("db", "check")

        assert before.returncode == 1
        assert "run `watcher db upgrade`" in before.stderr
        assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
        assert sound.returncode == 0, sound.stderr + sound.stdout
        with empty.read() as db:
            assert db.exec_driver_sql("SELECT count(*) FROM procrastinate_jobs").scalar_one() == 0
    postgres_server.execute("DROP DATABASE empty WITH (FORCE)")


def test_tables_of_an_older_engine_are_brought_up_to_date(postgresql: Database) -> None:
    scripts = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    former, functions = scripts[:-2], "SELECT count(*) FROM pg_proc WHERE proname LIKE 'procrastinate_%%'"
    with psycopg.connect(postgresql.conninfo, autocommit=True) as connection:
        for script in former:
            connection.execute(script.read_bytes())
    with postgresql.write() as db:
        set_value(db, "procrastinate", former[-1].name)
        before = db.exec_driver_sql(functions).scalar_one()

    create_engine_tables(EngineName.PROCRASTINATE, postgresql)

    with postgresql.read() as db:
        assert db.exec_driver_sql(functions).scalar_one() > before
        assert get_value(db, "procrastinate") == scripts[-1].name
    assert find_database_faults(postgresql) == ()
