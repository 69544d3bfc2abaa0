"""Reads stored entries for their meaning, within a bounded share of the CPU, and lets models follow each other.

It follows the store and never delays it: it works in a thread of its own, and may be killed at any moment. What it had
claimed is read by the next process.
Imported where an encoder is configured: it needs numpy.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from watcher.errors import EncoderUnavailable
from watcher.inference import Encoder
from watcher.pipeline.learning import FindShipped
from watcher.pipeline.model_reading import BATCH_SIZE, ModelReading, ReadingOptions
from watcher.store.database import Database
from watcher.store.meaning.backlog import count_backlog, delete_expired_claims, release_claims
from watcher.store.meaning.models import (
    ModelState,
    StoredModel,
    delete_retired_vectors,
    list_models,
    promote_model,
)
from watcher.store.meaning.progress import ReadingProgress, save_progress
from watcher.store.meaning.proposals import expire_proposals
from watcher.store.meaning.superseding import supersede_proposals

__all__ = ["BATCH_SIZE", "MeaningReader", "OpenFormer", "ReadingOptions"]

log = structlog.get_logger()

OpenFormer = Callable[[str], Encoder | None]
"""Opens the encoder of a model that serves until another is complete, by the model's name; None where there is none."""

CARE_INTERVAL = timedelta(minutes=5)
"""How often expired claims, old proposals and retired vectors are looked after."""
MAX_JOINED_TOGETHER = 512
"""Entries whose stories are joined at a time where all that is stored is read: fewer would depend on their order."""
REPORT_INTERVAL = timedelta(seconds=10)
"""How often the rate of reading is stored, for the status."""


