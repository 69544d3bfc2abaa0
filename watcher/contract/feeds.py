"""Feeds: as configured, their health, the history of their polls, and lists of them."""

from __future__ import annotations

from typing_extensions import TypedDict

from watcher.contract.timestamps import format_timestamp
from watcher.model import feed as model
from watcher.text.redact import redact_text, redact_url


class FeedError(TypedDict):
    """Why the last poll failed."""

    kind: str
    message: str


class Feed(TypedDict):
    """A watched feed; addresses hold no secrets. `lost` is an estimate, `error` is null where it can be read."""

    url: str
    title: str
    tags: list[str]
    language: str | None
    site_url: str | None
    health: str
    state: str
    fetch_url: str
    moving_to: str | None
    interval_seconds: int
    rhythm_seconds: int | None
    polled_at: str | None
    succeeded_at: str | None
    new_at: str | None
    next_poll_at: str
    failures: int
    failing_since: str | None
    error: FeedError | None
    gaps: int
    lost: int
    gap_at: str | None
    left_out: int
    merged: int
    recovered: int
    entries: int


class FeedList(TypedDict):
    """The configured feeds."""

    feeds: list[Feed]


class Poll(TypedDict):
    """One poll of a feed; `outcome` is `read`, `unchanged` or the kind of failure."""

    at: str
    outcome: str
    status: int | None
    bytes: int
    seen: int
    new: int
    updated: int
    hits: int
    lost: int
    left_out: int
    merged: int
    recovered: int
    seconds: float
    message: str


class FeedDetail(Feed):
    """A feed and its latest polls, the newest first."""

    polls: list[Poll]


class DailyBudget(TypedDict):
    """How many new entries and edits a feed may store a day."""

    entries: int
    versions: int


class ConfiguredFeed(TypedDict):
    """A feed as feeds.yaml names it, without its secrets."""

    url: str
    title: str
    tags: list[str]
    language: str | None
    interval_seconds: int | None
    enabled: bool
    fulltext: bool
    weight: float
    private: bool
    budget: DailyBudget | None


class PrintedFeed(FeedDetail):
    """What `watcher feeds show --json` prints."""

    configured: ConfiguredFeed


class ConfiguredFeeds(TypedDict):
    """What `watcher feeds export --json` prints."""

    feeds: list[ConfiguredFeed]


class DiscoveredFeed(TypedDict):
    """A feed that a page offers; it was fetched and read."""

    url: str
    title: str
    kind: str
    items: int


class DiscoveredFeeds(TypedDict):
    """What `watcher feeds discover --json` prints."""

    feeds: list[DiscoveredFeed]


class NewFeed(ConfiguredFeed):
    """A feed that was added; `items` is null where it was not fetched."""

    items: int | None


class AddedFeed(TypedDict):
    """What `watcher feeds add --json` prints."""

    added: NewFeed
    file: str


class RefusedFeed(TypedDict):
    """What `watcher feeds add --json` prints where the address is no feed: why, and what the page offers instead."""

    added: None
    error: FeedError
    offers: list[DiscoveredFeed]


class RemovedFeed(TypedDict):
    """What `watcher feeds remove --json` prints."""

    removed: ConfiguredFeed
    file: str


class ResumedFeed(TypedDict):
    """What `watcher feeds resume --json` prints."""

    resumed: str


class SkippedFeed(TypedDict):
    """A feed of an imported list that was not added, and why."""

    url: str
    why: str


class ImportedFeeds(TypedDict):
    """What `watcher feeds import --json` prints: the feeds added, and how many were watched already."""

    added: list[ConfiguredFeed]
    known: int
    skipped: list[SkippedFeed]
    damage: str | None
    note: str | None
    dry_run: bool


def encode_feed(feed: model.PollableFeed, *, health: str, entries: int) -> Feed:
    """Return a feed, its health and how many entries of it are stored."""
    return {
        "url": feed.config.url,
        "title": feed.name,
        "tags": list(feed.config.tags),
        "language": feed.config.language or feed.language,
        "site_url": feed.site_url and redact_url(feed.site_url),
        "health": health,
        "state": feed.state.value,
        "fetch_url": redact_url(feed.fetch_url),
        "moving_to": redact_url(feed.poll.move.url) if feed.poll.move else None,
        "interval_seconds": round(feed.poll.interval.total_seconds()),
        "rhythm_seconds": round(feed.stats.publish_interval.total_seconds()) if feed.stats.publish_interval else None,
        "polled_at": format_timestamp(feed.poll.polled_at),
        "succeeded_at": format_timestamp(feed.poll.succeeded_at),
        "new_at": format_timestamp(feed.stats.new_at),
        "next_poll_at": format_timestamp(feed.poll.next_poll_at),
        "failures": feed.poll.failures,
        "failing_since": format_timestamp(feed.poll.failing_since),
        "error": {"kind": feed.poll.error_kind, "message": redact_text(feed.poll.error or "")}
        if feed.poll.error_kind
        else None,
        "gaps": feed.stats.gaps,
        "lost": feed.stats.lost,
        "gap_at": format_timestamp(feed.stats.gap_at),
        "left_out": feed.stats.left_out,
        "merged": feed.stats.merged,
        "recovered": feed.stats.recovered,
        "entries": entries,
    }


def encode_source(source: model.FeedConfig) -> ConfiguredFeed:
    """Return a feed as it is configured."""
    budget = source.budget
    return {
        "url": source.url,
        "title": source.title,
        "tags": list(source.tags),
        "language": source.language,
        "interval_seconds": round(source.interval.total_seconds()) if source.interval else None,
        "enabled": source.enabled,
        "fulltext": source.fulltext,
        "weight": source.weight,
        "private": source.private,
        "budget": {"entries": budget.entries, "versions": budget.versions} if budget else None,
    }
