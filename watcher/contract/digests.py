"""Digests: as configured, as composed, and their content for the API, webhooks and JSON files."""

from __future__ import annotations

from datetime import datetime

from typing_extensions import TypedDict

from watcher.contract.deliveries import Delivery
from watcher.contract.entries import Evidence, encode_evidence
from watcher.contract.timestamps import format_timestamp
from watcher.model import digest as model
from watcher.model import digest_story
from watcher.model.topic import Origin


class Coverage(TypedDict):
    """How much of what should be watched was watched in a window; `notes` name the feeds concerned."""

    feeds: int
    fresh: int
    stale: int
    failing: int
    gone: int
    unread: int
    gaps: int
    lost: int
    left_out: int
    merged: int
    recovered: int
    entries: int
    bad: bool
    notes: list[str]


class DigestHit(TypedDict):
    """A hit as a digest shows it. `edited` marks one that was reported before and has another headline now."""

    id: int
    entry: int
    title: str
    url: str | None
    source: str
    summary: str
    language: str | None
    published_at: str | None
    first_seen_at: str
    matched_at: str
    score: float
    origin: str
    backfill: bool
    edited: bool
    matched_by_edit: bool
    baseline: bool
    evidence: list[Evidence]


class DigestStory(TypedDict):
    """A story in a digest: its leading hit first, then the hits of the other outlets."""

    story: int | None
    title: str
    url: str | None
    outlets: list[str]
    score: float
    hits: list[DigestHit]


class StoryTopic(TypedDict):
    """A topic of a story, with the hit on which it is judged."""

    id: str
    name: str
    hit: int


class StoryImportance(TypedDict):
    """Why a story stands where it does: each part from 0 to 1, and their weighted mean."""

    total: float
    outlets: float
    novelty: float
    match: float
    freshness: float


class FirstReport(TypedDict):
    """Who reported a story first, and when it was published, or seen where no plausible time was given."""

    outlet: str
    entry: int
    url: str | None
    at: str


class StoryAddition(TypedDict):
    """A sentence that a report adds to those before it."""

    sentence: str
    outlet: str
    language: str | None


class BriefedStory(TypedDict):
    """A story of a digest, once, with all its topics.

    `status` is new, continues or changed since the last digest of this name, whose slot is `reported_at`.
    `independent` counts outlets with a report of their own, `copies` near-verbatim ones.
    """

    id: int | None
    title: str
    language: str | None
    url: str | None
    status: str
    reported_at: str | None
    topics: list[StoryTopic]
    first: FirstReport
    outlets: list[str]
    independent: int
    copies: int
    languages: list[str]
    reports: int
    adds: list[StoryAddition]
    importance: StoryImportance
    hits: list[DigestHit]


class DigestTopic(TypedDict):
    """A topic in a digest; `more` stories did not fit."""

    id: str
    name: str
    stories: list[DigestStory]
    more: int


class DigestContent(TypedDict):
    """What a digest reports. `window` is (after, until], by the time of the match.

    `stories` are those it shows, the most important first, each once; `topics` list the same by topic. `brief` holds
    the ids of those that it begins with. `story_count` includes the `left_out`, which did not fit; `silent` were
    reported before and only gained copies. `held_before` are from before watching began, in the first digest alone.
    """

    name: str
    title: str
    slot_at: str
    window: list[str]
    coverage: Coverage
    alarms: list[str]
    troubles: list[str]
    topics: list[DigestTopic]
    stories: list[BriefedStory]
    brief: list[int]
    story_count: int
    left_out: int
    silent: int
    held_before: list[BriefedStory]


class WebhookPayload(DigestContent):
    """The body of a webhook's request: a digest, its subject and its plain text."""

    subject: str
    text: str


class Digest(DigestContent):
    """A digest with its number; null for a preview, which is not stored."""

    id: int | None


class SentDigest(Digest):
    """What `watcher digest send` prints: the digest and its messages."""

    deliveries: list[Delivery]


class ComposedDigest(TypedDict):
    """A digest as it was composed, without its text."""

    id: int
    name: str
    title: str
    slot_at: str
    window: list[str]
    composed_at: str
    hits: int
    stories: int
    sent: bool
    coverage: Coverage


class ConfiguredDigest(TypedDict):
    """A digest as configured, and when it was and will be composed."""

    name: str
    schedule: str
    timezone: str
    topics: list[str]
    channels: list[str]
    last_at: str | None
    next_at: str | None


class Unsubscription(TypedDict):
    """A recipient who no longer wants a digest on a channel."""

    channel: str
    recipient: str
    at: str


class DigestSubscribers(ConfiguredDigest):
    """A digest as configured, and who unsubscribed from it."""

    unsubscribed: list[Unsubscription]


class PrintedDigests(TypedDict):
    """What `watcher digest list --json` prints."""

    digests: list[DigestSubscribers]


