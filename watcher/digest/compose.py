"""Decides what a digest contains: which stories, in which order, how many, and what is only counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from operator import itemgetter
from types import MappingProxyType
from typing import TypeAlias

from watcher.digest.format_helpers import one_line
from watcher.digest.importance import rate_importance
from watcher.model.digest import Coverage, Digest
from watcher.model.digest_story import (
    DigestHit,
    DigestStory,
    DigestTopic,
    NewsKind,
    StoryHistory,
    StoryLabel,
    StoryStatus,
)
from watcher.model.subscription import EmptyPolicy, Subscription
from watcher.model.topic import Topic

MAX_HELD_BEFORE = 10
"""How many stories from before the watch the first digest shows."""
_Place: TypeAlias = tuple[int, float, float, int]
"""Where a story stands in a digest: its group, its importance, the age of what is newest, and the hit it leads with."""
_NO_HISTORIES: Mapping[int, StoryHistory] = MappingProxyType({})
_RANK = {kind: rank for rank, kind in enumerate(NewsKind)}
_GROUP = {NewsKind.NEW: 0, NewsKind.EDITED: 0, NewsKind.ARCHIVE: 1, NewsKind.BASELINE: 2}
"""News stand together by importance; finds from the archive, and what is older than the watch, come after them."""


def compose_digest(
    subscription: Subscription,
    slot_at: datetime,
    hits: Sequence[DigestHit],
    topics: Sequence[Topic],
    coverage: Coverage,
    window: tuple[datetime, datetime],
    *,
    histories: Mapping[int, StoryHistory] = _NO_HISTORIES,
    held_before: Sequence[DigestHit] = (),
    alarms: Sequence[str] = (),
    troubles: Sequence[str] = (),
) -> Digest:
    """Compose a digest of hits that were not reported yet: each story once, with all its topics.

    The most important come first, of each topic at most `max_stories`. Stories that only gained copies since they were
    reported (`histories`) are counted, weak ones stand apart. Every hit but those `held_before` is a member.
    """
    composer = _Composer(subscription, topics, histories, window[1])
    stories, before = composer.compose_stories(hits), composer.compose_stories(held_before)
    news, weak, silent = _split_stories(stories)
    shown, more = _limit_by_topic(news, subscription.max_stories)
    return Digest(
        name=subscription.name,
        title=subscription.title or subscription.name,
        slot_at=slot_at,
        window=window,
        timezone=subscription.timezone,
        coverage=coverage,
        topics=composer.list_topics(news, more),
        stories=shown,
        left_out=len(news) - len(shown),
        silent=silent,
        held_before=before[:MAX_HELD_BEFORE],
        held_before_count=len(before),
        hits=tuple(hit.hit_id for hit in hits),
        alarms=tuple(alarms),
        troubles=tuple(troubles),
        weak=weak,
    )


def should_send(digest: Digest, policy: EmptyPolicy) -> bool:
    """Return whether a digest is sent; an empty one only as the subscription's policy says.

    A digest with an alarm is not empty, and messages that did not arrive count as bad coverage.
    """
    if not digest.is_empty or digest.held_before:
        return True
    is_bad = digest.coverage.bad or bool(digest.troubles)
    return policy is EmptyPolicy.SEND or (policy is EmptyPolicy.WHEN_BAD and is_bad)


def _add_missing_names(hit: DigestHit) -> DigestHit:
    """Return a hit with a headline and an outlet, where its feed gave none."""
    if _is_plain(hit.title) and _is_plain(hit.source):
        return hit
    title = hit.title if one_line(hit.title) else one_line(hit.summary)[:120] or hit.url or "(no headline)"
    return replace(hit, title=title, source=hit.source if one_line(hit.source) else "unknown outlet")


def _is_plain(text: str) -> bool:
    """Return whether a text has something to print; most have nothing but that."""
    return bool(text.strip()) if text.isprintable() else bool(one_line(text))


def _group_by_story(hits: Sequence[DigestHit]) -> list[list[DigestHit]]:
    """Return the hits of each story; an entry without one is a story of its own, with all its topics."""
    stories: dict[object, list[DigestHit]] = defaultdict(list)
    for hit in hits:
        stories[hit.story_id if hit.story_id is not None else (hit.entry_id,)].append(hit)
    return list(stories.values())


class _Composer:
    """Composes stories of hits: what they share is the subscription, the topics, the histories and the time."""

    def __init__(
        self,
        subscription: Subscription,
        topics: Sequence[Topic],
        histories: Mapping[int, StoryHistory],
        now: datetime,
    ) -> None:
        self._subscription = subscription
        self._names = {topic.id: topic.name or topic.id for topic in topics}
        # In the order of the subscription, else in that of the configuration.
        self._order = {id_: place for place, id_ in enumerate(subscription.topics or self._names)}
        self._histories = histories
        self._now = now

    def compose_stories(self, hits: Sequence[DigestHit]) -> tuple[DigestStory, ...]:
        """Return the stories of some hits, the most important first, those below the least score left out."""
        # A hit below the score is a member all the same: it is reported as counted, and not offered again.
        shown_hits = [_add_missing_names(hit) for hit in hits if hit.score >= self._subscription.min_score]
        ordered = sorted(map(self._compose_story, _group_by_story(shown_hits)), key=itemgetter(0))
        return tuple([story for _place, story in ordered])

    def list_topics(self, stories: Sequence[DigestStory], more: Mapping[str, int]) -> tuple[DigestTopic, ...]:
        """Return the topics of some stories in order, each with how many of its stories are left out."""
        since: dict[str, datetime] = {}
        for story in stories:
            for hit in (story.lead, *story.others):
                topic_id, matched_at = hit.topic_id, hit.matched_at
                if topic_id not in since or matched_at < since[topic_id]:
                    since[topic_id] = matched_at
        return tuple(
            DigestTopic(id=id_, name=self._name(id_), more=more.get(id_, 0), since=since[id_])
            for id_ in sorted(since, key=self._place)
        )

    def _compose_story(self, hits: Sequence[DigestHit]) -> tuple[_Place, DigestStory]:
        """Return a story with its place in the order of stories."""
        lead, *others = sorted(hits, key=_rank_hit) if len(hits) > 1 else hits
        if len(others) > 1:
            others.sort(key=lambda hit: (hit.first_seen_at, hit.hit_id))
        history = self._histories.get(lead.story_id) if lead.story_id is not None else None
        status = _find_status(hits, history)
        newest = max([hit.news_at for hit in hits]) if others else lead.news_at
        age_seconds = (self._now - newest).total_seconds()
        importance = rate_importance(hits, status, history, self._subscription.importance, age_seconds)
        story = DigestStory(
            lead=_merge_evidence(lead, others),
            others=tuple(others),
            labels=self._list_labels(lead, others),
            status=status,
            stored_facts=history.facts if history is not None else None,
            language=self._subscription.language,
            importance=importance,
            reported_at=history.reported_at if history is not None else None,
            reported_in=history.reported_in if history is not None else None,
            regrouping=history.regrouping if history is not None else None,
        )
        return (_GROUP[lead.kind], -importance.total, age_seconds, lead.hit_id), story

    def _list_labels(self, lead: DigestHit, others: Sequence[DigestHit]) -> tuple[StoryLabel, ...]:
        """Return the story's topics, each with the hit on which it is judged: the lead's own where it has one."""
        topic_id = lead.topic_id
        if not [hit for hit in others if hit.topic_id != topic_id]:
            return (StoryLabel(topic_id=topic_id, name=self._name(topic_id), hit_id=lead.hit_id),)
        ranked = sorted(others, key=lambda hit: (hit.entry_id != lead.entry_id, -hit.score, hit.hit_id))
        judged: dict[str, DigestHit] = {}
        for hit in (lead, *ranked):
            judged.setdefault(hit.topic_id, hit)
        return tuple(
            StoryLabel(topic_id=id_, name=self._name(id_), hit_id=judged[id_].hit_id)
            for id_ in sorted(judged, key=self._place)
        )

    def _name(self, topic_id: str) -> str:
        return self._names.get(topic_id, topic_id)

    def _place(self, topic_id: str) -> tuple[int, str]:
        return self._order.get(topic_id, len(self._order)), topic_id


def _rank_hit(hit: DigestHit) -> tuple[int, int, datetime, int]:
    return _RANK[hit.kind], -round(hit.score * 100), hit.first_seen_at, hit.hit_id


def _merge_evidence(lead: DigestHit, others: Sequence[DigestHit]) -> DigestHit:
    """Return the leading hit with the evidence of all topics in its entry: shown once, with all that matched."""
    same = [hit.evidence for hit in others if hit.entry_id == lead.entry_id]
    if not same:
        return lead
    return replace(lead, evidence=tuple(dict.fromkeys(e for evidence in (lead.evidence, *same) for e in evidence)))


def _find_status(hits: Sequence[DigestHit], history: StoryHistory | None) -> StoryStatus:
    edited = [hit for hit in hits if hit.edited]
    if len(edited) == len(hits):
        return StoryStatus.CHANGED
    is_known = edited or (history is not None and history.reported_at)
    return StoryStatus.CONTINUES if is_known else StoryStatus.NEW


def _only_gained_copies(story: DigestStory) -> bool:
    """Return whether a story that continues brings nothing but near copies of what was reported."""
    copies = {fact.report.entry_id for fact in story.facts.reports if fact.copy_of is not None}
    return all(hit.entry_id in copies and hit.kind is NewsKind.NEW and not hit.matched_by_edit for hit in story.reports)


def _split_stories(
    stories: Sequence[DigestStory],
) -> tuple[list[DigestStory], tuple[DigestStory, ...], int]:
    """Return the stories that are news, those that are weak, and how many only gained copies."""
    reportable = [
        story for story in stories if story.status is not StoryStatus.CONTINUES or not _only_gained_copies(story)
    ]
    weak = tuple([story for story in reportable if story.lead.is_weak and _is_weak(story)])
    news = [story for story in reportable if not _is_weak(story)] if weak else reportable
    return news, weak, len(stories) - len(reportable)


def _is_weak(story: DigestStory) -> bool:
    """Return whether words alone speak for every hit of a story."""
    return all(hit.is_weak for hit in (story.lead, *story.others))


def _limit_by_topic(stories: Sequence[DigestStory], limit: int) -> tuple[tuple[DigestStory, ...], Mapping[str, int]]:
    """Return the stories among the first `limit` of any of their topics, and how many of each topic are left out."""
    if len(stories) <= limit:
        return tuple(stories), {}
    counts: dict[str, int] = defaultdict(int)
    more: dict[str, int] = defaultdict(int)
    shown = []
    for story in stories:
        is_shown = any(counts[label.topic_id] < limit for label in story.labels)
        for label in story.labels:
            counts[label.topic_id] += is_shown
            more[label.topic_id] += not is_shown
        if is_shown:
            shown.append(story)
    return tuple(shown), more
