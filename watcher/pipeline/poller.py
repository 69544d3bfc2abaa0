"""Polls due feeds, many at a time: each is claimed, loaded and handed to the one thread that writes."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from watcher.errors import ShardLostError, StorageError
from watcher.model.feed import Feed
from watcher.model.poll import Failed, FailureKind
from watcher.pipeline.batch_writer import BatchWriter
from watcher.pipeline.context import PipelineContext
from watcher.pipeline.feed_claims import CLAIM_LEASE, DUE_FEEDS, FeedClaims, FeedSelection
from watcher.pipeline.feed_events import log_feed_events
from watcher.pipeline.feed_loader import FeedLoader
from watcher.pipeline.host_gate import WAITING_PER_HOST, HostGate
from watcher.pipeline.ingest_result import IngestResult
from watcher.pipeline.poll_summary import PollSummary
from watcher.reading import ReaderClosedError
from watcher.store.feeds.leases import OwnShards

log = structlog.get_logger()

MAX_POLLS_OFFLINE = 2
"""Feeds that are polled at a time while our own network is down, to learn when it is back."""
SETTLE_DELAY = 0.02
"""Seconds to wait for more polls to end before the next claim: each claim is a transaction, however small."""


class Poller:
    """Polls feeds as an async context manager; leaving it waits for what is in flight.

    `concurrency` is how many feeds are fetched at a time. Where the database is full or away no feed is to blame: what
    was read is kept for `retry_writes_for` and stored as soon as possible, and meanwhile nothing more is fetched.
    """

    def __init__(
        self, context: PipelineContext, *, concurrency: int = 64, retry_writes_for: timedelta = CLAIM_LEASE
    ) -> None:
        policy = context.fetcher.policy
        self._context = context
        self._concurrency = concurrency
        self._gate = HostGate(policy.per_host + WAITING_PER_HOST if policy.spacing else None)
        self._writer_thread = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._claims = FeedClaims(context, self._writer_thread, self._gate.max_per_host)
        self._batch_writer = BatchWriter(context, self._writer_thread, retry_writes_for)
        self._loader = FeedLoader(context)
        self._polls: set[asyncio.Task[IngestResult | None]] = set()
        self._waiting_to_start: set[asyncio.Task[IngestResult | None]] = set()
        self._feeds_in_flight: set[int] = set()
        self._storage_error: StorageError | None = None
        self._draining = False

    async def __aenter__(self) -> Poller:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.drain(None)
        self._context.reader.close()
        await asyncio.to_thread(self._writer_thread.shutdown)

    @property
    def in_flight(self) -> int:
        """Return how many polls have begun and are not stored yet."""
        return len(self._polls)

    @property
    def is_stalled(self) -> bool:
        """Return whether polls wait for a database that cannot store them."""
        return self._batch_writer.is_stalled

    @property
    def is_offline(self) -> bool:
        """Return whether our own network is down, as far as is known."""
        return self._loader.is_offline

    def check_network(self) -> datetime | None:
        """Return since when this machine reaches no network, None while it does. Each change is logged once."""
        return self._loader.check_network()

    async def run_once(self, selection: FeedSelection = DUE_FEEDS, *, unconditional: bool = False) -> PollSummary:
        """Poll every selected feed once and return the sum; `unconditional` sends no validators.

        Raises StorageError where the database could not store a poll.
        """
        summary, self._storage_error = PollSummary(), None
        selection = replace(selection, polled_before=self._context.clock())
        while True:
            # Read before the claim: a host may get room while others are claimed.
            was_any_full = self._gate.is_any_full
            claimed = await self._claim_and_start(selection, self._free_slots, summary, unconditional=unconditional)
            if (not claimed and not was_any_full) or self._storage_error is not None:
                break
            if self._gate.is_any_full if not claimed else not self._free_slots:
                await self._wait_for_slot()
        await self.wait_until_idle()
        if self._storage_error is not None:
            raise self._storage_error
        return summary

    async def start_due(self, summary: PollSummary | None = None) -> int:
        """Start polls of due feeds, as many as there are free slots; return how many, without waiting for them.

        Each is added to `summary`, once it is done.

        While our own network is down a few feeds are polled, to learn when it is back.
        """
        if self.is_stalled:
            return 0
        slots = min(self._free_slots, MAX_POLLS_OFFLINE) if self.is_offline else self._free_slots
        if not slots:
            return 0
        return await self._claim_and_start(DUE_FEEDS, slots, summary or PollSummary())

    async def poll_for(self, duration: timedelta, summary: PollSummary | None = None) -> bool:
        """Start polls of due feeds, and further ones as polls end, for `duration` or until nothing is due.

        Return whether more may be due by now. Each poll is added to `summary`, once it is done.

        Without this a daemon that begins with thousands of due feeds would poll no more of them in a second than at
        once.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + duration.total_seconds()
        while not self._draining:
            slots = self._free_slots
            started = await self.start_due(summary)
            remaining = end - loop.time()
            if started < slots or self.is_offline:
                return False
            if remaining <= 0:
                return True
            await self._wait_for_slot(remaining)
        return False

    async def wait_until_idle(self) -> None:
        """Wait until every poll that has begun is stored."""
        while self._polls:
            await asyncio.wait(self._polls)

    async def drain(self, grace: timedelta | None) -> None:
        """Wait up to `grace` for what is in flight (None: without limit), then release what has not ended.

        With a grace, documents that need a process of their own are not read any more: their feeds stay due. So do
        feeds that wait for their turn, where processes share the hosts.
        """
        self._draining = True
        self._batch_writer.stop_retrying()
        if grace is not None:
            await asyncio.to_thread(self._context.reader.end_processes)
        for poll in self._waiting_to_start if grace is not None else ():
            poll.cancel()
        polls = set(self._polls)
        if not polls:
            return
        _done, late = await asyncio.wait(polls, timeout=None if grace is None else grace.total_seconds())
        for poll in late:
            poll.cancel()
        if late:
            await asyncio.wait(late)

    @property
    def _free_slots(self) -> int:
        # Half as many again as are fetched at once: those that wait to be written keep no other from being fetched.
        return max(0, self._concurrency + self._concurrency // 2 - len(self._polls))

    async def _wait_for_slot(self, timeout: float | None = None) -> None:
        """Wait for one poll to end, for `timeout` seconds at most, and a moment for more of them."""
        if self._polls:
            await asyncio.wait(self._polls, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        if self._free_slots < self._concurrency // 4:
            await asyncio.sleep(SETTLE_DELAY)

    async def _claim_and_start(
        self, selection: FeedSelection, limit: int, summary: PollSummary, *, unconditional: bool = False
    ) -> int:
        """Claim up to `limit` feeds and start their polls; return how many."""
        shards = self._context.shards
        with nullcontext() if shards is None else shards.claiming() as usable:
            if usable is not None and not usable:
                return 0
            own = None if usable is None else OwnShards(usable, frozenset(self._feeds_in_flight))
            claimed = await self._claims.claim(selection, limit, self._gate.in_flight, own)
            for feed in claimed:
                self._start(feed, unconditional=unconditional).add_done_callback(summary.add_done_poll)
        summary.due += len(claimed)
        return len(claimed)

    def _start(self, feed: Feed, *, unconditional: bool = False) -> asyncio.Task[IngestResult | None]:
        host = feed.host
        poll = asyncio.create_task(self._poll_feed(feed, host, unconditional))
        self._polls.add(poll)
        self._gate.enter(host)
        self._feeds_in_flight.add(feed.id)
        if (shards := self._context.shards) is not None:
            shards.enter(feed.shard)
            self._waiting_to_start.add(poll)
        poll.add_done_callback(lambda done: self._end(done, feed, host))
        return poll

    def _end(self, poll: asyncio.Task[IngestResult | None], feed: Feed, host: str) -> None:
        self._polls.discard(poll)
        self._waiting_to_start.discard(poll)
        self._gate.leave(host)
        self._feeds_in_flight.discard(feed.id)
        if (shards := self._context.shards) is not None:
            shards.leave(feed.shard)

    async def _poll_feed(self, feed: Feed, host: str, unconditional: bool) -> IngestResult | None:
        """Poll one feed, from request to commit; None where nothing was stored and its claim was released.

        This is the one bulkhead of polling: an exception in one feed's poll counts as that feed's failure, and no other
        feed is disturbed. A stop and a database that cannot be used are not the feed's failures: it stays due.
        """
        try:
            outcome = await self._loader.load(
                feed, host, unconditional=unconditional, check=partial(self._begin_request, feed)
            )
            result = await self._batch_writer.submit(feed, outcome)
        except asyncio.CancelledError:
            await self._claims.release(feed)
            raise
        except (ReaderClosedError, ShardLostError):
            await self._claims.release(feed)
            return None
        except StorageError as error:
            await self._release_unstored(feed, error)
            return None
        except Exception as error:
            log.exception("poll failed", feed=feed.config.url)
            failed_result = await self._store_failure(feed, error)
            if failed_result is None:
                return None
            result = failed_result
        log_feed_events(result)
        self._context.on_ingested(result)
        return result

    def _begin_request(self, feed: Feed) -> None:
        """Note that a feed's turn has come. Raises ShardLostError where its host is not this process's to ask."""
        if (shards := self._context.shards) is not None:
            shards.check(feed.shard)
            if (poll := asyncio.current_task()) is not None:
                self._waiting_to_start.discard(poll)

    async def _store_failure(self, feed: Feed, error: Exception) -> IngestResult | None:
        """Store an exception of ours as the outcome of a feed's poll; None where that fails as well."""
        failed = Failed(kind=FailureKind.PARSE, message=f"internal fault: {type(error).__name__}")
        try:
            return await self._batch_writer.submit(feed, failed)
        except StorageError as refusal:
            await self._release_unstored(feed, refusal)
        except Exception:
            log.exception("poll could not be settled", feed=feed.config.url)
        return None

    async def _release_unstored(self, feed: Feed, error: StorageError) -> None:
        """Release a feed whose poll the database could not store, as if it had not been polled."""
        self._context.storage.fail("poll", error)
        self._storage_error = error
        await self._claims.release(feed)
