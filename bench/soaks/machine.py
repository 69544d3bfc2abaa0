"""The watcher of a run: a process that does a daemon's jobs at the conductor's word, under the injected clock.

What a daemon does in the ten minutes of a tick happens within one: time stands still while servers answer. The jobs
are those of the real engine, in its order; only the metronome is another, for APScheduler runs on the machine's clock.
"""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import threading
import traceback
from collections.abc import Callable, Coroutine, MutableMapping
from dataclasses import dataclass, replace
from datetime import timedelta
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import event

from bench.soaks.clock import SharedClock, wall_clock
from bench.soaks.plan import HOUR, MINUTE, STORAGE, Fault, Incident, Plan
from bench.soaks.sites import SLACK_HOST
from watcher.app.bootstrap import App, open_app
from watcher.channels.base import SenderContext
from watcher.channels.senders import Senders
from watcher.engine.apscheduler_engine import ALIVE_PERIOD
from watcher.engine.jobs import Job, Jobs, tolerate_storage_errors
from watcher.errors import WatcherError
from watcher.fetch import Fetcher

PATIENCE = 120.0
"""Real seconds in which what a tick began has to end."""
AWAY_PATIENCE = 0.5
"""Real seconds in which what does not need the database ends while that is away."""
NOWHERE = "127.9.9.9"
"""Where nobody listens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Where a run's things are."""

    plan: Plan
    clock: Path
    config: Path
    database_url: str
    lock_patience: timedelta = timedelta(seconds=0.2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a tick came to: whether the process calls itself ready, for how long it has run, and what it logged."""

    ready: bool
    age: float
    warnings: tuple[str, ...]
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What the process holds, and its most memory so far.

    `megabytes` are its own; `mapped` are pages of files that the system keeps and can take back: of its libraries, and
    of the database once for each connection that has read them.
    """

    megabytes: float
    mapped: float
    peak: float
    handles: int
    tasks: int
    threads: int


class _Log:
    """Collects what is logged at warning level and above, instead of printing it."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.errors: list[str] = []

    def __call__(self, _logger: object, method: str, values: MutableMapping[str, Any]) -> Any:
        if method in {"error", "exception", "critical"}:
            error = values.pop("exc_info", None)
            facts = " ".join(f"{key}={value!r}" for key, value in values.items() if key != "event")
            fault = f" {type(error).__name__}: {error}" if isinstance(error, BaseException) else ""
            if error is True:
                fault = " " + traceback.format_exc(limit=-3).replace("\n", " | ")
            self.errors.append(f"{values['event']} {facts}{fault}"[:600])
        elif method == "warning":
            self.warnings.append(str(values["event"]))
        raise structlog.DropEvent

    def take(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return what came since the last time."""
        taken = tuple(self.warnings), tuple(self.errors)
        self.warnings, self.errors = [], []
        return taken


def work(pipe: Pipe, setup: Setup) -> None:
    """Be the watcher until told to end, or killed."""
    log = _Log()
    structlog.configure(processors=[log], wrapper_class=structlog.make_filtering_bound_logger(30))
    try:
        app = open_app(setup.config, dict(os.environ), database_url=setup.database_url)
    except WatcherError as error:
        pipe.send(f"not started: {error}")
        return
    if not app.database.is_shared:
        # Under a lock the daemon would wait ten real seconds at each statement.
        event.listen(app.database.engine, "connect", _wait_less(setup.lock_patience))
        app.database.engine.dispose()
    try:
        asyncio.run(_Machine(app, setup, log).serve(pipe))
    except WatcherError as error:
        pipe.send(f"not started: {error}")
    finally:
        app.close()


def _wait_less(patience: timedelta) -> Callable[[Any, Any], None]:
    def set_timeout(connection: Any, _record: Any) -> None:
        connection.execute(f"PRAGMA busy_timeout = {patience // timedelta(milliseconds=1)}")

    return set_timeout


class _Machine:
    def __init__(self, app: App, setup: Setup, log: _Log) -> None:
        self._app = app
        self._plan = setup.plan
        self._clock = SharedClock(setup.clock)
        self._wall = wall_clock(self._clock, setup.plan)
        self._log = log
        self._began_at = self._succeeded_at = self._clock.read()
        self._due = {"clock": 0.0, "subscribe": 0.0, "prune": self._clock.read() + 10 * MINUTE}

    async def serve(self, pipe: Pipe) -> None:
        """Heed the conductor."""
        loop, orders = asyncio.get_running_loop(), asyncio.Queue[str]()

        def take_order() -> None:
            try:
                orders.put_nowait(pipe.recv())
            except EOFError:  # the conductor is gone
                loop.remove_reader(pipe.fileno())
                orders.put_nowait("leave")

        loop.add_reader(pipe.fileno(), take_order)
        await asyncio.to_thread(self._app.sync, self._wall())
        await asyncio.to_thread(self._app.retry_logins, self._wall())
        async with Fetcher(self._policy(), self._resolve, monotonic=self._clock.read) as fetcher:
            ways = Senders(SenderContext(http=fetcher.client(), clock=self._wall, message_spacing=timedelta()))
            async with Jobs(self._app, fetcher, self._wall, monotonic=self._clock.read, senders=ways) as jobs:
                await jobs.recover_dead_leases()
                pipe.send("started")
                while (order := await orders.get()) not in {"stop", "leave"}:
                    match order:
                        case "tick":
                            pipe.send(await self._tick(jobs))
                        case "reload":
                            pipe.send(await self._reload(jobs))
                        case "sample":
                            pipe.send(_sample())
                        case _:
                            raise ValueError(order)
                await jobs.drain(timedelta(seconds=10))
                await tolerate_storage_errors("leave", jobs.sign_off, jobs.storage)()
        if order == "stop":
            pipe.send(self._make_report(jobs))

    def _policy(self) -> Any:
        second = timedelta(seconds=1)
        return replace(
            self._app.fetch_policy(), connect=2 * second, read=1.2 * second, total=3 * second, resolve=second,
            spacing=timedelta(), per_host=8,
        )  # fmt: skip

    async def _resolve(self, host: str, _port: int) -> list[str]:
        """Be the name service: everything is on loopback, unless the plan has it otherwise."""
        at = self._clock.read()
        if self._plan.incident(at, {Incident.NETWORK}):
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        if host == SLACK_HOST:
            return ["127.0.0.1"]
        feed = self._plan.by_host.get(host)
        outage = feed.outage(at) if feed is not None else None
        if feed is None or (outage is not None and outage.fault is Fault.DNS):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [NOWHERE if outage is not None and outage.fault is Fault.REFUSE else "127.0.0.1"]

    async def _tick(self, jobs: Jobs) -> Report:
        at = self._clock.read()
        _limit_files(full=self._plan.incident(at, {Incident.DISK}) is not None)

        async def look() -> None:
            await jobs.clock_monitor.check_step()

        async def send() -> None:
            await jobs.send()
            await self._wait_for(jobs.wait_until_sent())

        await self._step(jobs, "clock", look)
        await self._step(jobs, "poll", lambda: self._poll(jobs))
        await self._step(jobs, "send", send)
        await self._step(jobs, "beat", jobs.keep_alive)
        await self._step(jobs, "skew", jobs.clock_monitor.record_skew)
        if self._is_due("subscribe", at, HOUR):
            await self._step(jobs, "subscribe", jobs.subscribe)
        if self._is_due("prune", at, 6 * HOUR):
            await self._step(jobs, "prune", jobs.prune)
        return self._make_report(jobs)

    def _is_due(self, name: str, at: float, every: float) -> bool:
        if at < self._due[name]:
            return False
        self._due[name] = at + every
        return True

    async def _wait_for(self, work: Coroutine[Any, Any, None]) -> None:
        """Wait for what a tick began; what waits for a database that is away goes on in later ticks."""
        away = self._plan.event(self._clock.read(), STORAGE) is not None
        waiting = asyncio.create_task(work)
        done, _late = await asyncio.wait({waiting}, timeout=AWAY_PATIENCE if away else PATIENCE)
        if done:
            waiting.result()
            return
        waiting.cancel()
        if not away:
            raise TimeoutError(f"not done after {PATIENCE:g} s")

    async def _step(self, jobs: Jobs, name: str, step: Job) -> None:
        """Run a step as the engine would: a database that is away is one line, all else is a fault of ours."""
        try:
            await tolerate_storage_errors(name, step, jobs.storage)()
        except Exception as error:
            self._log.errors.append(f"tick failed {name} {type(error).__name__}: {error}")

    async def _poll(self, jobs: Jobs) -> None:
        """Poll all that is due, and wait for it: time does not go on meanwhile."""
        poller = jobs.poller
        await poller.poll_for(timedelta(seconds=0.8))
        await self._wait_for(self._poll_rest(jobs))
        if not poller.is_stalled:
            self._succeeded_at = self._clock.read()

    async def _poll_rest(self, jobs: Jobs) -> None:
        poller = jobs.poller
        while True:
            await poller.wait_until_idle()
            if poller.is_offline or not await poller.start_due():
                break

    async def _reload(self, jobs: Jobs) -> Report:
        try:
            await asyncio.to_thread(self._app.reload)
            await asyncio.to_thread(self._app.sync, self._wall())
        except WatcherError as error:
            self._log.errors.append(f"reload failed: {error}")
        return self._make_report(jobs)

    def _make_report(self, jobs: Jobs) -> Report:
        warnings, errors = self._log.take()
        at = self._clock.read()
        alive = at - self._succeeded_at < ALIVE_PERIOD.total_seconds()
        return Report(
            ready=alive and jobs.storage.fault is None, age=at - self._began_at, warnings=warnings, errors=errors
        )


def _limit_files(*, full: bool) -> None:
    """Let every write to a file fail, or none: a limit of the process stands for a disk that is full."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0 if full else hard, hard))


def _sample() -> Sample:
    _size, resident, mapped, *_rest = map(int, Path("/proc/self/statm").read_text().split())
    page = resource.getpagesize() / 2**20
    return Sample(
        megabytes=(resident - mapped) * page,
        mapped=mapped * page,
        peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        handles=sum(1 for _handle in Path("/proc/self/fd").iterdir()),
        tasks=len(asyncio.all_tasks()),
        threads=threading.active_count(),
    )
