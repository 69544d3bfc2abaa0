"""The engine of several processes, over PostgreSQL. Alone, with the tables beside it, knows procrastinate.

A job is a hint that there is work, never the truth about it: every effect is fenced in the watcher's own tables. A job
that is handed out twice, late or not at all does no harm; the next tick finds what is left to do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import procrastinate
import structlog
from procrastinate.exceptions import ConnectorException, ProcrastinateException
from procrastinate.jobs import Job, Status

from watcher.engine.jobs import Jobs, Step, patient
from watcher.engine.procrastinate_tables import forget_ticks_after, plain, prepare
from watcher.errors import StorageError, StorageFault, StoreError
from watcher.pipeline.poller import PROBES
from watcher.pipeline.work_batches import CHUNK, FeedClaim, claim_batches, take_over
from watcher.store.database import Database
from watcher.store.system.workers import list_workers

log = structlog.get_logger()

WAITING = 4
"""How many chunks wait for each that is being polled: enough that nobody runs dry between two ticks."""
OFFLINE_FOR = 5.0
"""Seconds that a process which reaches nobody leaves a chunk to others, before it tries a few feeds of it."""
ALIVE_FOR = timedelta(minutes=1)
"""So long after its last successful beat a process counts as alive."""
POLLS, TICKS = "polls", "ticks"


class ProcrastinateEngine:
    """Runs the steps as jobs that every process of the same kind on this database takes its share of.

    Polls have a worker of their own, so that a hundred slow feeds keep no message back.
    """

    def __init__(self, steps: Jobs) -> None:
        self._steps = steps
        self._at_once = max(1, -(-steps.app.settings.fetch.concurrency // CHUNK))
        self._beaten_at = steps.monotonic()
        self._work: list[asyncio.Task[None]] = []
        # Both have ticks: procrastinate stops to look after a worker that has none.
        connector = procrastinate.PsycopgConnector(conninfo=steps.app.database.conninfo, min_size=1, max_size=6)
        self._polls, self._ticks = procrastinate.App(connector=connector), procrastinate.App(connector=connector)
        self._poll = self._polls.task(name="poll", queue=POLLS)(self._poll_chunk)
        _every(self._polls, "share out", "* * * * * *", self._share_out, POLLS, steps)
        _every(self._ticks, "compose", "* * * * * */2", steps.compose, TICKS, steps)
        _every(self._ticks, "deliver", "* * * * * */2", steps.deliver, TICKS, steps)
        _every(self._ticks, "subscribe", "* * * * *", steps.subscribe, TICKS, steps)
        _every(self._ticks, "clear", "* * * * * */5", self._clear, TICKS, steps)
        _every(self._ticks, "prune", "17 */6 * * *", self._prune, TICKS, steps)

    @property
    def alive(self) -> bool:
        """Tell whether this process still says that it is at work."""
        return self._steps.monotonic() - self._beaten_at < ALIVE_FOR.total_seconds()

    async def start(self) -> None:
        """Take part from now on."""
        await asyncio.to_thread(prepare, self._steps.app.database)
        try:
            await self._polls.open_async()
        except ConnectorException as error:
            raise StoreError(f"database {self._steps.app.database}: {error}") from error
        await self._steps.beat()
        self._work = [asyncio.create_task(self._keep_beating()), *self._start_workers()]

    async def drain(self, grace: timedelta) -> None:
        """Take no further job, let those at hand end, and say that this process has left."""
        beating, *working = self._work
        for each in working:
            each.cancel()
        await asyncio.gather(self._steps.drain(grace), asyncio.wait(working, timeout=grace.total_seconds() + 1))
        beating.cancel()
        await asyncio.wait([beating])
        await self._polls.close_async()
        await patient("leave", self._steps.leave, self._steps.storage)()

    async def _keep_working(self, app: procrastinate.App, queue: str, at_once: int) -> None:
        """Work until cancelled; a database that is away for a while ends nothing but the jobs at hand."""
        pace = self._steps.pace
        while True:
            try:
                await app.run_worker_async(
                    queues=[queue],
                    name=f"{self._steps.owner} {queue}",
                    concurrency=at_once,
                    delete_jobs="successful",
                    install_signal_handlers=False,
                    update_heartbeat_interval=pace.beat.total_seconds(),
                    stalled_worker_timeout=pace.silent_after.total_seconds(),
                )
            except ProcrastinateException as error:
                self._steps.storage.fail(queue, _storage_error(self._steps.app.database, error))
            except Exception:
                # The bulkhead of this loop: whatever procrastinate stumbles over, this process goes on taking part.
                log.exception("worker failed", queue=queue)
            await asyncio.sleep(pace.beat.total_seconds())

    async def _keep_beating(self) -> None:
        """Say that this process is at work, and take over from those who say so no longer."""
        while True:
            try:
                await self._steps.beat()
                await self._steps.recover_silent_leases()
                if not self._steps.poller.is_stalled:
                    self._beaten_at = self._steps.monotonic()
                await self._follow_clock()
            except StoreError as error:
                self._steps.storage.fail("beat", error)
            else:
                # Whatever else reached no server reaches one now.
                for source in ("beat", POLLS, TICKS):
                    self._steps.storage.succeed(source)
            await asyncio.sleep(self._steps.pace.beat.total_seconds())

    async def _follow_clock(self) -> None:
        """Begin the ticks anew after a step of the wall clock, on which procrastinate keeps them.

        Set back, it would wait for moments whose ticks were run before; set forward, it would run every tick between.
        """
        step = await self._steps.clock_monitor.look()
        await self._steps.clock_monitor.note_skew()
        if step is None:
            return
        await asyncio.to_thread(forget_ticks_after, self._steps.app.database, step.at)
        working = self._work[1:]
        for each in working:
            each.cancel()
        await asyncio.wait(working, timeout=self._steps.pace.silent_after.total_seconds())
        self._work[1:] = self._start_workers()

    def _start_workers(self) -> list[asyncio.Task[None]]:
        return [
            asyncio.create_task(self._keep_working(self._polls, POLLS, self._at_once)),
            asyncio.create_task(self._keep_working(self._ticks, TICKS, 4)),
        ]

    async def _share_out(self) -> None:
        waiting = sum(row["todo"] for row in await self._polls.job_manager.list_queues_async(queue=POLLS))
        chunks = await asyncio.to_thread(self._due_chunks, waiting)
        if chunks:
            await self._polls.job_manager.batch_defer_jobs_async([self._job(chunk) for chunk in chunks])

    def _due_chunks(self, waiting: int) -> tuple[tuple[FeedClaim, ...], ...]:
        steps = self._steps
        with steps.app.database.read() as db:
            workers = len(list_workers(db, steps.clock())) or 1
        return claim_batches(steps.app.database, steps.clock(), chunks=WAITING * self._at_once * workers - waiting)

    def _job(self, chunk: Sequence[FeedClaim]) -> Job:
        first = chunk[0]
        said: dict[str, Any] = {"chunk": [[claim.feed_id, claim.token] for claim in chunk]}
        return self._poll.configure(queueing_lock=f"poll {first.feed_id}:{first.token}", task_kwargs=said).job

    async def _poll_chunk(self, chunk: list[list[int]]) -> None:
        steps = self._steps
        claims = [FeedClaim(feed_id, token) for feed_id, token in chunk]
        offline = steps.poller.offline
        if offline:
            # Others may have a network: this process must not be the quickest, because it fails at once.
            await asyncio.sleep(OFFLINE_FOR)
        held = await asyncio.to_thread(
            take_over,
            steps.app.database,
            claims,
            steps.clock(),
            owner=steps.owner,
            spacing=steps.app.settings.fetch.spacing,
            most=PROBES if offline else CHUNK,
        )
        polled = await steps.poller.take(held)
        log.debug("chunk polled", feeds=polled.due, of=len(chunk), new=polled.new)

    async def _clear(self) -> None:
        """Hand the chunks of workers that died out again, for what they had not taken over, and drop their ticks."""
        manager, silent = self._ticks.job_manager, self._steps.pace.silent_after.total_seconds()
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=silent):
            log.warning("a job's worker died", task=job.task_name, job=job.id)
            if job.queue == POLLS and job.task_name == self._poll.name:
                await manager.retry_job(job)
            else:
                await manager.finish_job(job, status=Status.FAILED, delete_job=True)

    async def _prune(self) -> None:
        await self._ticks.job_manager.delete_old_jobs(
            nb_hours=72, include_failed=True, include_cancelled=True, include_aborted=True
        )
        await self._steps.prune()


def _storage_error(database: Database, error: Exception) -> StorageError:
    return StorageError(f"database {database}: {plain(error)}", StorageFault.AWAY)


def _every(app: procrastinate.App, name: str, cron: str, step: Step, queue: str, steps: Jobs) -> None:
    """Have a step run by one of all processes at each tick; where it still runs in this one, the tick is skipped."""
    running = asyncio.Lock()

    async def reaching() -> None:
        try:
            await step()
        except ConnectorException as error:
            raise _storage_error(steps.app.database, error) from error

    async def tick(timestamp: int) -> None:
        if running.locked():
            return
        async with running:
            log.debug("tick", task=name, at=timestamp)
            await patient(name, reaching, steps.storage)()

    task = app.task(name=name, queue=queue, queueing_lock=name, priority=1)(tick)
    app.periodic(cron=cron)(task)
