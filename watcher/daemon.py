"""The daemon: signals, the scheduler's ticks, and an orderly end. Alone knows APScheduler, which is only the metronome:
what is due is a question for the database."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import structlog
from apscheduler.events import EVENT_JOB_ERROR
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from watcher import clock
from watcher.app.wiring import App
from watcher.deliver import senders
from watcher.errors import ConfigError, StoreError, WatcherError
from watcher.fetch import Fetcher
from watcher.pipeline.incoming import Poller
from watcher.pipeline.outgoing import compose_due, deliver_waiting
from watcher.store import care, leases
from watcher.web import create_app, make_server, require_login

log = structlog.get_logger()

GRACE = timedelta(seconds=25)
"""How long what is in flight may take to end after a SIGTERM; container runtimes kill after thirty seconds."""
BEAT = timedelta(seconds=10)


def run(app: App, *, page: bool = True, grace: timedelta = GRACE) -> None:
    """Run until SIGTERM or SIGINT; SIGHUP reads the configuration again. Raises StoreError where another one runs."""
    with ExitStack() as held:
        if (path := app.database.path) is not None:
            held.enter_context(_alone(path))
        asyncio.run(_Daemon(app, page=page, grace=grace).run())


class _Daemon:
    def __init__(self, app: App, *, page: bool, grace: timedelta) -> None:
        self._app = app
        self._page = page
        self._grace = grace
        self._owner = f"{socket.gethostname()}:{os.getpid()}"
        self._stop = asyncio.Event()
        self._wake = asyncio.Event()
        self._ticked_at = clock.now()
        self._outgoing = asyncio.Lock()

    async def run(self) -> None:
        app = self._app
        if self._page:
            require_login(app.settings)
        await asyncio.to_thread(app.sync, clock.now())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, lambda: asyncio.ensure_future(self._reload()))
        async with Fetcher(app.fetch_policy()) as fetcher:
            poller = Poller(
                app.database,
                fetcher,
                lambda: self._app.watched,
                clock.now,
                bounds=lambda: self._app.bounds(),
                concurrency=app.settings.fetch.concurrency,
                owner=self._owner,
                on_settled=self._heard,
            )
            async with poller:
                await self._keep_going(fetcher, poller)

    async def _keep_going(self, fetcher: Fetcher, poller: Poller) -> None:
        outward = senders(fetcher.client())
        server, serving = None, None
        if self._page:
            page = create_app(
                self._app, clock=clock.now, poller_alive=self._alive, reload=self._reload, fetcher=fetcher
            )
            server = make_server(page, self._app.settings.web.host, self._app.settings.web.port)
            serving = asyncio.create_task(server.serve())
        scheduler = self._metronome(poller, outward)
        scheduler.start()
        log.info(
            "started", feeds=len(self._app.settings.sources), topics=len(self._app.watched.topics), owner=self._owner
        )
        try:
            waits = [asyncio.create_task(self._stop.wait()), *([serving] if serving else [])]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if serving is not None and serving.done() and not self._stop.is_set():
                raise StoreError(_page_fault(self._app))
        finally:
            log.info("stopping", in_flight=poller.in_flight)
            scheduler.remove_all_jobs()
            await poller.drain(self._grace)
            async with self._outgoing:
                pass
            scheduler.shutdown(wait=False)
            if server is not None and serving is not None:
                server.should_exit = True
                await asyncio.wait([serving], timeout=5)
            log.info("stopped")

    def _metronome(self, poller: Poller, outward: Any) -> AsyncIOScheduler:
        # Defaults that bite: a tick that came late by a second would be dropped, and three could run at once.
        scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        scheduler.add_listener(_job_failed, EVENT_JOB_ERROR)

        async def poll() -> None:
            self._ticked_at = clock.now()
            await poller.tick()

        async def send() -> None:
            async with self._outgoing:
                press = self._app.press()
                await asyncio.to_thread(compose_due, self._app.database, press, clock.now())
                await deliver_waiting(self._app.database, press, outward, clock.now)

        async def prune() -> None:
            done = await asyncio.to_thread(care.prune, self._app.database, self._app.retention(), clock.now())
            log.info("pruned", entries=done.entries, polls=done.polls, freed=done.freed_bytes)

        jobs: list[tuple[str, timedelta, Callable[[], Awaitable[None]]]] = [
            ("poll", timedelta(seconds=1), _logged("poll", poll)),
            ("send", timedelta(seconds=2), _logged("send", send)),
            ("beat", BEAT, _logged("beat", self._beat)),
        ]
        for name, every, job in jobs:
            scheduler.add_job(job, "interval", seconds=every.total_seconds(), id=name, next_run_time=clock.now())
        scheduler.add_job(_logged("prune", prune), "interval", hours=6, id="prune")
        return scheduler

    async def _beat(self) -> None:
        await asyncio.to_thread(
            leases.beat, self._app.database, f"daemon:{self._owner}", self._owner, clock.now(), 6 * BEAT
        )

    def _alive(self) -> bool:
        return clock.now() - self._ticked_at < timedelta(seconds=60)

    def _heard(self, settled: Any) -> None:
        if settled.hits:
            log.info("hits", feed=settled.before.name, hits=len(settled.hits), new=len(settled.new))
        if settled.lost:
            log.warning("poll gap", feed=settled.before.name, lost=settled.lost)
        if settled.after.fetch_url != settled.before.fetch_url:
            log.warning("feed moved", feed=settled.before.source.url, to=settled.after.fetch_url)

    async def _reload(self) -> bool:
        """Take a changed configuration into force; a bad one changes nothing, and says so loudly."""
        try:
            await asyncio.to_thread(self._app.reload)
            changed = await asyncio.to_thread(self._app.sync, clock.now())
        except ConfigError as error:
            for fault in error.faults:
                log.error("reload refused; the old configuration stays in force", fault=str(fault))
            return False
        except WatcherError as error:
            log.error("reload failed", error=str(error))
            return False
        log.info("reloaded", feeds=len(self._app.settings.sources), changed_topics=list(changed))
        return True


def _logged(name: str, job: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """Let a database that is away for a minute be one line, not a traceback for each tick."""

    async def tick() -> None:
        try:
            await job()
        except StoreError as error:
            log.error("database", tick=name, error=str(error))

    return tick


def _job_failed(event: Any) -> None:
    log.error("tick failed", tick=event.job_id, exc_info=event.exception)


class _alone:  # noqa: N801  (a context manager)
    """Hold the lock that keeps a second daemon off a SQLite database; the system lets go of it however we end."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".lock")

    def __enter__(self) -> None:
        self._file = self._path.open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.seek(0)
            who = self._file.read().strip() or "another process"
            self._file.close()
            raise StoreError(
                f"a daemon already runs on {self._path.with_suffix('')} ({who}); several need PostgreSQL"
            ) from error
        self._file.truncate(0)
        self._file.write(f"pid {os.getpid()}")
        self._file.flush()

    def __exit__(self, *_error: object) -> None:
        self._file.close()


def _page_fault(app: App) -> str:
    web = app.settings.web
    return f"the page cannot be served on {web.host}:{web.port}: is the port taken?"
