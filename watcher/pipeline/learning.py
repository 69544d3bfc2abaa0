"""Fits the heads of topics: when sentences change, after each judgement, and once a day on a newer background.

Imported where an encoder is configured: it needs numpy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import structlog

from watcher.inference import Encoder
from watcher.meaning.background import MIN_OWN_ENTRIES, Background, build_background
from watcher.meaning.evidence import References
from watcher.meaning.fitting import FittedTopic, fit_topic
from watcher.meaning.head import Head, encode_heads
from watcher.meaning.ranking import fit_ranking
from watcher.meaning.threshold import compute_share
from watcher.meaning.training import TopicVectors, build_training_set
from watcher.meaning.vectors import Rows, Views, decode_vectors, encode_vector, restore
from watcher.model.meaning import Judgement, Verdict, hash_definition
from watcher.model.topic import Topic
from watcher.pipeline.topic_heads import TopicHead, build_references, encode_texts, restore_head
from watcher.store.database import Database
from watcher.store.meaning.embeddings import VectorRows, load_recent_vectors, measure_daily_rate
from watcher.store.meaning.heads import StoredHead, list_head_versions, load_heads, save_head
from watcher.store.meaning.judgements import get_judgement_mark, load_judgements, save_judged_vectors
from watcher.store.meaning.models import StoredModel
from watcher.store.meaning.relevance import list_recent_hit_entries

log = structlog.get_logger()

BACKGROUND_AGE = timedelta(hours=1)
"""How long a background that was loaded stays in use; what came since is a small part of it."""
SMALL_BACKGROUND_AGE = timedelta(seconds=30)
"""The same while there are few entries: their number may double within a minute."""
HEAD_AGE = timedelta(days=1)
"""After so long a head is fitted again on what came since."""
DEFAULT_RATE = 3_000.0
"""Entries a day of a general desk: taken until a day has passed."""
MIN_BACKGROUND = 2
"""With fewer entries no half is left to learn from while the other is scored."""

FindShipped = Callable[[str], Background | None]
"""Returns the background that is shipped for a model of this name; None for one that it does not fit."""


@dataclass(frozen=True)
class _Recent:
    """Recent vectors, once decoded: ids in order, rows beside them."""

    ids: Sequence[int]
    background: Background
    loaded_at: datetime


@dataclass(frozen=True)
class _Lesson:
    """What a topic's head learns from, and which share of the entries may be proposed."""

    stated: TopicVectors
    background: Background
    judged: Sequence[tuple[Judgement, Rows]]
    vectors: Mapping[str, Rows]
    share: float


@dataclass(frozen=True)
class Fitted:
    """A head that was fitted: what of the topic it knows, and whether the topic's sentences or model are new to it."""

    head: TopicHead
    references: References
    is_redefined: bool


