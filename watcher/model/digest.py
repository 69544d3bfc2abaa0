"""Digests and their way out: subscriptions, channels, what a digest says, and each delivery of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # every command reads subscriptions and channels, and few compose a digest
    from watcher.model.digest_proposal import DigestProposal
    from watcher.model.digest_story import DigestStory, DigestTopic, TopicSection

MIN_BRIEFED_STORIES = 3
BRIEF_STORIES = 5
"""How many stories a digest begins with."""


class EmptyPolicy(StrEnum):
    """What to do with a digest that has no hits."""

    SEND = "send"
    SKIP = "skip"
    WHEN_BAD = "when-coverage-is-bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """A daily span, in the subscription's zone, in which delivery waits; checking never does."""

    start: time
    end: time


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportanceWeights:
    """How much counts for a story's place in a digest: independent outlets, what is new, topic score, freshness."""

    outlets: float = 4.0
    novelty: float = 2.5
    match: float = 2.5
    freshness: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A digest or alert as configured: which topics, when, where to.

    `schedule` is five-field cron (evaluated in `timezone`), or `immediate` for an alert. `topics` empty means all.
    `max_age` bounds how far back a digest after downtime reaches; `max_stories` caps each topic's rows. `cooldown` is
    how long a story that was alerted stays quiet, `batch` how long a topic does; `alarms` is whether unusual volume
    is reported. A `paused` one is neither composed nor due. `formerly` are names that the digest had before.
    `language` is the reader's: a story is headed in it where a report is; `importance` orders the stories. `owner` is
    the person whose own digest it is: it stops when the person leaves. Mails go to the addresses in `to`, where there
    are any, in place of the channel's own recipients.
    """

    name: str
    schedule: str
    channels: tuple[str, ...]
    topics: tuple[str, ...] = ()
    title: str = ""
    timezone: str = "UTC"
    empty: EmptyPolicy = EmptyPolicy.SKIP
    max_stories: int = 25
    max_age: timedelta = timedelta(days=7)
    min_score: float = 0.0
    include_baseline: bool = False
    include_backfill: bool = False
    paused: bool = False
    quiet: QuietHours | None = None
    cooldown: timedelta = timedelta(hours=6)
    batch: timedelta = timedelta()
    alarms: bool = True
    formerly: tuple[str, ...] = ()
    language: str = "en"
    importance: ImportanceWeights = ImportanceWeights()
    owner: str = ""
    to: tuple[str, ...] = ()

    @property
    def immediate(self) -> bool:
        return self.schedule == "immediate"


class ChannelOptions(Protocol):
    """What the watcher asks of a channel's options; each kind has a typed model of its own (watcher.channels)."""

    @property
    def resends_uncertain(self) -> bool:
        """Whether a message that perhaps arrived is sent again under the same identity."""
        ...

    @property
    def can_find_sent(self) -> bool:
        """Whether the sender can look up whether a message arrived."""
        ...

    @property
    def identity_domain(self) -> str:
        """The domain in the identity of each message."""
        ...

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that no record or answer may repeat."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """Where digests go. `kind` is a key of the registry of channel types, `options` the model of that kind.

    `repr` shows no option: some are secrets. `formerly` are names that the channel had before.
    """

    name: str
    kind: str
    options: ChannelOptions = field(repr=False)
    recipients: tuple[str, ...] = ()
    formerly: tuple[str, ...] = ()


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


class DeliveryState(StrEnum):
    """Where a delivery stands; only `pending` and `retrying` are taken up again by themselves."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    RETRYING = "retrying"
    UNCERTAIN = "uncertain"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message to one recipient of one digest: a row of the outbox.

    `payload` is fixed when the digest is composed, and so is `message_id`. `doubts` counts how often nobody could tell
    whether it arrived; `changed_at` is when its state last changed.
    """

    id: int
    digest_id: int
    channel: str
    kind: str
    recipient: str
    part: int
    payload: str
    message_id: str
    state: DeliveryState
    attempts: int
    next_try_at: datetime
    created_at: datetime
    sent_at: datetime | None = None
    provider_ref: str | None = None
    error: str | None = None
    lease: int = 0
    doubts: int = 0
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscription:
    """Who wants which digest no longer, and where."""

    subscription: str
    channel: str
    recipient: str
