"""Lets nobody wait for long: queries of visitors are read and tried within bounds of time."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from datetime import timedelta
from typing import TypeVar

from watcher.errors import BusyError, TooLongError
from watcher.topics.named import Named, read_named

T = TypeVar("T")
PATIENCE = timedelta(seconds=1.5)
LONG_PATIENCE = timedelta(seconds=6)
"""For the workbench, whose looks at the archive a person waits for."""

PAUSE = timedelta(seconds=0.1)
"""Between two tries to stop what takes too long."""


class Deadline:
    """A moment after which whoever asked has waited long enough."""

    def __init__(self, span: timedelta = PATIENCE) -> None:
        self._end = time.monotonic() + span.total_seconds()

    def left(self) -> float:
        """Tell how many seconds are left; 0 where it is over."""
        return max(0.0, self._end - time.monotonic())

    def is_over(self) -> bool:
        """Tell whether it is over."""
        return not self.left()

    def heard(self, _done: int, _of: int) -> None:
        """Hear of progress; raises TooLongError where it is over."""
        if self.is_over():
            raise TooLongError("this takes too long over so many entries: ask for a shorter time, or a simpler query")

    def spread(self, some: Iterable[T]) -> Iterator[T]:
        """Hand on one after the other; raises TooLongError where it is over."""
        for number, each in enumerate(some):
            self.heard(number, 0)
            yield each


class Reader:
    """Reads queries. Their inflections are looked up behind, one query at a time: the tables of some languages take
    seconds, and hundreds of megabytes while they are read."""

    def __init__(self) -> None:
        self._looking_up = threading.Lock()

    def read(self, text: str, sets: Mapping[str, str], patience: timedelta = PATIENCE) -> Named:
        """Read a query; raises QueryError, and BusyError where its inflections are not known yet: soon they will be."""
        if "~" not in text:
            return read_named(text, sets)
        deadline = Deadline(patience)
        if not self._looking_up.acquire(timeout=deadline.left()):
            raise _busy()

        def work() -> Named:
            try:
                return read_named(text, sets)
            finally:
                self._looking_up.release()

        done, _thread = _begin(work)
        try:
            return done.result(deadline.left())
        except TimeoutError as error:
            raise _busy() from error


def within(work: Callable[[], T], patience: timedelta = PATIENCE) -> T:
    """Do what is pure, in a thread of its own; raises TooLongError, there as well as here, where it takes too long.

    Nothing else may be done so: the thread is stopped wherever it stands, and would leave a lock or a transaction open.
    """
    done, thread = _begin(work)
    try:
        return done.result(patience.total_seconds())
    except TimeoutError as error:
        threading.Thread(target=_stop, args=(thread,), name="stops a query", daemon=True).start()
        raise TooLongError("this query takes too long on this text: shorten one of them") from error


class _Stopped(BaseException):
    """Nobody waits for this any more."""


def _begin(work: Callable[[], T]) -> tuple[Future[T], threading.Thread]:
    done: Future[T] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001  (it is told to whoever waits)
            done.set_exception(error)

    thread = threading.Thread(target=run, name="query", daemon=True)
    thread.start()
    return done, thread


def _stop(thread: threading.Thread) -> None:
    """Stop a thread, again and again until it ends: what is raised while it stands in a callback (the collector's, a
    weak reference's) ends the callback alone."""
    while thread.is_alive():
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(_Stopped))
        thread.join(PAUSE.total_seconds())


def _busy() -> BusyError:
    return BusyError("the inflections that are asked for are being looked up: ask again in a few seconds", 5)