class MeaningReader:
    """Reads entries with one encoder, in one thread; `stop` may be called from another.

    `is_busy` returns whether feeds are polled at the moment: without that, reading need not hold back. While the
    encoder's model is built, what comes in is read by the former model too, where `open_former` can open it: its
    vectors serve until the new ones are complete.
    """

    def __init__(
        self,
        database: Database,
        encoder: Encoder,
        options: Callable[[], ReadingOptions],
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
        *,
        owner: str,
        is_busy: Callable[[], bool] = lambda: True,
        find_shipped: FindShipped = lambda _name: None,
        open_former: OpenFormer = lambda _name: None,
        on_read: Callable[[int], None] = lambda _count: None,
    ) -> None:
        self._database = database
        self._reading = ModelReading(database, encoder, owner, find_shipped)
        self._options = options
        self._clock = clock
        self._monotonic = monotonic
        self._owner = owner
        self._is_busy = is_busy
        self._find_shipped = find_shipped
        self._open_former = open_former
        self._on_read = on_read
        self._stopped = threading.Event()
        self._former: ModelReading | None = None
        self._former_name = ""
        self._former_retry_at = 0.0
        self._retry_at = 0.0
        self._cared_at: datetime | None = None
        self._reported_at: datetime | None = None
        self._rate = 0.0
        self._fault = ""

    @property
    def encoder(self) -> Encoder:
        """The encoder that reads."""
        return self._reading.encoder

    def stop(self) -> None:
        """Have `run_for` return after the batch that is being read."""
        self._stopped.set()

    def close(self) -> None:
        """End the encoders, and release what was claimed."""
        self.stop()
        self.encoder.close()
        if (former := self._former) is not None:
            former.encoder.close()
        self._release()

    def run_for(self, duration: timedelta) -> int:
        """Learn what changed, and read until nothing is unread or `duration` has passed; return how many were read.

        Raises StoreError. An encoder that is away is logged once, and tried again when it says so.
        """
        end = self._monotonic() + duration.total_seconds()
        read = 0
        while not self._stopped.is_set():
            with self._database.read() as db:
                models = list_models(db)
            count = self._read_as_before(models) + self._read_next(models)
            self._on_read(count)
            read += count
            if not count or self._monotonic() >= end:
                break
        self._take_care()
        return read

    def read_everything(self, on_progress: Callable[[int, int], None] = lambda _done, _total: None) -> int:
        """Read until nothing is unread, at full speed; return how many. Raises EncoderUnavailable and StoreError."""
        reading, options = self._reading, self._options()
        model = self._refresh()
        reading.learn(options, self._clock())
        with self._database.read() as db:
            total = count_backlog(db, model)
        done = 0
        while count := self._read_batch(reading, at_full_speed=True):
            done += count
            on_progress(done, max(total, done))
            if reading.unjoined >= MAX_JOINED_TOGETHER:
                reading.join_stories(self._clock())
        reading.join_stories(self._clock())
        self._promote(model)
        self._refresh()
        reading.learn(options, self._clock())
        return done

    def _refresh(self) -> StoredModel:
        with self._database.read() as db:
            models = list_models(db)
        return self._reading.refresh(models, self._clock())

    def _read_next(self, models: Sequence[StoredModel]) -> int:
        """Learn and read a batch with the configured encoder; return how many were read."""
        if self._monotonic() < self._retry_at:
            return 0
        try:
            model = self._reading.refresh(models, self._clock())
            self._reading.learn(self._options(), self._clock())
            count = self._read_batch(self._reading)
        except EncoderUnavailable as error:
            self._retry_at = self._monotonic() + error.retry_after.total_seconds()
            self._note_fault(error.reason)
            self._release()
            return 0
        self._note_fault("")
        if not count:
            self._promote(model)
        return count

    def _read_as_before(self, models: Sequence[StoredModel]) -> int:
        """Learn and read a batch with the encoder of the model that serves until the configured one's is complete.

        The two take turns: neither what comes in nor what is stored waits for all of the other.
        """
        former = self._find_former(models)
        if former is None or self._monotonic() < self._former_retry_at:
            return 0
        try:
            former.serve(models[0])
            former.learn(self._options(), self._clock())
            return self._read_batch(former)
        except EncoderUnavailable as error:
            self._former_retry_at = self._monotonic() + error.retry_after.total_seconds()
            log.warning("the former model cannot read what comes in", model=self._former_name, reason=error.reason)
            self._release()
            return 0

    def _find_former(self, models: Sequence[StoredModel]) -> ModelReading | None:
        """Return what reads for the serving model, where that is another one than the configured encoder's."""
        serving = models[0].model.name if models and models[0].state is ModelState.SERVING else ""
        name = serving if serving != self.encoder.name else ""
        if name == self._former_name:
            return self._former
        if self._former is not None:
            self._former.encoder.close()
        encoder = self._open_former(name) if name else None
        self._former_name, self._former_retry_at = name, 0.0
        self._former = ModelReading(self._database, encoder, self._owner, self._find_shipped) if encoder else None
        if name and encoder is None:
            log.warning("nothing is proposed until stored entries are read by the new model", former=name)
        return self._former

    def _read_batch(self, reading: ModelReading, *, at_full_speed: bool = False) -> int:
        """Read some entries; return how many were stored, 0 where nothing is left. Raises EncoderUnavailable."""
        began, now = self._monotonic(), self._clock()
        if not reading.has_backlog(now):
            return 0
        count = reading.read_batch(self._options(), now)
        if count is None:
            return 0
        if not at_full_speed:
            # A transaction of its own: the next poll need not wait while stories are compared.
            reading.join_stories(self._clock())
        elapsed = self._monotonic() - began
        if not at_full_speed and self._is_busy():
            cpu = max(self._options().cpu, 0.01)
            self._stopped.wait(max(0.0, elapsed * (1 / cpu - 1)))
        self._measure(count, self._monotonic() - began)
        # A batch whose claims were lost stored nothing, and something is left all the same.
        return max(count, 1)

    def _promote(self, model: StoredModel) -> None:
        """Let a model serve whose vectors are complete."""
        if model.state is not ModelState.BUILDING or self._reading.has_backlog(self._clock()):
            return
        with self._database.write() as db:
            if promote_model(db, model.id):
                log.info("encoder changed", model=model.model.name)

    def _release(self) -> None:
        with self._database.write(lasting=False) as db:
            release_claims(db, [self._owner])

    def _measure(self, count: int, elapsed: float) -> None:
        if elapsed <= 0 or not count:
            return
        rate = count / elapsed
        self._rate = rate if not self._rate else 0.8 * self._rate + 0.2 * rate
        now = self._clock()
        if self._reported_at is None or not timedelta() <= now - self._reported_at < REPORT_INTERVAL:
            self._report(now)

    def _note_fault(self, reason: str) -> None:
        if reason == self._fault:
            return
        if reason:
            log.warning("entries are not read for meaning; proposals wait", reason=reason)
        else:
            log.info("entries are read for meaning again")
        self._fault = reason
        self._report(self._clock())

    def _report(self, now: datetime) -> None:
        self._reported_at = now
        with self._database.write(lasting=False) as db:
            save_progress(db, ReadingProgress(observed_at=now, per_second=self._rate, fault=self._fault))

    def _take_care(self) -> None:
        """Delete expired claims and retired vectors, close old and superseded proposals, and join what was left
        unjoined, now and then."""
        now = self._clock()
        if self._cared_at is not None and timedelta() <= now - self._cared_at < CARE_INTERVAL:
            return
        self._cared_at = now
        with self._database.write(lasting=False) as db:
            delete_expired_claims(db, now)
            supersede_proposals(db)
            expire_proposals(db, now - self._options().keep_proposals_for)
        with self._database.write(lasting=False) as db:
            delete_retired_vectors(db)
        self._reading.join_abandoned(now)
