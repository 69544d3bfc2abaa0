"""Bounds the cost of visitors' queries: a time limit for each, and few expensive ones at once."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import asynccontextmanager, nullcontext
from datetime import timedelta
from typing import TypeVar

from starlette.types import ASGIApp, Receive, Scope, Send

from watcher.app.deadlines import REQUEST_TIME, Deadline
from watcher.errors import BusyError, TooLongError
from watcher.match import limit_matching
from watcher.topics.named_query import NamedQuery, parse_named_query

T = TypeVar("T")
LIST_TIME = timedelta(seconds=4)
"""For a list, which stops by itself after REQUEST_TIME, where it can be continued: only one entry may take longer."""
ANALYSIS_TIME = timedelta(seconds=6)
"""For the topic builder, whose analysis of the archive a person waits for."""

EXPORT_TIME = timedelta(seconds=30)
"""For a file of thousands of hits."""

CHEAP_QUERY_TIME = timedelta(seconds=0.1)
"""A query that takes no longer is not expensive: it never waits for others."""
MAX_EXPENSIVE_QUERIES = 2
MAX_EXPENSIVE_WAITING = 1
EXPENSIVE_WAIT = timedelta(seconds=2)
"""How long an expensive query waits for its turn."""
MAX_MATCHING_REQUESTS = 4
"""Requests that match anything: two expensive ones, one that waits to be, and one that may be cheap."""
MAX_MATCHING_WAITING = 32
RETRY_AFTER_SECONDS = 5
YIELD_INTERVAL, YIELD_PAUSE = 0.004, 0.0005
"""Seconds after which an expensive query releases the interpreter, and for how long: other requests need it."""


class ExpensiveSlots:
    """Bounds how many expensive queries run at once, and how many wait for a slot."""

    def __init__(self, at_once: int = MAX_EXPENSIVE_QUERIES, waiting: int = MAX_EXPENSIVE_WAITING) -> None:
        self._free = threading.BoundedSemaphore(at_once)
        self._queue = threading.BoundedSemaphore(waiting)

    def acquire(self, wait: timedelta = EXPENSIVE_WAIT) -> None:
        """Acquire a slot, to be released; raises BusyError where none is free in time, or too many wait."""
        if self._free.acquire(blocking=False):
            return
        if not self._queue.acquire(blocking=False):
            raise _too_many_queries()
        try:
            if not self._free.acquire(timeout=wait.total_seconds()):
                raise _too_many_queries()
        finally:
            self._queue.release()

    def release(self) -> None:
        """Release a slot."""
        self._free.release()


class MatchBudget:
    """What one request may spend on matching: the matcher's loops call `check`, in one thread at a time.

    The time runs from the first check, and stops while an expensive query waits for its slot.
    """

    def __init__(self, slots: ExpensiveSlots, limit: timedelta = LIST_TIME) -> None:
        self._slots = slots
        self._has_slot = False
        self._limit = limit
        self._started: float | None = None
        self._yielded = 0.0
        self._ended = False

    def allow(self, limit: timedelta) -> None:
        """Set how long this request may match."""
        self._limit = limit

    def check(self) -> None:
        """Raise TooLongError where the time is over, and BusyError where an expensive query gets no slot."""
        now = time.monotonic()
        if self._started is None:
            self._started = now
            return
        if self._ended:
            return  # a task that the request started and that others wait for
        spent = now - self._started
        if spent > self._limit.total_seconds():
            raise TooLongError("This query takes too long on so much text. Shorten one of them.")
        if not self._has_slot and spent > CHEAP_QUERY_TIME.total_seconds():
            self._slots.acquire()
            self._has_slot = True
            self._started += time.monotonic() - now
        if self._has_slot and now - self._yielded > YIELD_INTERVAL:
            time.sleep(YIELD_PAUSE)
            self._yielded = time.monotonic()

    def is_spent(self) -> bool:
        """Return whether a list should stop and return what it has."""
        return self._started is not None and time.monotonic() - self._started > REQUEST_TIME.total_seconds()

    def end(self) -> None:
        """Release the slot, if this request has one, and stop bounding."""
        self._ended = True
        if self._has_slot:
            self._has_slot = False
            self._slots.release()


class MatchingSlots:
    """Bounds how many requests match at once, before it is known which are expensive; they wait outside of threads."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(MAX_MATCHING_REQUESTS)
        self._waiting = 0

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[None]:
        """Hold a slot; raises BusyError where none is free in time, or too many wait."""
        if self._free.locked() and self._waiting >= MAX_MATCHING_WAITING:
            raise _too_many_queries()
        self._waiting += 1
        try:
            async with asyncio.timeout(EXPENSIVE_WAIT.total_seconds()):
                await self._free.acquire()
        except TimeoutError as error:
            raise _too_many_queries() from error
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._free.release()


class BoundedMatching:
    """Middleware that bounds what each request matches; routes find its MatchBudget in their scope.

    What WebSub hubs push is news, and has to be matched whole.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._expensive = ExpensiveSlots()
        self._matching = MatchingSlots()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/websub/"):
            await self._app(scope, receive, send)
            return
        budget = scope["watcher.match_budget"] = MatchBudget(self._expensive)
        async with self._matching.hold() if _may_match(scope) else nullcontext():
            # The threads that a route runs in copy this context; the request ends only after they do.
            with limit_matching(budget.check):
                try:
                    await self._app(scope, receive, send)
                finally:
                    budget.end()


def _may_match(scope: Scope) -> bool:
    """Return whether a request carries a query of its own."""
    if scope["method"] == "POST":
        return scope["path"] in {"/api/v1/topics/test", "/workbench", "/workbench/preview", "/workbench/article"}
    if scope["path"] == "/query/check":
        return False
    return any(name in {b"q", b"search", b"query"} for name in _list_parameters(scope["query_string"]))


def _list_parameters(query: bytes) -> Iterator[bytes]:
    return (pair.partition(b"=")[0] for pair in query.split(b"&"))


class QueryParser:
    """Parses queries. Inflections are loaded in a thread, for one query at a time: the tables of some languages take
    seconds, and hundreds of megabytes while they are loaded."""

    def __init__(self) -> None:
        self._loading = threading.Lock()

    def parse(self, text: str, sets: Mapping[str, str], limit: timedelta = REQUEST_TIME) -> NamedQuery:
        """Parse a query; raises QueryError, and BusyError where its inflections are still being loaded."""
        if "~" not in text:
            return parse_named_query(text, sets)
        deadline = Deadline(limit)
        if not self._loading.acquire(timeout=deadline.seconds_left()):
            raise _inflections_loading()

        def parse_and_release() -> NamedQuery:
            """Parse the query, then let the next one load its inflections."""
            try:
                return parse_named_query(text, sets)
            finally:
                self._loading.release()

        try:
            return _start_thread(parse_and_release).result(deadline.seconds_left())
        except TimeoutError as error:
            raise _inflections_loading() from error


def _start_thread(work: Callable[[], T]) -> Future[T]:
    future: Future[T] = Future()

    def run() -> None:
        """Do the work and hand on its result or its exception."""
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001  (raised again where the result is awaited)
            future.set_exception(error)

    threading.Thread(target=run, name="query", daemon=True).start()
    return future


def _inflections_loading() -> BusyError:
    return BusyError("The word forms of this query are still being loaded. Try again in a few seconds.", 5)


def _too_many_queries() -> BusyError:
    return BusyError("Other long queries are running. Try again in a few seconds.", RETRY_AFTER_SECONDS)
