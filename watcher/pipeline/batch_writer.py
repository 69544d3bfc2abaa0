"""Writes polls in batches: many in one transaction. Where the database refuses all of them, they wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from watcher.errors import StorageError
from watcher.model.feed import Feed
from watcher.model.poll import Modified, PollOutcome
from watcher.pipeline.context import PipelineContext
from watcher.pipeline.ingest import ingest_polls
from watcher.pipeline.ingest_result import IngestResult

MAX_POLLS_PER_BATCH = 40
"""Polls in one transaction when many wait: each is still stored whole or not at all."""
MAX_ITEMS_PER_BATCH = 500
"""Items to look up in one transaction, unless one document has more: other writers wait for its end."""
FIRST_RETRY_DELAY = timedelta(seconds=1)
MAX_RETRY_DELAY = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class _PendingPoll:
    """A poll that waits to be written; `submitted_at` is the event loop's time, in seconds."""

    feed: Feed
    outcome: PollOutcome
    future: asyncio.Future[IngestResult]
    submitted_at: float


class BatchWriter:
    """Writes polls in the order of submission, in the one thread of `writer`.

    A poll that the database cannot store is kept for `retry_for` and tried again.
    """

    def __init__(self, context: PipelineContext, writer: Executor, retry_for: timedelta) -> None:
        self._context = context
        self._writer = writer
        self._retry_for = retry_for
        self._pending: list[_PendingPoll] = []
        self._writing: asyncio.Task[None] | None = None
        self._refusals = 0
        self._stopping = asyncio.Event()

    @property
    def is_stalled(self) -> bool:
        """Return whether polls wait for a database that cannot store them."""
        return bool(self._refusals and self._pending)

    def stop_retrying(self) -> None:
        """Fail polls at once, from now on, that the database cannot store."""
        self._stopping.set()

    async def submit(self, feed: Feed, outcome: PollOutcome) -> IngestResult:
        """Store a poll and return what was stored. Raises StorageError where that was impossible for `retry_for`."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[IngestResult] = loop.create_future()
        self._pending.append(_PendingPoll(feed, outcome, future, loop.time()))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_pending())
        return await asyncio.shield(future)

    async def _write_pending(self) -> None:
        loop = asyncio.get_running_loop()
        while self._pending:
            # One at a time after a refusal: where room is short a small poll may find it when a large one does not.
            count = 1 if self._refusals else count_in_batch([p.outcome for p in self._pending[:MAX_POLLS_PER_BATCH]])
            batch = self._pending[:count]
            answers = await loop.run_in_executor(
                self._writer, self._write_batch, [(poll.feed, poll.outcome) for poll in batch]
            )
            del self._pending[:count]
            refused = self._resolve(batch, answers, loop.time())
            if refused:
                self._pending += refused
                await self._wait_before_retry()
            elif any(isinstance(answer, IngestResult) for answer in answers):
                self._refusals = 0
                self._context.storage.succeed("settle")

    def _resolve(
        self, batch: Sequence[_PendingPoll], answers: Sequence[IngestResult | Exception], now: float
    ) -> list[_PendingPoll]:
        """Pass each answer to the caller that awaits it; return the polls that are to be tried again."""
        refused: list[_PendingPoll] = []
        for poll, answer in zip(batch, answers, strict=True):
            if poll.future.done():  # cancelled while it was written
                continue
            if isinstance(answer, IngestResult):
                poll.future.set_result(answer)
            elif isinstance(answer, StorageError) and self._may_retry(poll, now):
                self._context.storage.fail("settle", answer)
                refused.append(poll)
            else:
                poll.future.set_exception(answer)
        return refused

    def _may_retry(self, poll: _PendingPoll, now: float) -> bool:
        """Return whether a poll that could not be stored is written again, rather than fetched again later."""
        return not self._stopping.is_set() and now - poll.submitted_at < self._retry_for.total_seconds()

    async def _wait_before_retry(self) -> None:
        """Wait, longer after each refusal, but not while the process is being stopped."""
        delay = min(FIRST_RETRY_DELAY * (1 << min(self._refusals, 10)), MAX_RETRY_DELAY)
        self._refusals += 1
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), delay.total_seconds())

    def _write_batch(self, polls: Sequence[tuple[Feed, PollOutcome]]) -> Sequence[IngestResult | Exception]:
        """Write polls in one transaction; where one of them cannot be written, each in its own."""
        context = self._context
        try:
            with context.database.write(lasting=False) as db:
                results = ingest_polls(db, polls, context.ingest_rules(), context.clock())
                context.checkpoint("settled")
            context.checkpoint("committed")
            return results
        except StorageError as error:
            # Tried one by one, each would wait as long for a database that is locked or away.
            return [error] * len(polls)
        except Exception as error:  # noqa: BLE001  (raised in the task that submitted the poll, which logs it)
            if len(polls) == 1:
                return [error]
            return [self._write_batch([poll])[0] for poll in polls]


def count_in_batch(outcomes: Sequence[PollOutcome]) -> int:
    """Return how many of the first outcomes go into one transaction: at least one, up to MAX_ITEMS_PER_BATCH items."""
    items = 0
    for number, outcome in enumerate(outcomes):
        if isinstance(outcome, Modified):
            items += sum(not item.repeated for item in outcome.parsed.items)
        if items > MAX_ITEMS_PER_BATCH:
            return max(1, number)
    return len(outcomes)
