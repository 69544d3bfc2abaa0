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
from procrastinate.jobs import Job as QueuedJob
from procrastinate.jobs import Status

from watcher.engine.jobs import SCHEDULE, Job, Jobs, tolerate_storage_errors
from watcher.engine.procrastinate_tables import create_procrastinate_tables, delete_ticks_after, format_cause
from watcher.errors import StorageError, StorageFault, StoreError
from watcher.pipeline.poller import MAX_POLLS_OFFLINE
from watcher.pipeline.work_batches import BATCH_SIZE, FeedClaim, claim_batches, take_over_batch
from watcher.store.database import Database
from watcher.store.system.workers import list_workers

log = structlog.get_logger()

QUEUED_PER_RUNNING = 4
"""How many batches wait for each that is being polled: enough that no process runs dry between two ticks."""
OFFLINE_DELAY = 5.0
"""Seconds that a process which reaches no network leaves a batch to others, before it tries a few feeds of it."""
ALIVE_PERIOD = timedelta(minutes=1)
"""So long after its last successful heartbeat a process counts as alive."""
MAX_CONCURRENT_TICKS = 4
JOB_RETENTION_HOURS = 72
POLLS, TICKS = "polls", "ticks"


class ProcrastinateEngine:
    """Runs the jobs of the schedule in every process of the same kind on this database, each once for all of them.

    Polls have a worker of their own, so that a hundred slow feeds keep no message back.
    """

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._concurrent_batches = max(1, -(-jobs.app.settings.fetch.concurrency // BATCH_SIZE))
        self._heartbeat_at = jobs.monotonic()
        self._tasks: list[asyncio.Task[None]] = []
        # Both apps have ticks: procrastinate does not care for the jobs of a worker that has none.
        connector = procrastinate.PsycopgConnector(conninfo=jobs.app.database.conninfo, min_size=1, max_size=6)
        self._polls, self._ticks = procrastinate.App(connector=connector), procrastinate.App(connector=connector)
        self._poll = self._polls.task(name="poll", queue=POLLS)(self._poll_batch)
        self._add_job(self._polls, POLLS, "share out", self._share_out)
        self._add_job(self._ticks, TICKS, "compose", jobs.compose)
        self._add_job(self._ticks, TICKS, "deliver", jobs.deliver)
        self._add_job(self._ticks, TICKS, "subscribe", jobs.subscribe)
        self._add_job(self._ticks, TICKS, "clear", self._clear)
        self._add_job(self._ticks, TICKS, "prune", self._prune)

    @property
    def is_alive(self) -> bool:
        """Return whether this process has recorded a heartbeat within the last minute."""
        return self._jobs.monotonic() - self._heartbeat_at < ALIVE_PERIOD.total_seconds()

    async def start(self) -> None:
        """Take part from now on. Raises StoreError where the database is away."""
        database = self._jobs.app.database
        await asyncio.to_thread(create_procrastinate_tables, database)
        try:
            await self._polls.open_async()
        except ConnectorException as error:
            raise StoreError(f"database {database}: {error}") from error
        await self._jobs.record_heartbeat()
        self._tasks = [asyncio.create_task(self._keep_alive()), *self._start_workers()]
        self._reading_task = asyncio.create_task(self._keep_reading())

    async def drain(self, grace: timedelta) -> None:
        """Take no further job, and wait up to `grace` for those that are running."""
        heartbeat, *workers = self._tasks
        for worker in workers:
            worker.cancel()
        self._reading_task.cancel()
        await asyncio.gather(self._jobs.drain(grace), asyncio.wait(workers, timeout=grace.total_seconds() + 1))
        heartbeat.cancel()
        await asyncio.wait([heartbeat])
        await self._polls.close_async()
        await tolerate_storage_errors("leave", self._jobs.sign_off, self._jobs.storage)()

    async def _run_worker(self, app: procrastinate.App, queue: str, concurrency: int) -> None:
        """Work until cancelled; a database that is away for a while ends nothing but the jobs that are running."""
        heartbeat = self._jobs.heartbeat
        while True:
            try:
                await app.run_worker_async(
                    queues=[queue],
                    name=f"{self._jobs.owner} {queue}",
                    concurrency=concurrency,
                    delete_jobs="successful",
                    install_signal_handlers=False,
                    update_heartbeat_interval=heartbeat.interval.total_seconds(),
                    stalled_worker_timeout=heartbeat.silent_after.total_seconds(),
                )
            except ProcrastinateException as error:
                self._jobs.storage.fail(queue, _storage_error(self._jobs.app.database, error))
            except Exception:
                # The bulkhead of this loop: whatever procrastinate stumbles over, this process goes on taking part.
                log.exception("worker failed", queue=queue)
            await asyncio.sleep(heartbeat.interval.total_seconds())

    async def _keep_alive(self) -> None:
        """Record that this process is alive, and free what processes hold that are not."""
        while True:
            try:
                await self._jobs.record_heartbeat()
                await self._jobs.recover_silent_leases()
                if not self._jobs.poller.is_stalled:
                    self._heartbeat_at = self._jobs.monotonic()
                await self._follow_clock()
            except StoreError as error:
                self._jobs.storage.fail("beat", error)
            else:
                # Whatever else reached no server reaches one now.
                for source in ("beat", POLLS, TICKS):
                    self._jobs.storage.succeed(source)
            await asyncio.sleep(self._jobs.heartbeat.interval.total_seconds())

    async def _keep_reading(self) -> None:
        """Read for meaning in this process, whatever the others do: claims share the backlog out."""
        embed = tolerate_storage_errors("embed", self._jobs.embed, self._jobs.storage)
        while True:
            try:
                await embed()
            except Exception:
                # The bulkhead of this loop: whatever an encoder stumbles over, polling and sending go on.
                log.exception("reading for meaning failed")
            await asyncio.sleep(SCHEDULE["embed"].interval.total_seconds())

    async def _follow_clock(self) -> None:
        """Restart the ticks after a step of the wall clock, by which procrastinate keeps them.

        Set back, it would wait for moments whose ticks were run before; set forward, it would run every tick between.
        """
        step = await self._jobs.clock_monitor.check_step()
        await self._jobs.clock_monitor.record_skew()
        if step is None:
            return
        await asyncio.to_thread(delete_ticks_after, self._jobs.app.database, step.at)
        workers = self._tasks[1:]
        for worker in workers:
            worker.cancel()
        await asyncio.wait(workers, timeout=self._jobs.heartbeat.silent_after.total_seconds())
        self._tasks[1:] = self._start_workers()

    def _start_workers(self) -> list[asyncio.Task[None]]:
        return [
            asyncio.create_task(self._run_worker(self._polls, POLLS, self._concurrent_batches)),
            asyncio.create_task(self._run_worker(self._ticks, TICKS, MAX_CONCURRENT_TICKS)),
        ]

    def _add_job(self, app: procrastinate.App, queue: str, name: str, job: Job) -> None:
        """Have one of all processes run a job at each moment of its schedule; none runs it twice at a time."""
        running = asyncio.Lock()

        async def run_job() -> None:
            """Run the job once, procrastinate's own loss of the database as one of ours."""
            try:
                await job()
            except ConnectorException as error:
                raise _storage_error(self._jobs.app.database, error) from error

        async def tick(timestamp: int) -> None:
            """Run the job, unless this process still runs it."""
            if running.locked():
                return
            async with running:
                log.debug("tick", task=name, at=timestamp)
                await tolerate_storage_errors(name, run_job, self._jobs.storage)()

        task = app.task(name=name, queue=queue, queueing_lock=name, priority=1)(tick)
        app.periodic(cron=SCHEDULE[name].cron)(task)

    async def _share_out(self) -> None:
        """Queue batches of due feeds, as many as the processes at work will need until the next tick."""
        queues = await self._polls.job_manager.list_queues_async(queue=POLLS)
        batches = await asyncio.to_thread(self._claim_batches, sum(row["todo"] for row in queues))
        if batches:
            await self._polls.job_manager.batch_defer_jobs_async([self._make_job(batch) for batch in batches])

    def _claim_batches(self, queued: int) -> tuple[tuple[FeedClaim, ...], ...]:
        database, now = self._jobs.app.database, self._jobs.clock()
        with database.read() as db:
            workers = len(list_workers(db, now)) or 1
        wanted = QUEUED_PER_RUNNING * self._concurrent_batches * workers
        return claim_batches(database, now, max_batches=wanted - queued)

    def _make_job(self, batch: Sequence[FeedClaim]) -> QueuedJob:
        first = batch[0]
        # The argument is called chunk: jobs that an earlier version queued have to be understood.
        arguments: dict[str, Any] = {"chunk": [[claim.feed_id, claim.token] for claim in batch]}
        lock = f"poll {first.feed_id}:{first.token}"
        return self._poll.configure(queueing_lock=lock, task_kwargs=arguments).job

    async def _poll_batch(self, chunk: list[list[int]]) -> None:
        jobs = self._jobs
        claims = [FeedClaim(feed_id, token) for feed_id, token in chunk]
        is_offline = jobs.poller.is_offline
        if is_offline:
            # Others may have a network: this process must not be the quickest, because it fails at once.
            await asyncio.sleep(OFFLINE_DELAY)
        held = await asyncio.to_thread(
            take_over_batch,
            jobs.app.database,
            claims,
            jobs.clock(),
            owner=jobs.owner,
            spacing=jobs.app.settings.fetch.spacing,
            max_feeds=MAX_POLLS_OFFLINE if is_offline else BATCH_SIZE,
        )
        summary = await jobs.poller.poll_claimed(held)
        log.debug("chunk polled", feeds=summary.due, of=len(chunk), new=summary.new)

    async def _clear(self) -> None:
        """Queue the batches of workers that died again, for what they had not taken over, and drop their ticks."""
        manager, silent_after = self._ticks.job_manager, self._jobs.heartbeat.silent_after
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=silent_after.total_seconds()):
            log.warning("a job's worker died", task=job.task_name, job=job.id)
            if job.queue == POLLS and job.task_name == self._poll.name:
                await manager.retry_job(job)
            else:
                await manager.finish_job(job, status=Status.FAILED, delete_job=True)

    async def _prune(self) -> None:
        await self._ticks.job_manager.delete_old_jobs(
            nb_hours=JOB_RETENTION_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
        )
        await self._jobs.prune()


def _storage_error(database: Database, error: Exception) -> StorageError:
    return StorageError(f"database {database}: {format_cause(error)}", StorageFault.AWAY)
