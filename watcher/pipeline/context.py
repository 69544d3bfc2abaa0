"""What the steps of the pipeline work with. The composition root (watcher.app) builds it once for each process."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from watcher.fetch import Fetcher
from watcher.match import TopicMatcher
from watcher.model.feed import FeedConfig
from watcher.pipeline.checkpoints import Checkpoint, ignore_checkpoint
from watcher.pipeline.host_shards import HostShards
from watcher.pipeline.ingest import IngestRules
from watcher.pipeline.ingest_result import IngestResult
from watcher.pipeline.storage_monitor import StorageMonitor
from watcher.reading import Reader
from watcher.schedule import PollLimits
from watcher.store.database import Database


def ignore_result(_result: IngestResult) -> None:
    """Take the result of a poll without doing anything."""


def ignore_response(_host: str, _headers: Mapping[str, str]) -> None:
    """Take the host and the headers of a response without doing anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineContext:
    """The collaborators that polling, pushes and ingestion share.

    `matcher`, `limits` and `find_source` are called again for each use, so that a reloaded configuration applies from
    the next poll on. `find_source` returns a feed's configuration by its address, which alone holds the secrets of its
    requests; without it feeds are requested as the database has them.

    `on_ingested` is called with the result of every poll after its transaction, `on_response` with the host and the
    headers (lower-case names) of every response. `jitter` returns a number in [0, 1). `checkpoint` is called at named
    points. `reader` is closed by the poller. `shards` are those of hosts that may be asked, or
    None for all hosts.
    """

    database: Database
    fetcher: Fetcher
    matcher: Callable[[], TopicMatcher]
    clock: Callable[[], datetime]
    limits: Callable[[], PollLimits] = PollLimits
    owner: str = ""
    jitter: Callable[[], float] = random.random
    find_source: Callable[[str], FeedConfig | None] | None = None
    on_ingested: Callable[[IngestResult], None] = ignore_result
    on_response: Callable[[str, Mapping[str, str]], None] = ignore_response
    checkpoint: Checkpoint = ignore_checkpoint
    storage: StorageMonitor = field(default_factory=StorageMonitor)
    reader: Reader = field(default_factory=Reader)
    shards: HostShards | None = None

    def ingest_rules(self) -> IngestRules:
        """Return what applies to a transaction that begins now. Raises ConfigError where a topic cannot be read."""
        return IngestRules(matcher=self.matcher(), limits=self.limits(), jitter=self.jitter)
