"""Reads entries with the encoder of one model: claims what is unread, encodes it, and stores vectors and proposals.

While another model is built, two of these exist in a process: one of the model that serves, one of the next.
Imported where an encoder is configured: it needs numpy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import structlog

from watcher.errors import EncoderFault, EncoderUnavailable
from watcher.inference import Encoder
from watcher.meaning.passage import build_passage, build_title
from watcher.meaning.vectors import Views, decode_vectors, encode_vector, view_alone
from watcher.model.entry import StoredEntry
from watcher.model.meaning import EncoderModel
from watcher.model.topic import Topic
from watcher.pipeline.learning import FindShipped, Learner
from watcher.pipeline.proposals import apply_head, build_budgets, score_entries, store_scores
from watcher.pipeline.story_joining import StoryJoiner
from watcher.store.database import Database
from watcher.store.meaning.backlog import claim_entries, get_highest_entry_id, has_backlog, move_watermark
from watcher.store.meaning.embeddings import Embedding, TextVectors, find_vectors_by_text, hash_text, store_embeddings
from watcher.store.meaning.models import ModelState, StoredModel, register_model
from watcher.store.meaning.pending_joins import delete_pending_joins, save_pending_joins, take_abandoned_joins

log = structlog.get_logger()

BATCH_SIZE = 16
"""Entries that are claimed, encoded and stored together: about two seconds of half a core."""
RECHECK_INTERVAL = timedelta(seconds=30)
"""How long entries that were found read are not looked at again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingOptions:
    """What may change with the configuration: `cpu` is the share of a core while other work waits."""

    topics: tuple[Topic, ...]
    cpu: float = 0.5
    timezone: str = "UTC"
    keep_proposals_for: timedelta = timedelta(days=90)


