"""Who reads: threads for what is small and well-formed, processes for what is doubtful, large, or a page."""

from __future__ import annotations

import asyncio
import queue
import re
import time
from collections import OrderedDict
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from math import isqrt
from typing import Any

from watcher.errors import ParseError, TooCostlyError, WatcherError
from watcher.model.entry import Item
from watcher.model.poll import Document, ParsedFeed
from watcher.parse import parse
from watcher.parse.progress import NeedsIsolation, follow_progress
from watcher.reading.arenas import share_heap
from watcher.reading.limits import (
    FIRST_TRY,
    IDLE_SECONDS,
    MAX_BYTES_IN_THREAD,
    SHORT_START,
    START_BYTES,
    START_TRIES,
    THREAD_SECONDS,
    WHOLE_DOCUMENT,
    WHOLE_PAGE,
    Limits,
)
from watcher.reading.pipe import Closed
from watcher.reading.worker_process import Answer, Process

THREADS = 2
_ITEM_END = re.compile(rb"</(?:[A-Za-z][\w.-]{0,30}:)?(?:item|entry)\s*>")
MAX_SLOW_REMEMBERED = 1_000


class ReaderClosedError(WatcherError):
    """The watcher stops: what was not read by then is no fault of its feed."""


class Reader:
    """Reads what was fetched, each document and page within bounds of CPU time and memory.

    A document that is no small and well-formed one is first given a moment in the quick lane, and only then the whole
    of its time in the slow one: a broken document never waits for more than the moments of hostile ones.
    """

    def __init__(self, idle_seconds: float = IDLE_SECONDS) -> None:
        share_heap()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="parser")
        self._quick = _Lane(2, idle_seconds)
        self._slow = _Lane(1, idle_seconds)
        self._pages = _Lane(1, idle_seconds)
        self._slow_addresses: OrderedDict[str, None] = OrderedDict()

    async def parse(self, document: Document, known: Collection[bytes] = frozenset()) -> ParsedFeed:
        """Read a document; raises ParseError. What was read before a bound was met is kept (Parsed.stopped)."""
        marks = frozenset(known)
        try:
            if len(document.body) > MAX_BYTES_IN_THREAD:
                raise NeedsIsolation("large")
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, _parse_in_thread, document, known)
        except NeedsIsolation:
            answer = await self._parse_isolated(document, marks)
        except TooCostlyError as error:
            answer = Answer(error=error)
        if answer.is_beyond_bounds and not answer.items:
            answer = await self._parse_start(document, marks, answer)
        return _parsed_from(answer)

    async def read_article(self, body: bytes, content_type: str | None) -> str:
        """Return the article of a page; raises ParseError, and TooCostlyError where a bound was met."""
        article: str = await self._read_page("article", body, content_type)
        return article

    async def list_feed_links(self, html: str, base: str) -> list[str]:
        """List the addresses that a page names for feeds; raises ParseError as `read_article` does."""
        addresses: list[str] = await self._read_page("feed links", html, base)
        return addresses

    def end_processes(self) -> None:
        """Kill all processes and start no others; who waits for one gets ReaderClosedError."""
        for lane in (self._quick, self._slow, self._pages):
            lane.close()

    def close(self) -> None:
        """End all processes at once, and wait for the threads: what they do is bounded."""
        self.end_processes()
        self._threads.shutdown(cancel_futures=True)

    async def _parse_isolated(self, document: Document, known: frozenset[bytes]) -> Answer:
        large = len(document.body) > MAX_BYTES_IN_THREAD
        if not large and document.url not in self._slow_addresses:
            answer = await self._quick.run("document", (document, known), FIRST_TRY)
            if answer.stopped is None:
                return answer
            # A feed that was slow once is not given a first try again: others are waiting in that lane.
            self._slow_addresses[document.url] = None
            if len(self._slow_addresses) > MAX_SLOW_REMEMBERED:
                self._slow_addresses.popitem(last=False)
        return await self._slow.run("document", (document, known), WHOLE_DOCUMENT)

    async def _parse_start(self, document: Document, known: frozenset[bytes], answer: Answer) -> Answer:
        """Read the first part of a document that is beyond the bounds: the items that are whole in it are kept.

        If that has none, the longest start that can be read is looked for, by bisection over the ends of its items.
        """

        async def parse_to(end: int, limits: Limits) -> Answer:
            """Parse the first `end` bytes of the document."""
            return await self._quick.run("document", (replace(document, body=document.body[:end]), known), limits)

        start = Answer()
        if len(document.body) > START_BYTES:
            start = await parse_to(START_BYTES, FIRST_TRY)
        ends = [match.end() for match in _ITEM_END.finditer(document.body, 0, START_BYTES)]
        low, high = 0, len(ends)
        for _try in range(START_TRIES if not start.items else 0):
            if high - low < 2:
                break
            # The geometric mean: what is hostile may have thousands of ends, what stands before it a few.
            middle = max(low + 1, isqrt(max(low, 1) * high))
            tried = await parse_to(ends[middle - 1], SHORT_START)
            low, high = (middle, high) if tried.items else (low, middle)
            start = tried if tried.items else start
        return replace(answer, items=start.items, value=start.value)

    async def _read_page(self, job: str, *arguments: object) -> Any:
        answer = await self._pages.run(job, arguments, WHOLE_PAGE)
        if answer.stopped is not None:
            raise TooCostlyError("parse", answer.stopped)
        if answer.error is not None:
            raise answer.error
        return answer.value


