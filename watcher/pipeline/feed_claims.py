"""Claims due feeds for this process, and releases those that were not polled."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from watcher.errors import StoreError
from watcher.fetch import FetchPolicy
from watcher.model.feed import Feed
from watcher.pipeline.context import PipelineContext
from watcher.store.feeds.leases import OwnShards, claim_due_feeds, release_feeds

log = structlog.get_logger()

CLAIM_LEASE = timedelta(minutes=3)
"""How long a claimed feed stays with the process that claimed it, should that die."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSelection:
    """Which feeds a cycle polls: those that are due, those with these `urls`, or all. None twice: `polled_before`."""

    urls: tuple[str, ...] | None = None
    include_all: bool = False
    polled_before: datetime | None = None


DUE_FEEDS = FeedSelection()


def claim_lease(policy: FetchPolicy) -> timedelta:
    """Return for how long a feed is claimed: longer than any fetch of it may take."""
    return max(CLAIM_LEASE, 2 * policy.total)


class FeedClaims:
    """Claims and releases feeds in the writer's thread, between the transactions of other polls."""

    def __init__(self, context: PipelineContext, writer: Executor, max_per_host: int | None) -> None:
        self._context = context
        self._writer = writer
        self._max_per_host = max_per_host
        self._unreleased: list[Feed] = []

    async def claim(
        self, selection: FeedSelection, limit: int, in_flight: Mapping[str, int], own: OwnShards | None = None
    ) -> tuple[Feed, ...]:
        """Claim up to `limit` feeds, the most overdue first, of our `own` shards where hosts are divided into shards.

        `in_flight` counts this process's feeds by host.
        """
        unreleased = tuple(self._unreleased)

        def claim() -> tuple[Feed, ...]:
            """Release what could not be released before, and claim."""
            context = self._context
            with context.database.write(lasting=False) as db:
                release_feeds(db, unreleased)
                return claim_due_feeds(
                    db,
                    context.clock(),
                    limit=limit,
                    lease_for=claim_lease(context.fetcher.policy),
                    owner=context.owner,
                    urls=selection.urls,
                    everything=selection.include_all,
                    polled_before=selection.polled_before,
                    busy=in_flight,
                    per_host=self._max_per_host,
                    own=own,
                )

        claimed = await asyncio.get_running_loop().run_in_executor(self._writer, claim)
        del self._unreleased[: len(unreleased)]
        return claimed

    async def release(self, feed: Feed) -> None:
        """Release a feed that was not polled, so that it is due; where that cannot be stored, with the next claim."""

        def release() -> None:
            """Release the feed in a transaction of its own."""
            with self._context.database.write(lasting=False) as db:
                release_feeds(db, (feed,))

        try:
            await asyncio.get_running_loop().run_in_executor(self._writer, release)
        except StoreError as error:
            log.debug("feed could not be given back", feed=feed.config.url, error=str(error))
            self._unreleased.append(feed)
