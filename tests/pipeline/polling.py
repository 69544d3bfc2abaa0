"""Pollers and single polls as tests need them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from watcher.fetch import Fetcher
from watcher.match import TopicMatcher
from watcher.model.feed import Feed, FeedConfig
from watcher.model.poll import PollOutcome
from watcher.pipeline.checkpoints import Checkpoint, ignore_checkpoint
from watcher.pipeline.context import PipelineContext, ignore_response, ignore_result
from watcher.pipeline.feed_claims import CLAIM_LEASE
from watcher.pipeline.ingest import IngestRules, ingest_polls
from watcher.pipeline.ingest_result import IngestResult
from watcher.pipeline.poller import Poller
from watcher.schedule import PollLimits
from watcher.store.database import Database, Db


def create_poller(
    database: Database,
    fetcher: Fetcher,
    matcher: TopicMatcher,
    clock: Callable[[], datetime],
    *,
    limits: PollLimits | None = None,
    owner: str = "",
    jitter: Callable[[], float] = lambda: 0.0,
    find_source: Callable[[str], FeedConfig | None] | None = None,
    on_ingested: Callable[[IngestResult], None] = ignore_result,
    on_response: Callable[[str, Mapping[str, str]], None] = ignore_response,
    checkpoint: Checkpoint = ignore_checkpoint,
    concurrency: int = 64,
    retry_writes_for: timedelta = CLAIM_LEASE,
) -> Poller:
    """Return a poller of fixed topics and limits."""
    fixed_limits = limits or PollLimits()
    context = PipelineContext(
        database=database,
        fetcher=fetcher,
        matcher=lambda: matcher,
        clock=clock,
        limits=lambda: fixed_limits,
        owner=owner,
        jitter=jitter,
        find_source=find_source,
        on_ingested=on_ingested,
        on_response=on_response,
        checkpoint=checkpoint,
    )
    return Poller(context, concurrency=concurrency, retry_writes_for=retry_writes_for)


def ingest_poll(
    db: Db, feed: Feed, outcome: PollOutcome, matcher: TopicMatcher, now: datetime, limits: PollLimits | None = None
) -> IngestResult:
    """Store one poll, without jitter."""
    rules = IngestRules(matcher=matcher, limits=limits or PollLimits(), jitter=lambda: 0.0)
    [result] = ingest_polls(db, [(feed, outcome)], rules, now)
    return result
