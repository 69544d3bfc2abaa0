"""The daemon: signals, the lock, the page, and an orderly end. What is done when, its engine knows."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import sys
import threading
import time
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import structlog

from watcher import clock, private
from watcher.app.bootstrap import App
from watcher.engine import make_engine
from watcher.engine.jobs import Engine, Heartbeat, Jobs
from watcher.engine.systemd import ServiceManager
from watcher.errors import ConfigError, StoreError, WatcherError
from watcher.fetch import Fetcher
from watcher.web import create_app, make_server, require_login

log = structlog.get_logger()

GRACE = timedelta(seconds=25)
"""How long the process lives after a SIGTERM; container runtimes kill after thirty seconds."""
PUT_BACK = timedelta(seconds=5)
"""How much of it is kept for giving back what did not end."""
LAST_MOMENT = timedelta(seconds=1)


def run(app: App, *, page: bool = True, grace: timedelta = GRACE, pace: Heartbeat | None = None) -> None:
    """Run until SIGTERM or SIGINT; SIGHUP reads the configuration again. Raises StoreError where another one runs.

    Where a thread is stuck (a document that is read for minutes) the process ends here, with 0, and not its caller.
    """
    with ExitStack() as held:
        if (path := app.database.path) is not None:
            held.enter_context(_alone(path))
        asyncio.run(_Daemon(app, page=page, grace=grace, pace=pace or Heartbeat()).run())
    if stuck := _find_stuck_threads():
        log.warning("ended without waiting for threads that are stuck", threads=stuck)
        app.close()
        _exit()


def _find_stuck_threads() -> list[str]:
    """Name the threads that would hold up the end of the process."""
    others = [each for each in threading.enumerate() if each is not threading.current_thread() and not each.daemon]
    for each in others:
        each.join(timeout=0.5 / len(others))
    return [each.name for each in others if each.is_alive()]


def _exit_after(length: timedelta) -> None:
    """End the process after so long, whatever still waits for whatever."""

    def end() -> None:
        time.sleep(length.total_seconds())
        log.warning("ended with work unfinished; the next process takes it up")
        _exit()

    threading.Thread(target=end, name="last moment", daemon=True).start()


def _exit() -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


class _Daemon:
    def __init__(self, app: App, *, page: bool, grace: timedelta, pace: Heartbeat) -> None:
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
        async with Fetcher(app.fetch_policy()) as fetcher, Jobs(app, fetcher, clock.now, self._pace) as steps:
            await self._keep_going(fetcher, steps, make_engine(app.settings.engine, steps))

    async def _keep_going(self, fetcher: Fetcher, steps: Jobs, engine: Engine) -> None:
        app = self._app
        server, serving = None, None
        if self._page:
            page = create_app(
                app,
                clock=clock.now,
                poller_alive=lambda: engine.alive,
                storage=steps.storage,
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
            if self._stop.is_set():
                _exit_after(self._grace - LAST_MOMENT)
            if server is not None:
                server.should_exit = True
            await engine.drain(self._grace - PUT_BACK)
            if serving is not None:
                await asyncio.wait([serving], timeout=PUT_BACK.total_seconds())
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
        private.create_file(self._path)
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
