"""Polls that wait to be stored, many in a transaction; where the database refuses all of them, they wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.errors import StorageError
from watcher.match import TopicMatcher
from watcher.model.feed import Feed
from watcher.model.poll import Modified, PollOutcome
from watcher.pipeline.checkpoints import reached
from watcher.pipeline.ingest import IngestResult, ingest_polls
from watcher.pipeline.storage_monitor import StorageMonitor
from watcher.schedule import PollLimits
from watcher.store.database import Database

GROUP = 40
"""How many polls are settled in one transaction when many wait: each is still whole or not there at all."""
GROUPED_ITEMS = 500
"""How many items to be looked up go into one at most, unless one document has more: others wait to write meanwhile."""
FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """What settling needs to know; each is asked anew for every transaction."""

    watched: Callable[[], TopicMatcher]
    clock: Callable[[], datetime]
    bounds: Callable[[], PollLimits]
    jitter: Callable[[], float]


@dataclass(frozen=True, slots=True)
class _Unsettled:
    """A poll that waits to be stored; `since` is the event loop's time."""

    feed: Feed
    outcome: PollOutcome
    future: asyncio.Future[IngestResult]
    since: float


class BatchWriter:
    """Settles polls in the order in which they come, in the one thread of `writer`.

    A poll that the database has no room for, or that finds it away, is kept for `keeps_for` and tried again.
    """

    def __init__(
        self, database: Database, writer: Executor, settling: Settling, storage: StorageMonitor, keeps_for: timedelta
    ) -> None:
        self._database = database
        self._writer = writer
        self._settling = settling
        self._storage = storage
        self._keeps_for = keeps_for
        self._waiting: list[_Unsettled] = []
        self._writing: asyncio.Task[None] | None = None
        self._refusals = 0
        self._stopping = asyncio.Event()

    @property
    def is_stalled(self) -> bool:
        """Return whether polls wait for a database that cannot store them."""
        return bool(self._refusals and self._waiting)

    def stop_waiting(self) -> None:
        """Give up at once what the database refuses from now on."""
        self._stopping.set()

    async def settle(self, feed: Feed, outcome: PollOutcome) -> IngestResult:
        """Store what a poll came to. Raises StorageError where that was not possible for too long."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[IngestResult] = loop.create_future()
        self._waiting.append(_Unsettled(feed, outcome, future, loop.time()))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        return await asyncio.shield(future)

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            # One at a time after a refusal: where room is short a small poll may find it when a large one does not.
            count = 1 if self._refusals else together([each.outcome for each in self._waiting[:GROUP]])
            group = self._waiting[:count]
            answers = await loop.run_in_executor(
                self._writer, self._settle_group, [(each.feed, each.outcome) for each in group]
            )
            del self._waiting[:count]
            refused: list[_Unsettled] = []
            for each, answer in zip(group, answers, strict=True):
                if each.future.done():
                    continue
                if isinstance(answer, IngestResult):
                    each.future.set_result(answer)
                elif isinstance(answer, StorageError) and self._is_kept(each, loop.time()):
                    self._storage.fail("settle", answer)
                    refused.append(each)
                else:
                    each.future.set_exception(answer)
            if refused:
                self._waiting += refused
                await self._pause()
            elif any(isinstance(answer, IngestResult) for answer in answers):
                self._refusals = 0
                self._storage.succeed("settle")

    def _is_kept(self, unsettled: _Unsettled, now: float) -> bool:
        """Return whether a poll that could not be stored is tried again, rather than fetched again later."""
        return not self._stopping.is_set() and now - unsettled.since < self._keeps_for.total_seconds()

    async def _pause(self) -> None:
        """Wait before the next try, but not while the process is being stopped."""
        wait = min(FIRST_PAUSE * (1 << min(self._refusals, 10)), LONGEST_PAUSE)
        self._refusals += 1
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), wait.total_seconds())

    def _settle_group(self, group: Sequence[tuple[Feed, PollOutcome]]) -> Sequence[IngestResult | Exception]:
        """Settle several polls in one transaction; if one of them cannot be, each in its own."""
        now = self._settling
        try:
            with self._database.write(lasting=False) as db:
                settled = ingest_polls(db, group, now.watched(), now.clock(), now.bounds(), now.jitter)
                reached("settled")
            reached("committed")
            return settled
        except StorageError as error:
            # Tried one by one, each would wait as long for a database that is locked or away.
            return [error] * len(group)
        except Exception as error:  # noqa: BLE001  (handed to the journey that asked, which logs it)
            if len(group) == 1:
                return [error]
            return [self._settle_group([one])[0] for one in group]


def together(outcomes: Sequence[PollOutcome]) -> int:
    """Tell how many of the first outcomes go into one transaction: at least one, with GROUPED_ITEMS at most."""
    items = 0
    for number, outcome in enumerate(outcomes):
        if isinstance(outcome, Modified):
            items += sum(not item.repeated for item in outcome.parsed.items)
        if items > GROUPED_ITEMS:
            return max(1, number)
    return len(outcomes)
