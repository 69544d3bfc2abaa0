"""The engine of several processes, over PostgreSQL. Alone, with the tables beside it, knows procrastinate.

Each process polls the feeds of its own shards of hosts; the other jobs are queued, and run once for all processes.

A job is a hint that there is work, never the truth about it: every effect is fenced in the watcher's own tables. A job
that is handed out twice, late or not at all does no harm; the next tick finds what is left to do.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

import procrastinate
import structlog
from procrastinate.exceptions import ConnectorException, ProcrastinateException
from procrastinate.jobs import Status

from watcher.engine.jobs import SCHEDULE, Job, Jobs, tolerate_storage_errors
from watcher.engine.procrastinate_tables import (
    create_procrastinate_tables,
    delete_former_jobs,
    delete_ticks_after,
    format_cause,
)
from watcher.errors import StorageError, StorageFault, StoreError
from watcher.pipeline.poll_summary import PollSummary
from watcher.store.database import Database

log = structlog.get_logger()

POLL_PERIOD = timedelta(seconds=1)
"""How long polls are started before what they were is logged; the next ones follow at once where more is due."""
EXCHANGE_PATIENCE = 3.0
"""Seconds that a process which ends waits for the last exchange of shards."""
ALIVE_PERIOD = timedelta(minutes=1)
"""So long after its last successful heartbeat a process counts as alive."""
MAX_CONCURRENT_TICKS = 4
JOB_RETENTION_HOURS = 72
TICKS = "ticks"


class ProcrastinateEngine:
    """Runs the jobs of the schedule in every process of the same kind on this database, each once for all of them.

    Polls are no jobs of the queue, so that a hundred slow feeds keep no message back.
    """

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._heartbeat_at = jobs.monotonic()
        self._loops: list[asyncio.Task[None]] = []
        self._stopping, self._leaving = asyncio.Event(), asyncio.Event()
        connector = procrastinate.PsycopgConnector(conninfo=jobs.app.database.conninfo, min_size=1, max_size=6)
        self._ticks = procrastinate.App(connector=connector)
        self._add_job("compose", jobs.compose)
        self._add_job("deliver", jobs.deliver)
        self._add_job("subscribe", jobs.subscribe)
        self._add_job("clear", self._clear)
        self._add_job("prune", self._prune)

    @property
    def is_alive(self) -> bool:
        """Return whether this process has recorded a heartbeat within the last minute."""
        return self._jobs.monotonic() - self._heartbeat_at < ALIVE_PERIOD.total_seconds()

    async def start(self) -> None:
        """Take part from now on. Raises StoreError where the database is away."""
        database = self._jobs.app.database
        await asyncio.to_thread(create_procrastinate_tables, database)
        await asyncio.to_thread(delete_former_jobs, database, {TICKS})
        try:
            await self._ticks.open_async()
        except ConnectorException as error:
            raise StoreError(f"database {database}: {error}") from error
        await self._jobs.record_heartbeat()
        await self._jobs.update_shards()
        self._worker = asyncio.create_task(self._run_worker())
        self._polling = asyncio.create_task(self._keep_polling())
        self._loops = [
            asyncio.create_task(loop) for loop in (self._keep_alive(), self._keep_shards(), self._keep_reading())
        ]

    async def drain(self, grace: timedelta) -> None:
        """Take no further job, and wait up to `grace` for those that are running."""
        heartbeat, shards, reading = self._loops
        self._stopping.set()
        self._worker.cancel()
        reading.cancel()
        waiting = asyncio.wait([self._worker, self._polling], timeout=grace.total_seconds() + 1)
        await asyncio.gather(self._jobs.drain(grace), waiting)
        # A claim that took longer than all else may have started polls.
        await self._jobs.poller.drain(timedelta())
        # Not cancelled at once: a transaction that goes on in its thread could take shards that nobody releases.
        self._leaving.set()
        await asyncio.wait([shards], timeout=EXCHANGE_PATIENCE)
        for loop in (heartbeat, shards):
            loop.cancel()
        await asyncio.wait([heartbeat, shards])
        await self._ticks.close_async()
        await tolerate_storage_errors("leave", self._jobs.sign_off, self._jobs.storage)()

    async def _run_worker(self) -> None:
        """Work until cancelled; a database that is away for a while ends nothing but the jobs that are running."""
        heartbeat = self._jobs.heartbeat
        while True:
            try:
                await self._ticks.run_worker_async(
                    queues=[TICKS],
                    name=f"{self._jobs.owner} {TICKS}",
                    concurrency=MAX_CONCURRENT_TICKS,
                    delete_jobs="successful",
                    install_signal_handlers=False,
                    update_heartbeat_interval=heartbeat.interval.total_seconds(),
                    stalled_worker_timeout=heartbeat.silent_after.total_seconds(),
                )
            except ProcrastinateException as error:
                self._jobs.storage.fail(TICKS, _storage_error(self._jobs.app.database, error))
            except Exception:
                # The bulkhead of this loop: whatever procrastinate stumbles over, this process goes on taking part.
                log.exception("worker failed", queue=TICKS)
            await asyncio.sleep(heartbeat.interval.total_seconds())

    async def _keep_alive(self) -> None:
        """Record that this process is alive, and free what processes hold that are not."""
        while True:
            try:
                await self._jobs.keep_alive()
                if not self._jobs.poller.is_stalled:
                    self._heartbeat_at = self._jobs.monotonic()
                await self._follow_clock()
            except StoreError as error:
                self._jobs.storage.fail("beat", error)
            else:
                # Whatever else reached no server reaches one now.
                for source in ("beat", TICKS):
                    self._jobs.storage.succeed(source)
            await asyncio.sleep(self._jobs.heartbeat.interval.total_seconds())

    async def _keep_shards(self) -> None:
        """Renew this process's share of the hosts, and follow what others hold."""
        update = tolerate_storage_errors("shards", self._jobs.update_shards, self._jobs.storage)
        interval = min(SCHEDULE["shards"].interval, self._jobs.heartbeat.interval)
        while not self._leaving.is_set():
            try:
                await update()
            except Exception:
                # The bulkhead of this loop: without it hosts would be lost for as long as the process lives.
                log.exception("sharing hosts failed")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._leaving.wait(), interval.total_seconds())

    async def _keep_polling(self) -> None:
        """Poll what is due at this process's hosts, until it is stopped."""
        while not self._stopping.is_set():
            summary, is_more_due = PollSummary(), False

            async def poll(summary: PollSummary = summary) -> None:
                """Start polls for a while."""
                nonlocal is_more_due
                is_more_due = await self._jobs.poller.poll_for(POLL_PERIOD, summary)

            try:
                await tolerate_storage_errors("poll", poll, self._jobs.storage)()
            except Exception:
                # The bulkhead of this loop: whatever a claim stumbles over, this process goes on polling.
                log.exception("polling failed")
            if summary.due:
                log.debug("chunk polled", feeds=summary.due, new=summary.new)
            if not is_more_due:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), SCHEDULE["poll"].interval.total_seconds())

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
        self._worker.cancel()
        await asyncio.wait([self._worker], timeout=self._jobs.heartbeat.silent_after.total_seconds())
        self._worker = asyncio.create_task(self._run_worker())

    def _add_job(self, name: str, job: Job) -> None:
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

        task = self._ticks.task(name=name, queue=TICKS, queueing_lock=name, priority=1)(tick)
        self._ticks.periodic(cron=SCHEDULE[name].cron)(task)

    async def _clear(self) -> None:
        """Drop the ticks of workers that died."""
        manager, silent_after = self._ticks.job_manager, self._jobs.heartbeat.silent_after
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=silent_after.total_seconds()):
            log.warning("a job's worker died", task=job.task_name, job=job.id)
            await manager.finish_job(job, status=Status.FAILED, delete_job=True)

    async def _prune(self) -> None:
        await self._ticks.job_manager.delete_old_jobs(
            nb_hours=JOB_RETENTION_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
        )
        await self._jobs.prune()


def _storage_error(database: Database, error: Exception) -> StorageError:
    return StorageError(f"database {database}: {format_cause(error)}", StorageFault.AWAY)
