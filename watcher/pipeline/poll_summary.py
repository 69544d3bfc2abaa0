"""What a cycle of polls came to."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from watcher.model.poll import Failed, FailureKind, Modified, ParsedFeed, Unchanged
from watcher.pipeline.ingest import IngestResult


@dataclass(slots=True)
class PollSummary:
    """The sum of a cycle's polls."""

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

    def hear(self, journey: asyncio.Task[IngestResult | None]) -> None:
        """Add what a journey came to, once it is done."""
        if not journey.cancelled() and (settled := journey.result()) is not None:
            self.add(settled)

    def add(self, settled: IngestResult) -> None:
        match settled.outcome:
            case Modified(parsed=ParsedFeed(stopped=str(reason))):
                self.failed += 1
                self.failures.append((settled.before.config.url, FailureKind.PARSE, reason))
            case Modified():
                self.fetched += 1
            case Unchanged():
                self.unchanged += 1
            case Failed(kind=kind, message=message):
                self.failed += 1
                self.failures.append((settled.before.config.url, kind, message))
        self.seen += settled.seen
        self.new += len(settled.new)
        self.updated += len(settled.edited)
        self.hits += len(settled.hits)
        self.lost += settled.lost
        self.left_out += settled.left_out
        self.merged += settled.merged
        self.recovered += settled.recovered
