"""What happens in a simulated run: feeds with their outages and moves, and the machine's own bad luck. Pure, seeded.

All times are seconds of true time since BEGIN. The watcher's wall clock shows true time plus `Plan.clock_offset`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
TICK = 10 * MINUTE
INTERVAL = 3 * HOUR
LONGEST_INTERVAL = 1.1 * INTERVAL + TICK
"""The scheduler stretches a wait by up to a tenth; the poll begins at the tick after it."""
OWED_AFTER = 2 * LONGEST_INTERVAL
"""An item that could be fetched for so long without an interruption has to be stored."""
JOINING = 3
"""Feeds that each reload adds, removes, and renames."""
FLOOD_ITEMS = 3_000


class Fault(StrEnum):
    """How a feed's server fails."""

    DNS = "dns"
    REFUSE = "refuse"
    ERROR = "http 500"
    FORBIDDEN = "http 403"
    MISSING = "http 404"
    HTML = "html page"
    GARBLED = "garbled br"
    CUT = "cut off"
    STALL = "stall"
    LIMITED = "http 429"
    GONE = "http 410"


class IdStyle(StrEnum):
    """How a feed identifies its items."""

    PLAIN = "plain"
    FRAGMENT = "fragment"
    SHARED = "shared guid"
    NO_GUID = "no guid"
    NO_LINK = "no link"
    UNDATED = "undated"
    EDITED = "edited"


class Incident(StrEnum):
    """What happens to the watcher's machine, database, clock, network and channels."""

    NETWORK = "network away"
    MAIL_LOGIN = "SMTP refuses the login"
    CLOCK_HOURS = "clock 2 h ahead"
    DISK = "disk full"
    SLACK_AUTH = "Slack refuses the token"
    DATABASE = "database away"
    RELOAD = "reload"
    MAIL_STALL = "SMTP stalls after DATA"
    CLOCK_BACK = "clock 3 d behind"
    SLACK_LIMIT = "Slack limits the rate"
    DOWN = "watcher down"
    MAIL_GREETING = "SMTP refuses its greeting"
    CLOCK_WEEKS = "clock 20 d ahead"
    SLACK_ERROR = "Slack answers 500"
    MAIL_DROP = "SMTP drops connections"
    LONG_DOWN = "watcher down for a day"
    CLOCK_YEAR = "clock 400 d ahead"


LENGTHS = {
    Incident.NETWORK: 24 * HOUR,
    Incident.MAIL_LOGIN: 22 * HOUR,
    Incident.CLOCK_HOURS: 6 * HOUR,
    Incident.DISK: HOUR,
    Incident.SLACK_AUTH: 8 * HOUR,
    Incident.DATABASE: 15 * MINUTE,
    Incident.RELOAD: TICK,
    Incident.MAIL_STALL: 6 * HOUR,
    Incident.CLOCK_BACK: 5 * HOUR,
    Incident.SLACK_LIMIT: 4 * HOUR,
    Incident.DOWN: 10 * HOUR,
    Incident.MAIL_GREETING: 6 * HOUR,
    Incident.CLOCK_WEEKS: 8 * HOUR,
    Incident.SLACK_ERROR: 4 * HOUR,
    Incident.MAIL_DROP: 6 * HOUR,
    Incident.LONG_DOWN: 30 * HOUR,
    Incident.CLOCK_YEAR: 4 * HOUR,
}
CLOCK_STEPS = {
    Incident.CLOCK_HOURS: 2 * HOUR,
    Incident.CLOCK_BACK: -3 * DAY,
    Incident.CLOCK_WEEKS: 20 * DAY,
    Incident.CLOCK_YEAR: 400 * DAY,
}
DOWNTIMES = frozenset({Incident.DOWN, Incident.LONG_DOWN})
STORAGE = frozenset({Incident.DISK, Incident.DATABASE})
NO_POLLS = DOWNTIMES | STORAGE | {Incident.NETWORK}
"""While these last nothing can be fetched and stored."""
MAIL = frozenset({Incident.MAIL_LOGIN, Incident.MAIL_GREETING, Incident.MAIL_STALL, Incident.MAIL_DROP})
SLACK = frozenset({Incident.SLACK_AUTH, Incident.SLACK_LIMIT, Incident.SLACK_ERROR})
BLOCKING = frozenset({Incident.MAIL_LOGIN, Incident.MAIL_GREETING, Incident.SLACK_AUTH})
"""What the status has to show as a refused channel."""