class ModelReading:
    """Reads with one encoder. `refresh` comes before anything else. Not safe to use from several threads at a time."""

    def __init__(self, database: Database, encoder: Encoder, owner: str, find_shipped: FindShipped) -> None:
        self._database = database
        self._encoder = encoder
        self._owner = owner
        self._find_shipped = find_shipped
        self._model: StoredModel | None = None
        self._learner: Learner | None = None
        self._joiner: StoryJoiner | None = None
        self._unjoined: list[int] = []
        self._complete_below = 0
        self._checked_at: datetime | None = None

    @property
    def encoder(self) -> Encoder:
        """The encoder that reads."""
        return self._encoder

    @property
    def unjoined(self) -> int:
        """How many entries were read whose stories are not joined yet."""
        return len(self._unjoined)

    def refresh(self, models: Sequence[StoredModel], now: datetime) -> StoredModel:
        """Return the encoder's model of those that are stored, and register it where it is new.

        Another model that was being built is given up for a new one. Raises EncoderUnavailable.
        """
        model = EncoderModel(name=self._encoder.name, dimensions=self._encoder.dimensions)
        stored = next((known for known in models if known.model == model), None)
        if stored is None or self._model is None:
            with self._database.write() as db:
                stored = register_model(db, model, now)
        self._adopt(stored)
        return stored

    def serve(self, stored: StoredModel) -> None:
        """Read for a model that is stored already; nothing is registered. Raises EncoderUnavailable."""
        if self._encoder.dimensions != stored.model.dimensions:
            raise EncoderUnavailable(f"{stored.model.name} answers with other dimensions now", timedelta(hours=1))
        self._adopt(stored)

    def learn(self, options: ReadingOptions, now: datetime) -> None:
        """Fit what changed. A model that is being built learns nothing: its background is not complete."""
        model, learner = self._model, self._learner
        if model is None or learner is None or model.state is not ModelState.SERVING:
            return
        for fitted in learner.refit_changed(options.topics, now):
            apply_head(self._database, self._encoder, learner, model, fitted, options.timezone, now)

    def has_backlog(self, now: datetime) -> bool:
        """Return whether anything is unread. Asked every second: what was found read is looked at again now and then,
        since on PostgreSQL an id may be committed after a higher one."""
        if self._model is None:
            return False
        if self._checked_at is None or not timedelta() <= now - self._checked_at < RECHECK_INTERVAL:
            self._checked_at, self._complete_below = now, 0
        with self._database.read() as db:
            highest = get_highest_entry_id(db)
            if has_backlog(db, self._model, above_id=self._complete_below):
                return True
        self._complete_below = highest
        return False

    def read_batch(self, options: ReadingOptions, now: datetime) -> int | None:
        """Read some entries; return how many were stored, None where nobody but others has any to read.

        Raises EncoderUnavailable.
        """
        model = self._model
        if model is None:
            return None
        with self._database.write(lasting=False) as db:
            entries = claim_entries(db, model, self._owner, now, limit=BATCH_SIZE)
        if not entries:
            return None
        made, views = self._encode(model, entries)
        return self._store(model, entries, made, views, options, now)

    def join_stories(self, now: datetime) -> None:
        """Join the stories of what was read since."""
        if self._joiner is None or not self._unjoined:
            return
        self._joiner.join_stories(self._unjoined, now)
        self._unjoined = []
        with self._database.write(lasting=False) as db:
            delete_pending_joins(db, self._owner)

    def join_abandoned(self, now: datetime) -> None:
        """Join the stories of what processes had read that ended before they joined them."""
        if self._joiner is None:
            return
        with self._database.write(lasting=False) as db:
            self._unjoined = sorted({*self._unjoined, *take_abandoned_joins(db, now, self._owner)})
        self.join_stories(now)

    def _adopt(self, stored: StoredModel) -> None:
        if self._model is None or self._model.id != stored.id or self._model.state is not stored.state:
            self._learner = Learner(self._database, self._encoder, stored, self._find_shipped)
            self._joiner = StoryJoiner(self._database, stored, self._find_shipped(stored.model.name))
            self._complete_below = 0
        self._model = stored

    def _encode(self, model: StoredModel, entries: Sequence[StoredEntry]) -> tuple[list[Embedding], Views]:
        """Return the vectors of entries, and their rows; a copy takes the vectors of the same text."""
        texts = [build_passage(item.title, item.summary, item.content) for item in (e.entry.item for e in entries)]
        hashes = [hash_text(text) for text in texts]
        with self._database.read() as db:
            known = dict(find_vectors_by_text(db, model.id, hashes))
        missing = {hash_: text for hash_, text in zip(hashes, texts, strict=True) if hash_ not in known}
        titles = {
            hash_: title
            for hash_, text, entry in zip(hashes, texts, entries, strict=True)
            if hash_ in missing and (title := build_title(entry.entry.item.title, text))
        }
        encoded = self._encode_texts([*missing.values(), *titles.values()])
        known |= {
            hash_: TextVectors(encoded[text], encoded[titles[hash_]] or None if hash_ in titles else None)
            for hash_, text in missing.items()
        }
        made = [
            Embedding(
                entry_id=entry.id, entry_version=entry.version, text_hash=hash_, vector=known[hash_].whole,
                title_vector=known[hash_].title,
            )
            for entry, hash_ in zip(entries, hashes, strict=True)
        ]  # fmt: skip
        return made, _stack_views(made, model.model.dimensions)

    def _encode_texts(self, texts: Sequence[str]) -> dict[str, bytes]:
        """Return vectors by the text: empty for one that the encoder cannot read."""
        made = dict.fromkeys(texts, b"")
        passages = [text for text in made if text.strip()]
        try:
            rows = self._encoder.encode_passages(passages)
        except EncoderFault as fault:
            refused = {passages[position] for position in fault.positions} or set(passages)
            log.warning("texts cannot be read for meaning", count=len(refused), reason=fault.reason)
            # The others are encoded again: each round leaves out at least one.
            return made | self._encode_texts([text for text in passages if text not in refused])
        return made | {text: encode_vector(row) for text, row in zip(passages, rows, strict=True)}

    def _store(
        self, model: StoredModel, entries: Sequence[StoredEntry], made: Sequence[Embedding], views: Views,
        options: ReadingOptions, now: datetime,
    ) -> int:  # fmt: skip
        """Store vectors, proposals and the watermark in one transaction; return how many vectors."""
        # Only what the serving model can read is scored; a model that is being built only gets its vectors.
        is_serving = model.state is ModelState.SERVING
        heads = self._learner.get_heads(options.topics) if self._learner is not None and is_serving else ()
        readable = [position for position, embedding in enumerate(made) if embedding.vector]
        batch = None
        if heads and readable and self._learner is not None:
            some = [entries[position] for position in readable]
            batch = score_entries(self._encoder, self._learner, heads, some, views.take(readable), now)
        with self._database.write(lasting=False) as db:
            read = store_embeddings(db, model, self._owner, made, now)
            if batch is not None:
                store_scores(db, model, batch, read, build_budgets(heads, now, options.timezone), now)
            if is_serving and read:
                self._unjoined.extend(read)
                save_pending_joins(db, self._owner, self._unjoined, now)
        with self._database.write(lasting=False) as db:
            move_watermark(db, model, now)
        return len(read)


def _stack_views(made: Sequence[Embedding], dimensions: int) -> Views:
    """Return the unit rows of vectors; zeros where the encoder could not read the text."""
    views = view_alone(np.zeros((len(made), dimensions), np.float32))
    if readable := [place for place, embedding in enumerate(made) if embedding.vector]:
        views = Views(views.whole, views.whole.copy())
        views.whole[readable] = decode_vectors([made[place].vector for place in readable])
        views.titles[readable] = decode_vectors([made[place].title_vector or made[place].vector for place in readable])
    return views
