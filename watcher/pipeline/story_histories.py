"""What is stored of the stories of a digest beyond the hits that it reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from watcher.model.digest import Subscription
from watcher.model.digest_story import DigestHit, StoryHistory
from watcher.model.event import EventFacts
from watcher.store.database import Db
from watcher.store.digests.regrouped_stories import find_regrouped_stories
from watcher.store.digests.reported_stories import find_reported_stories
from watcher.store.stories.reports import StoryReports, load_story_reports
from watcher.stories import summarise_event

MAX_DETAILED_STORIES = 40
"""So many stories of a digest, those with the most hits, have their reports compared for what each adds."""


def load_histories(
    db: Db, subscription: Subscription, hits: Sequence[DigestHit], weights: Mapping[str, float]
) -> Mapping[int, StoryHistory]:
    """Return by story who reported it, and which digest of this name did before. `weights` are by feed address."""
    counts = Counter(hit.story_id for hit in hits if hit.story_id is not None)
    if not counts:
        return {}
    detailed = [story_id for story_id, _count in counts.most_common(MAX_DETAILED_STORIES)]
    reported = find_reported_stories(db, subscription.name, list(counts))
    regrouped = find_regrouped_stories(db, subscription.name, reported)
    histories = {}
    for story_id, stored in load_story_reports(db, list(counts), detailed=detailed).items():
        facts = summarise_event(stored.reports, languages=(subscription.language,) if subscription.language else ())
        last = reported.get(story_id)
        histories[story_id] = StoryHistory(
            facts=facts,
            reported_at=last.slot_at if last else None,
            reported_in=last.digest_id if last else None,
            source_weight=_find_source_weight(facts, stored, weights),
            regrouping=regrouped.get(story_id),
        )
    return histories


def _find_source_weight(facts: EventFacts, stored: StoryReports, weights: Mapping[str, float]) -> float:
    """Return the greatest weight of the feeds with an independent report."""
    if not weights:
        return 1.0
    independent = (fact.report.entry_id for fact in facts.reports if fact.copy_of is None)
    return max((weights.get(stored.feed_urls[entry_id], 1.0) for entry_id in independent), default=1.0)
