"""Digests and channels as configured, apart from what is composed and sent: most commands read no more."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import StrEnum
from typing import Protocol


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
