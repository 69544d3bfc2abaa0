"""The process that reads: takes one job after another from its standard input until that is closed.

It is started with `python -c`, so that nothing but what reading needs is imported, and with little of the environment:
what strangers wrote is read here, so no secret is at hand.
"""

from __future__ import annotations

import os
import resource
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from watcher.errors import ParseError, TooCostlyError
from watcher.model.entry import Item
from watcher.parse.progress import follow_progress
from watcher.reading.limits import MEMORY_BYTES, Limits
from watcher.reading.pipe import Closed, Pipe

BATCH_ITEMS = 50
BATCH_SECONDS = 0.2
RETIRED_AT = 64 * 2**20
"""A process that keeps so much more memory after a job than it had at first is replaced by a new one."""
NICENESS = 5


class _OutOfTimeError(BaseException):
    """Raised by a signal wherever the job is; no `except Exception` of a library may catch it."""


def main() -> None:
    """Work until the watcher closes the pipe, or ends."""
    pipe = Pipe(os.dup(0), os.dup(1))
    # A library that prints must not write into the pipe.
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    # The watcher decides when this process ends; a signal for all processes of a service or terminal does not.
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, _interrupt)
    with suppress(OSError):
        os.nice(NICENESS)
    jobs: dict[str, Callable[..., Any]] = {}
    base = 0
    try:
        while True:
            name, arguments, limits = pipe.receive(trusted=True)
            if name not in jobs:
                jobs[name] = _JOBS[name]()
                base = _data_bytes()
            if not _serve(pipe, jobs[name], arguments, limits, base):
                return
    except Closed:
        return


def _serve(pipe: Pipe, job: Callable[..., Any], arguments: tuple[Any, ...], limits: Limits, base: int) -> bool:
    """Do one job and answer; returns whether this process is fit for another.

    `base` is how much memory the process had before its first job, with everything imported.
    """
    _limit_memory(base + MEMORY_BYTES)
    progress = _Streamed(pipe, limits)
    # User time ends the process, whatever code it is in; user and system time interrupt Python code.
    signal.setitimer(signal.ITIMER_VIRTUAL, limits.hard)
    signal.setitimer(signal.ITIMER_PROF, limits.soft)
    try:
        try:
            with follow_progress(progress):
                answer: tuple[Any, ...] = ("done", job(*arguments))
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    except ParseError as error:
        out_of_memory = isinstance(error.__cause__, MemoryError)
        too_costly = isinstance(error, TooCostlyError)
        answer = ("out of memory",) if out_of_memory else ("error", error.kind, str(error), too_costly)
    except _OutOfTimeError:
        answer = ("out of time",)
    except MemoryError:
        answer = ("out of memory",)
    except Closed:
        raise
    except Exception as error:  # noqa: BLE001  (a reader of anything meets everything: its fault is the document's)
        answer = ("error", "parse", f"cannot be read: {type(error).__name__}", False)
    _limit_memory(resource.RLIM_INFINITY)
    fit = _data_bytes() - base < RETIRED_AT
    progress.send()
    pipe.send((answer, progress.stopped, fit))
    return fit


class _Streamed:
    """Sends items as they are read, so that they are kept should this process be killed."""

    def __init__(self, pipe: Pipe, limits: Limits) -> None:
        self._pipe = pipe
        self._items: list[Item] = []
        self._started = self._sent = time.process_time()
        self._enough = limits.enough
        self.stopped = False

    def require_isolation(self, reason: str) -> None:
        """Do nothing: this process can be ended."""

    def add(self, item: Item) -> bool:
        """Keep an item to be sent; return whether there is time for the next."""
        self._items.append(item)
        now = time.process_time()
        if len(self._items) >= BATCH_ITEMS or now - self._sent >= BATCH_SECONDS:
            self.send()
            self._sent = now
        is_late = now - self._started > self._enough
        self.stopped = self.stopped or is_late
        return not is_late

    def has_time_to_repair(self) -> bool:
        """Return whether less than half of the time is used: what was repaired has to be read as well."""
        is_late = time.process_time() - self._started > self._enough / 2
        self.stopped = self.stopped or is_late
        return not is_late

    def send(self) -> None:
        """Send the items that were read since the last time."""
        if self._items:
            # No signal may cut a message in half.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGPROF, signal.SIGVTALRM})
            items, self._items = self._items, []
            self._pipe.send(("items", items))
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGPROF, signal.SIGVTALRM})


def _interrupt(_number: int, _frame: object) -> None:
    raise _OutOfTimeError


def _document() -> Callable[..., Any]:
    from watcher.parse import load_libraries, parse

    load_libraries()
    # Its items have been streamed by then.
    return lambda document, known: replace(parse(document, known), items=())


def _article() -> Callable[..., Any]:
    from watcher.parse import load_libraries
    from watcher.parse.web_pages import read_article

    load_libraries()
    # Imported here, before the clock runs: it takes longer than most pages.
    with suppress(ImportError):
        import trafilatura  # noqa: F401
    return read_article


def _feed_links() -> Callable[..., Any]:
    from watcher.parse import load_libraries
    from watcher.parse.web_pages import list_feed_links

    load_libraries()
    return list_feed_links


_JOBS: dict[str, Callable[[], Callable[..., Any]]] = {
    "document": _document,
    "article": _article,
    "feed links": _feed_links,
}


def _data_bytes() -> int:
    """Return how much memory RLIMIT_DATA counts; 0 where the system does not say."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmData:")), 0)


def _limit_memory(limit: int) -> None:
    """Let allocations beyond `limit` fail; other systems than Linux do not count all of them."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
