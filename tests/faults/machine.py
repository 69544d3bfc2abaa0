"""The watcher's way in, whole, on loopback: names that a test gives, a clock that it sets, patience cut short."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self

from tests.pipeline.polling import create_poller
from watcher.fetch import Fetcher, FetchPolicy
from watcher.match import TopicMatcher, compile_topics
from watcher.model.feed import Feed, FeedConfig
from watcher.model.topic import Topic
from watcher.pipeline.checkpoints import Checkpoint, ignore_checkpoint
from watcher.pipeline.context import ignore_result
from watcher.pipeline.feed_claims import CLAIM_LEASE, FeedSelection
from watcher.pipeline.ingest_result import IngestResult
from watcher.pipeline.poll_summary import PollSummary
from watcher.store.database import Database
from watcher.store.entries.queries import load_entries_after
from watcher.store.feeds.configuration import sync_feeds
from watcher.store.feeds.poll_history import PollRecord, load_polls
from watcher.store.feeds.queries import load_feed

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
HASTY = FetchPolicy(
    allow=("127.0.0.0/8", "::1/128"),
    connect=timedelta(seconds=2),
    read=timedelta(seconds=2),
    total=timedelta(seconds=4),
    resolve=timedelta(seconds=1),
    slow_after=timedelta(seconds=1.5),
    spacing=timedelta(0),
    per_host=8,
)
"""The shipped limits of bytes, and a fraction of the time."""
EYES = compile_topics([Topic(id="eyes", name="Five Eyes", query='"five eyes"')])


class Names:
    """A name service that knows every name as this machine, but for what a test says of one."""

    def __init__(self) -> None:
        self.known: dict[str, list[str] | OSError] = {}
        self.silent: set[str] = set()
        self.asked: Counter[str] = Counter()

    async def __call__(self, host: str, _port: int) -> list[str]:
        self.asked[host] += 1
        if host in self.silent:
            await asyncio.sleep(60)
        addresses = self.known.get(host, ["127.0.0.1"])
        if isinstance(addresses, OSError):
            raise addresses
        return addresses


def no_such_name() -> OSError:
    return socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def try_again() -> OSError:
    return socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


class Machine:
    """A database, a fetcher and a poller, kept from poll to poll as in a daemon."""

    def __init__(
        self,
        database: Database,
        policy: FetchPolicy = HASTY,
        *,
        matcher: TopicMatcher = EYES,
        context: ssl.SSLContext | None = None,
        owner: str = "one",
        checkpoint: Checkpoint = ignore_checkpoint,
        on_ingested: Callable[[IngestResult], None] = ignore_result,
        retry_writes_for: timedelta = CLAIM_LEASE,
        **changed: object,
    ) -> None:
        self.database = database
        self.names = Names()
        self.now = NOON
        self._runner = asyncio.Runner()
        self.fetcher = Fetcher(replace(policy, **changed), self.names, context)  # type: ignore[arg-type]
        self.poller = create_poller(
            database,
            self.fetcher,
            matcher,
            lambda: self.now,
            owner=owner,
            checkpoint=checkpoint,
            on_ingested=on_ingested,
            retry_writes_for=retry_writes_for,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._runner.run(self.poller.__aexit__())
        self._runner.run(self.fetcher.__aexit__())
        self._runner.close()

    def watch(self, *urls: str, **options: object) -> None:
        with self.database.write() as db:
            sources = [FeedConfig(url=url, **options) for url in urls]  # type: ignore[arg-type]
            sync_feeds(db, sources, self.now, timedelta(minutes=15))

    def poll(self, now: datetime | None = None, *, urls: Iterable[str] = (), due_only: bool = False) -> PollSummary:
        """Poll once: every feed, or those of some addresses, or those that are due."""
        self.now = now or self.now
        chosen = tuple(urls)
        selection = FeedSelection(urls=chosen or None, include_all=not chosen and not due_only)
        return self._runner.run(self.poller.run_once(selection))

    def feed(self, url: str) -> Feed:
        with self.database.read() as db:
            return load_feed(db, url)

    def history(self, url: str) -> list[PollRecord]:
        """Give a feed's polls, the latest first."""
        with self.database.read() as db:
            return list(load_polls(db, load_feed(db, url).id))

    def stored(self) -> Mapping[str, list[str]]:
        """Give the headlines of each feed, in order of discovery."""
        titles: dict[str, list[str]] = {}
        after = 0
        with self.database.read() as db:
            while some := load_entries_after(db, after_id=after):
                for stored in some:
                    titles.setdefault(stored.entry.feed_url, []).append(stored.entry.item.title)
                after = some[-1].id
        return titles
