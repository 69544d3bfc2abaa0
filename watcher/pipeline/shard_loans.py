"""Borrows shards of hosts for a command that polls beside workers, and gives them back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

import structlog

from watcher.errors import StoreError
from watcher.pipeline.feed_claims import FeedSelection
from watcher.pipeline.host_shards import HostShards
from watcher.pipeline.shard_terms import UPDATE_INTERVAL
from watcher.store.database import Database
from watcher.store.feeds.shards import find_shards_of_feeds

log = structlog.get_logger()

LOAN_PATIENCE = timedelta(seconds=30)
"""How long a command waits for workers to release what it wants to poll."""


@asynccontextmanager
async def borrow_shards(
    database: Database,
    shards: HostShards | None,
    selection: FeedSelection,
    clock: Callable[[], datetime],
    patience: timedelta = LOAN_PATIENCE,
) -> AsyncIterator[frozenset[int]]:
    """Hold the shards of the selected feeds for the block; yield those that others did not release in time.

    Where nobody shares the hosts (None) nothing has to be borrowed. Raises StoreError.
    """
    if shards is None:
        yield frozenset()
        return

    def find_shards() -> frozenset[int]:
        """Return the shards of what is to be polled."""
        with database.read() as db:
            return find_shards_of_feeds(db, clock(), urls=selection.urls, everything=selection.include_all)

    needed = await asyncio.to_thread(find_shards)
    try:
        missing = await shards.borrow(needed, patience)
        renewing = asyncio.create_task(_keep_renewing(shards))
        try:
            await shards.wait_until_usable()
            yield missing
        finally:
            renewing.cancel()
            with suppress(asyncio.CancelledError):
                await renewing
    finally:
        await shards.release_all()


async def _keep_renewing(shards: HostShards) -> None:
    while True:
        await asyncio.sleep(UPDATE_INTERVAL.total_seconds())
        try:
            await shards.renew()
        except StoreError as error:
            # What is held ends with its lease; the poll meets the same database and reports what it finds.
            log.debug("shards of hosts could not be renewed", error=str(error))
