"""Rates how important a story is for a digest, in parts that can be explained."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from watcher.model.digest import ImportanceWeights
from watcher.model.digest_story import DigestHit, Importance, NewsKind, StoryHistory, StoryStatus

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
    now: datetime,
) -> Importance:
    """Return how important a story is: each part from 0 to 1, and their mean by the subscription's weights."""
    # Two outlets say much more than one, nine hardly more than eight. A feed's weight counts as so many outlets.
    heard_by = (
        len(history.facts.independent_outlets) + history.source_weight - 1
        if history is not None
        else len({hit.source for hit in hits})
    )
    outlets = min(1.0, math.log2(1 + max(0.0, heard_by)) / _LOG_MANY_OUTLETS)
    novelty = _rate_novelty(hits, history, status)
    match = min(1.0, max([hit.score for hit in hits]))
    age = (now - max([hit.news_at for hit in hits])).total_seconds()
    freshness = 0.5 ** (max(0.0, age) / _HALF_LIFE_SECONDS)
    total_weight = weights.outlets + weights.novelty + weights.match + weights.freshness
    weighted = (
        weights.outlets * outlets + weights.novelty * novelty + weights.match * match + weights.freshness * freshness
    )
    count = len(history.facts.independent_outlets) if history is not None else len({hit.source for hit in hits})
    return Importance(
        outlets=outlets,
        novelty=novelty,
        match=match,
        freshness=freshness,
        total=weighted / total_weight if total_weight else 0.0,
        explanation=_explain(
            (weights.outlets * outlets, _format_outlets(count)),
            (weights.novelty * novelty, _STATUS_REASON[status]),
            (weights.match * match, f"matches its topic {_DEGREES[min(2, int(match * 3))]}"),
            (weights.freshness * freshness, _AGES[min(2, int(freshness * 3))]),
        ),
    )


def _explain(*parts: tuple[float, str]) -> str:
    """Return why a story stands where it does: its weighted parts in words, the one that counts most first."""
    return ", ".join(text for _weight, text in sorted(parts, key=lambda part: -part[0]))


_STATUS_REASON = {
    StoryStatus.NEW: "new since the last digest",
    StoryStatus.CONTINUES: "continues an earlier story",
    StoryStatus.CHANGED: "changed since the last digest",
}
_DEGREES = ("weakly", "well", "strongly")
_AGES = ("older", "of the last day", "fresh")


def _format_outlets(count: int) -> str:
    count = max(1, count)
    return f"{count} independent {'outlet' if count == 1 else 'outlets'}"


def _rate_novelty(hits: Sequence[DigestHit], history: StoryHistory | None, status: StoryStatus) -> float:
    if status is StoryStatus.NEW:
        return 1.0
    if status is StoryStatus.CHANGED:
        return CHANGED_NOVELTY
    fresh = {hit.entry_id for hit in hits if hit.kind is NewsKind.NEW}
    reports = history.facts.reports if history is not None else ()
    added = sum(fact.report.entry_id in fresh and fact.copy_of is None for fact in reports)
    return min(1.0, CONTINUED_NOVELTY + ADDED_NOVELTY * added)
