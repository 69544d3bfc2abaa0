"""Decides what a digest contains: which stories, in which order, how many, and what is only counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from watcher.digest.format_helpers import one_line
from watcher.model.digest import (
    Coverage,
    Digest,
    DigestHit,
    DigestProposal,
    EmptyPolicy,
    NewsKind,
    StoryLine,
    Subscription,
    TopicSection,
)
from watcher.model.topic import Topic

FRESHNESS_HALF_LIFE = timedelta(hours=12)
FRESHNESS_WEIGHT = 0.3
OUTLET_WEIGHT = 0.08
MAX_WEIGHTED_OUTLETS = 5
"""What freshness and each outlet add to a story's score (0..1)."""
_RANK = {kind: rank for rank, kind in enumerate(NewsKind)}


def compose_digest(
    subscription: Subscription,
    slot_at: datetime,
    hits: Sequence[DigestHit],
    topics: Sequence[Topic],
    coverage: Coverage,
    window: tuple[datetime, datetime],
    *,
    alarms: Sequence[str] = (),
    troubles: Sequence[str] = (),
    proposals: Sequence[DigestProposal] = (),
) -> Digest:
    """Compose a digest of hits that were not reported yet: a section for each topic, a row for each story.

    Topics come in the order of the subscription, or of the configuration; in each, new stories come before changed
    ones and finds from the archive. A story's lead is its best hit; what does not fit is counted in `more`. A story of
    weak hits alone stands apart, at the end. Every hit is a member of the digest, shown or not.
    """
    names = {topic.id: topic.name or topic.id for topic in topics}
    order = {topic_id: n for n, topic_id in enumerate(subscription.topics or [topic.id for topic in topics])}
    by_topic: dict[str, list[DigestHit]] = defaultdict(list)
    for hit in hits:
        # A hit below the score is a member all the same: it is reported as counted, and not offered again.
        if hit.score >= subscription.min_score:
            by_topic[hit.topic_id].append(_add_missing_names(hit))
    lines = {topic_id: _group_by_story(found) for topic_id, found in by_topic.items()}
    strong = {topic_id: [line for line in found if not line.is_weak] for topic_id, found in lines.items()}
    topic_ids = sorted(lines, key=lambda topic_id: (order.get(topic_id, len(order)), topic_id))
    return Digest(
        name=subscription.name,
        title=subscription.title or subscription.name,
        slot_at=slot_at,
        window=window,
        timezone=subscription.timezone,
        coverage=coverage,
        sections=tuple(
            _compose_section(topic_id, names.get(topic_id, topic_id), strong[topic_id], subscription, window[1])
            for topic_id in topic_ids
            if strong[topic_id]
        ),
        hits=tuple(hit.hit_id for hit in hits),
        alarms=tuple(alarms),
        troubles=tuple(troubles),
        proposals=tuple(proposals),
        weak=tuple(line for topic_id in topic_ids for line in lines[topic_id] if line.is_weak),
    )


def _compose_section(
    topic_id: str, name: str, stories: Sequence[StoryLine], subscription: Subscription, now: datetime
) -> TopicSection:
    lines = sorted(stories, key=lambda line: _weigh_story(line, now), reverse=True)
    shown = tuple(lines[: subscription.max_stories])
    return TopicSection(
        topic_id=topic_id,
        name=name,
        stories=shown,
        more=len(lines) - len(shown),
        since=min(hit.matched_at for line in stories for hit in (line.lead, *line.others)),
    )


def should_send(digest: Digest, policy: EmptyPolicy) -> bool:
    """Return whether a digest is sent; an empty one only as the subscription's policy says.

    A digest with an alarm is not empty, and messages that did not arrive count as bad coverage.
    """
    if not digest.is_empty:
        return True
    is_bad = digest.coverage.bad or bool(digest.troubles)
    return policy is EmptyPolicy.SEND or (policy is EmptyPolicy.WHEN_BAD and is_bad)


def _add_missing_names(hit: DigestHit) -> DigestHit:
    """Return a hit with a headline and an outlet, where its feed gave none."""
    if one_line(hit.title) and one_line(hit.source):
        return hit
    title = hit.title if one_line(hit.title) else one_line(hit.summary)[:120] or hit.url or "(no headline)"
    return replace(hit, title=title, source=hit.source if one_line(hit.source) else "unknown outlet")


def _group_by_story(hits: Sequence[DigestHit]) -> list[StoryLine]:
    stories: dict[object, list[DigestHit]] = defaultdict(list)
    for hit in hits:
        stories[hit.story_id if hit.story_id is not None else (hit.hit_id,)].append(hit)
    lines = []
    for reports in stories.values():
        ranked = sorted(reports, key=lambda hit: (_RANK[hit.kind], -round(hit.score, 2), hit.first_seen_at, hit.hit_id))
        others = sorted(ranked[1:], key=lambda hit: (hit.first_seen_at, hit.hit_id))
        lines.append(StoryLine(lead=ranked[0], others=tuple(others)))
    return lines


def _weigh_story(line: StoryLine, now: datetime) -> tuple[int, float, float]:
    """Return a story's sort key: new ones first, then by best score, freshness and number of outlets."""
    newest = max(hit.news_at for hit in (line.lead, *line.others))
    age = max(timedelta(), now - newest)
    freshness = 0.5 ** (age / FRESHNESS_HALF_LIFE)
    outlets = min(len(line.outlets), MAX_WEIGHTED_OUTLETS)
    weight = line.lead.score + FRESHNESS_WEIGHT * freshness + OUTLET_WEIGHT * outlets
    return -_RANK[line.lead.kind], weight, newest.timestamp()
