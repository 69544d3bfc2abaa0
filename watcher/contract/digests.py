"""Digests: as composed, their subscribers, and their content for the API, webhooks and JSON files."""

from __future__ import annotations

from typing_extensions import TypedDict

from watcher.contract.briefed_stories import BriefedStory, DigestHit, encode_briefed_story, encode_digest_hit
from watcher.contract.configured_digests import ConfiguredDigest, DigestSubscribers
from watcher.contract.deliveries import Delivery
from watcher.contract.proposals import ProposalEvidence, encode_proposal_evidence
from watcher.contract.timestamps import format_timestamp
from watcher.model import digest as model
from watcher.model import digest_proposal, digest_story


class Coverage(TypedDict):
    """How much of what should be watched was watched in a window; `notes` name the feeds concerned.

    `meaning_backlog` entries are not read for their meaning yet; that takes `meaning_seconds`, null where not known.
    """

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
    meaning_backlog: int
    meaning_seconds: int | None


class DigestStory(TypedDict):
    """A story in a digest: its leading hit first, then the hits of the other outlets."""

    story: int | None
    title: str
    url: str | None
    outlets: list[str]
    score: float
    hits: list[DigestHit]


class DigestTopic(TypedDict):
    """A topic in a digest; `more` stories did not fit."""

    id: str
    name: str
    stories: list[DigestStory]
    more: int


class DigestProposal(TypedDict):
    """An item that only meaning found, as a digest shows it."""

    id: int
    topic: str
    entry: int
    title: str
    url: str | None
    source: str
    language: str | None
    first_seen_at: str
    proposed_at: str
    score: float
    evidence: list[ProposalEvidence]


class DigestContent(TypedDict):
    """What a digest reports. `window` is (after, until], by the time of the match.

    `stories` are those it shows, the most important first, each once; `topics` list the same by topic. `brief` holds
    the ids of those that it begins with. `story_count` includes the `left_out`, which did not fit; `silent` were
    reported before and only gained copies. `held_before` are from before watching began, in the first digest alone.
    `proposals` are items that only meaning found; `weak` counts stories for which words alone speak.
    """

    name: str
    title: str
    slot_at: str
    window: list[str]
    coverage: Coverage
    alarms: list[str]
    troubles: list[str]
    topics: list[DigestTopic]
    proposals: list[DigestProposal]
    weak: int
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
        "meaning_backlog": coverage.meaning_backlog,
        "meaning_seconds": coverage.meaning_seconds,
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
        "proposals": [_encode_proposal(proposal) for proposal in digest.proposals],
        "weak": len(digest.weak),
        "stories": [encode_briefed_story(story) for story in digest.stories],
        "brief": [story.id for story in digest.brief if story.id is not None],
        "story_count": digest.story_count,
        "left_out": digest.left_out,
        "silent": digest.silent,
        "held_before": [encode_briefed_story(story) for story in digest.held_before],
    }


def _encode_proposal(proposal: digest_proposal.DigestProposal) -> DigestProposal:
    return {
        "id": proposal.proposal_id,
        "topic": proposal.topic_id,
        "entry": proposal.entry_id,
        "title": proposal.title,
        "url": proposal.url,
        "source": proposal.source,
        "language": proposal.language,
        "first_seen_at": format_timestamp(proposal.first_seen_at),
        "proposed_at": format_timestamp(proposal.proposed_at),
        "score": round(proposal.score, 4),
        "evidence": encode_proposal_evidence(proposal.evidence),
    }


def encode_digest(digest: model.Digest) -> Digest:
    """Return a digest with its number."""
    return {"id": digest.id, **encode_digest_content(digest)}


def _encode_story(line: digest_story.DigestStory) -> DigestStory:
    return {
        "story": line.lead.story_id,
        "title": line.lead.title,
        "url": line.lead.url,
        "outlets": list(line.outlets),
        "score": round(line.lead.score, 4),
        "hits": [encode_digest_hit(hit) for hit in (line.lead, *line.others)],
    }
