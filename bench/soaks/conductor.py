"""Conducts a run: moves the clock, lets things happen when the plan has them happen, and keeps the books."""

from __future__ import annotations

import os
import random
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.soaks.bounds import check_database, check_process
from bench.soaks.child import Child
from bench.soaks.clock import SharedClock, wall_clock
from bench.soaks.configuring import feed_url, write_config
from bench.soaks.items import Timelines
from bench.soaks.ledger import Ledger
from bench.soaks.machine import Report, Sample, Setup, work
from bench.soaks.plan import DAY, DOWNTIMES, HOUR, STORAGE, TICK, Event, Fault, Incident, Plan
from bench.soaks.sites import serve
from bench.soaks.violations import Violations
from bench.soaks.watch import StatusWatch
from tests import postgres
from watcher.app.bootstrap import App, open_app
from watcher.store.database import Database
from watcher.store.database.maintenance import find_database_faults, get_database_size
from watcher.store.database.migrate import upgrade_schema
from watcher.store.feeds.commands import resume_feed
from watcher.store.system.status import get_status


@dataclass(slots=True)
class Outcome:
    """What a run came to."""

    figures: dict[str, Any] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)


class Conductor:
    """One run on one database."""

    def __init__(
        self, plan: Plan, folder: Path, server: postgres.Server | None, progress: Callable[[str], None]
    ) -> None:
        self._plan = plan
        self._folder = folder
        self._server = server
        self._progress = progress
        self._url = server.url("soak") if server is not None else f"sqlite:///{folder / 'soak.db'}"
        self._clock = SharedClock(folder / "clock")
        self._wall = wall_clock(self._clock, plan)
        self._violations = Violations(progress)
        self._ledger = Ledger(plan, Timelines(plan.feeds, plan.seed, plan.end), self._violations)
        self._watch = StatusWatch(plan, self._violations)
        self._samples: list[tuple[float, Sample]] = []
        self._sizes: list[tuple[float, int, int]] = []
        self._machine: Child | None = None
        self._sites: Child | None = None
        self._app: App | None = None
        self._ports = 0, 0
        self._reloads = 0
        self._counts: Counter[str] = Counter()
        self._warnings: Counter[str] = Counter()
        self._chance = random.Random(f"{plan.seed}:conductor")
        self._cpu = 0.0
        self._lock: sqlite3.Connection | None = None
        self._gone = [(feed, outage) for feed in plan.feeds for outage in feed.outages if outage.fault is Fault.GONE]

    def run(self) -> Outcome:
        """Go through the whole plan, and look at what is left."""
        began = time.monotonic()
        with ExitStack() as held:
            self._sites = Child(serve, self._plan, self._folder / "clock")
            held.callback(self._sites.kill)
            self._ports = self._sites.receive()
            self._configure(0.0)
            with Database(self._url) as database:
                upgrade_schema(database)
            self._app = open_app(self._folder / "config", os.environ, database_url=self._url)
            held.callback(self._app.close)
            held.callback(self._end)
            ticks = int(self._plan.end / TICK)
            for number in range(ticks):
                at = number * TICK
                self._clock.move_to(at)
                self._tick(number, at)
                if at % DAY == 0:
                    self._report(at, time.monotonic() - began)
            figures = self._finish(self._plan.end)
            self._cpu += self._sites.measure_cpu()
        figures["seconds"] = round(time.monotonic() - began, 1)
        figures["CPU seconds"] = round(self._cpu + time.process_time(), 1)
        return Outcome(figures, self._violations.lines())

    def _tick(self, number: int, at: float) -> None:
        for event in self._plan.events:
            if event.span.start == at:
                self._begin_incident(event, at)
            elif event.span.end == at:
                self._end_incident(event)
        if self._plan.event(at, DOWNTIMES | STORAGE) is None:
            self._resume_feeds(at)
        if self._plan.event(at, DOWNTIMES) is None:
            self._work(number, at)
        hourly = at % HOUR == 0
        if hourly and self._plan.event(at, {Incident.DATABASE}) is None:
            self._ledger.follow(self.app.database, at)
            if at >= HOUR:
                self._watch.check_status(self.app, at, self._wall(), self.sites.ask("faults"))
            if at % DAY == 0 and at:
                self._ledger.check_kept(self.app.database, at)
                self._ledger.check_told(self.app.database, at)
                self._measure(at)

    @property
    def app(self) -> App:
        assert self._app is not None
        return self._app

    @property
    def sites(self) -> Child:
        assert self._sites is not None
        return self._sites

    def _resume_feeds(self, at: float) -> None:
        """Resume feeds that are back, as a person does who has read that they are gone and knows better."""
        back = [feed for feed, outage in self._gone if outage.span.end <= at]
        self._gone = [(feed, outage) for feed, outage in self._gone if outage.span.end > at]
        for feed in back:
            if feed.watched.holds(at):
                with self.app.database.write() as db:
                    resume_feed(db, feed_url(feed, self._ports[0]), self._wall())

    def _work(self, number: int, at: float) -> None:
        machine = self._machine or self._start(at)
        if machine is None:
            return
        if number in self._plan.kills:
            machine.pipe.send("tick")
            time.sleep(self._chance.uniform(0.0, 0.08))
            self._end()
            self._counts["kills"] += 1
            return
        report = machine.ask("tick")
        assert isinstance(report, Report)
        self._warnings.update(report.warnings)
        self._watch.check_report(report, at)
        self._counts["ticks"] += 1

    def _start(self, at: float) -> Child | None:
        """Start the watcher; returns None where it cannot start, as while the database is away: the next tick tries."""
        setup = Setup(
            plan=self._plan, clock=self._folder / "clock", config=self._folder / "config", database_url=self._url
        )
        machine = Child(work, setup)
        self._counts["starts"] += 1
        if (answer := machine.receive()) == "started":
            self._machine = machine
            return machine
        machine.process.join()
        if self._plan.event(at, STORAGE) is None:
            self._violations.add("did not start", at, str(answer))
        return None

    def _end(self) -> None:
        if self._machine is not None:
            self._cpu += self._machine.measure_cpu()
            self._machine.kill()
            self._machine = None

    def _stop(self, machine: Child) -> Report:
        """Stop the watcher as SIGTERM would, and return its last report."""
        self._cpu += machine.measure_cpu()
        report = machine.ask("stop")
        assert isinstance(report, Report)
        machine.process.join()
        self._machine = None
        return report

    def _begin_incident(self, event: Event, at: float) -> None:
        match event.incident:
            case Incident.RELOAD:
                self._reloads += 1
                self._configure(at)
                self.app.reload()
                if self._machine is not None:
                    report = self._machine.ask("reload")
                    for error in report.errors:
                        self._violations.add("error logged", at, error)
            case Incident.DOWN | Incident.LONG_DOWN if self._machine is not None:
                self._stop(self._machine)
            case Incident.DATABASE if self._server is not None:
                self._server.halt()
            case Incident.DATABASE:
                self._lock = sqlite3.connect(self._folder / "soak.db", isolation_level=None)
                self._lock.execute("BEGIN EXCLUSIVE")
            case _:
                pass  # what the other processes know from the plan

    def _end_incident(self, event: Event) -> None:
        if event.incident is not Incident.DATABASE:
            return
        if self._server is not None:
            self._server.start()
        elif self._lock is not None:
            self._lock.close()
            self._lock = None

    def _configure(self, at: float) -> None:
        web, mail = self._ports
        write_config(self._folder / "config", self._plan, at, self._reloads, web, mail)

    def _measure(self, at: float) -> None:
        if self._machine is not None:
            self._samples.append((at, self._machine.ask("sample")))
        with self.app.database.read() as db:
            known = get_status(db, self._wall())
        self._sizes.append((at, get_database_size(self.app.database), known.entries))

    def _report(self, at: float, seconds: float) -> None:
        sample = self._samples[-1][1] if self._samples else None
        memory = f", {sample.megabytes:.0f} MB, {sample.handles} handles" if sample else ""
        self._progress(
            f"day {at / DAY:.0f} of {self._plan.days:g} after {seconds:.0f} s: {len(self._ledger.tokens):,} items,"
            f" {len(self._ledger.composed)} digests{memory}, {sum(self._violations.counts.values())} violations"
        )

    def _finish(self, at: float) -> dict[str, Any]:
        database = self.app.database
        self._clock.move_to(at)
        self._ledger.follow(database, at)
        self._measure(at)
        if self._machine is not None:
            # What is being sent is sent, and nothing is left half-done.
            for error in self._stop(self._machine).errors:
                self._violations.add("error logged", at, error)
        served = self.sites.ask("all")
        self._watch.finish(at)
        self._ledger.check_kept(database, at)
        self._ledger.check_told(database, at, older_than=30 * HOUR)
        self._ledger.check_items(at)
        floods = self._ledger.check_floods(database, at)
        self._ledger.check_digests(at)
        messages = self._ledger.check_messages(database, served["mails"], served["slack"], at)
        for fault in find_database_faults(database):
            self._violations.add("database unsound", at, fault)
        _measured_at, size, kept = self._sizes[-1]
        bounds = check_database(size, kept, len(self._ledger.composed), at, self._violations)
        if self._samples:
            bounds |= check_process(self._samples, at, self._violations)
        return {
            "seed": self._plan.seed,
            "days": self._plan.days,
            "database": "postgresql" if self._server is not None else "sqlite",
            "feeds": len(self._plan.feeds),
            "polls": sum(count for answer, count in served["served"].items() if answer != "301"),
            "answers": dict(sorted(served["served"].items())),
            "items stored": len(self._ledger.tokens),
            "items owed": self._ledger.owed,
            "floods": floods,
            "hits": self._ledger.hit_count,
            **messages,
            "looks at the status": self._watch.looks,
            "outages reported": {
                name: f"{self._watch.reported[name]} of {count}" for name, count in sorted(self._watch.due.items())
            },
            "incidents": dict(Counter(str(event.incident) for event in self._plan.events)),
            **self._counts,
            "reloads": self._reloads,
            "warnings": dict(self._warnings.most_common(20)),
            **bounds,
        }


def describe_plan(plan: Plan) -> Mapping[str, int]:
    """Return how many feeds, outages, moves and events a plan has."""
    return {
        "feeds": len(plan.feeds),
        "outages": sum(len(feed.outages) for feed in plan.feeds),
        "moves": sum(feed.moves_at is not None for feed in plan.feeds),
        "floods": sum(feed.flood is not None for feed in plan.feeds),
        "events": len(plan.events),
        "kills": len(plan.kills),
    }


def print_progress(line: str) -> None:
    """Print a line of progress where somebody looks on."""
    if sys.stderr.isatty():
        print(line, file=sys.stderr, flush=True)
