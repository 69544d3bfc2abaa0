"""A database that can store nothing: no feed is blamed, nothing is lost, and the log does not fill up."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from tests.disks import fill, small_disk
from tests.log_lines import capture_log_lines
from tests.pipeline.test_poller import NOON, poll, watch
from tests.web_server import Reply, Server, rss
from watcher.errors import StorageError, StorageFault
from watcher.pipeline.storage_monitor import StorageMonitor
from watcher.store.database import Database
from watcher.store.database.migrate import upgrade_schema
from watcher.store.feeds.queries import load_feed

FULL = StorageError("database sqlite:////secret/place.db: database or disk is full", StorageFault.FULL)


class Watch:
    def __init__(self) -> None:
        self.at = 0.0
        self.watch = StorageMonitor(lambda: self.at)


def test_a_fault_is_logged_less_and_less_often_and_once_when_it_is_over() -> None:
    made = Watch()

    with capture_log_lines() as lines:
        for made.at in range(0, 2 * 3600, 5):
            made.watch.fail("poll", FULL)
        made.watch.succeed("poll")
        made.watch.succeed("poll")

    assert [line["seconds"] for line in lines] == [0, 60, 360, 2160, 3960, 5760, 7195]
    assert lines[-1]["event"] == "database can be used again"
    assert made.watch.fault is None


def test_a_fault_lasts_until_what_failed_works_again_and_names_no_place() -> None:
    made = Watch()

    made.watch.fail("settle", FULL)
    made.watch.succeed("beat")

    assert made.watch.fault == "the disk is full"
    made.watch.succeed("settle")
    assert made.watch.fault is None
    assert not made.watch.is_settled
    made.at += 31
    assert made.watch.is_settled


def test_what_is_rarely_tried_is_not_a_fault_for_ever() -> None:
    made = Watch()
    made.watch.fail("prune", FULL)

    made.at += 121

    assert made.watch.fault is None


def test_a_full_disk_blames_no_feed(tmp_path: Path, press: Server) -> None:
    with small_disk(tmp_path / "disk") as disk, Database(f"sqlite:///{disk / 'watcher.db'}") as database:
        upgrade_schema(database)
        press.pages["/feed"] = Reply(body=rss(("1", "Five Eyes meet|News.")))
        watch(database, press.url + "/feed")
        ballast = fill(disk)

        with pytest.raises(StorageError) as refused:
            poll(database, NOON)
        with database.read() as db:
            feed = load_feed(db, press.url + "/feed")
        ballast.unlink()
        polled = poll(database, NOON + timedelta(seconds=5))

    assert refused.value.fault is StorageFault.FULL
    assert (feed.poll.failures, feed.poll.polled_at, str(feed.state)) == (0, None, "active")
    assert (polled.new, polled.failed) == (1, 0)


def test_what_was_read_is_stored_once_there_is_room(tmp_path: Path, press: Server) -> None:
    with small_disk(tmp_path / "disk") as disk, Database(f"sqlite:///{disk / 'watcher.db'}") as database:
        upgrade_schema(database)

        with capture_log_lines() as lines:

            def free_once_it_is_said(filling: Path) -> None:
                # Not after a time: a busy machine may write only when there is room again.
                deadline = time.monotonic() + 60
                while "database cannot be used" not in {line["event"] for line in lines}:
                    if time.monotonic() > deadline:
                        break
                    time.sleep(0.05)
                filling.unlink()

            def fill_and_answer(_headers: dict[str, str]) -> Reply:
                threading.Thread(target=free_once_it_is_said, args=(fill(disk),)).start()
                words = (f"Five Eyes meet again, {n}|" + f"word{n} " * 50 for n in range(300))
                return Reply(body=rss(*((str(n), text) for n, text in enumerate(words))))

            press.pages["/feed"] = fill_and_answer
            watch(database, press.url + "/feed")
            polled = poll(database, NOON)

    assert (polled.new, polled.failed, len(press.asked)) == (300, 0, 1)
    assert [line["event"] for line in lines if line["event"].startswith("database")] == [
        "database cannot be used", "database can be used again",
    ]  # fmt: skip


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts")
def test_a_disk_that_is_read_only_is_said_so(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk, Database(f"sqlite:///{disk / 'watcher.db'}") as database:
        upgrade_schema(database)
        database.close()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)

        with pytest.raises(StorageError) as refused, database.write():
            pass
        database.close()

    assert refused.value.fault in {StorageFault.READ_ONLY, StorageFault.AWAY}


def test_a_database_that_is_locked_is_waited_for(sqlite: Database) -> None:
    assert sqlite.path is not None
    with Database(f"sqlite:///{sqlite.path}") as other, other.write():
        blocked = Database(f"sqlite:///{sqlite.path}")
        with blocked.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 50")
        with pytest.raises(StorageError) as refused, blocked.write():
            pass
        blocked.close()

    assert refused.value.fault is StorageFault.LOCKED
