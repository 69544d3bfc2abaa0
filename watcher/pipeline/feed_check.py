"""Tries feeds: each is fetched and read once, and nothing is stored. For a check before the daemon relies on them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

from watcher.fetch import Fetcher
from watcher.identify import count_repeated_items
from watcher.model.feed import FeedConfig, PollableFeed, PollState
from watcher.model.poll import Failed, FailureKind, Modified, PollOutcome
from watcher.pipeline.ingest import read_with_limits
from watcher.pipeline.privacy import conceal
from watcher.reading import Reader
from watcher.text.urls import permanent_target

AT_ONCE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedCheck:
    """What came of trying a feed. `moved_to` is where a permanent redirect leads, None where there is none."""

    source: FeedConfig
    outcome: PollOutcome
    moved_to: str | None = None

    @property
    def ok(self) -> bool:
        """Tell whether the feed can be read."""
        return isinstance(self.outcome, Modified) and self.outcome.parsed.stopped is None

    @property
    def items(self) -> int:
        """Count the items that were read."""
        return len(self.outcome.parsed.items) if isinstance(self.outcome, Modified) else 0

    @property
    def merged(self) -> int:
        """Count the items that a poll would take for repetitions of others."""
        if not isinstance(self.outcome, Modified):
            return 0
        return count_repeated_items(self.outcome.parsed)

    @property
    def left_out(self) -> int:
        """Count the items beyond those that are read at once."""
        return self.outcome.parsed.truncated_items if isinstance(self.outcome, Modified) else 0

    @property
    def title(self) -> str:
        """Give the feed's own title."""
        return self.outcome.parsed.title if isinstance(self.outcome, Modified) else ""

    @property
    def newest_at(self) -> datetime | None:
        """Give the latest date of an item."""
        if not isinstance(self.outcome, Modified):
            return None
        return max((item.published_at for item in self.outcome.parsed.items if item.published_at), default=None)

    @property
    def kind(self) -> str:
        """Say in one word how it went: `read`, or the kind of failure."""
        if isinstance(self.outcome, Failed):
            return self.outcome.kind.value
        return "read" if self.ok else FailureKind.PARSE.value

    @property
    def message(self) -> str:
        """Say what a person should know: what went wrong, or what is odd about a feed that can be read."""
        if isinstance(self.outcome, Failed):
            return self.outcome.message
        said = (
            [self.outcome.parsed.stopped or "", self.outcome.parsed.degraded or ""]
            if isinstance(self.outcome, Modified)
            else []
        )
        said += [] if self.items else ["has no items"]
        said += [f"{self.merged} repeat others in the document"] if self.merged else []
        said += [f"{self.left_out:,} more items than are read of one document"] if self.left_out else []
        said += [f"moved permanently to {self.moved_to}"] if self.moved_to else []
        return "; ".join(part for part in said if part)


async def check_feeds(
    fetcher: Fetcher, sources: Iterable[FeedConfig], on_done: Callable[[FeedCheck], None] | None = None
) -> tuple[FeedCheck, ...]:
    """Fetch and read each feed once, many at a time; gives the trials in the order of `sources`.

    `on_done` hears of each as it is done. No server makes it raise.
    """
    places = asyncio.Semaphore(AT_ONCE)

    async def tried(source: FeedConfig) -> FeedCheck:
        feed = _make_feed(source)
        async with places:
            fetched = await fetcher.feed(feed, unconditional=True)
            outcome: PollOutcome
            try:
                outcome = conceal(await read_with_limits(feed, fetched, reader), source)
            except Exception as error:  # noqa: BLE001  (a reader's own fault concerns one feed, and is told with it)
                outcome = Failed(kind=FailureKind.PARSE, message=f"internal fault: {type(error).__name__}")
        hops = outcome.document.hops if isinstance(outcome, Modified) else outcome.hops
        trial = FeedCheck(source=source, outcome=outcome, moved_to=permanent_target(hops, source.url))
        if on_done is not None:
            on_done(trial)
        return trial

    with closing(Reader()) as reader:
        return tuple(await asyncio.gather(*(tried(source) for source in sources)))


def _make_feed(source: FeedConfig) -> PollableFeed:
    never = PollState(next_poll_at=datetime.min.replace(tzinfo=UTC))
    return PollableFeed(config=source, fetch_url=source.request_url, poll=never)
