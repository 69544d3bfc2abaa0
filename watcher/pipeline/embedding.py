"""Reads stored entries for their meaning: claims what is unread, encodes it, and stores vectors and proposals together.

It follows the store and never delays it: it takes a bounded share of the CPU, in a thread of its own, and may be
killed at any moment. What it had claimed is read by whoever comes next.
Imported where an encoder is configured: it needs numpy.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import structlog

from watcher.errors import EncoderFault, EncoderUnavailable
from watcher.inference import Encoder
from watcher.meaning.passage import build_passage
from watcher.meaning.vectors import Rows, decode_vectors, encode_vector
from watcher.model.entry import StoredEntry
from watcher.model.meaning import EncoderModel
from watcher.model.topic import Topic
from watcher.pipeline.learning import FindShipped, Learner
from watcher.pipeline.proposals import apply_head, build_budgets, score_entries, store_scores
from watcher.pipeline.story_joining import StoryJoiner
from watcher.store.database import Database
from watcher.store.meaning.backlog import (
    claim_entries,
    count_backlog,
    delete_expired_claims,
    get_highest_entry_id,
    has_backlog,
    move_watermark,
    release_claims,
)
from watcher.store.meaning.embeddings import Embedding, find_vectors_by_text, hash_text, store_embeddings
from watcher.store.meaning.models import (
    ModelState,
    StoredModel,
    delete_retired_vectors,
    list_models,
    promote_model,
    register_model,
)
from watcher.store.meaning.progress import ReadingProgress, save_progress
from watcher.store.meaning.proposals import expire_proposals
from watcher.store.meaning.superseding import supersede_proposals

log = structlog.get_logger()

BATCH_SIZE = 16
"""Entries that are claimed, encoded and stored together: about two seconds of half a core."""
CARE_INTERVAL = timedelta(minutes=5)
"""How often expired claims, old proposals and retired vectors are looked after."""
RECHECK_INTERVAL = timedelta(seconds=30)
"""How long entries that were found read are not looked at again."""
MAX_JOINED_TOGETHER = 512
"""Entries whose stories are joined at a time where all that is stored is read: fewer would depend on their order."""
REPORT_INTERVAL = timedelta(seconds=10)
"""How often the rate of reading is stored, for the status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingOptions:
    """What may change with the configuration: `cpu` is the share of a core while other work waits."""

    topics: tuple[Topic, ...]
    cpu: float = 0.5
    timezone: str = "UTC"
    keep_proposals_for: timedelta = timedelta(days=90)


