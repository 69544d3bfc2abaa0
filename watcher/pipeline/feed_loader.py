"""Loads one feed: requests its document, parses it, and adds article pages where the feed asks for full text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from watcher.model.feed import Feed, FeedConfig
from watcher.model.poll import Failed, FailureKind, FetchResult, Modified, PollOutcome
from watcher.pipeline.connectivity import ConnectivityMonitor
from watcher.pipeline.context import PipelineContext
from watcher.pipeline.fulltext import FulltextFetcher
from watcher.pipeline.outcomes import parse_response_within_limits
from watcher.pipeline.privacy import UNCONFIGURED, add_secrets, remove_secrets
from watcher.schedule import prepare_request

log = structlog.get_logger()


class FeedLoader:
    """Loads feeds, and learns from their answers whether this machine reaches the network at all."""

    def __init__(self, context: PipelineContext) -> None:
        self._context = context
        self._connectivity = ConnectivityMonitor()
        self._offline_since: datetime | None = None
        self._fulltext = FulltextFetcher(context.database, context.fetcher, context.clock, context.reader)

    @property
    def is_offline(self) -> bool:
        """Return whether requests are in vain for the moment, as far as is known."""
        return self._connectivity.is_down(self._context.clock())

    def check_network(self) -> datetime | None:
        """Return since when this machine reaches no network, None while it does. Each change is logged once."""
        before, self._offline_since = self._offline_since, self._connectivity.away_since(self._context.clock())
        if self._offline_since is not None and before is None:
            log.error("our own network is away", since=f"{self._offline_since:%Y-%m-%d %H:%M:%S} UTC")
        elif self._offline_since is None and before is not None:
            log.warning("our own network is back", away_since=f"{before:%Y-%m-%d %H:%M:%S} UTC")
        return self._offline_since

    async def load(self, feed: Feed, host: str, *, unconditional: bool, check: Callable[[], None]) -> PollOutcome:
        """Return the outcome of one request for a feed, its secrets removed.

        `host` is the feed's own, `unconditional` sends no validators; `check` is called when a request begins, and may
        raise. Raises ReaderClosedError while the process is being stopped, and StorageError where the database is
        needed for full text and cannot be used.
        """
        context = self._context
        context.checkpoint("claimed")
        feed = prepare_request(feed, context.clock())
        source = feed.config if context.find_source is None else context.find_source(feed.config.url)
        fetched = await self._fetch(feed, source, host, unconditional=unconditional, check=check)
        self.check_network()
        context.checkpoint("fetched")
        outcome = await self._read(feed, fetched, source or feed.config)
        context.checkpoint("read")
        return outcome

    async def _fetch(
        self, feed: Feed, source: FeedConfig | None, host: str, *, unconditional: bool, check: Callable[[], None]
    ) -> FetchResult:
        if source is None and feed.config.private:
            # Another process has a newer configuration than this one, which does not know the feed's credentials.
            return Failed(kind=FailureKind.REFUSED, message=UNCONFIGURED)
        fetched = await self._context.fetcher.feed(
            add_secrets(feed, source or feed.config), unconditional=unconditional, check=check
        )
        if not isinstance(fetched, Failed):
            self._context.on_response(host, fetched.headers)
        return self._connectivity.judge(host, fetched, self._context.clock())

    async def _read(self, feed: Feed, fetched: FetchResult, source: FeedConfig) -> PollOutcome:
        outcome = remove_secrets(await parse_response_within_limits(feed, fetched, self._context.reader), source)
        if isinstance(outcome, Modified) and feed.config.fulltext:
            return await self._fulltext.fetch_articles(feed, outcome, access=source.access)
        return outcome
