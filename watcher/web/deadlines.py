"""Bounds what visitors' queries take: each is read and matched within a time, and few costly ones at once."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import asynccontextmanager, nullcontext
from datetime import timedelta
from typing import TypeVar

from starlette.types import ASGIApp, Receive, Scope, Send

from watcher.errors import BusyError, TooLongError
from watcher.match import limit_matching
from watcher.topics.named_query import NamedQuery, parse_named_query

T = TypeVar("T")
PATIENCE = timedelta(seconds=1.5)
LIST_PATIENCE = timedelta(seconds=4)
"""For a list, which stops by itself after PATIENCE where it can go on from: only one entry may take longer."""
LONG_PATIENCE = timedelta(seconds=6)
"""For the workbench, whose looks at the archive a person waits for."""

EXPORT_PATIENCE = timedelta(seconds=30)
"""For a file of thousands of hits."""

CHEAP = timedelta(seconds=0.1)
"""What takes no longer is not costly: it waits for nobody."""
COSTLY_AT_ONCE = 2
COSTLY_WAITING = 1
COSTLY_WAIT = timedelta(seconds=2)
"""How long a costly query waits for its turn."""
MATCHING_AT_ONCE = 4
"""Requests that match something at all: two whose turn it is, one that waits for it, and one that may be cheap."""
MATCHING_WAITING = 32
RETRY_AFTER = 5
NAP_EVERY, NAP = 0.004, 0.0005
"""A costly query lets go of the interpreter so often, and for so long (seconds): whoever serves the others needs it."""


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


class CostlyTurns:
    """Bounds how many costly queries run at once, and how many wait for their turn."""

    def __init__(self, at_once: int = COSTLY_AT_ONCE, waiting: int = COSTLY_WAITING) -> None:
        self._free = threading.BoundedSemaphore(at_once)
        self._places = threading.BoundedSemaphore(waiting)

    def take(self, wait: timedelta = COSTLY_WAIT) -> None:
        """Take a turn, which has to be released; raises BusyError where none is free in time, or too many wait."""
        if self._free.acquire(blocking=False):
            return
        if not self._places.acquire(blocking=False):
            raise _crowded()
        try:
            if not self._free.acquire(timeout=wait.total_seconds()):
                raise _crowded()
        finally:
            self._places.release()

    def release(self) -> None:
        """Let the next one have the turn."""
        self._free.release()


class MatchBudget:
    """What one request may spend on matching: `check` is asked by the matcher's loops, in one thread at a time.

    The time runs from the first check, and stands still while a costly query waits for its turn.
    """

    def __init__(self, turns: CostlyTurns, patience: timedelta = LIST_PATIENCE) -> None:
        self._turns = turns
        self._has_turn = False
        self._patience = patience
        self._begun: float | None = None
        self._napped = 0.0
        self._ended = False

    def allow(self, patience: timedelta) -> None:
        """Set how long this request may match."""
        self._patience = patience

    def check(self) -> None:
        """Raise TooLongError where the time is over, and BusyError where a costly query does not get its turn."""
        now = time.monotonic()
        if self._begun is None:
            self._begun = now
            return
        if self._ended:
            return  # a task that the request began, and that others wait for
        spent = now - self._begun
        if spent > self._patience.total_seconds():
            raise TooLongError("this query takes too long on so much text: shorten one of them")
        if not self._has_turn and spent > CHEAP.total_seconds():
            self._turns.take()
            self._has_turn = True
            self._begun += time.monotonic() - now
        if self._has_turn and now - self._napped > NAP_EVERY:
            time.sleep(NAP)
            self._napped = time.monotonic()

    def enough(self) -> bool:
        """Return whether a list should stop at what it has found so far."""
        return self._begun is not None and time.monotonic() - self._begun > PATIENCE.total_seconds()

    def end(self) -> None:
        """Release the turn, if this request had one, and bound nothing any more."""
        self._ended = True
        if self._has_turn:
            self._has_turn = False
            self._turns.release()


class MatchingPlaces:
    """Bounds how many requests match at once before anybody knows which are costly; they wait outside of threads."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(MATCHING_AT_ONCE)
        self._waiting = 0

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """Hold a place; raises BusyError where none is free in time, or too many wait."""
        if self._free.locked() and self._waiting >= MATCHING_WAITING:
            raise _crowded()
        self._waiting += 1
        try:
            async with asyncio.timeout(COSTLY_WAIT.total_seconds()):
                await self._free.acquire()
        except TimeoutError as error:
            raise _crowded() from error
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._free.release()


class BoundedMatching:
    """Bound what each request matches; routes find its MatchBudget in their scope.

    What hubs push is news, and has to be matched whole.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._turns = CostlyTurns()
        self._places = MatchingPlaces()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/websub/"):
            await self._app(scope, receive, send)
            return
        effort = scope["watcher.effort"] = MatchBudget(self._turns)
        async with self._places.taken() if _may_match(scope) else nullcontext():
            # Threads that a route is run in take the context along; the request ends only after they do.
            with limit_matching(effort.check):
                try:
                    await self._app(scope, receive, send)
                finally:
                    effort.end()


def _may_match(scope: Scope) -> bool:
    """Return whether a request brings a query of its own."""
    if scope["method"] == "POST":
        return scope["path"] in {"/api/v1/topics/test", "/workbench"}
    if scope["path"] == "/query/check":
        return False
    return any(name in {b"q", b"search", b"query"} for name in _names(scope["query_string"]))


def _names(query: bytes) -> Iterator[bytes]:
    return (pair.partition(b"=")[0] for pair in query.split(b"&"))


class Reader:
    """Reads queries. Their inflections are looked up behind, one query at a time: the tables of some languages take
    seconds, and hundreds of megabytes while they are read."""

    def __init__(self) -> None:
        self._looking_up = threading.Lock()

    def read(self, text: str, sets: Mapping[str, str], patience: timedelta = PATIENCE) -> NamedQuery:
        """Read a query; raises QueryError, and BusyError where its inflections are not known yet: soon they will be."""
        if "~" not in text:
            return parse_named_query(text, sets)
        deadline = Deadline(patience)
        if not self._looking_up.acquire(timeout=deadline.left()):
            raise _busy()

        def work() -> NamedQuery:
            try:
                return parse_named_query(text, sets)
            finally:
                self._looking_up.release()

        try:
            return _begin(work).result(deadline.left())
        except TimeoutError as error:
            raise _busy() from error


def _begin(work: Callable[[], T]) -> Future[T]:
    done: Future[T] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001  (it is told to whoever waits)
            done.set_exception(error)

    threading.Thread(target=run, name="query", daemon=True).start()
    return done


def _busy() -> BusyError:
    return BusyError("the inflections that are asked for are being looked up: ask again in a few seconds", 5)


def _crowded() -> BusyError:
    return BusyError("other costly queries are being answered: ask again in a few seconds", RETRY_AFTER)
