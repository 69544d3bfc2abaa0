"""What a topic finds by its meaning among stored entries: as it is in force, or as it is being written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from watcher.app.text_encoder import open_text_encoder
from watcher.model.entry import StoredEntry
from watcher.model.meaning import hash_definition
from watcher.model.topic import Topic
from watcher.store.entries.queries import load_entries
from watcher.store.hits.labels import find_hit_labels
from watcher.store.meaning.embeddings import load_recent_vectors
from watcher.store.meaning.heads import load_heads
from watcher.store.meaning.models import StoredModel, find_serving_model

if TYPE_CHECKING:
    from watcher.app.bootstrap import App
    from watcher.match import Query
    from watcher.meaning.head import Head

MAX_SCORED = 20_000
"""The newest so many entries of a period are compared with a topic."""
MAX_READ = 1_000
"""So many of the nearest entries are looked at for those that words do not find."""
_BATCH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class MeaningMatch:
    """An entry and how well it fits a topic's sentences, 0 to 1; `is_proposed` where that reaches the threshold."""

    stored: StoredEntry
    score: float
    is_proposed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MeaningDiff:
    """What changed sentences would propose that the former ones would not, and the reverse; the best fits first."""

    gained: tuple[MeaningMatch, ...]
    lost: tuple[MeaningMatch, ...]
    gained_count: int
    lost_count: int
    kept: int


@dataclass(frozen=True, slots=True)
class _Scores:
    """Scores by entry, and from which on entries are proposed."""

    by_entry: dict[int, float]
    threshold: float

    @property
    def proposed(self) -> frozenset[int]:
        return frozenset(id_ for id_, score in self.by_entry.items() if score >= self.threshold)


def find_meaning_misses(
    app: App, topic: Topic, query: Query | None, since: datetime | None, now: datetime, *, limit: int
) -> tuple[MeaningMatch, ...] | None:
    """Return the entries that fit a topic's sentences best and that its query does not match, the best first.

    Hits of the topic and what was judged are left out. None where the topic has no sentences, or nothing is read for
    meaning. Raises EncoderUnavailable, EncoderFault and BusyError where new sentences cannot be read.
    """
    scores = _score_topic(app, topic, since, now)
    if scores is None:
        return None
    misses: list[MeaningMatch] = []
    for stored in _iter_nearest(app, topic, scores):
        if len(misses) == limit:
            break
        if query is None or not _is_match(query, stored):
            score = scores.by_entry[stored.id]
            misses.append(MeaningMatch(stored=stored, score=score, is_proposed=score >= scores.threshold))
    return tuple(misses)


def diff_meaning(
    app: App, before: Topic | None, after: Topic, since: datetime | None, now: datetime, *, limit: int
) -> MeaningDiff | None:
    """Compare what two forms of a topic's sentences propose among the entries of a period; words play no part.

    None where neither has sentences, or nothing is read for meaning. Raises what `find_meaning_misses` raises.
    """
    old = _score_topic(app, before, since, now) if before is not None else None
    new = _score_topic(app, after, since, now)
    if old is None and new is None:
        return None
    were = old.proposed if old is not None else frozenset()
    would = new.proposed if new is not None else frozenset()
    return MeaningDiff(
        gained=_load_matches(app, new, would - were, limit),
        lost=_load_matches(app, old, were - would, limit),
        gained_count=len(would - were),
        lost_count=len(were - would),
        kept=len(were & would),
    )


def _score_topic(app: App, topic: Topic, since: datetime | None, now: datetime) -> _Scores | None:
    """Score the newest entries of a period; None where there is nothing to compare or to compare with."""
    if not topic.has_meaning:
        return None
    with app.database.read() as db:
        serving = find_serving_model(db)
    if serving is None:
        return None
    fitted = _find_head(app, serving, topic, now)
    if fitted is None:
        return None
    from watcher.pipeline.learning import to_views

    head, threshold = fitted
    with app.database.read() as db:
        days = {} if since is None else {"days": now - since}
        recent = load_recent_vectors(db, serving, now, limit=MAX_SCORED, **days)
    scores = head.score_views(to_views(recent)) if len(recent) else ()
    return _Scores({id_: float(score) for id_, score in zip(recent.entry_ids, scores, strict=True)}, threshold)


def _find_head(app: App, serving: StoredModel, topic: Topic, now: datetime) -> tuple[Head, float] | None:
    """Return a topic's head and threshold: those in force where the sentences are, else fitted and not stored."""
    with app.database.read() as db:
        stored = load_heads(db, serving.id).get(topic.id)
    is_current = stored is not None and stored.topic_version == hash_definition(topic)
    if stored is not None and is_current and stored.training.get("proposals") == topic.proposals:
        from watcher.pipeline.topic_heads import restore_head

        return restore_head(topic, stored).head, stored.threshold
    with open_text_encoder(app.settings.meaning) as encoder:
        if encoder is None or encoder.name != serving.model.name:
            return None
        from watcher.meaning.background import load_shipped_background
        from watcher.pipeline.learning import Learner

        fitted = Learner(app.database, encoder, serving, load_shipped_background).try_topic(topic, now)
    return (fitted.head, fitted.threshold) if fitted is not None else None


def _iter_nearest(app: App, topic: Topic, scores: _Scores) -> Iterator[StoredEntry]:
    """Yield the entries that fit best, without those that are hits or were judged."""
    ranked = sorted(scores.by_entry, key=lambda id_: (-scores.by_entry[id_], -id_))[:MAX_READ]
    for start in range(0, len(ranked), _BATCH):
        ids = ranked[start : start + _BATCH]
        with app.database.read() as db:
            hits = find_hit_labels(db, topic.id, ids)
            entries = load_entries(db, [id_ for id_ in ids if id_ not in hits])
        yield from (entries[id_] for id_ in ids if id_ in entries and not entries[id_].quarantined)


def _load_matches(app: App, scores: _Scores | None, ids: frozenset[int], limit: int) -> tuple[MeaningMatch, ...]:
    if scores is None:
        return ()
    best = sorted(ids, key=lambda id_: (-scores.by_entry[id_], -id_))[:limit]
    with app.database.read() as db:
        entries = load_entries(db, best)
    return tuple(
        MeaningMatch(stored=entries[id_], score=scores.by_entry[id_], is_proposed=True)
        for id_ in best
        if id_ in entries
    )


def _is_match(query: Query, stored: StoredEntry) -> bool:
    from watcher.match import match_entry

    return match_entry(query, stored) is not None
