"""Checks feeds before a daemon relies on them: each is fetched and parsed once, and nothing is stored."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

from watcher.fetch import Fetcher
from watcher.identify import count_repeated_items
from watcher.model.feed import FeedConfig, PollableFeed, PollState
from watcher.model.poll import Failed, FailureKind, Modified, ParsedFeed, PollOutcome
from watcher.pipeline.outcomes import parse_response_within_limits
from watcher.pipeline.privacy import remove_secrets
from watcher.reading import Reader
from watcher.text.urls import permanent_target

MAX_CONCURRENT_CHECKS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedCheck:
    """The outcome of one fetch. `moved_to` is where a permanent redirect leads, None where there is none."""

    source: FeedConfig
    outcome: PollOutcome
    moved_to: str | None = None

    @property
    def ok(self) -> bool:
        """Return whether the feed can be read."""
        return self._parsed is not None and self._parsed.stopped is None

    @property
    def items(self) -> int:
        """Return how many items were read."""
        return len(self._parsed.items) if self._parsed is not None else 0

    @property
    def merged(self) -> int:
        """Return how many items a poll would take for repetitions of others."""
        if self._parsed is None:
            return 0
        return count_repeated_items(self._parsed)

    @property
    def left_out(self) -> int:
        """Return how many items there are beyond those that are read at once."""
        return self._parsed.truncated_items if self._parsed is not None else 0

    @property
    def title(self) -> str:
        """Return the feed's own title."""
        return self._parsed.title if self._parsed is not None else ""

    @property
    def newest_at(self) -> datetime | None:
        """Return the latest date of an item."""
        if self._parsed is None:
            return None
        return max((item.published_at for item in self._parsed.items if item.published_at), default=None)

    @property
    def kind(self) -> str:
        """Return `read`, or the kind of failure."""
        if isinstance(self.outcome, Failed):
            return self.outcome.kind.value
        return "read" if self.ok else FailureKind.PARSE.value

    @property
    def message(self) -> str:
        """Return what went wrong, or what is unusual about a feed that can be read; empty where nothing is."""
        if isinstance(self.outcome, Failed):
            return self.outcome.message
        return "; ".join(note for note in self._list_notes() if note)

    @property
    def _parsed(self) -> ParsedFeed | None:
        return self.outcome.parsed if isinstance(self.outcome, Modified) else None

    def _list_notes(self) -> list[str]:
        notes = [self._parsed.stopped or "", self._parsed.degraded or ""] if self._parsed is not None else []
        notes += [] if self.items else ["has no items"]
        notes += [f"{self.merged} repeat others in the document"] if self.merged else []
        notes += [f"{self.left_out:,} more items than are read of one document"] if self.left_out else []
        notes += [f"moved permanently to {self.moved_to}"] if self.moved_to else []
        return notes


async def check_feeds(
    fetcher: Fetcher, sources: Iterable[FeedConfig], on_checked: Callable[[FeedCheck], None] | None = None
) -> tuple[FeedCheck, ...]:
    """Fetch and parse each feed once, many at a time; return the checks in the order of `sources`.

    `on_checked` is called with each as it is done. Whatever a server does is an outcome and raises nothing.
    """
    slots = asyncio.Semaphore(MAX_CONCURRENT_CHECKS)

    async def check(source: FeedConfig) -> FeedCheck:
        """Check one feed, once there is a free slot."""
        async with slots:
            outcome = await _get_outcome(fetcher, source, reader)
        hops = outcome.document.hops if isinstance(outcome, Modified) else outcome.hops
        checked = FeedCheck(source=source, outcome=outcome, moved_to=permanent_target(hops, source.url))
        if on_checked is not None:
            on_checked(checked)
        return checked

    with closing(Reader()) as reader:
        return tuple(await asyncio.gather(*(check(source) for source in sources)))


async def _get_outcome(fetcher: Fetcher, source: FeedConfig, reader: Reader) -> PollOutcome:
    feed = _make_feed(source)
    fetched = await fetcher.feed(feed, unconditional=True)
    try:
        return remove_secrets(await parse_response_within_limits(feed, fetched, reader), source)
    except Exception as error:  # noqa: BLE001  (a parser's own fault concerns one feed, and is reported with it)
        return Failed(kind=FailureKind.PARSE, message=f"internal fault: {type(error).__name__}")


def _make_feed(source: FeedConfig) -> PollableFeed:
    never = PollState(next_poll_at=datetime.min.replace(tzinfo=UTC))
    return PollableFeed(config=source, fetch_url=source.request_url, poll=never)
