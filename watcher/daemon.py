"""The daemon: signals, the lock, the page, and an orderly shutdown. Its engine runs the jobs."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import structlog

from watcher import clock, private
from watcher.app.bootstrap import App
from watcher.engine import create_engine
from watcher.engine.jobs import Engine, Heartbeat, Jobs
from watcher.engine.systemd import ServiceManager
from watcher.errors import ConfigError, StoreError, WatcherError
from watcher.fetch import Fetcher
from watcher.reading.arenas import share_heap
from watcher.web import create_app, make_server, require_login

log = structlog.get_logger()

SHUTDOWN_GRACE = timedelta(seconds=25)
"""How long the process lives after a SIGTERM; container runtimes kill after thirty seconds."""
RELEASE_PERIOD = timedelta(seconds=5)
"""How much of it is kept for releasing what did not end."""
EXIT_MARGIN = timedelta(seconds=1)


def run(
    app: App,
    *,
    page: bool = True,
    grace: timedelta = SHUTDOWN_GRACE,
    heartbeat: Heartbeat | None = None,
    on_page: Callable[[str], None] = lambda _address: None,
) -> None:
    """Run until SIGTERM or SIGINT; SIGHUP reloads the configuration. Raises StoreError where another daemon runs.

    `on_page` is called with the page's address once its port is bound.
    Where a thread is stuck (a document that is read for minutes) the process ends here, with 0, and not its caller.
    """
    share_heap()  # the first threads read all feeds: what they free serves those that follow
    with ExitStack() as stack:
        if (path := app.database.path) is not None:
            stack.enter_context(_DaemonLock(path))
        daemon = _Daemon(app, page=page, grace=grace, heartbeat=heartbeat or Heartbeat(), on_page=on_page)
        asyncio.run(daemon.run())
    if stuck := _find_stuck_threads():
        log.warning("ended without waiting for threads that are stuck", threads=stuck)
        app.close()
        _exit()


def _find_stuck_threads() -> list[str]:
    """Return the names of the threads that would hold up the end of the process."""
    current = threading.current_thread()
    others = [thread for thread in threading.enumerate() if thread is not current and not thread.daemon]
    for thread in others:
        thread.join(timeout=0.5 / len(others))
    return [thread.name for thread in others if thread.is_alive()]


def _exit_after(delay: timedelta) -> None:
    """End the process after `delay`, whatever is still in flight."""

    def end() -> None:
        """Wait in a thread that the event loop cannot hold up, then end the process."""
        time.sleep(delay.total_seconds())
        log.warning("ended with work unfinished; the next process takes it up")
        _exit()

    threading.Thread(target=end, name="exit timer", daemon=True).start()


def _exit() -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


class _Daemon:
    def __init__(
        self, app: App, *, page: bool, grace: timedelta, heartbeat: Heartbeat, on_page: Callable[[str], None]
    ) -> None:
        self._app = app
        self._page = page
        self._grace = grace
        self._heartbeat = heartbeat
        self._on_page = on_page
        self._stop = asyncio.Event()
        self._manager = ServiceManager(app.environ)

    async def run(self) -> None:
        """Start everything, and run until a signal or a fault of the page."""
        app = self._app
        if self._page:
            require_login(app.settings)
        await asyncio.to_thread(app.sync, clock.now())
        await asyncio.to_thread(app.retry_logins, clock.now())
        loop = asyncio.get_running_loop()
        for signal_number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signal_number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, lambda: asyncio.ensure_future(self._reload()))
        async with Fetcher(app.fetch_policy()) as fetcher, Jobs(app, fetcher, clock.now, self._heartbeat) as jobs:
            await self._run_until_stopped(fetcher, jobs, create_engine(app.settings.engine, jobs))

    async def _run_until_stopped(self, fetcher: Fetcher, jobs: Jobs, engine: Engine) -> None:
        app = self._app
        server, serving = None, None
        if self._page:
            page = create_app(
                app,
                clock=clock.now,
                poller_alive=lambda: engine.is_alive,
                storage=jobs.storage,
                reload=self._reload,
                fetcher=fetcher,
                subscriber=jobs.subscriber,
            )
            web = app.settings.web
            server = make_server(page, web.host, web.port)
            self._on_page(web.address if web.port else f"http://{web.host}:{server.port}")
            serving = asyncio.create_task(server.serve())
        await jobs.recover_dead_leases()
        await asyncio.to_thread(app.database.release_connections)  # all feeds have been looked at
        await engine.start()
        self._log_notes()
        log.info("started", feeds=len(app.settings.sources), topics=len(app.matcher.configured), owner=jobs.owner)
        self._manager.notify("READY=1", f"STATUS=watching {len(app.settings.sources)} feeds")
        self._manager.start_watchdog()
        try:
            waits = [asyncio.create_task(self._stop.wait()), *([serving] if serving else [])]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if serving is not None and serving.done() and not self._stop.is_set():
                raise StoreError("the page stopped being served")
        finally:
            log.info("stopping", in_flight=jobs.poller.in_flight)
            self._manager.stop()
            if self._stop.is_set():
                _exit_after(self._grace - EXIT_MARGIN)
            if server is not None:
                server.should_exit = True
            await engine.drain(self._grace - RELEASE_PERIOD)
            if serving is not None:
                await asyncio.wait([serving], timeout=RELEASE_PERIOD.total_seconds())
            log.info("stopped")

    def _log_notes(self) -> None:
        for note in self._app.settings.notes:
            log.warning("configuration", note=str(note))

    async def _reload(self) -> bool:
        """Reload the configuration and return whether it is valid; an invalid one changes nothing and is logged."""
        try:
            await asyncio.to_thread(self._app.reload)
            changed = await asyncio.to_thread(self._app.sync, clock.now())
            await asyncio.to_thread(self._app.database.release_connections)
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


class _DaemonLock:
    """The lock that keeps a second daemon off a SQLite database; the system releases it however the process ends."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".lock")

    def __enter__(self) -> None:
        private.create_file(self._path)
        self._file = self._path.open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.seek(0)
            holder = self._file.read().strip() or "another process"
            self._file.close()
            raise StoreError(
                f"a daemon already runs on {self._path.with_suffix('')} ({holder}); several need PostgreSQL"
            ) from error
        self._file.truncate(0)
        self._file.write(f"pid {os.getpid()}")
        self._file.flush()

    def __exit__(self, *_error: object) -> None:
        self._file.close()


def reload_running_daemon(database: Path) -> bool:
    """Have the daemon on a SQLite database read its configuration again; return whether one runs on this machine."""
    try:
        with database.with_name(database.name + ".lock").open("r") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                # The process that holds the lock is alive: its number is not that of a later process.
                os.kill(int(file.read().removeprefix("pid ")), signal.SIGHUP)
                return True
    except (OSError, ValueError):
        pass  # no daemon ever ran here, or it ends just now
    return False