class Learner:
    """Keeps the heads of topics up to date for one model. Not safe to use from several threads at a time."""

    def __init__(
        self, database: Database, encoder: Encoder, model: StoredModel, find_shipped: FindShipped = lambda _name: None
    ) -> None:
        self._database = database
        self._encoder = encoder
        self._model = model
        self._find_shipped = find_shipped
        self._recent: _Recent | None = None
        self._mark: object = None
        self._heads: dict[str, TopicHead] = {}
        self._references: dict[str, References] = {}
        self._seen: Mapping[str, tuple[str, int | None]] = {}
        """What the topics were when their heads were looked at: the hash of their sentences, and the budget."""
        self._looked_at: datetime | None = None
        self._is_small = True

    def get_heads(self, topics: Iterable[Topic]) -> tuple[TopicHead, ...]:
        """Return the heads in force of the topics that have one, as any process has stored them."""
        by_id = {topic.id: topic for topic in topics if topic.has_meaning}
        with self._database.read() as db:
            current = list_head_versions(db, self._model.id)
            is_same = {
                topic_id: (known := self._heads.get(topic_id)) is not None
                and (known.stored.version, known.stored.fitted_at) == current.get(topic_id)
                for topic_id in by_id
            }
            if not all(is_same.values()):
                stored = load_heads(db, self._model.id)
                self._heads = {id_: restore_head(by_id[id_], stored[id_]) for id_ in by_id if id_ in stored}
                self._references.clear()
        return tuple(self._heads[id_] for id_ in by_id if id_ in self._heads)

    def get_references(self, topic: Topic) -> References:
        """Return what of a topic an entry can resemble. Raises EncoderUnavailable."""
        if topic.id not in self._references:
            vectors, judged = self._load_vectors(topic)
            self._references[topic.id] = build_references(topic, judged, vectors, self._model.model.dimensions)
        return self._references[topic.id]

    def refit_changed(self, topics: Sequence[Topic], now: datetime) -> tuple[Fitted, ...]:
        """Fit the heads of topics whose sentences changed, that were judged since, or whose head is a day old.

        Raises EncoderUnavailable.
        """
        # Asked every second: nothing but the mark of the judgements is read unless something may have changed.
        described = [topic for topic in topics if topic.has_meaning]
        with self._database.read() as db:
            mark = get_judgement_mark(db)
            if not described or not self._needs_look(described, mark, now):
                return ()
            current = load_heads(db, self._model.id)
        is_judged = mark != self._mark
        recent = self._load_recent(now)
        stale = [topic for topic in described if is_judged or self._is_stale(topic, current.get(topic.id), now)]
        fitted = [self.refit_topic(topic, now, known=current.get(topic.id)) for topic in stale if recent is not None]
        self._mark, self._looked_at = mark, now
        self._is_small = recent is None or (
            len(recent.background.rows) < MIN_OWN_ENTRIES or recent.background.is_shipped
        )
        self._seen = {topic.id: (hash_definition(topic), topic.proposals) for topic in described}
        return tuple(result for result in fitted if result is not None)

    def refit_topic(self, topic: Topic, now: datetime, *, known: StoredHead | None = None) -> Fitted | None:
        """Fit a topic's head on its sentences, its judgements and recent entries, and store it.

        Return None where nothing changed, or where there is no background to compare with yet. Raises
        EncoderUnavailable.
        """
        lesson = self._prepare_lesson(topic, now)
        if lesson is None:
            return None
        judged, share = lesson.judged, lesson.share
        training = build_training_set(lesson.stated, lesson.background)
        is_redefined = known is None or known.topic_version != hash_definition(topic)
        is_same = known is not None and (known.version, known.training.get("share")) == (training.version, share)
        if is_same and not is_redefined:
            return None
        # The recipe is the one that `topics eval` measures.
        learned = fit_topic(lesson.stated, lesson.background, share)
        ranking = fit_ranking(lesson.stated, lesson.background)
        stored = self._build_stored(topic, learned, ranking, lesson, now)
        with self._database.write() as db:
            save_head(db, stored)
        log.info("topic learned", topic=topic.id, version=stored.version, judgements=len(judged))
        references = build_references(topic, judged, lesson.vectors, self._model.model.dimensions)
        self._heads[topic.id] = TopicHead(topic, stored, learned.head, ranking)
        self._references[topic.id] = references
        return Fitted(self._heads[topic.id], references, is_redefined)

    def try_topic(self, topic: Topic, now: datetime) -> FittedTopic | None:
        """Fit a topic whose sentences are being written, and store no head; None without a background.

        Raises EncoderUnavailable.
        """
        lesson = self._prepare_lesson(topic, now)
        return fit_topic(lesson.stated, lesson.background, lesson.share) if lesson is not None else None

    def _prepare_lesson(self, topic: Topic, now: datetime) -> _Lesson | None:
        """Return what a topic's head learns from; None where there is no background to compare with yet."""
        recent = self._load_recent(now)
        if recent is None:
            return None
        vectors, judged = self._load_vectors(topic)
        background = self._without_own(topic, recent, judged)
        if len(background.rows) < MIN_BACKGROUND:
            return None
        stated = _gather_vectors(topic, vectors, judged)
        share = compute_share(topic.proposals or 0, background.per_day)
        return _Lesson(stated, background, judged, vectors, share)

    def _build_stored(
        self, topic: Topic, fitted: FittedTopic, ranking: Head, lesson: _Lesson, now: datetime
    ) -> StoredHead:
        return StoredHead(
            topic_id=topic.id,
            version=fitted.head.version,
            model_id=self._model.id,
            topic_version=hash_definition(topic),
            fitted_at=now,
            weights=encode_heads(fitted.head, ranking),
            bias=fitted.head.bias,
            threshold=fitted.threshold,
            training={
                "judgements": [judgement.id for judgement, _row in lesson.judged],
                "ranking_bias": ranking.bias,
                "background": lesson.background.version,
                "entries": len(lesson.background.rows),
                "is_shipped": lesson.background.is_shipped,
                "share": lesson.share,
                "proposals": topic.proposals,
            },
        )

    def _needs_look(self, topics: Sequence[Topic], mark: object, now: datetime) -> bool:
        """Return whether any head may be out of date; cheap, since it is asked every second."""
        seen = {topic.id: (hash_definition(topic), topic.proposals) for topic in topics}
        if mark != self._mark or seen != self._seen or self._looked_at is None:
            return True
        return not timedelta() <= now - self._looked_at < (SMALL_BACKGROUND_AGE if self._is_small else BACKGROUND_AGE)

    def _is_stale(self, topic: Topic, known: StoredHead | None, now: datetime) -> bool:
        """Return whether a topic has no head, or one of other sentences, of another budget, or of another day."""
        if known is None or known.topic_version != hash_definition(topic):
            return True
        if known.training.get("proposals") != topic.proposals or not timedelta() <= now - known.fitted_at < HEAD_AGE:
            return True
        # The first entries of a new archive say little of the next: fitted again each time there are twice as many.
        recent, entries = self._load_recent(now), known.training.get("entries", 0)
        if recent is None or (known.training.get("is_shipped") and recent.background.is_shipped):
            return False
        is_grown = entries < MIN_OWN_ENTRIES and len(recent.background.rows) >= 2 * entries
        return is_grown or bool(known.training.get("is_shipped"))

    def _load_vectors(self, topic: Topic) -> tuple[Mapping[str, Rows], list[tuple[Judgement, Rows]]]:
        """Return the rows of a topic's sentences by text, and its judgements with theirs."""
        stated = [*topic.about, *topic.not_about, *topic.examples, *topic.not_examples]
        vectors = encode_texts(self._database, self._encoder, self._model.id, stated)
        with self._database.read() as db:
            judgements = load_judgements(db, topic.id)
        missing = [judgement for judgement in judgements if judgement.vector is None]
        rows = self._encoder.encode_passages([judgement.text for judgement in missing]) if missing else ()
        made = {judgement.id: encode_vector(row) for judgement, row in zip(missing, rows, strict=True)}
        if made:
            with self._database.write() as db:
                save_judged_vectors(db, self._model.id, made)
        encoded = [judgement.vector or made[judgement.id] for judgement in judgements]
        return vectors, list(zip(judgements, decode_vectors(encoded), strict=True))

    def _load_recent(self, now: datetime) -> _Recent | None:
        """Return recent entries' vectors; those shipped with the model while there are few; None without either."""
        if self._recent is not None and timedelta() <= now - self._recent.loaded_at < BACKGROUND_AGE:
            return self._recent
        with self._database.read() as db:
            vectors = load_recent_vectors(db, self._model, now)
            rate = measure_daily_rate(db, now) or DEFAULT_RATE
        shipped = self._find_shipped(self._model.model.name) if len(vectors) < MIN_OWN_ENTRIES else None
        if shipped is not None:
            return _Recent((), shipped, now)
        if not len(vectors):
            return None
        recent = _Recent(vectors.entry_ids, build_background(to_views(vectors), per_day=rate), now)
        if len(vectors) >= MIN_OWN_ENTRIES:
            self._recent = recent
        return recent

    def _without_own(self, topic: Topic, recent: _Recent, judged: Sequence[tuple[Judgement, Rows]]) -> Background:
        """Return the background without the topic's own hits and what was judged for it."""
        background = recent.background
        if not len(recent.ids):
            return background
        with self._database.read() as db:
            own = set(list_recent_hit_entries(db, topic.id, recent.loaded_at - 2 * timedelta(days=30), limit=20_000))
        own |= {judgement.entry_id for judgement, _row in judged}
        kept = ~np.isin(np.asarray(recent.ids), np.asarray(sorted(own), dtype=np.int64))
        if kept.all() or not kept.any():
            return background
        return background.take(kept)


