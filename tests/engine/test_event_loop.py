"""The event loop runs on while the database is slow: no statement is executed in its thread."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import event
from sqlalchemy.engine import Engine

from tests.moments import NOON
from tests.servers import MailServer
from tests.web_server import Reply, Server, rss
from watcher.app.bootstrap import open_app
from watcher.engine.jobs import Jobs
from watcher.fetch import Fetcher
from watcher.store.database import Database
from watcher.store.hits.search import find_hits

pytestmark = pytest.mark.anyio

STATEMENT_SECONDS = 0.5
MAX_STALL_SECONDS = 0.4
"""Far more than a loop stops on a busy machine, and less than one statement takes."""


class SlowDatabase:
    """Makes every statement take STATEMENT_SECONDS the first time, and notes in which threads statements ran.

    The same statement is quick when it comes again: what waits for it is the same code. In the thread that made this,
    which is the event loop's, each is slow.
    """

    def __init__(self) -> None:
        self.threads: set[int] = set()
        self.statements = 0
        self._seen: set[str] = set()
        self._made_by = threading.get_ident()

    def __call__(self, _connection: Any, _cursor: Any, statement: str, *_arguments: Any) -> None:
        thread = threading.get_ident()
        self.threads.add(thread)
        self.statements += 1
        if statement not in self._seen or thread == self._made_by:
            self._seen.add(statement)
            time.sleep(STATEMENT_SECONDS)


@contextmanager
def slow_database() -> Iterator[SlowDatabase]:
    slow = SlowDatabase()
    event.listen(Engine, "before_cursor_execute", slow)
    try:
        yield slow
    finally:
        event.remove(Engine, "before_cursor_execute", slow)


class LoopWatch:
    """Measures the longest time for which the event loop ran no task; CPU that others took counts as well."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def run(self) -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.01)
            self.longest = max(self.longest, time.perf_counter() - before - 0.01)


def configure(folder: Path, feed_url: str, mail_port: int) -> None:
    folder.mkdir()
    main = {
        "fetch": {"allow": ["127.0.0.0/8"], "spacing": "0s", "websub": True},
        "web": {"base_url": "https://watcher.example"},
        "channels": {
            "mail": {
                "kind": "email",
                "host": "127.0.0.1",
                "port": mail_port,
                "security": "none",
                "sender": "watcher@desk.example",
                "to": ["analyst@desk.example"],
            }
        },
        "digests": [{"name": "daily", "schedule": "0 7 * * *", "channels": ["mail"]}],
    }
    (folder / "watcher.yaml").write_text(yaml.safe_dump(main), encoding="utf-8")
    (folder / "feeds.yaml").write_text(yaml.safe_dump({"feeds": [{"url": feed_url}]}), encoding="utf-8")
    topics = {"topics": [{"id": "eyes", "name": "Five Eyes", "query": '"five eyes"'}]}
    (folder / "topics.yaml").write_text(yaml.safe_dump(topics), encoding="utf-8")


async def test_polling_pushes_and_delivery_never_stop_the_loop(tmp_path: Path) -> None:
    now = NOON
    with Server() as outlet, MailServer() as mail:
        hub = f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="hub" href="{outlet.url}/hub"/>'
        topic = f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="self" href="{outlet.url}/feed"/>'
        outlet.pages["/feed"] = Reply(rss(("1", "Old news"), extra=hub + topic))
        configure(tmp_path / "desk", f"{outlet.url}/feed", mail.port)
        app = open_app(tmp_path / "desk", {"WATCHER_STATE": str(tmp_path / "state")})
        app.sync(NOON)
        _ = app.matcher, app.activity  # compiled and imported before time is measured
        async with Fetcher(app.fetch_policy()) as fetcher:
            jobs = Jobs(app, fetcher, lambda: now)
            async with jobs:
                await jobs.poller.run_once()
                outlet.pages["/feed"] = Reply(rss(("2", "Five Eyes partners meet"), extra=hub + topic))
                watch = LoopWatch()
                with slow_database() as slow:
                    measuring = asyncio.create_task(watch.run())
                    now = NOON + timedelta(hours=1)
                    await jobs.record_heartbeat()
                    await jobs.recover_dead_leases()
                    await jobs.recover_silent_leases()
                    await jobs.poller.poll_for(timedelta(seconds=0.5))
                    while jobs.poller.in_flight:
                        await asyncio.sleep(0.05)
                    await jobs.subscribe()
                    await jobs.subscriber.verify("unknown", {"hub.mode": "subscribe"})
                    await jobs.subscriber.accept("unknown", {}, b"")
                    now = NOON + timedelta(days=1)
                    await jobs.compose()
                    await jobs.deliver()
                    await jobs.wait_until_sent()
                    await jobs.clock_monitor.check_step()
                    await jobs.sign_off()
                    measuring.cancel()
        with app.database.read() as db:
            hits = find_hits(db).items
        app.close()

    assert len(hits) == 1
    assert [message["To"] for message in mail.messages] == ["analyst@desk.example"]
    assert slow.statements > 20
    assert threading.get_ident() not in slow.threads, "a statement ran in the event loop's thread"
    assert watch.longest < MAX_STALL_SECONDS


def test_the_measure_sees_a_statement_in_the_loop(sqlite: Database) -> None:
    watch = LoopWatch()

    async def read_in_loop() -> None:
        measuring = asyncio.create_task(watch.run())
        await asyncio.sleep(0.05)
        with sqlite.read():
            await asyncio.sleep(0)
        await asyncio.sleep(0.05)
        measuring.cancel()

    with slow_database() as slow:
        asyncio.run(read_in_loop())

    assert threading.get_ident() in slow.threads
    assert watch.longest >= STATEMENT_SECONDS / 2
