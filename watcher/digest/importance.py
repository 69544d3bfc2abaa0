"""Rates how important a story is for a digest, in parts that can be explained."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from watcher.model.digest_story import DigestHit, NewsKind, StoryHistory, StoryStatus
from watcher.model.event import EventFacts
from watcher.model.importance import Importance
from watcher.model.subscription import ImportanceWeights

FRESHNESS_HALF_LIFE = timedelta(hours=12)
MANY_OUTLETS = 8
"""From so many independent outlets on, more make a story no more important."""
_LOG_MANY_OUTLETS = math.log2(1 + MANY_OUTLETS)
_HALF_LIFE_SECONDS = FRESHNESS_HALF_LIFE.total_seconds()
CONTINUED_NOVELTY, CHANGED_NOVELTY = 0.5, 0.4
ADDED_NOVELTY = 0.1
"""What each independent report since the last digest adds to the novelty of a story that continues."""


def rate_importance(
    hits: Sequence[DigestHit],
    status: StoryStatus,
    history: StoryHistory | None,
    weights: ImportanceWeights,
    age_seconds: float,
) -> Importance:
    """Return how important a story is: each part from 0 to 1, and their mean by the subscription's weights.

    `age_seconds` is how long ago the newest of its hits became news.
    """
    if history is not None:
        count = len(history.facts.independent_outlets)
        heard_by = count + history.source_weight - 1
    else:
        heard_by = count = len({hit.source for hit in hits})
    novelty = 1.0 if status is StoryStatus.NEW else _rate_novelty(hits, history, status)
    score = max([hit.score for hit in hits])
    return _combine((heard_by, novelty, score, age_seconds), count, status, weights)


def rate_event(
    facts: EventFacts, score: float, status: StoryStatus, weights: ImportanceWeights, now: datetime
) -> Importance:
    """Return how important a stored story is by itself, its best hit having a `score`: no feed weighs more here."""
    novelty = 1.0 if status is StoryStatus.NEW else CONTINUED_NOVELTY
    count = len(facts.independent_outlets)
    return _combine((count, novelty, score, (now - facts.last_at).total_seconds()), count, status, weights)


def _combine(
    parts: tuple[float, float, float, float], outlet_count: int, status: StoryStatus, weights: ImportanceWeights
) -> Importance:
    """Return the importance of `parts`: outlets, a feed's weight counted in, novelty, score, and age in seconds."""
    heard_by, novelty, score, age_seconds = parts
    # Two outlets say much more than one, nine hardly more than eight. A feed's weight counts as so many outlets.
    outlets = min(1.0, math.log2(1 + heard_by) / _LOG_MANY_OUTLETS) if heard_by > 0 else 0.0
    match = min(1.0, score)
    freshness = 0.5 ** (age_seconds / _HALF_LIFE_SECONDS) if age_seconds > 0 else 1.0
    by_part = (weights.outlets, weights.novelty, weights.match, weights.freshness)
    by_outlets, by_novelty, by_match, by_freshness = by_part
    total_weight = by_outlets + by_novelty + by_match + by_freshness
    weighted = by_outlets * outlets + by_novelty * novelty + by_match * match + by_freshness * freshness
    return Importance(
        outlets=outlets,
        novelty=novelty,
        match=match,
        freshness=freshness,
        total=weighted / total_weight if total_weight else 0.0,
        weights=by_part,
        outlet_count=outlet_count,
        status=status,
    )


def _rate_novelty(hits: Sequence[DigestHit], history: StoryHistory | None, status: StoryStatus) -> float:
    """Return the novelty of a story that a digest reported before."""
    if status is StoryStatus.CHANGED:
        return CHANGED_NOVELTY
    fresh = {hit.entry_id for hit in hits if hit.kind is NewsKind.NEW}
    reports = history.facts.reports if history is not None else ()
    added = sum(fact.report.entry_id in fresh and fact.copy_of is None for fact in reports)
    return min(1.0, CONTINUED_NOVELTY + ADDED_NOVELTY * added)
