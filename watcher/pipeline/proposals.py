"""Compares entries with the heads of topics: proposes within the day's budget, and ranks hits.

Imported where an encoder is configured: it needs numpy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from watcher.errors import EncoderFault, EncoderUnavailable
from watcher.inference import Encoder
from watcher.meaning.evidence import References
from watcher.meaning.vectors import Rows, Views, decode_vectors
from watcher.model.entry import StoredEntry
from watcher.model.meaning import ProposalEvidence
from watcher.pipeline.learning import Fitted, Learner, to_views
from watcher.pipeline.topic_heads import TopicHead, find_evidence
from watcher.store.database import Database, Db
from watcher.store.entries.queries import load_entries
from watcher.store.meaning.embeddings import TextVectors, load_recent_vectors, load_text_views
from watcher.store.meaning.models import StoredModel
from watcher.store.meaning.proposals import (
    DayBudget,
    NewProposal,
    add_proposals,
    load_open_proposals,
    rescore_proposals,
    withdraw_proposals,
)
from watcher.store.meaning.relevance import find_topics_of_entries, list_recent_hit_entries, set_relevance

MAX_AGE = timedelta(days=7)
"""Entries that were first seen longer ago are read and not proposed: they are found by searching."""
FIRST_LOOK = timedelta(days=1)
"""How far back a topic looks for its first proposals."""
RANKED_DAYS = timedelta(days=30)
"""Hits since then are ranked again when their topic learns."""


@dataclass(frozen=True, slots=True)
class ScoredBatch:
    """What a batch of entries comes to: proposals that could be made, and how well each topic fits each entry."""

    candidates: tuple[NewProposal, ...] = ()
    relevance: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    """Topic to entry to how well it would fit as a hit."""


def compute_day_start(now: datetime, timezone: str) -> datetime:
    """Return when the day began in a zone."""
    zone = ZoneInfo(timezone)
    return now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(now.tzinfo)


def build_budgets(heads: Sequence[TopicHead], now: datetime, timezone: str) -> Mapping[str, DayBudget]:
    """Return how many proposals each topic may have on the day of `now` in a zone."""
    since = compute_day_start(now, timezone)
    return {
        head.topic.id: DayBudget(limit=head.topic.proposals, since=since)
        for head in heads
        if head.topic.proposals is not None
    }


def score_entries(
    encoder: Encoder, learner: Learner, heads: Sequence[TopicHead], entries: Sequence[StoredEntry], views: Views,
    now: datetime,
) -> ScoredBatch:  # fmt: skip
    """Compare entries, in the order of their views, with every topic."""
    candidates: list[NewProposal] = []
    relevance: dict[str, dict[int, float]] = {}
    for head in heads:
        values, fits = head.score(views), head.rank(views)
        relevance[head.topic.id] = {entry.id: float(value) for entry, value in zip(entries, fits, strict=True)}
        for position in np.flatnonzero(values >= head.stored.threshold):
            entry = entries[int(position)]
            if entry.quarantined or now - entry.first_seen_at > MAX_AGE:
                continue
            evidence = _find_evidence(encoder, learner, head, entry, views.whole[position])
            candidates.append(_build_proposal(head, entry.id, float(values[position]), evidence))
    return ScoredBatch(tuple(candidates), relevance)


def store_scores(
    db: Db,
    model: StoredModel,
    batch: ScoredBatch,
    read: frozenset[int],
    budgets: Mapping[str, DayBudget],
    now: datetime,
) -> int:
    """Store proposals of the entries that were `read`, and how well their hits fit; return how many were proposed."""
    candidates = [candidate for candidate in batch.candidates if candidate.entry_id in read]
    topics = find_topics_of_entries(db, sorted(read))
    set_relevance(
        db,
        {
            (topic_id, entry_id): batch.relevance[topic_id][entry_id]
            for entry_id, topic_ids in topics.items()
            for topic_id in topic_ids
            if entry_id in batch.relevance.get(topic_id, {})
        },
    )
    return len(add_proposals(db, model.id, candidates, budgets, now))


def apply_head(
    database: Database, encoder: Encoder, learner: Learner, model: StoredModel, fitted: Fitted, timezone: str,
    now: datetime,
) -> int:  # fmt: skip
    """Score open proposals and recent hits with a head that was fitted; return how many entries it proposes now.

    A topic whose sentences changed withdraws open proposals that it would not make any more, and looks back a day.
    """
    head = fitted.head
    topic_id = head.topic.id
    with database.read() as db:
        open_ids = [proposal.entry_id for proposal in load_open_proposals(db, topic_id)]
        hit_ids = list_recent_hit_entries(db, topic_id, now - RANKED_DAYS)
        vectors = load_text_views(db, model.id, [*open_ids, *hit_ids])
        entries = load_entries(db, [id_ for id_ in open_ids if id_ in vectors])
    scores, relevance = _score_vectors(head, vectors)
    kept, withdrawn = [], []
    for entry_id in open_ids:
        if entry_id not in scores or entry_id not in entries:
            continue
        if fitted.is_redefined and scores[entry_id] < head.stored.threshold:
            withdrawn.append(entry_id)
            continue
        row = decode_vectors([vectors[entry_id].whole])[0]
        evidence = _find_evidence(encoder, learner, head, entries[entry_id], row)
        kept.append(_build_proposal(head, entry_id, scores[entry_id], evidence))
    with database.write() as db:
        rescore_proposals(db, model.id, kept)
        withdraw_proposals(db, topic_id, withdrawn)
        set_relevance(db, {(topic_id, id_): relevance[id_] for id_ in hit_ids if id_ in relevance})
    return _look_back(database, encoder, learner, model, head, timezone, now) if fitted.is_redefined else 0


def _look_back(
    database: Database, encoder: Encoder, learner: Learner, model: StoredModel, head: TopicHead, timezone: str,
    now: datetime,
) -> int:  # fmt: skip
    """Propose the best entries of the last day that a new head finds, within the day's budget."""
    with database.read() as db:
        recent = load_recent_vectors(db, model, now, days=FIRST_LOOK)
        if not len(recent):
            return 0
        views = to_views(recent)
        values = head.score(views)
        best = [int(place) for place in np.argsort(-values)[: 2 * (head.topic.proposals or 0)]]
        chosen = [place for place in best if values[place] >= head.stored.threshold]
        entries = load_entries(db, [recent.entry_ids[place] for place in chosen])
    stored_places = [place for place in chosen if recent.entry_ids[place] in entries]
    stored = [entries[recent.entry_ids[place]] for place in stored_places]
    batch = score_entries(encoder, learner, [head], stored, views.take(stored_places), now)
    with database.write() as db:
        read = frozenset(entry.id for entry in stored)
        return store_scores(db, model, batch, read, build_budgets([head], now, timezone), now)


