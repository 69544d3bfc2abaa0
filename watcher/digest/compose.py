"""Decides what a digest says: which stories, in which order, how many, and what is only counted."""

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
    EmptyPolicy,
    NewsKind,
    StoryLine,
    Subscription,
    TopicSection,
)
from watcher.model.topic import Topic

FRESHNESS = timedelta(hours=12)
"""Half of a hit's freshness is gone after so long."""
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
) -> Digest:
    """Make a digest of hits that were not told yet: a section for each topic, a row for each story.

    Topics come in the order of the subscription, or of the configuration; in each, news stand before edits and finds
    from the archive. A story's lead is its best hit; what does not fit is counted in `more`. Every hit is a member of
    the digest, shown or not.
    """
    names = {topic.id: topic.name or topic.id for topic in topics}
    order = {topic_id: n for n, topic_id in enumerate(subscription.topics or [topic.id for topic in topics])}
    by_topic: dict[str, list[DigestHit]] = defaultdict(list)
    for hit in hits:
        if hit.score >= subscription.min_score:
            by_topic[hit.topic_id].append(_named(hit))
    sections = []
    for topic_id in sorted(by_topic, key=lambda each: (order.get(each, len(order)), each)):
        lines = sorted(_lines(by_topic[topic_id]), key=lambda line: _weight(line, window[1]), reverse=True)
        kept = tuple(lines[: subscription.max_stories])
        sections.append(
            TopicSection(
                topic_id=topic_id,
                name=names.get(topic_id, topic_id),
                stories=kept,
                more=len(lines) - len(kept),
                since=min(hit.matched_at for hit in by_topic[topic_id]),
            )
        )
    return Digest(
        name=subscription.name,
        title=subscription.title or subscription.name,
        slot_at=slot_at,
        window=window,
        timezone=subscription.timezone,
        coverage=coverage,
        sections=tuple(sections),
        hits=tuple(hit.hit_id for hit in hits),
        alarms=tuple(alarms),
        troubles=tuple(troubles),
    )


def should_send(digest: Digest, policy: EmptyPolicy) -> bool:
    """Tell whether a digest goes out: an empty one only if the subscription wants to hear of silence.

    An alarm is no silence, and messages that did not arrive are bad coverage.
    """
    if digest.sections or digest.alarms:
        return True
    bad = digest.coverage.bad or bool(digest.troubles)
    return policy is EmptyPolicy.SEND or (policy is EmptyPolicy.WHEN_BAD and bad)


def _named(hit: DigestHit) -> DigestHit:
    """Give a hit something to be called by where its feed gave it no headline or no name."""
    if one_line(hit.title) and one_line(hit.source):
        return hit
    title = hit.title if one_line(hit.title) else one_line(hit.summary)[:120] or hit.url or "(no headline)"
    return replace(hit, title=title, source=hit.source if one_line(hit.source) else "unknown outlet")


def _lines(hits: Sequence[DigestHit]) -> list[StoryLine]:
    stories: dict[object, list[DigestHit]] = defaultdict(list)
    for hit in hits:
        stories[hit.story_id if hit.story_id is not None else (hit.hit_id,)].append(hit)
    lines = []
    for told in stories.values():
        ranked = sorted(told, key=lambda hit: (_RANK[hit.kind], -round(hit.score, 2), hit.first_seen_at, hit.hit_id))
        rest = sorted(ranked[1:], key=lambda hit: (hit.first_seen_at, hit.hit_id))
        lines.append(StoryLine(lead=ranked[0], others=tuple(rest)))
    return lines


def _weight(line: StoryLine, now: datetime) -> tuple[int, float, float]:
    """Weigh a story: news first, then its best score, how fresh it is, and how many outlets carry it."""
    newest = max(hit.news_at for hit in (line.lead, *line.others))
    age = max(timedelta(), now - newest)
    freshness = 0.5 ** (age / FRESHNESS)
    weight = line.lead.score + 0.3 * freshness + 0.08 * min(len(line.outlets), 5)
    return -_RANK[line.lead.kind], weight, newest.timestamp()
