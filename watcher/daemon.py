"""The daemon: signals, the lock, the page, and an orderly end. What is done when, its engine knows."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import structlog

from watcher import clock
from watcher.app.wiring import App
from watcher.engine import make_engine
from watcher.engine.steps import Engine, Pace, Steps
from watcher.engine.systemd import ServiceManager
from watcher.errors import ConfigError, StoreError, WatcherError
from watcher.fetch import Fetcher
from watcher.web import create_app, make_server, require_login

log = structlog.get_logger()

GRACE = timedelta(seconds=20)
"""How long what is in flight may take to end after a SIGTERM: with the page's five seconds, 25 in all."""


def run(app: App, *, page: bool = True, grace: timedelta = GRACE, pace: Pace | None = None) -> None:
    """Run until SIGTERM or SIGINT; SIGHUP reads the configuration again. Raises StoreError where another one runs."""
    with ExitStack() as held:
        if (path := app.database.path) is not None:
            held.enter_context(_alone(path))
        asyncio.run(_Daemon(app, page=page, grace=grace, pace=pace or Pace()).run())


class _Daemon:
    def __init__(self, app: App, *, page: bool, grace: timedelta, pace: Pace) -> None:
        self._app = app
        self._page = page
        self._grace = grace
        self._pace = pace
        self._stop = asyncio.Event()
        self._manager = ServiceManager(app.environ)

    async def run(self) -> None:
        app = self._app
        if self._page:
            require_login(app.settings)
        await asyncio.to_thread(app.sync, clock.now())
        await asyncio.to_thread(app.retry_logins, clock.now())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, lambda: asyncio.ensure_future(self._reload()))
        async with Fetcher(app.fetch_policy()) as fetcher, Steps(app, fetcher, clock.now, self._pace) as steps:
            await self._keep_going(fetcher, steps, make_engine(app.settings.engine, steps))

    async def _keep_going(self, fetcher: Fetcher, steps: Steps, engine: Engine) -> None:
        app = self._app
        server, serving = None, None
        if self._page:
            page = create_app(
                app,
                clock=clock.now,
                poller_alive=lambda: engine.alive,
                reload=self._reload,
                fetcher=fetcher,
                subscriber=steps.subscriber,
            )
            server = make_server(page, app.settings.web.host, app.settings.web.port)
            serving = asyncio.create_task(server.serve())
        await steps.take_over()
        await engine.start()
        self._log_notes()
        log.info("started", feeds=len(app.settings.sources), topics=len(app.watched.topics), owner=steps.owner)
        self._manager.notify("READY=1", f"STATUS=watching {len(app.settings.sources)} feeds")
        self._manager.start_watchdog()
        try:
            waits = [asyncio.create_task(self._stop.wait()), *([serving] if serving else [])]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if serving is not None and serving.done() and not self._stop.is_set():
                raise StoreError("the page stopped being served")
        finally:
            log.info("stopping", in_flight=steps.poller.in_flight)
            self._manager.stop()
            await engine.drain(self._grace)
            if server is not None and serving is not None:
                server.should_exit = True
                await asyncio.wait([serving], timeout=5)
            log.info("stopped")

    def _log_notes(self) -> None:
        for note in self._app.settings.notes:
            log.warning("configuration", note=str(note))

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
        self._log_notes()
        self._manager.notify(f"STATUS=watching {len(self._app.settings.sources)} feeds")
        log.info("reloaded", feeds=len(self._app.settings.sources), changed_topics=list(changed))
        return True


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
