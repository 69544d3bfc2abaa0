"""Why a story stands where it does in the next digest, in words: shown on its page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from watcher.app.story_brief import StoryBrief
from watcher.digest.importance import rate_event
from watcher.model.digest_story import StoryStatus
from watcher.model.results import StoredHit
from watcher.model.subscription import ImportanceWeights, Subscription
from watcher.store.database import Db
from watcher.store.digests.reported_stories import find_reported_stories


def explain_importance(
    db: Db, brief: StoryBrief | None, hits: Sequence[StoredHit], subscriptions: Sequence[Subscription], now: datetime
) -> str:
    """Return how important a story is to the first digest that has a topic of it: the parts in words.

    Without such a digest it is rated by the usual weights, as one that no digest has reported; empty without hits.
    """
    if brief is None or not hits:
        return ""
    subscription = _find_subscription(subscriptions, frozenset(hit.hit.topic_id for hit in hits))
    is_known = subscription is not None and brief.id in find_reported_stories(db, subscription.name, [brief.id])
    return rate_event(
        brief.facts,
        max(hit.hit.score for hit in hits),
        StoryStatus.CONTINUES if is_known else StoryStatus.NEW,
        subscription.importance if subscription is not None else ImportanceWeights(),
        now,
    ).explanation


def _find_subscription(subscriptions: Sequence[Subscription], topic_ids: frozenset[str]) -> Subscription | None:
    """Return the first digest, else the first alert, that has one of some topics."""
    by_schedule = sorted(subscriptions, key=lambda subscription: subscription.schedule == "immediate")
    return next((s for s in by_schedule if not s.topics or topic_ids & set(s.topics)), None)
