"""Digests and their way out: subscriptions, channels, what a digest says, and each delivery of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from watcher.model.delivery import Delivery, DeliveryState, Unsubscription
from watcher.model.subscription import (
    Channel,
    ChannelOptions,
    EmptyPolicy,
    ImportanceWeights,
    QuietHours,
    Subscription,
)

__all__ = [
    "BRIEF_STORIES",
    "MIN_BRIEFED_STORIES",
    "Channel",
    "ChannelOptions",
    "Coverage",
    "Delivery",
    "DeliveryState",
    "Digest",
    "EmptyPolicy",
    "ImportanceWeights",
    "QuietHours",
    "Subscription",
    "TopicVolume",
    "Unsubscription",
]

if TYPE_CHECKING:  # every command reads subscriptions and channels, and few compose a digest
    from watcher.model.digest_proposal import DigestProposal
    from watcher.model.digest_story import DigestStory, DigestTopic, TopicSection

MIN_BRIEFED_STORIES = 3
BRIEF_STORIES = 5
"""How many stories a digest begins with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much of what should be watched was watched in a window, so that "0 hits" is worth something.

    `stale` answer but have been silent far beyond their own rhythm, `unread` were never read yet; `gaps` and `lost`
    count proven poll gaps and the items estimated lost in them within the window. `left_out` counts items that were not
    stored (a feed beyond its budget, a document beyond what is read at once), `merged` those that were taken for
    repetitions of others, `recovered` those that an earlier version had merged. `notes` name the feeds concerned, one
    short line each. `meaning_backlog` counts entries that are not read for their meaning yet, `meaning_seconds` is how
    long that will take, None where it is not known.
    """

    feeds: int = 0
    fresh: int = 0
    stale: int = 0
    failing: int = 0
    gone: int = 0
    unread: int = 0
    gaps: int = 0
    lost: int = 0
    left_out: int = 0
    merged: int = 0
    recovered: int = 0
    entries: int = 0
    notes: tuple[str, ...] = ()
    meaning_backlog: int = 0
    meaning_seconds: int | None = None

    @property
    def bad(self) -> bool:
        """Return whether someone relying on silence should be warned."""
        missing = self.gaps or self.left_out
        return bool(self.failing or self.stale or missing or self.gone or self.unread) or not self.feeds


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicVolume:
    """Hits of a topic, by name, in the last 24 hours and on each earlier day on which feeds were read."""

    topic: str
    count: int
    days: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Digest:
    """What a digest says, before it looks like anything. `window` is (after, until], by `matched_at`, UTC.

    `stories` are those that it shows, the most important first; `left_out` did not fit, and `silent` only gained copies
    since they were reported. `hits` are all that it reports, shown or not. `held_before` are stories that the feeds
    held before watching began: the first digest shows them, once. `alarms` name topics that bring far more or fewer
    hits than they use to, `troubles` what did not go well: messages that did not arrive, a template that cannot be
    used; one short line each. `weak` are stories for which words alone speak, `proposals` what only meaning found.
    """

    name: str
    title: str
    slot_at: datetime
    window: tuple[datetime, datetime]
    timezone: str
    coverage: Coverage
    topics: tuple[DigestTopic, ...]
    stories: tuple[DigestStory, ...]
    hits: tuple[int, ...]
    left_out: int = 0
    silent: int = 0
    held_before: tuple[DigestStory, ...] = ()
    held_before_count: int = 0
    id: int | None = None
    alarms: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()
    proposals: tuple[DigestProposal, ...] = ()
    weak: tuple[DigestStory, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Return whether there is nothing to read but how much was watched."""
        return not (self.story_count or self.alarms or self.proposals or self.weak)

    @property
    def story_count(self) -> int:
        """How many stories it reports: the number in subject, heading, lists and log."""
        return len(self.stories) + self.left_out

    @cached_property
    def report_count(self) -> int:
        """How many reports the stories hold that it shows."""
        return sum([story.report_count for story in self.stories])

    @cached_property
    def language_count(self) -> int:
        """How many languages those are in."""
        languages = {hit.language for story in self.stories for hit in story.others}
        return len((languages | {story.lead.language for story in self.stories}) - {None})

    @property
    def brief(self) -> tuple[DigestStory, ...]:
        """Return the most important stories among the news, at most BRIEF_STORIES."""
        from watcher.model.digest_story import NewsKind

        news = (NewsKind.NEW, NewsKind.EDITED)
        return tuple(islice((story for story in self.stories if story.lead.kind in news), BRIEF_STORIES))

    @property
    def is_briefed(self) -> bool:
        """Return whether it begins with a brief: one of few stories is its own."""
        return self.story_count >= MIN_BRIEFED_STORIES and bool(self.brief)

    @property
    def sections(self) -> tuple[TopicSection, ...]:
        """Return the stories by topic: a story with two topics stands in both."""
        from watcher.model.digest_story import TopicSection

        return tuple(
            TopicSection(
                topic_id=topic.id,
                name=topic.name,
                stories=tuple(s for s in self.stories if any(label.topic_id == topic.id for label in s.labels)),
                more=topic.more,
                since=topic.since,
            )
            for topic in self.topics
        )