@dataclass(frozen=True, slots=True)
class Span:
    """From a moment until before another."""

    start: float
    end: float

    def holds(self, at: float) -> bool:
        return self.start <= at < self.end

    @property
    def length(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Outage:
    """A feed's server fails; `recovery` is how long after its end the watcher may wait for its next try."""

    fault: Fault
    span: Span
    recovery: float


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens to the watcher itself."""

    incident: Incident
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPlan:
    """A feed: how it publishes, fails and moves, and while when it is configured.

    One that is `deaf` sends no validators, one that `stumbles` answers 500 where it is sent any. While it is `slow` its
    answers come in two halves. From `moves_at` its address answers 301, from `leaves_at` 404: then only the new
    address, on another host where `moves_far`, still serves it.
    """

    number: int
    id_style: IdStyle
    form: str
    per_day: float
    window: int
    deaf: bool
    stumbles: bool
    closes: bool
    watched: Span
    outages: tuple[Outage, ...] = ()
    slow: Span | None = None
    flood: Span | None = None
    moves_at: float | None = None
    leaves_at: float | None = None
    moves_far: bool = False

    @property
    def host(self) -> str:
        return f"f{self.number:04}.soak.example"

    @property
    def new_host(self) -> str:
        return f"n{self.number:04}.elsewhere.example" if self.moves_far else self.host

    @property
    def path(self) -> str:
        return "/feed.xml"

    def outage(self, at: float) -> Outage | None:
        """Return the outage of a moment."""
        return next((outage for outage in self.outages if outage.span.holds(at)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A whole run."""

    seed: int
    days: float
    feeds: tuple[FeedPlan, ...]
    events: tuple[Event, ...]
    kills: frozenset[int]
    end: float
    by_host: dict[str, FeedPlan] = field(repr=False)

    def event(self, at: float, among: Collection[Incident]) -> Event | None:
        """Return the event of a moment that is one of some incidents."""
        return next((event for event in self.events if event.span.holds(at) and event.incident in among), None)

    def incident(self, at: float, among: Collection[Incident]) -> Incident | None:
        """Return which of some incidents there is at a moment."""
        event = self.event(at, among)
        return None if event is None else event.incident

    def clock_offset(self, at: float) -> float:
        """Return by how many seconds the watcher's wall clock is ahead of true time."""
        event = self.event(at, CLOCK_STEPS.keys())
        if event is None:
            return 0.0
        # Back no further than half of the run so far: before its beginning nothing was configured.
        return max(CLOCK_STEPS[event.incident], -event.span.start / 2)

    def reloads(self) -> list[Event]:
        """Return the reloads in their order."""
        return [event for event in self.events if event.incident is Incident.RELOAD]

    def interruptions(self, feed: FeedPlan) -> list[Span]:
        """Return when a feed may go unread, the wait for the next try included, in order."""
        spans = [Span(event.span.start, event.span.end + HOUR) for event in self.events if event.incident in NO_POLLS]
        spans += [Span(outage.span.start, outage.span.end + outage.recovery) for outage in feed.outages]
        if feed.flood is not None:
            spans.append(Span(feed.flood.start, feed.flood.end + LONGEST_INTERVAL))
        return sorted(spans, key=lambda span: span.start)

    def readable(self, feed: FeedPlan) -> list[Span]:
        """Return the stretches in which a feed is configured and nothing keeps it from being read."""
        return subtract(feed.watched, self.interruptions(feed))


def subtract(whole: Span, gaps: Sequence[Span]) -> list[Span]:
    """Return what is left of a span without some others, which are in the order of their beginnings."""
    left, at = [], whole.start
    for gap in gaps:
        if gap.start > at:
            left.append(Span(at, min(gap.start, whole.end)))
        at = max(at, gap.end)
    if at < whole.end:
        left.append(Span(at, whole.end))
    return [span for span in left if span.length > 0]


def moment(at: float) -> datetime:
    """Return a moment of true time."""
    return BEGIN + timedelta(seconds=at)


def format_at(at: float) -> str:
    """Format a moment of true time as its day and time of day."""
    return f"day {int(at // DAY)} {moment(at):%H:%M}"