class _Lane:
    """Some processes with one queue, each started when there is work and ended when there has been none for a while."""

    def __init__(self, processes: int, idle_seconds: float) -> None:
        self._idle_seconds = idle_seconds
        self._closed = False
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="reader")
        self._processes = [Process() for _number in range(processes)]
        self._free: queue.LifoQueue[Process] = queue.LifoQueue()
        for process in self._processes:
            self._free.put(process)

    async def run(self, job: str, arguments: tuple[object, ...], limits: Limits) -> Answer:
        """Do a job in the next process that is free; raises ReaderClosedError."""
        if self._closed:
            raise ReaderClosedError
        loop = asyncio.get_running_loop()
        try:
            answer = await loop.run_in_executor(self._threads, partial(self._run, job, arguments, limits))
        except Closed as error:
            raise ReaderClosedError from error
        except OSError as error:
            raise ParseError("parse", f"the process that reads cannot be started: {error}") from error
        loop.call_later(self._idle_seconds + 0.1, self._end_idle)
        return answer

    def close(self) -> None:
        """Kill the processes and start no others."""
        self._closed = True
        for process in self._processes:
            process.kill()
        self._threads.shutdown(cancel_futures=True)
        for process in self._processes:
            process.end()

    def _run(self, job: str, arguments: tuple[object, ...], limits: Limits) -> Answer:
        process = self._free.get()
        try:
            return process.run(job, arguments, limits)
        finally:
            self._free.put(process)

    def _end_idle(self) -> None:
        taken: list[Process] = []
        with suppress(queue.Empty):
            while True:
                taken.append(self._free.get_nowait())
        for process in taken:
            if time.monotonic() - process.idle_since >= self._idle_seconds:
                process.end()
            self._free.put(process)


class _InThread:
    """Follows a reading in a thread, which nothing can end: it ends itself, between two items."""

    def __init__(self) -> None:
        self._started = time.thread_time()
        self._began = time.monotonic()

    def require_isolation(self, reason: str) -> None:
        """Raise NeedsIsolation: a thread cannot be ended."""
        raise NeedsIsolation(reason)

    def add(self, _item: Item) -> bool:
        """Raise NeedsIsolation where the reading takes long."""
        # The clock on the wall is read in a tenth of the time, and no thread works for longer than that shows.
        if time.monotonic() - self._began > THREAD_SECONDS and time.thread_time() - self._started > THREAD_SECONDS:
            raise NeedsIsolation("takes long")
        return True

    def has_time_to_repair(self) -> bool:
        """Raise NeedsIsolation: repairs take as long as the document likes."""
        raise NeedsIsolation("repairs")


def _parse_in_thread(document: Document, known: Collection[bytes]) -> ParsedFeed:
    with follow_progress(_InThread()):
        return parse(document, known)


def _parsed_from(answer: Answer) -> ParsedFeed:
    """Return what a document says by a process's answer; raises ParseError where it says nothing."""
    items = tuple(answer.items)
    parsed: ParsedFeed | None = answer.value
    if answer.stopped is None and answer.error is None and parsed is not None:
        return replace(parsed, items=items)
    if not items:
        raise answer.error or TooCostlyError("parse", answer.reason)
    stopped = f"{answer.reason}: {len(items):,} {'item' if len(items) == 1 else 'items'} read"
    return replace(parsed or ParsedFeed(items=()), items=items, stopped=stopped)
