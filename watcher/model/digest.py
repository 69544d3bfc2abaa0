"""Digests and their way out: subscriptions, channels, what a digest says, and each delivery of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Protocol

from watcher.model.meaning import ProposalEvidence
from watcher.model.topic import Evidence, Origin


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
class Subscription:
    """A digest or alert as configured: which topics, when, where to.

    `schedule` is five-field cron (evaluated in `timezone`), or `immediate` for an alert. `topics` empty means all.
    `max_age` bounds how far back a digest after downtime reaches; `max_stories` caps each topic's rows. `cooldown` is
    how long a story that was alerted stays quiet, `batch` how long a topic does; `alarms` is whether unusual volume
    is reported. `formerly` are names that the digest had before.
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
    quiet: QuietHours | None = None
    cooldown: timedelta = timedelta(hours=6)
    batch: timedelta = timedelta()
    alarms: bool = True
    formerly: tuple[str, ...] = ()

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
    short line each.
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


class NewsKind(StrEnum):
    """How a hit came to be news: plain news come first in a digest, the archive's finds last."""

    NEW = "new"
    EDITED = "edited"
    ARCHIVE = "archive"
    BASELINE = "baseline"


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestHit:
    """A hit as a digest shows it: the entry's words and the evidence in them.

    `edited` marks one that was reported before and has another headline now; `former_title` is the reported one. An
    entry that began to match with an edit and was never reported is not `edited`: see `matched_by_edit`. `is_weak`
    marks one for which words alone speak.
    """

    hit_id: int
    entry_id: int
    topic_id: str
    title: str
    url: str | None
    source: str
    summary: str
    language: str | None
    published_at: datetime | None
    first_seen_at: datetime
    matched_at: datetime
    score: float
    origin: Origin
    evidence: tuple[Evidence, ...]
    story_id: int | None = None
    edited: bool = False
    baseline: bool = False
    former_title: str = ""
    version: int = 1
    is_weak: bool = False

    @property
    def matched_by_edit(self) -> bool:
        """Return whether an edit made the match and no digest has reported it yet."""
        return self.origin is Origin.EDIT and not self.edited

    @property
    def news_at(self) -> datetime:
        """Return when the hit became news: at the edit that made the match, else when its entry was first seen."""
        return self.matched_at if self.matched_by_edit else self.first_seen_at

    @property
    def kind(self) -> NewsKind:
        """Return how the hit became news: an edit that made the match is news, whenever its entry was first seen."""
        if self.edited:
            return NewsKind.EDITED
        if self.matched_by_edit:
            return NewsKind.NEW
        if self.baseline:
            return NewsKind.BASELINE
        return NewsKind.ARCHIVE if self.origin is Origin.BACKFILL else NewsKind.NEW


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryLine:
    """One row of a digest: the leading hit of a story and every outlet that carries it."""

    lead: DigestHit
    others: tuple[DigestHit, ...] = ()

    @property
    def is_weak(self) -> bool:
        """Return whether words alone speak for every hit of the story."""
        return all(hit.is_weak for hit in (self.lead, *self.others))

    @property
    def outlets(self) -> tuple[str, ...]:
        """Name the outlets in order of discovery, each once."""
        return tuple(dict.fromkeys(hit.source for hit in (self.lead, *self.others)))


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSection:
    """A topic's rows in a digest; `more` stories did not fit. `since` is when its earliest hit was matched."""

    topic_id: str
    name: str
    stories: tuple[StoryLine, ...]
    more: int = 0
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestProposal:
    """An item that only meaning found, as a digest shows it; `topic` is the topic's name.

    `carrying` are the item's words that are nearest to what `evidence` names of the topic.
    """

    proposal_id: int
    entry_id: int
    topic_id: str
    topic: str
    title: str
    url: str | None
    source: str
    language: str | None
    first_seen_at: datetime
    proposed_at: datetime
    score: float
    evidence: tuple[ProposalEvidence, ...] = ()
    carrying: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What a digest says, before it looks like anything. `window` is (after, until], by `matched_at`, UTC.

    `sections` hold the stories; `weak` those for which words alone speak, `proposals` what only meaning found.

    `alarms` name topics that bring far more or fewer hits than they use to, `troubles` what did not go well: messages
    that did not arrive, a template that cannot be used; one short line each.
    """

    name: str
    title: str
    slot_at: datetime
    window: tuple[datetime, datetime]
    timezone: str
    coverage: Coverage
    sections: tuple[TopicSection, ...]
    hits: tuple[int, ...]
    id: int | None = None
    alarms: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()
    proposals: tuple[DigestProposal, ...] = ()
    weak: tuple[StoryLine, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Return whether there is nothing to read but how much was watched."""
        return not (self.sections or self.alarms or self.proposals or self.weak)

    @property
    def story_count(self) -> int:
        return sum(len(section.stories) + section.more for section in self.sections)


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
