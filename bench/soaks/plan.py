"""What happens in a simulated run: feeds with their outages and moves, and the machine's own bad luck. Pure, seeded.

All times are seconds of true time since BEGIN. The watcher's wall clock shows true time plus `Plan.clock_offset`.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
TICK = 5 * MINUTE
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


class Manner(StrEnum):
    """How a feed identifies its items."""

    PLAIN = "plain"
    FRAGMENT = "fragment"
    SHARED = "shared guid"
    NO_GUID = "no guid"
    NO_LINK = "no link"
    UNDATED = "undated"
    EDITED = "edited"


class Trouble(StrEnum):
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
    Trouble.NETWORK: 24 * HOUR,
    Trouble.MAIL_LOGIN: 22 * HOUR,
    Trouble.CLOCK_HOURS: 6 * HOUR,
    Trouble.DISK: HOUR,
    Trouble.SLACK_AUTH: 8 * HOUR,
    Trouble.DATABASE: 15 * MINUTE,
    Trouble.RELOAD: TICK,
    Trouble.MAIL_STALL: 6 * HOUR,
    Trouble.CLOCK_BACK: 5 * HOUR,
    Trouble.SLACK_LIMIT: 4 * HOUR,
    Trouble.DOWN: 10 * HOUR,
    Trouble.MAIL_GREETING: 6 * HOUR,
    Trouble.CLOCK_WEEKS: 8 * HOUR,
    Trouble.SLACK_ERROR: 4 * HOUR,
    Trouble.MAIL_DROP: 6 * HOUR,
    Trouble.LONG_DOWN: 30 * HOUR,
    Trouble.CLOCK_YEAR: 4 * HOUR,
}
CLOCK_STEPS = {
    Trouble.CLOCK_HOURS: 2 * HOUR,
    Trouble.CLOCK_BACK: -3 * DAY,
    Trouble.CLOCK_WEEKS: 20 * DAY,
    Trouble.CLOCK_YEAR: 400 * DAY,
}
DOWNTIMES = frozenset({Trouble.DOWN, Trouble.LONG_DOWN})
STORAGE = frozenset({Trouble.DISK, Trouble.DATABASE})
NO_POLLS = DOWNTIMES | STORAGE | {Trouble.NETWORK}
"""While these last nothing can be fetched and stored."""
MAIL = frozenset({Trouble.MAIL_LOGIN, Trouble.MAIL_GREETING, Trouble.MAIL_STALL, Trouble.MAIL_DROP})
SLACK = frozenset({Trouble.SLACK_AUTH, Trouble.SLACK_LIMIT, Trouble.SLACK_ERROR})
BLOCKING = frozenset({Trouble.MAIL_LOGIN, Trouble.MAIL_GREETING, Trouble.SLACK_AUTH})
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

    trouble: Trouble
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPlan:
    """A feed: how it publishes, fails and moves, and while when it is configured.

    One that is `deaf` sends no validators, one that `stumbles` answers 500 where it is sent any. While it is `slow` its
    answers come in two halves. From `moves_at` its address answers 301, from `leaves_at` 404: then only the new
    address, on another host where `moves_far`, still serves it.
    """

    number: int
    manner: Manner
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

    def event(self, at: float, among: Collection[Trouble]) -> Event | None:
        """Return the event of a moment that is one of some troubles."""
        return next((event for event in self.events if event.span.holds(at) and event.trouble in among), None)

    def trouble(self, at: float, among: Collection[Trouble]) -> Trouble | None:
        """Return which of some troubles there is at a moment."""
        event = self.event(at, among)
        return None if event is None else event.trouble

    def clock_offset(self, at: float) -> float:
        """Return by how many seconds the watcher's wall clock is ahead of true time."""
        event = self.event(at, CLOCK_STEPS.keys())
        if event is None:
            return 0.0
        # Back no further than half of the run so far: before its beginning nothing was configured.
        return max(CLOCK_STEPS[event.trouble], -event.span.start / 2)

    def reloads(self) -> list[Event]:
        """Return the reloads in their order."""
        return [event for event in self.events if event.trouble is Trouble.RELOAD]

    def interruptions(self, feed: FeedPlan) -> list[Span]:
        """Return when a feed may go unread, the wait for the next try included, in order."""
        spans = [Span(event.span.start, event.span.end + HOUR) for event in self.events if event.trouble in NO_POLLS]
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


