"""A watcher on a configuration of its own, filled the way polls would fill it, and its application."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import httpx

from tests.migrated import copy_migrated, make_folder
from tests.moments import NOON
from tests.plain_http import NO_AUTHORITIES
from tests.store.filled import bring, item
from watcher.app.bootstrap import App, open_app
from watcher.fetch import Fetcher
from watcher.web import create_app, make_server
from watcher.web.connections import Timeouts
from watcher.web.context import WebContext
from watcher.web.server import PageServer

MAIN = """\
database: {url: "sqlite:///watcher.db"}
fetch: {allow: [127.0.0.0/8], spacing: 0s}
channels:
  files: {kind: file, folder: digests}
digests:
  - {name: daily, title: Daily digest, schedule: "0 7 * * *", channels: [files], empty: send, include_baseline: true}
"""
TOPICS = """\
# What is watched.
sets:
  spies: '"five eyes" OR fvey'
topics:
  # The alliance itself.
  - id: eyes
    name: Five Eyes
    query: "@spies"
  - id: cyber
    name: Cyber command
    description: Orders to and from it.
    query: '"cyber command" NOT chess'
"""
FEEDS = """\
# Where it is watched.
feeds:
  - {url: "https://harbour.example/feed.xml", title: The Harbour Post}
  - {url: "https://ledger.example/feed.xml", title: The Capital Ledger}
"""
AFTER_NEWS = NOON + timedelta(hours=2)
HARBOUR, LEDGER = "https://harbour.example/feed.xml", "https://ledger.example/feed.xml"


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class World:
    """An open watcher, its clock, and a browser's view of it."""

    app: App
    clock: Clock
    folder: Path
    fetcher: Fetcher | None = None
    site: WebContext = field(init=False)

    @contextmanager
    def served(self, timeouts: Timeouts | None = None) -> Iterator[str]:
        """Serve the page on a free port of loopback; gives its address."""
        page = create_app(self.app, clock=self.clock, fetcher=self.fetcher)
        self.site = page.state.context
        server = make_server(page, "127.0.0.1", 0, timeouts)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.005)
        try:
            yield f"http://127.0.0.1:{server.port}"
        finally:
            _stop(server, thread)

    @contextmanager
    def client(self) -> Iterator[httpx.Client]:
        """Serve the page and give a client of it, which keeps cookies and follows no redirect by itself."""
        with (
            self.served() as address,
            httpx.Client(base_url=address, timeout=20, trust_env=False, verify=NO_AUTHORITIES) as client,
        ):
            yield client

    def news(self) -> None:
        """Bring two reports of one event, an edit of one, a hit of another topic, and an entry that nothing matches."""
        text = "Senior officials of the Five Eyes alliance are reviewing which intelligence they pass to Washington."
        title = "Five Eyes partners weigh limits on intelligence shared with Washington"
        matcher, database = self.app.matcher, self.app.database
        bring(database, [item(1, "Storm petrels return", "Four hundred pairs.")], matcher=matcher, feed=HARBOUR)
        bring(database, [item(1, "Museum reopens", "A map room.")], matcher=matcher, feed=LEDGER)
        later = NOON + timedelta(minutes=20)
        bring(database, [item(2, title, text, language="en")], now=later, matcher=matcher, feed=HARBOUR)
        more = text + " Ministers in Ottawa will meet about it on Friday."
        bring(database, [item(2, title + ", officials say", more)], now=later + timedelta(minutes=30),
              matcher=matcher, feed=LEDGER)  # fmt: skip
        third = later + timedelta(minutes=40)
        bring(database, [item(3, "Cyber Command told to stand down", "An order.")], now=third, matcher=matcher,
              feed=LEDGER)  # fmt: skip
        edited = item(3, "Cyber Command told to pause", "An order, officials said.")
        bring(database, [edited], now=third + timedelta(minutes=10), matcher=matcher, feed=LEDGER)
        self.clock.now = AFTER_NEWS


def _stop(server: PageServer, thread: threading.Thread) -> None:
    """Stop a server, and wait for its end where somebody is still connected.

    Where nobody is, it ends by itself: uvicorn sleeps twice for a tenth of a second before, and every test would wait.
    """
    server.should_exit = True
    end = time.monotonic() + 0.05
    while server.server_state.connections:
        if time.monotonic() > end:
            thread.join(10)
            return
        time.sleep(0.002)


@contextmanager
def world(
    folder: Path,
    *,
    web: str = "",
    topics: str = TOPICS,
    environ: Mapping[str, str] | None = None,
    filled: Path | None = None,
) -> Iterator[World]:
    """Open a watcher on a configuration in `folder`, and on a copy of a database that was `filled` before.

    `web` is what stands in its `web:` section, `topics` its file of topics.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "watcher.yaml").write_text(MAIN + (f"web: {{{web}}}\n" if web else ""), "utf-8")
    (folder / "topics.yaml").write_text(topics, "utf-8")
    (folder / "feeds.yaml").write_text(FEEDS, "utf-8")
    state = {"WATCHER_STATE": str(folder / "var"), **(environ or {})}
    copy_migrated(Path(state["WATCHER_STATE"]) / "watcher.db", filled)
    app = open_app(folder, state)
    clock = Clock()
    try:
        app.sync(clock())
        yield World(app, clock, folder)
    finally:
        app.close()


@contextmanager
def world_with_news(folder: Path, web: str = "") -> Iterator[World]:
    """Open a watcher in which `World.news` are stored: once in a process, and copied for each test."""
    with world(folder, web=web, filled=_make_news_file()) as made:
        made.clock.now = AFTER_NEWS
        yield made


@cache
def _make_news_file() -> Path:
    folder = make_folder()
    with world(folder) as made:
        made.news()
    return folder / "var" / "watcher.db"