def to_views(vectors: VectorRows) -> Views:
    """Return the unit rows of texts and titles from what the database keeps."""
    shape = len(vectors), vectors.dimensions
    whole = restore(np.frombuffer(vectors.vectors, np.int8).reshape(shape))
    return Views(whole, restore(np.frombuffer(vectors.titles or vectors.vectors, np.int8).reshape(shape)))


def _gather_vectors(
    topic: Topic, vectors: Mapping[str, Rows], judged: Sequence[tuple[Judgement, Rows]]
) -> TopicVectors:
    def stack(rows: Sequence[Rows]) -> Rows:
        """Return rows below each other."""
        return np.stack(rows) if rows else np.empty((0, 0), np.float32)

    def judged_as(verdict: Verdict) -> Rows:
        """Return the rows of what was judged so."""
        return stack([row for judgement, row in judged if judgement.verdict is verdict])

    return TopicVectors(
        about=stack([vectors[text] for text in topic.about]),
        not_about=stack([vectors[text] for text in topic.not_about]),
        examples=stack([vectors[text] for text in topic.examples]),
        not_examples=stack([vectors[text] for text in topic.not_examples]),
        relevant=judged_as(Verdict.RELEVANT),
        irrelevant=judged_as(Verdict.IRRELEVANT),
    )