class DigestList(TypedDict):
    """`digests` are those configured, `composed` those that were composed, newest first."""

    digests: list[ConfiguredDigest]
    composed: list[ComposedDigest]
    next_cursor: str | None


class Resubscribed(TypedDict):
    """A recipient who gets a digest again."""

    digest: str
    recipient: str


def encode_coverage(coverage: model.Coverage) -> Coverage:
    """Return how much was watched."""
    return {
        "feeds": coverage.feeds,
        "fresh": coverage.fresh,
        "stale": coverage.stale,
        "failing": coverage.failing,
        "gone": coverage.gone,
        "unread": coverage.unread,
        "gaps": coverage.gaps,
        "lost": coverage.lost,
        "left_out": coverage.left_out,
        "merged": coverage.merged,
        "recovered": coverage.recovered,
        "entries": coverage.entries,
        "bad": coverage.bad,
        "notes": list(coverage.notes),
    }


def encode_digest_content(digest: model.Digest) -> DigestContent:
    """Return what a digest reports, for webhooks and JSON files."""
    return {
        "name": digest.name,
        "title": digest.title,
        "slot_at": format_timestamp(digest.slot_at),
        "window": [format_timestamp(digest.window[0]), format_timestamp(digest.window[1])],
        "coverage": encode_coverage(digest.coverage),
        "alarms": list(digest.alarms),
        "troubles": list(digest.troubles),
        "topics": [
            {
                "id": section.topic_id,
                "name": section.name,
                "stories": [_encode_story(story) for story in section.stories],
                "more": section.more,
            }
            for section in digest.sections
        ],
        "stories": [_encode_briefed_story(story) for story in digest.stories],
        "brief": [story.id for story in digest.brief if story.id is not None],
        "story_count": digest.story_count,
        "left_out": digest.left_out,
        "silent": digest.silent,
        "held_before": [_encode_briefed_story(story) for story in digest.held_before],
    }


def encode_digest(digest: model.Digest) -> Digest:
    """Return a digest with its number."""
    return {"id": digest.id, **encode_digest_content(digest)}


def encode_subscription(
    subscription: model.Subscription, *, last_at: datetime | None, next_at: datetime | None
) -> ConfiguredDigest:
    """Return a digest as configured, with its last and its next slot."""
    return {
        "name": subscription.name,
        "schedule": subscription.schedule,
        "timezone": subscription.timezone,
        "topics": list(subscription.topics),
        "channels": list(subscription.channels),
        "last_at": format_timestamp(last_at),
        "next_at": format_timestamp(next_at),
    }


def _encode_story(line: digest_story.DigestStory) -> DigestStory:
    return {
        "story": line.lead.story_id,
        "title": line.lead.title,
        "url": line.lead.url,
        "outlets": list(line.outlets),
        "score": round(line.lead.score, 4),
        "hits": [_encode_hit(hit) for hit in (line.lead, *line.others)],
    }


def _encode_briefed_story(story: digest_story.DigestStory) -> BriefedStory:
    headline, facts, importance = story.headline, story.facts, story.importance
    return {
        "id": story.id,
        "title": headline.title,
        "language": headline.language,
        "url": headline.url,
        "status": story.status.value,
        "reported_at": format_timestamp(story.reported_at),
        "topics": [{"id": label.topic_id, "name": label.name, "hit": label.hit_id} for label in story.labels],
        "first": {
            "outlet": facts.first.outlet,
            "entry": facts.first.entry_id,
            "url": facts.first.url,
            "at": format_timestamp(facts.first.reported_at),
        },
        "outlets": list(facts.outlets),
        "independent": story.independent_outlets,
        "copies": facts.copies,
        "languages": list(facts.languages),
        "reports": len(facts.reports),
        "adds": [
            {"sentence": addition.sentence, "outlet": addition.outlet, "language": addition.language}
            for addition in story.additions
        ],
        "importance": {
            "total": round(importance.total, 4),
            "outlets": round(importance.outlets, 4),
            "novelty": round(importance.novelty, 4),
            "match": round(importance.match, 4),
            "freshness": round(importance.freshness, 4),
        },
        "hits": [_encode_hit(hit) for hit in (story.lead, *story.others)],
    }


def _encode_hit(hit: digest_story.DigestHit) -> DigestHit:
    return {
        "id": hit.hit_id,
        "entry": hit.entry_id,
        "title": hit.title,
        "url": hit.url,
        "source": hit.source,
        "summary": hit.summary,
        "language": hit.language,
        "published_at": format_timestamp(hit.published_at),
        "first_seen_at": format_timestamp(hit.first_seen_at),
        "matched_at": format_timestamp(hit.matched_at),
        "score": round(hit.score, 4),
        "origin": hit.origin.value,
        "backfill": hit.origin is Origin.BACKFILL,
        "edited": hit.edited,
        "matched_by_edit": hit.matched_by_edit,
        "baseline": hit.baseline,
        "evidence": encode_evidence(hit.evidence),
    }
