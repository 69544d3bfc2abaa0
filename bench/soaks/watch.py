"""Looks at what the status says, as a person would every hour, and compares it with what is really going on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bench.soaks.machine import Report
from bench.soaks.plan import (
    BLOCKING,
    CLOCK_STEPS,
    DAY,
    HOUR,
    LONGEST_INTERVAL,
    NO_POLLS,
    STORAGE,
    TICK,
    Event,
    FeedPlan,
    Incident,
    Outage,
    Plan,
    Span,
    subtract,
)  # fmt: skip
from bench.soaks.violations import Violations
from watcher.app.bootstrap import App
from watcher.app.status import get_system_status
from watcher.schedule import get_feed_health
from watcher.store.feeds.queries import load_feeds

_UNHEALTHY = {"failing", "gone"}
_NETWORK_AWAY = "our own network is away"


@dataclass(slots=True)
class StatusWatch:
    """What was reported of each outage, and what was reported without one."""

    plan: Plan
    violations: Violations
    looks: int = 0
    reported: Counter[str] = field(default_factory=Counter)
    due: Counter[str] = field(default_factory=Counter)
    _seen: set[tuple[int, float]] = field(default_factory=set)
    _suspects: set[int] = field(default_factory=set)
    _events_seen: set[float] = field(default_factory=set)
    _events_due: set[float] = field(default_factory=set)

    def check_report(self, report: Report, at: float) -> None:
        """Take in what a tick came to: while the database is away no tick succeeds, and that has to show."""
        event, before = self.plan.event(at, STORAGE), self.plan.event(at - TICK, STORAGE)
        if event is not None and report.age > 0 and at > event.span.start:
            self._count(event, not report.ready)
            if report.ready:
                self.violations.add("outage not reported", at, f"{event.incident}: the process counts as ready")
        elif event is None and before is None and not report.ready:
            self.violations.add("not ready", at, "a tick did not succeed, and nothing is away")
        if event is None and before is None:
            for error in report.errors:
                if error.startswith(_NETWORK_AWAY) and self.plan.incident(at, {Incident.NETWORK}):
                    continue
                self.violations.add("error logged", at, error)

    def check_status(self, app: App, at: float, now: datetime, faults: Mapping[Event, int]) -> None:
        """Ask for the status; `faults` counts the refusals that the channels' servers have answered so far."""
        self.looks += 1
        status = get_system_status(app, now)
        with app.database.read() as db:
            unhealthy = {
                int(feed.config.title.removeprefix("Feed "))
                for feed in load_feeds(db)
                if str(get_feed_health(feed.summary, now)) in _UNHEALTHY
            }
        self._check_feeds(unhealthy, at)
        self._check_machine(status, unhealthy, at, faults)

    def _check_feeds(self, unhealthy: set[int], at: float) -> None:
        quiet = not any(
            event.span.start <= at < event.span.end + 2 * HOUR
            for event in self.plan.events
            if event.incident in NO_POLLS
        )
        suspects = set()
        for feed in self.plan.feeds:
            if not feed.watched.holds(at):
                continue
            outage = feed.outage(at)
            if feed.number in unhealthy:
                if outage is not None:
                    self._seen.add((feed.number, outage.span.start))
                elif quiet and not _recovers(feed, at):
                    suspects.add(feed.number)
        # A poll may fail once by bad luck of the machine that runs all this; it is repeated within minutes.
        for number in suspects & self._suspects:
            self.violations.add("failing without an outage", at, f"feed {number} ({self.plan.feeds[number].id_style})")
        self._suspects = suspects

    def _check_machine(
        self, status: dict[str, object], unhealthy: set[int], at: float, faults: Mapping[Event, int]
    ) -> None:
        for event in self.plan.events:
            since = at - event.span.start
            lasting = event.span.holds(at)
            if event.incident in CLOCK_STEPS and 2 * TICK <= since < event.span.length + DAY:
                self._judge(event, at, bool(status["clock"]))
            elif not lasting:
                continue
            elif event.incident in BLOCKING and faults.get(event):
                self._judge(event, at, bool(status["channels_blocked"]))
            elif event.incident in {Incident.SLACK_LIMIT, Incident.SLACK_ERROR} and faults.get(event):
                waiting = status["outbox"]
                assert isinstance(waiting, dict)
                self._judge(event, at, waiting.get("retrying", 0) > 0)
            elif event.incident is Incident.NETWORK and since >= LONGEST_INTERVAL + HOUR:
                configured = sum(feed.watched.holds(at) for feed in self.plan.feeds)
                self._judge(event, at, len(unhealthy) >= 0.95 * configured)
            elif event.incident in {Incident.DOWN, Incident.LONG_DOWN} and since >= LONGEST_INTERVAL:
                lag = status["lag_seconds"]
                assert isinstance(lag, int)
                self._judge(event, at, not status["workers"] and lag > 0)

    def finish(self, at: float) -> None:
        """Look for outages of feeds that were never reported although they lasted through a poll."""
        for feed in self.plan.feeds:
            for outage in feed.outages:
                if self._was_polled(feed, outage):
                    self.due[outage.fault] += 1
                    if (feed.number, outage.span.start) in self._seen:
                        self.reported[outage.fault] += 1
                    else:
                        self.violations.add(
                            "outage not reported", at, f"feed {feed.number}: {outage.fault} from day"
                            f" {outage.span.start / DAY:.2f} to {outage.span.end / DAY:.2f}"
                        )  # fmt: skip
        for event in self.plan.events:
            if event.span.start in self._events_due:
                self.due[event.incident] += 1
                self.reported[event.incident] += event.span.start in self._events_seen

    def _was_polled(self, feed: FeedPlan, outage: Outage) -> bool:
        """Return whether a poll and a look have to lie in an outage."""
        gaps = [
            Span(event.span.start, event.span.end + HOUR) for event in self.plan.events if event.incident in NO_POLLS
        ]
        others = [Span(other.span.start, other.span.end + other.recovery) for other in feed.outages if other != outage]
        lasted = subtract(outage.span, sorted(gaps + others, key=lambda span: span.start))
        within = Span(feed.watched.start + HOUR, feed.watched.end)
        return any(
            min(span.end, within.end) - max(span.start, within.start) > LONGEST_INTERVAL + HOUR + TICK
            for span in lasted
        )

    def _count(self, event: Event, seen: bool) -> None:
        self._events_due.add(event.span.start)
        if seen:
            self._events_seen.add(event.span.start)

    def _judge(self, event: Event, at: float, seen: bool) -> None:
        self._count(event, seen)
        if not seen:
            self.violations.add("outage not reported", at, str(event.incident))


def _recovers(feed: FeedPlan, at: float) -> bool:
    """Return whether a feed may still count as failing after an outage."""
    return any(outage.span.start <= at < outage.span.end + outage.recovery + HOUR for outage in feed.outages)
