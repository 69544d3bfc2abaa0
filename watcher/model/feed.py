"""A feed: what the configuration says of it and what polling has taught."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from watcher.model.feed_config import Budget, FeedConfig

__all__ = [
    "IDENTITY_VERSION",
    "Budget",
    "BudgetUse",
    "DocumentState",
    "Feed",
    "FeedConfig",
    "FeedState",
    "FeedStats",
    "FeedSummary",
    "LegacyKeyRule",
    "Move",
    "PollState",
    "PollableFeed",
    "PushState",
    "Validators",
]


class FeedState(StrEnum):
    """Whether and how a feed is polled; `gone` and `paused` are not polled until a person resumes them."""

    ACTIVE = "active"
    BACKOFF = "backoff"
    BLOCKED = "blocked"
    GONE = "gone"
    PAUSED = "paused"


IDENTITY_VERSION = 2
"""The rules by which keys are made now; a database that was upgraded holds feeds with keys of rules before."""


class LegacyKeyRule(StrEnum):
    """How a feed's items got their keys under identity version 1. Read once, by the first poll after the upgrade."""

    GUID = "guid"
    LINK = "link"
    GUID_LINK = "guid+link"
    GUID_LINK_DATE = "guid+link+date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What a server gave to ask "anything new?" with, verbatim, and the address it gave them for."""

    etag: str | None = None
    last_modified: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A permanent redirect that is being watched before it is believed."""

    url: str
    first_seen_at: datetime
    sightings: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PollState:
    """State of polling a feed: its schedule, its validators, and the outcome of the latest polls.

    `interval` is the current spacing of polls. `empty_polls` counts successful polls in a row without a new item,
    `failures` failed ones in a row since `failing_since`. `conditional` is false once the server has shown that it
    cannot answer conditional requests. `move` is a permanent redirect that is not believed yet.
    """

    next_poll_at: datetime
    interval: timedelta = timedelta(minutes=15)
    polled_at: datetime | None = None
    succeeded_at: datetime | None = None
    read_at: datetime | None = None
    validators: Validators = field(default_factory=Validators)
    conditional: bool = True
    body_hash: bytes | None = None
    empty_polls: int = 0
    failures: int = 0
    failing_since: datetime | None = None
    error_kind: str | None = None
    error: str | None = None
    move: Move | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedStats:
    """Statistics of a feed, from all its polls.

    `publish_interval` is the median gap between its publications, None while unknown. `new_at` is when it last had
    a new item, `baseline_at` when its first document was read. `gaps` and `lost` count proven poll gaps and the
    items estimated lost in them. `merged` counts the items of the last document that were repetitions of others in it,
    `recovered` those that an earlier version had merged into others, and that the first poll after the upgrade stored.
    `left_out` counts items that were left out and are not stored yet: possibly missing.
    """

    publish_interval: timedelta | None = None
    new_at: datetime | None = None
    baseline_at: datetime | None = None
    gaps: int = 0
    lost: int = 0
    gap_at: datetime | None = None
    merged: int = 0
    recovered: int = 0
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentState:
    """What is remembered of a feed's last document, and by which rules its items are identified.

    `keys` are the keys of its items (short hashes): the proof that no item slipped between two polls. `item_marks` are
    hashes of those of its items that are stored: one that stands there as it stood is known unread. `left_marks` are
    those of items that are not stored, beyond the budget or beyond what is read at once; `baseline_marks` those of them
    that the first document held already. `left_unmarked` counts items that were not looked at.

    `identity_version` says which rules made the feed's keys: 1 before ids were compared character by character, with
    `legacy_key_rule`. `id_changes` counts polls in which unchanged items came under new ids.
    """

    keys: frozenset[str] = frozenset()
    item_marks: frozenset[bytes] = frozenset()
    left_marks: frozenset[bytes] = frozenset()
    left_unmarked: int = 0
    baseline_marks: frozenset[bytes] = frozenset()
    identity_version: int = IDENTITY_VERSION
    legacy_key_rule: LegacyKeyRule = LegacyKeyRule.GUID
    id_changes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetUse:
    """What of a feed's budget was used on `day` (YYYY-MM-DD in UTC, None while nothing was)."""

    day: str | None = None
    entries: int = 0
    versions: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PushState:
    """WebSub: the hub that a feed names, its topic URL there, and the last push while pushes are known to work."""

    hub: str | None = None
    topic_url: str | None = None
    pushed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSummary:
    """What the health of a feed and the numbers of the status page need of it; the fields are those of a Feed."""

    state: FeedState
    next_poll_at: datetime
    polled_at: datetime | None
    succeeded_at: datetime | None
    failures: int
    failing_since: datetime | None
    error_kind: str | None
    publish_interval: timedelta | None
    new_at: datetime | None
    baseline_at: datetime | None
    gaps: int
    lost: int
    merged: int
    recovered: int
    left_out: int
    is_incomplete: bool
    """Whether something of the last document is not stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PollableFeed:
    """Everything that is needed to fetch a feed and to judge the answer; every moment is aware UTC.

    `fetch_url` is where it is fetched now, after permanent moves. `title`, `language` and `site_url` are what its
    documents say of it.
    """

    config: FeedConfig
    fetch_url: str
    state: FeedState = FeedState.ACTIVE
    title: str = ""
    language: str | None = None
    site_url: str | None = None
    poll: PollState
    stats: FeedStats = field(default_factory=FeedStats)
    document: DocumentState = field(default_factory=DocumentState)
    budget_use: BudgetUse = field(default_factory=BudgetUse)
    push: PushState = field(default_factory=PushState)

    @property
    def url(self) -> str:
        """Return the configured address: what the feed is known by."""
        return self.config.url

    @property
    def name(self) -> str:
        """Return what to call this feed: the configured title, else the feed's own, else its address."""
        return self.config.title or self.title or self.config.url

    @property
    def summary(self) -> FeedSummary:
        """Return what health and status need of the feed."""
        poll, stats = self.poll, self.stats
        return FeedSummary(
            state=self.state,
            next_poll_at=poll.next_poll_at,
            polled_at=poll.polled_at,
            succeeded_at=poll.succeeded_at,
            failures=poll.failures,
            failing_since=poll.failing_since,
            error_kind=poll.error_kind,
            publish_interval=stats.publish_interval,
            new_at=stats.new_at,
            baseline_at=stats.baseline_at,
            gaps=stats.gaps,
            lost=stats.lost,
            merged=stats.merged,
            recovered=stats.recovered,
            left_out=stats.left_out,
            is_incomplete=bool(self.document.left_marks or self.document.left_unmarked),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed(PollableFeed):
    """A feed that is stored. `lease` is the fencing token of the latest claim: only its holder may store a poll.

    `host` and `shard` are those that it was fetched from when it was loaded.
    """

    id: int
    lease: int = 0
    host: str = ""
    shard: int = 0
