"""The sum of a cycle's polls."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from watcher.model.poll import Failed, FailureKind, Modified, ParsedFeed, Unchanged
from watcher.pipeline.ingest_result import IngestResult


@dataclass(slots=True)
class PollSummary:
    """Counts what a cycle of polls did; `failures` holds the feed's address, the kind and the message of each."""

    due: int = 0
    fetched: int = 0
    unchanged: int = 0
    failed: int = 0
    seen: int = 0
    new: int = 0
    updated: int = 0
    hits: int = 0
    lost: int = 0
    left_out: int = 0
    merged: int = 0
    recovered: int = 0
    failures: list[tuple[str, FailureKind, str]] = field(default_factory=list)

    def add_done_poll(self, poll: asyncio.Task[IngestResult | None]) -> None:
        """Add the result of a poll that has ended; one that was cancelled or stored nothing does not count."""
        if not poll.cancelled() and (result := poll.result()) is not None:
            self.add(result)

    def add(self, result: IngestResult) -> None:
        """Add the result of one poll."""
        match result.outcome:
            case Modified(parsed=ParsedFeed(stopped=str(reason))):
                self.failed += 1
                self.failures.append((result.before.config.url, FailureKind.PARSE, reason))
            case Modified():
                self.fetched += 1
            case Unchanged():
                self.unchanged += 1
            case Failed(kind=kind, message=message):
                self.failed += 1
                self.failures.append((result.before.config.url, kind, message))
        self.seen += result.seen
        self.new += len(result.new)
        self.updated += len(result.edited)
        self.hits += len(result.hits)
        self.lost += result.lost
        self.left_out += result.left_out
        self.merged += result.merged
        self.recovered += result.recovered