def _score_vectors(
    head: TopicHead, vectors: Mapping[int, TextVectors]
) -> tuple[Mapping[int, float], Mapping[int, float]]:
    """Return how likely entries belong, and how relevant they are as hits, by id."""
    if not vectors:
        return {}, {}
    whole = decode_vectors([text_vectors.whole for text_vectors in vectors.values()])
    views = Views(
        whole, decode_vectors([text_vectors.title or text_vectors.whole for text_vectors in vectors.values()])
    )
    scores = {entry_id: float(value) for entry_id, value in zip(vectors, head.score(views), strict=True)}
    return scores, {entry_id: float(value) for entry_id, value in zip(vectors, head.rank(views), strict=True)}


def _find_evidence(
    encoder: Encoder, learner: Learner, head: TopicHead, entry: StoredEntry, row: Rows
) -> tuple[ProposalEvidence, ...]:
    """Return the evidence of a proposal; none where the encoder went away in between: the proposal stands anyway."""
    try:
        references: References = learner.get_references(head.topic)
        return find_evidence(encoder, entry, row, head.head, references)
    except (EncoderUnavailable, EncoderFault):
        return ()


def _build_proposal(
    head: TopicHead, entry_id: int, score: float, evidence: tuple[ProposalEvidence, ...]
) -> NewProposal:
    return NewProposal(
        topic_id=head.topic.id,
        entry_id=entry_id,
        score=score,
        head_version=head.stored.version,
        topic_version=head.stored.topic_version,
        evidence=evidence,
    )
