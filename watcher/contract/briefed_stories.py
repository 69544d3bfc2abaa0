"""Stories as a digest reports them, each once with all its topics, and their hits."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import TypedDict

from watcher.contract.entries import Evidence, encode_evidence
from watcher.contract.timestamps import format_timestamp
from watcher.model import digest_story as model
from watcher.model import regrouping as regroupings
from watcher.model.topic import Origin


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


class StoryTopic(TypedDict):
    """A topic of a story, with the hit on which it is judged."""

    id: str
    name: str
    hit: int


class StoryImportance(TypedDict):
    """Why a story stands where it does: each part from 0 to 1, their weighted mean, and the parts in words."""

    total: float
    outlets: float
    novelty: float
    match: float
    freshness: float
    explanation: str


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


class MachineTranslation(TypedDict):
    """A foreign headline as a machine translated it; `original` is what it translated."""

    text: str
    language: str
    model: str
    original: str


class SummarySentence(TypedDict):
    """A sentence that a machine wrote, and the entries of the reports that it stands on."""

    text: str
    entries: list[int]


class RegroupedPart(TypedDict):
    """Reports that a story was parted from, or joined with: the story that they are or were, by its first headline."""

    story: int
    title: str
    language: str | None


class StoryRegrouping(TypedDict):
    """How a person split or merged a story, or undid either, since the digest of `since` reported it.

    The story was one with those `parted` from it; those `joined` with it were stories of their own.
    """

    since: str
    parted: list[RegroupedPart]
    joined: list[RegroupedPart]


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
    regrouped: StoryRegrouping | None
    topics: list[StoryTopic]
    first: FirstReport
    outlets: list[str]
    independent: int
    copies: int
    languages: list[str]
    reports: int
    adds: list[StoryAddition]
    translation: MachineTranslation | None
    summary: list[SummarySentence]
    importance: StoryImportance
    hits: list[DigestHit]


def encode_briefed_story(story: model.DigestStory) -> BriefedStory:
    """Return a story of a digest."""
    headline, facts, importance = story.headline, story.facts, story.importance
    return {
        "id": story.id,
        "title": headline.title,
        "language": headline.language,
        "url": headline.url,
        "status": story.status.value,
        "reported_at": format_timestamp(story.reported_at),
        "regrouped": _encode_regrouping(story),
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
        "translation": _encode_translation(story),
        "summary": [{"text": s.text, "entries": list(s.entry_ids)} for s in story.summary],
        "importance": {
            "total": round(importance.total, 4),
            "outlets": round(importance.outlets, 4),
            "novelty": round(importance.novelty, 4),
            "match": round(importance.match, 4),
            "freshness": round(importance.freshness, 4),
            "explanation": importance.explanation,
        },
        "hits": [encode_digest_hit(hit) for hit in (story.lead, *story.others)],
    }


def _encode_regrouping(story: model.DigestStory) -> StoryRegrouping | None:
    if (regrouping := story.regrouping) is None:
        return None

    def encode(parts: Sequence[regroupings.RegroupedPart]) -> list[RegroupedPart]:
        """Return the parts."""
        return [{"story": part.story_id, "title": part.title, "language": part.language} for part in parts]

    return {
        "since": format_timestamp(regrouping.since),
        "parted": encode(regrouping.parted),
        "joined": encode(regrouping.joined),
    }


def _encode_translation(story: model.DigestStory) -> MachineTranslation | None:
    if (translation := story.translation) is None:
        return None
    return {
        "text": translation.text,
        "language": translation.language,
        "model": translation.model,
        "original": story.own_headline.title,
    }


def encode_digest_hit(hit: model.DigestHit) -> DigestHit:
    """Return a hit as a digest shows it."""
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