def make_plan(seed: int, days: float, feeds: int, *, skipped: frozenset[Trouble] = frozenset()) -> Plan:
    """Return the run of a seed."""
    end = days * DAY
    events = _events(seed, end, skipped)
    reloads = [event.span.start for event in events if event.trouble is Trouble.RELOAD]
    plans = []
    for number in range(feeds + JOINING * len(reloads)):
        joined = reloads[(number - feeds) // JOINING] if number >= feeds else 0.0
        # Those that a reload removes are spread, and no two reloads remove the same one.
        removed = [at for n, at in enumerate(reloads) if number < feeds and number % 41 == n and number // 41 < JOINING]
        plans.append(_feed(seed, number, Span(joined, removed[0] if removed else end), end))
    ticks = int(end / TICK)
    chance = random.Random(f"{seed}:kills")
    # None in the last third: one process lives on, and what it holds must not grow.
    kills = frozenset(chance.sample(range(20, max(21, ticks * 2 // 3)), k=min(ticks // 30, max(2, round(days)))))
    by_host = {host: plan for plan in plans for host in (plan.host, plan.new_host)}
    return Plan(seed=seed, days=days, feeds=tuple(plans), events=events, kills=kills, end=ticks * TICK, by_host=by_host)


def _events(seed: int, end: float, skipped: frozenset[Trouble]) -> tuple[Event, ...]:
    """Spread the troubles over the run, one after another, each over before the next begins."""
    troubles = [trouble for trouble in Trouble if trouble not in skipped]
    troubles = troubles[(seed - 1) % len(troubles) :] + troubles[: (seed - 1) % len(troubles)]
    gap = min(2.5 * DAY, max(7 * HOUR, end / 30))
    quiet = max(12 * HOUR, min(2 * DAY, end / 6))
    chance = random.Random(f"{seed}:events")
    events = []
    for number in range(int((end - quiet) / gap)):
        trouble = troubles[number % len(troubles)]
        start = round((gap * (number + 0.6 + 0.2 * chance.random())) / TICK) * TICK
        length = max(TICK, round(min(LENGTHS[trouble], 0.6 * gap) / TICK) * TICK)
        if trouble in DOWNTIMES and start > end * 2 / 3:
            continue
        if start + length <= end - quiet:
            events.append(Event(trouble, Span(start, start + length)))
    return tuple(events)


def _feed(seed: int, number: int, watched: Span, end: float) -> FeedPlan:
    chance = random.Random(f"{seed}:{number}")
    per_day = 0.2 * 100 ** chance.random()
    flooded = number % 37 == 5 and end > 2 * DAY
    flood_at = round(chance.uniform(0.3, 0.8) * end / TICK) * TICK
    slow_at = chance.uniform(0.0, 0.8) * end
    moving = number % 12 == 8 and not flooded
    far = moving and number % 24 == 8 and end >= 14 * DAY
    moves_at = chance.uniform(0.2, 0.4) * end if moving else None
    # Long enough for three sightings over two days, whatever else goes wrong meanwhile.
    leaves_at = moves_at + 8 * DAY if far and moves_at is not None else None
    calm = Span(moves_at - DAY, moves_at + 9 * DAY) if moves_at is not None and far else None
    return FeedPlan(
        number=number,
        manner=list(Manner)[number % len(Manner)],
        form="atom" if number % 3 == 1 else "rss",
        per_day=per_day,
        window=max(12, round(per_day * 1.5)),
        deaf=number % 5 == 4,
        stumbles=number % 25 == 12,
        closes=number % 2 == 1,
        watched=watched,
        outages=_outages(chance, number, watched, calm),
        slow=Span(slow_at, slow_at + DAY) if number % 50 == 3 else None,
        flood=Span(flood_at, flood_at + 4 * HOUR) if flooded else None,
        moves_at=moves_at,
        leaves_at=leaves_at,
        moves_far=far,
    )


_USUAL_FAULTS = (
    Fault.DNS, Fault.REFUSE, Fault.ERROR, Fault.ERROR, Fault.FORBIDDEN, Fault.MISSING, Fault.HTML, Fault.GARBLED,
    Fault.CUT, Fault.LIMITED,
)  # fmt: skip


def _outages(chance: random.Random, number: int, watched: Span, calm: Span | None) -> tuple[Outage, ...]:
    """Let a feed fail about every twenty days, most times for hours, sometimes for days."""
    outages: list[Outage] = []
    at = watched.start + 6 * HOUR + chance.expovariate(1 / (20 * DAY))
    last = watched.end - 8 * HOUR
    while at < last:
        fault = chance.choice(_USUAL_FAULTS)
        length = chance.uniform(2 * HOUR, 30 * HOUR) if chance.random() < 0.9 else chance.uniform(3 * DAY, 6 * DAY)
        if number % 60 == 7:
            fault, length = Fault.STALL, 4 * HOUR  # each poll costs the fetch's whole time
        elif number % 30 == 19 and last - at > 6 * DAY:
            fault, length = Fault.GONE, 5 * DAY
        span = Span(round(at / TICK) * TICK, round(min(at + length, last) / TICK) * TICK)
        if span.length >= TICK and (calm is None or span.end < calm.start or span.start > calm.end):
            outages.append(Outage(fault, span, _recovery(fault, span.length)))
        at = span.end + 2 * DAY + chance.expovariate(1 / (20 * DAY))
    return tuple(outages)


def _recovery(fault: Fault, length: float) -> float:
    """Return the longest wait that the scheduler may have reached in an outage, until the next try (schedule.after)."""
    match fault:
        case Fault.FORBIDDEN | Fault.LIMITED:
            longest = DAY
        case Fault.GONE:
            longest = TICK  # a person resumes it
        case _:
            longest = min(6 * HOUR, length + HOUR) if length < 3 * DAY else 12 * HOUR
    return 1.1 * longest + 3 * TICK


def moment(at: float) -> datetime:
    """Return a moment of true time."""
    return BEGIN + timedelta(seconds=at)


def format_at(at: float) -> str:
    """Format a moment of true time as its day and time of day."""
    return f"day {int(at // DAY)} {moment(at):%H:%M}"
