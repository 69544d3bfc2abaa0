"""The composition root of the pipeline: what polling and pushes work with, built from the running application."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from watcher.app.bootstrap import App
from watcher.clock import monotonic
from watcher.fetch import Fetcher
from watcher.pipeline.context import PipelineContext, ignore_response, ignore_result
from watcher.pipeline.feed_claims import CLAIM_LEASE
from watcher.pipeline.host_shards import HostShards
from watcher.pipeline.ingest_result import IngestResult
from watcher.pipeline.poller import Poller
from watcher.pipeline.shard_terms import ShardTerms
from watcher.pipeline.storage_monitor import StorageMonitor
from watcher.pipeline.websub.service import Subscriber


def build_pipeline(
    app: App,
    fetcher: Fetcher,
    clock: Callable[[], datetime],
    *,
    owner: str,
    on_ingested: Callable[[IngestResult], None] = ignore_result,
    on_response: Callable[[str, Mapping[str, str]], None] = ignore_response,
    storage: StorageMonitor | None = None,
    shards: HostShards | None = None,
) -> PipelineContext:
    """Return the context of a process that goes by `owner`; a reload of `app` applies from the next poll on."""
    return PipelineContext(
        database=app.database,
        fetcher=fetcher,
        matcher=lambda: app.matcher,
        clock=clock,
        limits=app.poll_limits,
        owner=owner,
        find_source=lambda url: app.settings.source(url),
        on_ingested=on_ingested,
        on_response=on_response,
        storage=storage or StorageMonitor(),
        shards=shards,
    )


def build_shards(
    app: App,
    fetcher: Fetcher,
    clock: Callable[[], datetime],
    *,
    owner: str,
    monotonic: Callable[[], float] = monotonic,
    lease_for: timedelta = timedelta(seconds=20),
    renew_every: timedelta = timedelta(seconds=5),
) -> HostShards | None:
    """Return the shards of hosts of a process that goes by `owner`; None where no other process may be at work."""
    if not app.database.is_shared:
        return None
    terms = ShardTerms(spacing=fetcher.policy.spacing, lease_for=lease_for, renew_every=renew_every)
    return HostShards(app.database, owner, terms, clock, monotonic)


def build_poller(app: App, pipeline: PipelineContext, *, retry_writes_for: timedelta = CLAIM_LEASE) -> Poller:
    """Return the poller of a process; the configured concurrency is that of its start."""
    return Poller(pipeline, concurrency=app.settings.fetch.concurrency, retry_writes_for=retry_writes_for)


def build_subscriber(app: App, pipeline: PipelineContext) -> Subscriber:
    """Return the WebSub subscriber of a process."""
    return Subscriber(
        pipeline,
        public_url=lambda: app.settings.web.base_url,
        is_active=lambda: app.settings.fetch.websub,
    )