class MeaningReader:
    """Reads entries with one encoder, in one thread; `stop` may be called from another.

    `is_busy` returns whether feeds are polled at the moment: without that, reading need not hold back.
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
        on_read: Callable[[int], None] = lambda _count: None,
    ) -> None:
        self._database = database
        self._encoder = encoder
        self._options = options
        self._clock = clock
        self._monotonic = monotonic
        self._owner = owner
        self._is_busy = is_busy
        self._find_shipped = find_shipped
        self._on_read = on_read
        self._stopped = threading.Event()
        self._model: StoredModel | None = None
        self._learner: Learner | None = None
        self._joiner: StoryJoiner | None = None
        self._complete_below = 0
        self._checked_at: datetime | None = None
        self._retry_at = 0.0
        self._cared_at: datetime | None = None
        self._reported_at: datetime | None = None
        self._rate = 0.0
        self._fault = ""
        self._unjoined: list[int] = []

    @property
    def encoder(self) -> Encoder:
        """The encoder that reads."""
        return self._encoder

    def stop(self) -> None:
        """Have `run_for` return after the batch that is being read."""
        self._stopped.set()

    def close(self) -> None:
        """End the encoder, and release what was claimed."""
        self.stop()
        self._encoder.close()
        with self._database.write(lasting=False) as db:
            release_claims(db, [self._owner])

    def run_for(self, duration: timedelta) -> int:
        """Learn what changed, and read until nothing is unread or `duration` has passed; return how many were read.

        Raises StoreError. An encoder that is away is logged once, and tried again when it says so.
        """
        end = self._monotonic() + duration.total_seconds()
        if self._monotonic() < self._retry_at or self._stopped.is_set():
            return 0
        read = 0
        try:
            model = self._register()
            self._learn(model)
            while not self._stopped.is_set() and (count := self._read_batch(model)):
                read += count
                self._on_read(count)
                if self._monotonic() >= end:
                    break
                self._learn(model)
            self._note_fault("")
        except EncoderUnavailable as error:
            self._retry_at = self._monotonic() + error.retry_after.total_seconds()
            self._note_fault(error.reason)
            with self._database.write(lasting=False) as db:
                release_claims(db, [self._owner])
        self._take_care()
        return read

    def read_everything(self, on_progress: Callable[[int, int], None] = lambda _done, _total: None) -> int:
        """Read until nothing is unread, at full speed; return how many. Raises EncoderUnavailable and StoreError."""
        model = self._register()
        self._learn(model)
        with self._database.read() as db:
            total = count_backlog(db, model)
        done = 0
        while count := self._read_batch(model, at_full_speed=True):
            done += count
            on_progress(done, max(total, done))
            if len(self._unjoined) >= MAX_JOINED_TOGETHER:
                self._join_stories()
        self._join_stories()
        self._learn(self._register())
        return done

    def _register(self) -> StoredModel:
        """Return the encoder's model as it is stored now. Raises EncoderUnavailable."""
        model = EncoderModel(name=self._encoder.name, dimensions=self._encoder.dimensions)
        with self._database.read() as db:
            stored = next((known for known in list_models(db) if known.model == model), None)
        if stored is None or self._model is None:
            with self._database.write() as db:
                stored = register_model(db, model, self._clock())
        if self._model is None or self._model.id != stored.id:
            self._learner = Learner(self._database, self._encoder, stored, self._find_shipped)
            self._joiner = StoryJoiner(self._database, stored, self._find_shipped(stored.model.name))
            self._complete_below = 0
        self._model = stored
        return stored

    def _learn(self, model: StoredModel) -> None:
        """Fit what changed. While a model is built, the heads and proposals of the one that serves stay as they are."""
        if model.state is not ModelState.SERVING or self._learner is None:
            return
        options = self._options()
        for fitted in self._learner.refit_changed(options.topics, self._clock()):
            apply_head(self._database, self._encoder, self._learner, model, fitted, options.timezone, self._clock())

    def _read_batch(self, model: StoredModel, *, at_full_speed: bool = False) -> int:
        """Read some entries; return how many were stored, 0 where nothing is left. Raises EncoderUnavailable."""
        began, now = self._monotonic(), self._clock()
        if not self._has_backlog(model, now):
            return self._finish(model) if model.state is ModelState.BUILDING else 0
        with self._database.write(lasting=False) as db:
            entries = claim_entries(db, model, self._owner, now, limit=BATCH_SIZE)
        if not entries:
            return 0
        made, rows = self._encode(model, entries)
        count = self._store(model, entries, made, rows)
        if not at_full_speed:
            # A transaction of its own: the next poll need not wait while stories are compared.
            self._join_stories()
        elapsed = self._monotonic() - began
        if not at_full_speed and self._is_busy():
            cpu = max(self._options().cpu, 0.01)
            self._stopped.wait(max(0.0, elapsed * (1 / cpu - 1)))
        self._measure(count, self._monotonic() - began)
        # A batch whose claims were lost stored nothing, and something is left all the same.
        return max(count, 1)

    def _has_backlog(self, model: StoredModel, now: datetime) -> bool:
        """Return whether anything is unread. Asked every second: what was found read is looked at again now and then,
        since on PostgreSQL an id may be committed after a higher one."""
        if self._checked_at is None or not timedelta() <= now - self._checked_at < RECHECK_INTERVAL:
            self._checked_at, self._complete_below = now, 0
        with self._database.read() as db:
            highest = get_highest_entry_id(db)
            if has_backlog(db, model, above_id=self._complete_below):
                return True
        self._complete_below = highest
        return False

    def _encode(self, model: StoredModel, entries: Sequence[StoredEntry]) -> tuple[list[Embedding], Rows]:
        """Return the vectors of entries, and their rows; a copy takes the vector of the same text."""
        texts = [build_passage(item.title, item.summary, item.content) for item in (e.entry.item for e in entries)]
        hashes = [hash_text(text) for text in texts]
        with self._database.read() as db:
            known = dict(find_vectors_by_text(db, model.id, hashes))
        missing = {hash_: text for hash_, text in zip(hashes, texts, strict=True) if hash_ not in known}
        known |= self._encode_texts(missing)
        made = [
            Embedding(entry_id=entry.id, entry_version=entry.version, text_hash=hash_, vector=known[hash_])
            for entry, hash_ in zip(entries, hashes, strict=True)
        ]
        return made, _stack_rows(made, model.model.dimensions)

    def _encode_texts(self, texts: Mapping[int, str]) -> dict[int, bytes]:
        """Return vectors by the hash of the text: empty for a text that the encoder cannot read."""
        hashes = [hash_ for hash_, text in texts.items() if text.strip()]
        made = dict.fromkeys(texts, b"")
        try:
            rows = self._encoder.encode_passages([texts[hash_] for hash_ in hashes])
        except EncoderFault as fault:
            refused = {hashes[position] for position in fault.positions} or set(hashes)
            log.warning("texts cannot be read for meaning", count=len(refused), reason=fault.reason)
            # The others are encoded again: each round leaves out at least one.
            readable = {hash_: text for hash_, text in texts.items() if hash_ not in refused}
            return made | self._encode_texts(readable)
        return made | {hash_: encode_vector(row) for hash_, row in zip(hashes, rows, strict=True)}

    def _store(self, model: StoredModel, entries: Sequence[StoredEntry], made: Sequence[Embedding], rows: Rows) -> int:
        """Store vectors, proposals and the watermark in one transaction; return how many vectors."""
        # Only what the serving model can read is scored; a model that is being built only gets its vectors.
        options, now = self._options(), self._clock()
        heads = self._learner.get_heads(options.topics) if self._learner and model.state is ModelState.SERVING else ()
        readable = [position for position, embedding in enumerate(made) if embedding.vector]
        batch = None
        if heads and readable and self._learner is not None:
            some = [entries[position] for position in readable]
            batch = score_entries(self._encoder, self._learner, heads, some, rows[readable], now)
        with self._database.write(lasting=False) as db:
            read = store_embeddings(db, model, self._owner, made, now)
            if batch is not None:
                store_scores(db, model, batch, read, build_budgets(heads, now, options.timezone), now)
        with self._database.write(lasting=False) as db:
            move_watermark(db, model, now)
        if model.state is ModelState.SERVING:
            self._unjoined.extend(read)
        return len(read)

    def _join_stories(self) -> None:
        """Join the stories of what was read since."""
        read, self._unjoined = self._unjoined, []
        if self._joiner is not None and read:
            self._joiner.join_stories(read, self._clock())

    def _finish(self, model: StoredModel) -> int:
        """Let a model serve whose vectors are complete."""
        with self._database.write() as db:
            if promote_model(db, model.id):
                log.info("encoder changed", model=model.model.name)
        self._model = None
        return 0

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
        """Delete expired claims and retired vectors, and close old proposals and superseded ones, now and then."""
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


def _stack_rows(made: Sequence[Embedding], dimensions: int) -> Rows:
    """Return the unit rows of vectors; zeros where the encoder could not read the text."""
    rows = np.zeros((len(made), dimensions), np.float32)
    if readable := [place for place, embedding in enumerate(made) if embedding.vector]:
        rows[readable] = decode_vectors([made[place].vector for place in readable])
    return rows
